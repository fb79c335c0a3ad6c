package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"egov/libs/conf"
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

// Replica is one more process of a service beside its first.
type Replica struct {
	URL string

	name  string
	stack *Stack
}

// Replicate starts one more process of a service on a port of its own. It
// needs a stack of separate processes, and ends with the stack unless Stop
// comes first.
func (s *Stack) Replicate(ctx context.Context, service string) (*Replica, error) {
	o, ok := s.Config.Services[service]
	if !ok || !s.opts.Separate {
		return nil, fmt.Errorf("%s cannot run twice here", service)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	o.Listen = fmt.Sprintf("127.0.0.1:%d", port)
	c := s.Config
	c.Services = maps.Clone(c.Services)
	c.Services[service] = o
	b, err := conf.Reveal(c)
	if err != nil {
		return nil, err
	}
	r := &Replica{URL: "http://" + o.Listen, name: fmt.Sprintf("%s-%d", service, port), stack: s}
	file := filepath.Join(s.Dir, r.name+".yaml")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	if err := s.launch(r.name, file, service); err != nil {
		return nil, err
	}
	return r, s.awaitReady(ctx, service, s.process(r.name), r.URL, time.Minute)
}

// Freeze holds the process: it keeps its connections, locks and leases, and
// does nothing.
func (r *Replica) Freeze() error { return r.signal(syscall.SIGSTOP) }

// Thaw lets a frozen process go on as if no time had passed.
func (r *Replica) Thaw() error { return r.signal(syscall.SIGCONT) }

func (r *Replica) signal(sig syscall.Signal) error {
	return r.stack.process(r.name).cmd.Process.Signal(sig)
}

// Stop asks the process to end, and ends it when it does not.
func (r *Replica) Stop(ctx context.Context) error {
	p := r.stack.process(r.name)
	err := errors.Join(r.Thaw(), r.signal(syscall.SIGTERM))
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		err = errors.Join(err, fmt.Errorf("%s did not stop in time and was killed", r.name), p.kill())
	case <-ctx.Done():
		err = errors.Join(err, p.kill())
	}
	r.stack.mu.Lock()
	defer r.stack.mu.Unlock()
	delete(r.stack.procs, r.name)
	return err
}
