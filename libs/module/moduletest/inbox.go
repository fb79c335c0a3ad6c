package moduletest

import (
	"slices"
	"strings"

	"egov/libs/store"
)

func (c *Client) tasks() []store.Task {
	c.s.t.Helper()
	var list struct{ Items []store.Task }
	c.Get("/v1/tasks").OK(&list)
	return list.Items
}

// Asked is what the caller's inbox asks for: by action, the id of the last thing
// that waits for it.
func (c *Client) Asked() map[string]string {
	c.s.t.Helper()
	found := map[string]string{}
	for _, x := range c.tasks() {
		found[x.Action] = x.ID
	}
	return found
}

// Actions are the actions that the caller's inbox asks for, sorted, with a space
// between.
func (c *Client) Actions() string {
	c.s.t.Helper()
	tasks := c.tasks()
	actions := make([]string, len(tasks))
	for i, x := range tasks {
		actions[i] = x.Action
	}
	slices.Sort(actions)
	return strings.Join(actions, " ")
}
