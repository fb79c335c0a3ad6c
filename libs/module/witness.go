package module

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/witness"
	"egov/libs/op"
	"egov/libs/store"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
)

// keeper is the service that keeps the ledger; it does not witness itself.
const keeper = "auditexport"

// followLedger ends the name of the subscription by which a service witnesses
// the ledger, behind the service's own name. stable: it is a consumer group.
const followLedger = ".witness"

// watch is a service's part as a witness.
type watch struct {
	kit     *Kit
	keys    witness.Keys
	watches *store.Collection[witness.Watch, *witness.Watch]

	rows, refused prometheus.Gauge
}

// witness has the service cosign the ledger's checkpoints in its unit's name,
// with keys of its own beside its seal.
func (k *Kit) witness() error {
	if k.module.Name == keeper {
		return nil
	}
	keys, err := witness.OpenKeys(k.Config.Keys.Dir, k.module.Name, k.Config.District+".egov/witness/"+k.module.Name, k.Clock.Now)
	if err != nil {
		return err
	}
	w := &watch{
		kit: k, keys: keys, watches: store.NewCollection[witness.Watch, *witness.Watch](k.Store, witness.Table),
		// stable: alerts use these names.
		rows:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_witness_seen_rows", Help: "Rows under the ledger's checkpoint that this unit last found consistent."}),
		refused: prometheus.NewGauge(prometheus.GaugeOpts{Name: "egov_witness_refused", Help: "1 while the ledger's newest checkpoint contradicts what this unit saw before."}),
	}
	k.Unit.Metrics.Register.MustRegister(w.rows, w.refused)
	k.Unit.Loop("witness", w.recall)
	// The ledger states little, and answers are awaited.
	k.consume(k.module.Name+followLedger, []string{keeper}, k.effects([]Reaction{React(w.onCheckpointSigned)}), event.ConsumerOptions{
		Upkeep: 10 * time.Second, Reconcile: 5 * time.Minute,
	})
	k.Unit.Mux.HandleFunc("GET /v1/witness", w.serve)
	return nil
}

// recall shows what was found before this start.
func (w *watch) recall(ctx context.Context) error {
	last, err := w.last(ctx)
	if err != nil {
		w.kit.Log.WarnContext(ctx, "what was seen of the ledger is not read", "err", err)
	} else {
		w.show(&last)
	}
	<-ctx.Done()
	return nil
}

// last is what was last heard, zero when nothing was.
func (w *watch) last(ctx context.Context) (witness.Watch, error) {
	last, err := w.watches.Get(authn.With(ctx, w.kit.Self), witness.Subject)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return last, err
}

func (w *watch) show(x *witness.Watch) {
	w.rows.Set(float64(x.Seen.Size))
	w.refused.Set(0)
	if x.Last.Alarming() {
		w.refused.Set(1)
	}
}

func (w *watch) onCheckpointSigned(ctx context.Context, f *ledgerv1.CheckpointSigned, _ event.Record) error {
	x, err := w.watches.Upsert(ctx, witness.Subject, func(x *witness.Watch, rec *aggregate.Recorder) error {
		x.ProjectID = witness.Subject
		x.Own(w.kit.Self.Unit)
		return x.Hear(rec, f, w.keys)
	})
	if err != nil {
		return err
	}
	w.show(&x)
	if r := x.Last; r.Alarming() {
		w.kit.Log.ErrorContext(ctx, "the ledger contradicts what this unit saw of it, and is not cosigned",
			"code", r.Code, "detail", r.Detail, "size", r.Size, "seen", x.Seen.Size)
	}
	return nil
}

// Witnessed is the answer of GET /v1/witness: what a unit knows of the ledger,
// and the keys by which anyone can check its cosignatures.
type Witnessed struct {
	Unit   string           `json:"unit"`
	Keys   []string         `json:"keys"` // verifier keys
	Ledger checkpoint.Keys  `json:"ledger"`
	Seen   checkpoint.Seen  `json:"seen"`
	Note   string           `json:"note"`
	Last   *witness.Refusal `json:"refusal"`
}

var errNotRead = fault.New(fault.Unavailable, "witness_not_read", "见证记录暂时读不出来，请稍后重试", "what was seen of the ledger cannot be read now, try again later")

// serve publishes it: the more people hold it, the less can be changed.
func (w *watch) serve(rw http.ResponseWriter, r *http.Request) {
	x, err := w.last(r.Context())
	if err != nil {
		w.kit.Log.WarnContext(r.Context(), "what was seen of the ledger is not read", "err", err)
		op.WriteProblem(r.Context(), errNotRead.With(err), rw)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(Witnessed{w.kit.Self.Unit, w.keys.Verifiers(), x.Keys, x.Seen, x.Note, x.Last}) // the client is gone when this fails
}
