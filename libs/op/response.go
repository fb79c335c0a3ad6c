package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"egov/libs/fault"
)

// wire is the only place where a fault.Kind meets HTTP.
var wire = [...]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.Refused:         http.StatusUnprocessableEntity,
	fault.Exhausted:       http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// Status gives the HTTP status of a kind.
func Status(k fault.Kind) int { return wire[k] }

// Problem is an RFC 9457 problem document.
type Problem struct {
	Type       string            `json:"type"` // "urn:egov:problem:<code>"
	Status     int               `json:"status"`
	Code       string            `json:"code"`
	Title      string            `json:"title"`    // Chinese
	TitleEN    string            `json:"title_en"` // English
	Basis      []string          `json:"basis"`    // provision ids
	Violations []fault.Violation `json:"violations"`
}

// NewProblem describes err; what is not a fault.Error is hidden.
func NewProblem(err error) Problem {
	f := fault.From(err)
	p := Problem{
		Type: "urn:egov:problem:" + f.Code, Status: wire[f.Kind], Code: f.Code, Title: f.Msg, TitleEN: f.MsgEN,
		Basis: append([]string{}, f.Basis...), Violations: append([]fault.Violation{}, f.Violations...),
	}
	if len(f.Basis) == 0 {
		seen := map[string]bool{}
		for _, v := range f.Violations {
			for _, b := range v.Basis {
				if !seen[b] {
					seen[b] = true
					p.Basis = append(p.Basis, b)
				}
			}
		}
	}
	return p
}

// WriteProblem is a go-kit ErrorEncoder.
func WriteProblem(_ context.Context, err error, w http.ResponseWriter) {
	f := fault.From(err)
	if errors.Is(err, context.DeadlineExceeded) && f.Kind == fault.Internal {
		f = fault.New(fault.Unavailable, "timeout", "处理超时，请稍后重试", "the request took too long, try again")
		err = f
	}
	if f.Kind == fault.Unavailable || f.Kind == fault.Exhausted {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(f.RetryAfter.Seconds())))))
	}
	NewProblem(err).write(w)
}

func (p Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone when this fails
}

// File is a response that is not JSON. A body that fails before its first byte
// is answered with the problem; one that fails later has its connection cut, so
// that no client takes half a file for a whole one.
type File struct {
	Name      string // suggested file name
	MediaType string
	Body      io.ReadCloser

	// Size is the length of the whole file in bytes, where it is known before it
	// is sent; then the answer says so, and a client sees when it was cut.
	Size int64
	// ETag is the entity tag of the file's content; together with Size it lets
	// clients ask for a part. Body begins at byte From, where a part is answered.
	ETag string
	From int64
}

// RangeOf reads what a client asks for that has a file's beginning already:
// the byte from which the rest is to be sent, 0 for the whole file. It takes
// the one form that such clients send, "bytes=N-", and only while the file is
// the one that If-Range names; any other Range is passed over, as RFC 9110
// allows.
func RangeOf(header, ifRange, etag string, size int64) int64 {
	if ifRange != "" && ifRange != etag {
		return 0
	}
	text, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return 0
	}
	if text, ok = strings.CutSuffix(text, "-"); !ok {
		return 0
	}
	from, err := strconv.ParseInt(text, 10, 64)
	if err != nil || from < 0 || from >= size {
		return 0
	}
	return from
}

func writeResponse(w http.ResponseWriter, status int, resp any) error {
	if f, ok := resp.(File); ok {
		defer f.Body.Close()
		w.Header().Set("Content-Type", f.MediaType)
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+percent(f.Name))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		out := &begun{ResponseWriter: w, file: f}
		n, err := io.Copy(out, f.Body)
		if err != nil && n > 0 || err == nil && f.Size > 0 && n != f.Size-f.From {
			panic(http.ErrAbortHandler) // net/http's way to end an answer that has begun
		}
		if err != nil {
			w.Header().Del("Content-Disposition")
		}
		return err
	}
	text, ready := resp.(Text)
	if ready {
		resp = text.Of
	}
	if e, ok := resp.(interface{ ETag() string }); ok {
		w.Header().Set("ETag", e.ETag())
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if !ready {
		w.WriteHeader(status)
		return json.NewEncoder(w).Encode(resp)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(text.JSON)+1))
	w.WriteHeader(status)
	if _, err := w.Write(text.JSON); err != nil {
		return err
	}
	_, err := w.Write([]byte{'\n'}) // as behind every other answer
	return err
}

// Text is a response whose JSON is written already.
type Text struct {
	Of   any
	JSON []byte
}

// begun says how long the answer is with its first byte, not before: until then
// it may become a problem.
type begun struct {
	http.ResponseWriter
	file File
	done bool
}

func (b *begun) Write(p []byte) (int, error) {
	if !b.done {
		b.done = true
		b.head()
	}
	return b.ResponseWriter.Write(p)
}

func (b *begun) head() {
	f := b.file
	if f.Size <= 0 {
		return
	}
	h := b.Header()
	h.Set("Content-Length", strconv.FormatInt(f.Size-f.From, 10))
	if f.ETag == "" {
		return
	}
	h.Set("ETag", f.ETag)
	h.Set("Accept-Ranges", "bytes")
	if f.From > 0 {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", f.From, f.Size-1, f.Size))
		b.WriteHeader(http.StatusPartialContent)
	}
}

// percent encodes a file name for RFC 6266's filename*.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b []byte
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', hex[c>>4], hex[c&15])
	}
	return string(b)
}
