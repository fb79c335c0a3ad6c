package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"egov/libs/calendar"
	"egov/libs/policy"
)

// wideCase has thirty budget lines over every kind of rule.
func wideCase() policy.Case {
	c := policy.Case{
		Kind: "upgrade", Title: "综合管理平台升级", Unit: "education", UnitKind: "administrative",
		DeclaredOn: calendar.MustDate(2024, 3, 1), AmountFen: 694_7911_00, HardwareFen: new(int64(100_0000_00)),
		NationalCrypto: new(true), XCConformant: new(true), MLPSGrade: new(int64(3)), PublicData: true,
		Materials: []string{"pre_review_form", "basis", "build_plan", "budget_plan", "crypto_plan", "cloud_request", "data_catalogue"},
	}
	for i := range 5 {
		n := int64(i + 1)
		c.Budget = append(c.Budget,
			policy.Line{Category: "hardware", AmountFen: n * 10_0000_00},
			policy.Line{Category: "software_development", AmountFen: n * 20_0000_00, PersonMonths: policy.Decimal(n * 1000)},
			policy.Line{Category: "om_hardware", Class: "A", AmountFen: n * 1_0000_00, BaseFen: n * 20_0000_00},
			policy.Line{Category: "template", Class: "website_medium", AmountFen: n * 20_0000_00, PersonMonths: policy.Decimal(n * 300)},
			policy.Line{Category: "security_test", AmountFen: n * 2000_00},
			policy.Line{Category: "template", Class: "room_medium", AmountFen: n * 10_0000_00, AreaM2: policy.Decimal(n * 1500)},
		)
	}
	return c
}

// BenchmarkDecide measures a full decision with its trace.
func BenchmarkDecide(b *testing.B) {
	p, err := policy.Default().ByID("yangpu-2023")
	if err != nil {
		b.Fatal(err)
	}
	for _, lines := range []int{0, 30} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			c := wideCase()
			c.Budget = c.Budget[:lines]
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Decide(c, c.DeclaredOn); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecodeCase(b *testing.B) {
	doc := `{"kind":"new_build","title":"平台","unit":"education","declared_on":"2024-03-01","amount_fen":694791100,
		"pure_software":true,"materials":["basis","build_plan"],"budget":[{"category":"hardware","amount_fen":1}]}`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.DecodeCase(strings.NewReader(doc), policy.DefaultLimit); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad measures reading and checking a pack, which a process does once.
func BenchmarkLoad(b *testing.B) {
	fsys := packFiles(b, "yangpu-2023")
	for b.Loop() {
		if _, err := policy.Load(fsys); err != nil {
			b.Fatal(err)
		}
	}
}
