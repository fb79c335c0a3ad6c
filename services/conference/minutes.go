package conference

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"egov/libs/aggregate"
	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/seal"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Minutes are the minutes of one session (YP23-R-4.5).
type Minutes struct {
	Document  MinutesDocument   `json:"document"`
	SHA256    string            `json:"sha256"` // of the document's canonical form, hex
	DraftedBy string            `json:"drafted_by"`
	SignedBy  string            `json:"signed_by,omitempty"`
	SignedOn  string            `json:"signed_on,omitempty"` // YYYY-MM-DD
	Signature *typev1.Signature `json:"signature,omitempty"` // over the document
	Seal      *seal.Seal        `json:"seal,omitempty"`      // of the conference office, once signed
	Force     string            `json:"force,omitempty"`     // equal_to_paper once sealed (SH12-E-5)
}

// MinutesDocument is what the minutes say: the record of the session.
type MinutesDocument struct {
	SessionID     string        `json:"session_id"`
	Title         string        `json:"title"`
	Mode          Mode          `json:"mode"`
	HeldOn        calendar.Date `json:"held_on"`
	OpenedOn      calendar.Date `json:"opened_on"`
	OpinionsUntil calendar.Date `json:"opinions_until,omitzero"`
	Place         string        `json:"place,omitempty"`
	Reason        string        `json:"reason,omitempty"`
	Chair         string        `json:"chair"`
	Members       []string      `json:"members"`
	Required      int           `json:"required"`
	Attendance    []Attendee    `json:"attendance"`
	Leave         []Leave       `json:"leave"`
	Invitees      []Invitee     `json:"invitees"`
	Items         []MinutesItem `json:"items"`
	Remarks       string        `json:"remarks,omitempty"`
}

// MinutesItem is one item as the minutes have it.
type MinutesItem struct {
	ID         string    `json:"id"`
	Kind       ItemKind  `json:"kind"`
	ProjectID  string    `json:"project_id"`
	Title      string    `json:"title"`
	Unit       string    `json:"unit"`
	Study      string    `json:"study"`
	Suggestion string    `json:"suggestion"`
	State      ItemState `json:"state"`
	Note       string    `json:"note,omitempty"`
	Opinions   []Opinion `json:"opinions"`
	Decision   *Decision `json:"decision,omitempty"`
}

// DraftMinutes has the minutes drawn up from the record.
type DraftMinutes struct {
	ID      string `path:"id" json:"-"`
	Remarks string `json:"remarks"`
}

// Validate bounds the remarks.
func (r *DraftMinutes) Validate() error {
	var c fault.Checks
	if r.Remarks != "" {
		c.Text(r.Remarks, "remarks", 20_000, "YP23-R-4.5")
	}
	return c.Err()
}

// Draft draws the minutes up; until they are signed they may be drawn up again
// with other remarks. The record itself is not the drafter's to word.
func (s *Service) Draft(ctx context.Context, r DraftMinutes) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := byOffice(rec.By()); err != nil {
			return err
		}
		if err := ss.at(Open); err != nil {
			return err
		}
		if ss.listed() > 0 {
			return ErrUnsettled
		}
		if m := ss.Minutes; m != nil && m.Signature != nil {
			return ErrMinutes.WithMsg("会议纪要已签发，不得修改", "the minutes are signed and do not change")
		}
		doc := ss.account(r.Remarks)
		b, err := s.Canonical(doc)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(b)
		ss.Minutes = &Minutes{Document: doc, SHA256: hex.EncodeToString(sum[:]), DraftedBy: rec.By().Actor()}
		ss.remind()
		return nil
	})
}

func (ss *Session) account(remarks string) MinutesDocument {
	doc := MinutesDocument{
		SessionID: ss.ID, Title: ss.Title, Mode: ss.Mode, HeldOn: ss.HeldOn, OpenedOn: ss.OpenedOn, OpinionsUntil: ss.OpinionsUntil,
		Place: ss.Place, Reason: ss.Reason, Chair: ss.Chair, Members: ss.Members, Required: ss.Required,
		Attendance: ss.Attendance, Leave: ss.Leave, Invitees: ss.Invitees, Items: []MinutesItem{}, Remarks: remarks,
	}
	for _, i := range ss.Agenda {
		doc.Items = append(doc.Items, MinutesItem{
			ID: i.ID, Kind: i.Kind, ProjectID: i.ProjectID, Title: i.Title, Unit: i.Project.GetUnit(), Study: i.Study, Suggestion: i.Suggestion,
			State: i.State, Note: i.Note, Opinions: i.Opinions, Decision: i.Decision,
		})
	}
	return doc
}

// SignMinutes is the chair's signature under the minutes (YP23-R-4.5).
type SignMinutes struct {
	ID     string `path:"id" json:"-"`
	SHA256 string `json:"sha256"` // of the minutes that the chair has read; given, no other minutes are signed
}

// SignMinutes signs the minutes. The office's copies of what was consented to
// follow: to every member unit and the declaring unit (YP23-R-5.4.1).
func (s *Service) SignMinutes(ctx context.Context, r SignMinutes) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := ss.chairedBy(rec.By()); err != nil {
			return err
		}
		if err := ss.at(Open); err != nil {
			return err
		}
		m := ss.Minutes
		switch {
		case m == nil:
			return ErrMinutes.WithMsg("会议纪要尚未起草", "the minutes are not drafted")
		case m.Signature != nil:
			return ErrMinutes.WithMsg("会议纪要已签发", "the minutes are signed already")
		case r.SHA256 != "" && m.SHA256 != r.SHA256:
			return ErrMinutes.WithMsg("会议纪要已重新起草，请重新审阅后签发", "the minutes were drawn up again; read them before signing")
		}
		signature, err := s.Sign("conference.SignMinutes", rec.By(), m.Document)
		if err != nil {
			return err
		}
		m.SignedBy, m.SignedOn, m.Signature = rec.By().Actor(), rec.Today().String(), signature
		ss.remind()
		rec.State(ss.ID, &conferencev1.MinutesSigned{SessionId: ss.ID, MinutesSha256: m.SHA256, ProjectIds: ss.projects(func(i Item) bool { return i.State == ItemDecided }), Signature: signature})
		for _, i := range ss.Agenda {
			if i.State == ItemDecided && i.Decision.Outcome.consents() {
				rec.State(i.ProjectID, &conferencev1.DecisionCopied{
					ProjectId: i.ProjectID, SessionId: ss.ID, ItemId: i.ID,
					Units: distinct(append(append([]string{}, ss.Members...), i.Project.GetUnit())...), Basis: []string{"YP23-R-5.4.1"},
				})
			}
		}
		return nil
	})
}

// GetSession names one session.
type GetSession struct {
	ID string `path:"id" json:"-"`
}

// MinutesOf gives the minutes of a session, once drafted.
func (s *Service) MinutesOf(ctx context.Context, r GetSession) (Minutes, error) {
	ss, err := s.Sessions.Get(ctx, r.ID)
	if err != nil {
		return Minutes{}, err
	}
	if ss.Minutes == nil {
		return Minutes{}, ErrMinutes.WithMsg("会议纪要尚未起草", "the minutes are not drafted")
	}
	return *ss.Minutes, nil
}

// Close ends a session whose minutes are signed.
func (s *Service) Close(ctx context.Context, r GetSession) (Session, error) {
	return s.Sessions.Update(ctx, r.ID, func(ss *Session, rec *aggregate.Recorder) error {
		if err := ss.ledBy(rec.By()); err != nil {
			return err
		}
		if err := ss.at(Open); err != nil {
			return err
		}
		if ss.Minutes == nil || ss.Minutes.Signature == nil {
			return ErrMinutes.WithMsg("会议纪要尚未签发，不能办结会议", "the minutes are not signed").WithBasis("YP23-R-4.5")
		}
		ss.State = Closed
		ss.remind()
		rec.State(ss.ID, &conferencev1.SessionClosed{SessionId: ss.ID})
		return nil
	})
}
