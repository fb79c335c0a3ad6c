package sign_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"pgregory.net/rapid"

	"egov/libs/fault"
	"egov/libs/sign"
)

func TestCanonicalJSON(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{
			"strings and literals of RFC 8785, 3.2.2",
			`{"string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}`,
			`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
		},
		{
			"order of RFC 8785, 3.2.3",
			`{"\u20ac":5,"\r":1,"\ufb33":7,"1":2,"\ud83d\ude00":6,"\u0080":3,"\u00f6":4}`,
			"{\"\\r\":1,\"1\":2,\"\u0080\":3,\"ö\":4,\"€\":5,\"😀\":6,\"\ufb33\":7}",
		},
		{"white space", " \t\r\n{ \"b\" : [ 1 , 2 ] , \"a\" : { } , \"\" : [ ] } \n", `{"":[],"a":{},"b":[1,2]}`},
		{"nested order", `{"b":{"z":1,"a":[{"y":1,"x":2}]},"a":0}`, `{"a":0,"b":{"a":[{"x":2,"y":1}],"z":1}}`},
		{"a prefix comes first", `{"aa":1,"a":2,"ab":3}`, `{"a":2,"aa":1,"ab":3}`},
		{"surrogate pairs among themselves", `{"\ud83d\ude01":1,"\ud83d\ude00":2}`, `{"😀":2,"😁":1}`},
		{"one integer in many clothes", `[10,1e1,1E+1,10.0,100e-1,0.1e2,1000000.00e-5]`, `[10,10,10,10,10,10,10]`},
		{"zero", `[0,-0,0.000,0e99999999999,-0E-5]`, `[0,0,0,0,0]`},
		{"bounds", `[9007199254740991,-9007199254740991,9.007199254740991e15]`, `[9007199254740991,-9007199254740991,9007199254740991]`},
		{"control characters", `"\u0000\u0008\u0009\u000a\u000c\u000d\u001f\u007f\b\f"`, `"\u0000\b\t\n\f\r\u001f` + "\x7f" + `\b\f"`},
		{"no escape where none is due", `"\u003c\u003e\u0026\u2028\/中"`, "\"<>&\u2028/中\""},
		{"the replacement character itself", `"\ufffd"`, "\"\ufffd\""},
		{"a bare string", `"x"`, `"x"`},
		{"null", `null`, `null`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := sign.CanonicalJSON([]byte(c.in))
			if err != nil || string(got) != c.want {
				t.Fatalf("%s %v", got, err)
			}
		})
	}
}

func TestNoCanonicalForm(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`[`, 70) + strings.Repeat(`]`, 70)
	cases := []struct {
		name  string
		doc   any
		code  string // of the violation
		field string
	}{
		{"fraction", json.RawMessage(`{"a":[1,{"b":0.5}]}`), "not_a_safe_integer", "a[1].b"},
		{"tiny", json.RawMessage(`[1e-400]`), "not_a_safe_integer", "[0]"},
		{"beyond 2^53-1", json.RawMessage(`{"amount_fen":9007199254740992}`), "not_a_safe_integer", "amount_fen"},
		{"huge exponent", json.RawMessage(`1e999999999999999999`), "not_a_safe_integer", ""},
		{"many digits", json.RawMessage(`1` + strings.Repeat("0", 5000)), "not_a_safe_integer", ""},
		{"float", map[string]any{"x": math.Pi}, "not_a_safe_integer", "x"},
		{"large int64", []int64{math.MaxInt64}, "not_a_safe_integer", "[0]"},
		{"same member twice", json.RawMessage(`{"o":{"a":1,"\u0061":2}}`), "duplicate_member", "o.a"},
		{"text that is not UTF-8", json.RawMessage("{\"a\":\"\xff\"}"), "not_unicode", "a"},
		{"Go string that is not UTF-8", map[string]string{"a": "x\xffy"}, "not_unicode", "a"},
		{"Go key that is not UTF-8", map[string]int{"\xff": 1}, "not_unicode", ""},
		{"lone high surrogate", json.RawMessage(`"\ud800"`), "not_unicode", ""},
		{"lone low surrogate", json.RawMessage(`"\udc00"`), "not_unicode", ""},
		{"two high surrogates", json.RawMessage(`"\ud800\ud800"`), "not_unicode", ""},
		{"too deep", json.RawMessage(deep), "too_deep", strings.Repeat("[0]", 65)},
		{"two values", json.RawMessage(`1 2`), "trailing_text", ""},
		{"nothing", json.RawMessage(``), "not_json", ""},
		{"leading zero", json.RawMessage(`01`), "not_json", ""},
		{"bare minus", json.RawMessage(`-`), "not_json", ""},
		{"no fraction digits", json.RawMessage(`1.`), "not_json", ""},
		{"no exponent digits", json.RawMessage(`1e+`), "not_json", ""},
		{"raw control character", json.RawMessage("\"\n\""), "not_json", ""},
		{"unknown escape", json.RawMessage(`"\x"`), "not_json", ""},
		{"short escape", json.RawMessage(`"\u12`), "not_json", ""},
		{"unclosed", json.RawMessage(`{"a":[1,2`), "not_json", "a"},
		{"trailing comma", json.RawMessage(`[1,]`), "not_json", "[1]"},
		{"byte order mark", json.RawMessage("\ufeff1"), "not_json", ""},
		{"name without quotes", json.RawMessage(`{a:1}`), "not_json", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := sign.Canonical(c.doc)
			f := fault.From(err)
			if out != nil || !errors.Is(err, sign.ErrDocument) || len(f.Violations) != 1 {
				t.Fatalf("%s %v", out, err)
			}
			if v := f.Violations[0]; v.Code != c.code || v.Field != c.field || v.Msg == "" || v.MsgEN == "" {
				t.Fatalf("%+v", v)
			}
		})
	}
	if _, err := sign.Canonical(make(chan int)); !errors.Is(err, sign.ErrDocument) {
		t.Errorf("a channel: %v", err)
	}
}

func anyDocument(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.String().AsAny(),
		rapid.Int64Range(-(1<<53)+1, 1<<53-1).AsAny(),
	}
	if depth > 0 {
		leaves = append(leaves,
			rapid.SliceOfN(anyDocument(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), anyDocument(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(leaves...)
}

func TestCanonicalFormIsTheDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := anyDocument(3).Draw(t, "document")
		form, err := sign.Canonical(doc)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sign.CanonicalJSON(form)
		if err != nil || !bytes.Equal(form, again) {
			t.Fatalf("%s became %s (%v)", form, again, err)
		}
		want, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		indented, err := json.MarshalIndent(doc, " ", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := sign.CanonicalJSON(indented); err != nil || !bytes.Equal(form, other) {
			t.Fatalf("layout changes %s to %s (%v)", form, other, err)
		}
		if !sameJSON(t, form, want) {
			t.Fatalf("%s is another document than %s", form, want)
		}
	})
}

type tester interface{ Fatal(args ...any) }

func sameJSON(t tester, a, b []byte) bool {
	decode := func(in []byte) any {
		dec := json.NewDecoder(bytes.NewReader(in))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	return reflect.DeepEqual(decode(a), decode(b))
}

func FuzzCanonicalJSON(f *testing.F) {
	for _, s := range []string{
		`{"b":1,"a":[true,null,"\ud83d\ude00"]}`, `-1.50e1`, `"\u0000"`, `{"a":1,"a":2}`, `[[[[]]]]`, "\"\xff\"", `1e99`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		form, err := sign.CanonicalJSON(in)
		if err != nil {
			if !errors.Is(err, sign.ErrDocument) {
				t.Fatalf("%v is no refusal of the document", err)
			}
			return
		}
		if !json.Valid(in) || !json.Valid(form) {
			t.Fatalf("%q is not JSON, but became %q", in, form)
		}
		again, err := sign.CanonicalJSON(form)
		if err != nil || !bytes.Equal(form, again) {
			t.Fatalf("%q became %q (%v)", form, again, err)
		}
		var a, b any
		if json.Unmarshal(in, &a) != nil || json.Unmarshal(form, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q is another document than %q", form, in)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	doc := map[string]any{
		"project": "P-2026-0001", "title": "城市运行管理平台升级", "amount_fen": int64(69479_0000_00),
		"materials": []string{"build_plan", "budget_plan", "crypto_plan"}, "unit": map[string]any{"code": "urban-ops", "name": "区城运中心"},
	}
	for b.Loop() {
		if _, err := sign.Canonical(doc); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWhatIsSignedIsCanonical: it is written without going through a document.
func TestWhatIsSignedIsCanonical(t *testing.T) {
	t.Parallel()
	for _, holder := range []string{"facilities", "区机关事务管理局 \"甲\" <&>\u2028", "\x01\\"} {
		key, err := sign.Generate(sign.SM2)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := key.For(holder).Sign("x", time.Unix(1_700_000_000, 123_456_789))
		if err != nil {
			t.Fatal(err)
		}
		digest := sm3.Sum([]byte(`"x"`))
		want, err := sign.Canonical(map[string]any{
			"signer": holder, "alg": "sm2", "context": "egov-document-signature-v1", "document": "sm3:" + hex.EncodeToString(digest[:]),
			"key_id": key.KeyID(), "signed_at": "2023-11-14T22:13:20.123456Z",
		})
		if err != nil || !key.Public().VerifyMessage(want, sig.Value) {
			t.Fatalf("%q: %v, or another message is signed", holder, err)
		}
	}
	key, err := sign.Generate(sign.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.For("\xff").Sign("x", time.Unix(1, 0)); !errors.Is(err, sign.ErrDocument) {
		t.Fatalf("a signer that is no text: %v", err)
	}
}
