package identity

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// Delegation lets one account act for an absent one of the same unit, within
// some of its roles and between two days. Whatever is done under it bears both
// names.
type Delegation struct {
	aggregate.Root
	Title     string        `json:"title"`
	From      string        `json:"from"` // the absent account
	To        string        `json:"to"`   // the account that acts for it
	Roles     []string      `json:"roles"`
	StartsOn  calendar.Date `json:"starts_on"`
	EndsOn    calendar.Date `json:"ends_on"` // last day
	State     string        `json:"state"`   // granted or ended
	Reason    string        `json:"reason"`
	GrantedBy string        `json:"granted_by"`
	EndReason string        `json:"end_reason,omitempty"`
}

// Acting is a delegation as the account that acts under it carries it.
type Acting struct {
	Delegation string        `json:"delegation"`
	For        string        `json:"for"`
	Roles      []string      `json:"roles"`
	StartsOn   calendar.Date `json:"starts_on"`
	EndsOn     calendar.Date `json:"ends_on"`
}

// InForce reports whether the delegation holds on the day.
func (x Acting) InForce(on calendar.Date) bool { return !on.Before(x.StartsOn) && !on.After(x.EndsOn) }

// GrantDelegation hands roles to another account for a time.
type GrantDelegation struct {
	From     string        `json:"from"` // empty = the caller; an account administrator may name an absent person
	To       string        `json:"to" required:"true"`
	Roles    []string      `json:"roles" required:"true"`
	StartsOn calendar.Date `json:"starts_on" required:"true"`
	EndsOn   calendar.Date `json:"ends_on" required:"true"`
	Reason   string        `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *GrantDelegation) Validate() error {
	var c fault.Checks
	if r.From != "" {
		name(&c, r.From, "from")
	}
	name(&c, r.To, "to")
	c.Require(r.From != r.To || r.To == "", "to", "own_delegate", "不得委托给本人", "nobody acts for themselves", "SH12-P-9")
	c.Require(len(r.Roles) > 0, "roles", "required", "至少列明一个岗位", "name at least one role", "SH12-P-9")
	c.Require(!r.StartsOn.IsZero(), "starts_on", "required", "必填", "is required", "SH12-P-9")
	if c.Require(!r.EndsOn.IsZero(), "ends_on", "required", "必填", "is required", "SH12-P-9") {
		c.Require(!r.EndsOn.Before(r.StartsOn), "ends_on", "before_start", "截止日不得早于起始日", "the last day is not before the first", "SH12-P-9")
	}
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-P-9")
	return c.Err()
}

// Delegate hands roles to another account of the same unit. The delegate's own
// roles and those handed over must be compatible: a delegation is no way around
// the separation of duties (SH12-P-9).
func (s *Service) Delegate(ctx context.Context, r GrantDelegation) (Delegation, error) {
	by := authn.By(ctx)
	if r.From == "" {
		r.From = by.Subject
	}
	if r.From != by.Subject && !by.Has(accountAdmin) {
		return Delegation{}, ErrAuthority.WithMsg("只能委托本人的岗位，或由账户管理员代为办理", "delegate your own roles, or have an account administrator do it")
	}
	if by.OnBehalfOf != "" {
		return Delegation{}, ErrAuthority.WithMsg("受托人不得再委托", "who acts for another does not delegate further")
	}
	if r.From == r.To {
		return Delegation{}, fault.InvalidInput.WithViolations(fault.Violation{Field: "to", Code: "own_delegate", Msg: "不得委托给本人", MsgEN: "nobody acts for themselves", Basis: []string{"SH12-P-9"}})
	}
	id := s.NewID()
	var out Delegation
	err := s.InTx(ctx, func(ctx context.Context) error {
		from, err := s.Accounts.Get(ctx, r.From)
		if err != nil {
			return err
		}
		u, err := s.unit(ctx, from.Unit)
		if err != nil {
			return err
		}
		to, err := s.Accounts.Update(ctx, r.To, func(a *Account, rec *aggregate.Recorder) error {
			if err := s.delegable(from, *a, u, r, rec.Today()); err != nil {
				return err
			}
			a.Acting = append(a.Acting, Acting{Delegation: id, For: r.From, Roles: sorted(r.Roles), StartsOn: r.StartsOn, EndsOn: r.EndsOn})
			return nil
		})
		if err != nil {
			return err
		}
		out, err = s.Delegations.Create(ctx, id, func(d *Delegation, rec *aggregate.Recorder) error {
			d.Parties = nil
			d.Own(from.Unit)
			d.Share(r.From, r.To, Platform)
			d.Title = from.Name + " → " + to.Name
			d.From, d.To, d.Roles, d.StartsOn, d.EndsOn = r.From, r.To, sorted(r.Roles), r.StartsOn, r.EndsOn
			d.State, d.Reason, d.GrantedBy = "granted", r.Reason, rec.By().Actor()
			rec.State(d.From, &identityv1.DelegationGranted{DelegationId: d.ID, FromAccount: d.From, ToAccount: d.To, StartsOn: d.StartsOn.String(), EndsOn: d.EndsOn.String(), Roles: d.Roles, Reason: d.Reason})
			return nil
		})
		return err
	})
	return out, err
}

// delegable refuses a delegation that the rules do not allow.
func (s *Service) delegable(from, to Account, u Unit, r GrantDelegation, today calendar.Date) error {
	if err := from.at(Active); err != nil {
		return err
	}
	if err := to.at(Active); err != nil {
		return err
	}
	var c fault.Checks
	s.Duties.known(&c, r.Roles, "roles")
	c.Require(!r.StartsOn.Before(today), "starts_on", "in_past", "起始日不得早于今天", "the first day is not in the past", "SH12-P-9")
	c.Require(r.EndsOn.DaysSince(r.StartsOn) < s.Duties.Delegation.MaxDays, "ends_on", "too_long", "委托期限超过规定天数", "the delegation is longer than allowed", "SH12-P-9")
	for i, role := range r.Roles {
		zh, en := s.Duties.label(role)
		d, known := s.Duties.role(role)
		c.Require(!known || d.Delegable, indexed("roles", i), "not_delegable", "“"+zh+"”岗位不得委托", en+" is not delegated", "SH12-P-9")
		c.Require(slices.Contains(from.Roles, role), indexed("roles", i), "not_held", "委托人没有“"+zh+"”岗位", "the absent account does not have "+en, "SH12-P-9")
	}
	if err := c.Err(); err != nil {
		return err
	}
	if from.Unit != to.Unit {
		return ErrDuties.WithMsg("只能委托给本单位人员", "a delegation stays within the unit")
	}
	if slices.ContainsFunc(to.Acting, func(x Acting) bool { return x.For == r.From }) {
		return wrongState("该受托人已有同一委托人的授权", "the account acts for this person already")
	}
	return s.Duties.Holds(u, sorted(slices.Concat(to.duties(), r.Roles)))
}

// EndDelegation ends a delegation before its last day: either of the two
// accounts, or an account administrator.
func (s *Service) EndDelegation(ctx context.Context, r Reasoned) (Delegation, error) {
	by := authn.By(ctx)
	return s.endDelegation(ctx, r.ID, r.Reason, func(d *Delegation) error {
		if is(by, d.From) || is(by, d.To) || by.Has(accountAdmin) {
			return nil
		}
		return ErrAuthority.WithMsg("只有委托双方或账户管理员可以办理", "only the two accounts or an account administrator may do this")
	})
}

func (s *Service) endDelegation(ctx context.Context, id, reason string, may func(*Delegation) error) (Delegation, error) {
	var out Delegation
	err := s.InTx(ctx, func(ctx context.Context) (err error) {
		out, err = s.Delegations.Update(ctx, id, func(d *Delegation, rec *aggregate.Recorder) error {
			if err := may(d); err != nil {
				return err
			}
			if d.State != "granted" {
				return wrongState("委托已结束", "the delegation has ended already")
			}
			d.State, d.EndReason = "ended", reason
			rec.State(d.From, &identityv1.DelegationEnded{DelegationId: d.ID, Reason: reason})
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.Accounts.Update(ctx, out.To, func(a *Account, _ *aggregate.Recorder) error {
			a.Acting = slices.DeleteFunc(a.Acting, func(x Acting) bool { return x.Delegation == id })
			return nil
		})
		return err
	})
	return out, err
}

// ListDelegations asks for one page of the delegations that the caller may see.
type ListDelegations struct {
	From      string `query:"from" json:"-"`
	To        string `query:"to" json:"-"`
	State     string `query:"state" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// ListDelegations lists delegations, newest first.
func (s *Service) ListDelegations(ctx context.Context, q ListDelegations) (aggregate.Page[Delegation], error) {
	return s.Delegations.List(ctx, aggregate.Query{Filter: map[string]string{"from_account": q.From, "to_account": q.To, "state": q.State}, PageSize: q.PageSize, PageToken: q.PageToken})
}
