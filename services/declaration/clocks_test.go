package declaration

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

// TestClocksStandWhereTheyWereStatedLast follows one clock through what can
// become of it.
func TestClocksStandWhereTheyWereStatedLast(t *testing.T) {
	t.Parallel()
	set := &deadlinev1.DeadlineSet{
		DeadlineId: "d", Obligation: "contract_filing", Unit: "education", TriggerOn: "2026-12-28", DueOn: "2027-01-12", Provisional: true, Basis: []string{"YP23-R-5.5.2"},
	}
	as := func(change func(*DossierClock)) DossierClock {
		c := DossierClock{
			ID: "d", Service: "procurement", Obligation: "contract_filing", Unit: "education", TriggerOn: "2026-12-28", DueOn: "2027-01-12",
			State: "open", Provisional: true, Basis: []string{"YP23-R-5.5.2"},
		}
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name  string
		facts []proto.Message
		want  DossierClock
	}{
		{"Set", nil, as(func(*DossierClock) {})},
		{"Confirmed", []proto.Message{&deadlinev1.DeadlineConfirmed{DeadlineId: "d", DueOn: "2027-01-12"}}, as(func(c *DossierClock) { c.Provisional = false })},
		{"WarnedThenConfirmed", []proto.Message{
			&deadlinev1.DeadlineWarned{DeadlineId: "d", DueOn: "2027-01-12"}, &deadlinev1.DeadlineConfirmed{DeadlineId: "d", DueOn: "2027-01-12"},
		}, as(func(c *DossierClock) { c.State, c.Provisional = "warned", false })},
		{"Moved", []proto.Message{&deadlinev1.DeadlineMoved{DeadlineId: "d", DueOn: "2027-01-13", MovedFrom: "2027-01-12", TriggerOn: "2026-12-29"}}, as(func(c *DossierClock) {
			c.DueOn, c.MovedFrom, c.TriggerOn, c.Provisional = "2027-01-13", "2027-01-12", "2026-12-29", false
		})},
		{"Paused", []proto.Message{&deadlinev1.DeadlinePaused{DeadlineId: "d", DueOn: "2027-01-12", PausedOn: "2026-12-30"}}, as(func(c *DossierClock) {
			c.State, c.PausedSince = "paused", "2026-12-30"
		})},
		{"Resumed", []proto.Message{
			&deadlinev1.DeadlinePaused{DeadlineId: "d", DueOn: "2027-01-12", PausedOn: "2026-12-30"},
			&deadlinev1.DeadlineResumed{DeadlineId: "d", DueOn: "2027-01-14", MovedFrom: "2027-01-12", PausedOn: "2026-12-30", ResumedOn: "2026-12-31", Provisional: true},
		}, as(func(c *DossierClock) { c.DueOn, c.MovedFrom = "2027-01-14", "2027-01-12" })},
		{"ResumedAtNoCost", []proto.Message{
			&deadlinev1.DeadlineResumed{DeadlineId: "d", DueOn: "2027-01-12", MovedFrom: "2027-01-12", Provisional: true},
		}, as(func(*DossierClock) {})},
		{"Waived", []proto.Message{&deadlinev1.DeadlineWaived{DeadlineId: "d", Reason: "停止"}}, as(func(c *DossierClock) { c.State = "waived" })},
		{"MetLate", []proto.Message{
			&deadlinev1.DeadlineMissed{DeadlineId: "d", DueOn: "2027-01-12"}, &deadlinev1.DeadlineFulfilledLate{DeadlineId: "d", DueOn: "2027-01-12", MetOn: "2027-01-20"},
		}, as(func(c *DossierClock) { c.State, c.MetOn = "late", "2027-01-20" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var facts []TimelineEntry
			for _, m := range append([]proto.Message{set}, tt.facts...) {
				data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				facts = append(facts, TimelineEntry{Service: "procurement", Type: string(m.ProtoReflect().Descriptor().FullName()), Data: data})
			}
			facts = append(facts, TimelineEntry{Type: "egov.declaration.v1.ProjectDrafted", Data: []byte("{}")})
			if got := clocks(facts); len(got) != 1 || !reflect.DeepEqual(got[0], tt.want) {
				t.Fatalf("%+v", got)
			}
		})
	}
}
