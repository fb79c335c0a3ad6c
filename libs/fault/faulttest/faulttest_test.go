package faulttest_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"egov/libs/fault"
	"egov/libs/fault/faulttest"
)

// witness is a test that may fail without failing this one.
type witness struct {
	testing.TB
	failed bool
}

func (w *witness) Helper()               {}
func (w *witness) Errorf(string, ...any) { w.failed = true }
func (w *witness) Fatalf(string, ...any) { w.failed = true; runtime.Goexit() }

// fails reports whether check fails its test.
func fails(t *testing.T, check func(testing.TB)) bool {
	t.Helper()
	w := &witness{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(w)
	}()
	<-done
	return w.failed
}

var (
	errOrder = fault.New(fault.Refused, "order_refused", "不能下达", "cannot be ordered", "YP23-M-30")
	broken   = errOrder.WithViolations(
		fault.Violation{Field: "b", Code: "too_long", Msg: "太长", MsgEN: "too long"},
		fault.Violation{Field: "a", Code: "in_past", Msg: "已过", MsgEN: "has passed", Basis: []string{"YP23-M-32"}},
	)
)

// TestARefusalIsHeldToItsCode names what a test of a refusal must notice.
func TestARefusalIsHeldToItsCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fails bool
		check func(testing.TB)
	}{
		{"as expected", false, func(t testing.TB) { faulttest.Refused(t, errOrder, "order_refused") }},
		{"wrapped", false, func(t testing.TB) { faulttest.Refused(t, fmt.Errorf("order: %w", errOrder), "order_refused") }},
		{"in another order", false, func(t testing.TB) { faulttest.Refused(t, broken, "order_refused", "too_long", "in_past") }},
		{"not refused", true, func(t testing.TB) { faulttest.Refused(t, nil, "order_refused") }},
		{"no fault", true, func(t testing.TB) { faulttest.Refused(t, errors.New("x"), "order_refused") }},
		{"another code", true, func(t testing.TB) { faulttest.Refused(t, errOrder, "order_lost") }},
		{"a violation too many", true, func(t testing.TB) { faulttest.Refused(t, broken, "order_refused", "in_past") }},
		{"a violation too few", true, func(t testing.TB) { faulttest.Refused(t, errOrder, "order_refused", "in_past") }},
		{"a known fault", false, func(t testing.TB) { faulttest.RefusedAs(t, broken, errOrder, "YP23-M-30") }},
		{"a known fault on no provision in particular", false, func(t testing.TB) { faulttest.RefusedAs(t, broken, errOrder, "") }},
		{"a known fault on another provision", true, func(t testing.TB) { faulttest.RefusedAs(t, broken, errOrder, "YP23-M-31") }},
		{"a known fault on what a violation rests on", true, func(t testing.TB) { faulttest.RefusedAs(t, broken, errOrder, "YP23-M-32") }},
		{"another known fault", true, func(t testing.TB) { faulttest.RefusedAs(t, errors.New("x"), errOrder, "") }},
		{"no known fault", true, func(t testing.TB) { faulttest.RefusedAs(t, nil, errOrder, "") }},
		{"a known fault without English", true, func(t testing.TB) { faulttest.RefusedAs(t, errOrder.WithMsg("不能下达", ""), errOrder, "") }},
		{"no English", true, func(t testing.TB) { faulttest.Refused(t, errOrder.WithMsg("不能下达", ""), "order_refused") }},
		{"a violation without Chinese", true, func(t testing.TB) {
			faulttest.Refused(t, errOrder.WithViolations(fault.Violation{Code: "in_past", MsgEN: "has passed"}), "order_refused", "in_past")
		}},
		{"its own provision", false, func(t testing.TB) { faulttest.RefusedOn(t, errOrder, "YP23-M-30", "order_refused") }},
		{"a violation's provision", false, func(t testing.TB) {
			faulttest.RefusedOn(t, broken, "YP23-M-32", "order_refused", "in_past", "too_long")
		}},
		{"another provision", true, func(t testing.TB) { faulttest.RefusedOn(t, errOrder, "YP23-M-32", "order_refused") }},
		{"violated", false, func(t testing.TB) {
			if v := faulttest.Violated(t, broken, "in_past"); v.Field != "a" {
				t.Errorf("%+v", v)
			}
		}},
		{"not violated", true, func(t testing.TB) { faulttest.Violated(t, broken, "required") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fails(t, c.check); got != c.fails {
				t.Errorf("fails: %t", got)
			}
		})
	}
	if got := faulttest.Fields(broken); got != "a b" {
		t.Error(got)
	}
	if got := faulttest.Complaints(broken); got != "b/too_long a/in_past" {
		t.Error(got)
	}
	if got := faulttest.Code(broken) + faulttest.Code(nil); got != "order_refused" {
		t.Error(got)
	}
}
