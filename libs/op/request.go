package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"egov/libs/fault"
)

// Request is one call as middleware sees it: read, bounded, not yet decoded.
type Request struct {
	HTTP *http.Request
	Body []byte
}

// Key is the caller's Idempotency-Key, or empty.
func (r *Request) Key() string { return r.HTTP.Header.Get("Idempotency-Key") }

// Token is the bearer token, or empty.
func (r *Request) Token() string {
	t, ok := strings.CutPrefix(r.HTTP.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return t
}

// Remote is the network address of the caller, without its port: of the last
// proxy, where there is one.
func (r *Request) Remote() string {
	host, _, err := net.SplitHostPort(r.HTTP.RemoteAddr)
	if err != nil {
		return r.HTTP.RemoteAddr // not of a TCP listener
	}
	return host
}

var (
	errBody    = fault.New(fault.Invalid, "bad_json", "请求体不是合法的JSON对象", "the body is not a JSON object")
	errTooBig  = fault.New(fault.Invalid, "body_too_large", "请求体超过允许的大小", "the body is larger than allowed")
	errIfMatch = fault.New(fault.Invalid, "bad_if_match", "If-Match不是本系统给出的版本标识", "If-Match is not an entity tag of this service")
)

func readRequest(r *http.Request, info Info) (*Request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, info.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errTooBig
		}
		return nil, errBody.With(err)
	}
	return &Request{HTTP: r, Body: body}, nil
}

// decode fills *dst, a pointer to a struct, from the request, and validates it
// by check or by its own Validate.
func (r *Request) decode(ctx context.Context, dst any, check func(context.Context, any) error) (any, error) {
	var c fault.Checks
	v := reflect.ValueOf(dst).Elem()
	if v.Kind() == reflect.Struct {
		fields, err := splitBody(r.textBody(v), &c)
		if err != nil {
			return nil, err
		}
		r.bind(v, fields, &c)
		for _, name := range fields.names {
			if !fields.used[name] {
				c.Require(false, name, "unknown_field", "没有这个字段", "there is no such field")
			}
		}
	}
	broken := c.Err()
	if check == nil {
		check = func(_ context.Context, v any) error {
			if val, ok := v.(interface{ Validate() error }); ok {
				return val.Validate()
			}
			return nil
		}
	}
	if err := check(ctx, dst); err != nil {
		return nil, merge(broken, err)
	}
	if broken != nil {
		return nil, broken
	}
	return dst, nil
}

// textBody is the body to be taken apart; empty when the request type takes it
// whole, by a []byte field tagged `body:"raw"`.
func (r *Request) textBody(v reflect.Value) []byte {
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Tag.Get("body") == "raw" {
			v.FieldByIndex(f.Index).SetBytes(r.Body)
			return nil
		}
	}
	return r.Body
}

// merge reports what decoding and validation found together; a field that
// could not be decoded is not reported again for being empty.
func merge(decoding, validation error) error {
	if decoding == nil {
		return validation
	}
	d, v := fault.From(decoding), fault.From(validation)
	if v.Kind != fault.Invalid {
		return decoding
	}
	seen := map[string]bool{}
	for _, x := range d.Violations {
		seen[x.Field] = true
	}
	all := d.Violations
	for _, x := range v.Violations {
		if !seen[x.Field] {
			all = append(all, x)
		}
	}
	return fault.InvalidInput.WithViolations(all...)
}

// body is a JSON object taken apart by its own keys.
type body struct {
	names []string
	raw   map[string]json.RawMessage
	used  map[string]bool
}

func splitBody(b []byte, c *fault.Checks) (body, error) {
	out := body{raw: map[string]json.RawMessage{}, used: map[string]bool{}}
	if len(bytes.TrimSpace(b)) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return out, errBody.With(err)
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return out, errBody.With(err)
		}
		name := t.(string) // keys of an object are strings
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return out, errBody.With(err)
		}
		if _, twice := out.raw[name]; twice {
			c.Require(false, name, "duplicate_field", "字段重复", "the field appears twice")
			continue
		}
		out.names = append(out.names, name)
		out.raw[name] = raw
	}
	if _, err := d.Token(); err != nil {
		return out, errBody.With(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return out, errBody.With(errors.New("text after the object"))
	}
	return out, nil
}

func (r *Request) bind(v reflect.Value, b body, c *fault.Checks) {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			r.bind(v.Field(i), b, c)
			continue
		}
		if !f.IsExported() {
			continue
		}
		switch {
		case f.Tag.Get("body") != "":
		case f.Tag.Get("path") != "":
			bindText(v.Field(i), r.HTTP.PathValue(f.Tag.Get("path")), f.Tag.Get("path"), c)
		case f.Tag.Get("query") != "":
			name := f.Tag.Get("query")
			bindText(v.Field(i), r.HTTP.URL.Query().Get(name), name, c)
		case f.Tag.Get("header") != "":
			name := f.Tag.Get("header")
			bindText(v.Field(i), r.HTTP.Header.Get(name), name, c)
		case f.Tag.Get("remote") == "addr":
			bindText(v.Field(i), r.Remote(), "", c)
		default:
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || name == "" {
				continue
			}
			raw, ok := b.raw[name]
			if !ok {
				continue
			}
			b.used[name] = true
			bindJSON(v.Field(i), raw, name, c)
		}
	}
}

func bindJSON(dst reflect.Value, raw json.RawMessage, name string, c *fault.Checks) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(dst.Addr().Interface())
	if err == nil {
		return
	}
	dst.SetZero()
	field := name
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && te.Field != "" {
		field += "." + te.Field
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		c.Require(false, field, f.Code, f.Msg, f.MsgEN, f.Basis...)
		return
	}
	c.Require(false, field, "wrong_type", "值的类型或格式不对："+kindName(dst.Type()), "the value must be "+kindNameEN(dst.Type())+": "+plain(err))
}

// plain keeps of a json error what a caller can use.
func plain(err error) string { return strings.TrimPrefix(err.Error(), "json: ") }

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "须为整数"
	case reflect.Bool:
		return "须为true或false"
	case reflect.String:
		return "须为文本"
	case reflect.Slice:
		return "须为数组"
	default:
		return "须为规定的结构"
	}
}

func kindNameEN(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "an integer"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Slice:
		return "an array"
	default:
		return "of the documented shape"
	}
}

func bindText(dst reflect.Value, s, name string, c *fault.Checks) {
	if s == "" {
		return
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(s)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, dst.Type().Bits())
		if c.Require(err == nil, name, "wrong_type", "须为整数", "must be an integer") {
			dst.SetInt(n)
		}
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if c.Require(err == nil, name, "wrong_type", "须为true或false", "must be true or false") {
			dst.SetBool(b)
		}
	default:
		panic(fmt.Sprintf("op: field %s cannot be read from text", name)) // found by any test of the operation
	}
}

// ParseETag reads an If-Match header as the version it names; 0 for none.
func ParseETag(s string) (int64, error) {
	if s == "" || s == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(s, `"v`), `"`), 10, 64)
	if err != nil || n < 1 {
		return 0, errIfMatch
	}
	return n, nil
}
