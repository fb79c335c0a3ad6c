package module

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/module"
	"egov/services/auditexport/pgstore"
)

// indexEvery is how often the search projection follows the ledger. Searches
// take up what is behind it themselves, so that they never wait for this.
const indexEvery = 2 * time.Second

// indexing stores the search projection behind the ledger.
func indexing(k *module.Kit, book *pgstore.Book) func(context.Context) error {
	// stable: alerts use this name.
	rows := prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_ledger_indexed_rows", Help: "Rows that searches of the ledger know of."})
	k.Unit.Metrics.Register.MustRegister(rows)
	return func(ctx context.Context) error {
		t := time.NewTicker(indexEvery)
		defer t.Stop()
		for {
			indexed, err := book.Index(ctx)
			if err == nil {
				rows.Set(float64(indexed))
			} else if ctx.Err() == nil {
				k.Log.WarnContext(ctx, "the search projection does not follow the ledger now, tried again", "err", err)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-t.C:
			}
		}
	}
}
