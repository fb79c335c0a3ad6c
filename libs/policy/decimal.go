package policy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Decimal is a count with up to two decimals, such as person-months or square
// metres, held exactly in hundredths. Its JSON form is a plain number; an
// exponent or a third decimal is refused.
type Decimal int64

// hundred is the scale of Decimal.
const hundred = 100

// ParseDecimal reads a non-negative plain decimal with at most two decimals.
func ParseDecimal(s string) (Decimal, bool) {
	whole, frac, dotted := strings.Cut(s, ".")
	if !digits(whole) || dotted && (!digits(frac) || len(frac) > 2) {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	return Decimal(n), err == nil
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// String is the shortest plain form.
func (d Decimal) String() string { return fixedPoint(int64(d), 2) }

// MarshalJSON gives a plain number.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	n, ok := ParseDecimal(string(b))
	if !ok {
		return fmt.Errorf("%s is not a decimal of at most two places", b)
	}
	*d = n
	return nil
}

// fixedPoint writes n / 10^places without trailing zeros. n is not negative.
func fixedPoint(n int64, places int) string {
	s := strconv.FormatInt(n, 10)
	if pad := places + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	if frac == "" {
		return whole
	}
	return whole + "." + frac
}

// fenPerYuan and the places of 万元 are facts of the currency.
const (
	fenPlaces    = 2
	wanPlaces    = 6
	fenPerWan    = 1_000_000
	basisPerUnit = 10_000 // basis points in a whole
)

// inWan writes fen as 万元, for Chinese texts.
func inWan(fen int64) string { return fixedPoint(fen, wanPlaces) }

// inYuan writes fen as yuan with grouped thousands, for English texts.
func inYuan(fen int64) string {
	whole, frac, dotted := strings.Cut(fixedPoint(fen, fenPlaces), ".")
	var b strings.Builder
	for i, c := range []byte(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(c)
	}
	if dotted {
		b.WriteString("." + (frac + "0")[:2])
	}
	return b.String()
}

// parseScaled reads a plain decimal as an integer of 10^places-ths, exactly.
func parseScaled(s string, places int) (int64, bool) {
	whole, frac, dotted := strings.Cut(s, ".")
	if !digits(whole) || dotted && (!digits(frac) || len(frac) > places) {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", places-len(frac)), 10, 64)
	return n, err == nil && n < math.MaxInt64
}
