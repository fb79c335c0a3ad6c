package auditcase_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/blob"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport/auditcase"
	"egov/services/auditexport/redflag"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*auditcase.Service
	t     *testing.T
	cases *aggregatetest.Repository[auditcase.Case, *auditcase.Case]
	flags *aggregatetest.Repository[redflag.Flag, *redflag.Flag]
	clock *calendar.Manual
}

var (
	self     = authn.Service("auditexport", "audit")
	li       = person("audit.li", "audit", "auditor")
	wang     = person("audit.wang", "audit", "auditor")
	clerk    = person("audit.clerk", "audit", "declarer")
	declarer = person("edu.declarer", "education", "declarer")
	stranger = person("health.declarer", "health", "declarer")
	member   = person("edu.member", "education", "member")
)

func person(account, unit string, roles ...string) authn.Principal {
	return authn.Principal{Subject: account, Unit: unit, Roles: roles}
}

func date(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func newDesk(t *testing.T) *desk { t.Helper(); return newDeskOn(t, "2026-03-02") }

func newDeskOn(t *testing.T, day string) *desk {
	t.Helper()
	clock := calendar.NewManual(date(day).Start().Add(9 * time.Hour))
	cases, flags := aggregatetest.New[auditcase.Case, *auditcase.Case](clock), aggregatetest.New[redflag.Flag, *redflag.Flag](clock)
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	n := 0
	return &desk{t: t, cases: cases, flags: flags, clock: clock, Service: &auditcase.Service{
		Cases: cases, Flags: flags, InTx: func(ctx context.Context, f func(context.Context) error) error { return f(ctx) },
		Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, Attachments: attachment.Shelf{Blobs: blobs},
		Sign: func(act string, by authn.Principal, _ any) (*typev1.Signature, error) {
			return &typev1.Signature{Alg: "test", Signer: by.Subject, Value: act}, nil
		},
		Self: self, NewID: func() string { n++; return "case-" + strconv.Itoa(n) },
	}}
}

func (d *desk) as(p authn.Principal) context.Context { return authn.With(d.t.Context(), p) }

func (d *desk) must(c auditcase.Case, err error) auditcase.Case {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// refused wants an error of a code.
func (d *desk) refused(want error) func(auditcase.Case, error) {
	return func(_ auditcase.Case, err error) {
		d.t.Helper()
		if !errors.Is(err, want) {
			d.t.Fatalf("got %v, want %v", err, want)
		}
	}
}

// violates wants a refusal that names a violation.
func (d *desk) violates(code string) func(auditcase.Case, error) {
	return func(_ auditcase.Case, err error) {
		d.t.Helper()
		if err == nil || !slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool { return v.Code == code && v.Msg != "" && v.MsgEN != "" }) {
			d.t.Fatalf("got %v, want %s", err, code)
		}
	}
}

// at moves the clock to a day and lets the deadlines be looked at.
func (d *desk) at(on string) {
	d.t.Helper()
	d.clock.Set(date(on).Start().Add(9 * time.Hour))
	if err := d.cases.Sweep(d.as(self), calendar.Statutory()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) flag(id, unit string, severity policy.Level, projects ...string) {
	d.t.Helper()
	_, err := d.flags.Create(d.as(self), id, func(f *redflag.Flag, _ *aggregate.Recorder) error {
		f.AuditedUnit, f.Severity, f.Projects, f.State, f.Cases = unit, severity, projects, redflag.Raised, []string{}
		f.Rule.Pack = "yangpu-2023"
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// opened is an ordinary case about the education bureau.
func (d *desk) opened(serious bool) auditcase.Case {
	d.t.Helper()
	return d.must(d.Open(d.as(li), auditcase.OpenCase{Title: "食堂监管系统", Reason: "疑似拆分", Unit: "education", Projects: []string{"p1"}, Serious: serious}))
}

// questioned is one whose unit has been asked, examined one whose unit has
// answered.
func (d *desk) questioned(serious bool) auditcase.Case {
	d.t.Helper()
	c := d.opened(serious)
	return d.must(d.Question(d.as(li), auditcase.AskQuestion{ID: c.ID, Question: "为何分两次申报？", Material: []string{"两个项目的建设方案"}}))
}

func (d *desk) examined(serious bool) auditcase.Case {
	d.t.Helper()
	c := d.questioned(serious)
	return d.must(d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: c.ID, Answer: "两期服务于不同学校"}))
}

func (d *desk) rectifying(serious bool) auditcase.Case {
	d.t.Helper()
	c := d.examined(serious)
	return d.must(d.Order(d.as(li), auditcase.OrderRectification{ID: c.ID, Order: "合并采购", DueOn: date("2026-04-01")}))
}

func (d *desk) reported(serious bool) auditcase.Case {
	d.t.Helper()
	c := d.rectifying(serious)
	return d.must(d.Report(d.as(declarer), auditcase.ReportRectification{ID: c.ID, Report: "已合并"}))
}

// stated lists the facts of a case, by type.
func (d *desk) stated() (types []string) {
	for _, f := range d.cases.Facts() {
		types = append(types, string(f.Message.ProtoReflect().Descriptor().Name()))
	}
	return types
}

func last[M proto.Message](d *desk) (m M) {
	d.t.Helper()
	for _, f := range slices.Backward(d.cases.Facts()) {
		if x, ok := f.Message.(M); ok {
			return x
		}
	}
	d.t.Fatalf("no %T", m)
	return m
}

// TestAWholeCase: from flags through question, answer, rectification to the
// conclusion of a second auditor (YP23-M-16, XA18-19).
func TestAWholeCase(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.flag("rf-1", "education", policy.High, "p1", "p2")
	d.flag("rf-2", "education", policy.Low, "p2", "p3")
	c := d.must(d.Open(d.as(li), auditcase.OpenCase{Title: "食堂监管系统", Reason: "疑似拆分", Flags: []string{"rf-1", "rf-2", "rf-1"}}))
	if c.AuditedUnit != "education" || !slices.Equal(c.Projects, []string{"p1", "p2", "p3"}) || !slices.Equal(c.Flags, []string{"rf-1", "rf-2"}) || !c.Serious ||
		c.OpenedBy != "audit.li" || c.Pack != "yangpu-2023" || slices.Contains(c.Parties, "education") {
		t.Fatalf("%+v", c)
	}
	if f, err := d.flags.Get(d.as(self), "rf-1"); err != nil || !slices.Equal(f.Cases, []string{c.ID}) {
		t.Errorf("%+v %v", f, err)
	}
	c = d.must(d.Question(d.as(li), auditcase.AskQuestion{ID: c.ID, Question: "为何分两次申报？"}))
	if c.Questions[0].DueOn != "2026-03-16" || !slices.Contains(c.Parties, "education") || c.Todo[0].Unit != "education" || c.Questions[0].Signature == nil {
		t.Fatalf("%+v", c)
	}
	doc, err := d.Attach(d.as(declarer), attachment.Upload{ID: c.ID, Name: "建设方案.txt", Type: "text/plain", Body: []byte("两期的建设方案")})
	if err != nil {
		t.Fatal(err)
	}
	if f, err := d.Paper(d.as(li), attachment.Ref{ID: c.ID, SHA256: doc.SHA256}); err != nil || f.Name != doc.Name {
		t.Fatal(err)
	} else if err := f.Body.Close(); err != nil {
		t.Fatal(err)
	}
	d.at("2026-03-16")
	c = d.must(d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: c.ID, Answer: "两期服务于不同学校", Documents: []string{doc.SHA256}}))
	if a := c.Questions[0].Answer; a.Late || len(a.Documents) != 1 || a.By != "edu.declarer" {
		t.Fatalf("%+v", a)
	}
	c = d.must(d.Order(d.as(wang), auditcase.OrderRectification{ID: c.ID, Order: "合并采购", DueOn: date("2026-04-01")}))
	c = d.must(d.Report(d.as(declarer), auditcase.ReportRectification{ID: c.ID, Report: "已合并", Documents: []string{doc.SHA256}}))
	c = d.must(d.Review(d.as(li), auditcase.ReviewRectification{ID: c.ID, Remark: "合同未变更", DueOn: date("2026-04-10")}))
	if c.State != auditcase.Rectifying || c.Rectifications[0].Done {
		t.Fatalf("%+v", c)
	}
	c = d.must(d.Report(d.as(declarer), auditcase.ReportRectification{ID: c.ID, Report: "合同已变更"}))
	c = d.must(d.Review(d.as(li), auditcase.ReviewRectification{ID: c.ID, CarriedOut: true, Remark: "属实"}))
	c = d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Rectified, Conclusion: "已整改"}))
	if c.State != auditcase.Concluding {
		t.Fatalf("%+v", c)
	}
	c = d.must(d.Return(d.as(wang), auditcase.ReturnConclusion{ID: c.ID, Reason: "请补充合同变更的依据"}))
	if c.State != auditcase.Examined || c.Conclusion != nil || len(c.Returned) != 1 {
		t.Fatalf("%+v", c)
	}
	d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Rectified, Conclusion: "已整改，依据齐全"}))
	c = d.must(d.Confirm(d.as(wang), auditcase.ByID{ID: c.ID}))
	if c.State != auditcase.Closed || c.Conclusion.By != "audit.li" || c.Conclusion.ConfirmedBy != "audit.wang" || len(c.Todo) != 0 {
		t.Fatalf("%+v", c)
	}
	closed := last[*auditexportv1.AuditCaseClosed](d)
	if closed.GetOutcome() != "rectified" || closed.GetConfirmedBy() != "audit.wang" || closed.GetLate() != 0 || closed.GetSignature() == nil || !slices.Contains(closed.GetBasis(), "YP23-M-16") {
		t.Errorf("%v", closed)
	}
	want := strings.Fields(`AuditCaseOpened DeadlineSet AuditQuestionAsked DeadlineWarned DeadlineMet AuditCaseAnswered DeadlineSet AuditRectificationOrdered
		DeadlineMet AuditRectificationReported DeadlineSet AuditRectificationReviewed DeadlineMet AuditRectificationReported AuditRectificationReviewed
		AuditCaseClosingProposed AuditCaseClosingReturned AuditCaseClosingProposed AuditCaseClosed`)
	if got := d.stated(); !slices.Equal(got, want) {
		t.Errorf("stated %v", got)
	}
	for _, f := range d.cases.Facts() {
		if f.Subject != c.ID {
			t.Errorf("%s is about %s", f.Message.ProtoReflect().Descriptor().Name(), f.Subject)
		}
	}
}

// TestAnOrdinaryCaseIsClosedByOneAuditor, who may be the one who opened it.
func TestAnOrdinaryCaseIsClosedByOneAuditor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.examined(false)
	c = d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Explained, Conclusion: "两期独立"}))
	if c.State != auditcase.Closed || c.Conclusion.ConfirmedBy != "" || c.Conclusion.Signature == nil {
		t.Fatalf("%+v", c)
	}
	d.refused(auditcase.ErrState)(d.Question(d.as(li), auditcase.AskQuestion{ID: c.ID, Question: "？"}))
}

// TestASeriousCaseTakesTwo: SH12-P-9, also where the second acts for the first.
func TestASeriousCaseTakesTwo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.examined(true)
	d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Referred, Conclusion: "移送"}))
	delegate := wang
	delegate.OnBehalfOf = li.Subject
	for _, p := range []authn.Principal{li, delegate} {
		_, err := d.Confirm(d.as(p), auditcase.ByID{ID: c.ID})
		d.refused(auditcase.ErrSameAuditor)(auditcase.Case{}, err)
		_, err = d.Return(d.as(p), auditcase.ReturnConclusion{ID: c.ID, Reason: "？"})
		d.refused(auditcase.ErrSameAuditor)(auditcase.Case{}, err)
	}
	d.must(d.Confirm(d.as(wang), auditcase.ByID{ID: c.ID}))
}

// TestWithheldMaterialStaysOnRecord: refused by the unit itself, or found by an
// auditor (YP23-M-16, XA18-19).
func TestWithheldMaterialStaysOnRecord(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.questioned(false)
	d.violates("unknown_question")(d.Withhold(d.as(li), auditcase.RecordWithholding{ID: c.ID, QuestionID: "another", Manner: auditcase.Concealed, Statement: "另有合同"}))
	c = d.must(d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: c.ID, Answer: "资料已移交档案室，不提供", Refuses: true}))
	if f := last[*auditexportv1.AuditMaterialWithheld](d); f.GetManner() != "refused" || f.GetUnit() != "education" || f.GetSignature().GetSigner() != "edu.declarer" || !slices.Contains(f.GetBasis(), "YP23-M-16") {
		t.Errorf("%v", f)
	}
	c = d.must(d.Withhold(d.as(li), auditcase.RecordWithholding{ID: c.ID, QuestionID: c.Questions[0].ID, Manner: auditcase.Concealed, Statement: "另有一份合同未提供"}))
	if len(c.Withheld) != 2 || c.Withheld[1].Manner != auditcase.Concealed || c.Withheld[1].By != "audit.li" {
		t.Fatalf("%+v", c.Withheld)
	}
	d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Referred, Conclusion: "移送"}))
	if f := last[*auditexportv1.AuditCaseClosed](d); f.GetWithheld() != 2 {
		t.Errorf("%v", f)
	}
}

// TestAUnitThatDoesNotAnswer is late for all to see; when the withholding is on
// record the case can be closed, and the closing tells of both.
func TestAUnitThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.questioned(false)
	d.violates("question_open")(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Explained, Conclusion: "？"}))
	d.at("2026-03-17")
	c, err := d.Get(d.as(li), auditcase.ByID{ID: c.ID})
	if err != nil || !c.Overdue || c.Deadlines[0].State != aggregate.Late || !slices.ContainsFunc(c.Todo, func(t aggregate.Todo) bool { return t.Action == "press_audit_case" && t.Role == "auditor" }) {
		t.Fatalf("%+v %v", c, err)
	}
	last[*deadlinev1.DeadlineMissed](d)
	d.must(d.Withhold(d.as(li), auditcase.RecordWithholding{ID: c.ID, QuestionID: c.Questions[0].ID, Manner: auditcase.Refused, Statement: "两次催办未答复"}))
	c = d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Referred, Conclusion: "移送"}))
	if c.Overdue || c.State != auditcase.Closed {
		t.Errorf("%+v", c)
	}
	if f := last[*auditexportv1.AuditCaseClosed](d); f.GetLate() != 1 || f.GetWithheld() != 1 {
		t.Errorf("%v", f)
	}
}

// TestLateAnswersAndReportsAreTaken, and recorded as late.
func TestLateAnswersAndReportsAreTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.questioned(false)
	d.at("2026-03-17")
	c = d.must(d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: c.ID, Answer: "迟复为歉"}))
	if !c.Questions[0].Answer.Late || c.Overdue {
		t.Fatalf("%+v", c)
	}
	c = d.must(d.Order(d.as(li), auditcase.OrderRectification{ID: c.ID, Order: "合并采购", DueOn: date("2026-04-01")}))
	d.at("2026-04-02")
	if c, err := d.Get(d.as(li), auditcase.ByID{ID: c.ID}); err != nil || !c.Overdue {
		t.Fatalf("%+v %v", c, err)
	}
	c = d.must(d.Report(d.as(declarer), auditcase.ReportRectification{ID: c.ID, Report: "已合并"}))
	if !c.Rectifications[0].Reports[0].Late || c.Overdue {
		t.Fatalf("%+v", c)
	}
	d.must(d.Review(d.as(li), auditcase.ReviewRectification{ID: c.ID, CarriedOut: true, Remark: "属实"}))
	d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Rectified, Conclusion: "已整改"}))
	if f := last[*auditexportv1.AuditCaseClosed](d); f.GetLate() != 2 {
		t.Errorf("%v", f)
	}
}

// TestTheMeasuresInForceAreNamed: a case of 2022 rests on those of 2021, and so
// does the record of material refused in it (YP21-M-16).
func TestTheMeasuresInForceAreNamed(t *testing.T) {
	t.Parallel()
	d := newDeskOn(t, "2022-03-01")
	c := d.questioned(false)
	if c.Pack != "yangpu-2021" || c.Questions[0].DueOn != "2022-03-15" { // ten working days
		t.Errorf("%s, due %s", c.Pack, c.Questions[0].DueOn)
	}
	d.must(d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: c.ID, Answer: "资料已移交档案室，不提供", Refuses: true}))
	if f := last[*auditexportv1.AuditMaterialWithheld](d); !slices.Contains(f.GetBasis(), "YP21-M-16") || slices.Contains(f.GetBasis(), "YP23-M-16") {
		t.Errorf("%v", f)
	}
	d.refused(auditcase.ErrNotAuditor)(d.Question(d.as(declarer), auditcase.AskQuestion{ID: c.ID, Question: "q"}))
}

// TestWhoMayDoWhat: YP23-M-16, SH12-P-9.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.questioned(false)
	for _, p := range []authn.Principal{declarer, clerk, {Subject: "x", Unit: "education", Roles: []string{"auditor"}}} {
		for name, act := range map[string]func() (auditcase.Case, error){
			"open": func() (auditcase.Case, error) {
				return d.Open(d.as(p), auditcase.OpenCase{Title: "t", Reason: "r", Unit: "health"})
			},
			"ask": func() (auditcase.Case, error) {
				return d.Question(d.as(p), auditcase.AskQuestion{ID: c.ID, Question: "q"})
			},
			"withhold": func() (auditcase.Case, error) { return d.Withhold(d.as(p), auditcase.RecordWithholding{ID: c.ID}) },
			"order":    func() (auditcase.Case, error) { return d.Order(d.as(p), auditcase.OrderRectification{ID: c.ID}) },
			"review":   func() (auditcase.Case, error) { return d.Review(d.as(p), auditcase.ReviewRectification{ID: c.ID}) },
			"conclude": func() (auditcase.Case, error) { return d.Conclude(d.as(p), auditcase.ConcludeCase{ID: c.ID}) },
			"confirm":  func() (auditcase.Case, error) { return d.Confirm(d.as(p), auditcase.ByID{ID: c.ID}) },
		} {
			if _, err := act(); !errors.Is(err, auditcase.ErrNotAuditor) {
				t.Errorf("%s, %s: %v", p.Subject, name, err)
			}
		}
	}
	for _, p := range []authn.Principal{stranger, member, li} {
		_, err := d.Answer(d.as(p), auditcase.AnswerQuestion{ID: c.ID, Answer: "a"})
		d.refused(auditcase.ErrNotAudited)(auditcase.Case{}, err)
		_, err = d.Report(d.as(p), auditcase.ReportRectification{ID: c.ID, Report: "r"})
		d.refused(auditcase.ErrNotAudited)(auditcase.Case{}, err)
		if _, err := d.Attach(d.as(p), attachment.Upload{ID: c.ID, Name: "x", Body: []byte("x")}); !errors.Is(err, auditcase.ErrNotAudited) {
			t.Errorf("%s: %v", p.Subject, err)
		}
	}
	_, err := d.Open(d.as(li), auditcase.OpenCase{Title: "t", Reason: "r", Unit: "audit"})
	d.refused(auditcase.ErrOwnUnit)(auditcase.Case{}, err)
	d.flag("rf-1", "education", policy.Low)
	_, err = d.Open(d.as(li), auditcase.OpenCase{Title: "t", Reason: "r", Unit: "health", Flags: []string{"rf-1"}})
	d.refused(auditcase.ErrNoFlag)(auditcase.Case{}, err)
	if _, err = d.Open(d.as(li), auditcase.OpenCase{Title: "t", Reason: "r", Flags: []string{"rf-9"}}); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// TestACaseGoesItsWay: what a state does not allow is refused with the state.
func TestACaseGoesItsWay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		from func(*desk) auditcase.Case
		act  func(*desk, string) (auditcase.Case, error)
		code string // of a violation; empty: the state
	}{
		{"AskWhileOneWaits", func(d *desk) auditcase.Case { return d.questioned(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Question(d.as(li), auditcase.AskQuestion{ID: id, Question: "？"})
		}, ""},
		{"AskWhileAReportWaits", func(d *desk) auditcase.Case { return d.reported(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Question(d.as(li), auditcase.AskQuestion{ID: id, Question: "？"})
		}, ""},
		{"OrderBeforeHearing", func(d *desk) auditcase.Case { return d.opened(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Order(d.as(li), auditcase.OrderRectification{ID: id, Order: "x", DueOn: date("2026-04-01")})
		}, ""},
		{"OrderWhileOneWaits", func(d *desk) auditcase.Case { return d.reported(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Order(d.as(li), auditcase.OrderRectification{ID: id, Order: "x", DueOn: date("2026-04-01")})
		}, ""},
		{"OrderForToday", func(d *desk) auditcase.Case { return d.examined(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Order(d.as(li), auditcase.OrderRectification{ID: id, Order: "x", DueOn: date("2026-03-02")})
		}, "in_past"},
		{"AnswerTwice", func(d *desk) auditcase.Case { return d.examined(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: id, Answer: "x"})
		}, ""},
		{"AnswerWithAPaperThatIsNotThere", func(d *desk) auditcase.Case { return d.questioned(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Answer(d.as(declarer), auditcase.AnswerQuestion{ID: id, Answer: "x", Documents: []string{strings.Repeat("0", 64)}})
		}, "not_attached"},
		{"ReportWithoutAnOrder", func(d *desk) auditcase.Case { return d.examined(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Report(d.as(declarer), auditcase.ReportRectification{ID: id, Report: "x"})
		}, ""},
		{"ReviewBeforeAReport", func(d *desk) auditcase.Case { return d.examined(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Review(d.as(li), auditcase.ReviewRectification{ID: id, CarriedOut: true, Remark: "x"})
		}, ""},
		{"RectifiedWithoutAnOrder", func(d *desk) auditcase.Case { return d.examined(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Conclude(d.as(li), auditcase.ConcludeCase{ID: id, Outcome: auditcase.Rectified, Conclusion: "x"})
		}, "nothing_rectified"},
		{"RectifiedWhileItIsNot", func(d *desk) auditcase.Case { return d.rectifying(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Conclude(d.as(li), auditcase.ConcludeCase{ID: id, Outcome: auditcase.Rectified, Conclusion: "x"})
		}, "rectification_open"},
		{"ExplainedByNobody", func(d *desk) auditcase.Case { return d.opened(false) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Conclude(d.as(li), auditcase.ConcludeCase{ID: id, Outcome: auditcase.Explained, Conclusion: "x"})
		}, "nobody_asked"},
		{"ConfirmWhatIsNotConcluded", func(d *desk) auditcase.Case { return d.examined(true) }, func(d *desk, id string) (auditcase.Case, error) {
			return d.Confirm(d.as(wang), auditcase.ByID{ID: id})
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := tc.from(d)
			_, err := tc.act(d, c.ID)
			if tc.code != "" {
				d.violates(tc.code)(c, err)
				return
			}
			d.refused(auditcase.ErrState)(c, err)
		})
	}
}

// TestReturnedConclusionsGoBackWhereTheyCameFrom.
func TestReturnedConclusionsGoBackWhereTheyCameFrom(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from func(*desk) auditcase.Case
		want auditcase.State
	}{
		"BeforeAQuestion": {func(d *desk) auditcase.Case { return d.opened(true) }, auditcase.Opened},
		"WithAQuestion":   {func(d *desk) auditcase.Case { return d.questioned(true) }, auditcase.Questioned},
		"WithAnAnswer":    {func(d *desk) auditcase.Case { return d.examined(true) }, auditcase.Examined},
		"WithAnOrder":     {func(d *desk) auditcase.Case { return d.rectifying(true) }, auditcase.Rectifying},
		"WithAReport":     {func(d *desk) auditcase.Case { return d.reported(true) }, auditcase.Examined},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := tc.from(d)
			d.must(d.Conclude(d.as(li), auditcase.ConcludeCase{ID: c.ID, Outcome: auditcase.Unfounded, Conclusion: "不成立"}))
			if c := d.must(d.Return(d.as(wang), auditcase.ReturnConclusion{ID: c.ID, Reason: "依据不足"})); c.State != tc.want || len(c.Todo) == 0 {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 10001)
	for name, tc := range map[string]struct {
		r      interface{ Validate() error }
		fields string
	}{
		"open":               {&auditcase.OpenCase{}, "title reason unit"},
		"open with too much": {&auditcase.OpenCase{Title: "t", Reason: "r", Unit: strings.Repeat("u", 65), Flags: []string{""}}, "flags unit"},
		"ask":                {&auditcase.AskQuestion{Material: []string{""}}, "question material"},
		"answer":             {&auditcase.AnswerQuestion{Answer: long, Documents: []string{"zz"}}, "answer documents"},
		"withhold":           {&auditcase.RecordWithholding{Manner: "lost"}, "question_id manner statement"},
		"order":              {&auditcase.OrderRectification{}, "order due_on"},
		"report":             {&auditcase.ReportRectification{}, "report"},
		"review":             {&auditcase.ReviewRectification{}, "remark due_on"},
		"review done":        {&auditcase.ReviewRectification{CarriedOut: true, Remark: "r", DueOn: date("2026-03-02")}, "due_on"},
		"conclude":           {&auditcase.ConcludeCase{Outcome: "forgotten"}, "outcome conclusion"},
		"return":             {&auditcase.ReturnConclusion{}, "reason"},
	} {
		var fields []string
		for _, v := range fault.From(tc.r.Validate()).Violations {
			fields = append(fields, v.Field)
		}
		if got := strings.Join(fields, " "); got != tc.fields {
			t.Errorf("%s: %s", name, got)
		}
	}
}
