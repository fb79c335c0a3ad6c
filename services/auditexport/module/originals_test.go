package module_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/blob"
	"egov/libs/conf"
	"egov/libs/ledger/bundle"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// TestABundleBringsFilesOfSeveralStores has two bureaus keep their attachments
// apart: a bundle has both's, and says of a third's that it is nowhere (SH12-A).
func TestABundleBringsFilesOfSeveralStores(t *testing.T) {
	t.Parallel()
	own, other := filepath.Join(t.TempDir(), "own"), filepath.Join(t.TempDir(), "other")
	b := start(t, func(c *conf.Service) { c.Blob.URL, c.Exports.Stores = "file://"+own, " file://"+other+" ," })
	put := func(dir, text string) *typev1.Document {
		t.Helper()
		store, err := blob.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		o, err := store.Put(t.Context(), "报告.txt", "text/plain", strings.NewReader(text), blob.Limits{MaxBytes: 1 << 10, Types: []blob.Type{blob.Text}})
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		return &typev1.Document{Name: o.Name, MediaType: o.Type.Media(), SizeBytes: o.Size, Sha256: o.SHA256, Sm3: o.SM3}
	}
	documents := []*typev1.Document{put(own, "软件测试报告"), put(other, "安全测试报告"), put(t.TempDir(), "密码测试报告")}
	n := b.road("p-1")
	for _, d := range documents {
		b.Other("procurement").State("p-1", "education", &procurementv1.TestRecorded{ProjectId: "p-1", Test: "software_test", Passed: true, Document: d})
		n++
	}
	b.await(n)
	for _, ask := range []map[string]any{{}, {"project": "p-1"}} {
		archive := b.export(ask)
		if r := b.check(archive); !r.OK {
			t.Fatal(r.Finding)
		}
		z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		read := func(name string) string {
			f, err := z.Open(name)
			if err != nil {
				return err.Error()
			}
			text, err := io.ReadAll(f)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		for i, want := range []string{"软件测试报告", "安全测试报告"} {
			if got := read("files/" + documents[i].GetSha256() + ".txt"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		var m bundle.Manifest
		if err := json.Unmarshal([]byte(read("manifest.json")), &m); err != nil || m.Attachments.Named != 3 || m.Attachments.Held != 2 || m.Attachments.Missing["not_found"] != 1 {
			t.Errorf("%+v, %v", m.Attachments, err)
		}
	}
}
