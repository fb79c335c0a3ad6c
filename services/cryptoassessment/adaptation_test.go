package cryptoassessment_test

import (
	"context"
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cryptoassessment"
)

// adapting is a project that follows XC.
func adapting() *typev1.ProjectBrief {
	p := brief()
	p.AmountFen, p.XcConformant, p.Route, p.DeclaredOn = 100_0000_00, true, "review", "2026-03-02"
	return p
}

func wish() cryptoassessment.RequestGuidance {
	return cryptoassessment.RequestGuidance{ID: "p1", Scope: "应用及数据库迁移", Components: []cryptoassessment.Component{{Kind: "database", Product: "国产数据库"}, {Kind: "server", Product: "国产服务器"}}}
}

func guidance(followed bool) cryptoassessment.GiveGuidance {
	r := cryptoassessment.GiveGuidance{ID: "p1", Followed: &followed, Opinion: "已指导"}
	if followed {
		r.DocumentNo = "指〔2026〕1号"
	}
	return r
}

// TestXCIsAdaptedUnderTheGuidanceOfBothBureaus (YP23-M-27): either sends it back,
// both complete it, and what they said of an earlier round does not count.
func TestXCIsAdaptedUnderTheGuidanceOfBothBureaus(t *testing.T) {
	t.Parallel()
	d := newDesk()
	for _, err := range []error{d.WantGuidance(self, adapting()), d.WantGuidance(self, adapting())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var x cryptoassessment.Adaptation
	do := func(y cryptoassessment.Adaptation, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		x = y
	}
	do(d.RequestGuidance(declarer, wish()))
	if len(x.Todo) != 2 || x.Round != 1 {
		t.Fatalf("%+v", x)
	}
	do(d.Guide(officer, guidance(true)))
	if x.State != cryptoassessment.AdaptationRequested || len(x.Todo) != 1 || x.Todo[0].Unit != cryptoassessment.Secrecy {
		t.Fatalf("%+v", x)
	}
	do(d.Guide(keeper, guidance(false)))
	if x.State != cryptoassessment.AdaptationReturned || len(x.Todo) != 1 || x.Todo[0].Action != "request_guidance" {
		t.Fatalf("%+v", x)
	}
	do(d.RequestGuidance(declarer, wish()))
	do(d.Guide(keeper, guidance(true)))
	if d.adaptations.Stated(&cryptoassessmentv1.XCGuided{}) {
		t.Fatal("one bureau's word of the first round counts in the second")
	}
	do(d.Guide(officer, guidance(true)))
	var f cryptoassessmentv1.XCGuided
	if x.State != cryptoassessment.AdaptationGuided || len(x.Todo) != 0 || !d.adaptations.Stated(&f) || len(f.GetDocumentNos()) != 2 || x.Guidance[3].Signature == nil {
		t.Fatalf("%+v %v", x, &f)
	}
	if err := d.AdaptationEnded(self, "p1"); err != nil {
		t.Fatal(err)
	}
	if x, _ = d.adaptations.Get(self, "p1"); x.State != cryptoassessment.AdaptationGuided {
		t.Errorf("what was guided is forgotten: %s", x.State)
	}
}

// TestGuidanceIsRefused names who may not guide, and when (YP23-M-27).
func TestGuidanceIsRefused(t *testing.T) {
	t.Parallel()
	ask := func(who context.Context) func(*desk) error {
		return func(d *desk) error { _, err := d.RequestGuidance(who, wish()); return err }
	}
	guide := func(who context.Context) func(*desk) error {
		return func(d *desk) error { _, err := d.Guide(who, guidance(true)); return err }
	}
	for _, tt := range []struct {
		name          string
		setup         []func(*desk) error
		do            func(*desk) error
		code, article string
	}{
		{"asked for by another unit", nil, ask(stranger), "not_declaring_unit", ""},
		{"asked for twice", []func(*desk) error{ask(declarer)}, ask(declarer), "wrong_stage", ""},
		{"given before it is asked for", nil, guide(officer), "wrong_stage", ""},
		{"given by a third unit", []func(*desk) error{ask(declarer)}, guide(aggregatetest.As("edu.crypto", "education", "crypto_officer")), "not_guiding_bureau", "YP23-M-27"},
		{"given twice by one bureau", []func(*desk) error{ask(declarer), guide(officer)}, guide(officer), "guided_before", "YP23-M-27"},
		{"given by who asked", []func(*desk) error{ask(declarer)}, guide(aggregatetest.As("centre.declarer", cryptoassessment.Secrecy, "crypto_officer")), "own_work", "SH12-P-9"},
		{"asked for after the project ended", []func(*desk) error{func(d *desk) error { return d.AdaptationEnded(self, "p1") }}, ask(declarer), "wrong_stage", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			if err := d.WantGuidance(self, adapting()); err != nil {
				t.Fatal(err)
			}
			for _, f := range tt.setup {
				if err := f(d); err != nil {
					t.Fatal(err)
				}
			}
			err := tt.do(d)
			if got := faulttest.Code(err); got != tt.code {
				t.Fatalf("got %q, want %q", got, tt.code)
			}
			if tt.article != "" && !slices.Contains(fault.From(err).Basis, tt.article) {
				t.Errorf("%v does not rest on %s", err, tt.article)
			}
		})
	}
}

// TestGuidanceRequestsListAllThatIsWrong, with the article (YP23-M-27).
func TestGuidanceRequestsListAllThatIsWrong(t *testing.T) {
	t.Parallel()
	twice := wish()
	twice.Components = append(twice.Components, twice.Components[0], cryptoassessment.Component{Kind: "abacus", Product: "x"})
	silent := guidance(true)
	silent.DocumentNo = ""
	for _, tt := range []struct {
		name string
		req  interface{ Validate() error }
		want string
	}{
		{"EmptyRequest", &cryptoassessment.RequestGuidance{}, "scope/required components/required"},
		{"TwiceAndUnknown", &twice, "components[2].product/duplicate components[3].kind/unknown_code"},
		{"EmptyGuidance", &cryptoassessment.GiveGuidance{}, "followed/required opinion/required"},
		{"FollowedWithoutARecord", &silent, "document_no/required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.req.Validate()
			if got := faulttest.Complaints(err); got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for _, v := range fault.From(err).Violations {
				if !slices.Contains(v.Basis, "YP23-M-27") {
					t.Errorf("%s rests on %v", v.Field, v.Basis)
				}
			}
		})
	}
}

// TestWhoNeedsNoGuidance: what does not follow XC, and what is not built
// (YP23-M-27).
func TestWhoNeedsNoGuidance(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*typev1.ProjectBrief){
		"outside of XC": func(p *typev1.ProjectBrief) { p.XcConformant = false },
		"maintenance":   func(p *typev1.ProjectBrief) { p.Kind = "operation_maintenance" },
		"in Xi'an":      func(p *typev1.ProjectBrief) { p.Pack = "xian-2018" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			p := adapting()
			change(p)
			if err := d.WantGuidance(self, p); err != nil {
				t.Fatal(err)
			}
			if err := d.AdaptationEnded(self, "p1"); err != nil {
				t.Fatal(err)
			}
			if _, err := d.RequestGuidance(declarer, wish()); faulttest.Code(err) != "not_found" {
				t.Errorf("guidance is wanted: %v", err)
			}
		})
	}
}
