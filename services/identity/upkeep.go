package identity

import (
	"context"
	"errors"

	"egov/libs/aggregate"
)

// Upkeep does what time asks for: accounts whose review is due are laid before
// their reviewers, delegations end after their last day, sessions whose life is
// over are forgotten, and new signing keys are entered into the register. What
// fails is tried again the next time and keeps nothing else from being done.
func (s *Service) Upkeep(ctx context.Context) error {
	ctx = s.asSelf(ctx)
	now := s.Clock.Now()
	today := aggregate.NewRecorder(s.Self, now).Today()
	var errs []error

	due, err := s.Accounts.ReviewDue(ctx, today)
	errs = append(errs, err)
	for _, id := range due {
		errs = append(errs, s.layBefore(ctx, id))
	}
	over, err := s.Delegations.Over(ctx, today)
	errs = append(errs, err)
	for _, id := range over {
		_, err := s.endDelegation(ctx, id, "到期", func(*Delegation) error { return nil })
		errs = append(errs, err)
	}
	for _, k := range s.Keys.Published() {
		if _, err := s.KeyRegister.Get(ctx, k.ID); missing(err) {
			_, err = s.enter(ctx, k, "定期更换")
			errs = append(errs, err)
		}
	}
	errs = append(errs, s.Sessions.Purge(ctx, now.Add(-hours(s.Duties.Session.LifeHours))))
	return errors.Join(errs...)
}

// layBefore puts an account's periodic review on its reviewers' lists.
func (s *Service) layBefore(ctx context.Context, id string) error {
	u, err := s.unitOf(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.Accounts.Update(ctx, id, func(a *Account, _ *aggregate.Recorder) error {
		if a.State != Active || len(a.Todo) > 0 {
			return nil
		}
		a.Await(reviewers(u, "review_account", "定期复核账户岗位："+a.Title)...)
		return nil
	})
	return err
}
