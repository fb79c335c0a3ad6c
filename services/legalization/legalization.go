// Package legalization is the science committee's duty (YP23-M-36): units
// declare which software they need, the committee says where it is bought and
// at what highest price, purchases are filed, and each year's inventory shows
// whether more is installed than owned.
package legalization

import (
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Committee is the unit that holds this duty.
const Committee = "science"

// State is where a need stands.
type State string

// The states of a need.
const (
	Declared State = "declared"
	Returned State = "returned"
	Assigned State = "assigned"
	Filed    State = "filed"
)

// Classes are the kinds of software that the provision names: operating
// systems, databases, middleware, antivirus, layout software.
var Classes = []string{"os", "database", "middleware", "antivirus", "layout"}

// Need is the software one unit asks for.
type Need struct {
	aggregate.Root
	Title     string               `json:"title"`
	Project   *typev1.ProjectBrief `json:"project,omitempty"` // of a software-purchase project
	State     State                `json:"state"`
	UnitKind  string               `json:"unit_kind"`
	Products  []Product            `json:"products"`
	AmountFen int64                `json:"amount_fen"`
	// Declarers are the accounts that declared it, also before it was returned:
	// none of them answers it (SH12-P-9). A need declared before they were kept
	// has none.
	Declarers    []string `json:"declarers,omitempty"`
	Channel      string   `json:"channel,omitempty"` // an obligation code of the pack
	ReturnReason string   `json:"return_reason,omitempty"`
	PurchasedFen int64    `json:"purchased_fen,omitempty"`
	PurchasedOn  string   `json:"purchased_on,omitempty"`
	Supplier     string   `json:"supplier,omitempty"`
}

// Product is one line of a need.
type Product struct {
	Class        string `json:"class"`
	Name         string `json:"name"`
	Version      string `json:"version"`
	Quantity     int    `json:"quantity"`
	UnitPriceFen int64  `json:"unit_price_fen"`
	Use          string `json:"use"`
}

// Cap is the highest price of one product, as a list of the district's units
// sets it. Its id is class and name.
type Cap struct {
	aggregate.Root
	Class  string `json:"class"`
	Name   string `json:"name"`
	CapFen int64  `json:"cap_fen"`
	Source string `json:"source"` // which list
}

// Inventory is what one unit has installed and owns; its id is the unit.
type Inventory struct {
	aggregate.Root
	Year  int    `json:"year"`
	Lines []Line `json:"lines"`
}

// Line is one product of an inventory.
type Line struct {
	Class     string `json:"class"`
	Name      string `json:"name"`
	Version   string `json:"version"`
	Installed int    `json:"installed"`
	Owned     int    `json:"owned"`
	Use       string `json:"use"`
	CostFen   int64  `json:"cost_fen"`
}

func (l Line) product() string { return l.Class + "/" + l.Name + "/" + l.Version }

// Errors of this duty.
var (
	ErrState     = fault.New(fault.Conflict, "wrong_stage", "当前状态不能办理此事项", "the present state does not allow this")
	ErrNotOwner  = fault.New(fault.Forbidden, "not_declaring_unit", "只有申报单位可以办理", "only the declaring unit may do this", "YP23-M-36")
	ErrOwnWork   = fault.New(fault.Forbidden, "own_work", "经办人不得审核自己申报的事项", "nobody answers what they declared themselves", "SH12-P-9")
	ErrPriceCap  = fault.New(fault.Refused, "above_price_cap", "价格超过清单规定的上限", "a price is above the list's cap", "YP23-M-36")
	ErrNoChannel = fault.New(fault.Refused, "no_channel", "现行规定没有给出采购渠道", "the rules give no channel for this", "YP23-M-36")
	ErrAboveNeed = fault.New(fault.Refused, "above_need", "采购金额超过申报金额", "the purchase is above the declared amount", "YP23-M-36", "ours")
)

// Service is the use cases of this duty.
type Service struct {
	Needs       aggregate.Repository[Need]
	Caps        aggregate.Repository[Cap]
	Inventories aggregate.Repository[Inventory]
	Rules       rules.Book
	District    string
	NewID       func() string
}

// answeredBy refuses an answer to one's own work: by who declared the need, by
// who acts for one of them, and by one of them who acts for another (SH12-P-9).
func (n *Need) answeredBy(by authn.Principal) error {
	if by.IsAny(n.Declarers) {
		return ErrOwnWork
	}
	return nil
}

func classKnown(c *fault.Checks, class, field string) {
	c.Require(slices.Contains(Classes, class), field, "unknown_code", fmt.Sprintf("软件类别须为%v之一", Classes), fmt.Sprintf("one of %v", Classes), "YP23-M-36")
}
