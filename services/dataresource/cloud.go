package dataresource

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
)

// RequestCloud asks for government-cloud resources.
type RequestCloud struct {
	ProjectID string `json:"project_id"`
	Title     string `json:"title" required:"true"`
	Purpose   string `json:"purpose" required:"true"`
	VCPU      int    `json:"vcpu" required:"true"`
	MemoryGB  int    `json:"memory_gb" required:"true"`
	StorageGB int    `json:"storage_gb" required:"true"`
	Network   string `json:"network" required:"true"`
}

// Validate lists what is missing or out of range.
func (r *RequestCloud) Validate() error {
	var c fault.Checks
	c.Text(r.Title, "title", 200, "YP23-M-17")
	c.Text(r.Purpose, "purpose", 2000, "YP23-M-17")
	for _, x := range []struct {
		field string
		n     int
	}{{"vcpu", r.VCPU}, {"memory_gb", r.MemoryGB}, {"storage_gb", r.StorageGB}} {
		c.Require(x.n > 0 && x.n <= 1_000_000, x.field, "out_of_range", "须为正数", "must be positive", "YP23-M-17")
	}
	oneOf(&c, r.Network, "network", "YP23-M-18", "extranet", "official")
	return c.Err()
}

// RequestCloud lays the request before the centre.
func (s *Service) RequestCloud(ctx context.Context, r RequestCloud) (CloudRequest, error) {
	if err := s.own(ctx, r.ProjectID); err != nil {
		return CloudRequest{}, err
	}
	return s.Clouds.Create(ctx, s.NewID(), func(c *CloudRequest, rec *aggregate.Recorder) error {
		c.ProjectID, c.Title, c.Purpose, c.VCPU, c.MemoryGB, c.StorageGB, c.Network = r.ProjectID, r.Title, r.Purpose, r.VCPU, r.MemoryGB, r.StorageGB, r.Network
		c.State = Requested
		c.Requesters = authn.Accounts(rec.By().Actor())
		c.Share(Centre)
		c.Await(aggregate.Todo{Action: "answer_cloud", Role: "data_officer", Unit: Centre, Title: "答复政务云资源申请：" + c.Title})
		rec.State(c.subject(), &dataresourcev1.CloudRequested{ProjectId: c.ProjectID, RequestId: c.ID, Unit: c.Unit, Purpose: c.Purpose})
		return nil
	})
}

func (c *CloudRequest) subject() string {
	if c.ProjectID != "" {
		return c.ProjectID
	}
	return c.ID
}

// AnswerCloud is the centre's answer.
type AnswerCloud struct {
	ID      string `path:"id" json:"-"`
	Granted bool   `json:"granted" required:"true"`
	Reason  string `json:"reason"` // of a refusal
}

// Validate wants the reason of a refusal.
func (r *AnswerCloud) Validate() error {
	var c fault.Checks
	c.Require(r.Granted || r.Reason != "", "reason", "required", "不同意须说明理由", "a refusal states its reason", "YP23-M-17")
	return c.Err()
}

// AnswerCloud grants or refuses; nobody answers what they asked for (SH12-P-9).
func (s *Service) AnswerCloud(ctx context.Context, r AnswerCloud) (CloudRequest, error) {
	return s.Clouds.Update(ctx, r.ID, func(c *CloudRequest, rec *aggregate.Recorder) error {
		if c.State != Requested {
			return ErrState
		}
		if err := notBy(rec.By(), c.Requesters); err != nil {
			return err
		}
		c.Await()
		basis := []string{"YP23-M-17"}
		if !r.Granted {
			c.State, c.Reason = Refused, r.Reason
			rec.State(c.subject(), &dataresourcev1.CloudRefused{ProjectId: c.ProjectID, RequestId: c.ID, Reason: r.Reason, Basis: basis})
			return nil
		}
		c.State = Granted
		rec.State(c.subject(), &dataresourcev1.CloudGranted{ProjectId: c.ProjectID, RequestId: c.ID, Basis: basis})
		return nil
	})
}
