package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Replies that carry entries are taken from Redis as they are and read here,
// straight into records: the client's own form, a map for each entry, costs
// more than everything else a reader does.

// resp walks over one RESP reply, version 2 or 3. What it gives out are parts
// of the reply itself.
type resp struct {
	s    string // what is left
	full []byte // the same reply from its beginning, for values that are bytes
}

func newResp(reply []byte) resp { return resp{string(reply), reply} }

var errReply = errors.New("a reply of Redis is not in the form expected")

// rawReply is what a command answered, or its error.
func rawReply(cmd *redis.RawCmd) (resp, error) {
	b, err := cmd.Result()
	if err != nil {
		return resp{}, err
	}
	if len(b) > 0 && b[0] == '-' {
		return resp{}, errors.New(strings.TrimSpace(string(b[1:])))
	}
	return newResp(b), nil
}

// line takes the next line: its kind and the rest.
func (r *resp) line() (kind byte, rest string, err error) {
	i := strings.IndexByte(r.s, '\r')
	if i < 1 || i+2 > len(r.s) {
		return 0, "", errReply
	}
	kind, rest, r.s = r.s[0], r.s[1:i], r.s[i+2:]
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
	if n, err = strconv.Atoi(rest); err != nil {
		return 0, fmt.Errorf("%w: %w", errReply, err)
	}
	if kind == '%' {
		n *= 2
	}
	return n, nil
}

// text takes a string.
func (r *resp) text() (string, error) {
	kind, rest, err := r.line()
	if err != nil {
		return "", err
	}
	if kind == '+' {
		return rest, nil
	}
	n, err := strconv.Atoi(rest)
	if err != nil || kind != '$' || n < 0 || n+2 > len(r.s) {
		return "", fmt.Errorf("%w: %c%s for a string", errReply, kind, rest)
	}
	s := r.s[:n]
	r.s = r.s[n+2:]
	return s, nil
}

// bytes takes a string that s was just read as, without copying it.
func (r *resp) bytes(s string) []byte {
	end := len(r.full) - len(r.s) - len("\r\n")
	return r.full[end-len(s) : end : end]
}

// entries takes a list of entries of one stream, whose facts come from source.
func (r *resp) entries(stream, source string, out []entry) ([]entry, error) {
	n, err := r.list()
	if err != nil {
		return out, err
	}
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
		out = append(out, entry{stream: stream})
		e := &out[len(out)-1]
		if e.id, err = r.text(); err != nil {
			return out, err
		}
		if err := r.entry(e, source); err != nil {
			return out, err
		}
	}
	return out, nil
}

// streams takes the reply of XREADGROUP: the entries of several streams, whose
// sources origin tells.
func (r *resp) streams(origin map[string]string) ([]entry, error) {
	top := r.s
	n, err := r.list()
	if err != nil || n < 0 {
		return nil, err
	}
	pairs := strings.HasPrefix(top, "*") // RESP 2 has a list of pairs, RESP 3 a map
	if !pairs {
		n /= 2
	}
	var out []entry
	for range n {
		if pairs {
			if _, err := r.list(); err != nil {
				return nil, err
			}
		}
		key, err := r.text()
		if err != nil {
			return nil, err
		}
		if ahead := *r; out == nil { // room for the first stream, which is often the only one
			if m, err := ahead.list(); err == nil && m > 0 {
				out = make([]entry, 0, min(m, len(r.s)))
			}
		}
		if out, err = r.entries(key, origin[key], out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claimed takes the reply of XAUTOCLAIM: where to go on, and entries.
func (r *resp) claimed(stream, source string) (next string, out []entry, err error) {
	if _, err := r.list(); err != nil {
		return "", nil, err
	}
	if next, err = r.text(); err != nil {
		return "", nil, err
	}
	out, err = r.entries(stream, source, nil)
	return next, out, err
}
