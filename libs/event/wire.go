package event

import (
	"crypto/sha256"
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

	"egov/libs/ledger"
	"egov/libs/pg"
)

// timeLayout keeps what the database keeps: microseconds.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// Keys of one source in Redis.
// stable: access control lists name them.
func streamKey(source string) string        { return "egov:events:" + source }
func requestKey(source string) string       { return "egov:requests:" + source }
func windowKey(source string) string        { return "egov:windows:" + source }
func replayKey(source, group string) string { return "egov:replay:" + source + ":" + group }

// proofKey is where the batches stand that prove the entries of a stream:
// egov:proofs:<source>, and egov:proofs:<source>:<group> for a side stream.
func proofKey(stream string) string {
	_, of, _ := strings.Cut(strings.TrimPrefix(stream, "egov:"), ":")
	return "egov:proofs:" + of
}

// outboxColumns are what the relay reads, in the order readPage expects.
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

// valuesPerEntry is how many values the relay sends for each entry: the
// stream's id and the event.
const valuesPerEntry = 2

// page is a run of outbox rows ready to be appended: valuesPerEntry strings
// each, all cut from one block of memory.
type page struct {
	values []string
	batch  string // that proves the rows; empty without a signer
	rows   int
	first  streamID
	last   streamID
}

// encoder turns rows of source's outbox into pages. Its buffers serve again and
// again.
type encoder struct {
	source string
	signer Signer // nil: nothing is signed
	block  []byte
	bounds []int
	leaves []ledger.Hash
	second int64  // that clock shows, in Unix seconds
	clock  []byte // as timeLayout writes it, up to its fraction
}

// readPage runs a query over outboxColumns in binary form and encodes what it
// gives. The values are copied as they come off the wire, without a decoder
// between: this is the hottest loop of the package.
func (e *encoder) readPage(rows pgx.Rows, epoch int) (page, error) {
	defer rows.Close()
	var p page
	e.block, e.bounds, e.leaves = e.block[:0], e.bounds[:0], e.leaves[:0]
	for rows.Next() {
		v := rows.RawValues()
		p.last = newStreamID(epoch, binary.BigEndian.Uint64(v[colTxid]), binary.BigEndian.Uint64(v[colID]))
		if p.rows == 0 {
			p.first = p.last
		}
		p.rows++
		e.block = p.last.append(e.block)
		e.cut()
		begin := len(e.block)
		e.block = strconv.AppendInt(e.block, attributeCount, 10)
		e.block = append(append(e.block, separator), specVersion...)
		e.block = appendUUID(append(e.block, separator), v[colEventID])
		e.block = append(append(e.block, separator), e.source...)
		e.put(v[colType])
		e.put(v[colSubject])
		e.putTime(v[colTime])
		e.putTime(v[colRecorded])
		e.put(v[colUnit])
		e.put(v[colActor])
		e.block = strconv.AppendInt(append(e.block, separator), int64(binary.BigEndian.Uint64(v[colSeq])), 10)
		e.put(v[colTrace])
		e.put(v[colData])
		e.cut()
		if e.signer != nil {
			e.leaves = append(e.leaves, sha256.Sum256(e.block[begin:]))
		}
	}
	if err := rows.Err(); err != nil {
		return page{}, err
	}
	p.values = cutAt(e.block, e.bounds)
	if e.signer == nil || p.rows == 0 {
		return p, nil
	}
	b, err := signBatch(e.signer, e.source, time.Now(), e.leaves)
	p.batch = string(b)
	return p, err
}

// cutAt makes one string of block and cuts it behind each of ends.
func cutAt(block []byte, ends []int) []string {
	all, from := string(block), 0
	parts := make([]string, len(ends))
	for i, to := range ends {
		parts[i], from = all[from:to], to
	}
	return parts
}

func (e *encoder) cut() { e.bounds = append(e.bounds, len(e.block)) }

func (e *encoder) put(b []byte) { e.block = append(append(e.block, separator), b...) }

// putTime writes a time in timeLayout. Those of one page lie close together: what
// they share of a second is written out once.
func (e *encoder) putTime(b []byte) {
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(b)) + pg.Epoch).UTC()
	if second := at.Unix(); second != e.second || len(e.clock) == 0 {
		e.second, e.clock = second, at.AppendFormat(e.clock[:0], time.DateOnly+"T"+time.TimeOnly+".")
	}
	e.block = append(append(e.block, separator), e.clock...)
	fraction := at.Nanosecond() / 1000
	for unit := 100_000; unit > 0; unit /= 10 {
		e.block = append(e.block, '0'+byte(fraction/unit%10))
	}
	e.block = append(e.block, 'Z')
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
	id     streamID
	rec    Record
	bad    error // why it cannot be read, or is not believed
	gone   *span // instead of a fact: these are kept no longer

	deleted  bool // it has no fields left; there is nothing to do
	unproven bool // its key is not known yet

	event  []byte // the fact as it stands in the stream
	fields resp   // all of it, for a dead letter
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

// reading is what the entries of one reply have in common.
type reading struct {
	source string    // that their facts must come from
	now    time.Time // when they came
	clock  clock
}

// entry reads the fields of a stream entry.
func (r *resp) entry(e *entry, in *reading) error {
	e.fields = *r
	n, err := r.list()
	if err != nil {
		return err
	}
	if n <= 0 {
		e.deleted = true
		return nil
	}
	if e.rec, e.event, e.gone, e.bad, err = r.fields(n, in); err != nil {
		return err
	}
	if e.bad == nil && e.rec.Source != in.source {
		e.bad = fmt.Errorf("%w: source %q in the stream of %s", ErrUndecodable, e.rec.Source, in.source)
	}
	if e.bad == nil && e.gone == nil {
		if age := in.now.Sub(e.rec.RecordedAt); age > oldestRecorded || age < -latestRecorded {
			e.bad = fmt.Errorf("%w: recorded at %v", ErrUndecodable, e.rec.RecordedAt)
		}
	}
	if e.bad != nil {
		e.refuse(e.bad, in.source)
	}
	return nil
}

// refuse makes e what its consumers put on record and do not act on.
func (e *entry) refuse(why error, source string) {
	e.bad, e.gone = why, nil
	fields := e.fields
	e.rec = salvage(e.rec, &fields)
	e.rec.Source = source
}

// fields reads the n names and values of a fact, or of an answer that says
// what is gone. bad says why they are neither; err, that the reply is broken.
func (r *resp) fields(n int, in *reading) (rec Record, event []byte, gone *span, bad, err error) {
	var from, to string
	mark := false
	for range n / 2 {
		name, err := r.text()
		if err != nil {
			return rec, nil, nil, nil, err
		}
		v, err := r.text()
		if err != nil {
			return rec, nil, nil, nil, err
		}
		switch string(name) {
		case EntryField:
			event = v
		case goneMark:
			mark = true
		case goneSource:
			rec.Source = string(v)
		case goneSubject:
			rec.Subject = string(v)
		case goneFrom:
			from = string(v)
		case goneTo:
			to = string(v)
		}
	}
	if mark {
		gone, bad = parseSpan(from, to)
		return rec, nil, gone, bad, nil
	}
	a, data, bad := unpack(event)
	if bad != nil {
		return rec, nil, nil, bad, nil
	}
	rec = Record{
		ID: a[attrID], Source: a[attrSource], Type: a[attrType], Subject: a[attrSubject], Unit: a[attrUnit], Actor: a[attrActor],
		TraceParent: a[attrTrace], Data: data,
	}
	return rec, event, nil, complete(&rec, &a, event[:len(event)-len(data)], &in.clock), nil
}

// complete checks a fact, whose attributes stand in head, and fills in what is
// not text.
func complete(r *Record, a *attributes, head []byte, times *clock) (err error) {
	if a[attrSpecVersion] != specVersion {
		return fmt.Errorf("%w: specversion %q", ErrUndecodable, a[attrSpecVersion])
	}
	if r.ID == "" || r.Source == "" || r.Type == "" || r.Subject == "" {
		return fmt.Errorf("%w: no id, source, type or subject", ErrUndecodable)
	}
	if len(r.Subject) > maxSubject {
		return fmt.Errorf("%w: a subject of %d bytes", ErrUndecodable, len(r.Subject))
	}
	if !utf8.Valid(head) {
		return fmt.Errorf("%w: an attribute is not text", ErrUndecodable)
	}
	if len(r.ID) != uuidText {
		return fmt.Errorf("%w: id %q", ErrUndecodable, r.ID)
	}
	if _, err := uuid.Parse(r.ID); err != nil {
		return fmt.Errorf("%w: id: %w", ErrUndecodable, err)
	}
	if r.Seq, err = strconv.ParseInt(a[attrSeq], 10, 64); err != nil || r.Seq < 1 {
		return fmt.Errorf("%w: %s %q", ErrUndecodable, attributeNames[attrSeq], a[attrSeq])
	}
	if r.Time, err = times.read(a[attrTime]); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUndecodable, attributeNames[attrTime], err)
	}
	if r.RecordedAt, err = times.read(a[attrRecorded]); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUndecodable, attributeNames[attrRecorded], err)
	}
	return nil
}

// clock reads times. Those of one reply lie close together: of a second that was
// just read, only the fraction is.
type clock struct {
	text   string // of the second, as timeLayout writes it up to the fraction
	second time.Time
}

func (c *clock) read(s string) (time.Time, error) {
	const (
		second   = len("2006-01-02T15:04:05.")
		fraction = second + len("000000")
	)
	usual := len(s) == fraction+1 && s[second-1] == '.' && s[fraction] == 'Z'
	if usual && s[:second] == c.text {
		if micros, err := strconv.ParseUint(s[second:fraction], 10, 32); err == nil {
			return c.second.Add(time.Duration(micros) * time.Microsecond), nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if usual && err == nil {
		c.text, c.second = s[:second], t.Truncate(time.Second)
	}
	return t, err
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
			a, data, err := unpack(v)
			if string(name) != EntryField || err != nil {
				all[string(name)] = string(v)
				continue
			}
			for i, attribute := range attributeNames {
				all[attribute] = a[i]
			}
			all["data"] = string(data)
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
