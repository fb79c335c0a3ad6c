// Package authn says who is calling and carries that through the context. A
// principal is made from a verified token alone (package token); nothing in a
// body or another header changes its unit or roles. The package is pure, so
// domain packages may use it.
package authn

import (
	"context"
	"slices"
)

// Principal is the caller of one request: a person signed in, or a service
// acting on an event.
type Principal struct {
	Subject    string   `json:"sub"`         // account id, or "service:<name>"
	Name       string   `json:"name"`        // the person's name, for the record
	Unit       string   `json:"unit"`        // unit code, glossary
	UnitKind   string   `json:"unit_kind"`   // "administrative", "institution" …
	ParentUnit string   `json:"parent_unit"` // the supervising unit's code, or empty
	Roles      []string `json:"roles"`
	District   string   `json:"district"`
	OnBehalfOf string   `json:"on_behalf_of,omitempty"` // account that delegated to Subject
}

// Has reports whether p holds any of the roles.
func (p Principal) Has(roles ...string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(p.Roles, r) })
}

// Actor is the name under which p's acts are recorded; both names stand when
// one account acts for another.
func (p Principal) Actor() string {
	if p.OnBehalfOf != "" {
		return p.Subject + delegation + p.OnBehalfOf
	}
	return p.Subject
}

// ReadsAll reports whether p may read every row of a service: auditors read
// everything and change nothing (YP23-M-16); a service reads its own data.
func (p Principal) ReadsAll() bool { return p.Has("auditor") || p.IsService() }

// IsService reports whether p is a service acting on an event, not a person.
func (p Principal) IsService() bool { return len(p.Subject) > 8 && p.Subject[:8] == "service:" }

// Service is the principal under which a service acts on events; unit is the
// unit that holds the service's duty.
func Service(name, unit string) Principal {
	return Principal{Subject: "service:" + name, Name: name, Unit: unit}
}

type principalKey struct{}

// With returns a context that carries p.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// By gives the context's principal; the zero Principal, which may do nothing,
// stands for an anonymous caller.
func By(ctx context.Context) Principal { p, _ := From(ctx); return p }

// From gives the context's principal; ok is false for an anonymous caller.
func From(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}
