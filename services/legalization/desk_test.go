package legalization_test

import (
	"context"
	"fmt"
	"testing"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/legalization"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*legalization.Service
	t           *testing.T
	needs       *aggregatetest.Repository[legalization.Need, *legalization.Need]
	inventories *aggregatetest.Repository[legalization.Inventory, *legalization.Inventory]
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := calendar.NewManual(aggregatetest.Morning("2026-03-02"))
	d := &desk{
		t:           t,
		needs:       aggregatetest.New[legalization.Need, *legalization.Need](clock),
		inventories: aggregatetest.New[legalization.Inventory, *legalization.Inventory](clock),
	}
	made := 0
	d.Service = &legalization.Service{
		Needs: d.needs, Inventories: d.inventories,
		Caps:     aggregatetest.New[legalization.Cap, *legalization.Cap](clock),
		Rules:    rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		District: "yangpu",
		NewID:    func() string { made++; return fmt.Sprintf("n%d", made) },
	}
	return d
}

// The people: a bureau declares, the committee answers.
var (
	declarer = person("edu.declarer", "", "education", "administrative", "declarer")
	school   = person("school.declarer", "", "school-1", "institution", "declarer")
	stranger = person("health.declarer", "", "health", "administrative", "declarer")
	officer  = person("sci.officer", "", legalization.Committee, "administrative", "software_officer")
	self     = authn.With(context.Background(), authn.Service("legalization", legalization.Committee))
)

func person(account, behalf, unit, kind, role string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: account, OnBehalfOf: behalf, Unit: unit, UnitKind: kind, Roles: []string{role}})
}

func (d *desk) do(errs ...error) {
	d.t.Helper()
	for _, err := range errs {
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// system is a need of ten licences of one product at a price.
func system(priceFen int64) legalization.DeclareNeed {
	return legalization.DeclareNeed{Title: "办公终端操作系统", Products: []legalization.Product{
		{Class: "os", Name: "麒麟桌面", Version: "V10", Quantity: 10, UnitPriceFen: priceFen, Use: "办公终端"},
	}}
}

// declared is a need before the committee.
func (d *desk) declared(by context.Context) legalization.Need {
	d.t.Helper()
	r := system(50_000)
	d.do(r.Validate())
	n, err := d.Declare(by, r)
	d.do(err)
	return n
}

// accepted is a software-purchase project of the education bureau.
func (d *desk) accepted(id string) {
	d.t.Helper()
	d.do(d.ProjectAccepted(self, &typev1.ProjectBrief{
		ProjectId: id, Title: "软件采购", Unit: "education", UnitKind: "administrative", Route: "software_filing", Pack: "yangpu-2023",
	}))
}

func (d *desk) need(id string) legalization.Need {
	d.t.Helper()
	n, err := d.Needs.Get(self, id)
	d.do(err)
	return n
}

func (d *desk) assigned(by context.Context) legalization.Need {
	d.t.Helper()
	n, err := d.Assign(officer, legalization.AssignChannel{ID: d.declared(by).ID})
	d.do(err)
	return n
}
