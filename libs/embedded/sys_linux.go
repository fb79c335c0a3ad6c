package embedded

import (
	"os"
	"strconv"
	"syscall"
)

// childAttr makes the child a group of its own, so that a Ctrl-C meant for
// the parent does not reach it first, and has it signalled when the thread
// that started it dies. cred is nil to keep the caller's user.
func childAttr(cred *syscall.Credential, onParentDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: cred, Pdeathsig: onParentDeath}
}

// runsIn reports whether process pid works in dir, which both servers make
// their working directory. It tells a server of ours from a stranger that
// was given the same process id later.
func runsIn(pid int, dir string) bool {
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && cwd == dir
}
