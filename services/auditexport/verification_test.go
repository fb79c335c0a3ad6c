package auditexport_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"egov/services/auditexport"
)

// heldUp is a book whose rows are waited for, once.
type heldUp struct {
	auditexport.Book
	begun, goOn chan struct{}
}

func newHeldUp(b auditexport.Book) *heldUp {
	return &heldUp{Book: b, begun: make(chan struct{}), goOn: make(chan struct{})}
}

func (b *heldUp) Filed(ctx context.Context, from, to int64) iter.Seq2[*auditexport.Filed, error] {
	return func(yield func(*auditexport.Filed, error) bool) {
		select {
		case b.begun <- struct{}{}:
		case <-b.goOn:
		}
		select {
		case <-b.goOn:
		case <-ctx.Done():
			yield(nil, ctx.Err())
			return
		}
		b.Book.Filed(ctx, from, to)(yield)
	}
}

// checked waits until a verification is not under way any more.
func (h *house) checked(id string) auditexport.Verification {
	h.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	late := time.After(time.Minute)
	for {
		v, err := h.GetVerification(h.asAuditor(), auditexport.ByID{ID: id})
		must(h.t, err)
		if v.State != auditexport.VerificationRunning {
			return v
		}
		select {
		case <-look.C:
		case <-late:
			h.t.Fatal("it does not end")
		}
	}
}

// stated are the queries on record that begin so.
func (h *house) stated(prefix string) (queries []string) {
	h.t.Helper()
	for _, f := range h.inquiries.Facts() {
		if q, ok := f.Message.(interface{ GetQuery() string }); ok && strings.HasPrefix(q.GetQuery(), prefix) {
			queries = append(queries, q.GetQuery())
		}
	}
	return queries
}

// TestALongVerificationIsComeBackFor asks for a check that takes longer than
// whoever asked waits: it says how far it has come, then what it found. That it
// was asked for and what it found are on record (YP23-M-16).
func TestALongVerificationIsComeBackFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	h.sign()
	slow := newHeldUp(h.book)
	h.Book, h.Patience = slow, time.Millisecond
	begun, err := h.Verify(h.asAuditor(), struct{}{})
	must(t, err)
	if begun.State != auditexport.VerificationRunning || begun.OK || begun.Progress == nil || begun.Progress.RowsTotal != 300 {
		t.Fatalf("%+v %+v", begun, begun.Progress)
	}
	<-slow.begun
	if q := h.stated("verif"); len(q) != 1 || q[0] != "verify {}" {
		t.Errorf("on record while it runs: %q", q)
	}
	if _, err := h.Verify(h.asAuditor(), struct{}{}); !errors.Is(err, auditexport.ErrVerifying) {
		t.Errorf("a second one: %v", err)
	}
	close(slow.goOn)
	if v := h.checked(begun.ID); !v.OK || v.Rows != 300 || v.State != auditexport.VerificationDone || v.Progress != nil {
		t.Errorf("%+v", v)
	}
	if q := h.stated("verified"); len(q) != 1 || !strings.Contains(q[0], begun.ID) || !strings.Contains(q[0], `"ok":true`) {
		t.Errorf("on record: %q", q)
	}
	again, err := h.Verify(h.asAuditor(), struct{}{})
	for errors.Is(err, auditexport.ErrVerifying) { // the first is putting its file away
		again, err = h.Verify(h.asAuditor(), struct{}{})
	}
	must(t, err)
	if v := h.checked(again.ID); !v.OK || again.ID == begun.ID {
		t.Errorf("%+v", v)
	}
}

// TestAVerificationOutlivesItsProcess has the process stop in the middle of a
// check. The next one that is asked about it begins it anew.
func TestAVerificationOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	h.sign()
	slow := newHeldUp(h.book)
	life, die := context.WithCancel(t.Context())
	h.Book, h.Life, h.Patience = slow, life, time.Millisecond
	begun, err := h.Verify(h.asAuditor(), struct{}{})
	must(t, err)
	<-slow.begun
	h.sql("UPDATE ledger_line SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'education', 'edukation'), 'UTF8') WHERE seq = 7")
	die()
	h.open() // another process
	if v := h.checked(begun.ID); v.State != auditexport.VerificationDone || v.OK || v.ErrorCode != "row_hash" || v.FirstBadSeq != 7 || v.Rows != 6 {
		t.Errorf("%+v", v)
	}
	if asked, found := h.stated("verify "), h.stated("verified"); len(asked) != 1 || len(found) != 1 || !strings.Contains(found[0], "row_hash") {
		t.Errorf("on record: %q, %q", asked, found)
	}
}

// TestAVerificationThatCannotBeDoneSaysNothingOfTheLedger has the database fail
// under a check.
func TestAVerificationThatCannotBeDoneSaysNothingOfTheLedger(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(3, withdrawn)
	h.Book = diskless{h.book}
	v, err := h.Verify(h.asAuditor(), struct{}{})
	must(t, err)
	if v.State != auditexport.VerificationBrokenOff || v.OK || v.Why != "internal" || v.ErrorCode != "" {
		t.Errorf("%+v", v)
	}
	h.Book = h.book
	if v := h.verdict(); !v.OK {
		t.Errorf("%+v", v)
	}
	for _, id := range []string{"unknown", h.ask(auditexport.MakeExport{})} {
		if _, err := h.GetVerification(h.asAuditor(), auditexport.ByID{ID: id}); !errors.Is(err, auditexport.ErrNoVerification) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// diskless is a book whose rows cannot be read.
type diskless struct{ auditexport.Book }

func (diskless) Filed(context.Context, int64, int64) iter.Seq2[*auditexport.Filed, error] {
	return func(yield func(*auditexport.Filed, error) bool) { yield(nil, errors.New("the disk is gone")) }
}
