package effectbench

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const every = time.Second / 300

// TestArrivalsWaitForNothing: whatever becomes of those before, each is sent
// when it is due.
func TestArrivalsWaitForNothing(t *testing.T) {
	t.Parallel()
	for name, takes := range map[string]func(i int) time.Duration{
		"answers at once":         func(int) time.Duration { return 0 },
		"answers after a minute":  func(int) time.Duration { return time.Minute },
		"the first one is stuck":  func(i int) time.Duration { return time.Hour / time.Duration(1+i*i) },
		"answers after one pause": func(int) time.Duration { return every },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const n = 600
				began := time.Now()
				var sent [n]time.Time
				if err := arrive(t.Context(), began, every, n, func(i int, due time.Time) error {
					if sent[i] = time.Now(); !sent[i].Equal(due) {
						t.Errorf("%d is sent at %s, due at %s", i, sent[i], due)
					}
					<-time.After(takes(i))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				for i := range sent {
					if want := began.Add(time.Duration(i) * every); !sent[i].Equal(want) {
						t.Fatalf("%d is sent at %s, want %s", i, sent[i], want)
					}
				}
			})
		})
	}
}

// TestArrivalsThatAreLateKeepTheirDueTime: a sender that was held up sends what
// is overdue at once, and none of it counts from when it was sent.
func TestArrivalsThatAreLateKeepTheirDueTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		began := now.Add(-time.Second)
		var late [300]time.Duration
		if err := arrive(t.Context(), began, every, len(late), func(i int, due time.Time) error {
			late[i] = time.Since(due)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !time.Now().Equal(now) {
			t.Errorf("it took %s to send what was overdue", time.Since(now))
		}
		for i, d := range late {
			if want := time.Second - time.Duration(i)*every; d != want {
				t.Fatalf("%d is late by %s, want %s", i, d, want)
			}
		}
	})
}

func TestArrivalsEndWithTheFirstError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		var n atomic.Int64
		err := arrive(t.Context(), time.Now(), every, 300, func(i int, _ time.Time) error {
			n.Add(1)
			if i == 10 {
				return refused
			}
			return nil
		})
		if !errors.Is(err, refused) || n.Load() > 12 {
			t.Errorf("%v after %d arrivals", err, n.Load())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*every+every/2)
		defer cancel()
		var n atomic.Int64
		err := arrive(ctx, time.Now(), every, 300, func(int, time.Time) error { n.Add(1); return nil })
		if !errors.Is(err, context.DeadlineExceeded) || n.Load() != 6 {
			t.Errorf("%v after %d arrivals", err, n.Load())
		}
	})
}

func TestFactsAreMatchedToSubmissions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		rows    []row
		missing []string
		err     string
	}{
		{"nothing", nil, []string{"a", "b"}, ""},
		{"both, in any order", []row{{7, submitted, "b"}, {8, submitted, "a"}}, nil, ""},
		{"what else is stated of a project", []row{{7, "egov.declaration.v1.ProjectDrafted", "a"}, {8, submitted, "a"}, {9, "egov.deadline.v1.DeadlineSet", "a"}, {10, "egov.deadline.v1.DeadlineSet", "c"}}, []string{"b"}, ""},
		{"a second row", []row{{7, submitted, "a"}, {8, submitted, "a"}}, []string{"b"}, "row 8"},
		{"somebody else's", []row{{7, submitted, "c"}}, []string{"a", "b"}, "row 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := []submission{{project: "a"}, {project: "b"}}
			w, failed := expect(all), ""
			for i, r := range c.rows {
				if err := w.take(r, at.Add(time.Duration(i)*time.Second)); err != nil {
					failed = err.Error()
				}
			}
			if !strings.HasPrefix(failed, c.err) || (c.err == "") != (failed == "") {
				t.Errorf("error %q, want %q", failed, c.err)
			}
			for _, s := range all {
				missing := slices.Contains(c.missing, s.project)
				if _, waits := w[s.project]; waits != missing || s.effective.IsZero() != missing {
					t.Errorf("%s: still waited for %v, effective %s", s.project, waits, s.effective)
				}
			}
			if i := slices.IndexFunc(c.rows, func(r row) bool { return r.typ == submitted && r.subject == "a" }); i >= 0 {
				if want := at.Add(time.Duration(i) * time.Second); !all[0].effective.Equal(want) {
					t.Errorf("effective at %s, want %s", all[0].effective, want)
				}
			}
		})
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	count := func(n int) (out []time.Duration) {
		for i := n; i > 0; i-- {
			out = append(out, time.Duration(i))
		}
		return out
	}
	for _, c := range []struct {
		name  string
		times []time.Duration
		want  spread
	}{
		{"one", count(1), spread{1, 1, 1}},
		{"two", count(2), spread{1, 2, 2}},
		{"a hundred", count(100), spread{50, 99, 100}},
		{"a hundred and one", count(101), spread{51, 100, 101}},
		{"a round", count(1500), spread{750, 1485, 1500}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := spreadOf(c.times); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestFiguresRunFromWhenSubmissionsWereDue(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	f := figuresOf([]submission{{due: due, sent: due.Add(1e6), answered: due.Add(5e6), effective: due.Add(20e6)}})
	if got := f.String(); got != "from due to sent p50 1.0 ms, p99 1.0 ms, worst 1.0 ms; to the answer p50 5.0 ms, p99 5.0 ms, worst 5.0 ms; to the effect p50 20.0 ms, p99 20.0 ms, worst 20.0 ms" {
		t.Error(got)
	}
	rounds := []figures{
		{effect: spread{p50: 1e6, p99: 30e6, worst: 90e6}}, {effect: spread{p50: 3e6, p99: 10e6, worst: 50e6}}, {effect: spread{p50: 2e6, p99: 20e6, worst: 20e6}},
	}
	if got, want := medians(rounds).effect, (spread{p50: 2e6, p99: 20e6, worst: 50e6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := effects(rounds); got != "30.0, 10.0, 20.0 ms" {
		t.Error(got)
	}
}
