package procurement

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	typev1 "egov/proto/gen/egov/type/v1"
)

// PaperRef names an attached paper and what it is for.
type PaperRef struct {
	Item   string `json:"item"` // a requirement code of the pack, e.g. "contract_copy"
	SHA256 string `json:"sha256"`
}

// Attach keeps one paper, for filings and records to refer to.
func (s *Service) Attach(ctx context.Context, r attachment.Upload) (attachment.Document, error) {
	p, err := s.Procurements.Get(ctx, r.ID)
	if err != nil {
		return attachment.Document{}, err
	}
	if err := p.ownedBy(authn.By(ctx)); err != nil {
		return attachment.Document{}, err // before the bytes are stored
	}
	d, err := s.Attachments.Keep(ctx, r)
	if err != nil {
		return attachment.Document{}, err
	}
	_, err = s.Procurements.Update(ctx, r.ID, func(p *Procurement, rec *aggregate.Recorder) error {
		if err := p.ownedBy(rec.By()); err != nil {
			return err
		}
		p.Papers = attachment.Add(p.Papers, d)
		return nil
	})
	return d, err
}

// Paper opens one paper of a procurement the caller may see.
func (s *Service) Paper(ctx context.Context, r attachment.Ref) (attachment.File, error) {
	p, err := s.Procurements.Get(ctx, r.ID)
	if err != nil {
		return attachment.File{}, err
	}
	return s.Attachments.Open(ctx, p.Papers, r.SHA256)
}

// cited finds the papers that refs name and adds what is not attached to c.
func (p *Procurement) cited(c *fault.Checks, field string, refs []PaperRef, basis ...string) []*typev1.Document {
	var found []*typev1.Document
	for _, r := range refs {
		d, ok := attachment.Find(p.Papers, r.SHA256)
		if c.Require(ok, field, "not_attached", "附件“"+r.Item+"”尚未上传", "the paper for "+r.Item+" is not attached", basis...) {
			found = append(found, d.Fact())
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
