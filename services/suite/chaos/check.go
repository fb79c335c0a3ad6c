package chaos

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// kind says what a finding means for the promise.
type kind string

const (
	lost      kind = "lost"      // it was acknowledged or recorded, and is not there
	duplicate kind = "duplicate" // it took effect more than once, or without a cause
	refused   kind = "refused"   // a caller was told no where the answer is yes
	altered   kind = "altered"   // other bytes or another order than the producer's
)

// finding is one thing that is not as promised.
type finding struct {
	kind kind
	what string
}

// fact is one row of a producer's outbox.
type fact struct {
	id, service, typ, subject string
	seq                       int64
	data                      []byte
}

// ledgerRow is one row of the ledger, in the ledger's order.
type ledgerRow struct {
	id   string
	data []byte
}

// dossierKey names one fact in the dossier.
type dossierKey struct {
	project, service string
	seq              int64
}

// project is one aggregate of the declaration service.
type project struct{ id, title, stage string }

// held is a fact that a consumer has and did not apply.
type held struct{ service, consumer, state, id, reason string }

// world is what all databases hold at one time, read with the superuser's
// rights and without a line of the services' code.
type world struct {
	outbox      []fact
	ledger      []ledgerRow
	dossier     map[dossierKey][]byte
	projects    []project
	evaluations map[string]int // project → round
	dockets     map[string]int // project → version: one for each fact it follows
	held        []held
	passedOver  int // facts that consumers went past for good
}

// The types of fact that the load's commands state.
const (
	drafted   = "egov.declaration.v1.ProjectDrafted"
	submitted = "egov.declaration.v1.ProjectSubmitted"
	accepted  = "egov.declaration.v1.ProjectAccepted"
)

var states = map[act]string{draft: drafted, submit: submitted, accept: accepted}

// judgeCommands holds what callers were told against what the database that
// answered them holds. It needs no waiting: what is acknowledged is there, or
// it is lost.
func judgeCommands(entries []entry, w world) (all []finding) {
	say := func(k kind, format string, args ...any) { all = append(all, finding{k, fmt.Sprintf(format, args...)}) }
	type stated struct{ project, typ string }
	count := map[stated]int{}
	for _, f := range w.outbox {
		if f.service == "declaration" {
			count[stated{f.subject, f.typ}]++
		}
	}
	byID, titles := map[string]project{}, map[string]int{}
	for _, p := range w.projects {
		byID[p.id] = p
		if titles[p.title]++; titles[p.title] > 1 {
			say(duplicate, "project %s was drafted again as %s", p.title, p.id)
		}
		// State and facts are one transaction: neither is there without the other.
		n := [3]int{count[stated{p.id, drafted}], count[stated{p.id, submitted}], count[stated{p.id, accepted}]}
		want := map[string][3]int{"draft": {1, 0, 0}, "submitted": {1, 1, 0}, "accepted": {1, 1, 1}}[p.stage]
		for i, typ := range []string{drafted, submitted, accepted} {
			switch {
			case n[i] < want[i]:
				say(lost, "project %s is %s, and its %s is not in the outbox", p.id, p.stage, typ)
			case n[i] > want[i]:
				say(duplicate, "project %s is %s, and the outbox has %d times %s", p.id, p.stage, n[i], typ)
			}
		}
	}
	for _, e := range entries {
		p, ok := byID[e.project]
		if !ok || p.title != e.title {
			say(lost, "%s of %s was acknowledged, and there is no such project", e.act, e.project)
			continue
		}
		if count[stated{e.project, states[e.act]}] == 0 {
			say(lost, "%s of %s was acknowledged, and nothing states it", e.act, e.project)
		}
	}
	return all
}

// judgeEffects holds what producers recorded against what came of it with the
// consumers. It is clean once everything has been delivered.
func judgeEffects(w world) (all []finding) {
	say := func(k kind, format string, args ...any) { all = append(all, finding{k, fmt.Sprintf(format, args...)}) }
	known := map[string]fact{}
	for _, f := range w.outbox {
		known[f.id] = f
	}

	// The ledger: every fact once, in the order of its subject, byte for byte.
	type line struct{ service, subject string }
	seen, last := map[string]bool{}, map[line]int64{}
	for _, r := range w.ledger {
		f, ok := known[r.id]
		switch {
		case !ok:
			say(duplicate, "the ledger has %s, which nobody stated", r.id)
			continue
		case seen[r.id]:
			say(duplicate, "the ledger has %s twice", r.id)
			continue
		case !bytes.Equal(f.data, r.data):
			say(altered, "the ledger has other bytes for %s", r.id)
		}
		seen[r.id] = true
		l := line{f.service, f.subject}
		if f.seq != last[l]+1 {
			say(altered, "the ledger has number %d of %s/%s after %d", f.seq, f.service, f.subject, last[l])
		}
		last[l] = f.seq
	}
	for _, f := range w.outbox {
		if !seen[f.id] {
			say(lost, "the ledger has no %s %s/%s/%d", f.typ, f.service, f.subject, f.seq)
		}
	}

	// The dossier: every fact of the services that speak of projects.
	inDossier := map[dossierKey]bool{}
	for _, f := range w.outbox {
		if f.service == "identity" || f.service == "auditexport" {
			continue
		}
		k := dossierKey{f.subject, f.service, f.seq}
		inDossier[k] = true
		data, ok := w.dossier[k]
		switch {
		case !ok:
			say(lost, "the dossier has no %s %s/%s/%d", f.typ, f.service, f.subject, f.seq)
		case !bytes.Equal(data, f.data):
			say(altered, "the dossier has other bytes for %s", f.id)
		}
	}
	for k := range w.dossier {
		if !inDossier[k] {
			say(duplicate, "the dossier has %s/%s/%d, which nobody stated", k.service, k.project, k.seq)
		}
	}

	// The desks. An evaluation counts its rounds and a docket its changes, so
	// that an effect that came twice shows.
	rounds, changes := map[string]int{}, map[string]int{}
	for _, f := range w.outbox {
		switch f.typ {
		case submitted:
			changes[f.subject]++
		case accepted:
			changes[f.subject]++
			rounds[f.subject]++
		}
	}
	all = append(all, compare("evaluation rounds", rounds, w.evaluations)...)
	all = append(all, compare("docket changes", changes, w.dockets)...)

	for _, h := range w.held {
		say(lost, "%s: %s is %s with %s: %s", h.service, h.id, h.state, h.consumer, h.reason)
	}
	if w.passedOver > 0 {
		say(lost, "%d facts were passed over for good", w.passedOver)
	}
	return all
}

// compare holds effects by project against those that facts call for.
func compare(what string, want, got map[string]int) (all []finding) {
	for id, n := range want {
		switch {
		case got[id] < n:
			all = append(all, finding{lost, fmt.Sprintf("%s of %s: %d, want %d", what, id, got[id], n)})
		case got[id] > n:
			all = append(all, finding{duplicate, fmt.Sprintf("%s of %s: %d, want %d", what, id, got[id], n)})
		}
	}
	for id, n := range got {
		if want[id] == 0 && n > 0 {
			all = append(all, finding{duplicate, fmt.Sprintf("%s of %s: %d, and no fact calls for them", what, id, n)})
		}
	}
	slices.SortFunc(all, func(a, b finding) int { return cmp.Compare(a.what, b.what) })
	return all
}

// count is how many findings are of a kind.
func count(all []finding, k kind) (n int) {
	for _, f := range all {
		if f.kind == k {
			n++
		}
	}
	return n
}
