// Package keyregister lets the rules about services' keys speak of the register of
// event keys: it turns keys as they are published into keys that verify, and back.
// It decides nothing.
package keyregister

import (
	"context"
	"encoding/json"
	"strings"

	"egov/libs/event/eventkeys"
	"egov/libs/fault"
	"egov/libs/sign"
	"egov/services/identity"
)

// Register is the register of event keys as the rules see it.
type Register struct{ *eventkeys.Register }

// Keys are all that are known, by their ids.
func (r Register) Keys() ([]identity.KnownKey, error) {
	set, err := r.Register.Keys()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	var all document
	err = json.Unmarshal(b, &all)
	return all.Keys, err
}

// Check lists what a key says of itself that is not so.
func (Register) Check(p identity.PublishedKey) error {
	_, err := trusted(identity.KnownKey{PublishedKey: p})
	if err == nil {
		return nil
	}
	var c fault.Checks
	for _, v := range fault.From(err).Violations {
		v.Field = "key" + strings.TrimPrefix(v.Field, "keys[0]")
		c.Add(v)
	}
	c.Require(len(fault.From(err).Violations) > 0, "key", "malformed", "密钥登记内容无法读取", "cannot be read", "SH12-C-9")
	return c.Err()
}

// document is the form in which registers list keys.
type document struct {
	Keys []identity.KnownKey `json:"keys"`
}

func trusted(keys ...identity.KnownKey) ([]sign.TrustedKey, error) {
	b, err := json.Marshal(document{keys})
	if err != nil {
		return nil, err
	}
	set, err := sign.ParseKeySet(b)
	if err != nil {
		return nil, err
	}
	return set.Keys(), nil
}

// Word is what people said of keys, for a register to take in.
func Word(said func(context.Context) ([]identity.KnownKey, error)) func(context.Context) ([]sign.TrustedKey, error) {
	return func(ctx context.Context) ([]sign.TrustedKey, error) {
		keys, err := said(ctx)
		if err != nil || len(keys) == 0 {
			return nil, err
		}
		return trusted(keys...)
	}
}
