package auditexport

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"iter"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// MakeExport asks for a bundle: of one project, of a time, or of the whole
// ledger.
type MakeExport struct {
	Project string `json:"project"`
	From    string `json:"from"` // first day, YYYY-MM-DD
	To      string `json:"to"`   // last day
}

// Validate wants days that are days, and a project or a time, not both.
func (r *MakeExport) Validate() error {
	var c fault.Checks
	days(&c, r.From, r.To)
	c.Require(r.Project == "" || r.From == "" && r.To == "", "project", "not_both", "按项目导出时不得同时限定时间", "a project or a time, not both")
	return c.Err()
}

// exportTime bounds the writing of one bundle.
const exportTime = 30 * time.Minute

// Export writes a bundle under the newest checkpoint and streams it. That it
// was made, and of which bytes, is stated when the last byte is written.
func (s *Service) Export(ctx context.Context, r MakeExport) (io.ReadCloser, error) {
	if _, err := s.SignCheckpoint(ctx); err != nil {
		return nil, err
	}
	if _, _, err := s.signed(ctx, s.Book); err != nil {
		return nil, err
	}
	out, in := io.Pipe()
	// The answer outlives the operation that began it, never its reader.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTime)
	go func() {
		defer cancel()
		sum := sha256.New()
		var m bundle.Manifest
		err := s.Book.Snapshot(ctx, func(b Book) (err error) {
			m, err = s.write(ctx, b, io.MultiWriter(in, sum), r)
			return err
		})
		if err == nil {
			err = s.inquire(ctx, "export", r, int64(m.Rows), func(i *Inquiry, rec *aggregate.Recorder) {
				rec.State(i.ID, &auditexportv1.ExportMade{ExportId: i.ID, ProjectId: r.Project, FirstSeq: int64(m.First), LastSeq: int64(m.Last), BundleSha256: hex.EncodeToString(sum.Sum(nil))})
			})
		}
		in.CloseWithError(err) // io.EOF for the reader when err is nil
	}()
	return out, nil
}

func (s *Service) write(ctx context.Context, b Book, w io.Writer, r MakeExport) (bundle.Manifest, error) {
	signed, _, err := s.signed(ctx, b)
	if err != nil {
		return bundle.Manifest{}, err
	}
	first, last, kind := int64(1), int64(signed.Size), bundle.KindLedger
	switch {
	case r.Project != "":
		kind = bundle.KindRows
	case r.From != "" || r.To != "":
		kind = bundle.KindRange
		from, to := days(&fault.Checks{}, r.From, r.To).bounds()
		if first, last, err = b.Span(ctx, from, to); err != nil {
			return bundle.Manifest{}, err
		}
		if first == 0 {
			return bundle.Manifest{}, ErrNoRows
		}
		last = min(last, int64(signed.Size))
	}
	facts := &digest{}
	by := authn.By(ctx)
	var packs []bundle.Pack
	for _, p := range s.Packs.Packs() {
		packs = append(packs, bundle.Pack{ID: p.ID(), Version: p.Version()})
	}
	// The documents that speak of the rows are drawn from a first reading.
	for row, err := range b.Rows(ctx, r.Project, first, last) {
		if err != nil {
			return bundle.Manifest{}, err
		}
		if err := facts.add(row); err != nil {
			return bundle.Manifest{}, err
		}
	}
	completeness, err := json.MarshalIndent(facts.completeness(), "", "  ")
	if err != nil {
		return bundle.Manifest{}, err
	}
	return bundle.Write(ctx, w, bundle.Source{
		Scope:  bundle.Scope{Kind: kind, Subject: r.Project, From: r.From, To: r.To},
		Signed: signed, Keys: s.Keyring.Keys, Nodes: b,
		Rows:      b.Rows(ctx, r.Project, first, last),
		Documents: documents(facts), Completeness: func() ([]byte, error) { return completeness, nil },
	}, bundle.Options{
		CreatedAt: s.Clock.Now(), CreatedBy: bundle.Author{Unit: by.Unit, Actor: by.Subject, Name: by.Name},
		Tool: "egov auditexport " + s.Version, Packs: packs, Signers: s.Keyring.Signers,
	})
}

func documents(d *digest) iter.Seq2[bundle.Document, error] {
	return func(yield func(bundle.Document, error) bool) {
		for _, f := range d.files() {
			doc, err := f()
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

var _ ledger.NodeStore = Book(nil)
