package cryptoassessment

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
)

// holder is an aggregate that documents are attached to.
type holder[T any] interface {
	*T
	documents() *[]attachment.Document
	editable(by authn.Principal) error
}

func (l *Plan) documents() *[]attachment.Document       { return &l.Attachments }
func (x *Exemption) documents() *[]attachment.Document  { return &x.Attachments }
func (a *Assessment) documents() *[]attachment.Document { return &a.Attachments }
func (x *Adaptation) documents() *[]attachment.Document { return &x.Attachments }

// Attach adds one document to a plan, an exemption, an assessment or an
// adaptation while it is in the caller's hands.
func Attach[T any, P holder[T]](ctx context.Context, s *Service, in aggregate.Repository[T], r attachment.Upload) (attachment.Document, error) {
	h, err := in.Get(ctx, r.ID)
	if err != nil {
		return attachment.Document{}, err
	}
	if err := P(&h).editable(authn.By(ctx)); err != nil {
		return attachment.Document{}, err // before the bytes are stored
	}
	d, err := s.Attachments.Keep(ctx, r)
	if err != nil {
		return attachment.Document{}, err
	}
	_, err = in.Update(ctx, r.ID, func(t *T, rec *aggregate.Recorder) error {
		if err := P(t).editable(rec.By()); err != nil {
			return err
		}
		all := P(t).documents()
		*all = attachment.Add(*all, d)
		return nil
	})
	return d, err
}

// Attachment opens one attachment of what the caller may see.
func Attachment[T any, P holder[T]](ctx context.Context, s *Service, in aggregate.Repository[T], r attachment.Ref) (attachment.File, error) {
	h, err := in.Get(ctx, r.ID)
	if err != nil {
		return attachment.File{}, err
	}
	return s.Attachments.Open(ctx, *P(&h).documents(), r.SHA256)
}
