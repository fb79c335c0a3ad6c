package auditexport

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
)

// StreamEnd is the last line of a stream of rows. A stream without it was cut.
type StreamEnd struct {
	Rows     int64 `json:"rows"`      // that matched
	FirstSeq int64 `json:"first_seq"` // 0 without any
	LastSeq  int64 `json:"last_seq"`
	// LookedTo is the last row that was looked at; behind it the stream is taken
	// up when the ledger has grown.
	LookedTo int64 `json:"looked_to"`
	// Where the ledger stood when the stream began.
	LedgerRows     int64  `json:"ledger_rows"`
	Chain          string `json:"chain"`
	SM3Chain       string `json:"sm3_chain"`
	CheckpointRows int64  `json:"checkpoint_rows"`
	Checkpoint     string `json:"checkpoint"` // the signed note, empty without one
}

// streamLine is the form of the last line, which no row has.
type streamLine struct {
	End StreamEnd `json:"end"`
}

// streamPage is how many rows a stream holds in memory.
const streamPage = 500

// Stream answers a query by all its rows, a line each, in memory that does not
// grow. One that was cut goes on behind its last row: after_seq. That it was
// asked for is on record before its first byte, how many rows it gave before
// its last line (YP23-M-16).
func (s *Service) Stream(ctx context.Context, q QueryLedger) (io.ReadCloser, error) {
	standing, f, err := s.standingFor(ctx, q)
	if err != nil {
		return nil, err
	}
	head, _, err := s.Book.Head(ctx)
	if err != nil {
		return nil, err
	}
	note, err := s.Book.Checkpoint(ctx, 0)
	if err != nil {
		return nil, err
	}
	began, err := s.inquire(ctx, "stream", q, 0)
	if err != nil {
		return nil, err
	}
	end := StreamEnd{
		LedgerRows: int64(head.Size), Chain: head.Chain.String(), SM3Chain: head.SM3Chain.String(),
		CheckpointRows: standing.signed, Checkpoint: string(note), LookedTo: f.After,
	}
	f.Limit = streamPage
	return s.stream(ctx, func(ctx context.Context, w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		lines := json.NewEncoder(out)
		failed := s.matches(ctx, f, standing, &end, lines)
		// A reader who went away has read all the same.
		if _, err := s.inquire(ctx, "streamed", streamed{began.ID, end.FirstSeq, end.LastSeq, failed == nil}, end.Rows); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		if err := lines.Encode(streamLine{end}); err != nil {
			return err
		}
		return out.Flush()
	}), nil
}

// streamed is what is on record of a stream that has ended.
type streamed struct {
	Inquiry  string `json:"inquiry"` // the record of its beginning
	FirstSeq int64  `json:"first_seq"`
	LastSeq  int64  `json:"last_seq"`
	Complete bool   `json:"complete"`
}

// matches writes the rows of a query and counts them in end.
func (s *Service) matches(ctx context.Context, f Filter, standing size, end *StreamEnd, lines *json.Encoder) error {
	for {
		found, err := s.Book.Find(ctx, f)
		if err != nil {
			return err
		}
		standing.mark(found.Rows)
		for i := range found.Rows {
			if err := lines.Encode(&found.Rows[i]); err != nil {
				return err
			}
			if end.Rows++; end.FirstSeq == 0 {
				end.FirstSeq = found.Rows[i].Seq
			}
			end.LastSeq = found.Rows[i].Seq
		}
		if !found.More || found.Next >= f.Last {
			end.LookedTo = min(found.Indexed, f.Last)
			return nil
		}
		f.After = found.Next
	}
}
