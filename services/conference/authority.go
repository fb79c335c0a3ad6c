package conference

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Errors of authorities that decide by themselves.
var (
	ErrNoAuthority = fault.New(fault.Forbidden, "not_the_deciding_authority", "本步骤不由贵单位决定", "your unit does not decide this step")
	ErrNoStep      = fault.New(fault.Conflict, "not_with_authorities", "项目当前没有待单位决定的步骤", "no step of the project waits for an authority now")
)

// Authority is one unit that decides one step of a project's road by itself, as
// the pack names it (XA18-14, SH12-10, SH12-11): no session is called. The
// units of one step decide in any order, the steps one after the other.
type Authority struct {
	Step        string            `json:"step"` // code of the pack
	Unit        string            `json:"unit"`
	Outcome     Outcome           `json:"outcome,omitempty"` // approved, deferred or refused; empty while it is awaited
	ApprovedFen int64             `json:"approved_fen"`      // 0 unless it consents
	Reason      string            `json:"reason,omitempty"`
	Waivers     []Waiver          `json:"waivers"` // rules that it lifts, if the project is consented to
	DecidedBy   string            `json:"decided_by,omitempty"`
	DecidedOn   string            `json:"decided_on,omitempty"` // YYYY-MM-DD
	Signature   *typev1.Signature `json:"signature,omitempty"`
}

// authorities lists who decides a road by itself, in order; the words that
// stand are kept.
func (d *Docket) authorities(steps []policy.Step) {
	kept := d.Authorities
	d.Authorities = []Authority{}
	for _, step := range steps {
		if step.Duty != policy.AuthorityDecision {
			continue
		}
		for _, unit := range step.By {
			a := Authority{Step: step.Code, Unit: unit, Waivers: []Waiver{}}
			if n := slices.IndexFunc(kept, func(x Authority) bool { return x.Step == a.Step && x.Unit == a.Unit }); n >= 0 {
				a = kept[n]
			}
			d.Authorities = append(d.Authorities, a)
			d.Share(unit)
		}
	}
}

// reopen lets the project be decided anew: authorities give their word again.
func (d *Docket) reopen() {
	d.Reopened = true
	for n := range d.Authorities {
		a := &d.Authorities[n]
		*a = Authority{Step: a.Step, Unit: a.Unit, Waivers: []Waiver{}}
	}
}

// waived are the rules that the authorities lift for the project.
func (d *Docket) waived() []Waiver {
	list := []Waiver{}
	for _, a := range d.Authorities {
		for _, w := range a.Waivers {
			if !slices.ContainsFunc(list, func(x Waiver) bool { return x.Rule == w.Rule }) {
				list = append(list, w)
			}
		}
	}
	return list
}

// awaited are the places of the authorities whose turn it is: those of the
// first step on which one has not decided.
func (d *Docket) awaited() []int {
	var turn []int
	for n, a := range d.Authorities {
		if a.Outcome == "" && (len(turn) == 0 || d.Authorities[turn[0]].Step == a.Step) {
			turn = append(turn, n)
		}
	}
	return turn
}

// DecideStep is an authority's decision on the step that waits for it.
type DecideStep struct {
	ID           string   `path:"id" json:"-"`
	Outcome      Outcome  `json:"outcome" required:"true" enum:"approved,deferred,refused"`
	ApprovedFen  int64    `json:"approved_fen"`  // with approved
	AmountReason string   `json:"amount_reason"` // why it is above what was declared
	Reason       string   `json:"reason"`
	Waivers      []Waiver `json:"waivers"` // with approved
}

// Validate lists what is wrong with the decision as such.
func (r *DecideStep) Validate() error {
	var c fault.Checks
	c.Require(slices.Contains([]Outcome{Approved, Deferred, Refused}, r.Outcome), "outcome", "unknown_code", "须为approved、deferred或refused", "approved, deferred or refused")
	d := StatedDecision{Outcome: r.Outcome, ApprovedFen: r.ApprovedFen, AmountReason: r.AmountReason, Reason: r.Reason, Waivers: r.Waivers}
	d.check(&c, "")
	return c.Err()
}

// DecideStep takes the decision of the authority whose turn it is. The road
// goes on to the next step when all of one have consented; with the last, or
// with the first that does not consent, the project is decided (XA18-14,
// SH12-10, SH12-11). The lowest amount that one of them consents to holds.
func (s *Service) DecideStep(ctx context.Context, r DecideStep) (Docket, error) {
	return s.Dockets.Update(ctx, r.ID, func(d *Docket, rec *aggregate.Recorder) error {
		if d.State != WithAuthorities {
			return ErrNoStep
		}
		a := d.authority(rec.By())
		if a == nil {
			return ErrNoAuthority.WithBasis(d.Project.GetBasis()...)
		}
		if err := notDeclaredBy(d.Declarers, rec.By()); err != nil {
			return err
		}
		if err := s.word(d, a, r, rec); err != nil {
			return err
		}
		return s.place(d)
	})
}

// authority finds the awaited authority for which a caller acts.
func (d *Docket) authority(by authn.Principal) *Authority {
	for _, n := range d.awaited() {
		if d.Authorities[n].Unit == by.Unit {
			return &d.Authorities[n]
		}
	}
	return nil
}

// word enters one authority's decision and, when it ends the road, the
// project's.
func (s *Service) word(d *Docket, a *Authority, r DecideStep, rec *aggregate.Recorder) error {
	i := Item{
		ID: d.ID + "-" + a.Step, Kind: ProjectItem, ProjectID: d.ID, Title: d.Title, Project: d.Project, Treatment: policy.ConferenceReview, Standing: d.Outcome,
		DeclaredFen: d.Project.GetAmountFen(), ReviewedFen: d.ReviewedFen, Declarers: d.Declarers, Findings: d.Findings, Lifted: d.lifted(),
	}
	for _, w := range d.waived() {
		i.Lifted = append(i.Lifted, w.Rule)
	}
	dec := Decision{
		ItemID: i.ID, ProjectID: d.ID, Kind: ProjectItem, Outcome: r.Outcome, ApprovedFen: r.ApprovedFen, AmountReason: r.AmountReason, Reason: r.Reason,
		Conditions: []string{}, Present: []string{a.Unit}, Waivers: append([]Waiver{}, r.Waivers...), FollowUps: []Assignment{},
		DecidedOn: rec.Today(), DecidedBy: rec.By().Actor(), Basis: d.Project.GetBasis(),
	}
	if err := s.permit(&Session{}, &i, &dec, ""); err != nil {
		return err
	}
	stance := Agree
	if !r.Outcome.consents() {
		stance = Disagree
	}
	a.Outcome, a.ApprovedFen, a.Reason, a.Waivers = r.Outcome, r.ApprovedFen, r.Reason, dec.Waivers
	a.DecidedBy, a.DecidedOn = rec.By().Actor(), rec.Today().String()
	var err error
	if a.Signature, err = s.Sign("conference.DecideStep", rec.By(), struct {
		ProjectID string `json:"project_id"`
		Authority
	}{d.ID, *a}); err != nil {
		return err
	}
	rec.State(d.ID, &conferencev1.OpinionGiven{
		ProjectId: d.ID, ItemId: i.ID, Member: a.Unit, Stance: string(stance), Text: a.Reason, Written: true, RecordedBy: a.DecidedBy, Signature: a.Signature,
	})
	if r.Outcome.consents() && len(d.awaited()) > 0 {
		return nil
	}
	return s.conclude(d, i, dec, rec)
}

// conclude makes the last authority's decision the project's.
func (s *Service) conclude(d *Docket, i Item, dec Decision, rec *aggregate.Recorder) error {
	dec.Count, dec.Present = Count{}, []string{}
	if dec.Outcome.consents() {
		dec.Waivers = d.waived()
	}
	for _, a := range d.Authorities {
		switch {
		case a.Outcome == "":
			continue
		case a.Outcome.consents():
			dec.Count.Agree++
			if dec.Outcome.consents() {
				dec.ApprovedFen = min(dec.ApprovedFen, a.ApprovedFen)
			}
		default:
			dec.Count.Disagree++
		}
		dec.Present = append(dec.Present, a.Unit)
	}
	var err error
	if dec.Signature, err = s.Sign("conference.DecideItem", rec.By(), dec); err != nil {
		return err
	}
	i.Decision = &dec
	d.settle(i, rec.Today().Year())
	dec.state(rec)
	return nil
}
