package auditexport

import "testing"

// FuzzCursor reads any text as a cursor: what is one is written the same way
// again, and everything else is none.
func FuzzCursor(f *testing.F) {
	for _, c := range []cursor{{after: 1, last: 2}, {after: 200, last: 10_000_000, question: QueryLedger{Unit: "education"}.digest()}} {
		f.Add(c.String())
	}
	for _, text := range []string{"", "AQ", "AQAAAAAAAAAAAQI", "AQAAAAAAAAAAAQKA", "_____________________w", "AQAAAAAAAAAA//8", "AQAAAAAAAAAAAgE"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err == nil && (c.String() != text || c.after < 0 || c.last <= c.after) {
			t.Errorf("%q is read as %+v", text, c)
		}
	})
}
