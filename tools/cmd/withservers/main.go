// Command withservers runs a command beside a private PostgreSQL and a private
// Redis, which it starts before and stops after: one pair of servers for a
// whole test run instead of one for each package.
//
//	withservers go test ./...
//
// The command finds them in the variables that dbtest and redistest read. They are tuned for tests: a power cut loses their data,
// which lie in a temporary directory and go with them. The exit status is the
// command's own; 3 says that the servers are not installed and how to get them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"egov/libs/dbtest"
	"egov/libs/embedded"
	"egov/libs/redistest"
)

// startWithin and stopWithin bound how long a server may take to come and go.
const (
	startWithin = 2 * time.Minute
	stopWithin  = 30 * time.Second
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withservers:", err)
	}
	os.Exit(code)
}

// run returns the exit status.
func run(args []string) (code int, err error) {
	if len(args) == 0 {
		return 2, errors.New("name the command to run")
	}
	// Ctrl-C reaches the whole process group: the command ends by itself, and
	// the servers are stopped after it. Other requests to end are passed on.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT)
	defer signal.Stop(interrupts)
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(ends)

	servers, err := start()
	defer func() {
		if stopErr := servers.stop(); stopErr != nil {
			err, code = errors.Join(err, stopErr), max(code, 1)
		}
	}()
	if errors.Is(err, embedded.ErrMissing) {
		return 3, err
	}
	if err != nil {
		return 1, err
	}

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		dbtest.EnvURL+"="+servers.postgres.SuperuserURL("postgres"),
		redistest.EnvURL+"="+servers.redis.URL(0),
	)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-ended:
				return
			case s := <-ends:
				_ = cmd.Process.Signal(s) // it may have ended on its own
			}
		}
	}()
	if err := cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return 1, err
		}
		return max(exit.ExitCode(), 1), nil // -1: ended by a signal
	}
	return 0, nil
}

// pair is the two servers and the directory of their data.
type pair struct {
	dir      string
	postgres *embedded.Postgres
	redis    *embedded.Redis
}

// start brings both servers up; what it returns must be stopped even with an
// error.
func start() (p pair, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	if p.dir, err = os.MkdirTemp("", "egov-servers-"); err != nil {
		return p, err
	}
	// The server runs as another user where this process is root.
	if err = os.Chmod(p.dir, 0o711); err != nil {
		return p, err
	}
	if p.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{
		Dir: filepath.Join(p.dir, "postgres"), Fast: true,
	}); err != nil {
		return p, err
	}
	p.redis, err = embedded.StartRedis(ctx, embedded.RedisOptions{
		Dir: filepath.Join(p.dir, "redis"), Databases: redistest.Databases,
	})
	return p, err
}

func (p pair) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var errs []error
	if p.redis != nil {
		errs = append(errs, p.redis.Stop(ctx))
	}
	if p.postgres != nil {
		errs = append(errs, p.postgres.Stop(ctx))
	}
	if p.dir != "" {
		errs = append(errs, embedded.RemovePostgres(filepath.Join(p.dir, "postgres")), os.RemoveAll(p.dir))
	}
	return errors.Join(errs...)
}
