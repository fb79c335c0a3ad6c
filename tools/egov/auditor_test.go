package egov_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.yaml.in/yaml/v3"

	"egov/libs/ledger/bundle"
	"egov/libs/ledger/bundle/schematest"
	"egov/tools/egov/session"
)

// desk is a machine with the program on it: what it keeps of a session is its own.
type desk struct {
	t   *testing.T
	dir string
}

// command is the program with these arguments.
func (d desk) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Dir = d.dir
	c.Env = append(os.Environ(), asCommand+"=1", "HOME="+d.dir, "XDG_CONFIG_HOME="+d.dir, "EGOV_PASSWORD=Yangpu-Demo-2026")
	return c
}

// run wants the program to end with that code, and gives what it printed.
func (d desk) run(code int, args ...string) (out, errs string) {
	d.t.Helper()
	var o, e bytes.Buffer
	c := d.command(d.t.Context(), args...)
	c.Stdout, c.Stderr = &o, &e
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ok && exit.ExitCode() != code || err == nil && code != 0 {
		d.t.Fatalf("egov %s: %v, not exit %d\n%s%s", strings.Join(args, " "), err, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

// report is what `egov audit verify` prints.
type report struct {
	OK         bool     `json:"ok"`
	Rows       int      `json:"rows"`
	FirstBad   int64    `json:"first_bad_seq"`
	Code       string   `json:"error_code"`
	CosignedBy []string `json:"cosigned_by"`
}

// verify has a bundle verified, which ends with that code.
func (d desk) verify(code int, args ...string) (r report) {
	d.t.Helper()
	out, errs := d.run(code, append([]string{"audit", "verify"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		d.t.Fatalf("%s %s: %v", out, errs, err)
	}
	return r
}

// live has the running ledger checked.
func (d desk) live() (r report) {
	d.t.Helper()
	agent := session.Agent{HTTP: &http.Client{}, Env: func(string) string { return "" }, File: filepath.Join(d.dir, "egov", "session.json")}
	s, err := agent.Current(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	var v struct {
		ID    string `json:"id"`
		State string `json:"state"`
		report
	}
	call := func(method, path string) {
		resp, err := agent.Call(d.t.Context(), s, "auditexport", method, path, nil)
		if err != nil {
			d.t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
			d.t.Fatal(err)
		}
	}
	call(http.MethodPost, "/v1/verify")
	for v.State == "running" {
		call(http.MethodGet, "/v1/verifications/"+v.ID)
	}
	return v.report
}

// up opens an installation and gives its portal's address.
func (d desk) up(data string) (portal string) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	c := d.command(ctx, "up", "--data", data, "--port", "0")
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(os.Interrupt) }, time.Minute
	said := &announced{address: regexp.MustCompile(`portal: (http://\S+)`), found: make(chan string, 1)}
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			d.t.Errorf("it does not end well: %v", err)
		}
	})
	select {
	case portal = <-said.found:
		return portal
	case err := <-ended:
		ended <- err
		d.t.Fatalf("it does not come up: %v\n%s", err, said.text.String())
	}
	return ""
}

// announced waits for an address in what a program says.
type announced struct {
	address *regexp.Regexp
	found   chan string
	mu      sync.Mutex
	text    bytes.Buffer
	done    bool
}

func (a *announced) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(p)
	if m := a.address.FindSubmatch(a.text.Bytes()); m != nil && !a.done {
		a.done = true
		a.found <- string(m[1])
	}
	return len(p), nil
}

// file reads one file of a bundle.
func (d desk) file(path, name string) []byte {
	d.t.Helper()
	z, err := zip.OpenReader(filepath.Join(d.dir, path))
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	f, err := z.Open(name)
	if err != nil {
		d.t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		d.t.Fatal(err)
	}
	return b
}

// table reads a CSV file of a bundle, by the names of its columns.
func (d desk) table(path, name string) (rows []map[string]string) {
	d.t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(d.file(path, "tables/"+name+".csv"), []byte("\ufeff")))).ReadAll()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, l := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = l[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// TestAnAuditorsWay goes an auditor's way from a demonstration on: a bundle with
// attachments and who stated what, verified on another machine with pinned keys,
// whose project documents satisfy the official schemas;
// the package in which a closed project goes to the archive (SH12-A), and its
// refusal where one is not closed; and somebody who edits the ledger's database
// under the running installation, whom the service, the bundle and the package
// name (YP23-M-16).
func TestAnAuditorsWay(t *testing.T) {
	t.Parallel()
	machine, elsewhere := desk{t, t.TempDir()}, desk{t, t.TempDir()}
	data := filepath.Join(machine.dir, "data")
	machine.run(0, "demo", "--check", "--json", "--data", data)
	portal := machine.up(data)
	machine.run(0, "login", "--server", portal, "--account", "audit.auditor")

	machine.run(0, "audit", "export", "--out", "all.zip")
	trust := filepath.Join(elsewhere.dir, "trust.json")
	carry := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(machine.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(elsewhere.dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.WriteFile(trust, machine.file("all.zip", bundle.NameKeys), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := elsewhere.verify(0, carry("all.zip"), "--trust", trust); !r.OK || r.Rows < 900 || len(r.CosignedBy) < 3 {
		t.Errorf("%+v", r)
	}
	var m bundle.Manifest
	if err := json.Unmarshal(machine.file("all.zip", bundle.NameManifest), &m); err != nil || m.Attachments == nil || m.Attachments.Named < 20 || m.Attachments.Held != m.Attachments.Named {
		t.Errorf("attachments %+v, %v", m.Attachments, err)
	}

	if n, records := schematest.Open(t).HoldBundle(t, filepath.Join(machine.dir, "all.zip")); n != 12 || records < 6 {
		t.Errorf("%d OC4IDS project packages, %d OCDS record packages", n, records)
	}
	projects := machine.table("all.zip", "projects")
	closed := slices.IndexFunc(projects, func(p map[string]string) bool { return p["closed"] == "true" })
	open := slices.IndexFunc(projects, func(p map[string]string) bool { return p["closed"] == "false" })
	if len(projects) != 12 || closed < 0 {
		t.Fatalf("%v", projects)
	}
	if _, errs := machine.run(1, "audit", "archive", "--project", projects[open]["id"], "--out", "open.zip"); !strings.Contains(errs, "not closed") {
		t.Errorf("one that is not closed: %s", errs)
	}
	machine.run(0, "audit", "archive", "--project", projects[closed]["id"], "--out", "package.zip")
	if r := elsewhere.verify(0, carry("package.zip"), "--trust", trust, "--previous", carry("all.zip")); !r.OK || r.Rows < 20 {
		t.Errorf("%+v", r)
	}
	// The bundle in hand is no longer the last that was made: the proof that the
	// ledger continues it has to be asked for.
	one := projects[open]["id"]
	machine.run(0, "audit", "export", "--project", one, "--out", "one.zip")
	if r := elsewhere.verify(1, carry("one.zip"), "--trust", trust, "--previous", carry("all.zip")); r.Code != "proof_missing" {
		t.Errorf("a bundle that continues another: %+v", r)
	}
	machine.run(0, "audit", "export", "--project", one, "--previous", "all.zip", "--out", "continued.zip")
	if r := elsewhere.verify(0, carry("continued.zip"), "--trust", trust, "--previous", carry("all.zip")); !r.OK {
		t.Errorf("a bundle that continues the one in hand: %+v", r)
	}
	machine.run(2, "audit", "export", "--previous", "none.zip", "--out", "none-either.zip")

	var checks bundle.Checks
	if err := json.Unmarshal(machine.file("package.zip", bundle.NameChecks), &checks); err != nil {
		t.Fatal(err)
	}
	for _, c := range checks.Items {
		if c.By == bundle.ByVerifier && c.Result != bundle.Passed {
			t.Errorf("%s is %s: %s", c.Code, c.Result, machine.file("package.zip", "completeness.md"))
		}
	}

	t.Run("edited directly in PostgreSQL", func(t *testing.T) {
		seq := edit(t, data, projects[closed]["id"])
		if v := machine.live(); v.OK || v.Code != "row_hash" || v.FirstBad != seq {
			t.Errorf("the service finds %+v, edited was row %d", v, seq)
		}
		machine.run(0, "audit", "export", "--out", "edited.zip")
		machine.run(0, "audit", "archive", "--project", projects[closed]["id"], "--out", "edited-package.zip")
		for _, name := range []string{"edited.zip", "edited-package.zip"} {
			if r := elsewhere.verify(1, carry(name), "--trust", trust); r.OK || r.Code != "row_hash" || r.FirstBad != seq {
				t.Errorf("%s: %+v, edited was row %d", name, r, seq)
			}
		}
	})
}

// edit changes what the ledger says of a project's award, as the owner of its
// database can, and gives the row.
func edit(t *testing.T, data, project string) (seq int64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "suite.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Services map[string]struct {
			Database struct {
				OwnerURL string `yaml:"owner_url"`
			} `yaml:"database"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	db, err := pgx.Connect(t.Context(), config.Services["auditexport"].Database.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(context.WithoutCancel(t.Context())) }()
	err = db.QueryRow(t.Context(), `UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '某信息技术', '某信息工程'), 'UTF8')
		WHERE type = 'egov.procurement.v1.AwardMade' AND subject = $1 RETURNING seq`, project).Scan(&seq)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}
