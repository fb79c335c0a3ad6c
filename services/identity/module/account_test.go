package module_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/authn"
	"egov/libs/module/moduletest"
	identityv1 "egov/proto/gen/egov/identity/v1"
	"egov/services/identity"
)

// Request, review by another person, sign-in, further role, review, end.
func TestAnAccountsLife(t *testing.T) {
	t.Parallel()
	w := start(t)
	supervisor, admin, second := w.signIn("edu.supervisor"), w.signIn("account-admin"), w.signIn("account-admin.2")
	var a identity.Account
	request := fields{"account": "edu.second", "name": "贺武", "unit": "education", "roles": []string{"declarer"}, "reason": "新增经办人"}
	supervisor.post("/v1/accounts", request, moduletest.Key("r1")).OK(&a)
	supervisor.post("/v1/accounts", request, moduletest.Key("r1")).OK(&a)
	if a.State != identity.Requested || a.RequestedBy != "edu.supervisor" || w.Count("edu.second", &identityv1.AccountRequested{}) != 1 {
		t.Fatalf("%+v", a)
	}
	supervisor.post("/v1/accounts", request).Refused(409, "already_exists")
	supervisor.post("/v1/accounts", fields{"account": "edu.third", "name": "贺武", "unit": "education", "roles": []string{"declarer"}, "reason": "x"}, moduletest.Key("r1")).Refused(422, "idempotency_key_reused")

	// It waits on the desks of those who may review it.
	var tasks struct {
		Items []struct{ Action, ID string }
	}
	admin.get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 1 || tasks.Items[0].Action != "approve_account" || tasks.Items[0].ID != "edu.second" {
		t.Errorf("%+v", tasks)
	}
	supervisor.post("/v1/accounts/edu.second/approve", verdict).Refused(403, "own_request")
	w.signIn("health.supervisor").post("/v1/accounts/edu.second/approve", verdict).Refused(404, "not_found")
	w.signIn("edu.declarer").post("/v1/accounts/edu.second/approve", verdict).Refused(403, "role_required")
	admin.post("/v1/accounts/edu.second/approve", fields{"reviewer": "", "opinion": ""}).Refused(400, "invalid_input")
	admin.post("/v1/accounts/edu.second/approve", verdict).OK(&a)
	if a.State != identity.Active || len(a.Reviews) != 1 || a.Reviews[0].RecordedBy != "account-admin" || a.ReviewDueOn.String() != "2027-03-02" {
		t.Fatalf("%+v", a)
	}
	admin.post("/v1/accounts/edu.second/approve", verdict).Refused(409, "wrong_state")
	admin.get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 0 {
		t.Errorf("%+v", tasks)
	}

	var handed identity.OneTimePassword
	admin.post("/v1/accounts/edu.second/password-reset", reason("初始密码")).OK(&handed)
	person := w.signIn("edu.second", fields{"password": handed.Password})
	person.do(http.MethodPut, "/v1/me/password", fields{"current_password": handed.Password, "new_password": "Spring-Wind-04"}).OK(&person.Grant)
	person.get("/v1/accounts").Refused(403, "role_required")

	// A role: incompatible ones are refused when they are asked for.
	roles := "/v1/accounts/edu.second/roles"
	problem := supervisor.post(roles, fields{"role": "supervisor", "reason": "兼任"}).Refused(422, "incompatible_duties")
	if len(problem.Violations) != 1 || !slices.Contains(problem.Basis, "SH12-P-9") {
		t.Errorf("%+v", problem)
	}
	supervisor.post(roles, fields{"role": "king", "reason": "兼任"}).Refused(400, "invalid_input")
	supervisor.post(roles, fields{"role": "declarer", "reason": "兼任"}).Refused(409, "wrong_state")
	admin.post("/v1/accounts/member.archives/roles", fields{"role": "archivist", "reason": "兼任"}).OK(nil)
	admin.post("/v1/accounts/member.archives/roles/archivist/grant", verdict).Refused(403, "own_request")
	admin.post("/v1/accounts/member.archives/roles/member/grant", verdict).Refused(409, "wrong_state")
	a = identity.Account{}
	second.post("/v1/accounts/member.archives/roles/archivist/grant", verdict).OK(&a)
	if !slices.Equal(a.Roles, []string{"archivist", "member"}) || len(a.Pending) != 0 || len(a.Todo) != 0 {
		t.Errorf("%+v", a)
	}
	granted := w.Stated("member.archives", &identityv1.RoleGranted{})
	if granted.Data["signature"] == nil || granted.Data["approved_by"] != "account-admin.2" {
		t.Errorf("%+v", granted)
	}
	if p := w.signIn("member.archives").Principal; !slices.Equal(p.Roles, []string{"archivist", "member"}) {
		t.Errorf("%+v", p)
	}
	admin.post("/v1/accounts/member.archives/roles/archivist/revoke", reason("不再兼任")).OK(&a)
	admin.post("/v1/accounts/member.archives/roles/archivist/revoke", reason("不再兼任")).Refused(409, "wrong_state")
	admin.post("/v1/accounts/member.archives/roles", fields{"role": "archivist", "reason": "兼任"}).OK(nil)
	second.post("/v1/accounts/member.archives/roles/archivist/reject", reason("不需要")).OK(&a)
	if !slices.Equal(a.Roles, []string{"member"}) || len(a.Pending) != 0 {
		t.Errorf("%+v", a)
	}

	// A year later the review is due, and laid before the reviewers.
	w.Set("2027-03-02")
	admin, second, supervisor = w.signIn("account-admin"), w.signIn("account-admin.2"), w.signIn("edu.supervisor")
	w.Await("the review is on the desk", func() bool {
		supervisor.get("/v1/tasks").OK(&tasks)
		return slices.ContainsFunc(tasks.Items, func(x struct{ Action, ID string }) bool { return x.Action == "review_account" && x.ID == "edu.second" })
	})
	supervisor.post("/v1/accounts/edu.supervisor/review", verdict).Refused(403, "own_request")
	a = identity.Account{}
	supervisor.post("/v1/accounts/edu.second/review", verdict).OK(&a)
	if a.ReviewDueOn.String() != "2028-03-02" || len(a.Todo) != 0 || len(a.Reviews) != 2 {
		t.Errorf("%+v", a)
	}

	admin.post("/v1/accounts/account-admin/disable", reason("x")).Refused(403, "own_request")
	admin.post("/v1/accounts/edu.second/disable", reason("调离")).OK(&a)
	admin.post("/v1/accounts/edu.second/disable", reason("调离")).Refused(409, "wrong_state")
	admin.post("/v1/accounts/edu.second/reinstate", reason("调回")).OK(&a)
	admin.post("/v1/accounts/edu.second/approve", verdict).Refused(403, "own_request")
	second.post("/v1/accounts/edu.second/reject", reason("编制已满")).OK(&a)
	if a.State != identity.Rejected {
		t.Errorf("%+v", a)
	}
}

func TestRequestRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.signIn("account-admin")
	body := func(change func(fields)) fields {
		b := fields{"account": "x.y", "name": "某人", "unit": "education", "roles": []string{"declarer"}, "reason": "入职"}
		change(b)
		return b
	}
	for name, tt := range map[string]struct {
		by     string
		change func(fields)
		status int
		code   string
	}{
		"UnknownUnit":           {"account-admin", func(b fields) { b["unit"] = "moon" }, 422, "unit_not_active"},
		"UnknownRole":           {"account-admin", func(b fields) { b["roles"] = []string{"king"} }, 400, "invalid_input"},
		"Incompatible":          {"account-admin", func(b fields) { b["roles"] = []string{"declarer", "supervisor"} }, 422, "incompatible_duties"},
		"RoleOfAnotherUnit":     {"account-admin", func(b fields) { b["roles"] = []string{"auditor"} }, 422, "incompatible_duties"},
		"NamedLikeAUnit":        {"account-admin", func(b fields) { b["account"] = "health" }, 409, "already_exists"},
		"NamedLikeAService":     {"account-admin", func(b fields) { b["account"] = "service:identity" }, 400, "invalid_input"},
		"UnitAboveOnesOwn":      {"health.supervisor", func(fields) {}, 403, "not_account_authority"},
		"UnitOneSupervises":     {"edu.supervisor", func(b fields) { b["account"], b["unit"] = "centre.second", "education-info-centre" }, 201, ""},
		"SupervisorOfTheCentre": {"health.supervisor", func(b fields) { b["unit"] = "education-info-centre" }, 403, "not_account_authority"},
		"ByADeclarer":           {"edu.declarer", func(fields) {}, 403, "role_required"},
		"ByAnAuditor":           {"audit.auditor", func(fields) {}, 403, "role_required"},
		"ByAnOperator":          {"operator", func(fields) {}, 403, "role_required"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.signIn(tt.by).post("/v1/accounts", body(tt.change))
			if tt.code == "" {
				a.OK(nil)
				return
			}
			a.Refused(tt.status, tt.code)
		})
	}
	if n := w.Count("x.y", &identityv1.AccountRequested{}); n != 0 {
		t.Error("a refused request left a trace")
	}
	// A unit cannot take an account's name either.
	admin.post("/v1/units", fields{"code": "chair", "kind": "institution", "name": "x", "name_en": "x", "leader": "x", "department": "x"}).Refused(409, "already_exists")
}

// A bad body hears of everything at once, in two languages, with provisions.
func TestGoldenProblem(t *testing.T) {
	t.Parallel()
	w := start(t)
	before := len(w.Facts(""))
	a := w.signIn("account-admin").post("/v1/accounts", `{"account":"Edu Declarer","roles":"declarer","unit":7,"role":"auditor","reason":""}`)
	a.Refused(400, "invalid_input")
	if a.Header.Get("Content-Type") != "application/problem+json" {
		t.Error(a.Header)
	}
	moduletest.Golden(t, "request_account.problem.json", a.Body)
	if after := len(w.Facts("")); after != before+1 { // the sign-in
		t.Errorf("%d facts were stated", after-before)
	}
}

// What a body or a header says about roles and units changes nothing.
func TestRolesComeFromTheTokenAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	p := w.signIn("edu.declarer")
	for _, h := range []moduletest.Header{{Name: "X-Roles", Value: "account_admin"}, {Name: "X-Unit", Value: "platform"}, {Name: "X-Egov-Role", Value: "account_admin"}} {
		p.do(http.MethodGet, "/v1/accounts", nil, h).Refused(403, "role_required")
	}
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword, "roles": []string{"account_admin"}}).Refused(400, "invalid_input")
	w.anybody().get("/v1/me").Refused(401, "sign_in_required")
	tampered := &person{w: w, Grant: p.Grant}
	parts := strings.Split(p.AccessToken, ".")
	tampered.AccessToken = parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))
	tampered.get("/v1/me").Refused(401, "invalid_token")
}

// A token of one unit neither reads nor changes what is another's, by any
// endpoint, nor by a query that forgets its WHERE.
func TestRowSecurity(t *testing.T) {
	t.Parallel()
	w := start(t)
	edu, health := w.signIn("edu.supervisor"), w.signIn("health.supervisor")
	w.signIn("edu.declarer")
	var d identity.Delegation
	admin := w.signIn("account-admin")
	admin.post("/v1/accounts", fields{"account": "edu.aide", "name": "助理", "unit": "education", "roles": []string{"supervisor"}, "reason": "x"}).OK(nil)
	w.signIn("account-admin.2").post("/v1/accounts/edu.aide/approve", verdict).OK(nil)
	edu.post("/v1/delegations", fields{"to": "edu.aide", "roles": []string{"supervisor"}, "starts_on": "2026-03-02", "ends_on": "2026-03-05", "reason": "出差"}).OK(&d)

	health.get("/v1/accounts/edu.declarer").Refused(404, "not_found")
	var list struct {
		Items []identity.Account `json:"items"`
	}
	health.get("/v1/accounts?unit=education").OK(&list)
	if len(list.Items) != 0 {
		t.Errorf("%+v", list.Items)
	}
	for _, act := range []string{"approve", "review", "reject", "disable", "reinstate", "roles/declarer/grant", "roles/declarer/revoke", "roles/declarer/reject"} {
		body := any(reason("x"))
		if act == "approve" || act == "review" || strings.HasSuffix(act, "grant") {
			body = verdict
		}
		health.post("/v1/accounts/edu.declarer/"+act, body).Refused(404, "not_found")
	}
	health.post("/v1/accounts/edu.declarer/roles", fields{"role": "declarer", "reason": "x"}).Refused(404, "not_found")
	health.post("/v1/delegations/"+d.ID+"/end", reason("x")).Refused(404, "not_found")
	health.do(http.MethodPut, "/v1/units/education", fields{"name": "x", "name_en": "x", "leader": "x", "department": "x", "reason": "x"}, moduletest.IfMatch(1)).Refused(404, "not_found")
	var page struct {
		Items []identity.Delegation `json:"items"`
	}
	health.get("/v1/delegations").OK(&page)
	if len(page.Items) != 0 {
		t.Errorf("%+v", page.Items)
	}
	edu.get("/v1/delegations").OK(&page)
	if len(page.Items) != 1 {
		t.Errorf("%+v", page.Items)
	}

	// 3 of education, its centre's declarer; none of health's.
	if n := w.VisibleTo("account", "education", "edu.declarer"); n != 4 {
		t.Errorf("education sees %d accounts", n)
	}
	for _, table := range []string{"credential", "delegation", "signing_key"} {
		if n := w.VisibleTo(table, "health", "health.declarer"); n != 0 {
			t.Errorf("health sees %d rows of %s", n, table)
		}
	}
	if n := w.VisibleTo("session", "education", "edu.declarer"); n != 1 {
		t.Errorf("edu.declarer sees %d sessions", n)
	}
	for _, who := range [][]string{{"audit", "audit.auditor", "auditor"}, {"platform", "account-admin", "account_admin"}} {
		if n := w.VisibleTo("credential", who[0], who[1], who[2]); n != 0 {
			t.Errorf("%s sees %d credentials", who[1], n)
		}
	}
	// Auditors read accounts, and change none; operators see no account of others.
	w.signIn("audit.auditor").get("/v1/accounts/edu.declarer").OK(nil)
	w.signIn("audit.auditor").post("/v1/accounts/edu.declarer/disable", reason("x")).Refused(403, "role_required")
	w.signIn("operator").get("/v1/accounts").Refused(403, "role_required")
	// A forged mixture of roles still writes nothing as an auditor.
	w.With(authn.Principal{Subject: "mix", Unit: "audit", Roles: []string{"auditor", "account_admin"}}).
		Post("/v1/accounts/edu.declarer/disable", reason("x")).Refused(404, "not_found")
}

func TestDelegation(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.signIn("account-admin")
	for account, roles := range map[string][]string{"fin.deputy": {"member"}, "fin.declarer": {"declarer"}} {
		admin.post("/v1/accounts", fields{"account": account, "name": account, "unit": "finance", "roles": roles, "reason": "x"}).OK(nil)
		w.signIn("account-admin.2").post("/v1/accounts/"+account+"/approve", verdict).OK(nil)
	}
	var handed identity.OneTimePassword
	admin.post("/v1/accounts/fin.deputy/password-reset", reason("初始密码")).OK(&handed)
	deputy := w.signIn("fin.deputy", fields{"password": handed.Password})
	deputy.do(http.MethodPut, "/v1/me/password", fields{"current_password": handed.Password, "new_password": "Golden-Fan-05"}).OK(&deputy.Grant)

	officer := w.signIn("finance.officer")
	grant := func(change fields) fields {
		b := fields{"to": "fin.deputy", "roles": []string{"finance_officer"}, "starts_on": "2026-03-03", "ends_on": "2026-03-06", "reason": "休假"}
		for k, v := range change {
			b[k] = v
		}
		return b
	}
	for name, tt := range map[string]struct {
		by     *person
		change fields
		status int
		code   string
	}{
		"ToADeclarer":       {officer, fields{"to": "fin.declarer"}, 422, "incompatible_duties"},
		"RoleOneHasNot":     {officer, fields{"roles": []string{"member"}}, 400, "invalid_input"},
		"InThePast":         {officer, fields{"starts_on": "2026-03-01"}, 400, "invalid_input"},
		"TooLong":           {officer, fields{"ends_on": "2026-12-31"}, 400, "invalid_input"},
		"EndsBeforeItBegan": {officer, fields{"ends_on": "2026-03-02"}, 400, "invalid_input"},
		"ToOneself":         {officer, fields{"to": "finance.officer"}, 400, "invalid_input"},
		"AnotherUnit":       {officer, fields{"to": "facilities.procurement"}, 404, "not_found"},
		"AnotherUnitByAll":  {admin, fields{"from": "finance.officer", "to": "science.software"}, 422, "incompatible_duties"},
		"OthersRoles":       {w.signIn("member.finance"), fields{"from": "finance.officer"}, 403, "not_account_authority"},
		"NotHandedOver":     {w.signIn("audit.auditor"), fields{"to": "member.audit", "roles": []string{"auditor"}}, 404, "not_found"},
		"NotAdmins":         {admin, fields{"to": "account-admin.2", "roles": []string{"account_admin"}}, 400, "invalid_input"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.by.post("/v1/delegations", grant(tt.change)).Refused(tt.status, tt.code)
		})
	}
	if n := w.Count("finance.officer", &identityv1.DelegationGranted{}); n != 0 {
		t.Fatalf("%d delegations", n)
	}
	var d, repeated identity.Delegation
	officer.post("/v1/delegations", grant(nil), moduletest.Key("d1")).OK(&d)
	officer.post("/v1/delegations", grant(nil), moduletest.Key("d1")).OK(&repeated)
	if d.ID != repeated.ID || w.Count("finance.officer", &identityv1.DelegationGranted{}) != 1 {
		t.Error("two delegations under one key")
	}
	officer.post("/v1/delegations", grant(nil)).Refused(409, "wrong_state")

	for_ := fields{"password": "Golden-Fan-05", "on_behalf_of": "finance.officer"}
	try := func() moduletest.Answer {
		return w.anybody().post("/v1/sessions", fields{"account": "fin.deputy", "password": "Golden-Fan-05", "on_behalf_of": "finance.officer"})
	}
	try().Refused(403, "no_delegation") // it begins tomorrow
	w.Set("2026-03-03")
	acting := w.signIn("fin.deputy", for_)
	if p := acting.Principal; p.Subject != "fin.deputy" || p.OnBehalfOf != "finance.officer" || !slices.Equal(p.Roles, []string{"finance_officer"}) || p.Unit != "finance" {
		t.Errorf("%+v", p)
	}
	in := w.Stated("fin.deputy", &identityv1.SignedIn{})
	if in.Actor != "fin.deputy for finance.officer" || in.Data["on_behalf_of"] != "finance.officer" || in.Data["method"] != "password+delegation" {
		t.Errorf("%+v", in)
	}
	acting.post("/v1/delegations", grant(fields{"from": "fin.deputy", "to": "member.finance", "starts_on": "2026-03-03"})).Refused(403, "not_account_authority")
	var me identity.Me
	w.signIn("fin.deputy", fields{"password": "Golden-Fan-05"}).get("/v1/me").OK(&me)
	if len(me.ActsFor) != 1 || me.ActsFor[0].For != "finance.officer" {
		t.Errorf("%+v", me)
	}
	// While it stands, no incompatible role comes to the delegate.
	admin = w.signIn("account-admin")
	admin.post("/v1/accounts/fin.deputy/roles", fields{"role": "declarer", "reason": "x"}).Refused(422, "incompatible_duties")
	// What the absent account loses, its delegate loses with the next token.
	admin.post("/v1/accounts/finance.officer/roles/finance_officer/revoke", reason("调整")).OK(nil)
	refresh(w, acting.RefreshToken).OK(&acting.Grant)
	if len(acting.Principal.Roles) != 0 {
		t.Errorf("%+v", acting.Principal)
	}

	// It ends by its last day, or before.
	w.Set("2026-03-07")
	w.Await("the delegation ends", func() bool { return w.Count("finance.officer", &identityv1.DelegationEnded{}) == 1 })
	try().Refused(403, "no_delegation")
	chair := w.signIn("chair")
	chair.post("/v1/delegations", fields{"to": "member.gov-office", "roles": []string{"chair"}, "starts_on": "2026-03-07", "ends_on": "2026-03-09", "reason": "出访"}).OK(&d)
	w.signIn("gov-office.secretary").post("/v1/delegations/"+d.ID+"/end", reason("x")).Refused(403, "not_account_authority")
	chair.post("/v1/delegations/"+d.ID+"/end", reason("提前返回")).OK(&d)
	chair.post("/v1/delegations/"+d.ID+"/end", reason("提前返回")).Refused(409, "wrong_state")
	if a := w.account("member.gov-office"); len(a.Acting) != 0 {
		t.Errorf("%+v", a.Acting)
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin, anybody := w.signIn("account-admin"), w.signIn("expert.1")
	var list struct {
		Items         []identity.Unit `json:"items"`
		NextPageToken string          `json:"next_page_token"`
	}
	anybody.get("/v1/units?seat=true").OK(&list)
	if len(list.Items) != 14 {
		t.Errorf("%d seats", len(list.Items))
	}
	anybody.get("/v1/units?page_size=3").OK(&list)
	if len(list.Items) != 3 || list.NextPageToken == "" {
		t.Errorf("%+v", list)
	}
	anybody.get("/v1/units/education").OK(nil)
	anybody.get("/v1/units/moon").Refused(404, "not_found")
	w.anybody().get("/v1/units").Refused(401, "sign_in_required")

	unit := fields{"code": "data-bureau", "kind": "administrative", "name": "区数据局", "name_en": "Data Bureau", "leader": "龚晓光", "department": "数据资源科"}
	anybody.post("/v1/units", unit).Refused(403, "role_required")
	admin.post("/v1/units", fields{"code": "data-bureau", "kind": "moon", "name": "x", "name_en": "x", "leader": "x", "department": "x"}).Refused(400, "invalid_input")
	admin.post("/v1/units", fields{"code": "x", "kind": "institution", "parent": "moon", "name": "x", "name_en": "x", "leader": "x", "department": "x"}).Refused(422, "unit_not_active")
	var u identity.Unit
	admin.post("/v1/units", unit).OK(&u)

	// A lost update is refused.
	amend := fields{"name": "区数据管理局", "name_en": "Data Bureau", "leader": "龚晓光", "department": "数据资源科", "reason": "更名"}
	admin.do(http.MethodPut, "/v1/units/data-bureau", amend).Refused(400, "invalid_input")
	admin.do(http.MethodPut, "/v1/units/data-bureau", amend, moduletest.IfMatch(u.Version)).OK(&u)
	admin.do(http.MethodPut, "/v1/units/data-bureau", amend, moduletest.IfMatch(u.Version-1)).Refused(412, "stale_version")
	if len(u.FormerNames) != 1 || u.FormerNames[0].Name != "区数据局" {
		t.Errorf("%+v", u)
	}
	// A unit's supervisor names its leader, not its name.
	own := fields{"name": "区教育局", "name_en": "Education Bureau", "leader": "贺秋菊", "department": "信息化管理科", "reason": "换届"}
	w.signIn("edu.supervisor").do(http.MethodPut, "/v1/units/education", own, moduletest.IfMatch(1)).OK(&u)
	own["name"] = "区教委"
	w.signIn("edu.supervisor").do(http.MethodPut, "/v1/units/education", own, moduletest.IfMatch(2)).Refused(403, "not_account_authority")

	// The seat of the big-data centre passes to the bureau, with its duties.
	pass := fields{"successor": "data-bureau", "effective_on": "2026-03-02", "seat": true, "dissolved": false, "document_no": "杨委办〔2026〕1号"}
	for name, tt := range map[string]struct {
		change fields
		status int
		code   string
	}{
		"NotYet":          {fields{"effective_on": "2026-03-03"}, 400, "invalid_input"},
		"ToNobody":        {fields{"successor": "moon"}, 422, "unit_not_active"},
		"ToItself":        {fields{"successor": "big-data"}, 400, "invalid_input"},
		"SeatWouldVanish": {fields{"seat": false, "dissolved": true}, 409, "wrong_state"},
	} {
		t.Run(name, func(t *testing.T) {
			b := fields{}
			for k, v := range pass {
				b[k] = v
			}
			for k, v := range tt.change {
				b[k] = v
			}
			admin.post("/v1/units/big-data/succession", b).Refused(tt.status, tt.code)
		})
	}
	admin.post("/v1/units/education/succession", pass).Refused(409, "wrong_state") // has no seat
	admin.post("/v1/units/big-data/succession", pass).OK(&u)
	if !u.Seat || !slices.Equal(u.Succeeds, []string{"big-data"}) {
		t.Errorf("%+v", u)
	}
	f := w.Stated("big-data", &identityv1.UnitSucceeded{})
	if f.Data["successor"] != "data-bureau" || f.Data["seat"] != true {
		t.Errorf("%+v", f)
	}
	admin.post("/v1/units/data-bureau/succession", fields{"successor": "big-data", "effective_on": "2026-03-02", "document_no": "x"}).Refused(409, "wrong_state")
	// The old delegate's account has lost its seat; the new unit may have one.
	if p := w.signIn("member.big-data").Principal; len(p.Roles) != 0 {
		t.Errorf("%+v", p)
	}
	admin.post("/v1/accounts", fields{"account": "data.officer", "name": "舒炬", "unit": "data-bureau", "roles": []string{"data_officer", "member"}, "reason": "承继"}).OK(nil)

	seen := [2]int{w.VisibleTo("account", "education", "edu.declarer"), w.VisibleTo("account", "civil-affairs", "civil-affairs.declarer")}
	// A dissolved unit signs in no more; what it supervised has a new supervisor.
	admin.post("/v1/units/education/succession", fields{"successor": "civil-affairs", "effective_on": "2026-03-02", "dissolved": true, "document_no": "杨委办〔2026〕2号"}).OK(nil)
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword}).Refused(401, "sign_in_refused")
	if p := w.signIn("education-info-centre.declarer").Principal; p.ParentUnit != "civil-affairs" {
		t.Errorf("%+v", p)
	}
	if after := [2]int{w.VisibleTo("account", "education", "edu.declarer"), w.VisibleTo("account", "civil-affairs", "civil-affairs.declarer")}; after != [2]int{seen[0] - 1, seen[1] + 1} {
		t.Error("the centre's accounts are not shown to its new supervisor alone")
	}
}

func TestKeysAndDiscovery(t *testing.T) {
	t.Parallel()
	w := start(t)
	before := w.signIn("operator")
	var set struct{ Keys []fields }
	w.anybody().get("/.well-known/jwks.json").OK(&set)
	if len(set.Keys) != 1 || set.Keys[0]["d"] != nil || set.Keys[0]["alg"] != "EdDSA" {
		t.Fatalf("%+v", set)
	}
	var doc fields
	w.anybody().get("/.well-known/openid-configuration").OK(&doc)
	if doc["issuer"] != "egov" || !strings.HasPrefix(doc["jwks_uri"].(string), "http://") {
		t.Errorf("%+v", doc)
	}
	w.signIn("account-admin").post("/v1/keys/rotate", reason("演练")).Refused(403, "role_required")
	var k, again identity.KeyRecord
	before.post("/v1/keys/rotate", reason("演练"), moduletest.Key("k1")).OK(&k)
	before.post("/v1/keys/rotate", reason("演练")).OK(&again)
	if k.ID != again.ID || w.Count(k.ID, &identityv1.SigningKeyMade{}) != 1 {
		t.Errorf("%s and %s", k.ID, again.ID)
	}
	w.anybody().get("/.well-known/jwks.json").OK(&set)
	if len(set.Keys) != 2 {
		t.Fatalf("%d keys before the change", len(set.Keys))
	}
	w.later(29 * time.Minute)
	last := w.signIn("operator")
	w.later(2 * time.Minute)
	next := w.signIn("operator")
	for name, p := range map[string]*person{"the last key": last, "the next key": next} {
		if a := p.get("/v1/me"); a.Status != 200 {
			t.Errorf("a token of %s: %s", name, a.Body)
		}
	}
	w.later(31 * time.Minute)
	w.Await("the last key is published no more", func() bool {
		w.anybody().get("/.well-known/jwks.json").OK(&set)
		return len(set.Keys) == 1 && set.Keys[0]["kid"] == k.ID
	})
	var list struct{ Items []identity.KeyRecord }
	w.signIn("operator").get("/v1/keys").OK(&list)
	if len(list.Items) != 2 {
		t.Errorf("%+v", list)
	}
	var rules identity.Duties
	w.signIn("edu.declarer").get("/v1/duties").OK(&rules)
	if len(rules.Roles) != 19 || rules.Password.Hash.Passes != 0 {
		t.Errorf("%+v", rules)
	}
}

// A second process over the same database and keys enters nothing twice, and
// trusts what the first issued.
func TestSecondProcess(t *testing.T) {
	t.Parallel()
	w := start(t)
	facts := len(w.Facts(""))
	p := w.signIn("edu.declarer")
	url := w.beside()
	resp, err := http.Post(url+"/v1/sessions/refresh", "application/json", strings.NewReader(fmt.Sprintf(`{"refresh_token":%q}`, p.RefreshToken)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var g identity.Grant
	if err := json.NewDecoder(resp.Body).Decode(&g); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", resp.StatusCode, err)
	}
	(&person{w: w, Grant: g}).get("/v1/me").OK(nil)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.AccessToken)
	me, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer me.Body.Close()
	if me.StatusCode != http.StatusOK {
		t.Errorf("the first process's token at the second: %d", me.StatusCode)
	}
	refresh(w, g.RefreshToken).OK(nil)
	if n := len(w.Facts("")); n != facts+1 { // the one sign-in
		t.Errorf("%d facts more", n-facts)
	}
	if n := w.Count("edu.declarer", &identityv1.AccountApproved{}); n != 1 {
		t.Errorf("approved %d times", n)
	}
}
