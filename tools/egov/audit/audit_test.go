package audit

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	_, err = bundle.Write(t.Context(), &out, bundle.Source{
		Scope: bundle.Scope{Kind: bundle.KindLedger}, Signed: signed, Keys: b.keys, Nodes: b, Completeness: func() ([]byte, error) { return []byte("{}"), nil },
		Rows: func(yield func(*ledger.Row, error) bool) {
			for i := range b.rows {
				if !yield(&b.rows[i], nil) {
					return
				}
			}
		},
		Documents: func(func(bundle.Document, error) bool) {},
	}, bundle.Options{CreatedAt: began, CreatedBy: bundle.Author{Unit: "audit", Actor: "li"}, Tool: "egov test", Signers: []*checkpoint.Signer{b.signer}})
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
	first := b.export(t, dir, "first.zip")
	b.grow(t, 4, "true")
	second := b.export(t, dir, "second.zip")
	keys := keyFile(t, dir, "keys.json", b.keys)

	fork := newBook(t)
	fork.signer, fork.keys = b.signer, b.keys
	fork.grow(t, 9, "false")
	forked := fork.export(t, dir, "forked.zip")
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

// exports is an audit service that answers as the test wants.
func exports(t *testing.T, answer http.HandlerFunc) (session.Agent, string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	env := map[string]string{session.ServerVariable: server.URL, session.TokenVariable: "a.b.c"}
	return session.Agent{HTTP: server.Client(), Env: func(k string) string { return env[k] }}, filepath.Join(t.TempDir(), "out.zip")
}

func runExport(t *testing.T, a session.Agent, r request, out string) (int, string) {
	t.Helper()
	var o, e bytes.Buffer
	c := newExport()
	c.SetContext(t.Context())
	c.SetOut(&o)
	return cli.Report(&e, c, export(c, a, r, out)), o.String() + e.String()
}

func TestExportWritesWhatTheServiceSends(t *testing.T) {
	t.Parallel()
	a, out := exports(t, func(w http.ResponseWriter, r *http.Request) {
		var body request
		err := json.NewDecoder(r.Body).Decode(&body)
		if r.URL.Path == "/status" {
			http.NotFound(w, r)
			return
		}
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/exports" || r.Header.Get("Authorization") != "Bearer a.b.c" || body.Project != "YP-1" {
			t.Errorf("%s %s %v %v", r.Method, r.URL, body, err)
		}
		fmt.Fprint(w, "the bundle")
	})
	code, said := runExport(t, a, request{Project: "YP-1"}, out)
	got, err := os.ReadFile(out)
	if code != cli.OK || err != nil || string(got) != "the bundle" || !strings.Contains(said, "10 bytes") {
		t.Errorf("exit %d, %q, %q, %v", code, said, got, err)
	}
}

func TestExportLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, "half")
		}, "did not arrive whole"},
		"refused": {func(w http.ResponseWriter, r *http.Request) {
			op.WriteProblem(r.Context(), fault.New(fault.Forbidden, "not_yours", "无权", "your roles do not allow this", "SH12-P-9"), w)
		}, "无权 [SH12-P-9]"},
		"no server of ours": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "teapot", http.StatusTeapot) }, "not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, out := exports(t, tc.answer)
			code, said := runExport(t, a, request{}, out)
			if code != cli.Failed || !strings.Contains(said, tc.says) {
				t.Errorf("exit %d, %q", code, said)
			}
			if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
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
