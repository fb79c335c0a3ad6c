package policy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy/packs"
)

// Set holds the packs a program knows. It is immutable and safe for concurrent
// use.
type Set struct {
	packs    []*Pack
	district string // the one meant when a caller names none
}

// Options say which rules decide.
type Options struct {
	Pack     string        // this pack, whatever the date
	AsOf     calendar.Date // the pack in force on this date; zero: on the day of declaration
	District string        // whose rules; empty: the set's default
	Values   bool          // every step of the trace tells the values that its expression saw
}

// NewSet gathers packs. Two packs of one district must not be in force on one
// day. defaultDistrict is meant where Options name none.
func NewSet(defaultDistrict string, list ...*Pack) (*Set, error) {
	s := &Set{packs: slices.Clone(list), district: defaultDistrict}
	slices.SortStableFunc(s.packs, func(a, b *Pack) int { return a.validFrom.Compare(b.validFrom) })
	for i, p := range s.packs {
		for _, q := range s.packs[i+1:] {
			if p.id == q.id {
				return nil, ErrInvalidPack.With(fmt.Errorf("two packs are called %s", p.id))
			}
			if p.district == q.district && p.InForce(q.validFrom) {
				return nil, ErrInvalidPack.With(fmt.Errorf("%s and %s are both in force on %s", p.id, q.id, q.validFrom))
			}
		}
	}
	return s, nil
}

// LoadSet gathers the packs that Read finds in fsys.
func LoadSet(defaultDistrict string, fsys fs.FS) (*Set, error) {
	list, err := Read(fsys)
	if err != nil {
		return nil, err
	}
	return NewSet(defaultDistrict, list...)
}

// Default is the set of the packs that come with the suite, for Yangpu unless
// a caller names another district.
func Default() *Set { return defaultSet() }

var defaultSet = sync.OnceValue(func() *Set {
	s, err := LoadSet(packs.DefaultDistrict, packs.FS)
	if err != nil {
		panic(err) // unreachable: the tests load the same embedded files
	}
	return s
})

// Packs lists the packs by their first day.
func (s *Set) Packs() []*Pack { return slices.Clone(s.packs) }

// ByID finds a pack; ErrUnknownPack names those there are.
func (s *Set) ByID(id string) (*Pack, error) {
	for _, p := range s.packs {
		if p.id == id {
			return p, nil
		}
	}
	var ids []string
	for _, p := range s.packs {
		ids = append(ids, p.id)
	}
	known := strings.Join(ids, ", ")
	return nil, ErrUnknownPack.WithMsg("没有这个规则包，现有："+known, "there is no such rule pack; known are: "+known)
}

// ForDate finds the pack of a district in force on a day; the empty district
// is the default one. ErrNoPackInForce when there is none.
func (s *Set) ForDate(district string, day calendar.Date) (*Pack, error) {
	if district == "" {
		district = s.district
	}
	for _, p := range s.packs {
		if p.district == district && p.InForce(day) {
			return p, nil
		}
	}
	return nil, ErrNoPackInForce.WithMsg(
		fmt.Sprintf("%s在%s没有现行有效的规则包", district, day),
		fmt.Sprintf("no rule pack of %s is in force on %s", district, day),
	)
}

// choose gives the pack and the day its rules are read on.
func (s *Set) choose(declared calendar.Date, o Options) (*Pack, calendar.Date, error) {
	day := o.AsOf
	if !declared.IsZero() && (o.AsOf.IsZero() || o.Pack != "") {
		day = declared
	}
	if o.Pack != "" {
		p, err := s.ByID(o.Pack)
		if err == nil && day.IsZero() {
			day = p.validFrom
		}
		return p, day, err
	}
	if day.IsZero() {
		return nil, day, fault.InvalidInput.WithViolations(fault.Violation{
			Field: "declared_on", Code: "required", Msg: "必填：由申报日期确定适用的规则", MsgEN: "is required: it decides which rules apply",
		})
	}
	p, err := s.ForDate(o.District, day)
	return p, day, err
}

// Decide decides a case under the pack the options or its day of declaration
// call for. Refusals: fault.InvalidInput, ErrNoPackInForce, ErrUnknownPack.
func (s *Set) Decide(c Case, o Options) (Decision, error) {
	p, day, err := s.choose(c.DeclaredOn, o)
	if err != nil {
		return Decision{}, err
	}
	return p.decideCase(c, day, o.Values)
}

// DecideJSON reads one case of at most limit bytes, as DecodeCase does, and
// decides it. What is wrong with its form and what is wrong under the rules is
// listed together.
func (s *Set) DecideJSON(r io.Reader, limit int64, o Options) (Decision, error) {
	c, found, err := decodeCase(r, limit)
	if err != nil {
		return Decision{}, err
	}
	broken := make(map[string]bool, len(found))
	for _, v := range found {
		broken[v.Field] = true
	}
	p, day, err := s.choose(c.DeclaredOn, o)
	if err != nil {
		return Decision{}, formOnly(&c, o, found, broken, err)
	}
	f := p.factsOf(&c, day)
	found = append(p.withBasis(found), p.violations(&c, f, broken)...)
	if len(found) == 0 {
		return p.decide(&c, f, o.Values)
	}
	return Decision{}, fault.InvalidInput.WithViolations(found...)
}

// formOnly refuses a case for which there are no rules, with what is wrong with
// its form. That there are none is told by itself where nothing else is wrong.
func formOnly(c *Case, o Options, found []fault.Violation, broken map[string]bool, err error) error {
	var form []fault.Violation
	c.bounds(func(v fault.Violation) { form = append(form, v) }, broken)
	if f := fault.From(err); !errors.Is(err, fault.InvalidInput) {
		if len(found)+len(form) == 0 {
			return err
		}
		found = append(found, fault.Violation{Field: o.names(err), Code: f.Code, Msg: f.Msg, MsgEN: f.MsgEN})
	} else if !broken["declared_on"] {
		found = append(found, f.Violations...)
	}
	return fault.InvalidInput.WithViolations(append(found, form...)...)
}

// names is what called for the rules that there are not, as callers spell it.
func (o Options) names(err error) string {
	switch {
	case errors.Is(err, ErrUnknownPack):
		return "pack"
	case !o.AsOf.IsZero():
		return "as_of"
	}
	return "declared_on"
}

// withBasis names the provisions behind fields that could not be read.
func (p *Pack) withBasis(found []fault.Violation) []fault.Violation {
	for i := range found {
		if found[i].Basis == nil {
			found[i].Basis = p.fieldBasis[fieldOf(found[i].Field)]
		}
	}
	return found
}
