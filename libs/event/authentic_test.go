package event_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/redistest"
	"egov/libs/sign"
)

const proofs = "egov:proofs:" + source

// attacker owns Redis: he reads and writes whatever he likes, and knows the form
// of everything. He has a service's key of his own, and not the producer's.
type attacker struct {
	*bench
	key *sign.PrivateKey
}

func (b *bench) attacker() attacker {
	return attacker{b, b.keys.add(b.t, "procurement", sign.SM2)}
}

func value(m redis.XMessage) string { return fmt.Sprint(m.Values[event.EntryField]) }

// signed is a batch of these events that key signs in the name of of.
func signed(t *testing.T, key *sign.PrivateKey, of string, events ...string) []byte {
	t.Helper()
	var leaves []ledger.Hash
	for _, e := range events {
		leaves = append(leaves, ledger.Sum256([]byte(e)))
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	root := ledger.NewLeaves(leaves).Root()
	text := fmt.Sprintf("egov.event-batch/v1\n%s\n%s\n%s\n%d\n%s\n", of, key.KeyID(), at.Format("2006-01-02T15:04:05.000000Z"), len(leaves), base64.StdEncoding.EncodeToString(root[:]))
	sig, err := key.SignMessage([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	id, err := hex.DecodeString(key.KeyID())
	if err != nil {
		t.Fatal(err)
	}
	form := binary.BigEndian.AppendUint64(append([]byte{1}, id...), uint64(at.UnixMicro()))
	form = append(binary.BigEndian.AppendUint16(form, uint16(len(sig))), sig...)
	for _, l := range leaves {
		form = append(form, l[:]...)
	}
	return form
}

// after is the id that follows one.
func after(id string) string {
	hi, lo, _ := strings.Cut(id, "-")
	var n int
	_, _ = fmt.Sscan(lo, &n) // ids of Redis
	return fmt.Sprintf("%s-%d", hi, n+1)
}

// puts replaces a stream by entries under their own ids.
func (a attacker) puts(key string, entries []redis.XMessage) {
	a.t.Helper()
	ctx := a.t.Context()
	pipe := a.rdb.TxPipeline()
	pipe.Del(ctx, key)
	for _, m := range entries {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, ID: m.ID, Values: m.Values})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		a.t.Fatal(err)
	}
}

func (a attacker) reads(key string) []redis.XMessage {
	a.t.Helper()
	all, err := a.rdb.XRange(a.t.Context(), key, "-", "+").Result()
	if err != nil {
		a.t.Fatal(err)
	}
	return all
}

// adds puts one more event on the stream, with a batch that proves it if there is
// one.
func (a attacker) adds(e string, batch []byte) {
	a.t.Helper()
	all := a.reads(stream)
	id := after(all[len(all)-1].ID)
	if batch != nil {
		if err := a.rdb.XAdd(a.t.Context(), &redis.XAddArgs{Stream: proofs, ID: id, Values: []any{"from", id, "batch", batch}}).Err(); err != nil {
			a.t.Fatal(err)
		}
	}
	if err := a.rdb.XAdd(a.t.Context(), &redis.XAddArgs{Stream: stream, ID: id, Values: []any{event.EntryField, e}}).Err(); err != nil {
		a.t.Fatal(err)
	}
}

// claims is a well-formed event that the producer never stated.
func (a attacker) claims(like redis.XMessage) string {
	a.t.Helper()
	m := with(a.t, like, "id", "01936d2e-0000-7000-8000-00000000000f")
	m = with(a.t, m, "subject", "invented")
	m = with(a.t, m, "egovseq", "1")
	return value(m)
}

// TestNobodySpeaksForAnother has somebody who owns Redis state a fact in a
// service's name, in several ways (SH12-C-6, SH12-C-12). It never has an effect;
// what the service itself states has all of its.
func TestNobodySpeaksForAnother(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		code string
		do   func(a attacker, like redis.XMessage)
	}{
		"without a signature": {"event_unsigned", func(a attacker, like redis.XMessage) { a.adds(a.claims(like), nil) }},
		"with the key of another service": {"event_forged", func(a attacker, like redis.XMessage) {
			a.adds(a.claims(like), signed(a.t, a.key, source, a.claims(like)))
		}},
		"with another service's batch": {"event_forged", func(a attacker, like redis.XMessage) {
			a.adds(a.claims(like), signed(a.t, a.key, "procurement", a.claims(like)))
		}},
		"under a batch of something else": {"event_forged", func(a attacker, like redis.XMessage) {
			all := a.reads(proofs)
			a.adds(a.claims(like), []byte(fmt.Sprint(all[0].Values["batch"])))
		}},
		"under rubbish": {"event_forged", func(a attacker, like redis.XMessage) { a.adds(a.claims(like), []byte("signed")) }},
		"under a batch that is cut": {"event_forged", func(a attacker, like redis.XMessage) {
			batch := signed(a.t, a.key, source, a.claims(like))
			a.adds(a.claims(like), batch[:len(batch)-7])
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			a := b.attacker()
			relay, consumer := b.relay(), b.consumer("expertreview")
			reg := prometheus.NewRegistry()
			reg.MustRegister(consumer)
			b.publishMany(2, 10)
			stop := b.run(relay.Run)
			b.within("the stream is filled", func() bool { return b.rdb.XLen(t.Context(), stream).Val() == 20 })
			stop() // it trims what is read
			tt.do(a, b.entries()[3])
			b.run(consumer.Run)
			letter := b.dead(1)[0]
			if letter.Blocks || !strings.HasPrefix(letter.Reason, tt.code) || letter.Record.Source != source {
				t.Errorf("dead letter %+v", letter)
			}
			if err := event.NewDeadLetters(b.pool).Retry(t.Context(), letter.ID); !errors.Is(err, event.ErrNotRetryable) {
				t.Errorf("it can be tried again: %v", err)
			}
			b.run(b.relay().Run)
			b.publishMany(2, 5)
			b.effectsOf("expertreview", 30)
			if n := query[int](b, "SELECT count(*) FROM effect WHERE subject = 'invented'"); n > 0 {
				t.Errorf("it had %d effects", n)
			}
			if got := refused(t, reg); got != tt.code+" of "+source {
				t.Errorf("counted: %q", got)
			}
		})
	}
}

// refused is what a consumer counted as refused.
func refused(t *testing.T, reg *prometheus.Registry) string {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		if f.GetName() != "egov_consumer_refused_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			out = append(out, labels["code"]+" of "+labels["source"])
		}
	}
	return strings.Join(out, ", ")
}

// TestWhatIsMeddledWithComesAgain has the attacker change what the producer
// stated. The changed has no effect; the true facts are asked for, and each has
// its one.
func TestWhatIsMeddledWithComesAgain(t *testing.T) {
	t.Parallel()
	change := func(a attacker, attribute, to string) {
		all := a.reads(stream)
		all[7].Values = with(a.t, all[7], attribute, to).Values
		a.puts(stream, all)
	}
	for name, do := range map[string]func(a attacker){
		"the unit is another":  func(a attacker) { change(a, "egovunit", "health") },
		"the actor is another": func(a attacker) { change(a, "egovactor", "mallory") },
		"the time is another":  func(a attacker) { change(a, "time", "2026-11-20T09:00:00.000000Z") },
		"it was recorded at another time": func(a attacker) {
			change(a, "recordedtime", time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"))
		},
		"the number is another":  func(a attacker) { change(a, "egovseq", "77") },
		"the subject is another": func(a attacker) { change(a, "subject", "p001") },
		"the data are others": func(a attacker) {
			all := a.reads(stream)
			all[7].Values = map[string]any{event.EntryField: strings.Replace(value(all[7]), `{"n":`, `{"n":4`, 1)}
			a.puts(stream, all)
		},
		"events change places between batches": func(a attacker) {
			all := a.reads(stream)
			last := len(all) - 1
			all[0].Values, all[last].Values = all[last].Values, all[0].Values
			a.puts(stream, all)
		},
		"events change places within a batch": func(a attacker) {
			all := a.reads(stream)
			all[0].Values, all[1].Values = all[1].Values, all[0].Values
			a.puts(stream, all)
		},
		"the leaves of a batch change places": func(a attacker) {
			all := a.reads(proofs)
			b := []byte(fmt.Sprint(all[0].Values["batch"]))
			end := b[len(b)-2*ledger.HashSize:]
			copy(end, slices.Concat(end[ledger.HashSize:], end[:ledger.HashSize]))
			all[0].Values["batch"] = b
			a.puts(proofs, all)
		},
		"batches change places": func(a attacker) {
			all := a.reads(proofs)
			all[0].Values["batch"], all[1].Values["batch"] = all[1].Values["batch"], all[0].Values["batch"]
			a.puts(proofs, all)
		},
		"a batch is missing":      func(a attacker) { a.puts(proofs, a.reads(proofs)[1:]) },
		"all batches are missing": func(a attacker) { a.rdb.Del(a.t.Context(), proofs) },
		"an end is cut off": func(a attacker) {
			all := a.reads(stream)
			a.puts(stream, all[:len(all)-3])
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			a := b.attacker()
			for n := range 2 { // a batch each
				b.publishMany(2, 10)
				b.published(20 * (n + 1))
			}
			do(a)
			b.run(b.relay().Run)
			b.run(b.consumer("expertreview").Run)
			b.effectsOf("expertreview", 40)
			if n := query[int](b, `SELECT count(*) FROM effect WHERE subject NOT IN ('p000', 'p001') OR data !~ '^\{"n":(10|[1-9])\}$'`); n > 0 {
				t.Errorf("%d effects of what was never stated", n)
			}
		})
	}
}

// TestOldBatchesHaveNoEffectAgain replays all that was ever signed, proofs
// included, to a consumer that had it.
func TestOldBatchesHaveNoEffectAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	a := b.attacker()
	b.publishMany(3, 20)
	b.published(60)
	events, batches := a.reads(stream), a.reads(proofs)
	stop := b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 60)
	b.within("all is acknowledged", func() bool { return b.settled("expertreview") })
	stop()
	for i := range events { // as if it were new
		events[i].ID = after(after(events[len(events)-1].ID)) + fmt.Sprint(1000+i)
	}
	from := events[0].ID
	for _, m := range batches {
		m.ID, m.Values["from"] = events[len(events)-1].ID, from
		if err := b.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: proofs, ID: m.ID, Values: m.Values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range events {
		if err := b.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: stream, ID: m.ID, Values: m.Values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	b.run(b.consumer("expertreview").Run)
	b.within("all is acknowledged", func() bool { return b.settled("expertreview") })
	b.exactlyOnceInOrder("expertreview", 60)
	if n := query[int](b, "SELECT count(*) FROM event_held"); n > 0 {
		t.Errorf("%d are held", n)
	}
}

// TestNobodySaysThatFactsAreGone has the attacker answer a consumer's question in
// the producer's place: the numbers are kept no longer, go past them.
func TestNobodySaysThatFactsAreGone(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	a := b.attacker()
	b.publishMany(1, 10)
	all := b.published(10)
	a.puts(stream, all[4:])
	lie := []any{"gone", "1", "source", source, "subject", "p000", "from", 1, "to", 4}
	side := "egov:replay:" + source + ":expertreview"
	for range 3 {
		if err := b.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: side, Values: lie}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	b.run(b.consumer("expertreview").Run)
	b.dead(3)
	if n := query[int](b, "SELECT count(*) FROM event_lost"); n > 0 {
		t.Errorf("%d runs were passed", n)
	}
	b.run(b.relay().Run) // and the truth is still asked for
	b.effectsOf("expertreview", 10)
}

// TestAnUnknownKeyIsWaitedFor lets a producer sign with a key that its consumer
// has not heard of, while another goes on. Nothing is lost or dead, and it is
// counted.
func TestAnUnknownKeyIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	key := b.keys.add(t, source, sign.Ed25519)
	b.keys.set(key.KeyID(), true, nil)
	b.keys.add(t, "budgeting", sign.SM2)
	o := quick(b.log)
	o.Keys = b.keys
	consumer := event.NewConsumer(b.pool, b.rdb, "expertreview", []string{source, "budgeting"}, event.Effects{Default: effect("expertreview")}, o)
	reg := prometheus.NewRegistry()
	reg.MustRegister(consumer)
	b.publishMany(2, 300)
	b.published(600)
	b.run(consumer.Run)
	b.within("it is told that facts wait", func() bool { return waits(t, reg) > 0 })
	other := newBench(t, b.rdb)
	for n := range 5 {
		other.publish(fact("request", n))
	}
	b.run(event.NewRelay(other.pool, b.rdb, "budgeting", event.RelayOptions{Log: b.log, Signer: b.keys.of("budgeting")}).Run)
	b.within("the other's facts take effect", func() bool {
		return query[int](b, "SELECT count(*) FROM effect WHERE source = 'budgeting'") == 5
	})
	if n := query[int](b, "SELECT count(*) FROM effect WHERE source = $1", source); n > 0 {
		t.Errorf("%d effects of facts whose key is not known", n)
	}
	b.keys.set(key.KeyID(), false, nil)
	b.effectsOf("expertreview", 605)
	if n := query[int](b, "SELECT count(*) FROM event_held"); n > 0 {
		t.Errorf("%d are held", n)
	}
	b.within("nothing waits", func() bool { return waits(t, reg) == 0 })
}

func waits(t *testing.T, reg *prometheus.Registry) (seconds float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "egov_consumer_key_unknown_seconds" {
			for _, m := range f.GetMetric() {
				seconds += m.GetGauge().GetValue()
			}
		}
	}
	return seconds
}

// TestARevokedKeyProvesNothing takes a key out of force while facts that bear it
// are under way (SH12-C-12). They are refused, and come again under the key that
// followed.
func TestARevokedKeyProvesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(2, 10)
	b.published(20)
	old, err := b.keys.of(source).SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	b.keys.set(old.KeyID(), false, sign.ErrKeyRevoked)
	b.keys.add(t, source, sign.Ed25519)
	b.run(b.consumer("expertreview").Run)
	for _, l := range b.dead(20) {
		if !strings.HasPrefix(l.Reason, "event_forged") || !strings.Contains(l.Reason, "signature_key_revoked") {
			t.Errorf("reason %q", l.Reason)
		}
	}
	b.run(b.relay().Run)
	b.effectsOf("expertreview", 20)
}

// TestKeysChangeWhileFactsFlow has a producer change its key and algorithm over
// and over: nothing is refused, and nothing waits for long.
func TestKeysChangeWhileFactsFlow(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	stop := b.writers(2)
	b.run(b.relay().Run)
	b.run(b.relay().Run)
	b.run(b.consumer("expertreview").Run)
	for _, alg := range []sign.Alg{sign.Ed25519, sign.SM2, sign.Ed25519, sign.SM2} {
		before := query[int](b, "SELECT count(*) FROM effect")
		b.within("facts flow", func() bool { return query[int](b, "SELECT count(*) FROM effect") > before+100 })
		b.keys.add(t, source, alg)
	}
	n := stop()
	b.effectsOf("expertreview", n)
	if n := query[int](b, "SELECT count(*) FROM event_held"); n > 0 {
		t.Errorf("%d are held", n)
	}
}

// TestRecordsCarryTheirVouchers checks what a handler can keep of the proof,
// also of facts that were held for a while, and that it proves nothing else.
func TestRecordsCarryTheirVouchers(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(3, 40)
	for i, m := range b.published(120) {
		if i%7 == 2 { // what follows is held until it comes
			b.rdb.XDel(t.Context(), stream, m.ID)
		}
	}
	var mu sync.Mutex
	proven, runs := 0, 0
	check := func(recs []event.Record) error {
		mu.Lock()
		defer mu.Unlock()
		for _, run := range event.Runs(recs) {
			if run.Voucher == nil {
				return fmt.Errorf("%d facts without a voucher", run.N)
			}
			var leaves []ledger.Hash
			for _, r := range recs[run.From : run.From+run.N] {
				leaves = append(leaves, event.Leaf(&r))
			}
			if err := run.Voucher.Check(b.keys, leaves); err != nil {
				return err
			}
			leaves[run.N-1][5] ^= 1
			if err := run.Voucher.Check(b.keys, leaves); !errors.Is(err, event.ErrForged) {
				return fmt.Errorf("another fact is proved: %w", err)
			}
			proven, runs = proven+run.N, runs+1
		}
		return nil
	}
	b.run(b.consumerWith("expertreview", event.Effects{Batch: func(ctx context.Context, tx pgx.Tx, es []event.Record) error {
		if err := check(es); err != nil {
			return err
		}
		for _, e := range es {
			if err := effect("expertreview")(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	}}).Run)
	b.run(b.relay().Run)
	b.effectsOf("expertreview", 120)
	mu.Lock()
	defer mu.Unlock()
	if proven < 120 || runs == 0 {
		t.Errorf("%d facts proved in %d runs", proven, runs)
	}
}
