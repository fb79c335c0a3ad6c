package redflag

import (
	"slices"

	"egov/libs/calendar"
	"egov/libs/document"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// File is the facts of one project. It is a set: in which order they are added
// makes no difference.
type File struct {
	Project string `json:"project"`
	Facts   []Fact `json:"facts"` // by producer, and in its order
}

// Add takes a fact in, once.
func (f *File) Add(x Fact) {
	at, known := slices.BinarySearchFunc(f.Facts, x, func(a, b Fact) int { return a.before(&b) })
	if !known {
		f.Facts = slices.Insert(f.Facts, at, x)
	}
}

// of gives the facts of some types: those of one producer in its order.
func (f *File) of(types ...string) []*Fact {
	var list []*Fact
	for i := range f.Facts {
		if slices.Contains(types, f.Facts[i].Type) {
			list = append(list, &f.Facts[i])
		}
	}
	return list
}

// last gives the newest fact of some types, nil without any.
func (f *File) last(types ...string) *Fact {
	list := f.of(types...)
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

// project is what the newest submission says of the project, nil before it.
func (f *File) project() (*Fact, *typev1.ProjectBrief) {
	for _, x := range slices.Backward(f.of(projectSubmitted)) {
		if p, ok := x.brief(); ok {
			return x, p
		}
	}
	return nil, nil
}

// Sketch is what flags over a whole unit ask of one project. It follows from
// the file.
type Sketch struct {
	Project    string           `json:"project"`
	Unit       string           `json:"unit"`
	Pack       string           `json:"pack"`
	Title      string           `json:"title"`
	Lineage    string           `json:"lineage"`
	DeclaredOn calendar.Date    `json:"declared_on"`
	Ended      bool             `json:"ended"` // refused or withdrawn
	Submitted  Fact             `json:"submitted"`
	Concerned  policy.Concerned `json:"concerned"`
	Award      *Fact            `json:"award,omitempty"`
	Missed     []Fact           `json:"missed,omitempty"`   // clocks that ran out and were not waived or moved on
	Agencies   []string         `json:"agencies,omitempty"` // units that evaluated it
}

// Sketch derives it; ok is false for a project that was not submitted.
func (f *File) Sketch() (s Sketch, ok bool) {
	submitted, p := f.project()
	if p == nil {
		return s, false
	}
	s = Sketch{
		Project: f.Project, Unit: p.GetUnit(), Pack: p.GetPack(), Title: p.GetTitle(), Lineage: p.GetLineage(),
		DeclaredOn: submitted.on(p.GetDeclaredOn()), Ended: f.ended(), Submitted: *submitted, Missed: f.missed(),
	}
	s.Submitted.Said = said{AmountFen: number(p.GetAmountFen())} // the brief is in the file
	if a := f.last(awardMade); a != nil {
		award := *a
		s.Award = &award
	}
	for _, x := range f.of(evaluationGiven) {
		if !slices.Contains(s.Agencies, x.Said.Agency) {
			s.Agencies = append(s.Agencies, x.Said.Agency)
		}
	}
	s.Concerned = f.concerned(p, s.DeclaredOn)
	return s, true
}

// ended reports whether the declaration came to nothing: what is refused or
// taken back splits nothing.
func (f *File) ended() bool {
	if x := f.last(projectSubmitted, projectRefused, projectWithdrawn); x != nil && x.Type != projectSubmitted {
		return true
	}
	d := f.last(decisionTaken)
	return d != nil && d.Said.Outcome == "refused" && f.last(contractFiled) == nil
}

// missed lists the clocks that ran out, each once: one that was waived
// afterwards, or moved to a later day, did not. A clock that began and ended with
// one late act was never missed before; it is late all the same.
func (f *File) missed() []Fact {
	var list []Fact
	for _, x := range f.of(deadlineMissed, deadlineFulfilled) {
		excused := slices.ContainsFunc(f.of(deadlineWaived, deadlineMoved), func(o *Fact) bool {
			return o.Said.DeadlineID == x.Said.DeadlineID && o.Source == x.Source && o.EventSeq > x.EventSeq && (o.Type == deadlineWaived || o.Said.DueOn > x.Said.DueOn)
		})
		again := slices.ContainsFunc(list, func(o Fact) bool { return o.Said.DeadlineID == x.Said.DeadlineID && o.Source == x.Source })
		if !excused && !again {
			list = append(list, *x)
		}
	}
	return list
}

func (f *File) concerned(p *typev1.ProjectBrief, day calendar.Date) policy.Concerned {
	c := policy.Concerned{
		Day: day, Kind: p.GetKind(), UnitKind: p.GetUnitKind(), Route: p.GetRoute(), AmountFen: p.GetAmountFen(),
		ContractFen: worth(f.contracts()), RenewalYear: int64(p.GetRenewalYear()), ContractYears: int64(p.GetContractYears()),
		Grade: int64(p.GetMlpsGrade()), PureSoftware: p.GetPureSoftware(), InUse: p.GetInUse(), Steps: p.GetSteps(), Obligations: p.GetObligations(),
	}
	_, c.ApprovedFen = f.approved()
	_, c.BudgetFen = f.budget()
	if x := f.last(procurementBegun); x != nil {
		c.Method = x.Said.Method
	}
	if x := f.last(awardMade); x != nil {
		c.Bidders = x.Said.Bidders
	}
	return c
}

// approvals are the decisions that let a project spend, the earliest day first.
func (f *File) approvals() []*Fact {
	var list []*Fact
	for _, x := range f.of(decisionTaken, handoverRecorded) {
		if x.Said.Outcome == "approved" || x.Said.Outcome == "filed" {
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b *Fact) int { return a.decided().Compare(b.decided()) })
	return list
}

// decided is the day of a decision or a consent.
func (f *Fact) decided() calendar.Date {
	if f.Type == handoverRecorded {
		return f.on(f.Said.RecordedOn)
	}
	return f.on(f.Said.DecidedOn)
}

// approved is the fact that set the approved amount, changes included, and the
// amount in fen.
func (f *File) approved() (by *Fact, fen int64) {
	list := f.of(decisionTaken, handoverRecorded, changeConsented)
	slices.SortStableFunc(list, func(a, b *Fact) int { return a.decided().Compare(b.decided()) })
	for _, x := range list {
		approves := x.Type == changeConsented || x.Said.Outcome == "approved" || x.Said.Outcome == "filed"
		if approves && x.Said.ApprovedFen > 0 {
			by, fen = x, int64(x.Said.ApprovedFen)
		}
	}
	return by, fen
}

// budget is the fact that set the budget, and the amount in fen.
func (f *File) budget() (by *Fact, fen int64) {
	if by = f.last(budgetIssued, budgetAdjusted); by != nil {
		fen = int64(by.Said.AmountFen)
	}
	return by, fen
}

// contract is one contract with its amendments.
type contract struct {
	filed      *Fact
	amendments []*Fact
}

func (c contract) worth() int64 {
	if n := len(c.amendments); n > 0 {
		return int64(c.amendments[n-1].Said.ValueFen)
	}
	return int64(c.filed.Said.ValueFen)
}

func worth(list []contract) (fen int64) {
	for _, c := range list {
		fen += c.worth()
	}
	return fen
}

// contracts are the filed contracts; a contract filed again under its number
// replaces the first.
func (f *File) contracts() []contract {
	var list []contract
	for _, x := range f.of(contractFiled) {
		i := slices.IndexFunc(list, func(c contract) bool { return c.filed.Said.ContractNo == x.Said.ContractNo })
		if i < 0 {
			list = append(list, contract{filed: x})
			continue
		}
		list[i].filed = x
	}
	for _, x := range f.of(contractAmended) {
		if i := slices.IndexFunc(list, func(c contract) bool { return c.filed.Said.ContractNo == x.Said.ContractNo }); i >= 0 {
			list[i].amendments = append(list[i].amendments, x)
		}
	}
	return list
}

// inForce are the facts that say that a contract took effect, by that day: its
// signing, or its filing where nothing said it before.
func (f *File) inForce() []*Fact {
	var list []*Fact
	for _, x := range f.of(contractFiled, contractSigned) {
		if x.Said.EffectiveOn == "" {
			continue
		}
		i := slices.IndexFunc(list, func(o *Fact) bool { return o.Said.ContractNo == x.Said.ContractNo })
		if i < 0 {
			list = append(list, x)
			continue
		}
		list[i] = x // the newest word: a filing, or a corrected signing
	}
	slices.SortStableFunc(list, func(a, b *Fact) int { return a.on(a.Said.EffectiveOn).Compare(b.on(b.Said.EffectiveOn)) })
	return list
}

// Encode and DecodeFile are the stored form of a file.
func (f *File) Encode() ([]byte, error) { return document.Write(f) }

// DecodeFile reads what Encode wrote.
func DecodeFile(b []byte) (f File, err error) { return f, document.Read(b, &f) }
