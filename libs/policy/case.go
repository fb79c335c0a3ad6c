package policy

import (
	"encoding/json"
	"math"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Case is what a declaration says about a project, as far as rules can ask.
// Its JSON form is the outside contract. Codes (kind, unit kind, materials,
// cost categories) are those of the pack that decides it.
//
// A pointer field tells "not said" (nil) from its zero: a build that says
// nothing of its grade is not the same as one that says it has none yet. Rules
// that need a statement ask for it at a gate; they never guess it.
type Case struct {
	Kind       string        `json:"kind"`
	Title      string        `json:"title,omitempty"`
	Unit       string        `json:"unit,omitempty"` // unit code
	DeclaredOn calendar.Date `json:"declared_on,omitzero"`
	UnitKind   string        `json:"unit_kind,omitempty"`

	AmountFen    int64  `json:"amount_fen"`             // total, > 0
	HardwareFen  *int64 `json:"hardware_fen,omitempty"` // hardware part of the total
	PureSoftware bool   `json:"pure_software,omitempty"`

	OM               *Maintenance `json:"om,omitempty"`
	RenewalYear      int64        `json:"renewal_year,omitempty"`      // 0, or the contract year now to be signed
	RenewalUnchanged *bool        `json:"renewal_unchanged,omitempty"` // nil: true
	DistrictFunded   *bool        `json:"district_funded,omitempty"`   // nil: true

	NationalCrypto  *bool  `json:"national_crypto,omitempty"`
	UnitLevel       string `json:"unit_level,omitempty"`
	CrossRegion     bool   `json:"cross_region,omitempty"`
	CrossDepartment bool   `json:"cross_department,omitempty"`

	SuperiorApproval   *SuperiorApproval `json:"superior_approval,omitempty"`
	Subordinate        bool              `json:"subordinate,omitempty"`
	SupervisorApproved bool              `json:"supervisor_approved,omitempty"`
	Classified         bool              `json:"classified,omitempty"`
	Urgent             bool              `json:"urgent,omitempty"`
	MidYearAdjustment  bool              `json:"mid_year_adjustment,omitempty"`
	InUse              bool              `json:"in_use,omitempty"`
	Reason             string            `json:"reason,omitempty"`

	XCConformant     *bool     `json:"xc_conformant,omitempty"`
	MLPSGrade        *int64    `json:"mlps_grade,omitempty"` // 0: not graded yet
	ReplacesSystems  *Replaced `json:"replaces_systems,omitempty"`
	PublicData       bool      `json:"public_data,omitempty"`
	UrbanOperation   bool      `json:"urban_operation,omitempty"`
	DedicatedNetwork bool      `json:"dedicated_network,omitempty"`
	OwnMachineRoom   bool      `json:"own_machine_room,omitempty"`
	OwnWebsite       bool      `json:"own_website,omitempty"`
	HotlineSeats     int64     `json:"hotline_seats,omitempty"`

	Materials []string `json:"materials,omitempty"` // item codes present
	Budget    []Line   `json:"budget,omitempty"`
}

// Maintenance is what an operation and maintenance case adds.
type Maintenance struct {
	FirstYear         bool   `json:"first_year"`
	PreviousAmountFen *int64 `json:"previous_amount_fen,omitempty"` // last consented amount, > 0
}

// SuperiorApproval is a superior authority's approval of the project.
type SuperiorApproval struct {
	DocumentNo string `json:"document_no,omitempty"`
	Conclusion bool   `json:"conclusion,omitempty"` // the appraisal's conclusion is there
	Standard   bool   `json:"standard,omitempty"`   // it states the construction standard
	AmountFen  int64  `json:"amount_fen,omitempty"` // approved amount
}

// Replaced says which systems a project replaces: their names, or only how
// many they are. Its JSON form is a list of names or a number.
type Replaced struct {
	Count int64    // number of systems, ≥ 0
	Names []string // nil when only the number is known
}

// MarshalJSON gives the names where they are known, else the number.
func (r Replaced) MarshalJSON() ([]byte, error) {
	if r.Names != nil {
		return json.Marshal(r.Names)
	}
	return json.Marshal(r.Count)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Replaced) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		err := json.Unmarshal(b, &r.Names)
		r.Count = int64(len(r.Names))
		return err
	}
	return json.Unmarshal(b, &r.Count)
}

// Line is one line of the budget.
type Line struct {
	Category     string  `json:"category"`
	Class        string  `json:"class,omitempty"`
	AmountFen    int64   `json:"amount_fen"`             // ≥ 0
	BaseFen      int64   `json:"base_fen,omitempty"`     // purchase or development cost a rate is taken of; 0: not said
	PersonMonths Decimal `json:"person_months,omitzero"` // 0: not said
	Units        int64   `json:"units,omitempty"`        // access points and the like; 0: not said
	AreaM2       Decimal `json:"area_m2,omitzero"`       // square metres; 0: not said
}

// isTrue reads a statement whose absence means yes.
func isTrue(p *bool) bool { return p == nil || *p }

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// bounds checks what holds for a case under any rules: ranges, and parts that
// do not exceed their whole. Fields in broken are already known to be wrong
// and are left alone.
func (c *Case) bounds(add func(fault.Violation), broken map[string]bool) {
	require := func(ok bool, field, code, zh, en string) {
		if !ok && !broken[field] {
			add(fault.Violation{Field: field, Code: code, Msg: zh, MsgEN: en})
		}
	}
	notNegative := func(n int64, field string) {
		require(n >= 0, field, "negative", "不得为负数", "must not be negative")
	}
	require(c.Kind != "", "kind", "required", "必填", "is required")
	require(c.AmountFen > 0, "amount_fen", "not_positive", "须为大于零的整数（分）", "must be a whole number of fen above zero")
	if c.HardwareFen != nil {
		notNegative(*c.HardwareFen, "hardware_fen")
		if !broken["amount_fen"] {
			require(*c.HardwareFen <= c.AmountFen, "hardware_fen", "above_total",
				"硬件金额不得超过总金额", "the hardware part must not exceed the total amount")
		}
	}
	if c.OM != nil && c.OM.PreviousAmountFen != nil {
		require(*c.OM.PreviousAmountFen > 0, "om.previous_amount_fen", "not_positive",
			"上年金额须大于零", "the previous amount must be above zero")
	}
	if c.SuperiorApproval != nil {
		notNegative(c.SuperiorApproval.AmountFen, "superior_approval.amount_fen")
	}
	if c.ReplacesSystems != nil {
		notNegative(c.ReplacesSystems.Count, "replaces_systems")
	}
	notNegative(c.HotlineSeats, "hotline_seats")
	var total int64
	for i := range c.Budget {
		l := &c.Budget[i]
		if l.Category == "" || min(l.AmountFen, l.BaseFen, int64(l.PersonMonths), l.Units, int64(l.AreaM2)) < 0 {
			at := indexed("budget", i) + "."
			require(l.Category != "", at+"category", "required", "必填", "is required")
			notNegative(l.AmountFen, at+"amount_fen")
			notNegative(l.BaseFen, at+"base_fen")
			notNegative(int64(l.PersonMonths), at+"person_months")
			notNegative(l.Units, at+"units")
			notNegative(int64(l.AreaM2), at+"area_m2")
		}
		if l.AmountFen > math.MaxInt64-total {
			require(false, "budget", "too_large", "经费明细合计超出范围", "the budget lines add up beyond the representable range")
			return
		}
		total += max(l.AmountFen, 0)
	}
}
