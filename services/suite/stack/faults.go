package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"egov/services/suite"
)

// Kill ends the process of a service at once, as a crash would.
func (s *Stack) Kill(service string) error {
	return s.process(s.target(service)).kill()
}

func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	<-p.done
	return nil
}

// Restart starts a service again that was killed.
func (s *Stack) Restart(ctx context.Context, service string) error {
	target := s.target(service)
	if err := s.launch(target, s.file, target); err != nil {
		return err
	}
	return s.AwaitReady(ctx, service, time.Minute)
}

// KillPostgres ends the database server at once: its sessions end in the
// middle of what they do, and nothing is written any more.
func (s *Stack) KillPostgres(ctx context.Context) error {
	return killServer(ctx, s.Postgres)
}

// RestartPostgres starts the killed database server at the same address and
// returns when it accepts connections.
func (s *Stack) RestartPostgres(ctx context.Context) error {
	return s.startPostgres(ctx, s.Postgres.Port())
}

// KillRedis ends the event server at once.
func (s *Stack) KillRedis(ctx context.Context) error { return killServer(ctx, s.Redis) }

// RestartRedis starts the killed event server at the same address: empty when
// the stack is Forgetful.
func (s *Stack) RestartRedis(ctx context.Context) error {
	return s.startRedis(ctx, s.Redis.Port())
}

// server is what PostgreSQL and Redis have in common.
type server interface {
	PID() int
	Done() <-chan struct{}
	Stop(ctx context.Context) error
}

func killServer(ctx context.Context, v server) error {
	if err := syscall.Kill(v.PID(), syscall.SIGKILL); err != nil {
		return err
	}
	<-v.Done()
	return v.Stop(ctx) // frees the directory
}

// stopWithin is how long a process that is asked to stop may take: to linger, to
// drain, and to bring what it is at to an end.
const stopWithin = time.Minute

// Replica is one of several processes of a service.
type Replica struct {
	URL string

	name    string
	service string
	stack   *Stack
}

// Replicate starts one more process of a service on a port of its own. It
// needs a stack of separate processes, and ends with the stack unless Stop
// comes first. Where the service has an address that spreads connections, the
// process takes its share.
func (s *Stack) Replicate(ctx context.Context, service string) (*Replica, error) {
	return s.ReplicateWith(ctx, service, s.opts.Serve)
}

// ReplicateWith is Replicate with another program.
func (s *Stack) ReplicateWith(ctx context.Context, service string, serve func(config, target string) *exec.Cmd) (*Replica, error) {
	if !s.opts.Separate {
		return nil, fmt.Errorf("%s cannot run twice here", service)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	r := &Replica{URL: "http://" + listen, name: fmt.Sprintf("%s-%d", service, port), service: service, stack: s}
	file := filepath.Join(s.Dir, r.name+".yaml")
	if err := keepConfig(file, listening(s.Config, service, listen)); err != nil {
		return nil, err
	}
	if err := s.run(r.name, serve(file, service)); err != nil {
		return nil, err
	}
	if err := s.awaitReady(ctx, service, s.process(r.name), r.URL, time.Minute); err != nil {
		return nil, err
	}
	if f := s.fronts[service]; f != nil {
		return r, f.admit(ctx, listen)
	}
	return r, nil
}

// listening is a configuration in which one service listens elsewhere.
func listening(c suite.Config, service, listen string) suite.Config {
	switch service {
	case "identity":
		c.Identity.Listen = listen
	case "portal":
		c.Portal.Listen = listen
	default:
		c.Services = maps.Clone(c.Services)
		o := c.Services[service]
		o.Listen = listen
		c.Services[service] = o
	}
	return c
}

// Freeze holds the process: it keeps its connections, locks and leases, and
// does nothing.
func (r *Replica) Freeze() error { return r.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on as if no time had passed.
func (r *Replica) Thaw() error { return r.signal(syscall.SIGCONT) }

func (r *Replica) signal(sig syscall.Signal) error {
	return r.stack.process(r.name).cmd.Process.Signal(sig)
}

// Stop asks the process to end, and ends it when it does not. A process that
// did not end in order is an error.
func (r *Replica) Stop(ctx context.Context) error {
	p := r.stack.process(r.name)
	err := errors.Join(r.Thaw(), r.signal(syscall.SIGTERM))
	select {
	case <-p.done:
		if p.err != nil {
			err = errors.Join(err, fmt.Errorf("%s did not end in order: %w\n%s", r.name, p.err, tail(p.log.Name())))
		}
	case <-time.After(stopWithin):
		err = errors.Join(err, fmt.Errorf("%s did not stop in time and was killed", r.name), p.kill())
	case <-ctx.Done():
		err = errors.Join(err, p.kill())
	}
	if f := r.stack.fronts[r.service]; f != nil {
		f.forget(r.URL)
	}
	r.stack.mu.Lock()
	defer r.stack.mu.Unlock()
	delete(r.stack.procs, r.name)
	return err
}
