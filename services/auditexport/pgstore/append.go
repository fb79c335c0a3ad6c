package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/pg"
)

// Append makes rows of events, in the order given, in tx. The head's row lock
// serialises writers, once a batch; the batch is the sequencer. An event that
// has its row already gets no second one; another event under the id of one
// that has is event.ErrUndecodable.
func (b *Book) Append(ctx context.Context, tx pgx.Tx, events []event.Record) error {
	entries, err := encode(events)
	if err != nil {
		return err
	}
	head, tree, known, err := b.lock(ctx, tx, entries)
	if err != nil {
		return err
	}
	rows, err := extend(&head, tree, entries, known)
	if err != nil || len(rows.seqs) == 0 {
		return err
	}
	batch := &pgx.Batch{} // in the scope that lock has set
	rows.queue(batch)
	batch.Queue("UPDATE ledger_head SET size = $1, chain = $2, sm3_chain = $3, edge = $4", int64(head.Size), head.Chain[:], head.SM3Chain[:], join(tree.Edge()))
	return tx.SendBatch(ctx, batch).Close()
}

// entry is one event on its way into the ledger.
type entry struct {
	*event.Record
	id     uuid.UUID
	raw    []byte
	sha256 ledger.Hash
}

func encode(events []event.Record) ([]entry, error) {
	entries := make([]entry, len(events))
	for i := range events {
		e := &events[i]
		raw, err := ledger.AppendRaw(nil, ledger.Entry{
			ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, Unit: e.Unit, Actor: e.Actor,
			EventSeq: e.Seq, TraceParent: e.TraceParent, Data: e.Data,
		})
		id, noID := uuid.Parse(e.ID)
		if err := errors.Join(err, noID); err != nil {
			return nil, fmt.Errorf("%w: event %s: %w", event.ErrUndecodable, e.ID, err)
		}
		entries[i] = entry{e, id, raw, ledger.Sum256(raw)}
	}
	return entries, nil
}

// lock takes the head's row lock and then looks which events are known.
func (b *Book) lock(ctx context.Context, tx pgx.Tx, entries []entry) (head ledger.Head, tree *ledger.Tree, known map[uuid.UUID]ledger.Hash, err error) {
	ids := make([]pgtype.UUID, len(entries))
	for i := range entries {
		ids[i] = pgtype.UUID{Bytes: entries[i].id, Valid: true}
	}
	known = map[uuid.UUID]ledger.Hash{}
	g := ledger.Genesis(b.origin)
	batch := &pgx.Batch{}
	pg.ScopeOf(b.self).Queue(batch)
	batch.Queue("INSERT INTO ledger_head (size, chain, sm3_chain, edge) SELECT 0, $1, $2, '' WHERE NOT EXISTS (SELECT FROM ledger_head) ON CONFLICT DO NOTHING", g.Chain[:], g.SM3Chain[:])
	batch.Queue(headSQL + " FOR UPDATE").QueryRow(func(r pgx.Row) (err error) {
		head, tree, err = scanHead(r)
		return err
	})
	batch.Queue("SELECT event_id, sha256 FROM ledger_row WHERE event_id = ANY($1)", ids).Query(func(rows pgx.Rows) error {
		var id [16]byte
		var sum []byte
		_, err := pgx.ForEachRow(rows, []any{&id, &sum}, func() error {
			var h ledger.Hash
			if err := toHash(sum, &h); err != nil {
				return err
			}
			known[id] = h
			return nil
		})
		return err
	})
	return head, tree, known, tx.SendBatch(ctx, batch).Close()
}

// added is the rows and nodes of one batch, column by column, as they are
// inserted.
type added struct {
	seqs                       []int64
	raws, sha256s, sm3s, links [][]byte
	ids                        []pgtype.UUID
	services, types, subjects  []string
	units, actors, traces      []string
	times                      []time.Time

	levels  []int16
	indices []int64
	hashes  [][]byte
}

// extend moves head and tree over the entries that are not known.
func extend(head *ledger.Head, tree *ledger.Tree, entries []entry, known map[uuid.UUID]ledger.Hash) (a added, err error) {
	for i := range entries {
		e := &entries[i]
		if sum, ok := known[e.id]; ok {
			if sum != e.sha256 {
				return a, fmt.Errorf("%w: event %s: another event of this id is in the ledger", event.ErrUndecodable, e.ID)
			}
			continue
		}
		known[e.id] = e.sha256
		r := head.Append(e.raw)
		tree.Append(r.Chain, func(n ledger.Node) {
			a.levels, a.indices, a.hashes = append(a.levels, int16(n.Level)), append(a.indices, int64(n.Index)), append(a.hashes, n.Hash[:])
		})
		a.seqs = append(a.seqs, int64(r.Seq))
		a.raws, a.links = append(a.raws, r.Raw), append(a.links, r.Chain[:])
		a.sha256s, a.sm3s = append(a.sha256s, r.SHA256[:]), append(a.sm3s, r.SM3[:])
		a.ids, a.times = append(a.ids, pgtype.UUID{Bytes: e.id, Valid: true}), append(a.times, e.Time)
		a.services, a.types, a.subjects = append(a.services, e.Source), append(a.types, e.Type), append(a.subjects, e.Subject)
		a.units, a.actors, a.traces = append(a.units, e.Unit), append(a.actors, e.Actor), append(a.traces, event.TraceID(e.TraceParent))
	}
	return a, nil
}

func (a *added) queue(batch *pgx.Batch) {
	batch.Queue(`INSERT INTO ledger_row (seq, raw, sha256, sm3, chain, event_id, service, type, subject, unit, actor, trace_id, at)
		SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::uuid[],
			$7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[])`,
		a.seqs, a.raws, a.sha256s, a.sm3s, a.links, a.ids, a.services, a.types, a.subjects, a.units, a.actors, a.traces, a.times)
	if len(a.levels) > 0 {
		batch.Queue("INSERT INTO ledger_node (level, idx, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])", a.levels, a.indices, a.hashes)
	}
}

func join(hashes []ledger.Hash) []byte {
	b := make([]byte, 0, len(hashes)*ledger.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}
