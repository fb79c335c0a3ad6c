package declaration

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
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
	Case          json.RawMessage `json:"case" required:"true" shape:"PolicyCase"`

	decided policy.Case
}

// CheckDraft lists all that is wrong with a draft, its case included: the case
// is decided as it stands, so that nothing is found out only at submission.
func (s *Service) CheckDraft(ctx context.Context, d *DraftProject) error {
	var c fault.Checks
	c.Text(d.Title, "title", 200, "YP23-R-5.1.2")
	c.Text(d.Content, "content", 20_000, "YP23-R-5.1.2")
	c.Require(d.PeriodMonths >= 1 && d.PeriodMonths <= 120, "period_months", "out_of_range", "建设周期须为1至120个月", "the period is 1 to 120 months", "YP23-R-5.1.2")
	c.Require(len(d.Basis) > 0, "basis", "required", "须列明项目来源依据（上级文件、重点工作或规划项目）", "name what the project rests on", "YP23-M-8")
	for i, b := range d.Basis {
		at := fmt.Sprintf("basis[%d].", i)
		c.Require(b.Kind == "superior_document" || b.Kind == "key_work" || b.Kind == "plan_item", at+"kind", "unknown_code", "依据类型须为上级文件、重点工作或规划项目", "superior_document, key_work or plan_item", "YP23-M-8")
		c.Text(b.Text, at+"text", 500, "YP23-M-8")
	}
	c.Require(d.ContractYears >= 0 && d.ContractYears <= 3, "contract_years", "out_of_range", "合同年限须为0至3年", "0 to 3 years", "YP23-R-5.3.5")
	if c.Require(len(d.Case) > 0, "case", "required", "必填", "is required") {
		if err := s.checkCase(authn.By(ctx), d); err != nil {
			f := fault.From(err)
			if len(f.Violations) == 0 {
				return f
			}
			for _, v := range f.Violations {
				v.Field = "case." + v.Field
				c.Add(v)
			}
		}
	}
	return c.Err()
}

// checkCase completes the case by what the token and the clock say, and
// decides it. Values stay as they were written: 1.5 or 1e3 fen is for the
// decoder to refuse, not for a float to round.
func (s *Service) checkCase(by authn.Principal, d *DraftProject) error {
	doc := []byte(d.Case)
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(doc, &fields) == nil { // else the decoder says what is wrong
		delete(fields, "supervisor_approved")
		for k, v := range map[string]any{
			"title": d.Title, "unit": by.Unit, "unit_kind": by.UnitKind, "declared_on": calendar.Today(s.Clock), "subordinate": by.ParentUnit != "",
		} {
			b, err := json.Marshal(v)
			if err != nil {
				return err
			}
			fields[k] = b
		}
		var err error
		if doc, err = json.Marshal(fields); err != nil {
			return err
		}
	}
	_, err := s.Rules.Packs.DecideJSON(bytes.NewReader(doc), maxCase, policy.Options{District: s.District})
	if err != nil {
		return err
	}
	d.decided, err = policy.DecodeCase(bytes.NewReader(doc), maxCase)
	return err
}

// apply writes the draft into p for the unit that declares.
func (d *DraftProject) apply(p *Project, by authn.Principal) {
	p.Title, p.Content, p.PeriodMonths, p.Basis = d.Title, d.Content, d.PeriodMonths, d.Basis
	p.Leader, p.Contact, p.KeyAnnual, p.ContractYears, p.SystemID = d.Leader, d.Contact, d.KeyAnnual, d.ContractYears, d.SystemID
	c := d.decided
	c.SupervisorApproved = p.Case.SupervisorApproved && p.Case.AmountFen == c.AmountFen
	p.Case = c
	p.Supervisor = by.ParentUnit
	p.Amounts.DeclaredFen = c.AmountFen
	if p.Lineage == "" {
		p.Lineage = cmp.Or(d.Lineage, p.ID)
	}
}

// Draft begins a declaration. One that declares an earlier project again is of
// that project's lineage, with all that was counted on it.
func (s *Service) Draft(ctx context.Context, d DraftProject) (Project, error) {
	if d.decided.Classified {
		return Project{}, ErrClassified
	}
	if d.Lineage != "" {
		earlier, err := s.Projects.Get(ctx, d.Lineage)
		if err != nil || earlier.Unit != authn.By(ctx).Unit {
			return Project{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "lineage", Code: "no_such_project", Msg: "没有这个原申报项目", MsgEN: "there is no such earlier project of your unit", Basis: []string{"YP23-R-5.4.3"}})
		}
		d.Lineage = earlier.Lineage
	}
	return s.Projects.Create(ctx, s.NewID(), func(p *Project, rec *aggregate.Recorder) error {
		by := rec.By()
		p.ProjectID = p.ID
		p.Stage, p.DeclaredBy, p.Attachments, p.Evidence = Draft, by.Subject, []attachment.Document{}, map[string]Evidence{}
		p.declaredBy(by)
		d.apply(p, by)
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

// CheckRevision also asks for the version, so that no update is lost.
func (s *Service) CheckRevision(ctx context.Context, r *ReviseProject) error {
	var c fault.Checks
	c.Require(r.IfMatch != "", "If-Match", "required", "修改须带上所读取的版本（If-Match）", "say which version you change (If-Match)")
	if err := s.CheckDraft(ctx, &r.DraftProject); err != nil {
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
		if err := p.draftOf(rec.By()); err != nil {
			return err
		}
		p.declaredBy(rec.By())
		r.apply(p, rec.By())
		return nil
	})
}
