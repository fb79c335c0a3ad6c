package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Replies that carry entries are taken from Redis as they are and read here,
// straight into records: the client's own form, a map for each entry, costs
// more than everything else a reader does.

// resp walks over what is left of one RESP reply, version 2 or 3. The bytes it
// gives out are parts of the reply itself.
type resp []byte

// Write takes the next bytes of a reply.
func (r *resp) Write(b []byte) (int, error) {
	*r = append(*r, b...)
	return len(b), nil
}

// ReadFrom takes what is left of from. The client says of each string how long it
// is and copies it here: it is read in one go, not until nothing more comes.
func (r *resp) ReadFrom(from io.Reader) (read int64, err error) {
	part, ok := from.(*io.LimitedReader)
	if !ok {
		return io.Copy(struct{ io.Writer }{r}, from)
	}
	for part.N > 0 && err == nil {
		begin, n := len(*r), int(min(part.N, 1<<20)) // whoever says more than he sends gets no memory for it
		*r = slices.Grow(*r, n)[:begin+n]
		n, err = io.ReadFull(part.R, (*r)[begin:])
		*r = (*r)[:begin+n]
		part.N -= int64(n)
		read += int64(n)
	}
	return read, err
}

var errReply = errors.New("a reply of Redis is not in the form expected")

// refusal is the error that a reply consists of, or nil.
func (r resp) refusal() error {
	if len(r) == 0 || r[0] != '-' {
		return nil
	}
	return errors.New(strings.TrimSpace(string(r[1:])))
}

// line takes the next line: its kind and the rest.
func (r *resp) line() (kind byte, rest []byte, err error) {
	b := *r
	i := bytes.IndexByte(b, '\r')
	if i < 1 || i+2 > len(b) {
		return 0, nil, errReply
	}
	kind, rest, *r = b[0], b[1:i], b[i+2:]
	return kind, rest, nil
}

// list takes the head of an array, or of a map as an array of twice its size.
// A missing array is -1 long.
func (r *resp) list() (n int, err error) {
	kind, rest, err := r.line()
	if err != nil {
		return 0, err
	}
	switch kind {
	case '_':
		return -1, nil
	case '*', '%', '~':
	default:
		return 0, fmt.Errorf("%w: %c for a list", errReply, kind)
	}
	if n, err = strconv.Atoi(string(rest)); err != nil {
		return 0, fmt.Errorf("%w: %w", errReply, err)
	}
	if kind == '%' {
		n *= 2
	}
	return n, nil
}

// text takes a string.
func (r *resp) text() ([]byte, error) {
	kind, rest, err := r.line()
	if err != nil {
		return nil, err
	}
	if kind == '+' {
		return rest, nil
	}
	n, err := strconv.Atoi(string(rest))
	if err != nil || kind != '$' || n < 0 || n+2 > len(*r) {
		return nil, fmt.Errorf("%w: %c%s for a string", errReply, kind, rest)
	}
	s := (*r)[:n:n]
	*r = (*r)[n+2:]
	return s, nil
}

// entries takes a list of entries of one stream, whose facts come from source.
func (r *resp) entries(stream, source string, out []entry) ([]entry, error) {
	n, err := r.list()
	if err != nil {
		return out, err
	}
	in := reading{source: source, now: time.Now()}
	for range n {
		parts, err := r.list()
		if err != nil {
			return out, err
		}
		if parts < 0 {
			continue
		}
		if parts != 2 {
			return out, fmt.Errorf("%w: an entry of %d parts", errReply, parts)
		}
		text, err := r.text()
		if err != nil {
			return out, err
		}
		id, err := parseStreamID(text)
		if err != nil {
			return out, fmt.Errorf("%w: %w", errReply, err)
		}
		out = append(out, entry{stream: stream, id: id})
		if err := r.entry(&out[len(out)-1], &in); err != nil {
			return out, err
		}
	}
	return out, nil
}

// streams takes the reply of XREADGROUP: the entries of several streams, whose
// sources origin tells. They are appended to out, those of one stream together.
func (r *resp) streams(origin map[string]string, out []entry) ([]entry, error) {
	pairs := bytes.HasPrefix(*r, []byte{'*'}) // RESP 2 has a list of pairs, RESP 3 a map
	n, err := r.list()
	if err != nil || n < 0 {
		return out, err
	}
	if !pairs {
		n /= 2
	}
	for range n {
		if pairs {
			if _, err := r.list(); err != nil {
				return out, err
			}
		}
		key, err := r.text()
		if err != nil {
			return out, err
		}
		stream := string(key)
		if out, err = r.entries(stream, origin[stream], out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// claimed takes the reply of XAUTOCLAIM: where to go on, and entries.
func (r *resp) claimed(stream, source string) (next string, out []entry, err error) {
	if _, err := r.list(); err != nil {
		return "", nil, err
	}
	from, err := r.text()
	if err != nil {
		return "", nil, err
	}
	out, err = r.entries(stream, source, nil)
	return string(from), out, err
}
