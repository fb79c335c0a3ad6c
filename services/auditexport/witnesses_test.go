package auditexport_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/witness"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/eventapi"
)

// unit is a member unit that witnesses the house's ledger, without the network
// between them.
type unit struct {
	h       *house
	service string
	code    string
	keys    witness.Keys
	watch   witness.Watch
	heard   int // announcements
}

func (h *house) unit(service, code string) *unit {
	h.t.Helper()
	keys, err := witness.OpenKeys("", service, "test.egov/witness/"+service, h.clock.Now)
	must(h.t, err)
	return &unit{h: h, service: service, code: code, keys: keys}
}

// witnessed is a house of so many rows, and a unit that has cosigned them.
func witnessed(t *testing.T, rows int) (*house, *unit) {
	t.Helper()
	h := newHouse(t)
	u := h.unit("budgeting", "finance")
	h.grow(rows, withdrawn)
	h.announce(true)
	u.answers(u.hears()...)
	return h, u
}

// announcements are what the ledger has asked to be cosigned so far.
func (h *house) announcements() (list []*ledgerv1.CheckpointSigned) {
	for _, f := range h.announced.Facts() {
		list = append(list, f.Message.(*ledgerv1.CheckpointSigned))
	}
	return list
}

// hears takes in what was announced since it last listened.
func (u *unit) hears() []proto.Message {
	u.h.t.Helper()
	var answers []proto.Message
	for _, f := range u.h.announcements()[u.heard:] {
		u.heard++
		rec := aggregate.NewRecorder(authn.Service(u.service, u.code), u.h.clock.Now())
		must(u.h.t, u.watch.Hear(rec, f, u.keys))
		for _, x := range rec.Facts() {
			answers = append(answers, x.Message)
		}
	}
	return answers
}

// answers makes rows of what the unit states and has the ledger hear it.
func (u *unit) answers(facts ...proto.Message) (alarms []*auditexport.Alarm) {
	u.h.t.Helper()
	for _, f := range facts {
		e := u.h.event(u.service, witness.Subject, u.code, f)
		u.h.append(e)
		a, err := eventapi.Hear(authn.With(u.h.t.Context(), self), u.h.Service, e)
		must(u.h.t, err)
		if a != nil {
			alarms = append(alarms, a)
		}
	}
	return alarms
}

func (h *house) announce(now bool) bool {
	h.t.Helper()
	asked, err := h.Announce(authn.With(h.t.Context(), self), now)
	must(h.t, err)
	return asked
}

// live has the units answer whenever they are asked, as fast as they can.
func (h *house) live(units ...*unit) {
	h.Announcements = answered{h.announced, func() {
		for _, u := range units {
			u.answers(u.hears()...)
		}
	}}
}

type answered struct {
	aggregate.Repository[auditexport.Announcement]
	by func()
}

func (a answered) Upsert(ctx context.Context, id string, change aggregate.Change[auditexport.Announcement]) (auditexport.Announcement, error) {
	x, err := a.Repository.Upsert(ctx, id, change)
	a.by()
	return x, err
}

func (h *house) standing() auditexport.Standing {
	h.t.Helper()
	s, err := h.Standing(h.asAuditor(), struct{}{})
	must(h.t, err)
	return s
}

// pinned is a trust file that an auditor made of the keys the ledger publishes,
// demanding so many witnesses.
func (h *house) pinned(quorum int) *checkpoint.Trust {
	h.t.Helper()
	keys := h.standing().Keys.(checkpoint.Keys)
	keys.Quorum = quorum
	trust, err := checkpoint.NewTrust(keys)
	must(h.t, err)
	return trust
}

func verify(t testing.TB, archive []byte, trust *checkpoint.Trust) bundle.Report {
	t.Helper()
	r, err := bundle.Verify(t.Context(), bytes.NewReader(archive), int64(len(archive)), bundle.VerifyOptions{Trust: trust})
	must(t, err)
	return r
}

// repack writes the archive with one of its files changed.
func repack(t testing.TB, archive []byte, name string, change func(string) string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	must(t, err)
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	files := unpack(t, archive)
	for _, f := range in.File {
		w, err := out.Create(f.Name)
		must(t, err)
		text := string(files[f.Name])
		if f.Name == name {
			text = change(text)
		}
		_, err = io.WriteString(w, text)
		must(t, err)
	}
	must(t, out.Close())
	return b.Bytes()
}

// TestUnitsWitnessTheLedger has four services of three units cosign, and
// auditors demand it.
func TestUnitsWitnessTheLedger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.live(h.unit("budgeting", "finance"), h.unit("legalization", "science"), h.unit("conference", "gov-office"), h.unit("declaration", "gov-office"))
	for range 3 {
		h.grow(100, withdrawn)
		if !h.announce(false) {
			t.Fatal("nobody is asked")
		}
	}
	h.export(auditexport.MakeExport{}) // which shows the witnesses' answers to what was announced before
	archive := h.export(auditexport.MakeExport{})
	if s := h.standing(); s.Cosigned == 0 || len(s.Witnesses) != 4 || len(s.Late) != 0 {
		t.Errorf("%+v", s)
	}
	units := []string{"finance", "gov-office", "science"}
	if r := verify(t, archive, h.pinned(3)); !r.OK || !slices.Equal(r.CosignedBy, units) {
		t.Errorf("%+v", r)
	}
	for _, who := range []string{"test.egov/witness/budgeting", "test.egov/witness/"} {
		forged := repack(t, archive, bundle.NameCheckpoint, func(note string) string {
			lines := strings.SplitAfter(note, "\n")
			return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "\u2014 "+who) }), "")
		})
		for quorum := range 4 {
			if r := verify(t, forged, h.pinned(quorum)); r.ErrorCode != ledger.CodeCosignature {
				t.Errorf("without %s, of %d demanded: %+v", who, quorum, r)
			}
		}
	}
	if v := h.verdict(); !v.OK {
		t.Errorf("%+v", v)
	}
}

// TestWitnessingEndsWhereNothingIsNew announces what units said of what was
// announced only when it is wanted.
func TestWitnessingEndsWhereNothingIsNew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if h.announce(false) {
		t.Error("an empty ledger is announced")
	}
	h.live(h.unit("budgeting", "finance"), h.unit("legalization", "science"))
	h.grow(3, withdrawn)
	for i, want := range []bool{true, false, false} {
		if got := h.announce(false); got != want {
			t.Errorf("announcement %d: %v", i, got)
		}
	}
	if !h.announce(true) {
		t.Error("not announced though it is wanted")
	}
	h.grow(1, withdrawn)
	if !h.announce(false) {
		t.Error("not announced though it has grown")
	}
}

// TestAskedAgainBeforeTheFirstAnswerIsIn announces two checkpoints before the
// unit's answer to the first has come.
func TestAskedAgainBeforeTheFirstAnswerIsIn(t *testing.T) {
	t.Parallel()
	h, u := witnessed(t, 10)
	for range 3 {
		h.grow(10, withdrawn)
		h.announce(true)
	}
	u.answers(u.hears()...)
	if s := h.standing(); s.Witnesses[0].Last != nil || s.Cosigned != u.h.announcements()[3].GetSize() {
		t.Errorf("cosigned %d, %+v", s.Cosigned, s.Witnesses[0].Last)
	}
}

// TestABundleWaitsForItsWitnesses has a unit answer slowly, the announcement
// before too; and then not at all, which holds up one bundle and no more.
func TestABundleWaitsForItsWitnesses(t *testing.T) {
	t.Parallel()
	h, u := witnessed(t, 10)
	h.grow(10, withdrawn)
	h.announce(true)

	slow := &looked{Repository: h.witnesses, from: 5, by: func() { u.answers(u.hears()...) }}
	h.Witnesses = slow
	if r := verify(t, h.export(auditexport.MakeExport{}), h.pinned(1)); !r.OK || !slices.Equal(r.CosignedBy, []string{"finance"}) {
		t.Errorf("%+v", r)
	}

	h.Witnesses, h.Patience = h.witnesses, time.Millisecond
	silent := func() {
		t.Helper()
		h.grow(1, withdrawn)
		if r := verify(t, h.export(auditexport.MakeExport{}), h.pinned(0)); !r.OK || len(r.CosignedBy) != 0 {
			t.Errorf("%+v", r)
		}
	}
	silent()
	h.Patience = time.Hour
	silent()
	u.answers(u.hears()...)
	slow.from = slow.looks + 5
	h.Witnesses = slow
	if r := verify(t, h.export(auditexport.MakeExport{}), h.pinned(1)); !r.OK {
		t.Errorf("a unit that is heard again: %+v", r)
	}
}

// looked does something when its list has been looked at so many times.
type looked struct {
	aggregate.Repository[auditexport.Witness]
	from, looks int
	by          func()
}

func (l *looked) List(ctx context.Context, q aggregate.Query) (aggregate.Page[auditexport.Witness], error) {
	if l.looks++; l.looks == l.from {
		l.by()
	}
	return l.Repository.List(ctx, q)
}

// TestABundleIsTheSameAfterLateCosignatures takes one before and after a unit
// has answered.
func TestABundleIsTheSameAfterLateCosignatures(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(30, withdrawn)
	first := h.export(auditexport.MakeExport{})
	u := h.unit("budgeting", "finance")
	u.answers(u.hears()...)
	exports, err := h.ListExports(h.asAuditor(), auditexport.ListExports{})
	must(t, err)
	again := h.again(exports.Items[0].ID)
	if !bytes.Equal(first, again) {
		t.Errorf("%d bytes, then %d", len(first), len(again))
	}
	if r := verify(t, again, h.pinned(0)); !r.OK || len(r.CosignedBy) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestUnitsRefuseALedgerOfItsOperator has whoever holds the database, the keys
// and the checkpoints write the ledger anew: the ledger itself is none the
// wiser, the units are.
func TestUnitsRefuseALedgerOfItsOperator(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*house)
		code   ledger.Code
	}{
		"rewritten": {func(h *house) {
			h.sql(`UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '理由 99', '理由 98'), 'UTF8') WHERE seq = 100`)
		}, ledger.CodeFork},
		"its end taken away": {func(h *house) { h.sql("DELETE FROM ledger_row WHERE seq > 100", "DELETE FROM ledger_node") }, ledger.CodeTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			finance := h.unit("budgeting", "finance")
			h.live(finance)
			h.grow(300, withdrawn)
			h.announce(true)
			before := finance.watch.Seen
			trust := h.pinned(1)

			c.change(h)
			h.sql("DELETE FROM ledger_checkpoint", "DELETE FROM ledger_cosignature")
			h.rebuild()
			must(t, os.Remove(filepath.Join(h.keys, "ledger.checkpoint")))
			h.announced = aggregatetest.New[auditexport.Announcement, *auditexport.Announcement](h.clock)
			h.open()
			h.grow(3, withdrawn)
			finance.heard = 0
			h.announce(true)
			answers := finance.hears()
			if len(answers) != 1 {
				t.Fatalf("%v", answers)
			}
			alarms := finance.answers(answers...)
			if len(alarms) != 1 || alarms[0].Code != string(c.code) || alarms[0].Unit != "finance" {
				t.Fatalf("%+v", alarms)
			}
			if finance.watch.Seen != before || !finance.watch.Last.Alarming() {
				t.Errorf("%+v", finance.watch)
			}
			if v := h.verdict(); !v.OK {
				t.Errorf("the ledger sees by itself what it cannot: %+v", v)
			}
			archive := h.export(auditexport.MakeExport{})
			if r := verify(t, archive, h.pinned(0)); !r.OK {
				t.Errorf("%+v", r)
			}
			if r := verify(t, archive, trust); r.ErrorCode != ledger.CodeCosignature {
				t.Errorf("with a witness demanded: %+v", r)
			}
			if s := h.standing(); s.Witnesses[0].Last == nil || s.Witnesses[0].Last.Code != string(c.code) {
				t.Errorf("%+v", s.Witnesses)
			}
		})
	}
}

// TestAMissingProofIsBroughtNextTime lets the ledger forget what a unit has seen,
// and what it asked.
func TestAMissingProofIsBroughtNextTime(t *testing.T) {
	t.Parallel()
	h, u := witnessed(t, 40)
	h.witnesses = aggregatetest.New[auditexport.Witness, *auditexport.Witness](h.clock)
	h.announced = aggregatetest.New[auditexport.Announcement, *auditexport.Announcement](h.clock)
	h.open()
	u.heard = 0
	h.grow(40, withdrawn)
	h.announce(false)
	if alarms := u.answers(u.hears()...); len(alarms) != 0 || u.watch.Last == nil || u.watch.Last.Code != witness.CodeProofMissing {
		t.Fatalf("%+v, %+v", alarms, u.watch.Last)
	}
	if !h.announce(false) { // only because a proof was missing: nothing else is new
		t.Fatal("not announced again")
	}
	if u.answers(u.hears()...); u.watch.Last != nil || u.watch.Seen.Size < 80 {
		t.Errorf("%+v", u.watch)
	}
	if h.announce(false) {
		t.Error("announced without need")
	}
}

// TestFalseAnswersAreRowsAndAlarms has somebody speak in a unit's name.
func TestFalseAnswersAreRowsAndAlarms(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	u := h.unit("budgeting", "finance")
	h.grow(40, withdrawn)
	h.announce(true)
	honest := u.hears()[0].(*ledgerv1.CheckpointCosigned)
	other := h.unit("budgeting", "finance")
	for name, f := range map[string]*ledgerv1.CheckpointCosigned{
		"a note of another size": {Origin: origin, Size: 7, Note: honest.GetNote(), Keys: honest.GetKeys()},
		"keys of another":        {Origin: origin, Size: honest.GetSize(), Note: honest.GetNote(), Keys: other.keys.Verifiers()},
		"no note":                {Origin: origin, Size: honest.GetSize(), Keys: honest.GetKeys()},
	} {
		before, _, err := h.book.Head(t.Context())
		must(t, err)
		if alarms := u.answers(f); len(alarms) != 1 || alarms[0].Service != "budgeting" {
			t.Errorf("%s: %+v", name, alarms)
		}
		after, _, err := h.book.Head(t.Context())
		must(t, err)
		if after.Size != before.Size+1 {
			t.Errorf("%s: no row is made", name)
		}
		if s := h.standing(); s.Cosigned != 0 || s.Witnesses[0].Last == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	unreadable := h.event("budgeting", witness.Subject, "finance", honest)
	unreadable.Data = []byte(`{"size":{}}`)
	h.append(unreadable)
	if a, err := eventapi.Hear(authn.With(t.Context(), self), h.Service, unreadable); err != nil || a == nil {
		t.Errorf("%v %v", a, err)
	}
	if alarms := u.answers(honest); len(alarms) != 0 {
		t.Errorf("the unit's own: %+v", alarms[0])
	}
	// A copy that is changed in the database counts for nothing, and ends nothing.
	h.Patience = time.Millisecond // the unit answers no more
	h.sql("UPDATE ledger_cosignature SET note = overlay(note PLACING 'X'::bytea FROM 1)")
	if r := verify(t, h.export(auditexport.MakeExport{}), h.pinned(0)); !r.OK || len(r.CosignedBy) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestALedgerSaysWhatIsOverdue lets the windows pass, first of cosigning, then of
// signing; rows are made all the while.
func TestALedgerSaysWhatIsOverdue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	u := h.unit("budgeting", "finance")
	late := func(want ...string) {
		t.Helper()
		got, err := h.Late(t.Context())
		must(t, err)
		if !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("late: %v, want %v", got, want)
		}
	}
	h.grow(10, withdrawn)
	h.announce(true)
	h.clock.Advance(time.Hour)
	late() // nobody witnesses yet
	u.answers(u.hears()...)
	h.grow(10, withdrawn)
	h.announce(false)
	late()
	h.clock.Advance(6 * time.Minute)
	late(auditexport.LateCosigning)

	h.Patience = time.Millisecond
	archive := h.export(auditexport.MakeExport{})
	var warned []string
	r, err := bundle.Verify(t.Context(), bytes.NewReader(archive), int64(len(archive)), bundle.VerifyOptions{
		Trust: h.Keyring.Trust, Warn: func(w *fault.Error) { warned = append(warned, w.Error()) },
	})
	must(t, err)
	if !r.OK || !strings.Contains(strings.Join(warned, "\n"), "bundle_notices") || !strings.Contains(strings.Join(warned, "\n"), auditexport.LateCosigning) {
		t.Errorf("%+v, %v", r, warned)
	}
	u.answers(u.hears()...)
	late()

	h.sql("UPDATE ledger_head SET edge = set_byte(edge, 0, 255 - get_byte(edge, 0))")
	h.grow(10, withdrawn)
	for range 2 {
		if _, err := h.SignCheckpoint(authn.With(t.Context(), self)); err == nil {
			t.Fatal("signed")
		}
		late()
	}
	h.clock.Advance(2 * time.Minute)
	late(auditexport.LateSigning)
	h.grow(10, withdrawn)
}
