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
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// EventSize is the length of the events measured, in bytes.
const EventSize = 400

const benchOrigin = "bench.example/ledger"

// Verify follows a ledger of so many rows in the form of ledger.jsonl, decoding
// every line and recomputing the row hashes of d, the chains and the tree, on as
// many cores as there are, and in turn hashes the same events with d, as they lie
// one behind the other, on one core. It returns the median of each over the rounds,
// in megabytes (10⁶) of events a second.
func Verify(ctx context.Context, d ledger.Digests, rows, rounds int) (ours, reference float64, err error) {
	head := ledger.Genesis(benchOrigin)
	var events, file []byte
	for i := range rows {
		begin := len(events)
		if events, err = appendEvent(events, i); err != nil {
			return 0, 0, err
		}
		row := head.Append(events[begin:])
		file = bundle.AppendRow(file, &row)
	}
	var our, their []float64
	rate := func(began time.Time) float64 {
		return float64(rows*EventSize) / 1e6 / time.Since(began).Seconds()
	}
	for range rounds {
		began := time.Now()
		got, _, _, err := bundle.Follow(ctx, bytes.NewReader(file), benchOrigin, d)
		our = append(our, rate(began))
		if err != nil {
			return 0, 0, err
		}
		if got.Size != head.Size || got.Chain != head.Chain {
			return 0, 0, fmt.Errorf("followed to row %d of %d", got.Size, head.Size)
		}
		began = time.Now()
		for rest := events; len(rest) > 0; rest = rest[EventSize:] {
			event := rest[:EventSize]
			if d.Has(ledger.WithSHA256) {
				ledger.Sum256(event)
			}
			if d.Has(ledger.WithSM3) {
				ledger.SumSM3(event)
			}
		}
		their = append(their, rate(began))
	}
	return median(our), median(their), nil
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
