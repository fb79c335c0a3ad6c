// Package stack runs a whole installation on one machine: private PostgreSQL
// and Redis, a database and two roles a service, and the services themselves,
// all in one child process or one each. It is the embedded mode of the command
// line and the ground of the end-to-end tests; everything in it is the real
// thing, only small and on loopback.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/embedded"
	"egov/services/suite"
)

// Options of a stack.
type Options struct {
	Dir          string        // keeps the data; made when it is not there
	Port         int           // of the portal; 0 = a free one
	AnyPort      bool          // a free one, too, where Port is taken
	VirtualClock calendar.Date // the day it is at the first start; zero = the real time
	// District is whose rules hold, and Packs a directory of further rule packs;
	// empty = as at the start before, at first the suite's own.
	District, Packs string
	Separate        bool // a process a service instead of one for all
	// Replicas is how many processes each service has, behind an address that
	// spreads connections over those that are ready; 0 = one, spoken to itself.
	// They are stopped and joined by others one at a time. It implies Separate.
	Replicas  int
	Fast      bool      // PostgreSQL without fsync: for tests alone
	Forgetful bool      // Redis keeps nothing over a restart; also with Fast
	Out       io.Writer // says what is being done
	// Deployed is the repository's folder deploy: users, roles and databases are
	// made by its files, as on a government cloud, and servers and services speak
	// TLS alone. This process trusts them too, by SSL_CERT_DIR. Empty: by this
	// package, without TLS.
	Deployed string
	// Serve starts the process that runs target with the configuration file.
	Serve func(config, target string) *exec.Cmd
}

// Stack is a running installation.
type Stack struct {
	Config   suite.Config
	Postgres *embedded.Postgres
	Redis    *embedded.Redis
	Dir      string

	opts     Options
	file     string
	fronts   map[string]*front
	replicas map[string][]*Replica // that raise started
	mu       sync.Mutex
	procs    map[string]*process
	release  func() error // frees the directory; nil = it is not held
}

type process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
	err  error
}

// Start brings everything up and returns when every service is ready. What was
// started is stopped again when something fails, and what an earlier run on the
// directory left is stopped first. Errors: embedded.ErrInUse, ErrPort, those of
// the embedded servers.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	o.Separate = o.Separate || o.Replicas > 0
	s := &Stack{Dir: o.Dir, opts: o, fronts: map[string]*front{}, replicas: map[string][]*Replica{}, procs: map[string]*process{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := os.MkdirAll(filepath.Join(o.Dir, "log"), 0o755); err != nil {
		return nil, err
	}
	if s.release, err = embedded.Hold(o.Dir); err != nil {
		return nil, err
	}
	if err := s.endLeftovers(ctx); err != nil {
		return nil, err
	}
	freePortal, err := s.holdPort()
	if err != nil {
		return nil, err
	}
	defer func() { _ = freePortal() }() // closed for the portal already, unless something failed
	s.say("PostgreSQL（私有实例）…")
	if err := s.startPostgres(ctx, 0); err != nil {
		return nil, err
	}
	s.say("Redis（私有实例）…")
	if err := s.startRedis(ctx, 0); err != nil {
		return nil, err
	}
	if s.Config, err = s.configure(); err != nil {
		return nil, err
	}
	s.say("数据库与角色…")
	if err := s.makeDatabases(ctx); err != nil {
		return nil, err
	}
	s.file = filepath.Join(o.Dir, "suite.yaml")
	if err := keepConfig(s.file, s.Config); err != nil {
		return nil, err
	}
	s.say("服务…")
	if err := freePortal(); err != nil {
		return nil, err
	}
	if o.Replicas > 0 {
		return s, s.raise(ctx)
	}
	for _, target := range s.targets() {
		if err := s.launch(target, s.file, target); err != nil {
			return nil, err
		}
	}
	for _, name := range suite.Names() {
		if err := s.AwaitReady(ctx, name, 3*time.Minute); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// keepConfig writes a configuration to file: what differs from the defaults, so
// that processes of the release before read it too.
func keepConfig(file string, c suite.Config) error {
	base := suite.Default()
	base.Services = suite.Business{}
	for name := range c.Services {
		base.Services[name] = conf.Default(name)
	}
	b, err := conf.RevealOver(c, base)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// startPostgres starts the database server; port 0 chooses a free one.
func (s *Stack) startPostgres(ctx context.Context, port int) (err error) {
	s.Postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: filepath.Join(s.Dir, "postgres"), Port: port, Fast: s.opts.Fast, TLS: s.opts.Deployed != ""})
	return err
}

// startRedis starts the event server; port 0 chooses a free one.
func (s *Stack) startRedis(ctx context.Context, port int) (err error) {
	o := embedded.RedisOptions{Dir: filepath.Join(s.Dir, "redis"), Port: port, AppendOnly: !s.opts.Fast && !s.opts.Forgetful}
	if s.opts.Deployed != "" {
		o.TLS = true
		o.Users, err = s.deployedUsers(ctx)
	} else {
		o.Config, err = s.redisUsers()
	}
	if err != nil {
		return err
	}
	s.Redis, err = embedded.StartRedis(ctx, o)
	return err
}

func (s *Stack) say(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.opts.Out, "  •", what)
}

func (s *Stack) targets() []string {
	if s.opts.Separate {
		return suite.Names()
	}
	return []string{"all"}
}

// target is the process that runs a service.
func (s *Stack) target(service string) string {
	if s.opts.Separate {
		return service
	}
	return "all"
}

// launch starts the process called name, which runs target with the
// configuration in file.
func (s *Stack) launch(name, file, target string) error {
	return s.run(name, s.opts.Serve(file, target))
}

// run starts the process called name.
func (s *Stack) run(name string, cmd *exec.Cmd) error {
	log, err := os.OpenFile(filepath.Join(s.Dir, "log", name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	mark, err := s.mark(name)
	if err != nil {
		return errors.Join(err, log.Close())
	}
	defer mark.Close() // the process has it, too
	cmd.ExtraFiles = append(cmd.ExtraFiles, mark)
	// A Ctrl-C is this process's to pass on, in order; when this process is killed
	// its servers go with it, and nothing is left that a service could end well.
	ended, err := embedded.StartChild(cmd, syscall.SIGKILL)
	if err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		p.err = <-ended
		log.Close()
		close(p.done)
	}()
	if _, err := fmt.Fprintln(mark, cmd.Process.Pid); err != nil {
		return errors.Join(err, p.kill())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.procs[name] = p
	return nil
}

func (s *Stack) process(name string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.procs[name]
}

// URL is the base URL of a service.
func (s *Stack) URL(service string) string { return s.scheme() + s.listen(service) }

func (s *Stack) listen(service string) string {
	switch service {
	case "identity":
		return s.Config.Identity.Listen
	case "portal":
		return s.Config.Portal.Listen
	}
	return s.Config.Services[service].Listen
}

// AwaitReady waits until the service says that it is ready; a process that has
// ended is an error that shows the end of its log.
func (s *Stack) AwaitReady(ctx context.Context, service string, within time.Duration) error {
	return s.awaitReady(ctx, service, s.process(s.target(service)), s.URL(service), within)
}

func (s *Stack) awaitReady(ctx context.Context, service string, p *process, url string, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %w\n%s", service, p.err, tail(p.log.Name()))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s\n%s", service, within, tail(p.log.Name()))
		case <-tick.C:
		}
	}
}

// Failed is closed over by callers that want to know of a process that ended
// by itself; it answers nil while all run.
func (s *Stack) Failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.procs {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %w\n%s", name, p.err, tail(p.log.Name()))
		default:
		}
	}
	return nil
}

// Stop stops services, Redis and PostgreSQL, in that order.
func (s *Stack) Stop(ctx context.Context) error {
	var errs []error
	s.mu.Lock()
	procs := s.procs
	s.procs = map[string]*process{}
	s.mu.Unlock()
	for _, p := range procs {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	}
	deadline := time.After(stopWithin)
	for name, p := range procs {
		select {
		case <-p.done:
		case <-deadline:
			errs = append(errs, fmt.Errorf("%s did not stop in time and was killed", name), p.cmd.Process.Kill())
			<-p.done
		}
	}
	for _, f := range s.fronts {
		errs = append(errs, f.close())
	}
	if s.Redis != nil {
		errs = append(errs, s.Redis.Stop(ctx))
	}
	if s.Postgres != nil {
		errs = append(errs, s.Postgres.Stop(ctx))
	}
	if s.release != nil {
		errs = append(errs, s.release())
		s.release = nil
	}
	return errors.Join(errs...)
}

// The ports that services listen on lie below those that the system hands out
// to clients: a connection that somebody opens meanwhile takes none of them.
const (
	firstPort = 20000
	portCount = 12000
)

// nextPort counts through the ports from a random one on, so that two stacks of
// one machine seldom meet and one stack never asks for a port twice.
var nextPort = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(portCount))
	return &n
}()

// freePort finds a loopback port nobody listens on.
func freePort() (int, error) {
	var err error
	for range portCount {
		port := firstPort + int(nextPort.Add(1)%portCount)
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no port is free: %w", err)
}

// tail is the end of a log file.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-2000):])
}
