package ledger

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/emmansun/gmsm/sm3"
)

// Row is one line of the ledger as it is stored and exported.
type Row struct {
	Seq    uint64 // 1, 2, 3, … over the whole ledger
	Raw    []byte // the event's stored bytes
	SHA256 Hash   // of Raw
	SM3    Hash   // of Raw
	Chain  Hash   // of everything up to and including this row
}

// Head is where a ledger stands: how many rows it has and the two chain values
// over them.
type Head struct {
	Size     uint64 // rows so far; also the seq of the last one
	Chain    Hash   // SHA-256 chain, the value the rows carry
	SM3Chain Hash   // SM3 chain, the value the checkpoints carry
}

// Genesis is the head of the empty ledger of that origin. The origin is part
// of it, so that the rows of one ledger never continue another.
func Genesis(origin string) Head {
	b := append([]byte{tagGenesis}, origin...)
	return Head{Chain: sha256.Sum256(b), SM3Chain: sm3.Sum(b)}
}

// Append takes raw as the next row and moves the head over it. The row keeps
// raw itself, not a copy.
func (h *Head) Append(raw []byte) Row {
	return h.AppendHashed(raw, Sum256(raw), SumSM3(raw))
}

// AppendHashed is Append for a writer who has the row hashes of raw already:
// those of many events are computed at once, only the chain waits for its turn.
func (h *Head) AppendHashed(raw []byte, sha256Sum, sm3Sum Hash) Row {
	r := Row{Seq: h.Size + 1, Raw: raw, SHA256: sha256Sum, SM3: sm3Sum}
	r.Chain = Link(h.Chain, r.Seq, r.SHA256, r.SM3)
	h.SM3Chain = LinkSM3(h.SM3Chain, r.Seq, r.SM3)
	h.Size, h.Chain = r.Seq, r.Chain
	return r
}

// Link is the SHA-256 chain value of the row that follows prev, and at once its
// leaf hash in the tree.
func Link(prev Hash, seq uint64, sha256Sum, sm3Sum Hash) Hash {
	var b [1 + HashSize + 8 + 2*HashSize]byte
	b[0] = tagLink
	copy(b[1:], prev[:])
	binary.BigEndian.PutUint64(b[1+HashSize:], seq)
	copy(b[1+HashSize+8:], sha256Sum[:])
	copy(b[1+2*HashSize+8:], sm3Sum[:])
	return sha256.Sum256(b[:])
}

// LinkSM3 is the SM3 chain value of the row that follows prev.
func LinkSM3(prev Hash, seq uint64, sm3Sum Hash) Hash {
	var b [1 + HashSize + 8 + HashSize]byte
	b[0] = tagLink
	copy(b[1:], prev[:])
	binary.BigEndian.PutUint64(b[1+HashSize:], seq)
	copy(b[1+HashSize+8:], sm3Sum[:])
	return sm3.Sum(b[:])
}

// Digests chooses the algorithms a check recomputes. The zero value means
// both.
type Digests uint8

// The two algorithms. An auditor bound to one of them may leave the other out;
// the SHA-256 chain and the tree are checked in any case.
const (
	WithSHA256 Digests = 1 << iota
	WithSM3
)

// Has says whether d includes a.
func (d Digests) Has(a Digests) bool { return d == 0 || d&a != 0 }

// CheckRaw recomputes the row hashes of raw and says whether they are those
// given.
func CheckRaw(raw []byte, sha256Sum, sm3Sum *Hash, d Digests) bool {
	return (!d.Has(WithSHA256) || Sum256(raw) == *sha256Sum) &&
		(!d.Has(WithSM3) || SumSM3(raw) == *sm3Sum)
}

// Follow moves the head over a row whose hashes are already known to be those
// of its event. It returns a *Finding, and leaves the head where it is, when
// the row is not the next one or its chain value does not follow.
func (h *Head) Follow(seq uint64, sha256Sum, sm3Sum, chain Hash, d Digests) error {
	return h.FollowLink(seq, sm3Sum, chain, Link(h.Chain, seq, sha256Sum, sm3Sum), d)
}

// FollowLink is Follow for a checker who has computed Link from the head's chain
// already: rows that state their chain values are linked independently of one
// another, only their comparison waits for its turn.
func (h *Head) FollowLink(seq uint64, sm3Sum, chain, link Hash, d Digests) error {
	switch want := h.Size + 1; {
	case seq > want:
		return found(CodeRowMissing, want)
	case seq < want:
		return found(CodeRowOrder, seq)
	}
	if link != chain {
		return found(CodeChainBroken, seq)
	}
	if d.Has(WithSM3) {
		h.SM3Chain = LinkSM3(h.SM3Chain, seq, sm3Sum)
	}
	h.Size, h.Chain = seq, chain
	return nil
}

// Check recomputes one whole row and moves the head over it: what a service
// runs over its own table to learn whether a row was edited behind its back.
// It returns a *Finding when the row does not hold.
func (h *Head) Check(r *Row, d Digests) error {
	if r.Seq == h.Size+1 && !CheckRaw(r.Raw, &r.SHA256, &r.SM3, d) {
		return found(CodeRowHash, r.Seq)
	}
	return h.Follow(r.Seq, r.SHA256, r.SM3, r.Chain, d)
}
