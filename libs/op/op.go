// Package op turns a typed function into a go-kit endpoint and mounts it on
// HTTP. The untyped half of go-kit is confined to this package and its
// middleware (package opmw): a service names an operation, gives its function
// and who may call it, and gets decoding with every violation at once, RFC
// 9457 problems, ETags, and its OpenAPI description.
package op

import (
	"context"
	"net/http"
	"reflect"
	"slices"

	"github.com/go-kit/kit/endpoint"
	kithttp "github.com/go-kit/kit/transport/http"
)

// Info is what middleware and the OpenAPI document know of an operation.
type Info struct {
	Name    string   // "declaration.SubmitProject": stable, used in metrics, logs and spans
	Method  string   // HTTP method
	Path    string   // HTTP path pattern
	Summary string   // one line, for the API reference
	Roles   []string // roles that may call it; empty = any signed-in principal
	Public  bool     // callable without a token
	Status  int      // status of success
	MaxBody int64    // bytes
	Stored  bool     // it answers with an aggregate just as the store has it now

	req, resp any // prototypes, for the OpenAPI document
	body      any // what a body that is taken whole holds as JSON, nil for a file
	check     func(context.Context, any) error
}

// Middleware is go-kit middleware that knows the operation around which it
// stands.
type Middleware func(Info) endpoint.Middleware

// Option adjusts an operation's Info.
type Option func(*Info)

// Roles restricts an operation to principals that hold one of the roles.
func Roles(roles ...string) Option { return func(i *Info) { i.Roles = roles } }

// Public lets an operation be called without a token.
func Public() Option { return func(i *Info) { i.Public = true } }

// Created makes success answer 201.
func Created() Option { return func(i *Info) { i.Status = http.StatusCreated } }

// MaxBody bounds the request body in bytes; the default is 1 MiB.
func MaxBody(n int64) Option { return func(i *Info) { i.MaxBody = n } }

// Stored says that an operation's answer is what its last call of a repository
// answered, unchanged: it need not be written as JSON a second time.
func Stored() Option { return func(i *Info) { i.Stored = true } }

// Body says what the JSON of a body holds that an operation takes whole, for the
// description; without it such a body is a file.
func Body[T any]() Option { return func(i *Info) { i.body = new(T) } }

// Check validates requests with what only the service knows, in place of
// Req.Validate; like it, it reports every violation at once.
func Check[Req any](f func(context.Context, *Req) error) Option {
	return func(i *Info) {
		i.check = func(ctx context.Context, req any) error { return f(ctx, req.(*Req)) }
	}
}

// Filer is a response that is a file instead, to those who ask for one.
type Filer interface{ File() (File, bool) }

// API is the operations of one service.
type API struct {
	Service string // "declaration"
	Title   string
	mux     *http.ServeMux
	mw      []Middleware
	ops     []Info
	beside  []Info // described, not mounted here

	repeatable bool
}

// NewAPI starts an API on mux; the first middleware is the outermost.
func NewAPI(service, title string, mux *http.ServeMux, mw ...Middleware) *API {
	return &API{Service: service, Title: title, mux: mux, mw: mw}
}

// Repeatable says that middleware gives a POST that is sent again under its
// Idempotency-Key its first answer; the description tells callers.
func (a *API) Repeatable() *API {
	a.repeatable = true
	return a
}

// Describe puts what answers a path without being an operation, such as a
// document that anyone may read, into the description; T is what it answers.
func Describe[T any](a *API, pattern, name, summary string, opts ...Option) {
	method, path := splitPattern(pattern)
	info := Info{Name: a.Service + "." + name, Method: method, Path: path, Summary: summary, Public: true, Status: http.StatusOK, req: new(struct{}), resp: new(T)}
	for _, o := range opts {
		o(&info)
	}
	a.beside = append(a.beside, info)
}

// Operations lists what has been mounted, in order.
func (a *API) Operations() []Info { return slices.Clone(a.ops) }

// Handle mounts f under a method and path such as "POST /v1/projects/{id}/submit".
//
// Fields of Req tagged `path:"id"`, `query:"page_size"` or `header:"X"` are
// read from there; one tagged `remote:"addr"` is the caller's address; all
// others from the JSON body by their json tag; a []byte field tagged
// `body:"raw"` takes the whole body instead. One that is read from text may
// have the values of its tag `enum:"a,b"` alone. Unknown and repeated fields at
// any depth, unknown and repeated query parameters, wrong types and what
// Req.Validate finds are reported together, each under its path.
func Handle[Req, Resp any](a *API, pattern, name, summary string, f func(context.Context, Req) (Resp, error), opts ...Option) {
	method, path := splitPattern(pattern)
	info := Info{Name: a.Service + "." + name, Method: method, Path: path, Summary: summary, Status: http.StatusOK, MaxBody: 1 << 20, req: new(Req), resp: new(Resp)}
	for _, o := range opts {
		o(&info)
	}
	a.ops = append(a.ops, info)
	from := planOf(reflect.TypeFor[Req]())
	var ep endpoint.Endpoint = func(ctx context.Context, in any) (any, error) {
		req, err := in.(*Request).decode(ctx, from, new(Req), info.check)
		if err != nil {
			return nil, err
		}
		return f(ctx, *req.(*Req))
	}
	for _, m := range slices.Backward(a.mw) {
		ep = m(info)(ep)
	}
	a.mux.Handle(pattern, kithttp.NewServer(ep,
		func(_ context.Context, r *http.Request) (any, error) { return readRequest(r, info) },
		func(ctx context.Context, w http.ResponseWriter, resp any) error {
			if x, ok := resp.(Filer); ok {
				if f, is := x.File(); is {
					resp = f
				}
			}
			return writeResponse(w, info.Status, resp)
		},
		kithttp.ServerErrorEncoder(WriteProblem),
	))
}

func splitPattern(pattern string) (method, path string) {
	for i := range pattern {
		if pattern[i] == ' ' {
			return pattern[:i], pattern[i+1:]
		}
	}
	panic("op: pattern without method: " + pattern) // a programmer's error, found at start
}
