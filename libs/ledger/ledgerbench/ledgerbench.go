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
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// EventSize is the length of the events measured, in bytes.
const EventSize = 400

const benchOrigin = "bench.example/ledger"

// Verify follows a ledger of so many rows in the form of ledger.jsonl, decoding
// every line and recomputing the row hashes of d, the chains and the tree, and
// in turn hashes the same events with d in one goroutine. It returns the median
// of each over the rounds, in megabytes (10⁶) of events a second.
func Verify(ctx context.Context, d ledger.Digests, rows, rounds int) (ours, reference float64, err error) {
	event := bytes.Repeat([]byte("x"), EventSize)
	head := ledger.Genesis(benchOrigin)
	var file []byte
	for range rows {
		row := head.Append(event)
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
		for range rows {
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

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
