package module

import (
	"context"
	"os"
	"time"

	"egov/libs/authn"
	"egov/libs/jobs"
	"egov/libs/module"
	"egov/services/auditexport"
	"egov/services/auditexport/pgstore"
	"egov/services/auditexport/tablefile"
)

// The jobs by which bundles are made. stable: their kinds lie in the database.
type (
	// writeExport writes one bundle; Claims tells one attempt from the next.
	writeExport struct {
		ID     string `json:"id"`
		Claims int64  `json:"claims"`
	}
	// lookExports finds bundles that nobody writes, and files that are kept no
	// longer.
	lookExports struct {
		N int64 `json:"n"`
	}
)

// Kind names the job.
func (writeExport) Kind() string { return "write_export" }

// Kind names the job.
func (lookExports) Kind() string { return "look_at_exports" }

// How bundles are made: a writer of whom nothing is heard for so long is taken
// for dead, and one that goes on for a day has gone astray.
const (
	exportQuiet = 30 * time.Second
	exportTime  = 24 * time.Hour
	exportLook  = 5 * time.Second
)

// exporting has bundles written by jobs: one at a time by each process, so that
// its other jobs have room.
func exporting(ctx context.Context, k *module.Kit, s *auditexport.Service) error {
	originals, err := openStores(ctx, k)
	if err != nil {
		return err
	}
	one := make(chan struct{}, 1)
	// A stopping process gives its bundle up at once: another goes on with it.
	running, stop := context.WithCancel(context.Background())
	k.Unit.Loop("exports", func(ctx context.Context) error {
		<-ctx.Done()
		stop()
		return nil
	})
	wake := func(ctx context.Context, claims map[string]int64) error {
		args := make([]jobs.Args, 0, len(claims))
		for id, n := range claims {
			args = append(args, writeExport{id, n})
		}
		return k.Enqueue(ctx, args...)
	}
	s.Exporting = auditexport.Exporting{
		Workshop: pgstore.NewWorkshop(k.Pool, exportQuiet),
		Wake: func(ctx context.Context, id string) {
			if err := wake(ctx, map[string]int64{id: 0}); err != nil {
				k.Log.WarnContext(ctx, "a bundle is begun a little later", "export", id, "err", err)
			}
		},
		Tables: tablefile.Writers(), Scratch: scratch, Keep: k.Config.Exports.Keep, PerUnit: k.Config.Exports.PerUnit,
		Originals: originals, Room: k.Config.Exports.AttachmentBytes,
	}
	k.Work(
		jobs.On(func(ctx context.Context, j writeExport) error {
			select {
			case one <- struct{}{}:
				defer func() { <-one }()
				ctx, cancel := context.WithCancel(authn.With(ctx, k.Self))
				defer cancel()
				defer context.AfterFunc(running, cancel)()
				return s.WriteExport(ctx, j.ID)
			default: // it is found again, see below
				return nil
			}
		}).Within(exportTime),
		jobs.Every(min(k.Config.Clock.Sweep, exportLook), func(n int64) lookExports { return lookExports{n} }, func(ctx context.Context, _ lookExports) error {
			ctx = authn.With(ctx, k.Self)
			if _, err := s.ExpireExports(ctx); err != nil {
				return err
			}
			claims, err := s.UnfinishedExports(ctx)
			if err != nil {
				return err
			}
			return wake(ctx, claims)
		}).When(func(ctx context.Context) (bool, error) { return s.AnyExports(authn.With(ctx, k.Self)) }),
	)
	return nil
}

// scratch is a file that nobody else can open and that is gone with the process.
func scratch() (auditexport.Scratch, error) {
	f, err := os.CreateTemp("", "egov-export-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
