package refusals_test

import (
	"crypto/sha256"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"egov/libs/event/eventkeys"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
	"egov/services/suite"
)

// tryKeys signs events with the keys that the services signed with, and asks
// the register that they ask (SH12-C-9, SH12-C-12).
func tryKeys(t *testing.T, g *ground) {
	folder := filepath.Join(g.Dir, "keys")
	now := time.Now().UTC().Truncate(time.Microsecond)
	nobody, err := eventkeys.OpenOwn("", "", "nobody", eventkeys.Terms{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	register := eventkeys.OpenRegister(filepath.Join(folder, "register"), nobody, time.Now)
	if err := register.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	own := map[string]*sign.PrivateKey{}
	for _, service := range suite.Databases() {
		o, err := eventkeys.OpenOwn(folder, "", service, eventkeys.Terms{}, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if own[service], err = o.SigningKey(); err != nil {
			t.Fatal(err)
		}
	}
	root := ledger.Hash(sha256.Sum256([]byte("what is to be stated")))
	// check is the answer to a batch of source's, signed by key, which says that
	// the key called id signed it.
	check := func(source, id string, key *sign.PrivateKey) error {
		v := vouch.Voucher{Source: source, KeyID: id, SignedAt: now, Size: 1}
		var err error
		if v.Signature, err = key.SignMessage(vouch.Statement(source, id, now, 1, root)); err != nil {
			t.Fatal(err)
		}
		return v.CheckRoot(register, root)
	}
	stranger, err := sign.Generate(sign.SM2)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range suite.Databases() {
		byIts := "the service, with its own key in its own name"
		name := line{keys, "a service's key", "sign facts in another service's name", byIts}
		id := line{keys, "a service's key", "sign facts under another service's name and key id", byIts}
		unknown := line{keys, "a key in no register", "sign facts in a service's name", byIts}
		for _, other := range suite.Databases() {
			if other == service {
				continue
			}
			g.refusesKey(t, name, check(other, own[service].KeyID(), own[service]))
			g.refusesKey(t, id, check(other, own[other].KeyID(), own[service]))
		}
		g.refusesKey(t, unknown, check(service, stranger.KeyID(), stranger))
		g.refusesKey(t, line{keys, "a key in no register", "sign facts under a service's key id", byIts}, check(service, own[service].KeyID(), stranger))
		if err := check(service, own[service].KeyID(), own[service]); err != nil {
			t.Errorf("%s: %v", service, err)
			continue
		}
		for _, l := range []line{name, id, unknown, {keys, "a key in no register", "sign facts under a service's key id", byIts}} {
			g.book.passed(l)
		}
	}
}

func (g *ground) refusesKey(t *testing.T, l line, err error) {
	t.Helper()
	switch {
	case errors.Is(err, vouch.ErrKeyUnknown):
		g.book.refused(l, "waits for the key")
	case errors.Is(err, vouch.ErrForged):
		g.book.refused(l, fault.From(err).Code)
	default:
		t.Errorf("%s: %v", l.what, err)
	}
}
