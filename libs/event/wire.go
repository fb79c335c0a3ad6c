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

// entry is one stream entry and what could be read of it.
type entry struct {
	stream string
	id     string
	rec    Record
	bad    error // why it cannot be read
	gone   *span // instead of a fact: these are kept no longer

	deleted bool // it has no fields left; there is nothing to do
}

func (e *entry) isFact() bool { return e.bad == nil && e.gone == nil }

// span is a run of numbers of one subject.
type span struct{ from, to int64 }

// No outbox keeps facts as long as oldestRecorded, and no two clocks stand as
// far apart as latestRecorded.
const (
	oldestRecorded = 400 * 24 * time.Hour
	latestRecorded = 48 * time.Hour
)

// entry reads the fields of a stream entry, which must come from source.
func (r *resp) entry(e *entry, source string) error {
	start := *r
	n, err := r.list()
	if err != nil {
		return err
	}
	if n <= 0 {
		e.deleted = true
		return nil
	}
	if e.rec, e.gone, e.bad, err = r.fields(n); err != nil {
		return err
	}
	if e.bad == nil && e.rec.Source != source {
		e.bad = fmt.Errorf("%w: source %q in the stream of %s", ErrUndecodable, e.rec.Source, source)
	}
	if e.bad == nil && e.gone == nil {
		if age := time.Since(e.rec.RecordedAt); age > oldestRecorded || age < -latestRecorded {
			e.bad = fmt.Errorf("%w: recorded at %v", ErrUndecodable, e.rec.RecordedAt)
		}
	}
	if e.bad != nil {
		e.gone = nil
		e.rec = salvage(e.rec, &start)
		e.rec.Source = source
	}
	return nil
}

// fields reads the n names and values of a fact, or of an answer that says
// what is gone. bad says why they are neither; err, that the reply is broken.
func (r *resp) fields(n int) (rec Record, gone *span, bad, err error) {
	var spec, seq, at, recorded, from, to string
	mark := false
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return rec, nil, nil, err
		}
		v, err := r.text()
		if err != nil {
			return rec, nil, nil, err
		}
		switch name {
		case fieldSpecVersion:
			spec = v
		case fieldID:
			rec.ID = v
		case fieldSource:
			rec.Source = v
		case fieldType:
			rec.Type = v
		case fieldSubject:
			rec.Subject = v
		case fieldTime:
			at = v
		case fieldRecorded:
			recorded = v
		case fieldUnit:
			rec.Unit = v
		case fieldActor:
			rec.Actor = v
		case fieldSeq:
			seq = v
		case fieldTrace:
			rec.TraceParent = v
		case fieldData:
			rec.Data = r.bytes(v)
		case goneMark:
			mark = true
		case goneFrom:
			from = v
		case goneTo:
			to = v
		}
	}
	if mark {
		gone, bad = parseSpan(from, to)
		return rec, gone, bad, nil
	}
	if spec != specVersion {
		return rec, nil, fmt.Errorf("%w: specversion %q", ErrUndecodable, spec), nil
	}
	return rec, nil, complete(&rec, seq, at, recorded), nil
}

// complete checks a fact and fills in what is not text.
func complete(r *Record, seq, at, recorded string) (err error) {
	if r.ID == "" || r.Source == "" || r.Type == "" || r.Subject == "" || r.Data == nil {
		return fmt.Errorf("%w: no id, source, type, subject or data", ErrUndecodable)
	}
	if len(r.Subject) > maxSubject {
		return fmt.Errorf("%w: a subject of %d bytes", ErrUndecodable, len(r.Subject))
	}
	for _, v := range [...]string{r.Type, r.Subject, r.Unit, r.Actor, r.TraceParent} {
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return fmt.Errorf("%w: an attribute is not text", ErrUndecodable)
		}
	}
	if len(r.ID) != uuidText {
		return fmt.Errorf("%w: id %q", ErrUndecodable, r.ID)
	}
	if _, err := uuid.Parse(r.ID); err != nil {
		return fmt.Errorf("%w: id: %w", ErrUndecodable, err)
	}
	if r.Seq, err = strconv.ParseInt(seq, 10, 64); err != nil || r.Seq < 1 {
		return fmt.Errorf("%w: %s %q", ErrUndecodable, fieldSeq, seq)
	}
	if r.Time, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUndecodable, fieldTime, err)
	}
	if r.RecordedAt, err = time.Parse(time.RFC3339Nano, recorded); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUndecodable, fieldRecorded, err)
	}
	return nil
}

// maxSubject is the longest subject that is accepted, in bytes: indexes hold
// it.
const maxSubject = 1024

// uuidText is the length of a UUID in its one canonical form.
const uuidText = 36

func parseSpan(from, to string) (*span, error) {
	var s span
	var err error
	if s.from, err = strconv.ParseInt(from, 10, 64); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUndecodable, goneFrom, err)
	}
	if s.to, err = strconv.ParseInt(to, 10, 64); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUndecodable, goneTo, err)
	}
	return &s, nil
}

// salvage makes what was read of bad fields fit for the dead-letter table,
// with all of them as the data.
func salvage(rec Record, fields *resp) Record {
	for _, s := range []*string{&rec.ID, &rec.Type, &rec.Subject, &rec.Unit, &rec.Actor, &rec.TraceParent} {
		*s = printable((*s)[:min(len(*s), maxSubject)])
	}
	all := map[string]string{}
	if n, err := fields.list(); err == nil {
		for range n / 2 {
			name, nameErr := fields.text()
			v, err := fields.text()
			if nameErr != nil || err != nil {
				break
			}
			all[name] = v
		}
	}
	rec.Seq, rec.Data = 0, []byte{}
	if b, err := json.Marshal(all); err == nil {
		rec.Data = b
	}
	return rec
}

// printable is s as PostgreSQL can store it.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
