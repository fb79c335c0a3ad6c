package event_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"egov/libs/redistest"
	"egov/libs/sign"
)

const windows = "egov:windows:" + source

// offered is what stands in Redis of the producer's windows: how many rows they
// have, and the empty one that bears the signature.
func (b *bench) offered() (rows int, field, statement string) {
	b.t.Helper()
	all, err := b.rdb.HGetAll(b.t.Context(), windows).Result()
	if err != nil {
		b.t.Fatal(err)
	}
	for f, v := range all {
		switch {
		case f == "oldest":
		case strings.Count(v, " ") > 1:
			field, statement = f, v
		default:
			var n int
			if _, err := fmt.Sscan(v, &n); err != nil {
				b.t.Fatalf("%s: %v", v, err)
			}
			rows += n
		}
	}
	return rows, field, statement
}

// closed waits until the producer has offered windows of so many rows, signed.
func (b *bench) closed(rows int) {
	b.t.Helper()
	b.within("windows are closed and signed", func() bool {
		n, _, statement := b.offered()
		return n == rows && statement != ""
	})
}

func (b *bench) signed() bool {
	b.t.Helper()
	return query[bool](b, "SELECT coalesce(bool_and(windows_signed), false) FROM event_subscription")
}

// reconciled says how far the consumer has been compared with the producer.
func (b *bench) reconciled() time.Time {
	b.t.Helper()
	return query[time.Time](b, "SELECT coalesce(max(nullif(reconciled_to, '-infinity')), 'epoch') FROM event_subscription")
}

// TestAWithheldNewestFactIsFound has the owner of Redis keep back the newest
// fact of a subject and hide it in the windows (SH12-C-6): with a window that
// says what he would like, without the signature, or without any windows. As soon
// as a window is closed that he did not meddle with, the fact is asked for.
func TestAWithheldNewestFactIsFound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		hide func(a attacker)
		code string // that is counted
	}{
		"hoping that nobody compares": {func(attacker) {}, ""},
		"with a window that has one less": {func(a attacker) {
			for f, v := range a.rdb.HGetAll(a.t.Context(), windows).Val() {
				if f != "oldest" && strings.Count(v, " ") == 1 {
					a.rdb.HSet(a.t.Context(), windows, f, "9 12345")
				}
			}
		}, "windows_forged of " + source},
		"without the window": {func(a attacker) {
			for f, v := range a.rdb.HGetAll(a.t.Context(), windows).Val() {
				if f != "oldest" && strings.Count(v, " ") == 1 {
					a.rdb.HDel(a.t.Context(), windows, f)
				}
			}
		}, "windows_forged of " + source},
		"with a statement of his own": {func(a attacker) {
			_, f, v := a.offered()
			parts := strings.Fields(v)
			parts[3] = a.key.KeyID()
			a.rdb.HSet(a.t.Context(), windows, f, strings.Join(parts, " "))
		}, "windows_forged of " + source},
		"with rubbish for a statement": {func(a attacker) {
			_, f, _ := a.offered()
			a.rdb.HSet(a.t.Context(), windows, f, "0 0 1 signed")
		}, "windows_forged of " + source},
		"with a window nobody can read": {func(a attacker) { a.rdb.HSet(a.t.Context(), windows, "first", "last") }, "windows_forged of " + source},
		"without the signature": {func(a attacker) {
			_, f, _ := a.offered()
			a.rdb.HDel(a.t.Context(), windows, f)
		}, ""},
		"without any windows": {func(a attacker) { a.rdb.Del(a.t.Context(), windows) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redistest.Client(t))
			a := b.attacker()
			stop := b.run(b.relay().Run)
			consumer, reg := b.consumer("expertreview"), prometheus.NewRegistry()
			reg.MustRegister(consumer)
			pause := b.run(consumer.Run)
			b.publishMany(2, 4)
			b.effectsOf("expertreview", 8)
			b.within("the producer is known to sign", b.signed)
			pause()
			b.publishMany(2, 1) // the fifth of each
			b.within("the stream is filled", func() bool {
				return query[int](b, "SELECT count(*) FROM event_outbox") == 10 && strings.HasSuffix(value(a.last()), `{"n":1}`)
			})
			b.closed(10)
			stop()
			if err := a.rdb.XDel(t.Context(), stream, a.last().ID).Err(); err != nil {
				t.Fatal(err)
			}
			tt.hide(a)
			before := b.reconciled()
			again, looked := b.consumer("expertreview"), prometheus.NewRegistry()
			looked.MustRegister(again)
			b.run(again.Run)
			b.within("the rest takes effect", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 9 })
			if tt.code != "" {
				b.within("it is counted", func() bool { return refused(t, looked) == tt.code })
			}
			if name != "hoping that nobody compares" {
				b.within("the age of the newest statement grows", func() bool { return figure(t, looked, "egov_reconcile_statement_age_seconds") > 0.5 })
				if after := b.reconciled(); !after.Equal(before) {
					t.Errorf("forged windows are believed up to %s", after)
				}
			}
			b.run(b.relay().Run)
			b.effectsOf("expertreview", 10)
			b.within("the window is found equal", func() bool {
				return query[bool](b, "SELECT coalesce(max(s.reconciled_to) >= max(w.ends_at), false) FROM event_subscription s, event_window w")
			})
		})
	}
}

// TestAnOldStatementGrowsOld has the owner of Redis put back yesterday's windows,
// signature and all, whenever newer ones come. They hold, and hide what came since
// from the comparison; that nothing newer comes is told.
func TestAnOldStatementGrowsOld(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	stop := b.run(b.relay().Run)
	b.publishMany(2, 4)
	b.closed(8)
	stop()
	consumer, reg := b.consumer("expertreview"), prometheus.NewRegistry()
	reg.MustRegister(consumer)
	b.run(consumer.Run)
	b.effectsOf("expertreview", 8)
	age := func() float64 { return figure(t, reg, "egov_reconcile_statement_age_seconds") }
	b.within("the age grows", func() bool { return age() > 1.5 })
	if code := refused(t, reg); code != "" {
		t.Errorf("counted: %s", code)
	}
	b.run(b.relay().Run)
	b.within("a newer one makes it young", func() bool { return age() < 1 })
}

// TestWindowsOfTheReleaseBeforeCount has a producer that does not sign its
// windows. They count as they are, without a word; once it has signed, after an
// upgrade, they do not count without. While the processes of both releases run
// side by side, one takes away for a moment what the other has signed: that is no
// alarm.
func TestWindowsOfTheReleaseBeforeCount(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	before := b.relayWith(nil) // of windows; nobody takes facts that are not signed
	signing := b.run(b.relay().Run)
	b.publishMany(2, 4)
	b.published(8)
	signing()
	b.rdb.Del(t.Context(), windows)
	unsigned := b.run(before.Run)
	consumer, reg := b.consumer("expertreview"), prometheus.NewRegistry()
	reg.MustRegister(consumer)
	b.run(consumer.Run)
	b.effectsOf("expertreview", 8)
	b.within("unsigned windows are compared", func() bool { return b.reconciled().Year() > 2000 })
	if b.signed() || refused(t, reg) != "" {
		t.Fatalf("signed %v, counted %q", b.signed(), refused(t, reg))
	}
	b.run(b.relay().Run) // beside the other, as while a service is replaced
	b.within("the new release's signature is found", b.signed)
	at := b.reconciled()
	b.within("both go on, and the comparison does", func() bool { return b.reconciled().After(at.Add(2 * time.Second)) })
	if code := refused(t, reg); code != "" {
		t.Errorf("counted: %s", code)
	}
	unsigned()
}

// TestTheReleaseBeforeReadsSignedWindows reads what a relay offers in the way of
// consumers that know nothing of a signature: the hash of windows, each two
// numbers and two figures. What bears the signature is a window without rows.
func TestTheReleaseBeforeReadsSignedWindows(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.publishMany(2, 4)
	b.closed(8)
	var rows int64
	for field, value := range b.rdb.HGetAll(t.Context(), windows).Val() {
		if field == "oldest" {
			continue
		}
		var from, to, n, digest int64
		if _, err := fmt.Sscanf(field, "%d-%d", &from, &to); err != nil {
			t.Errorf("%q: %v", field, err)
		}
		if _, err := fmt.Sscanf(value, "%d %d", &n, &digest); err != nil {
			t.Errorf("%q: %v", value, err)
		}
		if from == to && (n != 0 || digest != 0) {
			t.Errorf("an empty window has %d rows", n)
		}
		rows += n
	}
	if rows != 8 {
		t.Errorf("the windows have %d rows", rows)
	}
}

// TestWindowsAreSignedAnewWithTheNextKey changes the producer's key, and revokes
// the one before (SH12-C-12): the windows are offered under the next one at once,
// and count again.
func TestWindowsAreSignedAnewWithTheNextKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	b.publishMany(2, 4)
	consumer, reg := b.consumer("expertreview"), prometheus.NewRegistry()
	reg.MustRegister(consumer)
	b.run(consumer.Run)
	b.effectsOf("expertreview", 8)
	b.within("the producer is known to sign", b.signed)
	old, err := b.keys.of(source).SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	next := b.keys.add(t, source, sign.Ed25519)
	b.keys.set(next.KeyID(), true, nil) // not in the register yet
	b.keys.set(old.KeyID(), false, sign.ErrKeyRevoked)
	b.within("the windows bear the next key", func() bool { _, _, s := b.offered(); return strings.Contains(s, next.KeyID()) })
	at := b.reconciled()
	b.keys.set(next.KeyID(), false, nil)
	b.within("they count again", func() bool { return b.reconciled().After(at.Add(time.Second)) })
	if code := refused(t, reg); code != "" {
		t.Errorf("counted: %s", code)
	}
}

// last is the newest entry of the stream.
func (a attacker) last() redis.XMessage {
	a.t.Helper()
	all := a.reads(stream)
	return all[len(all)-1]
}

// figure is the sum of a metric's values.
func figure(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetGauge().GetValue()
			}
		}
	}
	return sum
}
