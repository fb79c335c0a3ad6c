package event

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"
)

func TestStreamIDsKeepTheirOrderAsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) streamID {
			return newStreamID(rapid.IntRange(0, 65535).Draw(t, "epoch"), rapid.Uint64Range(0, txidMask).Draw(t, "txid"), rapid.Uint64().Draw(t, "id"))
		})
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		back, err := parseStreamID(a.String())
		if err != nil || back != a {
			t.Fatalf("%v came back as %v, err %v", a, back, err)
		}
		if a.epoch() != b.epoch() && (a.compare(b) < 0) != (a.epoch() < b.epoch()) {
			t.Fatalf("%v and %v are not in the order of their epochs", a, b)
		}
	})
}

func TestUUIDsAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	if got := string(appendUUID(nil, id[:])); got != id.String() {
		t.Errorf("%s, want %s", got, id)
	}
}

func TestWindowsSurviveRedis(t *testing.T) {
	t.Parallel()
	w := window{StartsAt: time.UnixMicro(1), EndsAt: time.UnixMicro(600_000_001), Rows: 3, Digest: -7}
	if got, err := parseWindow(w.field(), w.value()); err != nil || got != w {
		t.Errorf("%+v, err %v", got, err)
	}
	for _, s := range []string{"", "1", "a-b", "-"} {
		if _, err := parseWindow(s, "1 2"); err == nil {
			t.Errorf("field %q was read", s)
		}
		if _, err := parseWindow("1-2", s); err == nil {
			t.Errorf("value %q was read", s)
		}
	}
}

// FuzzEntry feeds the reader of stream entries anything: it must refuse what
// the database could not store, and give back what the relay wrote.
func FuzzEntry(f *testing.F) {
	id := uuid.NewString()
	f.Add("1.0", id, "declaration", "egov.test.v1.A", "p1", "1", "2026-11-21T01:02:03.000004Z", "2026-11-21T01:02:03.000004Z", "u", "a", "", []byte("{}"))
	f.Add("1.0", id, "\x00", "t", "\xff", "9223372036854775807", "2026-11-21T01:02:03.000004+08:00", "0000-01-01T00:00:00.000000Z", "", "", "00-x", []byte{0})
	f.Fuzz(func(t *testing.T, spec, id, source, typ, subject, seq, at, recorded, unit, actor, traceparent string, data []byte) {
		m := redis.XMessage{ID: "1-1", Values: map[string]any{
			fieldSpecVersion: spec, fieldID: id, fieldSource: source, fieldType: typ, fieldSubject: subject, fieldSeq: seq, fieldTime: at,
			fieldRecorded: recorded, fieldUnit: unit, fieldActor: actor, fieldTrace: traceparent, fieldData: string(data),
		}}
		r, err := fromEntry(m)
		if err != nil {
			r = salvage(r, m)
		}
		for _, s := range []string{r.Type, r.Subject, r.Unit, r.Actor, r.TraceParent} {
			if strings.ContainsRune(s, 0) || s != strings.ToValidUTF8(s, "") {
				t.Errorf("%q cannot be stored", s)
			}
		}
		if err != nil {
			return
		}
		if r.Seq < 1 || r.ID != id || r.Subject != subject || !bytes.Equal(r.Data, data) || r.RecordedAt.IsZero() && recorded != "0001-01-01T00:00:00.000000Z" {
			t.Errorf("read %+v from %v", r, m.Values)
		}
	})
}
