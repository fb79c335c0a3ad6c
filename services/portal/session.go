package portal

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/go-kit/kit/endpoint"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
)

// SignIn is an account's name and password.
type SignIn struct {
	Account  string `json:"account" required:"true"`
	Password string `json:"password" required:"true"`
}

// Validate lists what is missing.
func (r *SignIn) Validate() error {
	var c fault.Checks
	c.Text(r.Account, "account", 100)
	c.Text(r.Password, "password", 1000)
	return c.Err()
}

// Signed tells the page who is signed in.
type Signed struct {
	Principal authn.Principal `json:"principal"`
	CSRFToken string          `json:"csrf_token"` // to be sent as X-CSRF-Token with unsafe requests
	Today     string          `json:"today"`      // YYYY-MM-DD by the services' clock
	Services  []string        `json:"services"`   // that can be reached under /api/
}

func (s *Server) signed(x *session) Signed {
	return Signed{Principal: x.Principal, CSRFToken: x.key.csrf(), Today: calendar.Today(s.Clock).String(), Services: s.Config.names()}
}

// SignIn begins a session: the tokens stay here, the browser gets a cookie that
// no script reads.
func (s *Server) SignIn(ctx context.Context, r SignIn) (Signed, error) {
	req := requestOf(ctx)
	if !secure(req) && !local(req) && !s.Config.AllowHTTP {
		return Signed{}, errTLS
	}
	from, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		from = req.RemoteAddr
	}
	g, err := s.identity.signIn(ctx, r, from)
	if err != nil {
		return Signed{}, err
	}
	x := &session{key: newTicket(), Principal: g.Principal, Access: g.AccessToken, Expires: g.ExpiresAt, Refresh: g.RefreshToken}
	if err := s.sessions.begin(ctx, x); err != nil {
		return Signed{}, err
	}
	if old, err := s.sessionOf(req, true); err == nil {
		s.close(ctx, old)
	}
	setCookie(ctx, s.cookie(req, x.key.String()))
	return s.signed(x), nil
}

// Session says who is signed in.
func (s *Server) Session(ctx context.Context, _ struct{}) (Signed, error) {
	return s.signed(sessionIn(ctx)), nil
}

// SignedOut is the answer to signing out.
type SignedOut struct{}

// SignOut ends the session. The browser is signed out even where the identity
// service cannot be told: its tokens die with the record that held them.
func (s *Server) SignOut(ctx context.Context, _ struct{}) (SignedOut, error) {
	x := sessionIn(ctx)
	if err := s.sessions.end(ctx, x.key); err != nil {
		return SignedOut{}, err
	}
	s.close(ctx, x)
	gone := s.cookie(requestOf(ctx), "")
	gone.MaxAge = -1
	setCookie(ctx, gone)
	return SignedOut{}, nil
}

// close forgets a session and has its tokens revoked.
func (s *Server) close(ctx context.Context, x *session) {
	if err := errors.Join(s.sessions.end(ctx, x.key), s.identity.revoke(ctx, x)); err != nil {
		s.Log.WarnContext(ctx, "tokens not revoked; they end by themselves", "account", x.Principal.Subject, "err", err)
	}
}

// cookie names: the one with the prefix is bound to this host and to TLS by
// the browser itself.
const (
	securedCookie = "__Host-egov"
	plainCookie   = "egov"
)

func cookieName(r *http.Request) string {
	if secure(r) {
		return securedCookie
	}
	return plainCookie
}

func (s *Server) cookie(r *http.Request, value string) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, Secure: secure(r),
		SameSite: http.SameSiteStrictMode, MaxAge: int(s.Config.Sessions.Max / time.Second),
	}
}

// sessionOf finds the session that a request's cookie stands for.
func (s *Server) sessionOf(r *http.Request, background bool) (*session, error) {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil, errNoSession
	}
	t, ok := parseTicket(c.Value)
	if !ok {
		return nil, errNoSession
	}
	return s.sessions.open(r.Context(), t, background)
}

// authorize finds the session and checks that an unsafe request comes from a
// page which knows the session's token.
func (s *Server) authorize(r *http.Request) (*session, error) {
	x, err := s.sessionOf(r, r.Header.Get("X-Egov-Background") != "")
	if err != nil {
		return nil, err
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return x, nil
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-CSRF-Token")), []byte(x.key.csrf())) != 1 {
		return nil, errCSRF
	}
	return x, nil
}

// signedIn stands before the portal's own operations.
func (s *Server) signedIn() op.Middleware {
	return func(i op.Info) endpoint.Middleware {
		return func(next endpoint.Endpoint) endpoint.Endpoint {
			if i.Public {
				return next
			}
			return func(ctx context.Context, in any) (any, error) {
				x, err := s.authorize(in.(*op.Request).HTTP)
				if err != nil {
					return nil, err
				}
				return next(authn.With(withSession(ctx, x), x.Principal), in)
			}
		}
	}
}

// renewBefore is how long before its end an access token is replaced.
const renewBefore = time.Minute

// fresh makes sure that the session holds a token which is good for a while;
// spent names one that a service has just refused.
func (s *Server) fresh(ctx context.Context, x *session, spent string) error {
	usable := func(y *session) bool {
		return y.Access != spent && s.Clock.Now().Add(renewBefore).Before(y.Expires)
	}
	for !usable(x) {
		unlock, ours, err := s.sessions.lock(ctx, x.key)
		if err != nil {
			return err
		}
		if ours {
			err = s.renew(ctx, x, usable)
			unlock()
			return err
		}
		select { // another request renews: look again
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
		now, err := s.sessions.open(ctx, x.key, true)
		if err != nil {
			return err
		}
		*x = *now
	}
	return nil
}

const lookAgain = 25 * time.Millisecond

// renew spends the refresh token, unless another request did so just before.
func (s *Server) renew(ctx context.Context, x *session, usable func(*session) bool) error {
	now, err := s.sessions.open(ctx, x.key, true)
	if err != nil {
		return err
	}
	if *x = *now; usable(x) {
		return nil
	}
	// A refresh token works once: a caller who hangs up must not waste it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewWithin)
	defer cancel()
	g, err := s.identity.renew(ctx, x.Refresh)
	if f := fault.From(err); err != nil && (f.Kind == fault.Unauthenticated || f.Kind == fault.Forbidden || f.Kind == fault.Invalid) {
		return errors.Join(errNoSession.With(err), s.sessions.end(ctx, x.key))
	}
	if err != nil {
		return err
	}
	x.Access, x.Expires, x.Refresh, x.Principal = g.AccessToken, g.ExpiresAt, g.RefreshToken, g.Principal
	return s.sessions.save(ctx, x)
}
