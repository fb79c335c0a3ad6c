package event

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"egov/libs/pg"
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

// closeTimes are times as those of one page or reply, in Unix microseconds: the
// first of the years 1 to 9999, each other within two seconds of the one before.
func closeTimes(t *rapid.T) []int64 {
	at := []int64{rapid.Int64Range(-62_135_596_800_000_000, 253_402_300_799_999_999).Draw(t, "at")}
	for range 4 {
		at = append(at, at[len(at)-1]+rapid.Int64Range(-2_000_000, 2_000_000).Draw(t, "step"))
	}
	return at
}

func TestTimesAreWrittenAsTheLayoutSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var e encoder
		for _, at := range closeTimes(t) {
			var wire [8]byte
			binary.BigEndian.PutUint64(wire[:], uint64(at-pg.Epoch))
			e.block = e.block[:0]
			e.putTime(wire[:])
			if got, want := string(e.block[1:]), time.UnixMicro(at).UTC().Format(timeLayout); got != want || e.block[0] != separator {
				t.Fatalf("%d: %q, want %q", at, got, want)
			}
		}
	})
}

// TestTimesAreReadAsTheStandardReadsThem holds the clock, which remembers a
// second, to one that remembers nothing.
func TestTimesAreReadAsTheStandardReadsThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c clock
		for _, at := range closeTimes(t) {
			text := []byte(time.UnixMicro(at).UTC().Format(rapid.SampledFrom([]string{timeLayout, time.RFC3339Nano, time.RFC3339}).Draw(t, "layout")))
			if rapid.Bool().Draw(t, "spoilt") {
				text[rapid.IntRange(0, len(text)-1).Draw(t, "where")] = rapid.SampledFrom([]byte("0:-+._ZT ")).Draw(t, "by")
			}
			got, err := c.read(string(text))
			want, wantErr := time.Parse(time.RFC3339Nano, string(text))
			if !got.Equal(want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("%q: %v, err %v, want %v, err %v", text, got, err, want, wantErr)
			}
		}
	})
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
	const when = "2026-11-21T01:02:03.000004Z"
	f.Add("11", "1.0", id, "declaration", "egov.test.v1.A", "p1", "1", when, when, "u", "a", "", []byte("{}"))
	f.Add("11", "1.0", id, "\x00", "t", "\xff", "9223372036854775807", "2026-11-21T01:02:03.000004+08:00", "0000-01-01T00:00:00.000000Z", "", "", "00-x", []byte{0})
	f.Add("12", "1.0", id, "declaration", "egov.test.v1.A", "p1", "1", when, when, "u", "a", "00-x\x00later", []byte("{}"))
	f.Fuzz(func(t *testing.T, count, spec, id, source, typ, subject, seq, at, recorded, unit, actor, traceparent string, data []byte) {
		event := strings.Join([]string{count, spec, id, source, typ, subject, at, recorded, unit, actor, seq, traceparent, string(data)}, "\x00")
		reply := fmt.Appendf(nil, "*2\r\n$5\r\nevent\r\n$%d\r\n%s\r\n", len(event), event)
		walk := resp(reply)
		var e entry
		if err := walk.entry(&e, &reading{source: source, now: time.Now()}); err != nil || len(walk) > 0 {
			t.Fatalf("err %v, left %q", err, walk)
		}
		r, err := e.rec, e.bad
		for _, s := range []string{r.Type, r.Subject, r.Unit, r.Actor, r.TraceParent} {
			if strings.ContainsRune(s, 0) || s != strings.ToValidUTF8(s, "") {
				t.Errorf("%q cannot be stored", s)
			}
		}
		if err != nil {
			return
		}
		if r.Seq < 1 || r.ID != id || !bytes.HasSuffix([]byte(event), r.Data) || r.RecordedAt.IsZero() && !strings.HasPrefix(recorded, "0001-01-01") {
			t.Errorf("read %+v from %q", r, event)
		}
		if n, _ := strconv.Atoi(count); n == attributeCount && strings.Count(event, "\x00") == attributeCount+1 && (r.Subject != subject || !bytes.Equal(r.Data, data)) {
			t.Errorf("read %+v from %q", r, event)
		}
	})
}

func TestEventsAreUnpackedAsTheyWerePacked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]string{}
		for _, name := range attributeNames {
			want[name] = rapid.StringMatching("[^\x00]*").Draw(t, name)
		}
		data := rapid.String().Draw(t, "data")
		got, rest, err := Unpack(Pack(want, data))
		if err != nil || rest != data || !maps.Equal(got, want) {
			t.Fatalf("%q %q, err %v", got, rest, err)
		}
	})
}

// TestAttributesOfALaterVersionArePassedOver reads an event that has one more
// attribute than this version knows.
func TestAttributesOfALaterVersionArePassedOver(t *testing.T) {
	t.Parallel()
	event := Pack(map[string]string{"id": "1", "traceparent": "00-x\x00more"}, "{}")
	a, data, err := Unpack("12" + strings.TrimPrefix(event, "11"))
	if err != nil || a["id"] != "1" || a["traceparent"] != "00-x" || data != "{}" {
		t.Errorf("%q %q, err %v", a, data, err)
	}
}

// TestRepliesAreTakenAsTheyCome: whole, in pieces, and cut off.
func TestRepliesAreTakenAsTheyCome(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 300_000)
	for name, c := range map[string]struct {
		from io.Reader
		want string
		err  error
	}{
		"so much":              {io.LimitReader(strings.NewReader(text), 2_500_000), text[:2_500_000], nil},
		"a byte at a time":     {io.LimitReader(iotest.OneByteReader(strings.NewReader(text)), 9), text[:9], nil},
		"nothing":              {io.LimitReader(strings.NewReader(text), 0), "", nil},
		"all there is":         {strings.NewReader(text), text, nil},
		"less than promised":   {io.LimitReader(strings.NewReader(text[:7]), 1<<40), text[:7], io.ErrUnexpectedEOF},
		"nothing for promises": {io.LimitReader(strings.NewReader(""), 1<<40), "", io.EOF},
	} {
		r := resp("+")
		n, err := r.ReadFrom(c.from)
		if string(r) != "+"+c.want || n != int64(len(c.want)) || !errors.Is(err, c.err) || cap(r) > 4*len(text) {
			t.Errorf("%s: %d bytes of %d in %d, err %v", name, n, len(c.want), cap(r), err)
		}
	}
}

// TestRepliesOfBothProtocols reads what the two versions of RESP make of one
// answer.
func TestRepliesOfBothProtocols(t *testing.T) {
	t.Parallel()
	const list = "*2\r\n*2\r\n$3\r\n5-1\r\n*4\r\n$1\r\na\r\n$4\r\n1\r\n2\r\n$1\r\nb\r\n$0\r\n\r\n*2\r\n$3\r\n5-2\r\n"
	for name, reply := range map[string]string{
		"RESP 2": "*1\r\n*2\r\n$1\r\ns\r\n" + list + "*-1\r\n",
		"RESP 3": "%1\r\n$1\r\ns\r\n" + list + "_\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walk := resp(reply)
			got, err := walk.streams(map[string]string{"s": "declaration"}, nil)
			if err != nil || len(walk) > 0 {
				t.Fatalf("err %v, left %q", err, walk)
			}
			if len(got) != 2 || got[0].id != (streamID{5, 1}) || got[0].stream != "s" || got[1].id != (streamID{5, 2}) || !got[1].deleted {
				t.Fatalf("got %+v", got)
			}
			if data := string(got[0].rec.Data); data != `{"a":"1\r\n2","b":""}` || got[0].bad == nil {
				t.Errorf("the entry's fields came back as %s, bad %v", data, got[0].bad)
			}
		})
	}
	for _, nothing := range []string{"*-1\r\n", "_\r\n"} {
		walk := resp([]byte(nothing))
		if got, err := walk.streams(nil, nil); len(got) > 0 || err != nil {
			t.Errorf("%q: %v, err %v", nothing, got, err)
		}
	}
}

// FuzzReply feeds the reader of replies anything: it answers or refuses.
func FuzzReply(f *testing.F) {
	f.Add("%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n")
	f.Add("*3\r\n$3\r\n0-0\r\n*0\r\n*0\r\n")
	f.Add("*1\r\n*999999999\r\n")
	f.Fuzz(func(_ *testing.T, reply string) {
		walk := resp(reply)
		_, _ = walk.streams(nil, nil)
		walk = resp(reply)
		_, _, _ = walk.claimed("s", "declaration")
	})
}
