package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
)

// The fixed form of one line of ledger.jsonl. The four members behind raw have
// a fixed length, so a reader finds everything by position.
const (
	lineSeq    = `{"seq":`
	lineRaw    = `,"raw":"`
	lineSHA256 = `","sha256":"`
	lineSM3    = `","sm3":"`
	lineChain  = `","chain":"`
	lineEnd    = `"}`

	hexSize    = 2 * ledger.HashSize
	offSM3     = len(lineSHA256) + hexSize
	offChain   = offSM3 + len(lineSM3) + hexSize
	offLineEnd = offChain + len(lineChain) + hexSize
	lineTail   = offLineEnd + len(lineEnd)

	// maxLine is the longest line a row can have; one bound for closing lines too.
	maxLine = len(lineSeq) + 20 + len(lineRaw) + (ledger.MaxRaw+2)/3*4 + lineTail
)

// AppendRow appends one line of ledger.jsonl, newline included: seq, raw
// (standard base64), sha256, sm3 and chain (lower-case hex), without white
// space. It allocates nothing when dst has room.
func AppendRow(dst []byte, r *ledger.Row) []byte {
	dst = strconv.AppendUint(append(dst, lineSeq...), r.Seq, 10)
	dst = base64.StdEncoding.AppendEncode(append(dst, lineRaw...), r.Raw)
	dst = hex.AppendEncode(append(dst, lineSHA256...), r.SHA256[:])
	dst = hex.AppendEncode(append(dst, lineSM3...), r.SM3[:])
	dst = hex.AppendEncode(append(dst, lineChain...), r.Chain[:])
	return append(append(dst, lineEnd...), '\n')
}

// scanRow reads a line in the fixed form, without its newline. The event's
// bytes are decoded into buf, which r.Raw then aliases.
func scanRow(line, buf []byte, r *ledger.Row) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(lineSeq))
	if !ok {
		return buf, false
	}
	seq, n := uint64(0), 0
	for n < len(rest) && n < 19 && rest[n]-'0' <= 9 {
		seq = seq*10 + uint64(rest[n]-'0')
		n++
	}
	if n == 0 || rest[0] == '0' {
		return buf, false
	}
	rest, ok = bytes.CutPrefix(rest[n:], []byte(lineRaw))
	if !ok || len(rest) < lineTail {
		return buf, false
	}
	raw, tail := rest[:len(rest)-lineTail], rest[len(rest)-lineTail:]
	if string(tail[:len(lineSHA256)]) != lineSHA256 ||
		string(tail[offSM3:offSM3+len(lineSM3)]) != lineSM3 ||
		string(tail[offChain:offChain+len(lineChain)]) != lineChain ||
		string(tail[offLineEnd:]) != lineEnd {
		return buf, false
	}
	var ok1, ok2, ok3 bool
	r.SHA256, ok1 = ledger.ParseHash(tail[len(lineSHA256):offSM3])
	r.SM3, ok2 = ledger.ParseHash(tail[offSM3+len(lineSM3) : offChain])
	r.Chain, ok3 = ledger.ParseHash(tail[offChain+len(lineChain) : offLineEnd])
	if !ok1 || !ok2 || !ok3 {
		return buf, false
	}
	buf, ok = decodeBase64(buf, raw)
	r.Seq, r.Raw = seq, buf
	return buf, ok
}

// Trailer is the closing line of ledger.jsonl. A file without it was not
// written to its end.
type Trailer struct {
	Rows       uint64      `json:"rows"`       // lines before this one
	First      uint64      `json:"first"`      // seq of the first of them; 0 without rows
	Last       uint64      `json:"last"`       // seq of the last of them; 0 without rows
	Chain      ledger.Hash `json:"chain"`      // chain value of the last of them
	Digest     ledger.Hash `json:"digest"`     // of the rows chosen, see Tally; zero for consecutive rows
	Signatures []string    `json:"signatures"` // signed-note lines over Statement
}

// Statement is the text that the ledger's keys sign: which rows were written,
// under which checkpoint. Its first line keeps it apart from checkpoints.
func (t Trailer) Statement(c checkpoint.Checkpoint) string {
	return fmt.Sprintf("egov.ledger.rows/v1\n%s\n%d\n%s\nrows %d first %d last %d\nchain %s\ndigest %s\n",
		c.Origin, c.Size, c.Root.Base64(), t.Rows, t.First, t.Last, t.Chain.Base64(), t.Digest.Base64())
}

// AppendTrailer appends the closing line, newline included.
func AppendTrailer(dst []byte, t *Trailer) []byte {
	line, err := json.Marshal(t)
	if err != nil {
		panic(err) // numbers, hashes and strings always marshal
	}
	return append(append(dst, line...), '\n')
}

// Tally counts rows as they are written and makes the closing line. For
// consecutive rows the last chain value says which they were. For chosen ones,
// KindRows, a digest does: SHA-256 over the seq, eight bytes, and the chain
// value of each.
type Tally struct {
	trailer Trailer
	digest  hash.Hash // nil for consecutive rows
	record  [8 + ledger.HashSize]byte
}

// NewTally starts counting.
func NewTally(kind Kind) *Tally {
	if kind == KindRows {
		return &Tally{digest: sha256.New()}
	}
	return &Tally{}
}

// Add counts one row.
func (t *Tally) Add(seq uint64, chain *ledger.Hash) {
	if t.trailer.Rows == 0 {
		t.trailer.First = seq
	}
	t.trailer.Rows++
	t.trailer.Last = seq
	t.trailer.Chain = *chain
	if t.digest != nil {
		binary.BigEndian.PutUint64(t.record[:], seq)
		copy(t.record[8:], chain[:])
		t.digest.Write(t.record[:])
	}
}

// Trailer is the closing line so far, unsigned.
func (t *Tally) Trailer() Trailer {
	out := t.trailer
	if t.digest != nil {
		t.digest.Sum(out.Digest[:0])
	}
	return out
}

// Sign closes the count: the rows so far, under c, signed by the ledger's keys.
func (t *Tally) Sign(c checkpoint.Checkpoint, signers ...*checkpoint.Signer) (Trailer, error) {
	out := t.Trailer()
	var err error
	out.Signatures, err = checkpoint.SignStatement(out.Statement(c), signers...)
	return out, err
}

// looseLine reads a line that is not in the fixed form: a closing line, or a
// row that somebody wrote again. Reading it all the same lets a verifier say
// what is wrong with the row instead of only that it was rewritten.
func looseLine(line []byte, r *ledger.Row) (*Trailer, bool) {
	var probe struct {
		Rows *uint64 `json:"rows"`
	}
	if json.Unmarshal(line, &probe) != nil {
		return nil, false
	}
	if probe.Rows != nil {
		var t Trailer
		return &t, strictJSON(line, &t) == nil
	}
	var row struct {
		Seq    uint64      `json:"seq"`
		Raw    []byte      `json:"raw"`
		SHA256 ledger.Hash `json:"sha256"`
		SM3    ledger.Hash `json:"sm3"`
		Chain  ledger.Hash `json:"chain"`
	}
	if json.Unmarshal(line, &row) != nil {
		return nil, false
	}
	*r = ledger.Row{Seq: row.Seq, Raw: row.Raw, SHA256: row.SHA256, SM3: row.SM3, Chain: row.Chain}
	return nil, row.Seq > 0
}

// strictJSON reads one JSON document with no unknown members and nothing after
// it.
func strictJSON(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the document")
	}
	return nil
}
