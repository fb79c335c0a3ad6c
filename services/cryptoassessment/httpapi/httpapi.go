// Package httpapi is the JSON face of the cryptoassessment service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/libs/op/reads"
	"egov/services/cryptoassessment"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *cryptoassessment.Service) {
	declarer, supervisor, officer := op.Roles("declarer"), op.Roles("supervisor"), op.Roles("crypto_officer")

	op.Handle(a, "POST /v1/plans/{id}/submit", "SubmitPlan", "Lay the crypto-assessment plan before the bureau", s.SubmitPlan, declarer)
	op.Handle(a, "POST /v1/plans/{id}/review", "ReviewPlan", "Accept the plan or send it back", s.ReviewPlan, officer)
	reads.List[list](a, "GET /v1/plans", "ListPlans", "Plans the caller may see, newest first", s.Plans)
	reads.One(a, "GET /v1/plans/{id}", "GetPlan", "One plan; its id is the project's", s.Plans)
	documents(a, "plans", "Plan",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Plans, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Plans, r)
		}, declarer)

	op.Handle(a, "POST /v1/exemptions/{id}/argument", "SubmitArgument", "Bring the expert argument for not following XC", s.SubmitArgument, declarer)
	op.Handle(a, "POST /v1/exemptions/{id}/answer", "AnswerExemption", "Consent as the supervising budget unit, or refuse", s.Answer, supervisor)
	op.Handle(a, "POST /v1/exemptions/{id}/file", "FileExemption", "File with the bureau as the supervising budget unit", s.File, supervisor)
	op.Handle(a, "POST /v1/exemptions/{id}/record", "RecordExemption", "Put the exemption on file", s.Record, officer)
	op.Handle(a, "POST /v1/exemptions/{id}/return", "ReturnExemption", "Send the papers back", s.ReturnPapers, officer)
	reads.List[list](a, "GET /v1/exemptions", "ListExemptions", "Exemptions the caller may see, newest first", s.Exemptions)
	reads.One(a, "GET /v1/exemptions/{id}", "GetExemption", "One exemption; its id is the project's", s.Exemptions)
	documents(a, "exemptions", "Exemption",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Exemptions, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Exemptions, r)
		}, op.Roles("declarer", "supervisor"))

	op.Handle(a, "POST /v1/assessments/{id}/report", "SubmitReport", "Lay an assessor's report before the bureau", s.SubmitReport, declarer)
	op.Handle(a, "POST /v1/assessments/{id}/review", "ReviewReport", "Take the report or send it back", s.ReviewReport, officer)
	reads.List[list](a, "GET /v1/assessments", "ListAssessments", "Assessments the caller may see, newest first", s.Assessments)
	reads.One(a, "GET /v1/assessments/{id}", "GetAssessment", "The assessments of one project or system", s.Assessments)
	documents(a, "assessments", "Assessment",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Assessments, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Assessments, r)
		}, declarer)

	op.Handle(a, "POST /v1/adaptations/{id}/request", "RequestGuidance", "Ask both bureaus to guide the project's XC adaptation", s.RequestGuidance, declarer)
	op.Handle(a, "POST /v1/adaptations/{id}/guidance", "GiveGuidance", "Record the guidance of one of the two bureaus", s.Guide, officer)
	reads.List[list](a, "GET /v1/adaptations", "ListAdaptations", "Adaptations the caller may see, newest first", s.Adaptations)
	reads.One(a, "GET /v1/adaptations/{id}", "GetAdaptation", "One adaptation; its id is the project's", s.Adaptations)
	documents(a, "adaptations", "Adaptation",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Adaptations, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Adaptations, r)
		}, declarer)
}

// documents mounts the two operations on the attachments of one kind of thing.
func documents(
	a *op.API, kind, name string,
	attach func(context.Context, attachment.Upload) (attachment.Document, error),
	read func(context.Context, attachment.Ref) (attachment.File, error),
	who op.Option,
) {
	op.Handle(a, "POST /v1/"+kind+"/{id}/attachments", "AttachTo"+name, "Attach one document; the body is the file", attach, who, op.Created(), op.MaxBody(attachment.MaxBytes))
	op.Handle(a, "GET /v1/"+kind+"/{id}/attachments/{sha256}", "GetAttachmentOf"+name, "Read one attachment", func(ctx context.Context, r attachment.Ref) (op.File, error) {
		f, err := read(ctx, r)
		return op.File{Name: f.Name, MediaType: f.MediaType, Body: f.Body}, err
	})
}

type list struct {
	State string `query:"state" json:"-"`
	Unit  string `query:"unit" json:"-"`
	reads.Page
}

func (q list) Query() aggregate.Query {
	return q.By(map[string]string{"state": q.State, "unit": q.Unit})
}
