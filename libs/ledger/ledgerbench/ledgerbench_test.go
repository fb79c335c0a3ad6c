package ledgerbench_test

import (
	"context"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/ledgerbench"
)

func TestBothSidesAreMeasured(t *testing.T) {
	t.Parallel()
	for _, d := range []ledger.Digests{ledger.WithSHA256, ledger.WithSM3, 0} {
		got, err := ledgerbench.Verify(context.Background(), d, 2000, 3)
		if err != nil || min(got.Ours, got.Reference, got.OursPerCore, got.ReferencePerCore) <= 0 {
			t.Fatalf("%v: %+v, %v", d, got, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ledgerbench.Verify(ctx, 0, 2000, 1); err == nil {
		t.Fatal("a cancelled measurement gives figures")
	}
}

func BenchmarkVerifyRatio(b *testing.B) {
	for name, d := range map[string]ledger.Digests{"sha256": ledger.WithSHA256, "sm3": ledger.WithSM3, "both": 0} {
		b.Run(name, func(b *testing.B) {
			var got ledgerbench.Figures
			for b.Loop() {
				var err error
				if got, err = ledgerbench.Verify(context.Background(), d, 50_000, 7); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(got.Ours, "ours-MB/s")
			b.ReportMetric(got.Reference, "ref-MB/s")
			b.ReportMetric(got.Ours/got.Reference, "ratio")
			b.ReportMetric(got.OursPerCore/got.ReferencePerCore, "core-ratio")
		})
	}
}
