package event

import "github.com/prometheus/client_golang/prometheus"

// relayMetrics are what one relay exports.
// stable: dashboards and alert rules name them.
type relayMetrics struct {
	published prometheus.Counter
	rewinds   prometheus.Counter
	replays   prometheus.Counter
	replayed  prometheus.Counter
	waiting   prometheus.Gauge
	oldest    prometheus.Gauge
	failures  *prometheus.CounterVec
}

func newRelayMetrics(source string) relayMetrics {
	labels := prometheus.Labels{"source": source}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels})
	}
	return relayMetrics{
		published: counter("egov_relay_published_total", "Outbox rows sent to the stream."),
		rewinds:   counter("egov_relay_rewinds_total", "Times the stream was found to have lost its end."),
		replays:   counter("egov_relay_replay_requests_total", "Replay requests of consumers answered."),
		replayed:  counter("egov_relay_replayed_total", "Outbox rows sent again on request."),
		waiting:   gauge("egov_relay_unpublished_rows", "Committed rows behind the stream, 10000 at most."),
		oldest:    gauge("egov_relay_oldest_unpublished_seconds", "Age of the oldest row behind the stream. An old one under a running relay means a transaction left open."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "egov_relay_failures_total", Help: "Failed runs of the relay's loops.", ConstLabels: labels,
		}, []string{"part"}),
	}
}

func (m relayMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.published, m.rewinds, m.replays, m.replayed, m.waiting, m.oldest, m.failures}
}

// Describe makes the relay a prometheus.Collector.
func (r *Relay) Describe(ch chan<- *prometheus.Desc) { describe(r.m.all(), ch) }

// Collect makes the relay a prometheus.Collector. It does no I/O: the figures
// are those of the last upkeep.
func (r *Relay) Collect(ch chan<- prometheus.Metric) { collect(r.m.all(), ch) }

// consumerMetrics are what one consumer exports.
// stable: dashboards and alert rules name them.
type consumerMetrics struct {
	applied      *prometheus.CounterVec
	duplicates   *prometheus.CounterVec
	batches      prometheus.Histogram
	delay        *prometheus.HistogramVec
	lag          *prometheus.GaugeVec
	pending      *prometheus.GaugeVec
	held         *prometheus.GaugeVec
	refused      *prometheus.CounterVec
	unproven     *prometheus.GaugeVec
	statementAge *prometheus.GaugeVec
	gaps         prometheus.Counter
	lost         prometheus.Counter
	failures     *prometheus.CounterVec
	reconciled   *prometheus.CounterVec
	missing      *prometheus.GaugeVec
	unrepaired   prometheus.Counter
	reconciledTo *prometheus.GaugeVec
}

func newConsumerMetrics(name string) consumerMetrics {
	labels := prometheus.Labels{"consumer": name}
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}
	}
	gauge := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}
	}
	return consumerMetrics{
		applied:    prometheus.NewCounterVec(counter("egov_consumer_applied_total", "Facts whose effects are committed."), []string{"source"}),
		duplicates: prometheus.NewCounterVec(counter("egov_consumer_duplicates_total", "Deliveries of facts received before."), []string{"source"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "egov_consumer_batch_seconds", Help: "Time to commit one batch.", ConstLabels: labels, Buckets: prometheus.ExponentialBuckets(.001, 2, 14),
		}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "egov_consumer_delay_seconds", Help: "From recording at the producer to committed effects.", ConstLabels: labels,
			Buckets: prometheus.ExponentialBuckets(.001, 2, 18),
		}, []string{"source"}),
		lag:          prometheus.NewGaugeVec(gauge("egov_consumer_lag_entries", "Stream entries not yet delivered to the group."), []string{"source"}),
		pending:      prometheus.NewGaugeVec(gauge("egov_consumer_pending_entries", "Stream entries delivered and not acknowledged."), []string{"source"}),
		held:         prometheus.NewGaugeVec(gauge("egov_consumer_held_facts", "Facts received and not applied: early, failed or dead."), []string{"state"}),
		refused:      prometheus.NewCounterVec(counter("egov_consumer_refused_total", "Stream entries, and offers of windows, that the source they claim to come from did not sign."), []string{"source", "code"}),
		unproven:     prometheus.NewGaugeVec(gauge("egov_consumer_key_unknown_seconds", "For how long facts have waited for their source's key."), []string{"source"}),
		statementAge: prometheus.NewGaugeVec(gauge("egov_reconcile_statement_age_seconds", "Since when no newer signed statement of a source's reconciliation windows has come; 0 for a source that never signed one."), []string{"source"}),
		gaps:         prometheus.NewCounter(counter("egov_consumer_gap_requests_total", "Replay requests sent for missing numbers.")),
		lost:         prometheus.NewCounter(counter("egov_consumer_lost_facts_total", "Facts the producer no longer kept when they were missed.")),
		failures:     prometheus.NewCounterVec(counter("egov_consumer_failures_total", "Failed runs of the consumer's loops and handlers."), []string{"part"}),
		reconciled:   prometheus.NewCounterVec(counter("egov_reconciled_facts_total", "Facts of closed windows found equal in outbox and inbox."), []string{"source"}),
		missing:      prometheus.NewGaugeVec(gauge("egov_reconcile_missing_facts", "Facts by which the last compared window differs."), []string{"source"}),
		unrepaired:   prometheus.NewCounter(counter("egov_reconcile_unrepaired_facts_total", "Facts by which windows still differed when they were passed, asked for in vain.")),
		reconciledTo: prometheus.NewGaugeVec(gauge("egov_reconciled_to_timestamp_seconds", "End of the last window found equal."), []string{"source"}),
	}
}

func (m consumerMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{
		m.applied, m.duplicates, m.batches, m.delay, m.lag, m.pending, m.held, m.refused, m.unproven, m.statementAge, m.gaps, m.lost, m.failures, m.reconciled, m.missing, m.unrepaired, m.reconciledTo,
	}
}

// Describe makes the consumer a prometheus.Collector.
func (c *Consumer) Describe(ch chan<- *prometheus.Desc) { describe(c.m.all(), ch) }

// Collect makes the consumer a prometheus.Collector. It does no I/O: the
// figures are those of the last upkeep.
func (c *Consumer) Collect(ch chan<- prometheus.Metric) { collect(c.m.all(), ch) }

func describe(all []prometheus.Collector, ch chan<- *prometheus.Desc) {
	for _, m := range all {
		m.Describe(ch)
	}
}

func collect(all []prometheus.Collector, ch chan<- prometheus.Metric) {
	for _, m := range all {
		m.Collect(ch)
	}
}
