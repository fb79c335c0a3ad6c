// Package reads mounts the two reads that every kind of aggregate has: a page
// of a list, and one by its id. What a caller sees of them is the repository's
// to say, not this package's.
package reads

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/op"
)

// Page is the part of a list's request that says which page; lists embed it.
type Page struct {
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// By asks for that page of what has the given values in the columns of the
// collection. An empty value filters nothing.
func (p Page) By(filter map[string]string) aggregate.Query {
	return aggregate.Query{Filter: filter, PageSize: p.PageSize, PageToken: p.PageToken}
}

// All is the request of a list without filters.
type All struct{ Page }

// Query asks for the page.
func (r All) Query() aggregate.Query { return r.By(nil) }

// List mounts a list; its filters are the query parameters of Req.
func List[Req interface{ Query() aggregate.Query }, T any](a *op.API, pattern, name, summary string, from aggregate.Repository[T], opts ...op.Option) {
	op.Handle(a, pattern, name, summary, func(ctx context.Context, r Req) (aggregate.Page[T], error) {
		return from.List(ctx, r.Query())
	}, opts...)
}

type byID struct {
	ID string `path:"id" json:"-"`
}

// One mounts the reading of one aggregate under a path with its {id}.
func One[T any](a *op.API, pattern, name, summary string, from aggregate.Repository[T], opts ...op.Option) {
	op.Handle(a, pattern, name, summary, func(ctx context.Context, r byID) (T, error) {
		return from.Get(ctx, r.ID)
	}, opts...)
}
