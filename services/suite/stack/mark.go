package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A mark is a file that a service process holds locked for as long as it lives,
// with its process id: it inherits the descriptor, and the system drops the lock
// however the process ends. So a process of an earlier run is told from a stranger
// that was given its id later.
const markSuffix = ".pid"

func (s *Stack) marks() string { return filepath.Join(s.Dir, "run") }

// mark makes the file of the process called name and locks it. The process is to
// inherit it.
func (s *Stack) mark(name string) (*os.File, error) {
	if err := os.MkdirAll(s.marks(), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.marks(), name+markSuffix), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	free, err := lock(f)
	if err == nil && !free {
		err = fmt.Errorf("%s runs already", name)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lock takes a file's lock unless another process has it.
func lock(f *os.File) (free bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// Signals by which processes of an earlier run are ended, and how long each has.
var endings = []struct {
	signal syscall.Signal
	wait   time.Duration
}{
	{syscall.SIGTERM, 10 * time.Second},
	{syscall.SIGKILL, 5 * time.Second},
}

// lookEvery is how often it is looked whether they have ended.
const lookEvery = 20 * time.Millisecond

// endLeftovers ends the service processes of an earlier run that was killed, where
// the system did not end them with it, and returns when they are gone: they would
// hold the portal's port, and go on stating facts. The directory is this process's
// alone.
func (s *Stack) endLeftovers(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(s.marks(), "*"+markSuffix))
	if err != nil {
		return err
	}
	errs := make([]error, len(files))
	var all sync.WaitGroup
	for i, file := range files {
		all.Go(func() { errs[i] = s.endLeftover(ctx, file) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (s *Stack) endLeftover(ctx context.Context, file string) error {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // read only
	name := strings.TrimSuffix(filepath.Base(file), markSuffix)
	for i := 0; ; i++ {
		if free, err := lock(f); err != nil {
			return err
		} else if free {
			return os.Remove(file)
		}
		if i == len(endings) {
			return fmt.Errorf("stop %s of an earlier run: it does not end", name)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return fmt.Errorf("%s is held by a process of an earlier run: %w", file, err)
		}
		if i == 0 {
			s.say(fmt.Sprintf("停止上次遗留的进程 / stopping what an earlier run left: %s %d", name, pid))
		}
		if err := syscall.Kill(pid, endings[i].signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s %d of an earlier run: %w", name, pid, err)
		}
		if err := awaitFree(ctx, f, endings[i].wait); err != nil {
			return err
		}
	}
}

// awaitFree waits until the process that holds a file's lock is gone, or for so
// long.
func awaitFree(ctx context.Context, f *os.File, within time.Duration) error {
	late := time.NewTimer(within)
	defer late.Stop()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if free, err := lock(f); err != nil || free {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return nil
		case <-tick.C:
		}
	}
}
