package effectbench

import (
	"os"
	"testing"
	"time"

	"egov/libs/dbtest"
	"egov/libs/redistest"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// TestBareCodeGoesTheWholeWay: each fact of a round has one effect, as it was sent,
// and nothing stays behind.
func TestBareCodeGoesTheWholeWay(t *testing.T) {
	t.Parallel()
	x, err := newBare(t.Context(), dbtest.Database(t).Owner(t), dbtest.Database(t).Owner(t), redistest.Client(t), []byte(`{"title": "直达"}`))
	if err != nil {
		t.Fatal(err)
	}
	const n = 300
	for range 2 {
		f, err := x.round(t.Context(), n, time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if f.effect.p50 <= 0 || f.effect.p50 < f.sent.p50 || f.effect.worst < f.effect.p99 {
			t.Errorf("not the figures of a way: %s", f)
		}
	}
	var effects, facts int
	if err := x.into.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE body = '{"title": "直达"}') FROM effect`).Scan(&effects, &facts); err != nil || effects != 2*n || facts != 2*n {
		t.Errorf("%d effects, %d of them as they were sent, error %v; want %d", effects, facts, err, 2*n)
	}
	var doubled int
	if err := x.into.QueryRow(t.Context(), "SELECT count(*) FROM (SELECT n FROM effect GROUP BY n HAVING count(*) <> 2) AS d").Scan(&doubled); err != nil || doubled != 0 {
		t.Errorf("%d facts do not have one effect a round, error %v", doubled, err)
	}
	if p, err := x.rdb.XPending(t.Context(), bareStream, bareGroup).Result(); err != nil || p.Count != 0 {
		t.Errorf("%v is not acknowledged, error %v", p, err)
	}
}
