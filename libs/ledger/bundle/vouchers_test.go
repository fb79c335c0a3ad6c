package bundle_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
)

// TestRowsAreAsTheirServicesSignedThem has the ledger's operator, who owns its
// keys and his witnesses, write bundles in which chain, tree, checkpoint and
// manifest are right, and what the services signed is not (SH12-C-6, SH12-C-12).
func TestRowsAreAsTheirServicesSignedThem(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 90)
	strangers := newKeyring(t)
	scopes := map[string]bundle.Source{
		"whole": b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 90),
		"range": b.source(t, bundle.Scope{Kind: bundle.KindRange, From: "2026-03-02"}, 20, 80),
		"rows":  b.source(t, bundle.Scope{Kind: bundle.KindRows, Subject: "YP-2"}, 1, 90),
	}
	for name, c := range map[string]struct {
		change func(all []bundle.Vouched) []bundle.Vouched
		code   ledger.Code
		run    int // that is to blame
	}{
		"nothing":               {func(all []bundle.Vouched) []bundle.Vouched { return all }, "", 0},
		"a run left out":        {func(all []bundle.Vouched) []bundle.Vouched { return slices.Delete(all, 3, 4) }, ledger.CodeLeafNotInTree, 3},
		"all left out":          {func([]bundle.Vouched) []bundle.Vouched { return nil }, ledger.CodeLeafNotInTree, 0},
		"the last left out":     {func(all []bundle.Vouched) []bundle.Vouched { return all[:len(all)-1] }, ledger.CodeLeafNotInTree, -1},
		"two runs swapped":      {func(all []bundle.Vouched) []bundle.Vouched { all[3], all[4] = all[4], all[3]; return all }, ledger.CodeLeafNotInTree, 3},
		"a signature replaced":  {func(all []bundle.Vouched) []bundle.Vouched { all[3].Signature = all[5].Signature; return all }, ledger.CodeCheckpointSignature, 3},
		"a signature cut":       {func(all []bundle.Vouched) []bundle.Vouched { all[3].Signature = nil; return all }, ledger.CodeCheckpointSignature, 3},
		"another time signed":   {func(all []bundle.Vouched) []bundle.Vouched { all[3].SignedAt = began; return all }, ledger.CodeCheckpointSignature, 3},
		"another time recorded": {func(all []bundle.Vouched) []bundle.Vouched { all[3].Recorded[0] = began; return all }, ledger.CodeCheckpointSignature, 3},
		"another size":          {func(all []bundle.Vouched) []bundle.Vouched { all[3].Size = 1 << 40; return all }, ledger.CodeCheckpointSignature, 3},
		"another place":         {func(all []bundle.Vouched) []bundle.Vouched { all[3].First++; return all }, ledger.CodeCheckpointSignature, 3},
		"another service": {func(all []bundle.Vouched) []bundle.Vouched {
			all[3].Source, all[3].KeyID = "declaration", ring.events["declaration"].KeyID()
			return all
		}, ledger.CodeLeafNotInTree, 3},
		"a service's name on another's key": {func(all []bundle.Vouched) []bundle.Vouched {
			all[3].KeyID = ring.events["declaration"].KeyID()
			return all
		}, ledger.CodeUnknownKey, 3},
		"signed before the key was": {func(all []bundle.Vouched) []bundle.Vouched { all[3].SignedAt = began.Add(-24 * time.Hour); return all }, ledger.CodeUnknownKey, 3},
		"a key of nobody":           {func(all []bundle.Vouched) []bundle.Vouched { all[3].KeyID = "0"; return all }, ledger.CodeUnknownKey, 3},
		"a batch of a stranger's": {func(all []bundle.Vouched) []bundle.Vouched {
			key := strangers.events["conference"]
			p := b.signBatch(t, int(all[3].FirstSeq-1)/3*3)
			all[3].KeyID = key.KeyID()
			var err error
			all[3].Signature, err = key.SignMessage(vouch.Statement(all[3].Source, all[3].KeyID, all[3].SignedAt, all[3].Size, ledger.NewLeaves(p.leaves).Root()))
			if err != nil {
				t.Fatal(err)
			}
			return all
		}, ledger.CodeUnknownKey, 3},
	} {
		for kind, src := range scopes {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				var rows []ledger.Row
				for r, err := range src.Rows {
					if err != nil {
						t.Fatal(err)
					}
					rows = append(rows, *r)
				}
				all := b.vouchers(t, rows)
				seq := uint64(0)
				switch {
				case c.run < 0:
					seq = all[len(all)-1].FirstSeq
				case c.code != "":
					seq = all[c.run].FirstSeq
				}
				if name == "another place" && kind != "range" && all[3].Rows() == 1 && all[3].First == 2 {
					t.Fatal("the case says nothing of a run at the end of its batch")
				}
				changed := src
				changed.Vouchers = yieldVouchers(c.change(all))
				got := verify(t, write(t, b, changed), bundle.VerifyOptions{Trust: ring.trust(t)})
				if got.ErrorCode != c.code || got.FirstBadSeq != seq || got.OK != (c.code == "") {
					t.Fatalf("%s at %d: %v; want %s at %d", got.ErrorCode, got.FirstBadSeq, got.Finding, c.code, seq)
				}
			})
		}
	}
}

// TestAnOperatorEditsARowAndSignsEverything has the ledger's owner rewrite what a
// bureau said and compute all of it again, with his keys: what the bureau signed
// says otherwise (SH12-C-6).
func TestAnOperatorEditsARowAndSignsEverything(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	honest, forged := newBook(t, ring, 40), newBook(t, ring, 9)
	forged.grow(t, 1, "embellished")
	forged.stated = slices.Clone(honest.rows[:10]) // what the bureaus signed
	got := verify(t, forged.whole(t), bundle.VerifyOptions{Trust: ring.trust(t)})
	if got.ErrorCode != ledger.CodeCheckpointSignature || got.FirstBadSeq != 10 {
		t.Fatalf("%+v, %v", got, got.Finding)
	}
	forged.stated = honest.rows[:9] // a row that nobody stated
	if got := verify(t, forged.whole(t), bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeLeafNotInTree || got.FirstBadSeq != 10 {
		t.Fatalf("%+v, %v", got, got.Finding)
	}
}

// TestTheServicesKeysThatCount verifies under trust files that pin the services'
// keys, revoke them, and say nothing of them (SH12-C-9, SH12-C-12).
func TestTheServicesKeysThatCount(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 30)
	data := b.whole(t)
	none := ring.keys
	none.Events = nil
	strangers := newKeyring(t)
	foreign := ring.keys
	foreign.Events = strangers.keys.Events
	src := b.source(t, bundle.Scope{Kind: bundle.KindLedger}, 1, 30)
	src.Vouchers = nil
	silent := write(t, b, src)
	revoked := began.Add(time.Hour)
	for name, c := range map[string]struct {
		data  []byte
		trust bundle.VerifyOptions
		code  ledger.Code
		heard string
	}{
		"pinned":            {data, bundle.VerifyOptions{Trust: ring.trust(t)}, "", ""},
		"others are pinned": {data, bundle.VerifyOptions{Trust: trusting(t, foreign)}, ledger.CodeUnknownKey, ""},
		"one is revoked": {data, bundle.VerifyOptions{Trust: ring.trusting(t, func(k *sign.TrustedKey) {
			if k.Holder == "conference" {
				k.RevokedAt, k.RevokedReason = &revoked, "lost"
			}
		})}, ledger.CodeUnknownKey, ""},
		"all have run out":                {data, bundle.VerifyOptions{Trust: ring.trusting(t, func(k *sign.TrustedKey) { k.NotAfter = began })}, ledger.CodeUnknownKey, ""},
		"none is pinned":                  {data, bundle.VerifyOptions{Trust: trusting(t, none)}, "", "bundle_own_event_keys"},
		"nothing vouches":                 {silent, bundle.VerifyOptions{Trust: trusting(t, none)}, "", "bundle_no_vouchers"},
		"nothing vouches, keys are given": {silent, bundle.VerifyOptions{Trust: ring.trust(t)}, ledger.CodeLeafNotInTree, ""},
	} {
		heard := ""
		c.trust.Warn = func(w *fault.Error) { heard += w.Code }
		if got := verify(t, c.data, c.trust); got.ErrorCode != c.code || heard != c.heard {
			t.Errorf("%s: %v, heard %q", name, got.Finding, heard)
		}
	}
}

// TestVouchersOfBothAlgorithms has a service sign by SM2 too.
func TestVouchersOfBothAlgorithms(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	var err error
	if ring.events["conference"], err = sign.Generate(sign.SM2); err != nil {
		t.Fatal(err)
	}
	ring.keys.Events = ring.register(t, nil)
	if got := verify(t, newBook(t, ring, 20).whole(t), bundle.VerifyOptions{Trust: ring.trust(t)}); !got.OK {
		t.Fatal(got.Finding)
	}
}

// TestVouchersAreWrittenInOneForm reads a line as an outsider does.
func TestVouchersAreWrittenInOneForm(t *testing.T) {
	t.Parallel()
	v := bundle.Vouched{FirstSeq: 7, Recorded: bundle.Instants{time.UnixMicro(1).UTC(), time.UnixMicro(258).UTC()}}
	v.Source, v.KeyID, v.SignedAt, v.Signature, v.Size, v.First = "declaration", "ab", began, []byte{1}, 3, 1
	v.Left = []ledger.Hash{{}}
	text, err := json.Marshal(v)
	want := `{"first_seq":7,"recorded":"AAAAAAAAAAEAAAAAAAABAg==","source":"declaration","key_id":"ab","signed_at":"2026-03-02T09:30:00Z","signature":"AQ==","size":3,"first":1,"left":["` + ledger.Hash{}.String() + `"]}`
	if err != nil || string(text) != want {
		t.Fatalf("%s, %v\nwant %s", text, err, want)
	}
	var back bundle.Vouched
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back.Recorded, v.Recorded) {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{`"AAAAAAAAAAE"`, `"AAAA"`, `"!"`} {
		var i bundle.Instants
		if json.Unmarshal([]byte(bad), &i) == nil {
			t.Errorf("%s is taken for %v", bad, i)
		}
	}
}

// TestLinesThatAreNoVouchersAreFound has the operator sign a file that is none.
func TestLinesThatAreNoVouchersAreFound(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	good := newBook(t, ring, 9).whole(t)
	for name, text := range map[string]string{
		"rubbish":            "rubbish\n",
		"an unknown member":  `{"first_seq":1,"what":1}` + "\n",
		"a run without rows": `{"first_seq":1,"recorded":""}` + "\n",
	} {
		u := unpack(t, good)
		u.files[bundle.NameVouchers] = []byte(text)
		if got := verify(t, u.pack(t), bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeFileHash {
			t.Errorf("%s, unsigned: %v", name, got.Finding)
		}
		u.sign(t, ring, func(m *bundle.Manifest) {
			for i := range m.Files {
				if m.Files[i].Name == bundle.NameVouchers {
					h := ledger.SumSM3([]byte(text))
					m.Files[i] = bundle.FileInfo{Name: bundle.NameVouchers, Size: int64(len(text)), SHA256: ledger.Sum256([]byte(text)), SM3: &h}
				}
			}
		})
		if got := verify(t, u.pack(t), bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeFileHash {
			t.Errorf("%s: %v", name, got.Finding)
		}
	}
}
