package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"egov/libs/embedded"
	"egov/services/suite/ledgerbench"
)

// The ledger that is searched is large and always the same, so it is kept
// between runs, in the user's cache directory. Its size is envSearchRows, a
// million rows when it is not set; 10000000 takes 15 GB of disk, and a quarter of
// an hour the first time.
const (
	envSearchRows = "EGOV_BENCH_SEARCH_ROWS"
	searchRows    = 1_000_000
)

func searches(ctx context.Context, s *servers) ([]measure, error) {
	rows := searchRows
	if text := os.Getenv(envSearchRows); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil || rows < 1 {
			return nil, fmt.Errorf("%s is a number of rows, not %q", envSearchRows, text)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "egov-bench", "search-"+strconv.Itoa(rows))
	_, _ = fmt.Fprintf(os.Stderr, "the ledger that is searched is kept in %s\n", dir) // for whoever watches
	s.postgres, err = embedded.StartPostgres(ctx, embedded.PostgresOptions{Dir: dir, Fast: true, Settings: map[string]string{
		"shared_buffers": "512MB", "max_wal_size": "1GB",
	}})
	if err != nil {
		return nil, err
	}
	s.later(s.postgres.Stop)
	db, err := s.database(ctx, "auditexport")
	if err != nil {
		return nil, err
	}
	b, err := ledgerbench.OpenSearches(ctx, ledgerbench.SearchOptions{
		OwnerURL: db.owner, AppURL: db.app, AppRole: db.role, Rows: rows, Notes: os.Stderr,
	})
	if err != nil {
		return nil, err
	}
	s.later(func(context.Context) error { b.Close(); return nil })
	return listed(b.Measures()), nil
}
