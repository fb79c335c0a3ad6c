// Package opmw is the middleware around every operation: trace, metrics, log,
// recover, deadline, identity, rate limit, scope and idempotency. Each is
// go-kit endpoint middleware that knows the operation it stands around.
package opmw

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/op"
	"egov/libs/store"
)

// Verifier turns a bearer token into a principal.
type Verifier interface {
	Verify(token string) (authn.Principal, error)
}

// Options of the standard stack.
type Options struct {
	Log       *slog.Logger
	Metrics   prometheus.Registerer
	Verifier  Verifier
	Timeout   time.Duration
	PerSecond float64
	Burst     int
}

// Standard is the stack every service mounts, outermost first.
func Standard(o Options) []op.Middleware {
	return []op.Middleware{
		Trace(), Metrics(o.Metrics), Log(o.Log), Recover(o.Log), Deadline(o.Timeout),
		Authenticate(o.Verifier), RateLimit(o.PerSecond, o.Burst), Scope(), Idempotency(),
	}
}

// Trace names the request's span after the operation.
func Trace() op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				span := trace.SpanFromContext(ctx)
				span.SetName(i.Name)
				out, err := next(ctx, in)
				if err != nil {
					f := fault.From(err)
					span.SetAttributes(attribute.String("egov.fault", f.Code))
					if f.Kind == fault.Internal {
						span.SetStatus(codes.Error, f.Code)
					}
				}
				return out, err
			}
		}
	}
}

// Metrics counts requests and times them by operation and outcome.
func Metrics(reg prometheus.Registerer) op.Middleware {
	// stable: dashboards and alerts use this name.
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "egov_request_seconds", Help: "Time to answer one operation.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15},
	}, []string{"operation", "code"})
	reg.MustRegister(seconds)
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				start := time.Now()
				out, err := next(ctx, in)
				code := "ok"
				if err != nil {
					code = fault.From(err).Code
				}
				seconds.WithLabelValues(i.Name, code).Observe(time.Since(start).Seconds())
				return out, err
			}
		}
	}
}

// Log writes one line for every refusal and failure, none for success: the
// ledger keeps what succeeded.
func Log(log *slog.Logger) op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				out, err := next(ctx, in)
				if err != nil {
					f := fault.From(err)
					level := slog.LevelInfo
					if f.Kind == fault.Internal {
						level = slog.LevelError
					}
					log.Log(ctx, level, "refused", "operation", i.Name, "code", f.Code, "err", err)
				}
				return out, err
			}
		}
	}
}

// Recover turns a panic into an internal fault.
func Recover(log *slog.Logger) op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (out any, err error) {
				defer func() {
					if r := recover(); r != nil {
						log.ErrorContext(ctx, "panic", "operation", i.Name, "panic", r, "stack", string(debug.Stack()))
						out, err = nil, fault.From(fmt.Errorf("panic: %v", r))
					}
				}()
				return next(ctx, in)
			}
		}
	}
}

var errTimeout = fault.New(fault.Unavailable, "timeout", "处理超时，请稍后重试", "the request took too long, try again")

// Deadline bounds an operation.
func Deadline(d time.Duration) op.Middleware {
	return func(op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				bounded, cancel := context.WithTimeout(ctx, d)
				defer cancel()
				out, err := next(bounded, in)
				if err != nil && bounded.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
					return nil, errTimeout.With(err)
				}
				return out, err
			}
		}
	}
}

// ErrSignIn refuses an operation that needs a token when there is none.
var ErrSignIn = fault.New(fault.Unauthenticated, "sign_in_required", "请先登录", "sign in first")

// Authenticate makes the token's principal the context's. A public operation
// takes no token, yet refuses a bad one.
func Authenticate(v Verifier) op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				token := in.(*op.Request).Token()
				if token == "" {
					if !i.Public {
						return nil, ErrSignIn
					}
					return next(ctx, in)
				}
				p, err := v.Verify(token)
				if err != nil {
					return nil, err
				}
				return next(authn.With(ctx, p), in)
			}
		}
	}
}

var errRate = fault.New(fault.Exhausted, "rate_limited", "请求过于频繁，请稍后重试", "too many requests, slow down")

// RateLimit bounds each principal's requests; anonymous callers share one
// bucket a remote address.
func RateLimit(perSecond float64, burst int) op.Middleware {
	l := &limiters{limit: rate.Limit(perSecond), burst: burst, by: map[string]*rate.Limiter{}}
	return func(op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			return func(ctx context.Context, in any) (any, error) {
				who := authn.By(ctx).Subject
				if who == "" {
					who = "anonymous " + in.(*op.Request).Remote()
				}
				if !l.of(who).Allow() {
					e := *errRate
					e.RetryAfter = time.Second
					return nil, &e
				}
				return next(ctx, in)
			}
		}
	}
}

type limiters struct {
	mu    sync.Mutex
	limit rate.Limit
	burst int
	by    map[string]*rate.Limiter
}

// maxLimiters bounds the memory that strangers can make a service use.
const maxLimiters = 10_000

func (l *limiters) of(who string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.by[who]
	if !ok {
		if len(l.by) >= maxLimiters {
			clear(l.by) // everybody starts anew with a full bucket
		}
		r = rate.NewLimiter(l.limit, l.burst)
		l.by[who] = r
	}
	return r
}

// ErrRole refuses a caller whose roles do not include one the operation asks
// for.
var ErrRole = fault.New(fault.Forbidden, "role_required", "您的岗位无权办理此事项", "your roles do not allow this", "SH12-P-9")

// Scope lets only the operation's roles pass.
func Scope() op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			if len(i.Roles) == 0 {
				return next
			}
			need := "需要岗位：" + strings.Join(i.Roles, "、")
			return func(ctx context.Context, in any) (any, error) {
				if !authn.By(ctx).Has(i.Roles...) {
					return nil, ErrRole.WithViolations(fault.Violation{Field: "roles", Code: "role_required", Msg: need, MsgEN: "one of: " + strings.Join(i.Roles, ", "), Basis: []string{"SH12-P-9"}})
				}
				return next(ctx, in)
			}
		}
	}
}

var errKey = fault.New(fault.Invalid, "bad_idempotency_key", "幂等键不得超过128个字符", "an Idempotency-Key has at most 128 characters")

// Idempotency gives the store what it needs to give a repeated request its
// first answer, and to refuse a lost update. An operation that answers what is
// stored is answered with the store's own text.
func Idempotency() op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			if i.Method == "GET" {
				return next
			}
			return func(ctx context.Context, in any) (any, error) {
				r := in.(*op.Request)
				version, err := op.ParseETag(r.HTTP.Header.Get("If-Match"))
				if err != nil {
					return nil, err
				}
				c := &store.Command{Caller: authn.By(ctx).Subject, Op: i.Name, Version: version}
				if c.Key = r.Key(); c.Key != "" {
					if len(c.Key) > 128 {
						return nil, errKey
					}
					h := sha256.New()
					fmt.Fprintf(h, "%s %s\n", r.HTTP.Method, r.HTTP.URL.RequestURI())
					h.Write(r.Body)
					c.Hash = h.Sum(nil)
				}
				out, err := next(store.WithCommand(ctx, c), in)
				if err == nil && i.Stored {
					if text := c.Answer(); text != nil {
						return op.Text{Of: out, JSON: text}, nil
					}
				}
				return out, err
			}
		}
	}
}
