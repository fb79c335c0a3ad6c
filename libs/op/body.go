package op

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"egov/libs/fault"
)

// maxViolations bounds what one answer lists, and maxName what it repeats of a
// name that the caller made up: an answer is not to be many times its question.
const (
	maxViolations = 100
	maxName       = 64
)

// form is how the JSON of a type is read.
type form uint8

const (
	formOther form = iota // by encoding/json, as one piece
	formText              // by encoding.TextUnmarshaler
	formString
	formInteger
	formCount // an integer that is not negative
	formNumber
	formBool
	formPointer
	formList
	formMap    // an object with any names
	formObject // an object with known names
)

// shape is the JSON that a type takes. It is made once, when an operation is
// mounted.
type shape struct {
	form    form
	typ     reflect.Type
	elem    *shape // of pointers, lists and maps
	members []member
	byName  map[string]int
}

// member is one field of an object.
type member struct {
	name  string
	index []int // as reflect.Value.FieldByIndex takes it
	shape *shape
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
	rawJSON    = reflect.TypeFor[json.RawMessage]()
	instant    = reflect.TypeFor[time.Time]()
)

// shapes makes shapes; a type that contains itself is made once.
type shapes map[reflect.Type]*shape

func (made shapes) of(t reflect.Type) *shape {
	if s, ok := made[t]; ok {
		return s
	}
	s := &shape{typ: t}
	made[t] = s
	switch at := reflect.PointerTo(t); {
	case at.Implements(jsonReader):
		return s
	case at.Implements(textReader):
		s.form = formText
		return s
	}
	switch t.Kind() {
	case reflect.String:
		s.form = formString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.form = formInteger
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.form = formCount
	case reflect.Float32, reflect.Float64:
		s.form = formNumber
	case reflect.Bool:
		s.form = formBool
	case reflect.Pointer:
		s.form, s.elem = formPointer, made.of(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // bytes are one text
			s.form, s.elem = formList, made.of(t.Elem())
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			s.form, s.elem = formMap, made.of(t.Elem())
		}
	case reflect.Struct:
		s.form = formObject
		made.fields(s, t, nil, func(f reflect.StructField) (string, bool) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			return name, f.Tag.Get("json") != "-"
		})
	default: // an any, or what encoding/json refuses
	}
	return s
}

// fields adds the fields of t, which lies at a place inside of the object, as
// encoding/json sees them: an outer field hides an inner one of its name.
func (made shapes) fields(s *shape, t reflect.Type, at []int, named func(reflect.StructField) (string, bool)) {
	if s.byName == nil {
		s.byName = map[string]int{}
	}
	var inner []reflect.StructField
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		if f.Anonymous && f.Type.Kind() == reflect.Struct && (tag == "" || tag[0] == ',') {
			inner = append(inner, f)
			continue
		}
		name, ok := named(f)
		if _, hidden := s.byName[name]; hidden || !ok || !f.IsExported() {
			continue
		}
		if strings.HasSuffix(tag, ",string") {
			panic("op: numbers in quotes are not read: " + t.String() + "." + f.Name) // found when the operation is mounted
		}
		s.byName[name] = len(s.members)
		s.members = append(s.members, member{name, place(at, f), made.of(f.Type)})
	}
	for _, f := range inner {
		made.fields(s, f.Type, place(at, f), named)
	}
}

func place(at []int, f reflect.StructField) []int {
	return append(at[:len(at):len(at)], f.Index...)
}

// body reads one JSON document into a value of a known shape, and gathers all
// that is wrong with it under the path of each field. The document is valid
// JSON in UTF-8: sound looks at it first, so that the steps below need not.
type body struct {
	text    []byte
	at      int
	path    []step
	seen    []bool // by member, of all objects that are open
	found   []fault.Violation
	omitted string // where the first fault is that is not listed
}

// step is one part of a path: a name, or the index of an item.
type step struct {
	name  string
	index int
	item  bool
}

// sound reports what keeps a text from being one JSON object.
func sound(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8")
	}
	if !json.Valid(text) {
		return json.Unmarshal(text, new(json.RawMessage)) // says where
	}
	for _, c := range text {
		if !blank(c) {
			if c == '{' {
				return nil
			}
			break
		}
	}
	return errors.New("not an object")
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (b *body) skipBlank() {
	for blank(b.text[b.at]) {
		b.at++
	}
}

// next is the first byte of the next value or delimiter.
func (b *body) next() byte {
	b.skipBlank()
	return b.text[b.at]
}

// more enters a list or an object, or goes on to its next part: it reports
// false behind the last.
func (b *body) more(end byte) bool {
	switch c := b.next(); c {
	case end:
		b.at++
		return false
	case ',':
		b.at++
		b.skipBlank()
	}
	return true
}

// quoted takes a string with its quotes.
func (b *body) quoted() (token []byte, escaped bool) {
	start := b.at
	for b.at++; b.text[b.at] != '"'; b.at++ {
		if b.text[b.at] == '\\' {
			escaped = true
			b.at++
		}
	}
	b.at++
	return b.text[start:b.at], escaped
}

// name takes the name of a member and the colon behind it. The bytes are those
// of the document wherever nothing in them is escaped.
func (b *body) name() []byte {
	token, escaped := b.quoted()
	b.skipBlank()
	b.at++ // the colon
	if escaped {
		return []byte(unquote(token, true))
	}
	return token[1 : len(token)-1]
}

func unquote(token []byte, escaped bool) string {
	if !escaped {
		return string(token[1 : len(token)-1])
	}
	var s string
	_ = json.Unmarshal(token, &s) // a string of a valid document
	return s
}

// skip takes a value as it stands.
func (b *body) skip() []byte {
	b.skipBlank()
	start, depth := b.at, 0
	for {
		switch b.text[b.at] {
		case '"':
			b.quoted()
			b.at--
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth == 0 {
				for b.at < len(b.text) && !delimits(b.text[b.at]) {
					b.at++
				}
				return b.text[start:b.at]
			}
		}
		b.at++
		if depth == 0 {
			return b.text[start:b.at]
		}
	}
}

func delimits(c byte) bool { return c == ',' || c == '}' || c == ']' || blank(c) }

// under reads what lies one step further down.
func (b *body) under(s step, read func()) {
	b.path = append(b.path, s)
	read()
	b.path = b.path[:len(b.path)-1]
}

// here is the path of what is being read, such as "basis[0].kind".
func (b *body) here() string {
	var out []byte
	for _, s := range b.path {
		switch {
		case s.item:
			out = append(strconv.AppendInt(append(out, '['), int64(s.index), 10), ']')
			continue
		case len(out) > 0:
			out = append(out, '.')
		}
		out = append(out, clip(s.name)...)
	}
	return string(out)
}

func clip(name string) string {
	if utf8.RuneCountInString(name) <= maxName {
		return name
	}
	return string([]rune(name)[:maxName]) + "…"
}

// refuse reports what is wrong with what is being read.
func (b *body) refuse(code, zh, en string, basis ...string) {
	if len(b.found) == maxViolations {
		if b.omitted == "" {
			b.omitted = b.here()
		}
		return
	}
	b.found = append(b.found, fault.Violation{Field: b.here(), Code: code, Msg: zh, MsgEN: en, Basis: basis})
}

// report hands over what was found.
func (b *body) report(c *fault.Checks) {
	c.Add(b.found...)
	c.Require(b.omitted == "", b.omitted, "more_violations", "问题过多，自此处起未列出", "there are too many; from here on they are not listed")
}

func (b *body) unknown() { b.refuse("unknown_field", "没有这个字段", "there is no such field") }

func (b *body) duplicate() { b.refuse("duplicate_field", "字段重复", "the field appears twice") }

// wrong reports a value that is not of its field's type, and steps over it.
func (b *body) wrong(s *shape) {
	b.skip()
	b.misfit(s)
}

func (b *body) misfit(s *shape) {
	zh, en := s.expected()
	b.refuse("wrong_type", "值的类型或格式不对："+zh, "the value must be "+en)
}

// expected says what a value is to be, for people.
func (s *shape) expected() (zh, en string) {
	switch s.form {
	case formString, formText:
		return "须为文本", "text"
	case formInteger:
		return "须为范围内的整数", "an integer within its range"
	case formCount:
		return "须为范围内的非负整数", "an integer within its range that is not negative"
	case formNumber:
		return "须为数字", "a number"
	case formBool:
		return "须为true或false", "true or false"
	case formList:
		return "须为数组", "an array"
	case formMap, formObject:
		return "须为对象", "an object"
	case formPointer:
		return s.elem.expected()
	default:
		if s.typ.Kind() == reflect.Slice {
			return "须为Base64文本", "text in Base64"
		}
		return "须为规定的结构", "of the documented shape"
	}
}

// value reads one value into dst. null leaves it as it is: it stands for an
// absent field.
func (b *body) value(dst reflect.Value, s *shape) {
	c := b.next()
	if c == 'n' {
		b.skip()
		return
	}
	switch s.form {
	case formPointer:
		dst.Set(reflect.New(s.typ.Elem()))
		b.value(dst.Elem(), s.elem)
	case formObject:
		b.object(dst, s)
	case formMap:
		b.names(dst, s)
	case formList:
		b.list(dst, s)
	case formString, formText:
		if c != '"' {
			b.wrong(s)
			return
		}
		text := unquote(b.quoted())
		if s.form == formString {
			dst.SetString(text)
			return
		}
		if err := dst.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			b.refused(dst, s, err)
		}
	case formBool:
		if c != 't' && c != 'f' {
			b.wrong(s)
			return
		}
		dst.SetBool(c == 't')
		b.skip()
	case formInteger, formCount, formNumber:
		if c != '-' && (c < '0' || c > '9') {
			b.wrong(s)
			return
		}
		if !number(dst, s.form, string(b.skip())) {
			b.misfit(s)
		}
	default:
		b.piece(dst, s)
	}
}

func number(dst reflect.Value, f form, text string) bool {
	switch f {
	case formInteger:
		n, err := strconv.ParseInt(text, 10, dst.Type().Bits())
		if err != nil {
			return false
		}
		dst.SetInt(n)
	case formCount:
		n, err := strconv.ParseUint(text, 10, dst.Type().Bits())
		if err != nil {
			return false
		}
		dst.SetUint(n)
	default:
		n, err := strconv.ParseFloat(text, dst.Type().Bits())
		if err != nil {
			return false
		}
		dst.SetFloat(n)
	}
	return true
}

func (b *body) object(dst reflect.Value, s *shape) {
	if b.text[b.at] != '{' {
		b.wrong(s)
		return
	}
	b.at++
	base := len(b.seen)
	for range s.members {
		b.seen = append(b.seen, false)
	}
	for b.more('}') {
		name := b.name()
		i, known := s.byName[string(name)]
		switch {
		case !known:
			b.under(step{name: string(name)}, b.unknown)
			b.skip()
		case b.seen[base+i]:
			b.under(step{name: s.members[i].name}, b.duplicate)
			b.skip()
		default:
			b.seen[base+i] = true
			m := &s.members[i]
			b.path = append(b.path, step{name: m.name})
			b.value(dst.FieldByIndex(m.index), m.shape)
			b.path = b.path[:len(b.path)-1]
		}
	}
	b.seen = b.seen[:base]
}

// names reads an object whose names are the caller's.
func (b *body) names(dst reflect.Value, s *shape) {
	if b.text[b.at] != '{' {
		b.wrong(s)
		return
	}
	b.at++
	dst.Set(reflect.MakeMap(s.typ))
	for b.more('}') {
		name := string(b.name())
		key := reflect.ValueOf(name).Convert(s.typ.Key())
		b.under(step{name: name}, func() {
			if dst.MapIndex(key).IsValid() {
				b.duplicate()
				b.skip()
				return
			}
			v := reflect.New(s.elem.typ).Elem()
			b.value(v, s.elem)
			dst.SetMapIndex(key, v)
		})
	}
}

func (b *body) list(dst reflect.Value, s *shape) {
	if b.text[b.at] != '[' {
		b.wrong(s)
		return
	}
	b.at++
	dst.Set(reflect.MakeSlice(s.typ, 0, 4))
	for b.more(']') {
		n := dst.Len()
		if n == dst.Cap() {
			dst.Grow(1)
		}
		dst.SetLen(n + 1)
		b.path = append(b.path, step{index: n, item: true})
		if b.next() == 'n' && s.elem.form != formPointer {
			b.wrong(s.elem) // nothing is absent in a list
		} else {
			b.value(dst.Index(n), s.elem)
		}
		b.path = b.path[:len(b.path)-1]
	}
}

// piece gives a value to a type that reads its own JSON, once no name in it is
// given twice: such a type may take the last of them unseen.
func (b *body) piece(dst reflect.Value, s *shape) {
	start, before := b.at, len(b.found)
	b.distinct()
	raw := b.text[start:b.at]
	switch {
	case len(b.found) > before:
	case s.typ == rawJSON:
		dst.SetBytes(append([]byte(nil), raw...))
	default:
		if err := json.Unmarshal(raw, dst.Addr().Interface()); err != nil {
			b.refused(dst, s, err)
		}
	}
}

// distinct steps over a value of any shape and reports the names that an object
// in it has twice.
func (b *body) distinct() {
	switch b.next() {
	case '{':
		b.at++
		seen := map[string]bool{}
		for b.more('}') {
			name := string(b.name())
			b.under(step{name: name}, func() {
				if seen[name] {
					b.duplicate()
				}
				seen[name] = true
				b.distinct()
			})
		}
	case '[':
		b.at++
		for i := 0; b.more(']'); i++ {
			b.under(step{index: i, item: true}, b.distinct)
		}
	default:
		b.skip()
	}
}

// refused reports what a type says of a value that it does not take: in its own
// words where it has words for people, and never in those of encoding/json.
func (b *body) refused(dst reflect.Value, s *shape, err error) {
	dst.SetZero()
	f, ok := errors.AsType[*fault.Error](err)
	switch {
	case !ok && s.typ == instant:
		b.refuse("wrong_type", "须为RFC 3339格式的时间", "must be a time as RFC 3339 writes it")
	case !ok:
		b.misfit(&shape{typ: s.typ})
	default:
		b.refuse(f.Code, f.Msg, f.MsgEN, f.Basis...)
	}
}
