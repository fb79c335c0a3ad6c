package budgeting

import (
	"context"
	"maps"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// PostEvaluationReport is the third party's obligation to report; its clock runs
// to the day that the office set. stable: deadline code.
const PostEvaluationReport = "post_evaluation_report"

// PostEvaluation is the evaluation of one finished project by a third party that
// the conference had chosen (YP23-R-5.6.2).
type PostEvaluation struct {
	aggregate.Root
	Title      string `json:"title"` // of the project
	State      string `json:"state"` // ordered, reported or completed
	Of         string `json:"of_unit"`
	Agency     string `json:"agency"`
	AgencyName string `json:"agency_name"`
	SessionID  string `json:"session_id"` // of the decision that chose the project
	DecidedOn  string `json:"decided_on"`
	Reason     string `json:"reason"`
	ReportBy   string `json:"report_by"`

	Answers    map[string]string `json:"answers,omitempty"` // by question of the pack
	Conclusion string            `json:"conclusion,omitempty"`
	ReportedOn string            `json:"reported_on,omitempty"`
	Signature  *typev1.Signature `json:"signature,omitempty"` // over the report
	Opinion    string            `json:"opinion,omitempty"`   // of the office
}

// The states of a post-evaluation, besides reported. stable.
const (
	ordered   = "ordered"
	completed = "completed"
)

// Judged notes who had a part in judging or supervising a project: none of them
// evaluates it afterwards (YP23-R-5.6.2).
func (s *Service) Judged(ctx context.Context, project string, who ...string) error {
	return s.learn(ctx, project, func(b *Budget, _ *aggregate.Recorder) error {
		for _, w := range who {
			if w != "" && !slices.Contains(b.Evaluators, w) {
				b.Evaluators = append(b.Evaluators, w)
			}
		}
		return nil
	})
}

// OrderPostEvaluation has a finished project evaluated.
type OrderPostEvaluation struct {
	ProjectID  string        `json:"project_id" required:"true"`
	Agency     string        `json:"agency" required:"true"`      // the third party's unit code
	AgencyName string        `json:"agency_name" required:"true"` // as contracts would name it
	SessionID  string        `json:"session_id" required:"true"`  // of the conference's decision
	DecidedOn  calendar.Date `json:"decided_on" required:"true"`
	Reason     string        `json:"reason" required:"true"` // for which this project was chosen
	ReportBy   calendar.Date `json:"report_by" required:"true"`
}

// Validate lists what is missing.
func (r *OrderPostEvaluation) Validate() error {
	const basis = "YP23-R-5.6.2"
	var c fault.Checks
	c.Text(r.ProjectID, "project_id", 100, basis)
	c.Text(r.Agency, "agency", 64, basis)
	c.Text(r.AgencyName, "agency_name", 200, basis)
	c.Text(r.SessionID, "session_id", 100, basis)
	c.Text(r.Reason, "reason", 2000, basis)
	c.Require(!r.DecidedOn.IsZero(), "decided_on", "required", "须写明联席会议决定日期", "name the day of the conference's decision", basis)
	c.Require(r.ReportBy.After(r.DecidedOn), "report_by", "out_of_range", "报告期限须晚于决定日期", "the report follows the decision", basis)
	return c.Err()
}

// OrderPostEvaluation gives a project that is built or in use, and that the
// conference chose, to a third party which is independent: not the declaring or
// supervising unit, not a supplier of the project, nobody who judged it before
// (YP23-R-5.6.2).
func (s *Service) OrderPostEvaluation(ctx context.Context, r OrderPostEvaluation) (PostEvaluation, error) {
	if authn.By(ctx).Unit != ConferenceOffice {
		return PostEvaluation{}, ErrNotConferenceOffice.WithBasis("YP23-R-5.6.2")
	}
	b, err := s.Budgets.Get(authn.With(ctx, s.Self), r.ProjectID)
	if err != nil {
		return PostEvaluation{}, err
	}
	if b.Project == nil {
		return PostEvaluation{}, ErrPostEvaluation
	}
	if _, err := s.questions(&b); err != nil {
		return PostEvaluation{}, err
	}
	if err := b.evaluable(r); err != nil {
		return PostEvaluation{}, err
	}
	return s.PostEvaluations.Create(ctx, s.NewID(), func(x *PostEvaluation, rec *aggregate.Recorder) error {
		x.ProjectID, x.Title, x.State, x.Of, x.Agency, x.AgencyName = b.ID, b.Title, ordered, b.Project.GetUnit(), r.Agency, r.AgencyName
		x.SessionID, x.DecidedOn, x.Reason, x.ReportBy = r.SessionID, r.DecidedOn.String(), r.Reason, r.ReportBy.String()
		if r.DecidedOn.After(rec.Today()) || !r.ReportBy.After(rec.Today()) {
			return ErrPostEvaluation.WithViolations(fault.Violation{Field: "report_by", Code: "out_of_range", Msg: "决定日期不得晚于今天，报告期限须晚于今天", MsgEN: "the decision is not after today, the report is", Basis: []string{"YP23-R-5.6.2"}})
		}
		x.Share(r.Agency, x.Of)
		terms, err := s.Rules.Appointed(b.Project.GetPack(), PostEvaluationReport, rec.Today(), r.ReportBy, "YP23-R-5.6.2")
		if err != nil {
			return err
		}
		x.StartClock(rec, r.Agency, terms)
		x.Await(aggregate.Todo{Action: "report_post_evaluation", Role: "agency", Unit: r.Agency, Title: "提交项目后评价报告：" + x.Title})
		rec.State(x.ProjectID, &budgetingv1.PostEvaluationOrdered{
			ProjectId: x.ProjectID, EvaluationId: x.ID, Agency: x.Agency, SessionId: x.SessionID, DecidedOn: x.DecidedOn, Reason: x.Reason, Basis: []string{"YP23-R-5.6.2"},
		})
		return nil
	})
}

// questions are what an evaluation of the project answers by its rules.
func (s *Service) questions(b *Budget) (policy.Questions, error) {
	pack, err := s.Rules.Of(b.Project.GetPack())
	if err != nil {
		return policy.Questions{}, err
	}
	q := pack.Office().PostEvaluation
	if len(q.List) == 0 {
		return q, ErrNoPostEvaluation
	}
	return q, nil
}

// evaluable refuses a project that is neither built nor in use, and a third
// party that is tied to it, naming every tie (YP23-R-5.6.2).
func (b *Budget) evaluable(r OrderPostEvaluation) error {
	const basis = "YP23-R-5.6.2"
	var c fault.Checks
	c.Require(b.AcceptedOn != "" || b.Project.GetInUse(), "project_id", "not_built", "项目尚未建成或投入运行", "the project is neither built nor in use", basis)
	c.Require(r.Agency != b.Project.GetUnit() && r.Agency != b.Project.GetSupervisor(), "agency", "own_project", "申报单位及其主管部门不得评价本项目", "the declaring and the supervising unit do not evaluate their project", basis)
	judged := slices.Contains(b.Evaluators, r.Agency) || slices.Contains(b.Evaluators, r.AgencyName)
	c.Require(!judged, "agency", "judged_before", "参与过本项目论证评估或监理的机构应当回避", "whoever judged or supervised the project before stays out of it", basis)
	supplies := slices.ContainsFunc(b.Contracts, func(x Contract) bool { return x.Supplier == r.AgencyName || x.Supplier == r.Agency })
	c.Require(!supplies, "agency_name", "supplier", "本项目的供应商应当回避", "a supplier of the project stays out of it", basis)
	return c.Refuse(ErrPostEvaluation)
}

// ReportPostEvaluation is the third party's report.
type ReportPostEvaluation struct {
	ID         string            `path:"id" json:"-"`
	Answers    map[string]string `json:"answers" required:"true"` // by question: effect in use, approval, implementation, results
	Conclusion string            `json:"conclusion" required:"true" enum:"good,fair,poor"`
}

// Validate wants answers and a conclusion.
func (r *ReportPostEvaluation) Validate() error {
	const basis = "YP23-R-5.6.2"
	var c fault.Checks
	c.Require(len(r.Answers) > 0, "answers", "required", "必填", "is required", basis)
	for _, q := range slices.Sorted(maps.Keys(r.Answers)) {
		c.Text(r.Answers[q], "answers."+q, 20_000, basis)
	}
	c.Require(slices.Contains([]string{"good", "fair", "poor"}, r.Conclusion), "conclusion", "unknown_code", "须为good、fair或poor", "good, fair or poor", basis)
	return c.Err()
}

// ReportPostEvaluation records the report, signed: it looks at the effect in use
// and at approval and implementation as a whole, and gives its results
// (YP23-R-5.6.2).
func (s *Service) ReportPostEvaluation(ctx context.Context, r ReportPostEvaluation) (PostEvaluation, error) {
	x, err := s.PostEvaluations.Get(ctx, r.ID)
	if err != nil {
		return x, err
	}
	b, err := s.Budgets.Get(authn.With(ctx, s.Self), x.ProjectID)
	if err != nil {
		return x, err
	}
	questions, err := s.questions(&b)
	if err != nil {
		return x, err
	}
	return s.PostEvaluations.Update(ctx, r.ID, func(x *PostEvaluation, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Agency {
			return ErrNotEvaluator
		}
		if x.State != ordered {
			return ErrState.WithMsg("后评价报告已提交", "the report is given").WithBasis("YP23-R-5.6.2")
		}
		if err := answered(questions, slices.Sorted(maps.Keys(r.Answers))); err != nil {
			return err
		}
		signature, err := s.Sign("budgeting.ReportPostEvaluation", rec.By(), struct {
			EvaluationID string            `json:"evaluation_id"`
			ProjectID    string            `json:"project_id"`
			Answers      map[string]string `json:"answers"`
			Conclusion   string            `json:"conclusion"`
		}{x.ID, x.ProjectID, r.Answers, r.Conclusion})
		if err != nil {
			return err
		}
		x.State, x.Answers, x.Conclusion, x.ReportedOn, x.Signature = reported, r.Answers, r.Conclusion, rec.Today().String(), signature
		x.MeetClock(rec, PostEvaluationReport, rec.Today())
		x.Await(aggregate.Todo{Action: "complete_post_evaluation", Role: "secretary", Unit: ConferenceOffice, Title: "审阅项目后评价：" + x.Title})
		rec.State(x.ProjectID, &budgetingv1.PostEvaluationReported{
			ProjectId: x.ProjectID, EvaluationId: x.ID, Agency: x.Agency, Conclusion: x.Conclusion, Basis: questions.Basis, Signature: signature,
		})
		return nil
	})
}

// answered wants every question of a list, and no other.
func answered(q policy.Questions, codes []string) error {
	var c fault.Checks
	for _, x := range q.List {
		c.Require(slices.Contains(codes, x.Code), "answers."+x.Code, "required", "尚未评价“"+x.Label.ZH+"”", x.Label.EN+" is not answered", x.Basis...)
	}
	for _, code := range codes {
		known := slices.ContainsFunc(q.List, func(x policy.Question) bool { return x.Code == code })
		c.Require(known, "answers."+code, "unknown_code", "没有这项评价内容", "is no question of the rules", q.Basis...)
	}
	return c.Err()
}

// CompletePostEvaluation takes a report over.
type CompletePostEvaluation struct {
	ID      string `path:"id" json:"-"`
	Opinion string `json:"opinion" required:"true"` // what follows for later reviews and budgets
}

// Validate wants the office's opinion.
func (r *CompletePostEvaluation) Validate() error {
	var c fault.Checks
	c.Text(r.Opinion, "opinion", 10_000, "YP23-R-5.6.2")
	return c.Err()
}

// CompletePostEvaluation ends a post-evaluation with what the office makes of
// it; the unit sees both.
func (s *Service) CompletePostEvaluation(ctx context.Context, r CompletePostEvaluation) (PostEvaluation, error) {
	return s.PostEvaluations.Update(ctx, r.ID, func(x *PostEvaluation, rec *aggregate.Recorder) error {
		if rec.By().Unit != ConferenceOffice {
			return ErrNotConferenceOffice.WithBasis("YP23-R-5.6.2")
		}
		if x.State != reported {
			return ErrState.WithMsg("第三方机构尚未提交报告，或后评价已办结", "the third party has not reported, or it is completed").WithBasis("YP23-R-5.6.2")
		}
		x.State, x.Opinion = completed, r.Opinion
		x.Await()
		rec.State(x.ProjectID, &budgetingv1.PostEvaluationCompleted{
			ProjectId: x.ProjectID, EvaluationId: x.ID, Agency: x.Agency, Conclusion: x.Conclusion, Opinion: x.Opinion, Basis: []string{"YP23-R-5.6.2"},
		})
		return nil
	})
}
