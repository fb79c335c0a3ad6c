package ops

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"egov/libs/module"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares an answer with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

func pagesIn(text string) []string {
	return regexp.MustCompile(`(?:docs|deploy)/[\w./-]+\w`).FindAllString(text, -1)
}

func exists(path string) bool {
	_, err := os.Stat(filepath.Join("..", "..", "..", path))
	return err == nil
}

// sample surveys: two units' services in two namespaces, one of them in trouble.
func twoBureaus(t *testing.T) *Survey {
	t.Helper()
	at := func(i *Instance) { i.Status.StartedAt = noon.Add(-50 * time.Hour) }
	troubled := `egov_consumer_lag_entries{consumer="budgeting.road",source="declaration"} 20011
egov_consumer_pending_entries{consumer="budgeting.road",source="declaration"} 256
egov_reconciled_to_timestamp_seconds{consumer="budgeting.road",source="declaration"} 1795341600
egov_consumer_held_facts{consumer="budgeting.road",state="dead"} 1
egov_consumer_held_facts{consumer="budgeting.road",state="early"} 4
egov_consumer_held_facts{consumer="budgeting.road",state="failed"} 0
egov_relay_oldest_unpublished_seconds 3720
egov_deadlines{state="late"} 2
egov_deadlines{state="open"} 31
egov_deadlines{state="warned"} 3
egov_deadlines{state="paused"} 0
`
	sound := "egov_consumer_lag_entries{consumer=\"auditexport.ledger\",source=\"budgeting\"} 0\negov_relay_oldest_unpublished_seconds 0\negov_ledger_checkpoint_timestamp_seconds 1795348797\n" +
		"egov_consumer_held_facts{consumer=\"auditexport.ledger\",state=\"dead\"} 0\negov_deadlines{state=\"late\"} 0\negov_deadlines{state=\"open\"} 0\n"
	return &Survey{Services: []*Service{
		{Name: "auditexport", Unit: "audit", Namespace: "egov-audit", Workload: "auditexport", Desired: 2, Ready: 2, Instances: []*Instance{instanceOf(t, sound, at), instanceOf(t, sound, at)}},
		{Name: "budgeting", Unit: "finance", Namespace: "egov-finance", Workload: "budgeting", Desired: 2, Ready: 1, Restarts: 7, Instances: []*Instance{
			instanceOf(t, troubled, at), instanceOf(t, troubled, func(i *Instance) { i.Status.Version = "v0.2.2"; at(i) }),
		}},
		{Name: "portal", Namespace: "egov-platform", Workload: "portal", Desired: 2, Instances: []*Instance{{Pod: "portal-1", Unseen: errNotRunning}}},
	}}
}

func TestTables(t *testing.T) {
	t.Parallel()
	s := twoBureaus(t)
	rows := make([]Row, len(s.Services))
	for i, x := range s.Services {
		rows[i] = x.row(noon)
	}
	held := module.DeadLetter{
		ID: 41, Consumer: "budgeting.road", Source: "declaration", Type: "egov.declaration.v1.ProjectSubmitted", Subject: "0199-project", Seq: 3, EventID: "0199-event",
		RecordedAt: noon, HeldAt: noon, Attempts: 5, Error: "undecodable: unknown field \"x\"", Blocks: true, Bytes: 812, SHA256: strings.Repeat("ab", 32),
	}
	for name, write := range map[string]func(paper) error{
		"status.txt":           func(p paper) error { return statusTable(p, rows) },
		"status-coloured.txt":  func(p paper) error { p.colours = true; return statusTable(p, rows) },
		"lag.txt":              func(p paper) error { return lagTables(p, s.lags(false), s.held(false)) },
		"lag-all.txt":          func(p paper) error { return lagTables(p, s.lags(true), s.held(true)) },
		"lag-none.txt":         func(p paper) error { return lagTables(p, nil, nil) },
		"deadlines.txt":        func(p paper) error { return deadlineTable(p, s.deadlines()) },
		"dead-letters.txt":     func(p paper) error { return letterTable(p, []LetterRow{{Service: "budgeting", DeadLetter: held}}) },
		"dead-letter.txt":      func(p paper) error { return letterCard(p, s.Services[1], held) },
		"dead-letter-none.txt": func(p paper) error { return letterTable(p, nil) },
		"doctor.txt":           func(p paper) error { p.findings(examine(s, nil, noon), len(s.Services)); return nil },
		"doctor-none.txt":      func(p paper) error { p.findings(nil, 12); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var w bytes.Buffer
			if err := write(paper{Writer: &w}); err != nil {
				t.Fatal(err)
			}
			golden(t, name, w.String())
		})
	}
}

// TestColoursAreForTerminals: what is not a terminal gets none.
func TestColoursAreForTerminals(t *testing.T) {
	t.Parallel()
	if onto(&bytes.Buffer{}).colours {
		t.Error("colours into a buffer")
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if onto(f).colours {
		t.Error("colours into a file")
	}
}

func TestLengthsOfTimeAreShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 900 * time.Millisecond: "0s", 119 * time.Second: "119s", 2 * time.Minute: "2m", 119 * time.Minute: "119m", 2 * time.Hour: "2h", 47 * time.Hour: "47h", 48 * time.Hour: "2d",
	} {
		if got := short(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
