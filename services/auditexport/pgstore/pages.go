package pgstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/pg"
	"egov/services/auditexport"
)

// rowColumns are what a row of an export consists of.
const rowColumns = "seq, raw, sha256, sm3, chain"

// Bounds of one page of a stream, whichever is met first. An event may have
// megabytes; a page holds one too many at most.
const (
	pageRows  = 5000
	pageBytes = 4 << 20
)

// page is the rows of one query, copied once off the wire. It is reused.
type page struct {
	rows  []auditexport.Filed
	bytes []byte // the events, one after the other
	ends  []int  // where each ends
	full  bool   // of bytes: the query may have more
	err   error
}

func (p *page) reset() {
	p.rows, p.bytes, p.ends, p.full, p.err = p.rows[:0], p.bytes[:0], p.ends[:0], false, nil
}

// scan takes one row in, as it is on the wire: rowColumns in binary.
func (p *page) scan(wire [][]byte) error {
	var f auditexport.Filed
	if len(wire[0]) != 8 {
		return fmt.Errorf("a row's seq has %d bytes", len(wire[0]))
	}
	f.Seq = binary.BigEndian.Uint64(wire[0])
	for i, h := range []*ledger.Hash{&f.SHA256, &f.SM3, &f.Chain} {
		// A hash of another length was put there by hand: it is kept as a wrong one.
		if b := wire[2+i]; len(b) == ledger.HashSize {
			*h = ledger.Hash(b)
		}
	}
	p.bytes = append(p.bytes, wire[1]...)
	p.ends = append(p.ends, len(p.bytes))
	p.rows = append(p.rows, f)
	return nil
}

// fill reads a page.
func (p *page) fill(rows pgx.Rows, scan func([][]byte) error) error {
	for !p.full && rows.Next() {
		if err := scan(rows.RawValues()); err != nil {
			return err
		}
		p.full = len(p.bytes) >= pageBytes
	}
	rows.Close() // what is left of the answer is passed over
	begin := 0   // only now is it known where the bytes lie
	for i, end := range p.ends {
		p.rows[i].Raw = p.bytes[begin:end:end]
		begin = end
	}
	return rows.Err()
}

// pages streams rows in keyset pages. While one page is used up, the next is
// read; a row is valid until its successor is asked for. Where pages run full
// of bytes, the next query asks for no more rows than fit.
func pages(ctx context.Context, from, to int64, read func(ctx context.Context, next, limit int64, p *page) error) iter.Seq2[*auditexport.Filed, error] {
	return func(yield func(*auditexport.Filed, error) bool) {
		reading, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		free, full := make(chan *page, 2), make(chan *page, 1)
		free <- &page{}
		free <- &page{}
		wg.Go(func() {
			defer close(full)
			limit := int64(pageRows)
			for next := from; next <= to; {
				var p *page
				select {
				case p = <-free:
				case <-reading.Done():
					return
				}
				p.reset()
				p.err = read(reading, next, limit, p)
				n := int64(len(p.rows))
				if n > 0 {
					next = int64(p.rows[n-1].Seq) + 1
				}
				last := p.err != nil || !p.full && n < limit
				if limit = min(2*limit, pageRows); p.full {
					limit = n
				}
				select {
				case full <- p:
				case <-reading.Done():
					return
				}
				if last {
					return
				}
			}
		})
		for p := range full {
			if p.err != nil {
				yield(nil, p.err)
				return
			}
			for i := range p.rows {
				if !yield(&p.rows[i], nil) {
					return
				}
			}
			free <- p
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Rows streams rows in ascending order.
func (b *Book) Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error] {
	sql, args := "SELECT "+rowColumns+" FROM ledger_row WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3", []any{int64(0), to, int64(0)}
	if project != "" {
		sql = "SELECT " + rowColumns + " FROM ledger_row WHERE subject = $4 AND seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3"
		args = append(args, project)
	}
	stream := pages(ctx, from, to, func(ctx context.Context, next, limit int64, p *page) error {
		args[0], args[2] = next, limit
		return b.query(ctx, func(rows pgx.Rows) error {
			p.reset()
			return p.fill(rows, p.scan)
		}, sql, args...)
	})
	return func(yield func(*ledger.Row, error) bool) {
		for f, err := range stream {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&f.Row, nil) {
				return
			}
		}
	}
}

// Filed streams all rows with what became of their query columns, and of the
// blocks of the search projection: the last row of one that is not what its rows
// give is misfiled as a whole. Blocks are checked that lie in the range entirely.
func (b *Book) Filed(ctx context.Context, from, to int64) iter.Seq2[*auditexport.Filed, error] {
	blocks := blockCheck{book: b, next: from}
	return pages(ctx, from, to, func(ctx context.Context, next, limit int64, p *page) error {
		err := b.query(ctx, func(rows pgx.Rows) error {
			p.reset()
			return p.fill(rows, func(wire [][]byte) error {
				if err := p.scan(wire); err != nil {
					return err
				}
				last := &p.rows[len(p.rows)-1]
				last.Misfiled = misfiled(wire[1], wire[5:])
				return nil
			})
		}, `SELECT `+rowColumns+`, event_id, service, type, subject, unit, actor, trace_id, at
			FROM ledger_row WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3`, next, to, limit)
		if err != nil {
			return err
		}
		for i := range p.rows {
			if err := blocks.take(ctx, &p.rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// misfiled compares the query columns with the event.
func misfiled(raw []byte, columns [][]byte) string {
	e, err := ledger.Parse(raw)
	if err != nil {
		return "raw"
	}
	if id, err := uuid.Parse(e.ID); err != nil || string(id[:]) != string(columns[0]) {
		return "event_id"
	}
	for i, x := range []struct{ column, want string }{
		{"service", e.Source}, {"type", e.Type}, {"subject", e.Subject}, {"unit", e.Unit}, {"actor", e.Actor}, {"trace_id", event.TraceID(e.TraceParent)},
	} {
		if string(columns[1+i]) != x.want {
			return x.column
		}
	}
	if at := columns[7]; len(at) != 8 || int64(binary.BigEndian.Uint64(at)) != e.Time.UnixMicro()-pg.Epoch {
		return "at"
	}
	return ""
}
