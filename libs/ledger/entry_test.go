package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"egov/libs/fault"
	"egov/libs/ledger"
)

var sample = ledger.Entry{
	ID:          "0193-7f2a",
	Source:      "declaration",
	Type:        "egov.declaration.v1.ProjectSubmitted",
	Subject:     "YP-2026-0007",
	Time:        time.Date(2026, 3, 2, 1, 30, 0, 123_456_000, time.UTC),
	Unit:        "education",
	Actor:       "王\"小\\明",
	EventSeq:    3,
	TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	Data:        []byte(`{"title": "智慧校园",  "amount_fen":694790000}`),
}

const sampleRaw = `{"specversion":"1.0","id":"0193-7f2a","source":"declaration",` +
	`"type":"egov.declaration.v1.ProjectSubmitted","subject":"YP-2026-0007",` +
	`"time":"2026-03-02T09:30:00.123456+08:00","datacontenttype":"application/json",` +
	`"egovunit":"education","egovactor":"王\"小\\明","egovseq":3,` +
	`"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",` +
	`"data":{"title": "智慧校园",  "amount_fen":694790000}}`

func TestRawHasOneFixedForm(t *testing.T) {
	t.Parallel()
	raw, err := ledger.AppendRaw([]byte("before"), sample)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(raw); got != "before"+sampleRaw {
		t.Fatalf("stored form changed:\n%s\nwant\n%s", got, "before"+sampleRaw)
	}
	bare := ledger.Entry{ID: "1", Source: "s", Type: "t", Time: sample.Time, EventSeq: 1, Data: []byte(`{}`)}
	raw, err = ledger.AppendRaw(nil, bare)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-03-02T09:30:00.123456+08:00","datacontenttype":"application/json","egovseq":1,"data":{}}`
	if string(raw) != want {
		t.Fatalf("empty attributes are not left out: %s", raw)
	}
}

func TestAnyJSONReaderReadsTheStoredForm(t *testing.T) {
	t.Parallel()
	var got struct {
		ID    string          `json:"id"`
		Actor string          `json:"egovactor"`
		Seq   int64           `json:"egovseq"`
		Time  time.Time       `json:"time"`
		Data  json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal([]byte(sampleRaw), &got); err != nil {
		t.Fatal(err)
	}
	if got.ID != sample.ID || got.Actor != sample.Actor || got.Seq != sample.EventSeq ||
		!got.Time.Equal(sample.Time) || !bytes.Equal(got.Data, sample.Data) {
		t.Fatalf("read %+v", got)
	}
}

func TestParseRefusesEveryOtherForm(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) string {
		if !strings.Contains(sampleRaw, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(sampleRaw, old, with, 1)
	}
	cases := map[string]string{
		"empty":                        "",
		"white space in front":         " " + sampleRaw,
		"white space behind":           sampleRaw + "\n",
		"white space between":          replace(`,"source"`, `, "source"`),
		"another version":              replace(`"1.0"`, `"1.1"`),
		"empty id":                     replace(`"0193-7f2a"`, `""`),
		"empty optional":               replace(`"YP-2026-0007"`, `""`),
		"members swapped":              replace(`"egovunit":"education","egovactor":"王\"小\\明"`, `"egovactor":"王\"小\\明","egovunit":"education"`),
		"member repeated":              replace(`"egovunit":"education"`, `"egovunit":"education","egovunit":"health"`),
		"unknown member":               replace(`,"data":`, `,"extra":"x","data":`),
		"needless escape":              replace(`education`, `\u0065ducation`),
		"escaped slash":                replace(`education`, `a\/b`),
		"control character":            replace(`education`, "a\tb"),
		"C1 control character":         replace(`education`, "a\u0085b"),
		"noncharacter":                 replace(`education`, "a\uffffb"),
		"invalid UTF-8":                replace(`education`, "a\xffb"),
		"sequence zero":                replace(`"egovseq":3`, `"egovseq":0`),
		"sequence with a leading zero": replace(`"egovseq":3`, `"egovseq":03`),
		"sequence with an exponent":    replace(`"egovseq":3`, `"egovseq":3e0`),
		"sequence as text":             replace(`"egovseq":3`, `"egovseq":"3"`),
		"sequence too large":           replace(`"egovseq":3`, `"egovseq":2147483648`),
		"endless sequence":             replace(`"egovseq":3`, `"egovseq":`+strings.Repeat("9", 40)),
		"time in UTC":                  replace(`+08:00`, `Z`),
		"time of another zone":         replace(`+08:00`, `+09:00`),
		"time without fraction":        replace(`.123456`, ``),
		"impossible date":              replace(`2026-03-02`, `2026-02-30`),
		"data is a list":               replace(`{"title": "智慧校园",  "amount_fen":694790000}`, `[]`),
		"data is broken":               replace(`694790000}`, `694790000`),
		"data brings a member along":   replace(`694790000}`, `694790000},"egovactor":"x"`),
		"white space around data":      replace(`"data":{`, `"data": {`),
		"attribute too long":           replace(`education`, strings.Repeat("x", ledger.MaxAttribute+1)),
	}
	for name, raw := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e, err := ledger.Parse([]byte(raw)); !errors.Is(err, ledger.ErrEntry) {
				t.Fatalf("accepted as %+v, %v", e, err)
			}
		})
	}
}

func TestAppendRawListsEveryViolation(t *testing.T) {
	t.Parallel()
	dst := []byte("kept")
	got, err := ledger.AppendRaw(dst, ledger.Entry{
		Source: "a\nb", Type: strings.Repeat("x", ledger.MaxAttribute+1), Unit: "\xff",
		EventSeq: math.MaxInt32 + 1, Data: []byte(`{}, "egovactor":"x"`),
	})
	if !errors.Is(err, ledger.ErrEntry) || string(got) != "kept" {
		t.Fatalf("%q, %v", got, err)
	}
	var fields []string
	for _, v := range fault.From(err).Violations {
		fields = append(fields, v.Field+" "+v.Code)
	}
	want := "[id required source not_text type too_long egovunit not_text time out_of_range egovseq out_of_range data not_an_object]"
	if s := fmt.Sprint(fields); s != want {
		t.Fatalf("violations\n%s\nwant\n%s", s, want)
	}
	large := sample
	large.Data = []byte(`{"x":"` + strings.Repeat("x", ledger.MaxRaw) + `"}`)
	if got, err := ledger.AppendRaw(dst, large); !errors.Is(err, ledger.ErrEntry) || string(got) != "kept" {
		t.Fatalf("an oversize event passed: %v", err)
	}
}

// drawEntry makes any event the ledger can hold.
func drawEntry(t *rapid.T) ledger.Entry {
	text := func(label string, minRunes int) string {
		return rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\/ 区<&`+"\u2028é𝄞")), minRunes, 12, -1).Draw(t, label)
	}
	data, err := json.Marshal(rapid.MapOf(rapid.StringN(0, 5, -1), rapid.Int64()).Draw(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Entry{
		ID: text("id", 1), Source: text("source", 1), Type: text("type", 1), Subject: text("subject", 0),
		Time: time.UnixMicro(rapid.Int64Range(-62_000_000_000_000_000, 250_000_000_000_000_000).Draw(t, "time")),
		Unit: text("unit", 0), Actor: text("actor", 0), EventSeq: rapid.Int64Range(1, math.MaxInt32).Draw(t, "seq"),
		TraceParent: text("trace", 0), Data: data,
	}
}

func TestParseInvertsAppendRaw(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		raw, err := ledger.AppendRaw(nil, e)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(raw) {
			t.Fatalf("not JSON: %s", raw)
		}
		got, err := ledger.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Time.Equal(e.Time) || !bytes.Equal(got.Data, e.Data) {
			t.Fatalf("%+v became %+v", e, got)
		}
		got.Time, got.Data, e.Time, e.Data = time.Time{}, nil, time.Time{}, nil
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", e) {
			t.Fatalf("%+v became %+v", e, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sampleRaw))
	f.Add([]byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-03-02T09:30:00.123456+08:00","datacontenttype":"application/json","egovseq":1,"data":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := ledger.Parse(raw)
		if err != nil {
			return
		}
		again, err := ledger.AppendRaw(nil, e)
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("two forms of one event: %q and %q, %v", raw, again, err)
		}
	})
}
