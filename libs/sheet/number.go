package sheet

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Scales of what a sheet holds: amounts in fen of a yuan, counts of
// policy.Decimal in hundredths.
const (
	fenPlaces     = 2
	decimalPlaces = 2
	wanPlaces     = 4 // of 万元 in yuan
)

// shownDigits is how many digits of a number a spreadsheet keeps and shows.
// What it stores beyond is the noise of its binary form.
const shownDigits = 15

// noisePlaces bounds that noise: a digit at this place after the point or
// before it is no noise.
const noisePlaces = 4

// number is a decimal number as it is written: digits × 10^-places.
type number struct {
	negative bool
	digits   string // without leading zeros; empty is zero
	places   int    // may be negative
}

var (
	plainForm   = regexp.MustCompile(`^([+-]?)(\d+)(?:\.(\d*))?$`)
	groupedForm = regexp.MustCompile(`^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$`)
	storedForm  = regexp.MustCompile(`^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$`)
)

// fenNumber is an amount in fen as a number of yuan.
func fenNumber(fen int64) number {
	return newNumber("", strconv.FormatInt(fen, 10), "").shifted(-fenPlaces)
}

func newNumber(sign, whole, frac string) number {
	n := number{negative: sign == "-", digits: strings.TrimLeft(whole+frac, "0"), places: len(frac)}
	for strings.HasSuffix(n.digits, "0") {
		n.digits, n.places = n.digits[:len(n.digits)-1], n.places-1
	}
	if n.digits == "" {
		return number{}
	}
	return n
}

// writtenNumber reads a number that somebody wrote as text: digits, a point,
// thousands in groups.
func writtenNumber(s string) (number, bool) {
	if groupedForm.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	m := plainForm.FindStringSubmatch(s)
	if m == nil {
		return number{}, false
	}
	return newNumber(m[1], m[2], m[3]), true
}

// storedNumber reads the number of a numeric cell as the file stores it, and
// takes the noise of its binary form off: 4.3499999999999996 is 4.35.
func storedNumber(s string) (number, bool) {
	m := storedForm.FindStringSubmatch(s)
	if m == nil || m[2]+m[3] == "" {
		return number{}, false
	}
	n := newNumber(m[1], m[2], m[3])
	if m[4] != "" && n.digits != "" {
		e, err := strconv.Atoi(m[4])
		if err != nil {
			return number{}, false
		}
		n.places -= e
	}
	drop := len(n.digits) - shownDigits
	if drop <= 0 || n.places-drop < noisePlaces {
		return n, true
	}
	return n.rounded(drop), true
}

// rounded drops the last digits, half away from zero.
func (n number) rounded(drop int) number {
	keep, up := n.digits[:len(n.digits)-drop], n.digits[len(n.digits)-drop] >= '5'
	sign := ""
	if n.negative {
		sign = "-"
	}
	if up {
		i, _ := new(big.Int).SetString(keep, 10) // digits alone
		keep = i.Add(i, big.NewInt(1)).String()
	}
	places := n.places - drop
	r := newNumber(sign, keep, "")
	r.places += places
	return r
}

// shifted is n × 10^places.
func (n number) shifted(places int) number {
	if n.digits != "" {
		n.places -= places
	}
	return n
}

// in gives n as a whole number of 10^-places. fits is false when it is beyond
// int64, whole when digits would be lost.
func (n number) in(places int) (v int64, whole, fits bool) {
	shift := places - n.places
	if n.digits != "" && shift < 0 {
		return 0, false, true
	}
	if len(n.digits)+shift > 19 && n.digits != "" {
		return 0, true, false
	}
	if n.digits == "" {
		return 0, true, true
	}
	v, err := strconv.ParseInt(n.digits+strings.Repeat("0", shift), 10, 64)
	if n.negative {
		v = -v
	}
	return v, true, err == nil
}

// fixed writes v × 10^-places without trailing zeros.
func fixed(v int64, places int) string {
	s := strconv.FormatInt(v, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if pad := places + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	if frac != "" {
		frac = "." + frac
	}
	return sign + whole + frac
}

// yuan writes fen as yuan, plainly: 1234.5.
func yuan(fen int64) string { return fixed(fen, fenPlaces) }

// exactInSheet reports whether a number survives in a numeric cell.
func exactInSheet(s string) bool {
	return len(strings.Trim(strings.ReplaceAll(s, ".", ""), "0")) <= shownDigits
}

// fold turns the full-width forms that Chinese input gives into their plain
// twins and trims what is blank.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case r == 0x3000 || r == 0xA0 || r == 0x202F || r == 0x2007 || r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r == 0xFFE5 || r == 0xA5:
			return '¥'
		case r == 0x2212:
			return '-'
		case r == 0x200B || r == 0xFEFF:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// written is a text that should be a number, taken apart.
type written struct {
	number number
	unit   int // the power of ten of a magnitude that the text names; 0: none
}

// moneyText reads an amount written as text. A unit it names is reported, not
// applied.
func moneyText(s string) (written, bool) {
	s = strings.ToLower(strings.ReplaceAll(fold(s), " ", ""))
	negative := false
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s, negative = s[1:len(s)-1], true
	}
	var w written
	s, w.unit = cutMagnitude(cutCurrency(s))
	n, ok := writtenNumber(s)
	if negative && n.digits != "" {
		n.negative = !n.negative
	}
	w.number = n
	return w, ok
}

// String is n written plainly.
func (n number) String() string {
	digits, places := n.digits, n.places
	if digits == "" {
		return "0"
	}
	if places < 0 {
		digits, places = digits+strings.Repeat("0", -places), 0
	}
	if pad := places + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	s := digits[:len(digits)-places]
	if places > 0 {
		s += "." + digits[len(digits)-places:]
	}
	if n.negative {
		s = "-" + s
	}
	return s
}
