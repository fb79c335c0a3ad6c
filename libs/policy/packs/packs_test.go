package packs_test

import (
	"bytes"
	"io/fs"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/policy/packs"
)

// flat are the packs in which no amount decides anything.
var flat = []string{"yangpu-2021", "xian-2018", "shanghai-2012"}

func byID(tb testing.TB, id string) *policy.Pack {
	tb.Helper()
	p, err := policy.Default().ByID(id)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestWhichPackDecides: the rules of one place never decide for another, and a
// caller that names no place is in Yangpu.
func TestWhichPackDecides(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate
	for _, tc := range []struct {
		name, district string
		on             calendar.Date
		want           string // empty: no pack is in force
	}{
		{"Yangpu before its rules", "", day(2021, 9, 13), ""},
		{"Yangpu, first day of the older rules", "", day(2021, 9, 14), "yangpu-2021"},
		{"Yangpu, last day of the older rules", "yangpu", day(2023, 5, 14), "yangpu-2021"},
		{"Yangpu, first day of the newer rules", "yangpu", day(2023, 5, 15), "yangpu-2023"},
		{"Yangpu while only others have rules", "yangpu", day(2018, 7, 2), ""},
		{"Xi'an before its rules", "xian", day(2018, 7, 1), ""},
		{"Xi'an, first day", "xian", day(2018, 7, 2), "xian-2018"},
		{"Xi'an today", "xian", day(2026, 11, 22), "xian-2018"},
		{"Shanghai before its rules", "shanghai", day(2012, 5, 27), ""},
		{"Shanghai, first day", "shanghai", day(2012, 5, 28), "shanghai-2012"},
		{"Shanghai today", "shanghai", day(2026, 11, 22), "shanghai-2012"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := policy.Default().ForDate(tc.district, tc.on)
			switch {
			case tc.want == "" && err == nil:
				t.Errorf("%s decides", p.ID())
			case tc.want != "" && err != nil:
				t.Error(err)
			case tc.want != "" && p.ID() != tc.want:
				t.Errorf("%s decides, want %s", p.ID(), tc.want)
			}
		})
	}
}

func codes(p *policy.Pack, v policy.Vocabulary) []string {
	var list []string
	for _, t := range p.Terms(v) {
		list = append(list, t.Code)
	}
	return list
}

// anyCase draws cases whose codes are those of the pack and that say whatever
// some rule may ask for.
func anyCase(p *policy.Pack) *rapid.Generator[policy.Case] {
	return rapid.Custom(func(t *rapid.T) policy.Case {
		yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
		first, _ := p.Validity()
		c := policy.Case{
			Kind:              rapid.SampledFrom(codes(p, policy.Kinds)).Draw(t, "kind"),
			UnitKind:          rapid.SampledFrom(codes(p, policy.UnitKinds)).Draw(t, "unit kind"),
			DeclaredOn:        first.AddDays(rapid.IntRange(0, 600).Draw(t, "day")),
			AmountFen:         rapid.Int64Range(1, math.MaxInt64).Draw(t, "amount"),
			PureSoftware:      yes("pure software"),
			RenewalYear:       rapid.SampledFrom([]int64{0, 0, 2, 3}).Draw(t, "renewal"),
			Subordinate:       yes("subordinate"),
			Classified:        rapid.IntRange(0, 9).Draw(t, "classified") == 0,
			Urgent:            yes("urgent"),
			MidYearAdjustment: yes("mid year"),
			Reason:            "因故",
			CrossRegion:       yes("cross region"),
			CrossDepartment:   yes("cross department"),
			PublicData:        yes("public data"),
			UrbanOperation:    yes("urban operation"),
			DedicatedNetwork:  yes("dedicated network"),
			OwnMachineRoom:    yes("own room"),
			OwnWebsite:        yes("own website"),
			OM:                &policy.Maintenance{FirstYear: true},
			Materials:         rapid.SliceOfDistinct(rapid.SampledFrom(codes(p, policy.Materials)), rapid.ID).Draw(t, "materials"),
		}
		c.HardwareFen = new(rapid.Int64Range(0, c.AmountFen).Draw(t, "hardware"))
		c.DistrictFunded = new(rapid.IntRange(0, 9).Draw(t, "other money") != 0)
		if yes("grade said") {
			c.MLPSGrade = new(rapid.Int64Range(0, 4).Draw(t, "grade"))
		}
		if yes("xc said") {
			c.XCConformant = new(yes("xc"))
		}
		if yes("superior") {
			c.SuperiorApproval = &policy.SuperiorApproval{DocumentNo: "一号", Conclusion: true, Standard: true, AmountFen: c.AmountFen}
		}
		if levels := codes(p, policy.UnitLevels); len(levels) > 0 {
			c.UnitLevel = rapid.SampledFrom(levels).Draw(t, "level")
		}
		return c
	})
}

// TestEveryValidCaseGetsOneRoute, whole, under every pack.
func TestEveryValidCaseGetsOneRoute(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				c := anyCase(p).Draw(t, "case")
				d, err := p.Decide(c, c.DeclaredOn)
				if err != nil {
					t.Fatal(err)
				}
				winners := 0
				for _, s := range d.Trace {
					if strings.HasPrefix(s.Rule, "route/") && s.Result {
						winners++
					}
				}
				at := slices.IndexFunc(p.Terms(policy.Routes), func(r policy.Term) bool { return r.Code == d.Route })
				if winners != 1 || at < 0 || len(d.Basis) == 0 {
					t.Fatalf("%d winners, route %q on %v", winners, d.Route, d.Basis)
				}
				if ends := p.Terms(policy.Routes)[at].Ends; ends != (len(d.Steps) == 0) {
					t.Fatalf("route %s has steps %v", d.Route, d.Steps)
				}
				walkable(t, p, d)
				for _, f := range d.Findings {
					if f.Message == "" || f.MessageEN == "" || len(f.Basis) == 0 || f.Strength == "" {
						t.Fatalf("%+v", f)
					}
				}
				for _, g := range p.Gates() {
					if _, ok, err := p.Gate(g, c, d); !ok || err != nil {
						t.Fatalf("gate %s: %v %v", g, ok, err)
					}
				}
			})
		})
	}
}

// walkable requires that the suite can take the road to its end: one kind of
// body decides, evaluations come before it, and who evaluates is known.
func walkable(t *rapid.T, p *policy.Pack, d policy.Decision) {
	decides := map[policy.Duty]bool{}
	for _, s := range p.Steps(d.Steps) {
		switch s.Duty {
		case policy.ConferenceFiling, policy.ConferenceReview, policy.AuthorityDecision, policy.Handover:
			decides[s.Duty] = true
		case "":
		default:
			if len(decides) > 0 {
				t.Fatalf("%s comes after the decision in %v", s.Code, d.Steps)
			}
		}
	}
	if len(decides) > 1 {
		t.Fatalf("%v decide in %v", decides, d.Steps)
	}
}

// TestNoAmountDecides: where the text sets no line, two amounts lead to the
// same road with the same papers, findings and duties. So more money never
// leads to a lighter road.
func TestNoAmountDecides(t *testing.T) {
	t.Parallel()
	for _, id := range flat {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			p := byID(t, id)
			rapid.Check(t, func(t *rapid.T) {
				c := anyCase(p).Draw(t, "case")
				one, err := p.Decide(c, c.DeclaredOn)
				if err != nil {
					t.Fatal(err)
				}
				c.AmountFen = rapid.Int64Range(1, math.MaxInt64).Draw(t, "another amount")
				c.HardwareFen = new(rapid.Int64Range(0, c.AmountFen).Draw(t, "its hardware"))
				other, err := p.Decide(c, c.DeclaredOn)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(one, other) {
					t.Fatalf("%+v\n%+v", one, other)
				}
			})
		})
	}
}

// shown gathers, over the worked cases of a pack, how often each rule held and
// how often it did not; requirements of gates stand among them under their
// names in the book.
func shown(t *testing.T, p *policy.Pack) (held, failed map[string]int) {
	t.Helper()
	held, failed = map[string]int{}, map[string]int{}
	note := func(rule string, result bool) {
		if result {
			held[rule]++
		} else {
			failed[rule]++
		}
	}
	for _, e := range p.Examples() {
		if e.Want.Problem != "" || e.Want.Violations != nil {
			continue
		}
		doc, err := e.JSON()
		if err != nil {
			t.Fatal(err)
		}
		c, err := policy.DecodeCase(bytes.NewReader(doc), policy.DefaultLimit)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.Decide(c, c.DeclaredOn)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range d.Trace {
			name, _, _ := strings.Cut(s.Rule, "#")
			note(name, s.Result)
		}
		for _, g := range p.Gates() {
			asked, _, err := p.Gate(g, c, d)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range p.Requirements(g) {
				note(r.Name, slices.ContainsFunc(asked, func(q policy.Requirement) bool { return r.Name == "gate/"+g+"/"+q.Code }))
			}
		}
	}
	return held, failed
}

// TestWorkedCasesShowEveryRule: every rule holds in some worked case of its
// pack, and every rule with a condition fails in another, but for the last route
// rule, which takes whatever is left.
func TestWorkedCasesShowEveryRule(t *testing.T) {
	t.Parallel()
	for _, p := range policy.Default().Packs() {
		t.Run(p.ID(), func(t *testing.T) {
			t.Parallel()
			held, failed := shown(t, p)
			routes := p.Rules(policy.RouteRules)
			last := routes[len(routes)-1].Name
			var rules []policy.Rule
			for _, s := range []policy.Section{
				policy.RouteRules, policy.StepRules, policy.ModeRules, policy.ChecklistRules, policy.ObligationRules,
				policy.CostRules, policy.FindingRules, policy.NoteRules,
			} {
				rules = append(rules, p.Rules(s)...)
			}
			for _, g := range p.Gates() {
				rules = append(rules, p.Requirements(g)...)
			}
			for _, r := range rules {
				if held[r.Name] == 0 {
					t.Errorf("no worked case shows %s", r.Name)
				}
				if r.When != "true" && failed[r.Name] == 0 && r.Name != last {
					t.Errorf("no worked case shows where %s ends", r.Name)
				}
			}
		})
	}
}

// TestGatesAsk for what the kind and the road of a case have, and for no more.
func TestGatesAsk(t *testing.T) {
	t.Parallel()
	build := policy.Case{Kind: "new_build", AmountFen: 1, UnitLevel: "city", MLPSGrade: new(int64(3)), PublicData: true}
	ungraded := policy.Case{Kind: "new_build", AmountFen: 1, MLPSGrade: new(int64(0))}
	silent := policy.Case{Kind: "new_build", AmountFen: 1}
	shared := policy.Case{Kind: "new_build", AmountFen: 1, UnitLevel: "district", CrossRegion: true, CrossDepartment: true}
	local := policy.Case{Kind: "new_build", AmountFen: 1, UnitLevel: "district"}
	om := policy.Case{Kind: "operation_maintenance", AmountFen: 1, UnitLevel: "city"}
	urban := policy.Case{Kind: "operation_maintenance", AmountFen: 1, PublicData: true, UrbanOperation: true}
	fee := policy.Case{Kind: "assessment_fee", AmountFen: 1}
	feeInUse := policy.Case{Kind: "assessment_fee", AmountFen: 1, InUse: true}
	for _, tc := range []struct {
		name, pack, gate string
		c                policy.Case
		want             []string // all that is asked besides the checklist, "!" before a statement not made
	}{
		{"a build that is silent about its grade", "yangpu-2021", "submit", silent, []string{"!grade_stated"}},
		{"a build that speaks of it", "yangpu-2021", "submit", ungraded, []string{"grade_stated"}},
		{"maintenance at submission", "yangpu-2021", "submit", om, nil},
		{"a build without a grade", "yangpu-2021", "accept", ungraded, []string{"grade_determined"}},
		{"a build with one", "yangpu-2021", "accept", build, nil},
		{"the money of a build", "yangpu-2021", "budget", build, []string{"decision", "in_plan"}},
		{"the money of a fee", "yangpu-2021", "budget", fee, []string{"filed", "own_budget"}},
		{"the money of a fee of a system in use", "yangpu-2021", "budget", feeInUse, []string{"filed"}},
		{"a finished build of grade three", "yangpu-2021", "acceptance", build, []string{"security_in_step", "crypto_test"}},
		{"a finished build without a grade", "yangpu-2021", "acceptance", ungraded, []string{"security_in_step"}},
		{"finished maintenance", "yangpu-2021", "acceptance", om, nil},
		{"maintenance money", "yangpu-2021", "om_money", urban, []string{"catalogue_published", "integrated", "urban_ops_connected"}},
		{"maintenance money of a plain system", "yangpu-2021", "om_money", om, []string{"integrated"}},
		{"a build asks for no maintenance money", "yangpu-2021", "om_money", build, nil},

		{"the money of a city project", "xian-2018", "budget", build, []string{"decision"}},
		{"the money of a district's shared project", "xian-2018", "budget", shared, []string{"city_consent"}},
		{"the money of a district's own project", "xian-2018", "budget", local, nil},
		{"who answers for it", "xian-2018", "procurement", local, []string{"budget_issued", "responsible_named"}},
		{"a build put to use", "xian-2018", "production_use", build, []string{"accepted"}},
		{"a district's build put to use", "xian-2018", "production_use", local, []string{"accepted"}},
		{"maintenance is in use already", "xian-2018", "production_use", om, nil},

		{"the money of a build", "shanghai-2012", "budget", build, []string{"reform_commission_approval"}},
		{"the money of maintenance", "shanghai-2012", "budget", om, []string{"finance_approval"}},
		{"the money of a district's project", "shanghai-2012", "budget", local, nil},
		{"a finished build", "shanghai-2012", "acceptance", build, []string{"genuine_software"}},
		{"finished maintenance", "shanghai-2012", "acceptance", om, nil},
	} {
		t.Run(tc.pack+"/"+tc.name, func(t *testing.T) {
			t.Parallel()
			p := byID(t, tc.pack)
			first, _ := p.Validity()
			d, err := p.Decide(tc.c, first)
			if err != nil {
				t.Fatal(err)
			}
			list, ok, err := p.Gate(tc.gate, tc.c, d)
			if err != nil || !ok {
				t.Fatalf("%v %v", ok, err)
			}
			var got []string
			for _, r := range list {
				switch {
				case r.Kind == policy.ItemRequired:
				case r.Kind == policy.StatementRequired && !r.Met:
					got = append(got, "!"+r.Code)
				default:
					got = append(got, r.Code)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("asks %q, want %q", got, tc.want)
			}
		})
	}
}

// TestNothingIsInventedForTheGaps: where a text sets no quorum, no lockout and
// no amount, the pack has none either.
func TestNothingIsInventedForTheGaps(t *testing.T) {
	t.Parallel()
	for _, id := range flat {
		p := byID(t, id).Procedure()
		if p.Quorum.Met(14, 14) || len(p.Lockouts) > 0 || p.PublicTender != nil || p.ProcurementLimit != nil || p.Supervision != nil {
			t.Errorf("%s: %+v", id, p)
		}
	}
	if q := byID(t, "yangpu-2021").Procedure().Quorum; q.Note.ZH == "" || q.Note.EN == "" {
		t.Error("the gap in the quorum is not explained")
	}
}

// TestEveryProvisionServes: a provision is declared because something rests on
// it.
func TestEveryProvisionServes(t *testing.T) {
	t.Parallel()
	for _, id := range flat {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			names, err := fs.Glob(packs.FS, id+"/*.yaml")
			if err != nil {
				t.Fatal(err)
			}
			var rest strings.Builder
			for _, name := range names {
				if strings.HasSuffix(name, "/provisions.yaml") || strings.HasSuffix(name, "/cases.yaml") {
					continue
				}
				data, err := fs.ReadFile(packs.FS, name)
				if err != nil {
					t.Fatal(err)
				}
				rest.Write(data)
			}
			cited := strings.FieldsFunc(rest.String(), func(r rune) bool { return strings.ContainsRune("[], \n", r) })
			for _, provision := range slices.Sorted(maps.Keys(byID(t, id).Provisions())) {
				if !slices.Contains(cited, provision) {
					t.Errorf("nothing rests on %s", provision)
				}
			}
		})
	}
}
