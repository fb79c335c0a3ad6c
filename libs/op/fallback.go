package op

import (
	"net/http"
	"slices"
	"strings"

	"egov/libs/fault"
)

var (
	errPath   = fault.New(fault.NotFound, "unknown_path", "没有这个接口", "there is no such operation")
	errMethod = fault.New(fault.Invalid, "http_method_not_allowed", "此接口不支持该请求方法", "this address is not called by that method")
)

// methods are those that an operation may have.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
}

// Fallback mounts the answer to what no operation answers, under patterns such
// as "/" that lie around all of theirs: a problem document like every other
// refusal, 405 with the methods that the address has, or 404.
func Fallback(mux *http.ServeMux, patterns ...string) {
	for _, p := range patterns {
		mux.HandleFunc(p, func(w http.ResponseWriter, r *http.Request) {
			if allowed := Allowed(mux, r, patterns...); len(allowed) > 0 {
				WriteMethodProblem(w, allowed...)
				return
			}
			WriteProblem(r.Context(), errPath, w)
		})
	}
}

// Allowed lists the methods by which a request's address is answered under a
// pattern other than the given.
func Allowed(mux *http.ServeMux, r *http.Request, except ...string) (allowed []string) {
	for _, m := range methods {
		asked := r.WithContext(r.Context())
		asked.Method = m
		if _, found := mux.Handler(asked); found != "" && !slices.Contains(except, found) {
			allowed = append(allowed, m)
		}
	}
	return allowed
}

// WriteMethodProblem answers 405 with the methods that are allowed instead.
func WriteMethodProblem(w http.ResponseWriter, allowed ...string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	p := NewProblem(errMethod)
	p.Status = http.StatusMethodNotAllowed
	p.write(w)
}
