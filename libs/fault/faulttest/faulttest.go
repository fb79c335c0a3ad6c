// Package faulttest holds refusals to what a test expects of them: the code,
// what is violated, the provisions they rest on, and that whoever meets them can
// read them in Chinese and in English. It says nothing of the texts themselves.
package faulttest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"egov/libs/fault"
)

// Refused wants err to be a fault of a code with exactly the violations of these
// codes, in whatever order, all of it in two languages. It gives the fault.
func Refused(t testing.TB, err error, code string, violations ...string) fault.Error {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	bilingual(t, f.Code, f.Msg, f.MsgEN)
	got := make([]string, 0, len(f.Violations))
	for _, v := range f.Violations {
		got = append(got, v.Code)
		bilingual(t, v.Code, v.Msg, v.MsgEN)
	}
	want := slices.Clone(violations)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %s, want %s", code, strings.Join(got, " "), strings.Join(want, " "))
	}
	return *f
}

func bilingual(t testing.TB, code, zh, en string) {
	t.Helper()
	if zh == "" || en == "" {
		t.Errorf("%s speaks one language: %q, %q", code, zh, en)
	}
}

// RefusedOn wants the same of a refusal that rests on a provision.
func RefusedOn(t testing.TB, err error, provision, code string, violations ...string) fault.Error {
	t.Helper()
	f := Refused(t, err, code, violations...)
	RestsOn(t, err, provision)
	return f
}

// RefusedAs wants err to be one of a service's known faults, in two languages,
// and to rest on a provision by itself; on none in particular where it is empty.
func RefusedAs(t testing.TB, err error, want *fault.Error, provision string) {
	t.Helper()
	f := fault.From(err)
	if !errors.Is(err, want) || provision != "" && !slices.Contains(f.Basis, provision) {
		t.Fatalf("got %v %v, want %s by %q", err, f.Basis, want.Code, provision)
	}
	bilingual(t, f.Code, f.Msg, f.MsgEN)
}

// RestsOn wants err to name a provision, by itself or by one of its violations.
func RestsOn(t testing.TB, err error, provision string) {
	t.Helper()
	f := fault.From(err)
	if !slices.Contains(f.Basis, provision) && !slices.ContainsFunc(f.Violations, func(v fault.Violation) bool { return slices.Contains(v.Basis, provision) }) {
		t.Errorf("%v does not rest on %s", err, provision)
	}
}

// Violated gives the first violation of a code in err.
func Violated(t testing.TB, err error, code string) fault.Violation {
	t.Helper()
	f := fault.From(err)
	i := slices.IndexFunc(f.Violations, func(v fault.Violation) bool { return v.Code == code })
	if i < 0 {
		t.Fatalf("%v does not violate %s", err, code)
	}
	return f.Violations[i]
}

// Fields are the fields that err complains of, sorted, with a space between.
func Fields(err error) string {
	var fields []string
	for _, v := range fault.From(err).Violations {
		fields = append(fields, v.Field)
	}
	slices.Sort(fields)
	return strings.Join(fields, " ")
}

// Code is the code of a refusal, or empty.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return fault.From(err).Code
}

// Complaints are what err complains of, in its order: "reason/required
// amount_fen/out_of_range".
func Complaints(err error) string {
	list := fault.From(err).Violations
	said := make([]string, len(list))
	for i, v := range list {
		said[i] = v.Field + "/" + v.Code
	}
	return strings.Join(said, " ")
}
