package sign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"egov/libs/document"
	"egov/libs/fault"
)

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 64

// maxSafe is the largest integer that every JSON reader keeps exactly (RFC
// 8785, section 3.2.2.3, by way of IEEE 754).
const maxSafe = 1<<53 - 1

// Canonical gives the canonical JSON of doc (RFC 8785): members ordered by
// their names' UTF-16 code units, no white space, shortest escapes. Two values
// have the same canonical form exactly when they are the same document.
//
// Documents carry objects, arrays, strings, integers within ±(2^53−1),
// booleans and null. Anything else is ErrDocument with the offending place:
// fractions, larger integers, text that is not valid Unicode, an object that
// names a member twice, nesting beyond 64 levels.
func Canonical(doc any) ([]byte, error) {
	if raw, ok := doc.(json.RawMessage); ok {
		return CanonicalJSON(raw)
	}
	b, err := document.Write(doc)
	if err != nil {
		return nil, ErrDocument.With(err)
	}
	// encoding/json writes the escape \ufffd for bytes that are not UTF-8 and
	// for nothing else; letting it through would sign another text.
	return canonical(b, true)
}

// CanonicalJSON gives the canonical form of a document that is JSON text
// already. The text must be one value and valid by RFC 8259.
func CanonicalJSON(b []byte) ([]byte, error) { return canonical(b, false) }

func canonical(b []byte, marshalled bool) ([]byte, error) {
	p := parser{in: b, marshalled: marshalled}
	p.space()
	out, err := p.value(make([]byte, 0, len(b)), 0)
	if err == nil {
		if p.space(); p.at < len(p.in) {
			err = &flaw{code: "trailing_text", zh: "文书之后有多余内容", en: "text follows the document"}
		}
	}
	if f, ok := errors.AsType[*flaw](err); ok {
		return nil, ErrDocument.WithViolations(fault.Violation{Field: f.path, Code: f.code, Msg: f.zh, MsgEN: f.en})
	}
	return out, err
}

// flaw is why a document has no canonical form, and where.
type flaw struct{ path, code, zh, en string }

func (f *flaw) Error() string { return f.path + ": " + f.en }

// in prefixes the place as the flaw climbs out of member or element step.
func (f *flaw) in(step string) *flaw {
	if f.path != "" && f.path[0] != '[' {
		step += "."
	}
	f.path = step + f.path
	return f
}

// parser reads JSON and appends its canonical form.
type parser struct {
	in         []byte
	at         int
	marshalled bool // in comes from encoding/json, not from a person

	members []member // of the objects that are open, each one's behind its parent's
	moved   []byte   // what is being brought into order
}

func (p *parser) syntax(want string) *flaw {
	return &flaw{
		code: "not_json",
		zh:   fmt.Sprintf("第%d字节处不是有效的JSON", p.at), en: fmt.Sprintf("not JSON at byte %d: %s expected", p.at, want),
	}
}

func (p *parser) space() {
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next reports whether c follows, and steps over it and the space behind it.
func (p *parser) next(c byte) bool {
	if p.at < len(p.in) && p.in[p.at] == c {
		p.at++
		p.space()
		return true
	}
	return false
}

func (p *parser) value(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, &flaw{
			code: "too_deep",
			zh:   fmt.Sprintf("嵌套不得超过%d层", maxDepth), en: fmt.Sprintf("nested deeper than %d levels", maxDepth),
		}
	}
	if p.at == len(p.in) {
		return nil, p.syntax("a value")
	}
	switch c := p.in[p.at]; {
	case c == '{':
		return p.object(out, depth)
	case c == '[':
		return p.array(out, depth)
	case c == '"':
		if n := p.plain(); n > 0 { // its canonical form is itself
			out = append(out, p.in[p.at:p.at+n]...)
			p.at += n
			return out, nil
		}
		s, err := p.text()
		if err != nil {
			return nil, err
		}
		return appendText(out, s), nil
	case c == '-' || c >= '0' && c <= '9':
		return p.number(out)
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(p.in[p.at:], []byte(word)) {
			p.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, p.syntax("a value")
}

func (p *parser) array(out []byte, depth int) ([]byte, error) {
	p.next('[')
	out = append(out, '[')
	if p.next(']') {
		return append(out, ']'), nil
	}
	for i := 0; ; i++ {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = p.value(out, depth+1); err != nil {
			return nil, within(err, "["+strconv.Itoa(i)+"]")
		}
		p.space()
		if p.next(']') {
			return append(out, ']'), nil
		}
		if !p.next(',') {
			return nil, p.syntax("a comma or ]")
		}
	}
}

func within(err error, step string) error {
	if f, ok := errors.AsType[*flaw](err); ok {
		return f.in(step)
	}
	return err
}

// member is one member of an object, and where in the output it was written.
type member struct {
	name     []byte
	from, to int
}

func (p *parser) object(out []byte, depth int) ([]byte, error) {
	p.next('{')
	out = append(out, '{')
	if p.next('}') {
		return append(out, '}'), nil
	}
	begun, first := len(out), len(p.members)
	for {
		if p.at == len(p.in) || p.in[p.at] != '"' {
			return nil, p.syntax("a member name")
		}
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.next(':') {
			return nil, p.syntax("a colon")
		}
		if len(p.members) > first {
			out = append(out, ',')
		}
		from := len(out)
		out = append(appendText(out, name), ':')
		if out, err = p.value(out, depth+1); err != nil {
			return nil, within(err, string(name))
		}
		p.members = append(p.members, member{name, from, len(out)})
		p.space()
		if p.next('}') {
			break
		}
		if !p.next(',') {
			return nil, p.syntax("a comma or }")
		}
	}
	members := p.members[first:]
	p.members = p.members[:first]
	byName := func(a, b member) int { return compareUTF16(a.name, b.name) }
	if !slices.IsSortedFunc(members, byName) {
		slices.SortFunc(members, byName)
		p.moved = append(p.moved[:0], out[begun:]...)
		out = out[:begun]
		for i, m := range members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, p.moved[m.from-begun:m.to-begun]...)
		}
	}
	for i, m := range members[1:] {
		if bytes.Equal(m.name, members[i].name) {
			return nil, &flaw{path: string(m.name), code: "duplicate_member", zh: "成员名重复", en: "is named twice"}
		}
	}
	return append(out, '}'), nil
}

// name reads the name of a member.
func (p *parser) name() ([]byte, error) {
	if n := p.plain(); n > 0 {
		name := p.in[p.at+1 : p.at+n-1]
		p.at += n
		return name, nil
	}
	name, err := p.text()
	return []byte(name), err
}

// compareUTF16 orders valid names by UTF-16 code units. That differs from the
// order of their bytes only where a surrogate pair, whose UTF-8 begins with 0xF0
// or more, meets a character from U+E000 up, whose UTF-8 begins with 0xEE or
// 0xEF.
func compareUTF16(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if min(x, y) >= 0xee && (x >= 0xf0) != (y >= 0xf0) {
			return int(y) - int(x)
		}
		return int(x) - int(y)
	}
	return len(a) - len(b)
}

func badText(zh, en string) *flaw { return &flaw{code: "not_unicode", zh: zh, en: en} }

// plain is the length, with its quotes, of the string that follows, if it is
// valid text without any escape; otherwise 0.
func (p *parser) plain() int {
	n := bytes.IndexByte(p.in[p.at+1:], '"')
	if n < 0 {
		return 0
	}
	s := p.in[p.at+1 : p.at+1+n]
	for _, c := range s {
		if c < ' ' || c == '\\' {
			return 0
		}
	}
	if !utf8.Valid(s) {
		return 0
	}
	return n + 2
}

// text reads a string and decodes its escapes.
func (p *parser) text() (string, error) {
	p.at++             // the quote
	var decoded []byte // everything before start, once there was an escape
	start := p.at
	for {
		for p.at < len(p.in) && p.in[p.at] != '"' && p.in[p.at] != '\\' && p.in[p.at] >= ' ' {
			p.at++
		}
		chunk := p.in[start:p.at]
		if p.at == len(p.in) {
			return "", p.syntax("a closing quote")
		}
		switch p.in[p.at] {
		case '"':
			p.at++
			if decoded != nil {
				chunk = append(decoded, chunk...)
			}
			if !utf8.Valid(chunk) {
				return "", badText("含有无效的UTF-8字节", "is not valid UTF-8")
			}
			return string(chunk), nil
		case '\\':
			var err error
			if decoded, err = p.escape(append(decoded, chunk...)); err != nil {
				return "", err
			}
			start = p.at
		default:
			return "", p.syntax("an escaped control character")
		}
	}
}

// escape decodes one escape sequence, or the two of a surrogate pair.
func (p *parser) escape(out []byte) ([]byte, error) {
	if p.at+1 == len(p.in) {
		return nil, p.syntax("an escape")
	}
	c := p.in[p.at+1]
	if c == 'u' {
		r, err := p.hex()
		if err != nil {
			return nil, err
		}
		switch {
		case r == utf8.RuneError && p.marshalled:
			return nil, badText("含有无效的UTF-8字节", "is not valid UTF-8")
		case r >= 0xdc00 && r < 0xe000:
			return nil, badText("含有不成对的代理码元", "has a surrogate without its pair")
		case r >= 0xd800 && r < 0xdc00:
			if !bytes.HasPrefix(p.in[p.at:], []byte(`\u`)) {
				return nil, badText("含有不成对的代理码元", "has a surrogate without its pair")
			}
			low, err := p.hex()
			if err != nil {
				return nil, err
			}
			if low < 0xdc00 || low >= 0xe000 {
				return nil, badText("含有不成对的代理码元", "has a surrogate without its pair")
			}
			r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
		}
		return utf8.AppendRune(out, r), nil
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(from, c)
	if i < 0 {
		return nil, p.syntax("an escape")
	}
	p.at += 2
	return append(out, to[i]), nil
}

// hex reads \uXXXX.
func (p *parser) hex() (rune, error) {
	if p.at+6 > len(p.in) {
		return 0, p.syntax("four hex digits")
	}
	var r rune
	for _, c := range p.in[p.at+2 : p.at+6] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 + rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 + rune(c|0x20-'a') + 10
		default:
			return 0, p.syntax("four hex digits")
		}
	}
	p.at += 6
	return r, nil
}

// appendText writes a string the way RFC 8785, section 3.2.2.2, has it.
func appendText[T string | []byte](out []byte, s T) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		default:
			const from, to = "\b\f\n\r\t", "bfnrt"
			if k := strings.IndexByte(from, c); k >= 0 {
				out = append(out, '\\', to[k])
			} else {
				const digits = "0123456789abcdef"
				out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			}
		}
	}
	return append(out, '"')
}

func (p *parser) digits() []byte {
	start := p.at
	for p.at < len(p.in) && p.in[p.at] >= '0' && p.in[p.at] <= '9' {
		p.at++
	}
	return p.in[start:p.at]
}

// number reads a JSON number and writes the integer it is equal to: 10, 1e1
// and 10.0 are one number. The arithmetic is decimal and exact.
func (p *parser) number(out []byte) ([]byte, error) {
	start := p.at
	negative := p.in[p.at] == '-'
	if negative {
		p.at++
	}
	whole := p.digits()
	if len(whole) == 0 || len(whole) > 1 && whole[0] == '0' {
		return nil, p.syntax("a number")
	}
	var fraction, exponent []byte
	down := false // the exponent is negative
	if p.at < len(p.in) && p.in[p.at] == '.' {
		p.at++
		if fraction = p.digits(); len(fraction) == 0 {
			return nil, p.syntax("a digit")
		}
	}
	if p.at < len(p.in) && p.in[p.at]|0x20 == 'e' {
		p.at++
		if p.at < len(p.in) && (p.in[p.at] == '+' || p.in[p.at] == '-') {
			down = p.in[p.at] == '-'
			p.at++
		}
		if exponent = p.digits(); len(exponent) == 0 {
			return nil, p.syntax("a digit")
		}
	}
	n, ok := integer(whole, fraction, exponent, down)
	if !ok {
		return nil, &flaw{
			code: "not_a_safe_integer",
			zh:   "数值须为±(2^53−1)以内的整数", en: shorten(p.in[start:p.at]) + " is not an integer within ±(2^53−1)",
		}
	}
	if negative && n != 0 {
		out = append(out, '-')
	}
	return strconv.AppendUint(out, n, 10), nil
}

// integer is whole.fraction × 10^±exponent, if that is a safe integer.
func integer(whole, fraction, exponent []byte, down bool) (uint64, bool) {
	digits := bytes.TrimLeft(slices.Concat(whole, fraction), "0")
	if len(digits) == 0 {
		return 0, true
	}
	exponent = bytes.TrimLeft(exponent, "0")
	const maxExponentDigits = 9 // more digits than any input has fractional digits to make up for
	if len(exponent) > maxExponentDigits {
		return 0, false
	}
	shift := 0
	for _, c := range exponent {
		shift = shift*10 + int(c-'0')
	}
	if down {
		shift = -shift
	}
	shift -= len(fraction)
	significant := bytes.TrimRight(digits, "0")
	shift += len(digits) - len(significant)
	const maxDigits = 16 // of 2^53−1
	if shift < 0 || len(significant)+shift > maxDigits {
		return 0, false
	}
	n := uint64(0)
	for _, c := range significant {
		n = n*10 + uint64(c-'0')
	}
	for range shift {
		n *= 10
	}
	return n, n <= maxSafe
}

func shorten(b []byte) string {
	const most = 32
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}

// decodeStrict reads one JSON value without unknown fields or trailing text.
func decodeStrict(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if dec.InputOffset() < int64(len(bytes.TrimRight(b, " \t\r\n"))) {
		return errors.New("text follows the value")
	}
	return nil
}
