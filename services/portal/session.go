package portal

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-kit/kit/endpoint"

	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/op"
)

// SignIn is an account's name and password.
type SignIn struct {
	Account    string `json:"account" required:"true"`
	Password   string `json:"password" required:"true"`
	OnBehalfOf string `json:"on_behalf_of,omitempty"` // account whose delegation is to be used
}

// Validate lists what is missing.
func (r *SignIn) Validate() error {
	var c fault.Checks
	c.Text(r.Account, "account", 100)
	c.Text(r.Password, "password", 256)
	c.Require(len(r.OnBehalfOf) <= 100, "on_behalf_of", "too_long", "过长", "is too long")
	return c.Err()
}

// Signed tells the page who is signed in.
type Signed struct {
	Principal authn.Principal `json:"principal"`
	CSRFToken string          `json:"csrf_token"` // to be sent as X-CSRF-Token with unsafe requests
	Today     string          `json:"today"`      // YYYY-MM-DD by the services' clock
	Services  []string        `json:"services"`   // that can be reached under /api/
	// MustChangePassword: until the password is changed the account holds no
	// role.
	MustChangePassword bool `json:"must_change_password"`
}

func (s *Server) signed(x *session) Signed {
	return Signed{Principal: x.Principal, CSRFToken: x.key.csrf(), Today: calendar.Today(s.Clock).String(), Services: s.Config.names(), MustChangePassword: x.MustChange}
}

// SignIn begins a session: the tokens stay here, the browser gets a cookie that
// no script reads.
func (s *Server) SignIn(ctx context.Context, r SignIn) (Signed, error) {
	req := requestOf(ctx)
	if !secure(req) && !local(req) && !s.Config.AllowHTTP {
		return Signed{}, errTLS
	}
	g, err := s.identity.signIn(ctx, r, hops(req))
	if err != nil {
		return Signed{}, err
	}
	x, err := s.start(ctx, g)
	if err != nil {
		return Signed{}, err
	}
	if old, err := s.sessionOf(req, true); err == nil {
		s.close(ctx, old)
	}
	return s.signed(x), nil
}

// start makes a session of its own for a grant, and its cookie.
func (s *Server) start(ctx context.Context, g grant) (*session, error) {
	x := &session{key: newTicket()}
	x.hold(g)
	if err := s.sessions.begin(ctx, x); err != nil {
		return nil, err
	}
	setCookie(ctx, s.cookie(requestOf(ctx), x.key.String()))
	return x, nil
}

// hops is the way a request came, as X-Forwarded-For has it; who reads it
// knows which of the names on it to trust.
func hops(r *http.Request) string {
	last, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		last = r.RemoteAddr
	}
	return strings.Join(append(r.Header.Values("X-Forwarded-For"), last), ", ")
}

// ChangePassword replaces the password of the account that is signed in.
type ChangePassword struct {
	Current string `json:"current_password" required:"true"`
	New     string `json:"new_password" required:"true"`
}

// Validate lists what is missing; what makes a good password, the identity
// service says.
func (r *ChangePassword) Validate() error {
	var c fault.Checks
	c.Text(r.Current, "current_password", 256)
	c.Text(r.New, "new_password", 256)
	return c.Err()
}

// ChangePassword ends every session of the account and begins a new one here.
func (s *Server) ChangePassword(ctx context.Context, r ChangePassword) (Signed, error) {
	old := sessionIn(ctx)
	if err := s.fresh(ctx, old, ""); err != nil {
		return Signed{}, err
	}
	g, err := s.identity.changePassword(ctx, r, old.Access, hops(requestOf(ctx)))
	if err != nil {
		return Signed{}, err
	}
	x, err := s.start(ctx, g)
	if err != nil {
		return Signed{}, err
	}
	return s.signed(x), s.sessions.end(ctx, old.key)
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
	x.hold(g)
	return s.sessions.save(ctx, x)
}
