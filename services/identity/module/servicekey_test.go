package module_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"egov/libs/event/eventkeys"
	"egov/libs/sign"
	identityv1 "egov/proto/gen/egov/identity/v1"
	"egov/services/identity"
)

// serviceKey is a service's first key, as its register lists it. It is far away:
// nothing but what operators say makes it known here.
func serviceKey(t *testing.T, service string) fields {
	t.Helper()
	own, err := eventkeys.OpenOwn("", "", service, eventkeys.Terms{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	set, err := sign.NewKeySet(own.Trusted()...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Keys []fields }
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Keys[0]
}

// served is the register as other services get it.
func (w *world) served() *sign.KeySet {
	w.t.Helper()
	resp, err := http.Get(w.URL + eventkeys.Path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	set := &sign.KeySet{}
	if err := json.NewDecoder(resp.Body).Decode(set); err != nil {
		w.t.Fatal(err)
	}
	return set
}

func believed(set *sign.KeySet, id string) bool {
	k, ok := set.Key(id)
	return ok && k.RevokedAt == nil
}

// TestAServicesKeyIsEnrolledByTwo: what one operator asks for another compares, and
// only then services that read the register believe the key; a revocation takes it
// back at once (SH12-C-9, SH12-C-12, SH12-P-9).
func TestAServicesKeyIsEnrolledByTwo(t *testing.T) {
	t.Parallel()
	w := start(t)
	first, second := w.signIn("operator"), w.signIn("operator.2")
	key := serviceKey(t, "budgeting")
	id := key["key_id"].(string)
	request := fields{"key": key, "speaks_for": "finance", "reason": "财政局自建服务上线"}
	var k identity.ServiceKey
	first.post("/v1/service-keys", request).OK(&k)
	if k.ID != id || k.State != identity.KeyRequested || k.RequestedBy != "operator" || k.Key.Holder != "budgeting" {
		t.Fatalf("%+v", k)
	}
	if believed(w.served(), id) {
		t.Error("it is believed before anybody compared it")
	}
	first.post("/v1/service-keys", request).Refused(409, "key_known")

	var tasks struct {
		Items []struct{ Action, ID string }
	}
	second.get("/v1/tasks").OK(&tasks)
	if len(tasks.Items) != 1 || tasks.Items[0].Action != "enrol_service_key" || tasks.Items[0].ID != id {
		t.Errorf("%+v", tasks)
	}
	opinion := fields{"opinion": "已与财政局信息化资金科电话核对指纹"}
	first.post("/v1/service-keys/"+id+"/enrol", opinion).Refused(403, "own_request")
	second.post("/v1/service-keys/"+id+"/enrol", fields{"opinion": " "}).Refused(400, "invalid_input")
	second.post("/v1/service-keys/"+id+"/enrol", opinion).OK(&k)
	if k.State != identity.KeyEnrolled || k.DecidedBy != "operator.2" {
		t.Fatalf("%+v", k)
	}
	w.Await("the key is served", func() bool { return believed(w.served(), id) })
	second.post("/v1/service-keys/"+id+"/enrol", opinion).Refused(409, "wrong_state")
	second.post("/v1/service-keys/"+id+"/reject", reason("x")).Refused(409, "wrong_state")

	second.post("/v1/service-keys/"+id+"/revoke", reason("服务器失窃")).OK(&k)
	if k.State != identity.KeyRevoked || k.RevokedAt.IsZero() {
		t.Fatalf("%+v", k)
	}
	w.Await("the revocation is served", func() bool {
		at, ok := w.served().Key(id)
		return ok && at.RevokedAt != nil && at.RevokedReason == "服务器失窃"
	})
	first.post("/v1/service-keys/"+id+"/revoke", reason("x")).Refused(409, "wrong_state")
	first.post("/v1/service-keys", request).Refused(409, "key_known")

	requested, enrolled, revoked := w.Stated(id, &identityv1.ServiceKeyRequested{}), w.Stated(id, &identityv1.ServiceKeyEnrolled{}), w.Stated(id, &identityv1.ServiceKeyRevoked{})
	if requested.Data["unit"] != "finance" || requested.Data["requested_by"] != "operator" || enrolled.Data["approved_by"] != "operator.2" || enrolled.Data["signature"] == nil ||
		revoked.Data["revoked_by"] != "operator.2" || revoked.Data["signature"] == nil {
		t.Errorf("%v %v %v", requested.Data, enrolled.Data, revoked.Data)
	}
}

// TestAKeyNobodyAskedForIsRevoked: the register also knows keys by other ways, and an
// operator takes those out of force too; the service that held it, here this one
// itself, signs with another from then on (SH12-C-12).
func TestAKeyNobodyAskedForIsRevoked(t *testing.T) {
	t.Parallel()
	w := start(t)
	op := w.signIn("operator")
	inForce := func() (ids []string) {
		var list identity.EventKeyList
		op.get("/v1/event-keys").OK(&list)
		for _, k := range list.Items {
			if k.Holder == "identity" && k.Standing == "in_force" {
				ids = append(ids, k.KeyID)
			}
		}
		return ids
	}
	before := inForce()
	if len(before) != 1 {
		t.Fatalf("%v", before)
	}
	op.post("/v1/service-keys/"+before[0]+"/revoke", reason("密钥文件外泄")).OK(nil)
	w.Await("another key signs", func() bool {
		now := inForce()
		return len(now) == 1 && now[0] != before[0]
	})
	op.post("/v1/service-keys/0123/revoke", reason("x")).Refused(404, "not_found")
}

// TestKeysThatAreNotEnrolled: who may ask and what for; all that is wrong is said at
// once, and nothing comes of it (SH12-C-9, SH12-P-9).
func TestKeysThatAreNotEnrolled(t *testing.T) {
	t.Parallel()
	w := start(t)
	op := w.signIn("operator")
	with := func(change func(key, body fields)) fields {
		key := serviceKey(t, "budgeting")
		body := fields{"key": key, "speaks_for": "finance", "reason": "上线"}
		change(key, body)
		return body
	}
	var mine identity.EventKeyList
	op.get("/v1/event-keys").OK(&mine)
	own := mine.Items[slices.IndexFunc(mine.Items, func(k identity.EventKey) bool { return k.Holder == "identity" })]
	for name, tt := range map[string]struct {
		body   fields
		status int
		code   string
	}{
		"AnotherId":        {with(func(key, _ fields) { key["key_id"] = "00" }), 400, "invalid_input"},
		"AnotherAlgorithm": {with(func(key, _ fields) { key["alg"] = "ed25519" }), 400, "invalid_input"},
		"NoPeriod":         {with(func(key, _ fields) { key["not_after"] = key["not_before"] }), 400, "invalid_input"},
		"NoKey":            {with(func(key, _ fields) { key["public_key"] = "AAAA" }), 400, "invalid_input"},
		"NoService":        {with(func(key, _ fields) { key["holder"] = "Budgeting!" }), 400, "invalid_input"},
		"NoReason":         {with(func(_, body fields) { body["reason"] = "" }), 400, "invalid_input"},
		"NoSuchUnit":       {with(func(_, body fields) { body["speaks_for"] = "moon" }), 422, "unit_not_active"},
		"Over": {with(func(key, _ fields) {
			key["not_before"], key["not_after"] = "2020-01-01T00:00:00Z", "2020-04-01T00:00:00Z"
		}), 422, "key_expired"},
		"AnothersKey": {with(func(key, _ fields) {
			key["key_id"], key["alg"], key["public_key"] = own.KeyID, own.Alg, own.PublicKey
		}), 409, "key_of_another"},
	} {
		t.Run(name, func(t *testing.T) {
			p := op.post("/v1/service-keys", tt.body).Refused(tt.status, tt.code)
			if tt.status == 400 && len(p.Violations) == 0 {
				t.Errorf("%+v", p)
			}
		})
	}
	good := with(func(_, _ fields) {})
	for _, account := range []string{"account-admin", "audit.auditor", "finance.officer"} {
		w.signIn(account).post("/v1/service-keys", good).Refused(403, "role_required")
	}
	w.signIn("finance.officer").get("/v1/service-keys").Refused(403, "role_required")

	// Who asks may withdraw, and ask again.
	id := good["key"].(fields)["key_id"].(string)
	op.post("/v1/service-keys", good).OK(nil)
	op.post("/v1/service-keys/"+id+"/reject", reason("填错单位")).OK(nil)
	op.post("/v1/service-keys", good).OK(nil)
	var list struct{ Items []identity.ServiceKey }
	w.signIn("audit.auditor").get("/v1/service-keys?state=requested").OK(&list)
	if len(list.Items) != 1 || list.Items[0].ID != id || list.Items[0].DecidedBy != "" {
		t.Errorf("%+v", list)
	}
	if n := w.Count(id, &identityv1.ServiceKeyRejected{}); n != 1 {
		t.Errorf("%d", n)
	}
}
