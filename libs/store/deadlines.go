package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
)

// Subject names an aggregate.
type Subject struct {
	Collection string `json:"collection"`
	ID         string `json:"id"`
}

// duePage bounds how many subjects are held at a time.
const duePage = 500

// isDue holds for a running clock that is to be looked at on the day $1 under
// the calendar $2.
const isDue = `state IN ('open', 'warned') AND (due_on < $1 OR state = 'open' AND warn_on <= $1 OR calendar <> '' AND calendar <> $2)`

// AnyDue reports whether EachDue would find anything.
func (s *Store) AnyDue(ctx context.Context) (found bool, err error) {
	err = s.Read(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[bool])
		return err
	}, `SELECT EXISTS (SELECT FROM deadline WHERE `+isDue+`)`, calendar.Today(s.clock).String(), s.cal.Current().Fingerprint())
	return found, err
}

// CountDeadlines counts the clocks that are not done with, by state: open,
// warned and paused ones, and late ones whose act has not come.
func (s *Store) CountDeadlines(ctx context.Context) (map[aggregate.DeadlineState]int64, error) {
	type count struct {
		State aggregate.DeadlineState
		N     int64
	}
	var counts []count
	err := s.Read(ctx, func(rows pgx.Rows) (err error) {
		counts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[count])
		return err
	}, `SELECT state, count(*) FROM deadline WHERE state IN ('open', 'warned', 'paused') OR state = 'late' AND met_on IS NULL GROUP BY state`)
	by := map[aggregate.DeadlineState]int64{aggregate.Open: 0, aggregate.Warned: 0, aggregate.Paused: 0, aggregate.Late: 0}
	for _, c := range counts {
		by[c.State] = c.N
	}
	return by, err
}

// EachDue calls f with the aggregates that have a clock to look at by today:
// one that is near its due day and not warned of, one that is past it, one that
// was counted by another calendar than the one in force. It reads them page by
// page and stops at f's error.
func (s *Store) EachDue(ctx context.Context, f func(context.Context, []Subject) error) error {
	today, calendar := calendar.Today(s.clock).String(), s.cal.Current().Fingerprint()
	var after Subject
	for {
		var page []Subject
		err := s.Read(ctx, func(rows pgx.Rows) (err error) {
			page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Subject])
			return err
		}, `SELECT DISTINCT collection, aggregate_id FROM deadline
		     WHERE `+isDue+` AND (collection, aggregate_id) > ($3, $4)
		     ORDER BY 1, 2 LIMIT $5`, today, calendar, after.Collection, after.ID, duePage)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := f(ctx, page); err != nil {
			return err
		}
		if after = page[len(page)-1]; len(page) < duePage {
			return nil
		}
	}
}

// Tick lets one aggregate look at its clocks; one that is gone has none.
func (s *Store) Tick(ctx context.Context, x Subject) error {
	s.mu.RLock()
	c := s.collections[x.Collection]
	s.mu.RUnlock()
	if c == nil {
		return fmt.Errorf("a deadline of %s belongs to no collection of this service: %s", x.ID, x.Collection)
	}
	if err := c.tick(ctx, x.ID); !fault.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

// ForgetCommands deletes the answers kept for repeated requests, a day after
// they were given.
func (s *Store) ForgetCommands(ctx context.Context) error {
	return s.Exec(ctx, `DELETE FROM idempotency WHERE created_at < now() - interval '24 hours'`)
}

func (c *Collection[T, P]) tick(ctx context.Context, id string) error {
	_, err := c.Update(ctx, id, func(t *T, rec *aggregate.Recorder) error {
		return aggregate.Sweep[T, P](t, rec, c.s.cal.Current())
	})
	return err
}

// saveDeadlines writes the clocks that changed, and all of them when others may
// see them now.
func saveDeadlines(b *pgx.Batch, table string, root *aggregate.Root, old []aggregate.Deadline, parties []string) {
	shared := !slices.Equal(parties, root.Parties)
	for _, d := range root.Deadlines {
		if i := slices.IndexFunc(old, func(o aggregate.Deadline) bool { return o.ID == d.ID }); i >= 0 && !shared && sameDeadline(old[i], d) {
			continue
		}
		paused := ""
		if since := d.PausedSince(); !since.IsZero() {
			paused = since.String()
		}
		b.Queue(`INSERT INTO deadline (id, collection, aggregate_id, project_id, obligation, unit, parties, trigger_on, due_on, warn_on, state, met_on, moved_from, provisional, basis, calendar, paused_since)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,nullif($12,'')::date,nullif($13,'')::date,$14,$15,$16,nullif($17,'')::date)
			ON CONFLICT (id) DO UPDATE SET parties=excluded.parties, trigger_on=excluded.trigger_on, due_on=excluded.due_on, warn_on=excluded.warn_on,
				state=excluded.state, met_on=excluded.met_on, moved_from=excluded.moved_from, provisional=excluded.provisional,
				calendar=excluded.calendar, paused_since=excluded.paused_since`,
			d.ID, table, root.ID, root.ProjectID, d.Obligation, d.Unit, root.Parties, d.TriggerOn.String(), d.DueOn.String(), d.WarnOn.String(),
			string(d.State), d.MetOn, d.MovedFrom, d.Provisional, append([]string{}, d.Basis...), d.Calendar, paused)
	}
}

// sameDeadline compares what the table shows of a clock.
func sameDeadline(a, b aggregate.Deadline) bool {
	return a.State == b.State && a.TriggerOn == b.TriggerOn && a.DueOn == b.DueOn && a.WarnOn == b.WarnOn && a.MetOn == b.MetOn &&
		a.MovedFrom == b.MovedFrom && a.Provisional == b.Provisional && a.Calendar == b.Calendar && a.PausedSince() == b.PausedSince()
}

// DeadlineRow is one clock as lists show it.
type DeadlineRow struct {
	ID          string        `json:"id"`
	ProjectID   string        `json:"project_id"`
	Obligation  string        `json:"obligation"`
	Unit        string        `json:"unit"`
	TriggerOn   calendar.Date `json:"trigger_on"`
	DueOn       calendar.Date `json:"due_on"`
	State       string        `json:"state"`
	MetOn       string        `json:"met_on,omitempty"`
	MovedFrom   string        `json:"moved_from,omitempty"`
	PausedSince string        `json:"paused_since,omitempty"`
	Provisional bool          `json:"provisional"`
	Basis       []string      `json:"basis"`
}

// Deadlines lists the clocks the caller may see, those due first on top; an
// empty project or list of states, separated by commas, means all. At most
// 1,000.
func (s *Store) Deadlines(ctx context.Context, project, states string) ([]DeadlineRow, error) {
	out := []DeadlineRow{}
	err := s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var d DeadlineRow
			if err := rows.Scan(&d.ID, &d.ProjectID, &d.Obligation, &d.Unit, &d.TriggerOn, &d.DueOn, &d.State, &d.MetOn, &d.MovedFrom, &d.PausedSince, &d.Provisional, &d.Basis); err != nil {
				return err
			}
			out = append(out, d)
		}
		return rows.Err()
	}, `SELECT id, project_id, obligation, unit, trigger_on, due_on, state, coalesce(met_on::text,''), coalesce(moved_from::text,''), coalesce(paused_since::text,''), provisional, basis
	      FROM deadline WHERE ($1 = '' OR project_id = $1) AND ($2 = '' OR state = ANY(string_to_array($2, ','))) ORDER BY due_on, id LIMIT 1000`, project, states)
	return out, err
}
