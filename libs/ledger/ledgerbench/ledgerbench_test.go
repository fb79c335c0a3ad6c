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
		ours, reference, err := ledgerbench.Verify(context.Background(), d, 2000, 3)
		if err != nil || ours <= 0 || reference <= 0 {
			t.Fatalf("%v: ours %.0f, reference %.0f, %v", d, ours, reference, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := ledgerbench.Verify(ctx, 0, 2000, 1); err == nil {
		t.Fatal("a cancelled measurement gives figures")
	}
}

func BenchmarkVerifyRatio(b *testing.B) {
	for name, d := range map[string]ledger.Digests{"sha256": ledger.WithSHA256, "sm3": ledger.WithSM3, "both": 0} {
		b.Run(name, func(b *testing.B) {
			var ours, reference float64
			for b.Loop() {
				var err error
				if ours, reference, err = ledgerbench.Verify(context.Background(), d, 50_000, 7); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(ours, "ours-MB/s")
			b.ReportMetric(reference, "ref-MB/s")
			b.ReportMetric(ours/reference, "ratio")
		})
	}
}
