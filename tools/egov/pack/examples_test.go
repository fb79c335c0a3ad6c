package pack_test

import (
	"os"
	"path/filepath"
	"testing"

	"egov/tools/egov/cli"
)

// TestEveryExampleIsSound: the packs that show how a district adopts the suite
// pass the check that such a district runs.
func TestEveryExampleIsSound(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "examples")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		tried++
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			if code, out, errs := run(t, "check", filepath.Join(folder, e.Name())); code != cli.OK {
				t.Errorf("exit %d\n%s%s", code, out, errs)
			}
		})
	}
	if tried == 0 {
		t.Error("there is no example")
	}
}
