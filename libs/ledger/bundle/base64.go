package bundle

import (
	"encoding/base64"
	"encoding/binary"
	"sync"
)

// decodeBase64 decodes standard base64 into dst from its start. Unlike the
// decoder of the standard library it takes one spelling of each text only, with
// no line breaks in between and no loose bits at the end, so that no two lines
// stand for one event. It also takes little more than half the time, and
// decoding is what reading a row costs besides hashing.
func decodeBase64(dst, text []byte) ([]byte, bool) {
	if len(text)%4 != 0 {
		return dst[:0], false
	}
	body := max(len(text)-4, 0) // the last four characters may have padding
	size := len(text) / 4 * 3
	if cap(dst) < size+8 { // room for the whole words written below
		dst = make([]byte, 2*size+8)
	}
	dst = dst[:cap(dst)]
	pairs := base64Pairs()
	var seen uint16
	in, out := text[:body], dst
	for len(in) >= 8 {
		x := binary.LittleEndian.Uint64(in)
		a, b, c, d := pairs[uint16(x)], pairs[uint16(x>>16)], pairs[uint16(x>>32)], pairs[x>>48]
		seen |= a | b | c | d
		binary.BigEndian.PutUint64(out, uint64(a)<<52|uint64(b)<<40|uint64(c)<<28|uint64(d)<<16)
		in, out = in[8:], out[6:]
	}
	if seen > maxPair {
		return dst[:0], false
	}
	done := len(dst) - len(out)
	for _, rest := range [][]byte{in, text[body:]} {
		if len(rest) == 0 {
			continue
		}
		n, err := base64.StdEncoding.Strict().Decode(dst[done:], rest)
		padded := rest[3] == '=' && &rest[0] == &text[body]
		if err != nil || n < 3 && !padded || n == 0 {
			return dst[:0], false
		}
		done += n
	}
	return dst[:done], true
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
