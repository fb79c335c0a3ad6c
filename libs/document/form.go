package document

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// own are the interfaces by which a type says its own form.
var own = []reflect.Type{
	reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
}

// hasOwn reports whether a type, or a pointer to it, has a form of its own.
func hasOwn(t reflect.Type) bool {
	return slices.ContainsFunc(own, func(i reflect.Type) bool { return t.Implements(i) || reflect.PointerTo(t).Implements(i) })
}

// newForm is nil for a type that is left to encoding/json.
func newForm(t reflect.Type, within []reflect.Type) *form {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &form{writeTime, readOwn}
	case t.Kind() != reflect.Pointer && hasOwn(t):
		// Written alike whether it can be addressed or not.
		for _, i := range own[:2] {
			if reflect.PointerTo(t).Implements(i) && !t.Implements(i) {
				return nil
			}
		}
		switch to := reflect.PointerTo(t); {
		case to.Implements(own[2]):
			return &form{writeOther, readOwn}
		case to.Implements(own[3]):
			return &form{writeOther, readOwnText}
		}
		return &form{writeOther, readOther}
	}
	switch t.Kind() {
	case reflect.Bool:
		return &form{func(out []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(out, v.Bool()), nil }, readBool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &form{func(out []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(out, v.Int(), 10), nil }, readInt}
	case reflect.String:
		if t == reflect.TypeFor[json.Number]() {
			return nil
		}
		return &form{func(out []byte, v reflect.Value) ([]byte, error) { return appendText(out, v.String()), nil }, readText}
	case reflect.Pointer:
		return pointerForm(t, within)
	case reflect.Slice:
		return sliceForm(t, within)
	case reflect.Struct:
		return structForm(t, within)
	case reflect.Interface:
		return &form{writeDynamic, readOther}
	case reflect.Map:
		return &form{writeMap, readMap}
	}
	return &form{writeOther, readOther}
}

func writeOther(out []byte, v reflect.Value) ([]byte, error) {
	b, err := json.Marshal(v.Interface())
	return append(out, b...), err
}

func writeMap(out []byte, v reflect.Value) ([]byte, error) {
	if !v.IsNil() && v.Len() == 0 {
		return append(out, "{}"...), nil
	}
	return writeOther(out, v)
}

// writeDynamic writes what an interface holds.
func writeDynamic(out []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return append(out, "null"...), nil
	}
	if f := formOf(v.Elem().Type()); f != nil {
		return f.write(out, v.Elem())
	}
	return writeOther(out, v)
}

func writeTime(out []byte, v reflect.Value) ([]byte, error) {
	var at time.Time
	if v.CanAddr() {
		at = *v.Addr().Interface().(*time.Time)
	} else {
		at = v.Interface().(time.Time)
	}
	if text, err := at.AppendText(append(out, '"')); err == nil {
		return append(text, '"'), nil
	}
	return writeOther(out, v) // which says what is wrong
}

func pointerForm(t reflect.Type, within []reflect.Type) *form {
	if t.Implements(own[0]) && !t.Elem().Implements(own[0]) || t.Implements(own[1]) && !t.Elem().Implements(own[1]) {
		return &form{writeOther, readOther}
	}
	inner := formWithin(t.Elem(), within)
	if inner == nil || t.Elem().Kind() == reflect.Pointer {
		return nil
	}
	return &form{
		func(out []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(out, "null"...), nil
			}
			return inner.write(out, v.Elem())
		},
		func(p *parser, v reflect.Value) bool {
			if p.null() {
				return true
			}
			to := reflect.New(t.Elem())
			if !inner.read(p, to.Elem()) {
				return false
			}
			v.Set(to)
			return true
		},
	}
}

func sliceForm(t reflect.Type, within []reflect.Type) *form {
	if t.Elem().Kind() == reflect.Uint8 {
		return &form{writeOther, readOther}
	}
	inner := formWithin(t.Elem(), within)
	if inner == nil {
		return nil
	}
	return &form{
		func(out []byte, v reflect.Value) (_ []byte, err error) {
			if v.IsNil() {
				return append(out, "null"...), nil
			}
			out = append(out, '[')
			for i := range v.Len() {
				if i > 0 {
					out = append(out, ',')
				}
				if out, err = inner.write(out, v.Index(i)); err != nil {
					return out, err
				}
			}
			return append(out, ']'), nil
		},
		func(p *parser, v reflect.Value) bool {
			if p.null() {
				return true
			}
			v.Set(reflect.MakeSlice(t, 0, 0))
			n := 0
			return p.list('[', ']', func() bool {
				if n == v.Cap() {
					v.Grow(max(n, 4))
				}
				n++
				v.SetLen(n)
				return inner.read(p, v.Index(n-1))
			})
		},
	}
}

func structForm(t reflect.Type, within []reflect.Type) *form {
	list, ok := members(t, nil, within)
	if !ok {
		return nil
	}
	by := make(map[string]int, len(list))
	for i, m := range list {
		by[m.name[1:len(m.name)-2]] = i
	}
	if len(by) < len(list) || len(list) > 64 {
		return nil // of two fields with one name, rules say which counts
	}
	return &form{
		func(out []byte, v reflect.Value) (_ []byte, err error) {
			sep := byte('{')
			for i := range list {
				m := &list[i]
				field := fieldAt(v, m.index)
				if m.omit(field) {
					continue
				}
				out = append(append(out, sep), m.name...)
				sep = ','
				if out, err = m.write(out, field); err != nil {
					return out, err
				}
			}
			if sep == '{' {
				out = append(out, '{')
			}
			return append(out, '}'), nil
		},
		func(p *parser, v reflect.Value) bool {
			if p.null() {
				return true
			}
			var seen uint64
			return p.list('{', '}', func() bool {
				name, ok := p.plain()
				if !ok || !p.next(':') {
					return false
				}
				i, ok := by[name]
				if !ok {
					return !slices.ContainsFunc(list, func(m member) bool {
						return strings.EqualFold(m.name[1:len(m.name)-2], name)
					}) && p.other() != ""
				}
				if seen&(1<<i) != 0 {
					return false
				}
				seen |= 1 << i
				return list[i].read(p, fieldAt(v, list[i].index))
			})
		},
	}
}

func fieldAt(v reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		v = v.Field(i)
	}
	return v
}

// special are the bytes at which a text may need an escape: 0xE2 begins the two
// line ends of Unicode, which JavaScript took for its own.
var special = func() (t [256]bool) {
	for c := range 0x20 {
		t[c] = true
	}
	for _, c := range []byte{'"', '\\', '<', '>', '&', 0xe2} {
		t[c] = true
	}
	return t
}()

func appendText(out []byte, s string) []byte {
	for i := range len(s) {
		if special[s[i]] {
			return appendEscaped(out, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendEscaped(out, s)
	}
	return append(append(append(out, '"'), s...), '"')
}

func appendEscaped(out []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("document: a text always encodes: " + err.Error())
	}
	return append(out, b...)
}
