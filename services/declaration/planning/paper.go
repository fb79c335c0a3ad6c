package planning

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/attachment"
	"egov/libs/authn"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/libs/seal"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// AttachPaper adds an official paper to a plan: its text, a letter, an approval
// as scanned.
type AttachPaper struct{ seal.Upload }

// Attach keeps a paper; what is classified is refused before its bytes are kept
// (YP23-M-37), and a copy or conversion is marked as such (SH12-E-6).
func (s *Service) Attach(ctx context.Context, r AttachPaper) (seal.Paper, error) {
	p, err := s.Plans.Get(ctx, r.ID)
	if err != nil {
		return seal.Paper{}, err
	}
	if err := byOffice(authn.By(ctx)); err != nil {
		return seal.Paper{}, err
	}
	pack, err := s.Rules.Of(p.Pack)
	if err != nil {
		return seal.Paper{}, err
	}
	if err := seal.Admit(pack.Office(), r.Upload, p.Papers); err != nil {
		return seal.Paper{}, err
	}
	d, err := s.Attachments.Keep(ctx, r.Upload.Upload)
	if err != nil {
		return seal.Paper{}, err
	}
	if p, err = s.Plans.Update(ctx, r.ID, func(p *Plan, rec *aggregate.Recorder) (err error) {
		p.Papers, err = seal.Add(p.Papers, d, r.Upload, rec.By().Unit)
		return err
	}); err != nil {
		return seal.Paper{}, err
	}
	paper, err := seal.Find(p.Papers, d.SHA256)
	if err != nil {
		return seal.Paper{}, err
	}
	return *paper, nil
}

// Paper opens one paper of a plan that the caller may see.
func (s *Service) Paper(ctx context.Context, r attachment.Ref) (attachment.File, error) {
	p, err := s.Plans.Get(ctx, r.ID)
	if err != nil {
		return attachment.File{}, err
	}
	return s.Attachments.Open(ctx, seal.Documents(p.Papers), r.SHA256)
}

// SealPaper puts the caller's unit's e-seal on a paper of a plan.
type SealPaper struct {
	ID         string `path:"id" json:"-"`
	SHA256     string `path:"sha256" json:"-"`
	DocumentNo string `json:"document_no" required:"true"`
}

// Validate wants the document's number.
func (r *SealPaper) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, "SH12-E-7")
	return c.Err()
}

// Seal seals a paper once what the plan needs is approved: nothing is sealed
// before (SH12-E-7). The report by which an approved plan is filed is sealed
// before the filing, which follows it.
func (s *Service) Seal(ctx context.Context, r SealPaper) (Plan, error) {
	return s.change(ctx, r.ID, func(p *Plan, kind policy.Plan, rec *aggregate.Recorder) error {
		pack, err := s.Rules.Of(p.Pack)
		if err != nil {
			return err
		}
		paper, err := seal.Find(p.Papers, r.SHA256)
		if err != nil {
			return err
		}
		next := p.next(kind)
		sign := func(document any) (*typev1.Signature, error) {
			return s.Sign("declaration.SealPaper", rec.By(), document)
		}
		if err := paper.Put(pack.Office(), r.DocumentNo, next == "" || next == stepFiling, rec.By(), rec.Today(), sign); err != nil {
			return err
		}
		rec.State(p.ID, &declarationv1.PaperSealed{
			PlanId: p.ID, Paper: paper.Kind, DocumentNo: r.DocumentNo, Sha256: paper.SHA256, Unit: paper.Seal.Unit, JointUnits: paper.Units,
			Basis: pack.Office().SealBasis, Signature: paper.Seal.Signature,
		})
		return nil
	})
}
