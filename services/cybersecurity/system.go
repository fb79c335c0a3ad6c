package cybersecurity

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// SystemState is where a system stands on its way to a grade.
type SystemState string

// The states of a system. A graded system may be proposed anew; the old grade
// holds until the new one is determined.
const (
	SystemPlanned    SystemState = "planned" // a project will build it; not described yet
	SystemRegistered SystemState = "registered"
	SystemProposed   SystemState = "proposed"
	SystemGraded     SystemState = "graded"
	SystemRetired    SystemState = "retired"
)

// System is one information system on the register (YP23-M-34). The system that
// a project builds has the project's id, one that is in use already its own.
type System struct {
	aggregate.Root
	Title      string               `json:"title"`
	Project    *typev1.ProjectBrief `json:"project,omitempty"` // that builds it
	Projects   []string             `json:"later_projects"`    // that upgrade or maintain it
	State      SystemState          `json:"state"`
	InUse      bool                 `json:"in_use"`
	InUseSince string               `json:"in_use_since,omitempty"` // YYYY-MM-DD
	Network    string               `json:"network,omitempty"`
	Deployment string               `json:"deployment,omitempty"`
	// DeploymentReason says why it does not run on the government cloud (YP23-M-17).
	DeploymentReason string `json:"deployment_reason,omitempty"`
	DataLevel        string `json:"data_level,omitempty"`
	DutyHolder       string `json:"duty_holder,omitempty"` // who answers for it (YP23-M-19, YP23-M-20)

	Declarers []string `json:"declarers"` // accounts that declared or registered it

	Proposal         *Proposal        `json:"proposal,omitempty"`
	ReturnReason     string           `json:"return_reason,omitempty"`
	Grade            int              `json:"grade"` // 0 while there is none
	FilingNo         string           `json:"filing_no,omitempty"`
	Gradings         []Grading        `json:"gradings"` // oldest first
	Assessments      []Assessment     `json:"assessments"`
	NextAssessmentOn string           `json:"next_assessment_on,omitempty"`
	Risks            []RiskAssessment `json:"risk_assessments,omitempty"`
	RetireReason     string           `json:"retire_reason,omitempty"`
}

// Proposal is the grade a unit holds to be right.
type Proposal struct {
	BusinessGrade int    `json:"business_grade"` // of business information (S), 1..4
	ServiceGrade  int    `json:"service_grade"`  // of the service (A), 1..4
	Grade         int    `json:"grade"`          // the higher one
	Rationale     string `json:"rationale"`
	ExpertOpinion string `json:"expert_opinion,omitempty"`
	By            string `json:"proposed_by"`
	On            string `json:"proposed_on"`
}

// Grading is one grade that police-cyber determined.
type Grading struct {
	Grade     int               `json:"grade"`
	FilingNo  string            `json:"filing_no,omitempty"`
	Opinion   string            `json:"opinion"`
	By        string            `json:"determined_by"`
	On        string            `json:"determined_on"`
	Signature *typev1.Signature `json:"signature"`
}

// Assessment is one assessment of a graded system by an assessor.
type Assessment struct {
	Assessor    string `json:"assessor"`
	ReportNo    string `json:"report_no"`
	Grade       int    `json:"grade"` // assessed against
	Conformant  bool   `json:"conformant"`
	Summary     string `json:"summary"`
	CompletedOn string `json:"completed_on"`
	NextDueOn   string `json:"next_due_on,omitempty"`
}

// The words of the register. stable: they are values of facts.
var (
	Networks    = []string{"internet", "government_extranet", "official_network", "internal"}
	Deployments = []string{"government_cloud", "unit_room", "hosted"}
	DataLevels  = []string{"general", "important", "core"}
)

// cloud is the deployment that needs no reason (YP23-M-17).
const cloud = "government_cloud"

// The grades of systems outside state secrets.
const lowestGrade, highestGrade = 1, 4

func (y *System) at(states ...SystemState) error {
	if slices.Contains(states, y.State) {
		return nil
	}
	return wrongState("信息系统", "the system", string(y.State))
}

func (y *System) ownedBy(by authn.Principal) error {
	if by.Unit != y.Unit {
		return ErrNotOwner
	}
	return nil
}

// project is the id of the project that builds the system, or empty.
func (y *System) project() string { return y.Project.GetProjectId() }

// plan puts the system that a project builds on its unit's list of duties.
func (s *Service) plan(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	_, err := s.Systems.Upsert(ctx, p.GetProjectId(), func(y *System, rec *aggregate.Recorder) error {
		if y.State == "" || y.State == SystemRetired {
			*y = System{Root: y.Root} // also when the project was taken back and comes again
			y.start(p.GetUnit())
			y.ProjectID = y.ID
			y.Share(p.GetSupervisor())
			y.State, y.Title = SystemPlanned, p.GetTitle()
			y.Await(aggregate.Todo{Action: "register_system", Role: "declarer", Unit: y.Unit, Title: "登记拟建信息系统并提出定级：" + y.Title})
		}
		y.Project = p
		y.add(declarers...)
		return nil
	})
	return err
}

// start fills what must not be null and names who sees the system: its unit and
// the office that keeps the register.
func (y *System) start(unit string) {
	y.Own(unit)
	y.Share(Office)
	y.Projects, y.Declarers, y.Gradings, y.Assessments = []string{}, []string{}, []Grading{}, []Assessment{}
}

func (y *System) add(accounts ...string) {
	for _, a := range accounts {
		if !slices.Contains(y.Declarers, a) {
			y.Declarers = append(y.Declarers, a)
		}
	}
}

// Description is what a unit says of its system.
type Description struct {
	Name             string `json:"name" required:"true"`
	Network          string `json:"network" required:"true" enum:"internet,government_extranet,official_network,internal"`
	Deployment       string `json:"deployment" required:"true" enum:"government_cloud,unit_room,hosted"`
	DeploymentReason string `json:"deployment_reason"`
	DataLevel        string `json:"data_level" required:"true" enum:"general,important,core"`
	DutyHolder       string `json:"duty_holder" required:"true"`
}

func (d *Description) check(c *fault.Checks) {
	c.Text(d.Name, "name", 200, "YP23-M-34")
	oneOf(c, d.Network, "network", Networks, "YP23-M-20")
	oneOf(c, d.Deployment, "deployment", Deployments, "YP23-M-17")
	c.Require(d.Deployment == cloud || d.DeploymentReason != "", "deployment_reason", "required",
		"未部署在政务云的须说明理由", "say why it does not run on the government cloud", "YP23-M-17")
	oneOf(c, d.DataLevel, "data_level", DataLevels, "YP23-M-19")
	c.Text(d.DutyHolder, "duty_holder", 100, "YP23-M-19", "YP23-M-20")
}

func oneOf(c *fault.Checks, v, field string, known []string, basis ...string) {
	c.Require(slices.Contains(known, v), field, "unknown_code",
		"须为以下之一："+strings.Join(known, "、"), "one of "+strings.Join(known, ", "), basis...)
}

func (y *System) describe(d Description) {
	y.Title, y.Network, y.Deployment, y.DeploymentReason = d.Name, d.Network, d.Deployment, d.DeploymentReason
	y.DataLevel, y.DutyHolder = d.DataLevel, d.DutyHolder
}

// RegisterSystem describes a system: the one a project builds, or one in use.
type RegisterSystem struct {
	ProjectID string `json:"project_id"` // of the project that builds it; empty for a system in use
	Description
	InUseSince calendar.Date `json:"in_use_since"` // of a system in use
}

// Validate lists what is wrong with the description.
func (r *RegisterSystem) Validate() error {
	var c fault.Checks
	r.check(&c)
	c.Require(r.ProjectID != "" || !r.InUseSince.IsZero(), "in_use_since", "required",
		"在用系统须填写启用日期", "a system in use states since when", "YP23-M-34")
	c.Require(r.ProjectID == "" || r.InUseSince.IsZero(), "in_use_since", "not_in_use_yet",
		"拟建系统自竣工验收通过之日起启用", "a system under construction is in use from its acceptance on", "YP23-R-5.5.7")
	return c.Err()
}

// Register puts a system on the register.
func (s *Service) Register(ctx context.Context, r RegisterSystem) (System, error) {
	if r.ProjectID != "" {
		return s.Systems.Update(ctx, r.ProjectID, func(y *System, rec *aggregate.Recorder) error {
			if err := y.ownedBy(rec.By()); err != nil {
				return err
			}
			if err := y.at(SystemPlanned); err != nil {
				return err
			}
			return r.apply(y, rec)
		})
	}
	return s.Systems.Create(ctx, s.NewID(), func(y *System, rec *aggregate.Recorder) error {
		if r.InUseSince.After(rec.Today()) {
			var c fault.Checks
			c.Require(false, "in_use_since", "in_the_future", "启用日期不得晚于今天", "not after today")
			return c.Err()
		}
		y.start(rec.By().Unit)
		y.ProjectID = y.ID // the subject of its facts
		y.InUse, y.InUseSince = true, r.InUseSince.String()
		if err := r.apply(y, rec); err != nil {
			return err
		}
		return s.scheduleRisk(y, rec, rec.Today())
	})
}

func (r *RegisterSystem) apply(y *System, rec *aggregate.Recorder) error {
	y.State = SystemRegistered
	y.describe(r.Description)
	y.add(authn.Accounts(rec.By().Actor())...)
	y.Await(aggregate.Todo{Action: "propose_grade", Role: "declarer", Unit: y.Unit, Title: "提出等级保护定级意见：" + y.Title})
	rec.State(y.ProjectID, &cybersecurityv1.SystemRegistered{
		ProjectId: y.project(), SystemId: y.ID, Name: y.Title, Unit: y.Unit, Network: y.Network, Deployment: y.Deployment,
		DataLevel: y.DataLevel, InUse: y.InUse, Basis: []string{"YP23-M-34"},
	})
	return nil
}

// ChangeSystem corrects the entry of a system.
type ChangeSystem struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-"` // the version that was read
	Description
}

// Validate lists what is wrong with the entry.
func (r *ChangeSystem) Validate() error {
	var c fault.Checks
	checkVersion(&c, r.IfMatch)
	r.check(&c)
	return c.Err()
}

func checkVersion(c *fault.Checks, match string) {
	c.Require(match != "", "If-Match", "required", "修改须带上所读取的版本（If-Match）", "say which version you change (If-Match)")
}

// ChangeSystem keeps the register true; the grade stays until it is determined
// anew.
func (s *Service) ChangeSystem(ctx context.Context, r ChangeSystem) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(SystemRegistered, SystemGraded); err != nil {
			return err
		}
		y.describe(r.Description)
		rec.State(y.ProjectID, &cybersecurityv1.SystemChanged{
			ProjectId: y.project(), SystemId: y.ID, Name: y.Title, Network: y.Network, Deployment: y.Deployment,
			DataLevel: y.DataLevel, DutyHolder: y.DutyHolder, Basis: []string{"YP23-M-34"},
		})
		if ok, err := s.important(y, rec.Today()); err != nil || !ok {
			y.WaiveClock(rec, clockRisk, "不再属于重要应用系统")
			y.Answered("record_risk_assessment")
			return err
		}
		return s.scheduleRisk(y, rec, rec.Today())
	})
}

// RetireSystem takes a system off the register.
type RetireSystem struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"` // e.g. merged into another, hardly used
}

// Validate wants the reason.
func (r *RetireSystem) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP21-M-23")
	return c.Err()
}

// Retire ends a system and everything that is still owed for it.
func (s *Service) Retire(ctx context.Context, r RetireSystem) (System, error) {
	return s.Systems.Update(ctx, r.ID, func(y *System, rec *aggregate.Recorder) error {
		if err := y.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(SystemRegistered, SystemProposed, SystemGraded); err != nil {
			return err
		}
		y.retire(rec, r.Reason)
		rec.State(y.ProjectID, &cybersecurityv1.SystemRetired{
			ProjectId: y.project(), SystemId: y.ID, Reason: r.Reason, Basis: []string{"YP21-M-23", "ours"},
		})
		return nil
	})
}

func (y *System) retire(rec *aggregate.Recorder, reason string) {
	y.State, y.InUse, y.RetireReason, y.NextAssessmentOn = SystemRetired, false, reason, ""
	y.WaiveClock(rec, "mlps_grading", reason)
	y.WaiveClock(rec, "mlps_assessment", reason)
	y.WaiveClock(rec, clockRisk, reason)
	y.Await()
}
