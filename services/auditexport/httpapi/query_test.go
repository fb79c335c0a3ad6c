package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/services/auditexport"
	"egov/services/auditexport/httpapi"
	"egov/services/auditexport/keyring"
)

// silent is a ledger in which nothing matches.
type silent struct{ empty }

func (silent) End(context.Context) (uint64, error) { return 0, nil }

func (silent) Find(context.Context, auditexport.Filter) (auditexport.Found, error) {
	return auditexport.Found{Rows: []auditexport.Row{}}, nil
}

func (silent) Tally(context.Context, auditexport.Filter, int) (int, bool, error) { return 0, true, nil }

// queries is the API over it.
func queries(tb testing.TB) func(query, accept string) *httptest.ResponseRecorder {
	tb.Helper()
	ring, err := keyring.Open("", "fuzz.egov/ledger")
	if err != nil {
		tb.Fatal(err)
	}
	anchor, err := keyring.OpenAnchor("", ring.Trust)
	if err != nil {
		tb.Fatal(err)
	}
	n := 0
	mux := http.NewServeMux()
	httpapi.Mount(op.NewAPI("auditexport", "审计账本", mux), &auditexport.Service{
		Book: silent{}, Keyring: ring, Anchor: anchor, Clock: calendar.System(), Life: tb.Context(), NewID: func() string { n++; return string(rune('a'+n%26)) + strings.Repeat("x", n) },
		Inquiries: aggregatetest.New[auditexport.Inquiry, *auditexport.Inquiry](calendar.System()),
	})
	by := authn.With(tb.Context(), authn.Principal{Subject: "audit.li", Unit: "audit", Roles: []string{"auditor"}})
	return func(query, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(by, http.MethodGet, "/v1/ledger", nil)
		r.URL.RawQuery = query
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
}

func TestTheFormOfAnAnswerIsAskedFor(t *testing.T) {
	t.Parallel()
	get := queries(t)
	for name, c := range map[string]struct {
		query, accept, mediaType string
		status                   int
	}{
		"a page":                    {"", "", "application/json; charset=utf-8", 200},
		"a page of a browser":       {"", "text/html,*/*;q=0.8", "application/json; charset=utf-8", 200},
		"lines by header":           {"unit=education", "application/x-ndjson", "application/x-ndjson", 200},
		"lines by parameter":        {"format=jsonl", "", "application/x-ndjson", 200},
		"the parameter comes first": {"format=json", "application/x-ndjson", "application/json; charset=utf-8", 200},
		"no such form":              {"format=csv", "", "application/problem+json", 400},
		"lines of a bad question":   {"format=jsonl&text=x", "", "application/problem+json", 400},
	} {
		if w := get(c.query, c.accept); w.Code != c.status || w.Header().Get("Content-Type") != c.mediaType {
			t.Errorf("%s: %d %s", name, w.Code, w.Header())
		}
	}
	if body := get("format=jsonl", "").Body.String(); !strings.HasPrefix(body, `{"end":{"rows":0,`) || strings.Count(body, "\n") != 1 {
		t.Errorf("%q", body)
	}
}

// FuzzQueryLedger sends any text as a query: it is answered by a page, or
// refused with everything that is wrong, in both languages.
func FuzzQueryLedger(f *testing.F) {
	for _, seed := range []string{
		"", "unit=education&from=2026-01-01&to=2026-12-31", "text=%E6%99%BA%E6%85%A7", "text=%25_", "text=%ff", "text=x&type=*&cursor=%00", "type=egov.*&amount_from=1&amount_to=2",
		"amount_from=-1&amount_to=9223372036854775807", "limit=1e9&after_seq=-1&up_to_seq=0", "cursor=AQAAAAAAAAAAAQI&after_seq=1", "count=true", "count=maybe", "provision=YP23-R-5.3", "%zz", "a;b",
	} {
		f.Add(seed)
	}
	get := queries(f)
	f.Fuzz(func(t *testing.T, query string) {
		w := get(query, "")
		if w.Code == http.StatusOK {
			return
		}
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusBadRequest || p.Code != "invalid_input" || len(p.Violations) == 0 {
			t.Fatalf("%q: %d %s", query, w.Code, w.Body)
		}
		for _, v := range p.Violations {
			if v.Field == "" || v.Code == "" || v.Msg == "" || v.MsgEN == "" {
				t.Fatalf("%q: %+v", query, v)
			}
		}
	})
}
