package effectbench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/suite"
)

// between is the pause between two looks at the ledger. An effect counts from
// when it was seen, so that the figure holds up to a pause more than the truth;
// looking every millisecond cost the machine that is measured a tenth of a core.
const between = 4 * time.Millisecond

// row is what is read of one of the ledger's.
type row struct {
	seq          int64
	typ, subject string
}

// awaited are submissions whose facts have no row yet, by project.
type awaited map[string]*submission

func expect(all []submission) awaited {
	w := awaited{}
	for i := range all {
		w[all[i].project] = &all[i]
	}
	return w
}

// submitted is the type of the fact that is waited for.
var submitted = string((&declarationv1.ProjectSubmitted{}).ProtoReflect().Descriptor().FullName())

// take notes that r was seen. A second row of one submission and a row of one
// that was not sent here are errors.
func (w awaited) take(r row, seen time.Time) error {
	if r.typ != submitted {
		return nil
	}
	s := w[r.subject]
	if s == nil {
		return fmt.Errorf("row %d of the ledger: the submission of %s is not waited for, or not any more", r.seq, r.subject)
	}
	s.effective = seen
	delete(w, r.subject)
	return nil
}

// ledger is a session that reads the ledger as it grows.
type ledger struct {
	conn *pgx.Conn
	last int64 // row that was read
}

// open begins behind the rows that are there.
func (b *Bench) open(ctx context.Context) (*ledger, error) {
	conn, err := pgx.Connect(ctx, b.stack.Postgres.SuperuserURL("auditexport"))
	if err != nil {
		return nil, err
	}
	l := &ledger{conn: conn}
	return l, conn.QueryRow(ctx, "SELECT coalesce(max(seq), 0) FROM ledger_row").Scan(&l.last)
}

func (l *ledger) close(ctx context.Context) { _ = l.conn.Close(ctx) } // it is only ever read from

// watch looks until nothing is awaited any more.
func (l *ledger) watch(ctx context.Context, w awaited) error {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for len(w) > 0 {
		rows, err := l.news(ctx)
		seen := time.Now()
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.take(r, seen); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d submissions have no row in the ledger: %w", len(w), ctx.Err())
		}
	}
	return nil
}

// news reads the rows behind the last. Numbers have no gaps and become visible
// in their order, so that none is passed over.
func (l *ledger) news(ctx context.Context) ([]row, error) {
	rows, err := l.conn.Query(ctx, "SELECT seq, type, subject FROM ledger_row WHERE seq > $1 ORDER BY seq", l.last)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (row row, err error) {
		err = r.Scan(&row.seq, &row.typ, &row.subject)
		return row, err
	})
	if err == nil && len(list) > 0 {
		l.last = list[len(list)-1].seq
	}
	return list, err
}

// settle waits until every fact of every service has its row.
func (b *Bench) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		facts := 0
		for _, name := range suite.Databases() {
			n, err := b.count(ctx, name, "event_outbox")
			if err != nil {
				return err
			}
			facts += n
		}
		rows, err := b.count(ctx, "auditexport", "ledger_row")
		if err != nil || rows == facts {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the services stated %d facts and the ledger has %d rows: %w", facts, rows, ctx.Err())
		}
	}
}

func (b *Bench) count(ctx context.Context, database, table string) (n int, err error) {
	conn, err := pgx.Connect(ctx, b.stack.Postgres.SuperuserURL(database))
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // the statement has had its answer
	err = conn.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()).Scan(&n)
	return n, err
}
