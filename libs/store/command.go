package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"egov/libs/fault"
)

// Command is what the transport knows of one request that changes something.
type Command struct {
	Key     string // the Idempotency-Key, or empty
	Caller  string // account id
	Op      string // the operation's name
	Hash    []byte // of everything the request says
	Version int64  // the version the caller means to change (If-Match), 0 = any

	calls  atomic.Int32
	answer atomic.Pointer[[]byte] // of the last call
}

// Answer is the JSON of the aggregate that the command's last repository call
// answered with, nil before there is one. It must not be changed.
func (c *Command) Answer() []byte {
	if b := c.answer.Load(); b != nil {
		return *b
	}
	return nil
}

func (c *Command) answered(text []byte) {
	if c != nil {
		c.answer.Store(&text)
	}
}

type commandKey struct{}

// WithCommand makes the repository calls of ctx idempotent under c's key and
// bound to its version. Only the first call of a command checks the version.
func WithCommand(ctx context.Context, c *Command) context.Context {
	return context.WithValue(ctx, commandKey{}, c)
}

func commandFrom(ctx context.Context) *Command {
	c, _ := ctx.Value(commandKey{}).(*Command)
	return c
}

// step is one repository call of a command.
type step struct {
	key, hash []byte
	version   int64
}

func (s step) active() bool { return s.key != nil }

// next names the command's next repository call. A command makes the same
// calls in the same order when it is repeated, so each finds its own answer.
func (c *Command) next(table string) step {
	if c == nil {
		return step{}
	}
	n := c.calls.Add(1)
	var s step
	if n == 1 {
		s.version = c.Version
	}
	if c.Key != "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%d", c.Caller, c.Op, c.Key, table, n))
		s.key, s.hash = sum[:], c.Hash
	}
	return s
}

// restart makes the command's calls be counted anew, for a transaction that
// runs again.
func (c *Command) restart() {
	if c != nil {
		c.calls.Store(0)
	}
}

func pageSize(n int) (int, error) {
	if n == 0 {
		return 50, nil
	}
	if n < 1 || n > 200 {
		return 0, fault.InvalidInput.WithViolations(fault.Violation{Field: "page_size", Code: "out_of_range", Msg: "每页1到200条", MsgEN: "1 to 200 a page"})
	}
	return n, nil
}

func pageToken(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(at.Format(time.RFC3339Nano) + "|" + id))
}

func parsePageToken(s string) (time.Time, string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return time.Time{}, "", errToken.With(err)
	}
	at, id, ok := strings.Cut(string(b), "|")
	if !ok {
		return time.Time{}, "", errToken
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return time.Time{}, "", errToken.With(err)
	}
	return t, id, nil
}
