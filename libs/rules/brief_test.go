package rules

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// TestABriefTellsTheCase fills every field of a case and looks for it behind
// the brief, so that a gate in another service reads what the declaration said.
func TestABriefTellsTheCase(t *testing.T) {
	t.Parallel()
	untold := map[string]bool{ // asked before the project is submitted, or not at gates
		"OM": true, "SuperiorApproval": true, "SupervisorApproved": true, "Classified": true, "Reason": true,
		"ReplacesSystems": true, "Materials": true, "Budget": true,
	}
	var c policy.Case
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		if untold[v.Type().Field(i).Name] {
			continue
		}
		f := v.Field(i)
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		switch f.Kind() {
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(3)
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Struct:
			f.Set(reflect.ValueOf(calendar.DateOf(time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC))))
		default:
			t.Fatalf("%s is of a kind this test does not fill", v.Type().Field(i).Name)
		}
	}
	told, _ := caseOf(Brief(c, nil))
	for i := range v.NumField() {
		if !reflect.DeepEqual(v.Field(i).Interface(), reflect.ValueOf(told).Field(i).Interface()) {
			t.Errorf("%s is lost", v.Type().Field(i).Name)
		}
	}
	said := false
	c.NationalCrypto, c.DistrictFunded = &said, nil
	if told, _ = caseOf(Brief(c, nil)); told.NationalCrypto == nil || *told.NationalCrypto || told.DistrictFunded != nil {
		t.Error("no, yes and not said are three answers")
	}
}

func TestADecisionIsTheTextThatEncodingJSONGives(t *testing.T) {
	t.Parallel()
	d := policy.Decision{Pack: "yangpu-2023", Steps: []string{"expert_review"}, Checklist: []policy.Item{{Item: "basis", Gate: "submit"}}, Notes: []policy.Note{{Text: "<&>"}}}
	want, err := json.Marshal(d)
	if err != nil || Text(d) != string(want) {
		t.Errorf("%s %v", Text(d), err)
	}
}
