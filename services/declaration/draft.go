package declaration

import (
	"bytes"
	"context"
	"encoding/json"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
)

// maxCase bounds one case document in bytes.
const maxCase = 256 << 10

// DraftProject begins a declaration, or replaces a draft's content. Who
// declares, for which unit and when follow from the token and the clock; a
// case that claims otherwise is overruled.
type DraftProject struct {
	Title         string          `json:"title" required:"true"`
	Content       string          `json:"content" required:"true"`
	PeriodMonths  int             `json:"period_months" required:"true" minimum:"1" maximum:"120"`
	Basis         []Reference     `json:"basis" required:"true"`
	Leader        string          `json:"leader"`
	Contact       string          `json:"contact"`
	KeyAnnual     bool            `json:"key_annual"`
	ContractYears int             `json:"contract_years"`
	SystemID      string          `json:"system_id"`
	Lineage       string          `json:"lineage"` // id of the project that this one declares again
	Case          json.RawMessage `json:"case" required:"true"`

	decided policy.Case
}

// Validate lists all that is wrong with the draft.
func (d *DraftProject) Validate() error {
	var c fault.Checks
	c.Text(d.Title, "title", 200, "YP23-R-5.1.2")
	c.Text(d.Content, "content", 20_000, "YP23-R-5.1.2")
	c.Require(d.PeriodMonths >= 1 && d.PeriodMonths <= 120, "period_months", "out_of_range", "建设周期须为1至120个月", "the period is 1 to 120 months", "YP23-R-5.1.2")
	c.Require(len(d.Basis) > 0, "basis", "required", "须列明项目来源依据（上级文件、重点工作或规划项目）", "name what the project rests on", "YP23-M-8")
	for _, b := range d.Basis {
		c.Require(b.Kind == "superior_document" || b.Kind == "key_work" || b.Kind == "plan_item", "basis.kind", "unknown_code", "依据类型须为上级文件、重点工作或规划项目", "superior_document, key_work or plan_item", "YP23-M-8")
		c.Text(b.Text, "basis.text", 500, "YP23-M-8")
	}
	c.Require(d.ContractYears >= 0 && d.ContractYears <= 3, "contract_years", "out_of_range", "合同年限须为0至3年", "0 to 3 years", "YP23-R-5.3.5")
	if c.Require(len(d.Case) > 0, "case", "required", "必填", "is required") {
		cs, err := policy.DecodeCase(bytes.NewReader(d.Case), maxCase)
		if err != nil {
			f := fault.From(err)
			if len(f.Violations) == 0 {
				return f
			}
			for _, v := range f.Violations {
				v.Field = "case." + v.Field
				c.Add(v)
			}
		}
		d.decided = cs
	}
	return c.Err()
}

// apply writes the draft into p for the unit that declares.
func (d *DraftProject) apply(p *Project, by authn.Principal, rec *aggregate.Recorder) {
	p.Title, p.Content, p.PeriodMonths, p.Basis = d.Title, d.Content, d.PeriodMonths, d.Basis
	p.Leader, p.Contact, p.KeyAnnual, p.ContractYears, p.SystemID = d.Leader, d.Contact, d.KeyAnnual, d.ContractYears, d.SystemID
	c := d.decided
	c.Title, c.Unit, c.UnitKind, c.DeclaredOn = d.Title, by.Unit, by.UnitKind, rec.Today()
	c.Subordinate = by.ParentUnit != ""
	c.SupervisorApproved = p.Case.SupervisorApproved && p.Case.AmountFen == c.AmountFen
	p.Case = c
	p.Supervisor = by.ParentUnit
	p.Lineage = p.ID
	if d.Lineage != "" {
		p.Lineage = d.Lineage
	}
}

// Draft begins a declaration.
func (s *Service) Draft(ctx context.Context, d DraftProject) (Project, error) {
	if d.decided.Classified {
		return Project{}, ErrClassified
	}
	return s.Projects.Create(ctx, s.NewID(), func(p *Project, rec *aggregate.Recorder) error {
		by := rec.By()
		p.ProjectID = p.ID
		p.Stage, p.DeclaredBy, p.Attachments, p.Evidence = Draft, by.Subject, []Document{}, map[string]Evidence{}
		d.apply(p, by, rec)
		p.Await(aggregate.Todo{Action: "submit", Role: "declarer", Unit: p.Unit, Title: "完善并提交申报"})
		rec.State(p.ID, &declarationv1.ProjectDrafted{ProjectId: p.ID, Title: p.Title, Kind: p.Case.Kind, Unit: p.Unit, AmountFen: p.Case.AmountFen})
		return nil
	})
}

// ReviseProject replaces a draft's content.
type ReviseProject struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-"` // the version that was read
	DraftProject
}

// Validate also asks for the version, so that no update is lost.
func (r *ReviseProject) Validate() error {
	var c fault.Checks
	c.Require(r.IfMatch != "", "If-Match", "required", "修改须带上所读取的版本（If-Match）", "say which version you change (If-Match)")
	if err := r.DraftProject.Validate(); err != nil {
		f := fault.From(err)
		if len(f.Violations) == 0 {
			return f
		}
		c.Add(f.Violations...)
	}
	return c.Err()
}

// Revise replaces the content of a draft or a returned declaration.
func (s *Service) Revise(ctx context.Context, r ReviseProject) (Project, error) {
	if r.decided.Classified {
		return Project{}, ErrClassified
	}
	return s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Draft, Returned); err != nil {
			return err
		}
		r.apply(p, rec.By(), rec)
		return nil
	})
}
