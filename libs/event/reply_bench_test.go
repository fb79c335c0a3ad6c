package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// readingOf is what XREADGROUP answers about n facts of source in its stream.
func readingOf(source string, n int) []byte {
	now := time.Now().UTC().Format(timeLayout)
	out := fmt.Appendf(nil, "*1\r\n*2\r\n$%d\r\n%s\r\n*%d\r\n", len(streamKey(source)), streamKey(source), n)
	for i := range n {
		event := Pack(map[string]string{
			"specversion": specVersion, "id": uuid.NewString(), "source": source, "type": "egov.declaration.v1.ProjectSubmitted",
			"subject": fmt.Sprintf("project-%d", i), "time": now, "recordedtime": now, "egovunit": "education", "egovactor": "li.ming",
			"egovseq": "60", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		}, `{"text":"`+strings.Repeat("x", 200)+`"}`)
		id := newStreamID(1, uint64(1000+i/100), uint64(i)).String()
		out = fmt.Appendf(out, "*2\r\n$%d\r\n%s\r\n*2\r\n$5\r\nevent\r\n$%d\r\n%s\r\n", len(id), id, len(event), event)
	}
	return out
}

// BenchmarkReply takes a reply of 256 facts apart.
func BenchmarkReply(b *testing.B) {
	const facts = 256
	origin := map[string]string{streamKey("declaration"): "declaration"}
	all := readingOf("declaration", facts)
	b.SetBytes(int64(len(all)))
	var room []entry
	for b.Loop() {
		reply := resp(all)
		got, err := reply.streams(origin, room[:0])
		if err != nil || len(got) != facts || got[facts-1].bad != nil {
			b.Fatal(len(got), err)
		}
		room = got
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/facts, "ns/fact")
}
