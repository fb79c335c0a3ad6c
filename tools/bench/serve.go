package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/pprof"

	tool "egov/tools/egov/serve"
)

// profileVariable names, in the environment of a service that a measure runs,
// the file for its CPU profile.
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

// Profiled runs a service, and writes its CPU profile where the measure that
// runs it has asked for one.
func Profiled(service func() int) (code int, err error) {
	name := os.Getenv(profileVariable)
	if name == "" {
		return service(), nil
	}
	f, err := os.Create(name)
	if err != nil {
		return 1, fmt.Errorf("CPU profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return 1, errors.Join(fmt.Errorf("CPU profile: %w", err), f.Close())
	}
	code = service()
	pprof.StopCPUProfile()
	return code, f.Close()
}
