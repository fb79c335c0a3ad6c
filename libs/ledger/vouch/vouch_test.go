package vouch_test

import (
	"errors"
	"testing"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 123000, time.UTC)

// entry is event n of a batch.
func entry(n int64) ledger.Entry {
	return ledger.Entry{
		ID: "01936d2e-0000-7000-8000-00000000000a", Source: "declaration", Type: "egov.test.v1.Happened", Subject: "p-1", Time: noon,
		Unit: "education", Actor: "li", EventSeq: n, Data: []byte(`{"n":1}`),
	}
}

// keys is one service's one key.
type keys struct {
	source string
	key    *sign.PrivateKey
}

func (k keys) VerifyingKey(source, id string, _ time.Time) (*sign.PublicKey, error) {
	switch {
	case id != k.key.KeyID():
		return nil, vouch.ErrKeyUnknown
	case source != k.source:
		return nil, sign.ErrSignerMismatch
	}
	return k.key.Public(), nil
}

// batch signs n events and gives their leaves with the voucher of all of them.
func batch(t testing.TB, k keys, n int64) ([]ledger.Hash, vouch.Voucher) {
	t.Helper()
	var leaves []ledger.Hash
	for i := range n {
		e := entry(i + 1)
		leaves = append(leaves, vouch.Leaf(&e, noon))
	}
	v := vouch.Voucher{Source: k.source, KeyID: k.key.KeyID(), SignedAt: noon, Size: uint64(n)}
	var err error
	v.Signature, err = k.key.SignMessage(vouch.Statement(v.Source, v.KeyID, v.SignedAt, v.Size, ledger.NewLeaves(leaves).Root()))
	must(t, err)
	return leaves, v
}

// TestAVoucherProvesItsRunAlone changes everything a voucher speaks of, one after
// the other (SH12-C-6, SH12-C-12).
func TestAVoucherProvesItsRunAlone(t *testing.T) {
	t.Parallel()
	for _, alg := range []sign.Alg{sign.SM2, sign.Ed25519} {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			key, err := sign.Generate(alg)
			must(t, err)
			k := keys{"declaration", key}
			leaves, whole := batch(t, k, 7)
			must(t, whole.Check(k, leaves))
			some := whole
			some.First = 2
			some.Left, some.Right = ledger.NewLeaves(leaves).Around(2, 5)
			must(t, some.Check(k, leaves[2:5]))
			for name, change := range map[string]func(v *vouch.Voucher, run *[]ledger.Hash){
				"another service": func(v *vouch.Voucher, _ *[]ledger.Hash) { v.Source = "budgeting" },
				"another time":    func(v *vouch.Voucher, _ *[]ledger.Hash) { v.SignedAt = noon.Add(time.Microsecond) },
				"another size":    func(v *vouch.Voucher, _ *[]ledger.Hash) { v.Size = 6 },
				"another place":   func(v *vouch.Voucher, _ *[]ledger.Hash) { v.First = 3 },
				"no signature":    func(v *vouch.Voucher, _ *[]ledger.Hash) { v.Signature = nil },
				"nothing around":  func(v *vouch.Voucher, _ *[]ledger.Hash) { v.Left, v.Right = nil, nil },
				"another order":   func(_ *vouch.Voucher, run *[]ledger.Hash) { *run = []ledger.Hash{leaves[3], leaves[2], leaves[4]} },
				"one event less":  func(_ *vouch.Voucher, run *[]ledger.Hash) { *run = leaves[2:4] },
				"other events":    func(_ *vouch.Voucher, run *[]ledger.Hash) { *run = leaves[3:6] },
			} {
				v, run := some, leaves[2:5]
				change(&v, &run)
				if err := v.Check(k, run); !errors.Is(err, vouch.ErrForged) {
					t.Errorf("%s: %v", name, err)
				}
			}
			stranger := some
			stranger.KeyID = "00000000000000000000000000000000"
			if err := stranger.Check(k, leaves[2:5]); !errors.Is(err, vouch.ErrKeyUnknown) {
				t.Errorf("a key of nobody: %v", err)
			}
		})
	}
}

// TestEveryPartOfAnEventIsSigned wants another leaf for any change of an event.
func TestEveryPartOfAnEventIsSigned(t *testing.T) {
	t.Parallel()
	e := entry(1)
	const want = "11\x001.0\x0001936d2e-0000-7000-8000-00000000000a\x00declaration\x00egov.test.v1.Happened\x00p-1\x00" +
		"2026-03-02T12:00:00.000123Z\x002026-03-02T13:00:00.000123Z\x00education\x00li\x001\x00\x00{\"n\":1}"
	if got := string(vouch.AppendEvent(nil, &e, noon.Add(time.Hour))); got != want {
		t.Errorf("signed: %q", got)
	}
	same := vouch.Leaf(&e, noon)
	for name, change := range map[string]func(*ledger.Entry){
		"id": func(e *ledger.Entry) { e.ID = "x" }, "source": func(e *ledger.Entry) { e.Source = "x" }, "type": func(e *ledger.Entry) { e.Type = "x" },
		"subject": func(e *ledger.Entry) { e.Subject = "x" }, "time": func(e *ledger.Entry) { e.Time = noon.Add(time.Microsecond) },
		"unit": func(e *ledger.Entry) { e.Unit = "x" }, "actor": func(e *ledger.Entry) { e.Actor = "x" }, "number": func(e *ledger.Entry) { e.EventSeq = 2 },
		"trace": func(e *ledger.Entry) { e.TraceParent = "x" }, "data": func(e *ledger.Entry) { e.Data = []byte("{}") },
	} {
		other := entry(1)
		change(&other)
		if vouch.Leaf(&other, noon) == same {
			t.Errorf("%s may be another", name)
		}
	}
	if vouch.Leaf(&e, noon.Add(time.Microsecond)) == same {
		t.Error("the time of recording may be another")
	}
}

// TestPinnedKeysCountByThemselves asks a set of keys that somebody holds: for its
// keys, within their time, under their holder's name, unless they are revoked
// (SH12-C-9, SH12-C-12).
func TestPinnedKeysCountByThemselves(t *testing.T) {
	t.Parallel()
	key, err := sign.Generate(sign.Ed25519)
	must(t, err)
	set := func(revoked *time.Time) *sign.KeySet {
		s, err := sign.NewKeySet(sign.TrustedKey{Public: key.Public(), Holder: "declaration", NotBefore: noon, NotAfter: noon.Add(time.Hour), RevokedAt: revoked})
		must(t, err)
		return s
	}
	later := noon.Add(1000 * time.Hour)
	for name, c := range map[string]struct {
		set    *sign.KeySet
		source string
		id     string
		at     time.Time
		want   error
	}{
		"its own":                     {set(nil), "declaration", key.KeyID(), noon, nil},
		"another's":                   {set(nil), "budgeting", key.KeyID(), noon, sign.ErrSignerMismatch},
		"nobody's":                    {set(nil), "declaration", "0", noon, vouch.ErrKeyUnknown},
		"of no set":                   {nil, "declaration", key.KeyID(), noon, vouch.ErrKeyUnknown},
		"just before it begins":       {set(nil), "declaration", key.KeyID(), noon.Add(-sign.Skew), nil},
		"long before it begins":       {set(nil), "declaration", key.KeyID(), noon.Add(-time.Hour), sign.ErrKeyNotValid},
		"when it has run out":         {set(nil), "declaration", key.KeyID(), noon.Add(time.Hour), sign.ErrKeyNotValid},
		"revoked":                     {set(&noon), "declaration", key.KeyID(), noon, sign.ErrKeyRevoked},
		"revoked after it was used":   {set(&later), "declaration", key.KeyID(), noon, sign.ErrKeyRevoked},
		"revoked, under a wrong name": {set(&later), "budgeting", key.KeyID(), noon, sign.ErrSignerMismatch},
	} {
		got, err := vouch.Pinned{Set: c.set}.VerifyingKey(c.source, c.id, c.at)
		if !errors.Is(err, c.want) || (err == nil) != (got != nil) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestTheFormIsWrittenAroundTheTimeOfRecording puts together what is signed from
// what is known sooner and later.
func TestTheFormIsWrittenAroundTheTimeOfRecording(t *testing.T) {
	t.Parallel()
	e := entry(7)
	around, at := vouch.AppendAround([]byte("x"), &e)
	whole := append(vouch.AppendTime(append([]byte{}, around[:at]...), noon), around[at:]...)
	if want := vouch.AppendEvent([]byte("x"), &e, noon); string(whole) != string(want) {
		t.Errorf("%q\nwant %q", whole, want)
	}
}
