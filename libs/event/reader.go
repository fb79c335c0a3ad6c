package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// Reader hands the facts of some sources to a function in batches, and
// acknowledges a batch when the function is done with it: at least once, and
// in no more than the streams' order. Consumers are built on it; alone it
// serves what keeps no state, such as a live view.
type Reader struct {
	rdb     redis.UniversalClient
	group   string
	me      string
	origin  map[string]string // stream → the source whose facts it carries
	streams []string
	batch   int
	beat    time.Duration

	mu     sync.Mutex
	flight map[*entry][]entry // batches being worked on, by their first entry
}

// NewReader reads as a member of group, which shares the streams among its
// members. batch is how many facts a call gets at most, 0 = 256.
func NewReader(rdb redis.UniversalClient, group string, sources []string, batch int) *Reader {
	return newReader(rdb, group, sources, false, or(batch, 256), 10*time.Second)
}

// newReader reads the streams of sources and, for a group that asks for what
// it misses, the side streams with the answers.
func newReader(rdb redis.UniversalClient, group string, sources []string, answers bool, batch int, beat time.Duration) *Reader {
	r := &Reader{
		rdb: rdb, group: group, me: instance(), batch: batch, beat: beat,
		origin: map[string]string{}, flight: map[*entry][]entry{},
	}
	for _, s := range sources {
		r.origin[streamKey(s)] = s
		r.streams = append(r.streams, streamKey(s))
	}
	if answers {
		for _, s := range sources {
			r.origin[replayKey(s, group)] = s
			r.streams = append(r.streams, replayKey(s, group))
		}
	}
	return r
}

// Run calls f until ctx ends and then returns nil. A batch is repeated while f
// fails. Entries that cannot be read are logged and left out.
func (r *Reader) Run(ctx context.Context, log *slog.Logger, f func(ctx context.Context, batch []Record) error) error {
	report := func(err error, pause time.Duration) {
		log.WarnContext(ctx, "reader: tried again after a pause", "group", r.group, "pause", pause, "error", err)
	}
	take := func(ctx context.Context, batch []entry) bool {
		recs := make([]Record, 0, len(batch))
		for _, e := range batch {
			if e.bad != nil {
				log.ErrorContext(ctx, "reader: an entry cannot be read", "stream", e.stream, "id", e.id, "error", e.bad)
				continue
			}
			recs = append(recs, e.rec)
		}
		return len(recs) == 0 || persist(ctx, report, func(ctx context.Context) error { return f(ctx, recs) })
	}
	var g errgroup.Group
	g.Go(func() error {
		return forever(ctx, report, func(ctx context.Context) error { return r.consume(ctx, take) })
	})
	g.Go(func() error {
		return forever(ctx, report, func(ctx context.Context) error { return r.takeOver(ctx, take) })
	})
	g.Go(func() error { return forever(ctx, report, r.heartbeat) })
	err := g.Wait()
	r.leave(context.WithoutCancel(ctx))
	return err
}

// take works on a batch to its end. It answers false when ctx ended first:
// the batch is then not acknowledged.
type take func(ctx context.Context, batch []entry) bool

// entry is one stream entry and what could be read of it.
type entry struct {
	stream string
	id     string
	rec    Record
	bad    error // why it cannot be read
	gone   *span // instead of a fact: these are kept no longer
}

// span is a run of numbers of one subject.
type span struct{ from, to int64 }

// read decodes one entry of a stream.
func (r *Reader) read(stream string, m redis.XMessage) entry {
	source := r.origin[stream]
	e := entry{stream: stream, id: m.ID}
	if _, ok := m.Values[goneMark]; ok {
		e.rec.Source = source
		e.rec.Subject, e.gone, e.bad = parseGone(m)
	} else {
		e.rec, e.bad = fromEntry(m)
	}
	if e.gone != nil {
		return e
	}
	if e.bad == nil && e.rec.Source != source {
		e.bad = fmt.Errorf("%w: source %q in the stream of %s", ErrUndecodable, e.rec.Source, source)
	}
	if age := time.Since(e.rec.RecordedAt); e.bad == nil && (age > oldestRecorded || age < -latestRecorded) {
		e.bad = fmt.Errorf("%w: recorded at %v", ErrUndecodable, e.rec.RecordedAt)
	}
	if e.bad != nil {
		e.rec = salvage(e.rec, m)
		e.rec.Source = source
	}
	return e
}

// No outbox keeps facts as long as oldestRecorded, and no two clocks stand as
// far apart as latestRecorded: other days get no partition.
const (
	oldestRecorded = 400 * 24 * time.Hour
	latestRecorded = 48 * time.Hour
)

func isReplay(stream string) bool { return strings.HasPrefix(stream, "egov:replay:") }

// consume reads, works and acknowledges until something fails. What this
// process was given and did not acknowledge comes first.
func (r *Reader) consume(ctx context.Context, f take) error {
	for _, key := range r.streams {
		if err := ensureGroup(ctx, r.rdb, key, r.group); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	batches := make(chan []entry, 1)
	go func() {
		defer close(batches)
		err := r.readOwn(ctx, batches)
		if err == nil {
			err = r.readNew(ctx, batches)
		}
		stop(err)
	}()
	for b := range batches { // up to the end, also after a failure: the reader closes it
		if ctx.Err() != nil {
			r.land(b) // read, and left for the next run
		} else if err := r.work(ctx, b, f); err != nil {
			stop(err)
		}
	}
	return context.Cause(ctx)
}

// readOwn reads what is pending for this very process: it was delivered and
// an error came between.
func (r *Reader) readOwn(ctx context.Context, out chan<- []entry) error {
	for _, key := range r.streams {
		for from := "0"; ; {
			got, err := r.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
				Group: r.group, Consumer: r.me, Streams: []string{key, from}, Count: int64(r.batch), Block: -1,
			}).Result()
			if errors.Is(err, redis.Nil) || err == nil && (len(got) == 0 || len(got[0].Messages) == 0) {
				break
			}
			if err != nil {
				return err
			}
			from = got[0].Messages[len(got[0].Messages)-1].ID
			if err := r.pass(ctx, got, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// readNew reads what no process was given yet.
func (r *Reader) readNew(ctx context.Context, out chan<- []entry) error {
	args := slices.Clone(r.streams)
	for range r.streams {
		args = append(args, ">")
	}
	for ctx.Err() == nil {
		got, err := r.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: r.group, Consumer: r.me, Streams: args, Count: int64(r.batch), Block: block,
		}).Result()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return err
		}
		if err := r.pass(ctx, got, out); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pass hands entries on in batches, noted as being worked on.
func (r *Reader) pass(ctx context.Context, got []redis.XStream, out chan<- []entry) error {
	var batch []entry
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		r.fly(batch)
		select {
		case out <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			r.land(batch)
			return ctx.Err()
		}
	}
	for _, s := range got {
		for _, m := range s.Messages {
			if m.Values == nil { // deleted while it was pending
				if err := r.rdb.XAck(ctx, s.Stream, r.group, m.ID).Err(); err != nil {
					return err
				}
				continue
			}
			batch = append(batch, r.read(s.Stream, m))
			if len(batch) == r.batch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// work brings a batch to its end, however long that takes, and acknowledges
// it.
func (r *Reader) work(ctx context.Context, batch []entry, f take) error {
	defer r.land(batch)
	if !f(ctx, batch) {
		return ctx.Err()
	}
	return r.acknowledge(ctx, batch)
}

func (r *Reader) acknowledge(ctx context.Context, batch []entry) error {
	ids := map[string][]string{}
	for _, e := range batch {
		ids[e.stream] = append(ids[e.stream], e.id)
	}
	pipe := r.rdb.Pipeline()
	for stream, list := range ids {
		pipe.XAck(ctx, stream, r.group, list...)
		if isReplay(stream) { // it is this group's alone
			pipe.XDel(ctx, stream, list...)
		}
	}
	_, err := pipe.Exec(ctx)
	return err
}

// fly and land note which batches this process is working on.
func (r *Reader) fly(batch []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flight[&batch[0]] = batch
}

func (r *Reader) land(batch []entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.flight, &batch[0])
}

// heartbeat tells the group that entries being worked on are not abandoned.
func (r *Reader) heartbeat(ctx context.Context) error {
	return every(ctx, r.beat, func(ctx context.Context) error {
		busy := map[string][]string{}
		r.mu.Lock()
		for _, batch := range r.flight {
			for _, e := range batch {
				busy[e.stream] = append(busy[e.stream], e.id)
			}
		}
		r.mu.Unlock()
		for stream, ids := range busy {
			err := r.rdb.XClaimJustID(ctx, &redis.XClaimArgs{Stream: stream, Group: r.group, Consumer: r.me, Messages: ids}).Err()
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// leave takes this process out of the groups, unless entries are still
// assigned to it, which another then takes over.
func (r *Reader) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for _, key := range r.streams {
		members, err := r.rdb.XInfoConsumers(ctx, key, r.group).Result()
		if err != nil {
			return // Redis is gone, or the group is: there is nothing to leave
		}
		for _, m := range members {
			if m.Name == r.me && m.Pending == 0 {
				r.rdb.XGroupDelConsumer(ctx, key, r.group, r.me)
			}
		}
	}
}

// takeOver works on entries whose process gave no sign of life for three
// heartbeats; it looks once a heartbeat.
func (r *Reader) takeOver(ctx context.Context, f take) error {
	return every(ctx, r.beat, func(ctx context.Context) error {
		for _, key := range r.streams {
			if err := r.takeOverIn(ctx, key, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Reader) takeOverIn(ctx context.Context, key string, f take) error {
	for from := "0-0"; ; {
		msgs, next, err := r.rdb.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: key, Group: r.group, Consumer: r.me, MinIdle: 3 * r.beat, Start: from, Count: int64(r.batch),
		}).Result()
		if err != nil {
			return err
		}
		if len(msgs) > 0 {
			batch := make([]entry, len(msgs))
			for i, m := range msgs {
				batch[i] = r.read(key, m)
			}
			r.fly(batch)
			if err := r.work(ctx, batch, f); err != nil {
				return err
			}
		}
		if from = next; next == "0-0" {
			return nil
		}
	}
}
