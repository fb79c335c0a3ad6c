package proofs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Proof is one thing that is shown.
type Proof struct {
	Name  string
	What  string                                            // is promised
	Show  func(ctx context.Context, b *Bed) (string, error) // and how it was seen
	Needs func(b *Bed) (missing string)                     // what this bed lacks for it; nil = nothing
	Limit time.Duration                                     // that it may take
}

// Result is how a proof went.
type Result struct {
	Proof
	Seen    string
	Err     error
	Skipped string // why it could not be tried here
	Took    time.Duration
}

// Namespaces are those that proofs make.
func Namespaces() []string { return []string{district, bureau, smallest} }

// All are the proofs in the order in which they stand on one another.
func All() []Proof {
	return []Proof{
		{Name: "install", What: "the district's profile comes up: migrations first, every pod Ready under restricted pod security, programs agree with their configuration", Show: install, Limit: 12 * time.Minute},
		{Name: "upgrade", What: "this release in the place of the one before, back, and again, under load: no request fails, no fact is lost", Show: upgrade, Limit: 15 * time.Minute},
		{Name: "walk", What: "twelve real projects reach the ends their rules give them through the Services, while pods are killed and evicted", Show: walk, Needs: shared, Limit: 10 * time.Minute},
		{Name: "admission", What: "pods that are not restricted are refused", Show: admission, Limit: time.Minute},
		{Name: "rights", What: "service accounts may do nothing, operators what they are for", Show: rights, Limit: 5 * time.Minute},
		{Name: "network", What: "network policies select every pod and name whom it may talk to", Show: network, Limit: time.Minute},
		{Name: "scale", What: "pods are added by what waits in Redis Streams and by load", Show: byLag, Needs: ours, Limit: 12 * time.Minute},
		{Name: "stored", What: "autoscalers, budgets and Services speak of pods that are there", Show: stored, Limit: time.Minute},
		{Name: "operate", What: "egov ops sees all services, finds three planted faults, and says how to mend them", Show: operate, Limit: 10 * time.Minute},
		{Name: "act", What: "egov ops scales, restarts, drains and brings back, for those who may", Show: act, Limit: 10 * time.Minute},
		{Name: "unit", What: "a unit runs its own service in its own namespace and release", Show: ownRelease, Needs: shared, Limit: 8 * time.Minute},
		{Name: "uninstall", What: "a release that goes takes all with it but keys", Show: uninstall, Limit: 6 * time.Minute},
		{Name: "small", What: "the profile of one pod does the same work", Show: small, Needs: shared, Limit: 10 * time.Minute},
	}
}

// Run shows the proofs one after the other; after a failure those that follow
// are not tried, because they stand on it.
func Run(ctx context.Context, b *Bed, all []Proof) ([]Result, error) {
	var results []Result
	for _, p := range all {
		r := Result{Proof: p}
		if p.Needs != nil {
			r.Skipped = p.Needs(b)
		}
		if r.Skipped == "" {
			_, _ = fmt.Fprintf(b.Out, "▸ %s: %s\n", p.Name, p.What)
			begun := time.Now()
			within, cancel := context.WithTimeout(ctx, p.Limit)
			r.Seen, r.Err = p.Show(within, b)
			cancel()
			r.Took = time.Since(begun)
		}
		results = append(results, r)
		if r.Err != nil {
			return results, fmt.Errorf("%s: %w", p.Name, r.Err)
		}
	}
	return results, nil
}

// Table prints the results.
func Table(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(t, "proof\tresult\ttook\thow it was seen")
	for _, r := range results {
		result, seen := "✓", r.Seen
		switch {
		case r.Err != nil:
			result, seen = "✗", "see above"
		case r.Skipped != "":
			result, seen = "–", "not here: "+r.Skipped
		}
		_, werr := fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.Name, result, r.Took.Round(time.Second), seen)
		err = errors.Join(err, werr)
	}
	return errors.Join(err, t.Flush())
}
