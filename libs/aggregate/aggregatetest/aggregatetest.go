// Package aggregatetest keeps aggregates in memory, for tests of domain
// packages: what a rule refuses can be tried without a database. It saves what
// a change leaves behind and the facts it states, and nothing of a change that
// fails. It has no row-level security and no idempotency; those are proven on
// a real database. Beside it stand the people, days and seals of such tests, and
// what they read off an aggregate.
package aggregatetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
)

// Errors of a Repository, with the codes of the real one.
var (
	ErrNotFound = fault.New(fault.NotFound, "not_found", "没有找到，或无权查看", "no such thing, or not visible to you")
	ErrExists   = fault.New(fault.Conflict, "already_exists", "已存在，不能重复创建", "it exists already")
)

// Repository is an aggregate.Repository in memory. It is safe for concurrent
// use.
type Repository[T any, P aggregate.Of[T]] struct {
	clock calendar.Clock

	mu    sync.Mutex
	ids   []string // in order of creation
	rows  map[string][]byte
	facts []aggregate.Fact
}

// New makes an empty repository whose changes happen at the clock's time.
func New[T any, P aggregate.Of[T]](clock calendar.Clock) *Repository[T, P] {
	return &Repository[T, P]{clock: clock, rows: map[string][]byte{}}
}

// Get reads one aggregate.
func (r *Repository[T, P]) Get(_ context.Context, id string) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t T
	row, ok := r.rows[id]
	if !ok {
		return t, ErrNotFound
	}
	return t, json.Unmarshal(row, &t)
}

// List reads all aggregates whose top-level JSON fields have the filter's
// values, newest first, in one page.
func (r *Repository[T, P]) List(_ context.Context, q aggregate.Query) (aggregate.Page[T], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	page := aggregate.Page[T]{Items: []T{}}
	for _, id := range slices.Backward(r.ids) {
		var fields map[string]any
		if err := json.Unmarshal(r.rows[id], &fields); err != nil {
			return page, err
		}
		matches := true
		for k, v := range q.Filter {
			matches = matches && (v == "" || fmt.Sprint(fields[k]) == v)
		}
		if !matches {
			continue
		}
		var t T
		if err := json.Unmarshal(r.rows[id], &t); err != nil {
			return page, err
		}
		page.Items = append(page.Items, t)
	}
	return page, nil
}

// Create makes a new aggregate.
func (r *Repository[T, P]) Create(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return r.do(ctx, id, change, func(found bool) error {
		if found {
			return ErrExists
		}
		return nil
	})
}

// Update changes an aggregate.
func (r *Repository[T, P]) Update(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return r.do(ctx, id, change, func(found bool) error {
		if !found {
			return ErrNotFound
		}
		return nil
	})
}

// Upsert changes an aggregate, or makes it.
func (r *Repository[T, P]) Upsert(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return r.do(ctx, id, change, func(bool) error { return nil })
}

func (r *Repository[T, P]) do(ctx context.Context, id string, change aggregate.Change[T], check func(found bool) error) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t, zero T
	row, found := r.rows[id]
	if err := check(found); err != nil {
		return zero, err
	}
	root, by := P(&t).Base(), authn.By(ctx)
	rec := aggregate.NewRecorder(by, r.clock.Now())
	if found {
		if err := json.Unmarshal(row, &t); err != nil {
			return zero, err
		}
	} else {
		root.ID, root.CreatedAt = id, rec.Now()
		root.Own(by.Unit)
	}
	if err := change(&t, rec); err != nil {
		return zero, err
	}
	root.Version++
	root.UpdatedAt = rec.Now()
	row, err := json.Marshal(t)
	if err != nil {
		return zero, err
	}
	if !found {
		r.ids = append(r.ids, id)
	}
	r.rows[id] = row
	r.facts = append(r.facts, rec.Facts()...)
	return t, nil
}

// Facts gives what was stated so far, in order.
func (r *Repository[T, P]) Facts() []aggregate.Fact {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.facts)
}

// Stated finds the last fact of m's type, and copies it into m.
func (r *Repository[T, P]) Stated(m proto.Message) bool {
	for _, f := range slices.Backward(r.Facts()) {
		if f.Message.ProtoReflect().Descriptor() == m.ProtoReflect().Descriptor() {
			proto.Reset(m)
			proto.Merge(m, f.Message)
			return true
		}
	}
	return false
}

// Sweep lets every aggregate look at its clocks, as the store does now and
// then.
func (r *Repository[T, P]) Sweep(ctx context.Context, cal *calendar.Calendar) error {
	r.mu.Lock()
	ids := slices.Clone(r.ids)
	r.mu.Unlock()
	for _, id := range ids {
		if _, err := r.Update(ctx, id, func(t *T, rec *aggregate.Recorder) error { return aggregate.Sweep[T, P](t, rec, cal) }); err != nil {
			return err
		}
	}
	return nil
}
