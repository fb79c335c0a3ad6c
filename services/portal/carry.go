package portal

import (
	"context"
	"net/http"
)

type (
	sessionKey  struct{}
	exchangeKey struct{}
)

func withSession(ctx context.Context, x *session) context.Context {
	return context.WithValue(ctx, sessionKey{}, x)
}

// sessionIn gives the session under which the context's request runs; asking
// where there is none is a defect of the mounting.
func sessionIn(ctx context.Context) *session { return ctx.Value(sessionKey{}).(*session) }

// exchange is one request and the cookies of its answer, for operations, which
// see neither.
type exchange struct {
	http.ResponseWriter
	request *http.Request
}

// Unwrap lets http.ResponseController reach what the writer can do.
func (e *exchange) Unwrap() http.ResponseWriter { return e.ResponseWriter }

func withCookies(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, *http.Request) {
	e := &exchange{ResponseWriter: w}
	e.request = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))
	return e, e.request
}

func requestOf(ctx context.Context) *http.Request {
	return ctx.Value(exchangeKey{}).(*exchange).request
}

func setCookie(ctx context.Context, c *http.Cookie) {
	http.SetCookie(ctx.Value(exchangeKey{}).(*exchange), c)
}
