package op_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-kit/kit/endpoint"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/libs/policy"
)

type thing struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

func (t thing) ETag() string { return `"v1"` }

type rename struct {
	ID    string   `path:"id" json:"-"`
	Loud  bool     `query:"loud" json:"-"`
	Match string   `header:"If-Match" json:"-"`
	Name  string   `json:"name"`
	Fen   int64    `json:"amount_fen"`
	Tags  []string `json:"tags"`
	Inner struct {
		A int `json:"a"`
	} `json:"inner"`
}

func (r *rename) Validate() error {
	var c fault.Checks
	c.Text(r.Name, "name", 5, "YP23-R-5.1.2")
	c.Require(r.Fen >= 0, "amount_fen", "out_of_range", "不得为负", "must not be negative")
	return c.Err()
}

var errGone = fault.New(fault.NotFound, "thing_gone", "没有了", "it is gone", "YP23-M-8")

func server(t testing.TB, mw ...op.Middleware) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	a := op.NewAPI("things", "东西", mux, mw...)
	op.Handle(a, "POST /v1/things/{id}/rename", "Rename", "Rename a thing", func(_ context.Context, r rename) (thing, error) {
		switch r.ID {
		case "gone":
			return thing{}, errGone
		case "boom":
			return thing{}, errors.New("dial tcp 10.0.0.1: secret detail")
		}
		if r.Loud {
			r.Name = strings.ToUpper(r.Name)
		}
		return thing{Name: r.ID + r.Name}, nil
	}, op.MaxBody(1000))
	op.Handle(a, "GET /v1/file", "File", "A file", func(context.Context, struct{}) (op.File, error) {
		return op.File{Name: "纪要 1.pdf", MediaType: "application/pdf", Body: io.NopCloser(strings.NewReader("x"))}, nil
	}, op.Public())
	op.Handle(a, "GET /v1/broken", "Broken", "A file that fails", func(_ context.Context, r brokenAt) (op.File, error) {
		body := io.MultiReader(strings.NewReader(strings.Repeat("x", r.Byte)), failing{})
		return op.File{Name: "x.zip", MediaType: "application/zip", Body: io.NopCloser(body)}, nil
	}, op.Public())
	if err := a.ServeOpenAPI(); err != nil {
		t.Fatal(err)
	}
	return mux
}

type brokenAt struct {
	Byte int `query:"byte" json:"-"`
}

// failing is a file that cannot be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errGone }

func call(t testing.TB, mux http.Handler, method, path, body string) (*httptest.ResponseRecorder, op.Problem) {
	t.Helper()
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	var p op.Problem
	if w.Header().Get("Content-Type") == "application/problem+json" {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
	}
	return w, p
}

func TestRequestsAreReadFromTheirPlaces(t *testing.T) {
	t.Parallel()
	w, _ := call(t, server(t), "POST", "/v1/things/7/rename?loud=true", `{"name":"ab"}`)
	if w.Code != 200 || w.Header().Get("ETag") != `"v1"` || !strings.Contains(w.Body.String(), `"name":"7AB"`) {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, path, body, code string
		status                 int
		violations             []string // field:code
	}{
		{
			"EveryViolationAtOnce", "/v1/things/1/rename?loud=maybe", `{"name":7,"amount_fen":1.5,"tags":"x","nope":1,"inner":{"b":1},"name":"x"}`, "invalid_input", 400,
			[]string{"amount_fen:wrong_type", "inner.b:unknown_field", "loud:wrong_type", "name:duplicate_field", "name:wrong_type", "nope:unknown_field", "tags:wrong_type"},
		},
		{"DecodingAndRulesTogether", "/v1/things/1/rename", `{"amount_fen":-1,"tags":3}`, "invalid_input", 400, []string{"amount_fen:out_of_range", "name:required", "tags:wrong_type"}},
		{"EmptyBody", "/v1/things/1/rename", ``, "invalid_input", 400, []string{"name:required"}},
		{"NotAnObject", "/v1/things/1/rename", `[1]`, "bad_json", 400, nil},
		{"TextAfter", "/v1/things/1/rename", `{"name":"a"} {}`, "bad_json", 400, nil},
		{"CutOff", "/v1/things/1/rename", `{"name":"a"`, "bad_json", 400, nil},
		{"TooLarge", "/v1/things/1/rename", `{"name":"` + strings.Repeat("a", 2000) + `"}`, "body_too_large", 400, nil},
		{"HugeNumber", "/v1/things/1/rename", `{"name":"a","amount_fen":99999999999999999999}`, "invalid_input", 400, []string{"amount_fen:wrong_type"}},
		{"Typed", "/v1/things/gone/rename", `{"name":"a"}`, "thing_gone", 404, nil},
		{"UntypedIsHidden", "/v1/things/boom/rename", `{"name":"a"}`, "internal", 500, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := call(t, server(t), "POST", tt.path, tt.body)
			var got []string
			for _, v := range p.Violations {
				got = append(got, v.Field+":"+v.Code)
				if v.Msg == "" || v.MsgEN == "" {
					t.Errorf("%s lacks a language", v.Field)
				}
			}
			slices.Sort(got)
			if w.Code != tt.status || p.Code != tt.code || !slices.Equal(got, tt.violations) || strings.Contains(w.Body.String(), "secret") {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if p.Title == "" || p.TitleEN == "" || p.Status != tt.status {
				t.Fatalf("incomplete problem: %+v", p)
			}
		})
	}
}

func TestMiddlewareStandsInOrder(t *testing.T) {
	t.Parallel()
	var seen []string
	mark := func(tag string) op.Middleware {
		return func(i op.Info) endpoint.Middleware {
			return func(next endpoint.Endpoint) endpoint.Endpoint {
				return func(ctx context.Context, in any) (any, error) {
					seen = append(seen, tag+" "+i.Name)
					return next(ctx, in)
				}
			}
		}
	}
	call(t, server(t, mark("outer"), mark("inner")), "POST", "/v1/things/1/rename", `{"name":"a"}`)
	if !slices.Equal(seen, []string{"outer things.Rename", "inner things.Rename"}) {
		t.Fatal(seen)
	}
}

// TestHalfAFileIsNeverTakenForAWholeOne reads files over a real connection that
// break off at the beginning and further on.
func TestHalfAFileIsNeverTakenForAWholeOne(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(server(t))
	t.Cleanup(s.Close)
	for _, n := range []int{0, 1, 1 << 20} {
		resp, err := s.Client().Get(fmt.Sprintf("%s/v1/broken?byte=%d", s.URL, n))
		if err != nil {
			if n == 0 {
				t.Fatal(err)
			}
			continue // cut before the head left the server's buffer
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if n > 0 {
			if err == nil {
				t.Errorf("%d bytes of a broken file read as whole", len(body))
			}
			continue
		}
		if err != nil || resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Disposition") != "" || !strings.Contains(string(body), "thing_gone") {
			t.Errorf("%v %d %v %s", err, resp.StatusCode, resp.Header, body)
		}
	}
}

// TestAFileIsTakenUpWhereItWasCut asks for the rest of a file, as clients that
// were cut off do.
func TestAFileIsTakenUpWhereItWasCut(t *testing.T) {
	t.Parallel()
	const whole, tag = "0123456789", `"sum"`
	mux := http.NewServeMux()
	op.Handle(op.NewAPI("things", "事物", mux), "GET /v1/file", "File", "A file", func(_ context.Context, r rest) (op.File, error) {
		from := op.RangeOf(r.Range, r.If, tag, int64(len(whole)))
		return op.File{
			Name: "f", MediaType: "application/zip", Body: io.NopCloser(strings.NewReader(whole[from:])), Size: int64(len(whole)), ETag: tag, From: from,
		}, nil
	})
	for name, c := range map[string]struct {
		ask, condition string
		status         int
		body, span     string
	}{
		"everything":       {"", "", 200, whole, ""},
		"the rest":         {"bytes=7-", "", 206, "789", "bytes 7-9/10"},
		"while unchanged":  {"bytes=7-", tag, 206, "789", "bytes 7-9/10"},
		"of another file":  {"bytes=7-", `"other"`, 200, whole, ""},
		"nothing is left":  {"bytes=10-", "", 200, whole, ""},
		"a part of it":     {"bytes=2-3", "", 200, whole, ""},
		"the last of it":   {"bytes=-3", "", 200, whole, ""},
		"in another unit":  {"rows=3-", "", 200, whole, ""},
		"from no position": {"bytes=x-", "", 200, whole, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/file", nil)
			r.Header.Set("Range", c.ask)
			r.Header.Set("If-Range", c.condition)
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != c.status || w.Body.String() != c.body || h.Get("Content-Range") != c.span || h.Get("ETag") != tag || h.Get("Content-Length") != strconv.Itoa(len(c.body)) {
				t.Errorf("%d %q %v", w.Code, w.Body, h)
			}
		})
	}
}

type rest struct {
	Range string `header:"Range" json:"-"`
	If    string `header:"If-Range" json:"-"`
}

func TestFilesAreNamedSafely(t *testing.T) {
	t.Parallel()
	w, _ := call(t, server(t), "GET", "/v1/file", "")
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename*=UTF-8''%E7%BA%AA%E8%A6%81%201.pdf` {
		t.Fatal(got)
	}
}

// either is an answer, and a file to those who want one.
type either struct {
	Text string `json:"text"`
	file *op.File
}

func (e either) File() (op.File, bool) {
	if e.file == nil {
		return op.File{}, false
	}
	return *e.file, true
}

func TestAnAnswerMayBeAFileInstead(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	a := op.NewAPI("things", "东西", mux)
	type request struct {
		AsFile bool `query:"as_file" json:"-"`
	}
	op.Handle(a, "GET /v1/either", "GetEither", "One or the other", func(_ context.Context, r request) (either, error) {
		if !r.AsFile {
			return either{Text: "x"}, nil
		}
		return either{file: &op.File{Name: "x.txt", MediaType: "text/plain", Body: io.NopCloser(strings.NewReader("y"))}}, nil
	})
	for query, want := range map[string]struct{ mediaType, body string }{
		"": {"application/json; charset=utf-8", "{\"text\":\"x\"}\n"}, "?as_file=true": {"text/plain", "y"},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/either"+query, nil))
		if w.Header().Get("Content-Type") != want.mediaType || w.Body.String() != want.body {
			t.Errorf("%s: %s %q", query, w.Header(), w.Body)
		}
	}
	doc, err := a.OpenAPI()
	if err != nil || !strings.Contains(string(doc), `"text"`) || strings.Contains(string(doc), `"file"`) {
		t.Errorf("%s %v", doc, err)
	}
}

func TestOpenAPIFollowsTheTypes(t *testing.T) {
	t.Parallel()
	w, _ := call(t, server(t), "GET", "/openapi.json", "")
	var doc struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Paths["/v1/things/{id}/rename"]["post"]["operationId"] != "Rename" {
		t.Fatalf("%s", w.Body)
	}
	for _, want := range []string{`"amount_fen"`, `"violations"`, `"loud"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s is not described", want)
		}
	}
}

// TestWhatNoOperationAnswersIsAProblemToo asks for addresses that are not there,
// and for those that are there by methods they do not have.
func TestWhatNoOperationAnswersIsAProblemToo(t *testing.T) {
	t.Parallel()
	mux := server(t)
	mux.HandleFunc("GET /v1/things/{id}/rename", func(http.ResponseWriter, *http.Request) {})
	op.Fallback(mux, "/")
	for _, tt := range []struct {
		name, method, path, code, allow string
		status                          int
	}{
		{"NoSuchPath", "GET", "/v1/does-not-exist", "unknown_path", "", 404},
		{"NoSuchPathToWrite", "POST", "/", "unknown_path", "", 404},
		{"OneMethod", "DELETE", "/v1/file", "http_method_not_allowed", "GET, HEAD", 405},
		{"Several", "PATCH", "/v1/things/1/rename", "http_method_not_allowed", "GET, HEAD, POST", 405},
		{"AMethodNobodyHas", "BREW", "/openapi.json", "http_method_not_allowed", "GET, HEAD", 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := call(t, mux, tt.method, tt.path, "")
			if w.Code != tt.status || p.Status != tt.status || p.Code != tt.code || p.Title == "" || p.TitleEN == "" || w.Header().Get("Allow") != tt.allow {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
		})
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"": 0, "*": 0, `"v3"`: 3, `v3`: -1, `"v0"`: -1, `"x"`: -1} {
		got, err := op.ParseETag(in)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %d %v", in, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"a","amount_fen":1}`)
	f.Add(`{"name":"a","inner":{"a":1e400}}`)
	f.Add("{\"name\":\"\\ud800\"}")
	mux := server(f)
	f.Fuzz(func(t *testing.T, body string) {
		w, _ := call(t, mux, "POST", "/v1/things/1/rename", body)
		if w.Code != 200 && w.Code != 400 {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if !json.Valid(w.Body.Bytes()) || !utf8.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: answer is not JSON: %s", body, w.Body)
		}
	})
}

// application is a request with every shape that bodies have.
type application struct {
	Title string `json:"title"`
	Basis []struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
		Year int    `json:"year"`
	} `json:"basis"`
	Lines []line            `json:"lines"`
	By    map[string]line   `json:"by"`
	Since *calendar.Date    `json:"since"`
	At    time.Time         `json:"at"`
	Area  policy.Decimal    `json:"area"`
	Sum   []byte            `json:"sum"`
	Case  json.RawMessage   `json:"case"`
	Any   any               `json:"any"`
	Notes map[string]string `json:"notes"`
	Share float64           `json:"share"`
	Seats uint8             `json:"seats"`
	Deep  *application      `json:"deep"`
}

type line struct {
	amount
	Class string `json:"class"`
}

type amount struct {
	Fen int64 `json:"fen"`
}

// applying takes applications and hands them to got.
func applying(got func(application)) *http.ServeMux {
	mux := http.NewServeMux()
	op.Handle(op.NewAPI("things", "东西", mux), "POST /v1/apply", "Apply", "Apply", func(_ context.Context, a application) (struct{}, error) {
		got(a)
		return struct{}{}, nil
	})
	return mux
}

// TestNestedBodiesAreAsStrict holds what is inside of a body to what holds for
// its own fields: every fault at once, each under its path, none in the words
// of the Go library.
func TestNestedBodiesAreAsStrict(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, body string
		found      []string // field:code; none: the body is taken
	}{
		{"Sound", `{"title":"a","basis":[{"kind":"a","text":"b","year":2026}],"lines":[{"fen":1,"class":"x"}],"by":{"a":{"fen":2}},"at":"2026-01-02T03:04:05+08:00","area":1.25,"sum":"AQI=","case":{"a":[1]},"any":[{"a":1}]}`, nil},
		{"NullIsAbsent", `{"title":null,"basis":null,"since":null,"case":null,"area":null,"deep":{"deep":null}}`, nil},
		{"RepeatedInside", `{"basis":[{"kind":"a","kind":"key_work"}]}`, []string{"basis[0].kind:duplicate_field"}},
		{"RepeatedByEscape", `{"basis":[{"kind":"a","k\u0069nd":"key_work"}]}`, []string{"basis[0].kind:duplicate_field"}},
		{"OtherCaseInside", `{"basis":[{"KIND":"a"}]}`, []string{"basis[0].KIND:unknown_field"}},
		{"OtherCase", `{"Title":"a"}`, []string{"Title:unknown_field"}},
		{"AllInside", `{"basis":[{"q":1,"r":{"kind":[2]},"year":"x"},{"kind":7},[]]}`, []string{
			"basis[0].q:unknown_field", "basis[0].r:unknown_field", "basis[0].year:wrong_type", "basis[1].kind:wrong_type", "basis[2]:wrong_type",
		}},
		{"NothingInAList", `{"lines":[null]}`, []string{"lines[0]:wrong_type"}},
		{"Promoted", `{"lines":[{"fen":1,"fen":2,"amount":{"fen":3}}]}`, []string{"lines[0].fen:duplicate_field", "lines[0].amount:unknown_field"}},
		{"NamesOfTheCaller", `{"by":{"a":{"fen":1},"a":{"fen":2},"b.c":{"fen":1.5}}}`, []string{"by.a:duplicate_field", "by.b.c.fen:wrong_type"}},
		{"RawIsNoWayAround", `{"case":{"om":{"a":1,"a":2},"b":[{"c":1,"c":1}]}}`, []string{"case.om.a:duplicate_field", "case.b[0].c:duplicate_field"}},
		{"AnyIsNoWayAround", `{"any":{"a":1,"a":2}}`, []string{"any.a:duplicate_field"}},
		{"Far", `{"deep":{"deep":{"since":"2026-02-30","seats":300,"share":"1"}}}`, []string{
			"deep.deep.since:invalid_date", "deep.deep.seats:wrong_type", "deep.deep.share:wrong_type",
		}},
		{"OwnForms", `{"at":"noon","area":"1","sum":"%","since":7}`, []string{"at:wrong_type", "area:wrong_type", "sum:wrong_type", "since:wrong_type"}},
		{"EmptyName", `{"":1}`, []string{":unknown_field"}},
		{"LongName", `{"` + strings.Repeat("长", 500) + `":1}`, []string{strings.Repeat("长", 64) + "…:unknown_field"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			taken := false
			w, p := call(t, applying(func(application) { taken = true }), "POST", "/v1/apply", tt.body)
			var got []string
			for _, v := range p.Violations {
				got = append(got, v.Field+":"+v.Code)
			}
			if !slices.Equal(got, tt.found) || taken != (tt.found == nil) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for _, word := range []string{"json", "Go ", "unmarshal", "struct", "op_test", "cannot"} {
				if strings.Contains(w.Body.String(), word) {
					t.Errorf("a person reads %q: %s", word, w.Body)
				}
			}
		})
	}
}

// TestAnAnswerIsNotManyTimesItsQuestion sends as many faults as fit.
func TestAnAnswerIsNotManyTimesItsQuestion(t *testing.T) {
	t.Parallel()
	many := `{"lines":[` + strings.TrimSuffix(strings.Repeat("1,", 400_000), ",") + `]}`
	w, p := call(t, applying(func(application) {}), "POST", "/v1/apply?"+strings.Repeat("a&b&", 3), many)
	if n := len(p.Violations); n != 103 || p.Violations[n-1].Code != "more_violations" || p.Violations[n-1].Field != "lines[100]" || w.Code != 400 {
		t.Errorf("%d: %d violations, the last %+v", w.Code, n, p.Violations[n-1])
	}
	var query strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&query, "q%d&", i)
	}
	if _, p = call(t, applying(func(application) {}), "POST", "/v1/apply?"+query.String(), ""); len(p.Violations) != 101 || p.Violations[100].Code != "more_violations" {
		t.Errorf("%d violations of a query", len(p.Violations))
	}
}

// TestQueriesAreStrict: a mistyped filter is refused, not passed over.
func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	type search struct {
		Unit  string `query:"unit" json:"-"`
		State string `query:"state" json:"-" enum:"open,closed"`
		Limit int    `query:"limit" json:"-"`
	}
	mux := http.NewServeMux()
	op.Handle(op.NewAPI("things", "东西", mux), "GET /v1/things", "List", "List", func(context.Context, search) (struct{}, error) { return struct{}{}, nil })
	for name, tt := range map[string]struct {
		query string
		found []string
	}{
		"Declared":       {"unit=a&state=open&limit=3", nil},
		"Empty":          {"unit=&state=&limit=", nil},
		"Nothing":        {"", nil},
		"Mistyped":       {"unti=a", []string{"unti:unknown_parameter"}},
		"OtherCase":      {"Unit=a", []string{"Unit:unknown_parameter"}},
		"Repeated":       {"unit=a&unit=b", []string{"unit:duplicate_parameter"}},
		"EveryOneAtOnce": {"x=1&unit=a&unit=a&y&limit=z&state=shut", []string{"unit:duplicate_parameter", "x:unknown_parameter", "y:unknown_parameter", "state:unknown_code", "limit:wrong_type"}},
		"OutsideTheList": {"state=OPEN", []string{"state:unknown_code"}},
		"Malformed":      {"unit=%zz", []string{"query:bad_query"}},
		"Semicolon":      {"unit=a;state=open", []string{"query:bad_query"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := call(t, mux, "GET", "/v1/things?"+tt.query, "")
			var got []string
			for _, v := range p.Violations {
				got = append(got, v.Field+":"+v.Code)
			}
			if !slices.Equal(got, tt.found) || (w.Code == 200) != (tt.found == nil) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// FuzzBodiesAreReadAsWritten holds the reader to encoding/json: what it takes,
// that reads the same, and it takes nothing that the other would not.
func FuzzBodiesAreReadAsWritten(f *testing.F) {
	f.Add(`{"title":"\ud83d\ude00 \n","basis":[{"kind":"a","year":-3}],"lines":[{"fen":1},{}],"by":{"a":{"class":"x"}},"since":"2026-01-02"}`)
	f.Add(`{"case": {"a" : [ 1 , {"b":null} ] } ,"any":[1.5e3,"x",{"y":true}],"notes":{"":"z"},"share":1e-3,"seats":255}`)
	f.Add(`{"deep":{"deep":{"area":0.5,"sum":"AQI=","at":"2026-01-02T03:04:05Z"}}}`)
	f.Add("{\"basis\":[{\"kind\":\"a\",\"kind\":\"b\"}]}")
	f.Add(`{"lines":[[]],"title":{"a":["]"]},"by":7}`)
	f.Fuzz(func(t *testing.T, text string) {
		var got *application
		w, _ := call(t, applying(func(a application) { got = &a }), "POST", "/v1/apply", text)
		if got == nil {
			if w.Code != 400 || !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%q: %d %s", text, w.Code, w.Body)
			}
			return
		}
		var want application
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil && strings.TrimSpace(text) != "" {
			t.Fatalf("%q is taken: %v", text, err)
		}
		a, errA := json.Marshal(*got)
		b, errB := json.Marshal(want)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Fatalf("%q is read as\n%s, not\n%s", text, a, b)
		}
	})
}

// BenchmarkDecodeNested is a draft as the portal sends it: two kilobytes, most
// of them inside of lists.
func BenchmarkDecodeNested(b *testing.B) {
	mux := applying(func(application) {})
	row := strings.TrimSuffix(strings.Repeat(`{"kind":"key_work","text":"区委区政府重点工作","year":2026},`, 10), ",")
	lines := strings.TrimSuffix(strings.Repeat(`{"fen":12345600,"class":"development"},`, 20), ",")
	body := `{"title":"一网通办","basis":[` + row + `],"lines":[` + lines + `],"case":{"kind":"build","amount_fen":1}}`
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", "/v1/apply", strings.NewReader(body)))
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	mux := server(b)
	body := `{"name":"a","amount_fen":1,"tags":["a","b"],"inner":{"a":1}}`
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("POST", "/v1/things/1/rename", strings.NewReader(body)))
	}
}

func TestRemoteAddress(t *testing.T) {
	t.Parallel()
	type call struct {
		Address string `remote:"addr" json:"-"`
	}
	for name, tt := range map[string]struct{ remote, want string }{
		"IPv4": {"192.0.2.7:5123", "192.0.2.7"},
		"IPv6": {"[2001:db8::7]:5123", "2001:db8::7"},
		"Unix": {"@", "@"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got string
			mux := http.NewServeMux()
			op.Handle(op.NewAPI("things", "东西", mux), "POST /v1/call", "Call", "Call", func(_ context.Context, c call) (thing, error) {
				got = c.Address
				return thing{}, nil
			})
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/call", nil)
			r.RemoteAddr = tt.remote
			r.Header.Set("addr", "203.0.113.1")
			mux.ServeHTTP(httptest.NewRecorder(), r)
			if got != tt.want {
				t.Errorf("address %q, want %q", got, tt.want)
			}
		})
	}
}
