package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// DefaultLimit is a byte limit that fits a case with some thousands of budget
// lines.
const DefaultLimit = 1 << 20

// maxTextRunes bounds free texts, maxCodeRunes bounds codes and numbers of
// documents, maxItems bounds lists. They protect the reader; no rule rests on
// them.
const (
	maxTextRunes = 2000
	maxCodeRunes = 200
	maxItems     = 10_000
	maxDepth     = 8
)

// DecodeCase reads one case of at most limit bytes, strictly: a field the
// contract does not know, a field given twice, a number with a fraction or an
// exponent where an integer belongs (1e3 and 1.0 too), an impossible date and
// anything after the document are violations, all of them listed at once in
// fault.InvalidInput. null stands for an absent field. Codes are not looked
// up: that needs a pack (see Set.Decide, and Set.DecideJSON for both at once).
func DecodeCase(r io.Reader, limit int64) (Case, error) {
	c, found, err := decodeCase(r, limit)
	if err != nil {
		return Case{}, err
	}
	if len(found) > 0 {
		return Case{}, fault.InvalidInput.WithViolations(found...)
	}
	return c, nil
}

// decodeCase gives what could be read together with what could not. A document
// that is no JSON object at all is an error.
func decodeCase(r io.Reader, limit int64) (Case, []fault.Violation, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return Case{}, nil, fmt.Errorf("read case: %w", err)
	}
	if int64(len(data)) > limit {
		return Case{}, nil, ErrCaseTooLarge.WithMsg(
			fmt.Sprintf("提交的内容超过%d字节", limit), fmt.Sprintf("the document exceeds %d bytes", limit),
		)
	}
	root, err := parse(data)
	if err != nil {
		return Case{}, nil, err
	}
	var c Case
	d := &reader{}
	d.object(root, "", c.fields(d))
	return c, d.found, nil
}

// value is one parsed JSON value; keys keep their order and repetitions.
type value struct {
	kind    byte // '{' '[' '"' '0' 't' 'n'
	text    string
	keys    []string
	members []value
}

func parse(data []byte) (value, error) {
	malformed := func(zh, en string) error {
		return fault.InvalidInput.WithViolations(fault.Violation{Field: "", Code: "malformed_json", Msg: zh, MsgEN: en})
	}
	if !utf8.Valid(data) {
		return value{}, malformed("不是UTF-8编码", "is not UTF-8")
	}
	// The whole text is checked first: the token reader below would accept
	// whatever follows a complete document.
	if err := json.Unmarshal(data, new(skip)); err != nil {
		at := int64(len(data))
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = s.Offset
		}
		return value{}, malformed(
			fmt.Sprintf("不是完整的JSON文档（第%d字节处）", at),
			fmt.Sprintf("is not one complete JSON document (at byte %d)", at),
		)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return value{}, malformed("嵌套过深", "is nested too deeply")
	}
	return v, nil
}

// skip lets encoding/json check the syntax and keep nothing.
type skip struct{}

func (*skip) UnmarshalJSON([]byte) error { return nil }

var errTooDeep = errors.New("nested too deeply")

func parseValue(dec *json.Decoder, depth int) (value, error) {
	if depth > maxDepth {
		return value{}, errTooDeep
	}
	tok, err := dec.Token()
	if err != nil {
		return value{}, err
	}
	switch t := tok.(type) {
	case json.Delim:
		v := value{kind: byte(t)}
		for dec.More() {
			if t == '{' {
				key, err := dec.Token()
				if err != nil {
					return value{}, err
				}
				v.keys = append(v.keys, key.(string))
			}
			m, err := parseValue(dec, depth+1)
			if err != nil {
				return value{}, err
			}
			v.members = append(v.members, m)
		}
		_, err := dec.Token() // the closing delimiter
		return v, err
	case string:
		return value{kind: '"', text: t}, nil
	case json.Number:
		return value{kind: '0', text: t.String()}, nil
	case bool:
		return value{kind: 't', text: strconv.FormatBool(t)}, nil
	default:
		return value{kind: 'n'}, nil
	}
}

// reader turns parsed values into fields and gathers what is wrong.
type reader struct{ found []fault.Violation }

func (d *reader) refuse(path, code, zh, en string) {
	d.found = append(d.found, fault.Violation{Field: path, Code: code, Msg: zh, MsgEN: en})
}

// field reads one member at a path.
type field func(v value, path string)

func (d *reader) object(v value, path string, fields map[string]field) {
	if v.kind != '{' {
		d.refuse(path, "wrong_type", "须为对象", "must be an object")
		return
	}
	prefix := path
	if prefix != "" {
		prefix += "."
	}
	seen := make(map[string]bool, len(v.keys))
	for i, key := range v.keys {
		at := prefix + clip(key)
		read, known := fields[key]
		switch {
		case !known:
			d.refuse(at, "unknown_field", "未知字段", "is not a known field")
		case seen[key]:
			d.refuse(at, "duplicate_field", "字段重复", "is given twice")
		case v.members[i].kind != 'n':
			read(v.members[i], at)
		}
		seen[key] = true
	}
}

// clip keeps a hostile key from filling the answer.
func clip(key string) string {
	if r := []rune(key); len(r) > 64 {
		return string(r[:64]) + "…"
	}
	return key
}

func (d *reader) items(v value, path string, read field) {
	if v.kind != '[' {
		d.refuse(path, "wrong_type", "须为列表", "must be a list")
		return
	}
	if len(v.members) > maxItems {
		d.refuse(path, "too_many", fmt.Sprintf("不得超过%d项", maxItems), fmt.Sprintf("must not exceed %d items", maxItems))
		return
	}
	for i, m := range v.members {
		read(m, indexed(path, i))
	}
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (d *reader) text(into *string, maxRunes int) field {
	return func(v value, path string) {
		switch {
		case v.kind != '"':
			d.refuse(path, "wrong_type", "须为文本", "must be a text")
		case utf8.RuneCountInString(v.text) > maxRunes:
			d.refuse(path, "too_long", fmt.Sprintf("不得超过%d个字", maxRunes), fmt.Sprintf("must not exceed %d characters", maxRunes))
		default:
			*into = v.text
		}
	}
}

func (d *reader) yes(into *bool) field {
	return func(v value, path string) {
		if v.kind != 't' {
			d.refuse(path, "wrong_type", "须为true或false", "must be true or false")
			return
		}
		*into = v.text == "true"
	}
}

func (d *reader) integer(into *int64) field {
	return func(v value, path string) {
		if v.kind != '0' {
			d.refuse(path, "wrong_type", "须为整数", "must be an integer")
			return
		}
		if strings.ContainsAny(v.text, ".eE") {
			d.refuse(path, "not_integer", "须为不带小数和指数的整数", "must be an integer without fraction or exponent")
			return
		}
		n, err := strconv.ParseInt(v.text, 10, 64)
		if err != nil {
			d.refuse(path, "out_of_range", "超出范围", "is out of range")
			return
		}
		*into = n
	}
}

func (d *reader) decimal(into *Decimal) field {
	return func(v value, path string) {
		n, ok := ParseDecimal(v.text)
		if v.kind != '0' || !ok {
			d.refuse(path, "not_decimal", "须为最多两位小数的非负数", "must be a non-negative number of at most two decimals")
			return
		}
		*into = n
	}
}

func (d *reader) date(into *calendar.Date) field {
	return func(v value, path string) {
		day, err := calendar.ParseDate(v.text)
		if v.kind != '"' || err != nil {
			d.refuse(path, "invalid_date", "须为YYYY-MM-DD格式的真实日期", "must be a real date of the form YYYY-MM-DD")
			return
		}
		*into = day
	}
}

// optional reads into a pointer field, which is set only when the field is
// there and sound.
func optional[T any](d *reader, into **T, read func(*T) field) field {
	return func(v value, path string) {
		before, val := len(d.found), new(T)
		read(val)(v, path)
		if len(d.found) == before {
			*into = val
		}
	}
}

func (c *Case) fields(d *reader) map[string]field {
	optBool := func(p **bool) field { return optional(d, p, d.yes) }
	optInt := func(p **int64) field { return optional(d, p, d.integer) }
	return map[string]field{
		"kind":                d.text(&c.Kind, maxCodeRunes),
		"title":               d.text(&c.Title, maxTextRunes),
		"unit":                d.text(&c.Unit, maxCodeRunes),
		"declared_on":         d.date(&c.DeclaredOn),
		"unit_kind":           d.text(&c.UnitKind, maxCodeRunes),
		"amount_fen":          d.integer(&c.AmountFen),
		"hardware_fen":        optInt(&c.HardwareFen),
		"pure_software":       d.yes(&c.PureSoftware),
		"om":                  d.maintenance(&c.OM),
		"renewal_year":        d.integer(&c.RenewalYear),
		"renewal_unchanged":   optBool(&c.RenewalUnchanged),
		"district_funded":     optBool(&c.DistrictFunded),
		"national_crypto":     optBool(&c.NationalCrypto),
		"unit_level":          d.text(&c.UnitLevel, maxCodeRunes),
		"cross_region":        d.yes(&c.CrossRegion),
		"cross_department":    d.yes(&c.CrossDepartment),
		"superior_approval":   d.superiorApproval(&c.SuperiorApproval),
		"subordinate":         d.yes(&c.Subordinate),
		"supervisor_approved": d.yes(&c.SupervisorApproved),
		"classified":          d.yes(&c.Classified),
		"urgent":              d.yes(&c.Urgent),
		"mid_year_adjustment": d.yes(&c.MidYearAdjustment),
		"in_use":              d.yes(&c.InUse),
		"reason":              d.text(&c.Reason, maxTextRunes),
		"xc_conformant":       optBool(&c.XCConformant),
		"mlps_grade":          optInt(&c.MLPSGrade),
		"replaces_systems":    d.replaced(&c.ReplacesSystems),
		"public_data":         d.yes(&c.PublicData),
		"urban_operation":     d.yes(&c.UrbanOperation),
		"dedicated_network":   d.yes(&c.DedicatedNetwork),
		"own_machine_room":    d.yes(&c.OwnMachineRoom),
		"own_website":         d.yes(&c.OwnWebsite),
		"hotline_seats":       d.integer(&c.HotlineSeats),
		"materials": func(v value, path string) {
			d.items(v, path, func(v value, path string) {
				var code string
				d.text(&code, maxCodeRunes)(v, path)
				c.Materials = append(c.Materials, code)
			})
		},
		"budget": func(v value, path string) {
			d.items(v, path, func(v value, path string) {
				c.Budget = append(c.Budget, d.line(v, path))
			})
		},
	}
}

// An object that is there counts as given even when a member of it is wrong,
// so that no check mistakes it for a missing one.

func (d *reader) maintenance(into **Maintenance) field {
	return func(v value, path string) {
		m := &Maintenance{}
		*into = m
		d.object(v, path, map[string]field{
			"first_year":          d.yes(&m.FirstYear),
			"previous_amount_fen": optional(d, &m.PreviousAmountFen, d.integer),
		})
	}
}

func (d *reader) superiorApproval(into **SuperiorApproval) field {
	return func(v value, path string) {
		s := &SuperiorApproval{}
		*into = s
		d.object(v, path, map[string]field{
			"document_no": d.text(&s.DocumentNo, maxCodeRunes),
			"conclusion":  d.yes(&s.Conclusion),
			"standard":    d.yes(&s.Standard),
			"amount_fen":  d.integer(&s.AmountFen),
		})
	}
}

func (d *reader) replaced(into **Replaced) field {
	return func(v value, path string) {
		r := &Replaced{}
		*into = r
		if v.kind != '[' {
			d.integer(&r.Count)(v, path)
			return
		}
		r.Names = []string{}
		d.items(v, path, func(v value, path string) {
			var name string
			d.text(&name, maxTextRunes)(v, path)
			r.Names = append(r.Names, name)
		})
		r.Count = int64(len(r.Names))
	}
}

func (d *reader) line(v value, path string) (l Line) {
	if v.kind == '{' && !slices.Contains(v.keys, "amount_fen") {
		d.refuse(path+".amount_fen", "required", "必填", "is required")
	}
	d.object(v, path, map[string]field{
		"category":      d.text(&l.Category, maxCodeRunes),
		"class":         d.text(&l.Class, maxCodeRunes),
		"amount_fen":    d.integer(&l.AmountFen),
		"base_fen":      d.integer(&l.BaseFen),
		"person_months": d.decimal(&l.PersonMonths),
		"units":         d.integer(&l.Units),
		"area_m2":       d.decimal(&l.AreaM2),
	})
	return l
}
