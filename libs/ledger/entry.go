package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"egov/libs/fault"
)

// Entry is one event with all its attributes. The names on the right are those
// of the stored form.
type Entry struct {
	ID          string    // id: unique within Source
	Source      string    // source: the producing service
	Type        string    // type: the full name of the fact's proto message
	Subject     string    // subject: the project, or whatever the fact is about; may be empty
	Time        time.Time // time: whole microseconds, finer parts are dropped as PostgreSQL drops them
	Unit        string    // egovunit: the unit that acted; may be empty
	Actor       string    // egovactor: the person or clock job that acted; may be empty
	EventSeq    int64     // egovseq: 1, 2, 3, … per Source and Subject, at most 2³¹−1
	TraceParent string    // traceparent: W3C trace context; may be empty
	Data        []byte    // data: one JSON object, kept byte for byte
}

// Bounds of an event. A producer that exceeds them is refused, because a
// verifier must be able to hold one row in memory without trusting its writer.
const (
	MaxAttribute = 4 << 10 // bytes of one attribute
	MaxRaw       = 4 << 20 // bytes of one stored event
)

// ErrEntry says that something is not an event of the ledger's form.
var ErrEntry = fault.New(fault.Invalid, "ledger_entry_invalid",
	"事件不符合审计账本的格式", "the event does not have the ledger's form")

// The stored form, in order. An optional attribute that is empty is left out,
// never written as "", so that one event has exactly one form.
const (
	formID      = `{"specversion":"1.0","id":`
	formSource  = `,"source":`
	formType    = `,"type":`
	formSubject = `,"subject":`
	formTime    = `,"time":"`
	formContent = `","datacontenttype":"application/json"`
	formUnit    = `,"egovunit":`
	formActor   = `,"egovactor":`
	formSeq     = `,"egovseq":`
	formTrace   = `,"traceparent":`
	formData    = `,"data":`
	formEnd     = `}`

	formTimeLayout = "2006-01-02T15:04:05.000000+08:00"
)

// shanghai is the one zone of the stored form. China keeps no summer time, so
// a fixed offset is the whole of it for every year an event can bear.
var shanghai = time.FixedZone("+08:00", 8*60*60)

// AppendRaw appends the stored bytes of e to dst. The form is CloudEvents 1.0
// structured JSON without white space between members: specversion, id,
// source, type, subject, time, datacontenttype, egovunit, egovactor, egovseq,
// traceparent, data. Times are RFC 3339 with six decimals at +08:00. Strings
// escape '"' and '\' and nothing else. Data is embedded unchanged, white space
// included. New optional attributes may join in front of data; none is ever
// renamed or moved, so old rows stay readable.
//
// It returns ErrEntry with every violation when e cannot be written, and dst
// unchanged.
func AppendRaw(dst []byte, e Entry) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = appendString(append(dst, formID...), e.ID)
	dst = appendString(append(dst, formSource...), e.Source)
	dst = appendString(append(dst, formType...), e.Type)
	dst = appendOptional(dst, formSubject, e.Subject)
	dst = e.Time.In(shanghai).AppendFormat(append(dst, formTime...), formTimeLayout)
	dst = append(dst, formContent...)
	dst = appendOptional(dst, formUnit, e.Unit)
	dst = appendOptional(dst, formActor, e.Actor)
	dst = strconv.AppendInt(append(dst, formSeq...), e.EventSeq, 10)
	dst = appendOptional(dst, formTrace, e.TraceParent)
	dst = append(append(dst, formData...), e.Data...)
	dst = append(dst, formEnd...)
	if n := len(dst) - start; n > MaxRaw {
		return dst[:start], ErrEntry.WithViolations(fault.Violation{
			Field: "data", Code: "too_long",
			Msg:   fmt.Sprintf("事件共%d字节，超过%d字节", n, MaxRaw),
			MsgEN: fmt.Sprintf("the event has %d bytes, more than %d", n, MaxRaw),
		})
	}
	return dst, nil
}

var (
	tooLongZH = fmt.Sprintf("不得超过%d字节", MaxAttribute)
	tooLongEN = fmt.Sprintf("must not exceed %d bytes", MaxAttribute)
)

func (e *Entry) check() error {
	var c fault.Checks
	attribute := func(field, s string, required bool) {
		if s == "" {
			c.Require(!required, field, "required", "必填", "is required")
			return
		}
		c.Require(len(s) <= MaxAttribute, field, "too_long", tooLongZH, tooLongEN)
		c.Require(isText(s), field, "not_text",
			"含有控制字符或无效的UTF-8", "has control characters or invalid UTF-8")
	}
	attribute("id", e.ID, true)
	attribute("source", e.Source, true)
	attribute("type", e.Type, true)
	attribute("subject", e.Subject, false)
	attribute("egovunit", e.Unit, false)
	attribute("egovactor", e.Actor, false)
	attribute("traceparent", e.TraceParent, false)
	year := e.Time.In(shanghai).Year()
	c.Require(year >= 1 && year <= 9999 && !e.Time.IsZero(), "time", "out_of_range", "时间缺失或超出范围", "is missing or out of range")
	c.Require(e.EventSeq >= 1 && e.EventSeq <= math.MaxInt32, "egovseq", "out_of_range", "须在1与2147483647之间", "must be between 1 and 2147483647")
	c.Require(isObject(e.Data), "data", "not_an_object", "须为一个JSON对象", "must be one JSON object")
	if err := c.Err(); err != nil {
		return ErrEntry.WithViolations(fault.From(err).Violations...)
	}
	return nil
}

// Parse reads the stored bytes of one event. It is strict: it accepts exactly
// what AppendRaw writes, so that for every raw it accepts, AppendRaw of the
// result gives raw back. Data aliases raw. Anything else is ErrEntry.
func Parse(raw []byte) (Entry, error) {
	s := scanner{rest: raw}
	if len(raw) > MaxRaw {
		s.fail("data")
	}
	var e Entry
	e.ID = s.attribute("id", formID)
	e.Source = s.attribute("source", formSource)
	e.Type = s.attribute("type", formType)
	e.Subject = s.optional("subject", formSubject)
	e.Time = s.time()
	e.Unit = s.optional("egovunit", formUnit)
	e.Actor = s.optional("egovactor", formActor)
	e.EventSeq = s.number()
	e.TraceParent = s.optional("traceparent", formTrace)
	e.Data = s.data()
	if s.bad != "" {
		return Entry{}, ErrEntry.With(fmt.Errorf("at %q, byte %d of %d", s.bad, len(raw)-len(s.rest), len(raw)))
	}
	return e, nil
}

// scanner walks the stored form. The first failure sticks.
type scanner struct {
	rest []byte
	bad  string
}

func (s *scanner) fail(field string) {
	if s.bad == "" {
		s.bad = field
	}
}

func (s *scanner) at(form string) bool {
	return len(s.rest) >= len(form) && string(s.rest[:len(form)]) == form
}

func (s *scanner) literal(field, form string) bool {
	if s.bad != "" {
		return false
	}
	if !s.at(form) {
		s.fail(field)
		return false
	}
	s.rest = s.rest[len(form):]
	return true
}

func (s *scanner) attribute(field, form string) string {
	if !s.literal(field, form) {
		return ""
	}
	v, rest, ok := cutString(s.rest)
	if !ok || v == "" || len(v) > MaxAttribute {
		s.fail(field)
		return ""
	}
	s.rest = rest
	return v
}

func (s *scanner) optional(field, form string) string {
	if s.bad != "" || !s.at(form) {
		return ""
	}
	return s.attribute(field, form)
}

func (s *scanner) time() time.Time {
	if !s.literal("time", formTime) {
		return time.Time{}
	}
	if len(s.rest) < len(formTimeLayout) {
		s.fail("time")
		return time.Time{}
	}
	text := string(s.rest[:len(formTimeLayout)])
	t, err := time.ParseInLocation(formTimeLayout, text, shanghai)
	if err != nil || t.Format(formTimeLayout) != text || t.Year() < 1 || t.IsZero() {
		s.fail("time")
		return time.Time{}
	}
	s.rest = s.rest[len(formTimeLayout):]
	s.literal("time", formContent)
	return t
}

func (s *scanner) number() int64 {
	if !s.literal("egovseq", formSeq) {
		return 0
	}
	n, rest, ok := cutNumber(s.rest)
	if !ok || n < 1 || n > math.MaxInt32 {
		s.fail("egovseq")
		return 0
	}
	s.rest = rest
	return int64(n)
}

func (s *scanner) data() []byte {
	if !s.literal("data", formData) {
		return nil
	}
	data, ok := bytes.CutSuffix(s.rest, []byte(formEnd))
	if !ok || !isObject(data) {
		s.fail("data")
		return nil
	}
	return data
}

func appendOptional(dst []byte, form, s string) []byte {
	if s == "" {
		return dst
	}
	return appendString(append(dst, form...), s)
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// cutString reads one string as appendString writes it.
func cutString(b []byte) (s string, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return "", nil, false
	}
	var unescaped []byte
	from := 1
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			if unescaped == nil {
				s = string(b[from:i])
			} else {
				s = string(append(unescaped, b[from:i]...))
			}
			return s, b[i+1:], isText(s)
		case '\\':
			if i+1 == len(b) || b[i+1] != '"' && b[i+1] != '\\' {
				return "", nil, false
			}
			unescaped = append(unescaped, b[from:i]...)
			i++
			from = i
		}
	}
	return "", nil, false
}

// cutNumber reads a decimal without sign or leading zero, up to 19 digits.
func cutNumber(b []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		if i == 19 {
			return 0, nil, false
		}
		n = n*10 + uint64(b[i]-'0')
		i++
	}
	if i == 0 || b[0] == '0' && i > 1 {
		return 0, nil, false
	}
	return n, b[i:], true
}

// isText holds for what a CloudEvents string may contain: valid UTF-8 without
// control characters and noncharacters.
func isText(s string) bool {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < 0x20 || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if ascii {
		return true
	}
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		c1 := r >= 0x80 && r <= 0x9f
		nonCharacter := r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe
		if c1 || nonCharacter {
			return false
		}
	}
	return true
}

func isObject(data []byte) bool {
	return len(data) >= 2 && data[0] == '{' && data[len(data)-1] == '}' && json.Valid(data)
}
