package op

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"egov/libs/fault"
)

// plan says where each field of a request type is read from. It is made once,
// when an operation is mounted.
type plan struct {
	raw   []int  // the field that takes the whole body, nil for none
	texts []text // what is read from the path, the query, headers and the connection
	query map[string]bool
	body  *shape
}

// text is a field that is read from outside of the body.
type text struct {
	in, name string // "path" and "id"
	index    []int
	among    []string // the values it may have, by its tag `enum:"a,b"`; nil: any
}

// planOf is the plan of a request type; nil for what is not a struct, which
// takes nothing.
func planOf(t reflect.Type) *plan {
	if t.Kind() != reflect.Struct {
		return nil
	}
	p := &plan{query: map[string]bool{}, body: &shape{form: formObject, typ: t}}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous && f.Type.Kind() == reflect.Struct || !f.IsExported() {
			continue
		}
		if f.Tag.Get("body") == "raw" {
			p.raw = f.Index
		}
		if in, name := source(f); in != "" {
			p.texts = append(p.texts, text{in, name, f.Index, among(f)})
			if in == "query" {
				p.query[name] = true
			}
		}
	}
	shapes{}.fields(p.body, t, nil, func(f reflect.StructField) (string, bool) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		in, _ := source(f)
		return name, in == "" && f.Tag.Get("body") == "" && name != "" && name != "-"
	})
	return p
}

// source is where a field's tag says that it is read from; none is the body.
func source(f reflect.StructField) (in, name string) {
	for _, in := range []string{"path", "query", "header", "remote"} {
		if name := f.Tag.Get(in); name != "" {
			return in, name
		}
	}
	return "", ""
}

// bind fills v from the request and gathers all that is wrong with it.
func (p *plan) bind(r *Request, v reflect.Value, c *fault.Checks) error {
	query := p.readQuery(r.HTTP.URL.RawQuery, c)
	for i := range p.texts {
		t := &p.texts[i]
		t.bind(v.FieldByIndex(t.index), t.of(r, query), c)
	}
	if p.raw != nil {
		v.FieldByIndex(p.raw).SetBytes(r.Body)
		return nil
	}
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return nil
	}
	if err := sound(r.Body); err != nil {
		return errBody.With(err)
	}
	b := body{text: r.Body, path: make([]step, 0, 8)}
	b.value(v, p.body)
	b.report(c)
	return nil
}

// readQuery reads the query: a parameter that the operation does not have, or
// has once, would otherwise widen the answer unseen.
func (p *plan) readQuery(raw string, c *fault.Checks) url.Values {
	if raw == "" {
		return nil
	}
	query, err := url.ParseQuery(raw)
	c.Require(err == nil, "query", "bad_query", "网址中的查询部分格式不对", "the query of the URL is malformed")
	left := maxViolations
	for _, name := range slices.Sorted(maps.Keys(query)) {
		known := p.query[name]
		if known && len(query[name]) == 1 {
			continue
		}
		if left--; left < 0 {
			c.Require(false, clip(name), "more_violations", "问题过多，自此处起未列出", "there are too many; from here on they are not listed")
			break
		}
		if c.Require(known, clip(name), "unknown_parameter", "没有这个查询参数", "there is no such query parameter") {
			c.Require(false, name, "duplicate_parameter", "查询参数重复", "the query parameter appears twice")
		}
	}
	return query
}

func among(f reflect.StructField) []string {
	if tag := f.Tag.Get("enum"); tag != "" {
		return strings.Split(tag, ",")
	}
	return nil
}

// of is what the request says there; empty for nothing.
func (t *text) of(r *Request, query url.Values) string {
	switch t.in {
	case "path":
		return r.HTTP.PathValue(t.name)
	case "query":
		return query.Get(t.name)
	case "header":
		return r.HTTP.Header.Get(t.name)
	default:
		return r.Remote()
	}
}

// bind sets the field; no text leaves it as it is.
func (t *text) bind(dst reflect.Value, s string, c *fault.Checks) {
	if s == "" {
		return
	}
	if t.among != nil && !c.Require(slices.Contains(t.among, s), t.name, "unknown_code",
		"只能是"+strings.Join(t.among, "、"), "is one of: "+strings.Join(t.among, ", ")) {
		return
	}
	switch dst.Kind() {
	case reflect.String:
		dst.SetString(s)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, dst.Type().Bits())
		if c.Require(err == nil, t.name, "wrong_type", "须为整数", "must be an integer") {
			dst.SetInt(n)
		}
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		if c.Require(err == nil, t.name, "wrong_type", "须为true或false", "must be true or false") {
			dst.SetBool(b)
		}
	default:
		panic(fmt.Sprintf("op: field %s cannot be read from text", t.name)) // found by any test of the operation
	}
}
