package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/op"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

const origin = "test.example/ledger"

var began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// book is a small ledger in memory.
type book struct {
	signer *checkpoint.Signer
	keys   checkpoint.Keys
	head   ledger.Head
	tree   ledger.Tree
	rows   []ledger.Row
	nodes  map[uint][]ledger.Hash
}

func newBook(t *testing.T) *book {
	t.Helper()
	secret, verifier, err := checkpoint.GenerateKey(checkpoint.SM2, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := checkpoint.NewSigner(secret, func() time.Time { return began })
	if err != nil {
		t.Fatal(err)
	}
	return &book{
		signer: signer, keys: checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{{Verifier: verifier, Role: checkpoint.RoleLog}}},
		head: ledger.Genesis(origin), nodes: map[uint][]ledger.Hash{},
	}
}

// Nodes implements ledger.NodeStore.
func (b *book) Nodes(_ context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
	return b.nodes[level][begin:end], nil
}

// grow appends events that tell a story of their own.
func (b *book) grow(t *testing.T, n int, story string) {
	t.Helper()
	for range n {
		i := len(b.rows) + 1
		raw, err := ledger.AppendRaw(nil, ledger.Entry{
			ID: fmt.Sprintf("e-%d", i), Source: "declaration", Type: "egov.test.v1.Happened", Subject: "YP-1",
			Time: began.Add(time.Duration(i) * time.Minute), Unit: "education", Actor: "zhang", EventSeq: int64(i),
			Data: fmt.Appendf(nil, `{"amount_fen":%d,"story":%q}`, i, story),
		})
		if err != nil {
			t.Fatal(err)
		}
		row := b.head.Append(raw)
		b.rows = append(b.rows, row)
		b.nodes[0] = append(b.nodes[0], row.Chain)
		b.tree.Append(row.Chain, func(n ledger.Node) { b.nodes[n.Level] = append(b.nodes[n.Level], n.Hash) })
	}
}

// export writes the whole ledger to a file.
func (b *book) export(t *testing.T, dir, name string) string {
	t.Helper()
	return b.part(t, dir, name, bundle.Scope{Kind: bundle.KindLedger}, b.rows)
}

// state is the tree of the ledger as it stands.
func (b *book) state() *bundle.State {
	return &bundle.State{Origin: origin, Size: b.head.Size, Root: b.tree.Root()}
}

// part writes some rows to a file, with the proof that they continue the trees
// named, if any.
func (b *book) part(t *testing.T, dir, name string, scope bundle.Scope, rows []ledger.Row, previous ...*bundle.State) string {
	t.Helper()
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: b.head.Size, Root: b.tree.Root(), SM3Chain: b.head.SM3Chain}, b.signer)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := checkpoint.NewTrust(b.keys)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := trust.Open(note)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	source := bundle.Source{
		Scope: scope, Signed: signed, Keys: b.keys, Nodes: b, Completeness: func() ([]byte, error) { return []byte("{}"), nil },
		Rows: func(yield func(*ledger.Row, error) bool) {
			for i := range rows {
				if !yield(&rows[i], nil) {
					return
				}
			}
		},
		Documents: func(func(bundle.Document, error) bool) {},
	}
	for _, p := range previous {
		source.Previous = p
	}
	_, err = bundle.Write(t.Context(), &out, source, bundle.Options{CreatedAt: began, CreatedBy: bundle.Author{Unit: "audit", Actor: "li"}, Tool: "egov test", Signers: []*checkpoint.Signer{b.signer}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// edited copies a bundle with one text of a file replaced.
func edited(t *testing.T, path, file, old, now string) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		var text bytes.Buffer
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := text.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		b := text.Bytes()
		if f.Name == file {
			if !bytes.Contains(b, []byte(old)) {
				t.Fatalf("%s has no %q", file, old)
			}
			b = bytes.Replace(b, []byte(old), []byte(now), 1)
		}
		e, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path += ".edited"
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func keyFile(t *testing.T, dir, name string, keys checkpoint.Keys) string {
	t.Helper()
	b, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	c := New()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	c.SetOut(&o)
	c.SetErr(&e)
	cmd, err := c.ExecuteContextC(t.Context())
	return cli.Report(&e, cmd, err), o.String(), e.String()
}

func TestVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := newBook(t)
	b.grow(t, 5, "true")
	first, seen := b.export(t, dir, "first.zip"), b.state()
	b.grow(t, 4, "true")
	second := b.export(t, dir, "second.zip")
	days := bundle.Scope{Kind: bundle.KindRange}
	some, continued := b.part(t, dir, "some.zip", days, b.rows[6:8]), b.part(t, dir, "continued.zip", days, b.rows[6:8], seen)
	keys := keyFile(t, dir, "keys.json", b.keys)

	fork := newBook(t)
	fork.signer, fork.keys = b.signer, b.keys
	fork.grow(t, 9, "false")
	forked := fork.export(t, dir, "forked.zip")
	other := newBook(t)
	other.signer, other.keys = b.signer, b.keys
	other.grow(t, 5, "false")
	otherSeen := other.state()
	other.grow(t, 4, "false")
	forkedPart := other.part(t, dir, "forked-part.zip", days, other.rows[6:8], otherSeen)
	strange := keyFile(t, dir, "strange.json", newBook(t).keys)
	broken := filepath.Join(dir, "broken.zip")
	if err := os.WriteFile(broken, []byte("PK\x03\x04 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}

	for _, tc := range []struct {
		name string
		args []string
		code int
		out  string // the report's error_code, or "ok", or "" for no report
		says string // on standard error
	}{
		{"against itself", []string{second}, cli.OK, "ok", "bundle's own were used"},
		{"against pinned keys", []string{second, "--trust", keys}, cli.OK, "ok", "no trusted witness"},
		{"continues an earlier one", []string{second, "--trust", keys, "--previous", first}, cli.OK, "ok", ""},
		{"shorter than an earlier one", []string{first, "--trust", keys, "--previous", second}, cli.Failed, "truncated", "9 rows"},
		{"another story than an earlier one", []string{forked, "--previous", first}, cli.Failed, "fork", ""},
		{"a part that continues an earlier one", []string{continued, "--trust", keys, "--previous", first}, cli.OK, "ok", ""},
		{"a part without that proof", []string{some, "--trust", keys, "--previous", first}, cli.Failed, "proof_missing", "egov audit export --previous"},
		{"a part of another story", []string{forkedPart, "--previous", first}, cli.Failed, "fork", ""},
		{"keys of somebody else", []string{second, "--trust", strange}, cli.Failed, "unknown_key", ""},
		{"an edited row", []string{edited(t, second, "ledger.jsonl", `"seq":3,"raw":"eyJ`, `"seq":3,"raw":"eyK`), "--trust", keys}, cli.Failed, "row_hash", ""},
		{"an edited manifest", []string{edited(t, first, "manifest.json", "li", "lo"), "--trust", keys}, cli.Failed, "manifest", ""},
		{"no bundle", []string{broken}, cli.BadInput, "", "not an audit bundle"},
		{"no file", []string{filepath.Join(dir, "none.zip")}, cli.BadInput, "", "cannot read"},
		{"a folder", []string{dir}, cli.BadInput, "", "cannot read"},
		{"no keys in the key file", []string{second, "--trust", first}, cli.BadInput, "", "error: "},
		{"no earlier bundle", []string{second, "--previous", keys}, cli.BadInput, "", "earlier bundle"},
		{"nothing", nil, cli.BadInput, "", "FILE.zip"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := run(t, append([]string{"verify"}, tc.args...)...)
			if code != tc.code || !strings.Contains(errs, tc.says) {
				t.Errorf("exit %d, %q, %q", code, out, errs)
			}
			if tc.out == "" {
				if out != "" {
					t.Errorf("a report %q", out)
				}
				return
			}
			var r struct {
				OK         *bool           `json:"ok"`
				Rows       *int            `json:"rows"`
				ErrorCode  *string         `json:"error_code"`
				Checkpoint json.RawMessage `json:"checkpoint"`
				CosignedBy []string        `json:"cosigned_by"`
			}
			if err := json.Unmarshal([]byte(out), &r); err != nil || r.OK == nil || r.Rows == nil || r.CosignedBy == nil {
				t.Fatalf("%q: %v", out, err)
			}
			got := "ok"
			if r.ErrorCode != nil {
				got = *r.ErrorCode
			}
			if got != tc.out || *r.OK != (tc.code == cli.OK) {
				t.Errorf("%s", out)
			}
		})
	}
}

// station is an audit service that makes one bundle and hands it out.
type station struct {
	file   string
	states []string // what it says of the bundle, one after the other; then made
	asked  string   // the request that began it
	cuts   []int64  // how many bytes it sends before it is cut off, one after the other
	ranges []string // what was asked for
	whole  bool     // it knows of no ranges
	refuse error    // what it says to the request
	lies   bool     // it sends something else than it says
}

const tag = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882" // of 0123456789

func (s *station) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer a.b.c" {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/exports", "POST /v1/projects/YP 1/archive":
		if s.refuse != nil {
			op.WriteProblem(r.Context(), s.refuse, w)
			return
		}
		body, _ := io.ReadAll(r.Body)
		s.asked = string(body)
		s.say(w)
	case "GET /v1/exports/e1":
		s.say(w)
	case "GET /v1/exports/e1/file":
		s.send(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *station) say(w http.ResponseWriter) {
	state := "made"
	if len(s.states) > 0 {
		state, s.states = s.states[0], s.states[1:]
	}
	if state == "away" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"code":"down","title":"停","title_en":"down","status":503}`)
		return
	}
	fmt.Fprintf(w, `{"id":"e1","state":%q,"why":"no_disk","bytes":10,"sha256":%q,"progress":{"rows_done":3,"rows_total":7,"bytes":5,"stage":"ledger.jsonl"}}`, state, tag)
}

func (s *station) send(w http.ResponseWriter, r *http.Request) {
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	from := int64(0)
	if !s.whole {
		from = op.RangeOf(r.Header.Get("Range"), r.Header.Get("If-Range"), `"`+tag+`"`, 10)
	}
	rest := s.file[from:]
	w.Header().Set("Content-Length", fmt.Sprint(len(rest)))
	if from > 0 {
		w.WriteHeader(http.StatusPartialContent)
	}
	if len(s.cuts) > 0 {
		rest, s.cuts = rest[:s.cuts[0]], s.cuts[1:]
	}
	if s.lies {
		rest = strings.Repeat("x", len(rest))
	}
	fmt.Fprint(w, rest)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}

// taking runs a command against the station without waiting between its looks.
func (s *station) taking(t *testing.T, path string, body any) (code int, said, out string) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	var o, e bytes.Buffer
	w := &waiter{
		ctx: t.Context(), agent: session.Agent{HTTP: server.Client()}, session: session.Session{Server: server.URL, Token: "a.b.c"},
		says: &e, pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	out = filepath.Join(t.TempDir(), "out.zip")
	_, sum, err := w.take(path, body, out)
	if err != nil {
		return cli.Report(&e, newExport(), cli.Exit(cli.Failed, err)), o.String() + e.String(), out
	}
	return cli.OK, e.String() + sum, out
}

// TestExportTakesTheBundleWhenItIsMade: it waits, tells how far the service has
// got, and goes on with a transfer that was cut.
func TestExportTakesTheBundleWhenItIsMade(t *testing.T) {
	t.Parallel()
	const file = "0123456789"
	for name, tc := range map[string]struct {
		station station
		ranges  string
		says    []string
	}{
		"at once":               {station{}, "[]", []string{"10 bytes", tag}},
		"after a while":         {station{states: []string{"begun", "begun", "begun"}}, "[]", []string{"3/7 rows", "ledger.jsonl"}},
		"the service was away":  {station{states: []string{"begun", "away", "away"}}, "[]", []string{tag}},
		"cut twice":             {station{cuts: []int64{4, 3}}, "[ bytes=4- bytes=7-]", []string{"going on at byte 4 of 10", "going on at byte 7 of 10"}},
		"cut before a byte":     {station{cuts: []int64{0}}, "[ ]", []string{"going on at byte 0"}},
		"a server of no ranges": {station{cuts: []int64{6}, whole: true}, "[ bytes=6-]", []string{tag}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tc.station
			s.file = file
			code, said, out := s.taking(t, "/v1/exports", request{Project: "YP-1"})
			got, err := os.ReadFile(out)
			if code != cli.OK || err != nil || string(got) != file || !strings.Contains(s.asked, `"YP-1"`) {
				t.Fatalf("exit %d, %q, %q, %v", code, said, got, err)
			}
			if tc.ranges != "[]" && fmt.Sprint(s.ranges) != tc.ranges {
				t.Errorf("asked for %q", s.ranges)
			}
			for _, text := range tc.says {
				if !strings.Contains(said, text) {
					t.Errorf("it says %q, not %q", said, text)
				}
			}
		})
	}
}

// TestExportNamesTheBundleInHand (YP23-M-16): the service is asked for the proof
// from the rows under its checkpoint.
func TestExportNamesTheBundleInHand(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	b.grow(t, 5, "true")
	var r request
	if err := r.continues(b.export(t, t.TempDir(), "first.zip")); err != nil {
		t.Fatal(err)
	}
	s := station{file: "0123456789"}
	if code, said, _ := s.taking(t, "/v1/exports", r); code != cli.OK || !strings.Contains(s.asked, `"previous_size":5`) {
		t.Errorf("exit %d, %s, asked %s", code, said, s.asked)
	}
	s = station{file: "0123456789"}
	if code, said, _ := s.taking(t, "/v1/exports", request{}); code != cli.OK || strings.Contains(s.asked, "previous") {
		t.Errorf("exit %d, %s, asked %s", code, said, s.asked)
	}
}

// TestExportLooksFirst: what the command can find out by itself it finds out
// before a server is asked for anything.
func TestExportLooksFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.zip")
	if err := os.WriteFile(broken, []byte("PK\x03\x04 and no more"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"no such directory":      {[]string{"export", "--out", filepath.Join(dir, "no", "x.zip")}, []string{"文件无法写入", "cannot write"}},
		"a directory":            {[]string{"export", "--out", dir}, []string{"文件无法写入", "is a directory"}},
		"an archive to nowhere":  {[]string{"archive", "--project", "YP-1", "--out", filepath.Join(dir, "no", "x.zip")}, []string{"文件无法写入", "cannot write"}},
		"no earlier bundle":      {[]string{"export", "--out", filepath.Join(dir, "x.zip"), "--previous", broken}, []string{"先前的审计包", "earlier bundle"}},
		"no file of that bundle": {[]string{"export", "--out", filepath.Join(dir, "x.zip"), "--previous", filepath.Join(dir, "none.zip")}, []string{"文件无法读取", "cannot read"}},
	} {
		code, out, errs := run(t, c.args...)
		if code != cli.BadInput || out != "" {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, errs)
		}
		for _, want := range c.says {
			if !strings.Contains(errs, want) {
				t.Errorf("%s: %q is not said: %s", name, want, errs)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestExportLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	cut := make([]int64, patience)
	for name, tc := range map[string]struct {
		station station
		says    string
	}{
		"cut again and again": {station{cuts: cut}, "did not arrive whole"},
		"another file":        {station{lies: true}, "did not arrive whole"},
		"refused":             {station{refuse: fault.New(fault.Forbidden, "not_yours", "无权", "your roles do not allow this", "SH12-P-9")}, "无权 [SH12-P-9]"},
		"not made":            {station{states: []string{"begun", "broken_off"}}, "no_disk"},
		"cancelled":           {station{states: []string{"begun", "cancelled"}}, "cancelled"},
		"paused":              {station{states: []string{"paused"}}, "paused"},
		"gone for good":       {station{states: append([]string{"begun"}, slices.Repeat([]string{"away"}, patience)...)}, "down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tc.station
			s.file = "0123456789"
			code, said, out := s.taking(t, "/v1/exports", request{})
			if code != cli.Failed || !strings.Contains(said, tc.says) {
				t.Errorf("exit %d, %q", code, said)
			}
			if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
}

// TestArchiveTakesAPackage: closed projects alone have one (SH12-A); what the
// service refuses is told with its provision.
func TestArchiveTakesAPackage(t *testing.T) {
	t.Parallel()
	s := station{file: "0123456789"}
	if code, said, out := s.taking(t, "/v1/projects/YP%201/archive", struct{}{}); code != cli.OK {
		t.Errorf("exit %d, %s %s", code, said, out)
	}
	s = station{refuse: fault.New(fault.Refused, "project_not_closed", "项目尚未结项", "not closed", "SH12-A")}
	if code, said, _ := s.taking(t, "/v1/projects/YP%201/archive", struct{}{}); code != cli.Failed || !strings.Contains(said, "项目尚未结项 [SH12-A]") {
		t.Errorf("exit %d, %s", code, said)
	}
	if code, _, errs := run(t, "archive", "--out", "x"); code != cli.BadInput || !strings.Contains(errs, "--project") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestExportAsksForSense(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no file":              {"export"},
		"a day that is none":   {"export", "--out", "x", "--from", "2026-02-30"},
		"a project and a time": {"export", "--out", "x", "--project", "YP-1", "--from", "2026-02-03"},
	} {
		if code, out, errs := run(t, args...); code != cli.BadInput || out != "" || !strings.Contains(errs, "error: ") {
			t.Errorf("%s: exit %d, %q, %q", name, code, out, errs)
		}
	}
}
