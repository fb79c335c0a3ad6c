package cryptoassessment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// PlanState is where a plan stands.
type PlanState string

// The states of a plan.
const (
	PlanWanted    PlanState = "wanted"
	PlanSubmitted PlanState = "submitted"
	PlanReturned  PlanState = "returned"
	PlanAccepted  PlanState = "accepted"
	PlanClosed    PlanState = "closed" // the declaration ended first
)

// Plan is the crypto-assessment plan of one project (YP23-M-28); its id is the
// project's.
type Plan struct {
	aggregate.Root
	Title       string                `json:"title"`
	Project     *typev1.ProjectBrief  `json:"project"`
	State       PlanState             `json:"state"`
	Declarers   []string              `json:"declarers"` // accounts that submitted the declaration
	Content     *PlanContent          `json:"content,omitempty"`
	Attachments []attachment.Document `json:"attachments"`
	Round       int                   `json:"round"` // of submission, from 1
	SubmittedBy string                `json:"submitted_by,omitempty"`
	SubmittedOn string                `json:"submitted_on,omitempty"` // YYYY-MM-DD
	Reviews     []PlanReview          `json:"reviews"`                // oldest first
}

// PlanContent is what a plan says.
type PlanContent struct {
	Summary    string      `json:"summary" required:"true"`
	Level      int         `json:"level" required:"true" minimum:"1" maximum:"4"` // of GM/T 0054, 1..4
	Algorithms []Algorithm `json:"algorithms" required:"true"`
	// Deviation says why an algorithm outside the national ones is used.
	Deviation string `json:"deviation"`
}

// Algorithm is one use of cryptography.
type Algorithm struct {
	Name    string `json:"name" required:"true"` // e.g. "SM4"
	Purpose string `json:"purpose" required:"true"`
}

// PlanReview is one answer of the bureau.
type PlanReview struct {
	Round     int               `json:"round"`
	Accepted  bool              `json:"accepted"`
	Opinion   string            `json:"opinion"`
	By        string            `json:"reviewed_by"`
	On        string            `json:"reviewed_on"`
	Signature *typev1.Signature `json:"signature"`
}

// National are the algorithms of the national crypto standards.
var National = []string{"SM1", "SM2", "SM3", "SM4", "SM7", "SM9", "ZUC"}

// The levels of GM/T 0054 that a system outside state secrets may have.
const lowestLevel, highestLevel = 1, 4

func (n Algorithm) national() bool { return slices.Contains(National, strings.ToUpper(n.Name)) }

// wantPlan opens the unit's task; an accepted plan stands.
func (s *Service) wantPlan(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	_, err := s.Plans.Upsert(ctx, p.GetProjectId(), func(l *Plan, _ *aggregate.Recorder) error {
		l.Project, l.Title, l.Declarers = p, p.GetTitle(), declarers
		if l.State != "" && l.State != PlanClosed {
			return nil
		}
		if l.State == "" {
			l.ProjectID, l.Attachments, l.Reviews = l.ID, []attachment.Document{}, []PlanReview{}
			l.Parties = nil // the bureau sees the plan when it comes to its desk
			l.Own(p.GetUnit())
			l.Share(p.GetSupervisor())
		}
		l.State = PlanWanted
		l.Await(aggregate.Todo{Action: "submit_plan", Role: "declarer", Unit: l.Unit, Title: "提交密码测评方案：" + l.Title})
		return nil
	})
	return err
}

// SubmitPlan brings the plan, for the first time or again.
type SubmitPlan struct {
	ID string `path:"id" json:"-"`
	PlanContent
}

// Validate lists what is wrong with the plan.
func (r *SubmitPlan) Validate() error {
	var c fault.Checks
	c.Text(r.Summary, "summary", 20_000, "YP23-M-28")
	c.Require(r.Level >= lowestLevel && r.Level <= highestLevel, "level", "out_of_range",
		fmt.Sprintf("密码应用等级须为%d至%d", lowestLevel, highestLevel), fmt.Sprintf("levels are %d to %d", lowestLevel, highestLevel), "YP23-M-28")
	c.Require(len(r.Algorithms) > 0, "algorithms", "required", "须列明所用密码算法及用途", "name the algorithms and what they are for", "YP23-M-28")
	seen := map[string]bool{}
	for i, a := range r.Algorithms {
		at := fmt.Sprintf("algorithms[%d].", i)
		c.Text(a.Name, at+"name", 40, "YP23-M-28")
		c.Text(a.Purpose, at+"purpose", 200, "YP23-M-28")
		key := strings.ToUpper(a.Name) + "\x00" + a.Purpose
		c.Require(!seen[key], at+"name", "duplicate", "算法和用途重复", "the same algorithm for the same purpose twice")
		seen[key] = true
		c.Require(a.Name == "" || a.national() || r.Deviation != "", at+"name", "not_national",
			"不是国密算法的，须在deviation中说明理由", "not a national algorithm: say why in deviation", "YP23-R-5.1.2", "YP23-M-28")
	}
	return c.Err()
}

// SubmitPlan lays the plan before the bureau.
func (s *Service) SubmitPlan(ctx context.Context, r SubmitPlan) (Plan, error) {
	return s.Plans.Update(ctx, r.ID, func(l *Plan, rec *aggregate.Recorder) error {
		if err := l.editable(rec.By()); err != nil {
			return err
		}
		content := r.PlanContent
		l.State, l.Content = PlanSubmitted, &content
		l.Round++
		l.SubmittedBy, l.SubmittedOn = rec.By().Actor(), rec.Today().String()
		l.Share(Bureau)
		l.Await(aggregate.Todo{Action: "review_plan", Role: "crypto_officer", Unit: Bureau, Title: "审核密码测评方案：" + l.Title})
		rec.State(l.ProjectID, &cryptoassessmentv1.CryptoPlanSubmitted{
			ProjectId: l.ProjectID, Round: int32(l.Round), Level: int32(content.Level), Algorithms: content.names(), Basis: []string{"YP23-M-28"},
		})
		return s.Rules.Start(l.Base(), rec, l.Project.GetPack(), "crypto_plan_review", Bureau, rec.Today())
	})
}

func (c *PlanContent) names() []string {
	var out []string
	for _, a := range c.Algorithms {
		if !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// editable refuses anybody but the unit, and a plan that is out of its hands.
func (l *Plan) editable(by authn.Principal) error {
	if by.Unit != l.Unit {
		return ErrNotOwner
	}
	if l.State != PlanWanted && l.State != PlanReturned {
		return wrongState("密码测评方案", string(l.State))
	}
	return nil
}

// ReviewPlan is the bureau's answer to a plan.
type ReviewPlan struct {
	ID       string `path:"id" json:"-"`
	Accepted *bool  `json:"accepted" required:"true"`
	Opinion  string `json:"opinion" required:"true"`
}

// Validate wants an answer and its reasons.
func (r *ReviewPlan) Validate() error {
	return checkAnswer(r.Accepted, "accepted", r.Opinion, "YP23-M-28")
}

// checkAnswer wants an explicit yes or no: an answer that is left out is none.
func checkAnswer(answer *bool, field, opinion string, basis ...string) error {
	var c fault.Checks
	c.Require(answer != nil, field, "required", "必填", "is required", basis...)
	c.Text(opinion, "opinion", 5000, basis...)
	return c.Err()
}

// ReviewPlan accepts the plan or sends it back.
func (s *Service) ReviewPlan(ctx context.Context, r ReviewPlan) (Plan, error) {
	return s.Plans.Update(ctx, r.ID, func(l *Plan, rec *aggregate.Recorder) error {
		if l.State != PlanSubmitted {
			return wrongState("密码测评方案", string(l.State))
		}
		if err := answers(rec.By(), append(authn.Accounts(l.SubmittedBy), l.Declarers...)...); err != nil {
			return err
		}
		v := PlanReview{Round: l.Round, Accepted: *r.Accepted, Opinion: r.Opinion, By: rec.By().Actor(), On: rec.Today().String()}
		var err error
		if v.Signature, err = s.Sign("cryptoassessment.ReviewPlan", rec.By(), map[string]any{
			"project_id": l.ProjectID, "plan": l.Content, "attachments": l.Attachments, "review": v,
		}); err != nil {
			return err
		}
		l.Reviews = append(l.Reviews, v)
		l.MeetClock(rec, "crypto_plan_review", rec.Today())
		if v.Accepted {
			l.State = PlanAccepted
			l.Await()
		} else {
			l.State = PlanReturned
			l.Await(aggregate.Todo{Action: "submit_plan", Role: "declarer", Unit: l.Unit, Title: "密码测评方案被退回，请修改后重新提交：" + l.Title})
		}
		rec.State(l.ProjectID, &cryptoassessmentv1.CryptoPlanReviewed{
			ProjectId: l.ProjectID, Accepted: v.Accepted, Opinion: v.Opinion, Basis: []string{"YP23-M-28"}, Signature: v.Signature,
		})
		return nil
	})
}

// close takes the plan off the desks.
func (l *Plan) close(rec *aggregate.Recorder) {
	if l.State == PlanAccepted {
		return
	}
	l.State = PlanClosed
	l.WaiveClock(rec, "crypto_plan_review", ended)
	l.Await()
}
