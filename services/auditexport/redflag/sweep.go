package redflag

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/rules"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// Cursor is how far the ledger was looked at, and under which rules.
type Cursor struct {
	Seq   int64
	Rules string
}

// Store keeps what the watch knows. Within InTx all of it is one transaction.
type Store interface {
	InTx(ctx context.Context, f func(context.Context) error) error
	// Cursor reads the cursor and keeps other processes from the same step; ok is
	// false while one is at it.
	Cursor(ctx context.Context) (c Cursor, ok bool, err error)
	// Claim locks the cursor before anything is written; ok is false when it is not
	// at c any more or somebody else has it.
	Claim(ctx context.Context, c Cursor) (ok bool, err error)
	Move(ctx context.Context, to Cursor) error
	// Facts reads the facts of Types among the rows behind after, at most
	// maxRows rows; last is the last row looked at, more says that there are
	// others behind it.
	Facts(ctx context.Context, after int64, maxRows int) (facts []Fact, last int64, more bool, err error)
	Files(ctx context.Context, projects []string) (map[string]*File, error)
	Keep(ctx context.Context, files []Kept) error
	// Due lists projects whose day has come.
	Due(ctx context.Context, today calendar.Date, limit int) ([]string, error)
	// LookAgain makes every project due.
	LookAgain(ctx context.Context) error
	Sketches(ctx context.Context, unit string) ([]Sketch, error)
	// Touch marks units whose flags are to be looked for again, with the last row
	// that asks for it; Touched is one of them, ok is false when there is none;
	// Passed takes its mark away.
	Touch(ctx context.Context, units map[string]int64) error
	Touched(ctx context.Context) (unit string, after int64, ok bool, err error)
	Passed(ctx context.Context, unit string) error
	// KeepName stores a unit's registered name, unless a later one is known.
	KeepName(ctx context.Context, unit, name string, eventSeq int64) error
	Names(ctx context.Context) (map[string]string, error)
	// EvaluatedBy lists the projects that a unit evaluated.
	EvaluatedBy(ctx context.Context, unit string) ([]string, error)
	// Standing lists the flags of scopes, withdrawn ones included.
	Standing(ctx context.Context, scopes []string) ([]Flag, error)
}

// Kept is a file with what follows from it.
type Kept struct {
	*File
	Sketch *Sketch       // nil before the project is submitted
	Again  calendar.Date // on which it is due once more, zero for none
}

// Watch keeps the flags in step with the ledger. One goroutine uses it.
type Watch struct {
	Store Store
	Flags aggregate.Repository[Flag]
	Rules rules.Book
	Clock calendar.Clock
	Self  authn.Principal
	// Rows and Due bound one step; 0 = 32 rows and 32 projects.
	Rows int
	Due  int
	// Patience is how long units wait at most while projects still change: one whose
	// projects do so again and again is then looked at once, not each time. 0 = not
	// at all.
	Patience time.Duration
	// Tell is told of a scope in which a rule of the pack fails. Its flags stay
	// as they are, and it is looked at again with its next fact, a project also
	// the next day; the others go on.
	Tell func(ctx context.Context, scope string, err error)

	units bool      // units are next
	came  bool      // the step found changed projects
	since time.Time // units wait since then; zero = none is known to
}

// Step does a part of what there is to do, in one transaction with the flags that
// follow; more says that there is another at once. Rows of the ledger and projects
// whose day has come are first, a number of them in a step; when none is left, the
// units whose projects changed, one in a step, however many rows it was. A step
// that another process is at is left to it.
//
// Steps are small, and all that takes time in them comes before the first write:
// from then on, until it ends, a transaction keeps every relay of the database
// server from publishing what was committed after it.
func (w *Watch) Step(ctx context.Context) (more bool, err error) {
	ctx = authn.With(ctx, w.Self)
	if w.units {
		w.units, err = w.inTurn(ctx, w.unit)
		return w.units, err
	}
	w.came = false
	rest, err := w.inTurn(ctx, w.rows)
	if err != nil || rest {
		return rest, err
	}
	w.units = w.unitsNow(time.Now())
	return w.units, nil
}

// unitsNow says whether units are next when no rows are left.
func (w *Watch) unitsNow(now time.Time) bool {
	if w.came && w.since.IsZero() {
		w.since = now
	}
	if w.came && now.Sub(w.since) < w.Patience {
		return false
	}
	w.since = time.Time{}
	return true
}

// inTurn runs f in a transaction, unless another process is at a step.
func (w *Watch) inTurn(ctx context.Context, f func(context.Context, Cursor) (more bool, err error)) (more bool, err error) {
	err = w.Store.InTx(ctx, func(ctx context.Context) error {
		more = false
		c, ok, err := w.Store.Cursor(ctx)
		if err == nil && ok {
			more, err = f(ctx, c)
		}
		return err
	})
	return more, err
}

// rows looks at the next rows, and at projects whose day has come.
func (w *Watch) rows(ctx context.Context, c Cursor) (more bool, err error) {
	rows, due := cmp.Or(w.Rows, 32), cmp.Or(w.Due, 32)
	facts, last, rest, err := w.Store.Facts(ctx, c.Seq, rows)
	if err != nil {
		return false, err
	}
	next := Cursor{Seq: max(last, c.Seq), Rules: w.fingerprint()}
	if c.Rules != next.Rules {
		if ok, err := w.Store.Claim(ctx, c); err != nil || !ok {
			return false, err
		}
		if err := w.Store.LookAgain(ctx); err != nil {
			return false, err
		}
	}
	pending, err := w.Store.Due(ctx, calendar.Today(w.Clock), due)
	if err != nil || next == c && len(pending) == 0 {
		return false, err
	}
	if ok, err := w.take(ctx, c, facts, pending); err != nil || !ok {
		return false, err
	}
	if next != c {
		err = w.Store.Move(ctx, next)
	}
	return rest || len(pending) == due, err
}

// unit looks for the flags over all projects of a unit that was touched.
func (w *Watch) unit(ctx context.Context, c Cursor) (more bool, err error) {
	unit, after, ok, err := w.Store.Touched(ctx)
	if err != nil || !ok {
		return false, err
	}
	sketches, err := w.Store.Sketches(ctx, unit)
	if err != nil {
		return false, err
	}
	var looked []scoped
	found, err := Detectors{Rules: w.Rules, Today: calendar.Today(w.Clock)}.Unit(unit, sketches)
	if err != nil {
		w.Tell(ctx, ScopeOfUnit(unit), err)
	} else {
		looked = []scoped{{ScopeOfUnit(unit), found, after}}
	}
	standing, err := w.standing(ctx, looked)
	if err != nil {
		return false, err
	}
	if ok, err := w.Store.Claim(ctx, c); err != nil || !ok {
		return false, err
	}
	if err := w.Store.Passed(ctx, unit); err != nil {
		return false, err
	}
	return true, w.settle(ctx, looked, standing)
}

// fingerprint names the rules that flags follow from.
func (w *Watch) fingerprint() string {
	var ids []string
	for _, p := range w.Rules.Packs.Packs() {
		ids = append(ids, p.ID()+" "+p.Version())
	}
	return strings.Join(ids, ", ")
}

// change is what a step does to units: the last row that touched each.
type change map[string]int64

func (c change) touch(unit string, seq int64) { c[unit] = max(c[unit], seq) }

// take puts facts into their projects' files, brings the flags of these projects
// in step, and marks the units they touch. ok is false when the step turns out to
// be another's.
func (w *Watch) take(ctx context.Context, c Cursor, facts []Fact, due []string) (ok bool, err error) {
	byProject := map[string][]Fact{}
	for _, id := range due {
		byProject[id] = nil
	}
	for _, f := range facts {
		if f.Type != unitRegistered && f.Type != unitAmended {
			byProject[f.Subject] = append(byProject[f.Subject], f)
			continue
		}
		if ok, err := w.Store.Claim(ctx, c); err != nil || !ok {
			return false, err
		}
		if err := w.rename(ctx, f, byProject); err != nil {
			return false, err
		}
	}
	kept, looked, units, err := w.look(ctx, byProject)
	if err != nil {
		return false, err
	}
	standing, err := w.standing(ctx, looked)
	if err != nil {
		return false, err
	}
	if ok, err := w.Store.Claim(ctx, c); err != nil || !ok {
		return false, err
	}
	if len(kept) == 0 {
		return true, nil
	}
	if err := w.Store.Keep(ctx, kept); err != nil {
		return false, err
	}
	if err := w.Store.Touch(ctx, units); err != nil {
		return false, err
	}
	w.came = w.came || len(units) > 0
	return true, w.settle(ctx, looked, standing)
}

// look finds what follows from the facts that are new of each project. It writes
// nothing.
func (w *Watch) look(ctx context.Context, byProject map[string][]Fact) (kept []Kept, looked []scoped, units change, err error) {
	if len(byProject) == 0 {
		return nil, nil, nil, nil
	}
	names, err := w.Store.Names(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	ids := slices.Sorted(maps.Keys(byProject))
	files, err := w.Store.Files(ctx, ids)
	if err != nil {
		return nil, nil, nil, err
	}
	d := Detectors{Rules: w.Rules, Today: calendar.Today(w.Clock)}
	units = change{}
	kept = make([]Kept, 0, len(ids))
	for _, id := range ids {
		file := files[id]
		if file == nil {
			file = &File{Project: id}
		}
		k, l, err := w.project(d, file, byProject[id], names, units)
		if err != nil {
			w.Tell(ctx, ScopeOfProject(id), err)
			k.Again = d.Today.AddDays(1)
		} else {
			looked = append(looked, l)
		}
		kept = append(kept, k)
	}
	return kept, looked, units, nil
}

// scoped is what was found in a scope, and the last row that touched it.
type scoped struct {
	scope string
	found []Finding
	after int64
}

// rename keeps a unit's name and looks again at what the unit evaluated.
func (w *Watch) rename(ctx context.Context, f Fact, byProject map[string][]Fact) error {
	if err := w.Store.KeepName(ctx, f.Said.Unit, f.Said.Name, f.EventSeq); err != nil {
		return err
	}
	evaluated, err := w.Store.EvaluatedBy(ctx, f.Said.Unit)
	for _, id := range evaluated {
		if _, known := byProject[id]; !known {
			byProject[id] = nil
		}
	}
	return err
}

// project adds facts to one file and finds the flags that follow from it alone;
// units gathers those whose series it belongs or belonged to.
func (w *Watch) project(d Detectors, file *File, facts []Fact, names map[string]string, units change) (k Kept, l scoped, err error) {
	var last int64
	for _, f := range facts {
		last = max(last, f.Seq)
	}
	if before, ok := file.Sketch(); ok {
		units.touch(before.Unit, last)
	}
	for _, f := range facts {
		file.Add(f)
	}
	k = Kept{File: file}
	if s, ok := file.Sketch(); ok {
		k.Sketch = &s
		units.touch(s.Unit, last)
	}
	l = scoped{scope: ScopeOfProject(file.Project), after: last}
	l.found, k.Again, err = d.Project(file, names)
	return k, l, err
}

// standing are the flags that stand where something was looked for, by scope and
// id.
func (w *Watch) standing(ctx context.Context, looked []scoped) (map[string]map[string]*Flag, error) {
	known := map[string]map[string]*Flag{}
	if len(looked) == 0 {
		return known, nil
	}
	scopes := make([]string, len(looked))
	for i, l := range looked {
		scopes[i] = l.scope
	}
	flags, err := w.Store.Standing(ctx, scopes)
	if err != nil {
		return nil, err
	}
	for i := range flags {
		f := &flags[i]
		if known[f.Scope] == nil {
			known[f.Scope] = map[string]*Flag{}
		}
		known[f.Scope][f.ID] = f
	}
	return known, nil
}

// settle raises, revises and withdraws flags until those that stand in the
// scopes are those that were found there.
func (w *Watch) settle(ctx context.Context, looked []scoped, standing map[string]map[string]*Flag) error {
	for _, l := range looked {
		if err := w.settleOne(ctx, l, standing[l.scope]); err != nil {
			return err
		}
	}
	return nil
}

func (w *Watch) settleOne(ctx context.Context, l scoped, known map[string]*Flag) error {
	for i := range l.found {
		x := &l.found[i]
		f := known[x.ID]
		delete(known, x.ID)
		if f != nil && f.State == Raised && f.rests(x) {
			continue
		}
		if _, err := w.Flags.Upsert(ctx, x.ID, func(f *Flag, rec *aggregate.Recorder) error { f.find(rec, l.scope, x); return nil }); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		if known[id].State == Withdrawn {
			continue
		}
		if _, err := w.Flags.Update(ctx, id, func(f *Flag, rec *aggregate.Recorder) error { f.withdraw(rec, l.after); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// find raises the flag, or revises one that stands.
func (f *Flag) find(rec *aggregate.Recorder, scope string, x *Finding) {
	stands := f.State == Raised
	f.Scope = scope
	f.show(x)
	evidence := make([]*auditexportv1.FlagEvidence, len(x.Evidence))
	for i, e := range x.Evidence {
		evidence[i] = &auditexportv1.FlagEvidence{Seq: e.Seq, EventId: e.EventID, Type: e.Type, ProjectId: e.ProjectID}
	}
	if stands {
		f.Revisions++
		rec.State(f.ProjectID, &auditexportv1.RedFlagRevised{
			FlagId: f.ID, Code: f.Code, Unit: f.AuditedUnit, ProjectIds: f.Projects, AmountFen: f.AmountFen, LimitFen: f.LimitFen,
			Evidence: evidence, Explanation: f.Explanation.ZH, ExplanationEn: f.Explanation.EN,
		})
		return
	}
	f.State, f.RaisedAt, f.Withdrawn = Raised, rec.Now(), nil
	f.Times++
	rec.State(f.ProjectID, &auditexportv1.RedFlagRaised{
		FlagId: f.ID, Code: f.Code, Unit: f.AuditedUnit, ProjectIds: f.Projects, Severity: string(f.Severity),
		Pack: f.Rule.Pack, PackVersion: f.Rule.PackVersion, Basis: f.Rule.Basis, AmountFen: f.AmountFen, LimitFen: f.LimitFen,
		Evidence: evidence, Explanation: f.Explanation.ZH, ExplanationEn: f.Explanation.EN, Times: int32(f.Times),
	})
}

func (f *Flag) withdraw(rec *aggregate.Recorder, after int64) {
	reason := Text{"规则变更后，事实不再符合该疑点的条件", "under the rules as they are now, the facts do not meet the flag's conditions"}
	if after > 0 {
		row := strconv.FormatInt(after, 10)
		reason = Text{"账本第" + row + "行入账后，事实不再符合该疑点的条件", "with row " + row + " of the ledger, the facts do not meet the flag's conditions any more"}
	}
	f.State, f.Withdrawn = Withdrawn, &Withdrawal{At: rec.Now(), AfterSeq: after, Reason: reason}
	rec.State(f.ProjectID, &auditexportv1.RedFlagWithdrawn{
		FlagId: f.ID, Code: f.Code, Unit: f.AuditedUnit, Reason: reason.ZH, ReasonEn: reason.EN, AfterSeq: after,
	})
}
