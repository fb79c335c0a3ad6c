// Package auditcase is how auditors look into something: a case is opened, from
// red flags or freely; the audited unit is asked and answers by a day; what is
// wrong is ordered to be put right by a day; the case is closed with a
// conclusion (YP23-M-16, XA18-19).
//
// The package promises: the audited unit sees its case from the first question
// on, and no other; every act that binds a unit is sealed; what comes after its
// day is late and stays on record, as does material that was refused or
// concealed; a serious case is closed by two auditors. Auditors change nothing
// of what they audit, so the service keeps the case in their name.
//
// It gives no orders beyond the case: holds on money and lockouts are other
// duty holders', who read the facts. It judges no answer.
package auditcase

import (
	"context"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport/redflag"
)

// Bureau is the unit whose auditors look into cases.
const Bureau = "audit"

// State is where a case stands.
type State string

// The states.
const (
	Opened     State = "opened"     // the audited unit knows nothing of it yet
	Questioned State = "questioned" // waits for the unit's answer
	Examined   State = "examined"   // answered or reported: the auditors are to go on
	Rectifying State = "rectifying" // waits for the unit to report what it put right
	Concluding State = "concluding" // waits for a second auditor
	Closed     State = "closed"
)

// Outcome is what came of a case.
type Outcome string

// The outcomes.
const (
	Unfounded Outcome = "unfounded" // the facts are other than they seemed
	Explained Outcome = "explained" // the facts are as they seemed, and in order
	Rectified Outcome = "rectified" // what was wrong is put right
	Referred  Outcome = "referred"  // handed to who may act further
)

// Manners of withholding.
const (
	Refused   = "refused"
	Concealed = "concealed"
)

// Deadline codes. stable: audit_answer is the packs'; a rectification runs to a
// day that was set.
const (
	clockAnswer  = "audit_answer"
	clockRectify = "audit_rectification"
)

// answerers are the roles in which the audited unit's people answer.
var answerers = []string{"declarer", "supervisor", "secretary", "finance_officer", "procurement_officer"}

// Answerers lists the roles in which an audited unit answers.
func Answerers() []string { return slices.Clone(answerers) }

// Case is one thing that auditors look into. Its id is the subject of its
// facts.
type Case struct {
	aggregate.Root
	Title       string   `json:"title"`
	Reason      string   `json:"reason"`
	AuditedUnit string   `json:"audited_unit"`
	Projects    []string `json:"projects"`
	Flags       []string `json:"flags"` // red flags it was opened from
	Pack        string   `json:"pack"`  // whose days count
	Serious     bool     `json:"serious"`
	State       State    `json:"state"`
	OpenedBy    string   `json:"opened_by"`
	// Overdue says that the unit owes an answer or a report whose day has passed.
	Overdue bool `json:"overdue"`

	Questions      []Question            `json:"questions"`
	Withheld       []Withholding         `json:"withheld"`
	Rectifications []Rectification       `json:"rectifications"`
	Papers         []attachment.Document `json:"papers"` // what the unit handed over
	Conclusion     *Conclusion           `json:"conclusion,omitempty"`
	Returned       []Return              `json:"returned,omitempty"` // conclusions a second auditor did not agree with
	Signature      *typev1.Signature     `json:"signature"`
}

// Question is what the unit is asked, and its answer.
type Question struct {
	ID        string            `json:"id"`
	Text      string            `json:"question"`
	Material  []string          `json:"material"` // what is asked to be handed over
	AskedBy   string            `json:"asked_by"`
	AskedOn   string            `json:"asked_on"`
	DueOn     string            `json:"due_on"`
	Answer    *Answer           `json:"answer,omitempty"`
	Signature *typev1.Signature `json:"signature"`
}

// Answer is the audited unit's.
type Answer struct {
	Text      string                `json:"answer"`
	Documents []attachment.Document `json:"documents"`
	By        string                `json:"answered_by"`
	On        string                `json:"answered_on"`
	Late      bool                  `json:"late"`
	Signature *typev1.Signature     `json:"signature"`
}

// Withholding is material that the unit refused or concealed.
type Withholding struct {
	Question  string            `json:"question_id"`
	Manner    string            `json:"manner"` // refused or concealed
	Statement string            `json:"statement"`
	By        string            `json:"recorded_by"`
	On        string            `json:"recorded_on"`
	Signature *typev1.Signature `json:"signature"`
}

// Rectification is what the unit is to put right.
type Rectification struct {
	ID        string            `json:"id"`
	Order     string            `json:"order"`
	OrderedBy string            `json:"ordered_by"`
	OrderedOn string            `json:"ordered_on"`
	DueOn     string            `json:"due_on"`
	Reports   []Report          `json:"reports"`
	Reviews   []Review          `json:"reviews"`
	Done      bool              `json:"carried_out"`
	Signature *typev1.Signature `json:"signature"`
}

// Report is what the unit did about an order.
type Report struct {
	Text      string                `json:"report"`
	Documents []attachment.Document `json:"documents"`
	By        string                `json:"reported_by"`
	On        string                `json:"reported_on"`
	Late      bool                  `json:"late"`
	Signature *typev1.Signature     `json:"signature"`
}

// Review is whether auditors hold a report to be enough.
type Review struct {
	CarriedOut bool              `json:"carried_out"`
	Remark     string            `json:"remark"`
	By         string            `json:"reviewed_by"`
	On         string            `json:"reviewed_on"`
	DueOn      string            `json:"due_on,omitempty"` // anew, where it is not carried out
	Signature  *typev1.Signature `json:"signature"`
}

// Conclusion ends a case.
type Conclusion struct {
	Outcome     Outcome           `json:"outcome"`
	Text        string            `json:"conclusion"`
	By          string            `json:"concluded_by"`
	On          string            `json:"concluded_on"`
	ConfirmedBy string            `json:"confirmed_by,omitempty"` // the second auditor, of a serious case
	ConfirmedOn string            `json:"confirmed_on,omitempty"`
	Signature   *typev1.Signature `json:"signature"`
}

// Return is a conclusion that a second auditor did not agree with.
type Return struct {
	Conclusion Conclusion `json:"conclusion"`
	Reason     string     `json:"reason"`
	By         string     `json:"returned_by"`
	On         string     `json:"returned_on"`
}

// Errors of this duty.
var (
	ErrState = fault.New(fault.Conflict, "wrong_case_state",
		"审计事项当前状态不能办理此事项", "the case's state does not allow this")
	ErrOwnUnit = fault.New(fault.Refused, "audits_itself",
		"审计局不得审计本单位，请报上级审计机关", "the bureau does not audit itself; the superior audit authority does", "YP23-M-16", "SH12-P-9")
	ErrNotAudited = fault.New(fault.Forbidden, "not_audited_unit",
		"只有被审计单位可以办理", "only the audited unit may do this", "YP23-M-16")
	ErrNotAuditor = fault.New(fault.Forbidden, "not_auditor",
		"只有审计人员可以办理", "only an auditor may do this", "YP23-M-16")
	ErrSameAuditor = fault.New(fault.Forbidden, "same_auditor",
		"重大审计事项须由另一名审计人员复核办结", "a serious case is confirmed by another auditor than the one who concluded it", "SH12-P-9")
	ErrConclusion = fault.New(fault.Refused, "conclusion_refused",
		"不具备办结条件", "the case cannot be closed", "YP23-M-16")
	ErrNoFlag = fault.New(fault.Refused, "flag_of_another_unit",
		"疑点涉及的单位与被审计单位不一致", "the flag is about another unit", "YP23-M-16")
)

// Service is the use cases of this duty.
type Service struct {
	Cases       aggregate.Repository[Case]
	Flags       aggregate.Repository[redflag.Flag]
	InTx        func(ctx context.Context, f func(context.Context) error) error
	Rules       rules.Book
	District    string
	Attachments attachment.Shelf
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
	Self        authn.Principal
	NewID       func() string
}

// auditor is who acts and the context in which the service keeps the case in
// the auditor's name: auditors change nothing themselves (YP23-M-16).
func (s *Service) auditor(ctx context.Context) (by authn.Principal, as context.Context, err error) {
	by = authn.By(ctx)
	if by.Unit != Bureau || !by.Has("auditor") {
		return by, ctx, ErrNotAuditor
	}
	self := s.Self
	self.OnBehalfOf = by.Actor()
	return by, authn.With(ctx, self), nil
}

// examine changes a case as an auditor.
func (s *Service) examine(ctx context.Context, id string, change func(by authn.Principal, c *Case, rec *aggregate.Recorder) error, states ...State) (Case, error) {
	by, as, err := s.auditor(ctx)
	if err != nil {
		return Case{}, err
	}
	return s.Cases.Update(as, id, func(c *Case, rec *aggregate.Recorder) error {
		if err := c.at(states...); err != nil {
			return err
		}
		if err := change(by, c, rec); err != nil {
			return err
		}
		c.note()
		return nil
	})
}

// reply changes a case as the audited unit.
func (s *Service) reply(ctx context.Context, id string, change func(c *Case, rec *aggregate.Recorder) error, states ...State) (Case, error) {
	return s.Cases.Update(ctx, id, func(c *Case, rec *aggregate.Recorder) error {
		if err := c.auditedBy(rec.By()); err != nil {
			return err
		}
		if err := c.at(states...); err != nil {
			return err
		}
		if err := change(c, rec); err != nil {
			return err
		}
		c.note()
		return nil
	})
}

// at refuses unless the case is in one of the states.
func (c *Case) at(states ...State) error {
	if slices.Contains(states, c.State) {
		return nil
	}
	return ErrState.WithMsg("审计事项当前状态为“"+string(c.State)+"”，不能办理此事项", "the case is "+string(c.State)+", which does not allow this")
}

// auditedBy refuses anybody but the audited unit's people.
func (c *Case) auditedBy(by authn.Principal) error {
	if by.Unit != c.AuditedUnit || !by.Has(answerers...) {
		return ErrNotAudited
	}
	return nil
}

// Watched notes what the clocks show.
func (c *Case) Watched(*aggregate.Recorder) { c.note() }

// note keeps Overdue in step with the clocks, and has the auditors press for
// what is overdue.
func (c *Case) note() {
	c.Overdue = c.State != Closed && (c.Running(clockAnswer) != nil && c.Running(clockAnswer).State == aggregate.Late ||
		c.Running(clockRectify) != nil && c.Running(clockRectify).State == aggregate.Late)
	if c.Overdue {
		c.Ask(aggregate.Todo{Action: "press_audit_case", Role: "auditor", Unit: Bureau, Title: "被审计单位逾期，督促办理：" + c.Title})
		return
	}
	c.Answered("press_audit_case")
}

// askUnit has the audited unit's people do something.
func (c *Case) askUnit(action, title string) {
	c.Await()
	for _, role := range answerers {
		c.Todo = append(c.Todo, aggregate.Todo{Action: action, Role: role, Unit: c.AuditedUnit, Title: title + c.Title})
	}
}

// askAuditors has the auditors do something.
func (c *Case) askAuditors(action, title string) {
	c.Await(aggregate.Todo{Action: action, Role: "auditor", Unit: Bureau, Title: title + c.Title})
}

// open is the question that waits for its answer, nil without one.
func (c *Case) open() *Question {
	if n := len(c.Questions); n > 0 && c.Questions[n-1].Answer == nil {
		return &c.Questions[n-1]
	}
	return nil
}

// ordered is the rectification that is not carried out yet, nil without one.
func (c *Case) ordered() *Rectification {
	if n := len(c.Rectifications); n > 0 && !c.Rectifications[n-1].Done {
		return &c.Rectifications[n-1]
	}
	return nil
}

// basis is what audits rest on: the provisions of the case's pack.
func (s *Service) basis(pack string) []string {
	p, err := s.Rules.Of(pack)
	if err != nil {
		return []string{"YP23-M-16"}
	}
	d, _ := p.Deadline(clockAnswer)
	return slices.DeleteFunc(slices.Clone(d.Basis), func(id string) bool { return id == "ours" })
}

// cited finds the papers of the case that hashes name.
func (c *Case) cited(checks *fault.Checks, hashes []string) []attachment.Document {
	list := []attachment.Document{}
	for _, h := range hashes {
		d, ok := attachment.Find(c.Papers, h)
		if checks.Require(ok, "documents", "not_attached", "附件尚未上传："+h, "this paper is not attached: "+h, "YP23-M-16") {
			list = append(list, d)
		}
	}
	return list
}

func stated(list []attachment.Document) []*typev1.Document {
	out := make([]*typev1.Document, len(list))
	for i, d := range list {
		out[i] = d.Fact()
	}
	return out
}

// checkHashes requires hashes to be well formed.
func checkHashes(c *fault.Checks, hashes []string) {
	for _, h := range hashes {
		c.Require(len(h) == 64 && strings.Trim(h, "0123456789abcdef") == "", "documents", "bad_hash", "须为附件的SHA-256摘要", "the paper's SHA-256 in hex")
	}
}

// List reads a page of the cases the caller may see.
func (s *Service) List(ctx context.Context, q aggregate.Query) (aggregate.Page[Case], error) {
	return s.Cases.List(ctx, q)
}

// Get reads one case the caller may see.
func (s *Service) Get(ctx context.Context, r ByID) (Case, error) { return s.Cases.Get(ctx, r.ID) }
