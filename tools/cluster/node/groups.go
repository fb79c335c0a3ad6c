package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// hierarchies is where control groups live.
const hierarchies = "/sys/fs/cgroup"

// groups lists the control groups of a node, the innermost first.
func groups(name string) ([]string, error) {
	tops, err := filepath.Glob(filepath.Join(hierarchies, "*", name))
	if err != nil {
		return nil, err
	}
	if unified := filepath.Join(hierarchies, name); exists(unified) {
		tops = append(tops, unified)
	}
	var all []string
	for _, top := range tops {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				all = append(all, path)
			}
			return nil // a group may end while it is looked at
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Reverse(all)
	return all, nil
}

// removeGroups removes a node's control groups. The last processes in them may
// still be dying.
func removeGroups(name string) error {
	const patience = 5 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		all, err := groups(name)
		if err != nil || len(all) == 0 {
			return err
		}
		var errs []error
		for _, g := range all {
			if err := syscall.Rmdir(g); err != nil && !errors.Is(err, os.ErrNotExist) {
				errs = append(errs, &os.PathError{Op: "rmdir", Path: g, Err: err})
			}
		}
		if len(errs) > 0 && time.Now().After(deadline) {
			return errors.Join(errs...)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
