package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"egov/libs/op"
	"egov/services/suite"
	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

// accounts of the demonstration district, one for each role.
var accounts = map[string]string{
	"declarer": "facilities.declarer", "supervisor": "edu.supervisor", "secretary": "gov-office.secretary", "agency": "agency.a", "expert": "expert.1",
	"member": "member.justice", "chair": "chair", "finance_officer": "finance.officer", "procurement_officer": "facilities.procurement",
	"cyber_officer": "cac.officer", "police_officer": "police-cyber.officer", "crypto_officer": "party-office.crypto", "software_officer": "science.software",
	"data_officer": "big-data.data", "reform_officer": "development-reform.reform", "auditor": "audit.auditor", "operator": "operator", "account_admin": "account-admin",
}

type operation struct {
	service, method, path, id, role string
	roles                           []string // all that may call it; none where anyone signed in may
}

// published are documents for anyone, with or without a token.
var published = []string{"GetSeal", "GetWitness", "GetKeys", "GetDiscovery"}

// operations reads what every running service says it can do.
func operations(t *testing.T, s *stack.Stack) (all []operation) {
	t.Helper()
	for _, service := range suite.Databases() {
		var doc struct {
			Paths map[string]map[string]struct {
				ID          string `json:"operationId"`
				Description string `json:"description"`
			} `json:"paths"`
		}
		_, b := do(t, "GET", s.URL(service)+"/openapi.json", "", "")
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		for path, methods := range doc.Paths {
			for method, o := range methods {
				x := operation{service: service, method: strings.ToUpper(method), path: path, id: o.ID, role: "declarer"}
				if list, asks := strings.CutPrefix(o.Description, "Roles: "); asks {
					x.roles = strings.Split(list, ", ")
					x.role = x.roles[0]
				}
				all = append(all, x)
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.service+a.id, b.service+b.id) })
	return all
}

func do(t *testing.T, method, url, token, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("If-Match", `"v1"`)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b
}

func tokens(t *testing.T, s *stack.Stack) map[string]string {
	t.Helper()
	out := map[string]string{}
	for role, account := range accounts {
		status, b := do(t, "POST", s.URL("identity")+"/v1/sessions", "", fmt.Sprintf(`{"account":%q,"password":%q}`, account, s.DemoPassword()))
		var grant struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(b, &grant); err != nil || status >= 300 {
			t.Fatalf("%s: %d %s", account, status, b)
		}
		out[role] = grant.AccessToken
	}
	return out
}

// TestEveryOperation holds what all operations of all services promise: who is
// not signed in or has not the role is refused, nonsense gets one problem in
// two languages, nothing ends in an internal error, and none of it is written.
func TestEveryOperation(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	all := operations(t, s)
	if len(all) < 100 {
		t.Fatalf("only %d operations are described", len(all))
	}
	token := tokens(t, s)
	before := facts(t, s, token["auditor"])
	for _, service := range append(suite.Databases(), "portal") {
		problem(t, "GET", s.URL(service)+"/v1/does-not-exist", 404, "unknown_path")
	}
	for _, o := range all {
		t.Run(o.service+"/"+o.id, func(t *testing.T) {
			url := s.URL(o.service) + strings.NewReplacer("{id}", "nothing-here", "{item}", "x", "{sha256}", strings.Repeat("0", 64)).Replace(o.path)
			url = fill(url)
			if slices.Contains(published, o.id) {
				if status, b := do(t, o.method, url, "", ""); status != 200 || !json.Valid(b) {
					t.Errorf("published: %d %.300q", status, b)
				}
				problem(t, "POST", url, 405, "http_method_not_allowed")
				return
			}
			if strings.HasPrefix(o.path, "/v1/sessions") && o.service == "identity" || o.service == "declaration" && slices.Contains([]string{"Decide", "ListPacks", "GetBudgetSheet"}, o.id) {
				// public by design
			} else if status, b := do(t, o.method, url, "", "{}"); status != 401 {
				t.Errorf("anonymous: %d %.300q", status, b)
			}
			if status, b := do(t, o.method, url, "not.a.token", "{}"); status != 401 {
				t.Errorf("forged token: %d %.300q", status, b)
			}
			outsider(t, o, url, token)
			mistyped(t, o.method, url, token[o.role])
			if o.method == "GET" {
				status, b := do(t, o.method, url, token[o.role], "")
				if status >= 500 {
					t.Errorf("%d %s", status, b)
				}
				return
			}
			for _, body := range []string{`{"nope":1,"roles":["auditor"],"unit":"finance"}`, `[1]`, `{"`, `{"amount_fen":1e400,"reason":7}`, strings.Repeat("9", 2000), "\xff\xfe", ``} {
				status, b := do(t, o.method, url, token[o.role], body)
				if status < 400 && !harmless(o, body) {
					t.Errorf("%q passes: %d %s", body, status, b)
				}
				if status >= 500 {
					t.Errorf("%q: %d %s", body, status, b)
				}
				if status < 400 {
					continue
				}
				var p op.Problem
				if err := json.Unmarshal(b, &p); err != nil || p.Code == "" || p.Title == "" || p.TitleEN == "" || p.Status != status {
					t.Errorf("%q: not a problem document: %s", body, b)
				}
				for _, v := range p.Violations {
					if v.Code == "" || v.Msg == "" || v.MsgEN == "" {
						t.Errorf("%q: incomplete violation %+v", body, v)
					}
				}
				takesFile := strings.HasSuffix(o.path, "/attachments") || strings.HasSuffix(o.path, "/papers")
				if strings.HasPrefix(body, `{"nope"`) && !takesFile && status == 400 && p.Code == "invalid_input" && !bytes.Contains(b, []byte(`"nope"`)) {
					t.Errorf("the unknown field is not named: %s", b)
				}
			}
		})
	}
	// Signing in and asking are facts of their own; nothing else was stated.
	if after := facts(t, s, token["auditor"]); after != before {
		t.Errorf("nonsense was written: %d facts about anything but accounts before, %d after", before, after)
	}
}

// outsider calls an operation in a role that it is not for: the refusal names the
// provision, by itself and with the roles that are asked for (SH12-P-9).
func outsider(t *testing.T, o operation, url string, token map[string]string) {
	t.Helper()
	for _, role := range slices.Sorted(maps.Keys(token)) {
		if len(o.roles) == 0 || slices.Contains(o.roles, role) {
			continue
		}
		status, b := do(t, o.method, url, token[role], "{}")
		var p op.Problem
		if err := json.Unmarshal(b, &p); err != nil || status != 403 || p.Code != "role_required" || !slices.Contains(p.Basis, "SH12-P-9") ||
			len(p.Violations) != 1 || !slices.Contains(p.Violations[0].Basis, "SH12-P-9") {
			t.Errorf("as %s: %d %s", role, status, b)
		}
		return
	}
}

// mistyped calls an operation with query parameters that it does not have, and
// its address by a method that it does not have.
func mistyped(t *testing.T, method, url, token string) {
	t.Helper()
	status, b := do(t, method, url+"?projekt=x&projekt=y&nope", token, "")
	if status != 400 || !bytes.Contains(b, []byte(`"field":"projekt","code":"unknown_parameter"`)) || !bytes.Contains(b, []byte(`"nope"`)) {
		t.Errorf("parameters that there are not: %d %.300s", status, b)
	}
	problem(t, "TRACE", url, 405, "http_method_not_allowed")
}

// problem asks for what no operation answers.
func problem(t *testing.T, method, url string, status int, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var p op.Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != status || p.Status != status || p.Code != code || p.Title == "" || p.TitleEN == "" ||
		resp.Header.Get("Content-Type") != "application/problem+json" || (resp.Header.Get("Allow") != "") != (status == 405) {
		t.Errorf("%s %s: %d %v %+v %v", method, url, resp.StatusCode, resp.Header, p, err)
	}
}

// fill replaces what path parameters are left by text that names nothing.
func fill(url string) string {
	for {
		a := strings.IndexByte(url, '{')
		if a < 0 {
			return url
		}
		b := strings.IndexByte(url[a:], '}')
		url = url[:a] + "x" + url[a+b+1:]
	}
}

// harmless reports operations that take an empty or any body: they read, or
// act on the caller's own session.
func harmless(o operation, body string) bool {
	switch o.id {
	case "VerifyLedger", "RevokeSession":
		return true
	case "MakeExport", "RotateKeys":
		return body == ""
	}
	return false
}

// facts counts the ledger rows about anything but accounts, audits and the
// ledger itself.
func facts(t *testing.T, s *stack.Stack, token string) (n int) {
	t.Helper()
	after := int64(0)
	for {
		status, b := do(t, "GET", fmt.Sprintf("%s/v1/ledger?limit=1000&after_seq=%d", s.URL("auditexport"), after), token, "")
		var page struct {
			Items    []struct{ Service, Type string } `json:"items"`
			AfterSeq int64                            `json:"after_seq"`
		}
		if err := json.Unmarshal(b, &page); err != nil || status != 200 {
			t.Fatalf("%d %s", status, b)
		}
		for _, i := range page.Items {
			if i.Service != "identity" && i.Service != "auditexport" && !strings.HasPrefix(i.Type, "egov.ledger.v1.") {
				n++
			}
		}
		if after = page.AfterSeq; after == 0 {
			return n
		}
	}
}
