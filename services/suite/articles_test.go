package suite_test

import (
	"slices"
	"testing"

	"egov/libs/fault"
	"egov/services/cybersecurity"
	"egov/services/dataresource"
	"egov/services/expertreview"
	"egov/services/identity"
)

// TestWhatARequestLeavesOutIsRefusedByArticle: whoever leaves out what an
// article asks for is told which one it is, for articles that stand in requests
// of several services and in no pack.
func TestWhatARequestLeavesOutIsRefusedByArticle(t *testing.T) {
	t.Parallel()
	sound := dataresource.Item{Resource: "车辆", Table: "vehicle", Field: "plate", Type: "varchar", Key: true, ShareClass: "universal", Frequency: "daily", Secrecy: true}
	unchecked := sound
	unchecked.Secrecy = false
	catalogue := func(i dataresource.Item) *dataresource.SubmitCatalogue {
		return &dataresource.SubmitCatalogue{System: "平台", Editor: "甲", Reviewer: "乙", Way: "online", Items: []dataresource.Item{i}}
	}
	unit := func(leader, department string) *identity.RegisterUnit {
		return &identity.RegisterUnit{Code: "data-bureau", Kind: "administrative", Portrait: identity.Portrait{
			Name: "区数据局", NameEN: "Data Bureau", Leader: leader, Department: department,
		}}
	}
	for _, c := range []struct {
		name, article, field string
		request              interface{ Validate() error }
	}{
		{"a unit without a leader", "YP23-M-6", "leader", unit("", "数据资源科")},
		{"a unit without a department", "YP23-M-6", "department", unit("龚晓光", "")},
		{"a unit with both", "YP23-M-6", "", unit("龚晓光", "数据资源科")},
		{"a cloud on a network that is none", "YP23-M-18", "network", &dataresource.RequestCloud{Network: "moon"}},
		{"a cloud on the extranet", "YP23-M-18", "", &dataresource.RequestCloud{Network: "extranet"}},
		{"a system nobody answers for", "YP23-M-19", "duty_holder", &cybersecurity.RegisterSystem{}},
		{"a unit on the network that does not answer for its part", "YP23-M-20", "duty_holder", &cybersecurity.RegisterSystem{}},
		{"a system on no network", "YP23-M-20", "network", &cybersecurity.RegisterSystem{}},
		{"a system somebody answers for", "YP23-M-19", "", &cybersecurity.RegisterSystem{Description: cybersecurity.Description{DutyHolder: "王五", DataLevel: cybersecurity.DataLevels[0]}}},
		{"a system on a network, with who answers for its part", "YP23-M-20", "", &cybersecurity.RegisterSystem{Description: cybersecurity.Description{DutyHolder: "王五", Network: cybersecurity.Networks[0]}}},
		{"data not checked for secrecy", "SH16-D-19", "items[0].secrecy_checked", catalogue(unchecked)},
		{"data that are", "SH16-D-19", "", catalogue(sound)},
		{"a steward without a name", "SH16-D-21", "name", &dataresource.FileSteward{Contact: "6541"}},
		{"a steward with one", "SH16-D-21", "", &dataresource.FileSteward{Name: "王五", Contact: "6541"}},
		{"an expert of no field", "XA18-5", "fields", &expertreview.RegisterExpert{}},
		{"an expert of one", "XA18-5", "", &expertreview.RegisterExpert{Fields: []string{"信息化"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var broken []string
			if err := c.request.Validate(); err != nil {
				for _, v := range fault.From(err).Violations {
					if slices.Contains(v.Basis, c.article) {
						broken = append(broken, v.Field)
					}
				}
			}
			kept := c.field == ""
			if kept && len(broken) > 0 || !kept && !slices.Contains(broken, c.field) {
				t.Errorf("%s is broken by %v, want %q", c.article, broken, c.field)
			}
		})
	}
}
