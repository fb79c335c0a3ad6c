// Package workspace reads the repository's own Go source: which modules its
// go.work uses and the packages they hold. The generators and the tests of the
// repository's shape stand on it. It never changes a file, and it is no part of
// any service.
package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"golang.org/x/tools/go/packages"
)

// ErrNone says that no directory above the starting one holds a go.work.
var ErrNone = errors.New("no go.work in this directory or above it")

// Root is the nearest directory at or above dir that holds a go.work.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrNone
		}
		dir = parent
	}
}

// Modules lists the module folders that root's go.work uses, relative to root
// and with slashes, in the file's order.
func Modules(root string) ([]string, error) {
	name := filepath.Join(root, "go.work")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	work, err := modfile.ParseWork(name, text, nil)
	if err != nil {
		return nil, err
	}
	folders := make([]string, 0, len(work.Use))
	for _, use := range work.Use {
		folders = append(folders, filepath.ToSlash(filepath.Clean(use.Path)))
	}
	return folders, nil
}

// Load reads every package of every module of the workspace at root, with its
// tests when asked for. A package that does not parse or compile is an error:
// an answer about half the source would be worse than none.
func Load(root string, mode packages.LoadMode, tests bool) ([]*packages.Package, error) {
	folders, err := Modules(root)
	if err != nil {
		return nil, err
	}
	patterns := make([]string, 0, len(folders))
	for _, folder := range folders {
		patterns = append(patterns, "./"+folder+"/...")
	}
	found, err := packages.Load(&packages.Config{Mode: mode, Dir: root, Tests: tests}, patterns...)
	if err != nil {
		return nil, err
	}
	var broken []error
	for _, p := range found {
		for _, e := range p.Errors {
			broken = append(broken, fmt.Errorf("%s: %w", p.ID, e))
		}
	}
	return found, errors.Join(broken...)
}
