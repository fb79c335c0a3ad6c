// Package fault is the one error vocabulary of the suite. It imports nothing
// but the standard library, so domain packages use it freely; transports own
// the tables that turn a Kind into a status.
//
// Every error that may reach a person carries a stable code, its text in
// Chinese and in English, and the ids of the provisions it rests on. Errors of
// any other type are Internal: logged, and hidden from the caller.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller may do about an error. The list is deliberately
// short: a new Kind needs a row in every transport's table.
type Kind uint8

// The kinds. The zero value is Internal, so that a forgotten Kind hides
// rather than shows.
const (
	Internal        Kind = iota // a defect or a broken dependency; never shown
	Invalid                     // the input breaks its own format or bounds
	Unauthenticated             // who is calling is not known
	Forbidden                   // the caller's unit or roles do not allow it
	NotFound                    // no such thing, or not visible to the caller
	Conflict                    // the thing is in a state that does not allow it
	Stale                       // the caller's version is not the current one
	Refused                     // well-formed, but a rule or gate says no
	Exhausted                   // too many requests
	Unavailable                 // try again later
)

// Error is one refusal or failure.
type Error struct {
	Kind       Kind
	Code       string        // stable: snake_case, listed in docs/errors.md
	Msg        string        // Chinese, safe to show
	MsgEN      string        // the English twin
	Basis      []string      // provision ids, e.g. "YP23-R-5.1.2"
	Violations []Violation   // every broken bound or rule at once
	RetryAfter time.Duration // with Unavailable and Exhausted
	cause      error
}

// Violation is one broken bound or rule of an input.
type Violation struct {
	Field string   `json:"field"`           // JSON path of the offending field, e.g. "budget[3].amount_fen"
	Code  string   `json:"code"`            // stable, snake_case
	Msg   string   `json:"message"`         // Chinese
	MsgEN string   `json:"message_en"`      // English
	Basis []string `json:"basis,omitempty"` // provision ids
}

// New makes an error; use it for package-level sentinels and attach what one
// occurrence knows with the With methods.
func New(k Kind, code, zh, en string, basis ...string) *Error {
	return &Error{Kind: k, Code: code, Msg: zh, MsgEN: en, Basis: basis}
}

func (e *Error) Error() string {
	s := e.Code + ": " + e.MsgEN
	for _, v := range e.Violations {
		s += fmt.Sprintf("; %s %s: %s", v.Field, v.Code, v.MsgEN)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause, which is for logs only.
func (e *Error) Unwrap() error { return e.cause }

// Is matches on Code, so a package-level sentinel still matches after With.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy of e that names a cause.
func (e *Error) With(cause error) *Error { c := *e; c.cause = cause; return &c }

// WithMsg returns a copy of e with the texts of this occurrence.
func (e *Error) WithMsg(zh, en string) *Error { c := *e; c.Msg, c.MsgEN = zh, en; return &c }

// WithBasis returns a copy of e that rests on the given provisions.
func (e *Error) WithBasis(ids ...string) *Error { c := *e; c.Basis = ids; return &c }

// WithViolations returns a copy of e that lists what is wrong.
func (e *Error) WithViolations(v ...Violation) *Error { c := *e; c.Violations = v; return &c }

// From finds the Error in err's chain; anything else is Internal and hidden.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Msg: "系统内部错误", MsgEN: "internal error", cause: err}
}

// Is reports whether err is of a kind, as From sees it; no error is of none.
func Is(err error, k Kind) bool { return err != nil && From(err).Kind == k }

// InvalidInput is the error under which Checks gathers violations.
var InvalidInput = New(Invalid, "invalid_input", "提交的内容不符合要求", "the input does not meet the requirements")

// Checks gathers violations, so that a caller hears of all of them at once.
// The zero value is ready to use.
type Checks struct{ list []Violation }

// Require adds a violation unless ok holds. It returns ok, for checks that
// only make sense once an earlier one holds.
func (c *Checks) Require(ok bool, field, code, zh, en string, basis ...string) bool {
	if !ok {
		c.list = append(c.list, Violation{Field: field, Code: code, Msg: zh, MsgEN: en, Basis: basis})
	}
	return ok
}

// Text requires that s has between 1 and maxRunes characters.
func (c *Checks) Text(s, field string, maxRunes int, basis ...string) bool {
	if !c.Require(s != "", field, "required", "必填", "is required", basis...) {
		return false
	}
	n := 0
	for range s {
		n++
	}
	return c.Require(n <= maxRunes, field, "too_long", fmt.Sprintf("不得超过%d个字", maxRunes), fmt.Sprintf("must not exceed %d characters", maxRunes))
}

// Add appends ready violations.
func (c *Checks) Add(v ...Violation) { c.list = append(c.list, v...) }

// Err is nil when nothing was violated, else InvalidInput with the list.
func (c *Checks) Err() error {
	if len(c.list) == 0 {
		return nil
	}
	return InvalidInput.WithViolations(c.list...)
}
