package op

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"

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
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(wire[f.Kind])
	_ = json.NewEncoder(w).Encode(NewProblem(err)) // the client is gone when this fails
}

// File is a response that is not JSON. A body that fails before its first byte
// is answered with the problem; one that fails later has its connection cut, so
// that no client takes half a file for a whole one.
type File struct {
	Name      string // suggested file name
	MediaType string
	Body      io.ReadCloser
}

func writeResponse(w http.ResponseWriter, status int, resp any) error {
	if f, ok := resp.(File); ok {
		defer f.Body.Close()
		w.Header().Set("Content-Type", f.MediaType)
		w.Header().Set("Content-Disposition", `attachment; filename*=UTF-8''`+percent(f.Name))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		n, err := io.Copy(w, f.Body)
		if err != nil && n > 0 {
			panic(http.ErrAbortHandler) // net/http's way to end an answer that has begun
		}
		if err != nil {
			w.Header().Del("Content-Disposition")
		}
		return err
	}
	if e, ok := resp.(interface{ ETag() string }); ok {
		w.Header().Set("ETag", e.ETag())
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(resp)
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
