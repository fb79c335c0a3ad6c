package proofs

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The modules whose published custom resource definitions the API server
// checks our objects by, and the files in them.
var definitions = map[string][]string{
	"github.com/kedacore/keda/v2@v2.21.0":                        {"config/crd/bases/keda.sh_scaledobjects.yaml", "config/crd/bases/keda.sh_triggerauthentications.yaml"},
	"github.com/prometheus-operator/prometheus-operator@v0.85.0": {"example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml"},
}

// Definitions finds the definitions' files, fetching the modules they are in
// the first time.
func Definitions(ctx context.Context) ([]string, error) {
	var files []string
	for module, in := range definitions {
		dir, err := moduleDir(ctx, module)
		if err != nil {
			return nil, err
		}
		for _, f := range in {
			files = append(files, filepath.Join(dir, f))
		}
	}
	return files, nil
}

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
