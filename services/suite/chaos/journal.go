package chaos

import (
	"slices"
	"sync"
	"time"
)

// act is one kind of command that the load gives.
type act string

const (
	draft  act = "draft"
	submit act = "submit"
	accept act = "accept"
)

// entry is one command as its caller saw it.
type entry struct {
	act     act
	title   string // unique to the project, and known before its id
	project string // id; of a draft only once it is acknowledged
	acked   time.Time
}

// journal is what the callers remember: the one account of events that does
// not come from the services. It is safe for concurrent use.
type journal struct {
	mu      sync.Mutex
	entries []entry
	faults  []finding // answers that no caller should get
	answers map[string]int
}

// answered counts an attempt by how it was answered.
func (j *journal) answered(how string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.answers == nil {
		j.answers = map[string]int{}
	}
	j.answers[how]++
}

// takeAnswers gives what was counted since it was asked last.
func (j *journal) takeAnswers() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	counted := j.answers
	j.answers = nil
	return counted
}

// acknowledged adds a command that was answered with success.
func (j *journal) acknowledged(e entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
}

// found adds an answer that breaks a promise by itself.
func (j *journal) found(f finding) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.faults = append(j.faults, f)
}

// all is a copy of both accounts.
func (j *journal) all() ([]entry, []finding) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries), slices.Clone(j.faults)
}

// since counts the commands acknowledged after a moment.
func (j *journal) since(t time.Time) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range slices.Backward(j.entries) {
		if !e.acked.After(t) {
			break
		}
		n++
	}
	return n
}
