package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// State is where an account stands.
type State string

// The states of an account. Only an active one signs in.
const (
	Requested State = "requested"
	Active    State = "active"
	Rejected  State = "rejected"
	Disabled  State = "disabled"
)

// Account is one person's account. It holds no secret: those are a Credential,
// which nobody but the service sees.
type Account struct {
	aggregate.Root
	Title          string        `json:"title"` // what lists and inboxes show
	Name           string        `json:"name"`
	Roles          []string      `json:"roles"`
	State          State         `json:"state"`
	Reason         string        `json:"reason"` // why it is asked for, or why it was rejected or disabled
	RequestedBy    string        `json:"requested_by"`
	ApprovedBy     string        `json:"approved_by,omitempty"`
	Pending        []RoleRequest `json:"pending_roles"`
	Reviews        []Review      `json:"reviews"`
	LastReviewedOn calendar.Date `json:"last_reviewed_on,omitzero"`
	ReviewDueOn    calendar.Date `json:"review_due_on,omitzero"`
	Acting         []Acting      `json:"acting"` // delegations that let it act for others
	LockedUntil    time.Time     `json:"locked_until,omitzero"`
}

// RoleRequest is a further role that waits for its review.
type RoleRequest struct {
	Role        string        `json:"role"`
	RequestedBy string        `json:"requested_by"`
	Reason      string        `json:"reason"`
	On          calendar.Date `json:"on"`
}

// at refuses unless the account is in the state.
func (a *Account) at(s State) error {
	if a.State == s {
		return nil
	}
	return wrongState("账户当前状态为“"+string(a.State)+"”，不能办理此事项", "the account is "+string(a.State)+", which does not allow this")
}

// duties are all roles that the person behind the account has a hold on: its
// own, those asked for, and those it exercises for others.
func (a *Account) duties() []string {
	all := slices.Clone(a.Roles)
	for _, p := range a.Pending {
		all = append(all, p.Role)
	}
	for _, x := range a.Acting {
		all = append(all, x.Roles...)
	}
	return sorted(all)
}

// RequestAccount asks for an account.
type RequestAccount struct {
	Account string   `json:"account" required:"true"` // the name to sign in with
	Name    string   `json:"name" required:"true"`    // the person's name
	Unit    string   `json:"unit" required:"true"`
	Roles   []string `json:"roles" required:"true"`
	Reason  string   `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *RequestAccount) Validate() error {
	var c fault.Checks
	name(&c, r.Account, "account")
	c.Text(strings.TrimSpace(r.Name), "name", 50, "SH12-P-9")
	name(&c, r.Unit, "unit")
	c.Require(len(r.Roles) > 0, "roles", "required", "至少列明一个岗位", "name at least one role", "SH12-P-9")
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-P-9")
	return c.Err()
}

// Request asks for an account; another person approves it (SH12-P-9).
func (s *Service) Request(ctx context.Context, r RequestAccount) (Account, error) {
	u, err := s.unit(ctx, r.Unit)
	if err != nil {
		return Account{}, err
	}
	return s.Accounts.Create(ctx, r.Account, func(a *Account, rec *aggregate.Recorder) error {
		by := rec.By()
		if err := authority(by, u); err != nil {
			return err
		}
		if !u.Active {
			return ErrUnit
		}
		roles := sorted(r.Roles)
		if err := s.Duties.Holds(u, roles); err != nil {
			return err
		}
		a.of(u)
		a.Title, a.Name, a.Roles, a.Reason = r.Name+"（"+u.Name+"）", r.Name, roles, r.Reason
		a.Pending, a.Reviews, a.Acting = []RoleRequest{}, []Review{}, []Acting{}
		a.State, a.RequestedBy = Requested, by.Subject
		a.Await(reviewers(u, "approve_account", "审核账户申请："+a.Title)...)
		rec.State(a.ID, &identityv1.AccountRequested{AccountId: a.ID, Name: a.Name, Unit: u.Code, Roles: roles, RequestedBy: by.Actor()})
		return nil
	})
}

// of makes the account one of unit u: seen there, by its holder, by the
// supervising unit and by the account administrators.
func (a *Account) of(u Unit) {
	a.Parties = nil
	a.Own(u.Code)
	a.Share(a.ID, Platform, u.Parent)
}

// reviewers are those who may do the act about an account of u.
func reviewers(u Unit, action, title string) []aggregate.Todo {
	todo := []aggregate.Todo{
		{Action: action, Role: accountAdmin, Unit: Platform, Title: title},
		{Action: action, Role: supervisor, Unit: u.Code, Title: title},
	}
	if u.Parent != "" {
		todo = append(todo, aggregate.Todo{Action: action, Role: supervisor, Unit: u.Parent, Title: title})
	}
	return todo
}

// change is a change to one account by somebody with authority over its unit.
func (s *Service) change(ctx context.Context, id string, f func(*Account, Unit, *aggregate.Recorder) error) (Account, error) {
	u, err := s.unitOf(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return s.Accounts.Update(ctx, id, func(a *Account, rec *aggregate.Recorder) error {
		if err := authority(rec.By(), u); err != nil {
			return err
		}
		return f(a, u, rec)
	})
}

// unitOf is the unit of an account that the caller may see.
func (s *Service) unitOf(ctx context.Context, account string) (Unit, error) {
	a, err := s.Accounts.Get(ctx, account)
	if err != nil {
		return Unit{}, err
	}
	return s.unit(ctx, a.Unit)
}

// seal is what a reviewer's signature covers.
type seal struct {
	Account  string   `json:"account"`
	Unit     string   `json:"unit"`
	Roles    []string `json:"roles"`
	Reviewer string   `json:"reviewer"`
	Opinion  string   `json:"opinion"`
}

// ApproveAccount is the recorded review that opens an account.
type ApproveAccount struct {
	ID string `path:"id" json:"-"`
	Verdict
}

// Validate wants the review.
func (r *ApproveAccount) Validate() error {
	var c fault.Checks
	r.check(&c)
	return c.Err()
}

// Approve opens an account. Nobody approves what they asked for, nor their own
// account.
func (s *Service) Approve(ctx context.Context, r ApproveAccount) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		if err := a.at(Requested); err != nil {
			return err
		}
		by := rec.By()
		if !by.IsService() && (is(by, a.RequestedBy) || is(by, a.ID)) {
			return ErrFourEyes
		}
		if !u.Active {
			return ErrUnit
		}
		if err := s.Duties.Holds(u, a.duties()); err != nil {
			return err
		}
		signature, err := s.Sign("identity.ApproveAccount", by, seal{a.ID, a.Unit, a.Roles, r.Reviewer, r.Opinion})
		if err != nil {
			return err
		}
		a.State, a.ApprovedBy = Active, by.Subject
		a.Reviews = append(a.Reviews, r.record(rec, "account"))
		s.reviewed(a, rec)
		rec.State(a.ID, &identityv1.AccountApproved{AccountId: a.ID, Unit: a.Unit, Roles: a.Roles, ApprovedBy: by.Actor(), Review: r.Opinion, Reviewer: r.Reviewer, Signature: signature})
		return nil
	})
}

// reviewed starts the time until the account's next review.
func (s *Service) reviewed(a *Account, rec *aggregate.Recorder) {
	a.LastReviewedOn = rec.Today()
	a.ReviewDueOn = rec.Today().AddMonths(s.Duties.Review.Months)
	a.Await()
}

// Reject turns a request for an account down.
func (s *Service) Reject(ctx context.Context, r Reasoned) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, _ Unit, rec *aggregate.Recorder) error {
		if err := a.at(Requested); err != nil {
			return err
		}
		a.State, a.Reason = Rejected, r.Reason
		a.Await()
		rec.State(a.ID, &identityv1.AccountRejected{AccountId: a.ID, RejectedBy: rec.By().Actor(), Reason: r.Reason})
		return nil
	})
}

// Disable closes an account and ends its sessions. Nobody disables their own.
func (s *Service) Disable(ctx context.Context, r Reasoned) (Account, error) {
	var out Account
	err := s.InTx(ctx, func(ctx context.Context) (err error) {
		done := false
		out, err = s.change(ctx, r.ID, func(a *Account, _ Unit, rec *aggregate.Recorder) error {
			if err := a.at(Active); err != nil {
				return err
			}
			if is(rec.By(), a.ID) {
				return ErrFourEyes
			}
			done = true
			a.State, a.Reason = Disabled, r.Reason
			a.Pending = []RoleRequest{}
			a.Await()
			rec.State(a.ID, &identityv1.AccountDisabled{AccountId: a.ID, Reason: r.Reason, DisabledBy: rec.By().Actor()})
			return nil
		})
		if err != nil || !done {
			return err
		}
		return s.endSessions(ctx, r.ID)
	})
	return out, err
}

// Reinstate asks for a disabled or rejected account again; another person
// approves it.
func (s *Service) Reinstate(ctx context.Context, r Reasoned) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		if a.State != Disabled && a.State != Rejected {
			return a.at(Disabled)
		}
		by := rec.By()
		if is(by, a.ID) {
			return ErrFourEyes
		}
		if !u.Active {
			return ErrUnit
		}
		a.State, a.Reason, a.RequestedBy, a.ApprovedBy = Requested, r.Reason, by.Subject, ""
		a.Await(reviewers(u, "approve_account", "审核账户申请："+a.Title)...)
		rec.State(a.ID, &identityv1.AccountRequested{AccountId: a.ID, Name: a.Name, Unit: a.Unit, Roles: a.Roles, RequestedBy: by.Actor()})
		return nil
	})
}

// ReviewAccount is the periodic review of an account's roles.
type ReviewAccount struct {
	ID string `path:"id" json:"-"`
	Verdict
}

// Validate wants the review.
func (r *ReviewAccount) Validate() error {
	var c fault.Checks
	r.check(&c)
	return c.Err()
}

// Review confirms that an account still needs its roles, and starts the time
// until the next review. What is not needed any more is revoked or disabled.
func (s *Service) Review(ctx context.Context, r ReviewAccount) (Account, error) {
	return s.change(ctx, r.ID, func(a *Account, u Unit, rec *aggregate.Recorder) error {
		if err := a.at(Active); err != nil {
			return err
		}
		if is(rec.By(), a.ID) {
			return ErrFourEyes
		}
		if err := s.Duties.Holds(u, a.duties()); err != nil {
			return err
		}
		a.Reviews = append(a.Reviews, r.record(rec, "periodic"))
		pending := slices.Clone(a.Todo)
		s.reviewed(a, rec)
		a.Await(slices.DeleteFunc(pending, func(t aggregate.Todo) bool { return t.Action == "review_account" })...)
		rec.State(a.ID, &identityv1.AccountReviewed{AccountId: a.ID, ReviewedBy: rec.By().Actor(), Reviewer: r.Reviewer, Review: r.Opinion, NextReviewOn: a.ReviewDueOn.String()})
		return nil
	})
}

// ListAccounts asks for one page of the accounts that the caller may see.
type ListAccounts struct {
	Unit      string `query:"unit" json:"-"`
	State     string `query:"state" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// List lists accounts, newest first.
func (s *Service) List(ctx context.Context, q ListAccounts) (aggregate.Page[Account], error) {
	return s.Accounts.List(ctx, aggregate.Query{Filter: map[string]string{"unit": q.Unit, "state": q.State}, PageSize: q.PageSize, PageToken: q.PageToken})
}

// Get reads one account.
func (s *Service) Get(ctx context.Context, r One) (Account, error) {
	return s.Accounts.Get(ctx, r.ID)
}
