package redflag

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/policy"
)

func words(t *testing.T) []string {
	t.Helper()
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		t.Fatal(err)
	}
	return p.Boilerplate()
}

func TestWhatIsComparedOfATitle(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, title, want string }{
		{"Boilerplate", "智慧校园综合管理系统建设项目", "校园"},
		{"AYear", "2026年社区养老服务平台", "社区养老"},
		{"AYearOfAccount", "社区养老2025年度服务平台", "社区养老"},
		{"ANumberThatIsNoYear", "12345热线平台", "12345热线"},
		{"APhase", "雪亮工程（二期）", "雪亮"},
		{"ACountedPhase", "雪亮工程第3期", "雪亮"},
		{"ALot", "视频会议终端采购（一标段）", "视频会议终端"},
		{"ABatch", "视频会议终端第二批次采购", "视频会议终端"},
		{"APeriodThatIsNoPhase", "学期评价系统", "学期评价"},
		{"FullWidthAndCase", "ＯＡ办公Ａｐｐ", "oa办公app"},
		{"Punctuation", "“一网统管”·城运", "一网统管城运"},
		{"NothingElse", "信息化建设项目", "信息化建设项目"},
		{"NothingButAPhase", "一期", "一期"},
		{"Empty", "——", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := newCore(tc.title, words(t)); string(got.text) != tc.want {
				t.Errorf("got %q, want %q", string(got.text), tc.want)
			}
		})
	}
}

func TestHowAlikeTitlesAre(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, a, b string
		score      int64
		common     []string
	}{
		{"Phases", "雪亮工程一期建设项目", "雪亮工程二期建设项目", full, []string{"雪亮"}},
		{"Years", "2025年社区养老服务平台", "社区养老服务平台（2026年）", full, []string{"社区养老"}},
		// 视频,频会,会议,议终,终端 and 视频,频会,会议,议设,设备: 2×3÷10.
		{"JustAlike", "视频会议终端采购", "视频会议设备采购", 6000, []string{"视频会议"}},
		{"NotAlike", "视频会议终端采购", "门户网站改版", 0, []string{}},
		{"ACharacterAlone", "甲平台", "甲系统", full, []string{}},
		{"ACharacterIsNoPair", "甲平台", "甲乙系统", 0, []string{}},
		{"TwoParts", "校园安防与食堂监管", "食堂监管及校园安防", 8571, []string{"校园安防", "食堂监管"}},
		{"RepeatedPairsCount", "哈哈哈哈", "哈哈", 5000, []string{"哈哈"}},
		{"NothingLeftOfOne", "——", "视频会议", 0, []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, b := &Sketch{Title: tc.a}, &Sketch{Title: tc.b}
			ca, cb := newCore(tc.a, words(t)), newCore(tc.b, words(t))
			l := likeness(a, b, ca, cb)
			if l.Score != tc.score || !slices.Equal(l.Common, tc.common) {
				t.Errorf("%+v", l)
			}
			if n := int64(l.PairsA + l.PairsB); n > 0 && l.Score != int64(l.Shared)*2*full/n {
				t.Errorf("the figure does not follow from its parts: %+v", l)
			}
		})
	}
}

// TestLikenessIsSymmetric, is never above the whole, is the whole for a title
// and itself, and the bound by lengths and marks never hides one.
func TestLikenessIsSymmetric(t *testing.T) {
	t.Parallel()
	title := rapid.StringOfN(rapid.SampledFrom([]rune("视频会议终端平台一二期2026年校园A ")), 0, 12, -1)
	list := words(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := title.Draw(t, "a"), title.Draw(t, "b")
		ca, cb := newCore(a, list), newCore(b, list)
		_, ab := alike(ca, cb)
		_, ba := alike(cb, ca)
		if ab != ba || ab < 0 || ab > full {
			t.Fatalf("%q and %q: %d, %d", a, b, ab, ba)
		}
		if !reaches(&ca, &cb, ab) && ab > 0 {
			t.Fatalf("%q and %q are alike by %d, their lengths and marks say no", a, b, ab)
		}
		if _, self := alike(ca, ca); len(ca.pairs) > 0 && self != full {
			t.Fatalf("%q is alike to itself by %d", a, self)
		}
		for _, text := range common(ca.text, cb.text) {
			if !strings.Contains(string(ca.text), text) || !strings.Contains(string(cb.text), text) {
				t.Fatalf("%q is not in %q and %q", text, string(ca.text), string(cb.text))
			}
		}
	})
}
