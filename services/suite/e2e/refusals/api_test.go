package refusals_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"egov/libs/op"
)

// roleHolders are accounts of the demonstration district, one for each role.
var roleHolders = map[string]string{
	"declarer": "facilities.declarer", "supervisor": "edu.supervisor", "secretary": "gov-office.secretary", "agency": "agency.a", "expert": "expert.1",
	"member": "member.justice", "chair": "chair", "finance_officer": "finance.officer", "procurement_officer": "facilities.procurement",
	"cyber_officer": "cac.officer", "police_officer": "police-cyber.officer", "crypto_officer": "party-office.crypto", "software_officer": "science.software",
	"data_officer": "big-data.data", "reform_officer": "development-reform.reform", "auditor": "audit.auditor", "operator": "operator", "account_admin": "account-admin",
}

// operation is one line of a service's OpenAPI document.
type operation struct {
	service, method, path, id string
	roles                     []string // empty = whoever is signed in
	public                    bool
	query                     url.Values // what it asks for in its query
	body                      schema
}

// schema is the part of a JSON schema that a request is made up from.
type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"` // a name, or several
	Enum       []any             `json:"enum"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`

	named map[string]schema
}

// openAPI is an OpenAPI document.
type openAPI struct {
	Paths map[string]map[string]struct {
		ID          string           `json:"operationId"`
		Description string           `json:"description"`
		Security    []map[string]any `json:"security"`
		Parameters  []struct {
			Name     string `json:"name"`
			In       string `json:"in"`
			Required bool   `json:"required"`
		} `json:"parameters"`
		Body struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// operations are what a running service says it can do.
func (g *ground) operations(t *testing.T, service string) (all []operation) {
	t.Helper()
	status, b := ask(t, call{method: "GET", url: g.URL(service) + "/openapi.json"})
	var doc openAPI
	if err := json.Unmarshal(b, &doc); err != nil || status != http.StatusOK {
		t.Fatalf("%s describes itself as %d %v", service, status, err)
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			x := operation{service: service, method: strings.ToUpper(method), path: path, id: o.ID, public: len(o.Security) == 0, query: url.Values{}}
			if list, ok := strings.CutPrefix(o.Description, "Roles: "); ok {
				x.roles = strings.Split(list, ", ")
			}
			for _, p := range o.Parameters {
				if p.In == "query" && p.Required {
					x.query.Set(p.Name, "some-"+p.Name)
				}
			}
			x.body = o.Body.Content["application/json"].Schema
			x.body.named = doc.Components.Schemas
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// at is an operation's URL with id in the place of the first parameter and
// something that names nothing in that of the others.
func (g *ground) at(o operation, id string) string {
	path := o.path
	for n := 0; ; n++ {
		a := strings.IndexByte(path, '{')
		if a < 0 {
			if len(o.query) > 0 {
				path += "?" + o.query.Encode()
			}
			return g.URL(o.service) + path
		}
		b := a + strings.IndexByte(path[a:], '}')
		value := "1"
		switch {
		case n == 0:
			value = id
		case path[a:b] == "{sha256":
			value = strings.Repeat("0", 64)
		}
		path = path[:a] + value + path[b+1:]
	}
}

// words are the values of fields that are texts of a short list, by operation;
// the documents do not list them.
var words = map[string]map[string]any{
	"OpineAsAgency": {"conclusion": "fail"}, "OpineAsExpert": {"conclusion": "fail"},
	"RecordAttendance": {"status": "present"}, "ProposeItem": {"change_id": ""},
	"DecideItems": {"outcome": "refused", "approved_fen": 0}, "DecideItem": {"outcome": "refused", "approved_fen": 0}, "RecordHandover": {"outcome": "approved"},
	"ReportQuarter": {"quarter": "2026Q1"}, "FileContract": {"ends_on": "2026-12-01"}, "AcceptProject": {"final_fen": 0},
	"ReviseCatalogue": {"way": "online", "share_class": "universal", "frequency": "daily", "secrecy_checked": true, "key": true, "about": "", "sensitivity": "", "example": "", "base_register": "", "project_id": ""},
	"ReviseProject":   {"kind": "key_work", "case": map[string]any{"kind": "assessment_fee", "amount_fen": 1, "in_use": true}},
	"AmendUnit":       {"parent": ""},
}

// forms are the values of fields that have a form of their own.
var forms = map[string]string{"sha256": strings.Repeat("0", 64), "credit_code": "91350100M000100Y43", "supplier_credit_code": "91350100M000100Y43"}

// some is a body of the documented shape, with every field filled.
func (o operation) some() any { return o.fill(o.body, "", 0) }

func (o operation) fill(s schema, name string, depth int) any {
	if word, ok := words[o.id][name]; ok {
		return word
	}
	if s.Ref != "" {
		s = o.body.named[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	kind, _ := s.Type.(string)
	if several, ok := s.Type.([]any); ok {
		for _, k := range several {
			if name, ok := k.(string); ok && name != "null" {
				kind = name
			}
		}
	}
	switch {
	case kind == "string" && (strings.HasSuffix(name, "_on") || strings.HasSuffix(name, "_by")):
		return "2026-03-02"
	case kind == "string":
		return cmp.Or(forms[name], "some-"+name)
	case kind == "integer" || kind == "number":
		return 1
	case kind == "boolean":
		return false
	case kind == "array" && s.Items != nil && depth < 6:
		return []any{o.fill(*s.Items, name, depth+1)}
	case depth < 6:
		out := map[string]any{}
		for field, p := range s.Properties {
			out[field] = o.fill(p, field, depth+1)
		}
		return out
	}
	return map[string]any{}
}

// call is one request.
type call struct {
	method, url, token string
	body               any // JSON; a string as it is
	header             map[string]string
}

// ask sends a request and gives the answer whole.
func ask(t *testing.T, c call) (int, []byte) {
	t.Helper()
	return send(t, http.DefaultClient, c)
}

func send(t *testing.T, client *http.Client, c call) (int, []byte) {
	t.Helper()
	var body []byte
	switch b := c.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		var err error
		if body, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range c.header {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
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

// code is the answer as the table has it: status and code of a problem.
func code(status int, b []byte) string {
	var p op.Problem
	if json.Unmarshal(b, &p) == nil && p.Code != "" {
		return fmt.Sprintf("%d %s", status, p.Code)
	}
	return fmt.Sprint(status)
}

// grant is what a sign-in yields.
type grant struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	Principal struct {
		Subject string   `json:"sub"`
		Unit    string   `json:"unit"`
		Roles   []string `json:"roles"`
	} `json:"principal"`
}

// signIn gives the tokens of an account.
func (g *ground) signIn(t *testing.T, account string) (out grant) {
	t.Helper()
	status, b := ask(t, call{method: "POST", url: g.URL("identity") + "/v1/sessions", body: map[string]string{"account": account, "password": g.DemoPassword()}})
	if err := json.Unmarshal(b, &out); err != nil || status >= 300 {
		t.Fatalf("%s: %d %s", account, status, b)
	}
	return out
}

// people are the tokens of one account for each role.
func (g *ground) people(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for role, account := range roleHolders {
		out[role] = g.signIn(t, account).Access
	}
	return out
}

// browser is a browser in which somebody is signed in at the portal.
type browser struct {
	*http.Client
	csrf string
}

func (g *ground) browser(t *testing.T, role string) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{Client: &http.Client{Jar: jar}}
	status, text := send(t, b.Client, call{method: "POST", url: g.URL("portal") + "/api/session", body: map[string]string{"account": roleHolders[role], "password": g.DemoPassword()}})
	var signed struct {
		Token string `json:"csrf_token"`
	}
	if err := json.Unmarshal(text, &signed); err != nil || status >= 300 {
		t.Fatalf("sign in at the portal: %d %s", status, text)
	}
	b.csrf = signed.Token
	return b
}

// documented are the operations that docs/api describes, by service.
func documented(t *testing.T, service string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../../../../docs/api/" + service + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var doc openAPI
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, methods := range doc.Paths {
		for method := range methods {
			all[strings.ToUpper(method)+" "+path] = true
		}
	}
	return all
}
