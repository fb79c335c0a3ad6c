package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"

	tool "egov/tools/egov/serve"
)

// profileVariable names, in the environment of a service that a measure runs,
// the folder for its CPU profile.
const profileVariable = "EGOV_BENCH_CPUPROFILE"

// serve runs this program again as a service.
func (s *servers) serve(config, target string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	cmd := exec.Command(self, tool.Args(config, target)...)
	if s.options.profile != "" {
		cmd.Env = append(os.Environ(), profileVariable+"="+s.options.profile)
	}
	return cmd
}

// Service runs a service, with a CPU profile where the measure that runs it has
// asked for one.
func Service(run func() int) (code int, err error) {
	err = profiled(os.Getenv(profileVariable), func() error { code = run(); return nil })
	return code, err
}

// profiled runs f and writes its CPU profile to a file of this process in
// folder, unless that is empty.
func profiled(folder string, f func() error) (err error) {
	if folder == "" {
		return f()
	}
	file, err := os.Create(filepath.Join(folder, fmt.Sprintf("cpu-%d.pprof", os.Getpid())))
	if err != nil {
		return fmt.Errorf("CPU profile: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("CPU profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return f()
}
