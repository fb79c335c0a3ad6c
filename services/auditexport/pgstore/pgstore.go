// Package pgstore keeps the ledger in PostgreSQL.
package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/auditexport"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the service's own schema.
func Migrations() pg.Set { return pg.Sub("auditexport", migrations, "migrations") }

// Inquiries is the repository of what auditors asked.
func Inquiries(s *store.Store) *store.Collection[auditexport.Inquiry, *auditexport.Inquiry] {
	return store.NewCollection[auditexport.Inquiry, *auditexport.Inquiry](s, "inquiry")
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Book is the ledger. It is an auditexport.Book.
type Book struct {
	pool   *pgxpool.Pool
	db     querier
	origin string
}

// NewBook opens the ledger of that origin.
func NewBook(pool *pgxpool.Pool, origin string) *Book { return &Book{pool, pool, origin} }

// Append makes rows of events, in the order given, in tx. The head's row lock
// serialises writers, once a batch; the batch is the sequencer.
func (b *Book) Append(ctx context.Context, tx pgx.Tx, events []event.Record) error {
	if _, err := tx.Exec(ctx, "INSERT INTO ledger_head (size, chain, sm3_chain, edge) SELECT 0, $1, $2, '' ON CONFLICT DO NOTHING", genesis(b.origin)...); err != nil {
		return err
	}
	head, tree, err := readHead(ctx, tx, " FOR UPDATE")
	if err != nil {
		return err
	}
	rows := make([][]any, 0, len(events))
	var nodes [][]any
	for _, e := range events {
		raw, err := ledger.AppendRaw(nil, ledger.Entry{
			ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, Unit: e.Unit, Actor: e.Actor,
			EventSeq: e.Seq, TraceParent: e.TraceParent, Data: e.Data,
		})
		if err != nil {
			return fmt.Errorf("%w: event %s: %w", event.ErrUndecodable, e.ID, err)
		}
		id, err := uuid.Parse(e.ID)
		if err != nil {
			return fmt.Errorf("%w: event %s: %w", event.ErrUndecodable, e.ID, err)
		}
		r := head.Append(raw)
		tree.Append(r.Chain, func(n ledger.Node) { nodes = append(nodes, []any{int16(n.Level), int64(n.Index), n.Hash[:]}) })
		rows = append(rows, []any{int64(r.Seq), r.Raw, r.SHA256[:], r.SM3[:], r.Chain[:], id, e.Source, e.Type, e.Subject, e.Unit, e.Actor, traceID(e.TraceParent), e.Time})
	}
	columns := []string{"seq", "raw", "sha256", "sm3", "chain", "event_id", "service", "type", "subject", "unit", "actor", "trace_id", "at"}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"ledger_row"}, columns, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	if len(nodes) > 0 {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"ledger_node"}, []string{"level", "idx", "hash"}, pgx.CopyFromRows(nodes)); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "UPDATE ledger_head SET size = $1, chain = $2, sm3_chain = $3, edge = $4", int64(head.Size), head.Chain[:], head.SM3Chain[:], join(tree.Edge()))
	return err
}

func genesis(origin string) []any {
	g := ledger.Genesis(origin)
	return []any{g.Chain[:], g.SM3Chain[:]}
}

// traceID is the second field of a W3C traceparent.
func traceID(parent string) string {
	if f := strings.Split(parent, "-"); len(f) == 4 {
		return f[1]
	}
	return ""
}

func join(hashes []ledger.Hash) []byte {
	b := make([]byte, 0, len(hashes)*ledger.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

func readHead(ctx context.Context, db querier, lock string) (h ledger.Head, t *ledger.Tree, err error) {
	var size int64
	var chain, sm3, edge []byte
	if err := db.QueryRow(ctx, "SELECT size, chain, sm3_chain, edge FROM ledger_head"+lock).Scan(&size, &chain, &sm3, &edge); err != nil {
		return h, nil, err
	}
	h.Size = uint64(size)
	if err := errors.Join(toHash(chain, &h.Chain), toHash(sm3, &h.SM3Chain)); err != nil {
		return h, nil, err
	}
	var hashes []ledger.Hash
	for len(edge) >= ledger.HashSize {
		hashes = append(hashes, ledger.Hash(edge[:ledger.HashSize]))
		edge = edge[ledger.HashSize:]
	}
	t, err = ledger.ResumeTree(h.Size, hashes)
	return h, t, err
}

func toHash(b []byte, h *ledger.Hash) error {
	if len(b) != ledger.HashSize {
		return fmt.Errorf("a stored hash has %d bytes", len(b))
	}
	*h = ledger.Hash(b)
	return nil
}

// Head is where the ledger stands.
func (b *Book) Head(ctx context.Context) (ledger.Head, *ledger.Tree, error) {
	h, t, err := readHead(ctx, b.db, "")
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Genesis(b.origin), &ledger.Tree{}, nil
	}
	return h, t, pg.Fault(err)
}

// Nodes reads stored nodes of the tree.
func (b *Book) Nodes(ctx context.Context, level uint, begin, end uint64) ([]ledger.Hash, error) {
	sql := "SELECT hash FROM ledger_node WHERE level = $3 AND idx >= $1 AND idx < $2 ORDER BY idx"
	args := []any{int64(begin), int64(end), int16(level)}
	if level == 0 {
		sql, args = "SELECT chain FROM ledger_row WHERE seq > $1 AND seq <= $2 ORDER BY seq", args[:2]
	}
	rows, err := b.db.Query(ctx, sql, args...)
	if err != nil {
		return nil, pg.Fault(err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (h ledger.Hash, err error) {
		var raw []byte
		if err := r.Scan(&raw); err != nil {
			return h, err
		}
		return h, toHash(raw, &h)
	})
}

// pageRows is how many rows one query of a stream reads.
const pageRows = 5000

// Rows streams rows in ascending order, in keyset pages.
func (b *Book) Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error] {
	return func(yield func(*ledger.Row, error) bool) {
		for next := from; next <= to; {
			rows, err := b.db.Query(ctx, `SELECT seq, raw, sha256, sm3, chain FROM ledger_row
				WHERE seq >= $1 AND seq <= $2 AND ($3 = '' OR subject = $3) ORDER BY seq LIMIT $4`, next, to, project, pageRows)
			if err != nil {
				yield(nil, pg.Fault(err))
				return
			}
			page, err := pgx.CollectRows(rows, scanRow)
			if err != nil {
				yield(nil, pg.Fault(err))
				return
			}
			for i := range page {
				if !yield(&page[i], nil) {
					return
				}
			}
			if len(page) < pageRows {
				return
			}
			next = int64(page[len(page)-1].Seq) + 1
		}
	}
}

func scanRow(r pgx.CollectableRow) (row ledger.Row, err error) {
	var seq int64
	var sha, sm3, chain []byte
	if err := r.Scan(&seq, &row.Raw, &sha, &sm3, &chain); err != nil {
		return row, err
	}
	row.Seq = uint64(seq)
	return row, errors.Join(toHash(sha, &row.SHA256), toHash(sm3, &row.SM3), toHash(chain, &row.Chain))
}

// Find answers a query.
func (b *Book) Find(ctx context.Context, f auditexport.Filter) ([]auditexport.Row, error) {
	where := []string{"seq > $1"}
	args := []any{f.After}
	add := func(clause string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(clause, len(args)))
	}
	for _, x := range []struct{ column, value string }{{"subject", f.Project}, {"unit", f.Unit}, {"actor", f.Actor}, {"type", f.Type}, {"trace_id", f.Trace}} {
		if x.value != "" {
			add(x.column+" = $%d", x.value)
		}
	}
	if !f.From.IsZero() {
		add("at >= $%d", f.From)
	}
	if !f.To.IsZero() {
		add("at < $%d", f.To)
	}
	rows, err := b.db.Query(ctx, fmt.Sprintf(`SELECT seq, event_id::text, service, type, subject, unit, actor, at, trace_id, convert_from(raw, 'UTF8'), encode(chain, 'hex')
		FROM ledger_row WHERE %s ORDER BY seq LIMIT %d`, strings.Join(where, " AND "), f.Limit), args...)
	if err != nil {
		return nil, pg.Fault(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[auditexport.Row])
	if out == nil {
		out = []auditexport.Row{}
	}
	return out, pg.Fault(err)
}

// Span gives the first and last row of a time.
func (b *Book) Span(ctx context.Context, from, to time.Time) (first, last int64, err error) {
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	err = b.db.QueryRow(ctx, "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM ledger_row WHERE at >= $1 AND at < $2", from, to).Scan(&first, &last)
	return first, last, pg.Fault(err)
}

// Checkpoint gives the newest signed checkpoint.
func (b *Book) Checkpoint(ctx context.Context) (note []byte, err error) {
	err = b.db.QueryRow(ctx, "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return note, pg.Fault(err)
}

// KeepCheckpoint stores a signed checkpoint.
func (b *Book) KeepCheckpoint(ctx context.Context, c checkpoint.Checkpoint, note []byte, at time.Time) error {
	_, err := b.pool.Exec(ctx, "INSERT INTO ledger_checkpoint (size, note, signed_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", int64(c.Size), note, at)
	return pg.Fault(err)
}

// Snapshot runs f on one state of the database.
func (b *Book) Snapshot(ctx context.Context, f func(auditexport.Book) error) error {
	return pgx.BeginTxFunc(ctx, b.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// A reader may be slow to take an export; the session's bound is for writers.
		if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = '30min'"); err != nil {
			return pg.Fault(err)
		}
		return f(&Book{pool: b.pool, db: tx, origin: b.origin})
	})
}
