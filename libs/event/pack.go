package event

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// EntryField is the one field of a stream entry that holds a fact. Its value is
// the number of attributes, the attributes and the data, with a NUL between
// them: the one character that no attribute contains. Redis keeps and sends an
// entry of one field at a fraction of what one for each attribute costs.
// stable: other programs read the streams.
const EntryField = "event"

// separator stands between the parts of an event.
const separator = 0

// attributeNames are the attributes in the order of an event: those of
// CloudEvents 1.0 under their own names. datacontenttype is left out, which
// means JSON. A later version may add some after the last, never before it.
// stable: other programs read the streams.
var attributeNames = [attributeCount]string{
	"specversion", "id", "source", "type", "subject", "time", "recordedtime", "egovunit", "egovactor", "egovseq", "traceparent",
}

const (
	attrSpecVersion = iota
	attrID
	attrSource
	attrType
	attrSubject
	attrTime
	attrRecorded
	attrUnit
	attrActor
	attrSeq
	attrTrace
	attributeCount
)

// specVersion is that of CloudEvents.
const specVersion = "1.0"

// attributes are an event's, by their place in attributeNames.
type attributes [attributeCount]string

// unpack splits an event. The attributes do not share its memory, so that one
// which is kept does not keep a whole reply; the data do.
func unpack(event []byte) (a attributes, data []byte, err error) {
	count, rest, _ := bytes.Cut(event, []byte{separator})
	n, err := strconv.Atoi(string(count))
	if err != nil || n < attributeCount || n > len(rest) {
		return a, nil, fmt.Errorf("%w: %q attributes", ErrUndecodable, count)
	}
	var ends [attributeCount]int // the others are news to this version
	at := 0
	for i := range n {
		length := bytes.IndexByte(rest[at:], separator)
		if length < 0 {
			return a, nil, fmt.Errorf("%w: it ends after %d of %d attributes", ErrUndecodable, i, n)
		}
		at += length
		if i < attributeCount {
			ends[i] = at
		}
		at++
	}
	text := string(rest[:ends[attributeCount-1]])
	from := 0
	for i, end := range ends {
		a[i] = text[from:end]
		from = end + 1
	}
	return a, rest[at:], nil
}

// Unpack splits the value of an entry's EntryField into attributes, by the
// names CloudEvents gives them, and data. It is for programs that look into the
// streams: it does not check what the attributes say. A failure wraps
// ErrUndecodable.
func Unpack(event string) (attributes map[string]string, data string, err error) {
	a, rest, err := unpack([]byte(event))
	if err != nil {
		return nil, "", err
	}
	attributes = make(map[string]string, len(a))
	for i, name := range attributeNames {
		attributes[name] = a[i]
	}
	return attributes, string(rest), nil
}

// Pack is what Unpack splits. Attributes that are not there are empty.
func Pack(attributes map[string]string, data string) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(attributeCount))
	for _, name := range attributeNames {
		b.WriteByte(separator)
		b.WriteString(attributes[name])
	}
	b.WriteByte(separator)
	b.WriteString(data)
	return b.String()
}
