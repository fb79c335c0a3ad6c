package effectbench

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// spread is how times of one kind lie.
type spread struct{ p50, p99, worst time.Duration }

// spreadOf sorts times, of which there is one at least, and takes those at the
// nearest ranks: half of all are no longer than p50.
func spreadOf(times []time.Duration) spread {
	slices.Sort(times)
	rank := func(percent int) time.Duration { return times[(len(times)*percent+99)/100-1] }
	return spread{rank(50), rank(99), times[len(times)-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, worst %.1f ms", milliseconds(s.p50), milliseconds(s.p99), milliseconds(s.worst))
}

// figures are those of a round: all times run from when a submission was due.
type figures struct{ sent, answer, effect spread }

func figuresOf(all []submission) figures {
	until := func(end func(*submission) time.Time) spread {
		times := make([]time.Duration, len(all))
		for i := range all {
			times[i] = end(&all[i]).Sub(all[i].due)
		}
		return spreadOf(times)
	}
	return figures{
		sent:   until(func(s *submission) time.Time { return s.sent }),
		answer: until(func(s *submission) time.Time { return s.answered }),
		effect: until(func(s *submission) time.Time { return s.effective }),
	}
}

func (f figures) String() string {
	return fmt.Sprintf("from due to sent %s; to the answer %s; to the effect %s", f.sent, f.answer, f.effect)
}

// medians takes that of each figure over rounds.
func medians(rounds []figures) figures {
	over := func(of func(figures) time.Duration) time.Duration {
		times := make([]time.Duration, len(rounds))
		for i, r := range rounds {
			times[i] = of(r)
		}
		return spreadOf(times).p50
	}
	each := func(of func(figures) spread) spread {
		return spread{
			over(func(f figures) time.Duration { return of(f).p50 }),
			over(func(f figures) time.Duration { return of(f).p99 }),
			over(func(f figures) time.Duration { return of(f).worst }),
		}
	}
	return figures{
		sent:   each(func(f figures) spread { return f.sent }),
		answer: each(func(f figures) spread { return f.answer }),
		effect: each(func(f figures) spread { return f.effect }),
	}
}

// effects are the 99th percentiles of the times to the effect, round by round.
func effects(rounds []figures) string {
	var all []string
	for _, r := range rounds {
		all = append(all, fmt.Sprintf("%.1f", milliseconds(r.effect.p99)))
	}
	return strings.Join(all, ", ") + " ms"
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
