package store

// Waiting is how many commands wait for a transaction.
func (s *Store) Waiting() int {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return len(s.group.waiting)
}

// StatementsByKey are the statements about several rows of a table at once, each
// with arguments about none.
func StatementsByKey(table string) map[string][2]string {
	r := newRows(table, nil)
	return map[string][2]string{
		"lock": {r.lock.many, "'{}'"}, "update": {r.update.many, "'{}','{}','{}','{}','{}','{}','{}','{}'"},
	}
}
