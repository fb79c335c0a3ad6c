package up_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"egov/libs/conf"
	"egov/libs/embedded"
	"egov/services/suite"
	"egov/services/suite/stack"
	"egov/tools/egov"
	"egov/tools/egov/cli"
)

// asCommand makes this test binary the egov command itself, which serves too.
const asCommand = "EGOV_UP_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(egov.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// patience bounds what comes about by itself; machines are shared.
const patience = 4 * time.Minute

// command is a command line of egov in a process of its own.
func command(t *testing.T, args ...string) (c *exec.Cmd, errs *bytes.Buffer) {
	t.Helper()
	errs = &bytes.Buffer{}
	c = exec.Command(os.Args[0], args...)
	c.Env, c.Stderr = append(os.Environ(), asCommand+"=1"), errs
	return c, errs
}

// installation is one data directory on which `egov up` is run again and again.
type installation struct {
	dir  string
	port int
}

func newInstallation(t *testing.T) installation {
	t.Helper()
	dir, err := os.MkdirTemp("", "egov-up-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(embedded.RemovePostgres(filepath.Join(dir, "postgres")), os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil { // so that PostgreSQL's own user gets there
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return installation{dir, l.Addr().(*net.TCPAddr).Port}
}

// up runs `egov up` until it says how it is stopped. The process is killed with
// the test.
func (in installation) up(t *testing.T) *exec.Cmd {
	t.Helper()
	c, errs := command(t, "up", "--data", in.dir, "--port", strconv.Itoa(in.port))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = errors.Join(c.Process.Kill(), c.Wait()) // the test has failed before
		}
	})
	late := time.AfterFunc(patience, func() { _ = c.Process.Kill() })
	defer late.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ctrl-C") {
			t.Logf("up after %s", time.Since(begun).Round(100*time.Millisecond))
			return c
		}
	}
	err = c.Wait()
	t.Fatalf("egov up ended: %v\n%s", err, errs)
	return nil
}

// client speaks to the services at the addresses of the last start.
func (in installation) client(t *testing.T) stack.Client {
	t.Helper()
	c := suite.Default()
	if err := conf.Load(&c, filepath.Join(in.dir, "suite.yaml"), func(string) (string, bool) { return "", false }); err != nil {
		t.Fatal(err)
	}
	return stack.Client{HTTP: &http.Client{Timeout: time.Minute}, Password: string(c.Identity.DemoPassword), URL: func(service string) string {
		if service == "identity" {
			return "http://" + c.Identity.Listen
		}
		return "http://" + c.Services[service].Listen
	}}
}

// as gives what sends requests to the declaration service for an account.
func (in installation) as(t *testing.T, account string) func(method, path string, body []byte) []byte {
	t.Helper()
	c := in.client(t)
	send := func(service, method, path string, body []byte, headers map[string]string) []byte {
		t.Helper()
		answer, err := c.Send(t.Context(), service, method, path, body, headers)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	body, err := c.Credentials(account)
	if err != nil {
		t.Fatal(err)
	}
	token, err := stack.Token(send("identity", http.MethodPost, "/v1/sessions", body, nil))
	if err != nil {
		t.Fatal(err)
	}
	return func(method, path string, body []byte) []byte {
		t.Helper()
		return send("declaration", method, path, body, map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": rand.Text()})
	}
}

// draft declares a project and gives its id.
func (in installation) draft(t *testing.T, title string) string {
	t.Helper()
	body, err := stack.Declaration(title, 8, 30_000_000)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ ID string }
	if err := json.Unmarshal(in.as(t, stack.Declarers[0])(http.MethodPost, "/v1/projects", body), &p); err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func (in installation) has(t *testing.T, id, title string) {
	t.Helper()
	if got := in.as(t, stack.Declarers[0])(http.MethodGet, "/v1/projects/"+id, nil); !bytes.Contains(got, []byte(title)) {
		t.Errorf("%s is not there any more: %s", title, got)
	}
}

// services is the process that serves.
func (in installation) services(t *testing.T) (pid int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(in.dir, "run", "all.pid"))
	if err == nil {
		pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	late := time.After(patience)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for syscall.Kill(pid, 0) == nil && !zombie(pid) {
		select {
		case <-late:
			t.Fatalf("process %d lives on", pid)
		case <-look.C:
		}
	}
}

// zombie tells of a process that has ended and whose new parent has not looked yet.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, found := strings.Cut(string(b), ") ")
	return err == nil && found && strings.HasPrefix(after, "Z")
}

// TestUpFindsItsDataAgain after it was stopped in order and after it was killed,
// on the same port. Nothing of a killed one lives on, no start waits for an answer
// that only a timeout gives, and while one runs, another on its directory or its
// port is refused before it starts anything.
func TestUpFindsItsDataAgain(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)

	c := in.up(t)
	first := in.draft(t, "首次启动时的项目")
	if log, err := os.ReadFile(filepath.Join(in.dir, "log", "all.log")); err != nil || bytes.Contains(log, []byte("deadline exceeded")) || bytes.Contains(log, []byte("event keys is not read")) {
		t.Errorf("%v\n%s", err, log)
	}
	if err := errors.Join(c.Process.Signal(os.Interrupt), c.Wait()); err != nil {
		t.Fatalf("stopped in order: %v", err)
	}

	c = in.up(t)
	in.has(t, first, "首次启动时的项目")
	second := in.draft(t, "强行结束前的项目")
	pid := in.services(t)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("a killed process ended in order")
	}
	awaitGone(t, pid)

	c = in.up(t)
	in.has(t, first, "首次启动时的项目")
	in.has(t, second, "强行结束前的项目")
	t.Run("another one", func(t *testing.T) { in.refusals(t) })
	if err := errors.Join(c.Process.Signal(syscall.SIGTERM), c.Wait()); err != nil {
		t.Fatalf("stopped in order: %v", err)
	}
}

// refusals are what others get to hear while the installation runs.
func (in installation) refusals(t *testing.T) {
	t.Helper()
	elsewhere := filepath.Join(t.TempDir(), "data")
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"the same directory": {[]string{"--data", in.dir, "--port", "0"}, []string{"正被进程", "is using the data directory"}},
		"the same port":      {[]string{"--data", elsewhere, "--port", strconv.Itoa(in.port)}, []string{"已被占用", "is taken"}},
	} {
		other, errs := command(t, append([]string{"up"}, tc.args...)...)
		err := other.Run()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != cli.Failed {
			t.Errorf("%s: %v\n%s", name, err, errs)
		}
		for _, want := range tc.says {
			if !strings.Contains(errs.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", name, want, errs)
			}
		}
		if strings.Contains(errs.String(), "PostgreSQL") {
			t.Errorf("%s: something was started\n%s", name, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "postgres")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was made: %v", err)
	}
}
