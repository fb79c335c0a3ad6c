package eventbench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
)

// ackWait bounds the wait for a reference's acknowledgements.
const ackWait = 2 * time.Minute

var requestsPerSecond = regexp.MustCompile(`([0-9.]+) requests per second`)

// redisBenchmark appends the same entry as the relay's, 100 in flight on each
// of 50 connections.
func (b *Bench) redisBenchmark(ctx context.Context) (float64, error) {
	u, err := url.Parse(b.redisURL)
	if err != nil {
		return 0, err
	}
	const now = "2026-11-21T09:00:00.000000Z"
	entry := event.Pack(map[string]string{
		"specversion": "1.0", "id": uuid.NewString(), "source": source, "type": "egov.declaration.v1.ProjectSubmitted", "subject": "project-250",
		"egovseq": "60", "time": now, "recordedtime": now, "egovunit": "education", "egovactor": "li.ming",
		"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}, `{"text":"`+strings.Repeat("x", payload)+`"}`)
	args := []string{
		"-h", u.Hostname(), "-p", u.Port(), "--dbnum", strings.TrimPrefix(u.Path, "/"), "-P", "100", "-n", strconv.Itoa(b.rows), "-q",
		"XADD", "reference", "*", event.EntryField, strings.ReplaceAll(entry, "\x00", " "), // an argument cannot hold a NUL
	}
	if pw, ok := u.User.Password(); ok {
		args = append([]string{"-a", pw, "--user", "default"}, args...)
	}
	out, err := exec.CommandContext(ctx, "redis-benchmark", args...).CombinedOutput()
	if err != nil {
		return 0, errBroken("redis-benchmark", fmt.Errorf("%w: %s", err, out))
	}
	found := requestsPerSecond.FindAllSubmatch(out, -1)
	if len(found) == 0 {
		return 0, errBroken("redis-benchmark", errors.New("no figure in its output"))
	}
	return strconv.ParseFloat(string(found[len(found)-1][1]), 64)
}

// client is a connection of the reference's own: watermill closes what it is
// given.
func (b *Bench) client() *redis.Client { return redis.NewClient(b.rdb.Options()) }

// subscribe starts a watermill subscriber that acknowledges at once. acked
// counts; stop ends it.
func (b *Bench) subscribe(ctx context.Context) (acked *atomic.Int64, stop func() error, err error) {
	sub, err := redisstream.NewSubscriber(redisstream.SubscriberConfig{
		Client: b.client(), ConsumerGroup: "watermill", OldestId: "0", BlockTime: 100 * time.Millisecond,
	}, watermill.NopLogger{})
	if err != nil {
		return nil, nil, err
	}
	messages, err := sub.Subscribe(ctx, "watermill")
	if err != nil {
		return nil, nil, errors.Join(err, sub.Close())
	}
	acked = new(atomic.Int64)
	var wg sync.WaitGroup
	wg.Go(func() {
		for m := range messages {
			m.Ack()
			acked.Add(1)
		}
	})
	return acked, func() error { err := sub.Close(); wg.Wait(); return err }, nil
}

// awaitAcks waits until n messages are acknowledged.
func awaitAcks(ctx context.Context, acked *atomic.Int64, n int) error {
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for acked.Load() < int64(n) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d acknowledged: %w", acked.Load(), n, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func publisher(b *Bench) (*redisstream.Publisher, error) {
	return redisstream.NewPublisher(redisstream.PublisherConfig{Client: b.client()}, watermill.NopLogger{})
}

// newID makes ids in order of time, as Enqueue does.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// asMessage carries what a stream entry of ours carries.
func asMessage(e event.Record) *message.Message {
	m := message.NewMessage(e.ID, e.Data)
	m.Metadata = message.Metadata{
		"specversion": "1.0", "source": source, "type": e.Type, "subject": e.Subject, "egovseq": strconv.FormatInt(e.Seq, 10),
		"time": e.Time.Format(time.RFC3339Nano), "recordedtime": e.RecordedAt.Format(time.RFC3339Nano),
		"egovunit": e.Unit, "egovactor": e.Actor, "traceparent": e.TraceParent,
	}
	return m
}

// pollAndPublish is the usual outbox loop: read the next row, publish it,
// note it; while a subscriber acknowledges.
func (b *Bench) pollAndPublish(ctx context.Context) (rate float64, err error) {
	if err := b.fill(ctx, b.slowRows); err != nil {
		return 0, err
	}
	pub, err := publisher(b)
	if err != nil {
		return 0, err
	}
	acked, stop, err := b.subscribe(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop(), pub.Close()) }()
	began := time.Now()
	var txid, last uint64
	for range b.slowRows {
		var e event.Record
		err := b.pool.QueryRow(ctx, `SELECT txid, id, event_id::text, type, subject, seq, time, recorded_at, unit, actor, traceparent, data
			FROM event_outbox WHERE (txid, id) > ($1::xid8, $2::bigint) ORDER BY txid, id LIMIT 1`, txid, last).
			Scan(&txid, &last, &e.ID, &e.Type, &e.Subject, &e.Seq, &e.Time, &e.RecordedAt, &e.Unit, &e.Actor, &e.TraceParent, &e.Data)
		if err != nil {
			return 0, errBroken("poll", err)
		}
		if err := pub.Publish("watermill", asMessage(e)); err != nil {
			return 0, errBroken("publish", err)
		}
	}
	if err := awaitAcks(ctx, acked, b.slowRows); err != nil {
		return 0, errBroken("acknowledge", err)
	}
	return float64(b.slowRows) / time.Since(began).Seconds(), nil
}

// watermillConsume acknowledges a full stream, one subscriber.
func (b *Bench) watermillConsume(ctx context.Context) (rate float64, err error) {
	pub, err := publisher(b)
	if err != nil {
		return 0, err
	}
	for n := range b.slowRows {
		e := event.Record{
			ID: newID(), Type: "egov.declaration.v1.ProjectSubmitted", Subject: fmt.Sprintf("project-%d", n%subjects), Seq: int64(n/subjects + 1),
			Time: time.Now(), RecordedAt: time.Now(), Unit: "education", Actor: "li.ming",
			TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Data: []byte(`{"text":"` + strings.Repeat("x", payload) + `"}`),
		}
		if err := pub.Publish("watermill", asMessage(e)); err != nil {
			return 0, errors.Join(err, pub.Close())
		}
	}
	began := time.Now()
	acked, stop, err := b.subscribe(ctx)
	if err != nil {
		return 0, errors.Join(err, pub.Close())
	}
	defer func() { err = errors.Join(err, stop(), pub.Close()) }()
	if err := awaitAcks(ctx, acked, b.slowRows); err != nil {
		return 0, errBroken("acknowledge", err)
	}
	return float64(b.slowRows) / time.Since(began).Seconds(), nil
}

// transactionPerMessage is the usual inbox: for each message one transaction
// with the inbox row and the effect, by eight consumers at once.
func (b *Bench) transactionPerMessage(ctx context.Context) (float64, error) {
	const consumers = 8
	data := `{"text":"` + strings.Repeat("x", payload) + `"}`
	var next atomic.Int64
	failed := make(chan error, consumers)
	began := time.Now()
	for range consumers {
		go func() {
			failed <- func() error {
				for {
					n := next.Add(1)
					if n > int64(b.slowRows) {
						return nil
					}
					id := newID()
					err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
						tag, err := tx.Exec(ctx, "INSERT INTO bench_inbox (consumer, event_id) VALUES ('bench', $1) ON CONFLICT DO NOTHING", id)
						if err != nil || tag.RowsAffected() == 0 {
							return err
						}
						_, err = tx.Exec(ctx, "INSERT INTO bench_effect (event_id, subject, seq, data) VALUES ($1, $2, $3, $4)",
							id, fmt.Sprintf("project-%d", n%subjects), n/subjects+1, data)
						return err
					})
					if err != nil {
						return err
					}
				}
			}()
		}()
	}
	var errs error
	for range consumers {
		errs = errors.Join(errs, <-failed)
	}
	return float64(b.slowRows) / time.Since(began).Seconds(), errs
}
