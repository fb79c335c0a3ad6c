package auditexport

import (
	"context"
	"errors"
	"io"
	"time"
)

// Exporting is what the making of exports needs.
type Exporting struct {
	Workshop Workshop
	// Wake has an export written as soon as may be.
	Wake func(ctx context.Context, id string)
	// Tables write the tables of a bundle, by format, see TableFormats.
	Tables map[string]TableWriter
	// Scratch opens a file that is nobody else's and goes when it is closed.
	Scratch func() (Scratch, error)
	// Originals are where the attachments lie that rows name; nil = nowhere.
	Originals Originals
	Room      int64         // bytes of them that one bundle takes along
	Keep      time.Duration // for which a finished file is kept
	PerUnit   int           // exports of one unit that may be in the making at once
}

// Scratch is a temporary file.
type Scratch interface {
	io.ReadWriteSeeker
	io.Closer
}

// Workshop keeps the files of exports, finished and in the making. A file is
// written in parts by whoever has the newest claim on it. A point is where the
// writing can be taken up by another: what lies behind the last one is written
// again. It shows itself to auditors and to the service, and is changed by the
// service alone.
type Workshop interface {
	// RowsOf counts the rows about a project, up to one.
	RowsOf(ctx context.Context, project string, last int64) (int64, error)
	// Begin makes room for a file of so many rows; one that is there stays.
	Begin(ctx context.Context, id string, rows int64) error
	// Claim makes the caller the writer, unless the file is whole, held, or has
	// a writer who lives.
	Claim(ctx context.Context, id string) (c Claim, ok bool, err error)
	// Beat says that the writer lives. It and all that follow answer
	// ErrClaimLost to a writer whose place another has taken.
	Beat(ctx context.Context, c Claim) error
	// Append adds a part at the end, which is at that byte.
	Append(ctx context.Context, c Claim, at int64, part []byte) error
	// Mark keeps the point at the end.
	Mark(ctx context.Context, c Claim, at int64, p Point) error
	// Clear forgets the point and all parts.
	Clear(ctx context.Context, c Claim) error
	// Release gives a claim up and answers how often that was for a failure
	// since the last point.
	Release(ctx context.Context, c Claim, failed bool) (failures int, err error)
	// Finish says that the file is whole, and until when it is kept.
	Finish(ctx context.Context, c Claim, until time.Time) error
	// Hold takes the claim from whoever has it, and keeps others from having it
	// until it is called again without held.
	Hold(ctx context.Context, id string, held bool) error
	// Remove removes a file and all that is known of its making.
	Remove(ctx context.Context, id string) error
	// Progress says how far a file has got; ok is false where there is none.
	Progress(ctx context.Context, id string) (p Progress, ok bool, err error)
	// Expired lists files, a hundred at most, that are kept no longer: their time
	// is over, or their export has ended without them.
	Expired(ctx context.Context, now time.Time) ([]string, error)
	// Read reads a file from a byte on. A file that is removed meanwhile ends in
	// an error.
	Read(ctx context.Context, id string, from int64) io.ReadCloser
}

// ErrClaimLost says that another has taken the writer's place, or that the file
// is to be written no further.
var ErrClaimLost = errors.New("another writes this file now, or nobody is to")

// Claim is the right to write a file.
type Claim struct {
	Export string
	Number int64
	Point  []byte // the State of the last point, nil before the first
	At     int64  // bytes before it
}

// Point is where a writing can be taken up.
type Point struct {
	State []byte // JSON
	Rows  int64  // written before it
	Stage string // the file of the archive that was finished last
}

// Progress is how far a file has got.
type Progress struct {
	RowsDone  int64      `json:"rows_done"`
	RowsTotal int64      `json:"rows_total"`
	Bytes     int64      `json:"bytes"`   // written so far
	Stage     string     `json:"stage"`   // the file of the archive that was finished last
	Writing   bool       `json:"writing"` // somebody is at it now
	Held      bool       `json:"held"`    // nobody is to be
	Claims    int64      `json:"claims"`  // how often the writing was begun or taken up
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}
