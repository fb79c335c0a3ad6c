package portal

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
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
// than gatherWait and is named.
func (s *Server) Inbox(ctx context.Context, _ struct{}) (Inbox, error) {
	items, unavailable, err := gather(ctx, s, "/v1/tasks", nil, func(t *Task, service string) { t.Service = service })
	if err != nil {
		return Inbox{}, err
	}
	slices.SortStableFunc(items, func(a, b Task) int {
		if a.DueOn != b.DueOn {
			if a.DueOn == "" || b.DueOn == "" {
				return strings.Compare(b.DueOn, a.DueOn) // what has no clock comes last
			}
			return strings.Compare(a.DueOn, b.DueOn)
		}
		return a.Since.Compare(b.Since)
	})
	return Inbox{Today: calendar.Today(s.Clock).String(), Items: items, Unavailable: unavailable}, nil
}

// Deadlines is the clocks that run, over all services.
type Deadlines struct {
	Today       string     `json:"today"` // YYYY-MM-DD by the services' clock
	Items       []Deadline `json:"items"` // the soonest due first
	Unavailable []string   `json:"unavailable"`
}

// Deadline is one statutory clock, as a service states it in GET
// /v1/deadlines.
type Deadline struct {
	Service     string   `json:"service"`
	ID          string   `json:"id"`
	ProjectID   string   `json:"project_id"`
	Obligation  string   `json:"obligation"`
	Unit        string   `json:"unit"`
	TriggerOn   string   `json:"trigger_on"`
	DueOn       string   `json:"due_on"`
	State       string   `json:"state"`
	MetOn       string   `json:"met_on,omitempty"`
	Provisional bool     `json:"provisional"`
	Basis       []string `json:"basis"`
}

// Deadlines gathers the clocks that the caller may see and whose act has not
// come yet, those past their day among them.
func (s *Server) Deadlines(ctx context.Context, _ struct{}) (Deadlines, error) {
	out := Deadlines{Today: calendar.Today(s.Clock).String(), Items: []Deadline{}, Unavailable: []string{}}
	items, unavailable, err := gather(ctx, s, "/v1/deadlines", url.Values{"state": {"open,warned,paused,late"}}, func(d *Deadline, service string) { d.Service = service })
	if err != nil {
		return Deadlines{}, err
	}
	out.Items = append(out.Items, slices.DeleteFunc(items, func(d Deadline) bool { return d.MetOn != "" })...)
	out.Unavailable = append(out.Unavailable, unavailable...)
	slices.SortStableFunc(out.Items, func(a, b Deadline) int { return strings.Compare(a.DueOn, b.DueOn) })
	slices.Sort(out.Unavailable)
	return out, nil
}

// gatherWait bounds how long one service may hold up the others' answers.
const gatherWait = 3 * time.Second

// gather asks every service for a list and puts the lists together; from marks
// whose an item is. Services that do not answer are named instead.
func gather[T any](ctx context.Context, s *Server, path string, query url.Values, from func(*T, string)) (items []T, unavailable []string, err error) {
	x := sessionIn(ctx)
	if err := s.fresh(ctx, x, ""); err != nil { // once, before the services are asked side by side
		return nil, nil, err
	}
	names := s.Config.names()
	answers := make([][]T, len(names))
	failed := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() {
			copied := *x
			answers[i], failed[i] = list[T](withSession(ctx, &copied), s, name, path, query)
		})
	}
	wg.Wait()
	items, unavailable = []T{}, []string{}
	for i, name := range names {
		if err := failed[i]; err != nil {
			if fault.From(err).Is(errNoSession) {
				return nil, nil, err
			}
			s.Log.InfoContext(ctx, "a list is incomplete", "path", path, "of", name, "err", err)
			unavailable = append(unavailable, name)
			continue
		}
		for j := range answers[i] {
			from(&answers[i][j], name)
		}
		items = append(items, answers[i]...)
	}
	return items, unavailable, nil
}

// list asks one service for a list. A service that keeps no such list has
// nothing to add.
func list[T any](ctx context.Context, s *Server, service, path string, query url.Values) ([]T, error) {
	ctx, cancel := context.WithTimeout(ctx, gatherWait)
	defer cancel()
	at := s.services[service].JoinPath(path)
	at.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
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
	var answer struct {
		Items []T `json:"items"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&answer); err != nil {
		return nil, errBadAnswer.With(err)
	}
	return answer.Items, nil
}
