package module

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/authn"
	"egov/libs/module"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/auditcase"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/redflag"
)

// flagEvery is how often the ledger is looked at for red flags. A step is followed
// by flagRest times as long without one, and units whose projects change again and
// again wait for flagPatience: nobody waits for flags, and what people wait for
// runs on the same processors and the same server.
const (
	flagEvery    = 2 * time.Second
	flagRest     = 3
	flagPatience = time.Minute
)

// suspect puts together the watch for red flags, and the cases opened from them.
func suspect(k *module.Kit, s *auditexport.Service) {
	flags := pgstore.Flags(k.Store)
	kept := pgstore.NewSuspicions(k.Store, flags)
	s.Flags = redflag.Service{Flags: kept, Note: s.NoteReading}
	s.Cases = auditcase.Service{
		Cases: pgstore.Cases(k.Store), Flags: flags, InTx: k.Store.InTx, Rules: k.Rules, District: k.Config.District,
		Attachments: k.Attachments, Sign: k.Sign, Self: k.Self, NewID: store.NewID,
	}
	k.Unit.Loop("red flags", watching(k, kept, &redflag.Watch{
		Store: kept, Flags: flags, Rules: k.Rules, Clock: k.Clock, Self: k.Self, Patience: flagPatience,
		Tell: func(ctx context.Context, scope string, err error) {
			k.Log.ErrorContext(ctx, "a red-flag rule fails, its flags stay as they are", "scope", scope, "err", err)
		},
	}))
}

// watching keeps flags in step with the ledger. What fails is tried again with
// the next look; rows are made all the same.
func watching(k *module.Kit, kept *pgstore.Suspicions, w *redflag.Watch) func(context.Context) error {
	// stable: alerts use this name.
	behind := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_unexamined_rows", Help: "Rows of the ledger, and units with projects in them, that were not looked at for red flags yet."})
	k.Unit.Metrics.Register.MustRegister(behind)
	return func(ctx context.Context) error {
		ctx = authn.With(ctx, k.Self)
		t := time.NewTicker(flagEvery)
		defer t.Stop()
		for {
			began := time.Now()
			more, err := w.Step(ctx)
			if err != nil && ctx.Err() == nil {
				k.Log.WarnContext(ctx, "the ledger is not looked at for red flags now, tried again", "err", err)
			}
			if n, err := kept.Behind(ctx); err == nil {
				behind.Set(float64(n))
			}
			next := t.C
			if more && err == nil {
				next = time.After(flagRest * time.Since(began))
			}
			select {
			case <-ctx.Done():
				return nil
			case <-next:
			}
		}
	}
}
