package module

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/libs/store"
	deadletterv1 "egov/proto/gen/egov/deadletter/v1"
)

// deadLetterSubject is the subject of what is stated about a dead letter whose
// own subject cannot be believed.
const deadLetterSubject = "dead-letters"

// How many dead letters a page has.
const (
	deadLetterPage    = 50
	deadLetterPageMax = 200
)

// longestReason bounds, in characters, why a dead letter is given up.
const longestReason = 500

// DeadLetter is a fact that a consumer of this service gave up on, as operators
// see it: what it is and what is wrong, and nothing of what it says (SH12-P-9).
type DeadLetter struct {
	ID         int64     `json:"id"` // of the dead letter, not of the fact
	Consumer   string    `json:"consumer"`
	Source     string    `json:"source"`
	Type       string    `json:"type"`
	Subject    string    `json:"subject"`
	Seq        int64     `json:"seq"` // the fact's number of source and subject, 0 where it is not known
	EventID    string    `json:"event_id"`
	RecordedAt time.Time `json:"recorded_at"`
	HeldAt     time.Time `json:"held_at"`
	Attempts   int       `json:"attempts"`
	Error      string    `json:"error"`  // the last one
	Blocks     bool      `json:"blocks"` // later facts of the subject wait; only such a one can be tried again
	Bytes      int       `json:"bytes"`  // size of what it says
	SHA256     string    `json:"sha256"` // of what it says, to find it in the ledger
}

// DeadLetters is the answer of GET /v1/dead-letters, the oldest first.
type DeadLetters struct {
	Items         []DeadLetter `json:"items"`
	NextPageToken string       `json:"next_page_token,omitempty"`
}

type deadLetterQuery struct {
	PageSize  int    `query:"page_size" json:"-"`  // 1..200, 0 = 50
	PageToken string `query:"page_token" json:"-"` // from the previous page
}

// Validate reports what cannot be asked.
func (q deadLetterQuery) Validate() error {
	var c fault.Checks
	c.Require(q.PageSize >= 0 && q.PageSize <= deadLetterPageMax, "page_size", "out_of_range", "每页1到200条", "1 to 200 a page")
	_, err := q.after()
	c.Require(err == nil, "page_token", "bad_page_token", "分页标记无效", "the page token is not one of this list")
	return c.Err()
}

func (q deadLetterQuery) after() (int64, error) {
	if q.PageToken == "" {
		return 0, nil
	}
	return strconv.ParseInt(q.PageToken, 10, 64)
}

type deadLetterID struct {
	ID string `path:"id" json:"-"`
}

type skipDeadLetter struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason"`
}

// Validate reports what is missing.
func (s skipDeadLetter) Validate() error {
	var c fault.Checks
	c.Text(s.Reason, "reason", longestReason)
	return c.Err()
}

// mountDeadLetters lets operators see and settle what consumers gave up on, and
// auditors see it (YP23-M-16). What operators do is a fact of this service; none
// is settled twice: a second request finds no dead letter any more.
func (k *Kit) mountDeadLetters() {
	see, settle := op.Roles("operator", "auditor"), op.Roles("operator")
	op.Handle(k.API, "GET /v1/dead-letters", "ListDeadLetters", "Facts that consumers of this service gave up on, the oldest first", k.listDeadLetters, see)
	op.Handle(k.API, "GET /v1/dead-letters/{id}", "GetDeadLetter", "One fact that a consumer gave up on", func(ctx context.Context, r deadLetterID) (DeadLetter, error) {
		l, err := deadLetter(ctx, event.NewDeadLetters(k.Pool), r.ID)
		return shownLetter(l), err
	}, see)
	op.Handle(k.API, "POST /v1/dead-letters/{id}/retry", "RetryDeadLetter", "Have a fact that a consumer gave up on tried again; what waits behind it follows", func(ctx context.Context, r deadLetterID) (DeadLetter, error) {
		return k.settleDeadLetter(ctx, r.ID, func(ctx context.Context, letters *event.DeadLetters, l event.DeadLetter) error {
			stated, err := k.aboutDeadLetter(ctx, l, &deadletterv1.DeadLetterRetried{Letter: statedLetter(l)})
			if err != nil {
				return err
			}
			return letters.Retry(ctx, l.ID, stated)
		})
	}, settle)
	op.Handle(k.API, "POST /v1/dead-letters/{id}/skip", "SkipDeadLetter", "Give a fact up for good: what waits behind it goes on without its effects", func(ctx context.Context, r skipDeadLetter) (DeadLetter, error) {
		return k.settleDeadLetter(ctx, r.ID, func(ctx context.Context, letters *event.DeadLetters, l event.DeadLetter) error {
			stated, err := k.aboutDeadLetter(ctx, l, &deadletterv1.DeadLetterSkipped{Letter: statedLetter(l), Reason: r.Reason})
			if err != nil {
				return err
			}
			return letters.Skip(ctx, l.ID, r.Reason, stated)
		})
	}, settle)
}

func (k *Kit) listDeadLetters(ctx context.Context, q deadLetterQuery) (DeadLetters, error) {
	after, err := q.after()
	if err != nil {
		return DeadLetters{}, err
	}
	size := cmp.Or(q.PageSize, deadLetterPage)
	letters, err := event.NewDeadLetters(k.Pool).List(ctx, after, size+1)
	if err != nil {
		return DeadLetters{}, err
	}
	page := DeadLetters{Items: make([]DeadLetter, 0, len(letters))}
	for _, l := range letters[:min(len(letters), size)] {
		page.Items = append(page.Items, shownLetter(l))
	}
	if len(letters) > size {
		page.NextPageToken = strconv.FormatInt(letters[size-1].ID, 10)
	}
	return page, nil
}

// deadLetter finds one; what is no number is the id of none.
func deadLetter(ctx context.Context, letters *event.DeadLetters, id string) (event.DeadLetter, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return event.DeadLetter{}, event.ErrNoDeadLetter
	}
	return letters.Show(ctx, n)
}

// settleDeadLetter does with one what an operator asks for, and gives it as it
// was. A request that comes again under its key finds the letter settled, and is
// told what it was told at first.
func (k *Kit) settleDeadLetter(ctx context.Context, id string, settle func(context.Context, *event.DeadLetters, event.DeadLetter) error) (DeadLetter, error) {
	return store.Once(ctx, k.Store, "dead_letter", func(ctx context.Context, tx pgx.Tx) (DeadLetter, error) {
		letters := event.NewDeadLetters(tx)
		l, err := deadLetter(ctx, letters, id)
		if err == nil {
			err = settle(ctx, letters, l)
		}
		return shownLetter(l), err
	})
}

// aboutDeadLetter is what this service states of the caller's act, about the
// subject whose facts waited, so that whoever follows it sees the act there.
func (k *Kit) aboutDeadLetter(ctx context.Context, l event.DeadLetter, m proto.Message) (event.Record, error) {
	typ, data, err := event.FromProto(m)
	if err != nil {
		return event.Record{}, err
	}
	subject := deadLetterSubject
	if l.Blocks {
		subject = l.Record.Subject
	}
	by := authn.By(ctx)
	return event.Record{
		Source: k.module.Name, Type: typ, Subject: subject, Time: k.Clock.Now(), Unit: by.Unit, Actor: by.Actor(),
		TraceParent: event.TraceParent(ctx), Data: data,
	}, nil
}

func statedLetter(l event.DeadLetter) *deadletterv1.DeadLetter {
	return &deadletterv1.DeadLetter{
		Consumer: l.Consumer, Source: l.Record.Source, EventId: l.Record.ID, Type: l.Record.Type,
		Subject: l.Record.Subject, Seq: l.Record.Seq, Error: l.Reason,
	}
}

func shownLetter(l event.DeadLetter) DeadLetter {
	sum := sha256.Sum256(l.Record.Data)
	return DeadLetter{
		ID: l.ID, Consumer: l.Consumer, Source: l.Record.Source, Type: l.Record.Type, Subject: l.Record.Subject, Seq: l.Record.Seq,
		EventID: l.Record.ID, RecordedAt: l.Record.RecordedAt, HeldAt: l.HeldAt, Attempts: l.Attempts, Error: l.Reason,
		Blocks: l.Blocks, Bytes: len(l.Record.Data), SHA256: hex.EncodeToString(sum[:]),
	}
}
