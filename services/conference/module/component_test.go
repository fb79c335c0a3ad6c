package module_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/authn"
	"egov/libs/dbtest"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	"egov/libs/sign"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/conference"
	"egov/services/conference/module"
)

func TestMain(m *testing.M) {
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

const day = "2026-06-18"

var members = []string{
	"party-office", "cac", "archives", "secrecy", "gov-office", "development-reform", "science",
	"justice", "finance", "audit", "community", "facilities", "urban-ops", "big-data",
}

// desk is a running service with the people who work with it.
type desk struct {
	*moduletest.Service
	t                *testing.T
	secretary, chair *moduletest.Client
}

func start(t *testing.T) desk {
	t.Helper()
	s := moduletest.Start(t, module.Name, day, module.New)
	return desk{s, t, s.As("gov-office.secretary", "gov-office", "secretary"), s.As("chair", "district-government", "chair")}
}

func (d desk) member(unit string) *moduletest.Client { return d.As("member."+unit, unit, "member") }

// brief is a project in review, declared by a unit that is no member.
func brief(id string, change ...func(*typev1.ProjectBrief)) *typev1.ProjectBrief {
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "智慧机关平台", Kind: "new_build", Unit: "education", AmountFen: 694_791_100, Route: "review",
		Steps: []string{"third_party_evaluation", "expert_review", "conference_review"}, Basis: []string{"YP23-R-5.3.2"},
		Pack: "yangpu-2023", DeclaredOn: "2026-03-02", ConferenceMode: "ordinary",
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func filing(p *typev1.ProjectBrief) {
	p.Kind, p.Route, p.Steps, p.AmountFen, p.Basis = "assessment_fee", "post_acceptance_filing", []string{"conference_filing"}, 550_000_00, []string{"YP23-R-5.3.8"}
}

func declaredBy(unit string) func(*typev1.ProjectBrief) {
	return func(p *typev1.ProjectBrief) { p.Unit = unit }
}

// ready brings a project before the conference, as the other services do.
func (d desk) ready(p *typev1.ProjectBrief) {
	d.t.Helper()
	if slices.Contains(p.GetSteps(), "third_party_evaluation") { // its facts may overtake the declaration's
		d.Other("expertreview").State(p.GetProjectId(), "agency-a", &expertreviewv1.EvaluationPassed{ProjectId: p.GetProjectId(), Round: 1, ReviewedFen: 690_000_000})
	}
	d.Other("declaration").State(p.GetProjectId(), p.GetUnit(),
		&declarationv1.ProjectSubmitted{Project: p, DecisionJson: `{"findings":[]}`}, &declarationv1.ProjectAccepted{Project: p})
	if slices.Contains(p.GetSteps(), "expert_review") {
		d.Other("expertreview").State(p.GetProjectId(), "gov-office", &expertreviewv1.ExpertReviewPassed{ProjectId: p.GetProjectId(), Round: 1, ReviewedFen: 680_000_000})
	}
	d.until(p.GetProjectId(), conference.Ready)
}

func (d desk) until(id string, want conference.DocketState) {
	d.t.Helper()
	d.Await(id+" "+string(want), func() bool { return d.docket(id).State == want })
}

func (d desk) docket(id string) (k conference.Docket) {
	d.t.Helper()
	if a := d.secretary.Get("/v1/dockets/" + id); a.Status == 200 {
		a.OK(&k)
	}
	return k
}

func (d desk) call(body map[string]any, headers ...moduletest.Header) (ss conference.Session) {
	d.t.Helper()
	m := map[string]any{"mode": "ordinary", "held_on": day, "chair": "chair"}
	for k, v := range body {
		m[k] = v
	}
	d.secretary.Post("/v1/sessions", m, headers...).OK(&ss)
	return ss
}

func item(project string) map[string]any {
	return map[string]any{"project_id": project, "study": "已事先调查研究", "suggestion": "建议同意"}
}

// approved is a session with the projects on its approved agenda.
func (d desk) approved(projects ...string) (ss conference.Session) {
	d.t.Helper()
	ss = d.call(nil)
	for _, p := range projects {
		d.secretary.Post("/v1/sessions/"+ss.ID+"/agenda", item(p)).OK(&ss)
	}
	d.chair.Post("/v1/sessions/"+ss.ID+"/agenda/approve", nil).OK(&ss)
	return ss
}

func attendance(units ...string) map[string]any {
	list := []map[string]string{}
	for _, u := range units {
		list = append(list, map[string]string{"member": u, "status": "present", "delegate": "分管领导"})
	}
	return map[string]any{"members": list}
}

// heard is an open session in which all members are present and agree.
func (d desk) heard(projects ...string) (ss conference.Session) {
	d.t.Helper()
	ss = d.approved(projects...)
	base := "/v1/sessions/" + ss.ID
	d.secretary.Post(base+"/attendance", attendance(members...)).OK(nil)
	d.secretary.Post(base+"/open", nil).OK(&ss)
	d.secretary.Post(base+"/opinions", map[string]any{"opinions": agreeing(ss)}).OK(&ss)
	return ss
}

func agreeing(ss conference.Session) []map[string]string {
	var list []map[string]string
	for _, i := range ss.Agenda {
		for _, m := range members {
			if i.State == conference.ItemListed && m != i.Project.GetUnit() {
				list = append(list, map[string]string{"item": i.ID, "member": m, "stance": "agree"})
			}
		}
	}
	return list
}

func approve(fen int64) map[string]any {
	return map[string]any{"outcome": "approved", "approved_fen": fen}
}

func TestASessionFromCallToClosedMinutes(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	d.ready(brief("p2", filing))
	d.ready(brief("p3", declaredBy("science")))

	ss := d.approved("p1", "p2", "p3")
	base := "/v1/sessions/" + ss.ID
	d.member("audit").Post(base+"/leave", map[string]string{"reason": "出差"}).OK(nil)
	d.secretary.Post(base+"/attendance", attendance(members[:6]...)).OK(nil)
	p := d.secretary.Post(base+"/open", nil).Refused(422, "no_quorum")
	if !slices.Equal(p.Basis, []string{"YP23-R-4.3"}) || !strings.Contains(p.Title, "须到会7个，实到6个") {
		t.Errorf("%+v", p)
	}
	d.secretary.Post(base+"/attendance", attendance(members[:7]...)).OK(nil) // science is the seventh
	d.chair.Post(base+"/open", nil).OK(&ss)

	// Two members speak for themselves, the office takes the others down.
	first := base + "/items/" + ss.Agenda[0].ID
	d.member("cac").Post(first+"/opinions", map[string]string{"stance": "agree", "text": "安全方案可行"}).OK(nil)
	d.member("audit").Post(first+"/opinions", map[string]string{"stance": "disagree", "text": "预算偏高"}).OK(nil) // on leave, in writing
	d.chair.Post(first+"/decision", approve(680_000_000)).Refused(422, "opinions_missing")
	var rest []map[string]string
	for _, o := range agreeing(ss) {
		if slices.Contains(members[:7], o["member"]) && (o["item"] != ss.Agenda[0].ID || o["member"] != "cac") {
			rest = append(rest, o)
		}
	}
	d.secretary.Post(base+"/opinions", map[string]any{"opinions": rest}).OK(&ss)

	d.secretary.Post(first+"/decision", approve(680_000_000)).Refused(403, "role_required")
	bad := d.chair.Post(first+"/decision", map[string]any{"outcome": "filed", "approved_fen": 700_000_000, "follow_ups": []map[string]string{{"unit": "market", "task": "x"}}}).Refused(422, "decision_not_possible")
	if len(bad.Violations) != 4 { // the road, both amounts, the unit
		t.Errorf("%+v", bad.Violations)
	}
	d.chair.Post(first+"/decision", map[string]any{
		"outcome": "approved", "approved_fen": 680_000_000, "conditions": []string{"接入区数据平台"},
		"follow_ups": []map[string]string{{"unit": "big-data", "task": "数据编目"}},
	}).OK(&ss)
	f := d.Stated("p1", &conferencev1.DecisionTaken{})
	if f.Data["outcome"] != "approved" || f.Data["approved_fen"] != "680000000" || f.Data["decided_on"] != day || f.Actor != "chair" {
		t.Errorf("%+v", f)
	}
	d.verify(&ss, 0)

	// Seven present, one recused: six cannot decide on science's own project.
	third := base + "/items/" + ss.Agenda[2].ID
	p = d.chair.Post(third+"/decision", approve(680_000_000)).Refused(422, "no_quorum")
	if !slices.Equal(p.Basis, []string{"YP23-R-4.3", "ours"}) || !strings.Contains(p.Title, "回避1个") {
		t.Errorf("%+v", p)
	}
	d.secretary.Post(base+"/minutes", nil).Refused(422, "items_unsettled")
	d.chair.Post(third+"/carry-over", map[string]string{"reason": "回避后到会不足"}).OK(nil)
	d.chair.Post(base+"/decisions", map[string]any{"decisions": []map[string]any{{"item": ss.Agenda[1].ID, "outcome": "filed", "approved_fen": 550_000_00}}}).OK(&ss)
	if d.docket("p3").State != conference.Ready || d.docket("p2").Outcome != conference.Filed {
		t.Errorf("%s %s", d.docket("p3").State, d.docket("p2").Outcome)
	}

	d.secretary.Post(base+"/minutes", map[string]string{"remarks": "会议强调集约建设"}).OK(&ss)
	d.chair.Post(base+"/minutes/sign", map[string]string{"sha256": ss.Minutes.SHA256}).OK(&ss)
	d.secretary.Post(base+"/close", nil).OK(&ss)
	if ss.State != conference.Closed {
		t.Errorf("%s", ss.State)
	}
	for subject, want := range map[string]int{"p1": 1, "p2": 1, "p3": 0} {
		if n := d.Count(subject, &conferencev1.DecisionCopied{}); n != want {
			t.Errorf("%s copied %d times", subject, n)
		}
	}
	var register struct{ Items []conference.Filing }
	d.As("edu.declarer", "education", "declarer").Get("/v1/filings").OK(&register)
	if len(register.Items) != 1 || register.Items[0].ProjectID != "p2" || register.Items[0].ApprovedFen != 550_000_00 {
		t.Errorf("%+v", register)
	}
	d.member("big-data").Post("/v1/dockets/p1/follow-ups/1/report", map[string]string{"report": "已完成"}).OK(nil)
	d.member("cac").Post("/v1/dockets/p1/follow-ups/1/report", map[string]string{"report": "已完成"}).Refused(403, "not_the_units_part")

	// Every fact of the session hangs on one trace a request, and each subject
	// counts its own facts.
	seq := map[string]int64{}
	for _, f := range d.Facts("") {
		if seq[f.Subject]++; f.Seq != seq[f.Subject] {
			t.Errorf("%s %s has number %d", f.Subject, f.Type, f.Seq)
		}
	}
}

// verify checks the seal of a stored decision as an outsider does: by the
// published key, over the document that the service gives out.
func (d desk) verify(ss *conference.Session, n int) {
	d.t.Helper()
	var seal struct {
		PublicKey string `json:"public_key"`
		Holder    string `json:"holder"`
	}
	d.secretary.Get("/v1/seal").OK(&seal)
	key, err := sign.ParsePublicPEM([]byte(seal.PublicKey))
	if err != nil {
		d.t.Fatal(err)
	}
	keys, err := sign.NewKeySet(sign.TrustedKey{Public: key, Holder: seal.Holder, NotBefore: d.Now().Add(-time.Hour), NotAfter: d.Now().Add(time.Hour)})
	if err != nil {
		d.t.Fatal(err)
	}
	dec := *ss.Agenda[n].Decision
	s := dec.Signature
	dec.Signature = nil
	value, err := base64.StdEncoding.DecodeString(s.GetValue())
	if err != nil {
		d.t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339Nano, s.GetSignedAt())
	if err != nil {
		d.t.Fatal(err)
	}
	sig := sign.Signature{Alg: sign.Alg(s.GetAlg()), KeyID: s.GetKeyId(), Signer: s.GetSigner(), SignedAt: at, Value: value}
	act := map[string]any{"act": "conference.DecideItem", "actor": "chair", "unit": "district-government", "document": dec}
	if err := sign.Verify(act, sig, keys, d.Now()); err != nil {
		d.t.Errorf("the seal does not cover the decision: %v", err)
	}
	dec.ApprovedFen++
	act["document"] = dec
	if sign.Verify(act, sig, keys, d.Now()) == nil {
		d.t.Error("the seal covers another amount too")
	}
}

func TestAWrittenCirculation(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	ss := d.call(map[string]any{"mode": "written", "reason": "防汛紧急，不能及时召开", "opinions_until": "2026-06-20"})
	base := "/v1/sessions/" + ss.ID
	d.secretary.Post(base+"/agenda", item("p1")).OK(&ss)
	d.chair.Post(base+"/agenda/approve", nil).OK(nil)
	d.secretary.Post(base+"/attendance", attendance("cac")).Refused(409, "wrong_session_mode")
	d.secretary.Post(base+"/open", nil).OK(nil)
	at := base + "/items/" + ss.Agenda[0].ID
	for _, m := range members[:7] {
		d.member(m).Post(at+"/opinions", map[string]string{"stance": "agree"}).OK(nil)
	}
	d.chair.Post(at+"/decision", approve(1)).Refused(422, "opinions_missing")
	d.Set("2026-06-21")
	d.chair.Post(at+"/decision", approve(1)).OK(&ss)
	if dec := ss.Agenda[0].Decision; len(dec.Present) != 7 || !slices.Contains(dec.Basis, "YP23-R-4.2") {
		t.Errorf("%+v", dec)
	}
}

func TestChangeStopAndReconsideration(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	ss := d.heard("p1")
	d.chair.Post("/v1/sessions/"+ss.ID+"/items/"+ss.Agenda[0].ID+"/decision", approve(600_000_000)).OK(nil)

	d.Other("declaration").State("p1", "education", &declarationv1.ChangeRequested{ProjectId: "p1", ChangeId: "p1-c1", Description: "增加接口", AmountFen: 650_000_000, Reason: "需求变化"})
	d.Other("procurement").State("p1", "facilities",
		&deadlinev1.DeadlineMissed{ProjectId: "p1", Obligation: "procurement_stop", DueOn: "2026-06-01"})
	d.Await("change and ground to stop", func() bool { k := d.docket("p1"); return len(k.Changes) == 1 && k.StopGround != "" })

	ss = d.call(nil)
	base := "/v1/sessions/" + ss.ID
	change := item("p1")
	change["kind"], change["change_id"] = "change", "p1-c1"
	d.secretary.Post(base+"/agenda", change).OK(nil)
	stop := item("p1")
	stop["kind"] = "stop"
	d.secretary.Post(base+"/agenda", stop).OK(&ss)
	d.chair.Post(base+"/agenda/approve", nil).OK(nil)
	d.secretary.Post(base+"/attendance", attendance(members...)).OK(nil)
	d.secretary.Post(base+"/open", nil).OK(nil)
	d.secretary.Post(base+"/opinions", map[string]any{"opinions": agreeing(ss)}).OK(nil)
	d.chair.Post(base+"/items/"+ss.Agenda[0].ID+"/decision", map[string]any{"outcome": "consented", "approved_fen": 650_000_000}).OK(nil)
	f := d.Stated("p1", &conferencev1.ChangeConsented{})
	if f.Data["change_id"] != "p1-c1" || f.Data["approved_fen"] != "650000000" {
		t.Errorf("%+v", f.Data)
	}
	// The ground falls while the item stands on the agenda: the chair knows.
	d.Other("procurement").State("p1", "facilities", &procurementv1.ProcurementStarted{ProjectId: "p1", StartedOn: day})
	d.Await("the start", func() bool { return d.docket("p1").StopGround == "" })
	d.chair.Post(base+"/items/"+ss.Agenda[1].ID+"/decision", map[string]any{"outcome": "continued", "reason": "已启动"}).OK(nil)
	d.Stated("p1", &conferencev1.ProjectContinued{})

	k := d.docket("p1")
	if k.ApprovedFen != 650_000_000 || k.State != conference.Decided || len(k.Decisions) != 3 {
		t.Errorf("%+v", k)
	}
	d.secretary.Post("/v1/dockets/p1/reconsider", map[string]string{"reason": "政策调整"}).OK(nil)
	d.until("p1", conference.Ready)
	d.Stated("p1", &conferencev1.ReconsiderationOpened{})

	d.Other("declaration").State("p1", "education", &declarationv1.ProjectWithdrawn{ProjectId: "p1", Reason: "不再需要"})
	d.until("p1", conference.Withdrawn)
}

// A unit that is no party finds nothing, by any endpoint and by no query.
func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	d.ready(brief("p2", declaredBy("health")))
	ss := d.call(nil)
	base := "/v1/sessions/" + ss.ID
	d.secretary.Post(base+"/agenda", item("p1")).OK(&ss)
	d.secretary.Post("/v1/seats/science/succession", map[string]string{"successor": "data-bureau", "from": "2026-07-01", "reason": "机构调整"}).OK(nil)

	// Before the agenda is approved the members are strangers too.
	if d.VisibleTo("session", "finance", "member.finance", "member") != 0 || d.VisibleTo("docket", "finance", "member.finance", "member") != 0 {
		t.Error("members see what the chair has not approved")
	}
	d.member("finance").Post(base+"/leave", map[string]string{"reason": "x"}).Refused(404, "not_found")
	d.chair.Post(base+"/agenda/approve", nil).OK(nil)
	if d.VisibleTo("session", "finance", "member.finance", "member") != 1 || d.VisibleTo("docket", "finance", "member.finance", "member") != 1 {
		t.Error("members see one session and the one project on it")
	}

	stranger := d.As("market.all", "market", "secretary", "chair", "member", "declarer")
	at := base + "/items/" + ss.Agenda[0].ID
	for _, c := range []struct {
		path string
		body any
	}{
		{base + "/agenda", item("p1")},
		{base + "/agenda/approve", nil},
		{base + "/cancel", map[string]string{"reason": "x"}},
		{base + "/leave", map[string]string{"reason": "x"}},
		{base + "/attendance", attendance("market")},
		{base + "/open", nil},
		{at + "/opinions", map[string]string{"stance": "agree"}},
		{base + "/opinions", map[string]any{"opinions": agreeing(ss)}},
		{at + "/decision", approve(1)},
		{base + "/decisions", map[string]any{"decisions": []map[string]any{{"item": ss.Agenda[0].ID, "outcome": "approved", "approved_fen": 1}}}},
		{at + "/carry-over", map[string]string{"reason": "x"}},
		{base + "/minutes", nil},
		{base + "/minutes/sign", map[string]string{"sha256": "0"}},
		{base + "/close", nil},
		{"/v1/dockets/p1/reconsider", map[string]string{"reason": "x"}},
		{"/v1/dockets/p1/coordinate", map[string]string{"text": "x"}},
		{"/v1/dockets/p1/follow-ups/1/report", map[string]string{"report": "x"}},
	} {
		stranger.Post(c.path, c.body).Refused(404, "not_found")
	}
	for _, path := range []string{base, base + "/minutes", "/v1/dockets/p1", "/v1/dockets/p1/waivable"} {
		stranger.Get(path).Refused(404, "not_found")
	}
	for _, path := range []string{"/v1/sessions", "/v1/dockets", "/v1/filings", "/v1/tasks", "/v1/deadlines"} {
		var list struct{ Items []json.RawMessage }
		stranger.Get(path).OK(&list)
		if len(list.Items) != 0 {
			t.Errorf("%s shows %s", path, list.Items)
		}
	}
	for _, table := range []string{"session", "docket", "seat", "deadline"} {
		if n := d.VisibleTo(table, "market", "market.all", "secretary", "chair"); n != 0 {
			t.Errorf("%s: %d rows without a WHERE", table, n)
		}
	}
	stranger.Post("/v1/seats/cac/succession", map[string]string{"successor": "market", "from": "2026-07-01", "reason": "x"}).Refused(403, "not_conference_office")

	// A declaring unit sees its own project, not the session, not the others'.
	education := d.As("edu.declarer", "education", "declarer")
	education.Get("/v1/dockets/p1").OK(nil)
	education.Get("/v1/dockets/p2").Refused(404, "not_found")
	education.Get(base).Refused(404, "not_found")

	// An auditor reads everything and changes nothing.
	auditor := d.As("audit.auditor", "audit", "auditor")
	auditor.Get(base).OK(nil)
	auditor.Get("/v1/dockets/p2").OK(nil)
	auditor.Post(base+"/open", nil).Refused(403, "role_required")
	d.As("audit.both", "audit", "auditor", "member").Post(base+"/leave", map[string]string{"reason": "x"}).Refused(404, "not_found")
	if d.VisibleTo("docket", "audit", "audit.auditor", "auditor") != 2 {
		t.Error("an auditor reads every row")
	}
}

// Roles, units and accounts come from the token; what a body or header says of
// them is an unknown field or passed over.
func TestIdentityComesFromTheToken(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	ss := d.heard("p1")
	path := "/v1/sessions/" + ss.ID + "/items/" + ss.Agenda[0].ID + "/decision"
	body := approve(1)
	d.secretary.Post(path, body, moduletest.Header{Name: "X-Roles", Value: "chair"}, moduletest.Header{Name: "X-Account", Value: "chair"}).Refused(403, "role_required")
	body["roles"], body["decided_by"] = []string{"chair"}, "chair"
	p := d.chair.Post(path, body).Refused(400, "invalid_input")
	if len(p.Violations) != 2 || p.Violations[0].Code != "unknown_field" {
		t.Errorf("%+v", p.Violations)
	}
	d.As("other.chair", "gov-office", "chair").Post(path, approve(1)).Refused(403, "not_the_chair")
	d.With(noone).Post(path, approve(1)).Refused(401, "sign_in_required")
}

func TestARepeatedRequestHasOneEffect(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	ss := d.call(nil, moduletest.Key("call"))
	if again := d.call(nil, moduletest.Key("call")); again.ID != ss.ID {
		t.Errorf("called twice: %s %s", ss.ID, again.ID)
	}
	d.secretary.Post("/v1/sessions", map[string]any{"mode": "ordinary", "held_on": "2026-06-19", "chair": "chair"}, moduletest.Key("call")).Refused(422, "idempotency_key_reused")
	base := "/v1/sessions/" + ss.ID

	// Several aggregates change in one command; at once and again, with one key.
	var wg sync.WaitGroup
	answers := make([]conference.Session, 4)
	for n := range answers {
		wg.Go(func() { d.secretary.Post(base+"/agenda", item("p1"), moduletest.Key("propose")).OK(&answers[n]) })
	}
	wg.Wait()
	for _, a := range answers {
		if a.Version != 2 || len(a.Agenda) != 1 {
			t.Errorf("version %d, %d items", a.Version, len(a.Agenda))
		}
	}
	if n := d.Count("p1", &conferencev1.ItemProposed{}); n != 1 {
		t.Errorf("proposed %d times", n)
	}
	d.chair.Post(base+"/agenda/approve", nil, moduletest.IfMatch(1)).Refused(412, "stale_version")
	d.chair.Post(base+"/agenda/approve", nil, moduletest.IfMatch(2)).OK(nil)
	d.secretary.Post(base+"/attendance", attendance(members...)).OK(nil)
	d.secretary.Post(base+"/open", nil).OK(&ss)
	d.secretary.Post(base+"/opinions", map[string]any{"opinions": agreeing(ss)}).OK(&ss)
	decide := base + "/items/" + ss.Agenda[0].ID + "/decision"
	d.chair.Post(decide, approve(1), moduletest.IfMatch(ss.Version-1)).Refused(412, "stale_version")
	for range 3 {
		var got conference.Session
		a := d.chair.Post(decide, approve(1), moduletest.Key("decide"), moduletest.IfMatch(ss.Version)).OK(&got)
		if got.Agenda[0].Decision.Outcome != conference.Approved || a.Header.Get("ETag") != fmt.Sprintf(`"v%d"`, ss.Version+1) {
			t.Errorf("%s %+v", a.Header.Get("ETag"), got.Agenda[0].Decision)
		}
	}
	if n := d.Count("p1", &conferencev1.DecisionTaken{}); n != 1 || len(d.docket("p1").Decisions) != 1 {
		t.Errorf("decided %d times", n)
	}
	d.chair.Post(decide, approve(1), moduletest.Key("another")).Refused(409, "wrong_item_state")
}

// A refusal of several aggregates' command leaves none of them changed.
func TestARefusedCommandChangesNothing(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1", filing))
	d.ready(brief("p2", filing))
	ss := d.heard("p1", "p2")
	before := len(d.Facts(""))
	p := d.chair.Post("/v1/sessions/"+ss.ID+"/decisions", map[string]any{"decisions": []map[string]any{
		{"item": ss.Agenda[0].ID, "outcome": "filed", "approved_fen": 550_000_00},
		{"item": ss.Agenda[1].ID, "outcome": "approved", "approved_fen": 550_000_01}, // a filing, and more than declared
	}}).Refused(422, "decision_not_possible")
	if len(p.Violations) != 2 || p.Violations[0].Field != "decisions[1].outcome" {
		t.Errorf("%+v", p.Violations)
	}
	if d.docket("p1").State != conference.OnAgenda || len(d.Facts("")) != before {
		t.Error("half of a refused command was carried out")
	}
}

func TestProblemsNameEverything(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	ss := d.call(nil)
	base := "/v1/sessions/" + ss.ID
	before := len(d.Facts(""))
	for _, c := range []struct {
		name string
		who  *moduletest.Client
		path string
		body string
	}{
		{"call", d.secretary, "/v1/sessions", `{"mode":"written","held_on":"2026-02-30","chair":7,"roles":["chair"]}`},
		{"propose", d.secretary, base + "/agenda", `{"kind":"change","project_id":"","study":"","waivers":[{"rule":"","reason":""}],"invitees":[{}]}`},
		{"attendance", d.secretary, base + "/attendance", `{"members":[{"member":"cac","status":"present"},{"member":"cac","status":"late"}]}`},
		{"decision", d.chair, base + "/items/x/decision", `{"outcome":"deferred","approved_fen":1.5,"conditions":[""],"follow_ups":[{}]}`},
	} {
		a := c.who.Post(c.path, c.body)
		if a.Status != 400 || a.Header.Get("Content-Type") != "application/problem+json" {
			t.Fatalf("%s: %d %s", c.name, a.Status, a.Body)
		}
		moduletest.Golden(t, c.name+".problem.json", a.Body)
	}
	if len(d.Facts("")) != before {
		t.Error("bad input was written")
	}
	d.secretary.Post("/v1/sessions", `[]`).Refused(400, "bad_json")
	d.secretary.Get("/v1/dockets?page_size=201").Refused(400, "invalid_input")
	d.secretary.Get("/v1/members?on=tomorrow").Refused(400, "invalid_input")
}

// The inbox of each desk holds what it can do, and nothing of others'.
func TestInboxes(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.ready(brief("p1"))
	actions := func(c *moduletest.Client) []string {
		var list struct {
			Items []struct {
				Action, Title string
				ProjectTitle  string `json:"project_title"`
			}
		}
		c.Get("/v1/tasks").OK(&list)
		var out []string
		for _, x := range list.Items {
			if x.Title == "" || x.ProjectTitle == "" {
				t.Errorf("%+v", x)
			}
			out = append(out, x.Action)
		}
		slices.Sort(out)
		return out
	}
	check := func(c *moduletest.Client, want ...string) {
		t.Helper()
		if got := actions(c); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	check(d.secretary, "propose_item")
	check(d.chair)
	ss := d.approved("p1")
	check(d.secretary, "record_attendance")
	check(d.member("finance"), "ask_leave")
	base := "/v1/sessions/" + ss.ID
	d.secretary.Post(base+"/attendance", attendance(members...)).OK(nil)
	d.secretary.Post(base+"/open", nil).OK(&ss)
	check(d.member("finance"), "give_opinion")
	check(d.chair, "decide_items")
	check(d.As("edu.declarer", "education", "declarer"))
}

// Facts come again and in any order; each has one effect.
func TestFactsOfOthersInAnyOrder(t *testing.T) {
	t.Parallel()
	d := start(t)
	var ids []string
	for n := range 20 {
		id := fmt.Sprintf("p%d", n)
		ids = append(ids, id)
		p := brief(id)
		states := []func(){
			func() { d.Other("declaration").State(id, "education", &declarationv1.ProjectAccepted{Project: p}) },
			func() {
				d.Other("expertreview").State(id, "agency-a",
					&expertreviewv1.EvaluationPassed{ProjectId: id, Round: 1, ReviewedFen: 7}, &expertreviewv1.ExpertReviewPassed{ProjectId: id, Round: 1, ReviewedFen: 6})
			},
		}
		if n%2 == 1 {
			slices.Reverse(states)
		}
		for _, f := range states {
			f()
		}
	}
	for _, id := range ids {
		d.until(id, conference.Ready)
		if k := d.docket(id); k.ReviewedFen != 6 || k.Title == "" || !slices.Contains(k.Parties, "education") {
			t.Errorf("%+v", k)
		}
	}
	var page struct {
		Items []conference.Docket
		Next  string `json:"next_page_token"`
	}
	d.secretary.Get("/v1/dockets?state=ready&unit=education&page_size=15").OK(&page)
	if len(page.Items) != 15 || page.Next == "" {
		t.Fatalf("%d items", len(page.Items))
	}
	d.secretary.Get("/v1/dockets?state=ready&page_size=15&page_token=" + page.Next).OK(&page)
	if len(page.Items) != 5 {
		t.Errorf("%d items on the second page", len(page.Items))
	}
}

func TestMembersAreKnownToAll(t *testing.T) {
	t.Parallel()
	d := start(t)
	d.secretary.Post("/v1/seats/science/succession", map[string]string{"successor": "data-bureau", "from": "2026-07-01", "reason": "机构调整"}).OK(nil)
	d.Stated("science", &conferencev1.SeatSucceeded{})
	for _, c := range []struct{ query, holder string }{{"", "science"}, {"?on=2026-07-01", "data-bureau"}} {
		var m conference.Membership
		d.As("market.declarer", "market", "declarer").Get("/v1/members" + c.query).OK(&m)
		if m.Current != 14 || m.Required != 7 || m.Members[6].Seat != "science" || m.Members[6].Unit != c.holder {
			t.Errorf("%s: %+v", c.query, m)
		}
	}
}

// noone carries no token.
var noone authn.Principal
