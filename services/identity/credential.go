package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"time"

	"egov/libs/aggregate"
	"egov/libs/authn"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// Credential is what an account signs in with. Only the service itself sees it:
// it is no party's, is part of no answer and of no fact.
type Credential struct {
	aggregate.Root
	Hash         string    `json:"hash"`
	Former       []string  `json:"former"` // hashes of earlier passwords, the latest first
	ChangedAt    time.Time `json:"changed_at"`
	OneTimeUntil time.Time `json:"one_time_until,omitzero"` // set while the password is one that was handed over
	Ageless      bool      `json:"ageless"`                 // does not age: a demonstration's
	Failures     int       `json:"failures"`
	FailedAt     time.Time `json:"failed_at,omitzero"`
	LockedUntil  time.Time `json:"locked_until,omitzero"`
	SessionsFrom time.Time `json:"sessions_from,omitzero"` // sessions begun before are void
}

// secret keeps the credential from every party.
func (c *Credential) secret() { c.Unit, c.Parties = Platform, []string{} }

// usable refuses a credential that is locked, or a one-time password whose time
// is over.
func (c *Credential) usable(now time.Time) error {
	if now.Before(c.LockedUntil) || !c.OneTimeUntil.IsZero() && !now.Before(c.OneTimeUntil) {
		return ErrSignIn
	}
	return nil
}

// mustChange reports whether the password has to be changed before anything
// else can be done.
func (c *Credential) mustChange(now time.Time, p PasswordRules) bool {
	aged := p.MaxAgeDays > 0 && !c.Ageless && now.Sub(c.ChangedAt) > time.Duration(p.MaxAgeDays)*24*time.Hour
	return !c.OneTimeUntil.IsZero() || aged
}

// set replaces the password.
func (c *Credential) set(hash string, now time.Time, history int) {
	if c.Hash != "" {
		c.Former = slices.Insert(c.Former, 0, c.Hash)
	}
	c.Former = append([]string{}, c.Former[:min(len(c.Former), history)]...)
	c.Hash, c.ChangedAt, c.OneTimeUntil, c.Ageless = hash, now, time.Time{}, false
	c.Failures, c.LockedUntil, c.SessionsFrom = 0, time.Time{}, now
}

// decoyID is the credential of nobody. It has no form of an account id.
const decoyID = "(nobody)"

// Prepare makes the credential of nobody, with which the password given for an
// unknown account is compared: as long, with the same traces in the database,
// and in vain. Call it once before the first sign-in.
func (s *Service) Prepare(ctx context.Context) error {
	hash, err := s.Passwords.Hash(ctx, rand.Text())
	if err != nil {
		return err
	}
	nobody, err := s.Credentials.Upsert(s.asSelf(ctx), decoyID, func(c *Credential, rec *aggregate.Recorder) error {
		c.secret()
		c.set(hash, rec.Now(), 0)
		return nil
	})
	if err == nil {
		s.decoy.Store(&nobody)
	}
	return err
}

// check compares a password with that of an account and counts a wrong one. The
// answer is ErrSignIn whatever is wrong. On success the caller still asks
// confirm, in its transaction, whether the password holds.
func (s *Service) check(ctx context.Context, account, password string) (Credential, error) {
	nobody := s.decoy.Load()
	if nobody == nil {
		return Credential{}, ErrNotReady
	}
	known, err := s.Credentials.Get(s.asSelf(ctx), account)
	if missing(err) || err == nil && account == decoyID {
		known, err = *nobody, nil
	}
	if err != nil {
		return Credential{}, err
	}
	ok, err := s.Passwords.Matches(ctx, known.Hash, password)
	if err != nil {
		return Credential{}, err
	}
	if !ok || known.ID == decoyID {
		return Credential{}, s.wrong(ctx, known.ID)
	}
	return known, nil
}

// wrong counts a wrong password, and locks the account when there were too
// many in a row. It answers ErrSignIn unless it fails.
func (s *Service) wrong(ctx context.Context, id string) error {
	// A caller that goes away does not undo its guess.
	self := s.asSelf(s.unkeyed(context.WithoutCancel(ctx)))
	err := s.InTx(self, func(ctx context.Context) error {
		var until time.Time
		var failures int
		_, err := s.Credentials.Update(ctx, id, func(c *Credential, rec *aggregate.Recorder) error {
			until = time.Time{}
			now := rec.Now()
			if now.Before(c.LockedUntil) {
				return nil
			}
			if now.Sub(c.FailedAt) > minutes(s.Duties.Lockout.ForgetMinutes) {
				c.Failures = 0
			}
			c.Failures++
			c.FailedAt = now
			failures = c.Failures
			if c.Failures >= s.Duties.Lockout.Failures && id != decoyID {
				until = now.Add(minutes(s.Duties.Lockout.Minutes))
				c.Failures, c.LockedUntil = 0, until
			}
			return nil
		})
		if err != nil || until.IsZero() {
			return err
		}
		_, err = s.Accounts.Update(ctx, id, func(a *Account, rec *aggregate.Recorder) error {
			a.LockedUntil = until
			rec.State(a.ID, &identityv1.SignInLocked{AccountId: a.ID, Until: until.Format(time.RFC3339), Failures: int32(failures)})
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	return ErrSignIn
}

// confirm makes a checked password count, under the credential's lock: of many
// guesses at once only as many are answered as there would be one by one.
func (s *Service) confirm(ctx context.Context, checked Credential, f func(*Credential, time.Time) error) (Credential, error) {
	return s.Credentials.Update(s.asSelf(s.unkeyed(ctx)), checked.ID, func(c *Credential, rec *aggregate.Recorder) error {
		if c.Hash != checked.Hash {
			return ErrSignIn // changed meanwhile
		}
		if err := c.usable(rec.Now()); err != nil {
			return err
		}
		c.Failures = 0
		return f(c, rec.Now())
	})
}

// digest stands for secrets in a stored command: a plain hash of a password
// would be guessed in no time.
func (s *Service) digest(parts ...string) []byte {
	m := hmac.New(sha256.New, s.Secret)
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		m.Write(sum[:])
	}
	return m.Sum(nil)
}

// ChangePassword replaces the caller's own password.
type ChangePassword struct {
	Key     string `header:"Idempotency-Key" json:"-"`
	Address string `remote:"addr" json:"-"`
	Forward string `header:"X-Forwarded-For" json:"-"`
	Current string `json:"current_password" required:"true"`
	New     string `json:"new_password" required:"true"`
}

// Validate bounds what is hashed; the rules of the district come after.
func (r *ChangePassword) Validate() error {
	var c fault.Checks
	c.Text(r.Current, "current_password", maxSecret)
	c.Text(r.New, "new_password", maxSecret, "SH12-P-9")
	c.Require(r.New == "" || r.New != r.Current, "new_password", "password_unchanged", "新密码不得与当前密码相同", "the new password is the current one", "SH12-P-9")
	return c.Err()
}

// maxSecret bounds a password or token in a request, in characters.
const maxSecret = 256

// ChangePassword replaces the caller's password, ends all its sessions and
// begins a new one.
func (s *Service) ChangePassword(ctx context.Context, r ChangePassword) (Grant, error) {
	by := authn.By(ctx)
	if err := s.Throttle.Allow(by.Subject, r.Address); err != nil {
		return Grant{}, err
	}
	var c fault.Checks
	s.Duties.Password.Acceptable(&c, by.Subject, r.New, "new_password")
	if err := c.Err(); err != nil {
		return Grant{}, ErrPassword.WithViolations(fault.From(err).Violations...)
	}
	checked, err := s.check(ctx, by.Subject, r.Current)
	if err != nil {
		return Grant{}, err
	}
	if err := s.unused(ctx, checked, r.New); err != nil {
		return Grant{}, err
	}
	hash, err := s.Passwords.Hash(ctx, r.New)
	if err != nil {
		return Grant{}, err
	}
	me := asPerson(s.unkeyed(ctx), authn.Principal{Subject: by.Subject, Name: by.Name, Unit: by.Unit})
	id := s.NewID()
	var begun begun
	err = s.InTx(me, func(ctx context.Context) error {
		cred, err := s.confirm(ctx, checked, func(c *Credential, now time.Time) error {
			c.set(hash, now, s.Duties.Password.History)
			return nil
		})
		if err != nil {
			return err
		}
		account, err := s.Accounts.Update(ctx, by.Subject, func(a *Account, rec *aggregate.Recorder) error {
			if err := a.at(Active); err != nil {
				return err
			}
			rec.State(a.ID, &identityv1.PasswordChanged{AccountId: a.ID})
			return nil
		})
		if err != nil {
			return err
		}
		begun, err = s.begin(ctx, id, account, cred, "")
		return err
	})
	if err != nil {
		return Grant{}, err
	}
	return s.grant(begun)
}

// unused refuses a password that the account had lately.
func (s *Service) unused(ctx context.Context, c Credential, password string) error {
	for _, hash := range append([]string{c.Hash}, c.Former...) {
		used, err := s.Passwords.Matches(ctx, hash, password)
		if err != nil {
			return err
		}
		if used {
			return ErrPassword.WithViolations(fault.Violation{Field: "new_password", Code: "password_reused", Msg: "不得使用最近用过的密码", MsgEN: "the password was used lately", Basis: []string{"SH12-P-9"}})
		}
	}
	return nil
}

// OneTimePassword is a password to hand over; it is shown once.
type OneTimePassword struct {
	Account   string    `json:"account"`
	Password  string    `json:"one_time_password,omitempty"` // absent when the request is a repeated one
	ExpiresAt time.Time `json:"expires_at"`
}

// ResetPassword gives an account a one-time password, lifts its lock and ends
// its sessions. Its holder changes it before anything else. Nobody resets their
// own.
func (s *Service) ResetPassword(ctx context.Context, r Reasoned) (OneTimePassword, error) {
	secret := rand.Text()
	hash, err := s.Passwords.Hash(ctx, secret)
	if err != nil {
		return OneTimePassword{}, err
	}
	out := OneTimePassword{Account: r.ID}
	err = s.InTx(ctx, func(ctx context.Context) error {
		out.Password = ""
		account, err := s.change(ctx, r.ID, func(a *Account, _ Unit, rec *aggregate.Recorder) error {
			if err := a.at(Active); err != nil {
				return err
			}
			if is(rec.By(), a.ID) {
				return ErrFourEyes
			}
			out.Password = secret
			a.LockedUntil = time.Time{}
			rec.State(a.ID, &identityv1.PasswordChanged{AccountId: a.ID, Reset_: true, Reason: r.Reason})
			return nil
		})
		if err != nil {
			return err
		}
		out.ExpiresAt = account.UpdatedAt.Add(hours(s.Duties.Password.OneTime.Hours))
		if out.Password == "" {
			return nil // a repeated request: the password was shown the first time
		}
		_, err = s.Credentials.Upsert(s.asSelf(s.unkeyed(ctx)), r.ID, func(c *Credential, rec *aggregate.Recorder) error {
			c.secret()
			c.set(hash, rec.Now(), s.Duties.Password.History)
			c.OneTimeUntil = out.ExpiresAt
			return nil
		})
		return err
	})
	return out, err
}

// Unlock lifts the lock that wrong passwords put on an account.
func (s *Service) Unlock(ctx context.Context, r Reasoned) (Account, error) {
	var out Account
	err := s.InTx(ctx, func(ctx context.Context) (err error) {
		out, err = s.change(ctx, r.ID, func(a *Account, _ Unit, rec *aggregate.Recorder) error {
			if is(rec.By(), a.ID) {
				return ErrFourEyes
			}
			if !rec.Now().Before(a.LockedUntil) {
				return wrongState("账户没有锁定", "the account is not locked")
			}
			a.LockedUntil = time.Time{}
			rec.State(a.ID, &identityv1.AccountUnlocked{AccountId: a.ID, UnlockedBy: rec.By().Actor(), Reason: r.Reason})
			return nil
		})
		if err != nil {
			return err
		}
		_, err = s.Credentials.Update(s.asSelf(s.unkeyed(ctx)), r.ID, func(c *Credential, _ *aggregate.Recorder) error {
			c.Failures, c.LockedUntil = 0, time.Time{}
			return nil
		})
		return err
	})
	return out, err
}

// endSessions voids every session of an account.
func (s *Service) endSessions(ctx context.Context, account string) error {
	_, err := s.Credentials.Update(s.asSelf(s.unkeyed(ctx)), account, func(c *Credential, rec *aggregate.Recorder) error {
		c.SessionsFrom = rec.Now()
		return nil
	})
	if missing(err) {
		return nil // it never had a password
	}
	return err
}
