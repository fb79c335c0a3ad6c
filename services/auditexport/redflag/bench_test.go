package redflag_test

import (
	"fmt"
	"testing"

	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/services/auditexport/redflag"
)

// BenchmarkUnit looks at a unit of two thousand projects of one year: titles
// that have nothing in common, where every two are compared, and titles that
// are all alike.
func BenchmarkUnit(b *testing.B) {
	d := redflag.Detectors{Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()}, Today: date("2027-02-01")}
	for name, title := range map[string]func(int) string{
		"apart": func(i int) string {
			return string([]rune{rune(0x4e00 + 7*i), rune(0x4e01 + 7*i), rune(0x4e02 + 7*i), rune(0x4e03 + 7*i)})
		},
		"alike": func(i int) string { return fmt.Sprintf("食堂监管系统第%d期", i%9+1) },
	} {
		sketches := make([]redflag.Sketch, 2000)
		for i := range sketches {
			sketches[i] = redflag.Sketch{
				Project: fmt.Sprintf("p-%04d", i), Unit: "education", Pack: "yangpu-2023", Title: title(i), DeclaredOn: date("2026-03-02").AddDays(i % 365),
				Concerned: policy.Concerned{Kind: "new_build", AmountFen: 50_000_000, Day: date("2026-03-02")},
			}
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := d.Unit("education", sketches); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
