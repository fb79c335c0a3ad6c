package auditexport

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/ledger/bundle"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
)

// Bounds of the writing of a file.
const (
	partSize    = 1 << 20          // bytes, at most
	pointAfter  = 8 << 20          // bytes between two points that are kept, or
	pointEvery  = 5 * time.Second  // so long
	beatEvery   = 10 * time.Second // while nothing is written
	maxFailures = 5                // in a row, without getting any further
)

// point is what a Point's State holds.
type point struct {
	Bundle bundle.Resume `json:"bundle"`
	SHA256 []byte        `json:"sha256"` // state of the hash of the whole file
	Made   *made         `json:"made,omitempty"`
}

// made is what is to be put on record of a file that is whole.
type made struct {
	Rows, First, Last, Bytes int64
	SHA256                   string
}

// WriteExport writes the file of an export from where its writing was left to
// its end, and puts on record that it was made. It does nothing where nothing is
// to be written, or somebody does so already. When ctx ends, or the process
// dies, another takes the writing up behind the last point.
func (s *Service) WriteExport(ctx context.Context, id string) error {
	e, err := s.Exports.Get(ctx, id)
	if err != nil || e.State != ExportBegun {
		return err
	}
	c, ok, err := s.Workshop.Claim(ctx, id)
	if err != nil || !ok {
		return err
	}
	writing, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.Life, func() { cancel(context.Canceled) })()
	ended := make(chan struct{})
	go s.beat(writing, c, cancel, ended)
	err = guard(func() error { return s.writeFile(writing, c, e) })
	if cause := context.Cause(writing); err != nil && cause != nil {
		err = cause
	}
	cancel(nil)
	<-ended
	if err == nil || errors.Is(err, ErrClaimLost) {
		return nil
	}
	return s.brokenOff(ctx, c, err)
}

// beat says now and then that the writer lives, and stops one who is not to
// write any more.
func (s *Service) beat(ctx context.Context, c Claim, cancel context.CancelCauseFunc, ended chan<- struct{}) {
	defer close(ended)
	t := time.NewTicker(beatEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := s.Workshop.Beat(ctx, c); errors.Is(err, ErrClaimLost) {
				cancel(err)
			}
		}
	}
}

// brokenOff leaves a file for another to write on. What fails again and again
// without getting any further is given up.
func (s *Service) brokenOff(ctx context.Context, c Claim, why error) error {
	// Also when it ended because the service does.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	stopped := errors.Is(why, context.Canceled)
	failures, err := s.Workshop.Release(ctx, c, !stopped)
	if stopped || errors.Is(err, ErrClaimLost) {
		return nil
	}
	if err != nil || failures < maxFailures {
		return errors.Join(why, err)
	}
	e, err := s.Exports.Update(ctx, c.Export, func(e *Export, rec *aggregate.Recorder) error {
		if e.State == ExportBegun {
			e.Why = fault.From(why).Code
			e.end(rec, ExportBrokenOff)
		}
		return nil
	})
	if err == nil {
		err = s.follow(ctx, e)
	}
	return errors.Join(why, err)
}

// writeFile writes a file and puts on record that it was made.
func (s *Service) writeFile(ctx context.Context, c Claim, e Export) error {
	out := &file{in: s.Workshop, ctx: ctx, claim: c, at: c.At, sum: sha256.New(), now: s.Clock.Now}
	var from *bundle.Resume
	if c.Point != nil {
		var p point
		if err := json.Unmarshal(c.Point, &p); err != nil {
			return err
		}
		if p.Made != nil {
			return s.putOnRecord(ctx, c, *p.Made)
		}
		if err := out.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.SHA256); err != nil {
			return err
		}
		from = &p.Bundle
	}
	m, err := s.write(ctx, out, e, from, out.save)
	if errors.Is(err, bundle.ErrResume) { // begun by another release of this program
		if err := s.Workshop.Clear(ctx, c); err != nil {
			return err
		}
		c.Point, c.At = nil, 0
		return s.writeFile(ctx, c, e)
	}
	if err != nil {
		return err
	}
	whole := made{Rows: int64(m.Rows), First: int64(m.First), Last: int64(m.Last)}
	if whole.Bytes, whole.SHA256, err = out.finish(whole); err != nil {
		return err
	}
	return s.putOnRecord(ctx, c, whole)
}

// putOnRecord states that a file was made. Doing it twice is doing it once.
func (s *Service) putOnRecord(ctx context.Context, c Claim, m made) error {
	e, err := s.Exports.Get(ctx, c.Export)
	if err != nil {
		return err
	}
	_, err = s.Exports.Update(s.inNameOf(ctx, e), c.Export, func(e *Export, rec *aggregate.Recorder) error {
		if e.State != ExportBegun {
			return nil
		}
		if e.SHA256 != "" && e.SHA256 != m.SHA256 {
			e.Contradicts = e.SHA256
		}
		e.State, e.Rows, e.Bytes, e.SHA256 = ExportMade, m.Rows, m.Bytes, m.SHA256
		rec.State(e.ID, &auditexportv1.ExportMade{
			ExportId: e.ID, ProjectId: e.Project, FirstSeq: m.First, LastSeq: m.Last, BundleSha256: e.SHA256, Package: e.Package,
		})
		return nil
	})
	if err != nil {
		return err
	}
	return s.Workshop.Finish(ctx, c, s.Clock.Now().Add(s.Keep))
}

// inNameOf is the service acting for whoever asked for an export.
func (s *Service) inNameOf(ctx context.Context, e Export) context.Context {
	self := s.Self
	self.OnBehalfOf = e.By.Actor
	return authn.With(ctx, self)
}

// UnfinishedExports lists the exports that nobody writes and somebody should,
// with how often that was begun.
func (s *Service) UnfinishedExports(ctx context.Context) (claims map[string]int64, err error) {
	all, err := aggregate.Everything(ctx, s.Exports, map[string]string{"state": string(ExportBegun)})
	if err != nil {
		return nil, err
	}
	claims = map[string]int64{}
	for _, e := range all {
		p, ok, err := s.Workshop.Progress(ctx, e.ID)
		switch {
		case err != nil:
			return nil, err
		case !ok: // its asker's process died before it could say so
			err = s.Workshop.Begin(ctx, e.ID, e.Rows)
		case p.Held:
			err = s.Workshop.Hold(ctx, e.ID, false)
		case p.Writing:
			continue
		}
		if err != nil {
			return nil, err
		}
		claims[e.ID] = p.Claims
	}
	return claims, nil
}

// AnyExports says whether there is anything for the two to find: a cheap look.
func (s *Service) AnyExports(ctx context.Context) (bool, error) {
	ids, err := s.Workshop.Expired(ctx, s.Clock.Now())
	if err != nil || len(ids) > 0 {
		return len(ids) > 0, err
	}
	claims, err := s.UnfinishedExports(ctx)
	return len(claims) > 0, err
}

// ExpireExports removes the files that are kept no longer. What they were stays
// on record. It answers how many there were.
func (s *Service) ExpireExports(ctx context.Context) (int, error) {
	ids, err := s.Workshop.Expired(ctx, s.Clock.Now())
	if err != nil {
		return 0, err
	}
	for i, id := range ids {
		_, err := s.Exports.Update(ctx, id, func(e *Export, rec *aggregate.Recorder) error {
			if e.State == ExportMade {
				e.end(rec, ExportExpired)
			}
			return nil
		})
		if err != nil && !fault.Is(err, fault.NotFound) {
			return i, err
		}
		if err := s.Workshop.Remove(ctx, id); err != nil {
			return i, err
		}
	}
	return len(ids), nil
}

// file is a Workshop's file on its way. It is cut into parts where they are full,
// and at the points that are kept, so that a point always lies between two.
type file struct {
	in    Workshop
	ctx   context.Context // of one writing
	claim Claim
	at    int64 // of the first byte of part
	part  []byte
	sum   hash.Hash
	now   func() time.Time

	keptAt int64 // of the last point
	keptOn time.Time
}

func (f *file) Write(p []byte) (n int, err error) {
	for n < len(p) {
		k := min(partSize-len(f.part), len(p)-n)
		f.part = append(f.part, p[n:n+k]...)
		n += k
		if len(f.part) == partSize {
			if err := f.flush(); err != nil {
				return n, err
			}
		}
	}
	f.sum.Write(p)
	return n, nil
}

// flush gives the workshop what there is.
func (f *file) flush() error {
	if len(f.part) == 0 {
		return nil
	}
	if err := f.in.Append(f.ctx, f.claim, f.at, f.part); err != nil {
		return err
	}
	f.at += int64(len(f.part))
	f.part = f.part[:0]
	return nil
}

// save keeps a point, unless the last one is near.
func (f *file) save(r bundle.Resume) error {
	now := f.now()
	if f.keptOn.IsZero() {
		f.keptOn = now
	}
	if r.Offset-f.keptAt < pointAfter && now.Sub(f.keptOn) < pointEvery {
		return f.ctx.Err()
	}
	stage := ""
	if n := len(r.Files); n > 0 {
		stage = r.Files[n-1].Name
	}
	f.keptAt, f.keptOn = r.Offset, now
	return f.mark(point{Bundle: r}, stage, int64(r.Rows()))
}

func (f *file) mark(p point, stage string, rows int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	var err error
	if p.SHA256, err = f.sum.(encoding.BinaryMarshaler).MarshalBinary(); err != nil {
		return err
	}
	state, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return f.in.Mark(f.ctx, f.claim, f.at, Point{State: state, Rows: rows, Stage: stage})
}

// finish keeps the last point: there is nothing left but to say so.
func (f *file) finish(m made) (size int64, sum string, err error) {
	if err := f.flush(); err != nil {
		return 0, "", err
	}
	m.Bytes, m.SHA256 = f.at, hex.EncodeToString(f.sum.Sum(nil))
	return m.Bytes, m.SHA256, f.mark(point{Made: &m}, bundle.NameManifest, m.Rows)
}
