package dataresource

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
)

// SubmitCatalogue lays a catalogue before the centre.
type SubmitCatalogue struct {
	ProjectID string `json:"project_id"` // empty for a system outside of projects
	System    string `json:"system" required:"true"`
	Editor    string `json:"editor" required:"true"`
	Reviewer  string `json:"reviewer" required:"true"`
	Way       string `json:"way" required:"true"`
	// BaseRegister: population, legal_person, spatial or macro_economy; empty for
	// any other data.
	BaseRegister string `json:"base_register" enum:"population,legal_person,spatial,macro_economy"`
	Items        []Item `json:"items" required:"true"`
}

// maxItems bounds one catalogue.
const maxItems = 5000

// Validate lists everything that is wrong, item by item.
func (r *SubmitCatalogue) Validate() error {
	var c fault.Checks
	c.Text(r.System, "system", 200, "YP23-M-22")
	c.Text(r.Editor, "editor", 50, "SH16-D-8")
	c.Text(r.Reviewer, "reviewer", 50, "SH16-D-8")
	oneOf(&c, r.Way, "way", "SH16-D-8", "online", "offline_tool", "system_docking")
	r.checkBase(&c)
	c.Require(len(r.Items) > 0, "items", "required", "目录至少有一个数据项", "a catalogue has at least one item", "YP23-M-22")
	c.Require(len(r.Items) <= maxItems, "items", "too_many", fmt.Sprintf("数据项不得超过%d个", maxItems), fmt.Sprintf("at most %d items", maxItems))
	seen := map[string]bool{}
	keyed := map[string]bool{}
	for i, x := range r.Items {
		at := fmt.Sprintf("items[%d].", i)
		c.Text(x.Resource, at+"resource", 200, "YP23-M-22")
		c.Text(x.Table, at+"table", 128, "YP23-M-22")
		c.Text(x.Field, at+"field", 128, "YP23-M-22")
		c.Text(x.Type, at+"type", 64, "YP23-M-22")
		c.Require(x.Length >= 0, at+"length", "out_of_range", "长度不得为负", "must not be negative", "YP23-M-22")
		oneOf(&c, x.ShareClass, at+"share_class", "SH16-D-9", universal, onDemand, notShared)
		oneOf(&c, x.Frequency, at+"frequency", "YP23-M-22", "realtime", "daily", "weekly", "monthly", "yearly", "once")
		c.Require(x.ShareClass != notShared || x.LegalBasis != "", at+"legal_basis", "required", "不共享须列明法律依据", "what is not shared names its legal basis", "SH16-D-9")
		x.checkIdentity(&c, at)
		c.Require(x.Secrecy, at+"secrecy_checked", "required", "须先经保密审查", "the secrecy check comes first", "SH16-D-19")
		name := x.Resource + "\x00" + x.Table + "\x00" + x.Field
		c.Require(!seen[name], at+"field", "duplicate", "同一表内字段重复", "the field appears twice", "YP23-M-22")
		seen[name] = true
		keyed[x.Resource] = keyed[x.Resource] || x.Key
	}
	for _, x := range r.Items {
		if !keyed[x.Resource] {
			c.Require(false, "items", "no_key", "资源“"+x.Resource+"”没有主键", "resource "+x.Resource+" has no key field", "YP23-M-22")
			keyed[x.Resource] = true
		}
	}
	checkIdentified(&c, r.Items)
	return c.Err()
}

func oneOf(c *fault.Checks, value, field, basis string, codes ...string) {
	c.Require(slices.Contains(codes, value), field, "unknown_code", fmt.Sprintf("须为%v之一", codes), fmt.Sprintf("one of %v", codes), basis)
}

// Submit lays a new catalogue before the centre.
func (s *Service) Submit(ctx context.Context, r SubmitCatalogue) (Catalogue, error) {
	if err := s.admissible(ctx, r); err != nil {
		return Catalogue{}, err
	}
	return s.Catalogues.Create(ctx, s.NewID(), func(c *Catalogue, rec *aggregate.Recorder) error {
		if c.ProjectID = r.ProjectID; c.ProjectID == "" {
			c.ProjectID = c.ID // the subject of its facts
		}
		r.apply(c, rec)
		return nil
	})
}

// ReviseCatalogue brings a returned catalogue again, or changes a published
// one, which is the update that a noted change waits for (SH16-D-10).
type ReviseCatalogue struct {
	ID string `path:"id" json:"-"`
	SubmitCatalogue
}

// Revise lays a corrected catalogue before the centre.
func (s *Service) Revise(ctx context.Context, r ReviseCatalogue) (Catalogue, error) {
	if err := s.admissible(ctx, r.SubmitCatalogue); err != nil {
		return Catalogue{}, err
	}
	return s.Catalogues.Update(ctx, r.ID, func(c *Catalogue, rec *aggregate.Recorder) error {
		if c.Unit != rec.By().Unit {
			return ErrNotOwner
		}
		if c.State != Returned && c.State != Published {
			return ErrState
		}
		r.apply(c, rec)
		c.MeetClock(rec, clockUpdate, rec.Today())
		return nil
	})
}

// admissible refuses what depends on more than the catalogue itself: two
// people, and one source for each shareable item.
func (s *Service) admissible(ctx context.Context, r SubmitCatalogue) error {
	if r.Editor == r.Reviewer {
		return ErrSame
	}
	if err := s.own(ctx, r.ProjectID); err != nil {
		return err
	}
	taken, err := s.Sources.Of(ctx, authn.By(ctx).Unit, sharedKeys(r.Items))
	if err != nil {
		return err
	}
	var v []fault.Violation
	for i, x := range r.Items {
		if source, ok := taken[x.SourceKey()]; ok && x.ShareClass != notShared {
			v = append(v, fault.Violation{
				Field: fmt.Sprintf("items[%d]", i), Code: "item_has_source",
				Msg: "来源单位：" + source.Unit + "，目录：" + source.Catalogue, MsgEN: "its source is " + source.Unit + ", catalogue " + source.Catalogue, Basis: []string{"SH16-D-12"},
			})
		}
	}
	if len(v) > 0 {
		return ErrSource.WithViolations(v...)
	}
	return nil
}

// own refuses to speak for a project that is not the caller's unit's, or that
// has not been submitted: what is laid here opens its gate.
func (s *Service) own(ctx context.Context, project string) error {
	if project == "" {
		return nil
	}
	n, err := s.Needs.Get(ctx, project)
	if fault.Is(err, fault.NotFound) {
		return ErrProject
	}
	if err == nil && n.Unit != authn.By(ctx).Unit {
		return ErrProject
	}
	return err
}

func (r *SubmitCatalogue) apply(c *Catalogue, rec *aggregate.Recorder) {
	c.Title, c.System, c.Editor, c.Reviewer, c.Way, c.Findings = r.System, r.System, r.Editor, r.Reviewer, r.Way, []Find{}
	c.BaseRegister, c.Items = r.BaseRegister, masked(r.Items)
	c.State = Submitted
	c.Revision++
	for _, account := range authn.Accounts(rec.By().Actor()) {
		if !slices.Contains(c.Submitters, account) {
			c.Submitters = append(c.Submitters, account)
		}
	}
	c.Share(Centre)
	title := "审核数据资源目录："
	if c.BaseRegister != "" {
		title = "优先审核基础数据资源目录：" // base registers come first (XA18-21)
	}
	c.Await(aggregate.Todo{Action: "review_catalogue", Role: "data_officer", Unit: Centre, Title: title + c.Title})
	rec.State(c.subject(), &dataresourcev1.CatalogueSubmitted{ProjectId: c.project(), CatalogueId: c.ID, Unit: c.Unit, Items: int32(len(c.Items))})
}

// project is the id of the project that brought the catalogue, or empty.
func (c *Catalogue) project() string {
	if c.ProjectID == c.ID {
		return ""
	}
	return c.ProjectID
}

// subject is what the catalogue's facts are about: its project, or itself.
func (c *Catalogue) subject() string {
	if c.ProjectID != "" {
		return c.ProjectID
	}
	return c.ID
}

// ReviewCatalogue is the centre's answer: the items it sends back; none means
// that the catalogue is published.
type ReviewCatalogue struct {
	ID       string `path:"id" json:"-"`
	Findings []Find `json:"findings"`
}

// Review publishes a catalogue, or returns it with its findings; nobody reviews
// what they laid before the centre (SH12-P-9).
func (s *Service) Review(ctx context.Context, r ReviewCatalogue) (Catalogue, error) {
	var out Catalogue
	err := s.InTx(ctx, func(ctx context.Context) (err error) {
		out, err = s.Catalogues.Update(ctx, r.ID, func(c *Catalogue, rec *aggregate.Recorder) error {
			if c.State != Submitted {
				return ErrState
			}
			if err := notBy(rec.By(), c.Submitters); err != nil {
				return err
			}
			var bad fault.Checks
			for i, f := range r.Findings {
				bad.Require(f.Item >= 0 && f.Item < len(c.Items), fmt.Sprintf("findings[%d].item", i), "out_of_range", "没有这个数据项", "there is no such item")
				bad.Text(f.Reason, fmt.Sprintf("findings[%d].reason", i), 500, "YP23-M-22")
			}
			if err := bad.Err(); err != nil {
				return err
			}
			return s.answer(c, rec, r.Findings)
		})
		if err != nil || out.State != Published {
			return err
		}
		if err := s.Sources.Replace(ctx, out.ID, out.Unit, sharedKeys(out.Items)); err != nil {
			return err
		}
		return s.Index.Replace(ctx, &out)
	})
	return out, err
}

func (s *Service) answer(c *Catalogue, rec *aggregate.Recorder, findings []Find) error {
	basis := []string{"YP23-M-22", "SH16-D-9"}
	if len(findings) > 0 {
		c.State, c.Findings = Returned, findings
		c.Await(aggregate.Todo{Action: "revise_catalogue", Role: "declarer", Unit: c.Unit, Title: "数据资源目录被退回，请修改：" + c.Title})
		fact := &dataresourcev1.CatalogueReturned{ProjectId: c.project(), CatalogueId: c.ID, Reason: findings[0].Reason, Basis: basis}
		for _, f := range findings {
			x := c.Items[f.Item]
			fact.RejectedItems = append(fact.RejectedItems, x.Resource+"/"+x.Table+"."+x.Field+"："+f.Reason)
		}
		rec.State(c.subject(), fact)
		return nil
	}
	c.State, c.Published = Published, rec.Today().String()
	c.Await()
	rec.State(c.subject(), &dataresourcev1.CataloguePublished{ProjectId: c.project(), CatalogueId: c.ID, Unit: c.Unit, Items: int32(len(c.Items)), Basis: basis})
	return s.nextMaintenance(c, rec)
}
