package aggregatetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	typev1 "egov/proto/gen/egov/type/v1"
)

// As is the context of somebody who acts: an account of a unit in roles.
func As(account, unit string, roles ...string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: account, Unit: unit, Roles: roles})
}

// Sign stands in for a service's seal: it names the act and the account.
func Sign(act string, by authn.Principal, _ any) (*typev1.Signature, error) {
	return &typev1.Signature{Alg: "test", Signer: by.Subject, Value: act}, nil
}

// Day reads a date of the form 2026-03-02, and panics at any other.
func Day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Morning is nine o'clock of a day.
func Morning(day string) time.Time { return Day(day).Start().Add(9 * time.Hour) }

// Todos are what an aggregate waits for, in its order: "issue
// finance_officer@finance, return finance_officer@finance".
func Todos(r aggregate.Root) string {
	list := make([]string, len(r.Todo))
	for i, x := range r.Todo {
		list[i] = x.Action + " " + x.Role + "@" + x.Unit
	}
	return strings.Join(list, ", ")
}

// Clock finds the last clock of an obligation.
func Clock(t testing.TB, r aggregate.Root, obligation string) aggregate.Deadline {
	t.Helper()
	for _, d := range slices.Backward(r.Deadlines) {
		if d.Obligation == obligation {
			return d
		}
	}
	t.Fatalf("no clock of %s: %+v", obligation, r.Deadlines)
	return aggregate.Deadline{}
}
