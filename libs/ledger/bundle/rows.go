package bundle

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/vouch"
)

// lineKind is what one line of ledger.jsonl turned out to be.
type lineKind uint8

const (
	lineRow       lineKind = iota // a row; its hashes are checked, its place is not
	lineTrailer                   // the closing line
	lineMalformed                 // neither
	lineCut                       // a line without its newline: the file ends in the middle of it
)

// scannedLine is one line as a worker leaves it to the one that follows the
// chain. The event's own bytes are no longer needed.
type scannedLine struct {
	kind               lineKind
	hashesHold         bool
	linked             bool // chain follows from before
	seq                uint64
	sha256, sm3, chain ledger.Hash
	before             ledger.Hash // chain value of the line before; zero for the first of a chunk
	trailer            *Trailer
	source             string // of an event of the subject asked for, else ""
	eventSeq           int64
	stated             stated        // where vouchers are asked for
	papers             []ledger.Hash // that the event names, where they are asked for
}

// chunk is a run of whole lines on its way through the pipeline.
type chunk struct {
	text  []byte // ends with a newline, unless the file does not
	err   error  // that ended the reading behind the text
	lines []scannedLine
	event []byte // what stated is of
	done  chan struct{}

	// The compact range of its first lines, as many as are rows that follow one
	// another.
	first  uint64 // seq of the first of them
	run    uint64 // how many they are
	nodes  []ledger.Hash
	leaves []ledger.Hash // to make it of
}

// A chunk is small enough to stay in the cache of the processor that has read
// it, and large enough that handing it on costs nothing.
const (
	chunkSize  = 128 << 10
	chunkLines = chunkSize / 512 // as a rule
)

// scanner turns ledger.jsonl into scanned lines: a few goroutines take turns to
// read, then decode and hash what they have read; the caller receives in order.
// Memory is a fixed number of chunks, whatever the file's length.
type scanner struct {
	digests ledger.Digests
	subject string // whose events are to be told apart; may be empty
	vouched bool   // what the services signed is asked for
	papers  bool   // the attachments that rows name are asked for
}

// scan calls each for every chunk of lines, in order, until it returns an error or the
// input ends. It returns that error, a read error, or nil.
func (s scanner) scan(ctx context.Context, r io.Reader, each func(*chunk) error) error {
	workers := runtime.GOMAXPROCS(0)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	chunks := 2*workers + 2
	in := &input{
		r:       r,
		free:    make(chan *chunk, chunks),
		inOrder: make(chan *chunk, chunks),
	}
	for range chunks {
		in.free <- &chunk{text: make([]byte, 0, chunkSize), lines: make([]scannedLine, 0, chunkLines)}
	}
	for range workers {
		wg.Go(func() {
			var buf []byte
			for c := in.next(ctx); c != nil; c = in.next(ctx) {
				buf = s.decode(c, buf)
				c.link()
				close(c.done)
			}
		})
	}
	for c := range in.inOrder {
		<-c.done
		if err := each(c); err != nil {
			return err
		}
		if c.err != nil {
			return c.err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		in.free <- c
	}
	return ctx.Err()
}

// input is what the workers of a scan read in turn.
type input struct {
	free, inOrder chan *chunk

	mu    sync.Mutex
	r     io.Reader
	rest  []byte // of the last chunk, behind its last line end
	ended bool
}

// next reads a chunk of whole lines and puts it in order; nil when there is
// none. A line longer than any row may be ends the reading.
func (in *input) next(ctx context.Context) *chunk {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return nil
	}
	var c *chunk
	select {
	case <-ctx.Done():
		in.end()
		return nil
	case c = <-in.free:
	}
	c.text = append(c.text[:0], in.rest...)
	c.err, c.done = nil, make(chan struct{})
	end := -1
	for end < 0 && c.err == nil {
		if len(c.text) == cap(c.text) {
			if len(c.text) > maxLine {
				c.err = errLineTooLong
				break
			}
			c.text = append(make([]byte, 0, 2*cap(c.text)), c.text...)
		}
		var n int
		n, c.err = io.ReadFull(in.r, c.text[len(c.text):cap(c.text)])
		c.text = c.text[:len(c.text)+n]
		end = bytes.LastIndexByte(c.text, '\n')
	}
	last := c.err != nil
	if errors.Is(c.err, io.EOF) || errors.Is(c.err, io.ErrUnexpectedEOF) {
		c.err = nil
	} else {
		in.rest = append(in.rest[:0], c.text[end+1:]...)
		c.text = c.text[:end+1]
	}
	in.inOrder <- c // there is room for all chunks
	if last {
		in.end()
	}
	return c
}

func (in *input) end() {
	in.ended = true
	close(in.inOrder)
}

var errLineTooLong = errors.New("a line is longer than any row can be")

// decode scans every line of a chunk and recomputes the row hashes.
func (s scanner) decode(c *chunk, buf []byte) []byte {
	c.lines, c.event = c.lines[:0], c.event[:0]
	for text := c.text; len(text) > 0; {
		c.lines = append(c.lines, scannedLine{})
		out := &c.lines[len(c.lines)-1]
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			out.kind = lineCut
			break
		}
		line := text[:end]
		text = text[end+1:]
		var row ledger.Row
		var fixed bool
		if buf, fixed = scanRow(line, buf, &row); !fixed {
			trailer, ok := looseLine(line, &row)
			if !ok {
				out.kind = lineMalformed
				continue
			}
			if trailer != nil {
				out.kind, out.trailer = lineTrailer, trailer
				continue
			}
		}
		out.seq, out.sha256, out.sm3, out.chain = row.Seq, row.SHA256, row.SM3, row.Chain
		out.hashesHold = ledger.CheckRaw(row.Raw, &row.SHA256, &row.SM3, s.digests)
		s.read(c, row.Raw, out)
	}
	return buf
}

// link hashes what binds the lines to each other and to the tree, as far as they
// say it themselves: whether they say the truth is known once their chunk has its
// turn.
func (c *chunk) link() {
	c.first, c.run, c.nodes, c.leaves = 0, 0, c.nodes[:0], c.leaves[:0]
	for i := range c.lines {
		l := &c.lines[i]
		if l.kind != lineRow {
			continue
		}
		if i == 0 {
			c.first = l.seq
		} else if before := &c.lines[i-1]; l.seq == before.seq+1 {
			l.before = before.chain
			l.linked = ledger.Link(l.before, l.seq, l.sha256, l.sm3) == l.chain
		}
		if c.run == uint64(i) && l.seq == c.first+c.run {
			c.run++
			c.leaves = append(c.leaves, l.chain)
		}
	}
	if c.run > 0 {
		c.nodes = ledger.AppendCompactRange(c.nodes, c.first-1, c.leaves)
	}
}

// read takes out of an event what is asked for besides its hashes. An event that
// cannot be read has nothing of it.
func (s scanner) read(c *chunk, raw []byte, out *scannedLine) {
	papers := s.papers && namesPapers(raw)
	if s.subject == "" && !s.vouched && !papers {
		return
	}
	e, err := ledger.Parse(raw)
	if err != nil {
		return
	}
	if s.subject != "" && e.Subject == s.subject {
		out.source, out.eventSeq = e.Source, e.EventSeq
	}
	if s.vouched {
		from, at := len(c.event), 0
		c.event, at = vouch.AppendAround(c.event, &e)
		out.stated = stated{e.Source, c.event[from:at:at], c.event[at:]}
	}
	if papers {
		for _, p := range Papers(e.Data) {
			out.papers = append(out.papers, p.SHA256)
		}
	}
}

// track knows which row comes next and what binds it to the tree.
type track interface {
	// next is the seq of the row that must come next, 0 when none may.
	next() uint64
	// accept binds a row whose seq is next. It returns a *ledger.Finding when
	// the row does not hold.
	accept(*scannedLine) error
	// settle is told when the lines of a chunk have been accepted.
	settle(*chunk) error
	// finish binds the whole to the root.
	finish() error
}

// rowsCheck follows the lines of ledger.jsonl and gathers what the closing line
// has to agree with.
type rowsCheck struct {
	track
	tally   *Tally
	trailer *Trailer
	missing uint64           // a row that was expected when a later one came
	events  map[string]int64 // per producing service, the last event of the subject
	midway  bool             // the events of the subject may begin at any number
	vouched *vouching        // nil where nothing vouches
	papers  *paperCheck      // nil where the bundle does not say which it has
}

func newRowsCheck(t track, kind Kind) *rowsCheck {
	return &rowsCheck{track: t, tally: NewTally(kind), events: make(map[string]int64)}
}

func (c *rowsCheck) chunk(lines *chunk) error {
	for i := range lines.lines {
		if err := c.line(&lines.lines[i]); err != nil {
			return err
		}
	}
	return c.settle(lines)
}

func (c *rowsCheck) line(l *scannedLine) error {
	want := c.next()
	if c.missing != 0 { // only to tell a row that is elsewhere from one that is nowhere
		if l.kind == lineRow && l.seq == c.missing {
			return ledger.Found(ledger.CodeRowOrder, c.missing, "the row stands further down")
		}
		return nil
	}
	switch {
	case l.kind == lineCut:
		return ledger.Found(ledger.CodeTruncated, want, "the last line is cut")
	case l.kind == lineMalformed:
		return ledger.Found(ledger.CodeRowHash, want, "the line cannot be read")
	case c.trailer != nil:
		return ledger.Found(ledger.CodeRowOrder, l.seq, "something follows the closing line")
	case l.kind == lineTrailer:
		c.trailer = l.trailer
		return nil
	case want != 0 && l.seq > want:
		c.missing = want
		return nil
	case l.seq <= c.tally.trailer.Last:
		return ledger.Found(ledger.CodeRowOrder, l.seq, "the row is behind its place")
	case l.seq != want:
		return ledger.Found(ledger.CodeLeafNotInTree, l.seq, "nothing ties the row to the tree")
	case !l.hashesHold:
		return ledger.Found(ledger.CodeRowHash, l.seq, "the event is not the one that was hashed")
	}
	if err := c.accept(l); err != nil {
		return err
	}
	if l.source != "" {
		if last, seen := c.events[l.source]; last+1 != l.eventSeq && (seen || !c.midway) {
			return ledger.Found(ledger.CodeRowMissing, l.seq, "event %d of %s about the subject does not follow event %d", l.eventSeq, l.source, last)
		}
		c.events[l.source] = l.eventSeq
	}
	if c.vouched != nil {
		c.vouched.row(l.seq, &l.stated)
	}
	if c.papers != nil {
		c.papers.row(l.papers)
	}
	c.tally.Add(l.seq, &l.chain)
	return nil
}

// end checks everything that only the end of the file decides.
func (c *rowsCheck) end(trust *checkpoint.Trust, under checkpoint.Checkpoint) error {
	got := c.tally.Trailer()
	switch {
	case c.missing != 0:
		return ledger.Found(ledger.CodeRowMissing, c.missing, "the row is nowhere in the file")
	case c.trailer == nil:
		return ledger.Found(ledger.CodeTruncated, c.next(), "the closing line is missing")
	case c.trailer.Rows != got.Rows || c.trailer.First != got.First || c.trailer.Last != got.Last:
		return ledger.Found(ledger.CodeTruncated, c.next(), "%d rows were written, %d are there", c.trailer.Rows, got.Rows)
	}
	if err := c.finish(); err != nil {
		return err
	}
	if c.trailer.Chain != got.Chain || c.trailer.Digest != got.Digest {
		return ledger.Found(ledger.CodeTruncated, 0, "the closing line is of other rows")
	}
	if err := trust.VerifyStatement(under.Size, c.trailer.Statement(under), c.trailer.Signatures); err != nil {
		return ledger.Found(ledger.CodeTruncated, 0, "the closing line is not authentic: %v", err)
	}
	return nil
}

// contiguous follows consecutive rows: a whole ledger or a range of it.
type contiguous struct {
	head    ledger.Head
	tree    ledger.Tree
	digests ledger.Digests // that the head follows
	right   []ledger.Hash  // stands for the rows behind the range
	size    uint64         // of the signed tree
	last    uint64         // no row may come after it; for a range not known beforehand
	root    ledger.Hash
	sm3     ledger.Hash // head of the SM3 chain to arrive at; zero when not to be checked
	earlier *State      // a tree seen before, to be passed on the way
}

func newLedgerTrack(c checkpoint.Checkpoint, d ledger.Digests, earlier *State) *contiguous {
	t := &contiguous{head: ledger.Genesis(c.Origin), digests: d, size: c.Size, last: c.Size, root: c.Root, earlier: earlier}
	if d.Has(ledger.WithSM3) {
		t.sm3 = c.SM3Chain
	}
	return t
}

func newRangeTrack(c checkpoint.Checkpoint, p *Proof) (*contiguous, error) {
	if p.First < 1 || p.First > c.Size || p.Before == nil {
		return nil, errors.New("a range needs its first row and what came before")
	}
	tree, err := ledger.ResumeTree(p.First-1, p.Left)
	if err != nil {
		return nil, err
	}
	return &contiguous{
		head: ledger.Head{Size: p.First - 1, Chain: *p.Before}, tree: *tree, digests: ledger.WithSHA256,
		right: p.Right, size: c.Size, root: c.Root,
	}, nil
}

func (t *contiguous) next() uint64 {
	if t.head.Size == t.size {
		return 0
	}
	return t.head.Size + 1
}

func (t *contiguous) accept(l *scannedLine) error {
	link := l.chain
	if !l.linked || l.before != t.head.Chain {
		link = ledger.Link(t.head.Chain, l.seq, l.sha256, l.sm3)
	}
	if err := t.head.FollowLink(l.seq, l.sm3, l.chain, link, t.digests); err != nil {
		return err
	}
	if e := t.earlier; e != nil && t.tree.Size() < e.Size {
		t.tree.Append(l.chain, nil)
		if t.tree.Size() == e.Size && t.tree.Root() != e.Root {
			return ledger.Found(ledger.CodeFork, 0, "the first %d rows are not those seen before", e.Size)
		}
	}
	return nil
}

// settle takes the rows that the head has moved over into the tree.
func (t *contiguous) settle(c *chunk) error {
	if c.first == t.tree.Size()+1 && t.head.Size == t.tree.Size()+c.run {
		return t.tree.AppendRange(t.head.Size, c.nodes)
	}
	for i := range c.lines {
		if l := &c.lines[i]; l.kind == lineRow && l.seq == t.tree.Size()+1 && l.seq <= t.head.Size {
			t.tree.Append(l.chain, nil)
		}
	}
	return nil
}

func (t *contiguous) finish() error {
	if t.last != 0 && t.head.Size != t.last {
		return ledger.Found(ledger.CodeTruncated, t.head.Size+1, "the checkpoint has %d rows", t.last)
	}
	if err := t.tree.AppendRange(t.size, t.right); err != nil {
		return ledger.Found(ledger.CodeLeafNotInTree, 0, "%v", err)
	}
	if t.tree.Root() != t.root {
		return ledger.Found(ledger.CodeLeafNotInTree, 0, "the rows have another root than the checkpoint")
	}
	if t.sm3 != (ledger.Hash{}) && t.head.SM3Chain != t.sm3 {
		return ledger.Found(ledger.CodeChainBroken, 0, "the SM3 chain ends elsewhere than the checkpoint says")
	}
	return nil
}

// selection follows chosen rows, each by its own proof.
type selection struct {
	proofs *proofReader
	size   uint64
	root   ledger.Hash
}

func (t *selection) next() uint64 {
	if t.proofs.next == nil {
		return 0
	}
	return t.proofs.next.Seq
}

func (t *selection) accept(l *scannedLine) error {
	p := t.proofs.next
	if ledger.Link(p.Prev, l.seq, l.sha256, l.sm3) != l.chain {
		return ledger.Found(ledger.CodeChainBroken, l.seq, "the row does not follow the one its proof names")
	}
	if err := ledger.VerifyInclusion(l.seq, t.size, l.chain, p.Hashes, t.root); err != nil {
		return err
	}
	if err := t.proofs.advance(); err != nil {
		return ledger.Found(ledger.CodeFileHash, 0, "%s: %v", NameProof, err)
	}
	return nil
}

func (t *selection) settle(*chunk) error { return nil }

func (t *selection) finish() error {
	if t.proofs.next != nil {
		return ledger.Found(ledger.CodeTruncated, t.proofs.next.Seq, "a row that has a proof is missing")
	}
	return nil
}

// Follow reads a whole ledger's rows in the form of ledger.jsonl and recomputes
// its hashes, its chains and its tree from nothing. What it returns is to be
// compared with a signed checkpoint, and the closing line, nil when there is
// none, with its signatures. It returns a *ledger.Finding when a row does not
// hold.
func Follow(ctx context.Context, r io.Reader, origin string, d ledger.Digests) (ledger.Head, ledger.Hash, *Trailer, error) {
	t := &contiguous{head: ledger.Genesis(origin), digests: d, size: 1<<63 - 1}
	check := newRowsCheck(t, KindLedger)
	if err := (scanner{digests: d}).scan(ctx, r, check.chunk); err != nil {
		return t.head, t.tree.Root(), check.trailer, err
	}
	if check.missing != 0 {
		return t.head, t.tree.Root(), check.trailer, ledger.Found(ledger.CodeRowMissing, check.missing, "the row is nowhere in the file")
	}
	return t.head, t.tree.Root(), check.trailer, nil
}
