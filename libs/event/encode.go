package event

import (
	"errors"
	"math/bits"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// appendMessage appends m's protojson without any space. For messages of what
// facts are made of (texts, truth values, whole numbers, messages and lists of
// these) it gives the bytes that protojson would give, in a fraction of its
// time; of any other message it says that it cannot.
func appendMessage(out []byte, m proto.Message) (_ []byte, can bool, err error) {
	v := reflect.ValueOf(m)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return out, false, nil
	}
	p := planOf(v.Type(), m.ProtoReflect().Descriptor(), nil)
	if p == nil {
		return out, false, nil
	}
	out, err = p.append(out, v.Elem())
	return out, true, err
}

// plan is how messages of one Go type are written: their fields in the order of
// the schema.
type plan struct{ fields []field }

// field is one field of a message.
type field struct {
	at    int    // in the Go struct
	name  string // quoted, with its colon
	write writer
}

// writer appends a name and the field's value, or nothing when it is not set.
type writer func(out []byte, name string, v reflect.Value) ([]byte, error)

func (p *plan) append(out []byte, v reflect.Value) ([]byte, error) {
	out = append(out, '{')
	begun := len(out)
	for i := range p.fields {
		f := &p.fields[i]
		before := len(out)
		if before > begun {
			out = append(out, ',')
		}
		named := len(out)
		var err error
		if out, err = f.write(out, f.name, v.Field(f.at)); err != nil {
			return out, err
		}
		if len(out) == named {
			out = out[:before]
		}
	}
	return append(out, '}'), nil
}

// plans are those made so far, by Go type; a nil *plan is of a type that cannot
// be written this way.
var plans sync.Map

// planOf makes the plan of a pointer's type; within are the types that it is a
// part of.
func planOf(t reflect.Type, d protoreflect.MessageDescriptor, within []reflect.Type) *plan {
	if known, ok := plans.Load(t); ok {
		return known.(*plan)
	}
	if slices.Contains(within, t) || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	p := makePlan(t.Elem(), d, append(within, t))
	plans.Store(t, p)
	return p
}

func makePlan(t reflect.Type, d protoreflect.MessageDescriptor, within []reflect.Type) *plan {
	if d.ParentFile().Package() == "google.protobuf" || d.ExtensionRanges().Len() > 0 {
		return nil // written by rules of their own
	}
	at := map[string]int{} // by the schema's name, from the tags of generated code
	for i := range t.NumField() {
		for part := range strings.SplitSeq(t.Field(i).Tag.Get("protobuf"), ",") {
			if name, ok := strings.CutPrefix(part, "name="); ok {
				at[name] = i
			}
		}
	}
	p := &plan{}
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		where, ok := at[string(f.Name())]
		if !ok {
			return nil
		}
		w := writerOf(t.Field(where).Type, f, within)
		if w == nil {
			return nil
		}
		p.fields = append(p.fields, field{where, strconv.Quote(string(f.Name())) + ":", w})
	}
	return p
}

// writerOf is nil for a field that is not of what facts are made of.
func writerOf(t reflect.Type, f protoreflect.FieldDescriptor, within []reflect.Type) writer {
	if f.ContainingOneof() != nil && !f.HasOptionalKeyword() || f.IsMap() {
		return nil
	}
	if f.IsList() {
		return listWriter(t, f, within)
	}
	if f.Kind() == protoreflect.MessageKind {
		p := planOf(t, f.Message(), within)
		if p == nil {
			return nil
		}
		return func(out []byte, name string, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return out, nil
			}
			return p.append(append(out, name...), v.Elem())
		}
	}
	value := valueWriter(f.Kind())
	if value == nil {
		return nil
	}
	if t.Kind() == reflect.Pointer { // declared optional
		return func(out []byte, name string, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return out, nil
			}
			return value(append(out, name...), v.Elem())
		}
	}
	return func(out []byte, name string, v reflect.Value) ([]byte, error) {
		if v.IsZero() {
			return out, nil
		}
		return value(append(out, name...), v)
	}
}

func listWriter(t reflect.Type, f protoreflect.FieldDescriptor, within []reflect.Type) writer {
	value := valueWriter(f.Kind())
	if f.Kind() == protoreflect.MessageKind {
		p := planOf(t.Elem(), f.Message(), within)
		if p == nil {
			return nil
		}
		value = func(out []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(out, "{}"...), nil
			}
			return p.append(out, v.Elem())
		}
	}
	if value == nil {
		return nil
	}
	if t == reflect.TypeFor[[]string]() {
		return appendTexts
	}
	return func(out []byte, name string, v reflect.Value) ([]byte, error) {
		n := v.Len()
		if n == 0 {
			return out, nil
		}
		out = append(out, name...)
		for i := range n {
			sep := byte(',')
			if i == 0 {
				sep = '['
			}
			var err error
			if out, err = value(append(out, sep), v.Index(i)); err != nil {
				return out, err
			}
		}
		return append(out, ']'), nil
	}
}

// appendTexts appends a name and a list of texts, which is a field of a struct
// behind a pointer.
func appendTexts(out []byte, name string, v reflect.Value) ([]byte, error) {
	texts := *v.Addr().Interface().(*[]string)
	if len(texts) == 0 {
		return out, nil
	}
	out = append(out, name...)
	for i, text := range texts {
		sep := byte(',')
		if i == 0 {
			sep = '['
		}
		var err error
		if out, err = appendText(append(out, sep), text); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// valueWriter appends values of one kind: numbers of 64 bits as texts, which
// JSON's readers keep exactly.
func valueWriter(k protoreflect.Kind) func(out []byte, v reflect.Value) ([]byte, error) {
	switch k {
	case protoreflect.StringKind:
		return func(out []byte, v reflect.Value) ([]byte, error) { return appendText(out, v.String()) }
	case protoreflect.BoolKind:
		return func(out []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(out, v.Bool()), nil }
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return func(out []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(out, v.Int(), 10), nil }
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return func(out []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(out, v.Uint(), 10), nil }
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return func(out []byte, v reflect.Value) ([]byte, error) {
			return append(strconv.AppendInt(append(out, '"'), v.Int(), 10), '"'), nil
		}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return func(out []byte, v reflect.Value) ([]byte, error) {
			return append(strconv.AppendUint(append(out, '"'), v.Uint(), 10), '"'), nil
		}
	}
	return nil
}

// appendText appends s as a JSON string with the escapes that protojson uses.
func appendText(out []byte, s string) ([]byte, error) {
	out = append(out, '"')
	n := plain(s, beyondASCII)
	if n == len(s) {
		return append(append(out, s...), '"'), nil
	}
	if !utf8.ValidString(s[n:]) { // what is before is ASCII
		return out, errors.New("a text is not valid UTF-8")
	}
	for {
		n := plain(s, 0)
		out = append(out, s[:n]...)
		if n == len(s) {
			return append(out, '"'), nil
		}
		out = appendEscape(out, s[n])
		s = s[n+1:]
	}
}

// appendEscape appends the escape of a byte that is not plain.
func appendEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\b':
		return append(out, `\b`...)
	case '\f':
		return append(out, `\f`...)
	case '\n':
		return append(out, `\n`...)
	case '\r':
		return append(out, `\r`...)
	case '\t':
		return append(out, `\t`...)
	}
	const digits = "0123456789abcdef"
	return append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}

// beyondASCII are the bits that mark bytes of characters beyond ASCII.
const beyondASCII = 0x8080808080808080

// plain is the length of the text that s begins with in which no byte needs an
// escape (none is a quote, a backslash or below a space) and none has a bit of
// also. It looks at eight at a time.
func plain(s string, also uint64) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		at := s[i : i+8]
		w := uint64(at[0]) | uint64(at[1])<<8 | uint64(at[2])<<16 | uint64(at[3])<<24 |
			uint64(at[4])<<32 | uint64(at[5])<<40 | uint64(at[6])<<48 | uint64(at[7])<<56
		// A byte b of x is zero where (x-each)&^x has b's high bit; of those that
		// have it, the lowest is right, and the others may have borrowed.
		quote, slash := w^each*'"', w^each*'\\'
		if found := ((w-each*' ')&^w|(quote-each)&^quote|(slash-each)&^slash)&high | w&also; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || uint64(c)&also != 0 {
			break
		}
	}
	return i
}
