package cybersecurity

import (
	"context"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/calendar"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
)

// SiteState is whether a website or account is in operation.
type SiteState string

// The states of a site.
const (
	SiteOpen   SiteState = "open"
	SiteClosed SiteState = "closed"
)

// Site is one website or new-media account on record (SH12-21).
type Site struct {
	aggregate.Root
	Title      string    `json:"title"`
	Channel    string    `json:"channel"` // one of Platforms
	Address    string    `json:"address"` // domain name or account
	Department string    `json:"department"`
	Leader     string    `json:"leader"` // the unit's leader in charge
	Contact    string    `json:"contact"`
	Approval   string    `json:"approval,omitempty"` // what allows a website of its own (YP23-M-24)
	State      SiteState `json:"state"`
	Filings    []Filing  `json:"filings"` // oldest first
}

// Filing is one entry of a site's history.
type Filing struct {
	Action string `json:"action"` // opened, changed or closed
	On     string `json:"on"`     // YYYY-MM-DD
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
	Was    *Entry `json:"was,omitempty"` // what a change replaced
}

// Entry is what people put on record about a site.
type Entry struct {
	Name       string `json:"name" required:"true"`
	Department string `json:"department" required:"true"`
	Leader     string `json:"leader" required:"true"`
	Contact    string `json:"contact" required:"true"`
}

func (e *Entry) check(c *fault.Checks) {
	c.Text(e.Name, "name", 200, "SH12-21")
	c.Text(e.Department, "department", 100, "SH12-21", "SH12-G")
	c.Text(e.Leader, "leader", 50, "SH12-21", "SH12-G")
	c.Text(e.Contact, "contact", 100, "SH12-21")
}

func (y *Site) entry() *Entry {
	return &Entry{Name: y.Title, Department: y.Department, Leader: y.Leader, Contact: y.Contact}
}

func (y *Site) put(e Entry) {
	y.Title, y.Department, y.Leader, y.Contact = e.Name, e.Department, e.Leader, e.Contact
}

// OpenSite puts a new website or account on record.
type OpenSite struct {
	ProjectID string `json:"project_id"` // the information-publishing project it belongs to, or empty
	Channel   string `json:"channel" required:"true" enum:"website,wechat,weibo,app,mini_program,video"`
	Address   string `json:"address" required:"true"`
	Approval  string `json:"approval"` // of a website: the decision or document that allows it
	Entry
}

// Validate lists what is wrong with the entry.
func (r *OpenSite) Validate() error {
	var c fault.Checks
	checkPlatform(&c, r.Channel, "channel")
	c.Text(r.Address, "address", 200, "SH12-21")
	c.Require(r.Channel != "website" || r.Approval != "", "approval", "required",
		"原则上不得新建本单位网站，确需新建的须列明批准依据", "in principle no unit builds a website; name what allows this one", "YP23-M-24")
	r.check(&c)
	return c.Err()
}

// Open files the opening. One that belongs to an information-publishing project
// is covered by cac's consent.
func (s *Service) Open(ctx context.Context, r OpenSite) (Site, error) {
	if r.ProjectID != "" {
		c, err := s.Consents.Get(ctx, r.ProjectID)
		if err != nil {
			return Site{}, err
		}
		if c.Unit != authn.By(ctx).Unit {
			return Site{}, ErrNotOwner
		}
		if !c.covers(Channel{Platform: r.Channel, Account: r.Address}) {
			return Site{}, ErrConsent
		}
	}
	y, err := s.Sites.Create(ctx, s.NewID(), func(y *Site, rec *aggregate.Recorder) error {
		y.ProjectID = r.ProjectID
		y.Share(Office)
		y.Channel, y.Address, y.Approval, y.State, y.Filings = r.Channel, r.Address, r.Approval, SiteOpen, []Filing{}
		y.put(r.Entry)
		y.file(rec, Filing{Action: "opened"})
		return nil
	})
	return taken(y, err, ErrOnRecord)
}

// file adds to the history and states it.
func (y *Site) file(rec *aggregate.Recorder, f Filing) {
	f.By = rec.By().Actor()
	if f.On == "" {
		f.On = rec.Today().String()
	}
	y.Filings = append(y.Filings, f)
	subject := y.ProjectID
	if subject == "" {
		subject = y.ID
	}
	rec.State(subject, &cybersecurityv1.WebsiteFiled{
		ProjectId: y.ProjectID, SiteId: y.ID, Name: y.Title, Channel: y.Channel, Unit: y.Unit, Leader: y.Leader,
		Action: f.Action, Address: y.Address, Department: y.Department, Basis: []string{"SH12-21"},
	})
}

// ChangeSite replaces the entry of a site.
type ChangeSite struct {
	ID      string `path:"id" json:"-"`
	IfMatch string `header:"If-Match" json:"-"` // the version that was read
	Reason  string `json:"reason" required:"true"`
	Entry
}

// Validate lists what is wrong with the change.
func (r *ChangeSite) Validate() error {
	var c fault.Checks
	checkVersion(&c, r.IfMatch)
	c.Text(r.Reason, "reason", 2000, "SH12-21")
	r.check(&c)
	return c.Err()
}

// Change files a change; what it replaces stays in the history.
func (s *Service) Change(ctx context.Context, r ChangeSite) (Site, error) {
	return s.Sites.Update(ctx, r.ID, func(y *Site, rec *aggregate.Recorder) error {
		if err := y.mayChange(rec.By()); err != nil {
			return err
		}
		was := y.entry()
		y.put(r.Entry)
		y.file(rec, Filing{Action: "changed", Reason: r.Reason, Was: was})
		return nil
	})
}

// CloseSite files the closing.
type CloseSite struct {
	ID       string        `path:"id" json:"-"`
	Reason   string        `json:"reason" required:"true"`
	ClosedOn calendar.Date `json:"closed_on" required:"true"`
}

// Validate lists what is missing.
func (r *CloseSite) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "SH12-21", "ours")
	c.Require(!r.ClosedOn.IsZero(), "closed_on", "required", "必填", "is required", "ours")
	return c.Err()
}

// Close ends a site; its address may be filed again.
func (s *Service) Close(ctx context.Context, r CloseSite) (Site, error) {
	return s.Sites.Update(ctx, r.ID, func(y *Site, rec *aggregate.Recorder) error {
		if err := y.mayChange(rec.By()); err != nil {
			return err
		}
		var c fault.Checks
		c.Require(!r.ClosedOn.After(rec.Today()), "closed_on", "in_the_future", "关闭日期不得晚于今天", "not after today", "ours")
		if err := c.Err(); err != nil {
			return err
		}
		y.State = SiteClosed
		y.file(rec, Filing{Action: "closed", Reason: r.Reason, On: r.ClosedOn.String()})
		return nil
	})
}

func (y *Site) mayChange(by authn.Principal) error {
	if by.Unit != y.Unit {
		return ErrNotOwner
	}
	if y.State != SiteOpen {
		return ErrState.WithMsg("该网站（账号）已关闭", "the site is closed")
	}
	return nil
}
