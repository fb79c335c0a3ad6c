// Package httpapi is the JSON face of the procurement service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/procurement"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *procurement.Service) {
	declarer, secretary := op.Roles("declarer"), op.Roles("secretary")
	runner := op.Roles("procurement_officer", "declarer") // the method decides which

	op.Handle(a, "POST /v1/procurements/{id}/start", "StartProcurement", "Begin the procedure under one method", s.Start, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/deferrals", "FileDeferral", "Say why procurement does not start in time", s.Defer, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/tender", "PublishTender", "Record the notice", s.Publish, runner)
	op.Handle(a, "POST /v1/procurements/{id}/award", "MakeAward", "Record who won", s.MakeAward, runner)
	op.Handle(a, "POST /v1/procurements/{id}/attachments", "AttachPaper", "Attach one paper; the body is the file", s.Attach, declarer, op.Created(), op.MaxBody(attachment.MaxBytes))
	op.Handle(a, "GET /v1/procurements/{id}/attachments/{sha256}", "GetPaper", "Read one attached paper", func(ctx context.Context, r attachment.Ref) (op.File, error) {
		f, err := s.Paper(ctx, r)
		return op.File{Name: f.Name, MediaType: f.MediaType, Body: f.Body}, err
	})
	op.Handle(a, "POST /v1/procurements/{id}/signing", "SignContract", "Say that a contract took effect; its filing is due from that day", s.SignContract, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/contract", "FileContract", "Put a contract that has taken effect on record", s.FileContract, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/contracts/{sequence}/amendments", "AmendContract", "Carry a consented change into a contract", s.Amend, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/supervisions", "EngageSupervision", "Record who supervises the works or the money", s.Engage, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/quarterly-reports", "ReportQuarter", "Report one quarter", s.ReportQuarter, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/rectifications", "OrderRectification", "Have a project that is behind catch up", s.Order, secretary)
	op.Handle(a, "POST /v1/procurements/{id}/rectifications/report", "ReportRectification", "What the unit did about the open order", s.ReportRectification, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/rectifications/close", "CloseRectification", "The conference office's finding on a rectification", s.CloseRectification, secretary)
	op.Handle(a, "POST /v1/procurements/{id}/tests", "RecordTest", "Put one test of the finished work on record", s.RecordTest, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/accept", "AcceptProject", "Accept the finished project, or not", s.Accept, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/acceptance-filing", "FileAcceptance", "Send the result to the conference office", s.FileAcceptance, declarer)
	op.Handle(a, "POST /v1/procurements/{id}/assets", "RegisterAssets", "List what the project leaves behind", s.Register, declarer)

	reads.List[list](a, "GET /v1/procurements", "ListProcurements", "Procurements the caller may see, newest first", s.Procurements)
	reads.One(a, "GET /v1/procurements/{id}", "GetProcurement", "One project's procurement", s.Procurements)
}

type list struct {
	State  string `query:"state" json:"-"`
	Unit   string `query:"unit" json:"-"`
	Kind   string `query:"kind" json:"-"`
	Method string `query:"method" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit, "kind": q.Kind, "method": q.Method})
}
