package event

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	gather  time.Duration // between two readings of what is new, when there is no backlog
	proofs  *verifier     // nil: everything is believed
	size    atomic.Int64  // of the last replies, in bytes; what room the next needs
}

// NewReader reads as a member of group, which shares the streams among its
// members. batch is how many facts a call gets at most, 0 = 256; keys are those
// of the sources, nil believes whoever writes to Redis.
func NewReader(rdb redis.UniversalClient, group string, sources []string, keys Keys, batch int) *Reader {
	return newReader(rdb, group, sources, keys, false, or(batch, 256), 10*time.Second)
}

// newReader reads the streams of sources and, for a group that asks for what
// it misses, the side streams with the answers.
func newReader(rdb redis.UniversalClient, group string, sources []string, keys Keys, answers bool, batch int, beat time.Duration) *Reader {
	r := &Reader{
		rdb: rdb, group: group, me: instance(), batch: batch, beat: beat,
		origin: map[string]string{},
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
	if keys != nil {
		r.proofs = newVerifier(rdb, keys, r.origin)
	}
	return r
}

// Run calls f until ctx ends and then returns nil. A batch is repeated while f
// fails; when f is done with it the slice serves for the next. Entries that
// cannot be read or that their source did not sign are logged and left out.
func (r *Reader) Run(ctx context.Context, log *slog.Logger, f func(ctx context.Context, batch []Record) error) error {
	report := (&reporter{log: log.With("group", r.group)}).report
	newTake := func() take {
		var recs []Record
		return func(ctx context.Context, batch, _ []entry) bool {
			recs = recs[:0]
			for i := range batch {
				e := &batch[i]
				if e.bad != nil {
					log.ErrorContext(ctx, "reader: an entry is left out", "stream", e.stream, "id", e.id, "error", e.bad)
					continue
				}
				recs = append(recs, e.rec)
			}
			return len(recs) == 0 || persist(ctx, report, func(ctx context.Context) error { return f(ctx, recs) })
		}
	}
	var g errgroup.Group
	g.Go(func() error {
		take := newTake()
		return forever(ctx, report, func(ctx context.Context) error { return r.consume(ctx, take) })
	})
	g.Go(func() error {
		take := newTake()
		return forever(ctx, report, func(ctx context.Context) error { return r.takeOver(ctx, take) })
	})
	g.Go(func() error { return forever(ctx, report, r.heartbeat) })
	err := g.Wait()
	r.leave(context.WithoutCancel(ctx))
	return err
}

// take works on a batch to its end. It answers false when ctx ended first:
// the batch is then not acknowledged. next is the batch that follows, as far as
// it is known.
type take func(ctx context.Context, batch, next []entry) bool

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
	var looking sync.WaitGroup
	defer looking.Wait()
	if r.proofs != nil {
		looking.Go(func() { stop(r.proofs.awaitKeys(ctx)) }) // what waits is pending, and read again
	}
	in := newIntake()
	go func() {
		defer close(in.ready)
		err := r.readOwn(ctx, in)
		if err == nil {
			err = r.readNew(ctx, in)
		}
		stop(err)
	}()
	var acknowledging sync.WaitGroup // of the last batch, while the next is worked on
	defer acknowledging.Wait()
	done := func(part []entry) error {
		receipt := r.receipt(ctx, part)
		acknowledging.Wait()
		acknowledging.Go(func() {
			if _, err := receipt.Exec(ctx); err != nil {
				stop(err) // the batch comes again
			}
		})
		return ctx.Err()
	}
	defer in.drain()
	now := in.wait(r.batch)
	for len(now.loads) > 0 {
		if err := ctx.Err(); err != nil {
			break // what was read and not worked on comes first in the next run
		}
		var next hand
		in.add(&next, r.batch)
		var following []entry
		if 2*len(next.entries) >= r.batch { // a backlog; else what comes meanwhile joins it
			following = next.entries
		}
		if err := r.work(ctx, now.entries, following, f, done); err != nil {
			stop(err)
			break
		}
		in.release(now)
		switch now = next; {
		case len(now.loads) == 0:
			now = in.wait(r.batch)
		case following == nil:
			in.add(&now, r.batch)
		}
	}
	return context.Cause(ctx)
}

// load is a reply of Redis and the entries in it, whose data lie in its memory.
type load struct {
	reply   resp
	entries []entry
}

// hand is what is worked on at a time: the entries of loads that lay ready
// together, in their order. While work is slow, few facts a load would else cost
// a transaction each.
type hand struct {
	loads   []*load
	entries []entry
}

// intake is what lies between reading and working: loads, and such whose work is
// done. Their memory serves again: what was just in use is the quickest.
type intake struct{ ready, free chan *load }

// loads is how many there are in a backlog: one is read into, one waits to be
// taken apart, one is, two wait for their work, one is worked on.
const loads = 6

func newIntake() intake {
	return intake{ready: make(chan *load, 2), free: make(chan *load, loads)}
}

// wait returns what lies ready, about so many entries at most, and waits for the
// first. It is empty when there will be none any more.
func (in intake) wait(most int) (h hand) {
	if l, ok := <-in.ready; ok {
		h.take(l)
		in.add(&h, most)
	}
	return h
}

// add puts into a hand what lies ready, until it has so many entries.
func (in intake) add(h *hand, most int) {
	for len(h.entries) < most {
		select {
		case l, ok := <-in.ready:
			if !ok {
				return
			}
			h.take(l)
		default:
			return
		}
	}
}

func (h *hand) take(l *load) {
	if h.loads = append(h.loads, l); len(h.loads) == 1 {
		h.entries = l.entries
	} else {
		h.entries = append(h.entries, l.entries...)
	}
}

// drain throws away what lies ready until the reader is done.
func (in intake) drain() {
	for range in.ready {
	}
}

func (in intake) empty() *load {
	select {
	case l := <-in.free:
		return l
	default:
		return &load{}
	}
}

// release takes the loads of a hand back.
func (in intake) release(h hand) {
	for _, l := range h.loads {
		in.recycle(l)
	}
}

// recycle empties a load's memory at once: who still relies on it shall see that
// every time, not now and then.
func (in intake) recycle(l *load) {
	clear(l.reply)
	select {
	case in.free <- l:
	default:
	}
}

// pass proves the entries of a load and passes them on to be worked on.
func (r *Reader) pass(ctx context.Context, in intake, l *load) (err error) {
	if l.entries, err = r.proofs.verify(ctx, l.entries); err != nil {
		return err
	}
	if len(l.entries) == 0 {
		in.recycle(l)
		return nil
	}
	select {
	case in.ready <- l:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readOwn reads what is pending for this very process: it was delivered and
// an error came between.
func (r *Reader) readOwn(ctx context.Context, in intake) error {
	for _, key := range r.streams {
		for from := "0"; ; {
			l := in.empty()
			err := r.read(ctx, l, "XREADGROUP", "GROUP", r.group, r.me, "COUNT", r.batch, "STREAMS", key, from)
			if err == nil {
				err = l.takeApart(r.origin)
			}
			if err != nil {
				return err
			}
			if len(l.entries) == 0 {
				break
			}
			from = l.entries[len(l.entries)-1].id.String()
			if err := r.pass(ctx, in, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// readNew reads what no process was given yet. While one reply is taken apart
// and proved, Redis makes the next: either takes about as long as the other. Where
// facts are gathered there is a pause between, unless a reply was full: more lies
// ready then.
func (r *Reader) readNew(ctx context.Context, in intake) error {
	replies, gathered := make(chan *load, 1), make(chan struct{}, 1)
	if r.gather == 0 {
		close(gathered)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(replies)
		return r.fetchNew(ctx, in, replies, gathered)
	})
	g.Go(func() error {
		for l := range replies {
			err := l.takeApart(r.origin)
			n := len(l.entries)
			if err == nil {
				err = r.pass(ctx, in, l)
			}
			if err != nil {
				return err
			}
			if r.gather == 0 {
				continue
			}
			if 0 < n && n < r.batch && !wait(ctx, r.gather) {
				return ctx.Err()
			}
			gathered <- struct{}{}
		}
		return nil
	})
	return g.Wait()
}

// fetchNew fetches replies with what no process was given yet, one after the
// other and each when gathered lets it, until it fails or ctx ends.
func (r *Reader) fetchNew(ctx context.Context, in intake, replies chan<- *load, gathered <-chan struct{}) error {
	args := []any{"XREADGROUP", "GROUP", r.group, r.me, "COUNT", r.batch, "BLOCK", block.Milliseconds(), "STREAMS"}
	for _, key := range r.streams {
		args = append(args, key)
	}
	for range r.streams {
		args = append(args, ">")
	}
	for {
		l := in.empty()
		if err := r.read(ctx, l, args...); err != nil {
			return err
		}
		select {
		case replies <- l:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-gathered:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read runs a command whose reply carries entries, and takes the reply as it
// is. Memory for it is made once, as large as replies were of late (growing into
// it costs more than reading it), and given up when they have become far smaller.
func (r *Reader) read(ctx context.Context, l *load, args ...any) error {
	const small = 4 << 10
	if n := int(r.size.Load()); cap(l.reply) < n || cap(l.reply) > 4*n+small {
		l.reply = make(resp, 0, n)
	}
	l.reply = l.reply[:0]
	if err := r.rdb.Process(ctx, redis.NewRawWriteToCmd(ctx, &l.reply, args...)); err != nil {
		return err
	}
	n := int64(len(l.reply))
	r.size.Store(max(n+n/16, r.size.Load()/2))
	return l.reply.refusal()
}

// takeApart reads the entries of a reply of XREADGROUP.
func (l *load) takeApart(origin map[string]string) (err error) {
	rest := l.reply
	l.entries, err = rest.streams(origin, l.entries[:0])
	return err
}

// work brings entries to their end, a batch at a time and however long that
// takes, and calls done with those that have come to it. next are the entries
// that follow.
func (r *Reader) work(ctx context.Context, entries, next []entry, f take, done func([]entry) error) error {
	for len(entries) > 0 {
		part := entries[:min(r.batch, len(entries))]
		entries = entries[len(part):]
		following := entries
		if len(entries) == 0 {
			following = next
		}
		following = following[:min(r.batch, len(following))]
		if slices.ContainsFunc(following, isDeleted) {
			following = nil // it will be another batch without them
		}
		live := part
		if slices.ContainsFunc(part, isDeleted) { // while they were pending
			live = slices.DeleteFunc(slices.Clone(part), isDeleted)
		}
		if len(live) > 0 && !f(ctx, live, following) {
			return ctx.Err()
		}
		if err := done(part); err != nil {
			return err
		}
	}
	return nil
}

func isDeleted(e entry) bool { return e.deleted }

// receipt acknowledges entries when it is executed. It does not share their
// memory, which the next batches use.
func (r *Reader) receipt(ctx context.Context, part []entry) redis.Pipeliner {
	pipe := r.rdb.Pipeline()
	for len(part) > 0 { // a reply has the entries of one stream together
		stream, n := part[0].stream, 1
		for n < len(part) && part[n].stream == stream {
			n++
		}
		args, ids := make([]any, 3, 3+n), texts(part[:n])
		args[0], args[1], args[2] = "XACK", stream, r.group
		for i := range ids {
			args = append(args, &ids[i]) // a string itself is put on the heap once more
		}
		pipe.Do(ctx, args...)
		if isReplay(stream) { // it is this group's alone
			pipe.Do(ctx, append([]any{"XDEL", stream}, args[3:]...)...)
		}
		part = part[n:]
	}
	return pipe
}

// texts are the ids of entries, all cut from one string.
func texts(entries []entry) []string {
	ends := make([]int, len(entries))
	block := make([]byte, 0, len(entries)*streamIDText)
	for i := range entries {
		block = entries[i].id.append(block)
		ends[i] = len(block)
	}
	return cutAt(block, ends)
}

// pendingAtOnce bounds how many entries one heartbeat speaks of.
const pendingAtOnce = 4096

// heartbeat tells the group that what is pending for this process is not
// abandoned: it is being worked on, or will be when the streams are next read.
func (r *Reader) heartbeat(ctx context.Context) error {
	return every(ctx, r.beat, func(ctx context.Context) error {
		for _, key := range r.streams {
			pending, err := r.rdb.XPendingExt(ctx, &redis.XPendingExtArgs{
				Stream: key, Group: r.group, Start: "-", End: "+", Count: pendingAtOnce, Consumer: r.me,
			}).Result()
			if err != nil && !gone(err) {
				return err
			}
			if len(pending) == 0 {
				continue
			}
			ids := make([]string, len(pending))
			for i, p := range pending {
				ids[i] = p.ID
			}
			err = r.rdb.XClaimJustID(ctx, &redis.XClaimArgs{Stream: key, Group: r.group, Consumer: r.me, Messages: ids}).Err()
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
		var l load
		err := r.read(ctx, &l, "XAUTOCLAIM", key, r.group, r.me, (3 * r.beat).Milliseconds(), from, "COUNT", r.batch)
		if gone(err) {
			return nil
		}
		if err != nil {
			return err
		}
		next, entries, err := l.reply.claimed(key, r.origin[key])
		if err == nil {
			entries, err = r.proofs.verify(ctx, entries)
		}
		if err != nil {
			return err
		}
		err = r.work(ctx, entries, nil, f, func(part []entry) error {
			_, err := r.receipt(ctx, part).Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if from = next; next == "0-0" {
			return nil
		}
	}
}
