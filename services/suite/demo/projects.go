package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"egov/libs/fault"
)

// The facts of twelve published projects: names, buyers, amounts, kinds. See
// the file's own "about" for what is assumed.
//
//go:embed projects.json
var published []byte

// ErrProjects refuses a file of projects; every fault in it is listed with its
// place, as in "projects[2].kind".
var ErrProjects = fault.New(fault.Invalid, "projects_file_invalid", "项目文件有误", "the projects file is wrong")

// Published is one project as its notice tells it. A pointer is nil where the
// notice is silent.
type Published struct {
	ID              string
	Title           string
	Buyer           string
	AmountFen       int64 // > 0
	AmountAssumed   bool  // by the author of the file
	Kind            string
	PureSoftware    *bool
	HardwareFen     *int64 // part of the amount
	HardwareAssumed bool   // by the author of the file
	AwardFen        int64  // 0: not published
	OMFirstYear     *bool
	OMPreviousFen   int64 // 0: not published
	ContractYears   int   // 0: not published
	ReplacesSystems int   // 0: not published
	Note            string

	filled []Assumption // what Prepare made up for the rules to decide
}

// Bounds of a notice's texts, in characters; they keep a declaration within the
// portal's own.
const (
	maxID, maxTitle, maxNote = 40, 200, 5000
	maxContractYears         = 3
)

// members are the fields of a project in the file.
func (p *Published) members() map[string]any {
	return map[string]any{
		"id": &p.ID, "title": &p.Title, "buyer": &p.Buyer, "amount_fen": &p.AmountFen, "amount_assumed": &p.AmountAssumed, "kind": &p.Kind,
		"pure_software": &p.PureSoftware, "hardware_fen": &p.HardwareFen, "hardware_assumed": &p.HardwareAssumed, "award_fen": &p.AwardFen,
		"om_first_year": &p.OMFirstYear, "om_previous_fen": &p.OMPreviousFen, "contract_years": &p.ContractYears,
		"replaces_systems": &p.ReplacesSystems, "note": &p.Note,
	}
}

// check lists what no rules would have.
func (p *Published) check(c *fault.Checks, at string) {
	c.Text(p.ID, at+"id", maxID)
	c.Text(p.Title, at+"title", maxTitle)
	if p.Buyer != "" {
		c.Text(p.Buyer, at+"buyer", maxTitle)
	}
	if p.Note != "" {
		c.Text(p.Note, at+"note", maxNote)
	}
	c.Require(p.AwardFen >= 0, at+"award_fen", "negative", "不得为负数", "must not be negative")
	c.Require(p.AmountFen <= 0 || p.AwardFen <= p.AmountFen, at+"award_fen", "above_total", "中标金额不得超过申报金额", "the award must not exceed the amount")
	c.Require(p.OMPreviousFen >= 0, at+"om_previous_fen", "negative", "不得为负数", "must not be negative")
	c.Require(p.ContractYears >= 0 && p.ContractYears <= maxContractYears, at+"contract_years", "out_of_range", "合同年限须为0至3年", "is 0 to 3 years")
	c.Require(p.ReplacesSystems >= 0, at+"replaces_systems", "negative", "不得为负数", "must not be negative")
}

// file is what could be read of a file of projects, and what was wrong with it.
type file struct {
	projects []Published
	broken   []map[string]bool // by project: fields that are known to be wrong
	checks   fault.Checks
}

// ReadProjects reads a file of the form of projects.json; nil reads the
// embedded one. It checks the form alone: Prepare also asks the rules.
func ReadProjects(b []byte) ([]Published, error) {
	f, err := parse(b)
	if err != nil {
		return nil, err
	}
	return f.projects, f.refusal()
}

// refusal is nil when nothing was wrong.
func (f *file) refusal() error { return f.checks.Refuse(ErrProjects) }

func parse(b []byte) (*file, error) {
	if b == nil {
		b = published
	}
	f := &file{}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		line := 1
		if s, ok := errors.AsType[*json.SyntaxError](err); ok {
			line += bytes.Count(b[:min(s.Offset, int64(len(b)))], []byte("\n"))
		}
		f.checks.Require(false, fmt.Sprintf("line %d", line), "malformed_json", "不是完整的JSON对象", "is not one complete JSON object")
		return nil, f.refusal()
	}
	var about string
	var list []json.RawMessage
	f.object(doc, "", map[string]any{"about": &about, "projects": &list})
	f.checks.Require(len(list) > 0, "projects", "required", "须至少列明一个项目", "name at least one project")
	first := map[string]int{}
	for i, raw := range list {
		at := place(i)
		var p Published
		broken := map[string]bool{}
		var doc map[string]json.RawMessage
		if err := json.Unmarshal(raw, &doc); err != nil || doc == nil {
			f.checks.Require(false, fmt.Sprintf("projects[%d]", i), "wrong_type", "须为对象", "must be an object")
			f.projects, f.broken = append(f.projects, p), append(f.broken, nil)
			continue
		}
		for _, name := range f.object(doc, at, p.members()) {
			broken[name] = true
		}
		f.check(&p, at, broken)
		if earlier, twice := first[p.ID]; twice && p.ID != "" {
			f.checks.Require(false, at+"id", "duplicate", fmt.Sprintf("与projects[%d]的编号重复", earlier), fmt.Sprintf("is the id of projects[%d] as well", earlier))
		} else {
			first[p.ID] = i
		}
		f.projects, f.broken = append(f.projects, p), append(f.broken, broken)
	}
	return f, nil
}

// check adds what is wrong with the fields of a project that could be read.
func (f *file) check(p *Published, at string, broken map[string]bool) {
	var c fault.Checks
	p.check(&c, at)
	for _, v := range fault.From(c.Err()).Violations {
		if name := v.Field[len(at):]; !broken[name] {
			f.checks.Add(v)
			broken[name] = true
		}
	}
}

// object reads the members of an object, and gives the names of those it could
// not read.
func (f *file) object(doc map[string]json.RawMessage, at string, members map[string]any) (wrong []string) {
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		into, known := members[name]
		if !f.checks.Require(known, at+name, "unknown_field", "未知字段", "is not a known field") {
			continue
		}
		if err := json.Unmarshal(doc[name], into); err != nil {
			zh, en := wanted(into)
			f.checks.Require(false, at+name, "wrong_type", zh, en)
			wrong = append(wrong, name)
		}
	}
	return wrong
}

// wanted says what a field takes.
func wanted(into any) (zh, en string) {
	switch into.(type) {
	case *string:
		return "须为文本", "must be a text"
	case *bool, **bool:
		return "须为true或false", "must be true or false"
	case *int, *int64, **int64:
		return "须为整数", "must be a whole number"
	}
	return "须为列表", "must be a list"
}

// place is the prefix of a project's fields.
func place(i int) string { return fmt.Sprintf("projects[%d].", i) }
