package pgstore

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/pg"
	"egov/services/auditexport"
)

// Workshop keeps the files of exports, finished and in the making. It is an
// auditexport.Workshop.
type Workshop struct {
	pool  *pgxpool.Pool
	quiet time.Duration
}

// NewWorkshop opens the workshop. A writer of whom nothing was heard for as long
// as quiet is taken for dead.
func NewWorkshop(pool *pgxpool.Pool, quiet time.Duration) *Workshop {
	return &Workshop{pool: pool, quiet: quiet}
}

var _ auditexport.Workshop = (*Workshop)(nil)

// within runs f in one transaction under the scope of the context's principal.
func (w *Workshop) within(ctx context.Context, f func(pgx.Tx) error) error {
	return pg.Fault(pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if err := pg.ScopeOf(authn.By(ctx)).Apply(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	}))
}

// one runs a statement that changes one row, or finds that the claim is lost.
func (w *Workshop) one(ctx context.Context, sql string, args ...any) error {
	return w.within(ctx, func(tx pgx.Tx) error { return changed(ctx, tx, sql, args...) })
}

func changed(ctx context.Context, tx pgx.Tx, sql string, args ...any) error {
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = auditexport.ErrClaimLost
	}
	return err
}

// RowsOf counts the rows about a project.
func (w *Workshop) RowsOf(ctx context.Context, project string, last int64) (n int64, err error) {
	err = w.within(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM ledger_row WHERE subject = $1 AND seq <= $2", project, last).Scan(&n)
	})
	return n, err
}

// Begin makes room for a file.
func (w *Workshop) Begin(ctx context.Context, id string, rows int64) error {
	return w.within(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO export_work (export_id, rows_total) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, rows)
		return err
	})
}

// Claim makes the caller the writer of a file, from its last point on.
func (w *Workshop) Claim(ctx context.Context, id string) (c auditexport.Claim, ok bool, err error) {
	err = w.within(ctx, func(tx pgx.Tx) error {
		c = auditexport.Claim{Export: id}
		err := tx.QueryRow(ctx, `UPDATE export_work SET claim = claim + 1, beat = clock_timestamp(), written = point_at
			WHERE export_id = $1 AND NOT held AND expires_at IS NULL AND (beat IS NULL OR beat < clock_timestamp() - $2::interval)
			RETURNING claim, point, point_at`, id, w.quiet).Scan(&c.Number, &c.Point, &c.At)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		ok = true
		_, err = tx.Exec(ctx, "DELETE FROM export_part WHERE export_id = $1 AND begin_at >= $2", id, c.At)
		return err
	})
	return c, ok, err
}

// Beat says that the writer lives.
func (w *Workshop) Beat(ctx context.Context, c auditexport.Claim) error {
	return w.one(ctx, "UPDATE export_work SET beat = clock_timestamp() WHERE export_id = $1 AND claim = $2", c.Export, c.Number)
}

// Append adds a part behind those that are there.
func (w *Workshop) Append(ctx context.Context, c auditexport.Claim, at int64, part []byte) error {
	return w.within(ctx, func(tx pgx.Tx) error {
		err := changed(ctx, tx, `UPDATE export_work SET written = written + $4, beat = clock_timestamp()
			WHERE export_id = $1 AND claim = $2 AND written = $3`, c.Export, c.Number, at, len(part))
		if err == nil {
			_, err = tx.Exec(ctx, "INSERT INTO export_part (export_id, begin_at, bytes) VALUES ($1, $2, $3)", c.Export, at, part)
		}
		return err
	})
}

// Mark keeps the point behind the last part.
func (w *Workshop) Mark(ctx context.Context, c auditexport.Claim, at int64, p auditexport.Point) error {
	return w.one(ctx, `UPDATE export_work SET point = $4, point_at = written, rows_done = $5, stage = $6, failures = 0, beat = clock_timestamp()
		WHERE export_id = $1 AND claim = $2 AND written = $3`, c.Export, c.Number, at, p.State, p.Rows, p.Stage)
}

// Clear forgets the point and all parts.
func (w *Workshop) Clear(ctx context.Context, c auditexport.Claim) error {
	return w.within(ctx, func(tx pgx.Tx) error {
		err := changed(ctx, tx, `UPDATE export_work SET point = NULL, point_at = 0, written = 0, rows_done = 0, stage = ''
			WHERE export_id = $1 AND claim = $2`, c.Export, c.Number)
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM export_part WHERE export_id = $1", c.Export)
		}
		return err
	})
}

// Release gives a claim up; failed says that it was for a failure. It answers
// how many there were since the last point.
func (w *Workshop) Release(ctx context.Context, c auditexport.Claim, failed bool) (failures int, err error) {
	err = w.within(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `UPDATE export_work SET beat = NULL, failures = failures + $3::int
			WHERE export_id = $1 AND claim = $2 RETURNING failures`, c.Export, c.Number, map[bool]int{true: 1}[failed]).Scan(&failures)
		if errors.Is(err, pgx.ErrNoRows) {
			return auditexport.ErrClaimLost
		}
		return err
	})
	return failures, err
}

// Finish says until when the file, which is whole, is kept.
func (w *Workshop) Finish(ctx context.Context, c auditexport.Claim, until time.Time) error {
	return w.one(ctx, "UPDATE export_work SET beat = NULL, expires_at = $3 WHERE export_id = $1 AND claim = $2", c.Export, c.Number, until)
}

// Hold keeps everybody from writing a file, or lets them go on.
func (w *Workshop) Hold(ctx context.Context, id string, held bool) error {
	return w.within(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE export_work SET held = $2, claim = claim + 1, beat = NULL WHERE export_id = $1`, id, held)
		return err
	})
}

// Remove removes a file and all that is known of its making.
func (w *Workshop) Remove(ctx context.Context, id string) error {
	return w.within(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM export_work WHERE export_id = $1", id)
		return err
	})
}

// Progress says how far a file has got; false where there is none.
func (w *Workshop) Progress(ctx context.Context, id string) (p auditexport.Progress, ok bool, err error) {
	err = w.within(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT rows_done, rows_total, written, stage, coalesce(beat > clock_timestamp() - $2::interval, false), claim, expires_at, held
			FROM export_work WHERE export_id = $1`, id, w.quiet).
			Scan(&p.RowsDone, &p.RowsTotal, &p.Bytes, &p.Stage, &p.Writing, &p.Claims, &p.ExpiresAt, &p.Held)
		ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return err
	})
	return p, ok, err
}

// Expired lists the files that are kept no longer.
func (w *Workshop) Expired(ctx context.Context, now time.Time) (ids []string, err error) {
	err = w.within(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT export_id FROM export_work WHERE expires_at <= $1
			OR EXISTS (SELECT FROM export e WHERE e.id = export_id AND e.state IN ('cancelled', 'broken_off', 'expired'))
			ORDER BY expires_at LIMIT 100`, now)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return ids, err
}

// Read reads a file from byte from on, part by part: no reader, however slow,
// holds a connection between two parts.
func (w *Workshop) Read(ctx context.Context, id string, from int64) io.ReadCloser {
	return &parts{ctx: ctx, in: w, id: id, at: from}
}

// parts is a file being read.
type parts struct {
	ctx  context.Context // of one reading
	in   *Workshop
	id   string
	at   int64
	part []byte
}

func (p *parts) Read(b []byte) (int, error) {
	if len(p.part) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.part)
	p.part, p.at = p.part[n:], p.at+int64(n)
	return n, nil
}

// next fetches the part in which the next byte lies.
func (p *parts) next() error {
	var begin int64
	err := p.in.within(p.ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(p.ctx, `SELECT begin_at, bytes FROM export_part WHERE export_id = $1 AND begin_at <= $2
			ORDER BY begin_at DESC LIMIT 1`, p.id, p.at).Scan(&begin, &p.part)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows): // removed meanwhile: what was read is not the whole file
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case p.at-begin >= int64(len(p.part)):
		p.part = nil
		return io.EOF
	}
	p.part = p.part[p.at-begin:]
	return nil
}

func (p *parts) Close() error {
	p.at, p.part = 0, nil
	return nil
}
