package identity

import (
	"context"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// SigningKey is the public side of a key that signs access tokens.
type SigningKey struct {
	ID        string
	SignsFrom time.Time
}

// KeyRecord is the register's entry about a key: it outlives the key.
type KeyRecord struct {
	aggregate.Root
	Title     string    `json:"title"`
	SignsFrom time.Time `json:"signs_from"`
	Reason    string    `json:"reason"`
}

// RotateKeys asks for a new signing key.
type RotateKeys struct {
	Reason string `json:"reason" required:"true"`
}

// Validate wants the reason.
func (r *RotateKeys) Validate() error {
	var c fault.Checks
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000)
	return c.Err()
}

// Rotate makes the key that signs next, published for a while before it signs.
// While one waits already, that one is the answer.
func (s *Service) Rotate(ctx context.Context, r RotateKeys) (KeyRecord, error) {
	k, err := s.Keys.Next()
	if err != nil {
		return KeyRecord{}, err
	}
	return s.enter(ctx, k, r.Reason)
}

// enter puts a key into the register; one that is there stays as it is.
func (s *Service) enter(ctx context.Context, k SigningKey, reason string) (KeyRecord, error) {
	return s.KeyRegister.Upsert(ctx, k.ID, func(n *KeyRecord, rec *aggregate.Recorder) error {
		if n.Version > 0 {
			return nil
		}
		n.Parties = nil
		n.Own(Platform)
		n.Title, n.SignsFrom, n.Reason = k.ID, k.SignsFrom, reason
		rec.State(n.ID, &identityv1.SigningKeyMade{KeyId: n.ID, SignsFrom: n.SignsFrom.Format(time.RFC3339), Reason: reason})
		return nil
	})
}

// ListKeys asks for one page of the register.
type ListKeys struct {
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// ListKeys lists the keys that ever signed, newest first.
func (s *Service) ListKeys(ctx context.Context, q ListKeys) (aggregate.Page[KeyRecord], error) {
	return s.KeyRegister.List(ctx, aggregate.Query{PageSize: q.PageSize, PageToken: q.PageToken})
}
