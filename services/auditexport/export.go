package auditexport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/rules"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// Export is one bundle that left the house, or is in the making. It says
// everything that the bundle depends on, so that the same bundle can be written
// again, byte for byte, as long as its rows are what they were.
type Export struct {
	aggregate.Root
	State    ExportState   `json:"state"`
	Package  string        `json:"package,omitempty"` // archive, or empty for what auditors ask of the ledger
	Project  string        `json:"project,omitempty"`
	From     string        `json:"from,omitempty"`
	To       string        `json:"to,omitempty"`
	Formats  []string      `json:"formats"` // of the tables
	Bare     bool          `json:"without_attachments,omitempty"`
	By       bundle.Author `json:"by"`
	Size     int64         `json:"checkpoint_size"`         // rows under the checkpoint it stands under
	Previous int64         `json:"previous_size,omitempty"` // rows under the one it is proved to continue
	Rows     int64         `json:"rows"`                    // in it; expected while it is in the making
	First    int64         `json:"first_seq"`
	Last     int64         `json:"last_seq"`
	Bytes    int64         `json:"bytes"`
	SHA256   string        `json:"sha256,omitempty"` // hex
	// Contradicts is the hash that was on record when the bundle was written
	// again and came out differently: rows, or the program, have changed since.
	Contradicts string `json:"contradicts_sha256,omitempty"`
	Why         string `json:"why,omitempty"` // it broke off

	Checkpoint string          `json:"checkpoint"` // the signed note, with the cosignatures there were
	Keys       checkpoint.Keys `json:"keys"`
	Notices    []string        `json:"notices,omitempty"` // what was late then, see Late
}

// ExportState is how far an export got.
type ExportState string

// The states. stable: requests name them.
const (
	ExportBegun     ExportState = "begun" // waits or is written
	ExportPaused    ExportState = "paused"
	ExportMade      ExportState = "made"       // to its last byte; the file lies ready
	ExportBrokenOff ExportState = "broken_off" // the writing failed again and again
	ExportCancelled ExportState = "cancelled"
	ExportExpired   ExportState = "expired" // it was made; the file is kept no longer
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
	// Formats of the tables: csv, xlsx, parquet; none means all.
	Formats []string `json:"formats"`
	// WithoutAttachments leaves the files out that rows name. The bundle says so.
	WithoutAttachments bool `json:"without_attachments"`
}

// Validate wants days that are days, a project or a time, not both, and formats
// that there are.
func (r *MakeExport) Validate() error {
	var c fault.Checks
	days(&c, r.From, r.To)
	checkName(&c, "project", r.Project)
	c.Require(r.Project == "" || r.From == "" && r.To == "", "project", "not_both", "按项目导出时不得同时限定时间", "a project or a time, not both")
	c.Require(r.Previous >= 0, "previous_size", "out_of_range", "不得为负", "must not be negative")
	for i, f := range r.Formats {
		c.Require(slices.Contains(TableFormats, f), fmt.Sprintf("formats[%d]", i), "unknown", "须为csv、xlsx或parquet", "is csv, xlsx or parquet")
	}
	return c.Err()
}

// streamTime bounds the writing of one stream of rows.
const streamTime = 30 * time.Minute

// ErrPrevious refuses to prove that the ledger continues a longer one.
var ErrPrevious = fault.New(fault.Invalid, "previous_export_beyond", "所持审计包的检查点大于当前账本", "the earlier export stands at more rows than the ledger has", "YP23-M-16")

// ErrTooMany refuses a unit more bundles at once than it may have in the making.
var ErrTooMany = &fault.Error{
	Kind: fault.Exhausted, Code: "too_many_exports", Msg: "本单位正在生成的审计包过多，请等待或取消后再试",
	MsgEN: "your unit has too many bundles in the making; wait, or cancel one", RetryAfter: time.Minute,
}

// MakeExport asks for a bundle under the newest checkpoint and leaves its
// writing to be done. That it was asked for is on record before anything is
// read, that it was made, and of which bytes, with its last. A repeated request
// is answered with the same export.
func (s *Service) MakeExport(ctx context.Context, r MakeExport) (ExportStatus, error) {
	e := Export{Project: r.Project, From: r.From, To: r.To, Formats: formats(r.Formats), Bare: r.WithoutAttachments}
	return s.ask(ctx, e, r.Previous, r)
}

// ask begins an export. what is what was asked for, for the record.
func (s *Service) ask(ctx context.Context, e Export, previous int64, what any) (ExportStatus, error) {
	if err := s.spare(ctx); err != nil {
		return ExportStatus{}, err
	}
	// Asking the witnesses is an act of its own, not part of the caller's command:
	// a repeated one may find that they were asked.
	signed, keys, err := s.attested(authn.With(apart{ctx}, authn.By(ctx)))
	if err != nil {
		return ExportStatus{}, err
	}
	e.Size, e.Checkpoint, e.Keys = int64(signed.Size), string(signed.Note), keys
	if e.Notices, err = s.Late(ctx); err != nil {
		return ExportStatus{}, err
	}
	if e.First, e.Last, err = s.Book.Span(ctx, e.filter()); err != nil {
		return ExportStatus{}, err
	}
	if e.First == 0 {
		_, err := s.inquire(ctx, "export", what, 0)
		return ExportStatus{}, errors.Join(err, ErrNoRows)
	}
	if e.Package == bundle.PackageArchive {
		if err := s.closed(ctx, e); err != nil {
			return ExportStatus{}, err
		}
	}
	e.Rows = e.Last - e.First + 1
	if e.Project != "" {
		if e.Rows, err = s.Workshop.RowsOf(ctx, e.Project, e.Last); err != nil {
			return ExportStatus{}, err
		}
	}
	if e.Previous, err = s.previous(ctx, previous, e.Size); err != nil {
		return ExportStatus{}, err
	}
	if e, err = s.begin(ctx, e); err != nil {
		return ExportStatus{}, err
	}
	return s.leave(ctx, e)
}

// apart is a context that ends with another and knows nothing of it.
type apart struct{ context.Context }

// Value knows nothing.
func (apart) Value(any) any { return nil }

// leave has an export written as soon as may be. What keeps it from being left
// now is no matter: whatever is begun is found again, see UnfinishedExports.
func (s *Service) leave(ctx context.Context, e Export) (ExportStatus, error) {
	if e.State == ExportBegun {
		if err := s.Workshop.Begin(s.asSelf(ctx), e.ID, e.Rows); err != nil {
			return ExportStatus{}, err
		}
		s.Wake(ctx, e.ID)
	}
	return s.status(ctx, e)
}

// spare wants the caller's unit to have fewer exports in the making than it may.
func (s *Service) spare(ctx context.Context) error {
	n := 0
	for _, state := range []ExportState{ExportBegun, ExportPaused} {
		all, err := aggregate.Everything(ctx, s.Exports, map[string]string{"state": string(state)})
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.By.Unit == authn.By(ctx).Unit {
				n++
			}
		}
	}
	if n >= s.PerUnit {
		return ErrTooMany
	}
	return nil
}

// formats are those asked for in the order in which they are written.
func formats(asked []string) []string {
	out := slices.Clone(TableFormats)
	if len(asked) > 0 {
		out = slices.DeleteFunc(out, func(f string) bool { return !slices.Contains(asked, f) })
	}
	return out
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
		rec.State(e.ID, &auditexportv1.LedgerQueried{Query: "export " + e.scope(), Rows: e.Rows})
		return nil
	})
}

// scope says in words what was asked for.
func (e Export) scope() string {
	switch {
	case e.Package != "":
		return e.Package + " of project " + e.Project
	case e.Project != "":
		return "project " + e.Project
	case e.From != "" || e.To != "":
		return fmt.Sprintf("time %s..%s", e.From, e.To)
	}
	return "ledger"
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

// ExportStatus is an export with how far its file has got.
type ExportStatus struct {
	Export
	Progress *Progress `json:"progress,omitempty"` // while there is a file, whole or not
}

// GetExport reads what is on record of one export.
func (s *Service) GetExport(ctx context.Context, r ByID) (ExportStatus, error) {
	e, err := s.Exports.Get(ctx, r.ID)
	if err != nil {
		return ExportStatus{}, err
	}
	return s.status(ctx, e)
}

func (s *Service) status(ctx context.Context, e Export) (ExportStatus, error) {
	p, ok, err := s.Workshop.Progress(ctx, e.ID)
	if err != nil || !ok {
		return ExportStatus{Export: e}, err
	}
	return ExportStatus{Export: e, Progress: &p}, nil
}

// The refusals of an export that is not in the state for it.
var (
	ErrNotBegun = fault.New(fault.Conflict, "export_not_in_the_making", "该审计包不在生成中", "this bundle is not in the making")
	ErrInMaking = fault.New(fault.Conflict, "export_in_the_making", "该审计包仍在生成或已可下载", "this bundle is in the making, or ready, already")
	ErrNotReady = &fault.Error{
		Kind: fault.Conflict, Code: "export_not_ready", Msg: "审计包尚未生成完毕", MsgEN: "the bundle is not ready yet", RetryAfter: 2 * time.Second,
	}
	ErrFileGone = fault.New(fault.Conflict, "export_file_gone", "审计包文件已不再保留，可重新生成", "the bundle's file is kept no longer; have it written again")
)

// PauseExport lets an export rest where it is.
func (s *Service) PauseExport(ctx context.Context, r ByID) (ExportStatus, error) {
	return s.turn(ctx, r.ID, ErrNotBegun, func(e *Export, _ *aggregate.Recorder) bool {
		if e.State != ExportBegun {
			return false
		}
		e.State = ExportPaused
		return true
	})
}

// CancelExport gives an export up; what there is of its file is removed.
func (s *Service) CancelExport(ctx context.Context, r ByID) (ExportStatus, error) {
	return s.turn(ctx, r.ID, ErrNotBegun, func(e *Export, rec *aggregate.Recorder) bool {
		if e.State != ExportBegun && e.State != ExportPaused {
			return false
		}
		e.end(rec, ExportCancelled)
		return true
	})
}

// ResumeExport takes a paused export up, and writes one again whose file is not
// to be had: cancelled, broken off or expired.
func (s *Service) ResumeExport(ctx context.Context, r ByID) (ExportStatus, error) {
	return s.turn(ctx, r.ID, ErrInMaking, func(e *Export, _ *aggregate.Recorder) bool {
		if e.State == ExportBegun || e.State == ExportMade {
			return false
		}
		e.State, e.Why = ExportBegun, ""
		return true
	})
}

// end states how an export ended without a file.
func (e *Export) end(rec *aggregate.Recorder, outcome ExportState) {
	e.State = outcome
	rec.State(e.ID, &auditexportv1.ExportEnded{ExportId: e.ID, ProjectId: e.Project, Outcome: string(outcome), BundleSha256: e.SHA256})
}

// turn changes an export's state and has the workshop follow.
func (s *Service) turn(ctx context.Context, id string, refusal error, change func(*Export, *aggregate.Recorder) bool) (ExportStatus, error) {
	if _, err := s.Exports.Get(ctx, id); err != nil { // by the caller's own right
		return ExportStatus{}, err
	}
	e, err := s.Exports.Update(s.onBehalf(ctx), id, func(e *Export, rec *aggregate.Recorder) error {
		if !change(e, rec) {
			return refusal
		}
		return nil
	})
	if err != nil {
		return ExportStatus{}, err
	}
	if err := s.follow(ctx, e); err != nil {
		return ExportStatus{}, err
	}
	return s.leave(ctx, e)
}

// follow brings the workshop to where an export stands.
func (s *Service) follow(ctx context.Context, e Export) error {
	ctx = s.asSelf(ctx)
	switch e.State {
	case ExportBegun, ExportPaused:
		return s.Workshop.Hold(ctx, e.ID, e.State == ExportPaused)
	case ExportCancelled, ExportExpired, ExportBrokenOff:
		return s.Workshop.Remove(ctx, e.ID)
	case ExportMade:
	}
	return nil
}

// TakeExport asks for an export's file, from a byte on.
type TakeExport struct {
	ID      string `path:"id" json:"-"`
	Range   string `header:"Range" json:"-"`    // bytes=N-, for who has the beginning already
	IfRange string `header:"If-Range" json:"-"` // the ETag of the file whose beginning that is
}

// ExportFile opens the file of an export that was made, at byte from, which is
// chosen by whoever knows what is asked for. Each reading is on record.
func (s *Service) ExportFile(ctx context.Context, r ByID, from func(Export) int64) (Export, int64, io.ReadCloser, error) {
	e, err := s.Exports.Get(ctx, r.ID)
	if err != nil {
		return e, 0, nil, err
	}
	_, there, err := s.Workshop.Progress(ctx, e.ID)
	switch {
	case err != nil:
		return e, 0, nil, err
	case e.State == ExportBegun || e.State == ExportPaused:
		return e, 0, nil, ErrNotReady
	case e.State != ExportMade || !there:
		return e, 0, nil, ErrFileGone
	}
	if _, err := s.inquire(ctx, "file", r.ID, e.Rows); err != nil {
		return e, 0, nil, err
	}
	at := from(e)
	// An answer outlives the operation that began it, never the service.
	reading, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(s.Life, cancel)
	return e, at, closing{s.Workshop.Read(reading, e.ID, at), func() { stop(); cancel() }}, nil
}

// closing lets go of what a reader was given when it is closed.
type closing struct {
	io.ReadCloser
	free func()
}

func (c closing) Close() error {
	c.free()
	return c.ReadCloser.Close()
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

// write writes the bundle that e describes, from a point on.
func (s *Service) write(ctx context.Context, w io.Writer, e Export, from *bundle.Resume, save func(bundle.Resume) error) (bundle.Manifest, error) {
	signed, err := s.recorded(ctx, &e)
	if err != nil {
		return bundle.Manifest{}, err
	}
	scope := bundle.Scope{Kind: bundle.KindLedger, Subject: e.Project, From: e.From, To: e.To, Package: e.Package}
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
	first := e.First
	if from != nil && from.Row() > 0 {
		first = int64(from.Row()) + 1
	}
	var scratch [3]Scratch
	for i := range scratch {
		if scratch[i], err = s.Scratch(); err != nil {
			return bundle.Manifest{}, err
		}
		defer scratch[i].Close()
	}
	vouchers := s.vouchers(ctx, e, scope.Kind)
	papers := &papers{
		book: s.Book, rules: rules.Book{Packs: s.Packs}, export: e, signed: signed, scope: scope, writers: s.Tables, scratch: scratch[0],
		originals: originals{from: s.Originals, room: s.Room, leave: e.Bare, names: scratch[1], spool: scratch[2], before: sizes(from)},
		vouched:   vouchers != nil,
	}
	return bundle.Write(ctx, w, bundle.Source{
		Scope: scope, Signed: signed, Keys: e.Keys, Nodes: s.Book, Previous: previous,
		Rows: s.Book.Rows(ctx, e.Project, first, e.Last), Vouchers: vouchers,
		Documents: papers.documents(ctx), Reports: papers.reports(), Attachments: func() bundle.Attachments { return papers.originals.said },
	}, bundle.Options{
		CreatedAt: e.CreatedAt.In(calendar.Shanghai), CreatedBy: e.By,
		Tool: "egov auditexport " + s.Version, Packs: packs, Signers: s.Keyring.Signers, Notices: e.Notices,
		Resume: from, Save: save,
	})
}

// sizes are the files that were written before a point.
func sizes(point *bundle.Resume) map[string]int64 {
	out := map[string]int64{}
	if point != nil {
		for _, f := range point.Files {
			out[f.Name] = f.Size
		}
	}
	return out
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
