package module_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"egov/libs/ledger"
	"egov/libs/module/moduletest"
	"egov/services/auditexport"
)

// TestRowsAreFoundByWhatTheySay asks the running service, which answers from
// rows that no block of the search projection holds yet.
func TestRowsAreFoundByWhatTheySay(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.road("p-1")
	b.Set("2026-03-05")
	b.road("p-2")
	b.await(20)
	for name, c := range map[string]struct {
		filter url.Values
		rows   int
	}{
		"words":                       {url.Values{"text": {"校园"}}, 4},
		"a number in small letters":   {url.Values{"text": {"zb-p-2"}}, 1},
		"a supplier":                  {url.Values{"text": {"申城软件"}, "type": {"egov.procurement.*"}}, 4},
		"a document's number":         {url.Values{"text": {"杨财预〔2026〕1号"}}, 2},
		"a wildcard":                  {url.Values{"text": {"智慧%"}}, 0},
		"an amount":                   {url.Values{"amount_from": {"260000000"}, "amount_to": {"260000000"}}, 4},
		"amounts from":                {url.Values{"amount_from": {"300000000"}, "project": {"p-1"}}, 2},
		"a package of facts":          {url.Values{"type": {"egov.conference.*"}}, 2},
		"everything combined":         {url.Values{"text": {"软件"}, "unit": {"finance"}, "actor": {"test.budgeting"}, "from": {"2026-03-05"}, "amount_to": {"100000000"}}, 1},
		"a provision that none names": {url.Values{"provision": {"YP23-R-5.3"}}, 0},
	} {
		c.filter.Set("count", "true")
		got := b.query(c.filter)
		if len(seqsOfOthers(got)) != c.rows || got.Cursor != "" || got.Total == nil || got.Total.Rows < c.rows || !got.Total.Exact {
			t.Errorf("%s: %d rows, total %+v, cursor %q", name, len(got.Items), got.Total, got.Cursor)
		}
	}
}

// TestReadingAuditorsAreOnRecord takes rows as lines and looks at a project as
// of a day: both are rows of the ledger themselves, with what was asked and how
// many rows it gave. Everybody else is refused (YP23-M-16, SH12-19).
func TestReadingAuditorsAreOnRecord(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1"))
	answer := b.auditor.Do(http.MethodGet, "/v1/ledger?project=p-1", nil, moduletest.Header{Name: "Accept", Value: "application/x-ndjson"}).OK(nil)
	if got := answer.Header.Get("Content-Type"); got != "application/x-ndjson" {
		t.Error(got)
	}
	var last struct {
		End auditexport.StreamEnd `json:"end"`
	}
	n := 0
	for s := bufio.NewScanner(strings.NewReader(string(answer.Body))); s.Scan(); n++ {
		if err := json.Unmarshal(s.Bytes(), &last); err != nil {
			t.Fatal(err)
		}
	}
	if n < 11 || last.End.Rows != int64(n-1) || last.End.LastSeq < 10 {
		t.Errorf("%d lines, %+v", n, last)
	}
	var view auditexport.ProjectView
	b.auditor.Get("/v1/projects/p-1/as-of?date=2026-03-02").OK(&view)
	if view.Values["stage"].Value != "acceptance" || view.Amounts["contract"].Value != 260_000_000 || view.Amounts["contract"].Seq == 0 || view.Facts < 10 {
		t.Errorf("%+v", view)
	}
	var diff auditexport.ViewDiff
	b.auditor.Get("/v1/projects/p-1/changes?from=2026-03-01").OK(&diff)
	if diff.Facts < 10 || len(diff.Changes) == 0 || diff.Changes[0].BeforeSeq != 0 {
		t.Errorf("%+v", diff)
	}
	b.auditor.Get("/v1/projects/p-1/as-of?date=2026-03-01").Refused(404, "no_ledger_rows")
	b.auditor.Get("/v1/projects/p-1/changes").Refused(400, "invalid_input")
	b.auditor.Get("/v1/ledger?format=jsonl&text=x").Refused(400, "invalid_input")
	want := []string{"stream 0", fmt.Sprint("streamed ", n-1), fmt.Sprint("as_of ", view.Facts), fmt.Sprint("changes ", diff.Facts), "as_of 0"}
	var got []string
	b.Await("what was read has its rows", func() bool {
		got = nil
		for _, r := range b.query(url.Values{"actor": {"audit.li"}, "type": {"egov.auditexport.v1.LedgerQueried"}}).Items {
			e, err := ledger.Parse([]byte(r.Raw))
			if err != nil {
				t.Fatal(err)
			}
			var said struct{ Query, Rows string }
			if err := json.Unmarshal(e.Data, &said); err != nil {
				t.Fatal(err)
			}
			kind, what, _ := strings.Cut(said.Query, " ")
			if kind == "query" { // this one's own
				continue
			}
			if !strings.Contains(what, "p-1") && kind != "streamed" {
				t.Errorf("%s does not say what was asked: %s", kind, what)
			}
			rows, _ := strconv.Atoi(said.Rows)
			got = append(got, kind+" "+strconv.Itoa(rows))
		}
		return len(got) == len(want)
	})
	if !slices.Equal(got, want) {
		t.Errorf("on record: %q", got)
	}
	clerk := b.As("audit.clerk", "audit", "declarer", "member", "chair", "finance_officer", "operator")
	for _, path := range []string{"/v1/ledger?text=%E6%A0%A1%E5%9B%AD", "/v1/ledger?format=jsonl", "/v1/projects/p-1/as-of", "/v1/projects/p-1/changes?from=2026-03-01"} {
		clerk.Get(path).Refused(403, "role_required")
	}
	for _, table := range []string{"ledger_block", "ledger_term"} {
		if n := b.VisibleTo(table, "education", "edu.all", "declarer"); n != 0 {
			t.Errorf("education sees %d rows of %s", n, table)
		}
	}
}
