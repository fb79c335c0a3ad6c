// Package dataresource is the big-data centre's duty: units lay resource
// catalogues before it, item by item; it publishes or returns them, keeps one
// source for each item, and answers requests for the government cloud.
package dataresource

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Centre is the unit that holds this duty.
const Centre = "big-data"

// State is where a catalogue or a request stands.
type State string

// The states of catalogues and requests.
const (
	Submitted State = "submitted"
	Returned  State = "returned"
	Published State = "published"
	Requested State = "requested"
	Granted   State = "granted"
	Refused   State = "refused"
)

// Need is what one project owes this duty: a catalogue where it handles public
// data, a cloud request where it builds. Its id is the project's.
type Need struct {
	aggregate.Root
	Title     string               `json:"title"`
	Project   *typev1.ProjectBrief `json:"project"`
	Catalogue Debt                 `json:"catalogue"`
	Cloud     Debt                 `json:"cloud"`
}

// Debt is one thing owed, and whether it has been brought.
type Debt struct {
	Owed bool `json:"owed"`
	Done bool `json:"done"`
}

func (d Debt) open() bool { return d.Owed && !d.Done }

// Catalogue describes the data of one system, resource by resource.
type Catalogue struct {
	aggregate.Root
	Title     string `json:"title"`
	State     State  `json:"state"`
	System    string `json:"system"`
	Editor    string `json:"editor"`   // who compiled it (SH16-D-8)
	Reviewer  string `json:"reviewer"` // who checked it in the unit
	Way       string `json:"way"`      // online, offline_tool or system_docking
	Items     []Item `json:"items"`
	Findings  []Find `json:"findings"` // of the last review
	Revision  int    `json:"revision"` // 1 for the first submission
	Published string `json:"published_on,omitempty"`
}

// Item is one field of one resource (YP23-M-22).
type Item struct {
	Resource   string `json:"resource"` // 资源名称
	Table      string `json:"table"`
	Field      string `json:"field"`
	Type       string `json:"type"`
	Length     int    `json:"length"`
	Key        bool   `json:"key"`
	Timestamp  bool   `json:"timestamp"`
	ShareClass string `json:"share_class"` // universal, on_demand or not_shared
	LegalBasis string `json:"legal_basis"` // of not_shared
	Frequency  string `json:"frequency"`   // realtime, daily, weekly, monthly, yearly or once
	Secrecy    bool   `json:"secrecy_checked"`
}

// Find is one item the centre sends back.
type Find struct {
	Item   int    `json:"item"` // index into Items
	Reason string `json:"reason"`
}

// CloudRequest asks for government-cloud resources (YP23-M-17).
type CloudRequest struct {
	aggregate.Root
	Title     string `json:"title"`
	State     State  `json:"state"`
	Purpose   string `json:"purpose"`
	VCPU      int    `json:"vcpu"`
	MemoryGB  int    `json:"memory_gb"`
	StorageGB int    `json:"storage_gb"`
	Network   string `json:"network"` // extranet (政务外网) or official (公务网)
	Reason    string `json:"reason,omitempty"`
}

// Steward looks after one unit's data resources; its id is the unit's code.
type Steward struct {
	aggregate.Root
	Name    string `json:"name"`
	Contact string `json:"contact"`
}

// Errors of this duty.
var (
	ErrState    = fault.New(fault.Conflict, "wrong_stage", "当前状态不能办理此事项", "the present state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_declaring_unit", "只有编目单位可以办理", "only the owning unit may do this")
	ErrProject  = fault.New(fault.Refused, "no_such_project", "没有本单位已提交、需在此办理的这个项目", "your unit has submitted no such project that owes this", "YP23-M-22")
	ErrSame     = fault.New(fault.Refused, "editor_is_reviewer", "编制人与审核人不得为同一人", "editor and reviewer are two people", "SH16-D-8")
	ErrSource   = fault.New(fault.Refused, "item_has_source", "数据项已有来源单位，不得重复采集，请申请共享", "the item has a source already; ask to share it instead of collecting it", "SH16-D-12")
)

// Sources is the register of who provides which published item.
type Sources interface {
	// Of finds other providers of the given items: item key → unit.
	Of(ctx context.Context, unit string, keys []string) (map[string]string, error)
	// Replace makes keys the items that the catalogue provides.
	Replace(ctx context.Context, catalogue, unit string, keys []string) error
}

// Service is the use cases of this duty.
type Service struct {
	Needs      aggregate.Repository[Need]
	Catalogues aggregate.Repository[Catalogue]
	Clouds     aggregate.Repository[CloudRequest]
	Stewards   aggregate.Repository[Steward]
	Sources    Sources
	Rules      rules.Book
	NewID      func() string
	InTx       func(context.Context, func(context.Context) error) error
}

// SourceKey names an item across units.
func (i Item) SourceKey() string { return i.Resource + "/" + i.Field }

// sharedKeys are the items that have one source in the district.
func sharedKeys(items []Item) []string {
	var keys []string
	for _, i := range items {
		if i.ShareClass != "not_shared" && !slices.Contains(keys, i.SourceKey()) {
			keys = append(keys, i.SourceKey())
		}
	}
	return keys
}
