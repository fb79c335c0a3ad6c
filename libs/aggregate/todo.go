package aggregate

import "slices"

// Ask adds one thing that the aggregate waits for, beside what it waits for
// already; it takes the place of an earlier todo of the same action.
func (r *Root) Ask(t Todo) {
	r.Answered(t.Action)
	r.Todo = append(slices.Clip(r.Todo), t)
}

// Answered strikes what the aggregate waited for under an action.
func (r *Root) Answered(action string) {
	r.Done(func(t Todo) bool { return t.Action == action })
}
