// Package idcode knows the two codes that identify bodies and people: the
// unified social credit code (GB 32100-2015) and the citizen's id number
// (GB 11643-1999). It tells whether a code is well-formed and hides it for
// display; it knows nobody by a code and keeps none.
package idcode

import (
	"strings"

	"egov/libs/calendar"
)

// CreditAlphabet are the digits of a unified social credit code: base 31,
// without letters that look like digits.
const CreditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// length is that of both codes, in digits.
const length = 18

// CreditCode reports whether s is a well-formed unified social credit code: 18
// digits of its alphabet, the last of which checks the others.
func CreditCode(s string) bool {
	const base = 31
	if len(s) != length {
		return false
	}
	sum, weight := 0, 1
	for i := range length - 1 {
		d := strings.IndexByte(CreditAlphabet, s[i])
		if d < 0 {
			return false
		}
		sum += d * weight
		weight = weight * 3 % base
	}
	return CreditAlphabet[(base-sum%base)%base] == s[length-1]
}

// IDNumber reports whether s is a well-formed citizen's id number: 17 digits, of
// which the seventh to the fourteenth are a date of birth, and the check digit
// of ISO 7064 MOD 11-2, an X for ten.
func IDNumber(s string) bool {
	const modulus, checks = 11, "10X98765432"
	if len(s) != length {
		return false
	}
	sum := 0
	for i := range length - 1 {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum = (sum + int(s[i]-'0')) * 2 % modulus
	}
	if checks[sum] != s[length-1] {
		return false
	}
	_, err := calendar.ParseDate(s[6:10] + "-" + s[10:12] + "-" + s[12:14])
	return err == nil
}

// Masked is a code as people may see it: its first six digits, which are a
// place, and its last. What is too short to hide anything shows nothing.
func Masked(s string) string {
	const place, last = 6, 1
	r := []rune(s)
	if len(r) < length {
		return strings.Repeat("*", len(r))
	}
	return string(r[:place]) + strings.Repeat("*", len(r)-place-last) + string(r[len(r)-last:])
}
