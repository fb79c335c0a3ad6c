package auditexport

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"runtime/debug"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// Export is one bundle that left the house, or was about to. It says everything
// that the bundle depends on, so that the same bundle can be written again, byte
// for byte, as long as its rows are what they were.
type Export struct {
	aggregate.Root
	State    ExportState   `json:"state"`
	Project  string        `json:"project,omitempty"`
	From     string        `json:"from,omitempty"`
	To       string        `json:"to,omitempty"`
	By       bundle.Author `json:"by"`
	Size     int64         `json:"checkpoint_size"`         // rows under the checkpoint it stands under
	Previous int64         `json:"previous_size,omitempty"` // rows under the one it is proved to continue
	Rows     int64         `json:"rows"`
	First    int64         `json:"first_seq"`
	Last     int64         `json:"last_seq"`
	Bytes    int64         `json:"bytes"`
	SHA256   string        `json:"sha256,omitempty"` // hex

	Checkpoint string          `json:"checkpoint"` // the signed note, with the cosignatures there were
	Keys       checkpoint.Keys `json:"keys"`
	Notices    []string        `json:"notices,omitempty"` // what was late then, see Late
}

// ExportState is how far an export got.
type ExportState string

// The states.
const (
	ExportBegun     ExportState = "begun"
	ExportMade      ExportState = "made"       // to its last byte
	ExportBrokenOff ExportState = "broken_off" // the reader left, or the writing failed
)

// MakeExport asks for a bundle: of one project, of a time, or of the whole
// ledger.
type MakeExport struct {
	Project string `json:"project"`
	From    string `json:"from"` // first day, YYYY-MM-DD
	To      string `json:"to"`   // last day
	// Previous is the size of the checkpoint of an export the auditor holds: the
	// new bundle proves that the ledger continues that one. 0 = the last export
	// that was made.
	Previous int64 `json:"previous_size"`
}

// Validate wants days that are days, and a project or a time, not both.
func (r *MakeExport) Validate() error {
	var c fault.Checks
	days(&c, r.From, r.To)
	checkName(&c, "project", r.Project)
	c.Require(r.Project == "" || r.From == "" && r.To == "", "project", "not_both", "按项目导出时不得同时限定时间", "a project or a time, not both")
	c.Require(r.Previous >= 0, "previous_size", "out_of_range", "不得为负", "must not be negative")
	return c.Err()
}

// ErrPrevious refuses to prove that the ledger continues a longer one.
var ErrPrevious = fault.New(fault.Invalid, "previous_export_beyond", "所持审计包的检查点大于当前账本", "the earlier export stands at more rows than the ledger has", "YP23-M-16")

// streamTime bounds the writing of one stream.
const streamTime = 30 * time.Minute

// Export writes a bundle under the newest checkpoint and streams it. That it was
// asked for is on record before its first byte, that it was made, and of which
// bytes, with its last. A repeated request is answered with the same bytes.
func (s *Service) Export(ctx context.Context, r MakeExport) (io.ReadCloser, error) {
	signed, keys, err := s.attested(ctx)
	if err != nil {
		return nil, err
	}
	e := Export{
		Project: r.Project, From: r.From, To: r.To, Size: int64(signed.Size),
		Checkpoint: string(signed.Note), Keys: keys,
	}
	if e.Notices, err = s.Late(ctx); err != nil {
		return nil, err
	}
	if e.First, e.Last, err = s.Book.Span(ctx, e.filter()); err != nil {
		return nil, err
	}
	if e.First == 0 {
		_, err := s.inquire(ctx, "export", r, 0, nil)
		return nil, errors.Join(err, ErrNoRows)
	}
	if e.Previous, err = s.previous(ctx, r.Previous, e.Size); err != nil {
		return nil, err
	}
	if e, err = s.begin(ctx, e); err != nil {
		return nil, err
	}
	return s.stream(ctx, func(ctx context.Context, w io.Writer) error { return s.writeOnRecord(ctx, w, e) }), nil
}

func (e Export) filter() Filter {
	f := Filter{Project: e.Project, Last: e.Size}
	f.From, f.To = days(&fault.Checks{}, e.From, e.To).bounds()
	return f
}

// previous is the size to prove continuity from: the one asked for, or that of
// the last export made.
func (s *Service) previous(ctx context.Context, asked, size int64) (int64, error) {
	if asked > size {
		return 0, ErrPrevious
	}
	if asked > 0 {
		return asked, nil
	}
	page, err := s.Exports.List(ctx, aggregate.Query{Filter: map[string]string{"state": string(ExportMade)}, PageSize: 1})
	if err != nil || len(page.Items) == 0 {
		return 0, err
	}
	return min(page.Items[0].Size, size), nil
}

func (s *Service) begin(ctx context.Context, e Export) (Export, error) {
	reader := authn.By(ctx)
	return s.Exports.Create(s.onBehalf(ctx), s.NewID(), func(made *Export, rec *aggregate.Recorder) error {
		e.Root = made.Root
		e.ProjectID = e.ID
		e.Share(reader.Subject)
		e.State, e.By = ExportBegun, bundle.Author{Unit: reader.Unit, Actor: reader.Actor(), Name: reader.Name}
		*made = e
		rec.State(e.ID, &auditexportv1.LedgerQueried{Query: "export " + e.scope(), Rows: e.Last - e.First + 1})
		return nil
	})
}

// scope says in words what was asked for.
func (e Export) scope() string {
	switch {
	case e.Project != "":
		return "project " + e.Project
	case e.From != "" || e.To != "":
		return fmt.Sprintf("time %s..%s", e.From, e.To)
	}
	return "ledger"
}

// writeOnRecord writes the bundle for the first time and records how that ended.
func (s *Service) writeOnRecord(ctx context.Context, w io.Writer, e Export) error {
	sum := &counted{w: w, hash: sha256.New()}
	m, err := s.write(ctx, sum, e)
	// How it ended is recorded also when it ended because nobody waits for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, recorded := s.Exports.Update(s.onBehalf(ctx), e.ID, func(e *Export, rec *aggregate.Recorder) error {
		if err != nil {
			e.State = ExportBrokenOff
			return nil
		}
		e.State, e.Rows, e.Bytes, e.SHA256 = ExportMade, int64(m.Rows), sum.n, hex.EncodeToString(sum.hash.Sum(nil))
		rec.State(e.ID, &auditexportv1.ExportMade{ExportId: e.ID, ProjectId: e.Project, FirstSeq: int64(m.First), LastSeq: int64(m.Last), BundleSha256: e.SHA256})
		return nil
	})
	return errors.Join(err, recorded)
}

// counted counts and hashes what is written.
type counted struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.hash.Write(p[:n])
	return n, err
}

// ListExports asks for the exports made so far, newest first.
type ListExports struct {
	State     string `query:"state" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// ListExports lists exports.
func (s *Service) ListExports(ctx context.Context, r ListExports) (aggregate.Page[Export], error) {
	return s.Exports.List(ctx, aggregate.Query{Filter: map[string]string{"state": r.State}, PageSize: r.PageSize, PageToken: r.PageToken})
}

// ByID names one export.
type ByID struct {
	ID string `path:"id" json:"-"`
}

// GetExport reads what is on record of one export.
func (s *Service) GetExport(ctx context.Context, r ByID) (Export, error) {
	return s.Exports.Get(ctx, r.ID)
}

// ExportFile writes the bundle of an export again, from the rows as they are
// now: an export that broke off is taken to its end, and one whose bytes are no
// longer those on record shows that rows were changed since.
func (s *Service) ExportFile(ctx context.Context, r ByID) (Export, io.ReadCloser, error) {
	e, err := s.Exports.Get(ctx, r.ID)
	if err != nil {
		return e, nil, err
	}
	if _, err := s.inquire(ctx, "file", r.ID, e.Last-e.First+1, nil); err != nil {
		return e, nil, err
	}
	return e, s.stream(ctx, func(ctx context.Context, w io.Writer) error {
		if e.State != ExportMade {
			return s.writeOnRecord(ctx, w, e)
		}
		_, err := s.write(ctx, w, e)
		return err
	}), nil
}

// stream runs write into the reader it returns. An answer outlives the
// operation that began it, never its reader and never the service.
func (s *Service) stream(ctx context.Context, write func(context.Context, io.Writer) error) io.ReadCloser {
	out, in := io.Pipe()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), streamTime)
	stop := context.AfterFunc(s.Life, cancel)
	go func() {
		defer cancel()
		defer stop()
		in.CloseWithError(guard(func() error { return write(ctx, in) })) // io.EOF for the reader when that is nil
	}()
	return out
}

// guard keeps one stream's defect from ending the process.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while streaming: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// write writes the bundle that e describes.
func (s *Service) write(ctx context.Context, w io.Writer, e Export) (bundle.Manifest, error) {
	signed, err := s.recorded(ctx, &e)
	if err != nil {
		return bundle.Manifest{}, err
	}
	scope := bundle.Scope{Kind: bundle.KindLedger, Subject: e.Project, From: e.From, To: e.To}
	switch {
	case e.Project != "":
		scope.Kind = bundle.KindRows
	case e.From != "" || e.To != "":
		scope.Kind = bundle.KindRange
	}
	previous, err := s.state(ctx, e, scope.Kind)
	if err != nil {
		return bundle.Manifest{}, err
	}
	var packs []bundle.Pack
	for _, p := range s.Packs.Packs() {
		packs = append(packs, bundle.Pack{ID: p.ID(), Version: p.Version()})
	}
	papers := &papers{book: s.Book, export: e}
	b := bufio.NewWriterSize(w, 64<<10)
	m, err := bundle.Write(ctx, b, bundle.Source{
		Scope: scope, Signed: signed, Keys: e.Keys, Nodes: s.Book, Previous: previous,
		Rows:      s.Book.Rows(ctx, e.Project, e.First, e.Last),
		Documents: papers.documents(ctx), Completeness: papers.completeness,
	}, bundle.Options{
		CreatedAt: e.CreatedAt.In(calendar.Shanghai), CreatedBy: e.By,
		Tool: "egov auditexport " + s.Version, Packs: packs, Signers: s.Keyring.Signers, Notices: e.Notices,
	})
	if err == nil {
		err = b.Flush()
	}
	return m, err
}

// recorded opens the checkpoint that an export stands under. A record made
// before cosignatures were kept in it names only the size.
func (s *Service) recorded(ctx context.Context, e *Export) (checkpoint.Signed, error) {
	if e.Checkpoint != "" {
		trust, err := checkpoint.NewTrust(e.Keys)
		if err != nil {
			return checkpoint.Signed{}, err
		}
		return trust.OpenUnwitnessed([]byte(e.Checkpoint))
	}
	e.Keys = s.Keyring.Keys
	signed, err := s.stored(ctx, e.Size)
	if anchored := s.Anchor.Newest(); err != nil && int64(anchored.Size) == e.Size {
		signed, err = anchored, nil
	}
	return signed, err
}

// state is the tree that the bundle is proved to continue. A whole ledger needs
// no such proof: its verifier passes every earlier tree on the way.
func (s *Service) state(ctx context.Context, e Export, kind bundle.Kind) (*bundle.State, error) {
	if e.Previous == 0 || kind == bundle.KindLedger {
		return nil, nil
	}
	size := uint64(e.Previous)
	edge, err := ledger.NewProver(s.Book, size).Range(ctx, 0, size)
	if err != nil {
		return nil, err
	}
	tree, err := ledger.ResumeTree(size, edge)
	if err != nil {
		return nil, err
	}
	return &bundle.State{Origin: s.Keyring.Keys.Origin, Size: size, Root: tree.Root()}, nil
}
