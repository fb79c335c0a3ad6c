package pgstore

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/libs/pg"
	"egov/services/auditexport/search"
)

// index is the search projection as this process knows it: how many blocks are
// stored, and the descriptions of the rows behind them.
type index struct {
	mu     sync.Mutex
	blocks int64
	tail   []search.Description // of the rows behind the blocks, in their order
}

// maxTail bounds the rows that are described in memory: what is further behind
// waits until blocks are stored.
const maxTail = 2 * search.BlockRows

// view is the projection at one moment.
type view struct {
	blocks int64
	tail   []search.Description
}

// end is the seq of the last row that is described.
func (v view) end() int64 { return v.stored() + int64(len(v.tail)) }

// stored is the seq of the last row in a stored block.
func (v view) stored() int64 { return v.blocks * search.BlockRows }

// follow takes up what has been added to the ledger. Rows arrive without gaps
// and in order, so that the last one says how far to go.
func (b *Book) follow(ctx context.Context) (view, error) {
	ctx = authn.With(ctx, b.self)
	ix := &b.index
	ix.mu.Lock()
	defer ix.mu.Unlock()
	var blocks, end int64
	err := b.query(ctx, scan(&blocks, &end), "SELECT (SELECT coalesce(max(block) + 1, 0) FROM ledger_block), (SELECT coalesce(max(seq), 0) FROM ledger_row)")
	if err != nil {
		return view{}, err
	}
	done := (blocks - ix.blocks) * search.BlockRows // stored since, by whichever process
	switch {
	case done > 0 && done <= int64(len(ix.tail)):
		ix.tail = append([]search.Description(nil), ix.tail[done:]...)
	case done != 0, end < ix.blocks*search.BlockRows+int64(len(ix.tail)): // or the database was set back
		ix.tail = nil
	}
	ix.blocks = blocks
	seen := view{ix.blocks, ix.tail}
	last := min(end, seen.stored()+maxTail)
	for row, err := range b.Rows(ctx, "", seen.end()+1, last) {
		if err != nil {
			return view{}, err
		}
		for view := (view{blocks, ix.tail}); view.end()+1 < int64(row.Seq); view.tail = ix.tail {
			ix.tail = append(ix.tail, ix.blank()) // somebody removed a row: the others keep their places
		}
		e, err := ledger.Parse(row.Raw)
		if err != nil { // it is found by no word, and shown as broken
			ix.tail = append(ix.tail, ix.blank())
			continue
		}
		ix.tail = append(ix.tail, search.Describe(&e))
	}
	return view{ix.blocks, ix.tail}, nil
}

// blank is the description of what says nothing, at the time of its neighbour.
func (ix *index) blank() search.Description {
	if n := len(ix.tail); n > 0 {
		return search.Description{Micros: ix.tail[n-1].Micros}
	}
	return search.Description{}
}

// Index stores the blocks of the search projection that are complete and not
// stored yet, and gives the seq of the last row that searches know of. Any
// number of processes may call it: they store the same.
func (b *Book) Index(ctx context.Context) (indexed int64, err error) {
	for {
		v, err := b.follow(ctx)
		if err != nil || len(v.tail) < search.BlockRows {
			return v.end(), err
		}
		if err := b.store(ctx, v.blocks, search.Pack(v.tail[:search.BlockRows])); err != nil {
			return v.stored(), err
		}
	}
}

// store writes one block, all of it or nothing.
func (b *Book) store(ctx context.Context, number int64, block search.Block) error {
	terms, rows := make([]int64, len(block.Lists)), make([][]byte, len(block.Lists))
	for i, l := range block.Lists {
		terms[i], rows[i] = int64(l.Term), l.Rows
	}
	return pg.Fault(pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		if err := pg.ScopeOf(b.self).Apply(ctx, tx); err != nil {
			return err
		}
		t, err := tx.Exec(ctx, "INSERT INTO ledger_block (block, earliest, latest, times) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			number, block.First, block.Last, block.Times)
		if err != nil || t.RowsAffected() == 0 { // another process was quicker
			return err
		}
		_, err = tx.Exec(ctx, "INSERT INTO ledger_term (term, block, rows) SELECT t, $2, r FROM unnest($1::bigint[], $3::bytea[]) AS x(t, r)", terms, number, rows)
		return err
	}))
}
