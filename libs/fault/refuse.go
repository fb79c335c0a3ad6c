package fault

// Refuse is nil when nothing was violated, else e with the list: for rules
// that a well-formed input breaks.
func (c *Checks) Refuse(e *Error) error {
	if len(c.list) == 0 {
		return nil
	}
	return e.WithViolations(c.list...)
}
