package module_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"egov/libs/module/moduletest"
	identityv1 "egov/proto/gen/egov/identity/v1"
	"egov/services/identity"
	"egov/services/identity/module"
)

func TestEveryDemoAccountSignsIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	var page struct {
		Items []identity.Account `json:"items"`
	}
	w.signIn("account-admin").get("/v1/accounts?page_size=200").OK(&page)
	if len(page.Items) < 50 {
		t.Fatalf("%d accounts", len(page.Items))
	}
	for _, a := range page.Items {
		p := w.signIn(a.ID)
		var me identity.Me
		p.get("/v1/me").OK(&me)
		if me.Principal.Subject != a.ID || me.Principal.Unit != a.Unit || !slices.Equal(me.Principal.Roles, a.Roles) || me.Principal.District != "yangpu" || me.MustChangePassword {
			t.Errorf("%+v", me.Principal)
		}
		if p.TokenType != "Bearer" || p.ExpiresAt.Sub(w.Now()) > 15*time.Minute {
			t.Errorf("%+v", p.Grant)
		}
	}
	centre := w.signIn("education-info-centre.declarer").Principal
	if centre.UnitKind != "institution" || centre.ParentUnit != "education" {
		t.Errorf("%+v", centre)
	}
	f := w.Stated("edu.declarer", &identityv1.SignedIn{})
	if f.Actor != "edu.declarer" || f.Unit != "education" || f.Data["method"] != "password" {
		t.Errorf("%+v", f)
	}
	approved := w.Stated("edu.declarer", &identityv1.AccountApproved{})
	if approved.Data["signature"].(fields)["alg"] != "sm2" || approved.Data["reviewer"] != "周启明" || approved.Actor != "service:identity" {
		t.Errorf("%+v", approved)
	}
}

// Whatever is wrong about a sign-in, the answer is the same to the byte.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin, second := w.signIn("account-admin"), w.signIn("account-admin.2")
	admin.post("/v1/accounts/edu.declarer/disable", reason("调离")).OK(nil)
	admin.post("/v1/accounts", fields{"account": "edu.new", "name": "新人", "unit": "education", "roles": []string{"declarer"}, "reason": "入职"}).OK(nil)
	admin.post("/v1/accounts", fields{"account": "edu.newer", "name": "新人", "unit": "education", "roles": []string{"declarer"}, "reason": "入职"}).OK(nil)
	second.post("/v1/accounts/edu.newer/approve", verdict).OK(nil)
	for range 5 {
		w.anybody().post("/v1/sessions", fields{"account": "health.declarer", "password": "wrong"}).Refused(401, "sign_in_refused")
	}
	var first string
	for _, tt := range []struct{ name, account, password string }{
		{"WrongPassword", "market.declarer", "wrong"},
		{"UnknownAccount", "no-such-account", demoPassword},
		{"Nobody", "(nobody)", demoPassword},
		{"Locked", "health.declarer", demoPassword},
		{"Disabled", "edu.declarer", demoPassword},
		{"NotApprovedYet", "edu.new", demoPassword},
		{"WithoutPassword", "edu.newer", demoPassword},
		{"QuoteInName", "x' OR '1'='1", demoPassword},
	} {
		a := w.anybody().post("/v1/sessions", fields{"account": tt.account, "password": tt.password})
		a.Refused(401, "sign_in_refused")
		if first == "" {
			first = string(a.Body)
		}
		if string(a.Body) != first {
			t.Errorf("%s: %s", tt.name, a.Body)
		}
	}
}

func TestLockout(t *testing.T) {
	t.Parallel()
	w := start(t)
	wrong := fields{"account": "edu.declarer", "password": "wrong"}
	for range 4 {
		w.anybody().post("/v1/sessions", wrong).Refused(401, "sign_in_refused")
	}
	w.signIn("edu.declarer") // success forgets the failures
	for range 4 {
		w.anybody().post("/v1/sessions", wrong).Refused(401, "sign_in_refused")
	}
	w.later(31 * time.Minute) // so does time
	w.anybody().post("/v1/sessions", wrong).Refused(401, "sign_in_refused")
	if n := w.Count("edu.declarer", &identityv1.SignInLocked{}); n != 0 {
		t.Fatalf("%d locks", n)
	}
	for range 4 {
		w.anybody().post("/v1/sessions", wrong).Refused(401, "sign_in_refused")
	}
	locked := w.Stated("edu.declarer", &identityv1.SignInLocked{})
	if locked.Actor != "service:identity" || locked.Data["failures"] != 5.0 {
		t.Errorf("%+v", locked)
	}
	right := fields{"account": "edu.declarer", "password": demoPassword}
	w.anybody().post("/v1/sessions", right).Refused(401, "sign_in_refused")
	if a := w.account("edu.declarer"); !a.LockedUntil.After(w.Now()) {
		t.Errorf("locked until %s", a.LockedUntil)
	}
	w.later(29 * time.Minute)
	w.anybody().post("/v1/sessions", right).Refused(401, "sign_in_refused")
	w.later(2 * time.Minute)
	w.signIn("edu.declarer")

	for range 5 {
		w.anybody().post("/v1/sessions", wrong).Refused(401, "sign_in_refused")
	}
	w.signIn("edu.supervisor").post("/v1/accounts/edu.declarer/unlock", reason("本人核实")).Refused(403, "role_required")
	w.signIn("account-admin").post("/v1/accounts/edu.declarer/unlock", reason("本人核实")).OK(nil)
	w.signIn("edu.declarer")
	w.signIn("account-admin").post("/v1/accounts/edu.declarer/unlock", reason("本人核实")).Refused(409, "wrong_state")
}

// Many guesses at once get no further than one after the other: when they are
// through, the account is locked and the right password does not open it.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	w := start(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": fmt.Sprint("guess-", i)}).Refused(401, "sign_in_refused")
		})
	}
	wg.Wait()
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword}).Refused(401, "sign_in_refused")
	if n := w.Count("edu.declarer", &identityv1.SignInLocked{}); n != 1 {
		t.Errorf("%d locks", n)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	w := start(t, func(c *module.Config) {
		c.Duties = cheapDuties(t, "{per_minute: 600, burst: 60}", "{per_minute: 1, burst: 3}", "{per_minute: 6000, burst: 600}", "{per_minute: 1, burst: 5}")
	})
	try := func(account, forwarded string) moduletest.Answer {
		return w.anybody().post("/v1/sessions", fields{"account": account, "password": "wrong"}, moduletest.Header{Name: "X-Forwarded-For", Value: forwarded})
	}
	for i := range 3 {
		try("no-such-account", fmt.Sprint("203.0.113.", i)).Refused(401, "sign_in_refused")
	}
	a := try("no-such-account", "203.0.113.9")
	a.Refused(429, "sign_in_throttled")
	if a.Header.Get("Retry-After") == "" {
		t.Error("not said when to try again")
	}
	for i := range 5 {
		try(fmt.Sprint("other-", i), "198.51.100.7").Refused(401, "sign_in_refused")
	}
	try("another", "198.51.100.7").Refused(429, "sign_in_throttled")
	try("another", "198.51.100.8").Refused(401, "sign_in_refused")
}

func refresh(w *world, token string, headers ...moduletest.Header) moduletest.Answer {
	w.t.Helper()
	return w.anybody().post("/v1/sessions/refresh", fields{"refresh_token": token}, headers...)
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	w := start(t)
	p := w.signIn("edu.declarer")
	var second, again, third identity.Grant
	w.later(10 * time.Minute)
	refresh(w, p.RefreshToken, moduletest.Key("k1")).OK(&second)
	if second.RefreshToken == p.RefreshToken || second.Principal.Subject != "edu.declarer" || second.ExpiresAt.Sub(w.Now()) < 14*time.Minute {
		t.Fatalf("%+v", second)
	}
	// The answer was lost on the way: the same again.
	refresh(w, p.RefreshToken, moduletest.Key("k1")).OK(&again)
	if again.RefreshToken != second.RefreshToken {
		t.Error("a repeated refresh gives another token")
	}
	w.later(time.Minute)
	refresh(w, second.RefreshToken).OK(&third)
	refresh(w, "not-a-token").Refused(401, "session_ended")
	forged := third.RefreshToken[:len(third.RefreshToken)-6] + "AAAAAA"
	refresh(w, forged).Refused(401, "session_ended")
	var fourth identity.Grant
	refresh(w, third.RefreshToken).OK(&fourth)

	// A token of two generations ago can only be stolen: the family ends.
	refresh(w, second.RefreshToken).Refused(401, "refresh_token_reused")
	refresh(w, fourth.RefreshToken).Refused(401, "session_ended")
	ended := w.Stated("edu.declarer", &identityv1.SessionEnded{})
	if ended.Data["reason"] != "reused" {
		t.Errorf("%+v", ended)
	}

	// The last token, but later than an answer could have been lost.
	p = w.signIn("edu.declarer")
	refresh(w, p.RefreshToken).OK(&second)
	w.later(11 * time.Second)
	refresh(w, p.RefreshToken).Refused(401, "refresh_token_reused")
	refresh(w, second.RefreshToken).Refused(401, "session_ended")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name, tt := range map[string]struct {
		after func(t *testing.T, p *person)
		alive bool
	}{
		"InUse": {func(*testing.T, *person) { w.later(20 * time.Minute) }, true},
		"SignOut": {func(_ *testing.T, p *person) {
			p.post("/v1/sessions/revoke", fields{"refresh_token": p.RefreshToken}).OK(nil)
		}, false},
		"Disabled": {func(_ *testing.T, p *person) {
			w.signIn("account-admin").post("/v1/accounts/"+p.Principal.Subject+"/disable", reason("调离")).OK(nil)
		}, false},
		"PasswordReset": {func(_ *testing.T, p *person) {
			w.signIn("account-admin").post("/v1/accounts/"+p.Principal.Subject+"/password-reset", reason("遗忘")).OK(nil)
		}, false},
	} {
		account := map[string]string{"InUse": "edu.declarer", "SignOut": "health.declarer", "Disabled": "market.declarer", "PasswordReset": "police.declarer"}[name]
		t.Run(name, func(t *testing.T) {
			p := w.signIn(account)
			tt.after(t, p)
			if tt.alive {
				refresh(w, p.RefreshToken).OK(&p.Grant)
				return
			}
			refresh(w, p.RefreshToken).Refused(401, "session_ended")
		})
	}

	// Signing out needs the token, says nothing about others', and is repeatable.
	p := w.signIn("edu.declarer")
	w.anybody().post("/v1/sessions/revoke", fields{"refresh_token": "no.0.token"}).OK(nil)
	session, _, _ := strings.Cut(p.RefreshToken, ".")
	w.anybody().post("/v1/sessions/revoke", fields{"refresh_token": session + ".0.guess"}).OK(nil)
	refresh(w, p.RefreshToken).OK(&p.Grant)
	for range 2 {
		w.anybody().post("/v1/sessions/revoke", fields{"refresh_token": p.RefreshToken}).OK(nil)
	}
	refresh(w, p.RefreshToken).Refused(401, "session_ended")

	idle := w.signIn("edu.declarer")
	w.later(61 * time.Minute)
	refresh(w, idle.RefreshToken).Refused(401, "session_ended")
	idle.get("/v1/me").Refused(401, "invalid_token")

	long := w.signIn("edu.declarer")
	for range 14 {
		w.later(50 * time.Minute)
		refresh(w, long.RefreshToken).OK(&long.Grant)
	}
	w.later(25 * time.Minute)
	refresh(w, long.RefreshToken).Refused(401, "session_ended")
	w.Await("old sessions are forgotten", func() bool { return w.VisibleTo("session", "education", "edu.declarer") <= 2 })
}

// One Idempotency-Key has one effect, also where the answer holds secrets.
func TestRepeatedSignIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	body := fields{"account": "edu.declarer", "password": demoPassword}
	var a, b, c identity.Grant
	w.anybody().post("/v1/sessions", body, moduletest.Key("k1")).OK(&a)
	w.anybody().post("/v1/sessions", body, moduletest.Key("k1")).OK(&b)
	if a.RefreshToken != b.RefreshToken || w.Count("edu.declarer", &identityv1.SignedIn{}) != 1 {
		t.Error("two sessions under one key")
	}
	w.anybody().post("/v1/sessions", fields{"account": "health.declarer", "password": demoPassword}, moduletest.Key("k1")).OK(&c)
	if c.Principal.Subject != "health.declarer" {
		t.Error("another account under the same key")
	}
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": "wrong"}, moduletest.Key("k1")).Refused(401, "sign_in_refused")
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword, "on_behalf_of": "edu.supervisor"}, moduletest.Key("k1")).Refused(403, "no_delegation")
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	w := start(t)
	p := w.signIn("edu.declarer")
	put := func(p *person, current, next string) moduletest.Answer {
		return p.do(http.MethodPut, "/v1/me/password", fields{"current_password": current, "new_password": next}, moduletest.Key("change"))
	}
	put(p, demoPassword, "short").Refused(422, "weak_password")
	put(p, "wrong", "Autumn-Leaf-01").Refused(401, "sign_in_refused")
	put(p, demoPassword, demoPassword).Refused(400, "invalid_input")
	var fresh identity.Grant
	put(p, demoPassword, "Autumn-Leaf-01").OK(&fresh)
	refresh(w, p.RefreshToken).Refused(401, "session_ended")
	refresh(w, fresh.RefreshToken).OK(&fresh)
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": demoPassword}).Refused(401, "sign_in_refused")
	p = w.signIn("edu.declarer", fields{"password": "Autumn-Leaf-01"})
	problem := put(p, "Autumn-Leaf-01", demoPassword).Refused(422, "weak_password")
	if len(problem.Violations) != 1 || problem.Violations[0].Code != "password_reused" {
		t.Errorf("%+v", problem)
	}
	if n := w.Count("edu.declarer", &identityv1.PasswordChanged{}); n != 1 {
		t.Errorf("%d changes stated", n)
	}

	// A one-time password is shown once, is good for one thing, and not for long.
	admin := w.signIn("account-admin")
	var once, repeated identity.OneTimePassword
	admin.post("/v1/accounts/edu.declarer/password-reset", reason("遗忘"), moduletest.Key("r1")).OK(&once)
	admin.post("/v1/accounts/edu.declarer/password-reset", reason("遗忘"), moduletest.Key("r1")).OK(&repeated)
	if once.Password == "" || repeated.Password != "" || !repeated.ExpiresAt.Equal(once.ExpiresAt) {
		t.Fatalf("%+v %+v", once, repeated)
	}
	admin.post("/v1/accounts/account-admin/password-reset", reason("本人")).Refused(403, "own_request")
	p = w.signIn("edu.declarer", fields{"password": once.Password})
	if !p.MustChangePassword || len(p.Principal.Roles) != 0 {
		t.Fatalf("%+v", p.Grant)
	}
	p.get("/v1/delegations").OK(nil)
	w.signIn("edu.supervisor").get("/v1/accounts").OK(nil)
	put(p, once.Password, "Winter-Snow-02").OK(&fresh)
	if fresh.MustChangePassword || !slices.Equal(fresh.Principal.Roles, []string{"declarer"}) {
		t.Errorf("%+v", fresh)
	}
	admin.post("/v1/accounts/edu.declarer/password-reset", reason("遗忘")).OK(&once)
	w.later(25 * time.Hour)
	w.anybody().post("/v1/sessions", fields{"account": "edu.declarer", "password": once.Password}).Refused(401, "sign_in_refused")

	// A password a person chose ages; then it is good for being changed alone.
	w.Set("2026-09-15")
	p = w.signIn("health.declarer") // the demonstration's do not
	if p.MustChangePassword {
		t.Error("a demonstration password ages")
	}
	put(p, demoPassword, "Summer-Storm-03").OK(nil)
	w.Set("2027-04-01")
	if p = w.signIn("health.declarer", fields{"password": "Summer-Storm-03"}); !p.MustChangePassword || len(p.Principal.Roles) != 0 {
		t.Errorf("%+v", p.Grant)
	}
	// No secret ever left the service.
	for _, f := range w.Facts("") {
		if s := fmt.Sprint(f.Data); strings.Contains(s, "argon2") || strings.Contains(s, once.Password) {
			t.Errorf("%s", s)
		}
	}
}
