package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"egov/libs/calendar"
)

// KeepHolidays keeps what was published about holidays; what is older than
// what is kept under the id is passed over.
func (s *Store) KeepHolidays(ctx context.Context, id string, version int64, o calendar.Override) error {
	return s.Exec(ctx, `INSERT INTO holiday_override AS h (id, version, body) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body WHERE h.version < excluded.version`, id, version, o)
}

// Holidays lists what is kept, and a mark that changes when it does.
func (s *Store) Holidays(ctx context.Context) (published []calendar.Override, mark string, err error) {
	var marks strings.Builder
	err = s.Read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			var id string
			var version int64
			var o calendar.Override
			if err := rows.Scan(&id, &version, &o); err != nil {
				return err
			}
			published = append(published, o)
			fmt.Fprintf(&marks, "%s %d\n", id, version)
		}
		return rows.Err()
	}, `SELECT id, version, body FROM holiday_override ORDER BY id`)
	return published, marks.String(), err
}
