package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// errCut says that a stream of rows ends without its closing line.
var errCut = errors.New("the stream was cut")

// closing is the last line of a stream of rows.
type closing struct {
	Rows       int64    `json:"rows"`
	First      int64    `json:"first"`
	Last       int64    `json:"last"`
	Signatures []string `json:"signatures"`
}

// row is what is read of every other line.
type row struct {
	Seq int64 `json:"seq"`
}

// rowsOf reads a stream of rows, whole or not: the number of the last row that
// arrived whole, and errCut unless the closing line says that these were all.
// Rows begin behind after and lack none.
func rowsOf(stream []byte, after int64) (last int64, err error) {
	last = after
	for {
		line, rest, whole := bytes.Cut(stream, []byte{'\n'})
		if !whole {
			return last, errCut
		}
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			return last, err
		}
		if r.Seq == 0 { // rows count from one: this is the closing line
			return last, closes(line, rest, after, last)
		}
		if r.Seq != last+1 {
			return last, fmt.Errorf("row %d follows row %d", r.Seq, last)
		}
		last, stream = r.Seq, rest
	}
}

func closes(line, rest []byte, after, last int64) error {
	var c closing
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	if len(rest) > 0 || len(c.Signatures) == 0 || c.Rows != last-after || c.Last != last {
		return fmt.Errorf("after row %d the stream closes with %s", last, line)
	}
	return nil
}

// streamLedger reads the ledger's rows behind one to their closing line.
func (l *load) streamLedger(ctx context.Context, after int64, last *int64) error {
	b, err := l.read(ctx, "auditexport", fmt.Sprintf("/v1/ledger/rows?after_seq=%d", after), auditor)
	if err != nil {
		return err
	}
	to, err := rowsOf(b, after)
	if err != nil {
		l.failed.Add(1)
		return err
	}
	if last != nil {
		*last = to
	}
	return nil
}

// bundle is what is on record of an export.
type bundle struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Why    string `json:"why"`
}

// askExport has a bundle of the whole ledger made, with tables in one form.
func (l *load) askExport(ctx context.Context) (id string, err error) {
	token, err := l.token(ctx, auditor)
	if err != nil {
		return "", err
	}
	b, err := l.exchange(ctx, "auditexport", http.MethodPost, "/v1/exports", []byte(`{"formats":["csv"]}`), map[string]string{
		"Authorization": "Bearer " + token, "Idempotency-Key": rand.Text(),
	})
	if err != nil {
		return "", err
	}
	var e bundle
	err = json.Unmarshal(b, &e)
	return e.ID, err
}

// exportIsMade waits until a bundle is written.
func (l *load) exportIsMade(ctx context.Context, id string) (e bundle, err error) {
	err = until(ctx, time.Minute, "the bundle is written", func(ctx context.Context) (bool, error) {
		b, err := l.read(ctx, "auditexport", "/v1/exports/"+id, auditor)
		if err != nil {
			return false, err
		}
		if err := json.Unmarshal(b, &e); err != nil {
			return false, err
		}
		if e.State != "begun" && e.State != "made" {
			return false, fmt.Errorf("the bundle is %s: %s", e.State, e.Why)
		}
		return e.State == "made", pause(ctx, lookEvery)
	})
	return e, err
}
