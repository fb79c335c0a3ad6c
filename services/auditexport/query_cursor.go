package auditexport

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
)

// cursor is a place between two pages. It names the last row of the set that is
// paged through, which rows that arrive do not join, and the question, so that
// it continues no other. It is no secret and gives no right.
type cursor struct {
	after, last int64
	question    [8]byte
}

const cursorVersion = 1

var errCursor = errors.New("not a cursor")

// String is the cursor's outside form.
func (c cursor) String() string {
	b := append([]byte{cursorVersion}, c.question[:]...)
	b = binary.AppendUvarint(b, uint64(c.after))
	b = binary.AppendUvarint(b, uint64(c.last))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads what String writes, and nothing else.
func parseCursor(text string) (c cursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 1+len(c.question) || b[0] != cursorVersion {
		return cursor{}, errCursor
	}
	b = b[1+copy(c.question[:], b[1:]):]
	for _, into := range []*int64{&c.after, &c.last} {
		v, n := binary.Uvarint(b)
		if n <= 0 || int64(v) < 0 {
			return cursor{}, errCursor
		}
		*into, b = int64(v), b[n:]
	}
	if c.after >= c.last || c.String() != text {
		return cursor{}, errCursor
	}
	return c, nil
}

// digest tells questions apart, whatever page of the answer they ask for.
func (q QueryLedger) digest() (d [8]byte) {
	q.After, q.Last, q.Limit, q.Cursor, q.Count = 0, 0, 0, "", false
	b, _ := json.Marshal(q) // strings and numbers alone
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}
