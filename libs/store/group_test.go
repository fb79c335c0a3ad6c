package store_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"egov/libs/store"
)

// held locks a note as somebody else would; the function it gives lets go.
func (f *fixture) held(t *testing.T, id string) (letGo func()) {
	t.Helper()
	tx, err := f.super.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var one int
	if err := tx.QueryRow(t.Context(), "SELECT 1 FROM note WHERE id = $1 FOR UPDATE", id).Scan(&one); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	letGo = func() {
		once.Do(func() {
			if err := tx.Rollback(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	return letGo
}

// stuck waits until so many sessions wait for a lock.
func (f *fixture) stuck(t *testing.T, n int) {
	t.Helper()
	for f.count(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") < n {
		runtime.Gosched()
	}
}

// TestWhatComesWhileATransactionRunsSharesTheNext: of several units, new and
// old, each in its own scope.
func TestWhatComesWhileATransactionRunsSharesTheNext(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{Writers: 1})
	units := []string{"education", "health"}
	for i := range 6 {
		if _, err := f.notes.Create(as(units[i%2], "a"), fmt.Sprint("old", i), write("a")); err != nil {
			t.Fatal(err)
		}
	}
	letGo := f.held(t, "old0")
	defer letGo()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := f.notes.Update(as("education", "a"), "old0", write("first")); err != nil {
			t.Error(err)
		}
	})
	f.stuck(t, 1)
	const together = 10
	for i := range together / 2 {
		wg.Go(func() {
			if n, err := f.notes.Update(as(units[(i+1)%2], "a"), fmt.Sprint("old", i+1), write("later")); err != nil || n.Version != 2 || n.Title != "later" {
				t.Errorf("%+v %v", n, err)
			}
		})
		wg.Go(func() {
			if n, err := f.notes.Create(as(units[i%2], "a"), fmt.Sprint("new", i), write("later")); err != nil || n.Unit != units[i%2] {
				t.Errorf("%+v %v", n, err)
			}
		})
	}
	for f.Waiting() < together {
		runtime.Gosched()
	}
	letGo()
	wg.Wait()
	if n := f.count(t, "SELECT count(*) FROM note WHERE body->>'title' = 'later'"); n != together {
		t.Errorf("%d are written", n)
	}
	if n := f.count(t, "SELECT count(DISTINCT xmin::text) FROM note WHERE body->>'title' = 'later'"); n != 1 {
		t.Errorf("they are written by %d transactions", n)
	}
	if n := f.count(t, "SELECT count(*) FROM (SELECT subject FROM event_outbox GROUP BY subject HAVING max(seq) <> count(*)) x"); n != 0 {
		t.Errorf("the facts of %d subjects are not numbered 1, 2, 3 …", n)
	}
}

// TestWhoIsHeldUpHoldsUpNobodyElse: a transaction that waits for somebody
// else's lock has others go on beside it, but for those about the same.
func TestWhoIsHeldUpHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	owner := as("education", "edu.a")
	for _, id := range []string{"n0", "n1", "n2"} {
		if _, err := f.notes.Create(owner, id, write("a")); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	change := func(id, title string) {
		wg.Go(func() {
			if _, err := f.notes.Update(owner, id, write(title)); err != nil {
				t.Error(err)
			}
		})
	}
	others := f.held(t, "n0")
	defer others()
	letGo := f.held(t, "n1")
	defer letGo()
	change("n0", "b")
	f.stuck(t, 1)
	change("n1", "b")
	f.stuck(t, 2)
	change("n1", "c")
	for f.Waiting() < 1 {
		runtime.Gosched()
	}
	if n, err := f.notes.Update(owner, "n2", write("b")); err != nil || n.Version != 2 {
		t.Fatalf("%+v %v", n, err)
	}
	if n := f.count(t, "SELECT count(*) FROM note WHERE id = 'n1' AND version = 1"); n != 1 {
		t.Error("the lock was passed by")
	}
	others()
	letGo()
	wg.Wait()
	if n, err := f.notes.Get(owner, "n1"); err != nil || n.Version != 3 || n.Title != "c" {
		t.Errorf("%+v %v", n, err)
	}
}
