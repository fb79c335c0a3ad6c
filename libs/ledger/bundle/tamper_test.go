package bundle_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
)

// TestTamperMatrix lets an attacker without keys do everything to a bundle
// that comes to mind, and expects it to be named.
func TestTamperMatrix(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 90)
	exports := map[string][]byte{"whole": b.whole(t), "range": b.part(t, 21, 80), "rows": b.about(t, "YP-2")}
	// The row on line 9 of each export.
	seqs := map[string]uint64{"whole": 10, "range": 30, "rows": 29}

	cases := map[string]struct {
		tamper func(*testing.T, *unpacked)
		code   ledger.Code
		line   int // of the row to blame, from zero; −1 when none is
		only   string
	}{
		"payload edited":                {func(t *testing.T, u *unpacked) { u.event(t, 9, `"amount_fen":10`, `"amount_fen":90`) }, ledger.CodeRowHash, 9, ""},
		"actor edited":                  {func(t *testing.T, u *unpacked) { u.event(t, 9, "zhang", "zhao") }, ledger.CodeRowHash, 9, ""},
		"time edited":                   {func(t *testing.T, u *unpacked) { u.event(t, 9, "2026-03-02", "2026-03-01") }, ledger.CodeRowHash, 9, ""},
		"unit edited":                   {func(t *testing.T, u *unpacked) { u.event(t, 9, "education", "health") }, ledger.CodeRowHash, 9, ""},
		"type edited":                   {func(t *testing.T, u *unpacked) { u.event(t, 9, "Happened", "Occurred") }, ledger.CodeRowHash, 9, ""},
		"subject edited":                {func(t *testing.T, u *unpacked) { u.event(t, 9, `"subject":"YP-`, `"subject":"XP-`) }, ledger.CodeRowHash, 9, ""},
		"raw replaced by rubbish":       {func(t *testing.T, u *unpacked) { u.rewrite(9, `"raw":"`, `"raw":"!`) }, ledger.CodeRowHash, 9, ""},
		"line replaced by rubbish":      {func(t *testing.T, u *unpacked) { u.line(9, func(string) string { return "rubbish" }) }, ledger.CodeRowHash, 9, ""},
		"line emptied":                  {func(t *testing.T, u *unpacked) { u.line(9, func(string) string { return "" }) }, ledger.CodeRowHash, 9, ""},
		"hash edited":                   {func(t *testing.T, u *unpacked) { u.line(9, flipDigit("sha256")) }, ledger.CodeRowHash, 9, ""},
		"SM3 hash edited":               {func(t *testing.T, u *unpacked) { u.line(9, flipDigit("sm3")) }, ledger.CodeRowHash, 9, ""},
		"chain edited":                  {func(t *testing.T, u *unpacked) { u.line(9, flipDigit("chain")) }, ledger.CodeChainBroken, 9, ""},
		"rows written anew by a script": {func(t *testing.T, u *unpacked) { u.respace(); u.event(t, 9, "zhang", "zhao") }, ledger.CodeRowHash, 9, ""},
		"payload edited with its hashes": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.line(9, rehashed(t))
		}, ledger.CodeChainBroken, 9, ""},
		"payload edited, everything after it rechained": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.rechain(t, 9)
		}, ledger.CodeLeafNotInTree, -1, "whole"},
		"payload edited, the range rechained": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.rechain(t, 9)
		}, ledger.CodeLeafNotInTree, -1, "range"},
		"payload edited, the row rechained": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.line(9, rehashed(t))
			u.line(9, func(line string) string {
				row := readRow(t, line)
				row.Chain = ledger.Link(b.rows[row.Seq-2].Chain, row.Seq, row.SHA256, row.SM3)
				return writeRow(row)
			})
		}, ledger.CodeLeafNotInTree, 9, "rows"},
		"row dropped in the middle": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return slices.Delete(l, 9, 10) })
		}, ledger.CodeRowMissing, 9, ""},
		"row dropped with its proof": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return slices.Delete(l, 9, 10) })
			proof := strings.Split(string(u.files[bundle.NameProof]), "\n")
			u.files[bundle.NameProof] = []byte(strings.Join(slices.Delete(proof, 10, 11), "\n"))
		}, ledger.CodeRowMissing, 11, "rows"},
		"row dropped, the rest renumbered": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return slices.Delete(l, 9, 10) })
			u.lines(func(l []string) []string {
				for i := 9; i < len(l)-1; i++ {
					row := readRow(t, l[i])
					row.Seq--
					l[i] = writeRow(row)
				}
				return l
			})
			u.rechain(t, 9)
		}, ledger.CodeTruncated, 89, "whole"},
		"two rows swapped": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { l[9], l[12] = l[12], l[9]; return l })
		}, ledger.CodeRowOrder, 9, ""},
		"contents of two rows swapped": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string {
				x, y := readRow(t, l[9]), readRow(t, l[12])
				x.Seq, y.Seq = y.Seq, x.Seq
				l[9], l[12] = writeRow(y), writeRow(x)
				return l
			})
		}, ledger.CodeChainBroken, 9, ""},
		"row repeated": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return slices.Insert(l, 10, l[9]) })
		}, ledger.CodeRowOrder, 9, ""},
		"row behind the closing line": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return append(l, l[9]) })
		}, ledger.CodeRowOrder, 9, ""},
		"tail cut": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return l[:20] })
		}, ledger.CodeTruncated, 20, ""},
		"tail cut in front of the closing line": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return append(l[:20], l[len(l)-1]) })
		}, ledger.CodeTruncated, 20, ""},
		"tail cut, closing line adjusted": {func(t *testing.T, u *unpacked) {
			u.cutTail(t, 20)
		}, ledger.CodeTruncated, 20, "whole"},
		"closing line cut": {func(t *testing.T, u *unpacked) {
			u.lines(func(l []string) []string { return l[:len(l)-1] })
		}, ledger.CodeTruncated, -1, "whole"},
		"file cut in the middle of a line": {func(t *testing.T, u *unpacked) {
			text := u.files[bundle.NameLedger]
			end := bytes.Index(text, fmt.Appendf(nil, `{"seq":%d,`, seqs["whole"]))
			u.files[bundle.NameLedger] = text[:end+40]
		}, ledger.CodeTruncated, 9, "whole"},
		"rows removed altogether":        {func(t *testing.T, u *unpacked) { delete(u.files, bundle.NameLedger) }, ledger.CodeTruncated, -1, ""},
		"closing line of another export": {func(t *testing.T, u *unpacked) { u.foreignTrailer(t, exports["rows"]) }, ledger.CodeTruncated, -1, "whole"},
		"closing line unsigned":          {func(t *testing.T, u *unpacked) { u.rewriteLast(`"signatures":["`, `"signatures":[],"x":["`) }, ledger.CodeRowHash, -1, "whole"},
		"closing signature edited":       {func(t *testing.T, u *unpacked) { u.rewriteLast(`"digest":"`, `"digest":"0`) }, ledger.CodeRowHash, -1, "whole"},

		"root edited":                       {func(t *testing.T, u *unpacked) { u.checkpointRoot(ledger.Hash{1}) }, ledger.CodeCheckpointSignature, -1, ""},
		"size edited":                       {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameCheckpoint, "\n90\n", "\n91\n") }, ledger.CodeCheckpointSignature, -1, ""},
		"SM3 chain edited":                  {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameCheckpoint, "sm3-chain ", "sm4-chain ") }, ledger.CodeCheckpointSignature, -1, ""},
		"checkpoint removed":                {func(t *testing.T, u *unpacked) { delete(u.files, bundle.NameCheckpoint) }, ledger.CodeCheckpointSignature, -1, ""},
		"checkpoint emptied":                {func(t *testing.T, u *unpacked) { u.files[bundle.NameCheckpoint] = nil }, ledger.CodeCheckpointSignature, -1, ""},
		"checkpoint's signatures removed":   {func(t *testing.T, u *unpacked) { u.dropNoteLines(origin) }, ledger.CodeUnknownKey, -1, ""},
		"cosignature removed":               {func(t *testing.T, u *unpacked) { u.dropNoteLines("test.example/witness/finance") }, ledger.CodeCosignature, -1, ""},
		"all cosignatures removed":          {func(t *testing.T, u *unpacked) { u.dropNoteLines("test.example/witness/") }, ledger.CodeCosignature, -1, ""},
		"cosignature of another moment":     {func(t *testing.T, u *unpacked) { u.falsifyNoteLine(t, "test.example/witness/finance") }, ledger.CodeCosignature, -1, ""},
		"keys replaced":                     {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameKeys, `"quorum": 1`, `"quorum": 0`) }, ledger.CodeFileHash, -1, ""},
		"keys removed":                      {func(t *testing.T, u *unpacked) { delete(u.files, bundle.NameKeys) }, ledger.CodeFileHash, -1, ""},
		"proofs removed":                    {func(t *testing.T, u *unpacked) { delete(u.files, bundle.NameProof) }, ledger.CodeFileHash, -1, ""},
		"proofs replaced by rubbish":        {func(t *testing.T, u *unpacked) { u.files[bundle.NameProof] = []byte("[]") }, ledger.CodeFileHash, -1, ""},
		"proofs for another size":           {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"size":90`, `"size":89`) }, ledger.CodeLeafNotInTree, -1, ""},
		"proofs spaced out":                 {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"size":90`, `"size": 90`) }, ledger.CodeFileHash, -1, ""},
		"proofs with a member nobody knows": {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"size":90`, `"size":90,"x":1`) }, ledger.CodeFileHash, -1, ""},
		"proofs with a member repeated":     {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"size":90`, `"size":90,"size":90`) }, ledger.CodeFileHash, -1, ""},
		"proofs of no known kind":           {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `{"kind":"`, `{"kind":"x`) }, ledger.CodeFileHash, -1, ""},
		"proofs with something behind": {func(t *testing.T, u *unpacked) {
			u.files[bundle.NameProof] = append(u.files[bundle.NameProof], "{}"...)
		}, ledger.CodeFileHash, -1, "range"},
		"row proofs with something behind": {func(t *testing.T, u *unpacked) {
			u.files[bundle.NameProof] = append(u.files[bundle.NameProof], "{}"...)
		}, ledger.CodeFileHash, -1, "rows"},
		"row proofs cut": {func(t *testing.T, u *unpacked) { u.files[bundle.NameProof] = u.files[bundle.NameProof][:5000] }, ledger.CodeFileHash, -1, "rows"},
		"a member without end": {func(t *testing.T, u *unpacked) {
			u.files[bundle.NameProof] = append([]byte(`{"kind":"`), strings.Repeat("k", 1<<20)...)
		}, ledger.CodeFileHash, -1, ""},
		"range without what came before":   {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"before":"`, `"before":null,"right":["`) }, ledger.CodeFileHash, -1, "range"},
		"range from nowhere":               {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"first":21`, `"first":0`) }, ledger.CodeLeafNotInTree, -1, "range"},
		"range from elsewhere":             {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameProof, `"first":21`, `"first":22`) }, ledger.CodeLeafNotInTree, -1, "range"},
		"number with a zero in front":      {func(t *testing.T, u *unpacked) { u.rewrite(9, `{"seq":`, `{"seq":0`) }, ledger.CodeRowHash, 9, ""},
		"number too long":                  {func(t *testing.T, u *unpacked) { u.rewrite(9, `{"seq":`, `{"seq":99999999999999999999`) }, ledger.CodeRowHash, 9, ""},
		"hash in upper case":               {func(t *testing.T, u *unpacked) { u.line(9, upperHash) }, ledger.CodeRowHash, 9, ""},
		"members swapped":                  {func(t *testing.T, u *unpacked) { u.rewrite(9, `","sm3":"`, `","sm4":"`) }, ledger.CodeRowHash, 9, ""},
		"line break inside an event":       {func(t *testing.T, u *unpacked) { u.rewrite(9, `"raw":"`, "\"raw\":\"\r") }, ledger.CodeRowHash, 9, ""},
		"proof of one row removed":         {func(t *testing.T, u *unpacked) { u.dropLine(bundle.NameProof, 10) }, ledger.CodeLeafNotInTree, 9, "rows"},
		"proof of one row edited":          {func(t *testing.T, u *unpacked) { u.flipInLine(bundle.NameProof, 10, `"hashes":["`) }, ledger.CodeLeafNotInTree, 9, "rows"},
		"chain before one row edited":      {func(t *testing.T, u *unpacked) { u.flipInLine(bundle.NameProof, 10, `"prev":"`) }, ledger.CodeChainBroken, 9, "rows"},
		"cover before the range edited":    {func(t *testing.T, u *unpacked) { u.flipInLine(bundle.NameProof, 0, `"left":["`) }, ledger.CodeLeafNotInTree, -1, "range"},
		"cover after the range edited":     {func(t *testing.T, u *unpacked) { u.flipInLine(bundle.NameProof, 0, `"right":["`) }, ledger.CodeLeafNotInTree, -1, "range"},
		"chain before the range edited":    {func(t *testing.T, u *unpacked) { u.flipInLine(bundle.NameProof, 0, `"before":"`) }, ledger.CodeChainBroken, 0, "range"},
		"range declared the whole":         {func(t *testing.T, u *unpacked) { u.files[bundle.NameProof] = []byte(`{"kind":"ledger","size":90}`) }, ledger.CodeRowMissing, -2, "range"},
		"whole declared a range":           {func(t *testing.T, u *unpacked) { u.declareRange() }, ledger.CodeManifest, -1, "whole"},
		"rows spaced out, nothing changed": {func(t *testing.T, u *unpacked) { u.respace() }, ledger.CodeFileHash, -1, ""},

		"attachment swapped":      {func(t *testing.T, u *unpacked) { u.files["files/合同.pdf"] = []byte("%PDF-1.7 another") }, ledger.CodeFileHash, -1, ""},
		"attachment removed":      {func(t *testing.T, u *unpacked) { delete(u.files, "files/合同.pdf") }, ledger.CodeFileHash, -1, ""},
		"attachment added":        {func(t *testing.T, u *unpacked) { u.add("files/new.pdf", "%PDF") }, ledger.CodeManifest, -1, ""},
		"table edited":            {func(t *testing.T, u *unpacked) { u.edit(t, "tables/rows.csv", "1,2", "1,3") }, ledger.CodeFileHash, -1, ""},
		"project document edited": {func(t *testing.T, u *unpacked) { u.edit(t, "project/YP-1.json", "YP-1", "YP-9") }, ledger.CodeFileHash, -1, ""},
		"completeness edited":     {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameCompleteness, "[]", "[1]") }, ledger.CodeFileHash, -1, ""},
		"attachment swapped, manifest recomputed": {func(t *testing.T, u *unpacked) {
			u.files["files/合同.pdf"] = []byte("%PDF-1.7 another")
			u.recompute(t)
		}, ledger.CodeManifest, -1, ""},
		"payload edited, manifest recomputed": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.recompute(t)
		}, ledger.CodeRowHash, 9, ""},
		"everything rechained, manifest recomputed": {func(t *testing.T, u *unpacked) {
			u.event(t, 9, "zhang", "zhao")
			u.rechain(t, 9)
			u.recompute(t)
		}, ledger.CodeLeafNotInTree, -1, "whole"},
		"manifest removed":               {func(t *testing.T, u *unpacked) { delete(u.files, bundle.NameManifest) }, ledger.CodeManifest, -1, ""},
		"manifest replaced by rubbish":   {func(t *testing.T, u *unpacked) { u.files[bundle.NameManifest] = []byte("{}") }, ledger.CodeManifest, -1, ""},
		"author of the manifest edited":  {func(t *testing.T, u *unpacked) { u.edit(t, bundle.NameManifest, `"actor": "li"`, `"actor": "wu"`) }, ledger.CodeManifest, -1, ""},
		"manifest's signatures removed":  {func(t *testing.T, u *unpacked) { u.unsignManifest(t) }, ledger.CodeManifest, -1, ""},
		"member added behind the signed": {func(t *testing.T, u *unpacked) { u.appendMember(`"tool": "forged"`) }, ledger.CodeManifest, -1, ""},
		"signatures given twice":         {func(t *testing.T, u *unpacked) { u.appendMember(`"signatures": []`) }, ledger.CodeManifest, -1, ""},
		"file with an unsafe name":       {func(t *testing.T, u *unpacked) { u.add("files/../../etc/passwd", "x") }, ledger.CodeManifest, -1, ""},
		"file with an absolute name":     {func(t *testing.T, u *unpacked) { u.add("/files/x", "x") }, ledger.CodeManifest, -1, ""},
		"file with a backslash":          {func(t *testing.T, u *unpacked) { u.add(`files\x`, "x") }, ledger.CodeManifest, -1, ""},
		"file outside the known folders": {func(t *testing.T, u *unpacked) { u.add("run.sh", "x") }, ledger.CodeManifest, -1, ""},
		"manifest there twice":           {func(t *testing.T, u *unpacked) { u.names = append(u.names, bundle.NameManifest) }, ledger.CodeManifest, -1, ""},
		"rows there twice":               {func(t *testing.T, u *unpacked) { u.names = append(u.names, bundle.NameLedger) }, ledger.CodeManifest, -1, ""},
		"a name there in upper case too": {func(t *testing.T, u *unpacked) { u.add("TABLES/rows.csv", "x") }, ledger.CodeManifest, -1, ""},
		"a name there in another case":   {func(t *testing.T, u *unpacked) { u.add("tables/ROWS.csv", "x") }, ledger.CodeManifest, -1, ""},
		"a folder elsewhere":             {func(t *testing.T, u *unpacked) { u.add("secret/", "") }, ledger.CodeManifest, -1, ""},
		"a bomb":                         {func(t *testing.T, u *unpacked) { u.add("files/bomb", strings.Repeat("0", 80<<20)) }, ledger.CodeManifest, -1, "rows"},
	}
	codes := map[ledger.Code]bool{ledger.CodeFork: true} // needs an earlier export: TestExportsContinueEachOther
	for name, c := range cases {
		codes[c.code] = true
		for kind, data := range exports {
			if c.only != "" && c.only != kind {
				continue
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				u := unpack(t, data)
				c.tamper(t, u)
				got := verify(t, u.pack(t), bundle.VerifyOptions{Trust: ring.trust(t)})
				var seq uint64
				switch {
				case c.line >= 0:
					seq = lineSeq(t, data, c.line)
				case c.line == -2:
					seq = 1
				}
				if got.OK || got.ErrorCode != c.code || got.FirstBadSeq != seq {
					t.Fatalf("%s at %d: %v; want %s at %d", got.ErrorCode, got.FirstBadSeq, got.Finding, c.code, seq)
				}
			})
		}
	}
	if len(codes) != 12 {
		t.Errorf("the matrix produces %d of 12 codes", len(codes))
	}
	for kind, seq := range seqs {
		if got := lineSeq(t, exports[kind], 9); got != seq {
			t.Errorf("line 9 of %s holds row %d, not %d", kind, got, seq)
		}
	}
}

func lineSeq(t testing.TB, data []byte, line int) uint64 {
	t.Helper()
	lines := strings.Split(string(unpack(t, data).files[bundle.NameLedger]), "\n")
	return readRow(t, lines[line]).Seq
}

func TestALedgerRebuiltWithAnotherKey(t *testing.T) {
	t.Parallel()
	ring, forgers := newKeyring(t), newKeyring(t)
	honest := newBook(t, ring, 40)
	before := honest.whole(t)
	forged := newBook(t, forgers, 0)
	forged.grow(t, 50, "embellished")
	data := forged.whole(t)
	if got := verify(t, data, bundle.VerifyOptions{}); !got.OK {
		t.Fatalf("by its own keys even a forgery agrees with itself: %v", got.Finding)
	}
	if got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeUnknownKey {
		t.Fatalf("by pinned keys: %+v", got)
	}
	if got := verify(t, data, bundle.VerifyOptions{Earlier: earlier(t, before)}); got.ErrorCode != ledger.CodeUnknownKey {
		t.Fatalf("after an honest export: %+v", got)
	}
	// The operator turns forger: its own key, but the witnesses do not play along.
	stolen := &keyring{ed: ring.ed, sm: ring.sm, witnesses: forgers.witnesses, events: forgers.events, keys: ring.keys}
	stolen.keys.Keys = append(slices.Clone(ring.keys.Keys[:2]), forgers.keys.Keys[2:]...)
	rebuilt := newBook(t, stolen, 0)
	rebuilt.grow(t, 50, "embellished")
	if got := verify(t, rebuilt.whole(t), bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeCosignature {
		t.Fatalf("with the ledger's own key: %+v", got)
	}
}

func TestTheOperatorsDatabaseIsEdited(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	for name, c := range map[string]struct {
		edit func(*book)
		code ledger.Code
		seq  uint64
	}{
		"a payload":             {func(b *book) { b.rows[30].Raw = bytes.Replace(b.rows[30].Raw, []byte("zhang"), []byte("zhao"), 1) }, ledger.CodeRowHash, 31},
		"a row deleted":         {func(b *book) { b.rows = slices.Delete(b.rows, 30, 31) }, ledger.CodeRowMissing, 31},
		"the last rows deleted": {func(b *book) { b.rows = b.rows[:30] }, ledger.CodeTruncated, 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t, ring, 60)
			c.edit(b)
			// The service exports what it has and signs that it did; the checkpoint was signed before.
			got := verify(t, b.whole(t), bundle.VerifyOptions{Trust: ring.trust(t)})
			if got.ErrorCode != c.code || got.FirstBadSeq != c.seq {
				t.Fatalf("%+v, %v", got, got.Finding)
			}
		})
	}
}

// TestADishonestOperator has the ledger's keys and signs what is not so.
func TestADishonestOperator(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	b := newBook(t, ring, 90)
	honest := b.about(t, "YP-2")
	for name, c := range map[string]struct {
		change func(*bundle.Manifest)
		code   ledger.Code
	}{
		"nothing":        {func(*bundle.Manifest) {}, ""},
		"another format": {func(m *bundle.Manifest) { m.Format = "egov-audit-bundle/3" }, ledger.CodeManifest},
		"no attachments": {func(m *bundle.Manifest) { m.Attachments = nil }, ledger.CodeManifest},
		"the format before": {func(m *bundle.Manifest) {
			m.Format, m.Attachments = bundle.FormatBefore, nil
		}, ledger.CodeManifest}, // keys of services are pinned, and it never had their signatures
		"another kind":        {func(m *bundle.Manifest) { m.Scope.Kind = bundle.KindLedger }, ledger.CodeManifest},
		"another checkpoint":  {func(m *bundle.Manifest) { m.Ledger.Size++ }, ledger.CodeManifest},
		"more rows":           {func(m *bundle.Manifest) { m.Rows++ }, ledger.CodeManifest},
		"an export before":    {func(m *bundle.Manifest) { m.Previous = &bundle.State{Size: 3} }, ledger.CodeManifest},
		"a file left out":     {func(m *bundle.Manifest) { m.Files = m.Files[:len(m.Files)-1] }, ledger.CodeManifest},
		"a file listed twice": {func(m *bundle.Manifest) { m.Files = append(m.Files, m.Files[0]) }, ledger.CodeManifest},
		"a file that is not": {func(m *bundle.Manifest) {
			m.Files = append(m.Files, bundle.FileInfo{Name: "files/x", SM3: m.Files[0].SM3})
		}, ledger.CodeFileHash},
		"an unsafe name":          {func(m *bundle.Manifest) { m.Files = append(m.Files, bundle.FileInfo{Name: "../x"}) }, ledger.CodeManifest},
		"the manifest itself":     {func(m *bundle.Manifest) { m.Files = append(m.Files, bundle.FileInfo{Name: bundle.NameManifest}) }, ledger.CodeManifest},
		"no SM3 hash":             {func(m *bundle.Manifest) { m.Files[0].SM3 = nil }, ledger.CodeManifest},
		"another SM3 hash":        {func(m *bundle.Manifest) { m.Files[0].SM3 = m.Files[1].SM3 }, ledger.CodeFileHash},
		"another size of a file":  {func(m *bundle.Manifest) { m.Files[0].Size++ }, ledger.CodeFileHash},
		"a witness who was not":   {func(m *bundle.Manifest) { m.CosignedBy = []string{"finance", "nobody"} }, ""},
		"a witness who is absent": {func(m *bundle.Manifest) { m.CosignedBy = []string{"archives"} }, ledger.CodeCosignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := unpack(t, honest)
			u.sign(t, ring, c.change)
			trusted := ring.keys
			_, archives, err := checkpoint.GenerateKey(checkpoint.Ed25519Cosignature, "test.example/witness/archives")
			if err != nil {
				t.Fatal(err)
			}
			trusted.Keys = append(slices.Clone(trusted.Keys), checkpoint.Key{Verifier: archives, Role: checkpoint.RoleWitness, Unit: "archives"})
			trust, err := checkpoint.NewTrust(trusted)
			if err != nil {
				t.Fatal(err)
			}
			if got := verify(t, u.pack(t), bundle.VerifyOptions{Trust: trust}); got.ErrorCode != c.code {
				t.Fatalf("%+v, %v", got, got.Finding)
			}
		})
	}
	t.Run("another SM3 chain", func(t *testing.T) {
		t.Parallel()
		b := newBook(t, ring, 9)
		b.head.SM3Chain[0] ^= 1
		data := b.whole(t)
		if got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeChainBroken {
			t.Fatalf("%+v, %v", got, got.Finding)
		}
		if got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t), Digests: ledger.WithSHA256}); !got.OK {
			t.Fatalf("without SM3: %+v, %v", got, got.Finding)
		}
	})
	t.Run("another tree", func(t *testing.T) {
		t.Parallel()
		b := newBook(t, ring, 9)
		b.tree = newBook(t, ring, 8).tree
		b.tree.Append(ledger.Hash{1}, nil)
		for _, data := range [][]byte{b.whole(t), b.part(t, 3, 9), b.part(t, 1, 4), b.about(t, "YP-2")} {
			if got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeLeafNotInTree {
				t.Fatalf("%+v, %v", got, got.Finding)
			}
		}
	})
}

func TestAnArchiveThatOverlapsItselfIsRefused(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	u := unpack(t, newBook(t, ring, 5).whole(t))
	u.add("files/a", strings.Repeat("a", 5000))
	u.add("files/b", strings.Repeat("b", 5000))
	data := u.pack(t)
	// Point the directory entry of b at the data of a.
	at := func(name string) int { return bytes.LastIndex(data, []byte(name)) - 4 }
	copy(data[at("files/b"):at("files/b")+4], data[at("files/a"):at("files/a")+4])
	got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t)})
	if got.ErrorCode != ledger.CodeManifest || !strings.Contains(got.Finding.Detail, "overlap") {
		t.Fatalf("%+v, %v", got, got.Finding)
	}
}

func TestLinksAndOddPackingAreRefused(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	good := unpack(t, newBook(t, ring, 5).whole(t))
	for name, header := range map[string]*zip.FileHeader{
		"a link": func() *zip.FileHeader {
			h := &zip.FileHeader{Name: "files/x"}
			h.SetMode(fs.ModeSymlink | 0o777)
			return h
		}(),
		"an encrypted file":      {Name: "files/x", Flags: 1},
		"an unknown compression": {Name: "files/x", Method: 99},
	} {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for _, n := range good.names {
			w, err := z.Create(n)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(good.files[n]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := z.CreateRaw(header); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if got := verify(t, out.Bytes(), bundle.VerifyOptions{Trust: ring.trust(t)}); got.ErrorCode != ledger.CodeManifest {
			t.Errorf("%s: %+v, %v", name, got, got.Finding)
		}
	}
}

func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	ring := newKeyring(t)
	data := newBook(t, ring, 200).whole(t)
	for name, limits := range map[string]bundle.Limits{
		"files": {Entries: 5}, "bytes of a file": {FileBytes: 1000}, "bytes of all": {TotalBytes: 5000},
	} {
		got := verify(t, data, bundle.VerifyOptions{Trust: ring.trust(t), Limits: limits})
		if got.ErrorCode != ledger.CodeManifest {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// The attacker's tools.

func (u *unpacked) line(i int, change func(string) string) {
	u.lines(func(l []string) []string { l[i] = change(l[i]); return l })
}

func (u *unpacked) rewrite(i int, old, with string) {
	u.line(i, func(l string) string { return strings.Replace(l, old, with, 1) })
}

func (u *unpacked) rewriteLast(old, with string) {
	u.lines(func(l []string) []string {
		l[len(l)-1] = strings.Replace(l[len(l)-1], old, with, 1)
		return l
	})
}

func (u *unpacked) add(name, text string) {
	u.names = append(u.names, name)
	u.files[name] = []byte(text)
}

// respace writes every row again as another JSON library would.
func (u *unpacked) respace() {
	u.lines(func(l []string) []string {
		for i := range l {
			l[i] = strings.NewReplacer(`":`, `": `, `,"`, `, "`).Replace(l[i])
		}
		return l
	})
}

func flipDigit(member string) func(string) string {
	return func(line string) string { return flipAfter(line, `"`+member+`":"`) }
}

// flipAfter changes the hex digit that follows a text.
func flipAfter(s, text string) string {
	i := strings.Index(s, text) + len(text)
	digit := byte('0')
	if s[i] == '0' {
		digit = '1'
	}
	return s[:i] + string(digit) + s[i+1:]
}

func (u *unpacked) flipInLine(name string, i int, text string) {
	lines := strings.Split(string(u.files[name]), "\n")
	lines[i] = flipAfter(lines[i], text)
	u.files[name] = []byte(strings.Join(lines, "\n"))
}

func (u *unpacked) dropLine(name string, i int) {
	lines := strings.Split(string(u.files[name]), "\n")
	u.files[name] = []byte(strings.Join(slices.Delete(lines, i, i+1), "\n"))
}

func upperHash(line string) string {
	i := strings.Index(line, `"chain":"`) + len(`"chain":"`)
	return line[:i] + strings.ToUpper(line[i:i+64]) + line[i+64:]
}

// sign writes the manifest anew with the ledger's keys, by the rule that the
// documentation of Manifest gives.
func (u *unpacked) sign(t *testing.T, ring *keyring, change func(*bundle.Manifest)) {
	t.Helper()
	var m bundle.Manifest
	if err := json.Unmarshal(u.files[bundle.NameManifest], &m); err != nil {
		t.Fatal(err)
	}
	m.Signatures = nil
	change(&m)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimSuffix(text, []byte("\n}"))
	statement := "egov.bundle.manifest/v1\n" + origin + "\nsha256 " + ledger.Sum256(text).Base64() + "\nsm3 " + ledger.SumSM3(text).Base64() + "\n"
	lines, err := checkpoint.SignStatement(statement, ring.sm)
	if err != nil {
		t.Fatal(err)
	}
	u.files[bundle.NameManifest] = fmt.Appendf(text, ",\n  \"signatures\": [\n    %q\n  ]\n}\n", lines[0])
}

func rehashed(t *testing.T) func(string) string {
	return func(line string) string {
		row := readRow(t, line)
		row.SHA256, row.SM3 = ledger.Sum256(row.Raw), ledger.SumSM3(row.Raw)
		return writeRow(row)
	}
}

func (u *unpacked) checkpointRoot(h ledger.Hash) {
	lines := strings.SplitAfter(string(u.files[bundle.NameCheckpoint]), "\n")
	lines[2] = h.Base64() + "\n"
	u.files[bundle.NameCheckpoint] = []byte(strings.Join(lines, ""))
}

func (u *unpacked) dropNoteLines(prefix string) {
	var kept []string
	for line := range strings.Lines(string(u.files[bundle.NameCheckpoint])) {
		if !strings.HasPrefix(line, "— "+prefix) {
			kept = append(kept, line)
		}
	}
	u.files[bundle.NameCheckpoint] = []byte(strings.Join(kept, ""))
}

func (u *unpacked) falsifyNoteLine(t *testing.T, name string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^— ` + regexp.QuoteMeta(name) + ` (.{8})(.*)$`)
	if !line.Match(u.files[bundle.NameCheckpoint]) {
		t.Fatal("no such line")
	}
	u.files[bundle.NameCheckpoint] = line.ReplaceAllFunc(u.files[bundle.NameCheckpoint], func(l []byte) []byte {
		i := len("— ") + len(name) + 1 + 12
		if l[i] == 'A' {
			l[i] = 'B'
		} else {
			l[i] = 'A'
		}
		return l
	})
}

// cutTail keeps n rows and makes the closing line agree with them, but for the
// signature.
func (u *unpacked) cutTail(t *testing.T, n int) {
	t.Helper()
	u.lines(func(l []string) []string {
		tally := bundle.NewTally(bundle.KindLedger)
		for _, line := range l[:n] {
			row := readRow(t, line)
			tally.Add(row.Seq, &row.Chain)
		}
		var old bundle.Trailer
		if err := json.Unmarshal([]byte(l[len(l)-1]), &old); err != nil {
			t.Fatal(err)
		}
		closing := tally.Trailer()
		closing.Signatures = old.Signatures
		return append(l[:n], strings.TrimSuffix(string(bundle.AppendTrailer(nil, &closing)), "\n"))
	})
}

func (u *unpacked) foreignTrailer(t *testing.T, data []byte) {
	t.Helper()
	other := strings.Split(strings.TrimSuffix(string(unpack(t, data).files[bundle.NameLedger]), "\n"), "\n")
	u.lines(func(l []string) []string {
		var mine, theirs bundle.Trailer
		if json.Unmarshal([]byte(l[len(l)-1]), &mine) != nil || json.Unmarshal([]byte(other[len(other)-1]), &theirs) != nil {
			t.Fatal("no closing line")
		}
		mine.Signatures = theirs.Signatures
		l[len(l)-1] = strings.TrimSuffix(string(bundle.AppendTrailer(nil, &mine)), "\n")
		return l
	})
}

// declareRange turns the proofs of a whole ledger into those of a range that
// happens to be all of it.
func (u *unpacked) declareRange() {
	u.files[bundle.NameProof] = fmt.Appendf(nil, `{"kind":"range","size":90,"first":1,"before":"%s"}`, ledger.Genesis(origin).Chain)
}

func (u *unpacked) unsignManifest(t *testing.T) {
	t.Helper()
	text := u.files[bundle.NameManifest]
	i := bytes.LastIndex(text, []byte(",\n  \"signatures\""))
	if i < 0 {
		t.Fatal("not signed")
	}
	u.files[bundle.NameManifest] = append(text[:i:i], "\n}\n"...)
}

func (u *unpacked) appendMember(member string) {
	text := bytes.TrimSuffix(u.files[bundle.NameManifest], []byte("\n}\n"))
	u.files[bundle.NameManifest] = append(text[:len(text):len(text)], ",\n  "+member+"\n}\n"...)
}
