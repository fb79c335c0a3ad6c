package writebench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// submit sends so many submissions from so many connections. It writes requests
// by hand, so that the machine's time goes to the service rather than to its
// caller, as with pgbench.
func (b *Bench) submit(ctx context.Context, i *instance, clients, requests int, to extent) (round, error) {
	first, err := b.take(ctx, requests)
	if err != nil {
		return round{}, err
	}
	bearer, err := b.token()
	if err != nil {
		return round{}, err
	}
	return b.measure(ctx, i, requests, to, func() (time.Duration, error) {
		began := time.Now()
		err := i.load(ctx, clients, requests, first, bearer)
		return time.Since(began), err
	})
}

// load submits so many drafts, beginning with the first.
func (i *instance) load(ctx context.Context, clients, requests, first int, bearer string) error {
	return inTurn(ctx, clients, requests, func(ctx context.Context, turns iter.Seq[int]) error {
		c, err := dial(ctx, i.addr)
		if err != nil {
			return err
		}
		defer c.conn.Close()
		for n := range turns {
			if err := c.post("/v1/projects/"+name(first+n)+"/submit", bearer, name(first+n)); err != nil {
				return err
			}
		}
		return nil
	})
}

// inTurn runs so many workers, who share the numbers below n: each takes the
// next one when it is done with the last. The first error ends all.
func inTurn(ctx context.Context, workers, n int, work func(context.Context, iter.Seq[int]) error) error {
	var taken atomic.Int64
	g, all := errgroup.WithContext(ctx)
	turns := func(yield func(int) bool) {
		for all.Err() == nil {
			if i := int(taken.Add(1)) - 1; i >= n || !yield(i) {
				return
			}
		}
	}
	for range workers {
		g.Go(func() error { return work(all, turns) })
	}
	return cmp.Or(g.Wait(), ctx.Err())
}

// caller is one connection that is used again and again.
type caller struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func dial(ctx context.Context, addr string) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &caller{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// post sends a request without a body and reads its answer to the end. Of an
// answer of success it reads no more than its length, as pgbench of a result.
func (c *caller) post(path, bearer, key string) error {
	out := append(append(append(c.out[:0], "POST "...), path...), " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer "...)
	out = append(append(append(out, bearer...), "\r\nIdempotency-Key: "...), key...)
	c.out = append(out, "\r\nContent-Length: 0\r\n\r\n"...)
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("%s: %w", path, c.refusal(bytes.Clone(line)))
	}
	length := -1
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return err
		}
		if len(line) <= len("\r\n") {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("%s: the answer does not say how long it is", path)
	}
	_, err = c.in.Discard(length)
	return err
}

// refusal is what an answer says that begins with line.
func (c *caller) refusal(line []byte) error {
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(line), c.in)), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return fmt.Errorf("HTTP %d: %s", resp.StatusCode, bytes.TrimSpace(body))
}
