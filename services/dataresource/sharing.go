package dataresource

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Sharing is one unit's way to another's data, from the request to the use; its
// owner is the unit that asks (SH16-D-14 to SH16-D-17).
type Sharing struct {
	aggregate.Root
	Title       string     `json:"title"`
	State       State      `json:"state"`
	Provider    string     `json:"provider"`
	CatalogueID string     `json:"catalogue_id"`
	Items       []Listed   `json:"items"` // as asked for
	Purposes    []string   `json:"purposes"`
	Mandate     string     `json:"mandate"` // the duty that the data serve (XA18-25)
	Joint       bool       `json:"joint"`   // for approval or work across departments
	Requesters  []string   `json:"requesters"`
	FormNo      string     `json:"form_no"`
	RequestedOn string     `json:"requested_on"`
	Steward     Contact    `json:"steward"`          // of the unit that asks
	Counterpart *Contact   `json:"provider_steward"` // whom to turn to, where one is on record
	ReceivedOn  string     `json:"received_on,omitempty"`
	Deferral    *Deferral  `json:"deferral,omitempty"`
	Answer      *Answer    `json:"answer,omitempty"`
	Dispute     *Dispute   `json:"dispute,omitempty"`
	Granted     []Listed   `json:"granted"`
	Agreement   *Agreement `json:"agreement,omitempty"`
	Service     *Provision `json:"service,omitempty"`
	Uses        []Use      `json:"uses"`
	Releases    []Release  `json:"releases"`
	EndReason   string     `json:"end_reason,omitempty"`
}

// Contact is a steward as the form shows one.
type Contact struct {
	Name    string `json:"name"`
	Contact string `json:"contact"`
}

// Answer is what the provider says to a request.
type Answer struct {
	Granted    bool              `json:"granted"`
	Reasons    string            `json:"reasons"`
	LegalBasis string            `json:"legal_basis,omitempty"` // of what is refused
	By         string            `json:"answered_by"`
	On         string            `json:"answered_on"`
	Signature  *typev1.Signature `json:"signature,omitempty"`
}

// Errors of sharing.
var (
	ErrOwnData = fault.New(fault.Refused, "own_data",
		"不得向本单位申请共享", "a unit does not ask itself", "SH16-D-15")
	ErrNoResource = fault.New(fault.Refused, "no_such_resource",
		"没有已发布的这个数据资源目录", "no such catalogue is published", "SH16-D-15")
	ErrNotProvider = fault.New(fault.Forbidden, "not_provider",
		"只有数据提供单位可以办理", "only the providing unit may do this", "SH16-D-15")
	ErrNotRequester = fault.New(fault.Forbidden, "not_requester",
		"只有需求单位可以办理", "only the unit that asked may do this", "SH16-D-15")
	ErrNotOffice = fault.New(fault.Forbidden, "not_leading_office",
		"此事项由领导小组办公室办理", "the leading group's office answers this", "SH16-D-15")
	ErrAsked = fault.New(fault.Refused, "sharing_not_possible",
		"所申请的数据不能共享", "what is asked for cannot be shared", "SH16-D-14")
)

// ItemRef names one item of a catalogue.
type ItemRef struct {
	Resource string `json:"resource" required:"true"`
	Table    string `json:"table" required:"true"`
	Field    string `json:"field" required:"true"`
}

func (r ItemRef) String() string { return r.Resource + "/" + r.Table + "." + r.Field }

// RequestSharing asks a unit for items of one of its catalogues.
type RequestSharing struct {
	CatalogueID string    `json:"catalogue_id" required:"true"`
	Items       []ItemRef `json:"items" required:"true"`
	Purposes    []string  `json:"purposes" required:"true"` // each use, by the matter it serves
	Mandate     string    `json:"mandate" required:"true"`  // the duty that the data serve, by its source
	Joint       bool      `json:"joint"`                    // for approval or work across departments
}

// maxPurposes bounds what one request is for.
const maxPurposes = 20

// Validate wants scope, purposes and items (SH16-D-15), and the duty that they
// serve (XA18-25).
func (r *RequestSharing) Validate() error {
	var c fault.Checks
	c.Text(r.CatalogueID, "catalogue_id", 100, "SH16-D-15")
	c.Require(len(r.Items) > 0 && len(r.Items) <= maxItems, "items", "required", "须列明申请的数据项", "name the items asked for", "SH16-D-15")
	for i, x := range r.Items {
		c.Require(!slices.Contains(r.Items[:i], x), fmt.Sprintf("items[%d]", i), "duplicate", "数据项重复", "the item appears twice", "SH16-D-15")
	}
	c.Require(len(r.Purposes) > 0 && len(r.Purposes) <= maxPurposes, "purposes", "required", "须逐项说明共享用途", "state what each use is for", "SH16-D-15", "XA18-25")
	for i, p := range r.Purposes {
		at := fmt.Sprintf("purposes[%d]", i)
		c.Text(p, at, 200, "SH16-D-15")
		c.Require(!slices.Contains(r.Purposes[:i], p), at, "duplicate", "用途重复", "the purpose appears twice", "SH16-D-15")
	}
	c.Text(r.Mandate, "mandate", 500, "XA18-25")
	return c.Err()
}

// RequestSharing makes the form of a request. Universal data are granted at
// once; for any other the form goes to the provider in writing, and no clock runs
// before the provider has it (SH16-D-15).
func (s *Service) RequestSharing(ctx context.Context, r RequestSharing) (Sharing, error) {
	by := authn.By(ctx)
	listed, err := s.Index.Of(ctx, r.CatalogueID)
	if err != nil {
		return Sharing{}, err
	}
	if len(listed) == 0 {
		return Sharing{}, ErrNoResource
	}
	provider := listed[0].Unit
	if provider == by.Unit {
		return Sharing{}, ErrOwnData
	}
	own, ok, err := s.steward(ctx, by.Unit)
	if err != nil {
		return Sharing{}, err
	}
	if !ok {
		return Sharing{}, ErrNoSteward
	}
	theirs, found, err := s.steward(ctx, provider)
	if err != nil {
		return Sharing{}, err
	}
	items, err := r.pick(listed)
	if err != nil {
		return Sharing{}, err
	}
	return s.Sharings.Create(ctx, s.NewID(), func(y *Sharing, rec *aggregate.Recorder) error {
		y.ProjectID = y.ID // the subject of its facts
		y.Share(provider, Centre)
		y.Provider, y.CatalogueID, y.Items, y.Purposes, y.Mandate, y.Joint = provider, r.CatalogueID, items, r.Purposes, r.Mandate, r.Joint
		y.Requesters = authn.Accounts(rec.By().Actor())
		y.RequestedOn = rec.Today().String()
		y.FormNo = "GX-" + strings.ReplaceAll(y.RequestedOn, "-", "") + "-" + strings.ToUpper(y.ID[max(0, len(y.ID)-8):])
		y.Title = items[0].Resource
		y.Steward = Contact{own.Name, own.Contact}
		if found {
			y.Counterpart = &Contact{theirs.Name, theirs.Contact}
		}
		y.Granted, y.Uses, y.Releases = []Listed{}, []Use{}, []Release{}
		rec.State(y.ProjectID, &dataresourcev1.SharingRequested{
			SharingId: y.ID, Requester: y.Unit, Provider: provider, CatalogueId: y.CatalogueID, Items: facts(items),
			Purposes: y.Purposes, Mandate: y.Mandate, FormNo: y.FormNo, Basis: []string{"SH16-D-15"},
		})
		if slices.ContainsFunc(items, func(x Listed) bool { return x.ShareClass != universal }) {
			y.State = Requested
			y.Await(aggregate.Todo{Action: "receive_sharing", Role: "declarer", Unit: provider, Title: "签收数据共享书面申请：" + y.Title})
			return nil
		}
		y.grant(items)
		rec.State(y.ProjectID, &dataresourcev1.SharingAnswered{
			SharingId: y.ID, Requester: y.Unit, Provider: provider, Granted: true, Items: facts(items), Reasons: "普遍共享类数据，由提供单位主动提供", Basis: []string{"SH16-D-15"},
		})
		return nil
	})
}

// pick finds what is asked for among what the catalogue lists. What a unit does
// not share, with its legal basis, cannot be asked for (SH16-D-14).
func (r *RequestSharing) pick(listed []Listed) ([]Listed, error) {
	var c fault.Checks
	items := make([]Listed, 0, len(r.Items))
	for i, ref := range r.Items {
		at := fmt.Sprintf("items[%d]", i)
		n := slices.IndexFunc(listed, func(x Listed) bool { return x.ref() == ref })
		if !c.Require(n >= 0, at, "no_such_item", "目录中没有这个数据项", "the catalogue has no such item", "SH16-D-15") {
			continue
		}
		c.Require(listed[n].ShareClass != notShared, at, notShared,
			"该数据项依法不共享："+listed[n].LegalBasis, "the item is not shared by law: "+listed[n].LegalBasis, "SH16-D-14")
		items = append(items, listed[n])
	}
	return items, c.Refuse(ErrAsked)
}

// facts are items as facts name them.
func facts(items []Listed) []*dataresourcev1.SharedItem {
	out := make([]*dataresourcev1.SharedItem, len(items))
	for i, x := range items {
		out[i] = &dataresourcev1.SharedItem{Resource: x.Resource, Table: x.Table, Field: x.Field, ShareClass: x.ShareClass}
	}
	return out
}

func (y *Sharing) at(states ...State) error {
	if slices.Contains(states, y.State) {
		return nil
	}
	return ErrState.WithMsg("共享申请状态为“"+string(y.State)+"”，不能办理此事项", "the request is "+string(y.State)+", which does not allow this")
}

func (y *Sharing) askedBy(by authn.Principal) error {
	if by.Unit != y.Unit {
		return ErrNotRequester
	}
	return nil
}

func (y *Sharing) providedBy(by authn.Principal) error {
	if by.Unit != y.Provider {
		return ErrNotProvider
	}
	return notBy(by, y.Requesters)
}

// decidedBy refuses anybody but the leading group's office, and who asked.
func decidedBy(by authn.Principal, authors []string) error {
	if by.Unit != Office {
		return ErrNotOffice
	}
	return notBy(by, authors)
}

// grant makes items the ones that may be had, and asks for what comes next: the
// signatures that an agreement lacks, else the service.
func (y *Sharing) grant(items []Listed) {
	y.State, y.Granted = Granted, items
	y.Await()
	if !y.secret() || y.Agreement.signed() {
		y.Await(aggregate.Todo{Action: "open_sharing", Role: "declarer", Unit: y.Provider, Title: "提供共享数据服务：" + y.Title})
		return
	}
	for _, unit := range []string{y.Unit, y.Provider} {
		if !y.Agreement.signedBy(unit) {
			y.Todo = append(y.Todo, aggregate.Todo{Action: "sign_agreement", Role: "declarer", Unit: unit, Title: "签订数据共享安全保密协议：" + y.Title})
		}
	}
}

// secret reports whether what is granted is shared under a secrecy agreement
// (SH16-D-15).
func (y *Sharing) secret() bool {
	return slices.ContainsFunc(y.Granted, func(x Listed) bool { return x.Sensitivity != "" })
}

// ReceiveSharing records that the provider has the form in writing.
type ReceiveSharing struct {
	ID         string        `path:"id" json:"-"`
	ReceivedOn calendar.Date `json:"received_on" required:"true"`
}

// Validate wants the day.
func (r *ReceiveSharing) Validate() error {
	var c fault.Checks
	c.Require(!r.ReceivedOn.IsZero(), "received_on", "required", "必填", "is required", "SH16-D-15")
	return c.Err()
}

// Receive starts the clock of the answer on the day on which the provider
// received the request in writing (SH16-D-14, SH16-D-15).
func (s *Service) Receive(ctx context.Context, r ReceiveSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.providedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Requested); err != nil {
			return err
		}
		var c fault.Checks
		on := r.ReceivedOn.String()
		c.Require(!r.ReceivedOn.After(rec.Today()) && on >= y.RequestedOn, "received_on", "out_of_range",
			"签收日期须在申请之日至今天之间", "between the day of the request and today", "SH16-D-15")
		if err := c.Err(); err != nil {
			return err
		}
		y.State, y.ReceivedOn = Received, on
		y.wantAnswer()
		rec.State(y.ProjectID, &dataresourcev1.SharingReceived{SharingId: y.ID, Provider: y.Provider, ReceivedOn: on, Basis: []string{"SH16-D-15"}})
		pack, err := s.pack(r.ReceivedOn)
		if err != nil {
			return err
		}
		return s.Rules.Start(y.Base(), rec, pack.ID(), clockAnswer, y.Provider, r.ReceivedOn)
	})
}

func (y *Sharing) wantAnswer() {
	y.Await(aggregate.Todo{Action: "answer_sharing", Role: "declarer", Unit: y.Provider, Title: "答复数据共享申请：" + y.Title})
}

// AnswerSharing is the provider's answer.
type AnswerSharing struct {
	ID         string    `path:"id" json:"-"`
	Granted    *bool     `json:"granted" required:"true"`
	Items      []ItemRef `json:"items"` // what is granted; none means all
	Reasons    string    `json:"reasons" required:"true"`
	LegalBasis string    `json:"legal_basis"` // of what is refused, in whole or in part
}

// Validate wants reasons whatever the answer, and of a refusal the law that it
// rests on: no unit refuses otherwise (SH16-D-14, SH16-D-15).
func (r *AnswerSharing) Validate() error {
	var c fault.Checks
	c.Require(r.Granted != nil, "granted", "required", "必填", "is required", "SH16-D-15")
	c.Text(r.Reasons, "reasons", 5000, "SH16-D-15")
	if r.Granted != nil && (!*r.Granted || len(r.Items) > 0) {
		if c.Require(r.LegalBasis != "", "legal_basis", "required",
			"不同意（含部分不同意）须列明法律、法规、规章依据", "a refusal, also in part, cites law, regulation or rule", "SH16-D-14") {
			c.Text(r.LegalBasis, "legal_basis", 500)
		}
	}
	c.Require(r.Granted == nil || *r.Granted || len(r.Items) == 0, "items", "not_applicable", "不同意的不列数据项", "a refusal grants no items", "SH16-D-15")
	return c.Err()
}

// Answer grants the request, in whole or in part, or refuses it.
func (s *Service) Answer(ctx context.Context, r AnswerSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.providedBy(rec.By()); err != nil {
			return err
		}
		if err := y.at(Received, Deferred); err != nil {
			return err
		}
		granted, err := y.among(r.Items, *r.Granted)
		if err != nil {
			return err
		}
		a := Answer{Granted: *r.Granted, Reasons: r.Reasons, LegalBasis: r.LegalBasis, By: rec.By().Actor(), On: rec.Today().String()}
		if a.Signature, err = s.Sign("dataresource.AnswerSharing", rec.By(), map[string]any{
			"sharing_id": y.ID, "form_no": y.FormNo, "items": granted, "answer": a,
		}); err != nil {
			return err
		}
		y.Answer, y.Deferral = &a, y.Deferral.settled()
		y.MeetClock(rec, clockAnswer, rec.Today())
		rec.State(y.ProjectID, &dataresourcev1.SharingAnswered{
			SharingId: y.ID, Requester: y.Unit, Provider: y.Provider, Granted: a.Granted, Items: facts(granted),
			Reasons: a.Reasons, LegalBasis: a.LegalBasis, Basis: []string{"SH16-D-14", "SH16-D-15"}, Signature: a.Signature,
		})
		if !a.Granted {
			y.State = Refused
			y.Await()
			return nil
		}
		y.grant(granted)
		return nil
	})
}

// among finds items within what was asked for; none means all of it.
func (y *Sharing) among(refs []ItemRef, granted bool) ([]Listed, error) {
	switch {
	case !granted:
		return []Listed{}, nil
	case len(refs) == 0:
		return y.Items, nil
	}
	return chosen(refs, y.Items, "not_asked", "未申请这个数据项", "this item was not asked for", "SH16-D-15")
}

// chosen finds refs in a list; what is not there is a violation.
func chosen(refs []ItemRef, from []Listed, code, zh, en string, basis ...string) ([]Listed, error) {
	var c fault.Checks
	out := make([]Listed, 0, len(refs))
	for i, ref := range refs {
		n := slices.IndexFunc(from, func(x Listed) bool { return x.ref() == ref })
		if c.Require(n >= 0, fmt.Sprintf("items[%d]", i), code, zh+"："+ref.String(), en+": "+ref.String(), basis...) {
			out = append(out, from[n])
		}
	}
	return out, c.Err()
}

// EndSharing takes a request back, or ends what was shared.
type EndSharing struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *EndSharing) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "SH16-D-17")
	return c.Err()
}

// End ends the sharing: the unit that asked whenever it likes. A provider that
// wants its data back asks the leading group's office: it may not refuse what it
// granted (SH16-D-14).
func (s *Service) End(ctx context.Context, r EndSharing) (Sharing, error) {
	return s.Sharings.Update(ctx, r.ID, func(y *Sharing, rec *aggregate.Recorder) error {
		if err := y.askedBy(rec.By()); err != nil {
			return err
		}
		if y.State == Ended {
			return y.at(Requested)
		}
		y.State, y.EndReason = Ended, r.Reason
		y.WaiveClock(rec, clockAnswer, r.Reason)
		y.Await()
		rec.State(y.ProjectID, &dataresourcev1.SharingEnded{SharingId: y.ID, Reason: r.Reason, Basis: []string{"SH16-D-17"}})
		return nil
	})
}
