package ledgerbench_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"egov/libs/dbtest"
	"egov/libs/embedded"
	"egov/services/auditexport/ledgerbench"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// TestEveryMeasureRuns takes each measure once, on few rows: what they show is
// for `make bench`.
func TestEveryMeasureRuns(t *testing.T) {
	t.Parallel()
	db := dbtest.Database(t)
	b, err := ledgerbench.Open(t.Context(), ledgerbench.Options{
		OwnerURL: db.OwnerURL, AppURL: db.AppURL, AppRole: db.AppRole, Rounds: 1, Rows: 2000, SlowRows: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for _, m := range b.Measures() {
		ours, reference, err := m.Run(t.Context())
		if err != nil || ours <= 0 || reference <= 0 {
			t.Errorf("%s: ours %g, reference %g, err %v", m.Name, ours, reference, err)
		}
		t.Logf("%-14s ours %9.0f reference %9.0f ratio %5.2f floor %g goal %g", m.Name, ours, reference, ours/reference, m.Floor, m.Goal)
	}
}

// TestEverySearchFindsWhatHandFinds takes each search once, in a ledger of a few
// blocks: the answers are the same on both sides.
func TestEverySearchFindsWhatHandFinds(t *testing.T) {
	t.Parallel()
	db := dbtest.Database(t)
	s, err := ledgerbench.OpenSearches(t.Context(), ledgerbench.SearchOptions{
		OwnerURL: db.OwnerURL, AppURL: db.AppURL, AppRole: db.AppRole, Rounds: 1, Queries: 12, Rows: 40_000, Notes: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, m := range s.Measures() {
		ours, reference, err := m.Run(t.Context())
		if err != nil || ours <= 0 || reference <= 0 {
			t.Errorf("%s: ours %g, reference %g, err %v", m.Name, ours, reference, err)
		}
		t.Logf("%-18s ours %9.0f reference %9.0f ratio %5.2f floor %g goal %g", m.Name, ours, reference, ours/reference, m.Floor, m.Goal)
	}
}

// BenchmarkLedger takes the measures as `make bench` does, on a server that
// keeps what it acknowledges. One iteration is a full comparison.
func BenchmarkLedger(b *testing.B) {
	dir := b.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil { // the server may run as another user
		b.Fatal(err)
	}
	p, err := embedded.StartPostgres(b.Context(), embedded.PostgresOptions{Dir: filepath.Join(dir, "pg")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(p.Stop(context.WithoutCancel(b.Context())), embedded.RemovePostgres(filepath.Join(dir, "pg"))); err != nil {
			b.Error(err)
		}
	})
	owner, err := pgx.Connect(b.Context(), p.SuperuserURL("postgres"))
	if err != nil {
		b.Fatal(err)
	}
	for _, sql := range []string{
		"CREATE ROLE bench_owner LOGIN PASSWORD 'bench'", "CREATE ROLE bench_app LOGIN PASSWORD 'bench'", "CREATE DATABASE bench OWNER bench_owner",
	} {
		if _, err := owner.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	if err := owner.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	bench, err := ledgerbench.Open(b.Context(), ledgerbench.Options{
		OwnerURL: p.URL("bench", "bench_owner", "bench"), AppURL: p.URL("bench", "bench_app", "bench"), AppRole: "bench_app",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bench.Close)
	for _, m := range bench.Measures() {
		b.Run(m.Name, func(b *testing.B) {
			for b.Loop() {
				ours, reference, err := m.Run(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(ours, "ours/s")
				b.ReportMetric(reference, "reference/s")
				b.ReportMetric(ours/reference, "ratio")
				b.ReportMetric(m.Floor, "floor")
			}
		})
	}
}
