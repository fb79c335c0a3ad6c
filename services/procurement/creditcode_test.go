package procurement

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCreditCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		want       bool
	}{
		{"the standard's own example", "91350100M000100Y43", true},
		{"a published company", "914403001922038216", true},
		{"another published company", "91110108551385082Q", true},
		{"a wrong check digit", "91350100M000100Y44", false},
		{"two digits exchanged", "91350100M000010Y43", false},
		{"a letter outside the alphabet", "91350100M000100I43", false},
		{"lower case", "91350100m000100y43", false},
		{"too short", "91350100M000100Y4", false},
		{"too long", "91350100M000100Y433", false},
		{"empty", "", false},
		{"18 bytes that are no digits", "公司公司公司", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := validCreditCode(c.code); got != c.want {
				t.Errorf("%s: %t", c.code, got)
			}
		})
	}
}

// TestACreditCodeHasOneCheckDigit: whatever the first 17 digits are, exactly one
// last digit fits, so that any single wrong digit is found.
func TestACreditCodeHasOneCheckDigit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.SliceOfN(rapid.SampledFrom([]byte(creditAlphabet)), 17, 17).Draw(t, "digits")
		at := rapid.IntRange(0, 16).Draw(t, "at")
		fits := ""
		for _, last := range creditAlphabet {
			if validCreditCode(string(digits) + string(last)) {
				fits += string(last)
			}
		}
		if len(fits) != 1 {
			t.Fatalf("%s fits %q", digits, fits)
		}
		wrong := []byte(string(digits))
		wrong[at] = creditAlphabet[(strings.IndexByte(creditAlphabet, wrong[at])+rapid.IntRange(1, 30).Draw(t, "by"))%len(creditAlphabet)]
		if validCreditCode(string(wrong) + fits) {
			t.Fatalf("%s%s passes for %s%s", wrong, fits, digits, fits)
		}
	})
}
