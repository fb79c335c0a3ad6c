package bundle

import (
	"bytes"

	"github.com/emmansun/base64"
)

var canonical = base64.StdEncoding.Strict()

// decodeBase64 decodes standard base64 into dst from its start. Of each text it
// takes one spelling only, with no line breaks in between and no loose bits at the
// end, so that no two lines stand for one event. Decoding is what reading a row
// costs most besides hashing, so the decoder is one that reads 32 characters at
// once where the processor can.
func decodeBase64(dst, text []byte) ([]byte, bool) {
	if len(text)%4 != 0 {
		return dst[:0], false
	}
	size := len(text) / 4 * 3
	if cap(dst) < size {
		dst = make([]byte, 2*size)
	}
	dst = dst[:size]
	n, err := canonical.Decode(dst, text)
	// The decoder passes over line breaks, and then finds less than there is room
	// for: of a text without any it fills all but what the padding stands for.
	padding := len(text) - len(bytes.TrimRight(text, "="))
	return dst[:n], err == nil && n == size-padding
}
