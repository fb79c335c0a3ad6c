package stack

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"egov/libs/fault"
)

func newStack(t *testing.T, o Options) (*Stack, *bytes.Buffer) {
	t.Helper()
	var said bytes.Buffer
	o.Out = &said
	s := &Stack{Dir: t.TempDir(), opts: o, procs: map[string]*process{}}
	if err := os.Mkdir(filepath.Join(s.Dir, "log"), 0o755); err != nil {
		t.Fatal(err)
	}
	return s, &said
}

func TestWhatAnEarlierRunLeftIsEnded(t *testing.T) {
	t.Parallel()
	earlier, _ := newStack(t, Options{})
	for _, name := range []string{"identity", "portal"} {
		if err := earlier.run(name, exec.Command("sleep", "600")); err != nil {
			t.Fatal(err)
		}
	}
	now, said := newStack(t, Options{})
	now.Dir = earlier.Dir
	if err := now.run("identity", exec.Command("sleep", "600")); err == nil || !strings.Contains(err.Error(), "identity runs already") {
		t.Errorf("beside a living one: %v", err)
	}
	if err := now.endLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"identity", "portal"} {
		p := earlier.process(name)
		<-p.done
		if !strings.Contains(said.String(), name+" "+strconv.Itoa(p.cmd.Process.Pid)) {
			t.Errorf("%s is not told of: %q", name, said)
		}
	}
	if left, err := filepath.Glob(filepath.Join(now.marks(), "*")); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// TestAStrangerIsLeftAlone: the id in a mark that nobody holds is another's by now,
// here that of the test itself.
func TestAStrangerIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, said := newStack(t, Options{})
	if err := os.Mkdir(s.marks(), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(s.marks(), "all"+markSuffix)
	if err := os.WriteFile(stale, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.endLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) || said.Len() > 0 {
		t.Errorf("%v, %q", err, said)
	}
}

func TestThePortalsPortIsHeldUntilItIsServed(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().(*net.TCPAddr).Port

	s, _ := newStack(t, Options{Port: taken})
	if _, err := s.holdPort(); !errors.Is(err, ErrPort) || !strings.Contains(fault.From(err).Msg, "已被占用") || !strings.Contains(fault.From(err).MsgEN, "is taken") {
		t.Errorf("taken: %v", err)
	}
	s, said := newStack(t, Options{Port: taken, AnyPort: true})
	if _, err := s.holdPort(); err != nil || s.opts.Port != 0 || !strings.Contains(said.String(), strconv.Itoa(taken)) {
		t.Errorf("a wish: port %d, %v, %q", s.opts.Port, err, said)
	}
	s, _ = newStack(t, Options{Port: 1 << 16})
	if _, err := s.holdPort(); !errors.Is(err, ErrPort) || !strings.Contains(fault.From(err).MsgEN, "cannot be listened on") {
		t.Errorf("none: %v", err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s, _ = newStack(t, Options{Port: port})
	release, err := s.holdPort()
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(port)
	if l, err := net.Listen("tcp", addr); err == nil {
		l.Close()
		t.Error("somebody else took it meanwhile")
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
