package module_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/module/moduletest"
	"egov/libs/op"
	"egov/libs/pg"
	"egov/libs/redistest"
	"egov/libs/store"
	calendarv1 "egov/proto/gen/egov/calendar/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// note is an aggregate with a clock of seven working days, the contract filing
// of the Yangpu rules.
type note struct {
	aggregate.Root
}

type named struct {
	ID string `path:"id" json:"-"`
}

var schema = pg.Set{Name: "notes", FS: fstest.MapFS{"00001_notes.sql": {Data: []byte("-- +goose Up\nSELECT create_aggregate('note');\n")}}}

// notes is a service of four operations over notes.
func notes(c conf.Service) host.Service {
	return module.New(module.Module{Name: "notes", Title: "记事", Duty: "gov-office", Migrations: []pg.Set{schema}, Setup: func(_ context.Context, k *module.Kit) error {
		kept := store.NewCollection[note, *note](k.Store, "note")
		change := func(f func(*note, *aggregate.Recorder) error) func(context.Context, named) (note, error) {
			return func(ctx context.Context, r named) (note, error) { return kept.Upsert(ctx, r.ID, f) }
		}
		op.Handle(k.API, "POST /v1/notes/{id}/start", "StartNote", "Start the clock", change(func(n *note, rec *aggregate.Recorder) error {
			n.ProjectID = n.ID
			return k.Rules.Start(n.Base(), rec, "yangpu-2023", "contract_filing", n.Unit, rec.Today())
		}))
		op.Handle(k.API, "POST /v1/notes/{id}/pause", "PauseNote", "Pause the clock", change(func(n *note, rec *aggregate.Recorder) error {
			n.PauseClock(rec, "contract_filing", "等待补正材料")
			return nil
		}))
		op.Handle(k.API, "POST /v1/notes/{id}/resume", "ResumeNote", "Let the clock go on", change(func(n *note, rec *aggregate.Recorder) error {
			return k.Rules.Resume(n.Base(), rec, "contract_filing")
		}))
		op.Handle(k.API, "GET /v1/notes/{id}", "GetNote", "One note", func(ctx context.Context, r named) (note, error) { return kept.Get(ctx, r.ID) })
		return nil
	}}, c)
}

type clerk struct {
	*moduletest.Client
	s *moduletest.Service
}

func start(t *testing.T, day string, adjust ...func(*conf.Service)) clerk {
	t.Helper()
	s := moduletest.Start(t, "notes", day, notes, adjust...)
	return clerk{s.As("edu.a", "education", "declarer"), s}
}

// clock gives the one clock of a note.
func (c clerk) clock(id string) aggregate.Deadline {
	var n note
	c.Get("/v1/notes/" + id).OK(&n)
	return n.Deadlines[0]
}

// order takes working days of March 2026 off.
func order(version int64, days ...string) *calendarv1.HolidaysPublished {
	f := &calendarv1.HolidaysPublished{NoticeId: "amendment/2026/x", Version: version, Year: 2026, Kind: "amendment", Notice: "示例区政府通知〔2026〕3号"}
	for _, d := range days {
		f.Off = append(f.Off, &calendarv1.Days{Name: "调休", NameEn: "days off", From: d, To: d})
	}
	return f
}

// TestANoticeReachesEveryClockAndStays: what identity publishes moves the
// clocks that run, once, names its number, holds for what starts after it, and
// is there again in the first answer of another process of the service.
func TestANoticeReachesEveryClockAndStays(t *testing.T) {
	t.Parallel()
	c := start(t, "2026-03-02")
	for _, id := range []string{"runs", "stands"} {
		c.Post("/v1/notes/"+id+"/start", struct{}{}).OK(nil)
	}
	c.Post("/v1/notes/stands/pause", struct{}{}).OK(nil)
	before := c.clock("runs")

	identity := c.s.Other("identity")
	identity.State("holidays", "platform", order(1, "2026-03-09"))
	fact := c.s.Stated("runs", &deadlinev1.DeadlineMoved{})
	after := c.clock("runs")
	if after.DueOn != before.DueOn.AddDays(1) || after.MovedFrom != before.DueOn.String() || !strings.Contains(after.Reason, "示例区政府通知〔2026〕3号") {
		t.Fatalf("%+v, before %+v", after, before)
	}
	if fact.Data["moved_from"] != before.DueOn.String() || fact.Actor != "service:notes" {
		t.Fatalf("%+v", fact)
	}

	// A later version replaces it, an earlier one does not.
	identity.State("holidays", "platform", order(2, "2026-03-09", "2026-03-10"))
	c.s.Await("the second version", func() bool { return c.clock("runs").DueOn == before.DueOn.AddDays(2) })
	identity.State("holidays", "platform", order(1, "2026-03-09"))
	c.Post("/v1/notes/after/start", struct{}{}).OK(nil)
	if d := c.clock("after"); d.DueOn != before.DueOn.AddDays(2) || c.s.Count("after", &deadlinev1.DeadlineMoved{}) != 0 {
		t.Fatalf("%+v", d)
	}

	// A paused clock is counted when it is resumed.
	c.s.Set("2026-03-03")
	c.Post("/v1/notes/stands/resume", struct{}{}).OK(nil)
	if d := c.clock("stands"); d.DueOn.Before(before.DueOn.AddDays(3)) || c.s.Count("stands", &deadlinev1.DeadlineMoved{}) != 0 {
		t.Fatalf("%+v", d)
	}

	beside := c.s.Beside(notes).As("edu.a", "education", "declarer")
	c.s.Set("2026-03-02")
	beside.Post("/v1/notes/there/start", struct{}{}).OK(nil)
	if d := c.clock("there"); d.DueOn != before.DueOn.AddDays(2) {
		t.Fatalf("%+v", d)
	}
	if c.s.Count("runs", &deadlinev1.DeadlineMoved{}) != 2 {
		t.Fatal("moved more often than published")
	}
}

// TestABadSubjectStopsNoOther: one aggregate cannot be read, the clocks of the
// others are warned of and missed, and the job about the bad one waits in sight.
func TestABadSubjectStopsNoOther(t *testing.T) {
	t.Parallel()
	c := start(t, "2026-03-02")
	for _, id := range []string{"a-bad", "good", "z-good"} {
		c.Post("/v1/notes/"+id+"/start", struct{}{}).OK(nil)
	}
	super := c.s.DB.Superuser(t)
	if _, err := super.Exec(t.Context(), `UPDATE note SET body = '"broken"' WHERE id = 'a-bad'`); err != nil {
		t.Fatal(err)
	}
	c.s.Set("2026-05-06")
	for _, id := range []string{"good", "z-good"} {
		c.s.Stated(id, &deadlinev1.DeadlineMissed{})
	}
	c.s.Await("the bad one's job", func() bool {
		var failed bool
		err := super.QueryRow(t.Context(), `SELECT count(*) > 0 FROM river_job WHERE kind = 'tick_deadlines' AND args->>'id' = 'a-bad' AND cardinality(errors) > 0 AND state IN ('available', 'retryable', 'running')`).Scan(&failed)
		return err == nil && failed
	})
	if _, err := super.Exec(t.Context(), `UPDATE note SET body = (SELECT body || '{"id":"a-bad"}' FROM note WHERE id = 'good') WHERE id = 'a-bad'`); err != nil {
		t.Fatal(err)
	}
}

// TestManyProcessesSweepOnce: however many there are, each clock is warned of
// and missed once.
func TestManyProcessesSweepOnce(t *testing.T) {
	t.Parallel()
	c := start(t, "2026-03-02")
	c.s.Beside(notes)
	c.s.Beside(notes)
	ids := strings.Fields("a b c d e f g h")
	for _, id := range ids {
		c.Post("/v1/notes/"+id+"/start", struct{}{}).OK(nil)
	}
	c.s.Set(c.clock("a").WarnOn.String())
	for _, id := range ids {
		c.s.Stated(id, &deadlinev1.DeadlineWarned{})
	}
	c.s.Set("2026-05-06")
	for _, id := range ids {
		c.s.Stated(id, &deadlinev1.DeadlineMissed{})
	}
	for _, id := range ids {
		if warned, missed := c.s.Count(id, &deadlinev1.DeadlineWarned{}), c.s.Count(id, &deadlinev1.DeadlineMissed{}); warned != 1 || missed != 1 {
			t.Errorf("%s: warned %d times, missed %d times", id, warned, missed)
		}
	}
}

// TestHolidayFilesHoldUntilSomethingIsPublished also shows the refusal of a
// file that cannot be.
func TestHolidayFilesHoldUntilSomethingIsPublished(t *testing.T) {
	t.Parallel()
	file := func(t *testing.T, text string) func(*conf.Service) {
		t.Helper()
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/2026.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return func(c *conf.Service) { c.Clock.Holidays = dir }
	}
	const text = "year: 2026\nnotice: 文件\nkind: amendment\n%s:\n  - {name: 调休, name_en: day off, from: 2026-03-09}\n"
	c := start(t, "2026-03-02", file(t, strings.Replace(text, "%s", "off", 1)))
	c.Post("/v1/notes/n/start", struct{}{}).OK(nil)
	plain, err := calendar.Statutory().Due(calendar.MustDate(2026, 3, 2), c.clock("n").Period.WorkingDays)
	if err != nil {
		t.Fatal(err)
	}
	if d := c.clock("n"); d.DueOn != plain.Due.AddDays(1) {
		t.Fatalf("%+v", d)
	}
	// What is published contradicts the file, and holds: a day that the file has
	// off is worked.
	f := order(1)
	f.Work, f.Off = []*calendarv1.Days{{Name: "值班", NameEn: "duty", From: "2026-03-09", To: "2026-03-09"}}, nil
	c.s.Other("identity").State("holidays", "platform", f)
	c.s.Await("what was published holds", func() bool { return c.clock("n").DueOn == plain.Due })

	config := c.s.Config
	file(t, "year: 1")(&config)
	if err := host.Run(t.Context(), slog.New(slog.DiscardHandler), notes(config)); err == nil || !strings.Contains(err.Error(), "holidays") {
		t.Fatal(err)
	}
}
