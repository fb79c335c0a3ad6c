package event

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/ledger"
)

// A consumer that misses facts asks their producer in its request stream, and
// any relay of that source answers from the outbox into the side stream of
// the consumer's group. An answer repeats facts as they were; asking twice
// does no harm.

// Fields of a request.
const (
	askGroup   = "group"
	askSubject = "subject" // with from and to as numbers of that subject …
	askFrom    = "from"    // … or without subject, as Unix microseconds of recording
	askTo      = "to"
)

// Fields of an answer that says that facts are kept no longer.
const (
	goneMark    = "gone"
	goneSource  = "source"
	goneSubject = "subject"
	goneFrom    = "from"
	goneTo      = "to"
)

// answerers is the group in which the relays of a source share requests.
const answerers = "relay"

// request asks for facts: of one subject by number, or of all subjects by the
// time of their recording. Both bounds belong to it, except that a time's
// upper bound does not.
type request struct {
	group    string
	subject  string
	from, to int64
}

func (q request) values() []any {
	return []any{askGroup, q.group, askSubject, q.subject, askFrom, q.from, askTo, q.to}
}

func parseRequest(m redis.XMessage) (q request, err error) {
	get := func(name string) string {
		s, _ := m.Values[name].(string)
		return s
	}
	q = request{group: get(askGroup), subject: get(askSubject)}
	if q.group == "" {
		return q, errors.New("a request without a group")
	}
	if q.from, err = strconv.ParseInt(get(askFrom), 10, 64); err != nil {
		return q, err
	}
	q.to, err = strconv.ParseInt(get(askTo), 10, 64)
	return q, err
}

// requestsKept bounds the request stream: consumers repeat what stays
// unanswered.
const requestsKept = 10_000

// ask sends a request to the relays of source.
func ask(ctx context.Context, rdb redis.UniversalClient, source string, q request) error {
	return rdb.XAdd(ctx, &redis.XAddArgs{Stream: requestKey(source), MaxLen: requestsKept, Approx: true, Values: q.values()}).Err()
}

// instance names this process among the members of a group.
func instance() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + "-" + strconv.Itoa(os.Getpid()) + "-" + uuid.NewString()[:8]
}

// block is how long one blocking read of Redis lasts, and so how long a stop
// may wait for it: such reads do not notice that their context ended.
const block = 250 * time.Millisecond

// answer serves requests until ctx ends.
func (r *Relay) answer(ctx context.Context) error {
	key, me := requestKey(r.source), instance()
	if err := ensureGroup(ctx, r.rdb, key, answerers); err != nil {
		return err
	}
	defer r.rdb.XGroupDelConsumer(context.WithoutCancel(ctx), key, answerers, me)
	for ctx.Err() == nil {
		streams, err := r.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: answerers, Consumer: me, Streams: []string{key, ">"}, Count: 16, Block: 4 * block,
		}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		for _, m := range streams[0].Messages {
			if err := r.answerOne(ctx, m); err != nil {
				return err
			}
			if err := r.rdb.XAck(ctx, key, answerers, m.ID).Err(); err != nil {
				return err
			}
			if err := r.rdb.XDel(ctx, key, m.ID).Err(); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func ensureGroup(ctx context.Context, rdb redis.UniversalClient, key, group string) error {
	err := rdb.XGroupCreateMkStream(ctx, key, group, "0").Err()
	if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return fmt.Errorf("create group %s of %s: %w", group, key, err)
	}
	return nil
}

// replayPage is how many facts one append to a side stream carries.
const replayPage = 200

// answerOne sends what a request asks for and the outbox still has. What is
// not committed in full view yet is left to the relay.
func (r *Relay) answerOne(ctx context.Context, m redis.XMessage) error {
	q, err := parseRequest(m)
	if err != nil {
		r.log.WarnContext(ctx, "relay: a replay request makes no sense", "id", m.ID, "error", err)
		return nil
	}
	r.m.replays.Inc()
	if q.subject != "" {
		return r.replaySubject(ctx, q)
	}
	from, to := time.UnixMicro(q.from), time.UnixMicro(q.to)
	after := streamID{}
	for {
		p, err := r.replayRows(ctx, q.group, `(o.txid, o.id) > ($1::xid8, $2::bigint) AND o.txid < pg_snapshot_xmin(pg_current_snapshot())
			AND o.recorded_at >= $3 AND o.recorded_at < $4 ORDER BY o.txid, o.id LIMIT $5`,
			after.hi, after.lo, from, to, replayPage)
		if err != nil || p.rows < replayPage {
			return err
		}
		after = p.last
	}
}

// replaySubject sends a run of one subject's facts. Partitions are dropped by
// age, so only a run's beginning can be missing for good.
func (r *Relay) replaySubject(ctx context.Context, q request) error {
	var oldest, newest *int64
	err := r.pool.QueryRow(ctx, "SELECT min(seq), (SELECT seq FROM event_counter WHERE subject = $1) FROM event_outbox WHERE subject = $1", q.subject).
		Scan(&oldest, &newest)
	if err != nil {
		return err
	}
	if newest == nil {
		return nil // no such subject: a request meant for another database
	}
	kept := *newest + 1
	if oldest != nil {
		kept = *oldest
	}
	if q.from < kept {
		if err := r.answerGone(ctx, q, span{q.from, min(q.to, kept-1)}); err != nil {
			return err
		}
	}
	for from := max(q.from, kept); from <= q.to; from += replayPage {
		_, err := r.replayRows(ctx, q.group, "o.subject = $1 AND o.seq BETWEEN $2 AND $3 ORDER BY o.seq",
			q.subject, from, min(from+replayPage-1, q.to))
		if err != nil {
			return err
		}
	}
	return nil
}

// answerGone says that a run of numbers is kept no longer: signed too, since a
// consumer goes past them.
func (r *Relay) answerGone(ctx context.Context, q request, s span) error {
	proof := ""
	if r.o.Signer != nil {
		b, err := signBatch(r.o.Signer, r.source, time.Now(), []ledger.Hash{s.leaf(r.source, q.subject)})
		if err != nil {
			return err
		}
		proof = string(b)
	}
	return r.reply(ctx, q.group, proof, []any{
		5 * 2, goneMark, "1", goneSource, r.source, goneSubject, q.subject, goneFrom, s.from, goneTo, s.to,
	})
}

// reply appends entries to a group's side stream: for each the number of fields
// and values, and those.
func (r *Relay) reply(ctx context.Context, group, proof string, entries []any) error {
	stream := replayKey(r.source, group)
	err := replayScript.Run(ctx, r.rdb, []string{stream, proofKey(stream)}, append([]any{proof}, entries...)...).Err()
	if errors.Is(err, redis.Nil) { // the script answers nothing
		return nil
	}
	return err
}

// replayRows sends one page of rows to a group's side stream.
func (r *Relay) replayRows(ctx context.Context, group, where string, args ...any) (page, error) {
	all := append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, args...)
	rows, err := r.pool.Query(ctx, "SELECT "+outboxColumns+" FROM event_outbox o WHERE "+where, all...)
	if err != nil {
		return page{}, err
	}
	enc := encoder{source: r.source, signer: r.o.Signer}
	p, err := enc.readPage(rows, 0)
	if err != nil || p.rows == 0 {
		return p, err
	}
	entries := make([]any, 0, 3*p.rows)
	for i := 0; i < len(p.values); i += valuesPerEntry {
		entries = append(entries, 2, EntryField, p.values[i+1])
	}
	r.m.replayed.Add(float64(p.rows))
	return p, r.reply(ctx, group, p.batch, entries)
}
