package cybersecurity_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault/faulttest"
	"egov/services/cybersecurity"
)

func TestRequestsListAllThatIsWrong(t *testing.T) {
	t.Parallel()
	good := described("")
	for _, tt := range []struct {
		name string
		req  interface{ Validate() error }
		want string
	}{
		{"EmptySystem", &cybersecurity.RegisterSystem{}, "name/required network/unknown_code deployment/unknown_code deployment_reason/required data_level/unknown_code duty_holder/required in_use_since/required"},
		{"SystemInUse", &good, ""},
		{"PlannedAndInUse", func() *cybersecurity.RegisterSystem { r := described(""); r.ProjectID = "p"; return &r }(), "in_use_since/not_in_use_yet"},
		{"OwnRoomWithoutReason", func() *cybersecurity.RegisterSystem { r := described("p"); r.Deployment = "unit_room"; return &r }(), "deployment_reason/required"},
		{"ChangeWithoutVersion", &cybersecurity.ChangeSystem{Description: good.Description}, "If-Match/required"},
		{"GradeFive", &cybersecurity.ProposeGrade{BusinessGrade: 5, ServiceGrade: 4, Rationale: "x"}, "business_grade/out_of_range"},
		{"GradeZero", &cybersecurity.ProposeGrade{}, "business_grade/out_of_range service_grade/out_of_range rationale/required"},
		{"EmptyDetermination", &cybersecurity.DetermineGrade{}, "grade/out_of_range opinion/required"},
		{"EmptyReturn", &cybersecurity.ReturnGrading{}, "reason/required"},
		{"EmptyAssessment", &cybersecurity.RecordAssessment{}, "assessor/required report_no/required conformant/required summary/required completed_on/required"},
		{"EmptyRetirement", &cybersecurity.RetireSystem{}, "reason/required"},
		{"EmptyConsent", &cybersecurity.GiveConsent{}, "consent_no/required channels/required"},
		{"OneAccountTwice", &cybersecurity.GiveConsent{ConsentNo: "1", Channels: []cybersecurity.Channel{{Platform: "wechat", Account: "a"}, {Platform: "wechat", Account: "a"}}}, "channels[1]/duplicate"},
		{"EmptyRefusal", &cybersecurity.RefuseConsent{}, "reason/required"},
		{"EmptySite", &cybersecurity.OpenSite{}, "channel/unknown_code address/required name/required department/required leader/required contact/required"},
		{"WebsiteOfItsOwn", &cybersecurity.OpenSite{Channel: "website", Address: "a", Entry: cybersecurity.Entry{Name: "n", Department: "d", Leader: "l", Contact: "c"}}, "approval/required"},
		{"EmptyChange", &cybersecurity.ChangeSite{}, "If-Match/required reason/required name/required department/required leader/required contact/required"},
		{"EmptyClosing", &cybersecurity.CloseSite{}, "reason/required closed_on/required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := faulttest.Complaints(tt.req.Validate()); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhoMayDoWhatWhen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(d *desk) error
		want string
	}{
		{"RegisterForAProjectNobodySubmitted", func(d *desk) error { _, err := d.Register(declarer, described("p9")); return err }, "not_found"},
		{"RegisterForAnotherUnit", func(d *desk) error { _, err := d.Register(stranger, described("p1")); return err }, "not_owner"},
		{"UseFromTomorrow", func(d *desk) error {
			r := described("")
			r.InUseSince = calendar.MustDate(2026, 3, 3)
			_, err := d.Register(declarer, r)
			return err
		}, "invalid_input"},
		{"ProposeBeforeItIsDescribed", func(d *desk) error {
			_, err := d.Propose(declarer, cybersecurity.ProposeGrade{ID: "p1", BusinessGrade: 1, ServiceGrade: 1})
			return err
		}, "wrong_stage"},
		{"DetermineWhatIsNotProposed", func(d *desk) error {
			_, err := d.Determine(police, cybersecurity.DetermineGrade{ID: "p1", Grade: 1})
			return err
		}, "wrong_stage"},
		{"AssessWhatIsNotGraded", func(d *desk) error {
			_, err := d.Assess(declarer, cybersecurity.RecordAssessment{ID: "p1", Conformant: yes(), CompletedOn: calendar.MustDate(2026, 3, 1)})
			return err
		}, "wrong_stage"},
		{"AssessAnotherUnitsSystem", func(d *desk) error {
			_, err := d.Assess(stranger, cybersecurity.RecordAssessment{ID: "p1", Conformant: no(), CompletedOn: calendar.MustDate(2026, 3, 1)})
			return err
		}, "not_owner"},
		{"RetireWhatIsOnlyPlanned", func(d *desk) error { _, err := d.Retire(declarer, cybersecurity.RetireSystem{ID: "p1"}); return err }, "wrong_stage"},
		{"ChangeWhatIsOnlyPlanned", func(d *desk) error {
			_, err := d.ChangeSystem(declarer, cybersecurity.ChangeSystem{ID: "p1"})
			return err
		}, "wrong_stage"},
		{"ChangeAnotherUnitsSystem", func(d *desk) error {
			_, err := d.ChangeSystem(stranger, cybersecurity.ChangeSystem{ID: "p1"})
			return err
		}, "not_owner"},
		{"ConsentByThePolice", func(d *desk) error { _, err := d.Consent(police, cybersecurity.GiveConsent{ID: "p2"}); return err }, "not_at_this_desk"},
		{"ConsentTwice", func(d *desk) error {
			if _, err := d.Consent(cyber, cybersecurity.GiveConsent{ID: "p2", ConsentNo: "1"}); err != nil {
				return err
			}
			_, err := d.RefuseConsent(cyber, cybersecurity.RefuseConsent{ID: "p2", Reason: "x"})
			return err
		}, "wrong_stage"},
		{"ConsentAfterTheProjectEnded", func(d *desk) error {
			if err := d.ProjectEnded(self, "p2"); err != nil {
				return err
			}
			_, err := d.Consent(cyber, cybersecurity.GiveConsent{ID: "p2"})
			return err
		}, "wrong_stage"},
		{"SiteOfAnotherUnitsProject", func(d *desk) error { _, err := d.Open(stranger, cybersecurity.OpenSite{ProjectID: "p2"}); return err }, "not_owner"},
		{"SiteWithoutConsent", func(d *desk) error { _, err := d.Open(declarer, cybersecurity.OpenSite{ProjectID: "p2"}); return err }, "no_publishing_consent"},
		{"CloseAnotherUnitsSite", func(d *desk) error {
			y, err := d.Open(declarer, cybersecurity.OpenSite{Channel: "wechat", Address: "a"})
			if err != nil {
				return err
			}
			_, err = d.Close(stranger, cybersecurity.CloseSite{ID: y.ID})
			return err
		}, "not_owner"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			for _, p := range []string{"mlps_grading", "cac_consent"} {
				id := map[string]string{"mlps_grading": "p1", "cac_consent": "p2"}[p]
				if err := d.ProjectSubmitted(self, brief(id, p), []string{"edu.declarer"}); err != nil {
					t.Fatal(err)
				}
			}
			if got := faulttest.Code(tt.do(d)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAProjectThatNeedsNothingLeavesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk()
	p := brief("p1", "basis", "crypto_plan")
	p.SystemId = "unknown"
	if err := d.ProjectSubmitted(self, p, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.PutIntoUse(self, "p1", calendar.MustDate(2026, 3, 2)); err != nil {
		t.Fatal(err)
	}
	if err := d.ProjectEnded(self, "p1"); err != nil {
		t.Fatal(err)
	}
	systems, _ := d.systems.List(self, aggregate.Query{})
	consents, _ := d.consents.List(self, aggregate.Query{})
	if len(systems.Items)+len(consents.Items) != 0 {
		t.Fatalf("%+v %+v", systems, consents)
	}
}

func TestAProjectTakenBackComesAgain(t *testing.T) {
	t.Parallel()
	d := newDesk()
	p := brief("p1", "mlps_grading", "cac_consent")
	for range 2 {
		for _, err := range []error{d.ProjectSubmitted(self, p, []string{"a"}), d.ProjectSubmitted(self, p, []string{"b"})} {
			if err != nil {
				t.Fatal(err)
			}
		}
		y, _ := d.systems.Get(self, "p1")
		c, _ := d.consents.Get(self, "p1")
		if y.State != cybersecurity.SystemPlanned || c.State != cybersecurity.ConsentRequested || len(y.Todo) != 1 || len(c.Todo) != 1 {
			t.Fatalf("%+v %+v", y, c)
		}
		if err := d.ProjectEnded(self, "p1"); err != nil {
			t.Fatal(err)
		}
		y, _ = d.systems.Get(self, "p1")
		c, _ = d.consents.Get(self, "p1")
		if y.State != cybersecurity.SystemRetired || c.State != cybersecurity.ConsentClosed || len(y.Todo)+len(c.Todo) != 0 {
			t.Fatalf("%+v %+v", y, c)
		}
	}
}

// Whatever is done to a system in whatever order, its entry keeps its sense.
func TestASystemKeepsItsSense(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk()
		if err := d.ProjectSubmitted(self, brief("p1", "mlps_grading"), []string{"edu.declarer"}); err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(1, 25).Draw(t, "acts") {
			grade := rapid.IntRange(1, 4).Draw(t, "grade")
			today := calendar.Today(d.clock)
			switch rapid.IntRange(0, 7).Draw(t, "act") {
			case 0:
				_, _ = d.Register(declarer, described("p1"))
			case 1:
				_, _ = d.Propose(declarer, cybersecurity.ProposeGrade{ID: "p1", BusinessGrade: grade, ServiceGrade: 1, Rationale: "x", ExpertOpinion: "x"})
			case 2:
				_, _ = d.Determine(police, cybersecurity.DetermineGrade{ID: "p1", Grade: grade, FilingNo: "F", Opinion: "x"})
			case 3:
				_, _ = d.ReturnProposal(police, cybersecurity.ReturnGrading{ID: "p1", Reason: "x"})
			case 4:
				conformant := rapid.Bool().Draw(t, "conformant")
				_, _ = d.Assess(declarer, cybersecurity.RecordAssessment{ID: "p1", Assessor: "x", ReportNo: string(rune('a' + i)), Conformant: &conformant, Summary: "x", CompletedOn: today})
			case 5:
				if err := d.PutIntoUse(self, "p1", today); err != nil {
					t.Fatal(err)
				}
			case 6:
				_, _ = d.Retire(declarer, cybersecurity.RetireSystem{ID: "p1", Reason: "x"})
			case 7:
				d.clock.Set(today.AddDays(rapid.IntRange(1, 400).Draw(t, "days")).Start())
			}
			y, err := d.systems.Get(self, "p1")
			if err != nil {
				t.Fatal(err)
			}
			sense(t, y)
		}
	})
}

func sense(t *rapid.T, y cybersecurity.System) {
	running := 0
	for _, c := range y.Deadlines {
		if c.Obligation == "mlps_assessment" && c.MetOn == "" && (c.State == "open" || c.State == "late") {
			running++
		}
	}
	again := 0 // the last assessment found the system not conformant
	if n := len(y.Assessments); n > 0 && !y.Assessments[n-1].Conformant && y.State != cybersecurity.SystemRetired {
		again = 1
	}
	asks := map[string]int{}
	for _, todo := range y.Todo {
		asks[todo.Action]++
	}
	for what, ok := range map[string]bool{
		"a grade is one that was determined":           (y.Grade == 0) == (len(y.Gradings) == 0),
		"graded and proposed know what they speak of":  y.State != cybersecurity.SystemGraded || y.Grade > 0,
		"the desk is asked while a proposal waits":     (asks["determine_grade"] == 1) == (y.State == cybersecurity.SystemProposed),
		"one clock runs while an assessment is due":    running <= 1 && (running == 1) == (y.NextAssessmentOn != ""),
		"who must assess is asked to":                  asks["record_assessment"] == max(running, again),
		"nothing is owed for a retired system":         y.State != cybersecurity.SystemRetired || len(y.Todo) == 0 && running == 0 && !y.InUse,
		"the lowest grade is not assessed":             y.Grade != 1 || running == 0,
		"nobody is asked the same twice":               !slices.ContainsFunc(y.Todo, func(x aggregate.Todo) bool { return asks[x.Action] > 1 }),
		"the police see what was proposed, no earlier": slices.Contains(y.Parties, cybersecurity.Police) == (y.Proposal != nil),
	} {
		if !ok {
			t.Fatalf("%s: %+v", what, y)
		}
	}
}
