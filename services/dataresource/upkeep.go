package dataresource

import (
	"context"
	"strings"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
)

// Deadline codes. stable: those of the packs; corrections run to a day that was
// set.
const (
	clockUpdate      = "catalogue_update"
	clockMaintenance = "catalogue_maintenance"
	clockAnswer      = "sharing_answer"
	clockAppraisal   = "data_appraisal"
	clockCorrection  = "data_correction"
)

// ErrOutstanding refuses to call a catalogue true that is known not to be.
var ErrOutstanding = fault.New(fault.Refused, "change_outstanding",
	"目录内容已变化而尚未更新，请先更新目录", "a noted change is not in the catalogue yet; update it first", "SH16-D-10")

// NoteChange says that what a published catalogue describes has changed.
type NoteChange struct {
	ID        string        `path:"id" json:"-"`
	ChangedOn calendar.Date `json:"changed_on" required:"true"`
	Summary   string        `json:"summary" required:"true"`
}

// Validate lists what is missing.
func (r *NoteChange) Validate() error {
	var c fault.Checks
	c.Require(!r.ChangedOn.IsZero(), "changed_on", "required", "必填", "is required", "SH16-D-10")
	c.Text(r.Summary, "summary", 2000, "SH16-D-10")
	return c.Err()
}

// NoteChange starts the clock by which the unit brings its catalogue up to date
// (SH16-D-10). The unit notes it, or the centre that finds it out.
func (s *Service) NoteChange(ctx context.Context, r NoteChange) (Catalogue, error) {
	return s.Catalogues.Update(ctx, r.ID, func(c *Catalogue, rec *aggregate.Recorder) error {
		if !c.keptBy(rec.By()) && !atCentre(rec.By()) {
			return ErrNotOwner
		}
		if c.State != Published {
			return ErrState
		}
		var bad fault.Checks
		bad.Require(!r.ChangedOn.After(rec.Today()), "changed_on", "in_the_future", "变化日期不得晚于今天", "not after today", "SH16-D-10")
		if err := bad.Err(); err != nil {
			return err
		}
		c.Ask(aggregate.Todo{Action: "revise_catalogue", Role: "declarer", Unit: c.Unit, Title: "目录内容已变化，请更新数据资源目录：" + c.Title})
		rec.State(c.subject(), &dataresourcev1.CatalogueChanged{
			ProjectId: c.project(), CatalogueId: c.ID, Unit: c.Unit, ChangedOn: r.ChangedOn.String(), Summary: r.Summary, Basis: []string{"SH16-D-10"},
		})
		pack, err := s.pack(rec.Today())
		if err != nil {
			return err
		}
		return s.Rules.Start(c.Base(), rec, pack.ID(), clockUpdate, c.Unit, r.ChangedOn)
	})
}

// keptBy reports whether a person acts for the unit whose catalogue it is.
func (c *Catalogue) keptBy(by authn.Principal) bool { return by.Unit == c.Unit && by.Has("declarer") }

func atCentre(by authn.Principal) bool { return by.Unit == Centre && by.Has("data_officer") }

// MaintainCatalogue says that a unit went through its whole catalogue and found
// it to be true.
type MaintainCatalogue struct {
	ID       string `path:"id" json:"-"`
	Editor   string `json:"editor" required:"true"`
	Reviewer string `json:"reviewer" required:"true"`
}

// Validate wants both names.
func (r *MaintainCatalogue) Validate() error {
	var c fault.Checks
	c.Text(r.Editor, "editor", 50, "SH16-D-10")
	c.Text(r.Reviewer, "reviewer", 50, "SH16-D-10")
	return c.Err()
}

// Maintain records the full maintenance of a catalogue in which nothing was to
// be changed; what is to be changed is brought by a revision, whose review is
// the maintenance (SH16-D-10).
func (s *Service) Maintain(ctx context.Context, r MaintainCatalogue) (Catalogue, error) {
	if r.Editor == r.Reviewer {
		return Catalogue{}, ErrSame
	}
	return s.Catalogues.Update(ctx, r.ID, func(c *Catalogue, rec *aggregate.Recorder) error {
		switch {
		case rec.By().Unit != c.Unit:
			return ErrNotOwner
		case c.State != Published:
			return ErrState
		case c.Running(clockUpdate) != nil:
			return ErrOutstanding
		}
		rec.State(c.subject(), &dataresourcev1.CatalogueMaintained{
			ProjectId: c.project(), CatalogueId: c.ID, Unit: c.Unit, Editor: r.Editor, Reviewer: r.Reviewer, Basis: []string{"SH16-D-10"},
		})
		return s.nextMaintenance(c, rec)
	})
}

// nextMaintenance ends the year of one full maintenance and begins the next
// (SH16-D-10).
func (s *Service) nextMaintenance(c *Catalogue, rec *aggregate.Recorder) error {
	c.Maintained = rec.Today().String()
	c.Answered("maintain_catalogue")
	pack, err := s.pack(rec.Today())
	if err != nil {
		return err
	}
	c.MeetClock(rec, clockMaintenance, rec.Today())
	return s.Rules.Start(c.Base(), rec, pack.ID(), clockMaintenance, c.Unit, rec.Today())
}

// Remind asks for what a clock of this service is near or past the end of: the
// yearly maintenance of a catalogue, the regular assessment of a unit. Nobody is
// asked a year ahead.
func (s *Service) Remind(ctx context.Context, obligation, deadline string) error {
	id, _, _ := strings.Cut(deadline, "/")
	switch obligation {
	case clockMaintenance:
		return aggregate.Follow(ctx, s.Catalogues, id, func(c *Catalogue, _ *aggregate.Recorder) error {
			if c.Running(clockMaintenance) != nil && c.State == Published {
				c.Ask(aggregate.Todo{Action: "maintain_catalogue", Role: "declarer", Unit: c.Unit, Title: "数据资源目录年度全面维护：" + c.Title})
			}
			return nil
		})
	case clockAppraisal:
		return aggregate.Follow(ctx, s.Standings, id, func(x *Standing, _ *aggregate.Recorder) error {
			if x.Running(clockAppraisal) != nil {
				x.Ask(aggregate.Todo{Action: "appraise_unit", Role: "data_officer", Unit: Centre, Title: "评估数据资源共享工作：" + x.Unit})
			}
			return nil
		})
	}
	return nil
}
