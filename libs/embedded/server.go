package embedded

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// server is the life of one private server: a directory that it holds, a
// loopback port, a process.
type server struct {
	name     string // of the program, and of its log
	shutdown []step
	dir      string
	password string
	port     int
	tls      Certificates // empty without TLS
	lock     *dirLock     // nil once the server is stopped
	proc     *process
}

// claim takes a directory for a server, with the password that it keeps. The
// caller runs the server there, or abandons it.
func claim(name, dir string, shutdown []step) (*server, error) {
	dir, err := prepareDir(dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &server{name: name, shutdown: shutdown, dir: dir, lock: lock}
	if s.password, err = secret(filepath.Join(dir, "password")); err != nil {
		return nil, errors.Join(err, lock.release())
	}
	return s, nil
}

// abandon frees the directory of a server that did not come up, and gives why.
func (s *server) abandon(why error) error { return errors.Join(why, s.lock.release()) }

// unanswerable is an answer of a server that waiting cannot cure.
type unanswerable struct{ error }

// run starts the server until it answers: on another port when the first is
// taken, and again while the remains of a killed predecessor still hold what it
// needs. Both functions are called once the port is known.
func (s *server) run(ctx context.Context, port int, command func() (*exec.Cmd, error), ask func(context.Context) error) error {
	logFile := filepath.Join(s.dir, s.name+".log")
	var last error
	for range startAttempts {
		if last != nil {
			if err := pause(ctx, retryPause); err != nil {
				return startError(s.name, logFile, err)
			}
		}
		if s.port, last = choosePort(port); last != nil {
			continue
		}
		cmd, err := command()
		if err != nil {
			return err
		}
		log, err := openLog(logFile)
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = log, log
		proc, err := spawn(s.name, cmd)
		if cerr := log.Close(); err != nil || cerr != nil {
			return errors.Join(err, cerr)
		}
		if last = proc.awaitReady(ctx, ask); last == nil {
			s.proc = proc
			return nil
		}
		select {
		case <-proc.done:
		default: // it runs but does not answer: that is not cured by another try
			return errors.Join(startError(s.name, logFile, last), proc.stop(context.WithoutCancel(ctx), s.shutdown))
		}
	}
	return startError(s.name, logFile, last)
}

// awaitReady asks until the server answers, ends, or gives an answer that
// waiting cannot cure.
func (p *process) awaitReady(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errors.Join(errors.New("the server ended"), p.err)
		default:
		}
		if final, ok := errors.AsType[unanswerable](err); ok {
			return final.error
		}
		if pause(ctx, pollEvery) != nil {
			return fmt.Errorf("no answer: %w", err)
		}
	}
}

// Port is the loopback port the server listens on.
func (s *server) Port() int { return s.port }

// PID is the server's process id, for fault-injecting tests.
func (s *server) PID() int { return s.proc.pid }

// Authority is the file of the certificate by which clients know the server;
// "" without TLS.
func (s *server) Authority() string { return s.tls.Authority }

// Done is closed when the server has ended, for whatever reason.
func (s *server) Done() <-chan struct{} { return s.proc.done }

// Stop shuts the server down and frees the directory: PostgreSQL rolls open
// transactions back, Redis writes what it holds where it is append-only. It
// takes at most about 40 seconds and always ends the process; the error says
// when it had to be forced. A second Stop does nothing.
func (s *server) Stop(ctx context.Context) error {
	if s.lock == nil {
		return nil
	}
	var err error
	select {
	case <-s.proc.done:
	default:
		err = s.proc.stop(ctx, s.shutdown)
	}
	lock := s.lock
	s.lock = nil
	return errors.Join(err, lock.release())
}
