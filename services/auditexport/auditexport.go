// Package auditexport is the audit bureau's duty: every fact of every service
// becomes one row of one ledger, whose rows are chained, put into a tree and
// signed; auditors query it, take bundles away that verify without this
// service, and have the live ledger checked. It reads the others' facts and
// decides nothing.
//
// It promises that the auditors' own reading is on record before they get what
// they read (YP23-M-16), and that it never signs a ledger that does not
// continue the one it signed before. It does not promise that a fact is true,
// nor, after a start without its keys' directory, that the database as a whole
// was not set back: exports held elsewhere show that.
package auditexport

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
	"egov/libs/policy"
	"egov/services/auditexport/auditcase"
	"egov/services/auditexport/redflag"
	"egov/services/auditexport/search"
)

// Bureau is the unit that holds this duty.
const Bureau = "audit"

// Row is one row of the ledger as queries show it. Everything but Seq and Chain
// is read from the stored event itself.
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
	// Chained says that the chain value follows from that of the row before.
	Chained bool `json:"chained"`
	// Signed says that the row is under the checkpoint that the answer names.
	Signed bool `json:"signed"`
	// Broken says that the event is not the one that was hashed, or cannot be
	// read. A check of the ledger says more.
	Broken bool `json:"broken,omitempty"`
}

// Filter narrows a query; zero fields do not. Its parts are those of
// search.Query.
type Filter struct {
	Project   string
	Unit      string
	Actor     string
	Type      string
	Trace     string
	Provision string
	Words     []string
	Amounts   *search.Amounts
	From      time.Time
	To        time.Time // exclusive
	After     int64     // rows behind this seq
	Last      int64     // rows up to this seq
	Limit     int
}

// Found is one page of what a filter lets pass.
type Found struct {
	Rows []Row
	// More says that there may be others behind Next, up to which the ledger was
	// looked through.
	More bool
	Next int64
	// Indexed is the last row that was looked for.
	Indexed int64
}

// Filed is one row as a check of the whole ledger sees it.
type Filed struct {
	ledger.Row
	// Misfiled names the first query column that says something else than the
	// event does, which would hide the row from queries or show it under a
	// false name; empty when none does.
	Misfiled string
}

// Book is the stored ledger. Rows are shown to auditors and to the service
// itself, by the context's principal; to others it is empty.
type Book interface {
	ledger.NodeStore
	// Head is where the ledger stands: its chains and its tree.
	Head(ctx context.Context) (ledger.Head, *ledger.Tree, error)
	// End is the seq of the last row, 0 without any.
	End(ctx context.Context) (uint64, error)
	// Rows streams rows in ascending order, from and to included: a project's,
	// or all of them when project is empty. A row is valid until the next is
	// asked for.
	Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error]
	// Vouchers streams what proves the rows from one to another, in their order.
	Vouchers(ctx context.Context, from, to int64) iter.Seq2[*Vouched, error]
	// Filed is Rows for a check of everything.
	Filed(ctx context.Context, from, to int64) iter.Seq2[*Filed, error]
	// Find answers a query, ascending, with Limit rows at most and fewer where
	// they are large or far apart.
	Find(ctx context.Context, f Filter) (Found, error)
	// Tally says how many rows f lets pass, up to a bound; exact is false where
	// there may be more.
	Tally(ctx context.Context, f Filter, bound int) (n int, exact bool, err error)
	// Span gives the first and last of the rows that f lets pass, 0 without any.
	Span(ctx context.Context, f Filter) (first, last int64, err error)
	// Projects lists the projects that were submitted up to row last and have
	// a row between first and last, in the order of their submission; only the
	// one named, unless project is empty.
	Projects(ctx context.Context, project string, first, last int64) ([]string, error)
	// Checkpoint gives the signed checkpoint of that size, the newest one for
	// size 0, nil without one.
	Checkpoint(ctx context.Context, size int64) ([]byte, error)
	// KeepCheckpoint stores a signed checkpoint; one of that size stays.
	KeepCheckpoint(ctx context.Context, size int64, note []byte, at time.Time) error
	// Cosignatures gives the copies of the checkpoint of that size that
	// witnesses have cosigned, in the order of their services' names.
	Cosignatures(ctx context.Context, size int64) ([][]byte, error)
	// KeepCosignature stores such a copy; one by that service stays.
	KeepCosignature(ctx context.Context, size int64, service string, note []byte, at time.Time) error
	// Grown says whether a row behind size is anything but a fact of witnessing.
	Grown(ctx context.Context, size int64) (bool, error)
}

// Inquiry records that somebody read the ledger or had it checked: the
// auditors' own acts are on record too (YP23-M-16).
type Inquiry struct {
	aggregate.Root
	Kind    string   `json:"kind"` // query, stream, streamed, as_of, changes, rows, export, file or verify
	Actor   string   `json:"actor"`
	Query   string   `json:"query"`
	Rows    int64    `json:"rows"`              // answered; of a verification, those there were when it was asked for
	Verdict *Verdict `json:"verdict,omitempty"` // of a verification that is done
	Why     string   `json:"why,omitempty"`     // a verification broke off
}

// Errors of this duty.
var (
	ErrNoCheckpoint = fault.New(fault.Unavailable, "no_checkpoint", "审计账本尚无已签名的检查点，请稍后重试", "the ledger has no signed checkpoint yet, try again")
	ErrNoRows       = fault.New(fault.NotFound, "no_ledger_rows", "该范围内没有账本记录", "there are no rows in that range")
	ErrNoRow        = fault.New(fault.NotFound, "no_such_row", "没有这一行", "there is no such row under the checkpoint")
	ErrVerifying    = &fault.Error{
		Kind: fault.Exhausted, Code: "verification_running", Msg: "账本正在核验，请稍后重试", MsgEN: "the ledger is being verified already, try again later",
		RetryAfter: 5 * time.Second,
	}
)

// Service is the use cases of this duty.
type Service struct {
	Book      Book
	Inquiries aggregate.Repository[Inquiry]
	Exports   aggregate.Repository[Export]
	// Witnesses and Announcements are the service's own records of who cosigns.
	Witnesses     aggregate.Repository[Witness]
	Announcements aggregate.Repository[Announcement]
	Windows       Windows
	Keyring       *Keyring
	Anchor        Anchor
	Producers     vouch.Register // by which services sign what they state; nil = who stated a row is neither checked nor shown
	Packs         *policy.Set
	Clock         calendar.Clock
	Self          authn.Principal
	Version       string // of this program, for manifests
	NewID         func() string
	// Flags and Cases are what auditors look into.
	Flags redflag.Service
	Cases auditcase.Service
	Exporting
	// Life ends when the service stops: streams under way are cut off then.
	Life context.Context

	// Patience is for how long who asks waits: for the end of a verification, for
	// the witnesses of what is taken out of the house.
	Patience time.Duration

	verifying sync.Mutex
	unsigned  atomic.Pointer[time.Time] // since when the ledger could not be signed
	silent    sync.Map                  // of witnesses that let a wait pass, the rows they had seen by then
}
