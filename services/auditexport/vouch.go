package auditexport

import (
	"context"
	"errors"
	"iter"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
)

// Vouched is a run of rows and what proves that its events are those their
// service signed (SH12-C-6).
type Vouched struct {
	vouch.Voucher
	First    uint64      // seq of the run's first row
	Recorded []time.Time // of each row's event, by its producer's database
}

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
	v = &vouching{keys: s.Producers}
	if v.keys == nil {
		return v, func() {}
	}
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
		if !more || at.First > r.Seq {
			return ledger.Found(CodeUnvouched, r.Seq, "nothing proves that its service stated it")
		}
		v.at, v.leaves = at, v.leaves[:0]
	}
	at := v.at
	i := len(v.leaves)
	if at.First+uint64(i) != r.Seq {
		return ledger.Found(CodeUnvouched, r.Seq, "the voucher is of row %d", at.First+uint64(i))
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
		return ledger.Found(ledger.CodeUnknownKey, at.First, "key %s of %s", at.KeyID, at.Source)
	}
	if err != nil {
		return ledger.Found(CodeUnvouched, at.First, "one of %d rows: %v", len(at.Recorded), err)
	}
	return nil
}

// end says whether the last run was whole.
func (v *vouching) end() error {
	if v.at == nil {
		return nil
	}
	return ledger.Found(CodeUnvouched, v.at.First, "the run has %d rows, %d are there", len(v.at.Recorded), len(v.leaves))
}
