package planning_test

import (
	"testing"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	"egov/libs/seal"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/declaration"
	"egov/services/declaration/planning"
)

// TestADevelopmentPlanGoesItsRoad walks YP23-M-7: comments, conference, both
// approvals, filing.
func TestADevelopmentPlanGoesItsRoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	p := w.draft("development_plan", content())
	p, err := w.AskComments(office(), planning.AskComments{ID: p.ID, Units: []string{"finance", "education", "health"}, Until: date("2026-03-20")})
	w.must(err)
	if d := p.Running(planning.CommentsClock); p.State != planning.Commenting || d == nil || d.DueOn != date("2026-03-20") {
		t.Fatalf("%+v", p)
	}
	if _, err = w.Comment(unit("finance"), planning.CommentPlan{ID: p.ID, Text: "资金须分年安排"}); err != nil {
		t.Fatal(err)
	}
	// The office takes a letter down.
	if _, err = w.Comment(office(), planning.CommentPlan{ID: p.ID, Unit: "education", Agrees: true, DocumentNo: "杨教函3号"}); err != nil {
		t.Fatal(err)
	}
	w.set("2026-03-21") // the day has passed, health is silent
	p, err = w.AnswerComments(office(), planning.AnswerComments{ID: p.ID, Answers: []planning.CommentAnswer{{Unit: "finance", Adopted: true}}})
	w.must(err)
	var answered declarationv1.PlanCommentsAnswered
	if !w.plans.Stated(&answered) || answered.GetComments() != 2 || answered.GetAdopted() != 1 || answered.GetSilent()[0] != "health" {
		t.Fatalf("%v", &answered)
	}
	before := p.SHA256
	p, err = w.Revise(office(), planning.RevisePlan{ID: p.ID, Content: planning.Content{FromYear: 2026, ToYear: 2030, Text: "资金分年安排", Links: "与市规划衔接"}})
	w.must(err)
	if p.SHA256 == before {
		t.Fatal("another text has another hash")
	}
	w.set("2026-03-24")
	p = w.laid(p, "deferred") // the conference wants it reworked
	if p.State != planning.Drafting {
		t.Fatal(p.State)
	}
	p = w.laid(p, "endorsed")
	if p.State != planning.Approving || p.Round != 2 {
		t.Fatalf("%+v", p)
	}
	w.set("2026-04-10")
	p, err = w.Approve(office(), approval(p, "district_committee", "2026-04-01"))
	w.must(err)
	if p.State != planning.Approving {
		t.Fatal("one of two approvals is not enough")
	}
	p, err = w.Approve(office(), approval(p, "district_government", "2026-04-08"))
	w.must(err)
	p, err = w.File(office(), filing(p, "2026-04-10"))
	w.must(err)
	if p.State != planning.InForce || p.Signature == nil || p.InForceOn != date("2026-04-10") || len(p.Todo) != 0 || p.Filing.Authority != "city_office" {
		t.Fatalf("%+v", p)
	}
	if !w.plans.Stated(&declarationv1.PlanInForce{}) {
		t.Fatal("nobody hears that it is in force")
	}
	// What was heard already changes nothing.
	w.must(w.Reviewed(service(), reviewed(p, "refused")))
	w.must(w.Reviewed(service(), reviewed(planning.Plan{Root: aggregate.Root{ID: "elsewhere"}}, "refused")))
	if w.plan(p.ID).State != planning.InForce {
		t.Fatal("a plan in force stays so")
	}
}

// TestTheStepsOfAPlanFollowOneAnother: each step out of order is refused by
// YP23-M-7, and by XA18-6 where those rules hold.
func TestTheStepsOfAPlanFollowOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	p := w.draft("development_plan", content())
	_, err := w.Lay(office(), planning.LayPlan{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")

	p = w.commented()
	_, err = w.AskComments(office(), planning.AskComments{ID: p.ID, Units: []string{"health"}, Until: date("2026-03-20")})
	faulttest.RefusedAs(t, err, planning.ErrState, "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")
	_, err = w.File(office(), filing(p, "2026-03-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")
	p, err = w.Lay(office(), planning.LayPlan{ID: p.ID})
	w.must(err)
	_, err = w.Revise(office(), planning.RevisePlan{ID: p.ID, Content: content()})
	faulttest.RefusedAs(t, err, planning.ErrState, "")
	_, err = w.Lay(office(), planning.LayPlan{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrState, "")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")

	w.must(w.Reviewed(service(), reviewed(p, "endorsed")))
	w.set("2026-04-01")
	_, err = w.File(office(), filing(p, "2026-04-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "city_office", "2026-04-01"))
	violates(t, err, "unknown_code", "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-04-02"))
	violates(t, err, "in_future", "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-23"))
	violates(t, err, "before_review", "YP23-M-7")
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-30"))
	w.must(err)
	_, err = w.Approve(office(), approval(p, "district_committee", "2026-03-31"))
	faulttest.RefusedAs(t, err, planning.ErrApproved, "YP23-M-7")
	_, err = w.File(office(), filing(p, "2026-04-01"))
	faulttest.RefusedAs(t, err, planning.ErrOrder, "YP23-M-7") // the government's approval is missing
	_, err = w.Approve(office(), approval(p, "district_government", "2026-03-31"))
	w.must(err)
	_, err = w.File(office(), filing(p, "2026-04-02"))
	violates(t, err, "in_future", "YP23-M-7")

	if p = w.laid(w.commented(), "refused"); p.State != planning.Refused {
		t.Fatal(p.State)
	}
	_, err = w.Lay(office(), planning.LayPlan{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrState, "")
}

// TestPlansUnderOtherRules: Xi'an has plans approved by the government, or a
// zone's yearly plan by its committee, and no conference (XA18-6); Shanghai has a
// yearly plan filed with the city (SH12-9); a step that the rules do not know is
// refused.
func TestPlansUnderOtherRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "xian")
	p := w.draft("development_plan", content())
	_, err := w.Lay(office(), planning.LayPlan{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrNoStep, "XA18-6")
	_, err = w.Approve(office(), approval(p, "zone_committee", "2026-03-01"))
	violates(t, err, "unknown_code", "XA18-6")
	p, err = w.Approve(office(), approval(p, "government", "2026-03-01"))
	w.must(err)
	_, err = w.File(office(), filing(p, "2026-03-01"))
	faulttest.RefusedAs(t, err, planning.ErrNoStep, "XA18-6")
	if p.State != planning.InForce {
		t.Fatal(p.State)
	}
	zone := w.draft("annual_plan", content(planning.PlannedTask{Number: "1", Title: "任务", Lead: "finance", Month: 6}))
	if zone, err = w.Approve(office(), approval(zone, "zone_committee", "2026-03-01")); err != nil || zone.State != planning.InForce {
		t.Fatalf("%+v %v", zone, err) // the year's approving authority is enough
	}
	if _, err := w.Tasks.Get(office(), zone.ID+".1"); err != nil {
		t.Fatal(err)
	}
	r := planning.DraftPlan{Kind: "five_year_plan", Title: "规划", Content: content()}
	_, err = w.Draft(office(), r)
	violates(t, err, "unknown_code", "XA18-6")

	w = newWorld(t, "shanghai")
	p = w.draft("annual_plan", content(planning.PlannedTask{Number: "1", Title: "任务", Lead: "finance", Month: 6}))
	_, err = w.Lay(office(), planning.LayPlan{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrNoStep, "SH12-9")
	if p, err = w.File(office(), filing(p, "2026-03-02")); err != nil || p.State != planning.InForce {
		t.Fatalf("%+v %v", p, err)
	}
	if k, err := w.Tasks.Get(office(), p.ID+".1"); err != nil || k.Deadlines[0].Basis[0] != "SH12-9" {
		t.Fatalf("%+v %v", k, err)
	}
}

// TestOnlyTheOfficePlans: YP23-M-7 gives planning to the conference office; any
// other unit is refused, comments apart.
func TestOnlyTheOfficePlans(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	_, err := w.Draft(as("x", "finance", "secretary"), planning.DraftPlan{Kind: "development_plan", Title: "规划", Content: content()})
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "YP23-M-7")
	p := w.draft("development_plan", content())
	for name, act := range map[string]func() error{
		"lay": func() error { _, err := w.Lay(unit("finance"), planning.LayPlan{ID: p.ID}); return err },
		"approve": func() error {
			_, err := w.Approve(unit("finance"), approval(p, "district_committee", "2026-03-01"))
			return err
		},
		"file": func() error { _, err := w.File(unit("finance"), filing(p, "2026-03-01")); return err },
		"ask": func() error {
			_, err := w.AskComments(unit("finance"), planning.AskComments{ID: p.ID, Units: []string{"health"}, Until: date("2026-03-20")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { faulttest.RefusedAs(t, act(), planning.ErrNotOffice, "YP23-M-7") })
	}
	_, err = w.AskComments(office(), planning.AskComments{ID: p.ID, Units: []string{"finance"}, Until: date("2026-03-02")})
	violates(t, err, "in_past", "YP23-M-7")
	_, err = w.AskComments(office(), planning.AskComments{ID: p.ID, Units: []string{"finance", "health"}, Until: date("2026-03-20")})
	w.must(err)
	_, err = w.Comment(unit("education"), planning.CommentPlan{ID: p.ID, Agrees: true})
	faulttest.RefusedAs(t, err, planning.ErrNotAsked, "YP23-M-7")
	_, err = w.Comment(unit("health"), planning.CommentPlan{ID: p.ID, Unit: "finance", DocumentNo: "1", Agrees: true})
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "YP23-M-7")
	_, err = w.Comment(as("d", declaration.Office, "declarer"), planning.CommentPlan{ID: p.ID, Unit: "finance", DocumentNo: "1", Agrees: true})
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "YP23-M-7")
	_, err = w.Comment(unit("finance"), planning.CommentPlan{ID: p.ID, Text: "不同意"})
	w.must(err)
	_, err = w.Comment(unit("finance"), planning.CommentPlan{ID: p.ID, Text: "再想想"})
	faulttest.RefusedAs(t, err, planning.ErrCommented, "YP23-M-7")
	_, err = w.AnswerComments(office(), planning.AnswerComments{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrWaiting, "YP23-M-7")
	w.set("2026-03-21")
	_, err = w.AnswerComments(office(), planning.AnswerComments{ID: p.ID})
	faulttest.RefusedAs(t, err, planning.ErrAnswers, "YP23-M-7")
	_, err = w.AnswerComments(office(), planning.AnswerComments{ID: p.ID, Answers: []planning.CommentAnswer{{Unit: "health", Adopted: true}}})
	faulttest.RefusedAs(t, err, planning.ErrNotAsked, "YP23-M-7")
}

// TestWhatAPlanSays: what is missing or wrong is a Violation of its article.
func TestWhatAPlanSays(t *testing.T) {
	t.Parallel()
	task := planning.PlannedTask{Number: "A1-1.1", Title: "任务", Lead: "finance", Responsible: []string{"health"}, Month: 6}
	with := func(change func(*planning.DraftPlan)) *planning.DraftPlan {
		r := &planning.DraftPlan{Kind: "annual_plan", Title: "计划", Content: content(task)}
		change(r)
		return r
	}
	for _, c := range []struct {
		name, code, basis string
		r                 interface{ Validate() error }
	}{
		{"a sound one", "", "", with(func(*planning.DraftPlan) {})},
		{"no text", "required", "YP23-M-7", with(func(r *planning.DraftPlan) { r.Text = "" })},
		{"no word on other plans", "required", "YP23-M-7", with(func(r *planning.DraftPlan) { r.Links = "" })},
		{"years upside down", "out_of_range", "XA18-6", with(func(r *planning.DraftPlan) { r.ToYear = 2020 })},
		{"a task without a lead", "required", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks[0].Lead = "" })},
		{"a task twice", "not_once", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks = append(r.Tasks, r.Tasks[0]) })},
		{"a number that is none", "not_once", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks[0].Number = "A/1" })},
		{"a thirteenth month", "out_of_range", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks[0].Month = 13 })},
		{"a lead that is responsible too", "lead_listed", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks[0].Responsible = []string{"finance"} })},
		{"a unit twice", "not_once", "SH16-W", with(func(r *planning.DraftPlan) { r.Tasks[0].Responsible = []string{"health", "health"} })},
		{"a comment that says nothing", "required", "YP23-M-7", &planning.CommentPlan{}},
		{"a letter without its number", "required", "YP23-M-7", &planning.CommentPlan{Unit: "finance", Agrees: true}},
		{"nobody asked", "required", "YP23-M-7", &planning.AskComments{Until: date("2026-03-20")}},
		{"no day", "required", "YP23-M-7", &planning.AskComments{Units: []string{"finance"}}},
		{"an answer without a reason", "required", "YP23-M-7", &planning.AnswerComments{Answers: []planning.CommentAnswer{{Unit: "finance"}}}},
		{"an approval without a document", "required", "YP23-M-7", &planning.RecordApproval{Authority: "government", ApprovedOn: date("2026-03-20")}},
		{"a filing without a document", "required", "YP23-M-8", &planning.RecordFiling{FiledOn: date("2026-03-20")}},
		{"a revision of no version", "required", "", &planning.RevisePlan{Content: content()}},
		{"a seal without a number", "required", "SH12-E-7", &planning.SealPaper{}},
		{"a report that says nothing", "required", "SH16-W", &planning.ReportTask{}},
		{"a result that says nothing", "required", "SH16-W", &planning.CompleteTask{}},
		{"a return without figures", "required", "SH12-36", &planning.FileReturn{}},
		{"a negative figure", "out_of_range", "SH12-36", &planning.FileReturn{Figures: map[string]int64{"systems": -1}}},
		{"a return owed from no day", "required", "SH12-36", &planning.OweReturn{Kind: "statistics_return", Unit: "finance"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.r.Validate()
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			violates(t, err, c.code, c.basis)
		})
	}
	w := newWorld(t, "yangpu")
	_, err := w.Draft(office(), planning.DraftPlan{Kind: "development_plan", Title: "规划", Content: content(task)})
	violates(t, err, "not_applicable", "SH16-W")
	two := content(task)
	two.ToYear = 2027
	_, err = w.Draft(office(), planning.DraftPlan{Kind: "annual_plan", Title: "计划", Content: two})
	violates(t, err, "one_year", "SH16-W")
}

// TestPapersOfAPlan: the report by which a plan is filed is sealed once the plan
// is approved, not before (SH12-E-7); a contract is never sealed (SH12-E-4), a
// conversion is marked as not equal in force and bears no seal (SH12-E-6), the
// sealed original is equal to the paper document (SH12-E-5); a joint letter bears
// its lead unit's seal, and what is classified is refused and not kept.
func TestPapersOfAPlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "yangpu")
	w.Attachments = attachment.Shelf{Blobs: blobs(t)}
	p := w.draft("annual_plan", content())
	n := 0
	attach := func(kind string, form seal.Form, copyOf, units string) (seal.Paper, error) {
		n++
		r := planning.AttachPaper{Upload: seal.Upload{Upload: attachment.Upload{ID: p.ID, Name: "文.pdf", Type: "application/pdf", Body: pdf(n)}, Kind: kind, Form: form, CopyOf: copyOf, Units: units}}
		w.must(r.Validate())
		return w.Attach(office(), r)
	}
	report, err := attach("report", "", "", "")
	w.must(err)
	contract, err := attach("contract", "", "", "")
	w.must(err)
	joint, err := attach("letter", "", "", "finance, gov-office")
	w.must(err)
	conversion, err := attach("report", seal.Converted, report.SHA256, "")
	w.must(err)
	if conversion.Force != seal.NotEqual || conversion.Notice == "" {
		t.Fatalf("%+v", conversion)
	}
	_, err = attach("classified", "", "", "")
	faulttest.RefusedAs(t, err, seal.ErrBarred, "YP23-M-37")
	_, err = w.Attach(unit("finance"), planning.AttachPaper{Upload: seal.Upload{Upload: attachment.Upload{ID: p.ID}}})
	faulttest.RefusedAs(t, err, planning.ErrNotOffice, "")

	put := func(x seal.Paper) error {
		_, err := w.Seal(office(), planning.SealPaper{ID: p.ID, SHA256: x.SHA256, DocumentNo: "杨府办报7号"})
		return err
	}
	faulttest.RefusedAs(t, put(report), seal.ErrNotApproved, "SH12-E-7")
	p = w.laid(p, "endorsed")
	faulttest.RefusedAs(t, put(contract), seal.ErrKind, "SH12-E-4")
	faulttest.RefusedAs(t, put(joint), seal.ErrLead, "SH12-E-7")
	faulttest.RefusedAs(t, put(conversion), seal.ErrForm, "SH12-E-6")
	faulttest.RefusedAs(t, put(seal.Paper{Document: attachment.Document{SHA256: "none"}}), attachment.ErrNone, "")
	w.must(put(report))
	faulttest.RefusedAs(t, put(report), seal.ErrSealed, "")
	var sealed declarationv1.PaperSealed
	if !w.plans.Stated(&sealed) || sealed.GetUnit() != declaration.Office || sealed.GetSha256() != report.SHA256 {
		t.Fatal(&sealed)
	}
	if got := w.plan(p.ID).Papers[0]; got.Force != seal.EqualToPaper || got.Seal == nil {
		t.Fatalf("%+v", got)
	}
	f, err := w.Paper(authn.With(t.Context(), authn.By(office())), attachment.Ref{ID: p.ID, SHA256: report.SHA256})
	w.must(err)
	w.must(f.Body.Close())
	if fault.From(put(contract)).Basis[0] != "SH12-E-4" {
		t.Fatal("by its article")
	}
}
