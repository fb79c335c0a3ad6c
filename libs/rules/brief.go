package rules

import (
	"egov/libs/calendar"
	"egov/libs/document"
	"egov/libs/policy"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Text is the decision's JSON, as facts carry it.
func Text(d policy.Decision) string {
	b, err := document.Write(&d)
	if err != nil {
		panic("rules: a decision always encodes: " + err.Error())
	}
	return string(b)
}

// Brief is what other services learn of a case and its decision, nil before it
// is decided: all that a gate may ask, which is everything but the papers, the
// budget and what only the first decision looks at.
func Brief(c policy.Case, d *policy.Decision) *typev1.ProjectBrief {
	b := &typev1.ProjectBrief{
		Kind: c.Kind, Title: c.Title, Unit: c.Unit, UnitKind: c.UnitKind, UnitLevel: c.UnitLevel, DeclaredOn: c.DeclaredOn.String(),
		AmountFen: c.AmountFen, PureSoftware: c.PureSoftware, RenewalYear: int32(c.RenewalYear),
		InUse: c.InUse, PublicData: c.PublicData, UrbanOperation: c.UrbanOperation, DedicatedNetwork: c.DedicatedNetwork,
		OwnMachineRoom: c.OwnMachineRoom, OwnWebsite: c.OwnWebsite, HotlineSeats: c.HotlineSeats,
		CrossRegion: c.CrossRegion, CrossDepartment: c.CrossDepartment, Subordinate: c.Subordinate,
		Urgent: c.Urgent, MidYearAdjustment: c.MidYearAdjustment,
		XcConformant:   c.XCConformant == nil || *c.XCConformant,
		NationalCrypto: c.NationalCrypto, DistrictFunded: c.DistrictFunded, RenewalUnchanged: c.RenewalUnchanged,
	}
	if c.HardwareFen != nil {
		b.HardwareFen = *c.HardwareFen
	}
	if c.MLPSGrade != nil {
		b.MlpsGrade = int32(*c.MLPSGrade)
	}
	if d != nil {
		b.Route, b.Steps, b.Obligations, b.ConferenceMode, b.Pack, b.PackVersion, b.Basis = d.Route, d.Steps, d.Obligations, d.ConferenceMode, d.Pack, d.PackVersion, d.Basis
		for _, i := range d.Checklist {
			b.Items = append(b.Items, i.Item)
		}
	}
	return b
}

// caseOf is what a brief tells of a case.
func caseOf(p *typev1.ProjectBrief) (policy.Case, policy.Decision) {
	grade, xc, hardware := int64(p.GetMlpsGrade()), p.GetXcConformant(), p.GetHardwareFen()
	day, _ := calendar.ParseDate(p.GetDeclaredOn()) // a zero date means the pack's first day
	c := policy.Case{
		Kind: p.GetKind(), Title: p.GetTitle(), Unit: p.GetUnit(), UnitKind: p.GetUnitKind(), UnitLevel: p.GetUnitLevel(), DeclaredOn: day,
		AmountFen: p.GetAmountFen(), HardwareFen: &hardware, PureSoftware: p.GetPureSoftware(), RenewalYear: int64(p.GetRenewalYear()),
		InUse: p.GetInUse(), PublicData: p.GetPublicData(), UrbanOperation: p.GetUrbanOperation(), DedicatedNetwork: p.GetDedicatedNetwork(),
		OwnMachineRoom: p.GetOwnMachineRoom(), OwnWebsite: p.GetOwnWebsite(), HotlineSeats: p.GetHotlineSeats(),
		CrossRegion: p.GetCrossRegion(), CrossDepartment: p.GetCrossDepartment(), Subordinate: p.GetSubordinate(),
		Urgent: p.GetUrgent(), MidYearAdjustment: p.GetMidYearAdjustment(),
		XCConformant: &xc, MLPSGrade: &grade,
		NationalCrypto: p.NationalCrypto, DistrictFunded: p.DistrictFunded, RenewalUnchanged: p.RenewalUnchanged,
	}
	d := policy.Decision{
		Pack: p.GetPack(), PackVersion: p.GetPackVersion(), Route: p.GetRoute(), Steps: p.GetSteps(),
		Obligations: p.GetObligations(), ConferenceMode: p.GetConferenceMode(),
	}
	return c, d
}
