package module

import (
	"cmp"
	"context"
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
// (SH12-C-9, SH12-C-12).
func (k *Kit) openEventKeys(ctx context.Context, c conf.Keys, outward *http.Client) error {
	place := cmp.Or(c.Register, k.registers(c))
	folder := eventkeys.Folder(place) // without one, others take the key from eventkeys.Path
	terms := eventkeys.Terms{Alg: sign.Alg(c.Alg), Life: c.EventLife, Ahead: c.EventAhead}
	var err error
	if k.signer, err = eventkeys.OpenOwn(c.Dir, folder, k.module.Name, terms, time.Now); err != nil {
		return err
	}
	k.register = eventkeys.OpenRegister(place, k.signer, time.Now)
	k.register.Through(outward)
	if err := k.register.Read(ctx); err != nil {
		k.Log.WarnContext(ctx, "the register of event keys is not read now, tried again", "register", place, "err", err)
	}
	k.Unit.Mux.Handle("GET "+eventkeys.Path, k.register)
	k.Unit.Loop("event keys", k.lookAfterEventKeys)
	return nil
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
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.register.Wanted():
		case <-look.C:
		}
		say("the register of event keys is not read now, tried again", k.register.Read(ctx))
		if now := time.Now(); now.Sub(turned) >= turnEvery {
			turned = now
			say("the keys of events are not looked after now, tried again", k.signer.Turn())
		}
	}
}

// EventKeys are the keys by which services sign what they state, for whoever keeps
// proofs of it.
func (k *Kit) EventKeys() *eventkeys.Register { return k.register }
