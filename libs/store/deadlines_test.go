package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/store"
)

// self is a service's own context.
func self() context.Context {
	return authn.With(context.Background(), authn.Service("notes", "gov-office"))
}

// watch makes a note whose clock of ten working days began today.
func (f *fixture) watch(t *testing.T, id string) {
	t.Helper()
	today := calendar.Today(f.clock)
	end, err := calendar.Statutory().End(today, calendar.Period{WorkingDays: 10})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.notes.Create(as("education", "edu.a"), id, func(n *note, rec *aggregate.Recorder) error {
		n.ProjectID = n.ID
		n.StartClock(rec, "education", aggregate.Terms{
			Obligation: "o", TriggerOn: today, DueOn: end.Due, WarnOn: end.Due.AddDays(-3), Basis: []string{"ours"},
			Period: calendar.Period{WorkingDays: 10}, WarnBefore: 3, Calendar: calendar.Statutory().Fingerprint(),
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) due(t *testing.T) []store.Subject {
	t.Helper()
	var all []store.Subject
	if err := f.EachDue(self(), func(_ context.Context, page []store.Subject) error { all = append(all, page...); return nil }); err != nil {
		t.Fatal(err)
	}
	if found, err := f.AnyDue(self()); err != nil || found != (len(all) > 0) {
		t.Fatalf("any due: %t of %d, %v", found, len(all), err)
	}
	return all
}

func (f *fixture) tick(t *testing.T, id string) {
	t.Helper()
	if err := f.Tick(self(), store.Subject{Collection: "note", ID: id}); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) stated(t *testing.T, subject, kind string) int {
	t.Helper()
	return f.count(t, "SELECT count(*) FROM event_outbox WHERE subject = $1 AND type = 'egov.deadline.v1.'||$2", subject, kind)
}

func TestClocksAreWarnedOfOnceAndMissedOnce(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	f.watch(t, "n1") // on 2 March, due on the 16th
	if due := f.due(t); len(due) != 0 {
		t.Fatal(due)
	}
	f.clock.Set(time.Date(2026, 3, 13, 9, 0, 0, 0, calendar.Shanghai))
	if due := f.due(t); !slices.Equal(due, []store.Subject{{Collection: "note", ID: "n1"}}) {
		t.Fatal(due)
	}
	f.tick(t, "n1")
	f.tick(t, "n1")
	if f.stated(t, "n1", "DeadlineWarned") != 1 || len(f.due(t)) != 0 {
		t.Fatal("not warned of once")
	}
	f.clock.Set(time.Date(2026, 3, 17, 0, 0, 0, 0, calendar.Shanghai))
	f.tick(t, "n1")
	f.tick(t, "n1")
	rows, err := f.Deadlines(self(), "n1", "late")
	if err != nil || len(rows) != 1 || rows[0].Unit != "education" || f.stated(t, "n1", "DeadlineMissed") != 1 || len(f.due(t)) != 0 {
		t.Fatalf("%+v %v", rows, err)
	}
}

// TestClocksAreCountedUntilDone: a clock counts in its state from its start to
// its act, and a late one until the act has come.
func TestClocksAreCountedUntilDone(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	want := func(state aggregate.DeadlineState, n int64) {
		t.Helper()
		all := map[aggregate.DeadlineState]int64{aggregate.Open: 0, aggregate.Warned: 0, aggregate.Paused: 0, aggregate.Late: 0}
		if state != "" {
			all[state] = n
		}
		if counts, err := f.CountDeadlines(self()); err != nil || !maps.Equal(counts, all) {
			t.Fatalf("%v, want %v, %v", counts, all, err)
		}
	}
	want("", 0)
	f.watch(t, "n1")
	want(aggregate.Open, 1)
	f.clock.Set(time.Date(2026, 3, 13, 9, 0, 0, 0, calendar.Shanghai))
	f.tick(t, "n1")
	want(aggregate.Warned, 1)
	f.clock.Set(time.Date(2026, 3, 17, 0, 0, 0, 0, calendar.Shanghai))
	f.tick(t, "n1")
	want(aggregate.Late, 1)
	if _, err := f.notes.Update(as("education", "edu.a"), "n1", func(n *note, rec *aggregate.Recorder) error {
		n.MeetClock(rec, "o", rec.Today())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want("", 0)
}

func TestAPausedClockIsShownSinceWhen(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	f.watch(t, "n1")
	f.clock.Set(time.Date(2026, 3, 4, 9, 0, 0, 0, calendar.Shanghai))
	if _, err := f.notes.Update(as("education", "edu.a"), "n1", func(n *note, rec *aggregate.Recorder) error {
		n.PauseClock(rec, "o", "等待补正材料")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	f.clock.Set(time.Date(2026, 4, 1, 9, 0, 0, 0, calendar.Shanghai))
	rows, err := f.Deadlines(self(), "n1", "paused")
	if err != nil || len(rows) != 1 || rows[0].PausedSince != "2026-03-04" || len(f.due(t)) != 0 {
		t.Fatalf("%+v %v", rows, err)
	}
	if _, err := f.notes.Update(as("education", "edu.a"), "n1", func(n *note, rec *aggregate.Recorder) error {
		_, err := n.ResumeClock(rec, calendar.Statutory(), "o")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	rows, err = f.Deadlines(self(), "n1", "open")
	if err != nil || len(rows) != 1 || rows[0].PausedSince != "" || rows[0].DueOn.String() != "2026-04-15" || rows[0].MovedFrom != "2026-03-16" {
		t.Fatalf("%+v %v", rows, err)
	}
}

func TestEveryPageOfWhatIsDueIsRead(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	const clocks = 1203
	f.count(t, fmt.Sprintf(`WITH put AS (INSERT INTO deadline (id, collection, aggregate_id, project_id, obligation, unit, parties, trigger_on, due_on, warn_on, state, provisional, basis)
		SELECT 'd'||n, 'note', 'n'||n, 'p', 'o', 'u', '{}', '2026-01-01', '2026-01-02', '2026-01-02', 'open', false, '{}' FROM generate_series(1, %d) n RETURNING 1) SELECT count(*) FROM put`, clocks))
	due := f.due(t)
	read := map[store.Subject]bool{}
	for _, x := range due {
		read[x] = true
	}
	if len(due) != clocks || len(read) != clocks {
		t.Fatalf("%d reads of %d, want %d", len(due), len(read), clocks)
	}
	enough, pages := errors.New("enough"), 0
	if err := f.EachDue(self(), func(context.Context, []store.Subject) error { pages++; return enough }); !errors.Is(err, enough) || pages != 1 {
		t.Fatal(err, pages)
	}
}

func TestATickOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	if err := f.Tick(self(), store.Subject{Collection: "note", ID: "gone"}); err != nil {
		t.Error(err)
	}
	if err := f.Tick(self(), store.Subject{Collection: "moon", ID: "n1"}); err == nil {
		t.Error("a collection that this service has not was passed over in silence")
	}
}

// TestANoticeReachesOpenClocks: what is published is kept in its latest
// version, and clocks that were counted otherwise are due to be looked at.
func TestANoticeReachesOpenClocks(t *testing.T) {
	t.Parallel()
	live := calendar.NewLive(calendar.Statutory())
	f := open(t, store.Options{Calendar: live})
	f.watch(t, "n1")
	order := calendar.Override{
		Year: 2026, Notice: "示例区政府通知〔2026〕3号", Kind: calendar.KindAmendment,
		Off: []calendar.Range{{Name: "调休", NameEN: "days off", From: calendar.MustDate(2026, time.March, 9)}},
	}
	withdrawn := order
	withdrawn.Notice = "旧"
	for version, o := range map[int64]calendar.Override{2: order, 1: withdrawn} {
		if err := f.KeepHolidays(self(), "2026-order", version, o); err != nil {
			t.Fatal(err)
		}
	}
	published, mark, err := f.Holidays(self())
	if err != nil || len(published) != 1 || published[0].Notice != order.Notice || mark == "" {
		t.Fatalf("%+v %q %v", published, mark, err)
	}
	c, err := calendar.Merge(nil, published)
	if err != nil {
		t.Fatal(err)
	}
	live.Replace(c)
	if len(f.due(t)) != 1 {
		t.Fatal("the clock is not looked at")
	}
	f.tick(t, "n1")
	rows, err := f.Deadlines(self(), "n1", "open")
	if err != nil || len(rows) != 1 || rows[0].DueOn.String() != "2026-03-17" || rows[0].MovedFrom != "2026-03-16" || f.stated(t, "n1", "DeadlineMoved") != 1 || len(f.due(t)) != 0 {
		t.Fatalf("%+v %v", rows, err)
	}
}

func TestAnswersAreForgottenAfterADay(t *testing.T) {
	t.Parallel()
	f := open(t, store.Options{})
	for _, age := range []string{"23 hours", "25 hours"} {
		f.count(t, `WITH put AS (INSERT INTO idempotency (key, body_hash, answer, created_at) VALUES ($1, '', '', now() - $2::interval) RETURNING 1) SELECT count(*) FROM put`, []byte(age), age)
	}
	if err := f.ForgetCommands(self()); err != nil {
		t.Fatal(err)
	}
	if n := f.count(t, "SELECT count(*) FROM idempotency"); n != 1 {
		t.Fatal(n)
	}
}
