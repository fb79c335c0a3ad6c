package procurement

import "strings"

// creditAlphabet are the digits of a unified social credit code (GB 32100-2015):
// base 31, without letters that look like digits.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// validCreditCode reports whether s is a well-formed unified social credit
// code: 18 digits of its alphabet, the last of which checks the others.
func validCreditCode(s string) bool {
	const length, base = 18, 31
	if len(s) != length {
		return false
	}
	sum, weight := 0, 1
	for i := range length - 1 {
		d := strings.IndexByte(creditAlphabet, s[i])
		if d < 0 {
			return false
		}
		sum += d * weight
		weight = weight * 3 % base
	}
	return creditAlphabet[(base-sum%base)%base] == s[length-1]
}
