package bundle

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"runtime"
	"sync"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
)

// NameVouchers is the file that says which service stated which rows. A bundle
// of a ledger that keeps no proof of it has none.
const NameVouchers = "vouchers.jsonl"

// Vouched is one line of vouchers.jsonl: a run of rows and what proves that the
// service they name stated them, as they are (SH12-C-6). Runs stand in the order
// of their rows and do not overlap; of chosen rows, a run is as long as they
// follow one another in the ledger.
type Vouched struct {
	FirstSeq uint64   `json:"first_seq"`
	Recorded Instants `json:"recorded"` // of each row's event, by its producer's database
	vouch.Voucher
}

// Rows is how many rows the run has.
func (v *Vouched) Rows() int { return len(v.Recorded) }

// Instants are times in whole microseconds. Their JSON form is the base64 of
// eight bytes each, big-endian, microseconds since 1970 UTC.
type Instants []time.Time

// MarshalText writes the JSON form.
func (t Instants) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 8*len(t))
	for _, at := range t {
		b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads the JSON form.
func (t *Instants) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	if len(b)%8 != 0 {
		return fmt.Errorf("%d bytes are no list of instants", len(b))
	}
	out := make(Instants, 0, len(b)/8)
	for ; len(b) > 0; b = b[8:] {
		out = append(out, time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC())
	}
	*t = out
	return nil
}

// Bounds of a line of vouchers.jsonl: as many rows as a batch may have.
const (
	maxRun          = 1 << 16
	maxVouchersLine = 16*maxRun + 64<<10
)

// writeVouchers writes vouchers.jsonl.
func writeVouchers(ctx context.Context, w io.Writer, vouchers iter.Seq2[*Vouched, error]) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	for v, err := range vouchers {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if v.Rows() == 0 || v.Rows() > maxRun {
			return ErrSource.With(fmt.Errorf("a voucher is of %d rows", v.Rows()))
		}
		if err := lines.Encode(v); err != nil {
			return err
		}
	}
	return out.Flush()
}

// stated is what a worker leaves of a row for whoever holds it to its voucher.
type stated struct {
	source string
	before []byte // what the service signed, up to the time of recording
	behind []byte // and behind it
}

// vouching holds rows, as they come, to the lines of vouchers.jsonl. Signatures
// are checked beside the following of the rows. What it finds is kept until the
// rows have been followed to their end: a row that does not hold by itself is
// told first.
type vouching struct {
	keys  vouch.Keys
	lines *bufio.Scanner
	bad   error // that ended the reading of the lines

	at     *Vouched
	leaves []ledger.Hash
	hash   hash.Hash
	text   []byte

	last    ledger.Hash // the statement that was last found signed
	pending sync.WaitGroup
	room    chan struct{} // bounds how many signatures are checked at once

	mu    sync.Mutex
	found *ledger.Finding // the one of the first row
}

func newVouching(keys vouch.Keys, file io.Reader) *vouching {
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 0, 64<<10), maxVouchersLine)
	return &vouching{keys: keys, lines: lines, hash: sha256.New(), room: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

func (v *vouching) blame(f *ledger.Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.found == nil || f.Seq < v.found.Seq {
		v.found = f
	}
}

// next reads the voucher whose run begins at seq. Those of rows that are not here
// prove nothing that anybody asked, and are passed over.
func (v *vouching) next(seq uint64) {
	for v.bad == nil && (v.at == nil || v.at.FirstSeq < seq) {
		v.at, v.bad = v.read()
	}
}

func (v *vouching) read() (*Vouched, error) {
	if !v.lines.Scan() {
		if err := v.lines.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	var out Vouched
	d := json.NewDecoder(bytes.NewReader(v.lines.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, err
	}
	if out.Rows() == 0 || out.Rows() > maxRun {
		return nil, fmt.Errorf("a voucher is of %d rows", out.Rows())
	}
	return &out, nil
}

// row takes the next row. It does not keep s.
func (v *vouching) row(seq uint64, s *stated) {
	if len(v.leaves) == 0 {
		v.next(seq)
	}
	if v.at == nil || v.at.FirstSeq > seq {
		v.blame(ledger.Found(ledger.CodeLeafNotInTree, seq, "nothing proves that its service stated it"))
		return
	}
	switch i := len(v.leaves); {
	case v.at.FirstSeq+uint64(i) != seq:
		v.blame(ledger.Found(ledger.CodeLeafNotInTree, seq, "the voucher is of row %d", v.at.FirstSeq+uint64(i)))
		v.at, v.leaves = nil, v.leaves[:0]
		return
	case s.source != v.at.Source:
		v.blame(ledger.Found(ledger.CodeLeafNotInTree, seq, "%s vouches for what %q states", v.at.Source, s.source))
	}
	v.hash.Reset()
	v.hash.Write(s.before)
	v.text = vouch.AppendTime(v.text[:0], v.at.Recorded[len(v.leaves)])
	v.hash.Write(v.text)
	v.hash.Write(s.behind)
	v.leaves = append(v.leaves, ledger.Hash(v.hash.Sum(v.text[:0])))
	if len(v.leaves) == v.at.Rows() {
		v.check(v.at)
		v.at, v.leaves = nil, v.leaves[:0]
	}
}

// check has the run's signature checked. The parts of one batch that stand
// apart bear the same, which is checked once.
func (v *vouching) check(at *Vouched) {
	root, err := ledger.RunRoot(at.Size, at.First, at.Left, v.leaves, at.Right)
	if err != nil {
		v.blame(ledger.Found(ledger.CodeCheckpointSignature, at.FirstSeq, "the voucher of %d rows: %v", at.Rows(), err))
		return
	}
	same := ledger.Sum256(append(vouch.Statement(at.Source, at.KeyID, at.SignedAt, at.Size, root), at.Signature...))
	if same == v.last {
		return
	}
	v.last = same
	v.room <- struct{}{}
	v.pending.Go(func() {
		defer func() { <-v.room }()
		if err := at.CheckRoot(v.keys, root); err != nil {
			v.blame(notVouched(at, err))
		}
	})
}

// notVouched names what is wrong with a voucher: it is the signature of a tree of
// its own, and bears the codes of one.
func notVouched(at *Vouched, err error) *ledger.Finding {
	code := ledger.CodeCheckpointSignature
	for _, key := range []error{vouch.ErrKeyUnknown, sign.ErrSignerMismatch, sign.ErrKeyRevoked, sign.ErrKeyNotValid} {
		if errors.Is(err, key) {
			code = ledger.CodeUnknownKey
		}
	}
	return ledger.Found(code, at.FirstSeq, "%s did not sign one of %d rows as it is: key %s: %v", at.Source, at.Rows(), at.KeyID, err)
}

// end waits for the last signatures and gives what was found, nil where every
// row is vouched for.
func (v *vouching) end() error {
	if len(v.leaves) > 0 {
		v.blame(ledger.Found(ledger.CodeLeafNotInTree, v.at.FirstSeq, "the voucher of %d rows is of more than are here", v.at.Rows()))
	}
	v.pending.Wait()
	if v.bad != nil && !errors.Is(v.bad, io.EOF) {
		v.blame(ledger.Found(ledger.CodeFileHash, 0, "%s: %v", NameVouchers, v.bad))
	}
	if v.found != nil {
		return v.found
	}
	return nil
}
