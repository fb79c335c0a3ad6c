package dataresource

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Agreement is the secrecy agreement of two units, by number (SH16-D-15).
type Agreement struct {
	No       string            `json:"agreement_no"`
	SignedBy map[string]string `json:"signed_by"` // unit → person
	SignedOn string            `json:"signed_on"` // of the second signature; empty before
}

// signed reports whether both units have signed.
func (a *Agreement) signed() bool { return a != nil && a.SignedOn != "" }

// signedBy reports whether a unit has signed.
func (a *Agreement) signedBy(unit string) bool { return a != nil && a.SignedBy[unit] != "" }

// standing is the agreement after a decision: one that was signed holds for what
// it was signed for, not for more.
func (a *Agreement) standing(before, after []Listed) *Agreement {
	for _, x := range after {
		if !slices.ContainsFunc(before, func(y Listed) bool { return y.ref() == x.ref() }) {
			return nil
		}
	}
	return a
}

// Provision is how the data are had (SH16-D-16).
type Provision struct {
	Way       string     `json:"way"` // one of Ways
	Interface *Interface `json:"interface,omitempty"`
	Note      string     `json:"note,omitempty"` // where the file lies, who browses, what carries it
	OpenedOn  string     `json:"opened_on"`
}

// Interface is a registered interface: its name, what it gives and how it is
// called.
type Interface struct {
	Name        string `json:"name" required:"true"`
	Description string `json:"description" required:"true"`
	Call        string `json:"call" required:"true"`
}

// Use is one registered use of shared data.
type Use struct {
	Purpose string    `json:"purpose"`
	System  string    `json:"system"`
	UsedOn  string    `json:"used_on"`
	Items   []ItemRef `json:"items"`
	By      string    `json:"recorded_by"`
}

// Release is shared data that go outside, from the wish to the act (SH16-D-17).
type Release struct {
	Recipients string            `json:"recipients"`
	Form       string            `json:"form"` // e.g. a published table
	Reason     string            `json:"reason"`
	By         string            `json:"requested_by"`
	State      State             `json:"state"`                 // requested, granted, refused or ended: released
	DocumentNo string            `json:"document_no,omitempty"` // of the provider's written consent
	Opinion    string            `json:"opinion,omitempty"`
	ReleasedOn string            `json:"released_on,omitempty"`
	Signature  *typev1.Signature `json:"signature,omitempty"`
}

// Ways are the ways of sharing (SH16-D-16). stable: they are values of facts.
var Ways = []string{wayInterface, "file", "browse", "offline"}

const wayInterface = "interface"

// paramInterface is the pack's figure of days: data that change at least that
// often are shared by interface.
const paramInterface = "interface_change_days"

// changeDays is how long data of a frequency stay the same, in days; data
// collected once do not change.
var changeDays = map[string]int64{"realtime": 0, "daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}

// Errors of providing and using data.
var (
	ErrAgreement = fault.New(fault.Refused, "agreement_missing",
		"涉及商业秘密、个人隐私的数据，须先签订安全保密协议", "data of business secrets or privacy are shared under a signed secrecy agreement", "SH16-D-15")
	ErrAgreementDiffers = fault.New(fault.Refused, "agreement_differs",
		"双方签订的不是同一份协议", "the two units sign one and the same agreement", "SH16-D-15")
	ErrWay = fault.New(fault.Refused, "way_refused",
		"共享方式不符合要求", "the data are not shared in this way", "SH16-D-16")
	ErrBeyond = fault.New(fault.Refused, "beyond_mandate",
		"超出授权范围或用途使用共享数据", "shared data are used for what was granted and nothing else", "XA18-25", "SH16-D-17")
	ErrNoConsent = fault.New(fault.Refused, "no_written_consent",
		"未经数据提供单位书面同意，不得对外提供或发布", "shared data go outside with the provider's written consent only", "SH16-D-17")
)

// SignAgreement is one unit's signature under the secrecy agreement.
type SignAgreement struct {
	ID          string `path:"id" json:"-"`
	AgreementNo string `json:"agreement_no" required:"true"`
}

// Validate wants the number.
func (r *SignAgreement) Validate() error {
	var c fault.Checks
	c.Text(r.AgreementNo, "agreement_no", 100, "SH16-D-15")
	return c.Err()
}

// SignAgreement takes the signature of either unit; the second makes the
// agreement (SH16-D-15).
func (s *Service) SignAgreement(ctx context.Context, r SignAgreement) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		by := rec.By()
		if by.Unit != y.Unit && by.Unit != y.Provider {
			return ErrNotRequester
		}
		if err := y.at(Granted); err != nil {
			return err
		}
		if !y.secret() || y.Agreement.signed() {
			return ErrState.WithMsg("不需要签订保密协议", "no secrecy agreement is wanted")
		}
		if y.Agreement == nil {
			y.Agreement = &Agreement{No: r.AgreementNo, SignedBy: map[string]string{}}
		}
		if y.Agreement.No != r.AgreementNo {
			return ErrAgreementDiffers
		}
		y.Agreement.SignedBy[by.Unit] = by.Actor()
		y.Done(func(t aggregate.Todo) bool { return t.Action == "sign_agreement" && t.Unit == by.Unit })
		if len(y.Agreement.SignedBy) < 2 {
			return nil
		}
		y.Agreement.SignedOn = rec.Today().String()
		rec.State(y.ProjectID, &dataresourcev1.SecrecyAgreementSigned{
			SharingId: y.ID, Requester: y.Unit, Provider: y.Provider, AgreementNo: y.Agreement.No, Basis: []string{"SH16-D-15"},
		})
		y.grant(y.Granted)
		return nil
	})
}

// OpenSharing says how the data are had.
type OpenSharing struct {
	ID        string     `path:"id" json:"-"`
	Way       string     `json:"way" required:"true" enum:"interface,file,browse,offline"`
	Interface *Interface `json:"interface"` // of the way interface: its entry on the register
	Note      string     `json:"note"`      // of any other way: where and how
}

// Validate wants a known way, and the description and call of an interface.
func (r *OpenSharing) Validate() error {
	var c fault.Checks
	oneOf(&c, r.Way, "way", "SH16-D-16", Ways...)
	if r.Way != wayInterface {
		c.Require(r.Interface == nil, "interface", "not_applicable", "不是接口方式", "the way is no interface", "SH16-D-16")
		c.Text(r.Note, "note", 2000, "SH16-D-16")
		return c.Err()
	}
	if c.Require(r.Interface != nil, "interface", "required", "接口须注册名称、描述和调用方法", "an interface is registered with name, description and call", "SH16-D-16") {
		c.Text(r.Interface.Name, "interface.name", 200, "SH16-D-16")
		c.Text(r.Interface.Description, "interface.description", 2000, "SH16-D-16")
		c.Text(r.Interface.Call, "interface.call", 2000, "SH16-D-16")
	}
	return c.Err()
}

// Open provides the data, or changes the way. What changes often, and what serves
// approval or work across departments, is shared by a registered interface
// (SH16-D-16); what is sensitive, under a signed agreement (SH16-D-15).
func (s *Service) Open(ctx context.Context, r OpenSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.providedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Granted, Providing); err != nil {
			return err
		}
		if y.secret() && !y.Agreement.signed() {
			return ErrAgreement
		}
		pack, err := s.pack(rec.Today())
		if err != nil {
			return err
		}
		var c fault.Checks
		c.Require(r.Way == wayInterface || !y.Joint, "way", "interface_required",
			"跨部门并联审批、协同办公的数据须采用接口交换", "data for approval or work across departments are shared by interface", "SH16-D-16")
		if p := pack.Param(paramInterface); p != nil && r.Way != wayInterface {
			for _, x := range y.Granted {
				days, changes := changeDays[x.Frequency]
				c.Require(!changes || days > p.At(rec.Today()), "way", "interface_required",
					"变化频繁、时效性强的数据须采用接口交换："+x.ref().String(), "what changes often is shared by interface: "+x.ref().String(), p.Basis...)
			}
		}
		if err := c.Refuse(ErrWay); err != nil {
			return err
		}
		y.State = Providing
		y.Service = &Provision{Way: r.Way, Interface: r.Interface, Note: r.Note, OpenedOn: rec.Today().String()}
		y.Answered("open_sharing")
		f := &dataresourcev1.SharingOpened{SharingId: y.ID, Provider: y.Provider, Way: r.Way, Basis: []string{"SH16-D-16"}}
		if r.Interface != nil {
			f.Interface = r.Interface.Name
		}
		rec.State(y.ProjectID, f)
		return nil
	})
}

// RecordUse registers a use of shared data.
type RecordUse struct {
	ID      string        `path:"id" json:"-"`
	Purpose string        `json:"purpose" required:"true"` // one of those granted
	System  string        `json:"system" required:"true"`
	UsedOn  calendar.Date `json:"used_on" required:"true"`
	Items   []ItemRef     `json:"items"` // none means all that is granted
}

// Validate lists what is missing.
func (r *RecordUse) Validate() error {
	var c fault.Checks
	c.Text(r.Purpose, "purpose", 200, "XA18-25")
	c.Text(r.System, "system", 200, "XA18-25")
	c.Require(!r.UsedOn.IsZero(), "used_on", "required", "必填", "is required", "XA18-25")
	return c.Err()
}

// maxUses bounds how many uses one sharing registers: systems and matters, not
// calls.
const maxUses = 1000

// Use registers for what and in which system the data serve. Any other purpose,
// and any item that was not granted, is beyond the unit's mandate (XA18-25,
// SH16-D-17).
func (s *Service) Use(ctx context.Context, r RecordUse) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.askedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Providing); err != nil {
			return err
		}
		var c fault.Checks
		on := r.UsedOn.String()
		c.Require(slices.Contains(y.Purposes, r.Purpose), "purpose", "beyond_purpose",
			"不在获准的用途之内", "this is not among the purposes granted", "XA18-25", "SH16-D-17")
		if _, err := chosen(r.Items, y.Granted, "beyond_grant", "未获准使用这个数据项", "this item was not granted", "XA18-25", "SH16-D-17"); err != nil {
			c.Add(fault.From(err).Violations...)
		}
		c.Require(!r.UsedOn.After(rec.Today()) && on >= y.Service.OpenedOn, "used_on", "out_of_range",
			"使用日期须在提供之日至今天之间", "between the day of provision and today", "SH16-D-17")
		c.Require(len(y.Uses) < maxUses, "purpose", "too_many", "登记的使用已达上限", "as many uses as one sharing registers", "XA18-25")
		if err := c.Refuse(ErrBeyond); err != nil {
			return err
		}
		items := r.Items
		if items == nil {
			items = []ItemRef{}
		}
		y.Uses = append(y.Uses, Use{Purpose: r.Purpose, System: r.System, UsedOn: on, Items: items, By: rec.By().Actor()})
		rec.State(y.ProjectID, &dataresourcev1.SharedDataUsed{
			SharingId: y.ID, Requester: y.Unit, Purpose: r.Purpose, System: r.System, UsedOn: on, Basis: []string{"XA18-25", "SH16-D-17"},
		})
		return nil
	})
}

// RequestRelease asks to give shared data to outsiders.
type RequestRelease struct {
	ID         string `path:"id" json:"-"`
	Recipients string `json:"recipients" required:"true"`
	Form       string `json:"form" required:"true"`
	Reason     string `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *RequestRelease) Validate() error {
	var c fault.Checks
	c.Text(r.Recipients, "recipients", 500, "SH16-D-17")
	c.Text(r.Form, "form", 500, "SH16-D-17")
	c.Text(r.Reason, "reason", 2000, "SH16-D-17")
	return c.Err()
}

// RequestRelease asks the provider in writing; releases are numbered from 1
// (SH16-D-17).
func (s *Service) RequestRelease(ctx context.Context, r RequestRelease) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.askedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Providing); err != nil {
			return err
		}
		y.Releases = append(y.Releases, Release{Recipients: r.Recipients, Form: r.Form, Reason: r.Reason, By: rec.By().Actor(), State: Requested})
		y.Ask(aggregate.Todo{Action: "answer_release", Role: "declarer", Unit: y.Provider, Title: "答复对外提供共享数据的申请：" + y.Title})
		rec.State(y.ProjectID, &dataresourcev1.ReleaseRequested{
			SharingId: y.ID, Release: int32(len(y.Releases)), Recipients: r.Recipients, Form: r.Form, Basis: []string{"SH16-D-17"},
		})
		return nil
	})
}

// AnswerRelease is the provider's answer to one of them.
type AnswerRelease struct {
	ID         string `path:"id" json:"-"`
	Release    int    `json:"release" required:"true" minimum:"1"`
	Consented  *bool  `json:"consented" required:"true"`
	DocumentNo string `json:"document_no"` // of the written consent
	Opinion    string `json:"opinion" required:"true"`
}

// Validate wants an answer with its reasons, and a consent in writing.
func (r *AnswerRelease) Validate() error {
	var c fault.Checks
	c.Require(r.Consented != nil, "consented", "required", "必填", "is required", "SH16-D-17")
	c.Text(r.Opinion, "opinion", 2000, "SH16-D-17")
	if r.Consented != nil && *r.Consented {
		c.Text(r.DocumentNo, "document_no", 100, "SH16-D-17")
	}
	return c.Err()
}

// AnswerRelease consents to the release in writing, or does not (SH16-D-17).
func (s *Service) AnswerRelease(ctx context.Context, r AnswerRelease) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.providedBy(rec.By()); err != nil {
			return err
		}
		x, err := y.release(r.Release)
		if err != nil {
			return err
		}
		if x.State != Requested {
			return ErrState.WithMsg("该申请已答复", "this release has been answered")
		}
		if err := notBy(rec.By(), authn.Accounts(x.By)); err != nil {
			return err
		}
		x.State, x.Opinion = Refused, r.Opinion
		if *r.Consented {
			x.State, x.DocumentNo = Granted, r.DocumentNo
		}
		if x.Signature, err = s.Sign("dataresource.AnswerRelease", rec.By(), map[string]any{"sharing_id": y.ID, "number": r.Release, "release": x}); err != nil {
			return err
		}
		if !slices.ContainsFunc(y.Releases, func(x Release) bool { return x.State == Requested }) {
			y.Answered("answer_release")
		}
		rec.State(y.ProjectID, &dataresourcev1.ReleaseAnswered{
			SharingId: y.ID, Release: int32(r.Release), Consented: *r.Consented, DocumentNo: x.DocumentNo, Reason: x.Opinion,
			Basis: []string{"SH16-D-17"}, Signature: x.Signature,
		})
		return nil
	})
}

// release finds a numbered release; what was never asked for has no consent
// (SH16-D-17).
func (y *Sharing) release(n int) (*Release, error) {
	if n < 1 || n > len(y.Releases) {
		return nil, ErrNoConsent
	}
	return &y.Releases[n-1], nil
}

// RecordRelease registers that shared data went outside.
type RecordRelease struct {
	ID         string        `path:"id" json:"-"`
	Release    int           `json:"release" required:"true" minimum:"1"`
	ReleasedOn calendar.Date `json:"released_on" required:"true"`
}

// Validate wants the day.
func (r *RecordRelease) Validate() error {
	var c fault.Checks
	c.Require(!r.ReleasedOn.IsZero(), "released_on", "required", "必填", "is required", "SH16-D-17")
	return c.Err()
}

// RecordRelease registers a release that the provider has consented to in
// writing; without it, nothing goes outside (SH16-D-17).
func (s *Service) RecordRelease(ctx context.Context, r RecordRelease) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.askedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Providing); err != nil {
			return err
		}
		x, err := y.release(r.Release)
		if err != nil {
			return err
		}
		switch {
		case x.State == Ended:
			return ErrState.WithMsg("已登记对外提供", "this release is on record")
		case x.State != Granted:
			return ErrNoConsent
		}
		var c fault.Checks
		c.Require(!r.ReleasedOn.After(rec.Today()), "released_on", "in_the_future", "日期不得晚于今天", "not after today", "SH16-D-17")
		if err := c.Err(); err != nil {
			return err
		}
		x.State, x.ReleasedOn = Ended, r.ReleasedOn.String()
		rec.State(y.ProjectID, &dataresourcev1.SharedDataReleased{
			SharingId: y.ID, Release: int32(r.Release), ReleasedOn: x.ReleasedOn, DocumentNo: x.DocumentNo, Basis: []string{"SH16-D-17"},
		})
		return nil
	})
}
