package dataresource

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
)

// Listed is one item on the index of what is published: every unit sees what
// exists, who provides it, and whether it can be asked for (SH16-D-21).
type Listed struct {
	CatalogueID  string `json:"catalogue_id"`
	Unit         string `json:"unit"` // that provides it
	System       string `json:"system"`
	BaseRegister string `json:"base_register,omitempty"`
	Resource     string `json:"resource"`
	Table        string `json:"table"`
	Field        string `json:"field"`
	Type         string `json:"type"`
	ShareClass   string `json:"share_class"`
	LegalBasis   string `json:"legal_basis,omitempty"`
	Frequency    string `json:"frequency"`
	Sensitivity  string `json:"sensitivity,omitempty"`
}

func (l Listed) ref() ItemRef { return ItemRef{l.Resource, l.Table, l.Field} }

// Listing is the catalogue's items as the index shows them.
func (c *Catalogue) Listing() []Listed {
	out := make([]Listed, len(c.Items))
	for i, x := range c.Items {
		out[i] = Listed{
			CatalogueID: c.ID, Unit: c.Unit, System: c.System, BaseRegister: c.BaseRegister, Resource: x.Resource, Table: x.Table, Field: x.Field,
			Type: x.Type, ShareClass: x.ShareClass, LegalBasis: x.LegalBasis, Frequency: x.Frequency, Sensitivity: x.Sensitivity,
		}
	}
	return out
}

// Search asks for one page of the index: base registers first (XA18-21), then by
// catalogue and item.
type Search struct {
	Unit       string // that provides
	ShareClass string
	Text       string // within the name of a resource, a field or a system
	PageSize   int    // 1..200, 0 = 50
	PageToken  string
}

// Index is what is published, known to every unit.
type Index interface {
	// Replace makes the items of the catalogue what the index shows of it.
	Replace(ctx context.Context, c *Catalogue) error
	// Of lists the items of one published catalogue; none for any other.
	Of(ctx context.Context, catalogue string) ([]Listed, error)
	Find(ctx context.Context, q Search) (aggregate.Page[Listed], error)
}

// asSelf reads as the service: what the register shows to every unit is kept
// among rows that only their parties see.
func (s *Service) asSelf(ctx context.Context) context.Context { return authn.With(ctx, s.Self) }

// within reports whether a date lies in a period, both days included.
func within(date, from, to string) bool {
	return date != "" && date >= from && date <= to
}

// count is how many of a list meet a condition.
func count[T any](list []T, is func(T) bool) (n int) {
	for _, x := range list {
		if is(x) {
			n++
		}
	}
	return n
}
