package procurement

import (
	"bytes"
	"context"
	"io"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// MaxPaper bounds one attached paper in bytes.
const MaxPaper = 32 << 20

// PaperStore keeps the content of papers, each under its own hash. It believes
// nothing that comes with one.
type PaperStore interface {
	Put(ctx context.Context, name, mediaType string, content io.Reader) (Paper, error)
	Get(ctx context.Context, key string) (io.ReadCloser, error)
}

// ErrNoPaper refuses a reference to a paper that was not attached.
var ErrNoPaper = fault.New(fault.NotFound, "no_such_attachment", "没有这个附件", "there is no such attachment")

// Paper is one attached document, kept by its content.
type Paper struct {
	Key       string `json:"key"` // in the blob store
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size_bytes"`
	SHA256    string `json:"sha256"`
	SM3       string `json:"sm3"`
}

// document is the paper as facts name it.
func (p Paper) document() *typev1.Document {
	return &typev1.Document{Name: p.Name, MediaType: p.MediaType, SizeBytes: p.Size, Sha256: p.SHA256, Sm3: p.SM3}
}

// PaperRef names an attached paper and what it is for.
type PaperRef struct {
	Item   string `json:"item"` // a requirement code of the pack, e.g. "contract_copy"
	SHA256 string `json:"sha256"`
}

// AttachPaper adds one document; the content speaks for its own type.
type AttachPaper struct {
	ID   string `path:"id" json:"-"`
	Name string `query:"name" json:"-" required:"true"`
	Type string `header:"Content-Type" json:"-"`
	Body []byte `body:"raw" json:"-"`
}

// Validate wants a name to show.
func (r *AttachPaper) Validate() error {
	var c fault.Checks
	c.Text(r.Name, "name", 200)
	return c.Err()
}

// Attach keeps the content by its hash, for filings and records to refer to.
func (s *Service) Attach(ctx context.Context, r AttachPaper) (Paper, error) {
	if _, err := s.Procurements.Get(ctx, r.ID); err != nil {
		return Paper{}, err
	}
	d, err := s.Papers.Put(ctx, r.Name, r.Type, bytes.NewReader(r.Body))
	if err != nil {
		return Paper{}, err
	}
	_, err = s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		p.Papers = slices.DeleteFunc(p.Papers, func(o Paper) bool { return o.SHA256 == d.SHA256 })
		p.Papers = append(p.Papers, d)
		return nil
	})
	return d, err
}

// GetPaper names one attached paper.
type GetPaper struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `path:"sha256" json:"-"`
}

// Paper finds a paper of a procurement the caller may see, and opens it.
func (s *Service) Paper(ctx context.Context, r GetPaper) (Paper, io.ReadCloser, error) {
	p, err := s.Procurements.Get(ctx, r.ID)
	if err != nil {
		return Paper{}, nil, err
	}
	d, ok := p.paper(r.SHA256)
	if !ok {
		return Paper{}, nil, ErrNoPaper
	}
	body, err := s.Papers.Get(ctx, d.Key)
	return d, body, err
}

func (p *Procurement) paper(sha256 string) (Paper, bool) {
	i := slices.IndexFunc(p.Papers, func(d Paper) bool { return d.SHA256 == sha256 })
	if i < 0 {
		return Paper{}, false
	}
	return p.Papers[i], true
}

// cited finds the papers that refs name and adds what is not attached to c.
func (p *Procurement) cited(c *fault.Checks, field string, refs []PaperRef, basis ...string) []*typev1.Document {
	var found []*typev1.Document
	for _, r := range refs {
		d, ok := p.paper(r.SHA256)
		if c.Require(ok, field, "not_attached", "附件“"+r.Item+"”尚未上传", "the paper for "+r.Item+" is not attached", basis...) {
			found = append(found, d.document())
		}
	}
	return found
}

// checkRefs requires refs to be well formed.
func checkRefs(c *fault.Checks, field string, refs []PaperRef) {
	for _, r := range refs {
		c.Text(r.Item, field+".item", 60)
		c.Require(len(r.SHA256) == 64, field+".sha256", "bad_hash", "须为附件的SHA-256摘要", "the paper's SHA-256 in hex")
	}
}
