// Package module puts the auditexport service together.
package module

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/conf"
	"egov/libs/event"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/httpapi"
	"egov/services/auditexport/pgstore"
)

// Name is the service's name: its database role, event source and target.
const Name = "auditexport"

// sources are all services that state facts; the ledger has them all, its own
// included.
var sources = []string{
	"identity", "declaration", "expertreview", "conference", "budgeting", "procurement",
	"cybersecurity", "cryptoassessment", "legalization", "dataresource", Name,
}

// checkpointEvery is how often a ledger that has grown is signed.
const checkpointEvery = 2 * time.Second

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "审计账本", Duty: auditexport.Bureau,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(_ context.Context, k *module.Kit) error {
			origin := k.Config.District + ".egov/ledger"
			ring, err := auditexport.OpenKeyring(k.Config.Keys.Dir, origin)
			if err != nil {
				return err
			}
			book := pgstore.NewBook(k.Pool, origin)
			s := &auditexport.Service{
				Book: book, Inquiries: pgstore.Inquiries(k.Store), Keyring: ring, Packs: k.Packs, Clock: k.Clock,
				Self: k.Self, Version: host.Version(), NewID: store.NewID,
			}
			// stable: subscription name
			k.Consume("auditexport.ledger", sources, event.Effects{Batch: book.Append})
			k.Unit.Loop("checkpoints", signing(k, s))
			httpapi.Mount(k.API, s)
			return nil
		},
	}, c)
}

// signing signs the ledger whenever it has grown, and shows for how long it has
// not been able to.
func signing(k *module.Kit, s *auditexport.Service) func(context.Context) error {
	// stable: alerts use these names.
	rows := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_signed_rows", Help: "Rows under the newest checkpoint."})
	last := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_checkpoint_timestamp_seconds", Help: "When the ledger was last found signed up to its end."})
	k.Unit.Metrics.Register.MustRegister(rows, last)
	return func(ctx context.Context) error {
		t := time.NewTicker(checkpointEvery)
		defer t.Stop()
		for {
			size, err := s.SignCheckpoint(ctx)
			switch {
			case err == nil:
				rows.Set(float64(size))
				last.SetToCurrentTime()
			case ctx.Err() == nil:
				k.Log.ErrorContext(ctx, "the ledger cannot be signed", "err", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-t.C:
			}
		}
	}
}
