package ops

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// The metrics that are looked at, as docs/operations.md explains them.
const (
	lagEntries      = "egov_consumer_lag_entries"
	pendingEntries  = "egov_consumer_pending_entries"
	heldFacts       = "egov_consumer_held_facts"
	lostFacts       = "egov_consumer_lost_facts_total"
	keyUnknown      = "egov_consumer_key_unknown_seconds"
	statementAge    = "egov_reconcile_statement_age_seconds"
	reconciledTo    = "egov_reconciled_to_timestamp_seconds"
	outboxRows      = "egov_relay_unpublished_rows"
	outboxAge       = "egov_relay_oldest_unpublished_seconds"
	outboxFailures  = "egov_relay_failures_total"
	outboxPublished = "egov_relay_published_total"
	outboxRewinds   = "egov_relay_rewinds_total"
	deadlineCounts  = "egov_deadlines"
	checkpointTime  = "egov_ledger_checkpoint_timestamp_seconds"
	ledgerBroken    = "egov_ledger_broken"
	ledgerLate      = "egov_ledger_late"
	ledgerRows      = "egov_ledger_signed_rows"
	witnessRefused  = "egov_witness_refused"
	jobCounts       = "egov_jobs"
)

// sample is one figure.
type sample struct {
	labels map[string]string
	value  float64
}

// figures are what a process exports at /metrics, by the metric's name.
type figures map[string][]sample

// parseFigures reads Prometheus's text form. Of histograms it keeps nothing.
func parseFigures(text []byte) (figures, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	f := figures{}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			value, ok := scalar(m)
			if !ok {
				continue
			}
			s := sample{map[string]string{}, value}
			for _, l := range m.GetLabel() {
				s.labels[l.GetName()] = l.GetValue()
			}
			f[name] = append(f[name], s)
		}
	}
	return f, nil
}

func scalar(m *dto.Metric) (float64, bool) {
	switch {
	case m.Gauge != nil:
		return m.GetGauge().GetValue(), true
	case m.Counter != nil:
		return m.GetCounter().GetValue(), true
	case m.Untyped != nil:
		return m.GetUntyped().GetValue(), true
	}
	return 0, false
}

// series is a metric of a service over its replicas: of each combination of the
// labels named, the largest that a replica shows. Replicas look at one database
// and one Redis, so a backlog that two of them show is one backlog.
func (s *Service) series(name string, labels ...string) []sample {
	by := map[string]sample{}
	for _, i := range s.Instances {
		for _, x := range i.figures[name] {
			if x.labels["service"] != "" && x.labels["service"] != s.Name {
				continue // of another service of the same process
			}
			kept := sample{map[string]string{}, x.value}
			key := ""
			for _, l := range labels {
				kept.labels[l] = x.labels[l]
				key += x.labels[l] + "\x00"
			}
			if old, ok := by[key]; ok && old.value >= x.value {
				continue
			}
			by[key] = kept
		}
	}
	out := make([]sample, 0, len(by))
	for _, key := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[key])
	}
	return out
}

// total sums a series; nil when no replica shows it.
func (s *Service) total(name string, labels ...string) *float64 {
	list := s.series(name, labels...)
	if len(list) == 0 {
		return nil
	}
	sum := 0.0
	for _, x := range list {
		sum += x.value
	}
	return &sum
}

// inState sums the samples of a series that are in a state.
func (s *Service) inState(name, state string, labels ...string) *float64 {
	var sum *float64
	for _, x := range s.series(name, append(labels, "state")...) {
		if sum == nil {
			sum = new(float64)
		}
		if x.labels["state"] == state {
			*sum += x.value
		}
	}
	return sum
}
