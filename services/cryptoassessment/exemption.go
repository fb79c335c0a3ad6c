package cryptoassessment

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ExemptionState is which of the three papers comes next.
type ExemptionState string

// The states of an exemption, in their order.
const (
	ArgumentWanted  ExemptionState = "argument_wanted"  // the unit brings the expert argument
	ConsentWanted   ExemptionState = "consent_wanted"   // the supervising budget unit answers
	FilingWanted    ExemptionState = "filing_wanted"    // that unit files with the bureau
	RecordingWanted ExemptionState = "recording_wanted" // the bureau records it
	ExemptionFiled  ExemptionState = "filed"
	ExemptionClosed ExemptionState = "closed" // the declaration ended first
)

// Exemption is the way of a project that does not follow XC through its three
// papers (YP23-R-5.1.2); its id is the project's.
type Exemption struct {
	aggregate.Root
	Title       string                `json:"title"`
	Project     *typev1.ProjectBrief  `json:"project"`
	State       ExemptionState        `json:"state"`
	Declarers   []string              `json:"declarers"`
	Supervisor  string                `json:"supervisor"` // the supervising budget unit
	Argument    *Argument             `json:"argument,omitempty"`
	Consent     *XCConsent            `json:"consent,omitempty"`
	Letter      *Letter               `json:"letter,omitempty"`
	FilingNo    string                `json:"filing_no,omitempty"`
	FiledOn     string                `json:"filed_on,omitempty"` // YYYY-MM-DD
	FiledBy     string                `json:"filed_by,omitempty"`
	Signature   *typev1.Signature     `json:"signature,omitempty"`
	Returned    string                `json:"return_reason,omitempty"`
	Attachments []attachment.Document `json:"attachments"`
}

// Argument is the experts' argument why XC is not followed.
type Argument struct {
	DocumentNo string        `json:"document_no" required:"true"`
	Experts    []string      `json:"experts" required:"true"` // by name
	HeldOn     calendar.Date `json:"held_on" required:"true"`
	Conclusion string        `json:"conclusion" required:"true"`
}

// XCConsent is the supervising budget unit's answer.
type XCConsent struct {
	Consented  bool              `json:"consented"`
	DocumentNo string            `json:"document_no,omitempty"`
	Opinion    string            `json:"opinion"`
	By         string            `json:"answered_by"`
	On         string            `json:"answered_on"`
	Signature  *typev1.Signature `json:"signature"`
}

// Letter is the filing with the bureau.
type Letter struct {
	DocumentNo string `json:"document_no"`
	By         string `json:"filed_by"`
	On         string `json:"filed_on"`
}

var xcBasis = []string{"YP23-R-5.1.2"}

// wantExemption opens the unit's task; what is on file stands.
func (s *Service) wantExemption(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	_, err := s.Exemptions.Upsert(ctx, p.GetProjectId(), func(x *Exemption, _ *aggregate.Recorder) error {
		x.Project, x.Title, x.Declarers = p, p.GetTitle(), declarers
		if x.State != "" && x.State != ExemptionClosed {
			return nil
		}
		if x.State == "" {
			x.ProjectID, x.Attachments = x.ID, []attachment.Document{}
			x.Parties = nil // each unit sees the papers when they come to its desk
			x.Own(p.GetUnit())
			x.Supervisor = p.GetSupervisor()
			if x.Supervisor == "" {
				x.Supervisor = p.GetUnit() // a unit that answers for its own budget
			}
		}
		x.want(ArgumentWanted)
		return nil
	})
	return err
}

// want moves the exemption to a state and says who acts.
func (x *Exemption) want(state ExemptionState) {
	x.State = state
	switch state {
	case ArgumentWanted:
		x.Await(aggregate.Todo{Action: "submit_argument", Role: "declarer", Unit: x.Unit, Title: "提交不按XC建设的专家论证意见：" + x.Title})
	case ConsentWanted:
		x.Share(x.Supervisor)
		x.Await(aggregate.Todo{Action: "answer_exemption", Role: "supervisor", Unit: x.Supervisor, Title: "审核不按XC建设：" + x.Title})
	case FilingWanted:
		x.Await(aggregate.Todo{Action: "file_exemption", Role: "supervisor", Unit: x.Supervisor, Title: "向区机要局报送不按XC建设备案：" + x.Title})
	case RecordingWanted:
		x.Share(Bureau)
		x.Await(aggregate.Todo{Action: "record_exemption", Role: "crypto_officer", Unit: Bureau, Title: "登记不按XC建设备案：" + x.Title})
	default:
		x.Await()
	}
}

func (x *Exemption) at(state ExemptionState) error {
	if x.State != state {
		return wrongState("不按XC建设备案", string(x.State))
	}
	return nil
}

// SubmitArgument brings the first paper.
type SubmitArgument struct {
	ID string `path:"id" json:"-"`
	Argument
}

// Validate lists what is missing.
func (r *SubmitArgument) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, xcBasis...)
	c.Require(len(r.Experts) > 0, "experts", "required", "须列明论证专家", "name the experts", xcBasis...)
	for i, e := range r.Experts {
		at := fmt.Sprintf("experts[%d]", i)
		c.Text(e, at, 50, xcBasis...)
		c.Require(!slices.Contains(r.Experts[:i], e), at, "duplicate", "专家重复", "the expert appears twice", xcBasis...)
	}
	c.Require(!r.HeldOn.IsZero(), "held_on", "required", "必填", "is required", xcBasis...)
	c.Text(r.Conclusion, "conclusion", 5000, xcBasis...)
	return c.Err()
}

// SubmitArgument lays the expert argument before the supervising budget unit.
func (s *Service) SubmitArgument(ctx context.Context, r SubmitArgument) (Exemption, error) {
	return s.Exemptions.Update(ctx, r.ID, func(x *Exemption, rec *aggregate.Recorder) error {
		if rec.By().Unit != x.Unit {
			return ErrNotOwner
		}
		if err := x.at(ArgumentWanted); err != nil {
			return err
		}
		var c fault.Checks
		c.Require(!r.HeldOn.After(rec.Today()), "held_on", "in_the_future", "论证日期不得晚于今天", "not after today", xcBasis...)
		if err := c.Err(); err != nil {
			return err
		}
		a := r.Argument
		x.Argument, x.Consent, x.Letter, x.Returned = &a, nil, nil, ""
		for _, account := range authn.Accounts(rec.By().Actor()) {
			if !slices.Contains(x.Declarers, account) {
				x.Declarers = append(x.Declarers, account)
			}
		}
		x.want(ConsentWanted)
		rec.State(x.ProjectID, &cryptoassessmentv1.XCArgumentSubmitted{ProjectId: x.ProjectID, DocumentNo: a.DocumentNo, Experts: a.Experts, Basis: xcBasis})
		return nil
	})
}

// AnswerExemption is the supervising budget unit's answer to the argument.
type AnswerExemption struct {
	ID         string `path:"id" json:"-"`
	Consented  *bool  `json:"consented" required:"true"`
	DocumentNo string `json:"document_no"` // of the letter of consent
	Opinion    string `json:"opinion" required:"true"`
}

// Validate wants an answer, its reasons, and the letter of a consent.
func (r *AnswerExemption) Validate() error {
	var c fault.Checks
	if err := checkAnswer(r.Consented, "consented", r.Opinion, xcBasis...); err != nil {
		c.Add(fault.From(err).Violations...)
	}
	if r.Consented != nil && *r.Consented {
		c.Text(r.DocumentNo, "document_no", 100, xcBasis...)
	}
	return c.Err()
}

// Answer consents, or sends the argument back.
func (s *Service) Answer(ctx context.Context, r AnswerExemption) (Exemption, error) {
	return s.Exemptions.Update(ctx, r.ID, func(x *Exemption, rec *aggregate.Recorder) error {
		if err := x.at(ConsentWanted); err != nil {
			return err
		}
		if err := x.supervisedBy(rec.By()); err != nil {
			return err
		}
		v := XCConsent{Consented: *r.Consented, DocumentNo: r.DocumentNo, Opinion: r.Opinion, By: rec.By().Actor(), On: rec.Today().String()}
		var err error
		if v.Signature, err = s.Sign("cryptoassessment.AnswerExemption", rec.By(), map[string]any{
			"project_id": x.ProjectID, "argument": x.Argument, "answer": v,
		}); err != nil {
			return err
		}
		x.Consent = &v
		rec.State(x.ProjectID, &cryptoassessmentv1.XCConsentAnswered{
			ProjectId: x.ProjectID, Supervisor: x.Supervisor, Consented: v.Consented, DocumentNo: v.DocumentNo, Opinion: v.Opinion,
			Basis: xcBasis, Signature: v.Signature,
		})
		if !v.Consented {
			x.Returned = v.Opinion
			x.want(ArgumentWanted)
			return nil
		}
		x.want(FilingWanted)
		return nil
	})
}

func (x *Exemption) supervisedBy(by authn.Principal) error {
	if by.Unit != x.Supervisor {
		return ErrSupervisor
	}
	if by.IsAny(x.Declarers) {
		return ErrOwnWork
	}
	return nil
}

// FileExemption is the supervising budget unit's filing with the bureau.
type FileExemption struct {
	ID         string `path:"id" json:"-"`
	DocumentNo string `json:"document_no" required:"true"`
}

// Validate wants the letter's number.
func (r *FileExemption) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, xcBasis...)
	return c.Err()
}

// File lays the papers before the bureau.
func (s *Service) File(ctx context.Context, r FileExemption) (Exemption, error) {
	return s.Exemptions.Update(ctx, r.ID, func(x *Exemption, rec *aggregate.Recorder) error {
		if err := x.at(FilingWanted); err != nil {
			return err
		}
		if err := x.supervisedBy(rec.By()); err != nil {
			return err
		}
		x.Letter = &Letter{DocumentNo: r.DocumentNo, By: rec.By().Actor(), On: rec.Today().String()}
		x.Returned = ""
		x.want(RecordingWanted)
		rec.State(x.ProjectID, &cryptoassessmentv1.XCFilingSubmitted{ProjectId: x.ProjectID, Supervisor: x.Supervisor, DocumentNo: r.DocumentNo, Basis: xcBasis})
		return s.Rules.Start(x.Base(), rec, x.Project.GetPack(), "xc_filing", Bureau, rec.Today())
	})
}

// RecordExemption puts the exemption on file.
type RecordExemption struct {
	ID       string `path:"id" json:"-"`
	FilingNo string `json:"filing_no" required:"true"`
}

// Validate wants the filing number.
func (r *RecordExemption) Validate() error {
	var c fault.Checks
	c.Text(r.FilingNo, "filing_no", 100, xcBasis...)
	return c.Err()
}

// Record ends the way of the three papers.
func (s *Service) Record(ctx context.Context, r RecordExemption) (Exemption, error) {
	x, err := s.Exemptions.Update(ctx, r.ID, func(x *Exemption, rec *aggregate.Recorder) error {
		if err := x.forBureau(rec.By()); err != nil {
			return err
		}
		x.FilingNo, x.FiledOn, x.FiledBy = r.FilingNo, rec.Today().String(), rec.By().Actor()
		var err error
		if x.Signature, err = s.Sign("cryptoassessment.RecordExemption", rec.By(), map[string]any{
			"project_id": x.ProjectID, "argument": x.Argument, "consent": x.Consent, "letter": x.Letter, "filing_no": x.FilingNo, "filed_on": x.FiledOn,
		}); err != nil {
			return err
		}
		x.MeetClock(rec, "xc_filing", rec.Today())
		x.want(ExemptionFiled)
		rec.State(x.ProjectID, &cryptoassessmentv1.XCExemptionFiled{
			ProjectId: x.ProjectID, FilingNo: x.FilingNo, Supervisor: x.Supervisor, Basis: xcBasis,
			ArgumentNo: x.Argument.DocumentNo, ConsentNo: x.Consent.DocumentNo, LetterNo: x.Letter.DocumentNo, Signature: x.Signature,
		})
		return nil
	})
	if err != nil && fault.From(err).Code == "already_exists" {
		return x, ErrNumber.With(err)
	}
	return x, err
}

// ReturnExemption sends the papers back to the supervising budget unit.
type ReturnExemption struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnExemption) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, xcBasis...)
	return c.Err()
}

// ReturnPapers sends the filing back; the unit starts again from its argument.
func (s *Service) ReturnPapers(ctx context.Context, r ReturnExemption) (Exemption, error) {
	return s.Exemptions.Update(ctx, r.ID, func(x *Exemption, rec *aggregate.Recorder) error {
		if err := x.forBureau(rec.By()); err != nil {
			return err
		}
		x.MeetClock(rec, "xc_filing", rec.Today())
		x.Returned = r.Reason
		x.want(ArgumentWanted)
		rec.State(x.ProjectID, &cryptoassessmentv1.XCFilingReturned{ProjectId: x.ProjectID, Reason: r.Reason, Basis: xcBasis})
		return nil
	})
}

func (x *Exemption) forBureau(by authn.Principal) error {
	if err := x.at(RecordingWanted); err != nil {
		return err
	}
	authors := append(authn.Accounts(x.Consent.By), authn.Accounts(x.Letter.By)...)
	return answers(by, append(authors, x.Declarers...)...)
}

// editable says who may add papers now.
func (x *Exemption) editable(by authn.Principal) error {
	switch x.State {
	case ArgumentWanted:
		if by.Unit != x.Unit {
			return ErrNotOwner
		}
	case ConsentWanted, FilingWanted:
		return x.supervisedBy(by)
	default:
		return wrongState("不按XC建设备案", string(x.State))
	}
	return nil
}

// close takes the papers off the desks.
func (x *Exemption) close(rec *aggregate.Recorder) {
	if x.State == ExemptionFiled {
		return
	}
	x.WaiveClock(rec, "xc_filing", ended)
	x.want(ExemptionClosed)
}
