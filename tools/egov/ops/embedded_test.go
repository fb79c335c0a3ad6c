package ops_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"egov/services/suite"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
	"egov/tools/egov/cli"
	"egov/tools/egov/ops"
	"egov/tools/egov/session"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// up starts what `egov up` starts.
func up(t *testing.T) *stack.Stack {
	t.Helper()
	return stacktest.Start(t, stack.Options{})
}

// answer is how a command line of `egov ops` ended.
type answer struct {
	code      int
	out, errs string
}

func run(t *testing.T, args ...string) answer {
	t.Helper()
	var out, errs bytes.Buffer
	c := ops.New()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(&out)
	c.SetErr(&errs)
	cmd, err := c.ExecuteContextC(t.Context())
	return answer{cli.Report(&errs, cmd, err), out.String(), errs.String()}
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.out), v); err != nil {
		t.Fatalf("%v: exit %d\n%s%s", err, a.code, a.out, a.errs)
	}
}

// within waits for something that comes about by itself.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("waited in vain: " + what)
		case <-tick.C:
		}
	}
}

// TestOnOneMachine runs every command on a real installation: what it shows,
// a fact that no consumer can read, and how it is settled on record.
func TestOnOneMachine(t *testing.T) {
	s := up(t)
	data := []string{"--data", s.Dir}
	do := func(args ...string) answer { return run(t, append(args, data...)...) }

	var shown struct{ Services []ops.Row }
	within(t, "every service ready and the ledger signed", func() bool {
		do("status", "-o", "json").into(t, &shown)
		return !slices.ContainsFunc(shown.Services, func(r ops.Row) bool {
			return r.Ready != 1 || r.Service == "auditexport" && r.Checkpoint == nil
		})
	})
	if len(shown.Services) != len(suite.Names()) {
		t.Errorf("%d services", len(shown.Services))
	}
	for _, r := range shown.Services {
		if r.Service == "budgeting" && (r.Unit != "finance" || r.Lag == nil || r.OutboxAge == nil || r.Late == nil || r.StartedAt == nil || len(r.Versions) != 1) {
			t.Errorf("not all is known of %+v", r)
		}
	}
	if a := do("doctor"); a.code != cli.OK || !strings.Contains(a.out, "0 errors") {
		t.Errorf("doctor, exit %d:\n%s%s", a.code, a.out, a.errs)
	}
	if a := do("deadlines"); a.code != cli.OK || !strings.Contains(a.out, "procurement") {
		t.Errorf("deadlines, exit %d:\n%s", a.code, a.out)
	}
	if a := do("lag", "--all", "auditexport"); a.code != cli.OK || !strings.Contains(a.out, "auditexport.ledger") || strings.Contains(a.out, "budgeting.road") {
		t.Errorf("lag, exit %d:\n%s", a.code, a.out)
	}
	if a := run(t, "status", "--server", s.URL("portal"), "budgeting"); a.code != cli.OK || !strings.Contains(a.out, "finance") {
		t.Errorf("by the portal's address, exit %d:\n%s%s", a.code, a.out, a.errs)
	}
	for _, act := range [][]string{{"scale", "budgeting", "2"}, {"restart", "budgeting"}, {"drain", "budgeting"}, {"drain", "budgeting", "--undo"}} {
		if a := do(act...); a.code != cli.Failed || !strings.Contains(a.errs, "has no meaning there") {
			t.Errorf("%q, exit %d: %s", act, a.code, a.errs)
		}
	}
	if a := do("status", "nosuch"); a.code != cli.Failed || !strings.Contains(a.errs, "there is no service nosuch") {
		t.Errorf("exit %d: %s", a.code, a.errs)
	}
	deadLetters(t, s, do)

	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := do("status"); a.code != cli.Failed || !strings.Contains(a.errs, "run egov up first") {
		t.Errorf("of what is stopped, exit %d: %s", a.code, a.errs)
	}
}

func deadLetters(t *testing.T, s *stack.Stack, do func(...string) answer) {
	t.Helper()
	at, err := redis.ParseURL(string(s.Config.Services["declaration"].Redis.URL))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(at)
	defer client.Close()
	if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "egov:events:declaration", Values: map[string]any{"hello": "world"}}).Err(); err != nil {
		t.Fatal(err)
	}
	var listed struct{ Items []ops.LetterRow }
	within(t, "the ledger's dead letter", func() bool {
		do("dlq", "list", "auditexport", "-o", "json").into(t, &listed)
		return len(listed.Items) == 1
	})
	letter := listed.Items[0]
	id := fmt.Sprint(letter.ID)
	if letter.Consumer != "auditexport.ledger" || letter.Blocks || letter.Bytes == 0 {
		t.Errorf("%+v", letter)
	}
	within(t, "what doctor says about it", func() bool {
		a := do("doctor")
		return a.code == cli.Failed && strings.Contains(a.out, "dead_letters") && strings.Contains(a.out, "auditexport.ledger: 1")
	})
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"shown":               {[]string{"dlq", "show", "auditexport", id}, cli.OK, "auditexport.ledger"},
		"not to be retried":   {[]string{"dlq", "retry", "auditexport", id}, cli.Failed, "it can only be skipped"},
		"not without reason":  {[]string{"dlq", "skip", "auditexport", id}, cli.BadInput, "--reason"},
		"no number":           {[]string{"dlq", "show", "auditexport", "x"}, cli.BadInput, "ID must be a number"},
		"another one":         {[]string{"dlq", "show", "auditexport", "999999"}, cli.Failed, "no such dead letter"},
		"of no service":       {[]string{"dlq", "show", "nosuch", id}, cli.Failed, "there is no service"},
		"a service without":   {[]string{"dlq", "list", "identity"}, cli.OK, "no dead letters"},
		"all that have one":   {[]string{"dlq", "list"}, cli.OK, "auditexport.ledger"},
		"everybody's command": {[]string{"dlq"}, cli.OK, "list"},
	} {
		if a := do(tt.args...); a.code != tt.code || !strings.Contains(a.out+a.errs, tt.says) {
			t.Errorf("%s, exit %d:\n%s%s", name, a.code, a.out, a.errs)
		}
	}
	t.Setenv(session.PasswordVariable, s.DemoPassword())
	if a := do("dlq", "list", "auditexport", "--account", "facilities.declarer"); a.code != cli.Failed || !strings.Contains(a.errs, "your roles do not allow this") {
		t.Errorf("a declarer, exit %d: %s%s", a.code, a.out, a.errs)
	}
	for range 2 { // who was not told repeats it
		if a := do("dlq", "skip", "auditexport", id, "--reason", "测试写入的无效条目", "--account", "operator", "--key", "skip-"+id); a.code != cli.OK || !strings.Contains(a.out, "is given up, on record") {
			t.Fatalf("skip, exit %d: %s%s", a.code, a.out, a.errs)
		}
	}
	if a := do("dlq", "skip", "auditexport", id, "--reason", "测试写入的无效条目", "--account", "operator"); a.code != cli.Failed || !strings.Contains(a.errs, "no such dead letter") {
		t.Errorf("a second skip, exit %d: %s%s", a.code, a.out, a.errs)
	}
	if a := do("dlq", "list", "auditexport"); !strings.Contains(a.out, "no dead letters") {
		t.Errorf("still there: %s", a.out)
	}
	within(t, "the ledger's row of it", func() bool { return inLedger(t, s, "egov.deadletter.v1.DeadLetterSkipped", "operator") })
}

// inLedger tells whether the ledger has a fact of a type by an account.
func inLedger(t *testing.T, s *stack.Stack, typ, actor string) bool {
	t.Helper()
	agent := session.Agent{HTTP: http.DefaultClient, Env: func(string) string { return "" }}
	granted, err := agent.SignIn(t.Context(), s.URL("identity"), "audit.auditor", s.DemoPassword())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := agent.Call(t.Context(), session.Session{Server: s.URL("auditexport"), Token: granted.Token}, "auditexport", http.MethodGet, "/v1/ledger?limit=1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct {
		Items []struct{ Type, Actor string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(page.Items, func(i struct{ Type, Actor string }) bool { return i.Type == typ && i.Actor == actor })
}
