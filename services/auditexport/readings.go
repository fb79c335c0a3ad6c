package auditexport

import "context"

// NoteReading puts on record that somebody read what follows from the ledger,
// such as red flags, before the answer leaves (YP23-M-16).
func (s *Service) NoteReading(ctx context.Context, kind string, what any, rows int) error {
	_, err := s.inquire(ctx, kind, what, int64(rows))
	return err
}
