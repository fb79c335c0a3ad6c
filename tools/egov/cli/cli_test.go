package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"egov/libs/embedded"
	"egov/libs/fault"
	"egov/tools/egov/cli"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Refused, "no", "不行", "no")
	for name, tc := range map[string]struct {
		err  error
		code int
		says string
	}{
		"nothing":              {nil, cli.OK, ""},
		"bad input":            {fault.InvalidInput, cli.BadInput, "不符合要求"},
		"a refusal":            {refused, cli.Failed, "error: no"},
		"a bare error":         {errors.New("boom"), cli.Failed, "boom"},
		"missing programs":     {fmt.Errorf("start: %w", embedded.ErrMissing.WithMsg("缺少redis", "redis not found; run: apt-get install redis")), cli.Missing, "run: apt-get"},
		"a code of its own":    {cli.Exit(7, refused), 7, "error: no"},
		"all has been said":    {cli.Exit(1, nil), cli.Failed, ""},
		"two errors":           {cli.Also(cli.Exit(5, refused), errors.New("stop failed")), 5, "error: no"},
		"a second error alone": {cli.Also(nil, errors.New("stop failed")), cli.Failed, "stop failed"},
	} {
		var w bytes.Buffer
		if code := cli.Report(&w, nil, tc.err); code != tc.code || !strings.Contains(w.String(), tc.says) || (tc.says == "") != (w.Len() == 0) {
			t.Errorf("%s: exit %d, %q", name, code, w.String())
		}
	}
}

func TestCauseIsShown(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	cli.Report(&w, nil, cli.Unreadable("x.json", errors.New("permission denied")))
	if !strings.Contains(w.String(), "permission denied") {
		t.Error(w.String())
	}
}

func TestTableLinesUp(t *testing.T) {
	t.Parallel()
	var w bytes.Buffer
	if err := cli.Table(&w, []string{"单位", "unit"}, [][]string{{"区教育局", "education"}, {"审计", "audit"}}); err != nil {
		t.Fatal(err)
	}
	want := "单位      unit\n────────  ─────────\n区教育局  education\n审计      audit\n"
	if w.String() != want {
		t.Errorf("got\n%swant\n%s", w.String(), want)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text string
		n    int
		want string
	}{{"区教育局", 8, "区教育局"}, {"区教育局", 7, "区教育…"}, {"区教育局", 6, "区教…"}, {"audit", 4, "aud…"}} {
		if got := cli.Cut(tc.text, tc.n); got != tc.want || cli.Width(got) > tc.n {
			t.Errorf("%s in %d: %s", tc.text, tc.n, got)
		}
	}
}
