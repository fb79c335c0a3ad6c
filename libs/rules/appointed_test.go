package rules_test

import (
	"errors"
	"testing"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func book() rules.Book { return rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()} }

// TestAnAppointedDayWarnsWorkingDaysBefore: three of them in the Yangpu pack,
// none of which is a weekend or a holiday.
func TestAnAppointedDayWarnsWorkingDaysBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, due, warn string }{
		{"within a week", "2026-04-17", "2026-04-14"},
		{"over a weekend", "2026-04-20", "2026-04-15"},
		{"over the National Day holiday and its make-up day", "2026-10-10", "2026-09-30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := book().Appointed("yangpu-2023", "rectification", day("2026-04-01"), day(c.due), "YP23-R-5.5.4")
			if err != nil {
				t.Fatal(err)
			}
			if got.DueOn != day(c.due) || got.WarnOn != day(c.warn) || got.TriggerOn != day("2026-04-01") || got.Basis[0] != "YP23-R-5.5.4" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAnAppointedDayBeyondTheCalendarIsRefused(t *testing.T) {
	t.Parallel()
	_, err := book().Appointed("yangpu-2023", "rectification", day("2026-04-01"), day("9999-01-01"))
	if f := fault.From(err); f.Kind != fault.Invalid {
		t.Errorf("%v", err)
	}
}

// TestMissingListsWhatTheGateWouldRefuse, and keeps other failures apart.
func TestMissingListsWhatTheGateWouldRefuse(t *testing.T) {
	t.Parallel()
	p := &typev1.ProjectBrief{Kind: "service", Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02", AmountFen: 1}
	no := func(policy.Requirement) bool { return false }
	missing, err := book().Missing(p, "procurement", no)
	if err != nil || len(missing) != 2 || missing[0].Code != "budget_issued" || missing[1].Code != "responsible_named" {
		t.Errorf("%+v %v", missing, err)
	}
	if err := book().Gate(p, "procurement", no); !errors.Is(err, rules.ErrGate) {
		t.Errorf("%v", err)
	}
	missing, err = book().Missing(p, "procurement", func(policy.Requirement) bool { return true })
	if err != nil || missing != nil {
		t.Errorf("%+v %v", missing, err)
	}
	p.Pack = "no-such-pack"
	if _, err := book().Missing(p, "procurement", no); fault.From(err).Kind != fault.Internal {
		t.Errorf("%v", err)
	}
}
