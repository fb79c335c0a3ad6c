package auditexport_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/auditexport"
)

func withdrawn(i int) proto.Message {
	return &declarationv1.ProjectWithdrawn{ProjectId: fmt.Sprintf("p-%d", i%3), Reason: fmt.Sprintf("理由 %d", i)}
}

// TestWhoeverTouchesTheDatabaseIsFound has a superuser change the stored ledger
// behind the service's back, and asks both the service and the offline verifier.
func TestWhoeverTouchesTheDatabaseIsFound(t *testing.T) {
	t.Parallel()
	const rows = 600 // more than two tiles of the tree
	const edited = `UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '理由 299', '理由 99'), 'UTF8') WHERE seq = 300`
	const cut = `DELETE FROM ledger_row WHERE seq > 590`
	back := func(h *house) { // the head as it was at 590 rows, which anybody can compute
		head, tree := ledger.Genesis(origin), &ledger.Tree{}
		for row, err := range h.book.Rows(authn.With(h.t.Context(), self), "", 1, 590) {
			must(h.t, err)
			must(h.t, head.Check(row, 0))
			tree.Append(row.Chain, nil)
		}
		h.setHead(head, tree)
	}
	for name, c := range map[string]struct {
		change func(*house)
		code   ledger.Code // what the service finds
		seq    int64
		bundle ledger.Code // what a verifier of the whole ledger's export finds
	}{
		"nothing": {change: func(*house) {}},
		"an event edited": {
			func(h *house) { h.sql(edited) },
			ledger.CodeRowHash, 300, ledger.CodeRowHash,
		},
		"an event edited and hashed again": {func(h *house) {
			h.sql(edited)
			h.rehash(300)
		}, ledger.CodeChainBroken, 300, ledger.CodeChainBroken},
		"an event edited and everything after it computed again": {func(h *house) {
			h.sql(edited)
			h.rebuild()
		}, ledger.CodeLeafNotInTree, 0, ledger.CodeLeafNotInTree},
		"everything computed again and the checkpoints dropped": {func(h *house) {
			h.sql(edited, "DELETE FROM ledger_checkpoint")
			h.rebuild()
		}, ledger.CodeLeafNotInTree, 0, ledger.CodeLeafNotInTree},
		"a chain value edited": {func(h *house) {
			h.sql("UPDATE ledger_row SET chain = set_byte(chain, 0, 255 - get_byte(chain, 0)) WHERE seq = 300")
		}, ledger.CodeChainBroken, 300, ledger.CodeChainBroken},
		"a chain value cut": {
			func(h *house) { h.sql("UPDATE ledger_row SET chain = ''::bytea WHERE seq = 300") },
			ledger.CodeChainBroken, 300, ledger.CodeChainBroken,
		},
		"an SM3 hash edited": {
			func(h *house) { h.sql("UPDATE ledger_row SET sm3 = sha256 WHERE seq = 300") },
			ledger.CodeRowHash, 300, ledger.CodeRowHash,
		},
		"a row deleted":         {func(h *house) { h.sql("DELETE FROM ledger_row WHERE seq = 300") }, ledger.CodeRowMissing, 300, ledger.CodeRowMissing},
		"the first deleted":     {func(h *house) { h.sql("DELETE FROM ledger_row WHERE seq = 1") }, ledger.CodeRowMissing, 1, ledger.CodeRowMissing},
		"the last rows deleted": {func(h *house) { h.sql(cut) }, ledger.CodeTruncated, 591, ledger.CodeTruncated},
		"the last rows deleted and the head set back": {func(h *house) {
			h.sql(cut)
			back(h)
		}, ledger.CodeTruncated, 591, ledger.CodeTruncated},
		"the last rows and their checkpoint deleted, the head set back": {func(h *house) {
			h.sql(cut, "DELETE FROM ledger_checkpoint WHERE size > 590")
			back(h)
		}, ledger.CodeTruncated, 591, ledger.CodeTruncated},
		"all rows deleted": {func(h *house) { h.sql("DELETE FROM ledger_row") }, ledger.CodeTruncated, 1, "no export"},
		"two rows swapped": {func(h *house) {
			h.sql("UPDATE ledger_row SET seq = 9999 WHERE seq = 300", "UPDATE ledger_row SET seq = 300 WHERE seq = 301", "UPDATE ledger_row SET seq = 301 WHERE seq = 9999")
		}, ledger.CodeChainBroken, 300, ledger.CodeChainBroken},
		"two events swapped, the rest in place": {func(h *house) {
			h.sql(`UPDATE ledger_row a SET raw = b.raw, sha256 = b.sha256, sm3 = b.sm3 FROM ledger_row b WHERE a.seq IN (300, 301) AND b.seq = 601 - a.seq`)
		}, ledger.CodeChainBroken, 300, ledger.CodeChainBroken},
		"a row added behind the head": {func(h *house) { h.sql(addRow(601)) }, ledger.CodeLeafNotInTree, 601, ""},
		"a row added far behind":      {func(h *house) { h.sql(addRow(9999)) }, ledger.CodeLeafNotInTree, 601, ""},
		"the head's chain edited": {
			func(h *house) { h.sql("UPDATE ledger_head SET chain = sm3_chain") },
			ledger.CodeLeafNotInTree, 0, "",
		},
		"the head's size edited": {func(h *house) { h.sql("UPDATE ledger_head SET size = 601") }, ledger.CodeLeafNotInTree, 0, ""},
		"the head's tree edited": {func(h *house) { h.sql("UPDATE ledger_head SET edge = set_byte(edge, 0, 255 - get_byte(edge, 0))") }, ledger.CodeLeafNotInTree, 0, ""},
		"the head deleted":       {func(h *house) { h.sql("DELETE FROM ledger_head") }, ledger.CodeLeafNotInTree, 0, ""},
		"a node of the tree edited": {
			func(h *house) {
				h.sql("UPDATE ledger_node SET hash = set_byte(hash, 0, 255 - get_byte(hash, 0)) WHERE idx = 1")
			},
			ledger.CodeLeafNotInTree, 0, "",
		},
		"the nodes deleted":      {func(h *house) { h.sql("DELETE FROM ledger_node") }, ledger.CodeLeafNotInTree, 0, ""},
		"the checkpoint dropped": {change: func(h *house) { h.sql("DELETE FROM ledger_checkpoint") }},
		"the checkpoint edited": {
			func(h *house) { h.sql(`UPDATE ledger_checkpoint SET note = overlay(note PLACING 'X'::bytea FROM 1)`) },
			ledger.CodeUnknownKey, 0, "",
		},
		"a checkpoint of nobody's key": {
			func(h *house) {
				h.sql(`INSERT INTO ledger_checkpoint VALUES (700, '` + forgedNote(h.t, 700) + `', now())`)
			},
			ledger.CodeUnknownKey, 0, "",
		},
		"the column of the unit edited":    {func(h *house) { h.sql("UPDATE ledger_row SET unit = 'health' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the project edited": {func(h *house) { h.sql("UPDATE ledger_row SET subject = 'p-9' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the actor edited":   {func(h *house) { h.sql("UPDATE ledger_row SET actor = '' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the type edited":    {func(h *house) { h.sql("UPDATE ledger_row SET type = 'x' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the service edited": {func(h *house) { h.sql("UPDATE ledger_row SET service = 'x' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the trace edited":   {func(h *house) { h.sql("UPDATE ledger_row SET trace_id = '' WHERE seq = 300") }, auditexport.CodeMisfiled, 300, ""},
		"the column of the time edited": {
			func(h *house) { h.sql("UPDATE ledger_row SET at = at + interval '1 microsecond' WHERE seq = 300") },
			auditexport.CodeMisfiled, 300, "",
		},
		"the column of the id edited": {
			func(h *house) { h.sql("UPDATE ledger_row SET event_id = gen_random_uuid() WHERE seq = 300") },
			auditexport.CodeMisfiled, 300, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.grow(590, withdrawn)
			h.sign()
			h.grow(10, withdrawn)
			h.sign()
			c.change(h)
			v := h.verdict()
			if v.OK != (c.code == "") || v.ErrorCode != string(c.code) || v.FirstBadSeq != c.seq || v.Checkpoint == "" {
				t.Errorf("the service finds %+v", v)
			}
			if v.OK && v.Rows != rows {
				t.Errorf("%d rows hold", v.Rows)
			}
			if c.bundle == "no export" {
				if _, err := h.MakeExport(h.asAuditor(), auditexport.MakeExport{}); !errors.Is(err, auditexport.ErrNoRows) {
					t.Errorf("an export of nothing: %v", err)
				}
				return
			}
			if r := h.check(h.export(auditexport.MakeExport{})); r.ErrorCode != c.bundle || r.OK != (c.bundle == "") {
				t.Errorf("the verifier finds %s at %d: %v", r.ErrorCode, r.FirstBadSeq, r.Finding)
			}
		})
	}
}

// setHead writes the head as an intruder who knows the format would.
func (h *house) setHead(head ledger.Head, tree *ledger.Tree) {
	h.t.Helper()
	var edge []byte
	for _, e := range tree.Edge() {
		edge = append(edge, e[:]...)
	}
	_, err := h.super.Exec(h.t.Context(), "UPDATE ledger_head SET size = $1, chain = $2, sm3_chain = $3, edge = $4", int64(head.Size), head.Chain[:], head.SM3Chain[:], edge)
	must(h.t, err)
}

// rehash gives an edited row the hashes of what it says now.
func (h *house) rehash(seq int64) {
	h.t.Helper()
	var raw []byte
	must(h.t, h.super.QueryRow(h.t.Context(), "SELECT raw FROM ledger_row WHERE seq = $1", seq).Scan(&raw))
	a, b := ledger.Sum256(raw), ledger.SumSM3(raw)
	_, err := h.super.Exec(h.t.Context(), "UPDATE ledger_row SET sha256 = $2, sm3 = $3 WHERE seq = $1", seq, a[:], b[:])
	must(h.t, err)
}

// rebuild computes all hashes, chain values, nodes and the head again: what an
// intruder with the service's source can do, and all he can do without its key.
func (h *house) rebuild() {
	h.t.Helper()
	rows, err := h.super.Query(h.t.Context(), "SELECT raw FROM ledger_row ORDER BY seq")
	must(h.t, err)
	head, tree := ledger.Genesis(origin), &ledger.Tree{}
	var built []ledger.Row
	var nodes []ledger.Node
	for rows.Next() {
		var raw []byte
		must(h.t, rows.Scan(&raw))
		r := head.Append(bytes.Clone(raw))
		tree.Append(r.Chain, func(n ledger.Node) { nodes = append(nodes, n) })
		built = append(built, r)
	}
	must(h.t, rows.Err())
	for _, r := range built {
		_, err := h.super.Exec(h.t.Context(), "UPDATE ledger_row SET sha256 = $2, sm3 = $3, chain = $4 WHERE seq = $1", int64(r.Seq), r.SHA256[:], r.SM3[:], r.Chain[:])
		must(h.t, err)
	}
	for _, n := range nodes {
		_, err := h.super.Exec(h.t.Context(), "UPDATE ledger_node SET hash = $3 WHERE level = $1 AND idx = $2", int16(n.Level), int64(n.Index), n.Hash[:])
		must(h.t, err)
	}
	h.setHead(head, tree)
}

// addRow copies a row to the end under another event id.
func addRow(seq int) string {
	return fmt.Sprintf(`INSERT INTO ledger_row SELECT %d, raw, sha256, sm3, chain, gen_random_uuid(), service, type, subject, unit, actor, trace_id, at FROM ledger_row WHERE seq = 600`, seq)
}

// forgedNote is a checkpoint by a key of the intruder's own, as bytea.
func forgedNote(t testing.TB, size uint64) string {
	t.Helper()
	secret, _, err := checkpoint.GenerateKey(checkpoint.Ed25519, origin)
	must(t, err)
	signer, err := checkpoint.NewSigner(secret, nil)
	must(t, err)
	note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: origin, Size: size}, signer)
	must(t, err)
	return `\x` + hex.EncodeToString(note)
}

// TestNothingIsSignedThatDoesNotContinue lets the ledger grow after somebody
// changed its tree or took rows away: the new state gets no signature.
func TestNothingIsSignedThatDoesNotContinue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*house)
		code   ledger.Code
	}{
		"history computed again": {func(h *house) {
			h.sql(`UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '理由 99', '理由 98'), 'UTF8') WHERE seq = 100`)
			h.rebuild()
		}, ledger.CodeFork},
		"the tree's edge edited": {func(h *house) { h.sql("UPDATE ledger_head SET edge = set_byte(edge, 0, 255 - get_byte(edge, 0))") }, ledger.CodeFork},
		"a row taken away":       {func(h *house) { h.sql("DELETE FROM ledger_row WHERE seq = 290") }, ledger.CodeLeafNotInTree},
		"the end taken away": {func(h *house) {
			h.sql("DELETE FROM ledger_row WHERE seq > 100", "DELETE FROM ledger_node")
			h.rebuild()
		}, ledger.CodeTruncated},
		"everything taken away, checkpoints too": {func(h *house) {
			h.sql("DELETE FROM ledger_row", "DELETE FROM ledger_node", "DELETE FROM ledger_head", "DELETE FROM ledger_checkpoint")
		}, ledger.CodeTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.grow(300, withdrawn)
			h.sign()
			c.change(h)
			h.grow(7, withdrawn)
			for range 2 { // now, and after a start
				_, err := h.SignCheckpoint(authn.With(t.Context(), self))
				finding, ok := errors.AsType[*ledger.Finding](err)
				if !ok || finding.Code != c.code {
					t.Fatalf("got %v, want %s", err, c.code)
				}
				h.open()
			}
			if v := h.verdict(); v.OK {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestWhatTheAnchorCannotSeeAnEarlierExportShows sets the database back as a
// whole, for a service that starts with its keys alone.
func TestWhatTheAnchorCannotSeeAnEarlierExportShows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	before := h.export(auditexport.MakeExport{})
	h.sql("DELETE FROM ledger_row WHERE seq > 100", "DELETE FROM ledger_node", "DELETE FROM ledger_checkpoint")
	h.rebuild()
	must(t, os.Remove(filepath.Join(h.keys, "ledger.checkpoint")))
	h.open()
	h.grow(7, withdrawn)
	after := h.export(auditexport.MakeExport{})
	if v := h.verdict(); !v.OK || v.Rows != 107 {
		t.Fatalf("%+v", v)
	}
	if r := h.check(after); !r.OK {
		t.Fatalf("%v", r.Finding)
	}
	if r := h.check(after, before); r.ErrorCode != ledger.CodeTruncated {
		t.Errorf("%+v", r)
	}
	h.grow(300, withdrawn) // longer again, and another story
	if r := h.check(h.export(auditexport.MakeExport{}), before); r.ErrorCode != ledger.CodeFork {
		t.Errorf("%+v", r)
	}
}

// TestALostCheckpointIsPutBack drops it from the database of a ledger that has
// not grown since.
func TestALostCheckpointIsPutBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3, withdrawn)
	h.sign()
	h.sql("DELETE FROM ledger_checkpoint")
	h.sign()
	if note, err := h.book.Checkpoint(t.Context(), 3); err != nil || note == nil {
		t.Errorf("%s %v", note, err)
	}
}
