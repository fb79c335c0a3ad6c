package module_test

import (
	"testing"

	"egov/libs/attachment"
	"egov/libs/module/moduletest"
	cryptoassessmentv1 "egov/proto/gen/egov/cryptoassessment/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	"egov/services/cryptoassessment"
)

// TestAnAdaptationIsGuidedByBothBureaus over HTTP (YP23-M-27): the unit asks when
// its declaration is accepted, both bureaus answer, nobody else may.
func TestAnAdaptationIsGuidedByBothBureaus(t *testing.T) {
	t.Parallel()
	b := start(t)
	secrecy := b.As("secrecy.officer", "secrecy", "crypto_officer")
	p := brief("p1")
	p.XcConformant = true
	b.Other("declaration").State("p1", "gov-office", &declarationv1.ProjectAccepted{Project: p})
	b.Await("the task", func() bool { return read[cryptoassessment.Adaptation](b, "/v1/adaptations/p1").ID != "" })
	base := "/v1/adaptations/p1"
	b.officer.Get(base).Refused(404, "not_found") // not at its desk yet
	var d attachment.Document
	b.declarer.Post(base+"/attachments?name=方案.txt", "适配方案\n", moduletest.Header{Name: "Content-Type", Value: "text/plain"}).OK(&d)
	wish := map[string]any{"scope": "数据库迁移", "components": []map[string]string{{"kind": "database", "product": "国产数据库"}}}
	b.declarer.Post(base+"/request", map[string]any{"scope": ""}).Refused(400, "invalid_input")
	b.declarer.Post(base+"/request", wish).OK(nil)
	b.declarer.Post(base+"/request", wish).Refused(409, "wrong_stage")
	if b.officer.Actions() != "give_guidance" || secrecy.Actions() != "give_guidance" {
		t.Fatalf("%q %q", b.officer.Actions(), secrecy.Actions())
	}
	given := map[string]any{"followed": true, "document_no": "指1号", "opinion": "已完成"}
	b.declarer.Post(base+"/guidance", given).Refused(403, "role_required")
	b.As("x", "education", "crypto_officer").Post(base+"/guidance", given).Refused(403, "not_guiding_bureau")
	b.officer.Post(base+"/guidance", given).OK(nil)
	b.officer.Post(base+"/guidance", given).Refused(409, "guided_before")
	var x cryptoassessment.Adaptation
	secrecy.Post(base+"/guidance", given).OK(&x)
	if x.State != cryptoassessment.AdaptationGuided || len(x.Attachments) != 1 || secrecy.Actions() != "" {
		t.Fatalf("%+v", x)
	}
	if f := b.Stated("p1", &cryptoassessmentv1.XCGuided{}); f.Unit != "secrecy" || len(f.Data["document_nos"].([]any)) != 2 {
		t.Fatalf("%+v", f)
	}
	if got := secrecy.Get(base + "/attachments/" + d.SHA256).OK(nil); string(got.Body) != "适配方案\n" {
		t.Fatalf("%s", got.Body)
	}
	if b.VisibleTo("adaptation", "health", "x") != 0 || b.VisibleTo("adaptation", "education", "x") != 1 {
		t.Error("row-level security")
	}

	// A project that is withdrawn needs no guidance any more.
	q := brief("p2")
	q.XcConformant = true
	b.Other("declaration").State("p2", "gov-office", &declarationv1.ProjectAccepted{Project: q})
	b.Await("the second task", func() bool { return b.declarer.Actions() != "" })
	b.Other("declaration").State("p2", "education-centre", &declarationv1.ProjectWithdrawn{ProjectId: "p2"})
	b.Await("its end", func() bool {
		return read[cryptoassessment.Adaptation](b, "/v1/adaptations/p2").State == cryptoassessment.AdaptationClosed
	})
}
