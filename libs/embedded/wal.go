package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// LayOutWAL makes as many files of the write-ahead log as the server keeps
// (min_wal_size). A server that has been written to for a while has them: each
// checkpoint gives those that are not needed any more a new name. A new server
// makes one whenever the last is full, and every commit of it waits meanwhile,
// for 50 to 200 ms on a slow disk.
//
// See https://www.postgresql.org/docs/15/wal-configuration.html.
func (p *Postgres) LayOutWAL(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, p.SuperuserURL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var files int
	if err := conn.QueryRow(ctx, "SELECT pg_size_bytes(current_setting('min_wal_size')) / pg_size_bytes(current_setting('wal_segment_size'))").Scan(&files); err != nil {
		return err
	}
	for range files {
		// A commit that has a number to note begins the file that is switched to.
		if _, err := conn.Exec(ctx, "SELECT pg_current_xact_id(), pg_switch_wal()"); err != nil {
			return fmt.Errorf("lay out the write-ahead log: %w", err)
		}
	}
	_, err = conn.Exec(ctx, "CHECKPOINT")
	return err
}
