// Package e2e_test walks the published projects through the whole suite, with
// all services in one process and with a process each, undisturbed and
// disturbed, and holds what every operation promises against all of them.
package e2e_test

import (
	"context"
	"reflect"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"egov/services/suite/demo"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// walk has the published projects end as the rules say, and the facts raise
// these red flags alone.
func walk(t *testing.T, s *stack.Stack, o demo.Options, flags ...string) demo.Report {
	t.Helper()
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Password, o.Clock, o.Projects, o.Out = s.DemoPassword(), s.ClockFile(), projects, stacktest.Log(t)
	if o.URL == nil {
		o.URL = s.URL
	}
	r, err := demo.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err, s.Failed())
	}
	for _, p := range r.Problems {
		t.Error(p)
	}
	if !r.OK() || len(r.Projects) != 12 {
		t.Fatalf("%+v", r)
	}
	wantFlags(t, s, flags)
	return r
}

// TestTheWalk walks three times: undisturbed in one process; in one process
// with every request sent three times under its key; and with a process a
// service, each of them killed -9 in the middle of a part, and Redis emptied
// twice. What the projects end as must not differ.
func TestTheWalk(t *testing.T) {
	var plain demo.Report
	if !t.Run("AllInOne", func(t *testing.T) {
		s := stacktest.Start(t, stack.Options{})
		plain = walk(t, s, demo.Options{}, demoRaises...)
		t.Run("WorkIsWatched", func(t *testing.T) { scaled(t, s) })
	}) {
		t.FailNow()
	}
	t.Run("EveryRequestRepeated", func(t *testing.T) {
		r := walk(t, stacktest.Start(t, stack.Options{}), demo.Options{Repeat: true}, demoRaises...)
		if !reflect.DeepEqual(r.Projects, plain.Projects) {
			t.Fatalf("repeated requests changed the outcome:\n%+v\n%+v", plain.Projects, r.Projects)
		}
	})
	t.Run("SeparateAndDisturbed", func(t *testing.T) {
		s := stacktest.Start(t, stack.Options{Separate: true})
		r := walk(t, s, disturb(t, s), demoRaises...)
		if !reflect.DeepEqual(r.Projects, plain.Projects) {
			t.Fatalf("kills changed the outcome:\n%+v\n%+v", plain.Projects, r.Projects)
		}
	})
}

// victims are killed while the part runs in which they have most to do.
var victims = map[string][]string{
	"declare": {"declaration"}, "desks": {"dataresource", "cybersecurity"}, "evaluate": {"expertreview", "legalization"}, "confer": {"conference"},
	"supplement": {"identity", "cryptoassessment"}, "fund": {"budgeting"}, "procure": {"procurement", "portal"}, "deliver": {"auditexport"}, "accept": {"declaration"},
}

// disturb kills a part's victims once the part is under way: at the first
// request that finds the killer waiting.
func disturb(t *testing.T, s *stack.Stack) demo.Options {
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	asked := make(chan struct{})
	url := func(service string) string {
		select {
		case asked <- struct{}{}:
		default: // nobody waits: the part is disturbed already
		}
		return s.URL(service)
	}
	return demo.Options{URL: url, Before: func(part string) {
		wg.Wait() // the victims of the part before are up again
		wg.Go(func() {
			select {
			case <-asked:
			case <-t.Context().Done(): // the walk broke off
				return
			}
			for _, v := range victims[part] {
				if err := s.Kill(v); err != nil {
					t.Error(err)
				}
			}
			if part == "evaluate" || part == "procure" {
				flush(t, s)
			}
			for _, v := range victims[part] {
				if err := s.Restart(context.WithoutCancel(t.Context()), v); err != nil {
					t.Error(err)
				}
			}
		})
	}}
}

func flush(t *testing.T, s *stack.Stack) {
	t.Helper()
	o, err := redis.ParseURL(s.Redis.URL(0))
	if err != nil {
		t.Error(err)
		return
	}
	c := redis.NewClient(o)
	defer c.Close()
	if err := c.FlushAll(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}
