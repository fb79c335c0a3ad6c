package pgstore

import (
	"fmt"
	"io"

	"github.com/google/uuid"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/pg"
)

// copySQL takes rows as lines writes them.
const copySQL = `COPY ledger_line (seq, raw, sha256, sm3, chain, event_id, service, type, subject, unit, actor, trace_id, at)
	FROM STDIN (FORMAT binary)`

// lines moves a head and a tree over entries and is read as the rows to store,
// in the form of copySQL. What it holds is one part's rows, whatever the batch.
type lines struct {
	head  ledger.Head
	tree  ledger.Tree
	nodes nodes          // that the rows complete
	added []event.Record // that the rows are of
	err   error          // event.ErrUndecodable, when an entry cannot be a row

	parts <-chan part
	known map[uuid.UUID]ledger.Hash // gets what is added
	buf   []byte
	left  []byte // of buf, not read yet
	ended bool
}

func newLines(head ledger.Head, tree ledger.Tree, parts <-chan part, known map[uuid.UUID]ledger.Hash, buf []byte) *lines {
	l := &lines{head: head, tree: tree, parts: parts, known: known, buf: append(buf[:0], pg.CopyHeader...)}
	l.left = l.buf
	return l
}

// Read gives what is left of the rows in hand, or takes the next part.
func (l *lines) Read(p []byte) (int, error) {
	for len(l.left) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		if l.ended {
			return 0, io.EOF
		}
		l.buf = l.buf[:0]
		l.next()
		l.left = l.buf
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}

func (l *lines) next() {
	part, more := <-l.parts
	if !more {
		l.buf, l.ended = append(l.buf, pg.CopyEnd...), true
		return
	}
	if l.err = part.err; l.err != nil {
		return
	}
	for i := range part.entries {
		e := &part.entries[i]
		if sum, ok := l.known[e.id]; !ok {
			l.known[e.id] = e.sha256
			l.add(e)
			l.added = append(l.added, *e.Record)
		} else if sum != e.sha256 {
			l.err = fmt.Errorf("%w: event %s: another event of this id is in the ledger", event.ErrUndecodable, e.ID)
			return
		}
	}
}

func (l *lines) add(e *entry) {
	r := l.head.AppendHashed(e.raw, e.sha256, e.sm3)
	l.tree.Append(r.Chain, l.nodes.add)
	b := pg.AppendCopyRow(l.buf, 13)
	b = pg.AppendCopyInt64(b, int64(r.Seq))
	b = pg.AppendCopyField(b, r.Raw)
	b = pg.AppendCopyField(b, r.SHA256[:])
	b = pg.AppendCopyField(b, r.SM3[:])
	b = pg.AppendCopyField(b, r.Chain[:])
	b = pg.AppendCopyField(b, e.id[:])
	for _, text := range [...]string{e.Source, e.Type, e.Subject, e.Unit, e.Actor, event.TraceID(e.TraceParent)} {
		b = pg.AppendCopyField(b, text)
	}
	l.buf = pg.AppendCopyTime(b, e.Time)
}
