package chaos

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"egov/libs/ledger"
	"egov/services/suite"
	"egov/services/suite/stack"
)

// look reads the world. The consumers' side is read first: an effect that is
// seen then has its cause in what is read after.
func look(ctx context.Context, s *stack.Stack) (w world, err error) {
	w.dossier, w.evaluations, w.dockets = map[dossierKey][]byte{}, map[string]int{}, map[string]int{}
	for _, part := range []struct {
		database string
		read     func(context.Context, *pgx.Conn) error
	}{
		{"auditexport", w.readLedger},
		{"declaration", w.readDossier},
		{"expertreview", counts(w.evaluations, "SELECT project_id, (body->>'round')::int FROM evaluation")},
		{"conference", counts(w.dockets, "SELECT project_id, version FROM docket")},
	} {
		if err := within(ctx, s, part.database, part.read); err != nil {
			return w, err
		}
	}
	for _, name := range suite.Databases() {
		if err := within(ctx, s, name, func(ctx context.Context, c *pgx.Conn) error {
			if name == "declaration" { // projects and facts from one snapshot
				return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
					if err := w.readProjects(ctx, tx); err != nil {
						return err
					}
					return w.readEvents(ctx, tx, name)
				})
			}
			return w.readEvents(ctx, c, name)
		}); err != nil {
			return w, err
		}
	}
	return w, nil
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// within opens one database for f, past all row-level security.
func within(ctx context.Context, s *stack.Stack, database string, f func(context.Context, *pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, s.Postgres.SuperuserURL(database))
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	if err := f(ctx, c); err != nil {
		return fmt.Errorf("%s: %w", database, err)
	}
	return nil
}

func (w *world) readLedger(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, "SELECT event_id::text, raw FROM ledger_row ORDER BY seq")
	if err != nil {
		return err
	}
	var id string
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &raw}, func() error {
		e, err := ledger.Parse(raw)
		if err != nil {
			return err
		}
		if e.ID != id {
			return fmt.Errorf("a row filed as %s is about %s", id, e.ID)
		}
		w.ledger = append(w.ledger, ledgerRow{id, append([]byte(nil), e.Data...)})
		return nil
	})
	return err
}

func (w *world) readDossier(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, "SELECT project_id, service, seq, data::text FROM dossier_fact")
	if err != nil {
		return err
	}
	var k dossierKey
	var data string
	_, err = pgx.ForEachRow(rows, []any{&k.project, &k.service, &k.seq, &data}, func() error {
		w.dossier[k] = []byte(data)
		return nil
	})
	return err
}

func (w *world) readProjects(ctx context.Context, q querier) error {
	rows, err := q.Query(ctx, "SELECT id, body->>'title', stage FROM project")
	if err != nil {
		return err
	}
	var p project
	_, err = pgx.ForEachRow(rows, []any{&p.id, &p.title, &p.stage}, func() error {
		w.projects = append(w.projects, p)
		return nil
	})
	return err
}

func (w *world) readEvents(ctx context.Context, q querier, service string) error {
	rows, err := q.Query(ctx, "SELECT event_id::text, type, subject, seq, data FROM event_outbox")
	if err != nil {
		return err
	}
	f := fact{service: service}
	if _, err = pgx.ForEachRow(rows, []any{&f.id, &f.typ, &f.subject, &f.seq, &f.data}, func() error {
		copied := f
		copied.data = append([]byte(nil), f.data...)
		w.outbox = append(w.outbox, copied)
		return nil
	}); err != nil {
		return err
	}
	rows, err = q.Query(ctx, "SELECT s.consumer, h.state, h.event_id, h.error FROM event_held h JOIN event_subscription s ON s.id = h.subscription")
	if err != nil {
		return err
	}
	h := held{service: service}
	if _, err = pgx.ForEachRow(rows, []any{&h.consumer, &h.state, &h.id, &h.reason}, func() error {
		w.held = append(w.held, h)
		return nil
	}); err != nil {
		return err
	}
	var n int
	err = q.QueryRow(ctx, "SELECT count(*) FROM event_lost").Scan(&n)
	w.passedOver += n
	return err
}

// counts reads a number for each project.
func counts(into map[string]int, sql string) func(context.Context, *pgx.Conn) error {
	return func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, sql)
		if err != nil {
			return err
		}
		var id string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error {
			into[id] += n
			return nil
		})
		return err
	}
}
