package cryptoassessment

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Secrecy is the secrecy bureau, which guides XC adaptation together with the
// confidential bureau (YP23-M-27).
const Secrecy = "secrecy"

// guides are the two bureaus, in the order in which the rule names them.
var guides = []string{Bureau, Secrecy}

// factGuided is the fact for which the gate of acceptance waits. stable: a fact
// of the packs.
const factGuided = "XCGuided"

// AdaptationState is where an adaptation stands.
type AdaptationState string

// The states of an adaptation.
const (
	AdaptationWanted    AdaptationState = "wanted"    // the unit says what it adapts
	AdaptationRequested AdaptationState = "requested" // before the two bureaus
	AdaptationReturned  AdaptationState = "returned"  // one of them wants it done otherwise
	AdaptationGuided    AdaptationState = "guided"
	AdaptationClosed    AdaptationState = "closed" // the project ended first
)

// Adaptation is the guidance under which a project that follows XC is adapted;
// its id is the project's (YP23-M-27).
type Adaptation struct {
	aggregate.Root
	Title       string                `json:"title"`
	Project     *typev1.ProjectBrief  `json:"project"`
	State       AdaptationState       `json:"state"`
	Scope       string                `json:"scope,omitempty"`
	Components  []Component           `json:"components"`
	Round       int                   `json:"round"` // of the request, from 1
	RequestedBy string                `json:"requested_by,omitempty"`
	Guidance    []Guidance            `json:"guidance"` // oldest first
	Attachments []attachment.Document `json:"attachments"`
}

// Component is one thing that is adapted, and to what.
type Component struct {
	Kind    string `json:"kind" required:"true" enum:"server,terminal,operating_system,database,middleware,office,security,application"`
	Product string `json:"product" required:"true"`
}

// Guidance is what one bureau says to the adaptation as it stands.
type Guidance struct {
	Round      int               `json:"round"`
	Bureau     string            `json:"bureau"`
	Followed   bool              `json:"followed"` // the adaptation is as the bureau guided it
	DocumentNo string            `json:"document_no,omitempty"`
	Opinion    string            `json:"opinion"`
	By         string            `json:"given_by"`
	On         string            `json:"given_on"`
	Signature  *typev1.Signature `json:"signature"`
}

// ComponentKinds are the kinds of things that are adapted. stable: they are
// values of requests.
var ComponentKinds = []string{"server", "terminal", "operating_system", "database", "middleware", "office", "security", "application"}

// Errors of guidance.
var (
	ErrNotGuide = fault.New(fault.Forbidden, "not_guiding_bureau",
		"信创适配由区机要局、区保密局指导", "the confidential and secrecy bureaus guide XC adaptation", "YP23-M-27")
	ErrGuided = fault.New(fault.Conflict, "guided_before",
		"本单位已出具指导意见", "this bureau has given its guidance", "YP23-M-27")
)

// WantGuidance opens the duty of an accepted project whose acceptance will ask
// for guidance (YP23-M-27).
func (s *Service) WantGuidance(ctx context.Context, p *typev1.ProjectBrief) error {
	asked := false
	if _, err := s.Rules.Missing(p, "acceptance", func(r policy.Requirement) bool {
		asked = asked || r.Fact == factGuided
		return true
	}); err != nil || !asked {
		return err
	}
	_, err := s.Adaptations.Upsert(ctx, p.GetProjectId(), func(x *Adaptation, _ *aggregate.Recorder) error {
		x.Project, x.Title = p, p.GetTitle()
		if x.State != "" && x.State != AdaptationClosed {
			return nil
		}
		if x.State == "" {
			x.ProjectID, x.Components, x.Guidance, x.Attachments = x.ID, []Component{}, []Guidance{}, []attachment.Document{}
			x.Parties = nil // the bureaus see it when it comes to their desks
			x.Own(p.GetUnit())
			x.Share(p.GetSupervisor())
		}
		x.want(AdaptationWanted, "就信创适配申请指导：")
		return nil
	})
	return err
}

// want asks the unit for its request.
func (x *Adaptation) want(state AdaptationState, title string) {
	x.State = state
	x.Await(aggregate.Todo{Action: "request_guidance", Role: "declarer", Unit: x.Unit, Title: title + x.Title})
}

// RequestGuidance says what a project adapts.
type RequestGuidance struct {
	ID         string      `path:"id" json:"-"`
	Scope      string      `json:"scope" required:"true"`
	Components []Component `json:"components" required:"true"`
}

// Validate lists what is missing.
func (r *RequestGuidance) Validate() error {
	var c fault.Checks
	c.Text(r.Scope, "scope", 5000, "YP23-M-27")
	c.Require(len(r.Components) > 0, "components", "required", "须列明适配的软硬件", "name what is adapted", "YP23-M-27")
	for i, x := range r.Components {
		at := fmt.Sprintf("components[%d].", i)
		c.Require(slices.Contains(ComponentKinds, x.Kind), at+"kind", "unknown_code",
			fmt.Sprintf("须为%v之一", ComponentKinds), fmt.Sprintf("one of %v", ComponentKinds), "YP23-M-27")
		c.Text(x.Product, at+"product", 200, "YP23-M-27")
		c.Require(!slices.Contains(r.Components[:i], x), at+"product", "duplicate", "重复列入", "appears twice", "YP23-M-27")
	}
	return c.Err()
}

// RequestGuidance lays the adaptation before both bureaus, for the first time or
// again (YP23-M-27).
func (s *Service) RequestGuidance(ctx context.Context, r RequestGuidance) (Adaptation, error) {
	return s.Adaptations.Update(ctx, r.ID, func(x *Adaptation, rec *aggregate.Recorder) error {
		if err := x.editable(rec.By()); err != nil {
			return err
		}
		x.State, x.Scope, x.Components, x.RequestedBy = AdaptationRequested, r.Scope, r.Components, rec.By().Actor()
		x.Round++
		x.Share(guides...)
		x.Await()
		for _, bureau := range guides {
			x.Todo = append(x.Todo, aggregate.Todo{Action: "give_guidance", Role: "crypto_officer", Unit: bureau, Title: "指导信创适配：" + x.Title})
		}
		f := &cryptoassessmentv1.XCGuidanceRequested{ProjectId: x.ProjectID, Scope: x.Scope, Basis: []string{"YP23-M-27"}}
		for _, y := range x.Components {
			f.Components = append(f.Components, y.Kind+"/"+y.Product)
		}
		rec.State(x.ProjectID, f)
		return nil
	})
}

// editable refuses anybody but the unit, and what is out of its hands.
func (x *Adaptation) editable(by authn.Principal) error {
	if by.Unit != x.Unit {
		return ErrNotOwner
	}
	if x.State != AdaptationWanted && x.State != AdaptationReturned {
		return wrongState("信创适配", string(x.State))
	}
	return nil
}

// GiveGuidance is what one of the bureaus says.
type GiveGuidance struct {
	ID         string `path:"id" json:"-"`
	Followed   *bool  `json:"followed" required:"true"` // whether the adaptation is as the bureau guided it
	DocumentNo string `json:"document_no"`              // of the record of guidance, where it is
	Opinion    string `json:"opinion" required:"true"`
}

// Validate wants an answer, its reasons, and the record of guidance that was
// followed.
func (r *GiveGuidance) Validate() error {
	var c fault.Checks
	if err := checkAnswer(r.Followed, "followed", r.Opinion, "YP23-M-27"); err != nil {
		c.Add(fault.From(err).Violations...)
	}
	if r.Followed != nil && *r.Followed {
		c.Text(r.DocumentNo, "document_no", 100, "YP23-M-27")
	}
	return c.Err()
}

// Guide takes the guidance of one bureau. The adaptation is guided once both say
// that it is as they guided it; either sends it back (YP23-M-27).
func (s *Service) Guide(ctx context.Context, r GiveGuidance) (Adaptation, error) {
	return s.Adaptations.Update(ctx, r.ID, func(x *Adaptation, rec *aggregate.Recorder) error {
		by := rec.By()
		if !slices.Contains(guides, by.Unit) {
			return ErrNotGuide
		}
		if x.State != AdaptationRequested {
			return wrongState("信创适配", string(x.State))
		}
		if by.IsAny(authn.Accounts(x.RequestedBy)) {
			return ErrOwnWork
		}
		if slices.Contains(x.given(), by.Unit) {
			return ErrGuided
		}
		g := Guidance{Round: x.Round, Bureau: by.Unit, Followed: *r.Followed, DocumentNo: r.DocumentNo, Opinion: r.Opinion, By: by.Actor(), On: rec.Today().String()}
		var err error
		if g.Signature, err = s.Sign("cryptoassessment.GiveGuidance", by, map[string]any{
			"project_id": x.ProjectID, "scope": x.Scope, "components": x.Components, "attachments": x.Attachments, "guidance": g,
		}); err != nil {
			return err
		}
		x.Guidance = append(x.Guidance, g)
		x.Done(func(t aggregate.Todo) bool { return t.Unit == by.Unit })
		rec.State(x.ProjectID, &cryptoassessmentv1.XCGuidanceGiven{
			ProjectId: x.ProjectID, Bureau: g.Bureau, Followed: g.Followed, DocumentNo: g.DocumentNo, Opinion: g.Opinion, Basis: []string{"YP23-M-27"}, Signature: g.Signature,
		})
		switch {
		case !g.Followed:
			x.want(AdaptationReturned, "按指导意见修改信创适配：")
		case len(x.given()) == len(guides):
			x.State = AdaptationGuided
			f := &cryptoassessmentv1.XCGuided{ProjectId: x.ProjectID, Basis: []string{"YP23-M-27"}}
			for _, y := range x.Guidance {
				if y.Round == x.Round {
					f.DocumentNos = append(f.DocumentNos, y.DocumentNo)
				}
			}
			rec.State(x.ProjectID, f)
		}
		return nil
	})
}

// given are the bureaus that have spoken to the adaptation as it stands.
func (x *Adaptation) given() (bureaus []string) {
	for _, g := range x.Guidance {
		if g.Round == x.Round {
			bureaus = append(bureaus, g.Bureau)
		}
	}
	return bureaus
}

// AdaptationEnded takes the adaptation of a project that ended off the desks.
func (s *Service) AdaptationEnded(ctx context.Context, project string) error {
	return aggregate.Follow(ctx, s.Adaptations, project, func(x *Adaptation, _ *aggregate.Recorder) error {
		if x.State != AdaptationGuided {
			x.State = AdaptationClosed
		}
		x.Await()
		return nil
	})
}
