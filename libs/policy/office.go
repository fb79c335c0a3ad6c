package policy

import "slices"

// Office is how the office that runs e-government plans, counts, assesses and
// seals: lists and figures of office.yaml. What a pack leaves out of it, its
// district does not do.
type Office struct {
	Plans          []Plan
	KeyWork        KeyWork
	Returns        []Return
	PostEvaluation Questions // what the evaluator of a finished project answers
	Assessment     Questions // what a unit is assessed by
	Committee      Committee
	Papers         []Paper
	SealBasis      []string // of what holds for every sealed paper
}

// Plan is one kind of plan and the road on which it comes into force: comments,
// the conference, approvals, filing. A step it does not name is not taken.
type Plan struct {
	Code       string
	Label      Text
	Comments   bool // units are asked before it is laid before anybody
	Conference bool // the conference reviews it
	ApprovedBy []Authority
	Either     bool // one of ApprovedBy is enough
	FiledWith  *Authority
	Tasks      bool // it divides the year's key work among units
	Basis      []string
}

// Authority approves a plan, or has it filed.
type Authority struct {
	Code  string
	Label Text
	Basis []string
}

// Plan finds a kind of plan by its code.
func (o Office) Plan(code string) (Plan, bool) {
	i := slices.IndexFunc(o.Plans, func(p Plan) bool { return p.Code == code })
	if i < 0 {
		return Plan{}, false
	}
	return o.Plans[i], true
}

// KeyWork is how tasks of a plan are timed: the obligation under which a task's
// clock runs to the last day of its month or year. The zero KeyWork times none.
type KeyWork struct {
	Obligation string
	Basis      []string
}

// Return is what units report from time to time. Its code is that of a deadline
// that repeats: one period of the return is one period of the deadline, from
// the fact that triggers it on.
type Return struct {
	Code    string
	Figures []Figure
	Basis   []string
}

// Return finds a return by its code.
func (o Office) Return(code string) (Return, bool) {
	i := slices.IndexFunc(o.Returns, func(r Return) bool { return r.Code == code })
	if i < 0 {
		return Return{}, false
	}
	return o.Returns[i], true
}

// Figure is one whole number of a return, not negative.
type Figure struct {
	Code  string
	Label Text
}

// Questions are what an evaluation or assessment answers, every one of them.
// Without any there is no such evaluation.
type Questions struct {
	Basis []string
	List  []Question
}

// Question is one of them.
type Question struct {
	Code  string
	Label Text
	Basis []string
}

// Committee bounds the committee of experts. The zero Committee is none.
type Committee struct {
	Min, Fields, Employers int // fewest members, fields of expertise, employers
	Basis                  []string
}

// Paper is one kind of official document, and whether an e-seal may be put on
// it.
type Paper struct {
	Code   string
	Label  Text
	Sealed bool
	Barred bool // refused at the door: nothing of it is stored
	Basis  []string
}

// Paper finds a kind of document by its code.
func (o Office) Paper(code string) (Paper, bool) {
	i := slices.IndexFunc(o.Papers, func(p Paper) bool { return p.Code == code })
	if i < 0 {
		return Paper{}, false
	}
	return o.Papers[i], true
}

// Office gives the lists of office.yaml.
func (p *Pack) Office() Office { return p.office }

type officeSource struct {
	Plans          []planSource    `yaml:"plans" doc:"kinds of plan, and the road on which each comes into force"`
	KeyWork        keyWorkSource   `yaml:"key_work" doc:"how tasks of a plan are timed"`
	Returns        []returnSource  `yaml:"returns" doc:"what units report from time to time"`
	PostEvaluation questionsSource `yaml:"post_evaluation" doc:"what the evaluator of a finished project answers"`
	Assessment     questionsSource `yaml:"assessment" doc:"what a unit is assessed by"`
	Committee      committeeSource `yaml:"committee" doc:"the committee of experts"`
	Papers         []paperSource   `yaml:"papers" doc:"kinds of official document, and which of them may bear an e-seal"`
	SealBasis      []token         `yaml:"seal_basis" schema:"provision" doc:"provision ids of what holds for every sealed paper"`
}

type planSource struct {
	Plan       token             `yaml:"plan" schema:"code,required" doc:"the plan's code"`
	Comments   bool              `yaml:"comments" doc:"units are asked for comments first"`
	Conference bool              `yaml:"conference" doc:"the conference reviews it"`
	ApprovedBy []authoritySource `yaml:"approved_by" doc:"who approves it"`
	Either     bool              `yaml:"either" doc:"one of them is enough"`
	FiledWith  *authoritySource  `yaml:"filed_with" doc:"where it is filed"`
	Tasks      bool              `yaml:"tasks" doc:"it divides the year's key work among units"`
	Basis      []token           `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH         string            `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN         string            `yaml:"en" schema:",required" doc:"English name"`
}

type authoritySource struct {
	Authority token   `yaml:"authority" schema:"code,required" doc:"the authority's code"`
	Basis     []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH        string  `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN        string  `yaml:"en" schema:",required" doc:"English name"`
}

type keyWorkSource struct {
	Obligation token   `yaml:"obligation" schema:"code" doc:"under which a task's clock runs"`
	Basis      []token `yaml:"basis" schema:"provision" doc:"provision ids"`
}

type returnSource struct {
	Return  token          `yaml:"return" schema:"code,required" doc:"code of a deadline that repeats"`
	Figures []figureSource `yaml:"figures" schema:",required" doc:"what is reported"`
	Basis   []token        `yaml:"basis" schema:"provision,required" doc:"provision ids"`
}

type figureSource struct {
	Figure token  `yaml:"figure" schema:"code,required" doc:"the figure's code"`
	ZH     string `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN     string `yaml:"en" schema:",required" doc:"English name"`
}

type questionsSource struct {
	Basis     []token          `yaml:"basis" schema:"provision" doc:"provision ids"`
	Questions []questionSource `yaml:"questions" doc:"what must be answered, every one"`
}

type questionSource struct {
	Question token   `yaml:"question" schema:"code,required" doc:"the question's code"`
	Basis    []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH       string  `yaml:"zh" schema:",required" doc:"Chinese text"`
	EN       string  `yaml:"en" schema:",required" doc:"English text"`
}

type committeeSource struct {
	Min       int     `yaml:"min" doc:"fewest members"`
	Fields    int     `yaml:"fields" doc:"fewest fields of expertise"`
	Employers int     `yaml:"employers" doc:"fewest employers"`
	Basis     []token `yaml:"basis" schema:"provision" doc:"provision ids"`
}

type paperSource struct {
	Paper  token   `yaml:"paper" schema:"code,required" doc:"the document's code"`
	Sealed bool    `yaml:"sealed" doc:"an e-seal may be put on it"`
	Barred bool    `yaml:"barred" doc:"refused at the door: nothing of it is stored"`
	Basis  []token `yaml:"basis" schema:"provision,required" doc:"provision ids"`
	ZH     string  `yaml:"zh" schema:",required" doc:"Chinese name"`
	EN     string  `yaml:"en" schema:",required" doc:"English name"`
}

func (l *loader) office(s *officeSource) {
	o := &l.pack.office
	for _, x := range s.Plans {
		l.name("plan", x.Plan)
		p := Plan{
			Code: x.Plan.Value, Label: l.text(Text{x.ZH, x.EN}, x.Plan), Comments: x.Comments, Conference: x.Conference,
			Either: x.Either, Tasks: x.Tasks, Basis: l.basis(x.Basis, x.Plan),
		}
		for _, a := range x.ApprovedBy {
			p.ApprovedBy = append(p.ApprovedBy, l.authority(a))
		}
		if x.FiledWith != nil {
			a := l.authority(*x.FiledWith)
			p.FiledWith = &a
		}
		o.Plans = append(o.Plans, p)
	}
	if s.KeyWork.Obligation.given() {
		o.KeyWork = KeyWork{l.code(s.KeyWork.Obligation, "obligation"), l.basis(s.KeyWork.Basis, s.KeyWork.Obligation)}
	}
	for _, x := range s.Returns {
		l.name("return", x.Return)
		if d, ok := l.pack.Deadline(x.Return.Value); !ok || !d.Repeats {
			l.refuse(x.Return, "unknown_code", "没有这个周期性时限："+x.Return.Value, "there is no deadline that repeats of this code: "+x.Return.Value)
		}
		r := Return{Code: x.Return.Value, Basis: l.basis(x.Basis, x.Return)}
		for _, f := range x.Figures {
			r.Figures = append(r.Figures, Figure{l.code(f.Figure, "figure"), l.text(Text{f.ZH, f.EN}, f.Figure)})
		}
		o.Returns = append(o.Returns, r)
	}
	o.PostEvaluation, o.Assessment = l.questions(s.PostEvaluation), l.questions(s.Assessment)
	if c := s.Committee; c.Min > 0 {
		o.Committee = Committee{c.Min, c.Fields, c.Employers, l.basis(c.Basis, token{})}
	}
	for _, x := range s.Papers {
		l.name("paper", x.Paper)
		o.Papers = append(o.Papers, Paper{x.Paper.Value, l.text(Text{x.ZH, x.EN}, x.Paper), x.Sealed, x.Barred, l.basis(x.Basis, x.Paper)})
	}
	if len(s.Papers) > 0 {
		o.SealBasis = l.basis(s.SealBasis, s.Papers[0].Paper)
	}
}

func (l *loader) authority(s authoritySource) Authority {
	return Authority{l.code(s.Authority, "authority"), l.text(Text{s.ZH, s.EN}, s.Authority), l.basis(s.Basis, s.Authority)}
}

func (l *loader) questions(s questionsSource) Questions {
	if len(s.Questions) == 0 {
		return Questions{}
	}
	q := Questions{Basis: l.basis(s.Basis, s.Questions[0].Question)}
	for _, x := range s.Questions {
		q.List = append(q.List, Question{l.code(x.Question, "question"), l.text(Text{x.ZH, x.EN}, x.Question), l.basis(x.Basis, x.Question)})
	}
	return q
}
