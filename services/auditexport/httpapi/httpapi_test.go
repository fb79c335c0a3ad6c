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
	"egov/libs/ledger"
	"egov/libs/op"
	"egov/services/auditexport"
	"egov/services/auditexport/httpapi"
	"egov/services/auditexport/keyring"
)

// empty is the ledger of a service that has just been installed.
type empty struct{ auditexport.Book }

func (empty) Checkpoint(context.Context, int64) ([]byte, error) { return nil, nil }

func (empty) Head(context.Context) (ledger.Head, *ledger.Tree, error) {
	return ledger.Genesis("fuzz.egov/ledger"), &ledger.Tree{}, nil
}

// FuzzMakeExport sends any bytes as the body of a request for a bundle: what is
// well-formed meets an empty ledger, everything else is refused with a problem
// that says what is wrong.
func FuzzMakeExport(f *testing.F) {
	for _, seed := range []string{
		`{}`, ``, `null`, `[]`, `{`, `{"project":"p-1"}`, `{"from":"2026-01-01","to":"2026-12-31"}`, `{"from":"2026-02-30"}`,
		`{"project":"p-1","from":"2026-01-01"}`, `{"previous_size":9223372036854775807}`, `{"previous_size":1e400}`, `{"project":7}`,
		`{"project":"\u0000"}`, "{\"project\":\"\xff\"}", `{"formats":["csv"]}`, `{"formats":"csv"}`, `{"formats":["exe"]}`, `{"PROJECT":"p"}`, `{"project":"a","project":"b"}`,
	} {
		f.Add([]byte(seed))
	}
	ring, err := keyring.Open("", "fuzz.egov/ledger")
	if err != nil {
		f.Fatal(err)
	}
	anchor, err := keyring.OpenAnchor("", ring.Trust)
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	httpapi.Mount(op.NewAPI("auditexport", "审计账本", mux), &auditexport.Service{
		Book: empty{}, Keyring: ring, Anchor: anchor, Clock: calendar.System(), Life: f.Context(),
		Exports:       aggregatetest.New[auditexport.Export, *auditexport.Export](calendar.System()),
		Exporting:     auditexport.Exporting{PerUnit: 1},
		Witnesses:     aggregatetest.New[auditexport.Witness, *auditexport.Witness](calendar.System()),
		Announcements: aggregatetest.New[auditexport.Announcement, *auditexport.Announcement](calendar.System()),
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		by := authn.With(t.Context(), authn.Principal{Subject: "audit.li", Unit: "audit", Roles: []string{"auditor"}})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(by, http.MethodPost, "/v1/exports", strings.NewReader(string(body))))
		var p op.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		switch w.Code {
		case http.StatusServiceUnavailable:
			if p.Code != "no_checkpoint" {
				t.Fatalf("%q: %s", body, w.Body)
			}
		case http.StatusBadRequest:
			if p.Code == "invalid_input" && len(p.Violations) == 0 {
				t.Fatalf("%q is refused without a reason", body)
			}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
