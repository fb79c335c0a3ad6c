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

func verification(context.Context, *servers) ([]measure, error) {
	with := func(d ledger.Digests) func(context.Context) (float64, float64, error) {
		return func(ctx context.Context) (float64, float64, error) {
			return ledgerbench.Verify(ctx, d, ledgerRows, ledgerRounds)
		}
	}
	return []measure{
		{"verify_sha256", "MB/s", 0.65, 0.65, with(ledger.WithSHA256)},
		{"verify_sm3", "MB/s", 0.85, 0.85, with(ledger.WithSM3)},
	}, nil
}
