package auditexport

import (
	"context"
	"encoding/json"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// QueryLedger asks for rows, ascending.
type QueryLedger struct {
	Project string `query:"project" json:"project,omitempty"`
	Unit    string `query:"unit" json:"unit,omitempty"`
	Actor   string `query:"actor" json:"actor,omitempty"`
	Type    string `query:"type" json:"type,omitempty"`
	TraceID string `query:"trace_id" json:"trace_id,omitempty"`
	From    string `query:"from" json:"from,omitempty"` // first day, YYYY-MM-DD
	To      string `query:"to" json:"to,omitempty"`     // last day
	After   int64  `query:"after_seq" json:"after_seq,omitempty"`
	Limit   int    `query:"limit" json:"limit,omitempty"` // 1..1000, 0 = 200
}

// Rows is one page of the ledger.
type Rows struct {
	Items    []Row `json:"items"`
	AfterSeq int64 `json:"after_seq"` // ask for rows behind this next; 0 = there are no more
}

// filter reads the query's days.
func (q QueryLedger) filter() (Filter, error) {
	var c fault.Checks
	f := Filter{Project: q.Project, Unit: q.Unit, Actor: q.Actor, Type: q.Type, Trace: q.TraceID, After: q.After, Limit: q.Limit}
	if f.Limit == 0 {
		f.Limit = 200
	}
	c.Require(f.Limit >= 1 && f.Limit <= 1000, "limit", "out_of_range", "每页1到1000行", "1 to 1000 rows")
	c.Require(q.After >= 0, "after_seq", "out_of_range", "不得为负", "must not be negative")
	f.From, f.To = days(&c, q.From, q.To).bounds()
	return f, c.Err()
}

// Query answers an auditor and records that it did.
func (s *Service) Query(ctx context.Context, q QueryLedger) (Rows, error) {
	f, err := q.filter()
	if err != nil {
		return Rows{}, err
	}
	items, err := s.Book.Find(ctx, f)
	if err != nil {
		return Rows{}, err
	}
	out := Rows{Items: items}
	if len(items) == f.Limit {
		out.AfterSeq = items[len(items)-1].Seq
	}
	return out, s.inquire(ctx, "query", q, int64(len(items)), nil)
}

// inquire records an act of reading, in the name of the person behind it.
func (s *Service) inquire(ctx context.Context, kind string, what any, rows int64, fact func(*Inquiry, *aggregate.Recorder)) error {
	b, err := json.Marshal(what)
	if err != nil {
		return err
	}
	reader := authn.By(ctx)
	self := s.Self
	self.OnBehalfOf = reader.Subject
	_, err = s.Inquiries.Create(authn.With(ctx, self), s.NewID(), func(i *Inquiry, rec *aggregate.Recorder) error {
		i.ProjectID = i.ID
		i.Share(reader.Subject)
		i.Kind, i.Actor, i.Query, i.Rows = kind, reader.Subject, string(b), rows
		if fact != nil {
			fact(i, rec)
			return nil
		}
		rec.State(i.ID, &auditexportv1.LedgerQueried{Query: kind + " " + i.Query, Rows: rows})
		return nil
	})
	return err
}

// Standing is where the ledger stands and what signs it.
type Standing struct {
	Rows       int64  `json:"rows"`
	Root       string `json:"root"` // hex
	Chain      string `json:"chain"`
	SM3Chain   string `json:"sm3_chain"`
	Checkpoint string `json:"checkpoint"` // the newest signed note, empty without one
	Keys       any    `json:"keys"`
}

// Standing says where the ledger stands.
func (s *Service) Standing(ctx context.Context, _ struct{}) (Standing, error) {
	head, tree, err := s.Book.Head(ctx)
	if err != nil {
		return Standing{}, err
	}
	note, err := s.Book.Checkpoint(ctx)
	return Standing{Rows: int64(head.Size), Root: tree.Root().String(), Chain: head.Chain.String(), SM3Chain: head.SM3Chain.String(), Checkpoint: string(note), Keys: s.Keyring.Keys}, err
}

// ProveRow asks for the proof that a row is under the newest checkpoint.
type ProveRow struct {
	Seq  int64 `query:"seq" json:"-"`
	From int64 `query:"consistent_from" json:"-"` // or that the tree continues the one of so many rows
}

// Proof is an RFC 6962 proof.
type Proof struct {
	Size       int64    `json:"size"`
	Seq        int64    `json:"seq,omitempty"`
	From       int64    `json:"consistent_from,omitempty"`
	Leaf       string   `json:"leaf,omitempty"`
	Hashes     []string `json:"hashes"`
	Checkpoint string   `json:"checkpoint"`
}

// Prove draws an inclusion or a consistency proof against the newest
// checkpoint.
func (s *Service) Prove(ctx context.Context, r ProveRow) (p Proof, err error) {
	err = s.Book.Snapshot(ctx, func(b Book) error {
		signed, note, err := s.signed(ctx, b)
		if err != nil {
			return err
		}
		size := int64(signed.Size)
		if r.Seq < 0 || r.Seq > size || r.From < 0 || r.From > size || (r.Seq == 0) == (r.From == 0) {
			return ErrNoRow
		}
		prover := ledger.NewProver(b, signed.Size)
		var hashes []ledger.Hash
		p = Proof{Size: size, Seq: r.Seq, From: r.From, Checkpoint: string(note)}
		if r.Seq > 0 {
			leaf, err := prover.Chain(ctx, uint64(r.Seq))
			if err != nil {
				return err
			}
			p.Leaf = leaf.String()
			hashes, err = prover.Inclusion(ctx, uint64(r.Seq))
			if err != nil {
				return err
			}
		} else if hashes, err = prover.Consistency(ctx, uint64(r.From)); err != nil {
			return err
		}
		p.Hashes = []string{}
		for _, h := range hashes {
			p.Hashes = append(p.Hashes, h.String())
		}
		return nil
	})
	return p, err
}

// span is a range of days, ends included; zero days are open ends.
type span struct{ from, to calendar.Date }

func days(c *fault.Checks, from, to string) (s span) {
	read := func(text, field string) (d calendar.Date) {
		if text == "" {
			return d
		}
		d, err := calendar.ParseDate(text)
		c.Require(err == nil, field, "invalid_date", "日期须为YYYY-MM-DD", "a date is YYYY-MM-DD")
		return d
	}
	s = span{read(from, "from"), read(to, "to")}
	c.Require(s.from.IsZero() || s.to.IsZero() || !s.to.Before(s.from), "to", "out_of_range", "截止日期早于起始日期", "the last day is before the first")
	return s
}
