// Package vouch is how a service proves that it stated an event: what it signs,
// and what somebody who keeps the event can show of it. It works on bytes alone:
// no stream, no database, no clock.
//
// A service signs batches. The SHA-256 of each event, in the form of AppendEvent,
// is a leaf of an RFC 6962 tree, and one signature covers the tree's root. An
// event begins with a digit and an inner node with 0x01: neither passes for the
// other.
//
// A voucher proves that the holder of a key stated these events, as they are. It
// does not prove that they are true, nor when they were stated: the time of
// signing is the holder's word.
package vouch

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/sign"
)

// ErrForged says that a signature is false, or not of the service it claims to be
// of. stable: dead letters and metrics name the code.
var ErrForged = fault.New(fault.Refused, "event_forged",
	"事件的签名无效或不属于其来源服务", "the event's signature is false or not of the service it claims to come from", "SH12-C-12")

// ErrKeyUnknown is Keys' answer about a key that it has not heard of.
var ErrKeyUnknown = errors.New("the key is not known yet")

// Keys is who signs as which service. It is safe for concurrent use.
type Keys interface {
	// VerifyingKey is the key of that id if source signs with it at that
	// instant. It answers ErrKeyUnknown while there is no such key, and another
	// error for one that is known and no good: another's, out of its period,
	// revoked (SH12-C-12).
	VerifyingKey(source, id string, at time.Time) (*sign.PublicKey, error)
}

// Register is the keys of all services, for whoever shows them to others.
type Register interface {
	Keys
	// Keys lists them, with their validity and revocation (SH12-C-9).
	Keys() (*sign.KeySet, error)
}

// Pinned are keys that somebody holds without asking anybody: those of a trust
// file, or of a bundle. A revoked key proves nothing, whatever time its
// signatures bear (SH12-C-12).
type Pinned struct{ Set *sign.KeySet }

// VerifyingKey implements Keys.
func (p Pinned) VerifyingKey(source, id string, at time.Time) (*sign.PublicKey, error) {
	if p.Set == nil {
		return nil, ErrKeyUnknown
	}
	k, ok := p.Set.Key(id)
	switch {
	case !ok:
		return nil, ErrKeyUnknown
	case k.Holder != source:
		return nil, sign.ErrSignerMismatch
	case k.RevokedAt != nil:
		return nil, sign.ErrKeyRevoked
	case at.Before(k.NotBefore.Add(-sign.Skew)) || !at.Before(k.NotAfter):
		return nil, sign.ErrKeyNotValid
	}
	return k.Public, nil
}

// Statement is what the signature of a batch covers: six lines.
func Statement(source, keyID string, signedAt time.Time, size uint64, root ledger.Hash) []byte {
	b := append([]byte("egov.event-batch/v1\n"), source...)
	b = append(append(b, '\n'), keyID...)
	b = signedAt.UTC().AppendFormat(append(b, '\n'), timeLayout)
	b = strconv.AppendUint(append(b, '\n'), size, 10)
	b = base64.StdEncoding.AppendEncode(append(b, '\n'), root[:])
	return append(b, '\n')
}

// Voucher is what proves a run of events of one batch: the batch's signature and
// what is needed to come from the events to the root it covers. A run that is
// the whole batch needs nothing besides.
type Voucher struct {
	Source    string        `json:"source"`
	KeyID     string        `json:"key_id"`
	SignedAt  time.Time     `json:"signed_at"` // whole microseconds, the producer's word
	Signature []byte        `json:"signature"`
	Size      uint64        `json:"size"`  // events of the batch
	First     uint64        `json:"first"` // of them before the run
	Left      []ledger.Hash `json:"left,omitempty"`
	Right     []ledger.Hash `json:"right,omitempty"` // compact ranges around the run
}

// Check says whether the holder of Source's key signed a batch in which the run
// of events with these leaves stands. Errors: ErrKeyUnknown, ErrForged.
func (v *Voucher) Check(keys Keys, run []ledger.Hash) error {
	root, err := ledger.RunRoot(v.Size, v.First, v.Left, run, v.Right)
	if err != nil {
		return ErrForged.With(err)
	}
	return v.CheckRoot(keys, root)
}

// CheckRoot is Check for who has the root of the batch.
func (v *Voucher) CheckRoot(keys Keys, root ledger.Hash) error {
	key, err := keys.VerifyingKey(v.Source, v.KeyID, v.SignedAt)
	if errors.Is(err, ErrKeyUnknown) {
		return err
	}
	if err != nil {
		return ErrForged.With(fmt.Errorf("key %s: %w", v.KeyID, err))
	}
	if !key.VerifyMessage(Statement(v.Source, v.KeyID, v.SignedAt, v.Size, root), v.Signature) {
		return ErrForged.With(errors.New("the signature does not match the batch"))
	}
	return nil
}

// Leaf is the hash of an event as its batch lists it. recordedAt is when the
// producer's database stored it, which the ledger's rows do not say.
func Leaf(e *ledger.Entry, recordedAt time.Time) ledger.Hash {
	return sha256.Sum256(AppendEvent(nil, e, recordedAt))
}

// The form that is signed: the number of attributes, the attributes in a fixed
// order, the data, with a NUL between them. Times are UTC with six decimals.
// stable: it is what services put on their streams (package event).
const (
	attributes = "11"
	version    = "1.0"
	separator  = 0
	timeLayout = "2006-01-02T15:04:05.000000Z07:00"
)

// AppendEvent appends the bytes of e that are signed.
func AppendEvent(b []byte, e *ledger.Entry, recordedAt time.Time) []byte {
	return appendBehind(AppendTime(appendBefore(b, e), recordedAt), e)
}

// AppendAround appends the bytes of e that are signed but for the time of
// recording, which belongs at byte before: for who has the event sooner than
// that time.
func AppendAround(b []byte, e *ledger.Entry) (out []byte, before int) {
	b = appendBefore(b, e)
	before = len(b)
	return appendBehind(b, e), before
}

// AppendTime appends the time of recording as it is signed.
func AppendTime(b []byte, recordedAt time.Time) []byte {
	return recordedAt.UTC().AppendFormat(b, timeLayout)
}

func appendBefore(b []byte, e *ledger.Entry) []byte {
	b = append(b, attributes...)
	for _, text := range [...]string{version, e.ID, e.Source, e.Type, e.Subject} {
		b = append(append(b, separator), text...)
	}
	return append(AppendTime(append(b, separator), e.Time), separator)
}

func appendBehind(b []byte, e *ledger.Entry) []byte {
	b = append(append(b, separator), e.Unit...)
	b = append(append(b, separator), e.Actor...)
	b = strconv.AppendInt(append(b, separator), e.EventSeq, 10)
	b = append(append(b, separator), e.TraceParent...)
	return append(append(b, separator), e.Data...)
}
