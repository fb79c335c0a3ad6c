package identity

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// RequestRole asks for a further role of an account.
type RequestRole struct {
	ID     string `path:"id" json:"-"`
	Role   string `json:"role" required:"true"`
	Reason string `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *RequestRole) Validate() error {
	var c fault.Checks
	c.Text(r.Role, "role", 50, "SH12-P-9")
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-P-9")
	return c.Err()
}

// RequestRole asks for a role; another person grants it (SH12-P-9).
func (s *Service) RequestRole(ctx context.Context, r RequestRole) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		if err := a.at(Active); err != nil {
			return err
		}
		if slices.Contains(a.Roles, r.Role) || a.pending(r.Role) >= 0 {
			return wrongState("该岗位已授予或正在审核", "the role is granted or asked for already")
		}
		if err := s.Duties.Holds(u, append(a.duties(), r.Role)); err != nil {
			return err
		}
		a.Pending = append(a.Pending, RoleRequest{Role: r.Role, RequestedBy: rec.By().Subject, Reason: r.Reason, On: rec.Today()})
		s.awaitRoles(a, u)
		rec.State(a.ID, &identityv1.RoleRequested{AccountId: a.ID, Role: r.Role, RequestedBy: rec.By().Actor(), Reason: r.Reason})
		return nil
	})
}

func (a *Account) pending(role string) int {
	return slices.IndexFunc(a.Pending, func(p RoleRequest) bool { return p.Role == role })
}

// awaitRoles says who reviews the roles that are asked for.
func (s *Service) awaitRoles(a *Account, u Unit) {
	todo := slices.DeleteFunc(slices.Clone(a.Todo), func(t aggregate.Todo) bool { return t.Action == "grant_role" })
	for _, p := range a.Pending {
		zh, _ := s.Duties.label(p.Role)
		todo = append(todo, reviewers(u, "grant_role", "审核岗位申请："+a.Title+" "+zh)...)
	}
	a.Await(todo...)
}

// GrantRole is the recorded review that gives an account a role.
type GrantRole struct {
	ID   string `path:"id" json:"-"`
	Role string `path:"role" json:"-"`
	Verdict
}

// Validate wants the review.
func (r *GrantRole) Validate() error {
	var c fault.Checks
	r.check(&c)
	return c.Err()
}

// GrantRole gives a role that was asked for. Nobody grants what they asked for,
// nor a role of their own. It takes effect with the next access token.
func (s *Service) GrantRole(ctx context.Context, r GrantRole) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		if err := a.at(Active); err != nil {
			return err
		}
		i := a.pending(r.Role)
		if i < 0 {
			return wrongState("没有待审核的该岗位申请", "nobody asked for this role")
		}
		by := rec.By()
		if is(by, a.Pending[i].RequestedBy) || is(by, a.ID) {
			return ErrFourEyes
		}
		if err := s.Duties.Holds(u, a.duties()); err != nil {
			return err
		}
		a.Pending = slices.Delete(a.Pending, i, i+1)
		a.Roles = sorted(append(a.Roles, r.Role))
		a.Reviews = append(a.Reviews, r.record(rec, "role:"+r.Role))
		s.awaitRoles(a, u)
		signature, err := s.Sign("identity.GrantRole", by, seal{a.ID, a.Unit, []string{r.Role}, r.Reviewer, r.Opinion})
		if err != nil {
			return err
		}
		rec.State(a.ID, &identityv1.RoleGranted{AccountId: a.ID, Role: r.Role, ApprovedBy: by.Actor(), Review: r.Opinion, Reviewer: r.Reviewer, Signature: signature})
		return nil
	})
}

// AboutRole is a request about one role of an account that needs its reason.
type AboutRole struct {
	ID     string `path:"id" json:"-"`
	Role   string `path:"role" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *AboutRole) Validate() error {
	var c fault.Checks
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-P-9")
	return c.Err()
}

// RejectRole turns the request for a role down.
func (s *Service) RejectRole(ctx context.Context, r AboutRole) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		i := a.pending(r.Role)
		if i < 0 {
			return wrongState("没有待审核的该岗位申请", "nobody asked for this role")
		}
		a.Pending = slices.Delete(a.Pending, i, i+1)
		s.awaitRoles(a, u)
		rec.State(a.ID, &identityv1.RoleRejected{AccountId: a.ID, Role: r.Role, RejectedBy: rec.By().Actor(), Reason: r.Reason})
		return nil
	})
}

// RevokeRole takes a role from an account, and with it what the account handed
// to others of it. Access tokens that carry the role live on for minutes.
func (s *Service) RevokeRole(ctx context.Context, r AboutRole) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, _ Unit, rec *aggregate.Recorder) error {
		if is(rec.By(), a.ID) {
			return ErrFourEyes
		}
		i := slices.Index(a.Roles, r.Role)
		if i < 0 {
			return wrongState("该账户没有这个岗位", "the account does not have the role")
		}
		a.Roles = slices.Delete(a.Roles, i, i+1)
		rec.State(a.ID, &identityv1.RoleRevoked{AccountId: a.ID, Role: r.Role, RevokedBy: rec.By().Actor(), Reason: r.Reason})
		return nil
	})
}
