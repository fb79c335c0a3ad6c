package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"egov/libs/calendar"
)

// variable is one name expressions may use: its static type, the field of the
// case it comes from, and how to read it. A "given." name says whether an
// optional field is there.
type variable struct {
	name string
	typ  *cel.Type
	from string
	read func(*Case) ref.Val
}

func intVar(name string, read func(*Case) int64) variable {
	return variable{name, cel.IntType, name, func(c *Case) ref.Val { return types.Int(read(c)) }}
}

func boolVar(name string, read func(*Case) bool) variable {
	return variable{name, cel.BoolType, strings.TrimPrefix(name, "given."), func(c *Case) ref.Val { return types.Bool(read(c)) }}
}

func textVar(name string, read func(*Case) string) variable {
	return variable{name, cel.StringType, name, func(c *Case) ref.Val { return types.String(read(c)) }}
}

func from(field string, v variable) variable { v.from = field; return v }

// caseVariables is the vocabulary of every expression: one name per field of
// the case under its JSON path.
var caseVariables = []variable{
	textVar("kind", func(c *Case) string { return c.Kind }),
	textVar("unit", func(c *Case) string { return c.Unit }),
	textVar("unit_kind", func(c *Case) string { return c.UnitKind }),
	intVar("amount_fen", func(c *Case) int64 { return c.AmountFen }),
	boolVar("given.hardware_fen", func(c *Case) bool { return c.HardwareFen != nil }),
	intVar("hardware_fen", func(c *Case) int64 { return orZero(c.HardwareFen) }),
	boolVar("pure_software", func(c *Case) bool { return c.PureSoftware }),
	boolVar("given.om", func(c *Case) bool { return c.OM != nil }),
	boolVar("om.first_year", func(c *Case) bool { return c.OM != nil && c.OM.FirstYear }),
	boolVar("given.om.previous_amount_fen", func(c *Case) bool { return c.OM != nil && c.OM.PreviousAmountFen != nil }),
	intVar("om.previous_amount_fen", func(c *Case) int64 {
		if c.OM == nil {
			return 0
		}
		return orZero(c.OM.PreviousAmountFen)
	}),
	intVar("renewal_year", func(c *Case) int64 { return c.RenewalYear }),
	boolVar("renewal_unchanged", func(c *Case) bool { return isTrue(c.RenewalUnchanged) }),
	boolVar("district_funded", func(c *Case) bool { return isTrue(c.DistrictFunded) }),
	boolVar("given.national_crypto", func(c *Case) bool { return c.NationalCrypto != nil }),
	boolVar("national_crypto", func(c *Case) bool { return orZero(c.NationalCrypto) }),
	textVar("unit_level", func(c *Case) string { return c.UnitLevel }),
	boolVar("cross_region", func(c *Case) bool { return c.CrossRegion }),
	boolVar("cross_department", func(c *Case) bool { return c.CrossDepartment }),
	boolVar("given.superior_approval", func(c *Case) bool { return c.SuperiorApproval != nil }),
	textVar("superior_approval.document_no", func(c *Case) string { return strings.TrimSpace(orZero(c.SuperiorApproval).DocumentNo) }),
	boolVar("superior_approval.conclusion", func(c *Case) bool { return orZero(c.SuperiorApproval).Conclusion }),
	boolVar("superior_approval.standard", func(c *Case) bool { return orZero(c.SuperiorApproval).Standard }),
	intVar("superior_approval.amount_fen", func(c *Case) int64 { return orZero(c.SuperiorApproval).AmountFen }),
	boolVar("subordinate", func(c *Case) bool { return c.Subordinate }),
	boolVar("supervisor_approved", func(c *Case) bool { return c.SupervisorApproved }),
	boolVar("classified", func(c *Case) bool { return c.Classified }),
	boolVar("urgent", func(c *Case) bool { return c.Urgent }),
	boolVar("mid_year_adjustment", func(c *Case) bool { return c.MidYearAdjustment }),
	boolVar("in_use", func(c *Case) bool { return c.InUse }),
	from("reason", boolVar("given.reason", func(c *Case) bool { return strings.TrimSpace(c.Reason) != "" })),
	boolVar("given.xc_conformant", func(c *Case) bool { return c.XCConformant != nil }),
	boolVar("xc_conformant", func(c *Case) bool { return orZero(c.XCConformant) }),
	boolVar("given.mlps_grade", func(c *Case) bool { return c.MLPSGrade != nil }),
	intVar("mlps_grade", func(c *Case) int64 { return orZero(c.MLPSGrade) }),
	boolVar("given.replaces_systems", func(c *Case) bool { return c.ReplacesSystems != nil }),
	intVar("replaces_systems", func(c *Case) int64 { return orZero(c.ReplacesSystems).Count }),
	boolVar("public_data", func(c *Case) bool { return c.PublicData }),
	boolVar("urban_operation", func(c *Case) bool { return c.UrbanOperation }),
	boolVar("dedicated_network", func(c *Case) bool { return c.DedicatedNetwork }),
	boolVar("own_machine_room", func(c *Case) bool { return c.OwnMachineRoom }),
	boolVar("own_website", func(c *Case) bool { return c.OwnWebsite }),
	intVar("hotline_seats", func(c *Case) int64 { return c.HotlineSeats }),
	{"materials", cel.ListType(cel.StringType), "materials", func(c *Case) ref.Val { return newCodeSet(c.Materials) }},
	boolVar("given.budget", func(c *Case) bool { return len(c.Budget) > 0 }),
}

// The names the engine fills itself, after the case's own.
const (
	varDay      = "declared_on"        // YYYY-MM-DD
	varMonthDay = "declared_month_day" // MM-DD of it
	varRoute    = "route"              // the route's code, once it is known

	// Known once the case is decided, so of use to gates only.
	varSteps       = "steps"
	varObligations = "obligations"
)

// engineVariables are those names with their types.
var engineVariables = []struct {
	name string
	typ  *cel.Type
}{
	{varDay, cel.StringType},
	{varMonthDay, cel.StringType},
	{varRoute, cel.StringType},
	{varSteps, cel.ListType(cel.StringType)},
	{varObligations, cel.ListType(cel.StringType)},
}

// lineVariables are the names a rule of a budget line may use besides.
// Person-months and square metres are in hundredths, as decimal parameters are.
var lineVariables = []struct {
	name string
	typ  *cel.Type
	read func(*Line) ref.Val
}{
	{"line.category", cel.StringType, func(l *Line) ref.Val { return types.String(l.Category) }},
	{"line.class", cel.StringType, func(l *Line) ref.Val { return types.String(l.Class) }},
	{"line.amount_fen", cel.IntType, func(l *Line) ref.Val { return types.Int(l.AmountFen) }},
	{"line.base_fen", cel.IntType, func(l *Line) ref.Val { return types.Int(l.BaseFen) }},
	{"line.person_months", cel.IntType, func(l *Line) ref.Val { return types.Int(l.PersonMonths) }},
	{"line.units", cel.IntType, func(l *Line) ref.Val { return types.Int(l.Units) }},
	{"line.area_m2", cel.IntType, func(l *Line) ref.Val { return types.Int(l.AreaM2) }},
}

// layout gives every name a place, fixed when the pack loads.
type layout struct {
	index  map[string]int
	origin []string         // field of the case each name comes from; empty for the engine's own
	totals []int            // places of the sums of budget lines
	addTo  map[string][]int // by category: the sums its lines count in
	dated  []datedParam
	lineAt int // place of the first line variable
	size   int
}

// datedParam is a parameter whose value depends on the day.
type datedParam struct {
	at    int
	param *Param
}

// add places a name. It reports false when the name is taken.
func (l *layout) add(name, origin string) (at int, ok bool) {
	if _, taken := l.index[name]; taken {
		return 0, false
	}
	at = l.size
	l.index[name] = at
	l.origin = append(l.origin, origin)
	l.size++
	return at, true
}

// facts are the values of one case under one layout: a CEL activation without
// a map, filled once.
type facts struct {
	layout *layout
	vals   []ref.Val
	lines  []ref.Val // the line variables of every budget line, one after the other
}

// ResolveName implements cel.Activation.
func (f *facts) ResolveName(name string) (any, bool) {
	i, ok := f.layout.index[name]
	if !ok || f.vals[i] == nil {
		return nil, false
	}
	return f.vals[i], true
}

// Parent implements cel.Activation.
func (f *facts) Parent() cel.Activation { return nil }

// factsOf fills the values of a case decided by the rules of a day. The day
// stands in for a day of declaration that the case does not give.
func (p *Pack) factsOf(c *Case, day calendar.Date) *facts {
	f := &facts{layout: &p.layout, vals: make([]ref.Val, p.layout.size)}
	for i := range caseVariables {
		f.vals[i] = caseVariables[i].read(c)
	}
	declared := c.DeclaredOn
	if declared.IsZero() {
		declared = day
	}
	iso := declared.String()
	f.set(varDay, types.String(iso))
	f.set(varMonthDay, types.String(iso[max(0, len(iso)-len("MM-DD")):]))
	f.set(varRoute, types.String(""))
	f.set(varSteps, noCodes)
	f.set(varObligations, noCodes)
	f.budget(c.Budget)
	for _, d := range p.layout.dated {
		f.vals[d.at] = types.Int(d.param.At(day))
	}
	return f
}

func (f *facts) set(name string, v ref.Val) { f.vals[f.layout.index[name]] = v }

// budget fills the sums, and keeps the values of each line for their turn.
func (f *facts) budget(lines []Line) {
	sums := make([]int64, f.layout.size)
	f.lines = make([]ref.Val, 0, len(lines)*len(lineVariables))
	for i := range lines {
		for _, at := range f.layout.addTo[lines[i].Category] {
			sums[at] += lines[i].AmountFen
		}
		for _, v := range lineVariables {
			f.lines = append(f.lines, v.read(&lines[i]))
		}
	}
	for _, at := range f.layout.totals {
		f.vals[at] = types.Int(sums[at])
	}
}

// line puts the values of one budget line in place.
func (f *facts) line(i int) {
	n := len(lineVariables)
	copy(f.vals[f.layout.lineAt:], f.lines[i*n:(i+1)*n])
}

// tell writes what the names in an expression stand for into values, which it
// makes when there is something to write. The values of a budget line count
// only while one is in place.
func (f *facts) tell(values map[string]any, p *program, line bool) map[string]any {
	put := func(name string, v ref.Val) {
		if values == nil {
			values = map[string]any{}
		}
		switch v := v.(type) {
		case types.Int:
			values[name] = int64(v)
		case types.Bool:
			values[name] = bool(v)
		case types.String:
			values[name] = string(v)
		case codeSet:
			values[name] = append([]string{}, v.codes...)
		}
	}
	for name, v := range p.figures {
		put(name, v)
	}
	for _, name := range p.uses {
		i := f.layout.index[name]
		if ofLine := i >= f.layout.lineAt && i < f.layout.lineAt+len(lineVariables); f.vals[i] != nil && (line || !ofLine) {
			put(name, f.vals[i])
		}
	}
	return values
}

// codeSet is a CEL list of strings whose membership test compares Go strings
// instead of building one CEL value per element.
type codeSet struct {
	traits.Lister
	codes []string
}

var noCodes = newCodeSet(nil)

func newCodeSet(codes []string) ref.Val {
	return codeSet{types.NewStringList(types.DefaultTypeAdapter, codes), codes}
}

// Contains implements traits.Container.
func (s codeSet) Contains(v ref.Val) ref.Val {
	code, ok := v.(types.String)
	return types.Bool(ok && slices.Contains(s.codes, string(code)))
}
