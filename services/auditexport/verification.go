package auditexport

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// Verification is one check of the whole live ledger, under way or ended. A long
// ledger takes longer than a request may, so whoever asks comes back for it.
type Verification struct {
	ID    string            `json:"id"`
	State VerificationState `json:"state"`
	// Verdict is what was found. Before the end it says nothing: neither that the
	// ledger holds nor that it does not.
	Verdict
	Progress *Progressed `json:"progress,omitempty"` // while it runs
	Why      string      `json:"why,omitempty"`      // it broke off
}

// VerificationState is how far a verification got.
type VerificationState string

// The states. stable: answers carry them.
const (
	VerificationRunning   VerificationState = "running"
	VerificationDone      VerificationState = "done"
	VerificationBrokenOff VerificationState = "broken_off" // for a reason that says nothing of the ledger
)

// Progressed is how far a verification has come.
type Progressed struct {
	RowsDone  int64 `json:"rows_done"`
	RowsTotal int64 `json:"rows_total"`
}

// ErrNoVerification says that there is none of that id.
var ErrNoVerification = fault.New(fault.NotFound, "no_such_verification", "没有这次核验", "there is no such verification")

const (
	kindVerify = "verify" // an Inquiry's
	// verifyTime bounds one check of the whole ledger.
	verifyTime = 30 * time.Minute
	// progressEvery is how often a check says how far it has come.
	progressEvery = time.Second
)

// Verify begins a check of the whole live ledger: the stored rows alone give
// hashes, chains, tree, query columns and the signatures of the services that
// stated them, which are held against the newest signed checkpoint known, inside
// the database or outside, and against the stored head. That it was asked for is
// on record before it begins, what it found when it has ended (YP23-M-16). It
// answers when the check is done, or after a while with how far it has come; a
// repeated request is answered with the same check. One runs at a time in a
// process: ErrVerifying.
//
// A check whose process dies begins anew in the next process that is asked about
// it, from the first row: a place to take it up at would lie in the database that
// is being checked.
func (s *Service) Verify(ctx context.Context, _ struct{}) (Verification, error) {
	rows, err := s.Book.End(ctx)
	if err != nil {
		return Verification{}, err
	}
	id, reader, mine := s.NewID(), authn.By(ctx), false
	i, err := s.Inquiries.Create(s.onBehalf(ctx), id, func(i *Inquiry, rec *aggregate.Recorder) error {
		if !mine && !s.verifying.TryLock() {
			return ErrVerifying
		}
		mine = true
		i.ProjectID = i.ID
		i.Share(reader.Subject)
		i.Kind, i.Actor, i.Query, i.Rows = kindVerify, reader.Actor(), "{}", int64(rows)
		rec.State(i.ID, &auditexportv1.LedgerQueried{Query: kindVerify + " {}", Rows: i.Rows})
		return nil
	})
	if mine && (err != nil || i.ID != id) { // nothing was begun, or that of the first request was
		s.verifying.Unlock()
		mine = false
	}
	if err != nil {
		return Verification{}, err
	}
	if mine {
		select {
		case <-s.check(i):
		case <-ctx.Done():
		case <-time.After(s.Patience):
		}
	}
	return s.GetVerification(ctx, ByID{ID: i.ID})
}

// GetVerification reads how far a verification has come, or what it found. One
// that nobody is at any more is begun anew by who is asked.
func (s *Service) GetVerification(ctx context.Context, r ByID) (Verification, error) {
	i, err := s.Inquiries.Get(ctx, r.ID)
	if err != nil || i.Kind != kindVerify {
		if err == nil || fault.Is(err, fault.NotFound) {
			err = ErrNoVerification
		}
		return Verification{}, err
	}
	v := Verification{ID: i.ID, Why: i.Why}
	switch {
	case i.Verdict != nil:
		v.State, v.Verdict = VerificationDone, *i.Verdict
		return v, nil
	case i.Why != "":
		v.State = VerificationBrokenOff
		return v, nil
	}
	v.State, v.Progress = VerificationRunning, &Progressed{RowsTotal: i.Rows}
	p, _, err := s.Workshop.Progress(ctx, i.ID)
	if err != nil {
		return Verification{}, err
	}
	v.Progress.RowsDone = p.RowsDone
	if !p.Writing && s.verifying.TryLock() {
		s.check(i)
	}
	return v, nil
}

// check does a verification in the background, and lets others follow when it is
// done. The caller has the lock.
func (s *Service) check(i Inquiry) (ended <-chan struct{}) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer s.verifying.Unlock()
		self := s.Self
		self.OnBehalfOf = i.Actor
		ctx, cancel := context.WithTimeout(authn.With(s.Life, self), verifyTime)
		defer cancel()
		// What cannot be begun or put on record now is begun anew when somebody asks.
		if err := s.Workshop.Begin(ctx, i.ID, i.Rows); err != nil {
			return
		}
		if c, ok, err := s.Workshop.Claim(ctx, i.ID); err == nil && ok {
			s.checkAs(ctx, c, i)
		}
	}()
	return done
}

// checkAs does a verification by the right to do it.
func (s *Service) checkAs(ctx context.Context, c Claim, i Inquiry) {
	checking, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go s.beat(checking, c, cancel, ended)
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	v := Verdict{}
	err := guard(func() error {
		return s.recompute(checking, &v, func() error {
			select {
			case <-tick.C:
				return s.Workshop.Mark(checking, c, 0, Point{State: []byte("{}"), Rows: v.Rows})
			default:
				return nil
			}
		})
	})
	lost := errors.Is(context.Cause(checking), ErrClaimLost)
	cancel(nil)
	<-ended
	f, found := errors.AsType[*ledger.Finding](err)
	switch {
	case found:
		v.FirstBadSeq, v.ErrorCode, v.Detail = int64(f.Seq), string(f.Code), f.Detail
	case lost || errors.Is(err, ErrClaimLost):
		return
	case err != nil && s.Life.Err() != nil: // another process begins it anew
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_, _ = s.Workshop.Release(last, c, false) // without it the next one waits until this one counts as dead
		return
	}
	v.OK = err == nil
	why := ""
	if err != nil && !found {
		why = fault.From(err).Code
	}
	// The time of the check may be over, not that of saying so.
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer stop()
	_, err = s.Inquiries.Update(last, i.ID, func(i *Inquiry, rec *aggregate.Recorder) error {
		if i.Verdict != nil || i.Why != "" {
			return nil
		}
		if i.Why = why; why == "" {
			i.Verdict = &v
		}
		rec.State(i.ID, &auditexportv1.LedgerQueried{Query: verified(i), Rows: v.Rows})
		return nil
	})
	if err == nil {
		_ = s.Workshop.Finish(last, c, s.Clock.Now().Add(s.Keep)) // else the next to look finds the verdict on record
	}
}

// verified says for the record what a verification came to.
func verified(i *Inquiry) string {
	outcome := struct {
		ID        string `json:"verification"`
		OK        bool   `json:"ok"`
		ErrorCode string `json:"error_code,omitempty"`
		Why       string `json:"why,omitempty"`
	}{ID: i.ID, Why: i.Why}
	if i.Verdict != nil {
		outcome.OK, outcome.ErrorCode = i.Verdict.OK, i.Verdict.ErrorCode
	}
	b, err := json.Marshal(outcome)
	if err != nil {
		panic("auditexport: " + err.Error()) // texts and a truth value
	}
	return "verified " + string(b)
}
