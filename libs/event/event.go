// Package event carries facts from the transaction that made them to the
// services that act on them: an outbox in the producer's database, a relay
// that appends it to one Redis stream a producer, and consumers with an inbox
// in theirs.
//
// It promises, once a producer's transaction has committed:
//
//   - every fact reaches every consumer, also when Redis loses all it holds or
//     any process is killed between any two steps;
//   - its effects are committed exactly once in each consumer's database;
//   - the facts of one source and subject take effect in the order of their
//     numbers (Seq), whatever order they arrive in;
//   - the bytes of Data are those the producer wrote;
//   - where producers sign and consumers have their keys, what the producer did
//     not state has no effect, whoever writes to Redis (SH12-C-6);
//   - one fact whose effects fail delays later facts of its own subject alone,
//     and ends as a dead letter an operator can see and retry.
//
// It does not order facts of different subjects or sources, and does not keep
// facts beyond the outbox's retention; a ledger does. Several relays of one
// source, and several processes of one consumer, may run at once.
//
// Redis holds, for a source, the stream egov:events:<source>, and what proves its
// entries in egov:proofs:<source>; for a group, the answers to its questions in
// egov:replay:<source>:<group>, and what proves those in
// egov:proofs:<source>:<group>; questions wait in egov:requests:<source>;
// egov:windows:<source> is what reconciliation compares with. All can be lost at
// any time. Who owns Redis can withhold facts, and make known ones come again; he
// cannot state any.
package event

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Record is one fact: the attributes of CloudEvents 1.0 and the data bytes,
// which are produced once and carried, stored and hashed unchanged.
//
// The records of one delivered batch share their memory, and Data's serves for
// another batch when the handler is done: clone what is to outlive it.
type Record struct {
	ID          string    // a UUID; Enqueue makes one when empty
	Source      string    // the producing service
	Type        string    // full proto message name
	Subject     string    // the thing the fact is about, a project id as a rule
	Time        time.Time // when it happened, by the producer's clock
	Unit        string    // extension egovunit: the acting unit's code
	Actor       string    // extension egovactor: the acting account
	Seq         int64     // extension egovseq: 1, 2, 3 … for each source and subject
	TraceParent string    // W3C trace context of the request; may be empty
	Data        []byte    // protojson

	// RecordedAt is when the producer's database stored it. It is zero until
	// then, and the same in every delivery.
	RecordedAt time.Time

	proof proven // of the producer's signature; see Runs
}

// ErrUndecodable marks a failure that no repetition can cure. A handler that
// returns an error wrapping it has the fact dead-lettered at once.
var ErrUndecodable = errors.New("undecodable")

var (
	encoding = protojson.MarshalOptions{UseProtoNames: true}
	decoding = protojson.UnmarshalOptions{DiscardUnknown: true}
)

// FromProto returns a message's full name and its protojson with the field
// names of the schema. Equal messages give equal bytes: protojson varies its
// spaces on purpose, so they are taken out.
func FromProto(m proto.Message) (typ string, data []byte, err error) {
	typ = string(m.ProtoReflect().Descriptor().FullName())
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	out, can, err := appendMessage((*buffer)[:0], m)
	*buffer = out
	if can {
		data = bytes.Clone(out)
	} else if data, err = encoding.Marshal(m); err == nil {
		data = compact(data)
	}
	if err != nil {
		return "", nil, fmt.Errorf("encode %s: %w", typ, err)
	}
	return typ, data, nil
}

// buffers are where facts are written before their length is known.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// compact takes the spaces outside of strings out of valid JSON, in place.
func compact(b []byte) []byte {
	out := b[:0]
	for len(b) > 0 {
		n := bytes.IndexByte(b, '"') // up to the next string
		if n < 0 {
			n = len(b)
		}
		for _, c := range b[:n] {
			if c != ' ' {
				out = append(out, c)
			}
		}
		b = b[n:]
		n = stringEnd(b)
		out = append(out, b[:n]...)
		b = b[n:]
	}
	return out
}

// stringEnd is the length of the JSON string that b begins with, its quotes
// included; 0 when b is empty.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// Decode reads e's data into m, whose type must be e's. Fields that m does not
// know are passed over, since producers may add some. A failure wraps
// ErrUndecodable.
func Decode(e Record, m proto.Message) error {
	if name := string(m.ProtoReflect().Descriptor().FullName()); name != e.Type {
		return fmt.Errorf("%w: event %s is a %s, not a %s", ErrUndecodable, e.ID, e.Type, name)
	}
	if err := decoding.Unmarshal(e.Data, m); err != nil {
		return fmt.Errorf("%w: event %s: %w", ErrUndecodable, e.ID, err)
	}
	return nil
}

// TraceID is the trace that a W3C traceparent belongs to, its second field; ""
// without one.
func TraceID(traceparent string) string {
	if f := strings.Split(traceparent, "-"); len(f) == 4 {
		return f[1]
	}
	return ""
}

// TraceParent is the W3C trace context of ctx, "" without one.
func TraceParent(ctx context.Context) string {
	m := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, m)
	return m["traceparent"]
}

// ContinueTrace returns ctx as part of the trace that e was produced in, so
// that what follows from a fact is found under the request that began it.
func ContinueTrace(ctx context.Context, e Record) context.Context {
	if e.TraceParent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": e.TraceParent})
}
