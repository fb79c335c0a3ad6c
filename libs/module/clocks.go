package module

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/event"
	"egov/libs/jobs"
	"egov/libs/store"
	calendarv1 "egov/proto/gen/egov/calendar/v1"
)

// publisher is the service that states what holidays there are.
const publisher = "identity"

// followHolidays ends the name of the subscription by which a service keeps the
// table, behind the service's own name. stable: it is a consumer group.
const followHolidays = "holidays"

// The jobs of every service. stable: their kinds lie in the database.
type (
	// sweep looks which clocks have something to do.
	sweep struct {
		N int64 `json:"n"`
	}
	// tick lets one aggregate look at its clocks.
	tick struct {
		store.Subject
	}
	// forget deletes the answers kept for repeated requests when they are old.
	forget struct {
		N int64 `json:"n"`
	}
)

// Kind names the job.
func (sweep) Kind() string { return "sweep_deadlines" }

// Kind names the job.
func (tick) Kind() string { return "tick_deadlines" }

// Kind names the job.
func (forget) Kind() string { return "forget_commands" }

// holidays is the calendar a service counts by: the notices built in, the files
// of its configuration, and over them what was published.
type holidays struct {
	files []calendar.Override
	live  *calendar.Live

	mu   sync.Mutex
	read bool
	mark string // of what was published, as last read
}

// readHolidays makes the calendar of what needs no database.
func (k *Kit) readHolidays() (err error) {
	if dir := k.Config.Clock.Holidays; dir != "" {
		if k.holidays.files, err = calendar.LoadOverrides(os.DirFS(dir), "."); err != nil {
			return fmt.Errorf("holidays: %w", err)
		}
	}
	c, err := calendar.New(k.holidays.files...)
	if err != nil {
		return fmt.Errorf("holidays: %w", err)
	}
	k.holidays.live = calendar.NewLive(c)
	k.Rules.Calendar = k.holidays.live
	return nil
}

// Holidays are the holiday files of the service's configuration, over which
// what is published lies.
func (k *Kit) Holidays() []calendar.Override { return k.holidays.files }

// Work has jobs of the service's own done beside those that every service has.
// It is called in Setup; Enqueue leaves such jobs once the service runs.
func (k *Kit) Work(works ...jobs.Work) { k.own.works = append(k.own.works, works...) }

// Enqueue leaves jobs to be done, see jobs.Runner. Nothing is enqueued before
// Setup has returned.
func (k *Kit) Enqueue(ctx context.Context, args ...jobs.Args) error {
	return k.own.runner.Enqueue(ctx, args...)
}

// own are the jobs that a service brings itself, and who does them.
type own struct {
	works  []jobs.Work
	runner *jobs.Runner
}

// followClocks keeps the calendar and looks at the clocks. Every process looks
// once an interval, first of all when it starts, whether a notice was published
// and whether there is a clock to look at. Where there is, a sweep finds the
// aggregates and leaves a job for each, so that one that cannot be advanced
// keeps no other waiting.
func (k *Kit) followClocks() error {
	interval := k.Config.Clock.Sweep
	var runner *jobs.Runner
	works := append([]jobs.Work{
		jobs.Every(interval, func(n int64) sweep { return sweep{n} }, func(ctx context.Context, _ sweep) error {
			ctx, err := k.counting(ctx)
			if err != nil {
				return err
			}
			return k.Store.EachDue(ctx, func(ctx context.Context, due []store.Subject) error {
				ticks := make([]jobs.Args, len(due))
				for i, x := range due {
					ticks[i] = tick{x}
				}
				return runner.Enqueue(ctx, ticks...)
			})
		}).When(func(ctx context.Context) (bool, error) {
			ctx, err := k.counting(ctx)
			if err != nil {
				return false, err
			}
			return k.Store.AnyDue(ctx)
		}),
		jobs.On(func(ctx context.Context, j tick) error {
			ctx, err := k.counting(ctx)
			if err != nil {
				return err
			}
			return k.Store.Tick(ctx, j.Subject)
		}),
		jobs.Every(time.Hour, func(n int64) forget { return forget{n} }, func(ctx context.Context, _ forget) error {
			return k.Store.ForgetCommands(authn.With(ctx, k.Self))
		}),
	}, k.own.works...)
	runner, err := jobs.New(k.Pool, jobs.Options{Poll: min(interval, 5*time.Second), Log: k.Log}, works...)
	if err != nil {
		return err
	}
	k.own.runner = runner
	k.Unit.Metrics.Register.MustRegister(runner)
	k.Unit.Ready("holidays", func(context.Context) error {
		k.holidays.mu.Lock()
		defer k.holidays.mu.Unlock()
		if !k.holidays.read {
			return errors.New("what was published about holidays is not read yet")
		}
		return nil
	})
	k.Unit.Loop("jobs", runner.Run)
	k.Unit.Loop("deadlines", k.countDeadlines())
	// The publisher states much else that no service waits for: it is read at
	// leisure.
	k.consume(k.module.Name+"."+followHolidays, []string{publisher}, k.effects([]Reaction{React(k.onHolidaysPublished)}), event.ConsumerOptions{
		Gather: min(interval, 5*time.Second), Upkeep: 10 * time.Second, Reconcile: 5 * time.Minute,
	})
	return nil
}

// countDeadlines shows how the clocks stand, as often as they are looked at. A
// database that is away leaves the figures as they were.
func (k *Kit) countDeadlines() func(context.Context) error {
	// stable: alerts use this name.
	clocks := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "egov_deadlines", Help: "Statutory clocks of the service that are not done with, by state; late ones are those whose act has not come."}, []string{"state"})
	k.Unit.Metrics.Register.MustRegister(clocks)
	return func(ctx context.Context) error {
		as := authn.With(ctx, k.Self)
		t := time.NewTicker(max(k.Config.Clock.Sweep, time.Second))
		defer t.Stop()
		for {
			if counts, err := k.Store.CountDeadlines(as); err == nil {
				for state, n := range counts {
					clocks.WithLabelValues(string(state)).Set(float64(n))
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case <-t.C:
			}
		}
	}
}

// counting is ctx as the service itself, with the calendar up to date: whatever
// process kept the notice, this one counts by it.
func (k *Kit) counting(ctx context.Context) (context.Context, error) {
	ctx = authn.With(ctx, k.Self)
	return ctx, k.refreshHolidays(ctx)
}

// refreshHolidays puts in force what was published since it was last read.
// Where a file contradicts it, what was published holds and the files do not.
func (k *Kit) refreshHolidays(ctx context.Context) error {
	h := &k.holidays
	h.mu.Lock()
	defer h.mu.Unlock() // over the reading: what was read first is not put in force last
	published, mark, err := k.Store.Holidays(ctx)
	if err != nil {
		return err
	}
	if h.read && mark == h.mark {
		return nil
	}
	c, err := calendar.Merge(h.files, published)
	if err != nil {
		k.Log.ErrorContext(ctx, "the holiday files contradict what was published and are passed over", "err", err)
		if c, err = calendar.New(published...); err != nil {
			return err
		}
	}
	h.live.Replace(c)
	h.read, h.mark = true, mark
	return nil
}

// onHolidaysPublished keeps what was published. The calendar follows within one
// interval, and the clocks that were counted otherwise with it.
func (k *Kit) onHolidaysPublished(ctx context.Context, f *calendarv1.HolidaysPublished, _ event.Record) error {
	off, err := ranges(f.GetOff())
	if err != nil {
		return err
	}
	work, err := ranges(f.GetWork())
	if err != nil {
		return err
	}
	o := calendar.Override{Year: int(f.GetYear()), Notice: f.GetNotice(), Kind: calendar.Kind(f.GetKind()), Off: off, Work: work}
	if err := o.Check(); err != nil {
		return err // another release of the publisher knows other kinds: a dead letter, not a wrong calendar
	}
	return k.Store.KeepHolidays(ctx, f.GetNoticeId(), f.GetVersion(), o)
}

func ranges(days []*calendarv1.Days) ([]calendar.Range, error) {
	out := make([]calendar.Range, 0, len(days))
	for _, d := range days {
		from, err := calendar.ParseDate(d.GetFrom())
		if err != nil {
			return nil, err
		}
		to, err := calendar.ParseDate(d.GetTo())
		if err != nil {
			return nil, err
		}
		out = append(out, calendar.Range{Name: d.GetName(), NameEN: d.GetNameEn(), From: from, To: to})
	}
	return out, nil
}
