// Package pgstore keeps the ledger in PostgreSQL. It appends in the consumer's
// transaction and reads in short queries: no reader, however slow, holds a
// snapshot or a connection between two pages.
package pgstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/ledger"
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

// Witnesses is the repository of the services that cosign.
func Witnesses(s *store.Store) *store.Collection[auditexport.Witness, *auditexport.Witness] {
	return store.NewCollection[auditexport.Witness, *auditexport.Witness](s, "witness")
}

// Announcements is the repository of what witnesses were asked to cosign.
func Announcements(s *store.Store) *store.Collection[auditexport.Announcement, *auditexport.Announcement] {
	return store.NewCollection[auditexport.Announcement, *auditexport.Announcement](s, "announcement")
}

// Exports is the repository of the bundles that were asked for.
func Exports(s *store.Store) *store.Collection[auditexport.Export, *auditexport.Export] {
	return store.NewCollection[auditexport.Export, *auditexport.Export](s, "export", "state")
}

// Book is the ledger. It is an auditexport.Book.
type Book struct {
	pool   *pgxpool.Pool
	origin string
	self   authn.Principal

	repeats atomic.Bool // the batch before had events that were known
	index   index
}

// NewBook opens the ledger of that origin; self appends to it.
func NewBook(pool *pgxpool.Pool, origin string, self authn.Principal) *Book {
	return &Book{pool: pool, origin: origin, self: self}
}

var _ auditexport.Book = (*Book)(nil)

// query runs one query under the scope of the context's principal, in one
// round trip.
func (b *Book) query(ctx context.Context, f func(pgx.Rows) error, sql string, args ...any) error {
	batch := &pgx.Batch{}
	pg.ScopeOf(authn.By(ctx)).Queue(batch)
	batch.Queue(sql, args...).Query(f)
	return pg.Fault(b.pool.SendBatch(ctx, batch).Close())
}

// scan reads the one row of an answer.
func scan(into ...any) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		if !rows.Next() {
			return errors.Join(rows.Err(), pgx.ErrNoRows)
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		rows.Close()
		return rows.Err()
	}
}

const headSQL = "SELECT size, chain, sm3_chain, edge FROM ledger_head"

// Head is where the ledger stands.
func (b *Book) Head(ctx context.Context) (ledger.Head, *ledger.Tree, error) {
	h, t, err := scanHead(b.pool.QueryRow(ctx, headSQL))
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Genesis(b.origin), &ledger.Tree{}, nil
	}
	return h, t, pg.Fault(err)
}

func scanHead(r pgx.Row) (h ledger.Head, t *ledger.Tree, err error) {
	var size int64
	var chain, sm3, edge []byte
	if err := r.Scan(&size, &chain, &sm3, &edge); err != nil {
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
		return ledger.ErrTree.With(fmt.Errorf("a stored hash has %d bytes", len(b)))
	}
	*h = ledger.Hash(b)
	return nil
}

// End is the seq of the last row.
func (b *Book) End(ctx context.Context) (uint64, error) {
	var end int64
	err := b.query(ctx, scan(&end), "SELECT coalesce(max(seq), 0) FROM ledger_row")
	return uint64(end), err
}

// Nodes reads stored nodes of the tree.
func (b *Book) Nodes(ctx context.Context, level uint, begin, end uint64) (hashes []ledger.Hash, err error) {
	sql := "SELECT hash FROM ledger_node WHERE level = $3 AND idx >= $1 AND idx < $2 ORDER BY idx"
	args := []any{int64(begin), int64(end), int16(level)}
	if level == 0 {
		sql, args = "SELECT chain FROM ledger_row WHERE seq > $1 AND seq <= $2 ORDER BY seq", args[:2]
	}
	err = b.query(ctx, func(rows pgx.Rows) error {
		hashes = make([]ledger.Hash, 0, end-begin)
		for rows.Next() {
			var h ledger.Hash
			if err := toHash(rows.RawValues()[0], &h); err != nil {
				return err
			}
			hashes = append(hashes, h)
		}
		return rows.Err()
	}, sql, args...)
	return hashes, err
}

// filter writes f as a condition.
func filter(f auditexport.Filter) (where string, args []any) {
	conditions := []string{"seq > $1"}
	args = []any{f.After}
	add := func(clause string, v any) {
		args = append(args, v)
		conditions = append(conditions, fmt.Sprintf(clause, len(args)))
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
	if f.Last > 0 {
		add("seq <= $%d", f.Last)
	}
	return strings.Join(conditions, " AND "), args
}

// Span gives the first and last of the rows that f lets pass.
func (b *Book) Span(ctx context.Context, f auditexport.Filter) (first, last int64, err error) {
	where, args := filter(f)
	from := "ledger_row WHERE " + where
	if !f.From.IsZero() || !f.To.IsZero() {
		// The planner takes times to be spread evenly over the numbers, and would
		// read the ledger from its first row to find last week's.
		from = "(SELECT seq FROM ledger_row WHERE " + where + " OFFSET 0) found"
	}
	err = b.query(ctx, scan(&first, &last), "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM "+from, args...)
	return first, last, err
}

// Projects lists the submitted projects that have a row in a range.
func (b *Book) Projects(ctx context.Context, project string, first, last int64) (ids []string, err error) {
	err = b.query(ctx, func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, `SELECT subject FROM ledger_row s
	     WHERE type = 'egov.declaration.v1.ProjectSubmitted' AND seq <= $3 AND ($1 = '' OR subject = $1)
	       AND EXISTS (SELECT FROM ledger_row r WHERE r.subject = s.subject AND r.seq BETWEEN $2 AND $3)
	     GROUP BY subject ORDER BY min(seq)`, project, first, last)
	return ids, err
}

// Checkpoint gives a signed checkpoint.
func (b *Book) Checkpoint(ctx context.Context, size int64) (note []byte, err error) {
	err = b.pool.QueryRow(ctx, "SELECT note FROM ledger_checkpoint WHERE $1 = 0 OR size = $1 ORDER BY size DESC LIMIT 1", size).Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return note, pg.Fault(err)
}

// KeepCheckpoint stores a signed checkpoint.
func (b *Book) KeepCheckpoint(ctx context.Context, size int64, note []byte, at time.Time) error {
	_, err := b.pool.Exec(ctx, "INSERT INTO ledger_checkpoint (size, note, signed_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", size, note, at)
	return pg.Fault(err)
}

// Cosignatures gives the cosigned copies of a checkpoint.
func (b *Book) Cosignatures(ctx context.Context, size int64) ([][]byte, error) {
	rows, err := b.pool.Query(ctx, "SELECT note FROM ledger_cosignature WHERE size = $1 ORDER BY service", size)
	if err != nil {
		return nil, pg.Fault(err)
	}
	notes, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return notes, pg.Fault(err)
}

// KeepCosignature stores a cosigned copy of a checkpoint.
func (b *Book) KeepCosignature(ctx context.Context, size int64, service string, note []byte, at time.Time) error {
	_, err := b.pool.Exec(ctx, "INSERT INTO ledger_cosignature (size, service, note, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", size, service, note, at)
	return pg.Fault(err)
}

// Grown looks for a row that says something new.
func (b *Book) Grown(ctx context.Context, size int64) (grown bool, err error) {
	// The planner must not take the type's index: nearly every row has another.
	err = b.query(ctx, scan(&grown), `SELECT EXISTS (SELECT FROM (SELECT type FROM ledger_row WHERE seq > $1 ORDER BY seq OFFSET 0) r
		WHERE NOT starts_with(type, 'egov.ledger.v1.'))`, size)
	return grown, err
}
