package auditexport_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/event"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/pg"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/auditexport"
)

// TestAnEventHasOneRow delivers events again: alone, among new ones, and twice
// in one batch.
func TestAnEventHasOneRow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var events []event.Record
	for i := range 5 {
		events = append(events, h.event("declaration", "p-1", "education", withdrawn(i)))
	}
	h.append(events[:3]...)
	h.append(events[:3]...)
	h.append(events[1], events[3], events[3], events[0], events[4])
	h.append(events...)
	h.sign()
	if v := h.verdict(); !v.OK || v.Rows != 5 {
		t.Fatalf("%+v", v)
	}
	found, err := h.book.Find(h.asAuditor(), auditexport.Filter{Limit: 10})
	must(t, err)
	for i, r := range found.Rows {
		if r.EventID != events[i].ID || r.Seq != int64(i+1) {
			t.Errorf("row %d is event %s, not %s", r.Seq, r.EventID, events[i].ID)
		}
	}
}

// TestWhatCannotBeARowIsUndecodable wants errors that send a fact to the dead
// letters at once, and nothing left behind.
func TestWhatCannotBeARowIsUndecodable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	good := h.event("declaration", "p-1", "education", withdrawn(1))
	h.append(good)
	with := func(change func(*event.Record)) event.Record {
		e := h.event("declaration", "p-1", "education", withdrawn(2))
		change(&e)
		return e
	}
	for name, e := range map[string]event.Record{
		"another event under a known id": with(func(e *event.Record) { e.ID = good.ID }),
		"no id":                          with(func(e *event.Record) { e.ID = "" }),
		"an id that is none":             with(func(e *event.Record) { e.ID = "7" }),
		"data that is no object":         with(func(e *event.Record) { e.Data = []byte("[]") }),
		"no type":                        with(func(e *event.Record) { e.Type = "" }),
		"a control character":            with(func(e *event.Record) { e.Actor = "a\nb" }),
	} {
		t.Run(name, func(t *testing.T) {
			if err := h.tryAppend(h.event("declaration", "p-2", "education", withdrawn(3)), e); !errors.Is(err, event.ErrUndecodable) {
				t.Errorf("got %v", err)
			}
		})
	}
	if v := h.verdict(); !v.OK || v.Rows != 1 {
		t.Errorf("%+v", v)
	}
}

// TestManyAppendAtOnce lets writers, signers and checks meet: rows get numbers
// without a gap, and every tree that is signed continues the one before.
func TestManyAppendAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const writers, batches, size = 4, 12, 40
	var work, watch sync.WaitGroup
	fail := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	batch := make([][][]event.Record, writers)
	for w := range writers {
		for b := range batches {
			var events []event.Record
			for i := range size {
				events = append(events, h.event(fmt.Sprintf("source-%d", w), fmt.Sprintf("p-%d", i%7), "education", withdrawn(b)))
			}
			batch[w] = append(batch[w], events)
		}
	}
	for w := range writers {
		work.Go(func() {
			for _, events := range batch[w] {
				fail(h.tryAppend(events...))
			}
		})
	}
	stop := make(chan struct{})
	watch.Go(func() {
		for {
			_, err := h.SignCheckpoint(authn.With(t.Context(), self))
			fail(err)
			v, err := h.Verify(h.asAuditor(), struct{}{})
			fail(err)
			if !v.OK {
				t.Errorf("%+v", v)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	work.Wait()
	close(stop)
	watch.Wait()
	h.sign()
	if v := h.verdict(); !v.OK || v.Rows != writers*batches*size {
		t.Fatalf("%+v", v)
	}
	if r := h.check(h.export(auditexport.MakeExport{})); !r.OK || r.Rows != writers*batches*size {
		t.Fatalf("%+v", r)
	}
}

// TestReadersProveWhileWritersRun has outsiders hold every row and every earlier
// tree to the newest checkpoint while two writers add as fast as they can: no
// proof fails that should hold, and none holds for a root that is not.
func TestReadersProveWhileWritersRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const writers, batches, size, readers = 2, 12, 128, 3
	h.grow(size, withdrawn)
	h.sign()
	batch := make([][][]event.Record, writers)
	for w := range writers {
		for b := range batches {
			var events []event.Record
			for i := range size {
				events = append(events, h.event(fmt.Sprintf("source-%d", w), fmt.Sprintf("p-%d", i%7), "education", withdrawn(b)))
			}
			batch[w] = append(batch[w], events)
		}
	}
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for range readers {
		reading.Go(func() {
			var seen checkpoint.Signed
			last := false
			for seed := uint64(1); ; seed = seed*6364136223846793005 + 1442695040888963407 {
				proved, err := h.proveOnce(&seen, seed>>33)
				if err != nil {
					t.Error(err)
					return
				}
				if last { // under the last checkpoint too
					if proved != size*(1+writers*batches) {
						t.Errorf("the last checkpoint has %d rows", proved)
					}
					return
				}
				select {
				case <-stop:
					last = true
				default:
				}
			}
		})
	}
	for w := range writers {
		writing.Go(func() {
			for _, events := range batch[w] {
				if err := h.tryAppend(events...); err != nil {
					t.Error(err)
				}
				if _, err := h.SignCheckpoint(authn.With(t.Context(), self)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	h.sign()
	close(stop)
	reading.Wait()
}

// proveOnce checks one row, and that the ledger continues what was seen, under
// the checkpoint that the answer carries; and that neither holds under another
// root. It answers how many rows the checkpoint has.
func (h *house) proveOnce(seen *checkpoint.Signed, at uint64) (uint64, error) {
	open := func(p auditexport.Proof) (checkpoint.Signed, []ledger.Hash, error) {
		s, err := h.Keyring.Trust.Open([]byte(p.Checkpoint))
		return s, hashes(h.t, p.Hashes), err
	}
	other := ledger.Hash{1}
	if seen.Size > 0 {
		p, err := h.Prove(h.asAuditor(), auditexport.ProveRow{From: int64(seen.Size)})
		if err != nil {
			return 0, err
		}
		now, path, err := open(p)
		if err != nil {
			return 0, err
		}
		if err := ledger.VerifyConsistency(seen.Size, seen.Root, now.Size, now.Root, path); err != nil {
			return 0, fmt.Errorf("from %d to %d: %w", seen.Size, now.Size, err)
		}
		if ledger.VerifyConsistency(seen.Size, other, now.Size, now.Root, path) == nil {
			return 0, fmt.Errorf("from %d to %d: another root is believed", seen.Size, now.Size)
		}
		*seen = now
	}
	seq := int64(1 + at%max(seen.Size, 1))
	p, err := h.Prove(h.asAuditor(), auditexport.ProveRow{Seq: seq})
	if err != nil {
		return 0, err
	}
	now, path, err := open(p)
	if err != nil {
		return 0, err
	}
	leaf, _ := ledger.ParseHash(p.Leaf)
	if err := ledger.VerifyInclusion(uint64(seq), now.Size, leaf, path, now.Root); err != nil {
		return 0, fmt.Errorf("row %d of %d: %w", seq, now.Size, err)
	}
	if ledger.VerifyInclusion(uint64(seq), now.Size, other, path, now.Root) == nil {
		return 0, fmt.Errorf("row %d of %d: another row is believed", seq, now.Size)
	}
	if seen.Size == 0 {
		*seen = now
	}
	return now.Size, nil
}

// TestAnAppendThatDiesLeavesNothing ends the session between the lock and the
// commit, as a killed process does.
func TestAnAppendThatDiesLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	events := []event.Record{h.event("declaration", "p-1", "education", withdrawn(1)), h.event("declaration", "p-1", "education", withdrawn(2))}
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		if err := h.book.Append(t.Context(), tx, events); err != nil {
			return err
		}
		h.sql(fmt.Sprintf("SELECT pg_terminate_backend(%d)", tx.Conn().PgConn().PID()))
		return nil
	})
	if err == nil {
		t.Fatal("the session lives")
	}
	if v := h.verdict(); !v.OK || v.Rows != 300 {
		t.Fatalf("%+v", v)
	}
	h.append(events...)
	if v := h.verdict(); !v.OK || v.Rows != 302 {
		t.Fatalf("%+v", v)
	}
}

// TestTheServicesRoleChangesNoRow tries, with the service's own database role
// and the widest scope there is, everything that would rewrite the ledger.
func TestTheServicesRoleChangesNoRow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	h.sign()
	for _, statement := range []string{
		"UPDATE ledger_row SET raw = raw", "UPDATE ledger_row SET unit = unit", "DELETE FROM ledger_row", "TRUNCATE ledger_row",
		"UPDATE ledger_node SET hash = hash", "DELETE FROM ledger_node", "TRUNCATE ledger_node",
		"UPDATE ledger_checkpoint SET note = note", "DELETE FROM ledger_checkpoint", "TRUNCATE ledger_checkpoint",
		"DELETE FROM ledger_head", "TRUNCATE ledger_head", "UPDATE ledger_head SET only_row = true",
		"DROP TABLE ledger_row", "ALTER TABLE ledger_row DISABLE ROW LEVEL SECURITY", "ALTER TABLE ledger_row ADD COLUMN x int",
		"DROP POLICY sees ON ledger_row", "CREATE TABLE other (x int)", "DELETE FROM inquiry", "DELETE FROM export",
		"UPDATE ledger_line SET raw = raw", "DELETE FROM ledger_line", "TRUNCATE ledger_line", "SELECT FROM ledger_line",
		"ALTER TABLE ledger_line DISABLE TRIGGER adds", "ALTER TABLE ledger_row DETACH PARTITION ledger_line",
		"INSERT INTO ledger_line SELECT * FROM ledger_row WHERE seq = 300 ON CONFLICT (seq) DO UPDATE SET raw = ''",
		"SELECT FROM ledger_row FOR UPDATE", "LOCK TABLE ledger_row IN EXCLUSIVE MODE",
	} {
		t.Run(statement, func(t *testing.T) {
			err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
				if err := pg.ScopeOf(self).Apply(t.Context(), tx); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), statement)
				return err
			})
			if pe, ok := errors.AsType[*pgconn.PgError](err); !ok || pe.Code != "42501" {
				t.Errorf("got %v, want insufficient_privilege", err)
			}
		})
	}
	if v := h.verdict(); !v.OK || v.Rows != 300 {
		t.Errorf("%+v", v)
	}
}

// TestWhoSeesTheLedger counts rows by a query without WHERE, as the service's
// role in the scope of each kind of caller.
func TestWhoSeesTheLedger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3, withdrawn)
	for name, c := range map[string]struct {
		by   authn.Principal
		want int
	}{
		"nobody":                 {authn.Principal{}, 0},
		"the unit they are of":   {authn.Principal{Subject: "edu.declarer", Unit: "education", Roles: []string{"declarer", "member", "chair", "operator"}}, 0},
		"the audit bureau's own": {authn.Principal{Subject: "audit.clerk", Unit: "audit", Roles: []string{"declarer"}}, 0},
		"an auditor":             {auditor, 3},
		"the service":            {self, 3},
	} {
		t.Run(name, func(t *testing.T) {
			seen, added := 0, error(nil)
			must(t, pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
				if err := pg.ScopeOf(c.by).Apply(t.Context(), tx); err != nil {
					return err
				}
				return tx.QueryRow(t.Context(), "SELECT count(*) FROM ledger_row").Scan(&seen)
			}))
			if seen != c.want {
				t.Errorf("sees %d rows, want %d", seen, c.want)
			}
			for _, table := range []string{"ledger_row", "ledger_line"} {
				added = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
					if err := pg.ScopeOf(c.by).Apply(t.Context(), tx); err != nil {
						return err
					}
					_, err := tx.Exec(t.Context(), `INSERT INTO `+table+` VALUES (99, '', '', '', '', gen_random_uuid(), '', '', '', '', '', '', now())`)
					return errors.Join(err, errUndo)
				})
				if refused := !onlyUndone(added); refused == c.by.IsService() {
					t.Errorf("adding to %s: %v", table, added)
				}
			}
			ctx := authn.With(t.Context(), c.by)
			found, err := h.book.Find(ctx, auditexport.Filter{Limit: 10})
			must(t, err)
			streamed := slices.Collect(func(yield func(uint64) bool) {
				for r, err := range h.book.Rows(ctx, "", 1, 3) {
					must(t, err)
					if !yield(r.Seq) {
						return
					}
				}
			})
			if len(found.Rows) != c.want || len(streamed) != c.want {
				t.Errorf("a query gives %d rows, a stream %d", len(found.Rows), len(streamed))
			}
		})
	}
}

var errUndo = errors.New("undo")

func onlyUndone(err error) bool {
	_, database := errors.AsType[*pgconn.PgError](err)
	return errors.Is(err, errUndo) && !database
}

// TestProofsHold checks what an outsider checks: that rows are in the signed
// tree, and that it continues earlier ones.
func TestProofsHold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	roots := map[int64]ledger.Hash{}
	for _, n := range []int{1, 254, 2, 300} {
		h.grow(n, withdrawn)
		head, tree, err := h.book.Head(t.Context())
		must(t, err)
		roots[int64(head.Size)] = tree.Root()
	}
	h.sign()
	const size = 557
	for _, seq := range []int64{1, 2, 255, 256, 257, 512, 513, size} {
		p, err := h.Prove(h.asAuditor(), auditexport.ProveRow{Seq: seq})
		must(t, err)
		leaf, _ := ledger.ParseHash(p.Leaf)
		if err := ledger.VerifyInclusion(uint64(seq), size, leaf, hashes(t, p.Hashes), roots[size]); err != nil || p.Size != size {
			t.Errorf("row %d: %v", seq, err)
		}
	}
	for from, root := range roots {
		p, err := h.Prove(h.asAuditor(), auditexport.ProveRow{From: from})
		must(t, err)
		if err := ledger.VerifyConsistency(uint64(from), root, size, roots[size], hashes(t, p.Hashes)); err != nil {
			t.Errorf("from %d: %v", from, err)
		}
	}
	for _, r := range []auditexport.ProveRow{{Seq: size + 1}, {From: size + 1}} {
		if _, err := h.Prove(h.asAuditor(), r); !errors.Is(err, auditexport.ErrNoRow) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func hashes(t testing.TB, text []string) []ledger.Hash {
	t.Helper()
	out := make([]ledger.Hash, len(text))
	for i := range text {
		var ok bool
		if out[i], ok = ledger.ParseHash(text[i]); !ok {
			t.Fatalf("%q is no hash", text[i])
		}
	}
	return out
}

// TestLargeEventsComeInSmallPages streams events of a megabyte and more among
// small ones, none of which may be left out.
func TestLargeEventsComeInSmallPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	text := strings.Repeat("x", 1<<20)
	for i := range 12 {
		h.grow(100, withdrawn)
		if i > 2 && i < 10 {
			h.grow(2, func(i int) proto.Message { return &declarationv1.ProjectWithdrawn{Reason: text[:(i+1)<<19]} })
		}
	}
	h.sign()
	if v := h.verdict(); !v.OK || v.Rows != 1214 {
		t.Fatalf("%+v", v)
	}
	if r := h.check(h.export(auditexport.MakeExport{})); !r.OK || r.Rows != 1214 {
		t.Fatalf("%+v", r)
	}
	var found int
	for after := int64(0); ; {
		page, err := h.book.Find(h.asAuditor(), auditexport.Filter{After: after, Limit: 1000})
		must(t, err)
		found += len(page.Rows)
		if !page.More {
			break
		}
		after = page.Next
	}
	if found != 1214 {
		t.Errorf("queries give %d rows", found)
	}
	large := h.event("declaration", "p-1", "education", &declarationv1.ProjectWithdrawn{Reason: strings.Repeat("x", 4<<20)})
	if err := h.tryAppend(large); !errors.Is(err, event.ErrUndecodable) {
		t.Errorf("an event beyond the bound: %v", err)
	}
}

// TestAReaderMayLeaveAndMayBeLate breaks streams off in the middle, and reads
// pages while rows are added.
func TestAReaderMayLeaveAndMayBeLate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(12_000, withdrawn) // three pages
	for _, stop := range []uint64{1, 4999, 5000, 5001, 11_000} {
		for r, err := range h.book.Rows(h.asAuditor(), "", 1, 12_000) {
			must(t, err)
			if r.Seq == stop {
				break
			}
		}
	}
	var last uint64
	for r, err := range h.book.Rows(h.asAuditor(), "", 4_000, 11_999) {
		must(t, err)
		if last == 0 {
			h.append(h.event("declaration", "p-1", "education", withdrawn(1)))
		}
		if last != 0 && r.Seq != last+1 || len(r.Raw) == 0 || ledger.Sum256(r.Raw) != r.SHA256 {
			t.Fatalf("row %d after %d", r.Seq, last)
		}
		last = r.Seq
	}
	if last != 11_999 {
		t.Errorf("ended at %d", last)
	}
	n := 0
	for _, err := range h.book.Rows(h.asAuditor(), "p-1", 1, 20_000) {
		must(t, err)
		n++
	}
	if n != 4001 {
		t.Errorf("%d rows about one project", n)
	}
	if got := h.pool.Stat().AcquiredConns(); got != 0 {
		t.Errorf("%d connections are still held", got)
	}
}
