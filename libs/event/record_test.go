package event_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"egov/libs/event"
	"egov/libs/redistest"
)

func TestEqualMessagesGiveEqualBytes(t *testing.T) {
	t.Parallel()
	made := func() *structpb.Struct {
		s, err := structpb.NewStruct(map[string]any{"b": "乙 \u2028<&>", "a": 1.0, "c": []any{true, nil}, "d": map[string]any{"y": "  two  spaces ", "x": ""}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	typ, first, err := event.FromProto(made())
	if err != nil {
		t.Fatal(err)
	}
	if typ != "google.protobuf.Struct" {
		t.Errorf("type %q", typ)
	}
	if want := `{"a":1,"b":"乙 ` + "\u2028" + `<&>","c":[true,null],"d":{"x":"","y":"  two  spaces "}}`; string(first) != want {
		t.Errorf("data %s\nwant %s", first, want)
	}
	for range 20 {
		if _, again, err := event.FromProto(made()); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("data %s, err %v", again, err)
		}
	}
	var back structpb.Struct
	if err := event.Decode(event.Record{Type: typ, Data: first}, &back); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefusesWhatIsNotTheMessage(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]event.Record{
		"another type": {Type: "google.protobuf.Duration", Data: []byte(`"2026-11-21T00:00:00Z"`)},
		"not JSON":     {Type: "google.protobuf.Timestamp", Data: []byte(`{`)},
		"another form": {Type: "google.protobuf.Timestamp", Data: []byte(`{"seconds":1}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := event.Decode(e, &timestamppb.Timestamp{}); !errors.Is(err, event.ErrUndecodable) {
				t.Errorf("err = %v", err)
			}
		})
	}
	if _, _, err := event.FromProto(&durationpb.Duration{Seconds: 1 << 60}); err == nil {
		t.Error("a duration out of range was encoded")
	}
}

func TestFieldsAddedLaterArePassedOver(t *testing.T) {
	t.Parallel()
	var v structpb.ListValue
	if err := event.Decode(event.Record{Type: "google.protobuf.ListValue", Data: []byte(`["a"]`)}, &v); err != nil || len(v.Values) != 1 {
		t.Errorf("%v, err %v", &v, err)
	}
}

func TestEnqueueNumbersEachSubjectInTheOrderGiven(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	batch := &pgx.Batch{}
	event.Enqueue(batch, nil)
	event.Enqueue(batch, []event.Record{fact("b", 1)})
	recs := []event.Record{fact("b", 2), fact("a", 1), fact("b", 3), fact("a", 2)}
	event.Enqueue(batch, recs)
	if batch.Len() != 2 {
		t.Fatalf("%d statements", batch.Len())
	}
	if err := b.pool.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	if got := query[string](b, "SELECT string_agg(subject || seq || data, ' ' ORDER BY id) FROM event_outbox"); got != `b1{"n":1} b2{"n":2} a1{"n":1} b3{"n":3} a2{"n":2}` {
		t.Errorf("outbox: %s", got)
	}
	for _, r := range recs {
		if query[int](b, "SELECT count(*) FROM event_outbox WHERE event_id = $1", r.ID) != 1 {
			t.Errorf("the id %q given is not the one stored", r.ID)
		}
	}
}

func TestBadIDIsRefusedByTheTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	f := fact("a", 1)
	f.ID = "not a uuid"
	batch := &pgx.Batch{}
	event.Enqueue(batch, []event.Record{f})
	if err := b.pool.SendBatch(t.Context(), batch).Close(); err == nil {
		t.Error("it was stored")
	}
}

func TestServiceCannotChangeItsOutbox(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publish(fact("a", 1))
	part := "event_outbox_" + time.Now().UTC().Format("20060102")
	for _, sql := range []string{
		"UPDATE event_outbox SET data = ''", "DELETE FROM event_outbox", "TRUNCATE event_outbox", "DROP TABLE event_outbox",
		"UPDATE " + part + " SET data = ''", "DELETE FROM " + part, "DELETE FROM event_inbox", "DELETE FROM event_lost",
		"UPDATE event_origin SET epoch = 7", "UPDATE event_retention SET keep = '8 days'", "SELECT event_add_day('event_outbox', '2020-01-01')",
	} {
		if _, err := b.pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestPartitionsComeAndGo(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	owner := b.db.Owner(t)
	if _, err := owner.Exec(t.Context(), "SELECT event_add_day('event_outbox', CURRENT_DATE - 20), event_add_day('event_inbox', CURRENT_DATE - 20), event_add_day('event_inbox', CURRENT_DATE - 40)"); err != nil {
		t.Fatal(err)
	}
	tomorrow := "event_outbox_" + time.Now().UTC().AddDate(0, 0, 1).Format("20060102")
	if _, err := owner.Exec(t.Context(), "DROP TABLE "+tomorrow); err != nil {
		t.Fatal(err)
	}
	if dropped := query[int](b, "SELECT event_maintain()"); dropped != 2 {
		t.Errorf("dropped %d partitions, want 2", dropped)
	}
	if n := query[int](b, "SELECT count(*) FROM pg_class WHERE relname = $1", tomorrow); n != 1 {
		t.Error("tomorrow's partition is missing")
	}
	if n := query[int](b, "SELECT count(*) FROM pg_class WHERE relname = 'event_inbox_' || to_char(CURRENT_DATE - 20, 'YYYYMMDD')"); n != 1 {
		t.Error("the inbox lost a day it is to keep")
	}
}

// TestFactsOfLongAgoAreReceived delivers facts of a day that the inbox has no
// partition of: a consumer was away for long.
func TestFactsOfLongAgoAreReceived(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.publishMany(2, 5)
	all := b.published(10)
	for i := range all {
		all[i] = with(t, all[i], "recordedtime", time.Now().UTC().AddDate(0, 0, -60).Format("2006-01-02T15:04:05.000000Z07:00"))
	}
	b.deliver(append(all, all...))
	b.run(b.consumer("expertreview").Run)
	b.effectsOf("expertreview", 10)
	b.within("all is acknowledged", func() bool { return b.settled("expertreview") })
	b.exactlyOnceInOrder("expertreview", 10)
}

func TestEffectsContinueTheTraceOfTheirFact(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	b.run(b.relay().Run)
	type seen struct{ trace, next string }
	got := make(chan seen, 2)
	b.run(b.consumerWith("expertreview", event.Effects{Default: func(ctx context.Context, _ pgx.Tx, _ event.Record) error {
		got <- seen{trace.SpanContextFromContext(ctx).TraceID().String(), event.TraceParent(ctx)}
		return nil
	}}).Run)
	for _, id := range []string{"4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"} {
		f := fact(id, 1)
		f.TraceParent = "00-" + id + "-00f067aa0ba902b7-01"
		b.publish(f)
		if s := <-got; s.trace != id || !strings.HasPrefix(s.next, "00-"+id) {
			t.Errorf("effects of trace %s ran in %+v", id, s)
		}
	}
}

func TestFiguresAreExported(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	relay, consumer := b.relay(), b.consumer("expertreview")
	reg := prometheus.NewRegistry()
	reg.MustRegister(relay, consumer)
	b.run(relay.Run)
	b.run(consumer.Run)
	b.publishMany(2, 10)
	b.effectsOf("expertreview", 20)
	want := map[string]float64{
		"egov_relay_published_total": 20, "egov_relay_unpublished_rows": 0, "egov_consumer_applied_total": 20,
		"egov_consumer_lag_entries": 0, "egov_consumer_pending_entries": 0, "egov_consumer_held_facts": 0, "egov_reconciled_facts_total": 20,
	}
	figures := func() map[string]float64 {
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				sums[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		return sums
	}
	b.within(fmt.Sprintf("%v", want), func() bool {
		sums := figures()
		for name, v := range want {
			if got, ok := sums[name]; !ok || got != v {
				return false
			}
		}
		return true
	})
}

func TestFactsWithoutHandlerHaveNoEffectAndKeepTheOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Client(t))
	for i := range 10 {
		f := fact("a", i)
		if i%2 == 0 {
			f.Type = "egov.test.v1.Ignored"
		}
		b.publish(f)
	}
	b.run(b.relay().Run)
	b.run(b.consumerWith("expertreview", event.Effects{On: map[string]event.Handler{"egov.test.v1.Happened": effect("expertreview")}}).Run)
	b.within("five effects", func() bool { return query[int](b, "SELECT count(*) FROM effect") == 5 })
	b.within("all are received", func() bool { return query[int](b, "SELECT seq FROM event_position") == 10 })
}
