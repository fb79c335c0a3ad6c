package telemetry_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"

	"egov/tools/telemetry"
)

const (
	step  = time.Minute
	hours = 2 * time.Hour
)

// prometheus is Prometheus's own engine over series in memory.
type prometheus struct {
	t      *testing.T
	engine *promql.Engine
	series map[string]*series
}

type series struct {
	labels  labels.Labels
	samples chunks.SampleSlice
}

func newPrometheus(t *testing.T) *prometheus {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1 << 20, Timeout: time.Minute, LookbackDelta: 5 * step, Parser: parser.NewParser(parser.Options{})})
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return &prometheus{t: t, engine: engine, series: map[string]*series{}}
}

// add adds a sample of a series.
func (p *prometheus) add(l labels.Labels, s sample) {
	k := l.String()
	if p.series[k] == nil {
		p.series[k] = &series{labels: l}
	}
	p.series[k].samples = append(p.series[k].samples, s)
}

// load adds a series in the notation for tests, one value a minute.
func (p *prometheus) load(line string) {
	p.t.Helper()
	l, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(line)
	if err != nil {
		p.t.Fatalf("%s: %v", line, err)
	}
	b := labels.NewBuilder(l)
	b.Set("namespace", "y")
	for i, v := range values {
		if !v.Omitted {
			p.add(b.Labels(), sample{time.Duration(i) * step, v.Value})
		}
	}
}

// Querier makes p a storage.Queryable.
func (p *prometheus) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, by ...*labels.Matcher) storage.SeriesSet {
		found := &set{}
		for _, s := range p.series {
			if !slices.ContainsFunc(by, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) }) {
				found.rest = append(found.rest, storage.NewListSeries(s.labels, s.samples))
			}
		}
		return found
	}}, nil
}

// at gives the result of an expression.
func (p *prometheus) at(expr string, now time.Duration) promql.Vector {
	p.t.Helper()
	q, err := p.engine.NewInstantQuery(context.Background(), p, nil, expr, time.Unix(0, 0).Add(now))
	if err != nil {
		p.t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(context.Background()).Vector()
	if err != nil {
		p.t.Fatalf("%s: %v", expr, err)
	}
	return slices.Clone(v)
}

// fired evaluates the rules minute by minute and gives the alerts that fired.
func (p *prometheus) fired(r telemetry.Rules) map[string]bool {
	p.t.Helper()
	fired, since := map[string]bool{}, map[string]time.Duration{}
	for now := time.Duration(0); now < hours; now += step {
		for _, x := range r.Records {
			for _, s := range p.at(x.Expr, now) {
				b := labels.NewBuilder(s.Metric)
				b.Set(model.MetricNameLabel, x.Name)
				p.add(b.Labels(), sample{now, s.F})
			}
		}
		for _, a := range r.Alerts {
			var wait time.Duration
			if a.For != "" {
				var err error
				if wait, err = time.ParseDuration(a.For); err != nil {
					p.t.Fatal(err)
				}
			}
			active := map[string]bool{}
			for _, s := range p.at(a.Expr, now) {
				k := a.Name + s.Metric.String()
				active[k] = true
				if _, known := since[k]; !known {
					since[k] = now
				}
				if now-since[k] >= wait {
					fired[a.Name] = true
				}
			}
			for k := range since {
				if !active[k] && strings.HasPrefix(k, a.Name+"{") {
					delete(since, k)
				}
			}
		}
	}
	return fired
}

// set is a storage.SeriesSet.
type set struct {
	now  storage.Series
	rest []storage.Series
}

func (s *set) Next() bool {
	if len(s.rest) == 0 {
		return false
	}
	s.now, s.rest = s.rest[0], s.rest[1:]
	return true
}
func (s *set) At() storage.Series                { return s.now }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// sample is a chunks.Sample.
type sample struct {
	at time.Duration
	v  float64
}

func (s sample) T() int64                      { return s.at.Milliseconds() }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }
