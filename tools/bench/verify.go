package bench

import (
	"context"

	"egov/libs/ledger"
	"egov/libs/ledger/ledgerbench"
)

// What a round of verification works through.
const (
	ledgerRows   = 100_000
	ledgerRounds = 9
)

// verification has two pairs a digest. The first is what an auditor waits for
// beside what the hash function takes for the same bytes. The second compares
// core for core, in processor time, and promises nothing: what a row of a ledger
// has besides its event is hashed as well.
func verification(context.Context, *servers) ([]measure, error) {
	clock := func(f ledgerbench.Figures) (float64, float64) { return f.Ours, f.Reference }
	core := func(f ledgerbench.Figures) (float64, float64) { return f.OursPerCore, f.ReferencePerCore }
	with := func(d ledger.Digests, pair func(ledgerbench.Figures) (float64, float64)) func(context.Context) (float64, float64, error) {
		return func(ctx context.Context) (ours, reference float64, err error) {
			f, err := ledgerbench.Verify(ctx, d, ledgerRows, ledgerRounds)
			ours, reference = pair(f)
			return ours, reference, err
		}
	}
	return listed([]pair{
		{"verify_sha256", "MB/s", 0.65, 0.65, with(ledger.WithSHA256, clock)},
		{"verify_sha256_core", "MB/cpu-s", 0, 0, with(ledger.WithSHA256, core)},
		{"verify_sm3", "MB/s", 0.85, 0.85, with(ledger.WithSM3, clock)},
		{"verify_sm3_core", "MB/cpu-s", 0, 0, with(ledger.WithSM3, core)},
	}), nil
}
