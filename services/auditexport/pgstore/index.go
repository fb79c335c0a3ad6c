package pgstore

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/libs/pg"
	"egov/services/auditexport"
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
			ix.tail = append(ix.tail, blank(ix.tail)) // somebody removed a row: the others keep their places
		}
		ix.tail = append(ix.tail, describe(row, ix.tail))
	}
	return view{ix.blocks, ix.tail}, nil
}

// describe takes a row's description out of its event. One that cannot be read
// is found by nothing that it says.
func describe(row *ledger.Row, before []search.Description) search.Description {
	e, err := ledger.Parse(row.Raw)
	if err != nil {
		return blank(before)
	}
	return search.Describe(&e)
}

// blank is the description of what says nothing, at the time of its neighbour.
func blank(before []search.Description) search.Description {
	if n := len(before); n > 0 {
		return search.Description{Micros: before[n-1].Micros}
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
	terms, rows := columns(block)
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

// blockCheck makes the blocks of the search projection anew from rows in their
// order, and compares them with those that are stored.
type blockCheck struct {
	book *Book
	next int64 // the row that comes next
	rows []search.Description
}

// misfiledBlock is what a row is misfiled by whose block is not the stored one.
const misfiledBlock = "search"

// take adds a row; with the last one of a block, that is compared.
func (c *blockCheck) take(ctx context.Context, f *auditexport.Filed) error {
	seq := int64(f.Seq)
	if seq != c.next { // a check of the chain says so before
		c.rows = nil
	}
	if c.next = seq + 1; len(c.rows) == 0 && seq%search.BlockRows != 1 {
		return nil
	}
	if c.rows = append(c.rows, describe(&f.Row, c.rows)); len(c.rows) < search.BlockRows {
		return nil
	}
	same, err := c.book.holds(ctx, seq/search.BlockRows-1, search.Pack(c.rows))
	if err == nil && !same && f.Misfiled == "" {
		f.Misfiled = misfiledBlock
	}
	c.rows = c.rows[:0]
	return err
}

// holds says whether a block is stored as it is given, or not yet. What is
// stored besides could propose rows that do not match; it hides none.
func (b *Book) holds(ctx context.Context, number int64, block search.Block) (bool, error) {
	var stored, later, same bool
	err := b.query(ctx, scan(&stored, &later, &same), `SELECT count(*) FILTER (WHERE block = $1) > 0, count(*) FILTER (WHERE block > $1) > 0,
		count(*) FILTER (WHERE block = $1 AND earliest = $2 AND latest = $3 AND times = $4) > 0 FROM ledger_block WHERE block >= $1`,
		number, block.First, block.Last, block.Times)
	if err != nil || !same {
		return !stored && !later, err
	}
	terms, rows := columns(block)
	err = b.query(ctx, scan(&same), `SELECT NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::bytea[]) AS x(t, r)
		WHERE NOT EXISTS (SELECT FROM ledger_term l WHERE l.term = x.t AND l.block = $1 AND l.rows = x.r))`, number, terms, rows)
	return same, err
}

// columns are the lists of a block as the server takes them.
func columns(block search.Block) (terms []int64, rows [][]byte) {
	terms, rows = make([]int64, len(block.Lists)), make([][]byte, len(block.Lists))
	for i, l := range block.Lists {
		terms[i], rows[i] = int64(l.Term), l.Rows
	}
	return terms, rows
}
