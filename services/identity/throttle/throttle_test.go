package throttle_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/services/identity"
	"egov/services/identity/throttle"
)

func TestAllow(t *testing.T) {
	t.Parallel()
	clock := calendar.NewManual(time.Date(2026, 3, 2, 9, 0, 0, 0, calendar.Shanghai))
	l := throttle.New(identity.ThrottleRules{
		Account: identity.Bucket{PerMinute: 60, Burst: 3}, Address: identity.Bucket{PerMinute: 600, Burst: 5},
	}, clock)
	for i := range 3 {
		if err := l.Allow("edu.declarer", "192.0.2.1"); err != nil {
			t.Fatalf("attempt %d: %v", i+1, err)
		}
	}
	err := l.Allow("edu.declarer", "192.0.2.2")
	if !errors.Is(err, identity.ErrThrottled) || fault.From(err).RetryAfter <= 0 {
		t.Errorf("fourth attempt on one account from another address: %v", err)
	}
	for _, account := range []string{"a", "nobody-at-all"} {
		if err := l.Allow(account, "192.0.2.1"); err != nil {
			t.Errorf("%s: %v", account, err)
		}
	}
	if err := l.Allow("b", "192.0.2.1"); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("sixth attempt from one address: %v", err)
	}
	clock.Advance(time.Second)
	if err := l.Allow("edu.declarer", "192.0.2.1"); err != nil {
		t.Errorf("a second later: %v", err)
	}
	if err := l.Allow("edu.declarer", "192.0.2.1"); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("no more than one a second: %v", err)
	}
}

// Made-up names are forgotten; those in use are not while there is room.
func TestAllowIsBounded(t *testing.T) {
	t.Parallel()
	clock := calendar.NewManual(time.Date(2026, 3, 2, 9, 0, 0, 0, calendar.Shanghai))
	l := throttle.New(identity.ThrottleRules{
		Account: identity.Bucket{PerMinute: 60, Burst: 1}, Address: identity.Bucket{PerMinute: 6e6, Burst: 1e6},
	}, clock)
	for i := range 9_999 {
		if err := l.Allow(fmt.Sprint("made-up-", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(2 * time.Second)
	if err := l.Allow("edu.declarer", "x"); err != nil {
		t.Fatal(err)
	}
	if err := l.Allow("one-more", "x"); err != nil {
		t.Fatal(err)
	}
	if err := l.Allow("edu.declarer", "x"); !errors.Is(err, identity.ErrThrottled) {
		t.Errorf("a name in use was forgotten: %v", err)
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	trusted, err := throttle.ParseProxies([]string{"10.42.0.0/16", "127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ remote, forwarded, want string }{
		"Direct":               {"192.0.2.7", "", "192.0.2.7"},
		"StrangerClaims":       {"192.0.2.7", "203.0.113.9", "192.0.2.7"},
		"ThroughProxy":         {"10.42.3.4", "203.0.113.9", "203.0.113.9"},
		"ThroughTwo":           {"127.0.0.1", "203.0.113.9, 10.42.3.4", "203.0.113.9"},
		"ClaimBehindProxy":     {"10.42.3.4", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"OnlyProxies":          {"127.0.0.1", "10.42.3.4", "10.42.3.4"},
		"NoHeader":             {"127.0.0.1", "", "127.0.0.1"},
		"Garbage":              {"127.0.0.1", "<script>", "127.0.0.1"},
		"GarbageBehindProxy":   {"127.0.0.1", "?, 10.42.3.4", "10.42.3.4"},
		"MappedAddress":        {"127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"},
		"NotAnAddressAsRemote": {"@", "203.0.113.9", "@"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := trusted.Caller(tt.remote, tt.forwarded); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if _, err := throttle.ParseProxies([]string{"10.42.0.0"}); err == nil {
		t.Error("an address passes for a network")
	}
}
