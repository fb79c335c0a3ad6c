package pgstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
	"time"

	"github.com/jackc/pgx/v5"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/pg"
	"egov/services/auditexport"
)

// queueVouchers stores what proves the rows behind size, which are of these
// events.
func queueVouchers(batch *pgx.Batch, size uint64, added []event.Record) {
	for _, run := range event.Runs(added) {
		v := run.Voucher
		if v == nil {
			continue
		}
		around := append(join(v.Left), join(v.Right)...)
		recorded := make([]byte, 0, 8*run.N)
		for _, e := range added[run.From : run.From+run.N] {
			recorded = binary.BigEndian.AppendUint64(recorded, uint64(e.RecordedAt.UnixMicro()))
		}
		batch.Queue(`INSERT INTO ledger_voucher (first_seq, rows, source, key_id, signed_at, signature, size, first, around, recorded)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			int64(size)+int64(run.From)+1, run.N, v.Source, v.KeyID, v.SignedAt, v.Signature, int64(v.Size), int64(v.First), around, recorded)
	}
}

// vouchersAtOnce bounds how many are read by one query: each may speak for a
// whole batch.
const vouchersAtOnce = 256

// Vouchers streams what proves the rows from one to another, in their order.
func (b *Book) Vouchers(ctx context.Context, from, to int64) iter.Seq2[*auditexport.Vouched, error] {
	return func(yield func(*auditexport.Vouched, error) bool) {
		var next int64 // the run that from is in begins before it
		err := b.pool.QueryRow(ctx, "SELECT coalesce(max(first_seq), 0) FROM ledger_voucher WHERE first_seq <= $1", from).Scan(&next)
		for more := true; more && err == nil; {
			var page []auditexport.Vouched
			if page, err = b.vouchers(ctx, next, to); err != nil {
				break
			}
			for _, v := range page {
				next = int64(v.FirstSeq) + 1
				if end := int64(v.FirstSeq) + int64(len(v.Recorded)); end > from && !yield(&v, nil) {
					return
				}
			}
			more = len(page) == vouchersAtOnce
		}
		if err != nil {
			yield(nil, pg.Fault(err))
		}
	}
}

func (b *Book) vouchers(ctx context.Context, next, to int64) ([]auditexport.Vouched, error) {
	rows, err := b.pool.Query(ctx, `SELECT first_seq, rows, source, key_id, signed_at, signature, size, first, around, recorded FROM ledger_voucher
		WHERE first_seq >= $1 AND first_seq <= $2 ORDER BY first_seq LIMIT $3`, next, to, vouchersAtOnce)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanVouched)
}

func scanVouched(row pgx.CollectableRow) (v auditexport.Vouched, err error) {
	var seq, size, first int64
	var n int
	var around, recorded []byte
	if err := row.Scan(&seq, &n, &v.Source, &v.KeyID, &v.SignedAt, &v.Signature, &size, &first, &around, &recorded); err != nil {
		return v, err
	}
	v.FirstSeq, v.Size, v.First = uint64(seq), uint64(size), uint64(first)
	left := bits.OnesCount64(v.First)
	if len(around)%ledger.HashSize != 0 || len(around) < left*ledger.HashSize || len(recorded) != 8*n {
		return v, fmt.Errorf("the voucher of row %d is damaged", seq)
	}
	for ; len(around) > 0; around = around[ledger.HashSize:] {
		h := ledger.Hash(around[:ledger.HashSize])
		if len(v.Left) < left {
			v.Left = append(v.Left, h)
		} else {
			v.Right = append(v.Right, h)
		}
	}
	v.Recorded = make(bundle.Instants, n)
	for i := range v.Recorded {
		v.Recorded[i] = time.UnixMicro(int64(binary.BigEndian.Uint64(recorded[8*i:]))).UTC()
	}
	return v, nil
}
