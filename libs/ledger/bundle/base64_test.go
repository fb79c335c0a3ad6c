package bundle

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// FuzzDecodeBase64 holds the decoder to the rule: it accepts a text if and only
// if encoding what it means gives the text back.
func FuzzDecodeBase64(f *testing.F) {
	for _, text := range []string{
		"", "e30=", "eA==", "eHl6", "eHl6eHl6", "eHl6e30=", "eB==", "e31=", "====", "e30", "e3\n0=", "e30=e30=", "eHl6\r\n\r\neHl6",
		"e30=eHl6", "=eHl", "-_-_", "eHl6eHl6eHl6====", "eHl6eA==eHl6eHl6", strings.Repeat("eHl6", 40) + "eA==",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := base64.StdEncoding.DecodeString(string(text))
		canonical := err == nil && base64.StdEncoding.EncodeToString(want) == string(text)
		got, ok := decodeBase64(make([]byte, 3), text)
		if ok != canonical || ok && !bytes.Equal(got, want) {
			t.Fatalf("%q: %q, %v; want %q, %v", text, got, ok, want, canonical)
		}
	})
}
