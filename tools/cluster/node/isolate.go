package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

// insideVar tells the program that it is the inner one, and its folder.
const insideVar = "EGOV_NODE_DIR"

// prefix of the folders and control groups of nodes; the rest is random.
const prefix = "egov-node-"

// Inside is the folder of the node when the program runs isolated, else "".
func Inside() string { return os.Getenv(insideVar) }

// Outward is an environment without what tells a program that it is the inner
// one: for programs that use the node as any cluster.
func Outward(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, insideVar+"=") })
}

// Isolate runs this program again, with the same arguments, in namespaces of
// its own, waits for its end and removes what it left. The result is the exit
// code; that something stayed after all is an error that names it. Signals are
// passed on; the second one ends everything at once.
func Isolate(ctx context.Context) (int, error) {
	if os.Geteuid() != 0 {
		return 0, errors.New("a node needs root: run it with sudo")
	}
	if err := sweep(); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return 0, err
	}
	lock, err := hold(dir)
	if err != nil {
		return 0, err
	}
	code, spaces, err := inner(ctx, dir)
	if err := errors.Join(err, lock.Close(), remove(dir)); err != nil {
		return code, err
	}
	left, err := left(dir, spaces)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left behind: %s", strings.Join(left, ", "))
	}
	return code, err
}

// inner runs the isolated program to its end, and says which namespaces were
// its own.
func inner(ctx context.Context, dir string) (code int, spaces []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, nil, err
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), insideVar+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, // process 1 of its namespace: the kernel ends all others with it
		Setpgid:    true,
	}
	runtime.LockOSThread() // the parent whose death is watched is this thread
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		return 0, nil, fmt.Errorf("namespaces: %w", err)
	}
	for _, kind := range []string{"pid", "net", "mnt"} {
		if space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", cmd.Process.Pid, kind)); err == nil {
			spaces = append(spaces, space)
		}
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			select {
			case <-signals:
			case <-ctx.Done():
			case <-ended:
				return
			}
			_ = cmd.Process.Signal(s) // it may have ended
		}
	}()
	err = cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if exit.ExitCode() < 0 {
			return 1, spaces, err
		}
		return exit.ExitCode(), spaces, nil
	}
	return 0, spaces, err
}

// Furnish makes the inside of the namespaces a machine of its own: its own
// /proc, nothing mounted back to the outside, and private folders over those
// where Kubernetes, containerd and the CNI plugins keep what they know.
func Furnish() error {
	dir := Inside()
	if dir == "" {
		return errors.New("not isolated")
	}
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL runs as another user
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := syscall.Mount("run", "/run", "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("/run: %w", err)
	}
	for _, of := range []string{"/var/lib", "/var/log"} {
		own := filepath.Join(dir, strings.ReplaceAll(of[1:], "/", "-"))
		if err := os.MkdirAll(own, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(own, of, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s: %w", of, err)
		}
	}
	return errors.Join(os.MkdirAll(filepath.Join(dir, "log"), 0o755), shield(dir))
}

// shield puts files in front of the settings of the whole machine that the
// kubelet would change.
func shield(dir string) error {
	for name, value := range map[string]string{
		"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
		"kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
	} {
		own := filepath.Join(dir, "sysctl", strings.ReplaceAll(name, "/", "."))
		if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(own, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := syscall.Mount(own, "/proc/sys/"+name, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("shield %s: %w", name, err)
		}
	}
	return nil
}

// network gives the namespace its address, its way out to nowhere and the
// settings a router has.
func (n *Node) network(ctx context.Context) error {
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "node0", "type", "bridge"},
		{"address", "add", network, "dev", "node0"},
		{"link", "set", "node0", "up"},
		{"route", "add", "default", "via", gateway, "dev", "node0"},
	} {
		if err := command(ctx, "ip", args...); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"ipv4/ip_forward": "1", "bridge/bridge-nf-call-iptables": "1"} {
		if err := os.WriteFile("/proc/sys/net/"+name, []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// hold locks a node's folder for as long as this process lives.
func hold(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sweep removes what nodes left whose outer process was killed.
func sweep() error {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range left {
		lock, err := hold(dir)
		if err != nil {
			continue // it lives
		}
		errs = append(errs, lock.Close(), remove(dir))
	}
	return errors.Join(errs...)
}

// remove deletes a node's control groups and its folder.
func remove(dir string) error {
	return errors.Join(removeGroups(filepath.Base(dir)), os.RemoveAll(dir))
}

// left lists what a node left on the machine: processes in its namespaces,
// mounts of them or of its folder, control groups, the folder.
func left(dir string, spaces []string) ([]string, error) {
	var all []string
	if exists(dir) {
		all = append(all, "folder "+dir)
	}
	groups, err := groups(filepath.Base(dir))
	for _, g := range groups {
		all = append(all, "control group "+g)
	}
	mounts, merr := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, filepath.Base(dir)) || slices.ContainsFunc(spaces, func(s string) bool { return strings.Contains(line, s) }) {
			all = append(all, "mount "+strings.TrimSpace(line))
		}
	}
	links, gerr := filepath.Glob("/proc/[0-9]*/ns/*")
	for _, l := range links {
		if space, err := os.Readlink(l); err == nil && slices.Contains(spaces, space) {
			all = append(all, "process "+l)
		}
	}
	return all, errors.Join(err, merr, gerr)
}
