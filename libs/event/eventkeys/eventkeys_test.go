package eventkeys_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"egov/libs/event"
	"egov/libs/event/eventkeys"
	"egov/libs/sign"
)

// clock is the time of the machine, moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const day = 24 * time.Hour

var terms = eventkeys.Terms{Life: 30 * day, Ahead: 5 * day}

// own opens a service's keys.
func own(t testing.TB, dir, register, holder string, c *clock) *eventkeys.Own {
	t.Helper()
	o, err := eventkeys.OpenOwn(dir, register, holder, terms, c.now)
	must(t, err)
	return o
}

func signing(t testing.TB, o *eventkeys.Own) string {
	t.Helper()
	k, err := o.SigningKey()
	must(t, err)
	return k.KeyID()
}

// TestAKeyChangesByItself walks a year: a key signs that others have known for
// days, and what an old one signed can still be checked at the end (SH12-C-12).
func TestAKeyChangesByItself(t *testing.T) {
	t.Parallel()
	c := newClock()
	dir, folder := t.TempDir(), t.TempDir()
	o := own(t, dir, folder, "declaration", c)
	reader := eventkeys.OpenRegister(folder, own(t, "", "", "auditexport", c), c.now)
	type use struct {
		id string
		at time.Time
	}
	var used []use
	ids := map[string]bool{}
	for range 365 {
		id := signing(t, o)
		used, ids[id] = append(used, use{id, c.now()}), true
		c.move(day)
		must(t, o.Turn())
		// Somebody who reads the register once a day knows each key by then.
		if _, err := reader.VerifyingKey("declaration", signing(t, o), c.now()); len(used) > 1 && err != nil {
			t.Fatalf("on day %d the key is not known: %v", len(used), err)
		}
		must(t, reader.Read(t.Context()))
	}
	if len(ids) < 11 || len(ids) > 14 {
		t.Errorf("%d keys in a year", len(ids))
	}
	for _, u := range used {
		if _, err := reader.VerifyingKey("declaration", u.id, u.at); err != nil {
			t.Errorf("what was signed at %v: %v", u.at, err)
		}
	}
	if _, err := reader.VerifyingKey("declaration", used[0].id, c.now()); !errors.Is(err, sign.ErrKeyNotValid) {
		t.Errorf("the first key signs to this day: %v", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "declaration.events.json"))
	must(t, err)
	var kept struct {
		Keys []struct {
			PrivateKey string `json:"private_key"`
		}
	}
	must(t, json.Unmarshal(b, &kept))
	if len(kept.Keys) > 3 {
		t.Errorf("%d secrets are kept", len(kept.Keys))
	}
}

// TestAServiceThatWasAwayGetsAKey opens keys whose last one has run out.
func TestAServiceThatWasAwayGetsAKey(t *testing.T) {
	t.Parallel()
	c := newClock()
	dir, folder := t.TempDir(), t.TempDir()
	before := signing(t, own(t, dir, folder, "declaration", c))
	c.move(400 * day)
	o := own(t, dir, folder, "declaration", c)
	if now := signing(t, o); now == before {
		t.Error("the old key signs")
	}
}

// TestManyProcessesHaveOneKey opens and turns one folder of keys from many sides.
func TestManyProcessesHaveOneKey(t *testing.T) {
	t.Parallel()
	c := newClock()
	dir, folder := t.TempDir(), t.TempDir()
	const processes = 8
	owns := make([]*eventkeys.Own, processes)
	each := func(f func(i int) error) {
		t.Helper()
		failed := make(chan error, processes)
		for i := range processes {
			go func() { failed <- f(i) }()
		}
		for range processes {
			must(t, <-failed)
		}
	}
	each(func(i int) (err error) {
		owns[i], err = eventkeys.OpenOwn(dir, folder, "declaration", terms, c.now)
		return err
	})
	same := func(when string) {
		t.Helper()
		for _, o := range owns {
			if signing(t, o) != signing(t, owns[0]) {
				t.Errorf("%s: processes sign with different keys", when)
			}
		}
	}
	same("at the start")
	for range 3 {
		c.move(27 * day)
		each(func(i int) error { return owns[i].Turn() })
		c.move(4 * day)
		same("after a turn")
	}
}

// TestTheRegisterBelievesHoldersAlone puts files into the register that say more
// than they may (SH12-C-9). What was known stays.
func TestTheRegisterBelievesHoldersAlone(t *testing.T) {
	t.Parallel()
	c := newClock()
	folder := t.TempDir()
	o := own(t, "", folder, "declaration", c)
	r := eventkeys.OpenRegister(folder, own(t, "", "", "auditexport", c), c.now)
	must(t, r.Read(t.Context()))
	id := signing(t, o)
	key, err := o.SigningKey()
	must(t, err)
	entry := func(holder string) []byte {
		set, err := sign.NewKeySet(sign.TrustedKey{Public: key.Public(), Holder: holder, NotBefore: c.now(), NotAfter: c.now().Add(day)})
		must(t, err)
		b, err := set.MarshalJSON()
		must(t, err)
		return b
	}
	for name, b := range map[string][]byte{
		"procurement.json": entry("declaration"), // another's name
		"budgeting.json":   entry("budgeting"),   // another's key
		"rubbish.json":     []byte("{"),
	} {
		must(t, os.WriteFile(filepath.Join(folder, name), b, 0o600))
		if err := r.Read(t.Context()); err == nil {
			t.Errorf("%s is taken in without a word", name)
		}
		must(t, os.Remove(filepath.Join(folder, name)))
	}
	if _, err := r.VerifyingKey("declaration", id, c.now()); err != nil {
		t.Errorf("the holder's own key: %v", err)
	}
	for _, other := range []string{"procurement", "budgeting", ""} {
		if _, err := r.VerifyingKey(other, id, c.now()); !errors.Is(err, sign.ErrSignerMismatch) {
			t.Errorf("as %q: %v", other, err)
		}
	}
	if _, err := r.VerifyingKey("declaration", "0123", c.now()); !errors.Is(err, event.ErrKeyUnknown) {
		t.Errorf("a key of nobody: %v", err)
	}
}

// TestARevokedKeyIsReplaced lets an operator revoke a key in the register: it proves
// nothing, the service does not put it back, and signs with another (SH12-C-12).
func TestARevokedKeyIsReplaced(t *testing.T) {
	t.Parallel()
	c := newClock()
	folder := t.TempDir()
	o := own(t, "", folder, "declaration", c)
	old := signing(t, o)
	path := filepath.Join(folder, "declaration.json")
	b, err := os.ReadFile(path)
	must(t, err)
	set, err := sign.ParseKeySet(b)
	must(t, err)
	keys := set.Keys()
	at := c.now()
	keys[0].RevokedAt, keys[0].RevokedReason = &at, "the disk was stolen"
	set, err = sign.NewKeySet(keys...)
	must(t, err)
	b, err = set.MarshalJSON()
	must(t, err)
	must(t, os.WriteFile(path, b, 0o600))
	must(t, o.Turn())
	r := eventkeys.OpenRegister(folder, own(t, "", "", "auditexport", c), c.now)
	must(t, r.Read(t.Context()))
	if _, err := r.VerifyingKey("declaration", old, c.now()); !errors.Is(err, sign.ErrKeyRevoked) {
		t.Errorf("got %v", err)
	}
	if _, err := r.VerifyingKey("declaration", signing(t, o), c.now()); err != nil {
		t.Errorf("the next key: %v", err)
	}
}

// TestARegisterIsServedToOthers lets a service far away know the keys by another's
// word, and its own without anybody's.
func TestARegisterIsServedToOthers(t *testing.T) {
	t.Parallel()
	c := newClock()
	folder := t.TempDir()
	identity := eventkeys.OpenRegister(folder, own(t, "", folder, "identity", c), c.now)
	must(t, identity.Read(t.Context()))
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		identity.ServeHTTP(w, r)
	}))
	defer server.Close()
	mine := own(t, "", "", "declaration", c)
	away := eventkeys.OpenRegister(server.URL, mine, c.now)
	must(t, away.Read(t.Context()))
	if _, err := away.VerifyingKey("declaration", signing(t, mine), c.now()); err != nil {
		t.Errorf("its own key: %v", err)
	}
	late := own(t, "", folder, "budgeting", c)
	if _, err := away.VerifyingKey("budgeting", signing(t, late), c.now()); !errors.Is(err, event.ErrKeyUnknown) {
		t.Errorf("a key that is not registered: %v", err)
	}
	select {
	case <-away.Wanted():
	default:
		t.Error("nobody wants it")
	}
	must(t, identity.Read(t.Context()))
	for range 2 {
		must(t, away.Read(t.Context()))
	}
	if _, err := away.VerifyingKey("budgeting", signing(t, late), c.now()); err != nil {
		t.Errorf("a key that is registered: %v", err)
	}
	server.Close()
	if err := away.Read(t.Context()); err == nil {
		t.Error("a register that is away is read")
	}
	if _, err := away.VerifyingKey("budgeting", signing(t, late), c.now()); err != nil {
		t.Errorf("what was known is forgotten: %v", err)
	}
}

// TestServicesSpeakForThemselves gathers the keys from each service's own address:
// what one says of another counts for nothing.
func TestServicesSpeakForThemselves(t *testing.T) {
	t.Parallel()
	c := newClock()
	serve := func(holder, places string) (url string, o *eventkeys.Own) {
		o = own(t, "", eventkeys.Folder(places), holder, c)
		r := eventkeys.OpenRegister(places, o, c.now)
		must(t, r.Read(t.Context()))
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		return server.URL + eventkeys.Path, o
	}
	folder := t.TempDir()
	liar := own(t, "", folder, "declaration", c) // in the register of budgeting alone
	budgeting, b := serve("budgeting", folder)
	declaration, d := serve("declaration", "")
	mine := own(t, "", "", "auditexport", c)
	r := eventkeys.OpenRegister("declaration="+declaration+", budgeting="+budgeting, mine, c.now)
	must(t, r.Read(t.Context()))
	for holder, o := range map[string]*eventkeys.Own{"declaration": d, "budgeting": b, "auditexport": mine} {
		if _, err := r.VerifyingKey(holder, signing(t, o), c.now()); err != nil {
			t.Errorf("%s: %v", holder, err)
		}
	}
	if _, err := r.VerifyingKey("declaration", signing(t, liar), c.now()); !errors.Is(err, event.ErrKeyUnknown) {
		t.Errorf("another speaks for declaration: %v", err)
	}
}

// TestPeopleEnrolAndRevokeKeys serves a register in which the word of people stands
// beside files: what they enrolled is believed, and what they revoked proves
// nothing, signs no more and comes back from nowhere (SH12-C-9, SH12-C-12).
func TestPeopleEnrolAndRevokeKeys(t *testing.T) {
	t.Parallel()
	c := newClock()
	folder := t.TempDir()
	far, near := own(t, "", "", "budgeting", c), own(t, "", folder, "declaration", c)
	enrolled, failing := far.Trusted(), errors.New("the database is away")
	var away error
	register := eventkeys.OpenRegister(folder, own(t, "", "", "identity", c), c.now)
	register.Besides(func(context.Context) ([]sign.TrustedKey, error) { return enrolled, away })
	must(t, register.Read(t.Context()))
	server := httptest.NewServer(register)
	defer server.Close()
	reader := eventkeys.OpenRegister(server.URL, own(t, "", "", "auditexport", c), c.now)
	producer := eventkeys.OpenRegister(folder+","+server.URL, near, c.now)
	must(t, reader.Read(t.Context()))
	for holder, o := range map[string]*eventkeys.Own{"budgeting": far, "declaration": near} {
		if _, err := reader.VerifyingKey(holder, signing(t, o), c.now()); err != nil {
			t.Errorf("%s: %v", holder, err)
		}
	}

	old := signing(t, near)
	revoked := near.Trusted()
	at := c.now()
	revoked[0].RevokedAt, revoked[0].RevokedReason = &at, "the disk was stolen"
	enrolled = append(enrolled, revoked...)
	register.Look()
	<-register.Wanted()
	must(t, register.Read(t.Context()))
	must(t, reader.Read(t.Context()))
	if _, err := reader.VerifyingKey("declaration", old, c.now()); !errors.Is(err, sign.ErrKeyRevoked) {
		t.Errorf("the revoked key: %v", err)
	}
	must(t, producer.Read(t.Context()))
	if now := signing(t, near); now == old {
		t.Error("the revoked key signs")
	}
	must(t, near.Turn())
	if now := signing(t, near); now == old {
		t.Error("the revoked key signs again")
	}

	// What people said stays known while it cannot be asked for, and whoever was
	// enrolled for one service is not believed for another.
	away = failing
	if err := register.Read(t.Context()); !errors.Is(err, failing) {
		t.Errorf("got %v", err)
	}
	if _, err := register.VerifyingKey("budgeting", signing(t, far), c.now()); err != nil {
		t.Errorf("forgotten: %v", err)
	}
	if _, err := reader.VerifyingKey("procurement", signing(t, far), c.now()); !errors.Is(err, sign.ErrSignerMismatch) {
		t.Errorf("as another: %v", err)
	}
}

// TestWhatIsHereIsReadWithoutAskingOthers: before a service answers, it knows what
// people said of keys where it keeps their word, and has asked nobody (SH12-C-12).
func TestWhatIsHereIsReadWithoutAskingOthers(t *testing.T) {
	t.Parallel()
	c := newClock()
	folder := t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another's register is asked") }))
	defer server.Close()
	near, told := own(t, "", folder, "budgeting", c), own(t, "", "", "declaration", c)
	r := eventkeys.OpenRegister(folder+","+server.URL, nil, c.now)
	r.Besides(func(context.Context) ([]sign.TrustedKey, error) { return told.Trusted(), nil })
	must(t, r.ReadHere(t.Context()))
	for holder, o := range map[string]*eventkeys.Own{"budgeting": near, "declaration": told} {
		if _, err := r.VerifyingKey(holder, signing(t, o), c.now()); err != nil {
			t.Errorf("%s: %v", holder, err)
		}
	}
}
