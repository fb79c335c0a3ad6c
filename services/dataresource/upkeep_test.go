package dataresource_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/authn"
	"egov/libs/correction"
	"egov/libs/fault"
	"egov/libs/fault/faulttest"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	"egov/services/dataresource"
)

// codeOf is the code of a refusal.
func codeOf(err error) string { return fault.From(err).Code }

func note(id, on string) dataresource.NoteChange {
	return dataresource.NoteChange{ID: id, ChangedOn: day(on), Summary: "增加字段"}
}

// TestAChangeIsBroughtInWithinItsDays (SH16-D-10): two working days, counted
// over a weekend.
func TestAChangeIsBroughtInWithinItsDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, updated string
		state         aggregate.DeadlineState
	}{{"on the last day", "2026-03-10", aggregate.Met}, {"a day late", "2026-03-11", aggregate.Late}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := d.publish(field("no", key))
			d.at("2026-03-06") // a Friday
			c, err := d.NoteChange(provider, note(c.ID, "2026-03-06"))
			d.do(err)
			if k := aggregatetest.Clock(t, c.Root, "catalogue_update"); k.DueOn != day("2026-03-10") || k.Unit != "civil-affairs" || aggregatetest.Todos(c.Root) != "revise_catalogue declarer@civil-affairs" {
				t.Fatalf("%+v %v", k, c.Todo)
			}
			d.at(tt.updated)
			d.sweep()
			c, err = d.Revise(provider, dataresource.ReviseCatalogue{ID: c.ID, SubmitCatalogue: catalogue(field("no", key), field("level"))})
			d.do(err)
			if k := aggregatetest.Clock(t, c.Root, "catalogue_update"); k.State != tt.state || k.MetOn != tt.updated {
				t.Errorf("%+v", k)
			}
			f, err := d.Appraise(officer, appraise("2026-03-01", tt.updated))
			d.do(err)
			if late := f.Appraisals[0].Figures.UpdatesLate; (late == 1) != (tt.state == aggregate.Late) {
				t.Errorf("%d late", late)
			}
		})
	}
}

// TestUpkeepIsRefused names who may not, when, and by which article.
func TestUpkeepIsRefused(t *testing.T) {
	t.Parallel()
	maintain := func(id, editor, reviewer string) dataresource.MaintainCatalogue {
		return dataresource.MaintainCatalogue{ID: id, Editor: editor, Reviewer: reviewer}
	}
	for _, tt := range []struct {
		name, code, article string
		do                  func(d *desk, id string) error
	}{
		{"a change noted by a third unit", "not_declaring_unit", "", func(d *desk, id string) error { _, err := d.NoteChange(stranger, note(id, "2026-03-02")); return err }},
		{"a change of tomorrow", "invalid_input", "SH16-D-10", func(d *desk, id string) error { _, err := d.NoteChange(provider, note(id, "2026-03-03")); return err }},
		{"a change of what is under review", "wrong_stage", "", func(d *desk, id string) error {
			_, err := d.Revise(provider, dataresource.ReviseCatalogue{ID: id, SubmitCatalogue: catalogue(field("no", key))})
			d.do(err)
			_, err = d.NoteChange(provider, note(id, "2026-03-02"))
			return err
		}},
		{"maintenance by one person", "editor_is_reviewer", "SH16-D-8", func(d *desk, id string) error { _, err := d.Maintain(provider, maintain(id, "甲", "甲")); return err }},
		{"maintenance by a third unit", "not_declaring_unit", "", func(d *desk, id string) error { _, err := d.Maintain(stranger, maintain(id, "甲", "乙")); return err }},
		{"maintenance over a change that is not brought in", "change_outstanding", "SH16-D-10", func(d *desk, id string) error {
			_, err := d.NoteChange(officer, note(id, "2026-03-02")) // the centre found it out
			d.do(err)
			_, err = d.Maintain(provider, maintain(id, "甲", "乙"))
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			err := tt.do(d, d.publish(field("no", key)).ID)
			if got := codeOf(err); got != tt.code {
				t.Fatalf("got %s, want %s", got, tt.code)
			}
			if tt.article != "" {
				faulttest.RestsOn(t, err, tt.article)
			}
		})
	}
}

// TestYearlyMaintenanceIsAskedForInTime (SH16-D-10): a reminder near its day,
// and a new year when it is done.
func TestYearlyMaintenanceIsAskedForInTime(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.publish(field("no", key))
	k := aggregatetest.Clock(t, c.Root, "catalogue_maintenance")
	if k.DueOn != day("2027-03-02") || len(c.Todo) != 0 {
		t.Fatalf("%+v %v", k, c.Todo)
	}
	d.at("2027-02-25")
	d.do(d.Remind(self, "catalogue_maintenance", k.ID), d.Remind(self, "catalogue_maintenance", "gone/catalogue_maintenance/2026-01-01"), d.Remind(self, "sharing_answer", k.ID))
	c, err := d.Catalogues.Get(self, c.ID)
	d.do(err)
	if aggregatetest.Todos(c.Root) != "maintain_catalogue declarer@civil-affairs" {
		t.Fatal(c.Todo)
	}
	c, err = d.Maintain(provider, dataresource.MaintainCatalogue{ID: c.ID, Editor: "甲", Reviewer: "乙"})
	d.do(err)
	if next := aggregatetest.Clock(t, c.Root, "catalogue_maintenance"); next.DueOn != day("2028-02-25") || len(c.Todo) != 0 || !d.catalogues.Stated(&dataresourcev1.CatalogueMaintained{}) {
		t.Fatalf("%+v %v", next, c.Todo)
	}
}

// TestPeopleAndBodiesAreIdentifiedByTheirCodes (SH16-D-13), which are never kept
// whole.
func TestPeopleAndBodiesAreIdentifiedByTheirCodes(t *testing.T) {
	t.Parallel()
	const id, credit = "11010519491231002X", "91350100M000100Y43"
	about := func(who string) func(*dataresource.Item) { return func(x *dataresource.Item) { x.About = who } }
	identifies := func(example string) func(*dataresource.Item) {
		return func(x *dataresource.Item) { x.Identifies, x.Example = true, example }
	}
	for _, tt := range []struct {
		name  string
		items []dataresource.Item
		want  []string
	}{
		{"people by id number", []dataresource.Item{field("no", key, about("person"), identifies(id))}, nil},
		{"bodies by credit code", []dataresource.Item{field("no", key, about("organisation"), identifies(credit))}, nil},
		{"neither", []dataresource.Item{field("no", key)}, nil},
		{"people without a code", []dataresource.Item{field("no", key, about("person"))}, []string{"no_identifier"}},
		{"a code of nobody", []dataresource.Item{field("no", key, identifies(""))}, []string{"required"}},
		{"a wrong id number", []dataresource.Item{field("no", key, about("person"), identifies("110105194912310021"))}, []string{"bad_identifier"}},
		{"a credit code of a person", []dataresource.Item{field("no", key, about("person"), identifies(credit))}, []string{"bad_identifier"}},
		{"an example of a plain field", []dataresource.Item{field("no", key, func(x *dataresource.Item) { x.Example = id })}, []string{"not_applicable"}},
		{"a resource about two kinds", []dataresource.Item{field("no", key, about("person"), identifies("")), field("x", about("organisation"))}, []string{"contradiction"}},
		{"about the moon", []dataresource.Item{field("no", key, about("moon"))}, []string{"unknown_code", "no_identifier"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := catalogue(tt.items...)
			err := r.Validate()
			if kept := tt.want == nil; !kept {
				faulttest.Refused(t, err, "invalid_input", tt.want...)
				faulttest.RestsOn(t, err, "SH16-D-13")
				if strings.Contains(err.Error(), tt.items[0].Example) && tt.items[0].Example != "" {
					t.Errorf("the answer repeats the code: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c, err := newDesk(t).Submit(provider, r)
			if err != nil || tt.items[0].Example != "" && c.Items[0].Example == tt.items[0].Example {
				t.Errorf("%+v %v", c.Items[0], err)
			}
		})
	}
	d := newDesk(t)
	got, err := d.CheckIdentifiers(requester, dataresource.CheckIdentifiers{Kind: "id_number", Values: []string{id, "123"}})
	if err != nil || got.Invalid != 1 || got.Items[0] != (dataresource.CheckedIdentifier{Masked: "110105***********X", Valid: true}) || got.Items[1].Masked != "***" {
		t.Errorf("%+v %v", got, err)
	}
	faulttest.Refused(t, (&dataresource.CheckIdentifiers{Kind: "name"}).Validate(), "invalid_input", "unknown_code", "out_of_range")
}

// TestBaseRegistersComeFirst (XA18-21, SH12-27): the keys that join them are not
// withheld, and their review is asked for first.
func TestBaseRegistersComeFirst(t *testing.T) {
	t.Parallel()
	r := catalogue(field("no", key, withheld), field("income", withheld))
	r.BaseRegister = "population"
	err := r.Validate()
	faulttest.Refused(t, err, "invalid_input", "base_key_withheld")
	faulttest.RestsOn(t, err, "XA18-21")
	faulttest.RestsOn(t, err, "SH12-27")
	r.BaseRegister = "gossip"
	faulttest.Refused(t, r.Validate(), "invalid_input", "unknown_code", "base_key_withheld")
	r = catalogue(field("no", key), field("income", withheld))
	r.BaseRegister = "population"
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	c, err := newDesk(t).Submit(provider, r)
	if err != nil || !strings.HasPrefix(c.Todo[0].Title, "优先") {
		t.Fatalf("%+v %v", c.Todo, err)
	}
}

// TestStateSecretsAreTurnedAway (YP23-M-37).
func TestStateSecretsAreTurnedAway(t *testing.T) {
	t.Parallel()
	r := catalogue(field("no", key, func(x *dataresource.Item) { x.Sensitivity = "state_secret" }))
	err := r.Validate()
	faulttest.Refused(t, err, "invalid_input", "classified")
	faulttest.RestsOn(t, err, "YP23-M-37")
	r = catalogue(field("no", key, func(x *dataresource.Item) { x.Sensitivity = "gossip" }))
	faulttest.Refused(t, r.Validate(), "invalid_input", "unknown_code")
}

// TestAnItemHasOneSource (SH16-D-12): who would collect it again is shown where
// it is.
func TestAnItemHasOneSource(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.publish(field("no", key))
	_, err := d.Submit(stranger, catalogue(field("no", key)))
	faulttest.Refused(t, err, "item_has_source", "item_has_source")
	faulttest.RestsOn(t, err, "SH16-D-12")
	if v := fault.From(err).Violations[0]; v.Msg != "来源单位：civil-affairs，目录："+c.ID {
		t.Errorf("%+v", v)
	}
}

// TestTheRegisterOfStewardsFollowsPeople (SH16-D-21).
func TestTheRegisterOfStewardsFollowsPeople(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := func(name string) dataresource.Steward {
		x, err := d.FileSteward(provider, "civil-affairs", dataresource.FileSteward{Name: name, Contact: "1"})
		d.do(err)
		return x
	}
	file("张三")
	d.at("2026-04-01")
	file("张三") // another number, the same person
	d.at("2026-05-06")
	x := file("李四")
	if len(x.Earlier) != 1 || x.Earlier[0] != (dataresource.Tenure{Name: "张三", Since: "2026-03-02", Until: "2026-05-06"}) || x.Since != "2026-05-06" {
		t.Fatalf("%+v", x)
	}
	faulttest.Refused(t, (&dataresource.FileSteward{Name: "王五"}).Validate(), "invalid_input", "required")
}

func appraise(from, to string) dataresource.AppraiseUnit {
	return dataresource.AppraiseUnit{Unit: "civil-affairs", From: day(from), To: day(to), Result: "fair", Opinion: "总体较好", NoticeNo: "通报〔2026〕1号"}
}

// TestUnitsAreAssessedRegularly (SH16-D-22), by their records and with notice;
// no day counts twice.
func TestUnitsAreAssessedRegularly(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.publish(field("no", key))
	d.do(d.UnitPublishes(self, "civil-affairs", day("2026-03-02")), d.UnitPublishes(self, "civil-affairs", day("2026-03-05")))
	x, err := d.Standings.Get(self, "civil-affairs")
	d.do(err)
	k := aggregatetest.Clock(t, x.Root, "data_appraisal")
	if k.Unit != dataresource.Centre || k.DueOn != day("2027-03-02") || len(x.Deadlines) != 1 || x.Unit != "civil-affairs" {
		t.Fatalf("%+v", x)
	}
	y, err := d.RequestSharing(requester, ask(c.ID, "no"))
	d.do(err)
	_, err = d.Receive(provider, dataresource.ReceiveSharing{ID: y.ID, ReceivedOn: day("2026-03-02")})
	d.do(err)
	d.at("2027-02-16")
	d.sweep()
	d.do(d.Remind(self, "data_appraisal", k.ID))
	x, err = d.Standings.Get(self, "civil-affairs")
	d.do(err)
	if aggregatetest.Todos(x.Root) != "appraise_unit data_officer@big-data" {
		t.Fatal(x.Todo)
	}
	_, err = d.Appraise(provider, appraise("2026-01-01", "2026-12-31"))
	faulttest.Refused(t, err, "not_data_centre")
	faulttest.RestsOn(t, err, "SH16-D-22")
	x, err = d.Appraise(officer, appraise("2026-01-01", "2026-12-31"))
	d.do(err)
	if got := x.Appraisals[0].Figures; got != (dataresource.Figures{Catalogues: 1, AnswersLate: 1}) {
		t.Errorf("%+v", got)
	}
	if next := aggregatetest.Clock(t, x.Root, "data_appraisal"); next.DueOn != day("2028-02-16") || len(x.Todo) != 0 || !d.standings.Stated(&dataresourcev1.UnitAppraised{}) {
		t.Errorf("%+v %v", next, x.Todo)
	}
	_, err = d.Appraise(officer, appraise("2026-12-31", "2027-02-17"))
	faulttest.Refused(t, err, "period_refused", "out_of_range", "overlap")
	faulttest.RestsOn(t, err, "SH16-D-22")
	faulttest.Refused(t, (&dataresource.AppraiseUnit{}).Validate(), "invalid_input", "required", "required", "required", "unknown_code", "required", "required")
}

func order(by string) dataresource.OrderCorrection {
	return dataresource.OrderCorrection{Unit: "civil-affairs", Rule: "true_and_timely", Finding: "目录两月未更新", NoticeNo: "整改〔2026〕1号", CorrectBy: day(by)}
}

// TestACorrectionIsOrderedReportedAndClosed (SH16-D-23), after a first report
// that was not enough; what was reported in time is in time.
func TestACorrectionIsOrderedReportedAndClosed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.Order(officer, order("2026-03-20"))
	faulttest.Refused(t, err, "not_leading_office")
	bad := order("2026-03-02")
	bad.Rule = "politeness"
	_, err = d.Order(secretary, bad)
	faulttest.Refused(t, err, "correction_refused", "unknown_code", "in_past")
	faulttest.RestsOn(t, err, "SH16-D-23")
	x, err := d.Order(secretary, order("2026-03-20"))
	d.do(err)
	if k := aggregatetest.Clock(t, x.Root, "data_correction"); k.DueOn != day("2026-03-20") || k.WarnOn != day("2026-03-17") || k.Unit != "civil-affairs" || x.Unit != "civil-affairs" ||
		!slices.Contains(x.Basis, "SH16-D-23") || aggregatetest.Todos(x.Root) != "report_correction declarer@civil-affairs" {
		t.Fatalf("%+v %+v", x, k)
	}
	report := dataresource.ReportCorrection{Statement: correction.Statement{ID: x.ID, Text: "已更新"}}
	_, err = d.ReportCorrection(stranger, report)
	faulttest.Refused(t, err, "not_declaring_unit")
	closing := dataresource.CloseCorrection{Finding: correction.Finding{ID: x.ID, Done: new(bool), Opinion: "仍缺字段", CorrectBy: day("2026-04-10")}}
	_, err = d.CloseCorrection(secretary, closing)
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.ReportCorrection(provider, report)
	d.do(err)
	_, err = d.CloseCorrection(provider, closing)
	faulttest.Refused(t, err, "not_leading_office")
	closing.CorrectBy = day("2026-03-02")
	_, err = d.CloseCorrection(secretary, closing)
	faulttest.Refused(t, err, "correction_refused", "in_past")
	closing.CorrectBy = day("2026-04-10")
	x, err = d.CloseCorrection(secretary, closing)
	d.do(err)
	if k := aggregatetest.Clock(t, x.Root, "data_correction"); k.DueOn != day("2026-04-10") || k.MovedFrom != "2026-03-20" || x.State != dataresource.CorrectionOrdered {
		t.Fatalf("%+v", k)
	}
	d.at("2026-04-10")
	_, err = d.ReportCorrection(provider, report)
	d.do(err)
	d.at("2026-04-20")
	d.sweep()
	x, err = d.CloseCorrection(secretary, dataresource.CloseCorrection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "已到位"}})
	d.do(err)
	if k := aggregatetest.Clock(t, x.Root, "data_correction"); k.State != aggregate.Met || k.MetOn != "2026-04-10" || x.State != dataresource.CorrectionClosed || len(x.Todo) != 0 {
		t.Fatalf("%+v %+v", k, x)
	}
	faulttest.Refused(t, (&dataresource.CloseCorrection{Finding: correction.Finding{Done: yes(), Opinion: "x", CorrectBy: day("2026-05-06")}}).Validate(), "invalid_input", "required")
}

// TestNobodyClosesWhatTheyReported (SH12-P-9): neither who reported in another's
// stead, nor that other.
func TestNobodyClosesWhatTheyReported(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	own := order("2026-03-20")
	own.Unit = dataresource.Office
	x, err := d.Order(secretary, own)
	d.do(err)
	standIn := authn.Principal{Subject: "office.two", Unit: dataresource.Office, Roles: []string{"declarer", "secretary"}, OnBehalfOf: "office.secretary"}
	_, err = d.ReportCorrection(authn.With(t.Context(), standIn), dataresource.ReportCorrection{Statement: correction.Statement{ID: x.ID, Text: "已更新"}})
	d.do(err)
	closing := dataresource.CloseCorrection{Finding: correction.Finding{ID: x.ID, Done: yes(), Opinion: "已到位"}}
	for _, by := range []context.Context{secretary, aggregatetest.As("office.two", dataresource.Office, "secretary")} {
		_, err = d.CloseCorrection(by, closing)
		faulttest.RefusedOn(t, err, "SH12-P-9", "own_work")
	}
	_, err = d.CloseCorrection(aggregatetest.As("office.three", dataresource.Office, "secretary"), closing)
	d.do(err)
}

// TestXiansOwnRulesAreOrderedToBePutRight (XA18-30): the rules are the pack's.
func TestXiansOwnRulesAreOrderedToBePutRight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.District = "xian"
	r := order("2026-03-20")
	_, err := d.Order(secretary, r)
	faulttest.Refused(t, err, "correction_refused", "unknown_code")
	faulttest.RestsOn(t, err, "XA18-30")
	r.Rule = "common_network"
	x, err := d.Order(secretary, r)
	d.do(err)
	if !slices.Contains(x.Basis, "XA18-30") || !strings.Contains(x.Title, "专网") {
		t.Errorf("%+v", x)
	}
}
