package moduletest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// Golden wants a JSON document to read, laid out, as testdata/<name> does. Run
// the test with -update after a change that is meant, and review the file.
func Golden(t testing.TB, name string, document []byte) {
	t.Helper()
	var got bytes.Buffer
	must(t, json.Indent(&got, bytes.TrimSpace(document), "", "  "))
	got.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, got.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs; got:\n%s", file, got.Bytes())
	}
}
