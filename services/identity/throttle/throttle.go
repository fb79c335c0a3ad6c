// Package throttle bounds how often anybody tries to sign in, by account and by
// network address. It counts attempts, not their outcome, and names that belong
// to no account as well, so that it tells nothing about which accounts there
// are. Its memory is this process's and bounded; wrong passwords are counted by
// the credentials, for all processes.
package throttle

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"egov/libs/calendar"
	"egov/services/identity"
)

// Limiter is identity.Throttle.
type Limiter struct {
	clock    calendar.Clock
	accounts buckets
	address  buckets
}

// New makes a limiter.
func New(r identity.ThrottleRules, clock calendar.Clock) *Limiter {
	return &Limiter{clock: clock, accounts: newBuckets(r.Account), address: newBuckets(r.Address)}
}

// Allow takes one attempt from the account's and the address's allowance.
func (l *Limiter) Allow(account, address string) error {
	now := l.clock.Now()
	wait := max(l.address.take(address, now), l.accounts.take(account, now))
	if wait == 0 {
		return nil
	}
	e := *identity.ErrThrottled
	e.RetryAfter = wait
	return &e
}

// maxNames bounds the memory that strangers can make the service use.
const maxNames = 10_000

type buckets struct {
	mu    *sync.Mutex
	limit rate.Limit
	burst int
	by    map[string]*rate.Limiter
}

func newBuckets(b identity.Bucket) buckets {
	return buckets{mu: &sync.Mutex{}, limit: rate.Limit(b.PerMinute / 60), burst: b.Burst, by: map[string]*rate.Limiter{}}
}

// take gives 0, or how long to wait.
func (b buckets) take(name string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.by[name]
	if !ok {
		if len(b.by) >= maxNames {
			b.forget(now)
		}
		l = rate.NewLimiter(b.limit, b.burst)
		b.by[name] = l
	}
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// forget drops the buckets that are full again: they say nothing. When none
// is, a rush of made-up names fills the memory, and everybody starts anew.
func (b buckets) forget(now time.Time) {
	for name, l := range b.by {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.by, name)
		}
	}
	if len(b.by) >= maxNames {
		clear(b.by)
	}
}

// Proxies are the networks whose word about their callers' addresses counts.
type Proxies []netip.Prefix

// Loopback trusts proxies on the same machine only.
func Loopback() Proxies {
	return Proxies{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// ParseProxies reads networks such as "10.42.0.0/16".
func ParseProxies(list []string) (Proxies, error) {
	var out Proxies
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Caller is the address a request came from: the remote one, or the last one
// in X-Forwarded-For that no trusted proxy vouches for.
func (p Proxies) Caller(remote, forwarded string) string {
	if !p.trust(remote) {
		return remote
	}
	hops := strings.Split(forwarded, ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return remote
		}
		remote = hop.Unmap().String()
		if !p.trust(remote) {
			return remote
		}
	}
	return remote
}

func (p Proxies) trust(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, n := range p {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
