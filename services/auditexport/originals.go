package auditexport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// Originals are where attachments lie: the services' stores, which this one reads
// and never writes.
type Originals interface {
	// Open opens what has that SHA-256. Its errors are ErrNoOriginal, where no store
	// has it, and what keeps it from being looked for everywhere; the reader ends
	// with ErrDamaged where the content is another.
	Open(ctx context.Context, sha256 ledger.Hash) (io.ReadCloser, error)
}

// What Originals answer.
var (
	ErrNoOriginal = errors.New("no store has it")
	ErrDamaged    = errors.New("what is stored is not what was hashed")
)

// Why an attachment that a row names is not in a bundle. stable: manifests and
// completeness.json carry them.
const (
	absentLeftOut     = "left_out"    // whoever asked for the bundle wanted none
	absentNotFound    = "not_found"   // no store has it
	absentDamaged     = "damaged"     // it is not what was hashed
	absentUnavailable = "unavailable" // a store did not answer
	absentTooMuch     = "too_much"    // the bundle has no room for it
)

// absences say the same to people.
var absences = map[string]struct{ zh, en string }{
	absentLeftOut:     {"按要求未收入附件", "attachments were not asked for"},
	absentNotFound:    {"各附件存储中均未找到", "no store has it"},
	absentDamaged:     {"所存内容与记录的摘要不符", "what is stored is not what was hashed"},
	absentUnavailable: {"附件存储未应答", "a store did not answer"},
	absentTooMuch:     {"超出单个审计包的附件容量或数量", "the bundle has no room for it"},
}

// Bounds of the fetching of attachments.
const (
	fetchTime    = time.Minute // of one
	fetchTries   = 3           // that bring nothing, in a row, before a store is let be
	maxOriginals = 50_000      // in one bundle
)

// mention is one row's naming of an attachment, as it lies in a scratch file.
type mention struct {
	paperLine
	Hash ledger.Hash `json:"-"`
}

// originals are the attachments that the rows of a bundle name, and those of them
// that it takes along. Each is fetched before the bundle says that it has it: one
// that cannot be had is told with its reason, never passed over (SH12-A). Memory
// grows by some hundred bytes for each that is named.
type originals struct {
	from   Originals // nil = none can be had
	room   int64     // bytes that are left
	leave  bool      // none are wanted
	before map[string]int64

	names    Scratch // a line for each mention
	out      *json.Encoder
	flush    func() error
	spool    Scratch
	here     map[ledger.Hash]string // file in the bundle
	absent   map[ledger.Hash]string // why not
	failures int
	said     bundle.Attachments
}

// gather reads the rows and yields the files that they name, each once, in the
// order of the rows.
func (o *originals) gather(ctx context.Context, rows iter.Seq2[*ledger.Row, error], yield func(bundle.Document, error) bool) error {
	lines := bufio.NewWriter(o.names)
	o.out, o.flush = json.NewEncoder(lines), lines.Flush
	o.here, o.absent = map[ledger.Hash]string{}, map[ledger.Hash]string{}
	for row, err := range rows {
		if err != nil {
			return err
		}
		e, err := ledger.Parse(row.Raw)
		if err != nil {
			continue // the row itself is in the bundle, and the verifier says what became of it
		}
		for _, p := range bundle.Papers(e.Data) {
			if err := o.name(ctx, int64(row.Seq), e.Subject, p, yield); err != nil {
				return err
			}
		}
	}
	return o.flush()
}

// name takes in that a row names an attachment.
func (o *originals) name(ctx context.Context, seq int64, subject string, p bundle.Paper, yield func(bundle.Document, error) bool) error {
	_, here := o.here[p.SHA256]
	_, absent := o.absent[p.SHA256]
	if !here && !absent {
		if err := o.take(ctx, p, yield); err != nil {
			return err
		}
	}
	o.said.Named++
	if why, absent := o.absent[p.SHA256]; absent {
		if o.said.Missing == nil {
			o.said.Missing = map[string]uint64{}
		}
		o.said.Missing[why]++
	} else {
		o.said.Held++
	}
	return o.out.Encode(paperOf(seq, subject, p))
}

func paperOf(seq int64, subject string, p bundle.Paper) paperLine {
	return paperLine{Project: subject, Seq: seq, Name: p.Name, MediaType: p.MediaType, Size: p.Size, SHA256: p.SHA256.String(), SM3: p.SM3}
}

// take fetches an attachment and yields it, or keeps why there is none.
func (o *originals) take(ctx context.Context, p bundle.Paper, yield func(bundle.Document, error) bool) error {
	name := bundle.PaperName(p.SHA256, p.MediaType)
	size, there := o.before[name] // written before the writing was taken up
	if !there {
		why, n, err := o.fetch(ctx, p.SHA256)
		if err != nil {
			return err
		}
		if why != "" {
			o.absent[p.SHA256] = why
			return nil
		}
		size = n
	}
	o.room -= size
	o.here[p.SHA256] = name
	document := bundle.Document{Name: name, Write: func(_ context.Context, w io.Writer) error {
		if _, err := o.spool.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.CopyN(w, o.spool, size)
		return err
	}}
	if !yield(document, nil) {
		return errEnough
	}
	return nil
}

// fetch brings an attachment into the spool, or says why it cannot be had. Its
// error ends the writing.
func (o *originals) fetch(ctx context.Context, hash ledger.Hash) (why string, size int64, err error) {
	switch {
	case o.leave:
		return absentLeftOut, 0, nil
	case len(o.here) >= maxOriginals:
		return absentTooMuch, 0, nil
	case o.from == nil || o.failures >= fetchTries:
		return absentUnavailable, 0, nil
	}
	if _, err := o.spool.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	size, err = o.copy(ctx, hash)
	if ctx.Err() != nil {
		return "", 0, ctx.Err()
	}
	switch {
	case err == nil && size > o.room:
		return absentTooMuch, 0, nil
	case err == nil:
		o.failures = 0
		return "", size, nil
	case errors.Is(err, ErrNoOriginal):
		return absentNotFound, 0, nil
	case errors.Is(err, ErrDamaged):
		return absentDamaged, 0, nil
	case errors.Is(err, errScratch):
		return "", 0, err
	}
	o.failures++
	return absentUnavailable, 0, nil
}

var errScratch = errors.New("a scratch file cannot be written")

// copy reads an attachment to its end, where it is known to be what it should, or
// to where there is no more room.
func (o *originals) copy(ctx context.Context, hash ledger.Hash) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := o.from.Open(ctx, hash)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(spooling{o.spool}, io.LimitReader(r, o.room+1))
}

// spooling tells a full disk from a store that fails.
type spooling struct{ w io.Writer }

func (s spooling) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = errors.Join(errScratch, err)
	}
	return n, err
}

// mentions gives the rows' namings, in their order.
func (o *originals) mentions() iter.Seq2[*mention, error] {
	return func(yield func(*mention, error) bool) {
		if _, err := o.names.Seek(0, io.SeekStart); err != nil {
			yield(nil, err)
			return
		}
		for lines := json.NewDecoder(bufio.NewReader(o.names)); ; {
			var m mention
			err := lines.Decode(&m.paperLine)
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = m.Hash.UnmarshalText([]byte(m.SHA256))
			}
			if !yield(&m, err) || err != nil {
				return
			}
		}
	}
}

// gaps lists the attachments that the bundle has not, each once.
func (o *originals) gaps(yield func(gap, error) bool) bool {
	told := map[ledger.Hash]bool{}
	for m, err := range o.mentions() {
		if err != nil {
			return yield(gap{}, err)
		}
		why, absent := o.absent[m.Hash]
		if !absent || told[m.Hash] {
			continue
		}
		told[m.Hash] = true
		if !yield(gap{
			Project: m.Project, Kind: "attachment", Field: m.SHA256, Status: gapNotHeld, Reason: why,
			Why: m.Name + "：" + absences[why].zh, WhyEN: m.Name + ": " + absences[why].en,
		}, nil) {
			return false
		}
	}
	return true
}
