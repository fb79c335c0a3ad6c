package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/op"
	"egov/services/identity"
	"egov/services/identity/duties"
	"egov/services/identity/httpapi"
	"egov/services/identity/throttle"
)

// empty is a directory without units.
type empty struct {
	aggregate.Repository[identity.Unit]
}

func (empty) Get(context.Context, string) (identity.Unit, error) {
	return identity.Unit{}, identity.ErrUnknown
}

// mux mounts the operations alone, over an empty directory.
func mux(t testing.TB) *http.ServeMux {
	t.Helper()
	rules, err := duties.Default()
	if err != nil {
		t.Fatal(err)
	}
	m := http.NewServeMux()
	httpapi.Mount(op.NewAPI("identity", "统一身份", m), &identity.Service{Duties: rules, Units: empty{}}, throttle.Loopback())
	return m
}

// Whatever stands in a body, the answer is one problem that says what is wrong,
// or the refusal of a well-formed request; never a failure.
func FuzzRequestAccount(f *testing.F) {
	for _, s := range []string{
		`{"account":"edu.x","name":"某","unit":"education","roles":["declarer"],"reason":"入职"}`,
		`{"account":7,"roles":{}}`, `{`, `[]`, `null`, ``, `{"account":"\ud800","reason":"\u0000"}`, `{"account":"a","account":"b"}`,
	} {
		f.Add(s)
	}
	m := mux(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/accounts", strings.NewReader(body)))
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code != http.StatusBadRequest && p.Code != "unit_not_active" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, v := range p.Violations {
			if v.Field == "" && v.Code != "unknown_field" && v.Code != "duplicate_field" || v.Msg == "" || v.MsgEN == "" {
				t.Errorf("%+v", v)
			}
		}
	})
}

// Every operation says who may call it, or that anybody signed in may.
func TestOperations(t *testing.T) {
	t.Parallel()
	a := op.NewAPI("identity", "统一身份", http.NewServeMux())
	httpapi.Mount(a, &identity.Service{}, nil)
	open := map[string]bool{
		"GetMe": true, "ChangePassword": true, "GrantDelegation": true, "EndDelegation": true, "ListDelegations": true,
		"ListUnits": true, "GetUnit": true, "GetDuties": true, "ListHolidays": true,
	}
	public := map[string]bool{"SignIn": true, "RefreshSession": true, "RevokeSession": true}
	for _, o := range a.Operations() {
		name := strings.TrimPrefix(o.Name, "identity.")
		if o.Public != public[name] || (len(o.Roles) == 0) != (open[name] || public[name]) {
			t.Errorf("%s: public %t, roles %v", name, o.Public, o.Roles)
		}
	}
	if _, err := a.OpenAPI(); err != nil {
		t.Error(err)
	}
}

// The documents about keys are public and carry no secret; a ring that fails
// is a problem, not an empty key set.
func TestMountKeys(t *testing.T) {
	t.Parallel()
	m := http.NewServeMux()
	set, fail := []byte(`{"keys":[]}`), error(nil)
	err := httpapi.MountKeys(m, "egov", "http://identity"+httpapi.KeysPath, func() ([]byte, error) { return set, fail })
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	if w := get(httpapi.KeysPath); w.Code != http.StatusOK || w.Body.String() != string(set) || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	var d httpapi.Discovery
	if err := json.Unmarshal(get("/.well-known/openid-configuration").Body.Bytes(), &d); err != nil || d.Issuer != "egov" || d.KeysURL != "http://identity"+httpapi.KeysPath {
		t.Errorf("%+v %v", d, err)
	}
	fail = context.DeadlineExceeded
	if w := get(httpapi.KeysPath); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
