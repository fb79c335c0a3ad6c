package chaos

import (
	"os/exec"
	"slices"
	"testing"
)

// sound is a small world in which everything came of everything: one project
// that was accepted, one that is still a draft, and a fact of another service.
func sound() ([]entry, world) {
	f := func(id, service, typ, subject string, seq int64) fact {
		return fact{id: id, service: service, typ: typ, subject: subject, seq: seq, data: []byte(`{"id":"` + id + `"}`)}
	}
	w := world{
		outbox: []fact{
			f("e1", "declaration", drafted, "p1", 1), f("e2", "declaration", submitted, "p1", 2), f("e3", "declaration", accepted, "p1", 3),
			f("e4", "declaration", drafted, "p2", 1), f("e5", "identity", "egov.identity.v1.SignedIn", "a1", 1),
		},
		dossier:     map[dossierKey][]byte{},
		projects:    []project{{"p1", "one", "accepted"}, {"p2", "two", "draft"}},
		evaluations: map[string]int{"p1": 1},
		dockets:     map[string]int{"p1": 2},
	}
	for _, f := range w.outbox {
		w.ledger = append(w.ledger, ledgerRow{f.id, f.data})
		if f.service != "identity" {
			w.dossier[dossierKey{f.subject, f.service, f.seq}] = f.data
		}
	}
	return []entry{
		{act: draft, title: "one", project: "p1"},
		{act: submit, title: "one", project: "p1"},
		{act: accept, title: "one", project: "p1"},
		{act: draft, title: "two", project: "p2"},
	}, w
}

// stateAgain adds a second submission with all that follows from it.
func stateAgain(_ *[]entry, w *world) {
	f := w.outbox[1]
	f.id, f.seq = "e6", 4
	w.outbox = append(w.outbox, f)
	w.ledger = append(w.ledger, ledgerRow{f.id, f.data})
	w.dossier[dossierKey{f.subject, f.service, f.seq}] = f.data
	w.dockets["p1"]++
}

// TestCheckerFindsWhatIsWrong breaks a sound world in every way a fault may,
// and expects the checker to say so: a checker that finds nothing proves
// nothing.
func TestCheckerFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(es *[]entry, w *world)
		want  []kind // of the findings, in any order
	}{
		"nothing is wrong":              {func(*[]entry, *world) {}, nil},
		"a command that nobody awaits":  {func(es *[]entry, _ *world) { *es = (*es)[:2] }, nil},
		"an acknowledged project gone":  {func(_ *[]entry, w *world) { w.projects = w.projects[:1] }, []kind{lost}},
		"a fact without its state":      {func(_ *[]entry, w *world) { w.projects[0].stage = "submitted" }, []kind{duplicate}},
		"a state without its fact":      {func(_ *[]entry, w *world) { w.projects[1].stage = "submitted" }, []kind{lost}},
		"a project drafted twice":       {func(_ *[]entry, w *world) { w.projects[1].title = "one" }, []kind{duplicate, lost}},
		"a submission stated twice":     {stateAgain, []kind{duplicate}},
		"a fact not in the ledger":      {func(_ *[]entry, w *world) { w.ledger = w.ledger[:4] }, []kind{lost}},
		"a fact twice in the ledger":    {func(_ *[]entry, w *world) { w.ledger = append(w.ledger, w.ledger[1]) }, []kind{duplicate}},
		"a ledger row from nowhere":     {func(_ *[]entry, w *world) { w.ledger = append(w.ledger, ledgerRow{id: "e9"}) }, []kind{duplicate}},
		"ledger rows in another order":  {func(_ *[]entry, w *world) { w.ledger[0], w.ledger[1] = w.ledger[1], w.ledger[0] }, []kind{altered, altered, altered}},
		"other bytes in the ledger":     {func(_ *[]entry, w *world) { w.ledger[2].data = []byte("{}") }, []kind{altered}},
		"a fact not in the dossier":     {func(_ *[]entry, w *world) { delete(w.dossier, dossierKey{"p2", "declaration", 1}) }, []kind{lost}},
		"other bytes in the dossier":    {func(_ *[]entry, w *world) { w.dossier[dossierKey{"p2", "declaration", 1}] = []byte("{}") }, []kind{altered}},
		"a dossier entry from nowhere":  {func(_ *[]entry, w *world) { w.dossier[dossierKey{"p3", "declaration", 1}] = nil }, []kind{duplicate}},
		"an evaluation not opened":      {func(_ *[]entry, w *world) { delete(w.evaluations, "p1") }, []kind{lost}},
		"an evaluation opened twice":    {func(_ *[]entry, w *world) { w.evaluations["p1"] = 2 }, []kind{duplicate}},
		"an evaluation without a cause": {func(_ *[]entry, w *world) { w.evaluations["p2"] = 1 }, []kind{duplicate}},
		"a docket that missed a fact":   {func(_ *[]entry, w *world) { w.dockets["p1"] = 1 }, []kind{lost}},
		"a dead letter":                 {func(_ *[]entry, w *world) { w.held = []held{{service: "conference", state: "dead", id: "e3"}} }, []kind{lost}},
		"facts passed over":             {func(_ *[]entry, w *world) { w.passedOver = 2 }, []kind{lost}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entries, w := sound()
			c.spoil(&entries, &w)
			var got []kind
			for _, f := range append(judgeCommands(entries, w), judgeEffects(w)...) {
				got = append(got, f.kind)
				t.Log(f.kind, f.what)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v", got, c.want)
			}
		})
	}
}

// TestAnswersOfTwoReleases: a release leaves out what it does not know, and
// changes nothing.
func TestAnswersOfTwoReleases(t *testing.T) {
	t.Parallel()
	const first = `{"id":"p1","version":2,"title":"one","amounts":{"declared":7,"later":1},"todo":[{"role":"declarer"}],"declarers":["a"]}`
	for again, want := range map[string]bool{
		first: true,
		`{"version":2,"id":"p1","title":"one","amounts":{"declared":7},"todo":[{"role":"declarer"}]}`:   true,
		`{"id":"p1","version":3,"title":"one","amounts":{"declared":7},"todo":[{"role":"declarer"}]}`:   false,
		`{"id":"p2","version":2,"title":"one","amounts":{"declared":7},"todo":[{"role":"declarer"}]}`:   false,
		`{"id":"p1","version":2,"title":"one","amounts":{"declared":7},"todo":[]}`:                      false,
		`{"id":"p1","version":2,"title":"one","amounts":{"declared":"7"},"todo":[{"role":"declarer"}]}`: false,
		`{"id":"p1","version":2,"title":"one","amounts":[],"todo":[{"role":"declarer"}]}`:               false,
		`{"id":"p1","version":2,"other":true}`:                                                          false, // either has what the other lacks
		`{}`:                                                                                            false,
		`one`:                                                                                           false,
	} {
		if got := oneAnswer([]byte(first), []byte(again)); got != want {
			t.Errorf("%s: %t", again, got)
		}
		if got := oneAnswer([]byte(again), []byte(first)); got != want {
			t.Errorf("%s, the other way round: %t", again, got)
		}
	}
}

func TestResultLine(t *testing.T) {
	t.Parallel()
	r := Result{Name: "redis_kill", Recovered: 2_340_000_000}
	if got, want := r.String(), "chaos redis_kill lost=0 duplicate=0 recovered_s=2.3 promise=kept"; got != want {
		t.Errorf("%s\n%s", got, want)
	}
	upgraded := Result{Name: "rolling_upgrade", Asked: 6000, Failed: 1, Recovered: 1_200_000_000}
	if got, want := upgraded.String(), "upgrade rolling_upgrade requests=6000 failed=1 lost=0 duplicate=0 recovered_s=1.2 promise=kept"; got != want {
		t.Errorf("%s\n%s", got, want)
	}
	r.take("liveness", []finding{{lost, "a"}, {lost, "b"}, {duplicate, "c"}, {refused, "d"}})
	if got, want := r.String(), "chaos redis_kill lost=2 duplicate=1 recovered_s=2.3 promise=broken"; got != want {
		t.Errorf("%s\n%s", got, want)
	}
	if len(r.Broken) != 4 {
		t.Errorf("%q", r.Broken)
	}
}

func TestUnknownFaultIsRefused(t *testing.T) {
	t.Parallel()
	before := func(string, string) *exec.Cmd { return nil }
	for name, o := range map[string]Options{
		"no such fault": {Only: "earthquake"}, "an upgrade is no fault": {Only: "rolling_upgrade"}, "a fault is no upgrade": {Only: "disk_full", Before: before},
	} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%s: it ran", name)
		}
	}
}
