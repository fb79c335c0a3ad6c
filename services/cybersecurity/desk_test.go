package cybersecurity_test

import (
	"context"
	"fmt"
	"time"

	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/cybersecurity"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*cybersecurity.Service
	clock    *calendar.Manual
	consents *aggregatetest.Repository[cybersecurity.Consent, *cybersecurity.Consent]
	systems  *aggregatetest.Repository[cybersecurity.System, *cybersecurity.System]
	sites    *aggregatetest.Repository[cybersecurity.Site, *cybersecurity.Site]

	protections *aggregatetest.Repository[cybersecurity.Protection, *cybersecurity.Protection]
	safeguards  *aggregatetest.Repository[cybersecurity.Safeguard, *cybersecurity.Safeguard]
	inspections *aggregatetest.Repository[cybersecurity.Inspection, *cybersecurity.Inspection]
}

func newDesk() *desk {
	clock := calendar.NewManual(calendar.MustDate(2026, 3, 2).Start().Add(9 * time.Hour))
	d := &desk{
		clock:    clock,
		consents: aggregatetest.New[cybersecurity.Consent, *cybersecurity.Consent](clock),
		systems:  aggregatetest.New[cybersecurity.System, *cybersecurity.System](clock),
		sites:    aggregatetest.New[cybersecurity.Site, *cybersecurity.Site](clock),

		protections: aggregatetest.New[cybersecurity.Protection, *cybersecurity.Protection](clock),
		safeguards:  aggregatetest.New[cybersecurity.Safeguard, *cybersecurity.Safeguard](clock),
		inspections: aggregatetest.New[cybersecurity.Inspection, *cybersecurity.Inspection](clock),
	}
	made := 0
	d.Service = &cybersecurity.Service{
		Consents: d.consents, Systems: d.systems, Sites: d.sites, District: "yangpu",
		Norms:       aggregatetest.New[cybersecurity.Norm, *cybersecurity.Norm](clock),
		Protections: d.protections, Safeguards: d.safeguards, Inspections: d.inspections,
		Clock: clock, Self: authn.Service("cybersecurity", cybersecurity.Office),
		InTx:  func(ctx context.Context, f func(context.Context) error) error { return f(ctx) },
		Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		NewID: func() string { made++; return fmt.Sprintf("n%d", made) },
		Sign:  aggregatetest.Sign,
	}
	return d
}

var day = aggregatetest.Day

// The people and the service itself.
var (
	self     = authn.With(context.Background(), authn.Service("cybersecurity", cybersecurity.Office))
	declarer = aggregatetest.As("edu.declarer", "education", "declarer")
	stranger = aggregatetest.As("civil.declarer", "civil-affairs", "declarer")
	cyber    = aggregatetest.As("cac.officer", cybersecurity.Office, "cyber_officer")
	police   = aggregatetest.As("police.officer", cybersecurity.Police, "police_officer")
	office   = aggregatetest.As("office.secretary", cybersecurity.GovernmentOffice, "secretary")
)

// brief is a project of the education bureau whose checklist has the items.
func brief(id string, items ...string) *typev1.ProjectBrief {
	return &typev1.ProjectBrief{ProjectId: id, Title: "智慧校园", Kind: "new_build", Unit: "education", Pack: "yangpu-2023", Items: items}
}

func described(project string) cybersecurity.RegisterSystem {
	r := cybersecurity.RegisterSystem{ProjectID: project, Description: cybersecurity.Description{
		Name: "智慧校园", Network: "internet", Deployment: "government_cloud", DataLevel: "important", DutyHolder: "信息中心",
	}}
	if project == "" {
		r.InUseSince = calendar.MustDate(2024, 1, 1)
	}
	return r
}

func yes() *bool { v := true; return &v }
func no() *bool  { v := false; return &v }
