package sheet_test

import (
	"bytes"
	"testing"

	"egov/libs/policy"
	"egov/libs/sheet"
)

// thirtyLines is a budget of common size.
func thirtyLines() sheet.Budget {
	b := sheet.Budget{Title: "三十项明细"}
	for i := range 30 {
		b.Lines = append(b.Lines, policy.Line{Category: "om_hardware", Class: "A", AmountFen: int64(i+1) * 123_456, BaseFen: int64(i+1) * 4_000_000})
	}
	return b
}

func BenchmarkRead(b *testing.B) {
	p, data := pack(b), written(b, thirtyLines())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sheet.Read(bytes.NewReader(data), p, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	p, budget := pack(b), thirtyLines()
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := sheet.Write(&out, p, budget); err != nil {
			b.Fatal(err)
		}
	}
}
