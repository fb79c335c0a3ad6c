package store_test

import (
	"testing"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/store"
)

// TestClocksAreSharedWithTheirAggregate: whoever comes to see an aggregate sees
// the clocks that began before.
func TestClocksAreSharedWithTheirAggregate(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	owner, office := as("education", "edu.a"), as("gov-office", "office.a")
	today := calendar.Today(f.clock)
	_, err := f.notes.Create(owner, "n1", func(n *note, rec *aggregate.Recorder) error {
		n.ProjectID = n.ID
		n.StartClock(rec, "education", aggregate.Terms{Obligation: "o", TriggerOn: today, DueOn: today.AddDays(3), WarnOn: today.AddDays(1), Basis: []string{"ours"}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sees := func(want int) {
		t.Helper()
		rows, err := f.Deadlines(office, "n1", "")
		if err != nil || len(rows) != want {
			t.Fatalf("the office sees %d clocks, want %d: %v", len(rows), want, err)
		}
	}
	sees(0)
	if _, err := f.notes.Update(owner, "n1", func(n *note, _ *aggregate.Recorder) error {
		n.Share("gov-office")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sees(1)
}
