package keyring_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egov/libs/authn"
	"egov/libs/authn/token"
	"egov/libs/calendar"
	"egov/services/identity"
	"egov/services/identity/keyring"
)

var (
	start  = time.Date(2026, 3, 2, 9, 0, 0, 0, calendar.Shanghai)
	rules  = identity.KeyRules{RotateDays: 30, AheadMinutes: 30, OverlapMinutes: 20}
	person = authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer"}}
)

func open(t *testing.T, dir string, clock calendar.Clock) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(keyring.Options{Dir: dir, Rules: rules, Clock: clock, Issuer: "egov", Audience: "egov-services"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func issue(t *testing.T, r *keyring.Ring) string {
	t.Helper()
	signed, _, err := r.Issue(person, 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func published(t *testing.T, r *keyring.Ring) []string {
	t.Helper()
	doc, err := r.KeySet()
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	if err := json.Unmarshal(doc, &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		if k["kty"] != "OKP" || k["alg"] != "EdDSA" || k["d"] != "" {
			t.Errorf("published: %v", k)
		}
		ids = append(ids, k["kid"])
	}
	return ids
}

// A key is published before it signs and until its last token has expired; at
// no moment is a living token without its key.
func TestRotation(t *testing.T) {
	t.Parallel()
	clock := calendar.NewManual(start)
	r := open(t, t.TempDir(), clock)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		doc, err := r.KeySet()
		if err != nil {
			t.Error(err)
		}
		w.Write(doc)
	}))
	t.Cleanup(srv.Close)

	type living struct {
		signed string
		until  time.Time
	}
	var tokens []living
	seen := map[string]bool{}
	for clock.Now().Before(start.AddDate(0, 0, 62)) {
		if err := r.Turn(); err != nil {
			t.Fatal(err)
		}
		ids := published(t, r)
		for _, id := range ids {
			seen[id] = true
		}
		if len(ids) > 2 {
			t.Fatalf("%s: %d keys published", clock.Now(), len(ids))
		}
		// A verifier that fetches the keys now knows every token that lives.
		v, err := token.NewVerifier(t.Context(), token.Options{JWKSURL: srv.URL, Issuer: "egov", Audience: "egov-services", Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, living{issue(t, r), clock.Now().Add(15 * time.Minute)})
		for _, l := range tokens {
			if clock.Now().Before(l.until) {
				if _, err := v.Verify(l.signed); err != nil {
					t.Fatalf("%s: a token until %s: %v", clock.Now(), l.until, err)
				}
			}
		}
		tokens = tokens[max(0, len(tokens)-4):]
		step := 12 * time.Hour
		if left := 30*24*time.Hour - clock.Now().Sub(start)%(30*24*time.Hour); left <= 13*time.Hour || left >= 29*24*time.Hour {
			step = 7 * time.Minute // look closely around the change
		}
		clock.Advance(step)
	}
	if len(seen) != 3 {
		t.Errorf("%d keys in 62 days, want 3", len(seen))
	}
}

// The ring survives a restart, and processes that share a directory share keys.
func TestSharedDirectory(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), calendar.NewManual(start)
	a, b := open(t, dir, clock), open(t, dir, clock)
	if got, want := published(t, b), published(t, a); len(got) != 1 || got[0] != want[0] {
		t.Fatalf("%v and %v", got, want)
	}
	next, err := a.Next()
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Next()
	if err != nil || again.ID != next.ID {
		t.Fatalf("a second next key %v beside %v: %v", again, next, err)
	}
	clock.Advance(31 * time.Minute)
	for _, r := range []*keyring.Ring{a, b, open(t, dir, clock)} {
		if !strings.Contains(header(t, issue(t, r)), next.ID) {
			t.Errorf("a ring does not sign with the next key")
		}
	}
	clock.Advance(20 * time.Minute)
	if err := b.Turn(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil || len(files) != 1 || !strings.Contains(files[0], next.ID) {
		t.Errorf("the last key is not destroyed: %v %v", files, err)
	}
	for _, f := range files {
		if i, err := os.Stat(f); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, i.Mode(), err)
		}
	}
	if err := a.Turn(); err != nil {
		t.Errorf("after another process destroyed the key: %v", err)
	}
}

func header(t *testing.T, signed string) string {
	t.Helper()
	var b bytes.Buffer
	head, _, _ := strings.Cut(signed, ".")
	b.Write(decode(t, head))
	return b.String()
}

func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, path string){
		"Cut":      func(t *testing.T, p string) { write(t, p, "-----BEGIN PRIVATE KEY-----\n") },
		"OtherKey": func(t *testing.T, p string) { move(t, p, filepath.Join(filepath.Dir(p), "token-1-other.pem")) },
		"NoTime":   func(t *testing.T, p string) { move(t, p, filepath.Join(filepath.Dir(p), "token-x-y.pem")) },
		"NotPrivate": func(t *testing.T, p string) {
			write(t, p, "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, clock := t.TempDir(), calendar.NewManual(start)
			open(t, dir, clock)
			files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			damage(t, files[0])
			if _, err := keyring.Open(keyring.Options{Dir: dir, Rules: rules, Clock: clock}); err == nil {
				t.Error("a damaged ring opens")
			}
		})
	}
}

// A clock put back before the first key leaves the ring able to sign.
func TestClockPutBack(t *testing.T) {
	t.Parallel()
	clock := calendar.NewManual(start)
	r := open(t, t.TempDir(), clock)
	clock.Set(start.AddDate(-1, 0, 0))
	if err := r.Turn(); err != nil {
		t.Fatal(err)
	}
	if len(published(t, r)) != 1 || issue(t, r) == "" {
		t.Error("no key signs")
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	a, err := keyring.Secret(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := keyring.Secret(dir)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the secret changed: %v", err)
	}
	c, err := keyring.Secret("")
	if err != nil || bytes.Equal(a, c) {
		t.Errorf("a secret for one run: %v", err)
	}
	write(t, filepath.Join(dir, "refresh.key"), "short")
	if _, err := keyring.Secret(dir); err == nil {
		t.Error("a short secret is taken")
	}
}
