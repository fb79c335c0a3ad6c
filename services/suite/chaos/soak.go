package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/services/suite"
)

const (
	soakTime    = 5 * time.Minute // unless the run asks for another
	soakPart    = time.Minute     // the first and the last of which are compared
	soakFloor   = 0.9
	exportEvery = 15 * time.Second
)

// soak keeps the load up for long, and all the while a snapshot of every
// database, as a backup takes one, and an auditor who reads the ledger and has
// bundles made: nothing may become slower the longer it lasts.
func soak(ctx context.Context, t *trial) error {
	length := t.soaking
	if length == 0 {
		length = soakTime
	}
	if length < 3*soakPart {
		return fmt.Errorf("soak takes %s at least", 3*soakPart)
	}
	pinned, release := context.WithCancel(ctx)
	var pins sync.WaitGroup
	taken := make(chan error, len(suite.Databases()))
	for _, name := range suite.Databases() {
		pins.Go(func() { t.pin(pinned, name, taken) })
	}
	var err error
	for range suite.Databases() {
		err = errors.Join(err, <-taken)
	}
	began := time.Now()
	var auditing sync.WaitGroup
	exports := 0
	auditing.Go(func() { exports = t.export(pinned) })
	err = errors.Join(err, pause(ctx, soakPart))
	first := t.rateSince(began)
	err = errors.Join(err, pause(ctx, length-2*soakPart))
	late := time.Now()
	err = errors.Join(err, pause(ctx, soakPart))
	last := t.rateSince(late)
	release()
	auditing.Wait()
	pins.Wait()
	t.notes("%s under one snapshot and %d bundles: %.1f commands a second in the first minute, %.1f in the last", length, exports, first, last)
	if last < soakFloor*first {
		t.broken("the last minute had %.2f of the rate of the first, promised are %.2f", last/first, soakFloor)
	}
	if exports == 0 {
		t.broken("no bundle was made")
	}
	return err
}

// pin takes a snapshot of a database, says so, and holds it until ctx ends.
func (t *trial) pin(ctx context.Context, database string, taken chan<- error) {
	held, said := context.WithoutCancel(ctx), false
	err := within(held, t.Stack, database, func(_ context.Context, c *pgx.Conn) error {
		return pgx.BeginTxFunc(held, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			var snapshot string
			if err := tx.QueryRow(held, "SELECT pg_export_snapshot()").Scan(&snapshot); err != nil {
				return err
			}
			taken <- nil
			said = true
			<-ctx.Done()
			return nil
		})
	})
	switch {
	case !said:
		taken <- err
	case err != nil:
		t.journal.found(finding{kind: refused, what: fmt.Sprintf("the snapshot of %s: %v", database, err)})
	}
}

// export has a bundle made and reads the whole ledger, again and again until ctx
// ends, and gives the number of bundles.
func (t *trial) export(ctx context.Context) (made int) {
	for {
		err := t.exportOnce(context.WithoutCancel(ctx))
		if err != nil {
			t.journal.found(finding{kind: refused, what: "an export: " + err.Error()})
			return made
		}
		made++
		if pause(ctx, exportEvery) != nil {
			return made
		}
	}
}

func (t *trial) exportOnce(ctx context.Context) error {
	id, err := t.load.askExport(ctx)
	if err != nil {
		return err
	}
	if _, err := t.load.exportIsMade(ctx, id); err != nil {
		return err
	}
	return t.load.streamLedger(ctx, 0, nil)
}
