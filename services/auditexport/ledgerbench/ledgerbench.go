// Package ledgerbench measures the stored ledger against the references its
// figures are promised over: appending against plain inserts, exporting against
// psql's own copy. Both sides run in turn, in one process, on one server, and
// the medians are compared. Absolute figures say little; ratios of one run
// hold. What verifying costs is measured by libs/ledger/ledgerbench, without a
// server.
//
// It needs psql on PATH, and a database nobody else uses.
package ledgerbench

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/pg"
	"egov/libs/store"
	"egov/services/auditexport"
	"egov/services/auditexport/compress"
	"egov/services/auditexport/keyring"
	"egov/services/auditexport/pgstore"
)

// Bench is a database to measure in, prepared by Open.
type Bench struct {
	o     Options
	pool  *pgxpool.Pool
	owner *pgxpool.Pool
	book  *pgstore.Book
	ring  *auditexport.Keyring
}

// Options say where to measure, and how much.
type Options struct {
	OwnerURL string // owner of an empty database
	AppURL   string // the service's role in it
	AppRole  string // its name
	Rounds   int    // of each side; 0 = 5
	Rows     int    // a round of appending, and of an export; 0 = 40,000
	SlowRows int    // a round of inserting one by one; 0 = 4,000
	PSQL     string // the program; empty = psql
}

// Measure is one ratio the ledger promises.
type Measure struct {
	Name  string // stable: as in `make bench ONLY=`
	Unit  string
	Floor float64 // ratio that must be reached
	Goal  float64 // ratio to reach
	Run   func(ctx context.Context) (ours, reference float64, err error)
}

const (
	origin  = "bench.egov/ledger"
	clients = 8                  // that insert at once
	batch   = pgstore.AppendMost // facts of one consumer's transaction
	// payload is the size of the facts' data, near that of a typical one.
	payload = 300
)

var self = authn.Service("auditexport", auditexport.Bureau)

// plainTable is a plain audit table of the same events: the same bytes and the same
// columns to find them by, under the same indexes, without hashes, chain, tree and
// head. What the reference leaves out is what makes a ledger of it, and nothing
// else.
const plainTable = `CREATE TABLE IF NOT EXISTS plain_row (
  seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, raw bytea NOT NULL, event_id uuid NOT NULL UNIQUE, service text NOT NULL, type text NOT NULL,
  subject text NOT NULL, unit text NOT NULL, actor text NOT NULL, trace_id text NOT NULL, at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS plain_row_subject ON plain_row (subject, seq);
CREATE INDEX IF NOT EXISTS plain_row_trace ON plain_row (trace_id);
CREATE INDEX IF NOT EXISTS plain_row_submitted ON plain_row (subject, seq) WHERE type = 'egov.declaration.v1.ProjectSubmitted';
CREATE INDEX IF NOT EXISTS plain_row_at ON plain_row USING brin (at) WITH (pages_per_range = 16)`

// Open prepares the database. Close the Bench when done.
func Open(ctx context.Context, o Options) (*Bench, error) {
	for _, x := range []struct {
		field *int
		value int
	}{{&o.Rounds, 5}, {&o.Rows, 40_000}, {&o.SlowRows, 4_000}} {
		if *x.field == 0 {
			*x.field = x.value
		}
	}
	if o.PSQL == "" {
		o.PSQL = "psql"
	}
	if err := pg.Migrate(ctx, o.OwnerURL, o.AppRole, 10*time.Second, store.Migrations(), pgstore.Migrations()); err != nil {
		return nil, err
	}
	b := &Bench{o: o}
	var err error
	if b.ring, err = keyring.Open("", origin); err != nil {
		return nil, err
	}
	if b.owner, err = pg.Open(ctx, o.OwnerURL, "ledgerbench", pg.PoolOptions{StatementTimeout: 2 * time.Minute}); err != nil {
		return nil, err
	}
	if b.pool, err = pg.Open(ctx, o.AppURL, "ledgerbench", pg.PoolOptions{MaxConns: clients}); err != nil {
		b.owner.Close()
		return nil, err
	}
	b.book = pgstore.NewBook(b.pool, origin, self)
	if _, err = b.owner.Exec(ctx, plainTable+"; GRANT INSERT ON plain_row TO "+pgx.Identifier{o.AppRole}.Sanitize()); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// Close releases the connections. The server is the caller's.
func (b *Bench) Close() {
	b.pool.Close()
	b.owner.Close()
}

// Measures lists what this package measures, in rows a second. Appending
// empties the ledger; the exports share one that the first of them fills.
func (b *Bench) Measures() []Measure {
	const unit = "rows/s"
	return []Measure{
		{"ledger_append", unit, 3, 5, b.pair(b.append, b.insert)},
		{"export_jsonl", unit, 1.2, 1.5, b.pair(b.export(compress.JSONL), b.copy)},
		{"export_gzip", unit, 1.1, 1.4, b.pair(b.export(compress.Gzip), b.copy)},
		{"export_zstd", unit, 1.1, 1.4, b.pair(b.export(compress.Zstd), b.copy)},
	}
}

// side runs one round and answers rows a second.
type side func(ctx context.Context) (float64, error)

// pair runs two sides in turn and answers the medians.
func (b *Bench) pair(ours, reference side) func(context.Context) (float64, float64, error) {
	return func(ctx context.Context) (float64, float64, error) {
		var mine, theirs []float64
		for range b.o.Rounds {
			for _, s := range []struct {
				run  side
				into *[]float64
			}{{ours, &mine}, {reference, &theirs}} {
				rate, err := s.run(ctx)
				if err != nil {
					return 0, 0, err
				}
				*s.into = append(*s.into, rate)
			}
		}
		return median(mine), median(theirs), nil
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func rate(rows int, began time.Time) float64 { return float64(rows) / time.Since(began).Seconds() }

// facts makes n events.
func facts(n int) []event.Record {
	text := make([]byte, payload-len(`{"text":""}`))
	for i := range text {
		text[i] = 'a' + byte(i*7%26)
	}
	data := fmt.Appendf(nil, `{"text":"%s"}`, text)
	events := make([]event.Record, n)
	for i := range events {
		events[i] = event.Record{
			ID: uuid.Must(uuid.NewV7()).String(), Source: "declaration", Type: "egov.declaration.v1.ProjectSubmitted", Subject: fmt.Sprintf("project-%d", i%500),
			Time: time.Now().Truncate(time.Microsecond), Unit: "education", Actor: "li.ming", Seq: int64(i/500 + 1),
			TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Data: data,
		}
	}
	return events
}

// raw is an event as the ledger stores it.
func raw(e *event.Record) ([]byte, error) {
	return ledger.AppendRaw(nil, ledger.Entry{
		ID: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: e.Time, Unit: e.Unit, Actor: e.Actor,
		EventSeq: e.Seq, TraceParent: e.TraceParent, Data: e.Data,
	})
}

func (b *Bench) clear(ctx context.Context) error {
	_, err := b.owner.Exec(ctx, "TRUNCATE ledger_row, ledger_node, ledger_head, ledger_checkpoint, ledger_voucher, plain_row")
	return err
}

// append is one consumer's transactions, one after the other.
func (b *Bench) append(ctx context.Context) (float64, error) {
	if err := b.clear(ctx); err != nil {
		return 0, err
	}
	events := facts(b.o.Rows)
	began := time.Now()
	for part := range slices.Chunk(events, batch) {
		if err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error { return b.book.Append(ctx, tx, part) }); err != nil {
			return 0, err
		}
	}
	return rate(len(events), began), nil
}

// insert is as many clients as the promise names, each with a transaction a row.
func (b *Bench) insert(ctx context.Context) (float64, error) {
	if err := b.clear(ctx); err != nil {
		return 0, err
	}
	events := facts(b.o.SlowRows)
	raws := make([][]byte, len(events))
	for i := range events {
		var err error
		if raws[i], err = raw(&events[i]); err != nil {
			return 0, err
		}
	}
	ended := make(chan error, clients)
	size := (len(events) + clients - 1) / clients
	began := time.Now()
	for begin := 0; begin < len(events); begin += size {
		part, raws := events[begin:min(begin+size, len(events))], raws[begin:]
		go func() {
			for i := range part {
				e := &part[i]
				if _, err := b.pool.Exec(ctx, "INSERT INTO plain_row (raw, event_id, service, type, subject, unit, actor, trace_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
					raws[i], e.ID, e.Source, e.Type, e.Subject, e.Unit, e.Actor, event.TraceID(e.TraceParent), e.Time); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	var err error
	for range min(clients, len(events)) {
		if e := <-ended; err == nil {
			err = e
		}
	}
	return rate(len(events), began), err
}

// fill makes the ledger that is exported, unless it is there.
func (b *Bench) fill(ctx context.Context) error {
	head, _, err := b.book.Head(ctx)
	if err != nil || head.Size == uint64(b.o.Rows) {
		return err
	}
	if _, err := b.append(ctx); err != nil {
		return err
	}
	_, err = b.owner.Exec(ctx, "VACUUM ANALYZE ledger_row")
	return err
}

// export streams all rows as GET /v1/ledger/rows does.
func (b *Bench) export(f compress.Format) side {
	return func(ctx context.Context) (float64, error) {
		if err := b.fill(ctx); err != nil {
			return 0, err
		}
		head, tree, err := b.book.Head(ctx)
		if err != nil {
			return 0, err
		}
		signed := checkpoint.Signed{Checkpoint: checkpoint.Checkpoint{Origin: origin, Size: head.Size, Root: tree.Root(), SM3Chain: head.SM3Chain}}
		ctx = authn.With(ctx, self)
		began := time.Now()
		packed, err := f.Writer(io.Discard)
		if err != nil {
			return 0, err
		}
		t, err := bundle.WriteRows(ctx, packed, bundle.Source{
			Scope: bundle.Scope{Kind: bundle.KindLedger}, Signed: signed, Rows: b.book.Rows(ctx, "", 1, int64(head.Size)),
		}, b.ring.Signers...)
		if err != nil {
			return 0, err
		}
		if err := packed.Close(); err != nil {
			return 0, err
		}
		if t.Rows != uint64(b.o.Rows) {
			return 0, fmt.Errorf("%d of %d rows were exported", t.Rows, b.o.Rows)
		}
		return rate(b.o.Rows, began), nil
	}
}

// copy is psql writing the same rows as CSV, from the table they lie in. The time is psql's own, so that
// its start does not count against it.
func (b *Bench) copy(ctx context.Context) (float64, error) {
	if err := b.fill(ctx); err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, b.o.PSQL, "-X", "-q", "-d", b.o.OwnerURL, "-c", `\timing on`, "-c", `\copy ledger_line TO '/dev/null' WITH (FORMAT csv)`).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", b.o.PSQL, err, out)
	}
	m := timing.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s says no time: %s", b.o.PSQL, out)
	}
	ms, err := strconv.ParseFloat(string(m[1]), 64)
	return float64(b.o.Rows) / ms * 1000, err
}

var timing = regexp.MustCompile(`([0-9]+\.[0-9]+) ms`)
