package document

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// paper has a field of every kind that documents have.
type paper struct {
	aggregate.Root
	Title    string            `json:"title"`
	Stage    stage             `json:"stage,omitempty"`
	Case     policy.Case       `json:"case"`
	Decision *policy.Decision  `json:"decision,omitempty"`
	Days     []calendar.Date   `json:"days"`
	On       calendar.Date     `json:"on,omitzero"`
	Notes    map[string]string `json:"notes,omitempty"`
	Evidence map[string]note   `json:"evidence"`
	Lists    [][]int32         `json:"lists,omitempty"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Any      any               `json:"any"`
	Bytes    []byte            `json:"bytes"`
	Rate     float64           `json:"rate"`
	Small    int8              `json:"small,omitempty"`
	Nested   *note             `json:"nested"`
	Untagged bool
	Hidden   string `json:"-"`
	private  int
}

type stage string

type note struct {
	Text string    `json:"text"`
	At   time.Time `json:"at,omitzero"`
	Yes  *bool     `json:"yes,omitempty"`
}

// Types with rules that are not plain.
type (
	quoted struct {
		N int `json:"n,string"`
	}
	tree struct {
		Branches []tree `json:"branches"`
	}
	pointed struct {
		Own louder `json:"own"`
	}
	louder string
)

func (l *louder) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(string(*l) + "!")), nil }

// made draws a value by its type.
func made(r *rapid.T, t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "s"), rapid.Int64Range(0, 1e9-1).Draw(r, "ns")).UTC()))
		return v
	case t == reflect.TypeFor[calendar.Date]():
		v.Set(reflect.ValueOf(calendar.DateOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(r, "day"), 0))))
		return v
	case t == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(rapid.SampledFrom([]string{`{"b":[1,"<x>"],"a":null}`, `"\u00e4"`, `17`}).Draw(r, "raw")))
		return v
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "智慧机关", "a\"b\\c", "<&>", "\u2028—", "\xff", "plain"})).Draw(r, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(r, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(r, "int") >> (64 - t.Bits()))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(r, "float"))
	case reflect.Interface:
		v.Set(rapid.SampledFrom([]reflect.Value{reflect.Zero(t), reflect.ValueOf("x"), reflect.ValueOf(map[string]any{"k": true}), reflect.ValueOf(note{Text: "<"})}).Draw(r, "any"))
	case reflect.Pointer:
		if rapid.Bool().Draw(r, "there") {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(made(r, t.Elem(), depth+1))
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, max(0, 3-depth)).Draw(r, "n"); n >= 0 {
			v.Set(reflect.MakeSlice(t, n, n))
			for i := range n {
				v.Index(i).Set(made(r, t.Elem(), depth+1))
			}
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 2).Draw(r, "n"); n >= 0 {
			v.Set(reflect.MakeMap(t))
			for range n {
				v.SetMapIndex(made(r, t.Key(), depth+1), made(r, t.Elem(), depth+1))
			}
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(made(r, t.Field(i).Type, depth+1))
			}
		}
	case reflect.Uint8:
		v.SetUint(uint64(rapid.Byte().Draw(r, "byte")))
	default:
		r.Fatalf("a field of kind %s", t.Kind())
	}
	return v
}

func TestDocumentsAreWrittenAndReadAsByEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, typ := range []reflect.Type{
		reflect.TypeFor[paper](), reflect.TypeFor[policy.Decision](), reflect.TypeFor[policy.Case](), reflect.TypeFor[aggregate.Deadline](),
		reflect.TypeFor[quoted](), reflect.TypeFor[tree](), reflect.TypeFor[pointed](), reflect.TypeFor[string](), reflect.TypeFor[[]note](), reflect.TypeFor[typev1.ProjectBrief](),
	} {
		t.Run(typ.Name(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(r *rapid.T) {
				v := made(r, typ, 0)
				for _, form := range []any{v.Interface(), v.Addr().Interface()} {
					want, bad := json.Marshal(form)
					got, err := Write(form)
					if !bytes.Equal(got, want) || (err == nil) != (bad == nil) {
						r.Fatalf("%T\ngot  %s %v\nwant %s %v", form, got, err, want, bad)
					}
					if bad == nil {
						sameRead(r, typ, got)
					}
				}
			})
		})
	}
}

// sameRead reads text both ways.
func sameRead(t interface {
	Helper()
	Fatalf(string, ...any)
}, typ reflect.Type, text []byte,
) {
	t.Helper()
	want, got := reflect.New(typ), reflect.New(typ)
	bad, err := json.Unmarshal(text, want.Interface()), Read(text, got.Interface())
	if (bad == nil) != (err == nil) || bad == nil && !reflect.DeepEqual(want.Interface(), got.Interface()) {
		t.Fatalf("%s\ngot  %+v %v\nwant %+v %v", text, got.Elem(), err, want.Elem(), bad)
	}
}

func FuzzAnyTextIsReadAsByEncodingJSON(f *testing.F) {
	for _, s := range []string{
		`{"title":"a","case":{"amount_fen":3,"replaces_systems":["x"]},"decision":null,"version":2}`,
		`{"TITLE":"fold","unknown":{"a":[1,{}],"b":"]}"},"lists":[[1,2],[],null]}`, `{"title":"a","title":"b"}`,
		`{"small":300}`, `{"small":1.0}`, `{"small":-0}`, `{"small":01}`, `{"title":"\u667a\ud800"}`, "{\"title\":\"\xff\"}", "{\"title\":\"\n\"}",
		` { "days" : [ "2026-11-22" , null ] , "any" : 1 } `, `{"days":[7]}`, `{"nested":{"at":"2026-11-22T18:04:29.118137964+08:00","yes":true}} x`,
		`null`, ``, `[]`, `{"title":nul}`, `{"lists":[1]}`, `{"raw": 1 ,"bytes":"AQI=","rate":1e3,}`, `{"created_at":null,"evidence":{},"notes":{"a":"b"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameRead(t, reflect.TypeFor[paper](), text) })
}

func BenchmarkDocument(b *testing.B) {
	p := paper{Title: "智慧机关事务综合管理服务平台", Stage: "submitted", Evidence: map[string]note{}}
	p.ID, p.Parties, p.CreatedAt, p.UpdatedAt = "bench-0", []string{"facilities", "gov-office"}, time.Unix(1, 5), time.Unix(2, 7)
	p.Decision = &policy.Decision{Pack: "yangpu-2023", Steps: []string{"third_party_evaluation", "expert_review", "conference_review"}}
	for range 7 {
		p.Decision.Checklist = append(p.Decision.Checklist, policy.Item{Item: "pre_review_form", Gate: "submit", Basis: []string{"YP23-R-5.1.2"}})
	}
	text, err := json.Marshal(p)
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"write":               func() error { _, err := Write(&p); return err },
		"write encoding-json": func() error { _, err := json.Marshal(&p); return err },
		"read":                func() error { var to paper; return Read(text, &to) },
		"read encoding-json":  func() error { var to paper; return json.Unmarshal(text, &to) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
