package policy_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/calendar"
	"egov/libs/policy"
)

func yangpu(tb testing.TB) *policy.Pack {
	tb.Helper()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// fen draws amounts of every size, thick around the thresholds.
func fen() *rapid.Generator[int64] {
	var edges []int64
	for _, wan := range []int64{2, 5, 10, 25, 30, 50, 75, 90, 100, 140, 160, 165, 240, 400, 500, 1000} {
		for d := int64(-1); d <= 1; d++ {
			edges = append(edges, wan*1_0000_00+d)
		}
	}
	return rapid.OneOf(
		rapid.SampledFrom(edges),
		rapid.Int64Range(1, 2000_0000_00),
		rapid.Int64Range(1, math.MaxInt64),
	)
}

func codes(p *policy.Pack, v policy.Vocabulary) []string {
	var list []string
	for _, t := range p.Terms(v) {
		list = append(list, t.Code)
	}
	return list
}

func optional[T any](t *rapid.T, g *rapid.Generator[T], label string) *T {
	if !rapid.Bool().Draw(t, label+" said") {
		return nil
	}
	v := g.Draw(t, label)
	return &v
}

// anyCase draws cases that are valid under yangpu-2023.
func anyCase(p *policy.Pack) *rapid.Generator[policy.Case] {
	return rapid.Custom(func(t *rapid.T) policy.Case {
		yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
		seldom := func(label string) bool { return rapid.IntRange(0, 5).Draw(t, label) == 0 }
		c := policy.Case{
			Kind:              rapid.SampledFrom(codes(p, policy.Kinds)).Draw(t, "kind"),
			UnitKind:          rapid.SampledFrom(codes(p, policy.UnitKinds)).Draw(t, "unit kind"),
			DeclaredOn:        calendar.MustDate(2023, 5, 15).AddDays(rapid.IntRange(0, 2000).Draw(t, "day")),
			AmountFen:         fen().Draw(t, "amount"),
			PureSoftware:      yes("pure software"),
			RenewalYear:       rapid.SampledFrom([]int64{0, 0, 0, 2, 3}).Draw(t, "renewal"),
			RenewalUnchanged:  optional(t, rapid.Bool(), "unchanged"),
			Subordinate:       yes("subordinate"),
			Classified:        seldom("classified"),
			Urgent:            yes("urgent"),
			MidYearAdjustment: yes("mid year"),
			Reason:            "因故",
			XCConformant:      optional(t, rapid.Bool(), "xc"),
			MLPSGrade:         optional(t, rapid.Int64Range(0, 4), "grade"),
			PublicData:        yes("public data"),
			OwnWebsite:        yes("own website"),
			HotlineSeats:      rapid.Int64Range(0, 60).Draw(t, "seats"),
			Materials:         rapid.SliceOfDistinct(rapid.SampledFrom(codes(p, policy.Materials)), rapid.ID).Draw(t, "materials"),
		}
		hardware := rapid.Int64Range(0, c.AmountFen).Draw(t, "hardware")
		c.HardwareFen = &hardware
		if seldom("other money") {
			c.DistrictFunded = new(false)
		}
		if yes("superior") {
			c.SuperiorApproval = &policy.SuperiorApproval{DocumentNo: "沪府办1号", Conclusion: yes("conclusion"), Standard: true, AmountFen: fen().Draw(t, "approved")}
		}
		c.OM = &policy.Maintenance{FirstYear: yes("first year"), PreviousAmountFen: new(fen().Draw(t, "previous"))}
		for range rapid.IntRange(0, 6).Draw(t, "lines") {
			term := rapid.SampledFrom(p.Terms(policy.Categories)).Draw(t, "category")
			l := policy.Line{
				Category: term.Code, AmountFen: rapid.Int64Range(0, math.MaxInt64/8).Draw(t, "line"),
				BaseFen: rapid.Int64Range(0, math.MaxInt64).Draw(t, "base"), PersonMonths: policy.Decimal(rapid.Int64Range(0, math.MaxInt64).Draw(t, "months")),
				Units: rapid.Int64Range(0, 50).Draw(t, "units"), AreaM2: policy.Decimal(rapid.Int64Range(0, 40000).Draw(t, "area")),
			}
			if len(term.Classes) > 0 {
				l.Class = rapid.SampledFrom(term.Classes).Draw(t, "class").Code
			}
			c.Budget = append(c.Budget, l)
		}
		return c
	})
}

// Every valid case gets exactly one route, whole.
func TestEveryValidCaseGetsOneRoute(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
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
		term := slices.IndexFunc(p.Terms(policy.Routes), func(r policy.Term) bool { return r.Code == d.Route })
		if winners != 1 || term < 0 || len(d.Basis) == 0 {
			t.Fatalf("%d winners, route %q on %v", winners, d.Route, d.Basis)
		}
		if ends := p.Terms(policy.Routes)[term].Ends; ends != (len(d.Steps) == 0) {
			t.Fatalf("route %s has steps %v", d.Route, d.Steps)
		}
		missing := slices.ContainsFunc(d.Checklist, func(i policy.Item) bool { return !i.Present })
		wrong := slices.ContainsFunc(d.Findings, func(f policy.Finding) bool { return f.Severity == policy.Error })
		if d.Ready == (missing || wrong) {
			t.Fatalf("ready %v with missing %v and errors %v", d.Ready, missing, wrong)
		}
		for _, f := range d.Findings {
			if f.Message == "" || f.MessageEN == "" || strings.ContainsAny(f.Message+f.MessageEN, "{}") || len(f.Basis) == 0 {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// What is handed in as JSON is decided as what is handed in as a value.
func TestBothWaysInAgree(t *testing.T) {
	t.Parallel()
	p, set := yangpu(t), policy.Default()
	rapid.Check(t, func(t *rapid.T) {
		c := anyCase(p).Draw(t, "case")
		doc, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		want, err := set.Decide(c, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := set.DecideJSON(bytes.NewReader(doc), policy.DefaultLimit, policy.Options{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, got, want)
		}
	})
}

// weight orders roads: the more bodies must agree, the heavier.
func weight(d policy.Decision) int {
	w := 0
	for _, s := range d.Steps {
		w += map[string]int{"expert_review": 1, "conference_review": 2, "development_reform_handover": 8}[s]
	}
	return w
}

// More money never leads to a lighter road within a kind. Where the rules look
// at a proportion, the proportion is held: a hardware part that stays while the
// total grows, and a maintenance budget that rises towards last year's, are
// lighter by the text.
func TestMoreMoneyIsNeverALighterRoad(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{"new_build", "upgrade", "service", "operation_maintenance", "information_publishing"}).Draw(t, "kind")
		amounts := []int64{rapid.Int64Range(1, 3000_0000_00).Draw(t, "a"), rapid.Int64Range(1, 3000_0000_00).Draw(t, "b")}
		slices.Sort(amounts)
		percent := rapid.Int64Range(0, 100).Draw(t, "hardware percent")
		pure := rapid.Bool().Draw(t, "pure software")
		first := rapid.Bool().Draw(t, "first year")
		previous := rapid.Int64Range(1, amounts[0]).Draw(t, "previous")
		var before policy.Decision
		for i, amount := range amounts {
			amount -= amount % 100 // so that the proportion is exact
			if amount == 0 {
				amount = 100
			}
			c := policy.Case{
				Kind: kind, AmountFen: amount, PureSoftware: pure, HardwareFen: new(amount / 100 * percent),
				OM: &policy.Maintenance{FirstYear: first, PreviousAmountFen: new(min(previous, amount))}, UnitKind: "administrative",
			}
			d, err := p.Decide(c, calendar.MustDate(2024, 3, 1))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				before = d
				continue
			}
			if kind == "operation_maintenance" && !first && amounts[0] < previous {
				return
			}
			if weight(d) < weight(before) {
				t.Fatalf("%d: %v, but %d: %v", amounts[0], before.Steps, amounts[1], d.Steps)
			}
			for _, o := range before.Obligations {
				if !slices.Contains(d.Obligations, o) {
					t.Fatalf("%d: %v, but %d: %v", amounts[0], before.Obligations, amounts[1], d.Obligations)
				}
			}
		}
	})
}

// Shares and changes are exact over the whole range of amounts.
func TestSharesAreExact(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	big10 := func(n, times int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(times)) }
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(500_0000_01, math.MaxInt64).Draw(t, "amount")
		exact := new(big.Int).Div(big10(amount, 30), big.NewInt(100)).Int64()
		hardware := exact + rapid.Int64Range(-2, 2).Draw(t, "off")
		d, err := p.Decide(policy.Case{Kind: "new_build", AmountFen: amount, HardwareFen: &hardware}, calendar.MustDate(2024, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		want := "review"
		if big10(hardware, 100).Cmp(big10(amount, 30)) > 0 {
			want = "government_investment"
		}
		if d.Route != want {
			t.Fatalf("%d of %d: %s, want %s", hardware, amount, d.Route, want)
		}

		previous := rapid.Int64Range(100_0000_00, math.MaxInt64/2).Draw(t, "previous")
		change := previous/10 + rapid.Int64Range(-2, 2).Draw(t, "off")
		now := previous + change
		if rapid.Bool().Draw(t, "cut") {
			now = max(previous-change, 100_0000_00)
			change = previous - now
		}
		d, err = p.Decide(policy.Case{Kind: "operation_maintenance", AmountFen: now, OM: &policy.Maintenance{PreviousAmountFen: &previous}}, calendar.MustDate(2024, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		want = "review"
		if big10(change, 10).Cmp(big.NewInt(previous)) < 0 {
			want = "filing"
		}
		if d.Route != want {
			t.Fatalf("%d after %d: %s, want %s", now, previous, d.Route, want)
		}
	})
}

// A dearer line never loses a finding about its cap.
func TestDearerLineKeepsItsFinding(t *testing.T) {
	t.Parallel()
	p := yangpu(t)
	rapid.Check(t, func(t *rapid.T) {
		c := anyCase(p).Draw(t, "case")
		c.Classified, c.DistrictFunded = false, nil
		if len(c.Budget) == 0 {
			return
		}
		capped := func(amount int64) bool {
			c.Budget[0].AmountFen = amount
			d, err := p.Decide(c, c.DeclaredOn)
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(d.Findings, func(f policy.Finding) bool { return f.Line != nil && *f.Line == 0 && f.LimitFen != nil })
		}
		low := rapid.Int64Range(0, math.MaxInt64/16).Draw(t, "low")
		high := rapid.Int64Range(low, math.MaxInt64/8).Draw(t, "high")
		if capped(low) && !capped(high) {
			t.Fatalf("found at %d, not at %d: %+v", low, high, c.Budget[0])
		}
	})
}
