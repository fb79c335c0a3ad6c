package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Load reads one pack from the files at the root of fsys. Every fault of the
// pack is a violation of ErrInvalidPack, its field "<file>:<line>:<column>".
func Load(fsys fs.FS) (*Pack, error) {
	l := &loader{
		fsys: fsys,
		pack: &Pack{
			vocabularies: map[Vocabulary]*vocabulary{},
			provisions:   map[string]Text{},
			fieldBasis:   map[string][]string{},
			lines:        map[lineKey][]*findingRule{},
			layout:       layout{index: map[string]int{}, addTo: map[string][]int{}},
		},
		rules: map[string]bool{},
	}
	l.names()
	l.load()
	if len(l.found) > 0 {
		return nil, ErrInvalidPack.WithViolations(l.found...)
	}
	return l.pack, nil
}

// loader turns the files of a pack into a Pack and gathers what is wrong.
type loader struct {
	fsys  fs.FS
	pack  *Pack
	env   *cel.Env
	hash  []byte
	file  string // being read
	rules map[string]bool
	found []fault.Violation
}

func (l *loader) refuse(at token, code, zh, en string) {
	l.found = append(l.found, fault.Violation{Field: at.place(l.file), Code: code, Msg: zh, MsgEN: en})
}

// yamlLine finds the position in an error text of the YAML reader, which gives
// it no other way.
var yamlLine = regexp.MustCompile(`line (\d+): `)

// read decodes one file, whose fields must all be known.
func (l *loader) read(name string, into any) bool {
	l.file = name
	data, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.refuse(token{}, "missing_file", "缺少文件", "the file is missing")
		return false
	}
	if name != casesFile {
		sum := sha256.Sum256(data)
		h := sha256.New()
		h.Write(l.hash)
		h.Write([]byte(name))
		h.Write(sum[:])
		l.hash = h.Sum(nil)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err = dec.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return true
	}
	messages := []string{err.Error()}
	if te, ok := errors.AsType[*yaml.TypeError](err); ok {
		messages = te.Errors
	}
	for _, m := range messages {
		at := token{}
		if found := yamlLine.FindStringSubmatch(m); found != nil {
			at.Line, _ = strconv.Atoi(found[1])
			at.Col = 1
		}
		l.refuse(at, "invalid_yaml", "YAML有误："+m, "the YAML is wrong: "+m)
	}
	return false
}

func (l *loader) load() {
	var (
		header      headerSource
		codes       codesSource
		params      paramsSource
		provisions  provisionsSource
		routes      routesSource
		checklist   checklistSource
		obligations obligationsSource
		cost        costSource
		findings    findingsSource
		notes       notesSource
		deadlines   deadlinesSource
		gates       gatesSource
		procedure   procedureSource
		flags       flagsSource
		office      officeSource
		cases       casesSource
	)
	// The order is that of reference: a file only names what files before it
	// declare.
	for _, f := range []struct {
		name  string
		into  any
		build func()
	}{
		{headerFile, &header, func() { l.header(&header) }},
		{provisionsFile, &provisions, func() { l.provisions(provisions.Provisions) }},
		{codesFile, &codes, func() { l.codes(codes) }},
		{paramsFile, &params, func() { l.params(params.Params) }},
		{costFile, &cost, func() { l.groups(cost.Groups); l.language(); l.cost(&cost) }},
		{routesFile, &routes, func() { l.routes(&routes) }},
		{gatesFile, &gates, func() { l.gates(&gates) }},
		{checklistFile, &checklist, func() { l.checklist(&checklist) }},
		{obligationsFile, &obligations, func() { l.obligations(&obligations) }},
		{findingsFile, &findings, func() { l.findings("finding", findings.Findings) }},
		{notesFile, &notes, func() { l.notes(&notes) }},
		{deadlinesFile, &deadlines, func() { l.deadlines(&deadlines) }},
		{procedureFile, &procedure, func() { l.procedure(&procedure) }},
		{officeFile, &office, func() { l.office(&office) }},
		{flagsFile, &flags, func() { l.flags(&flags) }},
		{casesFile, &cases, func() { l.pack.examples = cases.examples() }},
	} {
		if !l.read(f.name, f.into) {
			continue
		}
		// Without a language nothing later can be checked; what is wrong with
		// it is already found.
		if l.env == nil && l.past(f.name) {
			return
		}
		f.build()
	}
	if len(l.hash) > 0 {
		l.pack.version += "+" + hex.EncodeToString(l.hash)[:12]
	}
}

// past reports whether a file is read after the one that completes the
// language.
func (l *loader) past(name string) bool {
	return !slices.Contains([]string{headerFile, provisionsFile, codesFile, paramsFile, costFile}, name)
}

func (l *loader) header(h *headerSource) {
	p := l.pack
	p.id, p.version, p.district = l.code(h.ID, "id"), h.Version.Value, l.code(h.District, "district")
	if p.version == "" {
		l.refuse(h.Version, "required", "缺少version", "version is missing")
	}
	p.title, p.source = l.text(h.Title, h.ID), l.text(h.Source, h.ID)
	p.validFrom = l.date(h.ValidFrom)
	if h.ValidTo.given() {
		if p.validTo = l.date(h.ValidTo); p.validTo.Before(p.validFrom) {
			l.refuse(h.ValidTo, "ends_before_start", "失效日早于生效日", "ends before it starts")
		}
	}
}

// codeForm is the form of every code: lower case, digits, '_' and '-'; classes
// of cost categories may be capitals.
var codeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

func (l *loader) code(t token, what string) string {
	if !codeForm.MatchString(t.Value) {
		l.refuse(t, "invalid_code", what+"须为字母、数字、“_”和“-”组成的代码",
			what+" must be a code of letters, digits, '_' and '-'")
	}
	return t.Value
}

func (l *loader) text(t Text, at token) Text {
	if t.ZH == "" || t.EN == "" {
		l.refuse(at, "missing_text", "缺少中文或英文文本", "a Chinese or English text is missing")
	}
	return t
}

func (l *loader) date(t token) calendar.Date {
	d, err := calendar.ParseDate(t.Value)
	if err != nil {
		l.refuse(t, "invalid_date", "须为YYYY-MM-DD格式的真实日期", "must be a real date of the form YYYY-MM-DD")
	}
	return d
}

// name takes a rule name for a section, once.
func (l *loader) name(section string, t token) string {
	full := section + "/" + l.code(t, "rule")
	if l.rules[full] {
		l.refuse(t, "duplicate", "规则重名："+full, "a rule of this name exists: "+full)
	}
	l.rules[full] = true
	return full
}

// basis checks provision ids; every rule rests on at least one.
func (l *loader) basis(ids []token, at token) []string {
	if len(ids) == 0 {
		l.refuse(at, "missing_basis", "缺少条款依据", "names no provision")
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.Value
		if _, ok := l.pack.provisions[id.Value]; !ok {
			l.refuse(id, "unknown_provision", "未声明的条款："+id.Value, "is not a declared provision: "+id.Value)
		}
	}
	return out
}

// known checks a code against a vocabulary.
func (l *loader) known(v Vocabulary, t token) string {
	if l.pack.term(v, t.Value) == nil {
		l.refuse(t, "unknown_code", fmt.Sprintf("%s中没有代码%s", v, t.Value), fmt.Sprintf("%s has no code %s", v, t.Value))
	}
	return t.Value
}

func (l *loader) strength(t token) Strength {
	s := Strength(t.Value)
	if s != Must && s != InPrinciple && s != Reference {
		l.refuse(t, "unknown_strength", "约束力须为must、in_principle或reference", "must be must, in_principle or reference")
	}
	return s
}

// binds is the strength of a rule that need not state one.
func (l *loader) binds(t token) Strength {
	if !t.given() {
		return Must
	}
	return l.strength(t)
}

func (l *loader) condition(t token) *program {
	if !t.given() {
		return alwaysTrue
	}
	return l.compile(t, cel.BoolType)
}

// alwaysTrue is the condition of a rule that states none.
var alwaysTrue = &program{src: "true", always: true}

func (l *loader) provisions(list []provisionSource) {
	for _, s := range list {
		if _, dup := l.pack.provisions[s.ID.Value]; dup {
			l.refuse(s.ID, "duplicate", "条款重复："+s.ID.Value, "is declared twice: "+s.ID.Value)
		}
		l.pack.provisions[s.ID.Value] = l.text(Text{s.ZH, s.EN}, s.ID)
	}
}

func (l *loader) codes(src codesSource) {
	for v := range src {
		if !slices.Contains(allVocabularies, v) {
			l.refuse(token{}, "unknown_vocabulary", fmt.Sprintf("没有代码表%q", v), fmt.Sprintf("there is no vocabulary %q", v))
		}
	}
	for _, v := range allVocabularies {
		voc := &vocabulary{byCode: map[string]*Term{}, terms: make([]Term, len(src[v]))}
		for i, s := range src[v] {
			t := Term{Code: l.code(s.Code, "code"), Text: l.text(Text{s.ZH, s.EN}, s.Code), Ends: s.Ends, Conference: s.Conference}
			l.duty(v, &t, s)
			for _, c := range s.Classes {
				if slices.ContainsFunc(t.Classes, func(k Term) bool { return k.Code == c.Code.Value }) {
					l.refuse(c.Code, "duplicate", "代码重复", "is declared twice")
				}
				t.Classes = append(t.Classes, Term{Code: l.code(c.Code, "code"), Text: l.text(Text{c.ZH, c.EN}, c.Code)})
			}
			if voc.byCode[t.Code] != nil {
				l.refuse(s.Code, "duplicate", "代码重复", "is declared twice")
			}
			voc.terms[i] = t
			voc.byCode[t.Code] = &voc.terms[i]
		}
		l.pack.vocabularies[v] = voc
	}
}

func (l *loader) params(list []paramSource) {
	for _, s := range list {
		p := &Param{Name: l.code(s.Param, "param"), Label: l.text(Text{s.ZH, s.EN}, s.Param), Basis: l.basis(s.Basis, s.Param)}
		if l.pack.Param(p.Name) != nil {
			l.refuse(s.Param, "duplicate", "参数重名", "is declared twice")
			continue
		}
		l.paramValue(p, s)
		lay := &l.pack.layout
		if _, taken := lay.index[p.Name]; taken {
			l.refuse(s.Param, "duplicate", "参数与变量重名", "is the name of a variable")
			continue
		}
		if p.dated() {
			at, _ := lay.add(p.Name, "")
			lay.dated = append(lay.dated, datedParam{at, p})
		}
		l.pack.params = append(l.pack.params, p)
	}
}

// Decimal places of figures as people write them.
const (
	percentPlaces  = 2
	quantityPlaces = 2
)

func (l *loader) paramValue(p *Param, s paramSource) {
	scaled := func(kind ParamKind, t token, places int) {
		n, ok := parseScaled(t.Value, places)
		if !ok {
			l.refuse(t, "invalid_figure", fmt.Sprintf("须为最多%d位小数的非负数", places),
				fmt.Sprintf("must be a non-negative number of at most %d decimals", places))
		}
		p.Kind, p.Dates = kind, []DatedValue{{Value: n}}
	}
	given := 0
	for _, form := range []struct {
		t     token
		apply func(token)
	}{
		{s.Wan, func(t token) { scaled(Amount, t, wanPlaces) }},
		{s.Percent, func(t token) { scaled(Rate, t, percentPlaces) }},
		{s.Decimal, func(t token) { scaled(Quantity, t, quantityPlaces) }},
		{s.Count, func(t token) { scaled(Count, t, 0) }},
		{s.Date, func(t token) { p.Kind, p.Text = Day, l.date(t).String() }},
		{s.MonthDay, func(t token) {
			// A leap year, so that 29 February can be meant.
			p.Kind, p.Text = MonthDay, t.Value
			l.date(token{Value: "2000-" + t.Value, Line: t.Line, Col: t.Col})
		}},
	} {
		if form.t.given() {
			form.apply(form.t)
			given++
		}
	}
	for _, d := range s.Dated {
		v := DatedValue{From: l.date(d.From), Source: l.text(d.Source, d.From)}
		if n := len(p.Dates); n > 0 && !v.From.After(p.Dates[n-1].From) {
			l.refuse(d.From, "not_ascending", "日期须递增", "dates must ascend")
		}
		var ok bool
		if v.Value, ok = parseScaled(d.Wan.Value, wanPlaces); !ok {
			l.refuse(d.Wan, "invalid_figure", "金额（万元）有误", "is not an amount in 万元")
		}
		p.Kind, p.Dates = Amount, append(p.Dates, v)
	}
	if len(s.Dated) > 0 {
		given++
	}
	if given != 1 {
		l.refuse(s.Param, "one_figure", "参数须有且只有一个值", "a parameter has exactly one figure")
	}
}

// dated reports whether a parameter changes with the day.
func (p *Param) dated() bool { return len(p.Dates) > 0 && !p.Dates[0].From.IsZero() }

// names lays out the variables every pack has.
func (l *loader) names() {
	lay := &l.pack.layout
	for _, v := range caseVariables {
		lay.add(v.name, v.from)
	}
	for _, v := range engineVariables {
		origin := ""
		if v.name == varDay || v.name == varMonthDay {
			origin = varDay
		}
		lay.add(v.name, origin)
	}
	lay.lineAt = lay.size
	for _, v := range lineVariables {
		lay.add(v.name, "budget")
	}
}

// totalPrefix begins the names of sums of budget lines.
const totalPrefix = "total."

// groups lays out the sums: one per category, one per group.
func (l *loader) groups(groups map[string][]token) {
	lay := &l.pack.layout
	add := func(name string, categories []string) {
		at, ok := lay.add(totalPrefix+name, "budget")
		if !ok {
			l.refuse(token{}, "duplicate", "合计重名："+name, "a total of this name exists: "+name)
			return
		}
		lay.totals = append(lay.totals, at)
		for _, c := range categories {
			lay.addTo[c] = append(lay.addTo[c], at)
		}
	}
	for _, c := range l.pack.Terms(Categories) {
		add(c.Code, []string{c.Code})
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		var members []string
		for _, t := range groups[name] {
			if slices.Contains(members, t.Value) {
				l.refuse(t, "duplicate", "类别重复", "is listed twice")
				continue
			}
			members = append(members, l.known(Categories, t))
		}
		add(name, members)
	}
}

// language declares the environment every expression of the pack is checked in.
func (l *loader) language() {
	var vars, constants []cel.EnvOption
	for _, v := range caseVariables {
		vars = append(vars, cel.Variable(v.name, v.typ))
	}
	for _, v := range engineVariables {
		vars = append(vars, cel.Variable(v.name, v.typ))
	}
	for _, v := range lineVariables {
		vars = append(vars, cel.Variable(v.name, v.typ))
	}
	for name := range l.pack.layout.index {
		if strings.HasPrefix(name, totalPrefix) {
			vars = append(vars, cel.Variable(name, cel.IntType))
		}
	}
	for _, p := range l.pack.params {
		switch {
		case p.dated():
			vars = append(vars, cel.Variable(p.Name, cel.IntType))
		case p.Kind == Day || p.Kind == MonthDay:
			constants = append(constants, cel.Constant(p.Name, cel.StringType, types.String(p.Text)))
		case len(p.Dates) > 0:
			constants = append(constants, cel.Constant(p.Name, cel.IntType, types.Int(p.Dates[0].Value)))
		}
	}
	env, err := newEnv(vars, constants)
	if err != nil {
		l.refuse(token{}, "invalid_language", "无法建立表达式环境："+err.Error(), "the rule language cannot be set up: "+err.Error())
		return
	}
	l.env = env
}
