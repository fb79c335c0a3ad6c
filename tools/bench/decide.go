package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"egov/tools/workspace"
)

// regoFolder holds the module that compares with Rego. It stands outside of the
// workspace, so that nothing else depends on what it needs.
const regoFolder = "tools/regobench"

func decisions(context.Context, *servers) ([]measure, error) {
	return listed([]pair{{"decide", "decisions/s", 3, 5, decide}}), nil
}

// decide runs the comparison with Rego, which builds it first.
func decide(ctx context.Context) (ours, reference float64, err error) {
	root, err := workspace.Root(".")
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", ".")
	cmd.Dir = filepath.Join(root, regoFolder)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(errs.Bytes()))
	}
	var rates struct {
		Ours      float64 `json:"ours"`
		Reference float64 `json:"reference"`
	}
	return rates.Ours, rates.Reference, json.Unmarshal(out, &rates)
}
