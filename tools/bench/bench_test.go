package bench

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLineHasTheFormScriptsRead(t *testing.T) {
	t.Parallel()
	m := measure{pair: pair{Name: "relay", Unit: "facts/s", Floor: 0.35, Goal: 0.5}}
	if got := line(m, 41234.4, 100000); got != "bench relay ours=41234 reference=100000 unit=facts/s ratio=0.41 floor=0.35 goal=0.5" {
		t.Error(got)
	}
	wait := measure{pair: pair{Name: "effect_p99", Unit: "ms", Floor: 1, Goal: 1.6}, less: true}
	if got := line(wait, 16.04, 40); got != "bench effect_p99 ours=16 reference=40 unit=ms ratio=2.49 floor=1 goal=1.6" {
		t.Error(got)
	}
	if got := line(m, 1.4321, 2); !strings.Contains(got, "ours=1.43 reference=2 ") {
		t.Error(got)
	}
}

func TestNamesAreToldApart(t *testing.T) {
	t.Parallel()
	var names []string
	for _, g := range groups {
		names = append(names, g.names...)
	}
	if slices.Sort(names); len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error(names)
	}
	err := Run(context.Background(), []string{"-only", "relay,speed"}, new(bytes.Buffer), new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "submit_c8") {
		t.Error(err)
	}
}

func TestOneMeasureIsRunAlone(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	folder := t.TempDir()
	if err := Run(t.Context(), []string{"-only", "verify_sm3", "-cpuprofile", folder}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^bench verify_sm3 ours=[\d.]+ reference=[\d.]+ unit=MB/s ratio=\d\.\d\d floor=0\.85 goal=0\.85\n$`).Match(out.Bytes()) {
		t.Errorf("%q", out.String())
	}
	profiles, err := filepath.Glob(filepath.Join(folder, "*.pprof"))
	if err != nil || len(profiles) != 1 {
		t.Fatalf("profiles %q, err %v", profiles, err)
	}
	if info, err := os.Stat(profiles[0]); err != nil || info.Size() == 0 {
		t.Errorf("the profile is empty, err %v", err)
	}
}
