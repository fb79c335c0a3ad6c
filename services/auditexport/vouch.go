package auditexport

import (
	"context"
	"errors"
	"iter"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/vouch"
)

// Vouched is a run of rows and what proves that its events are those their
// service signed (SH12-C-6).
type Vouched = bundle.Vouched

// CodeUnvouched says that a row's event was not signed by the service it names,
// or is not as it was signed: somebody put it into the ledger himself. stable:
// verdicts carry it.
const CodeUnvouched ledger.Code = "unvouched"

// vouching holds rows, as they come, to their vouchers.
type vouching struct {
	keys   vouch.Keys
	next   func() (*Vouched, error, bool)
	at     *Vouched
	leaves []ledger.Hash // of the run's rows so far
}

// vouch begins behind row from−1. Without keys of producers it believes every
// row.
func (s *Service) vouch(ctx context.Context, from, to int64) (v *vouching, stop func()) {
	if s.Producers == nil {
		return &vouching{}, func() {}
	}
	v = &vouching{keys: s.Producers}
	v.next, stop = iter.Pull2(s.Book.Vouchers(ctx, from, to))
	return v, stop
}

// row takes the next row. What does not hold is a *ledger.Finding.
func (v *vouching) row(r *ledger.Row) error {
	if v.keys == nil {
		return nil
	}
	if v.at == nil {
		at, err, more := v.next()
		if err != nil {
			return err
		}
		if !more || at.FirstSeq > r.Seq {
			return ledger.Found(CodeUnvouched, r.Seq, "nothing proves that its service stated it")
		}
		v.at, v.leaves = at, v.leaves[:0]
	}
	at := v.at
	i := len(v.leaves)
	if at.FirstSeq+uint64(i) != r.Seq {
		return ledger.Found(CodeUnvouched, r.Seq, "the voucher is of row %d", at.FirstSeq+uint64(i))
	}
	e, err := ledger.Parse(r.Raw)
	if err != nil {
		return ledger.Found(ledger.CodeRowHash, r.Seq, "%v", err)
	}
	if e.Source != at.Source {
		return ledger.Found(CodeUnvouched, r.Seq, "%s vouches for what %s states", at.Source, e.Source)
	}
	v.leaves = append(v.leaves, vouch.Leaf(&e, at.Recorded[i]))
	if len(v.leaves) < len(at.Recorded) {
		return nil
	}
	v.at = nil
	err = at.Check(v.keys, v.leaves)
	if errors.Is(err, vouch.ErrKeyUnknown) {
		return ledger.Found(ledger.CodeUnknownKey, at.FirstSeq, "key %s of %s", at.KeyID, at.Source)
	}
	if err != nil {
		return ledger.Found(CodeUnvouched, at.FirstSeq, "one of %d rows: %v", len(at.Recorded), err)
	}
	return nil
}

// end says whether the last run was whole.
func (v *vouching) end() error {
	if v.at == nil {
		return nil
	}
	return ledger.Found(CodeUnvouched, v.at.FirstSeq, "the run has %d rows, %d are there", len(v.at.Recorded), len(v.leaves))
}

// vouchers are what a bundle of e shows of who stated its rows (SH12-C-6): those
// that the ledger keeps, and, of a run of which the bundle has a part, one proved
// again for each part of it that is together. What the ledger has not, or cannot
// prove any more, is not there: to say so is the verifier's part.
func (s *Service) vouchers(ctx context.Context, e Export, kind bundle.Kind) iter.Seq2[*Vouched, error] {
	if s.Producers == nil {
		return nil
	}
	if kind != bundle.KindRows {
		return func(yield func(*Vouched, error) bool) {
			for v, err := range s.Book.Vouchers(ctx, e.First, e.Last) {
				if err == nil {
					first, last := int64(v.FirstSeq), int64(v.FirstSeq)+int64(v.Rows())-1
					v, err = s.narrow(ctx, v, max(first, e.First), min(last, e.Last))
				}
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
	return func(yield func(*Vouched, error) bool) {
		run := &parts{service: s}
		for row, err := range s.Book.Rows(ctx, e.Project, e.First, e.Last) {
			if err == nil {
				err = run.add(ctx, int64(row.Seq), yield)
			}
			if err != nil {
				if !errors.Is(err, errEnough) {
					yield(nil, err)
				}
				return
			}
		}
		if err := run.flush(ctx, yield); err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

var errEnough = errors.New("nobody asks for more")

// parts cuts runs down to the rows that were chosen of them.
type parts struct {
	service     *Service
	at          *Vouched // the run that the part is of; nil where there is none
	leaves      []ledger.Hash
	first, last int64 // of the part
}

// add takes the next chosen row.
func (p *parts) add(ctx context.Context, seq int64, yield func(*Vouched, error) bool) error {
	within := p.at != nil && seq < int64(p.at.FirstSeq)+int64(p.at.Rows())
	if within && p.first > 0 && seq == p.last+1 {
		p.last = seq
		return nil
	}
	if err := p.flush(ctx, yield); err != nil {
		return err
	}
	if !within {
		p.at, p.leaves = nil, nil
		for v, err := range p.service.Book.Vouchers(ctx, seq, seq) {
			if err != nil {
				return err
			}
			p.at = v
			break
		}
	}
	if p.at != nil {
		p.first, p.last = seq, seq
	}
	return nil
}

// flush gives the part that was gathered.
func (p *parts) flush(ctx context.Context, yield func(*Vouched, error) bool) error {
	if p.first == 0 {
		return nil
	}
	first, last := p.first, p.last
	p.first = 0
	if p.leaves == nil {
		var err error
		if p.leaves, err = p.service.leaves(ctx, p.at); err != nil {
			return err
		}
	}
	if !yield(narrowed(p.at, p.leaves, first, last), nil) {
		return errEnough
	}
	return nil
}

// narrow is the voucher of the rows from first to last of a run.
func (s *Service) narrow(ctx context.Context, v *Vouched, first, last int64) (*Vouched, error) {
	if first == int64(v.FirstSeq) && last-first+1 == int64(v.Rows()) {
		return v, nil
	}
	leaves, err := s.leaves(ctx, v)
	if err != nil {
		return nil, err
	}
	return narrowed(v, leaves, first, last), nil
}

func narrowed(v *Vouched, leaves []ledger.Hash, first, last int64) *Vouched {
	begin, end := int(first-int64(v.FirstSeq)), int(last-int64(v.FirstSeq))+1
	left, right, err := ledger.Narrow(v.Size, v.First, v.Left, leaves, v.Right, begin, end)
	if err != nil { // somebody changed it in the database: it proves nothing
		left, right = nil, nil
	}
	out := *v
	out.FirstSeq, out.Recorded = uint64(first), v.Recorded[begin:end]
	out.First, out.Left, out.Right = v.First+uint64(begin), left, right
	return &out
}

// leaves are what a run's batch lists of its events. One that is not there or
// cannot be read any more has none, and the run is proved no more.
func (s *Service) leaves(ctx context.Context, v *Vouched) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, v.Rows())
	for row, err := range s.Book.Rows(ctx, "", int64(v.FirstSeq), int64(v.FirstSeq)+int64(v.Rows())-1) {
		if err != nil {
			return nil, err
		}
		if e, err := ledger.Parse(row.Raw); err == nil {
			i := row.Seq - v.FirstSeq
			out[i] = vouch.Leaf(&e, v.Recorded[i])
		}
	}
	return out, nil
}
