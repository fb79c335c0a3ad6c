package budgeting

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/seal"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// PerformanceEvaluation is the obligation to evaluate an accepted project from
// time to time (SH12-37); the pack counts it. stable: deadline code.
const PerformanceEvaluation = "performance_evaluation"

// Assessment is the comprehensive assessment of one unit's e-government work of
// one year, with the notice to the unit and its answer (YP23-M-39, SH12-37).
type Assessment struct {
	aggregate.Root
	Title     string            `json:"title"`
	State     string            `json:"state"` // drafted, published or answered
	Of        string            `json:"of_unit"`
	Year      int               `json:"year"`
	Pack      string            `json:"pack"`
	Score     int               `json:"score"` // 0..100
	Answers   map[string]Rating `json:"answers"`
	Projects  []ProjectRating   `json:"projects"`
	Summary   string            `json:"summary"`
	DraftedBy string            `json:"drafted_by"`

	NoticeNo    string            `json:"notice_no,omitempty"`
	PublishedOn string            `json:"published_on,omitempty"`
	Signature   *typev1.Signature `json:"signature,omitempty"` // over the notice
	Seal        *seal.Seal        `json:"seal,omitempty"`
	Force       string            `json:"force,omitempty"` // equal_to_paper once sealed (SH12-E-5)
	Answer      string            `json:"answer,omitempty"`
	AnsweredBy  string            `json:"answered_by,omitempty"`
	AnsweredOn  string            `json:"answered_on,omitempty"`
}

// Rating is what was found on one question.
type Rating struct {
	Score   int    `json:"score"` // 0..100
	Finding string `json:"finding" required:"true"`
}

// ProjectRating is what was found on one project.
type ProjectRating struct {
	ProjectID string `json:"project_id" required:"true"`
	Rating
}

// The states of an assessment. stable.
const (
	drafted    = "drafted"
	published  = "published"
	answeredIt = "answered"
)

// timeEvaluation starts the clock of a project's evaluation when it is accepted
// and its rules count one (SH12-37): the office has to evaluate it.
func (s *Service) timeEvaluation(b *Budget, rec *aggregate.Recorder) error {
	if b.AcceptedOn == "" || b.Project == nil || slices.ContainsFunc(b.Deadlines, func(d aggregate.Deadline) bool { return d.Obligation == PerformanceEvaluation }) {
		return nil
	}
	from, err := calendar.ParseDate(b.AcceptedOn)
	if err != nil {
		return nil // an acceptance without a day starts nothing
	}
	return s.evaluateFrom(b, rec, from)
}

// evaluateFrom starts one period.
func (s *Service) evaluateFrom(b *Budget, rec *aggregate.Recorder, from calendar.Date) error {
	if err := s.Rules.Start(b.Base(), rec, b.Project.GetPack(), PerformanceEvaluation, ConferenceOffice, from); err != nil {
		return err
	}
	if b.Running(PerformanceEvaluation) != nil {
		b.Share(ConferenceOffice)
		b.Ask(aggregate.Todo{Action: "assess_unit", Role: "secretary", Unit: ConferenceOffice, Title: "项目绩效评估：" + b.Title})
	}
	return nil
}

// DraftAssessment assesses a unit.
type DraftAssessment struct {
	Of       string            `json:"of_unit" required:"true"`
	Year     int               `json:"year" required:"true"`
	Score    int               `json:"score"`
	Answers  map[string]Rating `json:"answers" required:"true"` // by question of the pack, every one
	Projects []ProjectRating   `json:"projects"`                // of the unit, that were looked at
	Summary  string            `json:"summary" required:"true"`
}

// maxRated bounds the projects of one assessment.
const maxRated = 500

// Validate lists what is missing.
func (r *DraftAssessment) Validate() error {
	basis := []string{"YP23-M-39", "SH12-37"}
	var c fault.Checks
	c.Text(r.Of, "of_unit", 64, basis...)
	c.Require(r.Year >= 2000 && r.Year <= 2100, "year", "out_of_range", "年度不正确", "a year of this century", basis...)
	c.Text(r.Summary, "summary", 20_000, basis...)
	c.Require(len(r.Answers) > 0, "answers", "required", "必填", "is required", basis...)
	c.Require(len(r.Projects) <= maxRated, "projects", "too_many", fmt.Sprintf("不得超过%d个项目", maxRated), fmt.Sprintf("at most %d projects", maxRated))
	score := func(at string, n int) {
		c.Require(n >= 0 && n <= 100, at, "out_of_range", "须为0至100分", "0 to 100", basis...)
	}
	score("score", r.Score)
	for _, q := range slices.Sorted(maps.Keys(r.Answers)) {
		score("answers."+q+".score", r.Answers[q].Score)
		c.Text(r.Answers[q].Finding, "answers."+q+".finding", 10_000, basis...)
	}
	seen := map[string]bool{}
	for i, p := range r.Projects {
		at := fmt.Sprintf("projects[%d].", i)
		c.Require(p.ProjectID != "" && !seen[p.ProjectID], at+"project_id", "not_once", "每个项目须且只须列一次", "each project once", basis...)
		seen[p.ProjectID] = true
		score(at+"score", p.Score)
		c.Text(p.Finding, at+"finding", 10_000, basis...)
	}
	return c.Err()
}

// DraftAssessment makes the office's assessment of a unit for a year, once: it
// answers every question of the pack in force (YP23-M-39, SH12-37). Nobody
// assesses its own unit.
func (s *Service) DraftAssessment(ctx context.Context, r DraftAssessment) (Assessment, error) {
	by := authn.By(ctx)
	if by.Unit != ConferenceOffice {
		return Assessment{}, ErrNotConferenceOffice.WithBasis("YP23-M-39")
	}
	if r.Of == by.Unit {
		return Assessment{}, ErrOwnUnit
	}
	pack, err := s.Rules.Packs.ForDate(s.District, calendar.Today(s.Clock))
	if err != nil {
		return Assessment{}, err
	}
	questions := pack.Office().Assessment
	if len(questions.List) == 0 {
		return Assessment{}, ErrNoAssessment
	}
	if err := answered(questions, slices.Sorted(maps.Keys(r.Answers))); err != nil {
		return Assessment{}, err
	}
	if err := s.theirs(ctx, r, questions); err != nil {
		return Assessment{}, err
	}
	return s.Assessments.Create(ctx, fmt.Sprintf("%d.%s", r.Year, r.Of), func(x *Assessment, rec *aggregate.Recorder) error {
		if r.Year > rec.Today().Year() {
			return ErrAssessment.WithViolations(fault.Violation{Field: "year", Code: "in_future", Msg: "该年度尚未开始", MsgEN: "the year has not begun", Basis: questions.Basis})
		}
		x.ProjectID, x.State, x.Of, x.Year, x.Pack = x.ID, drafted, r.Of, r.Year, pack.ID()
		x.Title = fmt.Sprintf("%d年度电子政务综合评估：%s", r.Year, r.Of)
		x.Score, x.Answers, x.Projects, x.Summary, x.DraftedBy = r.Score, r.Answers, append([]ProjectRating{}, r.Projects...), r.Summary, by.Actor()
		x.Await(aggregate.Todo{Action: "publish_assessment", Role: "secretary", Unit: ConferenceOffice, Title: "通报" + x.Title})
		return nil
	})
}

// theirs refuses projects that are not the unit's.
func (s *Service) theirs(ctx context.Context, r DraftAssessment, q policy.Questions) error {
	var c fault.Checks
	for i, p := range r.Projects {
		b, err := s.Budgets.Get(authn.With(ctx, s.Self), p.ProjectID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		c.Require(err == nil && b.Project.GetUnit() == r.Of, fmt.Sprintf("projects[%d].project_id", i), "not_the_units", "不是该单位的项目", "is no project of the unit", q.Basis...)
	}
	return c.Refuse(ErrAssessment)
}

// PublishAssessment makes an assessment known.
type PublishAssessment struct {
	ID       string `path:"id" json:"-"`
	NoticeNo string `json:"notice_no" required:"true"`
}

// Validate wants the notice's number.
func (r *PublishAssessment) Validate() error {
	var c fault.Checks
	c.Text(r.NoticeNo, "notice_no", 100, "YP23-M-39", "SH12-37")
	return c.Err()
}

// PublishAssessment sends the notice to the unit, and to the member units
// (YP23-M-39). The clocks of the projects that were looked at are met, and their
// next period begins (SH12-37).
func (s *Service) PublishAssessment(ctx context.Context, r PublishAssessment) (x Assessment, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		x, err = s.Assessments.Update(ctx, r.ID, func(x *Assessment, rec *aggregate.Recorder) error {
			if rec.By().Unit != ConferenceOffice {
				return ErrNotConferenceOffice.WithBasis("YP23-M-39")
			}
			if x.State != drafted {
				return ErrState.WithMsg("该综合评估已通报", "the assessment is published").WithBasis("YP23-M-39")
			}
			pack, err := s.Rules.Of(x.Pack)
			if err != nil {
				return err
			}
			x.State, x.NoticeNo, x.PublishedOn = published, r.NoticeNo, rec.Today().String()
			if x.Signature, err = s.Sign("budgeting.PublishAssessment", rec.By(), x.notice()); err != nil {
				return err
			}
			x.Share(x.Of)
			x.Share(pack.Procedure().Members...)
			x.Await(aggregate.Todo{Action: "answer_assessment", Role: "declarer", Unit: x.Of, Title: "反馈" + x.Title})
			f := &budgetingv1.UnitAssessed{AssessmentId: x.ID, Unit: x.Of, Year: int32(x.Year), Score: int32(x.Score), NoticeNo: x.NoticeNo, Basis: pack.Office().Assessment.Basis, Signature: x.Signature}
			for _, p := range x.Projects {
				f.ProjectIds = append(f.ProjectIds, p.ProjectID)
			}
			rec.State(x.ID, f)
			return nil
		})
		if err != nil {
			return err
		}
		return s.evaluated(ctx, x)
	})
	return x, err
}

// evaluated meets the clocks of the projects that an assessment looked at.
func (s *Service) evaluated(ctx context.Context, x Assessment) error {
	ids := make([]string, len(x.Projects))
	for i, p := range x.Projects {
		ids[i] = p.ProjectID
	}
	slices.Sort(ids)
	for _, id := range ids {
		b, err := s.Budgets.Get(authn.With(ctx, s.Self), id)
		if err != nil {
			return err
		}
		if b.Running(PerformanceEvaluation) == nil {
			continue
		}
		if _, err := s.Budgets.Update(ctx, id, func(b *Budget, rec *aggregate.Recorder) error {
			d := b.Running(PerformanceEvaluation)
			if d == nil {
				return nil
			}
			next := d.DueOn
			b.MeetClock(rec, PerformanceEvaluation, rec.Today())
			b.Answered("assess_unit")
			return s.evaluateFrom(b, rec, next)
		}); err != nil {
			return err
		}
	}
	return nil
}

// notice is what the unit is told.
func (x *Assessment) notice() any {
	return struct {
		ID       string            `json:"assessment_id"`
		Of       string            `json:"of_unit"`
		Year     int               `json:"year"`
		Score    int               `json:"score"`
		Answers  map[string]Rating `json:"answers"`
		Projects []ProjectRating   `json:"projects"`
		Summary  string            `json:"summary"`
		NoticeNo string            `json:"notice_no"`
	}{x.ID, x.Of, x.Year, x.Score, x.Answers, x.Projects, x.Summary, x.NoticeNo}
}

// noticePaper is the kind of document that a notice is. stable: a paper of the
// packs.
const noticePaper = "circular"

// SealAssessment puts the office's e-seal on a notice.
type SealAssessment struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `json:"sha256" required:"true"` // of the notice as it is sent, hex
}

// Validate wants the notice's hash.
func (r *SealAssessment) Validate() error {
	var c fault.Checks
	c.Require(len(r.SHA256) == 64, "sha256", "required", "须写明通报文件的SHA-256", "name the notice's SHA-256", "SH12-E-7")
	return c.Err()
}

// SealAssessment seals a notice that is published, never a draft (SH12-E-7).
func (s *Service) SealAssessment(ctx context.Context, r SealAssessment) (Assessment, error) {
	return s.Assessments.Update(ctx, r.ID, func(x *Assessment, rec *aggregate.Recorder) error {
		if x.Seal != nil {
			return seal.ErrSealed
		}
		pack, err := s.Rules.Of(x.Pack)
		if err != nil {
			return err
		}
		act := seal.Act{Kind: noticePaper, Units: []string{ConferenceOffice}, DocumentNo: x.NoticeNo, SHA256: r.SHA256, Approved: x.State != drafted}
		put, err := seal.Put(pack.Office(), act, rec.By(), rec.Today(), func(document any) (*typev1.Signature, error) {
			return s.Sign("budgeting.SealAssessment", rec.By(), document)
		})
		if err != nil {
			return err
		}
		x.Seal, x.Force = &put, seal.EqualToPaper
		rec.State(x.ID, &budgetingv1.AssessmentSealed{
			AssessmentId: x.ID, NoticeNo: x.NoticeNo, Sha256: put.SHA256, Unit: put.Unit, Basis: pack.Office().SealBasis, Signature: put.Signature,
		})
		return nil
	})
}

// AnswerAssessment is what the unit says to its notice.
type AnswerAssessment struct {
	ID     string `path:"id" json:"-"`
	Answer string `json:"answer" required:"true"`
}

// Validate wants the answer.
func (r *AnswerAssessment) Validate() error {
	var c fault.Checks
	c.Text(r.Answer, "answer", 20_000, "YP23-M-39")
	return c.Err()
}

// AnswerAssessment records the unit's answer, once (YP23-M-39).
func (s *Service) AnswerAssessment(ctx context.Context, r AnswerAssessment) (Assessment, error) {
	return s.Assessments.Update(ctx, r.ID, func(x *Assessment, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Of {
			return ErrNotAssessed
		}
		if x.State != published {
			return ErrState.WithMsg("综合评估尚未通报，或已反馈", "the assessment is not published, or answered").WithBasis("YP23-M-39")
		}
		x.State, x.Answer, x.AnsweredBy, x.AnsweredOn = answeredIt, r.Answer, rec.By().Actor(), rec.Today().String()
		x.Await()
		rec.State(x.ID, &budgetingv1.AssessmentAnswered{AssessmentId: x.ID, Unit: x.Of, Answer: r.Answer})
		return nil
	})
}
