package cybersecurity

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/policy"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// factEvidenced is the fact for which the gate of acceptance waits. stable: a
// fact of the packs.
const factEvidenced = "SecurityEvidenced"

// Steps are the three in which security goes with the work, in their order
// (YP23-M-33). stable: they are values of facts.
var Steps = []string{stepDesign, "construction", "use"}

const stepDesign = "design"

// ProtectionState is how far the evidences of a project have come.
type ProtectionState string

// The states of a protection.
const (
	ProtectionWanted    ProtectionState = "wanted"
	ProtectionEvidenced ProtectionState = "evidenced"
	ProtectionClosed    ProtectionState = "closed" // the project ended first
)

// Protection is the evidence that a project's security was designed, built and
// put to use together with the work, its cost in the budget; its id is the
// project's (YP23-M-33).
type Protection struct {
	aggregate.Root
	Title      string               `json:"title"`
	Project    *typev1.ProjectBrief `json:"project"`
	State      ProtectionState      `json:"state"`
	CostFen    int64                `json:"cost_fen"` // of security, within the project's amount
	BudgetItem string               `json:"budget_item,omitempty"`
	Evidences  []Evidence           `json:"evidences"` // in the order of the steps
}

// Evidence is the paper on one step.
type Evidence struct {
	Step        string   `json:"step"` // one of Steps
	DocumentNo  string   `json:"document_no"`
	Summary     string   `json:"summary"`
	CompletedOn string   `json:"completed_on"`
	Norms       []string `json:"norms"` // document numbers that the design follows
	By          string   `json:"recorded_by"`
}

// ErrProtection refuses an evidence out of step.
var ErrProtection = fault.New(fault.Refused, "security_out_of_step",
	"信息安全系统须与主体工程同时设计、同时施工、同时投入使用，经费列入预算", "security is designed, built and put to use together with the main work, its cost in the budget", "YP23-M-33")

// ProjectAccepted begins the work on a declared project: where its acceptance
// will ask for it, its unit is asked for the evidences of security in step
// (YP23-M-33).
func (s *Service) ProjectAccepted(ctx context.Context, p *typev1.ProjectBrief) error {
	asked := false
	if _, err := s.Rules.Missing(p, "acceptance", func(r policy.Requirement) bool {
		asked = asked || r.Fact == factEvidenced
		return true
	}); err != nil || !asked {
		return err
	}
	_, err := s.Protections.Upsert(ctx, p.GetProjectId(), func(x *Protection, _ *aggregate.Recorder) error {
		x.Project, x.Title = p, p.GetTitle()
		if x.State == "" {
			x.ProjectID, x.Evidences, x.Parties = x.ID, []Evidence{}, nil
			x.Own(p.GetUnit())
			x.Share(Office, p.GetSupervisor())
		}
		if x.State != ProtectionEvidenced {
			x.State = ProtectionWanted
			x.ask()
		}
		return nil
	})
	return err
}

// ProtectionEnded takes the duty of a project that ended, or that was accepted
// all the same, off its unit's desk.
func (s *Service) ProtectionEnded(ctx context.Context, project string) error {
	return aggregate.Follow(ctx, s.Protections, project, func(x *Protection, _ *aggregate.Recorder) error {
		if x.State == ProtectionWanted {
			x.State = ProtectionClosed
		}
		x.ask()
		return nil
	})
}

// ask asks for the next evidence.
func (x *Protection) ask() {
	x.Await()
	if n := len(x.Evidences); x.State == ProtectionWanted && n < len(Steps) {
		x.Await(aggregate.Todo{Action: "record_security_step", Role: "declarer", Unit: x.Unit, Title: stepZH[Steps[n]] + "：" + x.Title})
	}
}

var stepZH = map[string]string{stepDesign: "登记信息安全同步设计", "construction": "登记信息安全同步施工", "use": "登记信息安全同步投入使用"}

// RecordSecurityStep brings the evidence of one step.
type RecordSecurityStep struct {
	ID          string        `path:"id" json:"-"`
	Step        string        `json:"step" required:"true" enum:"design,construction,use"`
	DocumentNo  string        `json:"document_no" required:"true"`
	Summary     string        `json:"summary" required:"true"`
	CompletedOn calendar.Date `json:"completed_on" required:"true"`
	CostFen     int64         `json:"cost_fen"`    // of the design: what security costs
	BudgetItem  string        `json:"budget_item"` // of the design: where that stands in the project's budget
	Norms       []string      `json:"norms"`       // of the design: document numbers of the norms it follows
}

// Validate lists what is missing: the design names its cost and where it stands
// in the budget.
func (r *RecordSecurityStep) Validate() error {
	var c fault.Checks
	oneOf(&c, r.Step, "step", Steps, "YP23-M-33")
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-33")
	c.Text(r.Summary, "summary", 5000, "YP23-M-33")
	c.Require(!r.CompletedOn.IsZero(), "completed_on", "required", "必填", "is required", "YP23-M-33")
	if r.Step == stepDesign {
		c.Require(r.CostFen > 0, "cost_fen", "required", "须列明信息安全经费（分）", "state the cost of security in fen", "YP23-M-33")
		c.Text(r.BudgetItem, "budget_item", 200, "YP23-M-33")
		return c.Err()
	}
	c.Require(r.CostFen == 0 && r.BudgetItem == "" && r.Norms == nil, "cost_fen", "not_applicable",
		"经费和规范在设计环节填写", "cost and norms belong to the design", "YP23-M-33")
	return c.Err()
}

// RecordStep takes the evidences in the order of the steps. The design follows
// the norms in force (YP23-M-29) and its cost lies within the project's budget;
// the third evidence completes them (YP23-M-33).
func (s *Service) RecordStep(ctx context.Context, r RecordSecurityStep) (Protection, error) {
	norms, err := s.NormsInForce(ctx)
	if err != nil {
		return Protection{}, err
	}
	return s.Protections.Update(ctx, r.ID, func(x *Protection, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Unit {
			return ErrNotOwner
		}
		if x.State != ProtectionWanted {
			return wrongState("信息安全同步建设", "the security of this project", string(x.State))
		}
		if err := r.fits(x, norms, rec.Today()); err != nil {
			return err
		}
		named := r.Norms
		if named == nil {
			named = []string{}
		}
		x.Evidences = append(x.Evidences, Evidence{
			Step: r.Step, DocumentNo: r.DocumentNo, Summary: r.Summary, CompletedOn: r.CompletedOn.String(), Norms: named, By: rec.By().Actor(),
		})
		if r.Step == stepDesign {
			x.CostFen, x.BudgetItem = r.CostFen, r.BudgetItem
		}
		rec.State(x.ProjectID, &cybersecurityv1.SecurityStepRecorded{
			ProjectId: x.ProjectID, Step: r.Step, DocumentNo: r.DocumentNo, CompletedOn: r.CompletedOn.String(),
			CostFen: r.CostFen, BudgetItem: r.BudgetItem, Basis: []string{"YP23-M-33"},
		})
		if len(x.Evidences) == len(Steps) {
			x.State = ProtectionEvidenced
			rec.State(x.ProjectID, &cybersecurityv1.SecurityEvidenced{
				ProjectId: x.ProjectID, CostFen: x.CostFen, CompletedOn: r.CompletedOn.String(), Basis: []string{"YP23-M-33"},
			})
		}
		x.ask()
		return nil
	})
}

// fits holds an evidence to its turn, its day, its money and the norms.
func (r *RecordSecurityStep) fits(x *Protection, norms []Norm, today calendar.Date) error {
	var c fault.Checks
	done := len(x.Evidences)
	c.Require(r.Step == Steps[done], "step", "out_of_step",
		"下一环节为“"+Steps[done]+"”", "the next step is "+Steps[done], "YP23-M-33")
	on := r.CompletedOn.String()
	c.Require(!r.CompletedOn.After(today), "completed_on", "in_the_future", "完成日期不得晚于今天", "not after today", "YP23-M-33")
	c.Require(done == 0 || on >= x.Evidences[done-1].CompletedOn, "completed_on", "out_of_order",
		"早于上一环节的完成日期", "before the step that precedes it", "YP23-M-33")
	amount := x.Project.GetAmountFen()
	c.Require(r.CostFen <= amount, "cost_fen", "outside_budget",
		"信息安全经费超出项目预算"+money.Yuan(amount)+"元", "the cost is more than the project's budget of "+money.Yuan(amount)+" yuan", "YP23-M-33")
	if r.Step == stepDesign {
		for _, n := range norms {
			c.Require(slices.Contains(r.Norms, n.DocumentNo), "norms", "norm_not_followed",
				"设计须遵循现行规范："+n.DocumentNo, "the design follows the norm in force: "+n.DocumentNo, "YP23-M-29")
		}
	}
	return c.Refuse(ErrProtection)
}
