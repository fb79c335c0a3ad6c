package pack

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"egov/libs/policy"
	"egov/libs/policy/packs"
)

func lexicons(t *testing.T, p *policy.Pack) (zh, en *lexicon) {
	t.Helper()
	zh, err := newLexicon(p, true)
	if err != nil {
		t.Fatal(err)
	}
	if en, err = newLexicon(p, false); err != nil {
		t.Fatal(err)
	}
	return zh, en
}

func yangpu(t *testing.T) *policy.Pack {
	t.Helper()
	files, err := fs.Sub(packs.FS, "yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestConditionsInWords(t *testing.T) {
	t.Parallel()
	zh, en := lexicons(t, yangpu(t))
	for _, c := range []struct{ name, expr, zh, en string }{
		{"a claim", "classified", "项目涉密", "the project is classified"},
		{"its denial", "!classified", "项目不涉密", "the project is not classified"},
		{"a code", "kind == 'upgrade'", "项目类别为升级改造（续建）", "the kind is upgrade"},
		{"another code", "route != 'filing'", "办理流程不为备案", "the route is not filing"},
		{"a denied comparison", "!(kind == 'upgrade')", "项目类别不为升级改造（续建）", "the kind is not upgrade"},
		{"some codes", "kind in ['new_build', 'service']", "项目类别为新建或购买服务", "the kind is new build or purchased service"},
		{"none of some", "!(kind in ['new_build', 'service'])", "项目类别不为新建或购买服务", "the kind is not new build or purchased service"},
		{"a paper", "'basis' in materials", "材料中有建设依据", "the papers include basis of the project"},
		{"a figure", "amount_fen >= public_tender_limit", "申报金额不低于400万元", "the declared amount is at least CNY 4,000,000"},
		{"a denied bound", "!(amount_fen >= public_tender_limit)", "申报金额低于400万元", "the declared amount is below CNY 4,000,000"},
		{"a day", "declared_on < published_on", "申报日期早于2023-05-17", "the day of declaration is before 2023-05-17"},
		{"a field that is there", "given.mlps_grade", "已填写信息安全等级", "the security grade is stated"},
		{"one that is not", "!given.mlps_grade", "未填写信息安全等级", "the security grade is not stated"},
		{"an empty text", "unit_kind == ''", "未填写单位性质", "the kind of unit is not stated"},
		{"a share", "compare_share(hardware_fen, amount_fen, hardware_share) <= 0", "硬件金额占申报金额的比例不超过30%", "the hardware part as a share of the declared amount is at most 30%"},
		{"a group's sum", "total.purchases > 0", "硬件设备购置、产品软件购置合计超过0", "the sum of hardware, product software is above 0"},
		{"and with or", "urgent && (in_use || public_data)", "属于紧急重点工作，且（系统已在使用，或涉及公共数据）", "it is urgent key work, and (the system is in use, or it has public data)"},
		{"neither", "!(urgent || in_use)", "并非（属于紧急重点工作，或系统已在使用）", "it is not so that (it is urgent key work, or the system is in use)"},
		{"a name without words", "unheard_of", "`unheard_of`", "`unheard_of`"},
		{"a function without words", "size(materials) > 2", "`size`(材料)超过2", "`size`(the papers) is above 2"},
		{"what cannot be read", "kind ==", "`kind ==`", "`kind ==`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := zh.condition(c.expr); got != c.zh {
				t.Errorf("%s, want %s", got, c.zh)
			}
			if got := en.condition(c.expr); got != c.en {
				t.Errorf("%s, want %s", got, c.en)
			}
		})
	}
}

func TestAmountsInWords(t *testing.T) {
	t.Parallel()
	zh, en := lexicons(t, yangpu(t))
	for _, c := range []struct{ expr, zh, en string }{
		{"share_of(line.base_fen, om_tool_rate)", "购置费或开发费的5%", "5% of the purchase or development cost"},
		{"times(line.person_months, person_month_price)", "人月数 × 2万元", "the person-months × CNY 20,000"},
		{"amount_fen - hardware_fen", "申报金额减硬件金额", "the declared amount less the hardware part"},
		{"in_use ? oa_small_cap : oa_large_cap", "25万元（系统已在使用时），否则160万元", "CNY 250,000 (when the system is in use), else CNY 1,600,000"},
	} {
		if got := zh.amount(c.expr); got != c.zh {
			t.Errorf("%s, want %s", got, c.zh)
		}
		if got := en.amount(c.expr); got != c.en {
			t.Errorf("%s, want %s", got, c.en)
		}
	}
}

// TestEveryExpressionHasWords: nothing of a shipped or an example pack is left
// in the rule language alone.
func TestEveryExpressionHasWords(t *testing.T) {
	t.Parallel()
	all := policy.Default().Packs()
	more, err := policy.Read(os.DirFS(filepath.Join("..", "..", "..", "examples")))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(all, more...) {
		zh, en := lexicons(t, p)
		for _, s := range policy.Sections() {
			for _, r := range p.Rules(s) {
				exprs := []string{r.When}
				if r.Bound != nil || r.Vary != "" {
					exprs[0] = r.If
				}
				for _, e := range exprs {
					for _, said := range []string{zh.condition(e), en.condition(e)} {
						if strings.Contains(said, "`") {
							t.Errorf("%s: %s has no words: %s", p.ID(), r.Name, said)
						}
					}
				}
				if r.Bound != nil {
					if said := zh.amount(r.Bound.Limit) + en.amount(r.Bound.Actual); strings.Contains(said, "`") {
						t.Errorf("%s: %s has no words: %s", p.ID(), r.Name, said)
					}
				}
			}
		}
	}
}

// TestBooksAreCurrent: the committed books are what the packs say.
func TestBooksAreCurrent(t *testing.T) {
	t.Parallel()
	dir, published := t.TempDir(), filepath.Join("..", "..", "..", "docs", "rules")
	if err := WriteBooks(dir); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + len(policy.Default().Packs())*len(Languages); len(written) != want {
		t.Errorf("%d pages, want %d", len(written), want)
	}
	for _, e := range written {
		now, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		was, err := os.ReadFile(filepath.Join(published, e.Name()))
		if err != nil || string(was) != string(now) {
			t.Errorf("docs/rules/%s is not what make generate writes (%v)", e.Name(), err)
		}
	}
}
