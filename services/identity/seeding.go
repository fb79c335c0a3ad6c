package identity

import (
	"context"
	"time"

	"egov/libs/aggregate"
	"egov/libs/fault"
)

// Seed is one account that a district begins with. The file it stands in is the
// recorded request and review.
type Seed struct {
	RequestAccount
	Verdict
	// PasswordHash is the password's; empty leaves the account without one.
	PasswordHash string
	// Ageless exempts the password from ageing: a demonstration's clock may run
	// through years.
	Ageless bool
	// OneTime makes it a password to be changed at the first sign-in.
	OneTime bool
}

// SeedUnit enters a unit unless it is there.
func (s *Service) SeedUnit(ctx context.Context, r RegisterUnit) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx = s.asSelf(ctx)
	if _, err := s.Units.Get(ctx, r.Code); !missing(err) {
		return err
	}
	_, err := s.Register(ctx, r)
	return already(err)
}

// SeedAccount opens an account unless it is there, under the same rules as any
// other.
func (s *Service) SeedAccount(ctx context.Context, r Seed) error {
	if err := r.Validate(); err != nil {
		return err
	}
	ctx = s.asSelf(ctx)
	if _, err := s.Accounts.Get(ctx, r.Account); !missing(err) {
		return err
	}
	return already(s.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.Request(ctx, r.RequestAccount); err != nil {
			return err
		}
		if _, err := s.Approve(ctx, ApproveAccount{ID: r.Account, Verdict: r.Verdict}); err != nil {
			return err
		}
		if r.PasswordHash == "" {
			return nil
		}
		_, err := s.Credentials.Create(ctx, r.Account, func(c *Credential, rec *aggregate.Recorder) error {
			c.secret()
			c.set(r.PasswordHash, rec.Now(), s.Duties.Password.History)
			c.Ageless, c.SessionsFrom = r.Ageless, time.Time{}
			if r.OneTime {
				c.OneTimeUntil = rec.Now().Add(hours(s.Duties.Password.OneTime.Hours))
			}
			return nil
		})
		return err
	}))
}

// already passes over what another process seeded meanwhile.
func already(err error) error {
	if err != nil && fault.From(err).Code == "already_exists" {
		return nil
	}
	return err
}
