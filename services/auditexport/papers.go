package auditexport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"regexp"

	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/rules"
)

// papers draws the documents of one bundle: of every project that has a row in
// it, an OC4IDS project package and an OCDS record package as of the bundle's
// last row, the attachments that its rows name, the tables, and what the bundle
// says of itself. Projects are taken
// one after the other; what tables and reports say of one lies in a scratch file
// meanwhile, so memory does not grow with their number. What the facts do not
// say is left out, and listed in completeness.json.
type papers struct {
	book    Book
	rules   rules.Book
	export  Export
	signed  checkpoint.Signed
	scope   bundle.Scope
	writers map[string]TableWriter
	scratch Scratch

	originals originals
	vouched   bool // the bundle shows which service stated its rows
	projects  int
	tally     tally
}

func (p *papers) documents(ctx context.Context) iter.Seq2[bundle.Document, error] {
	return func(yield func(bundle.Document, error) bool) {
		ids, err := p.book.Projects(ctx, p.export.Project, p.export.First, p.export.Last)
		if err != nil {
			yield(bundle.Document{}, err)
			return
		}
		out := bufio.NewWriter(p.scratch)
		lines := json.NewEncoder(out)
		for _, id := range ids {
			h, err := p.history(ctx, id)
			if err != nil {
				yield(bundle.Document{}, err)
				return
			}
			if h.unit == "" { // its submission cannot be read
				continue
			}
			l := h.leaf(p.rules)
			p.projects++
			p.tally.add(l.Gaps)
			if err := lines.Encode(l); err != nil {
				yield(bundle.Document{}, err)
				return
			}
			for _, d := range h.standards() {
				if !yield(d.document, d.err) || d.err != nil {
					return
				}
			}
		}
		if err := out.Flush(); err != nil {
			yield(bundle.Document{}, err)
			return
		}
		e := p.export
		if err := p.originals.gather(ctx, p.book.Rows(ctx, e.Project, e.First, e.Last), yield); err != nil {
			if !errors.Is(err, errEnough) {
				yield(bundle.Document{}, err)
			}
			return
		}
		if n := int64(len(p.originals.absent)); n > 0 {
			p.tally.add(nil)
			p.tally[gapNotHeld] += n
		}
		for _, format := range p.export.Formats {
			for _, t := range p.tables() {
				if !yield(p.tableFile(t, format), nil) {
					return
				}
			}
		}
	}
}

// history reads what the facts tell of one project up to the bundle's last row.
func (p *papers) history(ctx context.Context, id string) (*history, error) {
	h := newHistory(id)
	var f fact
	for row, err := range p.book.Rows(ctx, id, 1, p.export.Last) {
		if err != nil {
			return nil, err
		}
		if f.read(row, id) {
			h.seq = int64(row.Seq)
			h.add(&f)
		}
	}
	return h, nil
}

// leaves gives what was kept of each project, in order.
func (p *papers) leaves() iter.Seq2[*leaf, error] {
	return func(yield func(*leaf, error) bool) {
		if _, err := p.scratch.Seek(0, io.SeekStart); err != nil {
			yield(nil, err)
			return
		}
		for lines := json.NewDecoder(bufio.NewReader(p.scratch)); ; {
			var l leaf
			err := lines.Decode(&l)
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(&l, err) || err != nil {
				return
			}
		}
	}
}

// drawn is one document, or why it could not be drawn.
type drawn struct {
	document bundle.Document
	err      error
}

// standards are the documents of one project in the forms of the Open
// Contracting standards.
func (h *history) standards() []drawn {
	name := bundle.FolderProject + fileName(h.id)
	out := []drawn{document(name+".oc4ids.json", h.oc4ids())}
	if record := h.ocds(); record != nil {
		out = append(out, document(name+".ocds.json", record))
	}
	return out
}

func document(name string, v any) drawn {
	b, err := json.MarshalIndent(v, "", "  ")
	return drawn{bundle.Document{Name: name, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b)), nil
	}}, err}
}

var plainName = regexp.MustCompile(`^[0-9a-z][0-9a-z_-]{0,99}$`)

// fileName makes a name out of a project's id, which is a UUID as a rule. No
// two ids share one, also where a system does not tell large letters from small.
func fileName(id string) string {
	if plainName.MatchString(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "id." + hex.EncodeToString(sum[:16])
}
