package cryptoassessment

import (
	"context"
	"io"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
)

// Vault keeps the content of documents. It names a document by what is in it,
// and refuses content that is not what it says it is.
type Vault interface {
	Keep(ctx context.Context, name, mediaType string, content []byte) (Document, error)
	Open(ctx context.Context, key string) (io.ReadCloser, error)
}

// Document is one attachment.
type Document struct {
	Key       string `json:"key"` // in the vault
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"`
	SM3       string `json:"sm3"`
	By        string `json:"attached_by"`
}

// AttachDocument adds one document to a plan, an exemption or an assessment
// while it is in the caller's hands; the body is the file, and the content
// speaks for its own type.
type AttachDocument struct {
	ID   string `path:"id" json:"-"`
	Name string `query:"name" json:"-" required:"true"`
	Type string `header:"Content-Type" json:"-"`
	Body []byte `body:"raw" json:"-"`
}

// Validate wants a name and a file.
func (r *AttachDocument) Validate() error {
	var c fault.Checks
	c.Text(r.Name, "name", 200)
	c.Require(len(r.Body) > 0, "body", "required", "文件为空", "the file is empty")
	return c.Err()
}

// GetAttachment names one attachment.
type GetAttachment struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `path:"sha256" json:"-"`
}

// holder is an aggregate that documents are attached to.
type holder[T any] interface {
	*T
	documents() *[]Document
	editable(by authn.Principal) error
}

func (l *Plan) documents() *[]Document       { return &l.Attachments }
func (x *Exemption) documents() *[]Document  { return &x.Attachments }
func (a *Assessment) documents() *[]Document { return &a.Attachments }

// Attach keeps the content by its hash and names it at its holder.
func Attach[T any, P holder[T]](ctx context.Context, s *Service, in aggregate.Repository[T], r AttachDocument) (Document, error) {
	by := authn.By(ctx)
	h, err := in.Get(ctx, r.ID)
	if err != nil {
		return Document{}, err
	}
	if err := P(&h).editable(by); err != nil {
		return Document{}, err // before the bytes are stored
	}
	d, err := s.Vault.Keep(ctx, r.Name, r.Type, r.Body)
	if err != nil {
		return Document{}, err
	}
	d.By = by.Actor()
	_, err = in.Update(ctx, r.ID, func(t *T, _ *aggregate.Recorder) error {
		if err := P(t).editable(by); err != nil {
			return err
		}
		all := P(t).documents()
		*all = append(slices.DeleteFunc(*all, func(o Document) bool { return o.SHA256 == d.SHA256 }), d)
		return nil
	})
	return d, err
}

// Attachment finds one attachment of what the caller may see, and opens its
// content.
func Attachment[T any, P holder[T]](ctx context.Context, s *Service, in aggregate.Repository[T], r GetAttachment) (Document, io.ReadCloser, error) {
	h, err := in.Get(ctx, r.ID)
	if err != nil {
		return Document{}, nil, err
	}
	all := *P(&h).documents()
	i := slices.IndexFunc(all, func(d Document) bool { return d.SHA256 == r.SHA256 })
	if i < 0 {
		return Document{}, nil, ErrNoDocument
	}
	body, err := s.Vault.Open(ctx, all[i].Key)
	return all[i], body, err
}
