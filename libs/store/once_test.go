package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"egov/libs/store"
)

// TestOnceIsOnce: under one key a command is carried out once, however many ask
// at the same time, and all have the first answer; one that fails leaves nothing
// behind and may be tried again.
func TestOnceIsOnce(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	base := as("education", "edu.a")
	var ran atomic.Int64
	count := func(context.Context, pgx.Tx) (int64, error) { return ran.Add(1), nil }
	broken := errors.New("broken")
	_, err := store.Once(store.WithCommand(base, command("k", "same", 0)), f.Store, "count", func(context.Context, pgx.Tx) (int64, error) { return 7, broken })
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if n, err := store.Once(store.WithCommand(base, command("k", "same", 0)), f.Store, "count", count); err != nil || n != 1 {
				t.Errorf("answered %d, %v", n, err)
			}
		})
	}
	wg.Wait()
	if ran.Load() != 1 {
		t.Errorf("carried out %d times", ran.Load())
	}
	_, err = store.Once(store.WithCommand(base, command("k", "other", 0)), f.Store, "count", count)
	want(t, err, store.ErrKeyReuse)
	for range 2 { // without a key each is a request of its own
		if _, err := store.Once(base, f.Store, "count", count); err != nil {
			t.Fatal(err)
		}
	}
	if ran.Load() != 3 {
		t.Errorf("carried out %d times", ran.Load())
	}
}
