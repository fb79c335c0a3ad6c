// Package identity is the duty of the platform's operators: it keeps the units
// and accounts of a district and says who may sign in as what. Every role is
// given on one person's request and another's review, and never beside a duty
// it is incompatible with (SH12-P-9). Signing in yields a short access token
// that every service checks by the published keys.
//
// The package does not decide what a role may do: each service does that for
// its own duty.
package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Platform is the unit that holds this duty. It owns no project: operators see
// nothing of the content.
const Platform = "platform"

// The roles that this service itself asks for.
const (
	accountAdmin = "account_admin"
	supervisor   = "supervisor"
	operator     = "operator"
	auditor      = "auditor"
)

// Errors of this duty. What is answered about a sign-in never tells an unknown
// account from a wrong password, a lock or a disabled account.
var (
	ErrSignIn       = fault.New(fault.Unauthenticated, "sign_in_refused", "账号或密码不正确，或账户暂时不可用", "the account or the password is wrong, or the account cannot be used now", "SH12-P-9")
	ErrSession      = fault.New(fault.Unauthenticated, "session_ended", "登录已失效，请重新登录", "the session has ended, sign in again")
	ErrReused       = fault.New(fault.Unauthenticated, "refresh_token_reused", "刷新令牌被重复使用，为安全起见已结束该登录，请重新登录", "a spent refresh token was presented; the session was ended for safety", "SH12-P-9")
	ErrThrottled    = fault.New(fault.Exhausted, "sign_in_throttled", "登录过于频繁，请稍后重试", "too many attempts to sign in, try again later")
	ErrPassword     = fault.New(fault.Refused, "weak_password", "新密码不符合密码规则", "the new password does not meet the password rules", "SH12-P-9")
	ErrNoDelegation = fault.New(fault.Forbidden, "no_delegation", "没有生效的授权委托", "there is no delegation in force", "SH12-P-9")
	ErrUnit         = fault.New(fault.Refused, "unit_not_active", "单位不存在或已停用", "the unit is unknown or takes part no more", "YP23-M-5")
	ErrDuties       = fault.New(fault.Refused, "incompatible_duties", "所列岗位不能由该账户承担", "the account cannot hold these roles", "SH12-P-9")
	ErrState        = fault.New(fault.Conflict, "wrong_state", "当前状态不能办理此事项", "the state does not allow this")
	ErrFourEyes     = fault.New(fault.Forbidden, "own_request", "不得审核自己提出的申请或自己的账户", "nobody reviews their own request or account", "SH12-P-9")
	ErrAuthority    = fault.New(fault.Forbidden, "not_account_authority", "只有账户管理员或该单位的主管可以办理", "only an account administrator or the unit's supervisor may do this", "SH12-P-9")
	ErrNotReady     = fault.New(fault.Unavailable, "starting", "服务正在启动，请稍后重试", "the service is starting, try again")
	ErrUnknown      = fault.New(fault.NotFound, "not_found", "没有找到，或无权查看", "no such thing, or not visible to you")
)

// Accounts is where accounts are kept.
type Accounts interface {
	aggregate.Repository[Account]
	// ReviewDue names the active accounts whose review is due by the day and
	// waits for nobody yet.
	ReviewDue(ctx context.Context, by calendar.Date) ([]string, error)
}

// Delegations is where delegations are kept.
type Delegations interface {
	aggregate.Repository[Delegation]
	// Over names the delegations that stand although their last day has passed.
	Over(ctx context.Context, today calendar.Date) ([]string, error)
}

// Sessions is where sessions are kept.
type Sessions interface {
	aggregate.Repository[Session]
	// Purge forgets the sessions that began before the instant.
	Purge(ctx context.Context, before time.Time) error
}

// Passwords hashes passwords, slowly.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Matches takes as long for a wrong password as for the right one.
	Matches(ctx context.Context, hash, password string) (bool, error)
}

// Tokens issues access tokens.
type Tokens interface {
	Issue(p authn.Principal, life time.Duration) (token string, expires time.Time, err error)
}

// Keys is the ring of keys that sign access tokens.
type Keys interface {
	// Published are the keys by which tokens may be verified now.
	Published() []SigningKey
	// Next is the key that signs next; it is made unless there is one already.
	Next() (SigningKey, error)
}

// Throttle bounds how often anybody may try to sign in.
type Throttle interface {
	// Allow answers ErrThrottled when the account or the address tries too often.
	Allow(account, address string) error
}

// Service is the use cases of this duty.
type Service struct {
	Duties      Duties
	Units       aggregate.Repository[Unit]
	Accounts    Accounts
	Delegations Delegations
	Credentials aggregate.Repository[Credential]
	Sessions    Sessions
	KeyRegister aggregate.Repository[KeyRecord]
	// ServiceKeys keeps what operators said of services' keys, EventKeys is the
	// register they go into.
	ServiceKeys aggregate.Repository[ServiceKey]
	EventKeys   EventKeys
	// HolidayTables keeps the one table of what is published about holidays,
	// HolidayFiles is what the configuration says under it.
	HolidayTables aggregate.Repository[HolidayTable]
	HolidayFiles  []calendar.Override

	Passwords Passwords
	Tokens    Tokens
	Keys      Keys
	Throttle  Throttle
	District  string
	Clock     calendar.Clock
	NewID     func() string
	Sign      func(act string, by authn.Principal, document any) (*typev1.Signature, error)
	// MachineNow is the time of the machine, by which keys of events are held.
	MachineNow func() time.Time
	// Self is the service itself: it alone sees credentials.
	Self authn.Principal
	// Secret is the key under which refresh tokens follow from their session.
	Secret []byte
	// InTx runs f in one transaction; f may run again after a conflict.
	InTx func(ctx context.Context, f func(context.Context) error) error
	// Once makes the changes of ctx answer a request repeated under key as the
	// first time, or with an empty key leaves them without. The digest stands
	// for what the request says, in place of a hash of its body.
	Once func(ctx context.Context, operation, caller, key string, digest []byte) context.Context

	// decoy is what the password of an unknown account is compared with; nil
	// until Prepare.
	decoy atomic.Pointer[Credential]
}

// asSelf is ctx under the service's own principal, which sees every row.
// Whoever uses it checks first what the caller may do.
func (s *Service) asSelf(ctx context.Context) context.Context { return authn.With(ctx, s.Self) }

// unkeyed is ctx without the request's Idempotency-Key: for changes that carry
// secrets, or that the request itself makes one of a kind.
func (s *Service) unkeyed(ctx context.Context) context.Context { return s.Once(ctx, "", "", "", nil) }

// asPerson is ctx under the caller as a person, without roles: also those who
// change nothing by their role, such as auditors, keep their own account.
func asPerson(ctx context.Context, p authn.Principal) context.Context {
	p.Roles = nil
	return authn.With(ctx, p)
}

// is reports whether the account is behind the act, itself or as the one it
// acts for.
func is(by authn.Principal, account string) bool {
	return account != "" && (by.Subject == account || by.OnBehalfOf == account)
}

// authority refuses unless the caller may administer accounts of the unit: an
// account administrator anywhere, a supervisor in its own unit and in those it
// supervises. The service itself, which seeds, may too.
func authority(by authn.Principal, u Unit) error {
	switch {
	case by.IsService(), by.Has(accountAdmin):
		return nil
	case by.Has(supervisor) && (by.Unit == u.Code || u.Parent != "" && by.Unit == u.Parent):
		return nil
	}
	return ErrAuthority
}

// unit reads one unit of the directory.
func (s *Service) unit(ctx context.Context, code string) (Unit, error) {
	u, err := s.Units.Get(s.asSelf(ctx), code)
	if missing(err) {
		return u, ErrUnit.WithViolations(fault.Violation{Field: "unit", Code: "unknown_unit", Msg: "没有这个单位：" + code, MsgEN: "there is no unit " + code, Basis: []string{"YP23-M-5"}})
	}
	return u, err
}

func missing(err error) bool { return fault.Is(err, fault.NotFound) }

func wrongState(zh, en string) error { return ErrState.WithMsg(zh, en) }

// Review is a recorded review of an account's roles by the responsible head of
// the department concerned (SH12-P-9).
type Review struct {
	On         calendar.Date `json:"on"`
	Subject    string        `json:"subject"`  // account, role:<code> or periodic
	Reviewer   string        `json:"reviewer"` // the responsible head's name
	Opinion    string        `json:"opinion"`
	RecordedBy string        `json:"recorded_by"` // the account that recorded it
}

// Verdict is what every review states.
type Verdict struct {
	Reviewer string `json:"reviewer" required:"true"` // name of the responsible head
	Opinion  string `json:"opinion" required:"true"`
}

func (v Verdict) check(c *fault.Checks) {
	c.Text(strings.TrimSpace(v.Reviewer), "reviewer", 50, "SH12-P-9")
	c.Text(strings.TrimSpace(v.Opinion), "opinion", 1000, "SH12-P-9")
}

// record is the review as of this change.
func (v Verdict) record(rec *aggregate.Recorder, subject string) Review {
	return Review{On: rec.Today(), Subject: subject, Reviewer: v.Reviewer, Opinion: v.Opinion, RecordedBy: rec.By().Actor()}
}

// Reasoned is a request about one thing that needs its reason.
type Reasoned struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *Reasoned) Validate() error {
	var c fault.Checks
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-P-9")
	return c.Err()
}

// One names one thing.
type One struct {
	ID string `path:"id" json:"-"`
}

// name checks the form of an account id or a unit code: what stands in tokens,
// in the ledger and in row-level security. Both come from one space of names.
func name(c *fault.Checks, s, field string) {
	if c.Text(s, field, maxName, "SH12-P-9") {
		c.Require(wellFormed(s), field, "bad_name",
			"只能用小写字母、数字、连字符和点，以字母开头，以字母或数字结尾", "lower-case letters, digits, hyphens and dots; begins with a letter and ends with a letter or digit", "SH12-P-9")
	}
}

const maxName = 63

func wellFormed(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= 'a' && b <= 'z':
		case b >= '0' && b <= '9':
			if i == 0 {
				return false
			}
		case b == '-' || b == '.':
			if i == 0 || i == len(s)-1 || s[i-1] == '-' || s[i-1] == '.' {
				return false
			}
		default:
			return false
		}
	}
	return s != ""
}

// sorted gives the codes in order, each once.
func sorted(codes []string) []string {
	out := slices.Clone(codes)
	slices.Sort(out)
	return append([]string{}, slices.Compact(out)...)
}

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
