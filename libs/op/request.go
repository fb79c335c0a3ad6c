package op

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"egov/libs/fault"
)

// Request is one call as middleware sees it: read, bounded, not yet decoded.
type Request struct {
	HTTP *http.Request
	Body []byte
}

// Key is the caller's Idempotency-Key, or empty.
func (r *Request) Key() string { return r.HTTP.Header.Get("Idempotency-Key") }

// Token is the bearer token, or empty.
func (r *Request) Token() string {
	t, ok := strings.CutPrefix(r.HTTP.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return t
}

// Remote is the network address of the caller, without its port: of the last
// proxy, where there is one.
func (r *Request) Remote() string {
	host, _, err := net.SplitHostPort(r.HTTP.RemoteAddr)
	if err != nil {
		return r.HTTP.RemoteAddr // not of a TCP listener
	}
	return host
}

var (
	errBody    = fault.New(fault.Invalid, "bad_json", "请求体不是合法的JSON对象", "the body is not a JSON object")
	errTooBig  = fault.New(fault.Invalid, "body_too_large", "请求体超过允许的大小", "the body is larger than allowed")
	errIfMatch = fault.New(fault.Invalid, "bad_if_match", "If-Match不是本系统给出的版本标识", "If-Match is not an entity tag of this service")
)

func readRequest(r *http.Request, info Info) (*Request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, info.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, errTooBig
		}
		return nil, errBody.With(err)
	}
	return &Request{HTTP: r, Body: body}, nil
}

// decode fills *dst, a pointer to a value of the plan's type, from the request,
// and validates it by check or by its own Validate.
func (r *Request) decode(ctx context.Context, p *plan, dst any, check func(context.Context, any) error) (any, error) {
	var c fault.Checks
	if p != nil {
		if err := p.bind(r, reflect.ValueOf(dst).Elem(), &c); err != nil {
			return nil, err
		}
	}
	broken := c.Err()
	if check == nil {
		check = func(_ context.Context, v any) error {
			if val, ok := v.(interface{ Validate() error }); ok {
				return val.Validate()
			}
			return nil
		}
	}
	if err := check(ctx, dst); err != nil {
		return nil, merge(broken, err)
	}
	if broken != nil {
		return nil, broken
	}
	return dst, nil
}

// merge reports what decoding and validation found together; of a field that
// could not be decoded, and of what is inside of it, only that is reported.
func merge(decoding, validation error) error {
	if decoding == nil {
		return validation
	}
	d, v := fault.From(decoding), fault.From(validation)
	if v.Kind != fault.Invalid {
		return decoding
	}
	broken := map[string]bool{}
	for _, x := range d.Violations {
		broken[x.Field] = true
	}
	all := d.Violations
	for _, x := range v.Violations {
		if !within(x.Field, broken) {
			all = append(all, x)
		}
	}
	return fault.InvalidInput.WithViolations(all...)
}

// within reports whether a path or one above it is among the given.
func within(path string, given map[string]bool) bool {
	for {
		if given[path] {
			return true
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return false
		}
		path = path[:cut]
	}
}

// ParseETag reads an If-Match header as the version it names; 0 for none.
func ParseETag(s string) (int64, error) {
	if s == "" || s == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(s, `"v`), `"`), 10, 64)
	if err != nil || n < 1 {
		return 0, errIfMatch
	}
	return n, nil
}
