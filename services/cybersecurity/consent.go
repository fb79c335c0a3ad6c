package cybersecurity

import (
	"context"
	"fmt"
	"slices"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	cybersecurityv1 "egov/proto/gen/egov/cybersecurity/v1"
	typev1 "egov/proto/gen/egov/type/v1"
)

// ConsentState is where a request for consent stands.
type ConsentState string

// The states of a consent.
const (
	ConsentRequested ConsentState = "requested"
	ConsentGiven     ConsentState = "given"
	ConsentRefused   ConsentState = "refused"
	ConsentClosed    ConsentState = "closed" // the declaration ended first
)

// Consent is cac's filing consent to one information-publishing project, without
// which it is not evaluated (YP23-R-5.3.6); its id is the project's.
type Consent struct {
	aggregate.Root
	Title     string               `json:"title"`
	Project   *typev1.ProjectBrief `json:"project"`
	State     ConsentState         `json:"state"`
	Round     int                  `json:"round"` // from 1; a project refused once may ask again
	Declarers []string             `json:"declarers"`
	ConsentNo string               `json:"consent_no,omitempty"`
	Channels  []Channel            `json:"channels"`
	Reason    string               `json:"reason,omitempty"` // of a refusal
	DecidedBy string               `json:"decided_by,omitempty"`
	DecidedOn string               `json:"decided_on,omitempty"` // YYYY-MM-DD
	Signature *typev1.Signature    `json:"signature,omitempty"`
}

// Channel is one account through which a unit publishes.
type Channel struct {
	Platform string `json:"platform" required:"true" enum:"website,wechat,weibo,app,mini_program,video"`
	Account  string `json:"account" required:"true"`
}

func (c Channel) String() string { return c.Platform + "/" + c.Account }

// Platforms are the kinds of website and account that are put on record.
var Platforms = []string{"website", "wechat", "weibo", "app", "mini_program", "video"}

// requestConsent opens the desk's task; a consent once given stands.
func (s *Service) requestConsent(ctx context.Context, p *typev1.ProjectBrief, declarers []string) error {
	_, err := s.Consents.Upsert(ctx, p.GetProjectId(), func(c *Consent, rec *aggregate.Recorder) error {
		if c.Round == 0 {
			c.ProjectID, c.Channels = c.ID, []Channel{}
			c.Own(p.GetUnit())
			c.Share(Office, p.GetSupervisor())
		}
		c.Project, c.Title, c.Declarers = p, p.GetTitle(), declarers
		if c.State == ConsentGiven || c.State == ConsentRequested {
			return nil
		}
		c.State, c.Reason, c.DecidedBy, c.DecidedOn, c.Signature = ConsentRequested, "", "", "", nil
		c.Round++
		c.Await(aggregate.Todo{Action: "give_consent", Role: "cyber_officer", Unit: Office, Title: "信息发布类项目备案审核：" + c.Title})
		return s.Rules.Start(c.Base(), rec, p.GetPack(), "publishing_consent", Office, rec.Today())
	})
	return err
}

// closeConsent takes the task off the desk.
func closeConsent(c *Consent, rec *aggregate.Recorder) error {
	if c.State == ConsentRequested {
		c.State = ConsentClosed
		c.WaiveClock(rec, "publishing_consent", "申报终止")
	}
	c.Await()
	return nil
}

// GiveConsent is cac's consent.
type GiveConsent struct {
	ID        string    `path:"id" json:"-"`
	ConsentNo string    `json:"consent_no" required:"true"`
	Channels  []Channel `json:"channels" required:"true"` // every account it covers
}

// Validate lists what is wrong whatever the project.
func (r *GiveConsent) Validate() error {
	var c fault.Checks
	c.Text(r.ConsentNo, "consent_no", 100, "YP23-R-5.3.6")
	c.Require(len(r.Channels) > 0, "channels", "required", "须列明同意使用的账号", "name the accounts consented to", "YP23-R-5.3.6")
	seen := map[Channel]bool{}
	for i, ch := range r.Channels {
		at := fmt.Sprintf("channels[%d]", i)
		checkPlatform(&c, ch.Platform, at+".platform")
		c.Text(ch.Account, at+".account", 100, "SH12-21")
		c.Require(!seen[ch], at, "duplicate", "账号重复", "the account appears twice")
		seen[ch] = true
	}
	return c.Err()
}

func checkPlatform(c *fault.Checks, platform, field string) {
	oneOf(c, platform, field, Platforms, "SH12-21")
}

// Consent gives cac's consent to the project and the accounts it names.
func (s *Service) Consent(ctx context.Context, r GiveConsent) (Consent, error) {
	c, err := s.Consents.Update(ctx, r.ID, func(c *Consent, rec *aggregate.Recorder) error {
		if err := c.decide(rec.By(), rec.Today().String()); err != nil {
			return err
		}
		c.State, c.ConsentNo, c.Channels = ConsentGiven, r.ConsentNo, r.Channels
		var err error
		if c.Signature, err = s.Sign("cybersecurity.GiveConsent", rec.By(), map[string]any{
			"project_id": c.ProjectID, "consent_no": c.ConsentNo, "channels": c.Channels, "decided_on": c.DecidedOn,
		}); err != nil {
			return err
		}
		c.MeetClock(rec, "publishing_consent", rec.Today())
		rec.State(c.ProjectID, &cybersecurityv1.PublishingConsentGiven{
			ProjectId: c.ProjectID, ConsentNo: c.ConsentNo, Channels: names(c.Channels),
			Basis: []string{"YP23-R-5.3.6"}, Signature: c.Signature,
		})
		return nil
	})
	return taken(c, err, ErrNumber)
}

func names(channels []Channel) []string {
	out := make([]string, len(channels))
	for i, c := range channels {
		out[i] = c.String()
	}
	return out
}

// RefuseConsent is cac's refusal.
type RefuseConsent struct {
	ID     string `path:"id" json:"-"`
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *RefuseConsent) Validate() error {
	var c fault.Checks
	c.Text(r.Reason, "reason", 2000, "YP23-R-5.3.6")
	return c.Err()
}

// RefuseConsent refuses; the project may be declared again and then asks again.
func (s *Service) RefuseConsent(ctx context.Context, r RefuseConsent) (Consent, error) {
	return s.Consents.Update(ctx, r.ID, func(c *Consent, rec *aggregate.Recorder) error {
		if err := c.decide(rec.By(), rec.Today().String()); err != nil {
			return err
		}
		c.State, c.Reason = ConsentRefused, r.Reason
		var err error
		if c.Signature, err = s.Sign("cybersecurity.RefuseConsent", rec.By(), map[string]any{
			"project_id": c.ProjectID, "reason": c.Reason, "decided_on": c.DecidedOn,
		}); err != nil {
			return err
		}
		c.MeetClock(rec, "publishing_consent", rec.Today())
		rec.State(c.ProjectID, &cybersecurityv1.PublishingConsentRefused{
			ProjectId: c.ProjectID, Reason: c.Reason, Basis: []string{"YP23-R-5.3.6"}, Signature: c.Signature,
		})
		return nil
	})
}

// decide checks who decides and when, and takes the task off the desk.
func (c *Consent) decide(by authn.Principal, today string) error {
	if c.State != ConsentRequested {
		return wrongState("备案", "the consent", string(c.State))
	}
	if err := answers(by, Office, c.Declarers); err != nil {
		return err
	}
	c.DecidedBy, c.DecidedOn = by.Actor(), today
	c.Await()
	return nil
}

// covers reports whether the consent stands for an account.
func (c *Consent) covers(ch Channel) bool {
	return c.State == ConsentGiven && slices.Contains(c.Channels, ch)
}
