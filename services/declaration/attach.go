package declaration

import (
	"bytes"
	"context"
	"io"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/blob"
	"egov/libs/fault"
)

// MaxAttachment bounds one attachment in bytes.
const MaxAttachment = 32 << 20

var attachmentLimits = blob.Limits{
	MaxBytes: MaxAttachment,
	Types:    []blob.Type{blob.PDF, blob.OFD, blob.DOCX, blob.XLSX, blob.PNG, blob.JPEG, blob.Text},
	Archive:  blob.ArchiveLimits{MaxEntries: 5000, MaxUnpacked: 256 << 20, MaxRatio: 200},
}

// AttachDocument adds one document to a draft. Item says which item of the
// checklist it serves; the content speaks for its own type.
type AttachDocument struct {
	ID   string `path:"id" json:"-"`
	Item string `query:"item" json:"-" required:"true"`
	Name string `query:"name" json:"-" required:"true"`
	Type string `header:"Content-Type" json:"-"`
	Body []byte `body:"raw" json:"-"`
}

// Validate wants to know what the document is for.
func (r *AttachDocument) Validate() error {
	var c fault.Checks
	c.Text(r.Item, "item", 60, "YP23-R-5.1.2")
	c.Text(r.Name, "name", 200)
	return c.Err()
}

// Attach keeps the content by its hash and names it in the declaration.
func (s *Service) Attach(ctx context.Context, r AttachDocument) (Document, error) {
	if _, err := s.Projects.Get(ctx, r.ID); err != nil {
		return Document{}, err
	}
	o, err := s.Blobs.Put(ctx, r.Name, r.Type, bytes.NewReader(r.Body), attachmentLimits)
	if err != nil {
		return Document{}, err
	}
	d := Document{Key: o.Key, Item: r.Item, Name: o.Name, MediaType: string(o.Type), Size: o.Size, SHA256: o.SHA256, SM3: o.SM3}
	_, err = s.Projects.Update(ctx, r.ID, func(p *Project, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		if err := p.at(Draft, Returned); err != nil {
			return err
		}
		p.Attachments = slices.DeleteFunc(p.Attachments, func(o Document) bool { return o.Item == d.Item && o.SHA256 == d.SHA256 })
		p.Attachments = append(p.Attachments, d)
		return nil
	})
	return d, err
}

// GetAttachment names one attachment of a project.
type GetAttachment struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `path:"sha256" json:"-"`
}

// Attachment finds one attachment of a project the caller may see, and opens
// its content.
func (s *Service) Attachment(ctx context.Context, r GetAttachment) (Document, io.ReadCloser, error) {
	p, err := s.Projects.Get(ctx, r.ID)
	if err != nil {
		return Document{}, nil, err
	}
	i := slices.IndexFunc(p.Attachments, func(d Document) bool { return d.SHA256 == r.SHA256 })
	if i < 0 {
		return Document{}, nil, ErrNoAttachment
	}
	body, err := s.Blobs.Get(ctx, p.Attachments[i].Key)
	return p.Attachments[i], body, err
}
