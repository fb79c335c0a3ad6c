// Package money writes amounts for people. Amounts are integers in fen
// everywhere; the package does not compute with them.
package money

import "strconv"

// Yuan writes an amount in fen as yuan with two decimals and thousands
// separated, e.g. "6,947,911.00".
func Yuan(fen int64) string {
	sign := ""
	n := uint64(fen)
	if fen < 0 {
		sign, n = "-", -n
	}
	whole := strconv.FormatUint(n/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	cents := n % 100
	return sign + whole + "." + string([]byte{byte('0' + cents/10), byte('0' + cents%10)})
}
