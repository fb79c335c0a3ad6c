package document

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parser stands somewhere in a JSON text, before a value or behind one.
type parser struct {
	text string
	at   int
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// ended reports whether nothing follows.
func (p *parser) ended() bool {
	p.space()
	return p.at == len(p.text)
}

// next steps over c, if it follows.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// word steps over a word, if it follows.
func (p *parser) word(w string) bool {
	p.space()
	if strings.HasPrefix(p.text[p.at:], w) {
		p.at += len(w)
		return true
	}
	return false
}

func (p *parser) null() bool { return p.word("null") }

// list reads what stands between two brackets, divided by commas.
func (p *parser) list(from, to byte, one func() bool) bool {
	if !p.next(from) {
		return false
	}
	if p.next(to) {
		return true
	}
	for {
		if !one() {
			return false
		}
		if p.next(to) {
			return true
		}
		if !p.next(',') {
			return false
		}
	}
}

// plain reads a text that is valid and has no escape.
func (p *parser) plain() (string, bool) {
	if !p.next('"') {
		return "", false
	}
	n := strings.IndexByte(p.text[p.at:], '"')
	if n < 0 {
		return "", false
	}
	s := p.text[p.at : p.at+n]
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '\\' {
			return "", false
		}
	}
	if !utf8.ValidString(s) {
		return "", false
	}
	p.at += n + 1
	return s, true
}

// other steps over a value of any kind and gives its text, "" when it is none.
func (p *parser) other() string {
	p.space()
	from := p.at
	if p.at < len(p.text) && p.text[p.at] == '"' {
		if _, ok := p.plain(); ok {
			return p.text[from:p.at]
		}
		p.at = from
	}
	for depth := 0; p.at < len(p.text); {
		switch c := p.text[p.at]; c {
		case '"':
			if !p.quoted() {
				return ""
			}
			if depth > 0 {
				continue
			}
			return valid(p.text[from:p.at])
		case '{', '[':
			depth++
		case '}', ']', ',':
			if depth == 0 {
				return valid(p.text[from:p.at])
			}
			if c != ',' {
				depth--
				if depth == 0 {
					p.at++
					return valid(p.text[from:p.at])
				}
			}
		}
		p.at++
	}
	return valid(p.text[from:])
}

// quoted steps over a text with whatever is in it.
func (p *parser) quoted() bool {
	for p.at++; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			return true
		}
	}
	return false
}

// valid gives a value without the space behind it, "" when it is none.
func valid(s string) string {
	s = strings.TrimRight(s, " \t\r\n")
	if !json.Valid([]byte(s)) {
		return ""
	}
	return s
}

func readBool(p *parser, v reflect.Value) bool {
	switch {
	case p.word("true"):
		v.SetBool(true)
	case !p.word("false"):
		return p.null()
	}
	return true
}

func readInt(p *parser, v reflect.Value) bool {
	if p.null() {
		return true
	}
	from := p.at
	if p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
	}
	digits := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	if p.at-digits > 1 && p.text[digits] == '0' {
		return false
	}
	n, err := strconv.ParseInt(p.text[from:p.at], 10, v.Type().Bits())
	if err != nil {
		return false
	}
	v.SetInt(n)
	return true // a fraction or an exponent is no end of a value
}

func readText(p *parser, v reflect.Value) bool {
	if p.null() {
		return true
	}
	from := p.at
	if s, ok := p.plain(); ok {
		v.SetString(s)
		return true
	}
	p.at = from
	return readOther(p, v)
}

func readMap(p *parser, v reflect.Value) bool {
	if p.null() {
		return true
	}
	from := p.at
	if p.next('{') && p.next('}') {
		v.Set(reflect.MakeMap(v.Type()))
		return true
	}
	p.at = from
	return readOther(p, v)
}

// readOwn lets a value read its own form.
func readOwn(p *parser, v reflect.Value) bool {
	s := p.other()
	return s != "" && v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON([]byte(s)) == nil
}

// readOwnText lets a value read its own text.
func readOwnText(p *parser, v reflect.Value) bool {
	if p.null() {
		return true
	}
	from := p.at
	if s, ok := p.plain(); ok {
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) == nil
	}
	p.at = from
	return readOther(p, v)
}

// readOther leaves one value to encoding/json.
func readOther(p *parser, v reflect.Value) bool {
	s := p.other()
	return s != "" && json.Unmarshal([]byte(s), v.Addr().Interface()) == nil
}
