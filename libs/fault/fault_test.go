package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"egov/libs/fault"
)

var errGone = fault.New(fault.NotFound, "gone", "不存在", "it is gone", "YP23-M-8")

func TestSentinelSurvivesDecoration(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("load: %w", errGone.With(io.EOF).WithMsg("没有", "none").WithBasis("YP23-M-9"))
	if !errors.Is(err, errGone) || !errors.Is(err, io.EOF) {
		t.Fatalf("%v matches neither its sentinel nor its cause", err)
	}
	if f := fault.From(err); f.Msg != "没有" || f.Basis[0] != "YP23-M-9" || errGone.Msg != "不存在" {
		t.Fatalf("decoration leaked into the sentinel: %+v", f)
	}
}

func TestUntypedErrorsStayHidden(t *testing.T) {
	t.Parallel()
	f := fault.From(errors.New("dial tcp 10.0.0.1: password=hunter2"))
	if f.Kind != fault.Internal || strings.Contains(f.Msg+f.MsgEN, "hunter2") {
		t.Fatalf("an untyped error shows: %+v", f)
	}
}

func TestChecksListEveryViolation(t *testing.T) {
	t.Parallel()
	var c fault.Checks
	c.Text("", "title", 10)
	c.Text("五个字的题", "name", 4)
	c.Require(true, "fine", "x", "", "")
	c.Require(false, "amount_fen", "positive", "须为正数", "must be positive", "YP23-R-5.1.2")
	f := fault.From(c.Err())
	if f.Kind != fault.Invalid || len(f.Violations) != 3 || f.Violations[1].Code != "too_long" || f.Violations[2].Basis[0] != "YP23-R-5.1.2" {
		t.Fatalf("%+v", f)
	}
	if (&fault.Checks{}).Err() != nil {
		t.Fatal("no violation is no error")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		kind fault.Kind
		want bool
	}{
		{"Typed", errGone, fault.NotFound, true},
		{"Wrapped", fmt.Errorf("load: %w", errGone), fault.NotFound, true},
		{"Another", errGone, fault.Conflict, false},
		{"Untyped", io.EOF, fault.Internal, true},
		{"None", nil, fault.Internal, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.Is(c.err, c.kind); got != c.want {
				t.Error(got)
			}
		})
	}
}
