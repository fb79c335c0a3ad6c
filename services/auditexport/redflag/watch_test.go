package redflag_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/fault"
	libledger "egov/libs/ledger"
	"egov/libs/policy"
	"egov/libs/policy/packs"
	"egov/libs/rules"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	identityv1 "egov/proto/gen/egov/identity/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	"egov/services/auditexport/redflag"
)

// busy is a district in which much goes wrong: it raises a flag of nearly every
// kind, some over several projects.
func busy() []told {
	list := append(without(road("p"), &conferencev1.DecisionTaken{}),
		told{"2026-06-01", "p", approved("p", "2026-05-26", 80)},
		told{"2026-05-24", "p", &budgetingv1.PaymentRecorded{AmountFen: 1, PaidOn: "2026-05-24"}},
		told{"2026-06-02", "p", &procurementv1.ContractAmended{ContractNo: "HT-1", AmendmentNo: "B-1", ValueFen: 89_000_000, EffectiveOn: "2026-06-02"}},
		told{"2026-01-01", "agency-a", &identityv1.UnitRegistered{Unit: "agency-a", Name: "甲方案咨询"}},
		told{"2026-01-02", "agency-a", &identityv1.UnitAmended{Unit: "agency-a", Name: "申城软件有限公司"}},
		told{"2026-03-03", "p", &expertreviewv1.EvaluationAssigned{Agency: "agency-a"}},
		told{"2026-10-26", "p", &procurementv1.AcceptancePassed{AcceptedOn: "2026-10-26"}},
		missed("p", "2026-06-08", "contract_filing", "education"),
	)
	list = append(list, three("食堂监管系统一期", "食堂监管系统二期", "食堂监管平台三期", 96, 97, 98)...)
	list = append(list, told{"2026-09-01", "p4", brief("p4", "education", "食堂监管", "2026-09-01", 40)}, told{"2026-09-02", "p4", &declarationv1.ProjectWithdrawn{Reason: "不办"}})
	for i, id := range []string{"p1", "p2", "p3"} {
		list = append(list, single(id, fmt.Sprintf("2026-1%d-09", i), 1))
	}
	return list
}

// essence is what must not depend on how the facts arrived: everything but the
// numbers of rows and the times of the flag's own history.
func essence(t *testing.T, flags map[string]redflag.Flag) string {
	t.Helper()
	var all []string
	for _, f := range flags {
		var rows []string
		for _, e := range f.Evidence {
			rows = append(rows, e.Type+" "+e.ProjectID+" "+e.Day+" "+fmt.Sprint(e.AmountFen)+" "+e.Shows.ZH)
		}
		b, err := json.Marshal([]any{f.ID, f.Code, f.AuditedUnit, f.Projects, f.AmountFen, f.LimitFen, f.Explanation, rows, f.Likeness})
		must(t, err)
		all = append(all, string(b))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// TestOrderAndBatchesMakeNoDifference: the same facts, in any order, in any
// batches, looked at whenever, leave the same flags.
func TestOrderAndBatchesMakeNoDifference(t *testing.T) {
	t.Parallel()
	ids := map[int]string{} // one story, so that evidence is named alike
	want := func() string {
		l := newLedger(t)
		var events []event.Record
		for i, x := range busy() {
			e := l.says(x.day, x.subject, x.m)
			ids[i] = e.ID
			events = append(events, e)
		}
		l.append(events...)
		l.on("2027-02-01")
		flags := l.raised()
		if len(flags) < 9 {
			t.Fatalf("only %d flags", len(flags))
		}
		return essence(t, flags)
	}()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			random := rand.New(rand.NewPCG(seed, 7))
			l.watch.Rows = 1 + random.IntN(9)
			l.watch.Due = 1 + random.IntN(3)
			var events []event.Record
			for i, x := range busy() {
				e := l.says(x.day, x.subject, x.m)
				e.ID = ids[i]
				events = append(events, e)
			}
			random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			l.clock.Set(date("2026-12-01").Start())
			for len(events) > 0 {
				n := 1 + random.IntN(min(7, len(events)))
				l.append(events[:n]...)
				events = events[n:]
				if random.IntN(3) == 0 {
					l.look()
				}
			}
			l.on("2027-02-01")
			if got := essence(t, l.raised()); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestFilesAreSets: what is found in a project's facts does not depend on the
// order in which they were added, or on how often.
func TestFilesAreSets(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	var facts []redflag.Fact
	for i, x := range busy() {
		if x.subject != "p" {
			continue
		}
		e := l.says(x.day, x.subject, x.m)
		raw, err := libledger.AppendRaw(nil, libledger.Entry{ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, Unit: e.Unit, Actor: e.Actor, EventSeq: e.Seq, Data: e.Data})
		must(t, err)
		f, ok := redflag.Read(&libledger.Row{Seq: uint64(i + 1), Raw: raw})
		if !ok {
			t.Fatalf("%s is not read", e.Type)
		}
		facts = append(facts, f)
	}
	d := redflag.Detectors{Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, Today: date("2027-02-01")}
	look := func(list []redflag.Fact) string {
		f := &redflag.File{Project: "p"}
		for _, x := range list {
			f.Add(x)
		}
		stored, err := f.Encode()
		must(t, err)
		read, err := redflag.DecodeFile(stored)
		must(t, err)
		found, again, err := d.Project(&read, map[string]string{"agency-a": "申城软件有限公司"})
		must(t, err)
		sketch, _ := read.Sketch()
		series, err := d.Unit("education", []redflag.Sketch{sketch})
		must(t, err)
		for i := range found {
			found[i].Flag, found[i].Pack = nil, nil
		}
		for i := range series {
			series[i].Flag, series[i].Pack = nil, nil
		}
		b, err := json.Marshal([]any{found, series, again})
		must(t, err)
		return string(b)
	}
	want := look(facts)
	if strings.Count(want, `"ID":"rf-`) < 6 {
		t.Fatal(want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.Permutation(facts).Draw(rt, "facts")
		list = append(list, list[rapid.IntRange(0, len(list)-1).Draw(rt, "twice")])
		if got := look(list); got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// TestAFlagFollowsItsEvidence through raising, revising, withdrawing and coming
// back, under one id.
func TestAFlagFollowsItsEvidence(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.append(l.says("2026-03-02", "p1", brief("p1", "education", "食堂监管系统一期", "2026-03-02", 60)))
	l.look()
	if got := l.raised(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	l.append(l.says("2026-03-03", "p2", brief("p2", "education", "食堂监管系统二期", "2026-03-03", 60)))
	l.look()
	first := l.raised()["splitting_review"]
	if first.ID == "" || first.AmountFen != 120_000_000 || first.ProjectID != first.ID || first.Unit != "audit" {
		t.Fatalf("%+v", first)
	}
	l.append(l.says("2026-03-04", "p3", brief("p3", "education", "食堂监管平台三期", "2026-03-04", 60)))
	l.look()
	second := l.raised()["splitting_review"]
	if second.ID != first.ID || second.AmountFen != 180_000_000 || second.Revisions != 1 || len(second.Evidence) != 3 {
		t.Fatalf("%+v", second)
	}
	l.look() // nothing new: nothing is stated

	l.append(l.says("2026-03-05", "p2", &declarationv1.ProjectWithdrawn{Reason: "重复"}), l.says("2026-03-05", "p3", &declarationv1.ProjectWithdrawn{Reason: "重复"}))
	l.look()
	gone := l.find(redflag.Query{State: "withdrawn"})
	if len(gone) != 1 || gone[0].ID != first.ID || gone[0].Withdrawn.AfterSeq != 5 || !strings.Contains(gone[0].Withdrawn.Reason.ZH, "第5行") || gone[0].Withdrawn.Reason.EN == "" {
		t.Fatalf("%+v", gone)
	}
	if len(gone[0].Evidence) != 3 {
		t.Error("what a withdrawn flag rested on is gone")
	}
	l.append(l.says("2026-03-06", "p2", brief("p2", "education", "食堂监管系统二期", "2026-03-06", 60)))
	l.look()
	back := l.raised()["splitting_review"]
	if back.ID != first.ID || back.Times != 2 || back.Withdrawn != nil {
		t.Fatalf("%+v", back)
	}
	if got, want := l.stated(), []string{"RedFlagRaised", "RedFlagRevised", "RedFlagWithdrawn", "RedFlagRaised"}; !slices.Equal(got, want) {
		t.Errorf("stated %v", got)
	}
}

// TestWhatIsMissingRipens without any new row, on the day the pack says.
func TestWhatIsMissingRipens(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, x := range without(road("p"), &conferencev1.DecisionTaken{}) {
		l.append(l.says(x.day, x.subject, x.m))
	}
	l.on("2026-05-28")
	if got := l.raised(); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	l.on("2026-05-29")
	f := l.raised()["contract_before_approval"]
	if f.ProjectID != "p" || f.RaisedAt.IsZero() {
		t.Fatalf("%v", l.raised())
	}
	l.append(l.says("2026-03-20", "p", approved("p", "2026-03-20", 90)))
	l.look()
	if gone := l.find(redflag.Query{State: "withdrawn"}); len(gone) != 1 || gone[0].ID != f.ID {
		t.Errorf("%+v", gone)
	}
}

// TestOtherRulesAreAppliedToOldFacts: a pack that changes has every project
// looked at again, and a flag that fell says that no row did it.
func TestOtherRulesAreAppliedToOldFacts(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, x := range three("食堂监管终端采购", "食堂监管设备采购", "门户", 60, 60, 30) {
		l.append(l.says(x.day, x.subject, x.m))
	}
	l.on("2027-02-01")
	if l.raised()["splitting_review"].ID == "" {
		t.Fatalf("%v", l.raised())
	}
	l.under("similarity_percent: 60", "similarity_percent: 90")
	l.watch.Due = 2
	l.look()
	gone := l.find(redflag.Query{State: "withdrawn"})
	if len(gone) != 1 || gone[0].Withdrawn.AfterSeq != 0 || !strings.Contains(gone[0].Withdrawn.Reason.EN, "rules") {
		t.Fatalf("%+v", gone)
	}
}

// under has the watch go by yangpu-2023 with one thing of its flags changed.
func (l *ledger) under(old, changed string) {
	l.t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(packs.FS, "yangpu-2023/*.yaml")
	must(l.t, err)
	for _, name := range names {
		data, err := fs.ReadFile(packs.FS, name)
		must(l.t, err)
		if strings.HasSuffix(name, "/flags.yaml") {
			data = []byte(strings.ReplaceAll(string(data), old, changed))
		}
		files[strings.TrimPrefix(name, "yangpu-2023/")] = &fstest.MapFile{Data: data}
	}
	pack, err := policy.Load(files)
	must(l.t, err)
	l.watch.Rules.Packs, err = policy.NewSet("yangpu", pack)
	must(l.t, err)
}

// TestARuleThatFailsStopsNoOther: a condition that cannot be evaluated for one
// project is told of; that project's flags stay as they were, others' follow
// their facts, and the next day it is looked at again.
func TestARuleThatFailsStopsNoOther(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, id := range []string{"p", "q"} {
		for _, x := range without(road(id), &conferencev1.DecisionTaken{}) {
			l.append(l.says(x.day, x.subject, x.m))
		}
	}
	l.append(l.says("2026-06-01", "q", &procurementv1.ContractFiled{ContractNo: "HT-2", Supplier: "申城软件有限公司", ValueFen: 1, EffectiveOn: "2026-06-01"}))
	l.on("2026-07-01")
	if n := len(l.find(redflag.Query{Code: "contract_before_approval", State: "raised"})); n != 2 {
		t.Fatalf("%d flags", n)
	}
	l.under("when: route != 'government_investment'", "when: 100 / (contract_fen - 86000000) > 0")
	for _, id := range []string{"p", "q"} {
		l.append(l.says("2026-03-20", id, approved(id, "2026-03-20", 88)))
	}
	l.look()
	left := l.find(redflag.Query{Code: "contract_before_approval", State: "raised"})
	if len(left) != 1 || left[0].ProjectID != "p" || len(l.told) == 0 || !strings.HasPrefix(l.told[0], "project/p: ") {
		t.Fatalf("%d flags, told %v", len(left), l.told)
	}
	l.under("when: route != 'government_investment'", "when: true")
	l.on("2026-07-02")
	if left := l.find(redflag.Query{Code: "contract_before_approval", State: "raised"}); len(left) != 0 {
		t.Errorf("%+v", left)
	}
}

// TestProcessesShareTheWatch: several at once raise each flag once.
func TestProcessesShareTheWatch(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.watch.Rows = 2
	for _, x := range busy() {
		l.append(l.says(x.day, x.subject, x.m))
	}
	l.clock.Set(date("2027-02-01").Start())
	var g sync.WaitGroup
	for range 4 {
		w := *l.watch
		g.Go(func() {
			for range 60 {
				if _, err := w.Step(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	g.Wait()
	l.look()
	for code, f := range l.raised() {
		if f.Times != 1 {
			t.Errorf("%s was raised %d times", code, f.Times)
		}
	}
}

// TestWhatCannotBeReadIsPassedOver: a row that is no event stops nothing.
func TestWhatCannotBeReadIsPassedOver(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, x := range three("食堂监管", "食堂监管", "门户", 60, 60, 30) {
		l.append(l.says(x.day, x.subject, x.m))
	}
	if _, err := l.super.Exec(t.Context(), "UPDATE ledger_line SET raw = 'nonsense' WHERE seq = 3"); err != nil {
		t.Fatal(err)
	}
	l.on("2027-02-01")
	if l.raised()["splitting_review"].ID == "" {
		t.Error(l.raised())
	}
}

func TestFlagsAreFound(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	for _, x := range busy() {
		l.append(l.says(x.day, x.subject, x.m))
	}
	l.append(l.says("2026-03-02", "h1", brief("h1", "health", "门诊叫号", "2026-03-02", 60)), l.says("2026-03-02", "h2", brief("h2", "health", "门诊叫号二期", "2026-03-02", 60)))
	l.on("2027-02-01")
	all := len(l.find(redflag.Query{PageSize: 200}))
	for name, c := range map[string]struct {
		q    redflag.Query
		want int
	}{
		"a code":       {redflag.Query{Code: "splitting_review"}, 2},
		"a unit":       {redflag.Query{Unit: "health"}, 1},
		"a project":    {redflag.Query{Project: "p2"}, 3},
		"nobody's":     {redflag.Query{Project: "p9"}, 0},
		"a severity":   {redflag.Query{Severity: "low"}, 1},
		"a state":      {redflag.Query{State: "raised"}, all},
		"from a day":   {redflag.Query{From: "2027-02-01"}, all},
		"up to a day":  {redflag.Query{To: "2027-01-31"}, 0},
		"all together": {redflag.Query{Code: "splitting_review", Unit: "health", Project: "h2", State: "raised", Severity: "high", From: "2027-02-01", To: "2027-02-01"}, 1},
	} {
		if got := l.find(c.q); len(got) != c.want {
			t.Errorf("%s: %d flags", name, len(got))
		}
	}
	seen := map[string]bool{}
	q := redflag.Query{PageSize: 3}
	for {
		p, err := l.kept.Find(l.asAuditor(), q)
		must(t, err)
		for _, f := range p.Items {
			if seen[f.ID] {
				t.Errorf("%s is on two pages", f.ID)
			}
			seen[f.ID] = true
		}
		if q.PageToken = p.NextPageToken; q.PageToken == "" {
			break
		}
	}
	if len(seen) != all || all < 10 {
		t.Errorf("pages show %d of %d", len(seen), all)
	}
	if _, err := l.kept.Find(l.asAuditor(), redflag.Query{PageToken: "x"}); fault.From(err).Code != "bad_page_token" {
		t.Error(err)
	}
	// The audited unit sees nothing of it, nor does the rest of the bureau's house.
	for _, p := range []authn.Principal{{Subject: "edu.a", Unit: "education", Roles: []string{"declarer"}}, {}} {
		page, err := l.kept.Find(authn.With(t.Context(), p), redflag.Query{})
		must(t, err)
		if len(page.Items) != 0 {
			t.Errorf("%s sees %d flags", p.Unit, len(page.Items))
		}
	}
}

func TestQueriesAreBounded(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]redflag.Query{
		"severity": {Severity: "grave"}, "state": {State: "gone"}, "page_size": {PageSize: 201}, "from": {From: "soon"}, "to": {From: "2026-03-02", To: "2026-03-01"}, "unit": {Unit: strings.Repeat("u", 201)},
	} {
		err := q.Validate()
		if f := fault.From(err); err == nil || len(f.Violations) != 1 || f.Violations[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// claims is the store of a watch that says how a transaction stands before its
// first write.
type claims struct {
	redflag.Store
	before func(ctx context.Context)
}

func (c claims) Claim(ctx context.Context, at redflag.Cursor) (bool, error) {
	c.before(ctx)
	return c.Store.Claim(ctx, at)
}

// TestAStepHasNoNumberWhileItLooks: relays publish what lies behind the oldest
// transaction with a number, of whichever service. Finding flags takes time, so a
// step has none before it writes.
func TestAStepHasNoNumberWhileItLooks(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.look() // under these rules for the first time
	for _, x := range three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "门户改版", 50, 50, 30) {
		l.append(l.says(x.day, x.subject, x.m))
	}
	writes := 0
	l.watch.Store = claims{l.kept, func(ctx context.Context) {
		writes++
		var number *string
		must(t, l.store.Read(ctx, func(rows pgx.Rows) (err error) {
			number, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[*string])
			return err
		}, "SELECT pg_current_xact_id_if_assigned()::text"))
		if number != nil {
			t.Errorf("the transaction has the number %s before it writes", *number)
		}
	}}
	l.look()
	if _, found := l.raised()["splitting_review"]; !found || writes != 2 { // the projects', and their unit's
		t.Errorf("after %d writes there stand %v", writes, l.raised())
	}
}

// reads is the store of a watch that counts how often a unit is read whole.
type reads struct {
	redflag.Store
	units *[]string
}

func (r reads) Sketches(ctx context.Context, unit string) ([]redflag.Sketch, error) {
	*r.units = append(*r.units, unit)
	return r.Store.Sketches(ctx, unit)
}

// TestAUnitIsLookedAtOnce for however many rows and steps, and by another process
// when the one that took the rows is gone.
func TestAUnitIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	var units []string
	l.watch.Store, l.watch.Rows = reads{l.kept, &units}, 1
	for _, x := range three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "智慧食堂监管系统（三期）", 50, 50, 50) {
		l.append(l.says(x.day, x.subject, x.m))
	}
	l.append(l.says("2026-03-02", "h", brief("h", "health", "门诊叫号", "2026-03-02", 60)))
	next := *l.watch
	for l.behind() > 2 {
		_, err := l.watch.Step(t.Context())
		must(t, err)
	}
	if len(units) > 0 || len(l.raised()) > 0 {
		t.Fatalf("while rows are left, %v were read and %v stand", units, l.raised())
	}
	l.watch = &next
	l.look()
	slices.Sort(units)
	if f := l.raised()["splitting_review"]; len(f.Projects) != 3 || !slices.Equal(units, []string{"education", "health"}) || l.behind() != 0 {
		t.Errorf("%v were read, %v stands, %d behind", units, f, l.behind())
	}
}

// TestAUnitWaitsWhileItsProjectsChange, but no longer than the watch is patient.
func TestAUnitWaitsWhileItsProjectsChange(t *testing.T) {
	t.Parallel()
	for _, patience := range []time.Duration{time.Hour, time.Nanosecond} {
		t.Run(patience.String(), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			l.watch.Patience = patience
			for _, x := range three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "智慧食堂监管系统（三期）", 50, 50, 50) {
				l.append(l.says(x.day, x.subject, x.m))
				l.look() // until there is nothing to do at once
			}
			if n := len(l.raised()); (n == 0) != (patience == time.Hour) {
				t.Errorf("while projects change, %d flags stand", n)
			}
			l.look()
			if f := l.raised()["splitting_review"]; len(f.Projects) != 3 || l.behind() != 0 {
				t.Errorf("when none changes any more %v stands, %d behind", f, l.behind())
			}
		})
	}
}

// behind is how many rows and units were not looked at.
func (l *ledger) behind() int64 {
	l.t.Helper()
	n, err := l.kept.Behind(authn.With(l.t.Context(), self))
	must(l.t, err)
	return n
}

// TestAStepOfAnotherIsLeftToIt: a process that has the cursor, or has moved it
// meanwhile, is not interfered with.
func TestAStepOfAnotherIsLeftToIt(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]string{
		"looks":                 "SELECT pg_advisory_xact_lock(x'666c6167'::bigint)",
		"of the release before": "SELECT FROM flag_cursor FOR UPDATE",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			for _, x := range three("智慧食堂监管系统（一期）", "智慧食堂监管系统（二期）", "门户改版", 50, 50, 30) {
				l.append(l.says(x.day, x.subject, x.m))
			}
			tx, err := l.super.Begin(t.Context())
			must(t, err)
			_, err = tx.Exec(t.Context(), other)
			must(t, err)
			l.look()
			if flags := l.raised(); len(flags) > 0 {
				t.Errorf("%v are raised while another is at it", flags)
			}
			must(t, tx.Rollback(t.Context()))
			l.look()
			if _, found := l.raised()["splitting_review"]; !found {
				t.Errorf("there stand %v", l.raised())
			}
		})
	}
	t.Run("moved meanwhile", func(t *testing.T) {
		t.Parallel()
		l := newLedger(t)
		ok, err := true, error(nil)
		must(t, l.kept.InTx(authn.With(t.Context(), self), func(ctx context.Context) error {
			ok, err = l.kept.Claim(ctx, redflag.Cursor{Seq: 7, Rules: "others"})
			return err
		}))
		if ok {
			t.Error("a cursor that stands elsewhere is claimed")
		}
	})
}
