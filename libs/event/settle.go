package event

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

// settler settles the batches of one loop, one after the other. While one is
// worked on, the transaction of the next is opened.
type settler struct {
	*Consumer
	openNext func()   // opens the transaction of the batch to come; nil when that was done
	ahead    *opening // that transaction
}

// settleSurely settles a batch, with pauses while the database is away. It
// answers false when ctx ended first.
func (c *settler) settleSurely(ctx context.Context, batch, next []entry) bool {
	tries, outer := 0, ctx // what is opened for the next batch outlives this one
	return persist(ctx, c.report("settle"), func(ctx context.Context) error {
		tries++
		c.openNext = func() { c.openAhead(outer, next) }
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
func (c *settler) settle(ctx context.Context, batch []entry, last bool) error {
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

// place is where one subject stands while a batch is settled.
type place struct {
	key     subjectKey
	from    int64         // committed before the batch
	seq     int64         // with the batch
	held    int64         // lowest number held, 0 = none
	waiting map[int64]int // early ones of the batch itself, by index + 1

	first, last int64 // of the batch's own run of numbers
	inOrder     bool  // the run has no gap and nothing in it failed before
	moved       bool  // the run was just what came next: seq is stored
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

// errKnown says that a batch holds facts that were received before.
var errKnown = errors.New("the inbox knows a fact of this batch")

// commit settles a batch in one transaction. It expects news, and only takes
// the longer way, which tells news from what is known, when it is wrong or was
// wrong about the batch before.
func (c *settler) commit(ctx context.Context, batch []entry, failed map[int]error) error {
	if !c.repeats.Load() {
		err := c.transact(ctx, batch, failed, false)
		if !errors.Is(err, errKnown) {
			return err
		}
	}
	return c.transact(ctx, batch, failed, true)
}

// opening is a transaction in which a batch's facts went into the inbox.
type opening struct {
	batch []entry
	tx    pgx.Tx
	w     *work
	err   error // it is not open

	opened chan struct{} // closed when the rest is known
	at     time.Time
}

// open begins a batch's transaction and puts into the inbox what is new.
// failed are facts to hold as failures.
func (c *Consumer) open(ctx context.Context, batch []entry, failed map[int]error, careful bool) (o *opening) {
	o = &opening{batch: batch, at: time.Now()}
	if o.err = c.ensureDays(ctx, batch); o.err != nil {
		return o
	}
	o.w = c.survey(batch, failed)
	if o.tx, o.err = c.pool.Begin(ctx); o.err != nil {
		return o
	}
	if o.err = c.receive(ctx, o.tx, o.w, careful); o.err != nil {
		o.undo(ctx)
	}
	return o
}

// undo ends an open transaction. After a commit there is nothing to undo.
func (o *opening) undo(ctx context.Context) {
	if o.tx != nil {
		_ = o.tx.Rollback(context.WithoutCancel(ctx)) // a connection that cannot even do that is closed
	}
}

// openAhead opens the transaction of the batch to come. Until the one at hand
// has ended it does nothing but wait: subjects are locked and effects carried
// out in the order of the batches.
func (c *settler) openAhead(ctx context.Context, batch []entry) {
	if len(batch) == 0 || c.repeats.Load() {
		return
	}
	o := &opening{batch: batch, opened: make(chan struct{})}
	c.ahead = o
	go func() {
		defer close(o.opened)
		done := c.open(ctx, o.batch, nil, false)
		o.tx, o.w, o.err, o.at = done.tx, done.w, done.err, done.at
	}()
}

// closeAhead undoes what was opened ahead. A batch is only tried again
// without: it may hold a fact that the batch to come holds too.
func (c *settler) closeAhead(ctx context.Context) {
	if o := c.ahead; o != nil {
		c.ahead = nil
		<-o.opened
		o.undo(ctx)
	}
}

// aheadKeeps is below the time after which the database ends a session that
// idles in a transaction.
const aheadKeeps = 2 * time.Second

// opening is the batch's transaction: the one that was opened ahead, or a new
// one.
func (c *settler) opening(ctx context.Context, batch []entry, failed map[int]error, careful bool) *opening {
	o := c.ahead
	if o == nil || careful || len(failed) > 0 || len(o.batch) != len(batch) || &o.batch[0] != &batch[0] {
		c.closeAhead(ctx)
		return c.open(ctx, batch, failed, careful)
	}
	<-o.opened
	if o.err == nil && time.Since(o.at) > aheadKeeps {
		c.closeAhead(ctx)
		return c.open(ctx, batch, failed, careful)
	}
	c.ahead = nil
	return o
}

// transact is the one transaction of a batch: what is new goes into the inbox,
// the subjects are locked, the effects of all facts whose turn it is are
// carried out, the others are held. failed are facts to hold as failures.
func (c *settler) transact(ctx context.Context, batch []entry, failed map[int]error, careful bool) (err error) {
	began := time.Now()
	o := c.opening(ctx, batch, failed, careful)
	if o.err != nil {
		return o.err
	}
	tx, w := o.tx, o.w
	defer func() { // in this order: what was opened ahead may wait for this transaction
		o.undo(ctx)
		if err != nil {
			c.closeAhead(ctx)
		}
	}()
	if c.openNext != nil && !careful && len(failed) == 0 {
		c.openNext()
		c.openNext = nil
	}
	if err := c.place(ctx, tx, w, careful); err != nil {
		return err
	}
	if err := c.passGone(ctx, tx, w); err != nil {
		return err
	}
	ready, holdings := w.sort(failed)
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
	unblocked, err := c.record(ctx, tx, w, holdings)
	if err == nil {
		err = tx.Commit(ctx)
	}
	if err != nil {
		if len(ready) > 0 && !pg.Transient(err) {
			return &effectError{-1, fmt.Errorf("commit after the effects: %w", err)} // they left the transaction broken
		}
		return err
	}
	c.repeats.Store(careful && slices.Contains(w.fresh, false))
	c.count(w, ready, time.Since(began))
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

func (c *Consumer) count(w *work, ready []int, took time.Duration) {
	now := time.Now()
	for _, source := range c.sources {
		applied, known := 0, 0
		delay := c.m.delay.WithLabelValues(source)
		for _, at := range ready {
			if r := &w.batch[at].rec; r.Source == source {
				applied++
				delay.Observe(now.Sub(r.RecordedAt).Seconds())
			}
		}
		for i := range w.batch {
			if e := &w.batch[i]; e.isFact() && !w.fresh[i] && e.rec.Source == source {
				known++
			}
		}
		c.m.applied.WithLabelValues(source).Add(float64(applied))
		c.m.duplicates.WithLabelValues(source).Add(float64(known))
	}
	c.m.batches.Observe(took.Seconds())
}

// ensureDays makes the inbox's partitions of days that are not there.
func (c *Consumer) ensureDays(ctx context.Context, batch []entry) error {
	for i := range batch {
		e := &batch[i]
		if !e.isFact() {
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

// work is a batch with what is found out about it.
type work struct {
	batch  []entry
	fresh  []bool   // facts that were not received before
	places []*place // the subjects, in the order they appear in
	at     []int    // of each entry, the index of its place; -1 without one

	// The facts, as the inbox stores them.
	subs     []int16
	ids      [][16]byte
	recorded []time.Time
}

// survey lists a batch's subjects and facts, in memory.
func (c *Consumer) survey(batch []entry, failed map[int]error) *work {
	n := len(batch)
	w := &work{
		batch: batch, fresh: make([]bool, n), at: make([]int, n),
		subs: make([]int16, 0, n), ids: make([][16]byte, 0, n), recorded: make([]time.Time, 0, n),
	}
	index := make(map[subjectKey]int, n)
	for i := range batch {
		e := &batch[i]
		if e.bad != nil {
			w.at[i] = -1
			continue
		}
		k := subjectKey{c.subs[e.rec.Source], e.rec.Subject}
		at, ok := index[k]
		if !ok {
			at = len(w.places)
			index[k] = at
			w.places = append(w.places, &place{key: k, first: e.rec.Seq, last: e.rec.Seq - 1, inOrder: true})
		}
		w.at[i] = at
		p := w.places[at]
		if e.gone != nil {
			p.inOrder = false
			continue
		}
		_, bad := failed[i]
		p.inOrder = p.inOrder && !bad && e.rec.Seq == p.last+1
		p.last = e.rec.Seq
		w.subs, w.ids, w.recorded = append(w.subs, k.sub), append(w.ids, uuid.MustParse(e.rec.ID)), append(w.recorded, e.rec.RecordedAt) // decode has parsed the id
	}
	return w
}

// keys are the subjects of those places that f chooses, as parameters, with
// their index among all.
func (w *work) keys(f func(*place) bool) (subs []int16, subjects []string, index []int) {
	subs, subjects, index = make([]int16, 0, len(w.places)), make([]string, 0, len(w.places)), make([]int, 0, len(w.places))
	for i, p := range w.places {
		if f(p) {
			subs, subjects, index = append(subs, p.key.sub), append(subjects, p.key.subject), append(index, i)
		}
	}
	return subs, subjects, index
}

const (
	// expectSQL takes every fact for news: one that is known breaks it.
	expectSQL  = "COPY event_inbox (subscription, recorded_at, event_id) FROM STDIN (FORMAT binary)"
	receiveSQL = `INSERT INTO event_inbox (subscription, event_id, recorded_at)
		SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::timestamptz[]) ORDER BY 1, 2
		ON CONFLICT DO NOTHING RETURNING subscription, event_id`
	// moveSQL locks and advances the subjects whose run is just what comes
	// next, which is nearly always all of them.
	moveSQL = `UPDATE event_position p SET seq = i.last
		FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS i(s, k, first, last, n)
		WHERE p.subscription = i.s AND p.subject = i.k AND p.seq = i.first - 1 RETURNING i.n`
	// beginSQL makes the rows of new subjects. One whose row is there already is
	// left to the longer way.
	beginSQL = `WITH i AS (SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS i(s, k, first, last, n)),
		begun AS (INSERT INTO event_position (subscription, subject, seq) SELECT s, k, last FROM i WHERE first = 1 ORDER BY s, k
			ON CONFLICT DO NOTHING RETURNING subscription, subject)
		SELECT i.n FROM begun JOIN i ON i.s = begun.subscription AND i.k = begun.subject`
	lockSQL = `SELECT i.n, p.seq FROM event_position p
		JOIN unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS i(s, k, n) ON p.subscription = i.s AND p.subject = i.k
		ORDER BY p.subscription, p.subject FOR UPDATE OF p`
	openSQL = `INSERT INTO event_position (subscription, subject, seq)
		SELECT s, k, 0 FROM unnest($1::smallint[], $2::text[]) AS i(s, k) ORDER BY 1, 2 ON CONFLICT DO NOTHING`
	// heldSQL does not look subject by subject while nothing at all is held.
	heldSQL = `SELECT i.n, h.seq FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY AS i(s, k, n), LATERAL (
		SELECT seq FROM event_held h WHERE h.subscription = i.s AND h.subject = i.k AND h.seq IS NOT NULL ORDER BY seq LIMIT 1) h
		WHERE (SELECT EXISTS (SELECT FROM event_held))`
)

// numbered reads rows of an ordinal and, unless it is nil, a number.
func numbered(f func(n int, seq int64), withSeq bool) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var n int
		var seq int64
		into := []any{&n}
		if withSeq {
			into = append(into, &seq)
		}
		_, err := pgx.ForEachRow(rows, into, func() error { f(n-1, seq); return nil })
		return err
	}
}

// receive writes to the inbox. It takes every fact for news, and answers
// errKnown when that is wrong, unless it is to be careful.
func (c *Consumer) receive(ctx context.Context, tx pgx.Tx, w *work, careful bool) error {
	if careful {
		b := &pgx.Batch{}
		c.queueReceive(b, w)
		return tx.SendBatch(ctx, b).Close()
	}
	for i := range w.batch {
		w.fresh[i] = w.batch[i].isFact()
	}
	if len(w.ids) == 0 {
		return nil
	}
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(w.inboxRows()), expectSQL)
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok && pe.Code == uniqueViolation {
		return errKnown
	}
	return err
}

// inboxRows are a batch's facts as expectSQL takes them.
func (w *work) inboxRows() []byte {
	const row = 2 + 4 + 2 + 4 + 8 + 4 + 16
	b := make([]byte, 0, len(pg.CopyHeader)+row*len(w.ids)+len(pg.CopyEnd))
	b = append(b, pg.CopyHeader...)
	for i := range w.ids {
		b = pg.AppendCopyInt16(pg.AppendCopyRow(b, 3), w.subs[i])
		b = pg.AppendCopyTime(b, w.recorded[i])
		b = pg.AppendCopyField(b, w.ids[i][:])
	}
	return append(b, pg.CopyEnd...)
}

// place locks the subjects and learns where they stand: in one round trip when
// all of them stand just before what the batch brings, in up to three
// otherwise.
func (c *Consumer) place(ctx context.Context, tx pgx.Tx, w *work, careful bool) error {
	b := &pgx.Batch{}
	if !careful {
		c.queueMove(b, w)
	}
	subs, subjects, _ := w.keys(func(*place) bool { return true })
	b.Queue(heldSQL, subs, subjects).Query(numbered(func(n int, seq int64) { w.places[n].held = seq }, true))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, p := range w.places {
		if p.moved && p.held > 0 && p.held <= p.last {
			return errKnown // a number was used twice: the longer way looks closely
		}
	}
	return c.lock(ctx, tx, w)
}

// queueMove advances the subjects whose run is just what comes next, and
// begins those whose run is the first there is.
func (c *Consumer) queueMove(b *pgx.Batch, w *work) {
	for _, m := range []struct {
		sql   string
		which func(*place) bool
	}{
		{beginSQL, func(p *place) bool { return p.inOrder && p.first == 1 }},
		{moveSQL, func(p *place) bool { return p.inOrder && p.first > 1 }},
	} {
		subs, subjects, index := w.keys(m.which)
		if len(index) == 0 {
			continue
		}
		firsts, lasts := make([]int64, len(index)), make([]int64, len(index))
		for i, at := range index {
			firsts[i], lasts[i] = w.places[at].first, w.places[at].last
		}
		b.Queue(m.sql, subs, subjects, firsts, lasts).Query(numbered(func(n int, _ int64) {
			p := w.places[index[n]]
			p.moved, p.from, p.seq = true, p.first-1, p.last
		}, false))
	}
}

// uniqueViolation is the SQLSTATE of a second row with one key.
const uniqueViolation = "23505"

// queueReceive writes to the inbox what it does not know, and learns which
// facts that is.
func (c *Consumer) queueReceive(b *pgx.Batch, w *work) {
	type inboxKey struct {
		sub int16
		id  [16]byte
	}
	first := make(map[inboxKey]int, len(w.ids))
	n := 0
	for i := range w.batch {
		if !w.batch[i].isFact() {
			continue
		}
		k := inboxKey{w.subs[n], w.ids[n]}
		if _, again := first[k]; !again {
			first[k] = i
		}
		n++
	}
	b.Queue(receiveSQL, w.subs, w.ids, w.recorded).Query(func(rows pgx.Rows) error {
		var k inboxKey
		_, err := pgx.ForEachRow(rows, []any{&k.sub, &k.id}, func() error {
			w.fresh[first[k]] = true
			return nil
		})
		return err
	})
}

// lock locks the subjects that have not moved, making the rows of new ones.
func (c *Consumer) lock(ctx context.Context, tx pgx.Tx, w *work) error {
	locked := map[int]bool{}
	for _, open := range []bool{false, true} {
		subs, subjects, index := w.keys(func(p *place) bool { return !p.moved })
		if len(index) == len(locked) {
			return nil
		}
		b := &pgx.Batch{}
		if open {
			b.Queue(openSQL, subs, subjects)
		}
		b.Queue(lockSQL, subs, subjects).Query(numbered(func(n int, seq int64) {
			p := w.places[index[n]]
			p.from, p.seq = seq, seq
			locked[index[n]] = true
		}, true))
		if !open { // what was held before the lock may have been applied meanwhile
			b.Queue(heldSQL, subs, subjects).Query(numbered(func(n int, seq int64) { w.places[index[n]].held = seq }, true))
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	}
	return nil
}

// inboxKeeps is below the inbox's retention: a fact recorded earlier may have
// been received and forgotten.
const inboxKeeps = 7 * 24 * time.Hour

// sort decides what happens to each entry: ready are those whose turn it is,
// in the order to apply them.
func (w *work) sort(failed map[int]error) (ready []int, holdings []holding) {
	ready = make([]int, 0, len(w.batch))
	for i := range w.batch {
		e := &w.batch[i]
		switch {
		case e.gone != nil:
			continue
		case e.bad != nil:
			holdings = append(holdings, holding{at: i, state: stateDead, err: e.bad})
			continue
		case !w.fresh[i]:
			continue
		}
		p := w.places[w.at[i]]
		if p.moved {
			ready = append(ready, i)
			continue
		}
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
	for _, p := range w.places {
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
	holdSQL = `INSERT INTO event_held (subscription, state, stream_id, event_id, type, subject, seq, time, recorded_at, unit, actor, traceparent, data, attempts, next_at, error, proof)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now() + $15::interval, $16, $17) ON CONFLICT DO NOTHING`
)

// record writes what the batch changes beside the effects. unblocked says
// that held facts have their turn now.
func (c *Consumer) record(ctx context.Context, tx pgx.Tx, w *work, holdings []holding) (unblocked bool, err error) {
	seqs := func(index []int) []int64 {
		out := make([]int64, len(index))
		for i, at := range index {
			out[i] = w.places[at].seq
		}
		return out
	}
	b := &pgx.Batch{}
	if subs, subjects, index := w.keys(func(p *place) bool { return !p.moved && p.seq > p.from }); len(index) > 0 {
		b.Queue(advanceSQL, subs, subjects, seqs(index))
	}
	for _, h := range holdings {
		c.hold(b, w.batch[h.at], h)
	}
	if subs, subjects, index := w.keys(func(p *place) bool { return p.seq > p.from && p.held == p.seq+1 }); len(index) > 0 {
		unblocked = true
		b.Queue(unblockSQL, subs, subjects, seqs(index))
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
	b.Queue(holdSQL, c.subs[e.rec.Source], h.state, e.id.String(), r.ID, r.Type, r.Subject, h.seq, r.Time, r.RecordedAt, r.Unit, r.Actor, r.TraceParent, r.Data, attempts, next, text, r.proof.text())
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
