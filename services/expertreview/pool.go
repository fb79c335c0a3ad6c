package expertreview

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
)

// RegisterExpert puts a person into the pool, or changes the entry.
type RegisterExpert struct {
	Account  string        `json:"account" required:"true"`
	Name     string        `json:"name" required:"true"`
	Employer string        `json:"employer" required:"true"`
	Fields   []string      `json:"fields" required:"true"`
	TermFrom calendar.Date `json:"term_from" required:"true"`
	TermTo   calendar.Date `json:"term_to" required:"true"`
	Active   bool          `json:"active"`
}

// Validate lists what is missing.
func (r *RegisterExpert) Validate() error {
	var c fault.Checks
	c.Text(r.Account, "account", 64)
	c.Text(r.Name, "name", 50)
	c.Text(r.Employer, "employer", 100)
	c.Require(len(r.Fields) > 0 && !slices.Contains(r.Fields, ""), "fields", "required", "须列明专业领域", "name the fields of expertise", "XA18-5")
	c.Require(!r.TermFrom.IsZero() && !r.TermTo.IsZero() && !r.TermTo.Before(r.TermFrom), "term_to", "out_of_range", "聘期起止不正确", "the term ends after it begins")
	return c.Err()
}

// Register keeps one entry of the pool.
func (s *Service) Register(ctx context.Context, r RegisterExpert) (Expert, error) {
	return s.Experts.Upsert(ctx, r.Account, func(x *Expert, _ *aggregate.Recorder) error {
		x.Own(Office)
		x.Share(r.Account)
		x.Name, x.Employer, x.Fields, x.TermFrom, x.TermTo, x.Active = r.Name, r.Employer, r.Fields, r.TermFrom.String(), r.TermTo.String(), r.Active
		if x.Conflicts == nil {
			x.Conflicts = []string{}
		}
		return nil
	})
}

// DeclareConflict is an expert's own statement that a unit or a project is too
// close.
type DeclareConflict struct {
	With string `json:"with" required:"true"` // a unit code or a project id
}

// Validate wants to know with whom.
func (r *DeclareConflict) Validate() error {
	var c fault.Checks
	c.Text(r.With, "with", 64, "ours")
	return c.Err()
}

// DeclareConflict keeps the caller out of draws that concern the unit or
// project.
func (s *Service) DeclareConflict(ctx context.Context, account string, r DeclareConflict) (Expert, error) {
	return s.Experts.Update(ctx, account, func(x *Expert, _ *aggregate.Recorder) error {
		if !slices.Contains(x.Conflicts, r.With) {
			x.Conflicts = append(x.Conflicts, r.With)
		}
		return nil
	})
}
