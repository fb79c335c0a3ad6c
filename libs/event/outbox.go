package event

import (
	"embed"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the tables of producers and consumers, in goose's form. They
// need grant_app of libs/pg and belong in a set of their own.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("event: " + err.Error()) // the directory is embedded above
	}
	return sub
}

// insertOne numbers one fact and stores it. The counter's row lock is held to
// the end of the transaction: numbers of one subject are in commit order.
const insertOne = `WITH head AS (
	INSERT INTO event_counter AS c (subject, seq) VALUES ($3::text, 1)
	ON CONFLICT (subject) DO UPDATE SET seq = c.seq + 1 RETURNING seq)
INSERT INTO event_outbox (event_id, type, subject, seq, time, unit, actor, traceparent, data)
SELECT $1::text::uuid, $2, $3, head.seq, $4, $5, $6, $7, $8 FROM head`

// insertMany does so for several: $9 and $10 are their subjects, each once and in
// one order so that two writers never wait for each other, and how many facts
// each has; $11 is how many more facts of its subject follow each fact.
const insertMany = `WITH head AS (
	INSERT INTO event_counter AS c (subject, seq)
	SELECT * FROM unnest($9::text[], $10::bigint[])
	ON CONFLICT (subject) DO UPDATE SET seq = c.seq + excluded.seq RETURNING subject, seq)
INSERT INTO event_outbox (event_id, type, subject, seq, time, unit, actor, traceparent, data)
SELECT event_id::uuid, type, subject, head.seq - follow, time, unit, actor, traceparent, data
  FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $11::bigint[])
       WITH ORDINALITY AS i(event_id, type, subject, time, unit, actor, traceparent, data, follow, n)
  JOIN head USING (subject) ORDER BY n`

// Enqueue adds to b the statement that publishes recs when the transaction
// around it commits; nothing else publishes. The database numbers them (Seq)
// in the order given, and the relay names the Source. Facts without an ID are
// given one in recs.
//
// For facts of one subject to reach the stream in the order of their numbers
// without detours, the transaction locks the row the facts speak of before it
// writes anything.
func Enqueue(b *pgx.Batch, recs []Record) {
	for i := range recs {
		if recs[i].ID == "" {
			recs[i].ID = uuid.Must(uuid.NewV7()).String()
		}
	}
	switch len(recs) {
	case 0:
	case 1:
		r := &recs[0]
		b.Queue(insertOne, r.ID, r.Type, r.Subject, r.Time, r.Unit, r.Actor, r.TraceParent, string(r.Data))
	default:
		n := len(recs)
		ids, types, subjects := make([]string, n), make([]string, n), make([]string, n)
		times := make([]time.Time, n)
		units, actors, traces, data := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		follow, counts := make([]int64, n), map[string]int64{}
		for i := n - 1; i >= 0; i-- {
			follow[i] = counts[recs[i].Subject]
			counts[recs[i].Subject]++
		}
		heads := slices.Sorted(maps.Keys(counts))
		sums := make([]int64, len(heads))
		for i, s := range heads {
			sums[i] = counts[s]
		}
		for i, r := range recs {
			ids[i], types[i], subjects[i], times[i] = r.ID, r.Type, r.Subject, r.Time
			units[i], actors[i], traces[i], data[i] = r.Unit, r.Actor, r.TraceParent, string(r.Data)
		}
		b.Queue(insertMany, ids, types, subjects, times, units, actors, traces, data, heads, sums, follow)
	}
}
