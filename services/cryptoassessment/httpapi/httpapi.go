// Package httpapi is the JSON face of the cryptoassessment service.
package httpapi

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/op"
	"egov/services/cryptoassessment"
)

// Mount puts every operation of the service on the API.
func Mount(a *op.API, s *cryptoassessment.Service) {
	declarer, supervisor, officer := op.Roles("declarer"), op.Roles("supervisor"), op.Roles("crypto_officer")

	op.Handle(a, "POST /v1/plans/{id}/submit", "SubmitPlan", "Lay the crypto-assessment plan before the bureau", s.SubmitPlan, declarer)
	op.Handle(a, "POST /v1/plans/{id}/review", "ReviewPlan", "Accept the plan or send it back", s.ReviewPlan, officer)
	op.Handle(a, "GET /v1/plans", "ListPlans", "Plans the caller may see, newest first", func(ctx context.Context, q list) (aggregate.Page[cryptoassessment.Plan], error) {
		return s.Plans.List(ctx, q.query())
	})
	op.Handle(a, "GET /v1/plans/{id}", "GetPlan", "One plan; its id is the project's", func(ctx context.Context, r byID) (cryptoassessment.Plan, error) {
		return s.Plans.Get(ctx, r.ID)
	})
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
	op.Handle(a, "GET /v1/exemptions", "ListExemptions", "Exemptions the caller may see, newest first", func(ctx context.Context, q list) (aggregate.Page[cryptoassessment.Exemption], error) {
		return s.Exemptions.List(ctx, q.query())
	})
	op.Handle(a, "GET /v1/exemptions/{id}", "GetExemption", "One exemption; its id is the project's", func(ctx context.Context, r byID) (cryptoassessment.Exemption, error) {
		return s.Exemptions.Get(ctx, r.ID)
	})
	documents(a, "exemptions", "Exemption",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Exemptions, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Exemptions, r)
		}, op.Roles("declarer", "supervisor"))

	op.Handle(a, "POST /v1/assessments/{id}/report", "SubmitReport", "Lay an assessor's report before the bureau", s.SubmitReport, declarer)
	op.Handle(a, "POST /v1/assessments/{id}/review", "ReviewReport", "Take the report or send it back", s.ReviewReport, officer)
	op.Handle(a, "GET /v1/assessments", "ListAssessments", "Assessments the caller may see, newest first", func(ctx context.Context, q list) (aggregate.Page[cryptoassessment.Assessment], error) {
		return s.Assessments.List(ctx, q.query())
	})
	op.Handle(a, "GET /v1/assessments/{id}", "GetAssessment", "The assessments of one project or system", func(ctx context.Context, r byID) (cryptoassessment.Assessment, error) {
		return s.Assessments.Get(ctx, r.ID)
	})
	documents(a, "assessments", "Assessment",
		func(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
			return cryptoassessment.Attach(ctx, s, s.Assessments, r)
		},
		func(ctx context.Context, r attachment.Ref) (attachment.File, error) {
			return cryptoassessment.Attachment(ctx, s, s.Assessments, r)
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
		return op.File(f), err
	})
}

type byID struct {
	ID string `path:"id" json:"-"`
}

type list struct {
	State     string `query:"state" json:"-"`
	Unit      string `query:"unit" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

func (q list) query() aggregate.Query {
	return aggregate.Query{Filter: map[string]string{"state": q.State, "unit": q.Unit}, PageSize: q.PageSize, PageToken: q.PageToken}
}
