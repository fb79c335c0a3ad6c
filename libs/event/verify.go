package event

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"egov/libs/ledger"
)

// verifier holds what a reader takes from Redis to what the producers signed. It
// is safe for concurrent use.
type verifier struct {
	rdb    redis.UniversalClient
	keys   Keys
	origin map[string]string // stream → the source whose facts it carries

	refused func(source, code string) // tells of each entry refused
	missing func(ctx context.Context, source string, facts []request) error

	mu      sync.Mutex          // for a reply at a time
	known   map[string][]cover  // by stream, the batches read last
	waiting map[string]*waiting // by source: entries of keys not known yet
}

// cover is what proves the entries of a stream from one id to another: a batch,
// or nothing, or the reason why the batch does not.
type cover struct {
	from, to streamID
	batch    *batch
	err      error
}

// waiting is what a source signed with keys that are not known yet.
type waiting struct {
	keys  map[string]time.Time // when each was used, as it says itself
	since time.Time
}

const (
	coversKept  = 16 // of each stream, in memory
	coversAhead = 4  // batches read at once
)

func newVerifier(rdb redis.UniversalClient, keys Keys, origin map[string]string) *verifier {
	return &verifier{
		rdb: rdb, keys: keys, origin: origin, known: map[string][]cover{}, waiting: map[string]*waiting{},
		refused: func(string, string) {},
		missing: func(context.Context, string, []request) error { return nil },
	}
}

// verify refuses the entries that their source did not sign, and leaves those out
// whose key is not known yet: they stay pending until it is. What was refused may
// stand in the place of something true, which its source is asked for.
func (v *verifier) verify(ctx context.Context, entries []entry) ([]entry, error) {
	if v == nil {
		return entries, nil
	}
	var ask map[string][]request
	unknown := false
	v.mu.Lock()
	defer v.mu.Unlock()
	var last spot
	for i := range entries {
		e := &entries[i]
		if e.deleted || e.bad != nil {
			continue
		}
		source := v.origin[e.stream]
		err := v.prove(ctx, e, source, &last)
		switch {
		case err == nil:
		case errors.Is(err, ErrKeyUnknown):
			e.unproven, unknown = true, true
		case errors.Is(err, ErrForged) || errors.Is(err, ErrUnsigned):
			if e.gone == nil && !isReplay(e.stream) {
				if ask == nil {
					ask = map[string][]request{}
				}
				ask[source] = append(ask[source], request{subject: e.rec.Subject, from: e.rec.Seq, to: e.rec.Seq})
			}
			v.refused(source, codeOf(err))
			e.refuse(err, source)
		default:
			return nil, err
		}
	}
	if unknown {
		entries = slices.DeleteFunc(entries, func(e entry) bool { return e.unproven })
	}
	for source, facts := range ask {
		if err := v.missing(ctx, source, facts); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func codeOf(err error) string {
	if errors.Is(err, ErrUnsigned) {
		return ErrUnsigned.Code
	}
	return ErrForged.Code
}

// spot is what covered the entry before: it is likely to cover the next one.
type spot struct {
	stream string
	cover  cover
}

// prove finds e in the batch that covers it.
func (v *verifier) prove(ctx context.Context, e *entry, source string, last *spot) error {
	if last.stream != e.stream || !last.cover.has(e.id) {
		c, err := v.cover(ctx, e.stream, source, e.id)
		if err != nil {
			return err
		}
		*last = spot{e.stream, c}
	}
	c := &last.cover
	if c.err != nil {
		if errors.Is(c.err, ErrKeyUnknown) {
			v.await(source, c.batch)
		}
		return c.err
	}
	leaf := ledger.Sum256(e.event)
	if e.gone != nil {
		leaf = e.gone.leaf(source, e.rec.Subject)
	}
	at := c.batch.find(leaf)
	if at < 0 {
		return ErrForged.With(fmt.Errorf("it is not one of the %d events of its batch", len(c.batch.leaves)))
	}
	e.rec.proof = proven{batch: c.batch, at: at}
	return nil
}

func (c *cover) has(id streamID) bool { return c.from.compare(id) <= 0 && id.compare(c.to) <= 0 }

// cover is what covers the entry of that id, from memory or from Redis.
func (v *verifier) cover(ctx context.Context, stream, source string, id streamID) (cover, error) {
	for _, c := range slices.Backward(v.known[stream]) {
		if c.has(id) {
			return c, nil
		}
	}
	found, err := v.rdb.XRangeN(ctx, proofKey(stream), id.String(), "+", coversAhead).Result()
	if err != nil {
		return cover{}, err
	}
	covers := make([]cover, len(found))
	for i, m := range found {
		covers[i] = v.read(source, m)
	}
	if len(covers) == 0 {
		return cover{from: id, to: streamID{math.MaxUint64, math.MaxUint64}, err: ErrUnsigned}, nil
	}
	if first := covers[0].from; id.compare(first) < 0 {
		return cover{from: id, to: first.before(), err: ErrUnsigned}, nil
	}
	known := append(v.known[stream], covers...)
	v.known[stream] = known[max(0, len(known)-coversKept):]
	return covers[0], nil
}

// read takes one entry of a stream of batches.
func (v *verifier) read(source string, m redis.XMessage) cover {
	from, _ := m.Values["from"].(string)
	form, _ := m.Values["batch"].(string)
	var c cover
	var err error
	if c.to, err = parseStreamID(m.ID); err != nil {
		c.err = ErrUnsigned.With(err)
		return c
	}
	if c.from, err = parseStreamID(from); err != nil || c.to.compare(c.from) < 0 {
		c.from = c.to // somebody meddled with it: it proves one entry at most
	}
	if c.batch, c.err = readBatch(source, []byte(form)); c.err == nil {
		c.err = c.batch.check(v.keys)
	}
	return c
}

// await notes that something waits for a batch's key.
func (v *verifier) await(source string, b *batch) {
	w := v.waiting[source]
	if w == nil {
		w = &waiting{keys: map[string]time.Time{}, since: time.Now()}
		v.waiting[source] = w
	}
	if len(w.keys) < coversKept { // whoever invents more holds up his own entries alone
		w.keys[b.keyID] = b.signedAt
	}
}

// arrived says that a key has come to be known that something waits for. It
// forgets what was found without it.
func (v *verifier) arrived() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	come := false
	for source, w := range v.waiting {
		for id, at := range w.keys {
			if _, err := v.keys.VerifyingKey(source, id, at); !errors.Is(err, ErrKeyUnknown) {
				come = true
				delete(v.waiting, source)
				break
			}
		}
	}
	if come {
		clear(v.known)
	}
	return come
}

// delays tells, by source, for how long something has waited for a key.
func (v *verifier) delays() map[string]time.Duration {
	out := map[string]time.Duration{}
	if v == nil {
		return out
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for source, w := range v.waiting {
		out[source] = time.Since(w.since)
	}
	return out
}

// keyLook is how often it is looked for keys that something waits for.
const keyLook = 250 * time.Millisecond

// awaitKeys ends with errAgain when something can be proved that could not.
func (v *verifier) awaitKeys(ctx context.Context) error {
	return every(ctx, keyLook, func(context.Context) error {
		if v.arrived() {
			return errAgain
		}
		return nil
	})
}
