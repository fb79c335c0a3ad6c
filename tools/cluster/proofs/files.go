package proofs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// streams is in front of the name of every service's stream.
const streams = "egov:events:"

func key() string { return rand.Text() }

func write(file, text string) error { return os.WriteFile(file, []byte(text), 0o600) }

// moduleDir is where a published module lies on this machine; its checksum is
// checked by the module proxy's database when it is fetched.
func moduleDir(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	var m struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &m); jerr != nil || err != nil || m.Dir == "" {
		return "", fmt.Errorf("module %s: %w: %s", module, err, m.Error)
	}
	return m.Dir, nil
}
