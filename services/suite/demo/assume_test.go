package demo

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/policy"
)

func prepare(t *testing.T, doc string) ([]Published, error) {
	t.Helper()
	s, err := ReadScript(nil)
	if err != nil {
		t.Fatal(err)
	}
	pack, err := policy.Default().ForDate("", s.Days.Declare.Date)
	if err != nil {
		t.Fatal(err)
	}
	return Prepare([]byte(doc), pack, s)
}

// TestWhatTheRulesHaveToKnowIsAssumed (YP23-R-5.3.2, YP23-R-5.3.4): a notice
// that is silent does not stop the walk, and what it does tell stands.
func TestWhatTheRulesHaveToKnowIsAssumed(t *testing.T) {
	t.Parallel()
	build := []Assumption{{"xc_conformant", true}, {"national_crypto", true}, {"mlps_grade", 0}, {"public_data", true}, {"replaces_systems", 1}}
	for name, c := range map[string]struct {
		fields string
		want   []Assumption
	}{
		"large build, nothing known":    {`"kind":"new_build","amount_fen":1500000099`, append(append([]Assumption{{"pure_software", false}}, build...), Assumption{"hardware_fen", int64(300000019)})},
		"large build, hardware known":   {`"kind":"new_build","amount_fen":1500000000,"pure_software":false,"hardware_fen":0`, build},
		"large build, pure software":    {`"kind":"new_build","amount_fen":1500000000,"pure_software":true`, build},
		"the largest service":           {`"kind":"service","amount_fen":9223372036854775807`, []Assumption{{"hardware_fen", int64(1844674407370955161)}}},
		"maintenance, year unknown":     {`"kind":"operation_maintenance","amount_fen":200000000`, []Assumption{{"om.first_year", true}, {"in_use", true}}},
		"maintenance, earlier unknown":  {`"kind":"operation_maintenance","amount_fen":200000000,"om_first_year":false`, []Assumption{{"in_use", true}, {"om.previous_amount_fen", int64(200000000)}}},
		"maintenance, everything known": {`"kind":"operation_maintenance","amount_fen":200000000,"om_first_year":false,"om_previous_fen":1`, []Assumption{{"in_use", true}}},
		"nothing that the rules ask":    {`"kind":"telecom_fee","amount_fen":100`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := prepare(t, `{"projects":[{"id":"a","title":"甲",`+c.fields+`}]}`)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := list[0].Assumed(), append([]Assumption{{"unit_kind", "administrative"}}, c.want...); !reflect.DeepEqual(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// TestEveryFaultOfAFileIsListed: those of its form and those that the rules
// find, each with its place, in two languages.
func TestEveryFaultOfAFileIsListed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"no document":    {"{\n\"projects\": [\n", "line 3 malformed_json"},
		"a list":         {`[]`, "line 1 malformed_json"},
		"nothing":        {`null`, "projects required"},
		"another member": {`{"colour":1,"projects":[]}`, "colour unknown_field, projects required"},
		"two projects": {
			`{"projects":[
				{"id":"a","title":"甲","kind":"castle","amount_fen":100,"award_fen":101,"size":1},
				7,
				{"id":"a","kind":"new_build","amount_fen":"100","pure_software":"yes","contract_years":4},
				{"id":"b","title":"乙","kind":"new_build","amount_fen":100,"hardware_fen":101},
				{"title":"丙","amount_fen":0,"om_previous_fen":-1}
			]}`,
			"projects[0].size unknown_field, projects[0].award_fen above_total, projects[1] wrong_type, " +
				"projects[2].amount_fen wrong_type, projects[2].pure_software wrong_type, projects[2].title required, projects[2].contract_years out_of_range, projects[2].id duplicate, " +
				"projects[4].id required, projects[4].om_previous_fen negative, " +
				"projects[0].kind unknown_code, projects[3].hardware_fen above_total, projects[4].kind required, projects[4].amount_fen not_positive",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prepare(t, c.doc)
			if !errors.Is(err, ErrProjects) {
				t.Fatal(err)
			}
			var got []string
			for _, v := range fault.From(err).Violations {
				got = append(got, v.Field+" "+v.Code)
				if v.Msg == "" || v.MsgEN == "" {
					t.Errorf("%+v", v)
				}
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

// TestAScriptThatCannotBeWalked lists its faults as well.
func TestAScriptThatCannotBeWalked(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"colour: 1\n", "days: {opens: soon}\n", "panel: 0\nhardware_percent: 101\n"} {
		if _, err := ReadScript([]byte(doc)); !errors.Is(err, ErrScript) {
			t.Errorf("%s: %v", doc, err)
		}
	}
}
