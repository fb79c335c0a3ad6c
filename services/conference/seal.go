package conference

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/seal"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// minutesPaper is the kind of document that minutes are. stable: a paper of the
// packs.
const minutesPaper = "minutes"

// SealMinutes puts the conference office's e-seal on signed minutes.
type SealMinutes struct {
	ID         string `path:"id" json:"-"`
	DocumentNo string `json:"document_no" required:"true"`
}

// Validate wants the document's number.
func (r *SealMinutes) Validate() error {
	var c fault.Checks
	c.Text(r.DocumentNo, "document_no", 100, "SH12-E-7")
	return c.Err()
}

// SealMinutes seals the minutes after the chair signed them, never before
// (SH12-E-7); sealed, they are equal to the sealed paper (SH12-E-5).
func (s *Service) SealMinutes(ctx context.Context, r SealMinutes) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		by := rec.By()
		if err := byOffice(by); err != nil {
			return err
		}
		m := ss.Minutes
		if m == nil {
			return ErrMinutes.WithMsg("会议纪要尚未起草", "the minutes are not drafted")
		}
		if m.Seal != nil {
			return seal.ErrSealed
		}
		pack, err := s.Rules.Packs.ForDate(s.District, calendar.DateOf(rec.Now()))
		if err != nil {
			return err
		}
		act := seal.Act{Kind: minutesPaper, Units: []string{Office}, DocumentNo: r.DocumentNo, SHA256: m.SHA256, Approved: m.Signature != nil}
		x, err := seal.Put(pack.Office(), act, by, rec.Today(), func(document any) (*typev1.Signature, error) {
			return s.Sign("conference.SealMinutes", by, document)
		})
		if err != nil {
			return err
		}
		m.Seal, m.Force = &x, seal.EqualToPaper
		rec.State(ss.ID, &conferencev1.MinutesSealed{
			SessionId: ss.ID, DocumentNo: r.DocumentNo, MinutesSha256: m.SHA256, Unit: x.Unit, Basis: pack.Office().SealBasis, Signature: x.Signature,
		})
		return nil
	})
}
