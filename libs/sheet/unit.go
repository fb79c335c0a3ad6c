package sheet

import (
	"strings"

	"egov/libs/policy"
)

// magnitudes are the words that multiply an amount, as powers of ten; a longer
// one stands before those it ends in.
var magnitudes = []struct {
	word  string
	power int
}{
	{"百亿", 10},
	{"十亿", 9},
	{"亿", 8},
	{"千万", 7},
	{"百万", 6},
	{"十万", 5},
	{"万", wanPlaces},
	{"千", 3},
	{"百", 2},
	{"十", 1},
}

// currencies are the ways to say that an amount is Chinese money.
var currencies = []string{"人民币", "rmb", "cny", "yuan", "¥", "元", "圆"}

// cutMagnitude takes a magnitude off the end of an amount.
func cutMagnitude(s string) (rest string, power int) {
	for _, m := range magnitudes {
		if rest, ok := strings.CutSuffix(s, m.word); ok {
			return rest, m.power
		}
	}
	return s, 0
}

// cutCurrency takes the names of the currency off both ends of a text in lower
// case.
func cutCurrency(s string) string {
	for before := ""; before != s; {
		before = s
		for _, c := range currencies {
			s = strings.TrimSuffix(strings.TrimPrefix(s, c), c)
		}
	}
	return s
}

// unitOf reads the name of a unit of money: 元, 人民币万元, 千元. power is what its
// amounts are multiplied by to be yuan, as a power of ten.
func unitOf(s string) (power int, ok bool) {
	s = strings.Trim(word(s), "()[]")
	switch s {
	case "":
		return 0, false
	case "角":
		return -1, true
	case "分":
		return -fenPlaces, true
	}
	rest, power := cutMagnitude(cutCurrency(s))
	return power, rest == ""
}

// unitLabels are what a sheet writes before the unit of its amounts; the longer
// ones stand before those they begin with.
var unitLabels = []string{labelUnit, "货币单位", "计量单位", "单位", "unit"}

// stated is a unit of money and the cell that states it.
type stated struct {
	at    place
	power int
}

// statedUnits finds every place that says in which unit the amounts are: a
// label above the header with the unit behind it or in the next cell, the unit
// by itself, or a header with the unit in brackets.
func (rd *reading) statedUnits() []stated {
	var list []stated
	note := func(p place, text string) {
		if power, ok := unitOf(text); ok {
			list = append(list, stated{p, power})
		}
	}
	for _, p := range rd.above() {
		text := word(rd.grid.cells[p].text)
		note(p, text)
		for _, l := range unitLabels {
			rest, ok := strings.CutPrefix(text, l)
			if !ok {
				continue
			}
			note(p, rest)
			break
		}
	}
	for _, i := range []int{colAmount, colBase} {
		p := place{rd.at[i], rd.header}
		if _, unit, ok := strings.Cut(word(rd.grid.cells[p].text), "("); ok && rd.at[i] != 0 {
			note(p, unit)
		}
	}
	return list
}

// unit reports a sheet whose amounts are not in yuan, at every cell that says
// so. It returns the power of ten that would make them yuan; 0 when they are.
func (rd *reading) unit() (power int) {
	list := rd.statedUnits()
	for _, s := range list {
		if s.power == 0 {
			continue
		}
		power = s.power
		rd.refuse(s.at, "unit_not_yuan",
			"本表金额单位须为元，此处为“"+clip(rd.grid.cells[s.at].text)+"”；请将各项金额折算为元，并将单位改为元",
			"amounts are in yuan here, and this cell says "+clip(rd.grid.cells[s.at].text)+"; convert them and state 元")
	}
	if len(list) == 0 {
		rd.find(policy.Warning, rd.sheet, "unit_missing", "表头上方未注明“金额单位：元”，已按元读取，请核实", "no unit stands above the header; the amounts were read as yuan, please check")
	}
	return power
}

// proposeUnit tells what the lines come to in the unit that the sheet states.
func (rd *reading) proposeUnit(power int) {
	if rd.result.SumFen == 0 {
		return
	}
	total, whole, fits := fenNumber(rd.result.SumFen).shifted(power).in(fenPlaces)
	if !whole || !fits {
		return
	}
	for i := range rd.result.Findings {
		if f := &rd.result.Findings[i]; f.Code == "unit_not_yuan" {
			f.ProposedFen = &total
			f.Msg += "，折算后明细合计" + yuan(total) + "元"
			f.MsgEN += "; the lines then come to CNY " + yuan(total)
		}
	}
}
