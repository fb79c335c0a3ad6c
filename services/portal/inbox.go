package portal

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// Inbox is what the caller can do now, over all services.
type Inbox struct {
	Today string `json:"today"` // YYYY-MM-DD by the services' clock
	Items []Task `json:"items"` // the soonest due first, then the longest waiting
	// Unavailable names the services that did not answer: what waits there is
	// missing from the list.
	Unavailable []string `json:"unavailable"`
}

// Task is one thing to do, as a service states it in GET /v1/tasks.
type Task struct {
	Service      string    `json:"service"`
	Collection   string    `json:"collection"` // which of the service's collections ID belongs to
	ID           string    `json:"id"`
	ProjectID    string    `json:"project_id"`
	Unit         string    `json:"unit"`
	Action       string    `json:"action"`
	Title        string    `json:"title"`
	ProjectTitle string    `json:"project_title"`
	DueOn        string    `json:"due_on,omitempty"` // YYYY-MM-DD
	Since        time.Time `json:"since"`
}

// Inbox asks every service at once. One that is slow or down costs no more
// than inboxWait and is named.
func (s *Server) Inbox(ctx context.Context, _ struct{}) (Inbox, error) {
	x := sessionIn(ctx)
	if err := s.fresh(ctx, x, ""); err != nil { // once, before the services are asked side by side
		return Inbox{}, err
	}
	names := s.Config.names()
	answers := make([][]Task, len(names))
	failed := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			copied := *x
			answers[i], failed[i] = s.tasks(withSession(ctx, &copied), name)
		})
	}
	wg.Wait()
	in := Inbox{Today: calendar.Today(s.Clock).String(), Items: []Task{}, Unavailable: []string{}}
	for i, name := range names {
		if err := failed[i]; err != nil {
			if f := fault.From(err); f.Is(errNoSession) {
				return Inbox{}, err
			}
			s.Log.InfoContext(ctx, "inbox is incomplete", "of", name, "err", err)
			in.Unavailable = append(in.Unavailable, name)
			continue
		}
		in.Items = append(in.Items, answers[i]...)
	}
	slices.SortStableFunc(in.Items, func(a, b Task) int {
		if a.DueOn != b.DueOn {
			if a.DueOn == "" || b.DueOn == "" {
				return strings.Compare(b.DueOn, a.DueOn) // what has no clock comes last
			}
			return strings.Compare(a.DueOn, b.DueOn)
		}
		return a.Since.Compare(b.Since)
	})
	return in, nil
}

// inboxWait bounds how long one service may hold up the inbox.
const inboxWait = 3 * time.Second

// tasks asks one service. A service without an inbox has nothing to do.
func (s *Server) tasks(ctx context.Context, service string) ([]Task, error) {
	ctx, cancel := context.WithTimeout(ctx, inboxWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.services[service].JoinPath("/v1/tasks").String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.caller.RoundTrip(req)
	if err != nil {
		return nil, s.explain(service, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound:
		return nil, nil
	case resp.StatusCode >= http.StatusBadRequest:
		return nil, refusal(resp)
	}
	var list struct {
		Items []Task `json:"items"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&list); err != nil {
		return nil, errBadAnswer.With(err)
	}
	for i := range list.Items {
		list.Items[i].Service = service
	}
	return list.Items, nil
}
