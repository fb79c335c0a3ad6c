package search

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// Block is what is stored of BlockRows rows.
type Block struct {
	First, Last int64  // the earliest and the latest time, in microseconds
	Times       []byte // of each row
	Lists       []List // ascending by term
}

// List is the rows of a block that have a term, by their places in it.
type List struct {
	Term Term
	Rows []byte
}

// ErrBlock says that a stored block is not one: somebody changed it.
var ErrBlock = errors.New("a block of the search projection cannot be read")

// The first byte of a list of rows.
const (
	asPlaces = 0 // two bytes each, ascending
	asBits   = 1 // one bit for each row of the block
)

const setBytes = BlockRows / 8

// class is the list that an amount is in: by its power of two, all below one
// together.
func class(fen int64) uint64 { return uint64(bits.Len64(uint64(max(fen, 0)))) }

// Pack makes a block of the descriptions of BlockRows rows, in their order.
func Pack(rows []Description) Block {
	places := map[Term][]uint16{}
	amounts := map[Term][]byte{}
	b := Block{First: rows[0].Micros, Last: rows[0].Micros}
	last := int64(0)
	for i := range rows {
		d := &rows[i]
		b.First, b.Last = min(b.First, d.Micros), max(b.Last, d.Micros)
		b.Times = binary.AppendVarint(b.Times, d.Micros-last)
		last = d.Micros
		for _, t := range d.Terms {
			places[t] = append(places[t], uint16(i))
		}
		for _, fen := range d.Amounts {
			t := term(kindAmount, class(fen))
			amounts[t] = binary.AppendVarint(binary.LittleEndian.AppendUint16(amounts[t], uint16(i)), fen)
		}
	}
	b.Lists = make([]List, 0, len(places)+len(amounts))
	for t, p := range places {
		b.Lists = append(b.Lists, List{t, packPlaces(p)})
	}
	for t, rows := range amounts {
		b.Lists = append(b.Lists, List{t, rows})
	}
	slices.SortFunc(b.Lists, func(x, y List) int { return cmp.Compare(x.Term, y.Term) })
	return b
}

func packPlaces(places []uint16) []byte {
	if 2*len(places) < setBytes {
		out := make([]byte, 1, 1+2*len(places))
		out[0] = asPlaces
		for _, p := range places {
			out = binary.LittleEndian.AppendUint16(out, p)
		}
		return out
	}
	out := make([]byte, 1+setBytes)
	out[0] = asBits
	for _, p := range places {
		out[1+p/8] |= 1 << (p % 8)
	}
	return out
}

// Set is some rows of a block, by their places.
type Set [BlockRows / 64]uint64

// All is every row of a block.
func All() *Set {
	s := new(Set)
	for i := range s {
		s[i] = ^uint64(0)
	}
	return s
}

func (s *Set) add(i int)      { s[i/64] |= 1 << (i % 64) }
func (s *Set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

// Count is how many rows there are.
func (s *Set) Count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Places yields the rows, ascending.
func (s *Set) Places(yield func(int) bool) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			if !yield(64*i + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

func (s *Set) intersect(o *Set) {
	for i := range s {
		s[i] &= o[i]
	}
}

// Keep leaves the rows that are in a list of places.
func (s *Set) Keep(list []byte) error {
	if len(list) == 0 {
		return ErrBlock
	}
	var other Set
	switch form, rows := list[0], list[1:]; {
	case form == asBits && len(rows) == setBytes:
		for i := range other {
			other[i] = binary.LittleEndian.Uint64(rows[8*i:])
		}
	case form == asPlaces && len(rows)%2 == 0:
		for ; len(rows) > 0; rows = rows[2:] {
			p := binary.LittleEndian.Uint16(rows)
			if p >= BlockRows {
				return ErrBlock
			}
			other.add(int(p))
		}
	default:
		return ErrBlock
	}
	s.intersect(&other)
	return nil
}

// KeepAmounts leaves the rows that have an amount of the range in one of the
// lists.
func (s *Set) KeepAmounts(a *Amounts, lists [][]byte) error {
	var other Set
	for _, list := range lists {
		for len(list) > 0 {
			if len(list) < 3 {
				return ErrBlock
			}
			p := binary.LittleEndian.Uint16(list)
			fen, n := binary.Varint(list[2:])
			if n <= 0 || p >= BlockRows {
				return ErrBlock
			}
			if a.has(fen) {
				other.add(int(p))
			}
			list = list[2+n:]
		}
	}
	s.intersect(&other)
	return nil
}

// KeepTimes leaves the rows whose time is from one instant on, up to another
// that is not in it, in microseconds.
func (s *Set) KeepTimes(from, to int64, times []byte) error {
	at := int64(0)
	for i := range BlockRows {
		step, n := binary.Varint(times)
		if n <= 0 {
			return ErrBlock
		}
		times = times[n:]
		if at += step; at < from || at >= to {
			s[i/64] &^= 1 << (i % 64)
		}
	}
	if len(times) > 0 {
		return ErrBlock
	}
	return nil
}
