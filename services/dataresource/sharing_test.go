package dataresource_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"egov/libs/aggregate"
	"egov/libs/aggregate/aggregatetest"
	"egov/libs/calendar"
	"egov/libs/fault/faulttest"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	"egov/services/dataresource"
)

// TestARequestIsFormedReceivedAnsweredAndServed walks the whole road of
// SH16-D-14 to SH16-D-17: the form, the clock from the receipt in writing, the
// answer with reasons, the agreement, the registered interface, the use, the
// consent to a release.
func TestARequestIsFormedReceivedAnsweredAndServed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.publish(field("no", key), field("id_code", private, daily))
	y, err := d.RequestSharing(requester, ask(c.ID, "no", "id_code"))
	d.do(err)
	if y.State != dataresource.Requested || len(y.Deadlines) != 0 || aggregatetest.Todos(y.Root) != "receive_sharing declarer@civil-affairs" {
		t.Fatalf("%+v", y)
	}
	form, err := d.Form(requester, y.ID)
	d.do(err)
	for _, want := range []string{y.FormNo, "助学金资格审核", "教育资助管理办法第四条", "低保家庭/family.id_code（按需共享，更新频度：每日）", "管理员　6541"} {
		if !strings.Contains(form.Text, want) {
			t.Errorf("%q is not on the form:\n%s", want, form.Text)
		}
	}

	d.at("2026-03-09")
	y, err = d.Receive(provider, dataresource.ReceiveSharing{ID: y.ID, ReceivedOn: day("2026-03-05")})
	d.do(err)
	k := aggregatetest.Clock(t, y.Root, "sharing_answer")
	if k.TriggerOn != day("2026-03-05") || k.DueOn != day("2026-03-19") || k.Unit != "civil-affairs" || k.Basis[0] != "SH16-D-14" {
		t.Fatalf("%+v", k)
	}
	y, err = d.Answer(provider, granting(y.ID))
	d.do(err)
	if k = aggregatetest.Clock(t, y.Root, "sharing_answer"); k.State != aggregate.Met || y.Answer.Signature == nil {
		t.Fatalf("%+v %+v", k, y.Answer)
	}
	if got := aggregatetest.Todos(y.Root); got != "sign_agreement declarer@education, sign_agreement declarer@civil-affairs" {
		t.Fatal(got)
	}
	service := dataresource.OpenSharing{ID: y.ID, Way: "interface", Interface: &dataresource.Interface{Name: "低保核验", Description: "按编号查询", Call: "GET /families/{no}"}}
	_, err = d.Open(provider, service)
	faulttest.Refused(t, err, "agreement_missing")
	_, err = d.SignAgreement(requester, dataresource.SignAgreement{ID: y.ID, AgreementNo: "密〔2026〕1号"})
	d.do(err)
	_, err = d.SignAgreement(provider, dataresource.SignAgreement{ID: y.ID, AgreementNo: "密〔2026〕2号"})
	faulttest.Refused(t, err, "agreement_differs")
	y, err = d.SignAgreement(provider, dataresource.SignAgreement{ID: y.ID, AgreementNo: "密〔2026〕1号"})
	d.do(err)
	if aggregatetest.Todos(y.Root) != "open_sharing declarer@civil-affairs" || !d.sharings.Stated(&dataresourcev1.SecrecyAgreementSigned{}) {
		t.Fatalf("%+v", y.Todo)
	}
	y, err = d.Open(provider, service)
	d.do(err)
	var opened dataresourcev1.SharingOpened
	if !d.sharings.Stated(&opened) || opened.GetInterface() != "低保核验" || len(y.Todo) != 0 {
		t.Fatalf("%v %+v", &opened, y.Todo)
	}
	y, err = d.Use(requester, dataresource.RecordUse{ID: y.ID, Purpose: "助学金资格审核", System: "资助系统", UsedOn: day("2026-03-09")})
	d.do(err)
	_, err = d.RequestRelease(requester, dataresource.RequestRelease{ID: y.ID, Recipients: "社会公众", Form: "统计表", Reason: "年度报告"})
	d.do(err)
	record := dataresource.RecordRelease{ID: y.ID, Release: 1, ReleasedOn: day("2026-03-09")}
	_, err = d.RecordRelease(requester, record)
	faulttest.Refused(t, err, "no_written_consent")
	_, err = d.AnswerRelease(provider, dataresource.AnswerRelease{ID: y.ID, Release: 1, Consented: yes(), DocumentNo: "民函〔2026〕7号", Opinion: "同意"})
	d.do(err)
	y, err = d.RecordRelease(requester, record)
	d.do(err)
	if y.Releases[0].ReleasedOn != "2026-03-09" || len(y.Uses) != 1 {
		t.Fatalf("%+v", y)
	}
	_, err = d.RecordRelease(requester, record)
	faulttest.Refused(t, err, "wrong_stage")
	y, err = d.End(requester, dataresource.EndSharing{ID: y.ID, Reason: "业务结束"})
	d.do(err)
	if y.State != dataresource.Ended {
		t.Fatal(y.State)
	}
}

// TestUniversalDataAreOfferedAtOnce (SH16-D-15): no answer is waited for.
func TestUniversalDataAreOfferedAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.publish(field("no", key, open))
	y, err := d.RequestSharing(requester, ask(c.ID, "no"))
	d.do(err)
	if y.State != dataresource.Granted || len(y.Deadlines) != 0 || aggregatetest.Todos(y.Root) != "open_sharing declarer@civil-affairs" {
		t.Fatalf("%+v", y)
	}
}

// TestWhatIsNotAskedForRightly names the article that each refusal rests on.
func TestWhatIsNotAskedForRightly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		do         func(d *desk, c dataresource.Catalogue) error
		code       string
		violations []string
		article    string
	}{
		{"of a catalogue that is not published", func(d *desk, _ dataresource.Catalogue) error {
			_, err := d.RequestSharing(requester, ask("n9", "no"))
			return err
		}, "no_such_resource", nil, "SH16-D-15"},
		{"of oneself", func(d *desk, c dataresource.Catalogue) error {
			_, err := d.RequestSharing(provider, ask(c.ID, "no"))
			return err
		}, "own_data", nil, "SH16-D-15"},
		{"by a unit without a steward", func(d *desk, c dataresource.Catalogue) error {
			_, err := d.RequestSharing(stranger, ask(c.ID, "no"))
			return err
		}, "no_steward", nil, "SH16-D-21"},
		{"what does not exist, and what is not shared by law", func(d *desk, c dataresource.Catalogue) error {
			_, err := d.RequestSharing(requester, ask(c.ID, "moon", "income"))
			return err
		}, "sharing_not_possible", []string{"no_such_item", "not_shared"}, "SH16-D-14"},
		{"without a duty", func(_ *desk, c dataresource.Catalogue) error {
			r := ask(c.ID, "no")
			r.Mandate = ""
			return r.Validate()
		}, "invalid_input", []string{"required"}, "XA18-25"},
		{"for nothing, twice the same", func(_ *desk, c dataresource.Catalogue) error {
			r := ask(c.ID, "no", "no")
			r.Purposes = nil
			return r.Validate()
		}, "invalid_input", []string{"duplicate", "required"}, "XA18-25"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := d.publish(field("no", key), field("income", withheld))
			err := tt.do(d, c)
			faulttest.Refused(t, err, tt.code, tt.violations...)
			faulttest.RestsOn(t, err, tt.article)
		})
	}
}

// TestWhoAnswersWhatWhen holds the road to its order and its people.
func TestWhoAnswersWhatWhen(t *testing.T) {
	t.Parallel()
	answer := func(who context.Context) func(*desk, dataresource.Sharing) error {
		return func(d *desk, y dataresource.Sharing) error { _, err := d.Answer(who, granting(y.ID)); return err }
	}
	for _, tt := range []struct {
		name string
		do   func(d *desk, y dataresource.Sharing) error
		code string
	}{
		{"an answer by the unit that asked", answer(requester), "not_provider"},
		{"an answer by who asked, now at the provider", answer(aggregatetest.As("edu.declarer", "civil-affairs", "declarer")), "own_work"},
		{"a receipt of what was received", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Receive(provider, dataresource.ReceiveSharing{ID: y.ID, ReceivedOn: day("2026-03-02")})
			return err
		}, "wrong_stage"},
		{"an answer after the answer", func(d *desk, y dataresource.Sharing) error {
			if err := answer(provider)(d, y); err != nil {
				return err
			}
			return answer(provider)(d, y)
		}, "wrong_stage"},
		{"items that were not asked for", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Answer(provider, granting(y.ID, ref("moon")))
			return err
		}, "invalid_input"},
		{"a service before the answer", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "file", Note: "x"})
			return err
		}, "wrong_stage"},
		{"an agreement where nothing is sensitive", func(d *desk, y dataresource.Sharing) error {
			if err := answer(provider)(d, y); err != nil {
				return err
			}
			_, err := d.SignAgreement(requester, dataresource.SignAgreement{ID: y.ID, AgreementNo: "1"})
			return err
		}, "wrong_stage"},
		{"an agreement by a third unit", func(d *desk, y dataresource.Sharing) error {
			_, err := d.SignAgreement(stranger, dataresource.SignAgreement{ID: y.ID, AgreementNo: "1"})
			return err
		}, "not_requester"},
		{"a use before it is provided", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Use(requester, dataresource.RecordUse{ID: y.ID})
			return err
		}, "wrong_stage"},
		{"an end by the provider", func(d *desk, y dataresource.Sharing) error {
			_, err := d.End(provider, dataresource.EndSharing{ID: y.ID, Reason: "x"})
			return err
		}, "not_requester"},
		{"a dispute before anything is wrong", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "x"})
			return err
		}, "nothing_to_dispute"},
		{"a decision on no dispute", func(d *desk, y dataresource.Sharing) error {
			_, err := d.Resolve(secretary, dataresource.ResolveSharing{ID: y.ID, Granted: yes()})
			return err
		}, "wrong_stage"},
		{"a decision on no deferral", func(d *desk, y dataresource.Sharing) error {
			_, err := d.DecideDeferral(secretary, dataresource.DecideDeferral{ID: y.ID, Approved: yes()})
			return err
		}, "wrong_stage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			y := d.asked(field("no", key))
			f := tt.do(d, y)
			if f == nil {
				t.Fatal("not refused")
			}
			if got := codeOf(f); got != tt.code {
				t.Errorf("got %s, want %s", got, tt.code)
			}
		})
	}
}

// TestNobodyRefusesWithoutTheLaw (SH16-D-14): a refusal, also in part, cites it.
func TestNobodyRefusesWithoutTheLaw(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		r    dataresource.AnswerSharing
		want []string
	}{
		{"a grant of all", dataresource.AnswerSharing{Granted: yes(), Reasons: "x"}, nil},
		{"no answer", dataresource.AnswerSharing{}, []string{"required", "required"}},
		{"a refusal without law", dataresource.AnswerSharing{Granted: new(bool), Reasons: "不便提供"}, []string{"required"}},
		{"a grant of part without law", dataresource.AnswerSharing{Granted: yes(), Reasons: "x", Items: []dataresource.ItemRef{ref("no")}}, []string{"required"}},
		{"a refusal of items", dataresource.AnswerSharing{Granted: new(bool), Reasons: "x", LegalBasis: "y", Items: []dataresource.ItemRef{ref("no")}}, []string{"not_applicable"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.r.Validate()
			if tt.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			faulttest.Refused(t, err, "invalid_input", tt.want...)
			if strings.HasSuffix(tt.name, "without law") {
				faulttest.RestsOn(t, err, "SH16-D-14")
			}
		})
	}
}

// TestARefusalIsDisputedAndDecided by the leading group's office alone
// (SH16-D-15); its decision is final.
func TestARefusalIsDisputedAndDecided(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.asked(field("no", key), field("level"))
	_, err := d.Answer(provider, refusing(y.ID))
	d.do(err)
	y, err = d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "审核所必需"})
	d.do(err)
	if aggregatetest.Todos(y.Root) != "resolve_sharing secretary@gov-office" || !slices.Contains(y.Parties, dataresource.Office) {
		t.Fatalf("%+v", y.Root)
	}
	decide := dataresource.ResolveSharing{ID: y.ID, Granted: yes(), Items: []dataresource.ItemRef{ref("level")}, DecisionNo: "协〔2026〕3号", Reasons: "限于等级"}
	_, err = d.Resolve(provider, decide)
	faulttest.Refused(t, err, "not_leading_office")
	faulttest.RestsOn(t, err, "SH16-D-15")
	_, err = d.Resolve(aggregatetest.As("edu.declarer", dataresource.Office, "secretary"), decide)
	faulttest.Refused(t, err, "own_work")
	y, err = d.Resolve(secretary, decide)
	d.do(err)
	if y.State != dataresource.Granted || len(y.Granted) != 1 || !y.Dispute.Decided || y.Dispute.Signature == nil {
		t.Fatalf("%+v", y)
	}
	_, err = d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "全部需要"})
	faulttest.Refused(t, err, "wrong_stage")
	f, err := d.Appraise(officer, appraise("2026-01-01", "2026-03-02"))
	d.do(err)
	if got := f.Appraisals[0].Figures; got.RefusalsOverruled != 1 || got.AnswersInTime != 1 || got.Catalogues != 1 {
		t.Errorf("%+v", got)
	}
}

// TestAnOverdueAnswerMayBeDisputed: the clock of ten working days is late on the
// day after (SH16-D-14).
func TestAnOverdueAnswerMayBeDisputed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.asked(field("no", key))
	d.at("2026-03-16")
	d.sweep()
	_, err := d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "未答复"})
	faulttest.Refused(t, err, "nothing_to_dispute")
	d.at("2026-03-17")
	d.sweep()
	_, err = d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "未答复"})
	d.do(err)
	y, err = d.Resolve(secretary, dataresource.ResolveSharing{ID: y.ID, Granted: new(bool), DecisionNo: "1", Reasons: "x"})
	d.do(err)
	if k := aggregatetest.Clock(t, y.Root, "sharing_answer"); k.State != aggregate.Late || k.MetOn != "2026-03-17" || y.State != dataresource.Refused {
		t.Fatalf("%+v %s", k, y.State)
	}
}

// TestOnlyAnApprovalPutsTheAnswerOff (SH12-27).
func TestOnlyAnApprovalPutsTheAnswerOff(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.asked(field("no", key))
	wish := dataresource.RequestDeferral{ID: y.ID, Reason: "数据正在清洗", Until: day("2026-03-02")}
	_, err := d.RequestDeferral(provider, wish)
	faulttest.Refused(t, err, "invalid_input", "in_past")
	faulttest.RestsOn(t, err, "SH12-27")
	wish.Until = day("2026-06-30")
	y, err = d.RequestDeferral(provider, wish)
	d.do(err)
	if k := aggregatetest.Clock(t, y.Root, "sharing_answer"); k.DueOn != day("2026-03-16") || y.State != dataresource.Received {
		t.Fatalf("a wish put the answer off: %+v", k)
	}
	_, err = d.RequestDeferral(provider, wish)
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.DecideDeferral(officer, dataresource.DecideDeferral{ID: y.ID, Approved: yes(), Opinion: "x"})
	faulttest.Refused(t, err, "not_leading_office")
	y, err = d.DecideDeferral(secretary, dataresource.DecideDeferral{ID: y.ID, Approved: new(bool), Opinion: "理由不足"})
	d.do(err)
	if y.State != dataresource.Received || y.Deferral.State != dataresource.Refused {
		t.Fatalf("%+v", y.Deferral)
	}
	_, err = d.RequestDeferral(provider, wish)
	d.do(err)
	y, err = d.DecideDeferral(secretary, dataresource.DecideDeferral{ID: y.ID, Approved: yes(), Opinion: "同意"})
	d.do(err)
	k := aggregatetest.Clock(t, y.Root, "sharing_answer")
	if y.State != dataresource.Deferred || k.DueOn != day("2026-06-30") || k.MovedFrom != "2026-03-16" || aggregatetest.Todos(y.Root) != "answer_sharing declarer@civil-affairs" {
		t.Fatalf("%s %+v %s", y.State, k, aggregatetest.Todos(y.Root))
	}
	d.at("2026-06-30")
	y, err = d.Answer(provider, granting(y.ID))
	d.do(err)
	if k := aggregatetest.Clock(t, y.Root, "sharing_answer"); k.State != aggregate.Met {
		t.Fatalf("%+v", k)
	}
}

// TestTheWayOfSharing: by interface where the pack and the purpose ask for it
// (SH16-D-16).
func TestTheWayOfSharing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		item  dataresource.Item
		joint bool
		want  []string
	}{
		{"what changes monthly, as a file", field("no", key), false, nil},
		{"what changes daily, as a file", field("no", key, daily), false, []string{"interface_required"}},
		{"what never changes, for work across departments", field("no", key, func(x *dataresource.Item) { x.Frequency = "once" }), true, []string{"interface_required"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := d.publish(tt.item)
			r := ask(c.ID, "no")
			r.Joint = tt.joint
			y, err := d.RequestSharing(requester, r)
			d.do(err)
			_, err = d.Receive(provider, dataresource.ReceiveSharing{ID: y.ID, ReceivedOn: day("2026-03-02")})
			d.do(err)
			_, err = d.Answer(provider, granting(y.ID))
			d.do(err)
			_, err = d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "file", Note: "x"})
			if tt.want == nil {
				d.do(err)
				return
			}
			faulttest.Refused(t, err, "way_refused", tt.want...)
			faulttest.RestsOn(t, err, "SH16-D-16")
			_, err = d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "interface", Interface: &dataresource.Interface{Name: "a", Description: "b", Call: "c"}})
			d.do(err)
		})
	}
	for name, r := range map[string]dataresource.OpenSharing{
		"by pigeon":                      {Way: "pigeon", Note: "x"},
		"an interface nobody can call":   {Way: "interface", Interface: &dataresource.Interface{Name: "a", Description: "b"}},
		"an interface that is not there": {Way: "interface"},
		"a file that is an interface":    {Way: "file", Note: "x", Interface: &dataresource.Interface{}},
	} {
		refusedOne := r.Validate()
		if refusedOne == nil {
			t.Fatalf("%s passes", name)
		}
		faulttest.RestsOn(t, refusedOne, "SH16-D-16")
	}
}

// TestNoUseBeyondPurposeAndGrant (XA18-25, SH16-D-17).
func TestNoUseBeyondPurposeAndGrant(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.provided()
	use := dataresource.RecordUse{ID: y.ID, Purpose: "商业推广", System: "x", UsedOn: day("2026-03-03"), Items: []dataresource.ItemRef{ref("income")}}
	_, err := d.Use(requester, use)
	faulttest.Refused(t, err, "beyond_mandate", "beyond_purpose", "beyond_grant", "out_of_range")
	faulttest.RestsOn(t, err, "XA18-25")
	faulttest.RestsOn(t, err, "SH16-D-17")
	_, err = d.Use(stranger, use)
	faulttest.Refused(t, err, "not_requester")
	use.Purpose, use.Items, use.UsedOn = "助学金资格审核", []dataresource.ItemRef{ref("level")}, day("2026-03-02")
	_, err = d.Use(requester, use)
	d.do(err)
}

// TestNothingGoesOutsideWithoutConsent in writing (SH16-D-17).
func TestNothingGoesOutsideWithoutConsent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.provided()
	record := dataresource.RecordRelease{ID: y.ID, Release: 1, ReleasedOn: day("2026-03-02")}
	_, err := d.RecordRelease(requester, record)
	faulttest.Refused(t, err, "no_written_consent")
	faulttest.RestsOn(t, err, "SH16-D-17")
	_, err = d.RequestRelease(requester, dataresource.RequestRelease{ID: y.ID, Recipients: "某公司", Form: "明细", Reason: "合作"})
	d.do(err)
	answer := dataresource.AnswerRelease{ID: y.ID, Release: 1, Consented: yes(), Opinion: "同意"}
	err = answer.Validate()
	faulttest.Refused(t, err, "invalid_input", "required") // a consent is in writing
	faulttest.RestsOn(t, err, "SH16-D-17")
	answer.Consented = new(bool)
	_, err = d.AnswerRelease(requester, answer)
	faulttest.Refused(t, err, "not_provider")
	y, err = d.AnswerRelease(provider, answer)
	d.do(err)
	if len(y.Todo) != 0 {
		t.Errorf("%+v", y.Todo)
	}
	_, err = d.AnswerRelease(provider, answer)
	faulttest.Refused(t, err, "wrong_stage")
	_, err = d.RecordRelease(requester, record)
	faulttest.Refused(t, err, "no_written_consent")
}

// TestADecisionForMoreNeedsANewAgreement: what was signed covers what it was
// signed for (SH16-D-15).
func TestADecisionForMoreNeedsANewAgreement(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.asked(field("no", key, private), field("level", private))
	_, err := d.Answer(provider, granting(y.ID, ref("no")))
	d.do(err)
	for _, who := range []context.Context{requester, provider} {
		_, err = d.SignAgreement(who, dataresource.SignAgreement{ID: y.ID, AgreementNo: "1"})
		d.do(err)
	}
	_, err = d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "尚缺等级"})
	d.do(err)
	_, err = d.Resolve(secretary, dataresource.ResolveSharing{ID: y.ID, Granted: yes(), DecisionNo: "1", Reasons: "x"})
	d.do(err)
	_, err = d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "file", Note: "x"})
	faulttest.Refused(t, err, "agreement_missing")
}

// TestAnAnswerThatStandsTakesNothingBack: who disputes a part keeps the rest
// (SH16-D-15).
func TestAnAnswerThatStandsTakesNothingBack(t *testing.T) {
	t.Parallel()
	for _, provide := range []bool{false, true} {
		d := newDesk(t)
		y := d.asked(field("no", key), field("level"))
		_, err := d.Answer(provider, granting(y.ID, ref("level")))
		d.do(err)
		want := dataresource.Granted
		if provide {
			_, err = d.Open(provider, dataresource.OpenSharing{ID: y.ID, Way: "file", Note: "x"})
			d.do(err)
			want = dataresource.Providing
		}
		_, err = d.Dispute(requester, dataresource.DisputeSharing{ID: y.ID, Reason: "尚缺编号"})
		d.do(err)
		y, err = d.Resolve(secretary, dataresource.ResolveSharing{ID: y.ID, Granted: new(bool), DecisionNo: "1", Reasons: "维持"})
		d.do(err)
		if y.State != want || len(y.Granted) != 1 || (len(y.Todo) == 0) != provide {
			t.Errorf("%+v", y)
		}
	}
}

// TestEndingStopsTheClock: nobody answers what is no longer asked.
func TestEndingStopsTheClock(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	y := d.asked(field("no", key))
	y, err := d.End(requester, dataresource.EndSharing{ID: y.ID, Reason: "不再需要"})
	d.do(err)
	if k := aggregatetest.Clock(t, y.Root, "sharing_answer"); k.State != aggregate.Waived || len(y.Todo) != 0 {
		t.Fatalf("%+v", k)
	}
	_, err = d.End(requester, dataresource.EndSharing{ID: y.ID, Reason: "x"})
	faulttest.Refused(t, err, "wrong_stage")
	d.at("2026-05-01")
	d.do(d.sharings.Sweep(self, calendar.Statutory()))
}

// TestASharingKeepsItsSense: whatever is done to a request in whatever order and
// by whomever, what it allows and asks for fits what was said.
func TestASharingKeepsItsSense(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		c := d.publish(field("no", key, private), field("level"))
		y, err := d.RequestSharing(requester, ask(c.ID, "no", "level"))
		d.do(err)
		id := y.ID
		people := []context.Context{requester, provider, secretary, stranger}
		for range rapid.IntRange(1, 30).Draw(rt, "acts") {
			now := calendar.Today(d.clock)
			who := rapid.SampledFrom(people).Draw(rt, "who")
			granted := rapid.Bool().Draw(rt, "granted")
			var items []dataresource.ItemRef
			if granted && rapid.Bool().Draw(rt, "part") {
				items = []dataresource.ItemRef{ref("level")}
			}
			switch rapid.IntRange(0, 12).Draw(rt, "act") {
			case 0:
				_, _ = d.Receive(who, dataresource.ReceiveSharing{ID: id, ReceivedOn: now})
			case 1:
				_, _ = d.Answer(who, dataresource.AnswerSharing{ID: id, Granted: &granted, Items: items, Reasons: "x", LegalBasis: "y"})
			case 2:
				_, _ = d.RequestDeferral(who, dataresource.RequestDeferral{ID: id, Reason: "x", Until: now.AddDays(30)})
			case 3:
				_, _ = d.DecideDeferral(who, dataresource.DecideDeferral{ID: id, Approved: &granted, Opinion: "x"})
			case 4:
				_, _ = d.Dispute(who, dataresource.DisputeSharing{ID: id, Reason: "x"})
			case 5:
				_, _ = d.Resolve(who, dataresource.ResolveSharing{ID: id, Granted: &granted, Items: items, DecisionNo: "1", Reasons: "x"})
			case 6, 7:
				_, _ = d.SignAgreement(who, dataresource.SignAgreement{ID: id, AgreementNo: "1"})
			case 8:
				_, _ = d.Open(who, dataresource.OpenSharing{ID: id, Way: "file", Note: "x"})
			case 9:
				_, _ = d.Use(who, dataresource.RecordUse{ID: id, Purpose: "助学金资格审核", System: "x", UsedOn: now})
			case 10:
				_, _ = d.RequestRelease(who, dataresource.RequestRelease{ID: id, Recipients: "x", Form: "x", Reason: "x"})
				_, _ = d.AnswerRelease(who, dataresource.AnswerRelease{ID: id, Release: 1, Consented: &granted, DocumentNo: "1", Opinion: "x"})
				_, _ = d.RecordRelease(who, dataresource.RecordRelease{ID: id, Release: 1, ReleasedOn: now})
			case 11:
				d.clock.Set(now.AddDays(rapid.IntRange(1, 40).Draw(rt, "days")).Start())
				d.sweep()
			case 12:
				if rapid.IntRange(0, 9).Draw(rt, "end") == 0 {
					_, _ = d.End(who, dataresource.EndSharing{ID: id, Reason: "x"})
				}
			}
			y, err := d.Sharings.Get(self, id)
			d.do(err)
			sense(rt, y)
		}
	})
}

func sense(t *rapid.T, y dataresource.Sharing) {
	running := 0
	for _, k := range y.Deadlines {
		if k.MetOn == "" && k.State != aggregate.Met && k.State != aggregate.Waived {
			running++
		}
	}
	asked := map[string]bool{}
	for _, x := range y.Todo {
		asked[x.Action] = true
	}
	secret := slices.ContainsFunc(y.Granted, func(x dataresource.Listed) bool { return x.Sensitivity != "" })
	signed := y.Agreement != nil && y.Agreement.SignedOn != ""
	waits := y.State == dataresource.Received || y.State == dataresource.Deferred
	for what, ok := range map[string]bool{
		"no clock before the receipt in writing":       y.ReceivedOn != "" || len(y.Deadlines) == 0,
		"one clock runs while an answer is waited for": running <= 1 && (!waits || running == 1),
		"no clock runs once the answer is there":       running == 0 || waits || y.State == dataresource.Disputed && y.Answer == nil,
		"the provider is asked while it owes":          waits == asked["answer_sharing"],
		"secrets are provided under an agreement":      y.State != dataresource.Providing || !secret || signed,
		"who must sign is asked to, and nobody twice":  asked["sign_agreement"] == (y.State == dataresource.Granted && secret && !signed),
		"the service is asked for once all is ready":   asked["open_sharing"] == (y.State == dataresource.Granted && (!secret || signed)),
		"what is refused grants nothing":               y.State != dataresource.Refused || len(y.Granted) == 0,
		"nothing is used that was never provided":      len(y.Uses) == 0 || y.Service != nil,
		"nothing goes out without consent in writing":  !slices.ContainsFunc(y.Releases, func(r dataresource.Release) bool { return r.ReleasedOn != "" && r.DocumentNo == "" }),
		"the office sees what came to it, no earlier":  slices.Contains(y.Parties, dataresource.Office) == (y.Deferral != nil || y.Dispute != nil),
		"who is a stranger sees nothing":               !slices.Contains(y.Parties, "health"),
		"nothing is asked for after the end":           y.State != dataresource.Ended || len(y.Todo) == 0 && running == 0,
	} {
		if !ok {
			t.Fatalf("%s: %+v", what, y)
		}
	}
}
