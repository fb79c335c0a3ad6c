package legalization_test

import (
	"context"
	"slices"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/fault/faulttest"
	legalizationv1 "egov/proto/gen/egov/legalization/v1"
	"egov/services/legalization"
)

// TestTheRulesSayWhereSoftwareIsBought (YP23-M-36, YP23-R-5.3.9): an
// administrative body buys at the procurement centre, an institution at the
// e-market.
func TestTheRulesSayWhereSoftwareIsBought(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		by      context.Context
		channel string
		basis   string
	}{
		{"an administrative body", declarer, "procurement_centre_purchase", "YP23-M-36"},
		{"an institution", school, "e_market_purchase", "YP23-R-5.3.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			n := d.declared(tt.by)
			if n.AmountFen != 500_000 || aggregatetest.Todos(n.Root) != "assign_channel software_officer@science" {
				t.Fatalf("%+v", n)
			}
			n, err := d.Assign(officer, legalization.AssignChannel{ID: n.ID})
			d.do(err)
			var f legalizationv1.ChannelAssigned
			if n.Channel != tt.channel || !d.needs.Stated(&f) || !slices.Contains(f.GetBasis(), tt.basis) {
				t.Errorf("%s on %v", n.Channel, f.GetBasis())
			}
			if got := aggregatetest.Todos(n.Root); got != "file_purchase declarer@"+n.Unit {
				t.Error(got)
			}
		})
	}
}

// TestNobodyAnswersTheNeedTheyDeclared (SH12-P-9): neither assigns nor returns
// it, themselves or by a delegate, whatever they have become; somebody else does
// both.
func TestNobodyAnswersTheNeedTheyDeclared(t *testing.T) {
	t.Parallel()
	by := func(account, behalf, role string) context.Context {
		return person(account, behalf, legalization.Committee, "administrative", role)
	}
	for _, tt := range []struct {
		name              string
		declared, answers context.Context
		refused           bool
	}{
		{"the same account", by("sci.li", "", "declarer"), by("sci.li", "", "software_officer"), true},
		{"who acts for it now", by("sci.li", "", "declarer"), by("sci.han", "sci.li", "software_officer"), true},
		{"who was acted for", by("sci.li", "sci.wang", "declarer"), by("sci.wang", "", "software_officer"), true},
		{"a colleague", by("sci.li", "", "declarer"), by("sci.han", "", "software_officer"), false},
		{"a colleague for a colleague", by("sci.li", "", "declarer"), by("sci.han", "sci.zhao", "software_officer"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			_, assign := d.Assign(tt.answers, legalization.AssignChannel{ID: d.declared(tt.declared).ID})
			_, back := d.Return(tt.answers, legalization.ReturnNeed{ID: d.declared(tt.declared).ID, Reason: "版本不明"})
			if !tt.refused {
				d.do(assign, back)
				return
			}
			faulttest.RefusedOn(t, assign, "SH12-P-9", "own_work")
			faulttest.RefusedOn(t, back, "SH12-P-9", "own_work")
		})
	}
	t.Run("a need that a colleague declared again", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.accepted("p1")
		r := system(50_000)
		r.ProjectID = "p1"
		_, err := d.Declare(declarer, r)
		d.do(err)
		_, err = d.Return(officer, legalization.ReturnNeed{ID: "p1", Reason: "版本不明"})
		d.do(err)
		_, err = d.Declare(person("edu.second", "", "education", "administrative", "declarer"), r)
		d.do(err)
		for _, own := range []string{"edu.declarer", "edu.second"} {
			_, err = d.Assign(by(own, "", "software_officer"), legalization.AssignChannel{ID: "p1"})
			faulttest.RefusedOn(t, err, "SH12-P-9", "own_work")
		}
		_, err = d.Assign(officer, legalization.AssignChannel{ID: "p1"})
		d.do(err)
	})
}

// TestWhatANeedRefuses, each by its code (YP23-M-36).
func TestWhatANeedRefuses(t *testing.T) {
	t.Parallel()
	priced := func(d *desk) {
		_, err := d.SetCap(officer, legalization.SetCap{Class: "os", Name: "麒麟桌面", CapFen: 50_000, Source: "2026年清单"})
		d.do(err)
	}
	declare := func(by context.Context, project string, fen int64) func(d *desk) error {
		return func(d *desk) error {
			r := system(fen)
			r.ProjectID = project
			_, err := d.Declare(by, r)
			return err
		}
	}
	purchase := func(by context.Context, fen int64, on string) func(d *desk) error {
		return func(d *desk) error {
			_, err := d.FilePurchase(by, legalization.FilePurchase{ID: d.assigned(declarer).ID, AmountFen: fen, PurchasedOn: aggregatetest.Day(on), Supplier: "某公司"})
			return err
		}
	}
	for _, tt := range []struct {
		name  string
		do    func(d *desk) error
		code  string
		basis string
		lists []string
	}{
		{"a price above its cap", func(d *desk) error { priced(d); return declare(declarer, "", 50_001)(d) }, "above_price_cap", "YP23-M-36", []string{"above_price_cap"}},
		{"another unit's project", func(d *desk) error { d.accepted("p1"); return declare(stranger, "p1", 1)(d) }, "not_declaring_unit", "", nil},
		{"a project that is not there", declare(declarer, "p9", 1), "not_found", "", nil},
		{"a need that is before the committee", func(d *desk) error {
			d.accepted("p1")
			d.do(declare(declarer, "p1", 1)(d))
			return declare(declarer, "p1", 1)(d)
		}, "wrong_stage", "", nil},
		{"a channel for what is assigned", func(d *desk) error {
			_, err := d.Assign(officer, legalization.AssignChannel{ID: d.assigned(declarer).ID})
			return err
		}, "wrong_stage", "", nil},
		{"a return of what is assigned", func(d *desk) error {
			_, err := d.Return(officer, legalization.ReturnNeed{ID: d.assigned(declarer).ID, Reason: "x"})
			return err
		}, "wrong_stage", "", nil},
		{"a channel the rules do not give", func(d *desk) error {
			d.District = "atlantis"
			_, err := d.Assign(officer, legalization.AssignChannel{ID: d.declared(declarer).ID})
			return err
		}, "no_pack_in_force", "", nil},
		{"a purchase before the channel", func(d *desk) error {
			_, err := d.FilePurchase(declarer, legalization.FilePurchase{ID: d.declared(declarer).ID, AmountFen: 1, PurchasedOn: aggregatetest.Day("2026-03-02"), Supplier: "某公司"})
			return err
		}, "wrong_stage", "", nil},
		{"a purchase above the need", purchase(declarer, 500_001, "2026-03-02"), "above_need", "YP23-M-36", nil},
		{"a purchase to come", purchase(declarer, 500_000, "2026-03-03"), "invalid_input", "", []string{"in_future"}},
		{"another unit's purchase", purchase(stranger, 1, "2026-03-02"), "not_declaring_unit", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			err := tt.do(d)
			if tt.basis != "" {
				faulttest.RefusedOn(t, err, tt.basis, tt.code, tt.lists...)
				return
			}
			faulttest.Refused(t, err, tt.code, tt.lists...)
		})
	}
	t.Run("and at the limits it takes", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		priced(d)
		d.do(declare(declarer, "", 50_000)(d), purchase(declarer, 500_000, "2026-03-02")(d))
	})
}

// TestAnInventoryShowsEachGapOnce: it is found when it opens or changes, and
// closed once (YP23-M-36).
func TestAnInventoryShowsEachGapOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, tt := range []struct {
		installed, owned int
		found, closed    int // so far
	}{{3, 3, 0, 0}, {5, 3, 1, 0}, {5, 3, 1, 0}, {6, 3, 2, 0}, {6, 6, 2, 1}, {6, 7, 2, 1}} {
		r := legalization.ReportInventory{Year: 2026, Lines: []legalization.Line{{Class: "database", Name: "达梦", Version: "8", Installed: tt.installed, Owned: tt.owned, Use: "业务库"}}}
		d.do(r.Validate())
		_, err := d.Report(declarer, "education", r)
		d.do(err)
		found, closed := 0, 0
		for _, f := range d.inventories.Facts() {
			switch f.Message.(type) {
			case *legalizationv1.LicenceGapFound:
				found++
			case *legalizationv1.LicenceGapClosed:
				closed++
			}
		}
		if found != tt.found || closed != tt.closed {
			t.Errorf("%d of %d: %d found, %d closed; want %d, %d", tt.installed, tt.owned, found, closed, tt.found, tt.closed)
		}
	}
}

// TestOnlySoftwareProjectsComeToTheCommittee (YP23-R-5.3.9): others have no need
// here, and what a unit declared stands when its acceptance is heard again.
func TestOnlySoftwareProjectsComeToTheCommittee(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.accepted("p1")
	n := d.need("p1")
	if n.Unit != "education" || aggregatetest.Todos(n.Root) != "declare_need declarer@education" {
		t.Fatalf("%+v", n)
	}
	r := system(50_000)
	r.ProjectID = "p1"
	_, err := d.Declare(declarer, r)
	d.do(err)
	d.accepted("p1")
	if n = d.need("p1"); n.State != legalization.Declared || len(n.Products) != 1 {
		t.Errorf("%+v", n)
	}
}
