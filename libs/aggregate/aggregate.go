// Package aggregate is what every domain package is written in terms of: a
// document with an owner and parties that is loaded, changed under the rules,
// and saved together with the facts the change states and the clocks it starts
// or stops. The package is pure; libs/store keeps aggregates in PostgreSQL.
//
// A change function may run more than once for one command (a conflict, a
// retry), so it touches nothing but the aggregate and the recorder.
package aggregate

import (
	"context"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
)

// Root is embedded by every aggregate.
type Root struct {
	ID        string     `json:"id"`
	ProjectID string     `json:"project_id,omitempty"` // the subject of the facts it states
	Unit      string     `json:"unit"`                 // the owner's unit code
	Parties   []string   `json:"parties"`              // unit codes and account ids that may see it, the owner first
	Version   int64      `json:"version"`              // 1 after creation, one more with every change
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	Todo      []Todo     `json:"todo,omitempty"`
	Deadlines []Deadline `json:"deadlines,omitempty"`
}

// Base gives generic code its hold on an aggregate.
func (r *Root) Base() *Root { return r }

// Of constrains P to be a pointer to T, where T embeds Root.
type Of[T any] interface {
	*T
	Base() *Root
}

// Own makes unit the owner and first party.
func (r *Root) Own(unit string) { r.Unit = unit; r.Share(unit) }

// Share lets units and accounts see the aggregate; empty names are passed over.
func (r *Root) Share(names ...string) {
	for _, n := range names {
		if n != "" && !slices.Contains(r.Parties, n) {
			r.Parties = append(r.Parties, n)
		}
	}
}

// Todo is one act that the aggregate waits for; the union of all todos that
// match a caller is the caller's inbox.
type Todo struct {
	Action  string `json:"action"`            // the operation's name, e.g. "accept"
	Role    string `json:"role"`              // who may do it
	Unit    string `json:"unit,omitempty"`    // at which unit; empty with Account
	Account string `json:"account,omitempty"` // one person in particular
	Title   string `json:"title"`             // what a person reads in the inbox
}

// Await replaces what the aggregate waits for.
func (r *Root) Await(todo ...Todo) { r.Todo = todo }

// Done strikes the todos for which the predicate holds.
func (r *Root) Done(is func(Todo) bool) { r.Todo = slices.DeleteFunc(r.Todo, is) }

// Recorder gathers what one change states.
type Recorder struct {
	at    time.Time
	by    authn.Principal
	facts []Fact
}

// Fact is one statement about a subject, ready to be published.
type Fact struct {
	Subject string
	Message proto.Message
}

// NewRecorder starts a record of what by does at the instant at.
func NewRecorder(by authn.Principal, at time.Time) *Recorder { return &Recorder{at: at, by: by} }

// State records that a fact about subject (a project id, or the id of what
// the fact is about) has come true.
func (r *Recorder) State(subject string, m proto.Message) {
	r.facts = append(r.facts, Fact{subject, m})
}

// Now is the instant of the change, on the injected clock.
func (r *Recorder) Now() time.Time { return r.at }

// Today is the day of the change in Shanghai.
func (r *Recorder) Today() calendar.Date { return calendar.DateOf(r.at) }

// By is who makes the change.
func (r *Recorder) By() authn.Principal { return r.by }

// Facts gives what was stated so far, in order.
func (r *Recorder) Facts() []Fact { return r.facts }

// Change alters an aggregate and records what that states; an error leaves
// everything as it was.
type Change[T any] = func(*T, *Recorder) error

// Repository is where a domain package keeps one kind of aggregate. Reads and
// writes see only what the context's principal may see; anything else is
// fault.NotFound.
type Repository[T any] interface {
	Get(ctx context.Context, id string) (T, error)
	List(ctx context.Context, q Query) (Page[T], error)
	// Create makes a new aggregate with the given id; one that exists is a
	// fault.Conflict.
	Create(ctx context.Context, id string, change Change[T]) (T, error)
	// Update locks the aggregate, runs change and saves the result with its
	// facts in one transaction.
	Update(ctx context.Context, id string, change Change[T]) (T, error)
	// Upsert is Update, or Create when there is none yet: for read models that
	// events feed in any order.
	Upsert(ctx context.Context, id string, change Change[T]) (T, error)
}

// Follow is Update by what another service stated. An id that is not kept here
// is passed over: the fact stays in the ledger.
func Follow[T any](ctx context.Context, in Repository[T], id string, change Change[T]) error {
	_, err := in.Update(ctx, id, change)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Query asks for one page of a list. Filter keys are the columns that the
// collection declares; an unknown one is a fault.Invalid.
type Query struct {
	Filter    map[string]string
	PageSize  int    // 1..200, 0 = 50
	PageToken string // from the previous page
}

// Page is one page of a list, newest first.
type Page[T any] struct {
	Items         []T    `json:"items"`
	NextPageToken string `json:"next_page_token,omitempty"`
}

// Everything reads all pages of a list.
func Everything[T any](ctx context.Context, in Repository[T], filter map[string]string) ([]T, error) {
	var all []T
	q := Query{Filter: filter, PageSize: 200}
	for {
		page, err := in.List(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if q.PageToken = page.NextPageToken; q.PageToken == "" {
			return all, nil
		}
	}
}

// ETag is the entity tag of the aggregate's version, for If-Match.
func (r Root) ETag() string { return `"v` + strconv.FormatInt(r.Version, 10) + `"` }
