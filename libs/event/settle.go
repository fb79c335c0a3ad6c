package event

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"egov/libs/pg"
)

// effectError says that handlers failed, as opposed to the database.
type effectError struct {
	at  int // index of the fact at fault in what was given, -1 when unknown
	err error
}

func (e *effectError) Error() string { return e.err.Error() }
func (e *effectError) Unwrap() error { return e.err }

// patience is how often a batch is tried again for a failure that may pass by
// itself before it is held against the facts.
const patience = 4

// settleSurely settles a batch, with pauses while the database is away. It
// answers false when ctx ended first.
func (c *Consumer) settleSurely(ctx context.Context, batch []entry) bool {
	tries := 0
	return persist(ctx, c.report(ctx, "settle"), func(ctx context.Context) error {
		tries++
		err := c.settle(ctx, batch, tries > patience)
		if err != nil {
			c.days.Clear() // a partition dropped meanwhile is made again
		}
		return err
	})
}

// settle brings every entry of a batch to its end: effects committed, held,
// dead or found to be known. Failing facts are set aside one by one, or by
// halving when it is not known which they are.
func (c *Consumer) settle(ctx context.Context, batch []entry, last bool) error {
	failed := map[int]error{}
	for {
		err := c.commit(ctx, batch, failed)
		effect, ok := errors.AsType[*effectError](err)
		switch {
		case err == nil:
			return nil
		case !ok || ctx.Err() != nil:
			return err
		case pg.Transient(effect.err) && !last:
			return err
		}
		c.m.failures.WithLabelValues("handler").Inc()
		c.log.WarnContext(ctx, "consumer: effects failed", "facts", len(batch), "at", effect.at, "error", effect.err)
		switch {
		case len(batch) == 1:
			failed[0] = effect.err
		case effect.at >= 0 && len(failed) < singlesABatch:
			failed[effect.at] = effect.err
		default:
			half := len(batch) / 2
			if err := c.settle(ctx, batch[:half], last); err != nil {
				return err
			}
			return c.settle(ctx, batch[half:], last)
		}
	}
}

// singlesABatch is how many facts are set aside one by one before a batch is
// halved: when everything fails, halving is quicker.
const singlesABatch = 4

// key is the subject an entry speaks of.
func (c *Consumer) key(e entry) subjectKey {
	return subjectKey{c.subs[e.rec.Source], e.rec.Subject}
}

// place is where one subject stands while a batch is settled.
type place struct {
	from    int64         // committed before the batch
	seq     int64         // with the batch
	held    int64         // lowest number held, 0 = none
	waiting map[int64]int // early ones of the batch itself
}

// holding is one fact that is kept instead of applied.
type holding struct {
	at    int // index in the batch
	state string
	seq   *int64 // nil: outside the order of its subject
	err   error
}

// States of held facts.
const (
	stateEarly  = "early"
	stateFailed = "failed"
	stateDead   = "dead"
)

var errReused = errors.New("another fact of this subject had the same number: the producer's database was set back")

// commit is the one transaction of a batch: what is new goes into the inbox,
// the subjects are locked, the effects of all facts whose turn it is are
// carried out, the others are held. failed are facts to hold as failures.
func (c *Consumer) commit(ctx context.Context, batch []entry, failed map[int]error) error {
	began := time.Now()
	if err := c.ensureDays(ctx, batch); err != nil {
		return err
	}
	tx, err := c.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit there is nothing to undo
	fresh, places, err := c.receive(ctx, tx, batch)
	if err != nil {
		return err
	}
	if err := c.passGone(ctx, tx, batch, fresh, places); err != nil {
		return err
	}
	ready, holdings := c.sort(batch, fresh, places, failed)
	if len(ready) > 0 {
		recs := make([]Record, len(ready))
		for i, at := range ready {
			recs[i] = batch[at].rec
		}
		if err := c.carryOut(ctx, tx, recs); err != nil {
			if err.at >= 0 {
				err.at = ready[err.at]
			}
			return err
		}
	}
	unblocked, err := c.record(ctx, tx, batch, places, holdings)
	if err == nil {
		err = tx.Commit(ctx)
	}
	if err != nil {
		if len(ready) > 0 && !pg.Transient(err) {
			return &effectError{-1, fmt.Errorf("commit after the effects: %w", err)} // they left the transaction broken
		}
		return err
	}
	c.count(batch, fresh, ready, time.Since(began))
	if unblocked {
		c.wakeDrain()
	}
	return nil
}

func (c *Consumer) wakeDrain() {
	select {
	case c.drain <- struct{}{}:
	default:
	}
}

func (c *Consumer) count(batch []entry, fresh []bool, ready []int, took time.Duration) {
	known := map[string]int{}
	for i, e := range batch {
		if e.bad == nil && e.gone == nil && !fresh[i] {
			known[e.rec.Source]++
		}
	}
	for source, n := range known {
		c.m.duplicates.WithLabelValues(source).Add(float64(n))
	}
	now := time.Now()
	for _, at := range ready {
		source := batch[at].rec.Source
		c.m.applied.WithLabelValues(source).Inc()
		c.m.delay.WithLabelValues(source).Observe(now.Sub(batch[at].rec.RecordedAt).Seconds())
	}
	c.m.batches.Observe(took.Seconds())
}

// ensureDays makes the inbox's partitions of days that are not there.
func (c *Consumer) ensureDays(ctx context.Context, batch []entry) error {
	for _, e := range batch {
		if e.bad != nil || e.gone != nil {
			continue
		}
		day := e.rec.RecordedAt.Unix() / 86400
		if _, ok := c.days.Load(day); ok {
			continue
		}
		if _, err := c.pool.Exec(ctx, "SELECT event_inbox_day($1)", time.Unix(day*86400, 0).UTC()); err != nil {
			return err
		}
		c.days.Store(day, true)
	}
	return nil
}

const (
	receiveSQL = `INSERT INTO event_inbox (subscription, event_id, recorded_at)
		SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[]) ORDER BY 1, 2
		ON CONFLICT DO NOTHING RETURNING subscription, event_id`
	openSQL = `INSERT INTO event_position (subscription, subject, seq)
		SELECT s, k, 0 FROM unnest($1::smallint[], $2::text[]) AS i(s, k) ORDER BY 1, 2 ON CONFLICT DO NOTHING`
	lockSQL = `SELECT p.subscription, p.subject, p.seq FROM event_position p
		JOIN unnest($1::smallint[], $2::text[]) AS i(s, k) ON p.subscription = i.s AND p.subject = i.k
		ORDER BY 1, 2 FOR UPDATE OF p`
	heldSQL = `SELECT i.s, i.k, h.seq FROM unnest($1::smallint[], $2::text[]) AS i(s, k), LATERAL (
		SELECT seq FROM event_held h WHERE h.subscription = i.s AND h.subject = i.k AND h.seq IS NOT NULL ORDER BY seq LIMIT 1) h`
)

// receive writes the inbox and locks the subjects, in one round trip. fresh
// tells the facts that were not received before.
func (c *Consumer) receive(ctx context.Context, tx pgx.Tx, batch []entry) (fresh []bool, places map[subjectKey]*place, err error) {
	type inboxKey struct {
		sub int16
		id  uuid.UUID
	}
	n := len(batch)
	first := make(map[inboxKey]int, n)
	subs, ids, recorded := make([]int16, 0, n), make([][16]byte, 0, n), make([]time.Time, 0, n)
	places = make(map[subjectKey]*place, n)
	keySubs, keySubjects := make([]int16, 0, n), make([]string, 0, n)
	for i, e := range batch {
		if e.bad != nil {
			continue
		}
		if k := (c.key(e)); places[k] == nil {
			places[k] = &place{}
			keySubs, keySubjects = append(keySubs, k.sub), append(keySubjects, k.subject)
		}
		if e.gone != nil {
			continue
		}
		sub := c.subs[e.rec.Source]
		k := inboxKey{sub, uuid.MustParse(e.rec.ID)} // fromEntry has parsed it
		if _, ok := first[k]; ok {
			continue
		}
		first[k] = i
		subs, ids, recorded = append(subs, sub), append(ids, k.id), append(recorded, e.rec.RecordedAt)
	}
	fresh = make([]bool, n)
	b := &pgx.Batch{}
	b.Queue(receiveSQL, subs, ids, recorded).Query(func(rows pgx.Rows) error {
		var k inboxKey
		var id [16]byte
		_, err := pgx.ForEachRow(rows, []any{&k.sub, &id}, func() error {
			k.id = id
			fresh[first[k]] = true
			return nil
		})
		return err
	})
	b.Queue(openSQL, keySubs, keySubjects)
	b.Queue(lockSQL, keySubs, keySubjects).Query(eachSubject(func(k subjectKey, seq int64) { places[k].from, places[k].seq = seq, seq }))
	b.Queue(heldSQL, keySubs, keySubjects).Query(eachSubject(func(k subjectKey, seq int64) { places[k].held = seq }))
	return fresh, places, tx.SendBatch(ctx, b).Close()
}

func eachSubject(f func(k subjectKey, seq int64)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var k subjectKey
		var seq int64
		_, err := pgx.ForEachRow(rows, []any{&k.sub, &k.subject, &seq}, func() error {
			f(k, seq)
			return nil
		})
		return err
	}
}

// inboxKeeps is below the inbox's retention: a fact recorded earlier may have
// been received and forgotten.
const inboxKeeps = 7 * 24 * time.Hour

// sort decides what happens to each entry: ready are those whose turn it is,
// in the order to apply them.
func (c *Consumer) sort(batch []entry, fresh []bool, places map[subjectKey]*place, failed map[int]error) (ready []int, holdings []holding) {
	for i, e := range batch {
		switch {
		case e.gone != nil:
			continue
		case e.bad != nil:
			holdings = append(holdings, holding{at: i, state: stateDead, err: e.bad})
			continue
		case !fresh[i]:
			continue
		}
		p := places[c.key(e)]
		if e.rec.Seq <= p.seq || e.rec.Seq == p.held || p.waiting[e.rec.Seq] > 0 {
			if time.Since(e.rec.RecordedAt) < inboxKeeps {
				holdings = append(holdings, holding{at: i, state: stateDead, err: errReused})
			}
			continue
		}
		if p.waiting == nil {
			p.waiting = map[int64]int{}
		}
		p.waiting[e.rec.Seq] = i + 1
		for at := p.waiting[p.seq+1]; at > 0; at = p.waiting[p.seq+1] {
			if _, bad := failed[at-1]; bad {
				break
			}
			delete(p.waiting, p.seq+1)
			ready = append(ready, at-1)
			p.seq++
		}
	}
	for _, p := range places {
		for seq, at := range p.waiting {
			h := holding{at: at - 1, state: stateEarly, seq: &seq}
			if err, bad := failed[at-1]; bad && seq == p.seq+1 {
				h.state, h.err = stateFailed, err
			}
			holdings = append(holdings, h)
		}
	}
	return ready, holdings
}

// carryOut runs the effects of facts whose turn it is, under one span that
// links to the traces they come from.
func (c *Consumer) carryOut(ctx context.Context, tx pgx.Tx, recs []Record) (failure *effectError) {
	ctx, span := c.tracer.Start(ctx, "consume "+c.name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(links(recs)...),
		trace.WithAttributes(attribute.String("messaging.system", "redis"), attribute.String("messaging.consumer.group.name", c.name),
			attribute.Int("messaging.batch.message_count", len(recs))))
	defer func() {
		if failure != nil {
			span.SetStatus(codes.Error, "effects failed")
		}
		span.End()
	}()
	if c.effects.Batch != nil {
		if err := guard(func() error { return c.effects.Batch(ctx, tx, recs) }); err != nil {
			return &effectError{-1, err}
		}
		return nil
	}
	for i, r := range recs {
		h := c.effects.On[r.Type]
		if h == nil {
			h = c.effects.Default
		}
		if h == nil {
			continue
		}
		if err := guard(func() error { return h(ContinueTrace(ctx, r), tx, r) }); err != nil {
			return &effectError{i, fmt.Errorf("%s %s #%d: %w", r.Type, r.Subject, r.Seq, err)}
		}
	}
	return nil
}

// maxLinks bounds a span's links.
const maxLinks = 32

// links are the distinct traces that recs come from.
func links(recs []Record) []trace.Link {
	var out []trace.Link
	seen := map[string]bool{"": true}
	for _, r := range recs {
		if seen[r.TraceParent] {
			continue
		}
		seen[r.TraceParent] = true
		if sc := trace.SpanContextFromContext(ContinueTrace(context.Background(), r)); sc.IsValid() {
			if out = append(out, trace.Link{SpanContext: sc}); len(out) == maxLinks {
				break
			}
		}
	}
	return out
}

// guard turns a panic into an error, so that a fact that makes a handler
// panic ends as a dead letter too.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v (%s)", r, panicSite())
		}
	}()
	return f()
}

// panicSite names the line that panicked: the first frame above the runtime's.
func panicSite() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])]) // without this function, its caller and the panic itself
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}

const (
	advanceSQL = `UPDATE event_position p SET seq = i.q FROM unnest($1::smallint[], $2::text[], $3::bigint[]) AS i(s, k, q)
		WHERE p.subscription = i.s AND p.subject = i.k`
	unblockSQL = `UPDATE event_held h SET next_at = now() FROM unnest($1::smallint[], $2::text[], $3::bigint[]) AS i(s, k, q)
		WHERE h.subscription = i.s AND h.subject = i.k AND h.seq = i.q + 1 AND h.state = 'early'`
	holdSQL = `INSERT INTO event_held (subscription, state, stream_id, event_id, type, subject, seq, time, recorded_at, unit, actor, traceparent, data, attempts, next_at, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now() + $15::interval, $16) ON CONFLICT DO NOTHING`
)

// record writes what the batch changes beside the effects. unblocked says
// that held facts have their turn now.
func (c *Consumer) record(ctx context.Context, tx pgx.Tx, batch []entry, places map[subjectKey]*place, holdings []holding) (unblocked bool, err error) {
	b := &pgx.Batch{}
	var subs []int16
	var subjects []string
	var seqs []int64
	for k, p := range places {
		if p.seq > p.from {
			subs, subjects, seqs = append(subs, k.sub), append(subjects, k.subject), append(seqs, p.seq)
			unblocked = unblocked || p.held == p.seq+1
		}
	}
	if len(subs) > 0 {
		b.Queue(advanceSQL, subs, subjects, seqs)
	}
	for _, h := range holdings {
		c.hold(b, batch[h.at], h)
	}
	if unblocked {
		b.Queue(unblockSQL, subs, subjects, seqs)
	}
	if b.Len() == 0 {
		return false, nil
	}
	return unblocked, tx.SendBatch(ctx, b).Close()
}

// hold queues the row of one held fact.
func (c *Consumer) hold(b *pgx.Batch, e entry, h holding) {
	attempts, text := 0, ""
	var next *time.Duration
	if h.err != nil {
		text = reason(h.err)
	}
	if h.state == stateFailed {
		attempts = 1
		if errors.Is(h.err, ErrUndecodable) || attempts >= c.o.Attempts {
			h.state = stateDead
		} else {
			next = &c.o.Retry
		}
	}
	if h.state == stateDead {
		c.log.Error("consumer: dead letter", "source", e.rec.Source, "type", e.rec.Type, "subject", e.rec.Subject, "seq", e.rec.Seq, "event", e.rec.ID, "error", text)
	}
	r := e.rec
	b.Queue(holdSQL, c.subs[e.rec.Source], h.state, e.id, r.ID, r.Type, r.Subject, h.seq, r.Time, r.RecordedAt, r.Unit, r.Actor, r.TraceParent, r.Data, attempts, next, text)
}

// maxReason bounds the text kept of an error, in bytes.
const maxReason = 4000

func reason(err error) string {
	s := err.Error()
	if len(s) > maxReason {
		s = s[:maxReason]
	}
	return printable(s)
}
