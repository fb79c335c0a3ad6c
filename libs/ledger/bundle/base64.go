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
	var seen uint16
	in, out := text[:len(text)-4], dst // the last four characters may have padding
	for len(in) >= 8 && len(out) >= 8 {
		x := binary.LittleEndian.Uint64(in)
		a, b, c, d := pairs[uint16(x)], pairs[uint16(x>>16)], pairs[uint16(x>>32)], pairs[x>>48]
		seen |= a | b | c | d
		binary.BigEndian.PutUint64(out, uint64(a)<<52|uint64(b)<<40|uint64(c)<<28|uint64(d)<<16)
		in, out = in[8:], out[6:]
	}
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

// base64Pairs maps two characters, the first in the low byte, to their twelve
// bits, and anything else to a value above maxPair.
var base64Pairs = sync.OnceValue(func() *[1 << 16]uint16 {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	t := new([1 << 16]uint16)
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
