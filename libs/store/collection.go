package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/document"
	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/pg"
)

// Errors of every collection.
var (
	ErrNotFound = fault.New(fault.NotFound, "not_found", "没有找到，或无权查看", "no such thing, or not visible to you")
	ErrStale    = fault.New(fault.Stale, "stale_version", "数据已被他人更新，请刷新后重试", "it was changed meanwhile; reload and try again")
	ErrKeyReuse = fault.New(fault.Refused, "idempotency_key_reused", "同一幂等键用于了不同的请求", "this Idempotency-Key was used with another request")
	errFilter   = fault.New(fault.Invalid, "unknown_filter", "不支持的筛选条件", "the list cannot be filtered by that")
	errToken    = fault.New(fault.Invalid, "bad_page_token", "分页标记无效", "the page token is not one of this list")
)

// NewID makes an identifier that sorts by time of creation (UUID version 7).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// Collection keeps one kind of aggregate in one table made by create_aggregate.
// It is an aggregate.Repository.
type Collection[T any, P aggregate.Of[T]] struct {
	s       *Store
	table   string
	ident   string
	columns []string
	beside  *beside[T]
	rows    *rows
}

// NewCollection declares the aggregate kept in table; filters are the
// generated columns that lists may filter by, besides unit and project_id.
func NewCollection[T any, P aggregate.Of[T]](s *Store, table string, filters ...string) *Collection[T, P] {
	ident := pgx.Identifier{table}.Sanitize()
	c := &Collection[T, P]{s: s, table: table, ident: ident, columns: append([]string{"unit", "project_id"}, filters...), rows: newRows(table, members(reflect.TypeFor[T]()))}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.collections[table] = c
	return c
}

// Get reads one aggregate.
func (c *Collection[T, P]) Get(ctx context.Context, id string) (T, error) {
	var raw []byte
	err := c.s.Read(ctx, func(rows pgx.Rows) (err error) {
		raw, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[[]byte])
		return err
	}, c.rows.get, id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	var t T
	if err != nil {
		return t, err
	}
	return t, document.Read(raw, &t)
}

type mode uint8

const (
	create mode = iota
	update
	upsert
)

// Create makes a new aggregate.
func (c *Collection[T, P]) Create(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return c.do(ctx, create, id, change)
}

// Update changes an aggregate.
func (c *Collection[T, P]) Update(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return c.do(ctx, update, id, change)
}

// Upsert changes an aggregate, or makes it.
func (c *Collection[T, P]) Upsert(ctx context.Context, id string, change aggregate.Change[T]) (T, error) {
	return c.do(ctx, upsert, id, change)
}

func (c *Collection[T, P]) do(ctx context.Context, m mode, id string, change aggregate.Change[T]) (T, error) {
	by := authn.By(ctx)
	trace := event.TraceParent(ctx)
	var t T
	var known []func(*T) // what the companion says
	j := &job{
		ctx: ctx, id: id, rows: c.rows, fresh: m == create, scope: pg.ScopeOf(by), step: commandFrom(ctx).next(c.table),
		wake: c.s.wake, done: make(chan error, 1),
	}
	if c.beside != nil && m != create {
		j.beside = c.beside
		j.told = func(put any) { known = append(known, put.(func(*T))) }
	}
	j.begin = func() { clear(known); known = known[:0] }
	j.change = func() error {
		var zero T
		t = zero
		if j.kept.body != nil {
			if !bytes.Equal(j.kept.hash, j.step.hash) {
				return ErrKeyReuse
			}
			return document.Read(j.kept.body, &t)
		}
		found := j.before != nil
		if found {
			if err := document.Read(j.before, &t); err != nil {
				return fmt.Errorf("decode %s %s: %w", c.table, id, err)
			}
		} else if m == update {
			return ErrNotFound
		}
		root := P(&t).Base()
		if j.step.version != 0 && j.step.version != root.Version {
			return ErrStale
		}
		old, parties := slices.Clone(root.Deadlines), slices.Clone(root.Parties)
		for _, put := range known {
			put(&t)
		}
		rec := aggregate.NewRecorder(by, c.s.clock.Now())
		if !found {
			root.ID, root.CreatedAt = id, rec.Now()
			root.Own(by.Unit)
		}
		if err := change(&t, rec); err != nil {
			return err
		}
		root.Version++
		root.UpdatedAt = rec.Now()
		body, err := document.Write(&t)
		if err != nil {
			return err
		}
		j.facts, err = c.s.records(rec, root, trace)
		j.after = &row{root: root, body: body, found: found, old: old, parties: parties}
		return err
	}

	var err error
	if t := txFrom(ctx); t != nil {
		err = t.run(ctx, j)
	} else {
		err = c.s.group.do(j)
	}
	if err != nil {
		var zero T
		return zero, err
	}
	commandFrom(ctx).answered(j.answer())
	return t, nil
}

// records makes the outbox rows of a change. The data bytes are produced here,
// once; they are carried, stored and hashed unchanged.
func (s *Store) records(rec *aggregate.Recorder, root *aggregate.Root, trace string) ([]event.Record, error) {
	facts := rec.Facts()
	out := make([]event.Record, 0, len(facts))
	by := rec.By()
	unit := by.Unit
	if by.IsService() {
		unit = root.Unit
	}
	for _, f := range facts {
		typ, data, err := event.FromProto(f.Message)
		if err != nil {
			return nil, err
		}
		out = append(out, event.Record{
			Source: s.source, Type: typ, Subject: f.Subject, Time: rec.Now(), Unit: unit, Actor: by.Actor(), TraceParent: trace, Data: data,
		})
	}
	return out, nil
}

func todoKeys(todo []aggregate.Todo) []string {
	keys := map[string]bool{}
	for _, t := range todo {
		keys[todoKey(t.Role, t.Unit, t.Account)] = true
	}
	return slices.AppendSeq(make([]string, 0, len(keys)), maps.Keys(keys))
}

func todoKey(role, unit, account string) string {
	if account != "" {
		return "@" + account
	}
	return role + "@" + unit
}

// List reads one page, newest first.
func (c *Collection[T, P]) List(ctx context.Context, q aggregate.Query) (aggregate.Page[T], error) {
	var p aggregate.Page[T]
	size, err := pageSize(q.PageSize)
	if err != nil {
		return p, err
	}
	where := []string{"true"}
	var args []any
	for _, k := range slices.Sorted(maps.Keys(q.Filter)) {
		v := q.Filter[k]
		if v == "" {
			continue
		}
		if !slices.Contains(c.columns, k) {
			return p, errFilter.WithViolations(fault.Violation{Field: k, Code: "unknown_filter", Msg: "可用的筛选条件：" + strings.Join(c.columns, "、"), MsgEN: "filters: " + strings.Join(c.columns, ", ")})
		}
		args = append(args, v)
		where = append(where, fmt.Sprintf("%s::text = $%d", pgx.Identifier{k}.Sanitize(), len(args)))
	}
	if q.PageToken != "" {
		at, id, err := parsePageToken(q.PageToken)
		if err != nil {
			return p, err
		}
		args = append(args, at, id)
		where = append(where, fmt.Sprintf("(created_at, id) < ($%d, $%d)", len(args)-1, len(args)))
	}
	p.Items = []T{}
	err = c.s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var raw []byte
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			var t T
			if err := document.Read(raw, &t); err != nil {
				return err
			}
			p.Items = append(p.Items, t)
		}
		return rows.Err()
	}, fmt.Sprintf("SELECT body FROM %s WHERE %s ORDER BY created_at DESC, id DESC LIMIT %d", c.ident, strings.Join(where, " AND "), size+1), args...)
	if len(p.Items) > size {
		p.Items = p.Items[:size]
		last := P(&p.Items[size-1]).Base()
		p.NextPageToken = pageToken(last.CreatedAt, last.ID)
	}
	return p, err
}
