package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one child server.
type process struct {
	name string
	pid  int
	done chan struct{} // closed once the child has been reaped
	err  error         // how it ended; read after done
}

// spawn starts cmd and reaps it. Start and Wait share one locked thread,
// because the signal that ends the child with its parent is tied to the life
// of the thread that started it.
func spawn(name string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	return p, nil
}

// StartChild starts cmd as a group of its own, has it signalled when this process
// dies, where the system can do that, and reaps it. How it ended is sent once.
func StartChild(cmd *exec.Cmd, onParentDeath syscall.Signal) (ended <-chan error, err error) {
	cmd.SysProcAttr = childAttr(nil, onParentDeath)
	p, err := spawn(filepath.Base(cmd.Path), cmd)
	if err != nil {
		return nil, err
	}
	end := make(chan error, 1)
	go func() {
		<-p.done
		end <- p.err
	}()
	return end, nil
}

// step is one way to ask a server to end, and how long to wait for it.
type step struct {
	signal syscall.Signal
	wait   time.Duration
}

// stop asks in the order given until the child ends. An early end of ctx
// shortens every wait to the next step, so that a stop is always bounded and
// never leaves the child behind.
func (p *process) stop(ctx context.Context, steps []step) error {
	for i, s := range steps {
		if err := syscall.Kill(p.pid, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s: %w", p.name, err)
		}
		wait, cancel := context.WithTimeout(ctx, s.wait)
		if i > 0 || ctx.Err() != nil {
			cancel()
			wait, cancel = context.WithTimeout(context.WithoutCancel(ctx), s.wait)
		}
		select {
		case <-p.done:
			cancel()
			if i > 0 {
				return fmt.Errorf("stop %s: it had to be forced with %v", p.name, s.signal)
			}
			return nil
		case <-wait.Done():
			cancel()
		}
	}
	return fmt.Errorf("stop %s: process %d does not end", p.name, p.pid)
}

// stopOrphan ends a server that outlived its parent, found by its pid file.
// It waits for the process to be gone.
func stopOrphan(ctx context.Context, name string, pid int, steps []step) error {
	for _, s := range steps {
		if err := syscall.Kill(pid, s.signal); err != nil {
			if errors.Is(err, syscall.ESRCH) {
				return nil
			}
			return fmt.Errorf("stop orphaned %s %d: %w", name, pid, err)
		}
		wait, cancel := context.WithTimeout(ctx, s.wait)
		for alive(pid) && wait.Err() == nil {
			if pause(wait, pollEvery) != nil {
				break
			}
		}
		cancel()
		if !alive(pid) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("stop orphaned %s: process %d does not end", name, pid)
}

// alive reports whether a process exists; one that may not be signalled does.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// readPID returns the process id on the first line of file, 0 when there is
// none. PostgreSQL writes a negative one for its single-user mode.
func readPID(file string) int {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), "\n")
	n, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return max(n, -n)
}

// dirLock is held for as long as this process may run a server on a
// directory. The system drops it when the process dies, however it dies.
type dirLock struct{ f *os.File }

// lockName is the file of a directory that bears the lock; it is written whenever
// somebody takes the directory.
const lockName = "lock"

func lockDir(dir string) (*dirLock, error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := readPID(path)
		f.Close() // nothing was written
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse.WithMsg(
				fmt.Sprintf("数据目录%s正被进程%d使用", dir, holder),
				fmt.Sprintf("process %d is using the data directory %s", holder, dir))
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dirLock{f}, nil
}

// Hold takes a directory for this process until it is released or the process
// dies. Error: ErrInUse while another has it.
func Hold(dir string) (release func() error, err error) {
	l, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

func (l *dirLock) release() error { return l.f.Close() }
