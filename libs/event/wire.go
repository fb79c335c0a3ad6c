package event

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// Fields of a stream entry: CloudEvents 1.0 attributes under their own names,
// and the data. datacontenttype is left out, which means JSON.
// stable: other programs read the streams.
const (
	fieldSpecVersion = "specversion"
	fieldID          = "id"
	fieldSource      = "source"
	fieldType        = "type"
	fieldSubject     = "subject"
	fieldTime        = "time"
	fieldRecorded    = "recordedtime"
	fieldUnit        = "egovunit"
	fieldActor       = "egovactor"
	fieldSeq         = "egovseq"
	fieldTrace       = "traceparent"
	fieldData        = "data"
)

const (
	specVersion = "1.0"
	// timeLayout keeps what the database keeps: microseconds.
	timeLayout = "2006-01-02T15:04:05.000000Z07:00"
)

// Keys of one source in Redis.
// stable: access control lists name them.
func streamKey(source string) string        { return "egov:events:" + source }
func requestKey(source string) string       { return "egov:requests:" + source }
func windowKey(source string) string        { return "egov:windows:" + source }
func replayKey(source, group string) string { return "egov:replay:" + source + ":" + group }

// outboxColumns are what the relay reads, in the order encodeRow expects.
const outboxColumns = "o.txid, o.id, o.recorded_at, o.event_id, o.type, o.subject, o.seq, o.time, o.unit, o.actor, o.traceparent, o.data"

const (
	colTxid = iota
	colID
	colRecorded
	colEventID
	colType
	colSubject
	colSeq
	colTime
	colUnit
	colActor
	colTrace
	colData
)

// valuesPerEntry is how many values the relay sends for each entry; the names
// they go under are in append.lua.
const valuesPerEntry = 11

// page is a run of outbox rows ready to be appended: valuesPerEntry strings
// each, all cut from one block of memory.
type page struct {
	values []string
	rows   int
	first  streamID
	last   streamID
}

// encoder turns rows into pages. Its buffers serve again and again.
type encoder struct {
	block  []byte
	bounds []int
}

// pgEpoch is the zero of PostgreSQL's timestamps, in Unix microseconds.
const pgEpoch = 946684800 * 1_000_000

// readPage runs a query over outboxColumns in binary form and encodes what it
// gives. The values are copied as they come off the wire, without a decoder
// between: this is the hottest loop of the package.
func (e *encoder) readPage(rows pgx.Rows, epoch int) (page, error) {
	defer rows.Close()
	var p page
	e.block, e.bounds = e.block[:0], e.bounds[:0]
	for rows.Next() {
		v := rows.RawValues()
		p.last = newStreamID(epoch, binary.BigEndian.Uint64(v[colTxid]), binary.BigEndian.Uint64(v[colID]))
		if p.rows == 0 {
			p.first = p.last
		}
		p.rows++
		e.block = p.last.append(e.block)
		e.cut()
		e.block = appendUUID(e.block, v[colEventID])
		e.cut()
		e.put(v[colType])
		e.put(v[colSubject])
		e.block = strconv.AppendInt(e.block, int64(binary.BigEndian.Uint64(v[colSeq])), 10)
		e.cut()
		e.putTime(v[colTime])
		e.putTime(v[colRecorded])
		e.put(v[colUnit])
		e.put(v[colActor])
		e.put(v[colTrace])
		e.put(v[colData])
	}
	if err := rows.Err(); err != nil {
		return page{}, err
	}
	all := string(e.block)
	p.values = make([]string, len(e.bounds))
	from := 0
	for i, to := range e.bounds {
		p.values[i] = all[from:to]
		from = to
	}
	return p, nil
}

func (e *encoder) cut() { e.bounds = append(e.bounds, len(e.block)) }

func (e *encoder) put(b []byte) {
	e.block = append(e.block, b...)
	e.cut()
}

func (e *encoder) putTime(b []byte) {
	micros := int64(binary.BigEndian.Uint64(b)) + pgEpoch
	e.block = time.UnixMicro(micros).UTC().AppendFormat(e.block, timeLayout)
	e.cut()
}

func appendUUID(dst, id []byte) []byte {
	var text [36]byte
	hex.Encode(text[:8], id[:4])
	text[8] = '-'
	hex.Encode(text[9:13], id[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], id[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], id[8:10])
	text[23] = '-'
	hex.Encode(text[24:], id[10:])
	return append(dst, text[:]...)
}

// fromEntry reads a stream entry. What it can read of a bad one comes back
// with the error.
func fromEntry(m redis.XMessage) (Record, error) {
	get := func(name string) string {
		s, _ := m.Values[name].(string)
		return s
	}
	r := Record{
		ID: get(fieldID), Source: get(fieldSource), Type: get(fieldType), Subject: get(fieldSubject),
		Unit: get(fieldUnit), Actor: get(fieldActor), TraceParent: get(fieldTrace), Data: []byte(get(fieldData)),
	}
	if v := get(fieldSpecVersion); v != specVersion {
		return r, fmt.Errorf("%w: specversion %q", ErrUndecodable, v)
	}
	if r.ID == "" || r.Source == "" || r.Type == "" || r.Subject == "" {
		return r, fmt.Errorf("%w: no id, source, type or subject", ErrUndecodable)
	}
	for _, v := range [...]string{r.Type, r.Subject, r.Unit, r.Actor, r.TraceParent} {
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return r, fmt.Errorf("%w: an attribute is not text", ErrUndecodable)
		}
	}
	if _, err := uuid.Parse(r.ID); err != nil {
		return r, fmt.Errorf("%w: id: %w", ErrUndecodable, err)
	}
	var err error
	if r.Seq, err = strconv.ParseInt(get(fieldSeq), 10, 64); err != nil || r.Seq < 1 {
		return r, fmt.Errorf("%w: %s %q", ErrUndecodable, fieldSeq, get(fieldSeq))
	}
	if r.Time, err = time.Parse(timeLayout, get(fieldTime)); err != nil {
		return r, fmt.Errorf("%w: %s: %w", ErrUndecodable, fieldTime, err)
	}
	if r.RecordedAt, err = time.Parse(timeLayout, get(fieldRecorded)); err != nil {
		return r, fmt.Errorf("%w: %s: %w", ErrUndecodable, fieldRecorded, err)
	}
	return r, nil
}

// parseGone reads an answer that says what a producer keeps no longer.
func parseGone(m redis.XMessage) (subject string, gone *span, err error) {
	subject, _ = m.Values[fieldSubject].(string)
	from, _ := m.Values[goneFrom].(string)
	to, _ := m.Values[goneTo].(string)
	var s span
	if s.from, err = strconv.ParseInt(from, 10, 64); err != nil {
		return subject, nil, fmt.Errorf("%w: %s: %w", ErrUndecodable, goneFrom, err)
	}
	if s.to, err = strconv.ParseInt(to, 10, 64); err != nil {
		return subject, nil, fmt.Errorf("%w: %s: %w", ErrUndecodable, goneTo, err)
	}
	return subject, &s, nil
}

// salvage makes what was read of a bad entry fit for the dead-letter table,
// with all its fields as the data.
func salvage(r Record, m redis.XMessage) Record {
	for _, s := range []*string{&r.ID, &r.Type, &r.Subject, &r.Unit, &r.Actor, &r.TraceParent} {
		*s = printable(*s)
	}
	if b, err := json.Marshal(m.Values); err == nil {
		r.Data = b
	}
	r.Seq = 0
	return r
}

// printable is s as PostgreSQL can store it.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
