package auditexport

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/checkpoint"
	"egov/libs/ledger/witness"
	ledgerv1 "egov/proto/gen/egov/ledger/v1"
)

// Witness is a unit's service that cosigns checkpoints. Its id is the service's
// name.
type Witness struct {
	aggregate.Root
	For  string           `json:"for"`  // the unit in whose name it cosigns
	Keys []checkpoint.Key `json:"keys"` // each in force from the first checkpoint it cosigned
	Size int64            `json:"size"` // rows it has seen, by its own word
	At   time.Time        `json:"at"`   // when it last cosigned
	Last *Refusal         `json:"refusal,omitempty"`
}

// Refusal is why a witness's answer brought no cosignature. It stays until one
// does.
type Refusal struct {
	Code   string    `json:"code"`
	Detail string    `json:"detail"`
	Size   int64     `json:"size"`
	At     time.Time `json:"at"`
}

// alarming says whether there is a refusal that no cosignature will follow.
func (r *Refusal) alarming() bool { return r != nil && witness.Alarming(ledger.Code(r.Code)) }

// Announcement is what witnesses were last asked to cosign; there is one.
type Announcement struct {
	aggregate.Root
	Size     int64 `json:"size"`
	Cosigned int64 `json:"cosigned"` // the largest of them that somebody cosigned
	// Since is when the first announcement was made that nobody has answered
	// with a cosignature; zero while there is none, and before the first witness.
	Since time.Time `json:"since,omitzero"`
	// Again says that a witness misses a proof.
	Again bool `json:"again,omitempty"`
}

// Windows are how long a ledger may go unsigned, and uncosigned, before it says
// so aloud. Nothing is held up in either case.
type Windows struct{ Signing, Cosigning time.Duration }

// What a ledger says of itself when a window has passed. stable: metrics,
// standings and manifests carry them.
const (
	LateSigning   = "signing_late"
	LateCosigning = "cosigning_late"
)

// Alarm is what a witness's answer shows of the ledger or of the witness.
type Alarm struct {
	Speaker
	Code, Detail string
	Size         int64
}

// Speaker is the service that stated something, and the unit in whose name.
type Speaker struct{ Service, Unit string }

// Announce signs the ledger as it stands and asks the witnesses to cosign it.
// Unless now is set, it does so only where there is something new to witness
// besides the witnesses' own answers, which would go on for ever. It answers
// whether they were asked.
func (s *Service) Announce(ctx context.Context, now bool) (bool, error) {
	ctx = s.asSelf(ctx)
	if _, err := s.SignCheckpoint(ctx); err != nil {
		return false, err
	}
	a, err := s.announced(ctx)
	if err != nil {
		return false, err
	}
	signed, _, err := s.newest(ctx)
	if errors.Is(err, ErrNoCheckpoint) {
		return false, nil
	}
	size := int64(signed.Size)
	if err != nil || size <= a.Size && !a.Again {
		return false, err
	}
	if !now && !a.Again {
		if now, err = s.Book.Grown(ctx, a.Size); err != nil || !now {
			return false, err
		}
	}
	witnesses, err := s.cosigners(ctx)
	if err != nil {
		return false, err
	}
	proofs, err := s.proofsFor(ctx, a, witnesses, signed.Size)
	if err != nil {
		return false, err
	}
	fact, err := witness.Announce(signed, s.Keyring.Keys, proofs, s.Keyring.Signers...)
	if err != nil {
		return false, err
	}
	_, err = s.Announcements.Upsert(ctx, witness.Subject, func(a *Announcement, rec *aggregate.Recorder) error {
		if size < a.Size || size == a.Size && !a.Again { // another process was first
			return nil
		}
		a.ProjectID = witness.Subject
		a.Own(Bureau)
		a.Size, a.Again = size, false
		if a.Since.IsZero() && len(witnesses) > 0 {
			a.Since = rec.Now()
		}
		rec.State(witness.Subject, fact)
		return nil
	})
	return err == nil, err
}

// announced is the last announcement, zero before the first.
func (s *Service) announced(ctx context.Context) (Announcement, error) {
	a, err := s.Announcements.Get(ctx, witness.Subject)
	if fault.Is(err, fault.NotFound) {
		err = nil
	}
	return a, err
}

// proofsFor draws a consistency proof from each size that a witness has seen, and
// from the one announced before, which it has seen by the time it hears of this
// one though its answer may still be on the way.
func (s *Service) proofsFor(ctx context.Context, before Announcement, witnesses []Witness, size uint64) (map[uint64][]ledger.Hash, error) {
	proofs := map[uint64][]ledger.Hash{}
	prover := ledger.NewProver(s.Book, size)
	sizes := []int64{before.Size}
	for _, w := range witnesses {
		sizes = append(sizes, w.Size)
	}
	for _, n := range sizes {
		seen := uint64(n)
		if _, drawn := proofs[seen]; drawn || seen == 0 || seen >= size {
			continue
		}
		path, err := prover.Consistency(ctx, seen)
		if err != nil {
			return nil, asFinding(err)
		}
		proofs[seen] = path
	}
	return proofs, nil
}

// OnCosigned takes in a witness's cosignature, in the transaction that makes a
// row of its fact. One that is no good is an alarm, not an error: its row is
// made all the same.
func (s *Service) OnCosigned(ctx context.Context, by Speaker, f *ledgerv1.CheckpointCosigned) (*Alarm, error) {
	note, keys, err := witness.Gather(s.Keyring.Trust, by.Unit, f)
	if err == nil {
		err = s.ours(ctx, f.GetSize(), note)
	}
	if finding, ok := errors.AsType[*ledger.Finding](err); ok {
		return s.keepRefusal(ctx, by, Refusal{Code: string(finding.Code), Detail: finding.Detail, Size: f.GetSize()}, -1)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Book.KeepCosignature(ctx, f.GetSize(), by.Service, note, s.Clock.Now()); err != nil {
		return nil, err
	}
	_, err = s.Witnesses.Upsert(ctx, by.Service, func(w *Witness, rec *aggregate.Recorder) error {
		w.Own(Bureau)
		w.For, w.Last = by.Unit, nil
		for _, k := range keys {
			if !slices.ContainsFunc(w.Keys, func(x checkpoint.Key) bool { return x.Verifier == k.Verifier }) {
				w.Keys = append(w.Keys, k)
			}
		}
		if f.GetSize() >= w.Size {
			w.Size, w.At = f.GetSize(), rec.Now()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return nil, aggregate.Follow(ctx, s.Announcements, witness.Subject, func(a *Announcement, _ *aggregate.Recorder) error {
		a.Cosigned = max(a.Cosigned, f.GetSize())
		if a.Cosigned >= a.Size {
			a.Since = time.Time{}
		}
		return nil
	})
}

// ours says whether the ledger signed that very note, by a *ledger.Finding if
// it did not.
func (s *Service) ours(ctx context.Context, size int64, note []byte) error {
	signed, err := s.stored(ctx, size)
	if errors.Is(err, ErrNoCheckpoint) {
		return ledger.Found(ledger.CodeFork, 0, "the ledger has no checkpoint of %d rows", size)
	}
	if err == nil {
		_, err = s.Keyring.Trust.Merge(signed.Note, note)
	}
	return err
}

// OnRefused takes in that a witness did not cosign, likewise. A witness that only
// misses a proof gets it with the next announcement.
func (s *Service) OnRefused(ctx context.Context, by Speaker, f *ledgerv1.CheckpointRefused) (*Alarm, error) {
	alarm, err := s.keepRefusal(ctx, by, Refusal{Code: f.GetCode(), Detail: f.GetDetail(), Size: f.GetSize()}, f.GetSeenSize())
	if err != nil || witness.Alarming(ledger.Code(f.GetCode())) {
		return alarm, err
	}
	return nil, aggregate.Follow(ctx, s.Announcements, witness.Subject, func(a *Announcement, _ *aggregate.Recorder) error {
		a.Again = true
		return nil
	})
}

// keepRefusal remembers it, and what the witness has seen unless that is
// negative.
func (s *Service) keepRefusal(ctx context.Context, by Speaker, r Refusal, seen int64) (*Alarm, error) {
	_, err := s.Witnesses.Upsert(ctx, by.Service, func(w *Witness, rec *aggregate.Recorder) error {
		w.Own(Bureau)
		r.At = rec.Now()
		w.For, w.Last = by.Unit, &r
		if seen >= 0 {
			w.Size = seen
		}
		return nil
	})
	return &Alarm{Speaker: by, Code: r.Code, Detail: r.Detail, Size: r.Size}, err
}

// witnessed is the checkpoint of that size with the cosignatures there are, and
// the keys that it and its rows can be checked with.
func (s *Service) witnessed(ctx context.Context, signed checkpoint.Signed) (checkpoint.Signed, checkpoint.Keys, error) {
	keys := s.Keyring.Keys
	if s.Producers != nil {
		var err error
		if keys.Events, err = s.Producers.Keys(); err != nil {
			return signed, keys, err
		}
	}
	witnesses, err := s.cosigners(ctx)
	if err != nil {
		return signed, keys, err
	}
	keys.Keys = slices.Clone(keys.Keys)
	for _, w := range witnesses {
		keys.Keys = append(keys.Keys, w.Keys...)
	}
	if signed.Size == 0 {
		return signed, keys, nil
	}
	trust, err := checkpoint.NewTrust(keys)
	if err != nil {
		return signed, keys, err
	}
	copies, err := s.Book.Cosignatures(ctx, int64(signed.Size))
	if err != nil {
		return signed, keys, err
	}
	note := signed.Note
	for _, c := range copies {
		merged, err := trust.Merge(note, c)
		if isFinding(err) { // somebody changed it in the database: it counts for nothing
			continue
		}
		if err != nil {
			return signed, keys, err
		}
		note = merged
	}
	signed, err = trust.OpenUnwitnessed(note)
	return signed, keys, err
}

// cosigners are the witnesses by the names of their services.
func (s *Service) cosigners(ctx context.Context) ([]Witness, error) {
	witnesses, err := aggregate.Everything(s.asSelf(ctx), s.Witnesses, nil)
	slices.SortFunc(witnesses, func(a, b Witness) int { return strings.Compare(a.ID, b.ID) })
	return witnesses, err
}

// cosignLook is how often a wait for cosignatures looks for them.
const cosignLook = 25 * time.Millisecond

// attested asks for cosignatures of the ledger as it stands, which is about to
// leave the house, and waits for them. What is appended meanwhile, the answers
// above all, is not under its checkpoint.
func (s *Service) attested(ctx context.Context) (checkpoint.Signed, checkpoint.Keys, error) {
	signed, err := s.announcedNow(ctx)
	if isFinding(err) || errors.Is(err, ErrNoCheckpoint) {
		// A ledger found not to hold is shown all the same; see under.
		signed, err = s.under(ctx)
	}
	if err != nil {
		return signed, checkpoint.Keys{}, err
	}
	if err := s.await(s.asSelf(ctx), int64(signed.Size)); err != nil {
		return signed, checkpoint.Keys{}, err
	}
	return s.witnessed(ctx, signed)
}

// announcedNow is the checkpoint that witnesses are asked to cosign when asked
// now.
func (s *Service) announcedNow(ctx context.Context) (checkpoint.Signed, error) {
	if _, err := s.Announce(ctx, true); err != nil {
		return checkpoint.Signed{}, err
	}
	a, err := s.announced(s.asSelf(ctx))
	if err != nil {
		return checkpoint.Signed{}, err
	}
	if a.Size == 0 {
		return checkpoint.Signed{}, ErrNoCheckpoint
	}
	return s.stored(ctx, a.Size)
}

// await returns when every witness has seen the tree of that size, or after
// Patience. One that let such a time pass is not waited for again until it has
// been heard: who has gone away holds nobody up twice.
func (s *Service) await(ctx context.Context, size int64) error {
	bounded, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	look := time.NewTicker(cosignLook)
	defer look.Stop()
	for {
		witnesses, err := s.cosigners(ctx)
		if err != nil {
			return err
		}
		missing := slices.DeleteFunc(witnesses, func(w Witness) bool { return w.Size >= size || w.Last.alarming() || s.silentSince(w) })
		if len(missing) == 0 {
			return nil
		}
		select {
		case <-bounded.Done():
			for _, w := range missing {
				s.silent.Store(w.ID, w.Size)
			}
			return ctx.Err()
		case <-look.C:
		}
	}
}

// silentSince says whether a witness let a wait pass and has not been heard since.
func (s *Service) silentSince(w Witness) bool {
	size, silent := s.silent.Load(w.ID)
	return silent && size == w.Size
}

// Progress is how many rows a witness has cosigned, and what Late lists.
func (s *Service) Progress(ctx context.Context) (cosigned int64, late []string, err error) {
	a, err := s.announced(s.asSelf(ctx))
	if err != nil {
		return 0, nil, err
	}
	late, err = s.Late(ctx)
	return a.Cosigned, late, err
}

// Late lists what a window has passed for: LateSigning, LateCosigning.
func (s *Service) Late(ctx context.Context) ([]string, error) {
	late := []string{}
	now := s.Clock.Now()
	if since := s.unsigned.Load(); since != nil && now.Sub(*since) > s.Windows.Signing {
		late = append(late, LateSigning)
	}
	a, err := s.announced(s.asSelf(ctx))
	if err != nil {
		return nil, err
	}
	if !a.Since.IsZero() && now.Sub(a.Since) > s.Windows.Cosigning {
		late = append(late, LateCosigning)
	}
	return late, nil
}

// asSelf is the service seeing to its own affairs, whoever asks.
func (s *Service) asSelf(ctx context.Context) context.Context { return authn.With(ctx, s.Self) }
