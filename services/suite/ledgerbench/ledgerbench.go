// Package ledgerbench hands the audit service's measures of its ledger on to
// the project's benchmark runner, which imports no service. It adds nothing.
package ledgerbench

import (
	"context"

	"egov/services/auditexport/ledgerbench"
)

// Options say where to measure, and how much.
type Options = ledgerbench.Options

// Measure is one ratio the ledger promises.
type Measure = ledgerbench.Measure

// Open prepares a database that nobody else uses; what it gives is to be
// closed.
func Open(ctx context.Context, o Options) (*ledgerbench.Bench, error) {
	return ledgerbench.Open(ctx, o)
}

// SearchOptions say where to search, and in how large a ledger.
type SearchOptions = ledgerbench.SearchOptions

// OpenSearches prepares a large ledger to be searched; what it gives is to be
// closed.
func OpenSearches(ctx context.Context, o SearchOptions) (*ledgerbench.Searches, error) {
	return ledgerbench.OpenSearches(ctx, o)
}
