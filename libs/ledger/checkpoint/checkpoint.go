// Package checkpoint signs and opens the statements a ledger makes about
// itself: checkpoints (C2SP tlog-checkpoint), the cosignatures of witnesses
// (C2SP tlog-cosignature v1) and, in the same signed-note form, short
// statements about exports. Notes are opened and written by
// golang.org/x/mod/sumdb/note; this package adds SM2 keys, cosignatures, key
// rotation by tree size, and the rules a witness keeps.
//
// It promises that what Trust.Open returns was signed by a key that is trusted
// for that very size, and that a witness never signs two stories. It keeps no
// keys, no state and no clock, and it says nothing about the rows under a root.
package checkpoint

import (
	"fmt"
	"strconv"
	"strings"

	"egov/libs/ledger"
)

// Checkpoint is the head of a ledger's tree at one size. Its text has four
// lines: origin, size, root hash in base64, and as an extension line
// "sm3-chain " with the head of the SM3 chain in base64. Anyone who holds all
// rows can recompute the last line as well as the third.
type Checkpoint struct {
	Origin   string      // the ledger's name, e.g. "yangpu.example/ledger"
	Size     uint64      // rows
	Root     ledger.Hash // RFC 6962, SHA-256
	SM3Chain ledger.Hash // head of the SM3 chain; zero when the text has no such line
}

const sm3Line = "sm3-chain "

// maxSize keeps sizes within what every implementation can hold.
const maxSize = 1<<63 - 1

// Text is the note text to sign, with its final newline.
func (c Checkpoint) Text() string {
	s := c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.Base64() + "\n"
	if c.SM3Chain != (ledger.Hash{}) {
		s += sm3Line + c.SM3Chain.Base64() + "\n"
	}
	return s
}

// parse reads a note text. Extension lines it does not know are covered by the
// signature and otherwise left alone, as the specification asks.
func parse(text string) (Checkpoint, error) {
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 {
		return Checkpoint{}, malformed("it has %d lines", len(lines))
	}
	c := Checkpoint{Origin: lines[0]}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, malformed("%q is no tree size", lines[1])
	}
	c.Size = size
	if c.Root, ok = ledger.ParseBase64Hash(lines[2]); !ok {
		return Checkpoint{}, malformed("%q is no root hash", lines[2])
	}
	for _, line := range lines[3:] {
		value, known := strings.CutPrefix(line, sm3Line)
		switch {
		case line == "":
			return Checkpoint{}, malformed("an extension line is empty")
		case !known:
			continue
		case c.SM3Chain != (ledger.Hash{}):
			return Checkpoint{}, malformed("it has two heads of the SM3 chain")
		}
		if c.SM3Chain, ok = ledger.ParseBase64Hash(value); !ok || c.SM3Chain == (ledger.Hash{}) {
			return Checkpoint{}, malformed("%q is no head of the SM3 chain", value)
		}
	}
	if c.Origin == "" {
		return Checkpoint{}, malformed("its origin is empty")
	}
	return c, nil
}

func malformed(format string, args ...any) error {
	return ledger.Found(ledger.CodeCheckpointSignature, 0, "malformed checkpoint: %s", fmt.Sprintf(format, args...))
}
