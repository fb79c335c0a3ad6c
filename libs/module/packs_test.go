package module

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/policy"
	builtin "egov/libs/policy/packs"
)

// TestPacksOfADirectory join the built-in ones; what cannot be joined stops the
// service before it has opened anything.
func TestPacksOfADirectory(t *testing.T) {
	t.Parallel()
	example := filepath.Join("..", "..", "examples", "qinglan")
	own, same, broken := t.TempDir(), t.TempDir(), t.TempDir()
	for _, c := range []struct{ from, to string }{{example, filepath.Join(own, "one")}, {example, broken}} {
		if err := os.CopyFS(c.to, os.DirFS(c.from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(same, builtin.FS); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(broken, "routes.yaml")); err != nil {
		t.Fatal(err)
	}
	n := len(policy.Default().Packs())
	for _, c := range []struct {
		name, dir string
		packs     int
		refused   error
	}{
		{"none named", "", n, nil},
		{"one pack", example, n + 1, nil},
		{"a folder for each", own, n + 1, nil},
		{"the built-in ones again", same, 0, policy.ErrInvalidPack},
		{"a pack with a file missing", broken, 0, policy.ErrInvalidPack},
		{"no pack", t.TempDir(), 0, policy.ErrInvalidPack},
		{"no directory", filepath.Join(own, "nowhere"), 0, os.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			set, err := packs(c.dir)
			if !errors.Is(err, c.refused) || err != nil && !strings.Contains(err.Error(), c.dir) {
				t.Fatalf("%v, want %v", err, c.refused)
			}
			if err == nil && len(set.Packs()) != c.packs {
				t.Errorf("%d packs, want %d", len(set.Packs()), c.packs)
			}
		})
	}
}
