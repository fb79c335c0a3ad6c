package module_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"egov/libs/authn"
	"egov/libs/conf"
	"egov/libs/event"
	"egov/libs/host"
	"egov/libs/module"
	"egov/libs/module/moduletest"
	"egov/libs/pg"
	deadletterv1 "egov/proto/gen/egov/deadletter/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
)

// followers is a service that fails at every fact until it is mended, and then
// counts those that reach it.
type followers struct {
	mended atomic.Bool
	done   atomic.Int64
}

func (f *followers) build(c conf.Service) host.Service {
	return module.New(module.Module{Name: "notes", Title: "记事", Duty: "gov-office", Migrations: []pg.Set{schema}, Setup: func(_ context.Context, k *module.Kit) error {
		k.Subscribe("notes.met", []string{"declaration"}, module.React(func(_ context.Context, _ *deadlinev1.DeadlineMet, _ event.Record) error {
			if !f.mended.Load() {
				return fmt.Errorf("%w: this release does not know it", event.ErrUndecodable)
			}
			f.done.Add(1)
			return nil
		}))
		return nil
	}}, c)
}

// TestOperatorsSettleDeadLetters: operators see what a consumer gave up on, but
// not what it says (SH12-P-9); what they do about it is a fact, and auditors
// look on (YP23-M-16).
func TestOperatorsSettleDeadLetters(t *testing.T) {
	t.Parallel()
	var f followers
	s := moduletest.Start(t, "notes", "2026-03-02", f.build)
	operator, auditor := s.As("op.wang", "platform", "operator"), s.As("audit.a", "audit", "auditor")
	for i := range 3 {
		subject := fmt.Sprintf("p%d", i)
		s.Other("declaration").State(subject, "education", &deadlinev1.DeadlineMet{Obligation: "confidential"}, &deadlinev1.DeadlineMet{Obligation: "confidential"})
	}
	var page module.DeadLetters
	s.Await("three dead letters", func() bool {
		operator.Get("/v1/dead-letters").OK(&page)
		return len(page.Items) == 3
	})
	l := page.Items[0]
	if l.Consumer != "notes.met" || l.Source != "declaration" || l.Type != "egov.deadline.v1.DeadlineMet" || l.Seq != 1 || !l.Blocks ||
		!strings.Contains(l.Error, "does not know it") || l.Bytes == 0 || len(l.SHA256) != 64 {
		t.Errorf("dead letter %+v", l)
	}
	if b := operator.Get("/v1/dead-letters").Body; strings.Contains(string(b), "confidential") {
		t.Errorf("an operator reads the content: %s", b)
	}
	var first, rest module.DeadLetters
	auditor.Get("/v1/dead-letters?page_size=2").OK(&first)
	auditor.Get("/v1/dead-letters?page_size=2&page_token=" + first.NextPageToken).OK(&rest)
	if len(first.Items) != 2 || len(rest.Items) != 1 || rest.NextPageToken != "" || rest.Items[0].ID != page.Items[2].ID {
		t.Errorf("pages %+v %+v", first, rest)
	}
	var one module.DeadLetter
	auditor.Get(at(l.ID)).OK(&one)
	if one != l {
		t.Errorf("shown alone %+v", one)
	}

	f.mended.Store(true)
	operator.Post(at(l.ID)+"/retry", nil).OK(nil)
	s.Await("what was tried again, and what waited behind it", func() bool { return f.done.Load() == 2 })
	tried := s.Stated(l.Subject, &deadletterv1.DeadLetterRetried{})
	letter, _ := tried.Data["letter"].(map[string]any)
	if tried.Actor != "op.wang" || tried.Unit != "platform" || letter["event_id"] != l.EventID || letter["consumer"] != "notes.met" {
		t.Errorf("stated %+v", tried)
	}
	other := page.Items[1]
	operator.Post(at(other.ID)+"/skip", map[string]string{"reason": "牵头单位书面同意"}).OK(nil)
	s.Await("what waited behind the one given up", func() bool { return f.done.Load() == 3 })
	if f := s.Stated(other.Subject, &deadletterv1.DeadLetterSkipped{}); f.Data["reason"] != "牵头单位书面同意" || f.Actor != "op.wang" {
		t.Errorf("stated %+v", f)
	}
	// Who was not told asks again under the same key, and is told the same.
	once := moduletest.Header{Name: "Idempotency-Key", Value: "skip-1"}
	last := page.Items[2]
	reason := map[string]string{"reason": "牵头单位书面同意"}
	var told, again module.DeadLetter
	operator.Post(at(last.ID)+"/skip", reason, once).OK(&told)
	operator.Post(at(last.ID)+"/skip", reason, once).OK(&again)
	if told != again || told.ID != last.ID || s.Count(last.Subject, &deadletterv1.DeadLetterSkipped{}) != 1 {
		t.Errorf("told %+v, then %+v; stated %d times", told, again, s.Count(last.Subject, &deadletterv1.DeadLetterSkipped{}))
	}
	operator.Post(at(last.ID)+"/skip", map[string]string{"reason": "another"}, once).Refused(422, "idempotency_key_reused")
	operator.Post(at(other.ID)+"/skip", map[string]string{"reason": "again"}).Refused(404, event.ErrNoDeadLetter.Code)
	if n := s.Count(other.Subject, &deadletterv1.DeadLetterSkipped{}); n != 1 {
		t.Errorf("stated %d times", n)
	}
}

// TestDeadLettersAreOperators: nobody else settles them, and nonsense settles
// none (SH12-P-9).
func TestDeadLettersAreOperators(t *testing.T) {
	t.Parallel()
	var f followers
	s := moduletest.Start(t, "notes", "2026-03-02", f.build)
	s.Other("declaration").State("p0", "education", &deadlinev1.DeadlineMet{})
	operator, auditor := s.As("op.wang", "platform", "operator"), s.As("audit.a", "audit", "auditor")
	var page module.DeadLetters
	s.Await("a dead letter", func() bool {
		operator.Get("/v1/dead-letters").OK(&page)
		return len(page.Items) == 1
	})
	id := page.Items[0].ID
	reason := map[string]string{"reason": "x"}
	for name, refused := range map[string]struct {
		answer moduletest.Answer
		status int
		code   string
	}{
		"a member lists":            {s.As("edu.a", "education", "declarer").Get("/v1/dead-letters"), 403, "role_required"},
		"nobody lists":              {s.With(authn.Principal{}).Get("/v1/dead-letters"), 401, "sign_in_required"},
		"an auditor retries":        {auditor.Post(at(id)+"/retry", nil), 403, "role_required"},
		"an auditor skips":          {auditor.Post(at(id)+"/skip", reason), 403, "role_required"},
		"no reason":                 {operator.Post(at(id)+"/skip", map[string]string{}), 400, "invalid_input"},
		"a reason too long":         {operator.Post(at(id)+"/skip", map[string]string{"reason": strings.Repeat("长", 501)}), 400, "invalid_input"},
		"an id that is none":        {operator.Post("/v1/dead-letters/x/retry", nil), 404, "dead_letter_not_found"},
		"another id":                {operator.Get(at(id + 1)), 404, "dead_letter_not_found"},
		"a page of another list":    {operator.Get("/v1/dead-letters?page_token=x"), 400, "invalid_input"},
		"a page of nothing":         {operator.Get("/v1/dead-letters?page_size=-1"), 400, "invalid_input"},
		"more than a page may have": {operator.Get("/v1/dead-letters?page_size=201"), 400, "invalid_input"},
	} {
		t.Run(name, func(t *testing.T) { refused.answer.Refused(refused.status, refused.code) })
	}
	var still module.DeadLetters
	operator.Get("/v1/dead-letters").OK(&still)
	if len(still.Items) != 1 || len(s.Facts("p0")) != 0 {
		t.Error("a refusal changed something", still, s.Facts("p0"))
	}
}

func at(id int64) string { return fmt.Sprintf("/v1/dead-letters/%d", id) }
