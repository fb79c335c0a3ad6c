package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// Table gives the calendar to count by. A Calendar is a table that never
// changes, Live is one that follows the notices.
type Table interface {
	Current() *Calendar
}

// Current is the calendar itself.
func (c *Calendar) Current() *Calendar { return c }

// Live is a table whose calendar is replaced as a whole when a notice is
// published. Whoever makes several counts that belong together asks Current
// once. It is safe for concurrent use; make one with NewLive.
type Live struct{ now atomic.Pointer[Calendar] }

// NewLive makes a table that begins with c.
func NewLive(c *Calendar) *Live {
	l := &Live{}
	l.now.Store(c)
	return l
}

// Current is the calendar in force.
func (l *Live) Current() *Calendar { return l.now.Load() }

// Replace puts c in force.
func (l *Live) Replace(c *Calendar) { l.now.Store(c) }

// Merge lays published overrides over those of files: a published notice takes
// the place of a file's for its year, and with it of all that files say of the
// year. Overrides that still clash are refused with every clash named.
func Merge(files, published []Override) (*Calendar, error) {
	anew := map[int]bool{}
	for _, o := range published {
		if o.kind() == KindNotice {
			anew[o.Year] = true
		}
	}
	kept := slices.DeleteFunc(slices.Clone(files), func(o Override) bool { return anew[o.Year] })
	return New(append(kept, published...)...)
}

// Fingerprint names what the calendar says: two calendars that count any
// period differently have different ones, also across releases. It has 16
// characters.
func (c *Calendar) Fingerprint() string { return c.src.print() }

// print is worked out once a source.
func (s *source) print() string {
	s.once.Do(func() {
		lines := make([]string, 0, len(s.marks)+len(s.notices))
		for d, m := range s.marks {
			lines = append(lines, fmt.Sprintf("%s %t", d, m.work))
		}
		for y := range s.notices {
			lines = append(lines, fmt.Sprintf("%d", y))
		}
		slices.Sort(lines)
		sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
		s.fingerprint = hex.EncodeToString(sum[:8])
	})
	return s.fingerprint
}

// Documents lists the numbers of the notices and orders that bear on the days
// from one to another, both included, in order and each once. Notices that
// come with lunar-go have no number and are not listed.
func (c *Calendar) Documents(from, to Date) []string {
	var numbers []string
	for _, o := range c.src.overrides {
		if o.Year < from.Year() || o.Year > to.AddDays(31).Year() || slices.Contains(numbers, o.Notice) {
			continue
		}
		numbers = append(numbers, o.Notice)
	}
	return numbers
}
