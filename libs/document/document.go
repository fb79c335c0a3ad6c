// Package document writes Go values as JSON and reads them back as
// encoding/json does, byte for byte and value for value, in a fraction of its
// time: how a type's fields are written is found out once, and texts that need
// no escape are copied.
//
// What it is not sure of it leaves to encoding/json, the whole document or a
// part of it: types with a form of their own, maps, fractions, texts with
// escapes, names in other letters, everything malformed. So it has no errors of
// its own, and a type it does not know well costs no more than before.
package document

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Write gives the JSON of v.
func Write(v any) ([]byte, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	out, can, err := appendValue((*buffer)[:0], v)
	*buffer = out
	if !can {
		return json.Marshal(v)
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(out), nil
}

// buffers are where documents are written before their length is known.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func appendValue(out []byte, v any) (_ []byte, can bool, err error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return out, false, nil
	}
	f := formOf(rv.Type())
	if f == nil {
		return out, false, nil
	}
	out, err = f.write(out, rv)
	return out, true, err
}

// Read reads the JSON of text into the value that into points to, which has to
// be a zero one. Its texts share their memory.
func Read(text []byte, into any) error {
	to := reflect.ValueOf(into)
	if to.Kind() != reflect.Pointer || to.IsNil() {
		return json.Unmarshal(text, into)
	}
	if f := formOf(to.Type().Elem()); f != nil {
		p := parser{text: string(text)}
		if f.read(&p, to.Elem()) && p.ended() {
			return nil
		}
		to.Elem().SetZero() // what was read so far
	}
	return json.Unmarshal(text, into)
}

// form is how values of one Go type are written and read.
type form struct {
	write func(out []byte, v reflect.Value) ([]byte, error)
	// read reports whether it is sure; v is a zero value that can be set.
	read func(p *parser, v reflect.Value) bool
}

// forms are those found so far, by Go type; a nil *form is of a type that is left
// to encoding/json wherever it stands.
var forms sync.Map

func formOf(t reflect.Type) *form { return formWithin(t, nil) }

// formWithin is the form of a type that is a part of others.
func formWithin(t reflect.Type, within []reflect.Type) *form {
	if known, ok := forms.Load(t); ok {
		return known.(*form)
	}
	if slices.Contains(within, t) {
		return nil // of a type that contains itself
	}
	f := newForm(t, append(slices.Clone(within), t))
	forms.Store(t, f)
	return f
}

// member is one field of a struct.
type member struct {
	index []int
	name  string // quoted, with its colon
	omit  func(reflect.Value) bool
	*form
}

// members are the fields of t as encoding/json sees them, in its order; ok is
// false for a struct whose rules are not plain.
func members(t reflect.Type, index []int, within []reflect.Type) (list []member, ok bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := append(slices.Clone(index), i)
		switch {
		case f.Tag.Get("json") == "-":
			continue
		case f.Anonymous && name == "":
			if !f.IsExported() || f.Type.Kind() != reflect.Struct || hasOwn(f.Type) {
				return nil, false
			}
			more, ok := members(f.Type, at, within)
			if !ok {
				return nil, false
			}
			list = append(list, more...)
			continue
		case !f.IsExported():
			if f.Anonymous {
				return nil, false
			}
			continue
		case name == "":
			name = f.Name
		}
		inner, omit, ok := formWithin(f.Type, within), omission(f.Type, options), plainName(name)
		if inner == nil || omit == nil || !ok {
			return nil, false
		}
		list = append(list, member{at, `"` + name + `":`, omit, inner})
	}
	return list, true
}

// plainName reports whether a name needs no escape.
func plainName(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

// omission says when a field is left out; it is nil where that, or another
// option, is not plain.
func omission(t reflect.Type, options string) func(reflect.Value) bool {
	never := func(reflect.Value) bool { return false }
	switch options {
	case "":
		return never
	case "omitempty":
		switch t.Kind() {
		case reflect.Map, reflect.Slice, reflect.String:
			return func(v reflect.Value) bool { return v.Len() == 0 }
		case reflect.Array:
			return nil
		case reflect.Struct:
			return never
		}
		return reflect.Value.IsZero
	case "omitzero":
		switch {
		case t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface:
			return nil
		case t.Implements(reflect.TypeFor[zeroer]()):
			return func(v reflect.Value) bool { return v.Interface().(zeroer).IsZero() }
		case reflect.PointerTo(t).Implements(reflect.TypeFor[zeroer]()):
			return nil
		}
		return reflect.Value.IsZero
	}
	return nil
}

type zeroer interface{ IsZero() bool }
