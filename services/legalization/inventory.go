package legalization

import (
	"context"
	"fmt"

	"egov/libs/aggregate"
	"egov/libs/fault"
	legalizationv1 "egov/proto/gen/egov/legalization/v1"
)

// SetCap puts one price of a list on record.
type SetCap struct {
	Class  string `json:"class" required:"true"`
	Name   string `json:"name" required:"true"`
	CapFen int64  `json:"cap_fen" required:"true"`
	Source string `json:"source" required:"true"` // which list, by whom, of when
}

// Validate lists what is missing.
func (r *SetCap) Validate() error {
	var c fault.Checks
	classKnown(&c, r.Class, "class")
	c.Text(r.Name, "name", 100, "YP23-M-36")
	c.Text(r.Source, "source", 200, "YP23-M-36")
	c.Require(r.CapFen > 0, "cap_fen", "out_of_range", "上限价格须为正数（分）", "a positive price in fen", "YP23-M-36")
	return c.Err()
}

func capID(class, name string) string { return class + "/" + name }

// SetCap sets the highest price of a product.
func (s *Service) SetCap(ctx context.Context, r SetCap) (Cap, error) {
	return s.Caps.Upsert(ctx, capID(r.Class, r.Name), func(x *Cap, rec *aggregate.Recorder) error {
		x.Class, x.Name, x.CapFen, x.Source = r.Class, r.Name, r.CapFen, r.Source
		rec.State(x.ID, &legalizationv1.PriceCapSet{Product: x.ID, CapFen: x.CapFen, Source: x.Source})
		return nil
	})
}

// ReportInventory is a unit's yearly report of its software.
type ReportInventory struct {
	Year  int    `json:"year" required:"true"`
	Lines []Line `json:"lines" required:"true"`
}

// Validate lists everything that is wrong, line by line.
func (r *ReportInventory) Validate() error {
	var c fault.Checks
	c.Require(r.Year >= 2000 && r.Year <= 2100, "year", "out_of_range", "年度不正确", "a year of this century")
	c.Require(len(r.Lines) > 0 && len(r.Lines) <= maxProducts, "lines", "out_of_range", fmt.Sprintf("须有1至%d行", maxProducts), fmt.Sprintf("1 to %d lines", maxProducts), "YP23-M-36")
	seen := map[string]bool{}
	for i, l := range r.Lines {
		at := fmt.Sprintf("lines[%d].", i)
		classKnown(&c, l.Class, at+"class")
		c.Text(l.Name, at+"name", 100, "YP23-M-36")
		c.Text(l.Version, at+"version", 50, "YP23-M-36")
		c.Text(l.Use, at+"use", 200, "YP23-M-36")
		c.Require(l.Installed >= 0 && l.Installed <= 1_000_000, at+"installed", "out_of_range", "安装数不正确", "0 to 1000000", "YP23-M-36")
		c.Require(l.Owned >= 0 && l.Owned <= 1_000_000, at+"owned", "out_of_range", "授权数不正确", "0 to 1000000", "YP23-M-36")
		c.Require(l.CostFen >= 0, at+"cost_fen", "out_of_range", "费用不得为负", "must not be negative", "YP23-M-36")
		c.Require(!seen[l.product()], at+"name", "duplicate", "同一软件重复填报", "the product appears twice", "YP23-M-36")
		seen[l.product()] = true
	}
	return c.Err()
}

// Report keeps a unit's inventory and states each gap that opened or closed.
func (s *Service) Report(ctx context.Context, unit string, r ReportInventory) (Inventory, error) {
	return s.Inventories.Upsert(ctx, unit, func(x *Inventory, rec *aggregate.Recorder) error {
		x.Share(Committee)
		before := gaps(x.Lines)
		x.Year, x.Lines = r.Year, r.Lines
		after := gaps(x.Lines)
		var cost int64
		for _, l := range r.Lines {
			cost += l.CostFen
		}
		year := int32(r.Year)
		rec.State(unit, &legalizationv1.InventoryReported{Unit: unit, Year: year, Lines: int32(len(r.Lines)), CostFen: cost, Basis: []string{"YP23-M-36"}})
		for _, l := range r.Lines {
			switch p := l.product(); {
			case after[p] > 0 && after[p] != before[p]:
				rec.State(unit, &legalizationv1.LicenceGapFound{Unit: unit, Year: year, Product: p, Installed: int32(l.Installed), Owned: int32(l.Owned)})
			case after[p] <= 0 && before[p] > 0:
				rec.State(unit, &legalizationv1.LicenceGapClosed{Unit: unit, Year: year, Product: p})
			}
		}
		return nil
	})
}

// gaps is how many more copies are installed than owned, by product.
func gaps(lines []Line) map[string]int {
	m := map[string]int{}
	for _, l := range lines {
		m[l.product()] = l.Installed - l.Owned
	}
	return m
}
