// Package module puts the auditexport service together.
package module

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/authn"
	"egov/libs/conf"
	"egov/libs/event"
	"egov/libs/host"
	"egov/libs/ledger"
	"egov/libs/module"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/httpapi"
	"egov/services/auditexport/keyring"
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

// How often a ledger that has grown is signed, and how often witnesses are asked
// to cosign it.
const (
	checkpointEvery = 2 * time.Second
	announceEvery   = time.Minute
)

// New makes the service.
func New(c conf.Service) host.Service {
	return module.New(module.Module{
		Name: Name, Title: "审计账本", Duty: auditexport.Bureau,
		Migrations: []pg.Set{pgstore.Migrations()},
		Setup: func(ctx context.Context, k *module.Kit) error {
			origin := k.Config.District + ".egov/ledger"
			ring, anchor, err := openKeys(k.Config.Keys, origin)
			if err != nil {
				return err
			}
			life, end := context.WithCancel(context.Background())
			k.Unit.OnStop(func(context.Context) error { end(); return nil }) // before the pool waits for its connections
			book := pgstore.NewBook(k.Pool, origin, k.Self)
			s := &auditexport.Service{
				Witnesses: pgstore.Witnesses(k.Store), Announcements: pgstore.Announcements(k.Store),
				Windows: auditexport.Windows{Signing: k.Config.Keys.SignWithin, Cosigning: k.Config.Keys.CosignWithin},
				Book:    book, Inquiries: pgstore.Inquiries(k.Store), Exports: pgstore.Exports(k.Store), Keyring: ring, Anchor: anchor, Producers: k.EventKeys(),
				Packs: k.Rules.Packs, Clock: k.Clock, Self: k.Self, Version: host.Version(), NewID: store.NewID, Life: life,
				Patience: k.Config.Limits.Timeout / 3,
			}
			if err := exporting(ctx, k, s); err != nil {
				return err
			}
			// stable: subscription name
			k.Consume("auditexport.ledger", sources, event.Effects{Batch: appending(k, s, book), Most: pgstore.AppendMost})
			k.Unit.Loop("checkpoints", signing(k, s))
			suspect(k, s)
			k.Unit.Loop("search", indexing(k, book))
			httpapi.Mount(k.API, s)
			return nil
		},
	}, c)
}

// openKeys opens the ledger's keys, after a change when it is time for one, and the
// newest checkpoint that they signed.
func openKeys(c conf.Keys, origin string) (*auditexport.Keyring, *keyring.Anchor, error) {
	ring, err := keyring.Open(c.Dir, origin)
	if err != nil {
		return nil, nil, err
	}
	anchor, err := keyring.OpenAnchor(c.Dir, ring.Trust)
	if err != nil {
		return nil, nil, err
	}
	if err := keyring.Turn(c.Dir, origin, keyring.Terms{Life: c.CheckpointLife, Overlap: c.CheckpointOverlap}, anchor.Newest().Size, time.Now()); err != nil {
		return nil, nil, err
	}
	ring, err = keyring.Open(c.Dir, origin)
	return ring, anchor, err
}

// signing signs the ledger whenever it has grown, and shows for how long it has
// not been able to. What it finds wrong is told again with every look, until
// somebody sees to it.
func signing(k *module.Kit, s *auditexport.Service) func(context.Context) error {
	// stable: alerts use these names.
	rows := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_signed_rows", Help: "Rows under the newest checkpoint."})
	last := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_checkpoint_timestamp_seconds", Help: "When the ledger was last found signed up to its end."})
	broken := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_broken", Help: "1 while the ledger does not continue its newest checkpoint and is not signed."})
	k.Unit.Metrics.Register.MustRegister(rows, last, broken)
	witnesses := newAnnouncing(k, s)
	return func(ctx context.Context) error {
		ctx = authn.With(ctx, k.Self)
		t := time.NewTicker(checkpointEvery)
		defer t.Stop()
		for {
			size, err := s.SignCheckpoint(ctx)
			finding, found := errors.AsType[*ledger.Finding](err)
			switch {
			case err == nil:
				rows.Set(float64(size))
				last.SetToCurrentTime()
				broken.Set(0)
			case found:
				broken.Set(1)
				k.Log.ErrorContext(ctx, "the ledger does not continue what was signed", "code", finding.Code, "err", err)
			case ctx.Err() == nil:
				k.Log.WarnContext(ctx, "the ledger is not signed now, tried again", "err", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case now := <-t.C:
				witnesses.look(ctx, now)
			}
		}
	}
}
