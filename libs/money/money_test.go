package money_test

import (
	"math"
	"testing"

	"egov/libs/money"
)

func TestYuan(t *testing.T) {
	t.Parallel()
	for fen, want := range map[int64]string{
		0:             "0.00",
		5:             "0.05",
		-5:            "-0.05",
		99_999:        "999.99",
		100_000:       "1,000.00",
		694_791_100:   "6,947,911.00",
		-694_791_100:  "-6,947,911.00",
		math.MaxInt64: "92,233,720,368,547,758.07",
		math.MinInt64: "-92,233,720,368,547,758.08",
	} {
		if got := money.Yuan(fen); got != want {
			t.Errorf("%d fen: got %s, want %s", fen, got, want)
		}
	}
}
