package module

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/event"
	"egov/libs/module"
	"egov/services/auditexport"
	"egov/services/auditexport/eventapi"
	"egov/services/auditexport/pgstore"
)

// appending makes rows of a batch's events and hears what witnesses say among
// them.
func appending(k *module.Kit, s *auditexport.Service, book *pgstore.Book) func(context.Context, pgx.Tx, []event.Record) error {
	// stable: alerts use this name.
	alarms := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "egov_ledger_witness_alarms_total", Help: "Answers of witnesses that refuse a checkpoint or are no good, by the witness's service and code.",
	}, []string{"witness", "code"})
	k.Unit.Metrics.Register.MustRegister(alarms)
	hear := k.Store.Handler(k.Self, func(ctx context.Context, e event.Record) error {
		a, err := eventapi.Hear(ctx, s, e)
		if a != nil && err == nil {
			alarms.WithLabelValues(a.Service, a.Code).Inc()
			k.Log.ErrorContext(ctx, "a witness does not cosign the ledger", "service", a.Service, "unit", a.Unit, "code", a.Code, "detail", a.Detail, "size", a.Size)
		}
		return err
	})
	return func(ctx context.Context, tx pgx.Tx, events []event.Record) error {
		if err := book.Append(ctx, tx, events); err != nil {
			return err
		}
		for i := range events {
			if eventapi.IsWitnessing(&events[i]) {
				if err := hear(ctx, tx, events[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// announcing asks the witnesses to cosign a ledger that has grown, and shows how
// far they follow and whether something is overdue.
type announcing struct {
	kit     *module.Kit
	service *auditexport.Service
	next    time.Time // on the clock of the process, not of the cases

	cosigned prometheus.Gauge
	late     *prometheus.GaugeVec
	notices  atomic.Pointer[[]string] // what is overdue, for /status
}

func newAnnouncing(k *module.Kit, s *auditexport.Service) *announcing {
	a := &announcing{
		kit: k, service: s,
		// stable: alerts use these names.
		cosigned: prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_cosigned_rows", Help: "Rows under the newest checkpoint that a witness cosigned."}),
		late:     prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "egov_ledger_late", Help: "1 while signing or cosigning the ledger is overdue."}, []string{"what"}),
	}
	k.Unit.Metrics.Register.MustRegister(a.cosigned, a.late)
	k.Unit.Notice(func() []string {
		if late := a.notices.Load(); late != nil {
			return *late
		}
		return nil
	})
	return a
}

// look is called as often as the ledger is signed.
func (a *announcing) look(ctx context.Context, now time.Time) {
	if !now.Before(a.next) {
		announced, err := a.service.Announce(ctx, false)
		if announced {
			a.next = now.Add(announceEvery)
		}
		if err != nil && ctx.Err() == nil {
			a.kit.Log.WarnContext(ctx, "the witnesses are not asked now, tried again", "err", err)
		}
	}
	cosigned, late, err := a.service.Progress(ctx)
	if err != nil {
		return // what cannot be read now is read at the next look
	}
	a.cosigned.Set(float64(cosigned))
	a.notices.Store(&late)
	for _, what := range []string{auditexport.LateSigning, auditexport.LateCosigning} {
		a.late.WithLabelValues(what).Set(0)
	}
	for _, what := range late {
		a.late.WithLabelValues(what).Set(1)
	}
}
