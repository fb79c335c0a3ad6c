package auditexport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/pgstore"
)

// contractPDF is the attachment that withPapers names.
const contractPDF = "%PDF-1.7 合同"

// paper is an attachment of that content as facts name it.
func paper(name, text string) *typev1.Document {
	return &typev1.Document{
		Name: name, MediaType: "application/pdf", SizeBytes: int64(len(text)), Sha256: ledger.Sum256([]byte(text)).String(), Sm3: ledger.SumSM3([]byte(text)).String(),
	}
}

// drawer is the services' stores.
type drawer struct {
	mu      sync.Mutex
	content map[ledger.Hash]string
	fail    map[ledger.Hash]error
	asked   int
}

func newDrawer(texts ...string) *drawer {
	d := &drawer{content: map[ledger.Hash]string{}, fail: map[ledger.Hash]error{}}
	for _, text := range texts {
		d.content[ledger.Sum256([]byte(text))] = text
	}
	return d
}

func (d *drawer) Open(_ context.Context, sha256 ledger.Hash) (io.ReadCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if err := d.fail[sha256]; err != nil {
		return nil, err
	}
	text, ok := d.content[sha256]
	if !ok {
		return nil, auditexport.ErrNoOriginal
	}
	r := io.Reader(strings.NewReader(text))
	if ledger.Sum256([]byte(text)) != sha256 {
		r = io.MultiReader(r, ending{auditexport.ErrDamaged})
	}
	return io.NopCloser(r), nil
}

type ending struct{ err error }

func (f ending) Read([]byte) (int, error) { return 0, f.err }

func tested(documents ...*typev1.Document) []says {
	var out []says
	for _, d := range documents {
		out = append(out, says{"procurement", "education", &procurementv1.TestRecorded{ProjectId: "p-1", Test: "software_test", Passed: true, Document: d}})
	}
	return out
}

// TestABundleTakesTheAttachmentsAlong has rows name files that are there, twice,
// damaged, out of reach, gone, and too large: the bundle has what can be had, and
// says of everything else why not (SH12-A).
func TestABundleTakesTheAttachmentsAlong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const another, damaged, away, gone = "%PDF another", "%PDF damaged", "%PDF away", "%PDF gone"
	large := strings.Repeat("%PDF large ", 100)
	d := newDrawer(contractPDF, another, large)
	d.content[ledger.Sum256([]byte(damaged))] = "%PDF damagex"
	d.fail[ledger.Sum256([]byte(away))] = errors.New("the store is away")
	h.Originals, h.Room = d, 1000
	h.tell("p-1", withPapers("p-1")...)
	h.tell("p-1", tested(paper("a.pdf", another), paper("large.pdf", large), paper("damaged.pdf", damaged), paper("away.pdf", away), paper("gone.pdf", gone), paper("again.pdf", contractPDF))...)
	// One that no project is about.
	h.tell("system-1", says{"procurement", "education", proto.Message(&procurementv1.TestRecorded{Test: "x", Document: paper("b.pdf", another)})})

	id := h.ask(auditexport.MakeExport{})
	archive := h.written(id)
	r := h.check(archive)
	if !r.OK {
		t.Fatal(r.Finding)
	}
	files := unpack(t, archive)
	for _, text := range []string{contractPDF, another} {
		if got := files["files/"+ledger.Sum256([]byte(text)).String()+".pdf"]; string(got) != text {
			t.Errorf("%q is %q", text, got)
		}
	}
	var m bundle.Manifest
	must(t, json.Unmarshal(files["manifest.json"], &m))
	if got, want := fmt.Sprintf("%+v", *m.Attachments), "{Named:8 Held:4 Missing:map[damaged:1 not_found:1 too_much:1 unavailable:1]}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var c struct {
		Summary map[string]int
		Missing []struct{ Kind, Field, Status, Reason, Why string }
	}
	must(t, json.Unmarshal(files["completeness.json"], &c))
	reasons := map[string]string{}
	for _, g := range c.Missing {
		if g.Kind == "attachment" {
			reasons[g.Why[:strings.Index(g.Why, "：")]] = g.Status + " " + g.Reason
		}
	}
	if got, want := fmt.Sprint(reasons), "map[away.pdf:not_held unavailable damaged.pdf:not_held damaged gone.pdf:not_held not_found large.pdf:not_held too_much]"; got != want || c.Summary["not_held"] != 4 {
		t.Errorf("%s, %v", got, c.Summary)
	}
	table := string(files["tables/attachments.csv"])
	for _, line := range []string{
		"p-1,2,合同.pdf,application/pdf," + fmt.Sprint(len(contractPDF)) + "," + ledger.Sum256([]byte(contractPDF)).String() + "," + ledger.SumSM3([]byte(contractPDF)).String() + ",files/" + ledger.Sum256([]byte(contractPDF)).String() + ".pdf,",
		",,too_much", ",,damaged", ",,unavailable", ",,not_found", "system-1,25,b.pdf",
	} {
		if !strings.Contains(table, line) {
			t.Errorf("the table has no %q:\n%s", line, table)
		}
	}
	if !bytes.Contains(files["checks.json"], []byte(`"attachments_held"`)) || !bytes.Contains(files["README.md"], []byte("8（收入本包 here 4）")) {
		t.Errorf("%s", files["README.md"])
	}
	if again := h.again(id); !bytes.Equal(again, archive) {
		t.Errorf("written again it has %d bytes, not %d", len(again), len(archive))
	}

	// What is there is all that is taken when nobody wants more, and it says so.
	asked := d.asked
	bare := unpack(t, h.export(auditexport.MakeExport{WithoutAttachments: true}))
	must(t, json.Unmarshal(bare["manifest.json"], &m))
	if m.Attachments.Held != 0 || m.Attachments.Missing["left_out"] != 8 || d.asked != asked {
		t.Errorf("%+v", m.Attachments)
	}
	// A file that has come back is in the next bundle.
	d.content[ledger.Sum256([]byte(gone))] = gone
	next := unpack(t, h.export(auditexport.MakeExport{Project: "p-1"}))
	if len(next["files/"+ledger.Sum256([]byte(gone)).String()+".pdf"]) == 0 {
		t.Error("it is still not there")
	}
}

// TestASwappedOriginalIsFound swaps an attachment in the bundle, in the store, and
// in both with the operator's own signature over it (SH12-A).
func TestASwappedOriginalIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := newDrawer(contractPDF)
	h.Originals = d
	h.tell("p-1", withPapers("p-1")...)
	name := "files/" + ledger.Sum256([]byte(contractPDF)).String() + ".pdf"
	swapped := repack(t, h.export(auditexport.MakeExport{Project: "p-1"}), name, func(string) string { return "%PDF-1.7 伪造" })
	if r := h.check(swapped); r.ErrorCode != ledger.CodeFileHash {
		t.Errorf("in the bundle: %+v", r)
	}
	d.content[ledger.Sum256([]byte(contractPDF))] = "%PDF-1.7 伪造"
	files := unpack(t, h.export(auditexport.MakeExport{Project: "p-1"}))
	if files[name] != nil || !bytes.Contains(files["manifest.json"], []byte(`"damaged": 1`)) {
		t.Errorf("in the store: %s", files["manifest.json"])
	}
}

// TestAStoreThatIsAwayIsLetBe counts how often one is asked that does not answer.
func TestAStoreThatIsAwayIsLetBe(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := newDrawer()
	h.Originals = d
	var documents []*typev1.Document
	for i := range 20 {
		text := fmt.Sprint("%PDF ", i)
		documents = append(documents, paper("x.pdf", text))
		d.fail[ledger.Sum256([]byte(text))] = errors.New("no route to host")
	}
	h.tell("p-1", withPapers("p-1")[0])
	h.tell("p-1", tested(documents...)...)
	archive := h.export(auditexport.MakeExport{})
	var m bundle.Manifest
	must(t, json.Unmarshal(unpack(t, archive)["manifest.json"], &m))
	if r := h.check(archive); !r.OK || m.Attachments.Missing["unavailable"] != 20 || d.asked != 3 {
		t.Errorf("asked %d times; %+v, %v", d.asked, m.Attachments, r.Finding)
	}
}

// TestAWritingWithAttachmentsIsTakenUp kills the writer among the attachments: the
// bundle is the same to its last byte, also where what it has is in no store any
// more; and where something has come that was missing, it is written anew.
func TestAWritingWithAttachmentsIsTakenUp(t *testing.T) {
	t.Parallel()
	const files = 14 // of a mebibyte
	const late = "%PDF late"
	text := func(i int) string { return strings.Repeat(fmt.Sprintf("%%PDF %07d.....", i), 1<<16) }
	for name, c := range map[string]struct {
		then func(d *drawer)
		same bool
		held uint64
	}{
		"the stores are as they were": {func(*drawer) {}, true, files + 1},
		"what was taken is there no more": {func(d *drawer) {
			for i := range 4 {
				delete(d.content, ledger.Sum256([]byte(text(i))))
			}
		}, true, files + 1},
		"what was missing has come": {func(d *drawer) { d.content[ledger.Sum256([]byte(late))] = late }, false, files + 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			d := newDrawer(contractPDF)
			h.Originals = d
			h.tell("p-1", withPapers("p-1")...)
			h.tell("p-1", tested(paper("late.pdf", late))...)
			for i := range files {
				d.content[ledger.Sum256([]byte(text(i)))] = text(i)
				h.tell("p-1", tested(paper("x.pdf", text(i)))...)
			}
			id := h.ask(auditexport.MakeExport{})
			whole := h.written(id)
			h.clock.Set(h.clock.Now().Add(h.Keep))
			_, err := h.ExpireExports(h.asSelf())
			must(t, err)
			_, err = h.ResumeExport(h.asAuditor(), auditexport.ByID{ID: id})
			must(t, err)
			shop := &mortal{Workshop: pgstore.NewWorkshop(h.pool, 0)}
			shop.lives.Store(11)
			h.Workshop = shop
			if err := h.WriteExport(h.asSelf(), id); !errors.Is(err, errKilled) {
				t.Fatalf("it was not killed: %v", err)
			}
			shop.lives.Store(1 << 30)
			if p := h.status(id).Progress; !strings.HasPrefix(p.Stage, "files/") {
				t.Fatalf("it was killed elsewhere: %+v", p)
			}
			c.then(d)
			archive := h.written(id)
			if bytes.Equal(archive, whole) != c.same {
				t.Errorf("%d bytes, at once %d", len(archive), len(whole))
			}
			var m bundle.Manifest
			must(t, json.Unmarshal(unpack(t, archive)["manifest.json"], &m))
			if r := h.check(archive); !r.OK || m.Attachments.Held != c.held {
				t.Errorf("%+v, %v", m.Attachments, r.Finding)
			}
		})
	}
}
