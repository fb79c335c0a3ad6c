package ops

import (
	"math"
	"testing"
)

const exported = `# HELP egov_consumer_lag_entries x
# TYPE egov_consumer_lag_entries gauge
egov_consumer_lag_entries{consumer="a",service="budgeting",source="declaration"} 3
egov_consumer_lag_entries{consumer="a",service="budgeting",source="conference"} 4
# TYPE egov_consumer_held_facts gauge
egov_consumer_held_facts{consumer="a",service="budgeting",state="dead"} 1
egov_consumer_held_facts{consumer="a",service="budgeting",state="early"} 5
egov_consumer_held_facts{consumer="b",service="budgeting",state="dead"} 2
# TYPE egov_relay_published_total counter
egov_relay_published_total{service="budgeting",source="budgeting"} 17
# TYPE egov_request_seconds histogram
egov_request_seconds_bucket{le="+Inf",service="budgeting"} 2
egov_request_seconds_sum{service="budgeting"} 0.5
egov_request_seconds_count{service="budgeting"} 2
# TYPE other gauge
other{service="procurement"} 9
`

// serviceOf is a service of replicas that export the given texts.
func serviceOf(t *testing.T, name string, texts ...string) *Service {
	t.Helper()
	s := &Service{Name: name, Desired: len(texts)}
	for _, text := range texts {
		f, err := parseFigures([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s.Instances = append(s.Instances, &Instance{Pod: name, Ready: true, figures: f})
	}
	return s
}

func TestFiguresOfReplicasAreOneBacklog(t *testing.T) {
	t.Parallel()
	behind := `# TYPE egov_consumer_lag_entries gauge
egov_consumer_lag_entries{consumer="a",service="budgeting",source="declaration"} 8
`
	s := serviceOf(t, "budgeting", exported, behind)
	for name, tt := range map[string]struct {
		got  *float64
		want float64 // NaN: not known
	}{
		"the larger of two replicas, over all sources": {s.total(lagEntries, "consumer", "source"), 12},
		"one label's value":                            {s.inState(heldFacts, "dead", "consumer"), 3},
		"a value that none has":                        {s.inState(heldFacts, "failed", "consumer"), 0},
		"a counter":                                    {s.total(outboxPublished), 17},
		"what nobody exports":                          {s.total(checkpointTime), math.NaN()},
		"what a service beside exports":                {s.total("other"), math.NaN()},
		"a histogram":                                  {s.total("egov_request_seconds"), math.NaN()},
	} {
		switch {
		case tt.got == nil && !math.IsNaN(tt.want):
			t.Errorf("%s: unknown", name)
		case tt.got != nil && *tt.got != tt.want:
			t.Errorf("%s: %v, want %v", name, *tt.got, tt.want)
		}
	}
}

func TestWhatIsNoMetricsIsRefused(t *testing.T) {
	t.Parallel()
	if f, err := parseFigures([]byte("<html>not found</html>")); err == nil {
		t.Error(f)
	}
}
