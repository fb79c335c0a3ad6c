// Package embedded runs private PostgreSQL and Redis servers as children of
// the calling process, for `egov up`, for demonstrations and for tests.
//
// It promises: a server listens on loopback only and asks for a password that
// the data directory keeps; the data directory survives restarts; one process
// at a time uses a directory; a server that outlived a killed parent is
// stopped, cleanly, before the next one starts; and every server it started
// ends with its parent where the system can do that.
//
// It does not tune, back up or replicate anything, and it never touches a
// server it did not start. Real installations point the services at servers
// of their own instead. It runs on Unix systems.
package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"egov/libs/fault"
)

// The refusals of this package.
var (
	// ErrMissing says that programs are not installed; its message names the
	// command that installs them. Command-line callers exit with 3.
	ErrMissing = fault.New(fault.Unavailable, "programs_missing",
		"缺少运行所需的程序", "required programs are not installed")
	// ErrInUse says that a live process already runs a server on the directory.
	ErrInUse = fault.New(fault.Conflict, "data_directory_in_use",
		"数据目录正被另一个进程使用", "another process is using the data directory")
	// ErrStart says that a server did not come up; its message ends with the
	// last lines the server wrote.
	ErrStart = fault.New(fault.Unavailable, "server_start_failed",
		"内置服务器未能启动", "the embedded server did not start")
	// ErrVersion says that no installed PostgreSQL can open the data directory.
	ErrVersion = fault.New(fault.Conflict, "data_version_mismatch",
		"数据目录由另一个版本的PostgreSQL创建", "the data directory belongs to another PostgreSQL version")
)

const (
	startAttempts = 6                      // ports tried, and waits for a dying predecessor
	pollEvery     = 15 * time.Millisecond  // how often a starting or ending server is looked at
	retryPause    = 250 * time.Millisecond // between two attempts to start
	startTimeout  = 2 * time.Minute        // for one attempt, recovery and loading included
	logTail       = 2048                   // bytes of a server's log quoted in an error
)

// choosePort makes sure that nobody listens on a loopback port; for 0 it asks
// the system for one.
func choosePort(port int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// secret returns the password kept in file, making one on first use.
func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err == nil && len(b) > 0 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	s := rand.Text()
	return s, os.WriteFile(file, []byte(s+"\n"), 0o600)
}

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// openLog starts a fresh log at path and keeps the previous one beside it.
func openLog(path string) (*os.File, error) {
	if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
}

// tail returns the last lines of a log, for the error that a person reads.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close() // read only
	if st, err := f.Stat(); err == nil && st.Size() > logTail {
		if _, err := f.Seek(-logTail, io.SeekEnd); err != nil {
			return ""
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, logTail))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// startError explains a server that did not come up.
func startError(name, logFile string, cause error) error {
	text := fmt.Sprintf("%s: %v", name, cause)
	if t := tail(logFile); t != "" {
		text += "\n" + t
	}
	return ErrStart.WithMsg("内置服务器未能启动："+text, "the embedded server did not start: "+text).With(cause)
}

// prepareDir makes dir, absolute and free of symbolic links, so that it can
// be compared with what the system says of a running process.
func prepareDir(dir string) (string, error) {
	if dir == "" {
		return "", fault.InvalidInput.WithViolations(fault.Violation{
			Field: "dir", Code: "required", Msg: "必填", MsgEN: "is required",
		})
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(dir)
}
