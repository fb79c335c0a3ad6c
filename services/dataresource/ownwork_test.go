package dataresource_test

import (
	"context"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault/faulttest"
	"egov/services/dataresource"
)

// person is an account at the centre, or at the unit it asks for, perhaps in
// the place of another.
func person(account, behalf, unit, role string) context.Context {
	return authn.With(context.Background(), authn.Principal{Subject: account, OnBehalfOf: behalf, Unit: unit, Roles: []string{role}})
}

// TestNobodyAnswersTheirOwnAtTheCentre (SH12-P-9): whoever laid a catalogue or
// asked for the cloud does not answer it once they are data officers, neither
// themselves nor by a delegate nor as one; somebody else does.
func TestNobodyAnswersTheirOwnAtTheCentre(t *testing.T) {
	t.Parallel()
	officer := func(account, behalf string) context.Context {
		return person(account, behalf, dataresource.Centre, "data_officer")
	}
	for _, tt := range []struct {
		name     string
		asked    context.Context
		answered context.Context
		refused  bool
	}{
		{"the same account", person("bd.li", "", dataresource.Centre, "declarer"), officer("bd.li", ""), true},
		{"who acts for it now", person("bd.li", "", dataresource.Centre, "declarer"), officer("bd.han", "bd.li"), true},
		{"it acts for another now", person("bd.li", "", dataresource.Centre, "declarer"), officer("bd.li", "bd.han"), true},
		{"who was acted for", person("bd.li", "bd.wang", dataresource.Centre, "declarer"), officer("bd.wang", ""), true},
		{"who acted for another", person("bd.li", "bd.wang", dataresource.Centre, "declarer"), officer("bd.li", ""), true},
		{"a colleague", person("bd.li", "", dataresource.Centre, "declarer"), officer("bd.han", ""), false},
		{"a colleague for a colleague", person("bd.li", "bd.wang", dataresource.Centre, "declarer"), officer("bd.han", "bd.zhao"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			verdict := func(err error) {
				t.Helper()
				if !tt.refused {
					d.do(err)
					return
				}
				faulttest.RefusedOn(t, err, "SH12-P-9", "own_work")
			}

			c, err := d.Submit(tt.asked, catalogue(field("no", key)))
			d.do(err)
			_, err = d.Review(tt.answered, dataresource.ReviewCatalogue{ID: c.ID, Findings: []dataresource.Find{{Item: 0, Reason: "类型不明"}}})
			verdict(err)
			if tt.refused {
				_, err = d.Review(tt.answered, dataresource.ReviewCatalogue{ID: c.ID})
				verdict(err)
			}

			x, err := d.RequestCloud(tt.asked, dataresource.RequestCloud{Title: "云", Purpose: "部署", VCPU: 4, MemoryGB: 8, StorageGB: 100, Network: "extranet"})
			d.do(err)
			for _, granted := range []bool{false, true} {
				_, err = d.AnswerCloud(tt.answered, dataresource.AnswerCloud{ID: x.ID, Granted: granted, Reason: "资源紧张"})
				verdict(err)
				if !tt.refused {
					break // answered once
				}
			}
			if x, err = d.Clouds.Get(self, x.ID); err != nil || (x.State == dataresource.Requested) != tt.refused {
				t.Errorf("the request is %s: %v", x.State, err)
			}
		})
	}
}

// TestACatalogueStaysTheWorkOfAllWhoLaidIt (SH12-P-9): who laid an earlier
// revision does not review the one that a colleague brought.
func TestACatalogueStaysTheWorkOfAllWhoLaidIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, err := d.Submit(person("bd.li", "", dataresource.Centre, "declarer"), catalogue(field("no", key)))
	d.do(err)
	_, err = d.Review(officer, dataresource.ReviewCatalogue{ID: c.ID, Findings: []dataresource.Find{{Item: 0, Reason: "类型不明"}}})
	d.do(err)
	_, err = d.Revise(person("bd.wang", "", dataresource.Centre, "declarer"), dataresource.ReviseCatalogue{ID: c.ID, SubmitCatalogue: catalogue(field("no", key, daily))})
	d.do(err)
	for _, own := range []string{"bd.li", "bd.wang"} {
		_, err = d.Review(person(own, "", dataresource.Centre, "data_officer"), dataresource.ReviewCatalogue{ID: c.ID})
		faulttest.RefusedOn(t, err, "SH12-P-9", "own_work")
	}
	c, err = d.Review(officer, dataresource.ReviewCatalogue{ID: c.ID})
	d.do(err)
	if c.State != dataresource.Published {
		t.Error(c.State)
	}
}

// TestWhatWasLaidBeforeAuthorsWereKeptIsAnswered: a document without them is
// read as before.
func TestWhatWasLaidBeforeAuthorsWereKeptIsAnswered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	laid := person("bd.li", "", dataresource.Centre, "declarer")
	c, err := d.Submit(laid, catalogue(field("no", key)))
	d.do(err)
	_, err = d.Catalogues.Update(self, c.ID, func(c *dataresource.Catalogue, _ *aggregate.Recorder) error { c.Submitters = nil; return nil })
	d.do(err)
	_, err = d.Review(officer, dataresource.ReviewCatalogue{ID: c.ID})
	d.do(err)
}
