package identity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"egov/libs/fault"
)

// Duties are the district's rules about accounts, as data: which roles there
// are and where they may sit, which never meet on one account, and the bounds
// of passwords, sessions, delegations, reviews and keys.
type Duties struct {
	District     string          `yaml:"district" json:"district"`
	Kinds        []Kind          `yaml:"kinds" json:"kinds"`
	Roles        []Role          `yaml:"roles" json:"roles"`
	Incompatible []Conflict      `yaml:"incompatible" json:"incompatible"`
	Password     PasswordRules   `yaml:"password" json:"password"`
	Lockout      LockoutRules    `yaml:"lockout" json:"lockout"`
	Throttle     ThrottleRules   `yaml:"throttle" json:"-"`
	Session      SessionRules    `yaml:"session" json:"session"`
	Delegation   DelegationRules `yaml:"delegation" json:"delegation"`
	Review       ReviewRules     `yaml:"review" json:"review"`
	Keys         KeyRules        `yaml:"keys" json:"-"`
}

// Kind is one kind of unit.
type Kind struct {
	Code     string `yaml:"code" json:"code"`
	ZH       string `yaml:"zh" json:"zh"`
	EN       string `yaml:"en" json:"en"`
	Declares bool   `yaml:"declares" json:"declares"` // may declare projects
}

// Role is one duty that an account may have.
type Role struct {
	Code      string   `yaml:"code" json:"code"`
	ZH        string   `yaml:"zh" json:"zh"`
	EN        string   `yaml:"en" json:"en"`
	Kinds     []string `yaml:"kinds" json:"kinds,omitempty"` // only in units of these kinds; none = any
	Units     []string `yaml:"units" json:"units,omitempty"` // only in these units and those that succeed them; none = any
	Seats     bool     `yaml:"seats" json:"seats,omitempty"` // only in units with a seat in the conference
	Delegable bool     `yaml:"delegable" json:"delegable"`   // may be handed to another for a time
	Basis     []string `yaml:"basis" json:"basis"`
}

// Any stands for every role in a conflict.
const Any = "any"

// Conflict says that none of Roles meets any other of With on one account.
type Conflict struct {
	Roles []string `yaml:"roles" json:"roles"`
	With  []string `yaml:"with" json:"with"` // or "any"
	ZH    string   `yaml:"zh" json:"zh"`
	EN    string   `yaml:"en" json:"en"`
	Basis []string `yaml:"basis" json:"basis"`
}

// PasswordRules bound a password that a person chooses.
type PasswordRules struct {
	MinLength  int      `yaml:"min_length" json:"min_length"`     // characters
	MaxLength  int      `yaml:"max_length" json:"max_length"`     // characters
	Classes    int      `yaml:"classes" json:"classes"`           // of lower case, upper case, digit, other: how many are needed
	History    int      `yaml:"history" json:"history"`           // earlier passwords that may not return
	MaxAgeDays int      `yaml:"max_age_days" json:"max_age_days"` // 0 = it does not age
	Refused    []string `yaml:"refused" json:"-"`                 // too common, whatever the case of their letters
	Hash       HashCost `yaml:"hash" json:"-"`
	OneTime    OneTime  `yaml:"one_time" json:"one_time"`
}

// HashCost is the cost of one argon2id hash.
type HashCost struct {
	MemoryKiB uint32 `yaml:"memory_kib"`
	Passes    uint32 `yaml:"passes"`
	Lanes     uint8  `yaml:"lanes"`
}

// OneTime bounds a password that an administrator hands over.
type OneTime struct {
	Hours int `yaml:"hours" json:"hours"` // how long it is good for
}

// LockoutRules say when wrong passwords lock an account.
type LockoutRules struct {
	Failures      int `yaml:"failures" json:"failures"`             // in a row
	Minutes       int `yaml:"minutes" json:"minutes"`               // how long the lock holds
	ForgetMinutes int `yaml:"forget_minutes" json:"forget_minutes"` // after which failures no longer count
}

// ThrottleRules bound attempts to sign in, right or wrong.
type ThrottleRules struct {
	Account Bucket `yaml:"account"`
	Address Bucket `yaml:"address"`
}

// Bucket is a rate with a burst.
type Bucket struct {
	PerMinute float64 `yaml:"per_minute"`
	Burst     int     `yaml:"burst"`
}

// SessionRules bound a session.
type SessionRules struct {
	AccessMinutes     int `yaml:"access_minutes" json:"access_minutes"`           // life of an access token
	IdleMinutes       int `yaml:"idle_minutes" json:"idle_minutes"`               // between two uses of refresh tokens
	LifeHours         int `yaml:"life_hours" json:"life_hours"`                   // of the whole session
	ReuseGraceSeconds int `yaml:"reuse_grace_seconds" json:"reuse_grace_seconds"` // in which the last refresh token, repeated, gets its first answer
}

// DelegationRules bound a delegation.
type DelegationRules struct {
	MaxDays int `yaml:"max_days" json:"max_days"` // first and last day included
}

// ReviewRules say how often accounts are reviewed.
type ReviewRules struct {
	Months int `yaml:"months" json:"months"`
}

// KeyRules say how the keys of access tokens rotate.
type KeyRules struct {
	RotateDays     int `yaml:"rotate_days"`     // how long one key signs
	AheadMinutes   int `yaml:"ahead_minutes"`   // how long before it signs a key is published
	OverlapMinutes int `yaml:"overlap_minutes"` // how long after its last signature a key stays published
}

// Check reports every rule that contradicts itself or another.
func (d *Duties) Check() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	kinds, roles := map[string]bool{}, map[string]bool{}
	for _, k := range d.Kinds {
		need(k.Code != "" && k.ZH != "" && k.EN != "" && !kinds[k.Code], "kinds: %q is incomplete or stands twice", k.Code)
		kinds[k.Code] = true
	}
	for _, r := range d.Roles {
		need(r.Code != "" && r.Code != Any && r.ZH != "" && r.EN != "" && len(r.Basis) > 0 && !roles[r.Code], "roles: %q is incomplete or stands twice", r.Code)
		roles[r.Code] = true
		for _, k := range r.Kinds {
			need(kinds[k], "roles: %s: no kind %q", r.Code, k)
		}
	}
	need(roles[accountAdmin] && roles[supervisor] && roles[auditor], "roles: %s, %s and %s are needed", accountAdmin, supervisor, auditor)
	for i, c := range d.Incompatible {
		need(len(c.Roles) > 0 && len(c.With) > 0 && c.ZH != "" && c.EN != "" && len(c.Basis) > 0, "incompatible[%d]: is incomplete", i)
		for _, r := range slices.Concat(c.Roles, c.With) {
			need(roles[r] || r == Any && slices.Contains(c.With, Any), "incompatible[%d]: no role %q", i, r)
		}
	}
	p := d.Password
	need(p.MinLength >= 8 && p.MaxLength >= p.MinLength && p.MaxLength <= 256, "password: length must be 8 to 256")
	need(p.Classes >= 1 && p.Classes <= 4, "password.classes: 1 to 4")
	need(p.History >= 0 && p.MaxAgeDays >= 0 && p.OneTime.Hours > 0, "password: history, age and one-time hours must not be negative")
	need(p.Hash.MemoryKiB >= 8 && p.Hash.Passes > 0 && p.Hash.Lanes > 0, "password.hash: memory of 8 KiB or more, passes and lanes are needed")
	need(d.Lockout.Failures > 0 && d.Lockout.Minutes > 0 && d.Lockout.ForgetMinutes > 0, "lockout: must be positive")
	for _, b := range []Bucket{d.Throttle.Account, d.Throttle.Address} {
		need(b.PerMinute > 0 && b.Burst > 0, "throttle: must be positive")
	}
	s := d.Session
	need(s.AccessMinutes > 0 && s.IdleMinutes >= s.AccessMinutes && s.LifeHours*60 >= s.IdleMinutes && s.ReuseGraceSeconds >= 0, "session: access ≤ idle ≤ life, all positive")
	need(d.Delegation.MaxDays > 0 && d.Review.Months > 0, "delegation and review: must be positive")
	k := d.Keys
	need(k.RotateDays > 0 && k.AheadMinutes > 0 && k.AheadMinutes < k.RotateDays*24*60, "keys: rotation longer than the time ahead, both positive")
	need(k.OverlapMinutes >= s.AccessMinutes, "keys.overlap_minutes: a key stays published at least as long as an access token lives")
	return errors.Join(errs...)
}

func (d *Duties) kind(code string) (Kind, bool) {
	i := slices.IndexFunc(d.Kinds, func(k Kind) bool { return k.Code == code })
	if i < 0 {
		return Kind{}, false
	}
	return d.Kinds[i], true
}

func (d *Duties) role(code string) (Role, bool) {
	i := slices.IndexFunc(d.Roles, func(r Role) bool { return r.Code == code })
	if i < 0 {
		return Role{}, false
	}
	return d.Roles[i], true
}

// label is the role's name with its code, in Chinese and English.
func (d *Duties) label(code string) (zh, en string) {
	r, ok := d.role(code)
	if !ok {
		return code, code
	}
	return r.ZH + "（" + code + "）", r.EN + " (" + code + ")"
}

// known adds a violation for every role that there is not.
func (d *Duties) known(c *fault.Checks, roles []string, field string) {
	c.Require(len(roles) > 0, field, "required", "至少列明一个岗位", "name at least one role", "SH12-P-9")
	for i, r := range roles {
		_, ok := d.role(r)
		c.Require(ok, indexed(field, i), "unknown_role", "没有这个岗位："+r, "there is no role "+r, "SH12-P-9")
	}
}

// Holds refuses when one account in unit u cannot hold all the roles: each must
// belong there, and no two may be incompatible (SH12-P-9). The refusal lists
// every reason.
func (d *Duties) Holds(u Unit, roles []string) error {
	var c fault.Checks
	d.known(&c, roles, "roles")
	if err := c.Err(); err != nil {
		return err
	}
	for _, code := range roles {
		d.belongs(&c, u, code)
	}
	d.compatible(&c, roles)
	if err := c.Err(); err != nil {
		return ErrDuties.WithViolations(fault.From(err).Violations...)
	}
	return nil
}

// belongs adds a violation for every reason why a role has no place in a unit.
func (d *Duties) belongs(c *fault.Checks, u Unit, code string) {
	r, _ := d.role(code)
	zh, en := d.label(code)
	c.Require(len(r.Kinds) == 0 || slices.Contains(r.Kinds, u.Kind), "roles", "role_not_of_unit_kind",
		"该类单位不设“"+zh+"”岗位", "units of this kind have no "+en, r.Basis...)
	c.Require(len(r.Units) == 0 || slices.ContainsFunc(r.Units, u.StandsFor), "roles", "role_not_of_unit",
		"“"+zh+"”岗位由"+strings.Join(r.Units, "、")+"承担", en+" belongs to "+strings.Join(r.Units, ", "), r.Basis...)
	c.Require(!r.Seats || u.Seat, "roles", "role_needs_seat", "“"+zh+"”只设在联席会议成员单位", en+" is only for member units of the conference", r.Basis...)
}

// exercised are those of the roles that still belong to the unit: one that lost
// its seat, or its duty to a successor, lost the roles that go with it.
func (d *Duties) exercised(u Unit, roles []string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(code string) bool {
		var c fault.Checks
		d.belongs(&c, u, code)
		_, known := d.role(code)
		return !known || c.Err() != nil
	})
}

// compatible adds a violation for every pair of roles that may not meet.
func (d *Duties) compatible(c *fault.Checks, roles []string) {
	for i, a := range roles {
		for _, b := range roles[i+1:] {
			x := d.conflict(a, b)
			if x == nil {
				continue
			}
			azh, aen := d.label(a)
			bzh, ben := d.label(b)
			c.Require(false, "roles", "incompatible_duties", "“"+azh+"”与“"+bzh+"”不相容："+x.ZH, aen+" and "+ben+" are incompatible: "+x.EN, x.Basis...)
		}
	}
}

func (d *Duties) conflict(a, b string) *Conflict {
	if a == b {
		return nil
	}
	with := func(c Conflict, role string) bool {
		return slices.Contains(c.With, role) || slices.Contains(c.With, Any)
	}
	for i, c := range d.Incompatible {
		if slices.Contains(c.Roles, a) && with(c, b) || slices.Contains(c.Roles, b) && with(c, a) {
			return &d.Incompatible[i]
		}
	}
	return nil
}

// Acceptable adds a violation for every rule that a password breaks as the
// password of the account; earlier passwords are looked at elsewhere.
func (p *PasswordRules) Acceptable(c *fault.Checks, account, password, field string) {
	n := 0
	classes := map[string]bool{}
	for _, r := range password {
		n++
		switch {
		case unicode.IsLower(r):
			classes["lower"] = true
		case unicode.IsUpper(r):
			classes["upper"] = true
		case unicode.IsDigit(r):
			classes["digit"] = true
		default:
			classes["other"] = true
		}
	}
	c.Require(n >= p.MinLength && n <= p.MaxLength, field, "password_length",
		fmt.Sprintf("密码须为%d至%d个字符", p.MinLength, p.MaxLength), fmt.Sprintf("%d to %d characters", p.MinLength, p.MaxLength), "SH12-P-9")
	c.Require(len(classes) >= p.Classes, field, "password_classes",
		fmt.Sprintf("大写字母、小写字母、数字、其他字符中至少要有%d类", p.Classes), fmt.Sprintf("at least %d of: upper case, lower case, digits, others", p.Classes), "SH12-P-9")
	plain := strings.ToLower(password)
	c.Require(!slices.Contains(p.Refused, plain), field, "password_common", "该密码过于常见", "the password is too common", "SH12-P-9")
	c.Require(account == "" || !strings.Contains(plain, account), field, "password_has_account", "密码不得包含账号", "the password must not contain the account", "SH12-P-9")
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }
func hours(n int) time.Duration   { return time.Duration(n) * time.Hour }
