package event

import (
	"embed"
	"io/fs"
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

// insertMany does so for several, locking the subjects in one order so that
// two writers never wait for each other.
const insertMany = `WITH input AS (
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[])
	WITH ORDINALITY AS i(event_id, type, subject, time, unit, actor, traceparent, data, n)),
head AS (
	INSERT INTO event_counter AS c (subject, seq)
	SELECT subject, count(*) FROM input GROUP BY subject ORDER BY subject
	ON CONFLICT (subject) DO UPDATE SET seq = c.seq + excluded.seq RETURNING subject, seq)
INSERT INTO event_outbox (event_id, type, subject, seq, time, unit, actor, traceparent, data)
SELECT event_id::uuid, type, subject,
       head.seq - count(*) OVER (PARTITION BY subject) + row_number() OVER (PARTITION BY subject ORDER BY n),
       time, unit, actor, traceparent, data
  FROM input JOIN head USING (subject) ORDER BY n`

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
		for i, r := range recs {
			ids[i], types[i], subjects[i], times[i] = r.ID, r.Type, r.Subject, r.Time
			units[i], actors[i], traces[i], data[i] = r.Unit, r.Actor, r.TraceParent, string(r.Data)
		}
		b.Queue(insertMany, ids, types, subjects, times, units, actors, traces, data)
	}
}
