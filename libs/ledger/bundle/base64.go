package bundle

import (
	"encoding/binary"
	"sync"
)

// decodeBase64 decodes standard base64 into dst from its start. Unlike the
// decoder of the standard library it takes one spelling of each text only, with
// no line breaks in between and no loose bits at the end, so that no two lines
// stand for one event. It also takes half the time, and decoding is what reading
// a row costs besides hashing.
func decodeBase64(dst, text []byte) ([]byte, bool) {
	if len(text)%4 != 0 {
		return dst[:0], false
	}
	if len(text) == 0 {
		return dst[:0], true
	}
	size := len(text) / 4 * 3
	if cap(dst) < size+8 { // room for the whole words written below
		dst = make([]byte, 2*size+8)
	}
	dst = dst[:cap(dst)]
	pairs := base64Pairs()
	in := text[:len(text)-4] // the last four characters may have padding
	whole, seen := pairs.decode(dst, in)
	in, out := in[whole:], dst[whole/4*3:]
	four := func(x uint32) {
		a, b := pairs[uint16(x)], pairs[x>>16]
		seen |= a | b
		binary.BigEndian.PutUint32(out, uint32(a)<<20|uint32(b)<<8)
		out = out[3:]
	}
	if len(in) > 0 {
		four(binary.LittleEndian.Uint32(in))
	}
	// Padding reads as 'A', whose bits are zero; the bits it leaves loose in
	// front of it must be zero as well.
	last, padding := binary.LittleEndian.Uint32(text[len(text)-4:]), 0
	if text[len(text)-1] == '=' {
		last, padding = last&0x00ffffff|'A'<<24, 1
		if text[len(text)-2] == '=' {
			last, padding = last&0xff00ffff|'A'<<16, 2
		}
	}
	four(last)
	end := len(dst) - len(out)
	ok := seen <= maxPair
	for _, loose := range dst[end-padding : end] {
		ok = ok && loose == 0
	}
	return dst[:end-padding], ok
}

// maxPair is the largest value of two base64 characters.
const maxPair = 1<<12 - 1

// pairTable maps two characters, the first in the low byte, to their twelve bits,
// and anything else to a value above maxPair.
type pairTable [1 << 16]uint16

// eight reads eight characters as 48 bits. seen is above maxPair when one of them
// is none of the alphabet.
func (t *pairTable) eight(in []byte) (bits uint64, seen uint16) {
	x := binary.LittleEndian.Uint64(in)
	a, b, c, d := t[uint16(x)], t[uint16(x>>16)], t[uint16(x>>32)], t[x>>48]
	return uint64(a)<<36 | uint64(b)<<24 | uint64(c)<<12 | uint64(d), a | b | c | d
}

// decode reads whole groups of eight characters, as many as there are. It answers
// how many characters that were, and what eight says of them.
func (t *pairTable) decode(out, in []byte) (whole int, seen uint16) {
	all := len(in)
	for len(in) >= 32 && len(out) >= 24 {
		a, seenA := t.eight(in)
		b, seenB := t.eight(in[8:])
		c, seenC := t.eight(in[16:])
		d, seenD := t.eight(in[24:])
		seen |= seenA | seenB | seenC | seenD
		binary.BigEndian.PutUint64(out, a<<16|b>>32)
		binary.BigEndian.PutUint64(out[8:], b<<32|c>>16)
		binary.BigEndian.PutUint64(out[16:], c<<48|d)
		in, out = in[32:], out[24:]
	}
	for len(in) >= 8 && len(out) >= 8 {
		a, seenA := t.eight(in)
		seen |= seenA
		binary.BigEndian.PutUint64(out, a<<16)
		in, out = in[8:], out[6:]
	}
	return all - len(in), seen
}

var base64Pairs = sync.OnceValue(func() *pairTable {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	t := new(pairTable)
	for i := range t {
		t[i] = 1<<16 - 1
	}
	for i, a := range []byte(alphabet) {
		for j, b := range []byte(alphabet) {
			t[uint16(a)|uint16(b)<<8] = uint16(i<<6 | j)
		}
	}
	return t
})
