package e2e_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/services/suite/stack"
)

// raised lists the red flags that stand, each with the titles of its projects.
func raised(t *testing.T, s *stack.Stack, token string) []string {
	t.Helper()
	_, b := do(t, "GET", s.URL("auditexport")+"/v1/red-flags?state=raised&page_size=200", token, "")
	var page struct {
		Items []struct {
			Code     string   `json:"code"`
			Unit     string   `json:"audited_unit"`
			Projects []string `json:"projects"`
			Evidence []struct {
				Seq int64 `json:"seq"`
			} `json:"evidence"`
			Explanation struct {
				ZH string `json:"zh"`
			} `json:"explanation"`
		} `json:"items"`
	}
	if err := json.Unmarshal(b, &page); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	list := []string{}
	for _, f := range page.Items {
		var titles []string
		for _, id := range f.Projects {
			var p struct {
				Title string `json:"title"`
			}
			if _, b := do(t, "GET", s.URL("declaration")+"/v1/projects/"+id, token, ""); json.Unmarshal(b, &p) != nil {
				t.Fatalf("%s: %s", id, b)
			}
			titles = append(titles, p.Title)
		}
		slices.Sort(titles)
		list = append(list, f.Code+" "+f.Unit+" "+strings.Join(titles, ", "))
		if len(f.Evidence) == 0 {
			t.Errorf("%s rests on nothing", f.Code)
		}
		t.Logf("%s: %s", f.Code, f.Explanation.ZH)
	}
	slices.Sort(list)
	return list
}

// demoRaises is what the published projects' facts say: one contract is filed
// after its time, and nothing else is out of order.
var demoRaises = []string{"overdue_filing science 大庆市政务数据资源中心功能扩充"}

var allExamined = regexp.MustCompile(`(?m)^egov_ledger_unexamined_rows(\{[^}]*\})? 0$`)

// wantFlags waits until every row of the ledger was looked at and the flags
// that stand are those of the facts, and no others.
func wantFlags(t *testing.T, s *stack.Stack, want []string) {
	t.Helper()
	status, b := do(t, "POST", s.URL("identity")+"/v1/sessions", "", fmt.Sprintf(`{"account":%q,"password":%q}`, accounts["auditor"], s.DemoPassword()))
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(b, &grant); err != nil || status >= 300 {
		t.Fatalf("%d %s", status, b)
	}
	var got []string
	poll := time.NewTicker(time.Second)
	defer poll.Stop()
	for vain := time.After(time.Minute); ; {
		// Looking is itself a row; what was unexamined before it counts.
		if _, metrics := do(t, "GET", s.URL("auditexport")+"/metrics", "", ""); allExamined.Match(metrics) {
			if got = raised(t, s, grant.AccessToken); slices.Equal(got, want) {
				return
			}
		}
		select {
		case <-poll.C:
		case <-vain:
			t.Fatalf("the published projects raise\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
