package module

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"egov/libs/conf"
	"egov/libs/event/eventkeys"
	"egov/libs/sign"
)

// How often keys of events are looked after, on the clock of the machine: a
// virtual one would let them run out in a moment.
const (
	registerEvery = 2 * time.Second
	turnEvery     = time.Minute
)

// openEventKeys has the service sign what it states, and know who else signs what
// (SH12-C-9, SH12-C-12). Others' registers are asked once the service is served,
// for those who answer may be set up after it in the same process; what believes
// or signs by the register waits for that, and so does readiness.
func (k *Kit) openEventKeys(c conf.Keys, outward *http.Client) error {
	place := cmp.Or(c.Register, k.registers(c))
	folder := eventkeys.Folder(place) // without one, others take the key from eventkeys.Path
	terms := eventkeys.Terms{Alg: sign.Alg(c.Alg), Life: c.EventLife, Ahead: c.EventAhead}
	var err error
	if k.signer, err = eventkeys.OpenOwn(c.Dir, folder, k.module.Name, terms, time.Now); err != nil {
		return err
	}
	k.register = eventkeys.OpenRegister(place, k.signer, time.Now)
	k.register.Through(outward)
	k.Unit.Mux.Handle("GET "+eventkeys.Path, k.register)
	k.Unit.Ready("event_keys", func(context.Context) error {
		select {
		case <-k.asked:
			return nil
		default:
			return errNotAsked
		}
	})
	k.Unit.Loop("event keys", k.lookAfterEventKeys)
	return nil
}

var errNotAsked = errors.New("the register of event keys is not read for the first time yet")

// readOwnRegister takes in what this service itself knows of keys, after all that
// knows of them is told and before it is served: whoever asks hears of every
// revocation at once (SH12-C-12).
func (k *Kit) readOwnRegister(ctx context.Context) {
	if err := k.register.ReadHere(ctx); err != nil {
		k.Log.WarnContext(ctx, unread, "err", err)
	}
}

// unread is said of a register that one place of does not answer.
const unread = "the register of event keys is not read now, tried again"

// loop runs f once every place of the register was asked, with or without an
// answer: a key that was revoked while this process was away signs nothing more and
// is believed by nothing (SH12-C-12).
func (k *Kit) loop(name string, f func(context.Context) error) {
	k.Unit.Loop(name, func(ctx context.Context) error {
		select {
		case <-k.asked:
			return f(ctx)
		case <-ctx.Done():
			return nil
		}
	})
}

// enroller is the service at which people enrol and revoke keys; it also issues
// the tokens.
const enroller = "identity"

// registers are where keys of events stand unless something else is said: the
// folder of this machine, and where people enrol and revoke them, beside the keys
// of tokens.
func (k *Kit) registers(c conf.Keys) string {
	var places []string
	if c.Dir != "" {
		places = append(places, filepath.Join(c.Dir, "register"))
	}
	if u, err := url.Parse(k.Config.Auth.JWKSURL); err == nil && u.Host != "" && k.module.Name != enroller {
		places = append(places, u.ResolveReference(&url.URL{Path: eventkeys.Path}).String())
	}
	return strings.Join(places, ",")
}

func (k *Kit) lookAfterEventKeys(ctx context.Context) error {
	look := time.NewTicker(registerEvery)
	defer look.Stop()
	turned, said := time.Now(), map[string]string{}
	say := func(what string, err error) { // once, until it is another
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text != "" && text != said[what] && ctx.Err() == nil {
			k.Log.WarnContext(ctx, what, "err", err)
		}
		said[what] = text
	}
	say(unread, k.register.Read(ctx))
	close(k.asked)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.register.Wanted():
		case <-look.C:
		}
		say(unread, k.register.Read(ctx))
		if now := time.Now(); now.Sub(turned) >= turnEvery {
			turned = now
			say("the keys of events are not looked after now, tried again", k.signer.Turn())
		}
	}
}

// EventKeys are the keys by which services sign what they state, for whoever keeps
// proofs of it.
func (k *Kit) EventKeys() *eventkeys.Register { return k.register }
