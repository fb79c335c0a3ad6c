// Package portaltest is a small district for tests of the portal: an identity
// service that signs people in and rotates their tokens, and a declaration
// service that decides cases by the real rules and keeps a few projects in
// memory. Both speak the suite's contracts over real HTTP; what they leave out
// is everything the portal does not ask for. The whole suite is tested against
// the real services elsewhere.
package portaltest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/op"
	"egov/libs/opmw"
)

// Password opens every account of the district.
const Password = "Right-Password-2026"

// The accounts.
const (
	Declarer  = "edu.declarer"
	Secretary = "gov-office.secretary"
	Auditor   = "audit.auditor"
	Newcomer  = "new.declarer" // must change the password first
)

// District is the stand-ins and where they listen.
type District struct {
	Clock       calendar.Clock
	Identity    *Identity
	Declaration *Declaration
	URLs        map[string]string // by service name
}

// Start runs a district until the test ends.
func Start(t testing.TB, clock calendar.Clock) *District {
	t.Helper()
	d, err := New(clock)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range d.Handlers() {
		srv := httptest.NewServer(h)
		t.Cleanup(srv.Close)
		d.URLs[name] = srv.URL
	}
	return d
}

// New makes a district that does not listen yet.
func New(clock calendar.Clock) (*District, error) {
	id, err := newIdentity(clock)
	if err != nil {
		return nil, err
	}
	decl, err := newDeclaration(clock)
	if err != nil {
		return nil, err
	}
	return &District{Clock: clock, Identity: id, Declaration: decl, URLs: map[string]string{}}, nil
}

// Handlers are the services by name.
func (d *District) Handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"identity":    d.mount("identity", d.Identity.mount),
		"declaration": d.mount("declaration", d.Declaration.mount),
	}
}

func (d *District) mount(name string, operations func(*op.API)) http.Handler {
	mux := http.NewServeMux()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	a := op.NewAPI(name, name, mux, opmw.Recover(log), opmw.Authenticate(d.Identity), opmw.Scope())
	operations(a)
	op.Fallback(mux, "/")
	if err := a.ServeOpenAPI(); err != nil {
		panic(err) // any test finds it
	}
	return mux
}

// unit is the directory's entry of one unit.
type unit struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
	Kind   string `json:"kind"`
	Parent string `json:"parent,omitempty"`
}

var units = []unit{
	{Code: "education", Name: "区教育局", NameEN: "Education Bureau", Kind: "administrative"},
	{Code: "facilities", Name: "区机管局（政府采购中心）", NameEN: "Facilities Bureau", Kind: "administrative"},
	{Code: "gov-office", Name: "区政府办公室", NameEN: "Government Office", Kind: "administrative"},
	{Code: "finance", Name: "区财政局", NameEN: "Finance Bureau", Kind: "administrative"},
	{Code: "audit", Name: "区审计局", NameEN: "Audit Bureau", Kind: "administrative"},
	{Code: "agency-a", Name: "甲方案咨询评估有限公司", NameEN: "Evaluation Agency A", Kind: "third_party"},
}

func person(account, name, unit string, roles ...string) authn.Principal {
	return authn.Principal{Subject: account, Name: name, Unit: unit, UnitKind: "administrative", Roles: roles, District: "yangpu"}
}

var people = map[string]authn.Principal{
	Declarer:  person(Declarer, "贺知新", "education", "declarer"),
	Secretary: person(Secretary, "周晓芸", "gov-office", "secretary"),
	Auditor:   person(Auditor, "严审", "audit", "auditor"),
	Newcomer:  person(Newcomer, "新同志", "education", "declarer"),
}
