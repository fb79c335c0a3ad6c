package refusals_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/services/suite"
)

// tryTokens calls what a caller's token does not open, with tokens that are not
// what they seem.
func tryTokens(t *testing.T, g *ground) {
	tryPlain(t, g)
	tryRoles(t, g)
	tryForgeries(t, g)
	tryRefresh(t, g)
	tryPortal(t, g)
	tryWithdrawnKey(t, g)
	g.book.admits(limit{tokens, "who holds a person's access token", "act as that person, until it ends", "15 minutes at most; the portal keeps tokens from browsers; a token never speaks for a service"})
	g.book.admits(limit{tokens, "anybody in the network", "read `/metrics`, `/status`, `/status/config` (secrets hidden) and `/openapi.json` of a service", "the charts' NetworkPolicies say who is in the network; the portal passes none of them on but `/openapi.json`"})
}

// refusesRequest notes a request that has to be answered with one of the codes.
func (g *ground) refusesRequest(t *testing.T, l line, what string, status int, b []byte, want ...string) {
	t.Helper()
	got := code(status, b)
	if !slices.Contains(want, got) {
		t.Errorf("%s: %s: %.300s, want %v", l.what, what, got+" "+string(b), want)
		return
	}
	g.book.refused(l, got)
}

// tryPlain speaks to services that have a certificate as if they had none.
func tryPlain(t *testing.T, g *ground) {
	t.Helper()
	l := line{tokens, "anybody", "speak to a service without TLS", "the same, with TLS"}
	for _, service := range suite.Names() {
		secure := g.URL(service) + "/livez"
		status, b := ask(t, call{method: "GET", url: strings.Replace(secure, "https://", "http://", 1)})
		g.refusesRequest(t, l, service, status, b, "400")
		if status, b := ask(t, call{method: "GET", url: secure}); status != http.StatusOK {
			t.Errorf("%s: %d %s", service, status, b)
		} else {
			g.book.passed(l)
		}
	}
}

// roleMissing is the answer to who has not the role.
const roleMissing = "403 role_required"

// tryRoles calls every operation of every service without a token and with one
// of each role.
func tryRoles(t *testing.T, g *ground) {
	t.Helper()
	people := g.people(t)
	none := line{tokens, "nobody", "call any operation that is not for everybody (sign-in, rules)", "whoever is signed in, where no role is asked for; else who has it"}
	role := line{tokens, "a person signed in", "call an operation that is for other roles (SH12-P-9)", "a person who has one of the operation's roles"}
	claimed := line{tokens, "a person signed in", "claim roles and a unit in headers", "a person who has the role"}
	for _, service := range suite.Databases() {
		described := documented(t, service)
		for _, o := range g.operations(t, service) {
			delete(described, o.method+" "+o.path)
			if o.public {
				continue
			}
			// A body that no operation takes: who is let through does nothing.
			c := call{method: o.method, url: g.at(o, "nothing-here"), body: `{"no_such_field":1}`}
			if o.method == http.MethodGet {
				c.body = nil
			}
			status, b := ask(t, c)
			g.refusesRequest(t, none, o.service+" "+o.id, status, b, "401 sign_in_required")
			opened := 0
			for _, r := range slices.Sorted(maps.Keys(people)) {
				c.token = people[r]
				status, b := ask(t, c)
				if len(o.roles) > 0 && !slices.Contains(o.roles, r) {
					g.refusesRequest(t, role, o.service+" "+o.id+" by "+r, status, b, roleMissing)
					continue
				}
				if got := code(status, b); got == roleMissing || status == http.StatusUnauthorized || status >= 500 {
					t.Errorf("%s %s by %s: %s", o.service, o.id, r, b)
					continue
				}
				opened++
				g.book.passed(none)
				if len(o.roles) > 0 {
					g.book.passed(role)
				}
			}
			if opened == 0 {
				t.Errorf("%s %s is open to nobody of the district", o.service, o.id)
			}
			if len(o.roles) > 0 && !slices.Contains(o.roles, "declarer") {
				c.token = people["declarer"]
				c.header = map[string]string{"X-Roles": o.roles[0], "X-Unit": "audit", "X-Egov-Roles": o.roles[0], "X-Forwarded-User": roleHolders[o.roles[0]]}
				status, b := ask(t, c)
				g.refusesRequest(t, claimed, o.service+" "+o.id, status, b, roleMissing)
				g.book.passed(claimed)
			}
		}
		for left := range described {
			t.Errorf("%s does not offer %s, which docs/api describes", service, left)
		}
	}
}

// signer makes tokens with identity's key, as identity does, and otherwise.
type signer struct {
	id  string
	key ed25519.PrivateKey
	now time.Time
}

// identityKey is the key that signs tokens now, from identity's own folder.
func identityKey(t *testing.T, g *ground) signer {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(g.Dir, "keys", "tokens", "token-*.pem"))
	if err != nil || len(files) == 0 {
		t.Fatalf("identity keeps no key: %v", err)
	}
	slices.Sort(files)
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimSuffix(filepath.Base(files[0]), ".pem")
	clock, err := calendar.File(g.ClockFile())
	if err != nil {
		t.Fatal(err)
	}
	return signer{id: strings.SplitN(name, "-", 3)[2], key: key.(ed25519.PrivateKey), now: clock.Now()}
}

// claims are those of an auditor's token that lives as long as it may.
func (s signer) claims() map[string]any {
	return map[string]any{
		"iss": "egov", "aud": []string{"egov-services"}, "sub": "audit.auditor", "name": "审计", "unit": "audit", "unit_kind": "administrative",
		"roles": []string{"auditor"}, "district": "yangpu", "iat": s.now.Unix(), "exp": s.now.Add(15 * time.Minute).Unix(),
	}
}

// token signs claims under a header.
func token(t *testing.T, header, claims map[string]any, sign func(message []byte) []byte) string {
	t.Helper()
	enc := base64.RawURLEncoding
	var parts []string
	for _, x := range []map[string]any{header, claims} {
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, enc.EncodeToString(b))
	}
	message := strings.Join(parts, ".")
	return message + "." + enc.EncodeToString(sign([]byte(message)))
}

func (s signer) header() map[string]any {
	return map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": s.id}
}

func (s signer) sign(message []byte) []byte { return ed25519.Sign(s.key, message) }

// with are the claims with some changed; nil takes one away.
func (s signer) with(changes map[string]any) map[string]any {
	c := s.claims()
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

// forgery is a token that must not be believed.
type forgery struct {
	what  string
	token string
}

func forgeries(t *testing.T, s signer) []forgery {
	t.Helper()
	public, stranger, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strange := signer{id: "stranger", key: stranger, now: s.now}
	header := func(changes map[string]any) map[string]any {
		h := s.header()
		maps.Copy(h, changes)
		return h
	}
	unsigned := func([]byte) []byte { return nil }
	mac := func(message []byte) []byte {
		m := hmac.New(sha256.New, s.key.Public().(ed25519.PublicKey))
		m.Write(message)
		return m.Sum(nil)
	}
	good := token(t, s.header(), s.claims(), s.sign)
	signature := good[strings.LastIndexByte(good, '.'):]
	altered := token(t, s.header(), s.with(map[string]any{"roles": []string{"auditor", "operator"}}), unsigned)
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public)}
	at := func(d time.Duration) int64 { return s.now.Add(d).Unix() }
	claims := func(what string, changes map[string]any) forgery {
		return forgery{what, token(t, s.header(), s.with(changes), s.sign)}
	}
	return []forgery{
		{"a token without a signature (`alg` none)", token(t, header(map[string]any{"alg": "none"}), s.claims(), unsigned)},
		{"a token without a signature (`alg` none)", token(t, header(map[string]any{"alg": "None"}), s.claims(), unsigned)},
		{"a token whose signature was taken off", token(t, s.header(), s.claims(), unsigned)},
		{"a token changed after it was signed", strings.TrimSuffix(altered, ".") + signature},
		{"a token signed with the public key as a password (`alg` HS256)", token(t, header(map[string]any{"alg": "HS256"}), s.claims(), mac)},
		{"a token that names another algorithm than its key's", token(t, header(map[string]any{"alg": "ES256"}), s.claims(), s.sign)},
		{"a token of a key that identity does not publish", token(t, strange.header(), s.claims(), strange.sign)},
		{"a token of a key that identity does not publish", token(t, s.header(), s.claims(), strange.sign)},
		{"a token that brings its own key (`jwk`, `jku`)", token(t, header(map[string]any{"kid": "stranger", "jwk": jwk, "jku": "http://127.0.0.1:1/keys"}), s.claims(), strange.sign)},
		claims("a token that has expired", map[string]any{"iat": at(-16 * time.Minute), "exp": at(-time.Minute)}),
		claims("a token that lives longer than 15 minutes", map[string]any{"exp": at(time.Hour)}),
		claims("a token that never ends", map[string]any{"exp": nil}),
		claims("a token from the future", map[string]any{"iat": at(time.Hour), "exp": at(time.Hour + 10*time.Minute)}),
		claims("a token without a time of issue", map[string]any{"iat": nil}),
		claims("a token for another audience", map[string]any{"aud": []string{"another-suite"}}),
		claims("a token for another audience", map[string]any{"aud": nil}),
		claims("a token of another issuer", map[string]any{"iss": "https://elsewhere.example"}),
		claims("a token that speaks for a service", map[string]any{"sub": "service:declaration"}),
		claims("a token that speaks for a service", map[string]any{"sub": "service:auditexport", "roles": []string{}}),
		claims("a token of nobody, or of no unit", map[string]any{"sub": nil}),
		claims("a token of nobody, or of no unit", map[string]any{"unit": nil}),
	}
}

const invalidToken = "401 invalid_token"

// tryForgeries shows every service tokens that identity did not make, or not
// so: most are signed with its own key, which a forger would have to steal.
func tryForgeries(t *testing.T, g *ground) {
	t.Helper()
	s := identityKey(t, g)
	person := g.signIn(t, "audit.auditor")
	all := append(forgeries(t, s), forgery{"a refresh token", person.Refresh}, forgery{"what is no token at all", "not.a.token"})
	for _, service := range suite.Databases() {
		url := g.URL(service) + "/v1/tasks"
		for _, f := range all {
			l := line{tokens, "anybody", "pass with " + f.what, "the same claims, signed by identity's key as identity does"}
			status, b := ask(t, call{method: "GET", url: url, token: f.token})
			g.refusesRequest(t, l, service, status, b, invalidToken)
			good := token(t, s.header(), s.with(map[string]any{"jti": rand.Text()}), s.sign)
			if status, b := ask(t, call{method: "GET", url: url, token: good}); status != http.StatusOK {
				t.Errorf("%s refuses a good token: %s", service, b)
			} else {
				g.book.passed(l)
			}
		}
	}
}

// tryRefresh spends refresh tokens twice, and what is none.
func tryRefresh(t *testing.T, g *ground) {
	t.Helper()
	refresh := func(token string) (int, []byte) {
		return ask(t, call{method: "POST", url: g.URL("identity") + "/v1/sessions/refresh", body: map[string]string{"refresh_token": token}})
	}
	twice := line{tokens, "a thief of a refresh token", "use it after its owner did; the owner's session ends too", "its owner, once"}
	none := line{tokens, "anybody", "refresh with an access token, another session's signature, or nothing good", "the owner of a refresh token"}
	first, other := g.signIn(t, "audit.auditor"), g.signIn(t, "chair")
	parts := strings.Split(first.Refresh, ".")
	mixed := strings.Join(append(parts[:2:2], strings.Split(other.Refresh, ".")[2]), ".")
	for what, x := range map[string]string{
		"another's signature": mixed, "nothing": "nothing", "one character more": first.Refresh + "x", "another generation": strings.Join([]string{parts[0], "7", parts[2]}, "."),
	} {
		status, b := refresh(x)
		g.refusesRequest(t, none, what, status, b, "401 session_ended")
	}
	status, b := refresh(first.Access)
	g.refusesRequest(t, none, "an access token", status, b, "401 session_ended", "400 invalid_input")
	current := first.Refresh
	for range 2 { // the one before the last may still be on its way to its owner
		status, b := refresh(current)
		var next grant
		if err := json.Unmarshal(b, &next); err != nil || status != http.StatusOK {
			t.Fatalf("a good refresh token: %d %s", status, b)
		}
		current = next.Refresh
		g.book.passed(twice)
		g.book.passed(none)
	}
	status, b = refresh(first.Refresh)
	g.refusesRequest(t, twice, "the first one again", status, b, "401 refresh_token_reused")
	status, b = refresh(current)
	g.refusesRequest(t, twice, "the owner's next one", status, b, "401 session_ended")
}

// tryPortal speaks to the portal as a browser that is not signed in, or that
// another page sends.
func tryPortal(t *testing.T, g *ground) {
	t.Helper()
	person := g.signIn(t, roleHolders["declarer"])
	in := "a browser that is signed in, from the portal's own page"
	none := line{tokens, "a browser", "use the portal without a session", in}
	bearer := line{tokens, "a browser", "use the portal with a service's token instead of a session", in}
	page := line{tokens, "a browser", "change something without the page's own token", in}
	origin := line{tokens, "a browser", "change something from another site's page", in}
	hidden := line{tokens, "a browser", "reach through the portal what is not for browsers: sign-in of identity, `/metrics`, `/status/config`", "the same browser, `/v1/…` of the services"}
	signed := g.browser(t, "declarer")
	base := g.URL("portal")
	calls := []call{{method: "GET", url: base + "/api/declaration/v1/projects"}, {method: "POST", url: base + "/api/declaration/v1/projects", body: "{}"}}
	for _, o := range g.operations(t, "portal") {
		if !o.public && o.id != "SignOut" {
			calls = append(calls, call{method: o.method, url: base + o.path, body: "{}"})
		}
	}
	for _, c := range calls {
		status, b := ask(t, c)
		g.refusesRequest(t, none, c.url, status, b, "401 sign_in_required")
		with := c
		with.token = person.Access
		status, b = ask(t, with)
		g.refusesRequest(t, bearer, c.url, status, b, "401 sign_in_required")
		if c.method != http.MethodGet {
			status, b = send(t, signed.Client, c)
			g.refusesRequest(t, page, c.url, status, b, "403 bad_csrf_token")
			foreign := c
			foreign.header = map[string]string{"X-CSRF-Token": signed.csrf, "Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
			status, b = send(t, signed.Client, foreign)
			g.refusesRequest(t, origin, c.url, status, b, "403 cross_origin")
		}
		c.header = map[string]string{"X-CSRF-Token": signed.csrf, "Origin": base}
		if status, b := send(t, signed.Client, c); status == http.StatusUnauthorized || status == http.StatusForbidden || status >= 500 {
			t.Errorf("%s %s: %d %s", c.method, c.url, status, b)
			continue
		}
		g.book.passed(none)
		g.book.passed(bearer)
		if c.method != http.MethodGet {
			g.book.passed(page)
			g.book.passed(origin)
		}
	}
	for _, path := range []string{"identity/v1/sessions", "identity/v1/sessions/refresh", "identity/v1/me/password", "declaration/metrics", "declaration/status/config", "declaration/readyz", "declaration/.well-known/event-keys.json"} {
		status, b := send(t, signed.Client, call{method: "GET", url: base + "/api/" + path})
		g.refusesRequest(t, hidden, path, status, b, "404 unknown_path")
	}
	if status, _ := send(t, signed.Client, call{method: "GET", url: base + "/api/declaration/v1/projects"}); status == http.StatusOK {
		g.book.passed(hidden)
	}
}

// tryWithdrawnKey lets identity's key be replaced and its time run out, and
// signs with it once more (SH12-C-12).
func tryWithdrawnKey(t *testing.T, g *ground) {
	t.Helper()
	l := line{tokens, "anybody", "pass with a token of a key that identity has withdrawn", "the same claims, signed by the key that followed"}
	old := identityKey(t, g)
	people := g.signIn(t, "operator")
	if status, b := ask(t, call{method: "POST", url: g.URL("identity") + "/v1/keys/rotate", token: people.Access, body: map[string]string{"reason": "to see what the old key still opens"}}); status >= 300 {
		t.Fatalf("rotate: %d %s", status, b)
	}
	if err := calendar.SetFile(g.ClockFile(), old.now.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	// Identity destroys the old key when its tokens' time is over.
	next := identityKey(t, g)
	for deadline := time.Now().Add(time.Minute); next.id == old.id; next = identityKey(t, g) {
		if time.Now().After(deadline) {
			t.Fatal("the old key is kept")
		}
		<-time.After(50 * time.Millisecond)
	}
	old.now = next.now
	for _, service := range suite.Databases() {
		url := g.URL(service) + "/v1/tasks"
		if status, b := ask(t, call{method: "GET", url: url, token: token(t, next.header(), next.claims(), next.sign)}); status != http.StatusOK {
			t.Errorf("%s refuses the key in force: %s", service, b)
		} else {
			g.book.passed(l)
		}
		status, b := ask(t, call{method: "GET", url: url, token: token(t, old.header(), old.with(map[string]any{"jti": rand.Text()}), old.sign)})
		g.refusesRequest(t, l, service, status, b, invalidToken)
	}
}
