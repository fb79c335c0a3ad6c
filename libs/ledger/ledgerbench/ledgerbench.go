// Package ledgerbench measures how fast a ledger is verified against what it
// costs to hash its events and nothing else. It is for the project's benchmark
// runner and keeps no promise about figures: those drift with the machine,
// only the ratio of two taken in turn says something.
package ledgerbench

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// EventSize is the length of the events measured, in bytes.
const EventSize = 400

const benchOrigin = "bench.example/ledger"

// Figures are what one comparison found: the medians of its rounds, in megabytes
// (10⁶ bytes) of events.
type Figures struct {
	Ours, Reference float64 // a second, by the clock on the wall

	// A second of processor time, whichever processors gave it: what each side
	// would do on one core. Both sides are charged for every core they use.
	OursPerCore, ReferencePerCore float64
}

// Verify follows a ledger of so many rows in the form of ledger.jsonl, as an
// auditor's machine does: it decodes every line and recomputes the row hashes of
// d, the chains and the tree, on as many cores as there are. The reference, taken
// in turn, is the raw rate of the hash function: the same events, as they lie one
// behind the other, hashed with d in one loop, which is on one core.
//
// A row of EventSize bytes is 7 blocks of SHA-256 for the reference; ours hashes 4
// more, two for its link and two for its node of the tree, before it has read a
// character. Core for core it can therefore not come to more than 7/11.
func Verify(ctx context.Context, d ledger.Digests, rows, rounds int) (Figures, error) {
	head := ledger.Genesis(benchOrigin)
	var events, file []byte
	for i := range rows {
		begin := len(events)
		var err error
		if events, err = appendEvent(events, i); err != nil {
			return Figures{}, err
		}
		row := head.Append(events[begin:])
		file = bundle.AppendRow(file, &row)
	}
	var our, their rates
	for range rounds {
		began := now()
		got, _, _, err := bundle.Follow(ctx, bytes.NewReader(file), benchOrigin, d)
		our.add(began, rows)
		if err != nil {
			return Figures{}, err
		}
		if got.Size != head.Size || got.Chain != head.Chain {
			return Figures{}, fmt.Errorf("followed to row %d of %d", got.Size, head.Size)
		}
		began = now()
		for rest := events; len(rest) > 0; rest = rest[EventSize:] {
			event := rest[:EventSize]
			if d.Has(ledger.WithSHA256) {
				ledger.Sum256(event)
			}
			if d.Has(ledger.WithSM3) {
				ledger.SumSM3(event)
			}
		}
		their.add(began, rows)
	}
	return Figures{median(our.wall), median(their.wall), median(our.core), median(their.core)}, nil
}

// instant is a point in time, and in the process's use of processors.
type instant struct {
	wall time.Time
	used time.Duration
}

func now() instant {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // a process can always ask this of itself
	}
	return instant{time.Now(), time.Duration(u.Utime.Nano() + u.Stime.Nano())}
}

// rates are those of one side's rounds.
type rates struct{ wall, core []float64 }

func (r *rates) add(began instant, rows int) {
	ended := now()
	mb := float64(rows*EventSize) / 1e6
	r.wall = append(r.wall, mb/ended.wall.Sub(began.wall).Seconds())
	// The kernel counts in steps; a round too short for one has used a step.
	r.core = append(r.core, mb/max(ended.used-began.used, time.Microsecond).Seconds())
}

// appendEvent appends the i-th event, of EventSize bytes.
func appendEvent(dst []byte, i int) ([]byte, error) {
	begin := len(dst)
	e := ledger.Entry{
		ID: fmt.Sprintf("019b3e5c-0000-7000-8000-%012x", i), Source: "declaration", Type: "egov.declaration.v1.ProjectWithdrawn", Subject: fmt.Sprintf("p-%08d", i/40),
		Time: time.UnixMicro(1_772_424_000_000_000 + int64(i)), Unit: "education", Actor: "li.ming", EventSeq: int64(1 + i%40), Data: []byte("{}"),
	}
	dst, err := ledger.AppendRaw(dst, e)
	if err != nil {
		return dst, err
	}
	const around = len(`"reason":""`)
	text := "预算编制依据不足；"
	room := EventSize - (len(dst) - begin) - around
	if room < 0 {
		return dst, fmt.Errorf("event %d has %d bytes without its reason", i, len(dst)-begin)
	}
	reason := strings.Repeat(text, room/len(text)) + strings.Repeat("x", room%len(text))
	e.Data = []byte(`{"reason":"` + reason + `"}`)
	return ledger.AppendRaw(dst[:begin], e)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
