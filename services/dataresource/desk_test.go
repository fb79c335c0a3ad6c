package dataresource_test

import (
	"context"
	"fmt"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/policy"
	"egov/libs/rules"
	"egov/services/dataresource"
)

// desk is the service with its data in memory, on a clock that stands still.
type desk struct {
	*dataresource.Service
	t           *testing.T
	clock       *calendar.Manual
	catalogues  *aggregatetest.Repository[dataresource.Catalogue, *dataresource.Catalogue]
	sharings    *aggregatetest.Repository[dataresource.Sharing, *dataresource.Sharing]
	standings   *aggregatetest.Repository[dataresource.Standing, *dataresource.Standing]
	corrections *aggregatetest.Repository[dataresource.Correction, *dataresource.Correction]
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := calendar.NewManual(aggregatetest.Morning("2026-03-02"))
	d := &desk{
		t: t, clock: clock,
		catalogues:  aggregatetest.New[dataresource.Catalogue, *dataresource.Catalogue](clock),
		sharings:    aggregatetest.New[dataresource.Sharing, *dataresource.Sharing](clock),
		standings:   aggregatetest.New[dataresource.Standing, *dataresource.Standing](clock),
		corrections: aggregatetest.New[dataresource.Correction, *dataresource.Correction](clock),
	}
	made := 0
	d.Service = &dataresource.Service{
		Needs:      aggregatetest.New[dataresource.Need, *dataresource.Need](clock),
		Clouds:     aggregatetest.New[dataresource.CloudRequest, *dataresource.CloudRequest](clock),
		Stewards:   aggregatetest.New[dataresource.Steward, *dataresource.Steward](clock),
		Catalogues: d.catalogues, Sharings: d.sharings, Standings: d.standings, Corrections: d.corrections,
		Sources: sources{}, Index: published{}, District: "yangpu", Self: authn.Service("dataresource", dataresource.Centre),
		Rules: rules.Book{Packs: policy.Default(), Calendar: calendar.Statutory()},
		NewID: func() string { made++; return fmt.Sprintf("n%d", made) },
		InTx:  func(ctx context.Context, f func(context.Context) error) error { return f(ctx) },
		Sign:  aggregatetest.Sign,
	}
	return d
}

// sources is a register of sources in memory.
type sources map[string]dataresource.Source

func (s sources) Of(_ context.Context, unit string, keys []string) (map[string]dataresource.Source, error) {
	out := map[string]dataresource.Source{}
	for _, k := range keys {
		if x, ok := s[k]; ok && x.Unit != unit {
			out[k] = x
		}
	}
	return out, nil
}

func (s sources) Replace(_ context.Context, catalogue, unit string, keys []string) error {
	for _, k := range keys {
		s[k] = dataresource.Source{Unit: unit, Catalogue: catalogue}
	}
	return nil
}

// published is an index in memory, by catalogue.
type published map[string][]dataresource.Listed

func (p published) Replace(_ context.Context, c *dataresource.Catalogue) error {
	p[c.ID] = c.Listing()
	return nil
}

func (p published) Of(_ context.Context, catalogue string) ([]dataresource.Listed, error) {
	return p[catalogue], nil
}

func (p published) Find(context.Context, dataresource.Search) (aggregate.Page[dataresource.Listed], error) {
	return aggregate.Page[dataresource.Listed]{}, nil
}

var day = aggregatetest.Day

// The people and the service itself: civil affairs provides, education asks.
var (
	self      = authn.With(context.Background(), authn.Service("dataresource", dataresource.Centre))
	provider  = aggregatetest.As("civil.declarer", "civil-affairs", "declarer")
	requester = aggregatetest.As("edu.declarer", "education", "declarer")
	stranger  = aggregatetest.As("health.declarer", "health", "declarer")
	officer   = aggregatetest.As("data.officer", dataresource.Centre, "data_officer")
	secretary = aggregatetest.As("office.secretary", dataresource.Office, "secretary")
)

func (d *desk) at(s string) { d.clock.Set(aggregatetest.Morning(s)) }

func (d *desk) do(errs ...error) {
	d.t.Helper()
	for _, err := range errs {
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// sweep lets every clock be looked at, as the store does now and then.
func (d *desk) sweep() {
	d.t.Helper()
	d.do(d.catalogues.Sweep(self, calendar.Statutory()), d.sharings.Sweep(self, calendar.Statutory()), d.corrections.Sweep(self, calendar.Statutory()))
}

func field(name string, change ...func(*dataresource.Item)) dataresource.Item {
	x := dataresource.Item{Resource: "低保家庭", Table: "family", Field: name, Type: "varchar", Length: 32, ShareClass: "on_demand", Frequency: "monthly", Secrecy: true}
	for _, f := range change {
		f(&x)
	}
	return x
}

func key(x *dataresource.Item)     { x.Key = true }
func private(x *dataresource.Item) { x.Sensitivity = "personal" }
func open(x *dataresource.Item)    { x.ShareClass = "universal" }
func daily(x *dataresource.Item)   { x.Frequency = "daily" }
func withheld(x *dataresource.Item) {
	x.ShareClass, x.LegalBasis = "not_shared", "社会救助暂行办法第六十一条"
}

func catalogue(items ...dataresource.Item) dataresource.SubmitCatalogue {
	return dataresource.SubmitCatalogue{System: "救助平台", Editor: "甲", Reviewer: "乙", Way: "online", Items: items}
}

// publish has civil affairs lay a catalogue before the centre, which publishes
// it; both units have stewards.
func (d *desk) publish(items ...dataresource.Item) dataresource.Catalogue {
	d.t.Helper()
	for unit, who := range map[string]context.Context{"civil-affairs": provider, "education": requester} {
		_, err := d.FileSteward(who, unit, dataresource.FileSteward{Name: "管理员", Contact: "6541"})
		d.do(err)
	}
	r := catalogue(items...)
	d.do(r.Validate())
	c, err := d.Submit(provider, r)
	d.do(err)
	c, err = d.Review(officer, dataresource.ReviewCatalogue{ID: c.ID})
	d.do(err)
	return c
}

func ref(name string) dataresource.ItemRef {
	return dataresource.ItemRef{Resource: "低保家庭", Table: "family", Field: name}
}

// ask is a request of the education bureau for fields of a catalogue.
func ask(catalogue string, fields ...string) dataresource.RequestSharing {
	r := dataresource.RequestSharing{CatalogueID: catalogue, Purposes: []string{"助学金资格审核"}, Mandate: "教育资助管理办法第四条"}
	for _, f := range fields {
		r.Items = append(r.Items, ref(f))
	}
	return r
}

// asked is a request that the provider has in writing.
func (d *desk) asked(items ...dataresource.Item) dataresource.Sharing {
	d.t.Helper()
	c := d.publish(items...)
	var names []string
	for _, x := range items {
		names = append(names, x.Field)
	}
	y, err := d.RequestSharing(requester, ask(c.ID, names...))
	d.do(err)
	if y.State == dataresource.Requested {
		y, err = d.Receive(provider, dataresource.ReceiveSharing{ID: y.ID, ReceivedOn: day("2026-03-02")})
		d.do(err)
	}
	return y
}

func granting(id string, items ...dataresource.ItemRef) dataresource.AnswerSharing {
	r := dataresource.AnswerSharing{ID: id, Granted: yes(), Reasons: "符合履职需要", Items: items}
	if len(items) > 0 {
		r.LegalBasis = "个人信息保护法第六条"
	}
	return r
}

func refusing(id string) dataresource.AnswerSharing {
	return dataresource.AnswerSharing{ID: id, Granted: new(bool), Reasons: "涉及隐私", LegalBasis: "个人信息保护法第二十三条"}
}

// provided is a sharing whose data can be had as a file.
func (d *desk) provided() dataresource.Sharing {
	d.t.Helper()
	y := d.asked(field("no", key), field("level"))
	_, err := d.Answer(provider, granting(y.ID))
	d.do(err)
	y, err = d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "file", Note: "交换区目录"})
	d.do(err)
	return y
}

func yes() *bool { v := true; return &v }
