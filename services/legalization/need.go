package legalization

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	legalizationv1 "egov/proto/gen/egov/legalization/v1"
)

// DeclareNeed asks for software before it is bought.
type DeclareNeed struct {
	ProjectID string    `json:"project_id"` // of a software-purchase project; empty = stands alone
	Title     string    `json:"title" required:"true"`
	Products  []Product `json:"products" required:"true"`
}

// maxProducts bounds one need and one inventory.
const maxProducts = 1000

// Validate lists everything that is wrong, line by line.
func (r *DeclareNeed) Validate() error {
	var c fault.Checks
	c.Text(r.Title, "title", 200, "YP23-M-36")
	c.Require(len(r.Products) > 0 && len(r.Products) <= maxProducts, "products", "out_of_range", fmt.Sprintf("须有1至%d项软件", maxProducts), fmt.Sprintf("1 to %d products", maxProducts), "YP23-M-36")
	for i, p := range r.Products {
		at := fmt.Sprintf("products[%d].", i)
		classKnown(&c, p.Class, at+"class")
		c.Text(p.Name, at+"name", 100, "YP23-M-36")
		c.Text(p.Version, at+"version", 50, "YP23-M-36")
		c.Text(p.Use, at+"use", 200, "YP23-M-36")
		c.Require(p.Quantity > 0 && p.Quantity <= 100_000, at+"quantity", "out_of_range", "数量须为1至100000", "1 to 100000", "YP23-M-36")
		c.Require(p.UnitPriceFen > 0 && p.UnitPriceFen <= 1_000_000_000_00, at+"unit_price_fen", "out_of_range", "单价须为正数（分）", "a positive price in fen", "YP23-M-36")
	}
	return c.Err()
}

// Declare lays a need before the committee. A price above its cap is refused at
// once.
func (s *Service) Declare(ctx context.Context, r DeclareNeed) (Need, error) {
	if err := s.withinCaps(ctx, r.Products); err != nil {
		return Need{}, err
	}
	if r.ProjectID == "" {
		return s.Needs.Create(ctx, s.NewID(), r.apply)
	}
	// A project's need is opened by its acceptance; nobody else's can be spoken
	// for, and none that is not there.
	return s.Needs.Update(ctx, r.ProjectID, func(n *Need, rec *aggregate.Recorder) error {
		if n.Unit != rec.By().Unit {
			return ErrNotOwner
		}
		if n.State != "" && n.State != Returned {
			return ErrState
		}
		return r.apply(n, rec)
	})
}

func (r *DeclareNeed) apply(n *Need, rec *aggregate.Recorder) error {
	n.ProjectID, n.Title, n.Products, n.UnitKind = r.ProjectID, r.Title, r.Products, rec.By().UnitKind
	n.AmountFen, n.State, n.ReturnReason = 0, Declared, ""
	for _, account := range authn.Accounts(rec.By().Actor()) {
		if !slices.Contains(n.Declarers, account) {
			n.Declarers = append(n.Declarers, account)
		}
	}
	fact := &legalizationv1.SoftwareNeedDeclared{ProjectId: n.ProjectID, NeedId: n.ID, Unit: n.Unit}
	for _, p := range r.Products {
		n.AmountFen += int64(p.Quantity) * p.UnitPriceFen
		fact.Products = append(fact.Products, fmt.Sprintf("%s %s ×%d", p.Name, p.Version, p.Quantity))
	}
	fact.AmountFen = n.AmountFen
	n.Share(Committee)
	n.Await(aggregate.Todo{Action: "assign_channel", Role: "software_officer", Unit: Committee, Title: "统筹正版软件需求：" + n.Title})
	rec.State(n.subject(), fact)
	return nil
}

// subject is what the need's facts are about: its project, or itself.
func (n *Need) subject() string {
	if n.ProjectID != "" {
		return n.ProjectID
	}
	return n.ID
}

// withinCaps lists every product above its cap.
func (s *Service) withinCaps(ctx context.Context, products []Product) error {
	var v []fault.Violation
	for i, p := range products {
		// The list binds everybody, whoever may see its entries.
		limit, err := s.Caps.Get(authn.With(ctx, authn.Service("legalization", Committee)), capID(p.Class, p.Name))
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if p.UnitPriceFen > limit.CapFen {
			v = append(v, fault.Violation{
				Field: fmt.Sprintf("products[%d].unit_price_fen", i), Code: "above_price_cap",
				Msg:   fmt.Sprintf("“%s”上限为%d分（%s）", p.Name, limit.CapFen, limit.Source),
				MsgEN: fmt.Sprintf("the cap of %s is %d fen (%s)", p.Name, limit.CapFen, limit.Source), Basis: []string{"YP23-M-36"},
			})
		}
	}
	if len(v) > 0 {
		return ErrPriceCap.WithViolations(v...)
	}
	return nil
}

// AssignChannel says where the software is bought; the rules decide by the kind
// of unit.
type AssignChannel struct {
	ID string `path:"id" json:"-"`
}

// Assign asks the pack for the channel; nobody assigns what they declared
// (SH12-P-9).
func (s *Service) Assign(ctx context.Context, r AssignChannel) (Need, error) {
	return s.Needs.Update(ctx, r.ID, func(n *Need, rec *aggregate.Recorder) error {
		if n.State != Declared {
			return ErrState
		}
		if err := n.answeredBy(rec.By()); err != nil {
			return err
		}
		channel, basis, err := s.channel(n, rec.Today())
		if err != nil {
			return err
		}
		n.State, n.Channel = Assigned, channel
		n.Await(aggregate.Todo{Action: "file_purchase", Role: "declarer", Unit: n.Unit, Title: "采购后备案：" + n.Title})
		rec.State(n.subject(), &legalizationv1.ChannelAssigned{ProjectId: n.ProjectID, NeedId: n.ID, Channel: channel, Basis: basis})
		return nil
	})
}

// channel is the duty of the pack that says where a unit of this kind buys.
func (s *Service) channel(n *Need, today calendar.Date) (code string, basis []string, err error) {
	d, err := s.Rules.Packs.Decide(policy.Case{
		Kind: "software_purchase", Title: n.Title, Unit: n.Unit, UnitKind: n.UnitKind, AmountFen: n.AmountFen, DeclaredOn: today,
	}, policy.Options{District: s.District})
	if err != nil {
		return "", nil, err
	}
	for _, o := range d.Obligations {
		if slices.Contains([]string{"procurement_centre_purchase", "e_market_purchase"}, o) {
			return o, d.Basis, nil
		}
	}
	return "", nil, ErrNoChannel
}

// ReturnNeed sends a need back.
type ReturnNeed struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *ReturnNeed) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 1000, "YP23-M-36")
	return c.Err()
}

// Return sends a need back to the unit; nobody returns what they declared
// (SH12-P-9).
func (s *Service) Return(ctx context.Context, r ReturnNeed) (Need, error) {
	return s.Needs.Update(ctx, r.ID, func(n *Need, rec *aggregate.Recorder) error {
		if n.State != Declared {
			return ErrState
		}
		if err := n.answeredBy(rec.By()); err != nil {
			return err
		}
		n.State, n.ReturnReason = Returned, r.Reason
		n.Await(aggregate.Todo{Action: "declare_need", Role: "declarer", Unit: n.Unit, Title: "软件需求被退回，请修改：" + n.Title})
		rec.State(n.subject(), &legalizationv1.SoftwareNeedReturned{ProjectId: n.ProjectID, NeedId: n.ID, Reason: r.Reason, Basis: []string{"YP23-M-36"}})
		return nil
	})
}

// FilePurchase records what was bought.
type FilePurchase struct {
	ID          string        `path:"id" json:"-"`
	AmountFen   int64         `json:"amount_fen" required:"true"`
	PurchasedOn calendar.Date `json:"purchased_on" required:"true"`
	Supplier    string        `json:"supplier" required:"true"`
}

// Validate lists what is missing.
func (r *FilePurchase) Validate() error {
	var c fault.Checks
	c.Require(r.AmountFen > 0, "amount_fen", "out_of_range", "金额须为正数（分）", "a positive amount in fen", "YP23-M-36")
	c.Require(!r.PurchasedOn.IsZero(), "purchased_on", "required", "必填", "is required", "YP23-M-36")
	c.Text(r.Supplier, "supplier", 200, "YP23-M-36")
	return c.Err()
}

// FilePurchase puts the purchase on record.
func (s *Service) FilePurchase(ctx context.Context, r FilePurchase) (Need, error) {
	return s.Needs.Update(ctx, r.ID, func(n *Need, rec *aggregate.Recorder) error {
		if n.Unit != rec.By().Unit {
			return ErrNotOwner
		}
		if n.State != Assigned {
			return ErrState
		}
		if r.AmountFen > n.AmountFen {
			return ErrAboveNeed
		}
		if r.PurchasedOn.After(rec.Today()) {
			return fault.InvalidInput.WithViolations(fault.Violation{Field: "purchased_on", Code: "in_future", Msg: "采购日期不得晚于今天", MsgEN: "the purchase is not in the future"})
		}
		n.State, n.PurchasedFen, n.PurchasedOn, n.Supplier = Filed, r.AmountFen, r.PurchasedOn.String(), r.Supplier
		n.Await()
		rec.State(n.subject(), &legalizationv1.PurchaseFiled{ProjectId: n.ProjectID, NeedId: n.ID, AmountFen: r.AmountFen, PurchasedOn: n.PurchasedOn, Basis: []string{"YP23-M-36", "YP23-R-5.3.9"}})
		return nil
	})
}
