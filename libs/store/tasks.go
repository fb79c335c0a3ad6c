package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/aggregate"
	"egov/libs/authn"
)

// Task is one thing that the caller can do now.
type Task struct {
	Service     string    `json:"service"`
	Collection  string    `json:"collection"`
	ID          string    `json:"id"` // of the aggregate
	ProjectID   string    `json:"project_id"`
	Unit        string    `json:"unit"`
	Action      string    `json:"action"`
	Title       string    `json:"title"`
	ProjectName string    `json:"project_title"`
	DueOn       string    `json:"due_on,omitempty"` // of the nearest open clock, YYYY-MM-DD
	Since       time.Time `json:"since"`
}

// Tasks lists what the context's principal can do now in this service, the
// longest waiting first, at most 500.
func (s *Store) Tasks(ctx context.Context) ([]Task, error) {
	by := authn.By(ctx)
	keys := []string{"@" + by.Subject}
	for _, r := range by.Roles {
		keys = append(keys, r+"@"+by.Unit)
	}
	s.mu.RLock()
	var selects []string
	for name := range s.collections {
		selects = append(selects, fmt.Sprintf(
			`SELECT '%s' AS collection, id, project_id, unit, updated_at, coalesce(body->>'title', '') AS title, body->'todo' AS todo,
			        coalesce((SELECT min(d->>'due_on') FROM jsonb_array_elements(body->'deadlines') d WHERE d->>'state' IN ('open', 'warned')), '') AS due
			   FROM %s WHERE todo && $1`, name, pgx.Identifier{name}.Sanitize()))
	}
	s.mu.RUnlock()
	tasks := []Task{}
	if len(selects) == 0 {
		return tasks, nil
	}
	slices.Sort(selects)
	err := s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			t := Task{Service: s.source}
			var todo []aggregate.Todo
			if err := rows.Scan(&t.Collection, &t.ID, &t.ProjectID, &t.Unit, &t.Since, &t.ProjectName, &todo, &t.DueOn); err != nil {
				return err
			}
			for _, x := range todo {
				if slices.Contains(keys, todoKey(x.Role, x.Unit, x.Account)) {
					one := t
					one.Action, one.Title = x.Action, x.Title
					tasks = append(tasks, one)
				}
			}
		}
		return rows.Err()
	}, strings.Join(selects, " UNION ALL ")+" ORDER BY updated_at, id LIMIT 500", keys)
	return tasks, err
}
