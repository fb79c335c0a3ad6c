//go:build unix && !linux

package embedded

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// childAttr makes the child a group of its own. Systems other than Linux do
// not signal a child when its parent dies: the next start finds the orphan by
// its pid file and stops it.
func childAttr(cred *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred}
}

// runsIn reports whether process pid works in dir.
func runsIn(pid int, dir string) bool {
	out, err := exec.Command("lsof", "-a", "-p", strconv.Itoa(pid), "-d", "cwd", "-Fn").Output()
	return err == nil && strings.Contains(string(out), "\nn"+dir+"\n")
}
