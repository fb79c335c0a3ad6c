package event

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
)

// Whoever can write to Redis must not be able to speak for a service. So a relay
// signs what it appends: the SHA-256 of each event of a page, as it stands in
// the stream, is a leaf of an RFC 6962 tree, and one signature covers the root.
// The list of leaves and the signature are a batch; they stand in a stream of
// their own beside the events', under the id of the last event that was appended
// with them. An event is covered by the first batch whose id is not below its
// own. What an event's bytes begin with is a digit, and an inner node with 0x01:
// neither passes for the other.

// The refusals of what comes from a stream. stable: dead letters and metrics
// name the codes.
var (
	ErrUnsigned = fault.New(fault.Refused, "event_unsigned",
		"事件未经其来源服务签名", "the event is not signed by the service it claims to come from", "SH12-C-6")
	ErrForged = vouch.ErrForged
)

// ErrKeyUnknown is Keys' answer about a key that it has not heard of. What bears
// it waits.
var ErrKeyUnknown = vouch.ErrKeyUnknown

// Keys is the trust of a consumer.
type Keys = vouch.Keys

// Signer has the private key of a producer.
type Signer interface {
	// SigningKey is the key in force now.
	SigningKey() (*sign.PrivateKey, error)
}

// batch is what a relay signed at once. It is the verifier's that read it; others
// ask its tree alone, which does not change.
type batch struct {
	source    string
	keyID     string
	signedAt  time.Time // whole microseconds
	signature []byte
	leaves    []ledger.Hash
	tree      *ledger.Leaves
	next      int                 // behind what was found last
	index     map[ledger.Hash]int // made when something is not there
}

// find is where a leaf is, −1 when it is nowhere.
func (b *batch) find(leaf ledger.Hash) int {
	if b.next < len(b.leaves) && b.leaves[b.next] == leaf {
		b.next++
		return b.next - 1
	}
	if b.index == nil {
		b.index = make(map[ledger.Hash]int, len(b.leaves))
		for i, l := range b.leaves {
			b.index[l] = i
		}
	}
	at, ok := b.index[leaf]
	if !ok {
		return -1
	}
	b.next = at + 1
	return at
}

// signBatch is the stored form of a batch of source's with these leaves:
//
//	1 byte    1, the version of the form
//	16 bytes  key id
//	8 bytes   time of signing, Unix microseconds
//	2 bytes   length of the signature, which follows
//	32 bytes  for each leaf
//
// Numbers have their most significant byte first.
// stable: other programs read the streams.
func signBatch(signer Signer, source string, now time.Time, leaves []ledger.Hash) ([]byte, error) {
	key, err := signer.SigningKey()
	if err != nil {
		return nil, fmt.Errorf("the key to sign events with: %w", err)
	}
	id, err := hex.DecodeString(key.KeyID())
	if err != nil || len(id) != keyIDSize {
		return nil, fmt.Errorf("key id %q", key.KeyID())
	}
	now = now.Truncate(time.Microsecond)
	signature, err := key.SignMessage(vouch.Statement(source, key.KeyID(), now, uint64(len(leaves)), ledger.NewLeaves(leaves).Root()))
	if err != nil {
		return nil, fmt.Errorf("sign events: %w", err)
	}
	b := make([]byte, 0, batchHead+len(signature)+len(leaves)*ledger.HashSize)
	b = append(append(b, batchVersion), id...)
	b = binary.BigEndian.AppendUint64(b, uint64(now.UnixMicro()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(signature)))
	b = append(b, signature...)
	for i := range leaves {
		b = append(b, leaves[i][:]...)
	}
	return b, nil
}

const (
	batchVersion = 1
	keyIDSize    = 16
	batchHead    = 1 + keyIDSize + 8 + 2
	// maxLeaves bounds what a reader takes from a stream.
	maxLeaves = 1 << 16
)

// readBatch reads the stored form of a batch of source's. It does not check the
// signature.
func readBatch(source string, b []byte) (*batch, error) {
	if len(b) < batchHead || b[0] != batchVersion {
		return nil, ErrForged.With(errors.New("the batch is not in a known form"))
	}
	x := &batch{
		source: source, keyID: hex.EncodeToString(b[1 : 1+keyIDSize]),
		signedAt: time.UnixMicro(int64(binary.BigEndian.Uint64(b[1+keyIDSize:]))).UTC(),
	}
	if y := x.signedAt.Year(); y < 2000 || y > 9999 {
		return nil, ErrForged.With(fmt.Errorf("the batch was signed in the year %d", y))
	}
	n := int(binary.BigEndian.Uint16(b[batchHead-2:]))
	b = b[batchHead:]
	if len(b) < n || (len(b)-n)%ledger.HashSize != 0 || (len(b)-n)/ledger.HashSize > maxLeaves {
		return nil, ErrForged.With(errors.New("the batch is cut"))
	}
	x.signature, b = b[:n:n], b[n:]
	x.leaves = make([]ledger.Hash, len(b)/ledger.HashSize)
	for i := range x.leaves {
		x.leaves[i] = ledger.Hash(b[i*ledger.HashSize:])
	}
	return x, nil
}

// check verifies the signature, and makes the batch ready to be asked. It
// answers ErrKeyUnknown or ErrForged.
func (b *batch) check(keys Keys) error {
	b.tree = ledger.NewLeaves(b.leaves)
	return b.voucher(0, b.tree.Size()).CheckRoot(keys, b.tree.Root())
}

// voucher is that of the events from begin to before end.
func (b *batch) voucher(begin, end uint64) *vouch.Voucher {
	v := &vouch.Voucher{Source: b.source, KeyID: b.keyID, SignedAt: b.signedAt, Signature: b.signature, Size: b.tree.Size(), First: begin}
	v.Left, v.Right = b.tree.Around(begin, end)
	return v
}

// proven ties a record to what proves it: its place in a batch, or a voucher for
// it alone. The zero value proves nothing.
type proven struct {
	batch  *batch
	at     int
	single *vouch.Voucher
}

// voucher is that of n records whose first is the one at hand.
func (p proven) voucher(n int) *vouch.Voucher {
	if p.batch == nil {
		return p.single
	}
	return p.batch.voucher(uint64(p.at), uint64(p.at+n))
}

// text is the form in which a held fact keeps its proof.
func (p proven) text() string {
	v := p.voucher(1)
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic("event: " + err.Error()) // texts, times and hashes
	}
	return string(b)
}

func parseProven(text string) (proven, error) {
	if text == "" {
		return proven{}, nil
	}
	p := proven{single: &vouch.Voucher{}}
	if err := json.Unmarshal([]byte(text), p.single); err != nil {
		return proven{}, fmt.Errorf("the proof of a held fact: %w", err)
	}
	return p, nil
}

// follows says whether p is the next place in the batch of the record that is n
// before it.
func (p proven) follows(first proven, n int) bool {
	return p.batch != nil && p.batch == first.batch && p.at == first.at+n
}

// Run is some records, one behind the other, with what proves them.
type Run struct {
	From, N int
	Voucher *vouch.Voucher // nil: nothing does
}

// Runs divides records that a consumer was given into runs of one voucher each.
// Records that were read without Keys have none.
func Runs(recs []Record) []Run {
	var runs []Run
	for i := 0; i < len(recs); {
		n := 1
		for i+n < len(recs) && recs[i+n].proof.follows(recs[i].proof, n) {
			n++
		}
		runs = append(runs, Run{From: i, N: n, Voucher: recs[i].proof.voucher(n)})
		i += n
	}
	return runs
}

// Leaf is the hash of e as a batch lists it: SHA-256 of the event as it stands
// in the stream, which a record gives back byte for byte.
func Leaf(e *Record) ledger.Hash {
	return vouch.Leaf(&ledger.Entry{
		ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, Unit: e.Unit, Actor: e.Actor,
		EventSeq: e.Seq, TraceParent: e.TraceParent, Data: e.Data,
	}, e.RecordedAt)
}

// leaf is the hash of what a relay answers when facts are kept no longer.
func (s *span) leaf(source, subject string) ledger.Hash {
	b := append([]byte(goneMark), separator)
	b = append(append(b, source...), separator)
	b = append(append(b, subject...), separator)
	b = append(strconv.AppendInt(b, s.from, 10), separator)
	return sha256.Sum256(strconv.AppendInt(b, s.to, 10))
}
