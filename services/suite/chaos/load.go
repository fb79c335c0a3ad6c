package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"egov/services/suite/stack"
)

const (
	callers     = 8
	pace        = time.Second / 24 // between two commands of all callers together
	repeated    = 8                // one command in so many is sent again after its answer
	callTimeout = 8 * time.Second
	patience    = 90 * time.Second // for one command, over all its repetitions
	longestWait = 250 * time.Millisecond
	secretary   = "gov-office.secretary"
	auditor     = "audit.auditor"
)

// load is callers that draft, submit and accept projects at a steady pace
// through the public interface, each command under a key of its own and
// repeated under it until it is answered.
type load struct {
	journal *journal
	stack.Client

	// strict callers repeat nothing, and count what they ask and what is not
	// answered as it should be; processes of two releases answer them.
	strict        bool
	asked, failed atomic.Int64

	mu     sync.Mutex
	tokens map[string]string

	stop func()
	done sync.WaitGroup
}

// startLoad lets the callers begin; what they do follows from seed.
func startLoad(ctx context.Context, url func(string) string, password string, j *journal, seed uint64) *load {
	l := newLoad(url, password, j)
	l.start(ctx, seed)
	return l
}

func newLoad(url func(string) string, password string, j *journal) *load {
	return &load{
		journal: j, tokens: map[string]string{},
		Client: stack.Client{URL: url, Password: password, HTTP: &http.Client{Timeout: callTimeout, Transport: ways{
			Transport: &http.Transport{MaxIdleConnsPerHost: callers}, once: &http.Transport{DisableKeepAlives: true},
		}}},
	}
}

// ways are the connections that callers keep, and those made for one request.
type ways struct {
	*http.Transport
	once http.RoundTripper
}

// anew is the key of requests that go over a connection of their own: whichever
// process has its turn answers.
type anew struct{}

func (w ways) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Value(anew{}) != nil {
		return w.once.RoundTrip(r)
	}
	return w.Transport.RoundTrip(r)
}

func (l *load) start(ctx context.Context, seed uint64) {
	resting, stop := context.WithCancel(ctx)
	l.stop = stop
	ticks := make(chan struct{})
	l.done.Go(func() { beat(resting, ticks) })
	for n := range callers {
		r := mrand.New(mrand.NewPCG(seed, uint64(n)))
		l.done.Go(func() {
			for resting.Err() == nil {
				if err := l.project(ctx, resting, ticks, stack.Declarers[n], r); err != nil && (l.strict || resting.Err() == nil) {
					l.journal.found(finding{kind: refused, what: err.Error()})
				}
			}
		})
	}
}

// beat gives the callers their turns.
func beat(ctx context.Context, ticks chan<- struct{}) {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		select {
		case ticks <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// rest ends the load. Commands under way are still brought to their answers,
// so that afterwards nothing is in doubt.
func (l *load) rest() {
	l.stop()
	l.done.Wait()
	l.HTTP.CloseIdleConnections()
}

// project takes one project from its draft to its acceptance by the office.
func (l *load) project(ctx, resting context.Context, ticks <-chan struct{}, declarer string, r *mrand.Rand) error {
	title := "混沌" + rand.Text()
	body, err := stack.Declaration(title, 1+r.IntN(12), 20_000_000+r.Int64N(40_000_000))
	if err != nil {
		return err
	}
	var project struct {
		ID string `json:"id"`
	}
	for _, c := range []struct {
		act     act
		account string
		body    []byte
	}{{draft, declarer, body}, {submit, declarer, nil}, {accept, secretary, nil}} {
		select {
		case <-ticks:
		case <-resting.Done():
			return nil
		}
		path := "/v1/projects"
		if c.act != draft {
			path += "/" + project.ID + "/" + string(c.act)
		}
		key := rand.Text()
		answer, err := l.insist(ctx, c.account, path, key, c.body)
		if err != nil {
			return err
		}
		if c.act == draft {
			if err := json.Unmarshal(answer, &project); err != nil {
				return err
			}
		}
		l.journal.acknowledged(entry{act: c.act, title: title, project: project.ID, acked: time.Now()})
		if r.IntN(repeated) > 0 {
			continue
		}
		again, err := l.insist(context.WithValue(ctx, anew{}, true), c.account, path, key, c.body)
		if err != nil {
			return err
		}
		if same := bytes.Equal(answer, again) || l.strict && oneAnswer(answer, again); !same {
			l.journal.found(finding{kind: duplicate, what: fmt.Sprintf("%s %s: one key was answered in two ways: %s and %s", c.act, project.ID, answer, again)})
		}
	}
	return nil
}

// oneAnswer reports whether two texts are one answer as two releases write it:
// one has all that the other has, and may have members that the other's release
// does not know.
func oneAnswer(first, again []byte) bool {
	var a, b map[string]any
	if json.Unmarshal(first, &a) != nil || json.Unmarshal(again, &b) != nil || a["id"] == nil || b["id"] == nil {
		return false
	}
	return covers(a, b) || covers(b, a)
}

// covers reports whether a JSON value has all that less has.
func covers(more, less any) bool {
	switch less := less.(type) {
	case map[string]any:
		more, ok := more.(map[string]any)
		for k, v := range less {
			other, there := more[k]
			ok = ok && there && covers(other, v)
		}
		return ok
	case []any:
		more, ok := more.([]any)
		return ok && slices.EqualFunc(more, less, covers)
	default:
		return less == more
	}
}

// passing reports whether a later repetition may succeed.
func passing(err error) bool {
	r, ok := errors.AsType[stack.Refusal](err)
	return !ok || r.Status >= 500 || r.Status == http.StatusTooManyRequests || r.Status == http.StatusUnauthorized
}

// insist sends one command until it is answered with success or refused for
// good.
func (l *load) insist(ctx context.Context, account, path, key string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, longestWait) {
		answer, err := l.once(ctx, account, path, key, body)
		if err == nil {
			return answer, nil
		}
		if l.strict || !passing(err) {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: not answered: %w", path, err)
		case <-time.After(pause):
		}
	}
}

func (l *load) once(ctx context.Context, account, path, key string, body []byte) ([]byte, error) {
	token, err := l.token(ctx, account)
	if err != nil {
		return nil, err
	}
	answer, err := l.exchange(ctx, "declaration", http.MethodPost, path, body, map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": key})
	if r, ok := errors.AsType[stack.Refusal](err); ok && r.Status == http.StatusUnauthorized {
		l.mu.Lock()
		delete(l.tokens, account) // its time is over
		l.mu.Unlock()
	}
	return answer, err
}

func (l *load) exchange(ctx context.Context, service, method, path string, body []byte, headers map[string]string) ([]byte, error) {
	l.asked.Add(1)
	sent := 0
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent++ }})
	b, err := l.Send(ctx, service, method, path, body, headers)
	if l.strict && err == nil && sent > 1 { // net/http repeats by itself what a closed connection may have swallowed
		err = fmt.Errorf("%s %s had to be sent %d times", service, path, sent)
	}
	if err != nil {
		l.failed.Add(1)
	}
	l.journal.answered(inWords(err))
	return b, err
}

// The ways in which an attempt is answered.
const (
	answeredWell  = "success"
	answeredLater = "503 with Retry-After"
	answeredNot   = "no answer"
)

func inWords(err error) string {
	if err == nil {
		return answeredWell
	}
	r, ok := errors.AsType[stack.Refusal](err)
	switch {
	case !ok:
		return answeredNot
	case r.Status == http.StatusServiceUnavailable && r.Later:
		return answeredLater
	}
	return fmt.Sprint(r.Status)
}

// token is the account's, signed in anew when there is none.
func (l *load) token(ctx context.Context, account string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock() // one sign-in at a time: an account is locked after many
	if t := l.tokens[account]; t != "" {
		return t, nil
	}
	t, err := l.signIn(ctx, account)
	if err == nil {
		l.tokens[account] = t
	}
	return t, err
}

// signIn gives a new token.
func (l *load) signIn(ctx context.Context, account string) (string, error) {
	body, err := l.Credentials(account)
	if err != nil {
		return "", err
	}
	b, err := l.exchange(ctx, "identity", http.MethodPost, "/v1/sessions", body, nil)
	if err != nil {
		return "", err
	}
	return stack.Token(b)
}

// verdict is what a check of the ledger found.
type verdict struct {
	ID          string `json:"id"`
	State       string `json:"state"`
	OK          bool   `json:"ok"`
	FirstBadSeq int64  `json:"first_bad_seq"`
	ErrorCode   string `json:"error_code"`
	Detail      string `json:"detail"`
}

// verifyLedger asks for one, as an auditor.
func (l *load) verifyLedger(ctx context.Context) (v verdict, err error) {
	token, err := l.token(ctx, auditor)
	if err != nil {
		return v, err
	}
	auth := map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": rand.Text()}
	b, err := l.exchange(ctx, "auditexport", http.MethodPost, "/v1/verify", nil, auth)
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err != nil || v.State != "running" {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-look.C:
		}
		b, err = l.exchange(ctx, "auditexport", http.MethodGet, "/v1/verifications/"+v.ID, nil, map[string]string{"Authorization": "Bearer " + token})
	}
}
