package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTheReleaseBeforeIsNamed: the file that says which release is before this
// one is read as its script reads it.
func TestTheReleaseBeforeIsNamed(t *testing.T) {
	t.Parallel()
	said, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "dev", "previous-release.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if m := commitLine.FindSubmatch(said); m == nil {
		t.Errorf("no commit in:\n%s", said)
	}
}
