package declaration

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
)

// AttachDocument adds one document to a draft. Item says which item of the
// checklist it serves.
type AttachDocument struct {
	attachment.Upload
	Item string `query:"item" json:"-" required:"true"`
}

// Validate wants to know what the document is for.
func (r *AttachDocument) Validate() error {
	var c fault.Checks
	c.Text(r.Item, "item", 60, "YP23-R-5.1.2")
	r.Check(&c)
	return c.Err()
}

// Attach keeps the content by its hash and names it in the declaration.
func (s *Service) Attach(ctx context.Context, r AttachDocument) (attachment.Document, error) {
	p, err := s.Projects.Get(ctx, r.ID)
	if err != nil {
		return attachment.Document{}, err
	}
	if err := p.draftOf(authn.By(ctx)); err != nil {
		return attachment.Document{}, err // before the bytes are stored
	}
	d, err := s.Attachments.Keep(ctx, r.Upload)
	if err != nil {
		return attachment.Document{}, err
	}
	d.Item = r.Item
	_, err = s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.draftOf(rec.By()); err != nil {
			return err
		}
		p.Attachments = attachment.Add(p.Attachments, d)
		return nil
	})
	return d, err
}

// Attachment opens one attachment of a project the caller may see.
func (s *Service) Attachment(ctx context.Context, r attachment.Ref) (attachment.File, error) {
	p, err := s.Projects.Get(ctx, r.ID)
	if err != nil {
		return attachment.File{}, err
	}
	return s.Attachments.Open(ctx, p.Attachments, r.SHA256)
}
