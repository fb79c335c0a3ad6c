package idcode_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/idcode"
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
			if got := idcode.CreditCode(c.code); got != c.want {
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
		digits := rapid.SliceOfN(rapid.SampledFrom([]byte(idcode.CreditAlphabet)), 17, 17).Draw(t, "digits")
		at := rapid.IntRange(0, 16).Draw(t, "at")
		fits := ""
		for _, last := range idcode.CreditAlphabet {
			if idcode.CreditCode(string(digits) + string(last)) {
				fits += string(last)
			}
		}
		if len(fits) != 1 {
			t.Fatalf("%s fits %q", digits, fits)
		}
		wrong := []byte(string(digits))
		wrong[at] = idcode.CreditAlphabet[(strings.IndexByte(idcode.CreditAlphabet, wrong[at])+rapid.IntRange(1, 30).Draw(t, "by"))%len(idcode.CreditAlphabet)]
		if idcode.CreditCode(string(wrong) + fits) {
			t.Fatalf("%s%s passes for %s%s", wrong, fits, digits, fits)
		}
	})
}

func TestIDNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code string
		want       bool
	}{
		{"the standard's own example", "11010519491231002X", true},
		{"another of its examples", "440524188001010014", true},
		{"a wrong check digit", "110105194912310021", false},
		{"two digits exchanged", "11010519491213002X", false},
		{"a lower-case X", "11010519491231002x", false},
		{"the thirtieth of February", "110105194902300026", false},
		{"a letter within", "1101051949123100AX", false},
		{"fifteen digits", "110105491231002", false},
		{"empty", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := idcode.IDNumber(c.code); got != c.want {
				t.Errorf("%s: %t", c.code, got)
			}
		})
	}
}

func TestACodeIsNeverShownWhole(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"11010519491231002X": "110105***********X", "91350100M000100Y43": "913501***********3",
		"110105": "******", "": "", "公司": "**",
	} {
		if got := idcode.Masked(in); got != want {
			t.Errorf("%q shows as %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "code")
		got := idcode.Masked(s)
		if len([]rune(got)) != len([]rune(s)) || len([]rune(s)) > 1 && !strings.Contains(got, "*") {
			t.Fatalf("%q shows as %q", s, got)
		}
	})
}
