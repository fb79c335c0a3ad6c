package cybersecurity

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// GovernmentOffice sets norms together with the departments concerned
// (YP23-M-29).
const GovernmentOffice = "gov-office"

// NormState is whether a norm is in force.
type NormState string

// The states of a norm.
const (
	NormInForce  NormState = "in_force"
	NormRepealed NormState = "repealed"
)

// Norm is one norm that the government office has set with other departments
// for how projects are carried out (YP23-M-29). A project's security is designed
// by those in force.
type Norm struct {
	aggregate.Root
	Title       string    `json:"title"`
	DocumentNo  string    `json:"document_no"`
	Departments []string  `json:"departments"` // unit codes, besides the government office
	InForceOn   string    `json:"in_force_on"` // YYYY-MM-DD
	State       NormState `json:"state"`
	RepealedOn  string    `json:"repealed_on,omitempty"`
}

// ErrNotGovernmentOffice refuses norms of anybody else.
var ErrNotGovernmentOffice = fault.New(fault.Forbidden, "not_government_office",
	"实施规范由区政府办公室会同相关部门制定", "the government office sets norms, with the departments concerned", "YP23-M-29")

// SetNorm puts a norm on record.
type SetNorm struct {
	DocumentNo  string        `json:"document_no" required:"true"`
	Title       string        `json:"title" required:"true"`
	Departments []string      `json:"departments" required:"true"` // unit codes
	InForceOn   calendar.Date `json:"in_force_on" required:"true"`
}

// Validate lists what is wrong with the norm: nobody sets one alone.
func (r *SetNorm) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, "YP23-M-29")
	c.Text(r.Title, "title", 200, "YP23-M-29")
	c.Require(slices.ContainsFunc(r.Departments, func(d string) bool { return d != GovernmentOffice }), "departments", "required",
		"须会同至少一个相关部门", "together with at least one department", "YP23-M-29")
	for i, d := range r.Departments {
		at := fmt.Sprintf("departments[%d]", i)
		c.Text(d, at, 64, "YP23-M-29")
		c.Require(!slices.Contains(r.Departments[:i], d), at, "duplicate", "部门重复", "the department appears twice", "YP23-M-29")
	}
	c.Require(!r.InForceOn.IsZero(), "in_force_on", "required", "必填", "is required", "YP23-M-29")
	return c.Err()
}

// SetNorm puts a norm of the government office and other departments on record
// (YP23-M-29).
func (s *Service) SetNorm(ctx context.Context, r SetNorm) (Norm, error) {
	n, err := s.Norms.Create(ctx, s.NewID(), func(n *Norm, rec *aggregate.Recorder) error {
		if rec.By().Unit != GovernmentOffice {
			return ErrNotGovernmentOffice
		}
		n.ProjectID = n.ID // the subject of its facts
		n.Share(Office)
		n.Share(r.Departments...)
		n.Title, n.DocumentNo, n.Departments, n.InForceOn, n.State = r.Title, r.DocumentNo, r.Departments, r.InForceOn.String(), NormInForce
		rec.State(n.ProjectID, &cybersecurityv1.NormSet{
			NormId: n.ID, DocumentNo: n.DocumentNo, Title: n.Title, Departments: n.Departments, InForceOn: n.InForceOn, Basis: []string{"YP23-M-29"},
		})
		return nil
	})
	return taken(n, err, ErrNumber)
}

// RepealNorm ends a norm.
type RepealNorm struct {
	ID string `path:"id" json:"-"`
}

// RepealNorm ends a norm from today on: projects designed later do not follow it
// (YP23-M-29).
func (s *Service) RepealNorm(ctx context.Context, r RepealNorm) (Norm, error) {
	return s.Norms.Update(ctx, r.ID, func(n *Norm, rec *aggregate.Recorder) error {
		if rec.By().Unit != GovernmentOffice {
			return ErrNotGovernmentOffice
		}
		if n.State != NormInForce {
			return wrongState("规范", "the norm", string(n.State))
		}
		n.State, n.RepealedOn = NormRepealed, rec.Today().String()
		rec.State(n.ProjectID, &cybersecurityv1.NormRepealed{NormId: n.ID, DocumentNo: n.DocumentNo, RepealedOn: n.RepealedOn, Basis: []string{"YP23-M-29"}})
		return nil
	})
}

// NormsInForce lists the norms that hold today, whoever asks: what binds every
// unit is no secret of those who set it (YP23-M-29).
func (s *Service) NormsInForce(ctx context.Context) ([]Norm, error) {
	all, err := aggregate.Everything(s.asSelf(ctx), s.Norms, map[string]string{"state": string(NormInForce)})
	if err != nil {
		return nil, err
	}
	today := calendar.Today(s.Clock).String()
	return slices.DeleteFunc(all, func(n Norm) bool { return n.InForceOn > today }), nil
}

// ListNorms is a page of what NormsInForce lists; norms that are set but do not
// hold yet are left out of it, which then is shorter.
func (s *Service) ListNorms(ctx context.Context, q aggregate.Query) (aggregate.Page[Norm], error) {
	q.Filter = map[string]string{"state": string(NormInForce)}
	page, err := s.Norms.List(s.asSelf(ctx), q)
	if err != nil {
		return page, err
	}
	today := calendar.Today(s.Clock).String()
	page.Items = slices.DeleteFunc(page.Items, func(n Norm) bool { return n.InForceOn > today })
	return page, nil
}
