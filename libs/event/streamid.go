package event

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// txidBits is how many bits of a stream id's first half hold the transaction
// id; the epoch of the database stands above them.
const (
	txidBits = 48
	txidMask = 1<<txidBits - 1
)

// streamID is the id of a stream entry: (epoch<<48 | txid)-id. Ids are in the
// order the relay reads, so the stream's last id says how far it has come.
type streamID struct{ hi, lo uint64 }

// streamIDText is room for the text of one.
const streamIDText = 42

func newStreamID(epoch int, txid, id uint64) streamID {
	return streamID{uint64(epoch)<<txidBits | txid&txidMask, id}
}

func (s streamID) epoch() int   { return int(s.hi >> txidBits) }
func (s streamID) txid() uint64 { return s.hi & txidMask }

func (s streamID) compare(o streamID) int {
	return cmp.Or(cmp.Compare(s.hi, o.hi), cmp.Compare(s.lo, o.lo))
}

// before is the id that s follows at once.
func (s streamID) before() streamID {
	if s.lo > 0 {
		return streamID{s.hi, s.lo - 1}
	}
	return streamID{s.hi - 1, math.MaxUint64}
}

func (s streamID) String() string {
	return string(s.append(make([]byte, 0, streamIDText)))
}

func (s streamID) append(b []byte) []byte {
	b = strconv.AppendUint(b, s.hi, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, s.lo, 10)
}

func parseStreamID[T string | []byte](s T) (streamID, error) {
	hi, lo, ok := strings.Cut(string(s), "-")
	if !ok {
		return streamID{}, fmt.Errorf("stream id %q has no second half", string(s))
	}
	h, err := strconv.ParseUint(hi, 10, 64)
	if err != nil {
		return streamID{}, fmt.Errorf("stream id %q: %w", string(s), err)
	}
	l, err := strconv.ParseUint(lo, 10, 64)
	if err != nil {
		return streamID{}, fmt.Errorf("stream id %q: %w", string(s), err)
	}
	return streamID{h, l}, nil
}
