package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"egov/services/suite/stack"
)

const (
	diskSize     = "640m"           // for all databases: some 250 MB before anything is written
	fullDiskTime = 20 * time.Second // from the first refusal
	refusalLimit = time.Minute      // pages and log segments that exist already are filled first
	refusedOften = 10               // attempts refused in the right way, to have seen it
)

// onSmallDisk makes a fault of what inflict does to a suite whose databases lie
// on a file system of their own.
func onSmallDisk(inflict func(context.Context, *trial) error) func(context.Context, *grounds) (Result, error) {
	return ownSuite(stack.Options{}, mountSmallDisk, inflict)
}

// mountSmallDisk puts a small file system where PostgreSQL will keep its data.
func mountSmallDisk(_ context.Context, dir string) (func() error, error) {
	at := diskOf(dir)
	if err := os.MkdirAll(at, 0o711); err != nil {
		return nil, err
	}
	if err := syscall.Mount("egov-chaos", at, "tmpfs", 0, "size="+diskSize+",mode=0711"); err != nil {
		return nil, fmt.Errorf("mount a small disk at %s (this trial needs the right to mount, as root has it): %w", at, err)
	}
	return func() error { return os.NewSyscallError("umount", syscall.Unmount(at, 0)) }, nil
}

func diskOf(dir string) string { return filepath.Join(dir, "postgres") }

// fillDisk takes all room from the databases for a while. Callers have to be
// told to come back later, and nothing else; when there is room again, whatever
// ended is started again by what supervises it, and nobody does anything.
func fillDisk(ctx context.Context, t *trial) error {
	ballast := filepath.Join(diskOf(t.Dir), "ballast")
	t.journal.takeAnswers()
	if err := occupy(ballast); err != nil {
		return err
	}
	began := time.Now()
	refused := map[string]int{}
	err := until(ctx, refusalLimit, "callers are refused", func(ctx context.Context) (bool, error) {
		for how, n := range t.journal.takeAnswers() {
			refused[how] += n
		}
		return refused[answeredLater] > 0, occupy(ballast)
	})
	t.notes("the disk is full; the first caller is refused after %.1f s", time.Since(began).Seconds())
	if err == nil {
		err = until(ctx, 2*fullDiskTime, "the disk was full for long enough", func(context.Context) (bool, error) {
			return time.Since(began) > fullDiskTime, occupy(ballast) // what is freed meanwhile is taken, too
		})
	}
	if err := errors.Join(err, os.Remove(ballast)); err != nil {
		return err
	}
	for how, n := range t.journal.takeAnswers() {
		refused[how] += n
	}
	t.notes("answers while the disk was full: %s", tally(refused))
	for how := range refused {
		if how != answeredWell && how != answeredLater {
			t.broken("callers got %d times %s, promised is %s", refused[how], how, answeredLater)
		}
	}
	if refused[answeredLater] < refusedOften {
		t.broken("only %d attempts were refused", refused[answeredLater])
	}
	if err := t.superviseServer(ctx); err != nil {
		return err
	}
	free := time.Now()
	err = until(ctx, drainLimit, "a command is acknowledged again", func(context.Context) (bool, error) {
		return t.journal.since(free) > 0, nil
	})
	t.notes("writes are back %.2f s after there is room", time.Since(free).Seconds())
	if err != nil {
		t.broken("%v", err)
	}
	return t.allServe(ctx)
}

// superviseServer does what a supervisor does: a server that has ended is
// started again.
func (t *trial) superviseServer(ctx context.Context) error {
	select {
	case <-t.Postgres.Done():
	default:
		return nil
	}
	t.notes("PostgreSQL had ended, and is started again")
	return errors.Join(t.Postgres.Stop(ctx), t.RestartPostgres(ctx))
}

// occupy lets a file take all the room that is left.
func occupy(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size >= 512; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return err
		}
	}
	return nil
}

// tally writes counts in words.
func tally(counts map[string]int) string {
	var all []string
	for _, how := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%d %s", counts[how], how))
	}
	return strings.Join(all, ", ")
}
