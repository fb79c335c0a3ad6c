package procurement

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/idcode"
	"egov/libs/money"
	"egov/libs/policy"
	"egov/libs/rules"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Errors of contracts.
var (
	ErrContract = fault.New(fault.Refused, "contract_refused",
		"不具备合同备案的条件", "the contract cannot be filed")
	ErrOverApproved = fault.New(fault.Refused, "contract_over_approved",
		"合同金额超过审核同意金额，须先经变更同意", "the contract exceeds the approved amount; a change comes first")
	ErrAmendment = fault.New(fault.Refused, "amendment_refused",
		"不具备签订补充协议的条件", "the amendment cannot be filed", "YP23-R-5.5.5")
	ErrSigned = fault.New(fault.Refused, "signing_refused",
		"不具备签订合同的条件", "the contract cannot have been signed", "YP23-R-5.5.2")
	ErrNoContract = fault.New(fault.NotFound, "no_such_contract", "没有这份合同", "there is no such contract")
)

// withinApproved is the requirement of the contract gate that this service
// judges by the amounts. stable: a code of the packs.
const withinApproved = "within_approved_amount"

// Contract is one contract as it was filed; its seal covers all but the seal
// and the amendments, which carry their own.
type Contract struct {
	No          string            `json:"contract_no"`
	Sequence    int               `json:"sequence"` // 1, or 2 and 3 for renewals
	Supplier    string            `json:"supplier"`
	CreditCode  string            `json:"supplier_credit_code"`
	ValueFen    int64             `json:"value_fen"`
	EffectiveOn string            `json:"effective_on"`
	EndsOn      string            `json:"ends_on"`
	FiledOn     string            `json:"filed_on"`
	Late        bool              `json:"late"` // filed after its time
	Papers      []PaperRef        `json:"papers"`
	Amendments  []Amendment       `json:"amendments,omitempty"`
	Signature   *typev1.Signature `json:"signature"`
}

// worth is the contract's value with its amendments, in fen.
func (k Contract) worth() int64 {
	if n := len(k.Amendments); n > 0 {
		return k.Amendments[n-1].ValueFen
	}
	return k.ValueFen
}

// Amendment is one supplementary agreement.
type Amendment struct {
	No          string            `json:"amendment_no"`
	ChangeID    string            `json:"change_id"` // the consented change it carries out
	PreviousFen int64             `json:"previous_fen"`
	ValueFen    int64             `json:"value_fen"`
	Reason      string            `json:"reason"`
	EffectiveOn string            `json:"effective_on"`
	FiledOn     string            `json:"filed_on"`
	Signature   *typev1.Signature `json:"signature"`
}

// Signing is a contract that took effect and is not filed yet.
type Signing struct {
	ContractNo  string `json:"contract_no"`
	EffectiveOn string `json:"effective_on"`
}

// SignContract says that a contract took effect.
type SignContract struct {
	ID          string        `path:"id" json:"-"`
	ContractNo  string        `json:"contract_no" required:"true"`
	EffectiveOn calendar.Date `json:"effective_on" required:"true"`
}

// Validate lists what is missing.
func (r *SignContract) Validate() error {
	var c fault.Checks
	c.Text(r.ContractNo, "contract_no", 100, "YP23-R-5.5.2")
	c.Require(!r.EffectiveOn.IsZero(), "effective_on", "required", "必填", "is required", "YP23-R-5.5.2")
	return c.Err()
}

// SignContract starts the clock of the filing on the day the contract took
// effect, so that it warns before it runs out. Saying it again corrects the
// first time, and moves the clock for all to see. A filing without it starts
// and meets the same clock.
func (s *Service) SignContract(ctx context.Context, r SignContract) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		states := []State{Awarded}
		if p.renewal() {
			states = []State{Open}
		}
		if err := p.at(states...); err != nil {
			return err
		}
		var c fault.Checks
		p.inForce(&c, r.EffectiveOn, rec.Today())
		if err := c.Refuse(ErrSigned); err != nil {
			return err
		}
		p.Signed = &Signing{ContractNo: r.ContractNo, EffectiveOn: r.EffectiveOn.String()}
		rec.State(p.ID, &procurementv1.ContractSigned{ProjectId: p.ID, ContractNo: r.ContractNo, EffectiveOn: p.Signed.EffectiveOn, Basis: []string{"YP23-R-5.5.2"}})
		terms, ok, err := s.Rules.Clock(p.Project.GetPack(), clockContract, r.EffectiveOn)
		if err != nil || !ok {
			return err
		}
		if clock := p.Running(clockContract); clock != nil {
			if clock.DueOn != terms.DueOn {
				p.MoveClock(rec, clockContract, terms, "更正合同生效日期")
			}
			return nil
		}
		p.StartClock(rec, p.Unit, terms)
		return nil
	})
}

// inForce requires that a contract took effect after the award, or after the
// decision of a renewal, and not in the future.
func (p *Procurement) inForce(c *fault.Checks, on, today calendar.Date) {
	after := p.DecidedOn
	if p.Award != nil {
		after = p.Award.AwardedOn
	}
	p.dated(c, "effective_on", on, after, today)
}

// FileContract puts a contract that has taken effect on record (YP23-R-5.5.2).
type FileContract struct {
	ID          string        `path:"id" json:"-"`
	ContractNo  string        `json:"contract_no" required:"true"`
	Supplier    string        `json:"supplier" required:"true"`
	CreditCode  string        `json:"supplier_credit_code" required:"true"`
	ValueFen    int64         `json:"value_fen" required:"true" minimum:"1"`
	EffectiveOn calendar.Date `json:"effective_on" required:"true"`
	EndsOn      calendar.Date `json:"ends_on" required:"true"`
	Papers      []PaperRef    `json:"papers" required:"true"`
}

// Validate lists what is missing or malformed.
func (r *FileContract) Validate() error {
	const basis = "YP23-R-5.5.2"
	var c fault.Checks
	c.Text(r.ContractNo, "contract_no", 100, basis)
	c.Text(r.Supplier, "supplier", 200, basis)
	c.Require(idcode.CreditCode(r.CreditCode), "supplier_credit_code", "bad_credit_code",
		"不是有效的统一社会信用代码", "not a valid unified social credit code", basis)
	c.Require(r.ValueFen > 0, "value_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", basis)
	c.Require(!r.EffectiveOn.IsZero(), "effective_on", "required", "必填", "is required", basis)
	if c.Require(!r.EndsOn.IsZero(), "ends_on", "required", "必填", "is required", basis) {
		c.Require(r.EndsOn.After(r.EffectiveOn), "ends_on", "ends_before_start", "终止日期须晚于生效日期", "the contract ends after it takes effect", basis)
	}
	checkRefs(&c, "papers", r.Papers)
	return c.Err()
}

// FileContract puts a contract on record: after the award, or the filing of a
// renewal; with the awarded supplier; within award, budget and approval; with
// its papers. A filing after its time is taken, and recorded as late.
func (s *Service) FileContract(ctx context.Context, r FileContract) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Waiting, Open, Started, Tendered, Awarded); err != nil {
			return err
		}
		var c fault.Checks
		documents, err := s.contractGate(p, r, &c)
		if err != nil {
			return err
		}
		p.contractTerms(&c, r, rec.Today())
		over := r.ValueFen > p.ApprovedFen
		c.Require(!over, "value_fen", "contract_over_approved",
			"合同金额超过审核同意金额"+money.Yuan(p.ApprovedFen)+"元，须先经变更同意", "the contract exceeds the approved "+money.Yuan(p.ApprovedFen)+" yuan; a change comes first", "ours", "YP23-R-5.5.5")
		refusal := ErrContract
		if over {
			refusal = ErrOverApproved
		}
		if err := c.Refuse(refusal); err != nil {
			return err
		}
		return s.fileContract(p, rec, r, documents)
	})
}

// contractGate asks the pack what must be there before a contract.
func (s *Service) contractGate(p *Procurement, r FileContract, c *fault.Checks) ([]*typev1.Document, error) {
	missing, err := s.Rules.Missing(p.Project, "procurement", rules.Heard(p.Heard, p.Waivers))
	if err != nil {
		return nil, err
	}
	c.Add(missing...)
	missing, err = s.Rules.Missing(p.Project, "contract", func(q policy.Requirement) bool {
		switch {
		case q.Code == withinApproved:
			return true // judged with the other amounts
		case q.Fact == "AwardMade":
			return p.Award != nil
		case q.Fact == "ContractAttached":
			return slices.ContainsFunc(r.Papers, func(d PaperRef) bool { return d.Item == q.Code })
		}
		return rules.Heard(p.Heard, p.Waivers)(q)
	})
	c.Add(missing...)
	return p.cited(c, "papers", r.Papers, "YP23-R-5.5.2"), err
}

// contractTerms holds the contract against what came before it.
func (p *Procurement) contractTerms(c *fault.Checks, r FileContract, today calendar.Date) {
	p.within(c, r.ValueFen)
	if a := p.Award; a != nil {
		c.Require(r.Supplier == a.Supplier && r.CreditCode == a.CreditCode, "supplier", "supplier_not_awarded",
			"合同供应商不是中标、成交供应商“"+a.Supplier+"”", "the contract's supplier is not the awarded "+a.Supplier, "YP23-R-5.5.1")
		c.Require(r.ValueFen <= a.ValueFen, "value_fen", "over_award",
			"合同金额超过中标、成交金额"+money.Yuan(a.ValueFen)+"元", "the contract exceeds the awarded "+money.Yuan(a.ValueFen)+" yuan", "YP23-R-5.5.1")
	}
	if g := p.Signed; g != nil {
		c.Require(r.ContractNo == g.ContractNo && r.EffectiveOn.String() == g.EffectiveOn, "contract_no", "not_the_signed_contract",
			"与已登记签订的合同"+g.ContractNo+"（"+g.EffectiveOn+"生效）不一致", "differs from the signed contract "+g.ContractNo+", in force from "+g.EffectiveOn, "YP23-R-5.5.2")
	}
	p.inForce(c, r.EffectiveOn, today)
}

func (s *Service) fileContract(p *Procurement, rec *aggregate.Recorder, r FileContract, documents []*typev1.Document) error {
	today, pack := rec.Today(), p.Project.GetPack()
	k := Contract{
		No: r.ContractNo, Sequence: max(1, int(p.Project.GetRenewalYear())), Supplier: r.Supplier, CreditCode: r.CreditCode, ValueFen: r.ValueFen,
		EffectiveOn: r.EffectiveOn.String(), EndsOn: r.EndsOn.String(), FiledOn: today.String(), Papers: r.Papers,
	}
	p.MeetClock(rec, clockStart, r.EffectiveOn) // of a renewal that is timed; a start has met it otherwise
	p.MeetClock(rec, clockStop, r.EffectiveOn)
	if err := s.Rules.Start(p.Base(), rec, pack, clockContract, p.Unit, r.EffectiveOn); err != nil {
		return err
	}
	if clock := p.Running(clockContract); clock != nil {
		k.Late = today.After(clock.DueOn)
	}
	p.MeetClock(rec, clockContract, today)
	var err error
	if k.Signature, err = s.Sign("procurement.FileContract", rec.By(), k); err != nil {
		return err
	}
	if p.Project.GetKeyAnnual() {
		if err := s.Rules.Start(p.Base(), rec, pack, clockQuarter, p.Unit, today); err != nil {
			return err
		}
	}
	p.State, p.Contracts = Contracted, append(p.Contracts, k)
	p.ContractFen = p.total()
	p.Share(ConferenceOffice)
	rec.State(p.ID, &procurementv1.ContractFiled{
		ProjectId: p.ID, ContractNo: k.No, Supplier: k.Supplier, ValueFen: k.ValueFen, EffectiveOn: k.EffectiveOn, FiledOn: k.FiledOn,
		EndsOn: k.EndsOn, Sequence: int32(k.Sequence), Documents: documents, Signature: k.Signature, Basis: []string{"YP23-R-5.5.2"},
	})
	return s.await(p)
}

// AmendContract puts a supplementary agreement on record.
type AmendContract struct {
	ID          string        `path:"id" json:"-"`
	Sequence    int           `path:"sequence" json:"-"`
	AmendmentNo string        `json:"amendment_no" required:"true"`
	ValueFen    int64         `json:"value_fen" required:"true" minimum:"1"` // of the contract from now on
	Reason      string        `json:"reason" required:"true"`
	EffectiveOn calendar.Date `json:"effective_on" required:"true"`
	Papers      []PaperRef    `json:"papers" required:"true"`
}

// Validate lists what is missing.
func (r *AmendContract) Validate() error {
	const basis = "YP23-R-5.5.5"
	var c fault.Checks
	c.Text(r.AmendmentNo, "amendment_no", 100, basis)
	c.Require(r.ValueFen > 0, "value_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", basis)
	c.Text(r.Reason, "reason", 2000, basis)
	c.Require(!r.EffectiveOn.IsZero(), "effective_on", "required", "必填", "is required", basis)
	c.Require(len(r.Papers) > 0, "papers", "required", "须附补充协议", "the amendment itself is attached", basis)
	checkRefs(&c, "papers", r.Papers)
	return c.Err()
}

// Amend carries a consented change into a filed contract, once for each.
func (s *Service) Amend(ctx context.Context, r AmendContract) (Procurement, error) {
	return s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Contracted, Rectifying); err != nil {
			return err
		}
		i := slices.IndexFunc(p.Contracts, func(k Contract) bool { return k.Sequence == r.Sequence })
		if i < 0 {
			return ErrNoContract
		}
		k := &p.Contracts[i]
		var c fault.Checks
		c.Require(p.Change != "", "change", "no_consented_change", "没有已获同意而尚未落实的变更", "no consented change waits to be carried out", "YP23-R-5.5.5")
		c.Require(r.ValueFen <= p.ApprovedFen, "value_fen", "contract_over_approved",
			"合同金额超过审核同意金额"+money.Yuan(p.ApprovedFen)+"元", "the contract exceeds the approved "+money.Yuan(p.ApprovedFen)+" yuan", "ours", "YP23-R-5.5.5")
		c.Require(r.ValueFen >= p.PaidFen, "value_fen", "below_paid", "合同金额低于已付金额"+money.Yuan(p.PaidFen)+"元", "the contract is below the paid "+money.Yuan(p.PaidFen)+" yuan", "XA18-18")
		p.within(&c, r.ValueFen)
		p.dated(&c, "effective_on", r.EffectiveOn, k.EffectiveOn, rec.Today())
		documents := p.cited(&c, "papers", r.Papers, "YP23-R-5.5.5")
		if err := c.Refuse(ErrAmendment); err != nil {
			return err
		}
		a := Amendment{
			No: r.AmendmentNo, ChangeID: p.Change, PreviousFen: k.worth(), ValueFen: r.ValueFen,
			Reason: r.Reason, EffectiveOn: r.EffectiveOn.String(), FiledOn: rec.Today().String(),
		}
		var err error
		if a.Signature, err = s.Sign("procurement.AmendContract", rec.By(), a); err != nil {
			return err
		}
		k.Amendments, p.Change = append(k.Amendments, a), ""
		p.ContractFen = p.total()
		rec.State(p.ID, &procurementv1.ContractAmended{
			ProjectId: p.ID, ContractNo: k.No, AmendmentNo: a.No, ValueFen: a.ValueFen, PreviousFen: a.PreviousFen, Reason: a.Reason,
			EffectiveOn: a.EffectiveOn, Sequence: int32(k.Sequence), Documents: documents, Signature: a.Signature, Basis: []string{"YP23-R-5.5.5"},
		})
		return nil
	})
}
