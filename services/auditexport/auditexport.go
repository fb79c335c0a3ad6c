// Package auditexport is the audit bureau's duty: every fact of every service
// becomes one row of one ledger, whose rows are chained, put into a tree and
// signed; auditors query it, take bundles away that verify without this
// service, and have the live ledger checked. It reads the others' facts and
// decides nothing.
package auditexport

import (
	"context"
	"iter"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/policy"
)

// Bureau is the unit that holds this duty.
const Bureau = "audit"

// Row is one row of the ledger as queries show it.
type Row struct {
	Seq     int64     `json:"seq"`
	EventID string    `json:"event_id"`
	Service string    `json:"service"`
	Type    string    `json:"type"`
	Subject string    `json:"subject"`
	Unit    string    `json:"unit"`
	Actor   string    `json:"actor"`
	At      time.Time `json:"at"`
	TraceID string    `json:"trace_id"`
	Raw     string    `json:"raw"` // the stored event, CloudEvents 1.0 JSON
	Chain   string    `json:"chain"`
}

// Filter narrows a query; zero fields do not.
type Filter struct {
	Project string
	Unit    string
	Actor   string
	Type    string
	Trace   string
	From    time.Time
	To      time.Time // exclusive
	After   int64     // rows behind this seq
	Limit   int
}

// Book is the stored ledger.
type Book interface {
	ledger.NodeStore
	// Head is where the ledger stands: its chains and its tree.
	Head(ctx context.Context) (ledger.Head, *ledger.Tree, error)
	// Rows streams rows in ascending order; a project's, or all up to a size.
	Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error]
	// Find answers a query, ascending.
	Find(ctx context.Context, f Filter) ([]Row, error)
	// Span gives the first and last row of a time, 0 without any.
	Span(ctx context.Context, from, to time.Time) (first, last int64, err error)
	// Checkpoint gives the newest signed checkpoint, nil without one.
	Checkpoint(ctx context.Context) ([]byte, error)
	// KeepCheckpoint stores a signed checkpoint; one of the size stays.
	KeepCheckpoint(ctx context.Context, c checkpoint.Checkpoint, note []byte, at time.Time) error
	// Snapshot runs f on one state of the database.
	Snapshot(ctx context.Context, f func(Book) error) error
}

// Inquiry records that somebody read the ledger or took an export: the
// auditors' own acts are on record too (YP23-M-16).
type Inquiry struct {
	aggregate.Root
	Kind  string `json:"kind"` // query, export or verify
	Actor string `json:"actor"`
	Query string `json:"query"`
	Rows  int64  `json:"rows"`
}

// Errors of this duty.
var (
	ErrNoCheckpoint = fault.New(fault.Unavailable, "no_checkpoint", "审计账本尚无已签名的检查点，请稍后重试", "the ledger has no signed checkpoint yet, try again")
	ErrNoRows       = fault.New(fault.NotFound, "no_ledger_rows", "该范围内没有账本记录", "there are no rows in that range")
	ErrNoRow        = fault.New(fault.NotFound, "no_such_row", "没有这一行", "there is no such row under the checkpoint")
)

// Service is the use cases of this duty.
type Service struct {
	Book      Book
	Inquiries aggregate.Repository[Inquiry]
	Keyring   *Keyring
	Packs     *policy.Set
	Clock     calendar.Clock
	Self      authn.Principal
	Version   string // of this program, for manifests
	NewID     func() string
}
