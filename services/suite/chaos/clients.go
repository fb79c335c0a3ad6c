package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"

	"egov/services/suite/stack"
)

const (
	ledgerRows    = 1200      // at least, before clients come
	streamClients = 8         // at once, each of which goes away again and again
	memoryLimit   = 64 << 20  // of the ledger service above what it has without exports
	chunk         = 200 << 10 // bytes after which a client goes away, at most
	settle        = 8 * time.Second
)

// loseExportClients has clients read the ledger and its bundles and go away in
// the middle, at random; each takes up where it was. Every cut has to show, what
// comes together has to be exact, and the service may not keep what nobody reads.
func loseExportClients(ctx context.Context, t *trial) error {
	l := newLoad(t.URL, t.DemoPassword(), t.journal)
	if err := until(ctx, time.Minute, fmt.Sprintf("the ledger has %d rows", ledgerRows), func(ctx context.Context) (bool, error) {
		var last int64
		err := l.streamLedger(ctx, ledgerRows-1, &last)
		return err == nil, pause(ctx, lookEvery)
	}); err != nil {
		return err
	}
	idle, err := t.collected(ctx)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	var peak float64
	var watch sync.WaitGroup
	watch.Go(func() { peak = t.peakMemory(watching) })
	var clients sync.WaitGroup
	errs := make([]error, streamClients+1)
	cuts := make([]int, streamClients+1)
	for n := range streamClients {
		r := mrand.New(mrand.NewPCG(t.seed, uint64(n)))
		clients.Go(func() { cuts[n], errs[n] = t.readInPieces(ctx, l, r) })
	}
	clients.Go(func() {
		cuts[streamClients], errs[streamClients] = t.takeInPieces(ctx, l, mrand.New(mrand.NewPCG(t.seed, streamClients)))
	})
	clients.Wait()
	stop()
	watch.Wait()
	total := 0
	for _, n := range cuts {
		total += n
	}
	t.notes("%d clients went away %d times; the service had %.0f MB without exports and %.0f MB at most", streamClients+1, total, idle/(1<<20), peak/(1<<20))
	if peak-idle > memoryLimit {
		t.broken("exports took %.0f MB more memory, promised are %d", (peak-idle)/(1<<20), memoryLimit>>20)
	}
	return errors.Join(errs...)
}

// collected starts the ledger service anew with the collector that Go has by
// itself, so that what it takes is what it uses and not garbage that it may
// leave, and gives the bytes it takes under the load without exports.
func (t *trial) collected(ctx context.Context) (float64, error) {
	const collector = "GOGC"
	if err := os.Setenv(collector, "100"); err != nil {
		return 0, err
	}
	err := errors.Join(t.Kill("auditexport"), t.Restart(ctx, "auditexport"), os.Unsetenv(collector))
	if err != nil {
		return 0, err
	}
	resting, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	return t.peakMemory(resting), nil
}

// peakMemory is the most that the ledger service takes until ctx ends, in bytes.
func (t *trial) peakMemory(ctx context.Context) (peak float64) {
	for pause(ctx, lookEvery/2) == nil {
		if now, err := t.metric(ctx, "auditexport", "process_resident_memory_bytes"); err == nil {
			peak = max(peak, now)
		}
	}
	return peak
}

// readInPieces reads the whole ledger as a stream that it drops again and again,
// and says how often.
func (t *trial) readInPieces(ctx context.Context, l *load, r *mrand.Rand) (cuts int, err error) {
	for after := int64(0); ; cuts++ {
		piece, err := l.take(ctx, fmt.Sprintf("/v1/ledger/rows?after_seq=%d", after), "", "", 1+r.Int64N(chunk))
		if err != nil {
			return cuts, err
		}
		last, err := rowsOf(piece.body, after)
		switch {
		case err == nil:
			return cuts, nil
		case !errors.Is(err, errCut):
			t.broken("a stream of rows behind %d: %v", after, err)
			return cuts, nil
		case piece.whole:
			t.broken("a stream that the service brought to its end lacks its closing line, after row %d", last)
			return cuts, nil
		}
		after = last
	}
}

// takeInPieces has a bundle made, downloads it in pieces, and holds it against
// its hash on record.
func (t *trial) takeInPieces(ctx context.Context, l *load, r *mrand.Rand) (cuts int, err error) {
	id, err := l.askExport(ctx)
	if err != nil {
		return 0, err
	}
	e, err := l.exportIsMade(ctx, id)
	if err != nil {
		t.broken("%v", err)
		return 0, nil
	}
	sum := sha256.New()
	for at, tag := int64(0), ""; at < e.Bytes; cuts++ {
		part := fmt.Sprintf("bytes=%d-", at)
		if at == 0 {
			part = ""
		}
		piece, err := l.take(ctx, "/v1/exports/"+id+"/file", part, tag, 1+r.Int64N(chunk))
		if err != nil {
			return cuts, err
		}
		if want := map[bool]int{true: http.StatusOK, false: http.StatusPartialContent}[at == 0]; piece.status != want || piece.promised != e.Bytes-at {
			t.broken("the bundle behind byte %d: HTTP %d with %d bytes promised, want %d and %d", at, piece.status, piece.promised, want, e.Bytes-at)
			return cuts, nil
		}
		_, _ = sum.Write(piece.body) // a hash takes everything
		at, tag = at+int64(len(piece.body)), piece.tag
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != e.SHA256 {
		t.broken("the bundle in pieces has the hash %s, on record is %s", got, e.SHA256)
	}
	return cuts, nil
}

// piece is what a client got before it went away.
type piece struct {
	status   int
	promised int64 // bytes; -1 = not said
	tag      string
	body     []byte
	whole    bool // the service had come to its end
}

// take asks for a stream, or for the rest of a file behind one byte, and goes
// away after some bytes.
func (l *load) take(ctx context.Context, path, part, tag string, bytes int64) (p piece, err error) {
	token, err := l.token(ctx, auditor)
	if err != nil {
		return p, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave() // the connection breaks where it is
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL("auditexport")+path, nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if part != "" {
		req.Header.Set("Range", part)
		req.Header.Set("If-Range", tag)
	}
	resp, err := l.HTTP.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	p.status, p.promised, p.tag = resp.StatusCode, resp.ContentLength, resp.Header.Get("ETag")
	if resp.StatusCode >= 300 {
		b, err := io.ReadAll(resp.Body)
		return p, errors.Join(err, stack.Refusal{Status: resp.StatusCode, Body: string(b)})
	}
	p.body, err = io.ReadAll(io.LimitReader(resp.Body, bytes))
	p.whole = int64(len(p.body)) < bytes
	return p, err
}
