package pgstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/pg"
)

// AppendMost is how many events one transaction appends, where as many are
// waiting. The head's lock, its update and the commit cost a transaction of 1,024
// what they cost one of 256, and it is over within some ten milliseconds.
const AppendMost = 1024

// Append makes rows of events, in the order given, in tx. The head's row lock
// serialises writers, once a batch; the batch is the sequencer. An event that
// has its row already gets no second one; another event under the id of one
// that has is event.ErrUndecodable.
//
// With each run of rows goes what proves it, as far as the events were read by
// a consumer with keys (SH12-C-6).
//
// Events are encoded and hashed, linked, and stored by three parties at once:
// a goroutine here, the one that feeds the connection, and the server. Append
// expects news, and lets the ids' unique index say when it is wrong: the rows
// then go in again without those that are known. After a batch in which it was
// wrong it looks first.
func (b *Book) Append(ctx context.Context, tx pgx.Tx, events []event.Record) error {
	encoded := encode(events)
	err := b.append(ctx, tx, encoded)
	encoded.wait()
	if err == nil { // or a connection that broke may still be fed from it
		encoded.release()
	}
	return err
}

func (b *Book) append(ctx context.Context, tx pgx.Tx, encoded *encoding) error {
	head, tree, err := b.lock(ctx, tx)
	if err != nil {
		return err
	}
	if !b.repeats.Load() {
		err = b.insert(ctx, tx, head, tree, encoded, encoded.parts, encoded.known)
		if !isKnown(err) {
			return err
		}
		if _, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT "+beforeRows); err != nil {
			return err
		}
	}
	encoded.wait()
	known, err := b.known(ctx, tx, encoded.entries)
	if err != nil {
		return err
	}
	b.repeats.Store(len(known) > 0)
	return b.insert(ctx, tx, head, tree, encoded, encoded.again(), known)
}

// beforeRows is the savepoint that a batch with a known event falls back to.
const beforeRows = "before_rows"

// isKnown says whether a row was refused because its event has one.
func isKnown(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pe.Code == "23505" && pe.ConstraintName == "ledger_row_event_id_key"
}

// entry is one event on its way into the ledger.
type entry struct {
	*event.Record
	id          uuid.UUID
	raw         []byte // in the arena of its encoding
	sha256, sm3 ledger.Hash
}

// part is some entries in a row, or why there are no more.
type part struct {
	entries []entry
	err     error
}

// encoding makes entries of events in a goroutine of its own. Its memory goes
// from batch to batch.
type encoding struct {
	entries []entry
	arena   []byte
	buf     []byte                    // for lines
	added   []event.Record            // likewise
	known   map[uuid.UUID]ledger.Hash // for the first attempt
	parts   chan part
	ended   chan struct{}
	err     error
}

const partSize = 32 // events encoded before the first of them is stored

var encodings = sync.Pool{New: func() any { return &encoding{known: map[uuid.UUID]ledger.Hash{}} }}

func encode(events []event.Record) *encoding {
	e := encodings.Get().(*encoding)
	e.parts = make(chan part, len(events)/partSize+1) // it never waits to be read
	e.ended = make(chan struct{})
	e.err = nil
	e.entries = slices.Grow(e.entries[:0], len(events))[:len(events)]
	size := 0
	for i := range events {
		const around = 512 // bytes of a common event besides its data
		size += len(events[i].Data) + around
	}
	e.arena = slices.Grow(e.arena[:0], size)
	go e.run(events)
	return e
}

func (e *encoding) run(events []event.Record) {
	defer close(e.ended)
	defer close(e.parts)
	begin := 0
	for i := range events {
		if e.err = e.add(i, &events[i]); e.err != nil {
			e.parts <- part{err: e.err}
			return
		}
		if end := i + 1; end-begin == partSize || end == len(events) {
			e.parts <- part{entries: e.entries[begin:end]}
			begin = end
		}
	}
}

func (e *encoding) add(i int, r *event.Record) (err error) {
	begin := len(e.arena)
	e.arena, err = ledger.AppendRaw(e.arena, ledger.Entry{
		ID: r.ID, Source: r.Source, Type: r.Type, Subject: r.Subject, Time: r.Time, Unit: r.Unit, Actor: r.Actor,
		EventSeq: r.Seq, TraceParent: r.TraceParent, Data: r.Data,
	})
	id, noID := uuid.Parse(r.ID)
	if err := errors.Join(err, noID); err != nil {
		return fmt.Errorf("%w: event %s: %w", event.ErrUndecodable, r.ID, err)
	}
	raw := e.arena[begin:len(e.arena):len(e.arena)]
	e.entries[i] = entry{r, id, raw, ledger.Sum256(raw), ledger.SumSM3(raw)}
	return nil
}

func (e *encoding) wait() { <-e.ended }

// release gives the memory back, unless the batch was one of very large events.
func (e *encoding) release() {
	const keep = 4 << 20 // bytes
	clear(e.entries)
	clear(e.added)
	clear(e.known)
	if cap(e.arena) <= keep {
		encodings.Put(e)
	}
}

// again is the encoding once more, when it has ended.
func (e *encoding) again() <-chan part {
	all := make(chan part, 1)
	all <- part{e.entries, e.err}
	close(all)
	return all
}

// lock takes the head's row lock.
func (b *Book) lock(ctx context.Context, tx pgx.Tx) (head ledger.Head, tree *ledger.Tree, err error) {
	for {
		batch := &pgx.Batch{}
		pg.ScopeOf(b.self).Queue(batch)
		batch.Queue(headSQL + " FOR UPDATE").QueryRow(func(r pgx.Row) (err error) {
			head, tree, err = scanHead(r)
			return err
		})
		batch.Queue("SAVEPOINT " + beforeRows)
		err = tx.SendBatch(ctx, batch).Close()
		if !errors.Is(err, pgx.ErrNoRows) {
			return head, tree, err
		}
		g := ledger.Genesis(b.origin)
		if _, err := tx.Exec(ctx, "INSERT INTO ledger_head (size, chain, sm3_chain, edge) VALUES (0, $1, $2, '') ON CONFLICT DO NOTHING", g.Chain[:], g.SM3Chain[:]); err != nil {
			return head, nil, err
		}
	}
}

// known finds the entries that have a row.
func (b *Book) known(ctx context.Context, tx pgx.Tx, entries []entry) (map[uuid.UUID]ledger.Hash, error) {
	ids := make([]pgtype.UUID, len(entries))
	for i := range entries {
		ids[i] = pgtype.UUID{Bytes: entries[i].id, Valid: true}
	}
	rows, err := tx.Query(ctx, "SELECT event_id, sha256 FROM ledger_row WHERE event_id = ANY($1)", ids)
	if err != nil {
		return nil, err
	}
	known := map[uuid.UUID]ledger.Hash{}
	var id [16]byte
	var sum []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &sum}, func() error {
		var h ledger.Hash
		if err := toHash(sum, &h); err != nil {
			return err
		}
		known[id] = h
		return nil
	})
	return known, err
}

// insert puts the entries that are not known behind head, in the scope that
// lock has set.
func (b *Book) insert(ctx context.Context, tx pgx.Tx, head ledger.Head, tree *ledger.Tree, e *encoding, parts <-chan part, known map[uuid.UUID]ledger.Hash) error {
	size := head.Size
	lines := newLines(head, *tree, parts, known, e.buf)
	lines.added = e.added[:0]
	_, err := tx.Conn().PgConn().CopyFrom(ctx, lines, copySQL)
	if tx.Conn().IsClosed() { // it may still be reading
		return err
	}
	e.buf, e.added = lines.buf, lines.added
	if err := errors.Join(lines.err, err); err != nil || lines.head.Size == size {
		return err
	}
	batch := &pgx.Batch{}
	lines.nodes.queue(batch)
	queueVouchers(batch, size, lines.added)
	head = lines.head
	batch.Queue("UPDATE ledger_head SET size = $1, chain = $2, sm3_chain = $3, edge = $4", int64(head.Size), head.Chain[:], head.SM3Chain[:], join(lines.tree.Edge()))
	return tx.SendBatch(ctx, batch).Close()
}

// nodes is the tree's nodes that a batch completes, column by column.
type nodes struct {
	levels  []int16
	indices []int64
	hashes  [][]byte
}

func (n *nodes) add(x ledger.Node) {
	n.levels, n.indices, n.hashes = append(n.levels, int16(x.Level)), append(n.indices, int64(x.Index)), append(n.hashes, x.Hash[:])
}

func (n *nodes) queue(batch *pgx.Batch) {
	if len(n.levels) > 0 {
		batch.Queue("INSERT INTO ledger_node (level, idx, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])", n.levels, n.indices, n.hashes)
	}
}

func join(hashes []ledger.Hash) []byte {
	b := make([]byte, 0, len(hashes)*ledger.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
