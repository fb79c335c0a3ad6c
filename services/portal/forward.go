package portal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"

	"egov/libs/fault"
	"egov/libs/op"
)

// forward carries a request on to the service its path names, as the session's
// account: /api/declaration/v1/projects is /v1/projects of declaration.
func (s *Server) forward(w http.ResponseWriter, r *http.Request) {
	service, path := r.PathValue("service"), r.PathValue("path")
	at, known := s.services[service]
	if !known {
		if allowed := s.own(r); len(allowed) > 0 {
			op.WriteMethodProblem(w, allowed...)
			return
		}
		op.WriteProblem(r.Context(), errService, w)
		return
	}
	if !open(service, path) {
		op.WriteProblem(r.Context(), errPath, w)
		return
	}
	x, err := s.authorize(r)
	if err != nil {
		op.WriteProblem(r.Context(), err, w)
		return
	}
	r = r.WithContext(withSession(r.Context(), x))
	if err := keepSmall(r); err != nil {
		op.WriteProblem(r.Context(), err, w)
		return
	}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			escaped := strings.TrimPrefix(p.In.URL.EscapedPath(), "/api/"+service)
			p.Out.URL.Path, p.Out.URL.RawPath = "/"+path, escaped
			p.SetURL(at)
			p.SetXForwarded()
			for _, name := range []string{"Cookie", "Authorization", "X-Csrf-Token", "X-Egov-Background", "Origin", "Referer"} {
				p.Out.Header.Del(name)
			}
		},
		Transport: s.caller,
		ModifyResponse: func(resp *http.Response) error {
			for name := range resp.Header {
				if !passed[name] {
					resp.Header.Del(name)
				}
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			op.WriteProblem(r.Context(), s.explain(service, err), w)
		},
	}
	proxy.ServeHTTP(w, r)
}

// open reports whether browsers may call a path of a service: its versioned
// operations and their description. Tokens are the portal's affair, so the
// operations that hand them out are not among them.
func open(service, path string) bool {
	if service == Identity && (path == "v1/sessions" || strings.HasPrefix(path, "v1/sessions/") || path == "v1/me/password") {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return false
		}
	}
	return path == "openapi.json" || strings.HasPrefix(path, "v1/")
}

// passed are the headers of a service's answer that reach the browser. The
// portal's own security headers stand above them.
var passed = map[string]bool{
	"Content-Type": true, "Content-Length": true, "Content-Disposition": true, "Content-Encoding": true,
	"Etag": true, "Retry-After": true, "Location": true, "Last-Modified": true,
	"Accept-Ranges": true, "Content-Range": true, "Allow": true,
}

// explain turns what went wrong on the way into a fault.
func (s *Server) explain(service string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return down(service, err)
}

// replayable is the size in bytes up to which a request is held in memory, so
// that it can be sent again with a new token.
const replayable = 1 << 20

// keepSmall reads a small body into memory; a larger one is streamed.
func keepSmall(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength < 0 || r.ContentLength > replayable {
		return nil
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return errTooLarge.With(err)
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	r.Body, err = r.GetBody()
	return err
}

// asCaller sends requests with the access token of the context's session. A
// token that a service refuses is renewed once and the request sent again,
// which is safe: a refused token means that nothing was done.
type asCaller struct{ s *Server }

// RoundTrip implements http.RoundTripper.
func (a asCaller) RoundTrip(r *http.Request) (*http.Response, error) {
	x := sessionIn(r.Context())
	if err := a.s.fresh(r.Context(), x, ""); err != nil {
		return nil, err
	}
	resp, err := a.s.outward.RoundTrip(bearing(r.Context(), r, x.Access))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again := bearing(r.Context(), r, "")
	if r.Body != nil && r.Body != http.NoBody {
		if r.GetBody == nil {
			return resp, nil
		}
		if again.Body, err = r.GetBody(); err != nil {
			return resp, nil //nolint:nilerr // the refusal itself is the answer
		}
	}
	resp.Body.Close()
	if err := a.s.fresh(r.Context(), x, x.Access); err != nil {
		return nil, err
	}
	again.Header.Set("Authorization", "Bearer "+x.Access)
	return a.s.outward.RoundTrip(again)
}

func bearing(ctx context.Context, r *http.Request, token string) *http.Request {
	c := r.Clone(ctx)
	c.Header.Set("Authorization", "Bearer "+token)
	return c
}
