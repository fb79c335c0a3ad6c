package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

// complaints are the violations of an error as "field code".
func complaints(err error) []string {
	var list []string
	for _, v := range fault.From(err).Violations {
		list = append(list, v.Field+" "+v.Code)
	}
	return list
}

func TestDecodeCaseReadsEveryField(t *testing.T) {
	t.Parallel()
	doc := `{
		"kind": "upgrade", "title": "平台", "unit": "education", "declared_on": "2024-03-01", "unit_kind": "administrative",
		"amount_fen": 9223372036854775807, "hardware_fen": 0, "pure_software": true,
		"om": {"first_year": false, "previous_amount_fen": 7}, "renewal_year": 2, "renewal_unchanged": false,
		"district_funded": true, "national_crypto": false, "unit_level": "district", "cross_region": true,
		"cross_department": true, "superior_approval": {"document_no": "1", "conclusion": true, "standard": true, "amount_fen": 8},
		"subordinate": true, "supervisor_approved": true, "classified": true, "urgent": true, "mid_year_adjustment": true,
		"in_use": true, "reason": "因故", "xc_conformant": false, "mlps_grade": 0, "replaces_systems": ["甲", "乙"],
		"public_data": true, "urban_operation": true, "dedicated_network": true, "own_machine_room": true,
		"own_website": true, "hotline_seats": 30, "materials": ["basis"],
		"budget": [{"category": "template", "class": "oa_small", "amount_fen": 1, "base_fen": 2, "person_months": 7.5, "units": 3, "area_m2": 20.25}]
	}`
	want := policy.Case{
		Kind: "upgrade", Title: "平台", Unit: "education", DeclaredOn: calendar.MustDate(2024, 3, 1), UnitKind: "administrative",
		AmountFen: 9223372036854775807, HardwareFen: new(int64(0)), PureSoftware: true,
		OM: &policy.Maintenance{PreviousAmountFen: new(int64(7))}, RenewalYear: 2, RenewalUnchanged: new(false),
		DistrictFunded: new(true), NationalCrypto: new(false), UnitLevel: "district", CrossRegion: true, CrossDepartment: true,
		SuperiorApproval: &policy.SuperiorApproval{DocumentNo: "1", Conclusion: true, Standard: true, AmountFen: 8},
		Subordinate:      true, SupervisorApproved: true, Classified: true, Urgent: true, MidYearAdjustment: true,
		InUse: true, Reason: "因故", XCConformant: new(false), MLPSGrade: new(int64(0)),
		ReplacesSystems: &policy.Replaced{Count: 2, Names: []string{"甲", "乙"}},
		PublicData:      true, UrbanOperation: true, DedicatedNetwork: true, OwnMachineRoom: true, OwnWebsite: true,
		HotlineSeats: 30, Materials: []string{"basis"},
		Budget: []policy.Line{{Category: "template", Class: "oa_small", AmountFen: 1, BaseFen: 2, PersonMonths: 750, Units: 3, AreaM2: 2025}},
	}
	got, err := policy.DecodeCase(strings.NewReader(doc), policy.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := policy.DecodeCase(bytes.NewReader(again), policy.DefaultLimit); err != nil || !reflect.DeepEqual(back, want) {
		t.Fatalf("%s does not read back: %v", again, err)
	}
}

// TestEveryFieldOfCaseIsDecoded keeps the field table in step with the type.
func TestEveryFieldOfCaseIsDecoded(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{reflect.TypeFor[policy.Case](), reflect.TypeFor[policy.Line]()} {
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			doc := `{"` + name + `": {"?": 1}}`
			if typ == reflect.TypeFor[policy.Line]() {
				doc = `{"budget": [` + doc + `]}`
			}
			_, err := policy.DecodeCase(strings.NewReader(doc), policy.DefaultLimit)
			if slices.ContainsFunc(complaints(err), func(c string) bool { return strings.HasSuffix(c, name+" unknown_field") }) {
				t.Errorf("%s.%s is not decoded", typ.Name(), name)
			}
		}
	}
}

func TestDecodeCaseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, doc string
		want      []string
	}{
		{"a fraction", `{"amount_fen": 1.5}`, []string{"amount_fen not_integer"}},
		{"a fraction of nothing", `{"amount_fen": 1.0}`, []string{"amount_fen not_integer"}},
		{"an exponent", `{"amount_fen": 1e3, "hardware_fen": 1E3}`, []string{"amount_fen not_integer", "hardware_fen not_integer"}},
		{"beyond int64", `{"amount_fen": 9223372036854775808}`, []string{"amount_fen out_of_range"}},
		{"a number as text", `{"amount_fen": "100"}`, []string{"amount_fen wrong_type"}},
		{"a text as number", `{"kind": 7}`, []string{"kind wrong_type"}},
		{"a truth as text", `{"classified": "yes"}`, []string{"classified wrong_type"}},
		{"a day that is none", `{"declared_on": "2023-02-29"}`, []string{"declared_on invalid_date"}},
		{"a date of another form", `{"declared_on": "2024/03/01"}`, []string{"declared_on invalid_date"}},
		{"a time", `{"declared_on": "2024-03-01T00:00:00Z"}`, []string{"declared_on invalid_date"}},
		{"an unknown field, deep", `{"om": {"first": true}, "budget": [{"category": "x", "amount_fen": 1, "price": 2}]}`, []string{"om.first unknown_field", "budget[0].price unknown_field"}},
		{"another case of letters", `{"Kind": "service"}`, []string{"Kind unknown_field"}},
		{"a field twice", `{"classified": true, "classified": false}`, []string{"classified duplicate_field"}},
		{"a list that is none", `{"materials": "basis", "budget": {}}`, []string{"materials wrong_type", "budget wrong_type"}},
		{"an object that is none", `{"om": 3, "superior_approval": []}`, []string{"om wrong_type", "superior_approval wrong_type"}},
		{"a line without amount", `{"budget": [{"category": "hardware"}]}`, []string{"budget[0].amount_fen required"}},
		{"a third decimal", `{"budget": [{"category": "x", "amount_fen": 1, "person_months": 7.555, "area_m2": -1}]}`, []string{"budget[0].person_months not_decimal", "budget[0].area_m2 not_decimal"}},
		{"an overlong code", `{"kind": "` + strings.Repeat("k", 201) + `"}`, []string{"kind too_long"}},
		{"no object", `[]`, []string{" wrong_type"}},
		{"nothing", ``, []string{" malformed_json"}},
		{"half a document", `{"kind": "service"`, []string{" malformed_json"}},
		{"two documents", `{} {}`, []string{" malformed_json"}},
		{"not UTF-8", "{\"title\": \"\xff\"}", []string{" malformed_json"}},
		{"nested without end", strings.Repeat(`{"om":`, 40) + `1` + strings.Repeat(`}`, 40), []string{" malformed_json"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.DecodeCase(strings.NewReader(tc.doc), policy.DefaultLimit)
			if got := complaints(err); !errors.Is(err, fault.InvalidInput) || !slices.Equal(got, tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestDecodeCaseTakesNullForAbsent(t *testing.T) {
	t.Parallel()
	c, err := policy.DecodeCase(strings.NewReader(`{"kind": "service", "hardware_fen": null, "om": null, "materials": null}`), policy.DefaultLimit)
	if err != nil || c.HardwareFen != nil || c.OM != nil || c.Materials != nil {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestDecodeCaseBoundsTheDocument(t *testing.T) {
	t.Parallel()
	doc := `{"kind": "service"}`
	if _, err := policy.DecodeCase(strings.NewReader(doc), int64(len(doc))); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.DecodeCase(strings.NewReader(doc), int64(len(doc)-1)); !errors.Is(err, policy.ErrCaseTooLarge) {
		t.Fatal(err)
	}
}

func FuzzDecodeCase(f *testing.F) {
	for _, p := range policy.Default().Packs() {
		for _, e := range p.Examples() {
			if doc, err := e.JSON(); err == nil {
				f.Add(doc)
			}
		}
	}
	f.Add([]byte(`{"amount_fen":1e3,"om":{"om":{}},"budget":[[]],"materials":[null,1]}`))
	f.Add([]byte(`{"replaces_systems":[],"budget":[{"person_months":0.01}]} `))
	set := policy.Default()
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := policy.DecodeCase(bytes.NewReader(doc), policy.DefaultLimit)
		if err != nil {
			if fault.From(err).Kind != fault.Invalid {
				t.Fatalf("not a refusal of the input: %v", err)
			}
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := policy.DecodeCase(bytes.NewReader(again), 2*policy.DefaultLimit)
		if err != nil || !same(back, c) {
			t.Fatalf("%s does not read back: %v", again, err)
		}
		var stored policy.Case
		if err := json.Unmarshal(again, &stored); err != nil || !same(stored, c) {
			t.Fatalf("%s is not read back from where it was stored: %v", again, err)
		}
		for _, p := range set.Packs() {
			d, err := set.DecideJSON(bytes.NewReader(doc), policy.DefaultLimit, policy.Options{Pack: p.ID(), Values: true})
			if err == nil && (d.Route == "" || len(d.Basis) == 0) {
				t.Fatalf("%s gives half a decision: %+v", p.ID(), d)
			}
			if err != nil && (fault.From(err).Kind != fault.Invalid || len(fault.From(err).Violations) == 0) {
				t.Fatalf("%s: %v", p.ID(), err)
			}
		}
	})
}

// same compares cases, an empty list being as good as none.
func same(a, b policy.Case) bool {
	for _, c := range []*policy.Case{&a, &b} {
		if len(c.Materials) == 0 {
			c.Materials = nil
		}
		if len(c.Budget) == 0 {
			c.Budget = nil
		}
	}
	return reflect.DeepEqual(a, b)
}
