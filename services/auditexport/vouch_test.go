package auditexport_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/vouch"
	"egov/libs/sign"
	"egov/services/auditexport"
)

// register is the services' keys.
type register struct {
	vouch.Pinned
	keys map[string]*sign.PrivateKey
}

func (r *register) Keys() (*sign.KeySet, error) { return r.Set, nil }

// of is a service's key.
func (r *register) of(t testing.TB, source string) *sign.PrivateKey {
	t.Helper()
	if k, ok := r.keys[source]; ok {
		return k
	}
	k, err := sign.Generate(sign.SM2)
	must(t, err)
	r.keys[source] = k
	var all []sign.TrustedKey
	for holder, key := range r.keys {
		all = append(all, sign.TrustedKey{Public: key.Public(), Holder: holder, NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(1000 * time.Hour)})
	}
	r.Set, err = sign.NewKeySet(all...)
	must(t, err)
	return k
}

// swear has the services sign the rows that nobody has signed yet: each run of
// one service's in a batch with others before and behind it.
func (h *house) swear() {
	h.t.Helper()
	if h.register == nil {
		h.register = &register{keys: map[string]*sign.PrivateKey{}}
	}
	h.Producers = h.register
	var run []ledger.Entry
	end, err := h.book.End(h.asSelf())
	must(h.t, err)
	for row, err := range h.book.Rows(h.asSelf(), "", h.sworn+1, int64(end)) {
		must(h.t, err)
		e, err := ledger.Parse(bytes.Clone(row.Raw))
		must(h.t, err)
		if len(run) > 0 && (run[0].Source != e.Source || len(run) == 40) {
			h.signRun(run)
			run = nil
		}
		run = append(run, e)
	}
	if len(run) > 0 {
		h.signRun(run)
	}
}

func (h *house) signRun(run []ledger.Entry) {
	h.t.Helper()
	const before, behind = 3, 2
	leaves := []ledger.Hash{{1}, {2}, {3}}
	var recorded []byte
	for _, e := range run {
		at := e.Time.Add(time.Duration(e.EventSeq) * time.Millisecond)
		leaves, recorded = append(leaves, vouch.Leaf(&e, at)), binary.BigEndian.AppendUint64(recorded, uint64(at.UnixMicro()))
	}
	leaves = append(leaves, ledger.Hash{4}, ledger.Hash{5})
	tree := ledger.NewLeaves(leaves)
	key, source, at := h.register.of(h.t, run[0].Source), run[0].Source, noon.Truncate(time.Microsecond)
	signature, err := key.SignMessage(vouch.Statement(source, key.KeyID(), at, tree.Size(), tree.Root()))
	must(h.t, err)
	left, right := tree.Around(before, uint64(len(leaves)-behind))
	var around []byte
	for _, x := range append(left, right...) {
		around = append(around, x[:]...)
	}
	_, err = h.super.Exec(h.t.Context(), `INSERT INTO ledger_voucher (first_seq, rows, source, key_id, signed_at, signature, size, first, around, recorded)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, h.sworn+1, len(run), source, key.KeyID(), at, signature, len(leaves), before, around, recorded)
	must(h.t, err)
	h.sworn += int64(len(run))
}

// trusting is what an auditor pins: the ledger's keys and the services'.
func (h *house) trusting() *checkpoint.Trust {
	h.t.Helper()
	keys := h.Keyring.Keys
	keys.Events = h.register.Set
	trust, err := checkpoint.NewTrust(keys)
	must(h.t, err)
	return trust
}

func (h *house) outsider(archive []byte) bundle.Report {
	h.t.Helper()
	r, err := bundle.Verify(h.t.Context(), bytes.NewReader(archive), int64(len(archive)), bundle.VerifyOptions{Trust: h.trusting()})
	must(h.t, err)
	return r
}

// TestABundleShowsWhoStatedItsRows takes bundles that cut runs apart, of one
// project and of a time, and has each row's service named by its own signature
// (SH12-C-6). Whoever changed a row or what proves it is found, and so is who put
// a row in himself.
func TestABundleShowsWhoStatedItsRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", withPapers("p-1")...)
	h.grow(100, withdrawn)
	h.clock.Set(noon.Add(24 * time.Hour))
	h.grow(50, withdrawn)
	h.swear()
	asks := map[string]auditexport.MakeExport{
		"the ledger": {}, "a project": {Project: "p-1"}, "another": {Project: "p-2"},
		"a day": {From: "2026-03-02", To: "2026-03-02"}, "the next": {From: "2026-03-03"},
	}
	for name, ask := range asks {
		archive := h.export(ask)
		if r := h.outsider(archive); !r.OK {
			t.Errorf("%s: %v", name, r.Finding)
		}
		files := unpack(t, archive)
		var keys checkpoint.Keys
		must(t, json.Unmarshal(files["keys.json"], &keys))
		if keys.Events == nil || len(keys.Events.Keys()) != len(h.register.keys) || len(files["vouchers.jsonl"]) == 0 {
			t.Errorf("%s: %s", name, files["keys.json"])
		}
	}
	if v := h.verdict(); !v.OK {
		t.Errorf("%+v", v)
	}
	for name, c := range map[string]struct {
		sql  string
		code ledger.Code
		seq  uint64
	}{
		"another signature": {"UPDATE ledger_voucher SET signature = overlay(signature PLACING '\\x0000' FROM 30) WHERE first_seq = 98", ledger.CodeCheckpointSignature, 98},
		"another key":       {"UPDATE ledger_voucher SET key_id = repeat('0', 32) WHERE first_seq = 98", ledger.CodeUnknownKey, 98},
		"another's name":    {"UPDATE ledger_voucher SET source = 'finance' WHERE first_seq = 98", ledger.CodeLeafNotInTree, 98},
		"no voucher":        {"DELETE FROM ledger_voucher WHERE first_seq = 98", ledger.CodeLeafNotInTree, 98},
		"another tree":      {"UPDATE ledger_voucher SET size = 4 WHERE first_seq = 98", ledger.CodeCheckpointSignature, 98},
	} {
		keep := "CREATE TABLE kept AS SELECT * FROM ledger_voucher"
		h.sql(keep, c.sql)
		if r := h.outsider(h.export(auditexport.MakeExport{})); r.ErrorCode != c.code || r.FirstBadSeq != c.seq {
			t.Errorf("%s: %v", name, r.Finding)
		}
		if r := h.outsider(h.export(auditexport.MakeExport{From: "2026-03-03"})); r.ErrorCode == "" {
			t.Errorf("%s, of a day: it holds", name)
		}
		h.sql("DELETE FROM ledger_voucher", "INSERT INTO ledger_voucher SELECT * FROM kept", "DROP TABLE kept")
	}
	h.append(h.event("conference", "p-1", "gov-office", withdrawn(1))) // the operator's own
	for name, ask := range map[string]auditexport.MakeExport{"the ledger": {}, "a project": {Project: "p-1"}} {
		if r := h.outsider(h.export(ask)); r.ErrorCode != ledger.CodeLeafNotInTree || r.FirstBadSeq != 169 {
			t.Errorf("%s with a row that nobody stated: %v", name, r.Finding)
		}
	}
	if v := h.verdict(); v.ErrorCode != string(auditexport.CodeUnvouched) || v.FirstBadSeq != 169 {
		t.Errorf("%+v", v)
	}
}

// TestARegisterThatIsAwayDelaysABundle asks for one while the services' keys
// cannot be read.
func TestARegisterThatIsAwayDelaysABundle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3, withdrawn)
	away := errors.New("away")
	h.Producers = unreadable{&register{}, away}
	if _, err := h.MakeExport(h.asAuditor(), auditexport.MakeExport{}); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}

type unreadable struct {
	*register
	err error
}

func (u unreadable) Keys() (*sign.KeySet, error) { return nil, u.err }
