// Package dataresource is the big-data centre's duty: units lay resource
// catalogues before it, item by item, and keep them true; it publishes or
// returns them, keeps one source for each item, and answers requests for the
// government cloud. Units ask one another for what is published: the package
// follows a request from its form to the use of the data, with the leading
// group's office deciding what is disputed. It keeps descriptions and records
// of data, never the data, and nothing of state secrets (YP23-M-37).
package dataresource

import (
	"context"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// The units that hold this duty.
const (
	Centre = "big-data"
	// Office is the leading group's office: it decides disputes and deferrals and
	// orders corrections (SH16-D-15, SH16-D-23).
	Office = "gov-office"
)

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
	Received  State = "received"  // the provider has a sharing request in writing
	Deferred  State = "deferred"  // its answer is put off, by approval
	Disputed  State = "disputed"  // before the leading group's office
	Providing State = "providing" // the data can be had
	Ended     State = "ended"
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
	Title    string `json:"title"`
	State    State  `json:"state"`
	System   string `json:"system"`
	Editor   string `json:"editor"`   // who compiled it (SH16-D-8)
	Reviewer string `json:"reviewer"` // who checked it in the unit
	Way      string `json:"way"`      // online, offline_tool or system_docking
	// BaseRegister says which base register the catalogue describes, if any
	// (XA18-21, SH12-27).
	BaseRegister string `json:"base_register,omitempty"`
	Items        []Item `json:"items"`
	Findings     []Find `json:"findings"` // of the last review
	// Submitters are the accounts that laid any revision of it: none of them
	// reviews it (SH12-P-9). A catalogue laid before they were kept has none.
	Submitters []string `json:"submitters,omitempty"`
	Revision   int      `json:"revision"` // 1 for the first submission
	Published  string   `json:"published_on,omitempty"`
	Maintained string   `json:"maintained_on,omitempty"`
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

	// Sensitivity is empty, personal or commercial: what is sensitive is shared
	// under a secrecy agreement (SH16-D-15).
	Sensitivity string `json:"sensitivity,omitempty" enum:"personal,commercial"`
	// About says whom the resource describes: person, organisation or empty.
	About string `json:"about,omitempty" enum:"person,organisation"`
	// Identifies marks the field that holds the code of whom it describes
	// (SH16-D-13).
	Identifies bool `json:"identifies,omitempty"`
	// Example is a value of an identifying field; it is kept masked.
	Example string `json:"example,omitempty"`
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
	// Requesters are the accounts that asked: none of them answers (SH12-P-9). A
	// request made before they were kept has none.
	Requesters []string `json:"requesters,omitempty"`
}

// Steward looks after one unit's data resources; its id is the unit's code
// (SH16-D-21).
type Steward struct {
	aggregate.Root
	Name    string   `json:"name"`
	Contact string   `json:"contact"`
	Since   string   `json:"since"` // YYYY-MM-DD
	Earlier []Tenure `json:"earlier"`
}

// Tenure is one steward's time, ended by the filing of the next.
type Tenure struct {
	Name  string `json:"name"`
	Since string `json:"since"`
	Until string `json:"until"`
}

// Errors of this duty.
var (
	ErrState    = fault.New(fault.Conflict, "wrong_stage", "当前状态不能办理此事项", "the present state does not allow this")
	ErrNotOwner = fault.New(fault.Forbidden, "not_declaring_unit", "只有编目单位可以办理", "only the owning unit may do this", "YP23-M-22")
	ErrProject  = fault.New(fault.Refused, "no_such_project", "没有本单位已提交、需在此办理的这个项目", "your unit has submitted no such project that owes this", "YP23-M-22")
	ErrSame     = fault.New(fault.Refused, "editor_is_reviewer", "编制人与审核人不得为同一人", "editor and reviewer are two people", "SH16-D-8")
	ErrSource   = fault.New(fault.Refused, "item_has_source", "数据项已有来源单位，不得重复采集，请申请共享", "the item has a source already; ask to share it instead of collecting it", "SH16-D-12")
	ErrOwnWork  = fault.New(fault.Forbidden, "own_work", "经办人不得审核自己提出的事项", "nobody answers what they asked for themselves", "SH12-P-9")
)

// Source is where a published item comes from.
type Source struct{ Unit, Catalogue string }

// Sources is the register of who provides which published item.
type Sources interface {
	// Of finds other providers of the given items, by item key.
	Of(ctx context.Context, unit string, keys []string) (map[string]Source, error)
	// Replace makes keys the items that the catalogue provides.
	Replace(ctx context.Context, catalogue, unit string, keys []string) error
}

// Service is the use cases of this duty.
type Service struct {
	Needs       aggregate.Repository[Need]
	Catalogues  aggregate.Repository[Catalogue]
	Clouds      aggregate.Repository[CloudRequest]
	Stewards    aggregate.Repository[Steward]
	Sharings    aggregate.Repository[Sharing]
	Standings   aggregate.Repository[Standing]
	Corrections aggregate.Repository[Correction]
	Sources     Sources
	Index       Index
	Rules       rules.Book
	District    string
	Self        authn.Principal // the service itself
	NewID       func() string
	InTx        func(context.Context, func(context.Context) error) error
	Sign        func(act string, by authn.Principal, document any) (*typev1.Signature, error)
}

// notBy refuses an answer to one's own work: by who had a part in it, by who
// acts for one of them, and by one of them who acts for another (SH12-P-9).
func notBy(by authn.Principal, authors []string) error {
	if by.IsAny(authors) {
		return ErrOwnWork
	}
	return nil
}

// pack is the one in force in the district: what units owe here follows no
// project.
func (s *Service) pack(day calendar.Date) (*policy.Pack, error) {
	return s.Rules.For(nil, s.District, day)
}

// The share classes (SH16-D-8). stable: they are values of facts.
const (
	universal = "universal"
	onDemand  = "on_demand"
	notShared = "not_shared"
)

// SourceKey names an item across units.
func (i Item) SourceKey() string { return i.Resource + "/" + i.Field }

// sharedKeys are the items that have one source in the district.
func sharedKeys(items []Item) []string {
	var keys []string
	for _, i := range items {
		if i.ShareClass != notShared && !slices.Contains(keys, i.SourceKey()) {
			keys = append(keys, i.SourceKey())
		}
	}
	return keys
}
