package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"egov/libs/aggregate"
	"egov/libs/fault"
	identityv1 "egov/proto/gen/egov/identity/v1"
)

// ServiceKey is what operators said of a key by which a service signs what it
// states. Its id is the key's: the hash of its public half. Who signs with a key
// that is enrolled speaks for a bureau, so one operator asks for it and another
// compares it with the holder's word (SH12-C-9, SH12-P-9).
type ServiceKey struct {
	aggregate.Root
	Title         string          `json:"title"`
	State         ServiceKeyState `json:"state"`
	Key           PublishedKey    `json:"key"`
	SpeaksFor     string          `json:"speaks_for,omitempty"` // unit whose duty the service carries out; unknown of a key that was never asked for
	Reason        string          `json:"reason"`               // why it is asked for, was rejected or is revoked
	RequestedBy   string          `json:"requested_by,omitempty"`
	DecidedBy     string          `json:"decided_by,omitempty"`
	Opinion       string          `json:"opinion,omitempty"`
	RevokedBy     string          `json:"revoked_by,omitempty"`
	RevokedAt     time.Time       `json:"revoked_at,omitzero"` // on the machine's clock, as signatures are
	RevokedReason string          `json:"revoked_reason,omitempty"`
}

// ServiceKeyState is where a key stands.
type ServiceKeyState string

// The states of a key. An enrolled one is believed, a revoked one by nobody,
// wherever else it is listed.
const (
	KeyRequested ServiceKeyState = "requested"
	KeyEnrolled  ServiceKeyState = "enrolled"
	KeyRejected  ServiceKeyState = "rejected"
	KeyRevoked   ServiceKeyState = "revoked"
)

// PublishedKey is a public key as registers of event keys list it
// (/.well-known/event-keys.json of the service that holds it).
type PublishedKey struct {
	KeyID     string    `json:"key_id" required:"true"`
	Alg       string    `json:"alg" required:"true" enum:"ed25519,sm2"`
	PublicKey []byte    `json:"public_key" required:"true"` // SubjectPublicKeyInfo, DER
	Holder    string    `json:"holder" required:"true"`     // the service
	NotBefore time.Time `json:"not_before" required:"true"`
	NotAfter  time.Time `json:"not_after" required:"true"`
}

// KnownKey is a key of a register.
type KnownKey struct {
	PublishedKey
	RevokedAt     *time.Time `json:"revoked_at,omitempty"`
	RevokedReason string     `json:"revoked_reason,omitempty"`
}

// EventKeys are the keys by which services sign what they state, as this service
// knows them now.
type EventKeys interface {
	Keys() ([]KnownKey, error)
	// Check lists what a key says of itself that is not so.
	Check(PublishedKey) error
	// Look has what changed taken in as soon as may be.
	Look()
}

// Errors about service keys.
var (
	ErrKeyClaimed = fault.New(fault.Conflict, "key_of_another", "该密钥已登记在其他服务名下", "the key is another service's already", "SH12-C-9")
	ErrKeyKnown   = fault.New(fault.Conflict, "key_known", "该密钥已提出登记、已登记或已吊销", "the key was asked for, is enrolled or revoked already", "SH12-C-9")
	ErrKeyOver    = fault.New(fault.Refused, "key_expired", "密钥的有效期已过", "the key is not valid any more", "SH12-C-12")
)

// RequestServiceKey asks for a key to be believed.
type RequestServiceKey struct {
	Key       PublishedKey `json:"key" required:"true"`
	SpeaksFor string       `json:"speaks_for" required:"true"` // unit
	Reason    string       `json:"reason" required:"true"`
}

// Validate lists what is missing.
func (r *RequestServiceKey) Validate() error {
	var c fault.Checks
	name(&c, r.Key.Holder, "key.holder")
	name(&c, r.SpeaksFor, "speaks_for")
	c.Text(strings.TrimSpace(r.Reason), "reason", 1000, "SH12-C-9")
	return c.Err()
}

// RequestKey asks for a key; another operator enrols it (SH12-C-9, SH12-P-9).
func (s *Service) RequestKey(ctx context.Context, r RequestServiceKey) (ServiceKey, error) {
	if err := s.EventKeys.Check(r.Key); err != nil {
		return ServiceKey{}, err
	}
	u, err := s.unit(ctx, r.SpeaksFor)
	if err != nil {
		return ServiceKey{}, err
	}
	if !u.Active {
		return ServiceKey{}, ErrUnit
	}
	if !s.MachineNow().Before(r.Key.NotAfter) {
		return ServiceKey{}, ErrKeyOver
	}
	known, ok, err := s.known(r.Key.KeyID)
	if err != nil {
		return ServiceKey{}, err
	}
	if ok && known.Holder != r.Key.Holder {
		return ServiceKey{}, ErrKeyClaimed
	}
	return s.ServiceKeys.Upsert(ctx, r.Key.KeyID, func(k *ServiceKey, rec *aggregate.Recorder) error {
		if k.State != "" && k.State != KeyRejected {
			return ErrKeyKnown
		}
		k.Parties = nil
		k.Own(Platform)
		k.State, k.Key, k.SpeaksFor, k.Reason = KeyRequested, r.Key, r.SpeaksFor, r.Reason
		k.Title = r.Key.Holder + "（" + u.Name + "）"
		k.RequestedBy, k.DecidedBy, k.Opinion = rec.By().Subject, "", ""
		k.Await(aggregate.Todo{Action: "enrol_service_key", Role: operator, Unit: Platform, Title: "核对服务密钥：" + k.Title})
		rec.State(k.ID, &identityv1.ServiceKeyRequested{
			KeyId: k.ID, Service: k.Key.Holder, Unit: k.SpeaksFor, Alg: k.Key.Alg,
			NotBefore: k.Key.NotBefore.Format(time.RFC3339), NotAfter: k.Key.NotAfter.Format(time.RFC3339),
			RequestedBy: rec.By().Actor(), Reason: k.Reason,
		})
		return nil
	})
}

// known is a key of the register.
func (s *Service) known(id string) (KnownKey, bool, error) {
	all, err := s.EventKeys.Keys()
	i := slices.IndexFunc(all, func(k KnownKey) bool { return k.KeyID == id })
	if err != nil || i < 0 {
		return KnownKey{}, false, err
	}
	return all[i], true, nil
}

// EnrolServiceKey is the second operator's word about a key.
type EnrolServiceKey struct {
	ID      string `path:"id" json:"-"`
	Opinion string `json:"opinion" required:"true"` // how it was compared with the holder's word
}

// Validate wants the opinion.
func (r *EnrolServiceKey) Validate() error {
	var c fault.Checks
	c.Text(strings.TrimSpace(r.Opinion), "opinion", 1000, "SH12-P-9")
	return c.Err()
}

// Enrol has a key believed that another operator asked for (SH12-C-9, SH12-P-9).
func (s *Service) Enrol(ctx context.Context, r EnrolServiceKey) (ServiceKey, error) {
	return s.decide(ctx, r.ID, func(k *ServiceKey, rec *aggregate.Recorder) error {
		if is(rec.By(), k.RequestedBy) {
			return ErrFourEyes
		}
		if !s.MachineNow().Before(k.Key.NotAfter) {
			return ErrKeyOver
		}
		k.State, k.DecidedBy, k.Opinion = KeyEnrolled, rec.By().Actor(), r.Opinion
		signature, err := s.Sign("identity.EnrolServiceKey", rec.By(), keySeal{k.Key, k.SpeaksFor, k.RequestedBy, r.Opinion})
		if err != nil {
			return err
		}
		rec.State(k.ID, &identityv1.ServiceKeyEnrolled{
			KeyId: k.ID, Service: k.Key.Holder, Unit: k.SpeaksFor, RequestedBy: k.RequestedBy, ApprovedBy: k.DecidedBy, Opinion: r.Opinion, Signature: signature,
		})
		return nil
	})
}

// keySeal is what an operator's signature about a key covers.
type keySeal struct {
	Key       PublishedKey `json:"key"`
	SpeaksFor string       `json:"speaks_for"`
	Requested string       `json:"requested_by"`
	Why       string       `json:"why"`
}

// RejectKey has a key that was asked for not enrolled; who asked may withdraw it so.
func (s *Service) RejectKey(ctx context.Context, r Reasoned) (ServiceKey, error) {
	return s.decide(ctx, r.ID, func(k *ServiceKey, rec *aggregate.Recorder) error {
		k.State, k.DecidedBy, k.Reason = KeyRejected, rec.By().Actor(), r.Reason
		rec.State(k.ID, &identityv1.ServiceKeyRejected{KeyId: k.ID, Service: k.Key.Holder, RejectedBy: k.DecidedBy, Reason: r.Reason})
		return nil
	})
}

// decide changes a key that was asked for, and tells the register.
func (s *Service) decide(ctx context.Context, id string, f func(*ServiceKey, *aggregate.Recorder) error) (ServiceKey, error) {
	k, err := s.ServiceKeys.Update(ctx, id, func(k *ServiceKey, rec *aggregate.Recorder) error {
		if k.State != KeyRequested {
			return wrongState("没有待核对的登记申请", "nobody asks for this key now")
		}
		k.Await()
		return f(k, rec)
	})
	if err == nil {
		s.EventKeys.Look()
	}
	return k, err
}

// RevokeKey has a key prove nothing any more, whichever register lists it: at once,
// and by one operator, since a key that leaked does not wait for a second
// (SH12-C-12). A key that was never asked for is known by the registers that this
// service reads.
func (s *Service) RevokeKey(ctx context.Context, r Reasoned) (ServiceKey, error) {
	listed, isListed, err := s.known(r.ID)
	if err != nil {
		return ServiceKey{}, err
	}
	k, err := s.ServiceKeys.Upsert(ctx, r.ID, func(k *ServiceKey, rec *aggregate.Recorder) error {
		switch {
		case k.State == KeyRevoked:
			return wrongState("该密钥已经吊销", "the key is revoked already")
		case k.State == "" && !isListed:
			return ErrUnknown
		case k.State == "":
			k.Own(Platform)
			k.Key, k.Title = listed.PublishedKey, listed.Holder
		}
		k.Await()
		k.State, k.RevokedBy, k.RevokedAt, k.RevokedReason = KeyRevoked, rec.By().Actor(), s.MachineNow().UTC().Truncate(time.Second), r.Reason
		signature, err := s.Sign("identity.RevokeServiceKey", rec.By(), keySeal{k.Key, k.SpeaksFor, k.RequestedBy, r.Reason})
		if err != nil {
			return err
		}
		rec.State(k.ID, &identityv1.ServiceKeyRevoked{
			KeyId: k.ID, Service: k.Key.Holder, RevokedBy: k.RevokedBy, RevokedAt: k.RevokedAt.Format(time.RFC3339), Reason: r.Reason, Signature: signature,
		})
		return nil
	})
	if err == nil {
		s.EventKeys.Look()
	}
	return k, err
}

// ListServiceKeys asks for one page of what operators said of keys.
type ListServiceKeys struct {
	State     string `query:"state" json:"-"`
	PageSize  int    `query:"page_size" json:"-"`
	PageToken string `query:"page_token" json:"-"`
}

// ListServiceKeys lists what operators said of keys, newest first.
func (s *Service) ListServiceKeys(ctx context.Context, q ListServiceKeys) (aggregate.Page[ServiceKey], error) {
	query := aggregate.Query{PageSize: q.PageSize, PageToken: q.PageToken}
	if q.State != "" {
		query.Filter = map[string]string{"state": q.State}
	}
	return s.ServiceKeys.List(ctx, query)
}

// EventKey is a key of the register as this service serves it.
type EventKey struct {
	PublishedKey
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	// Standing says whether the key is believed now: in_force, next (its time has
	// not come), over or revoked.
	Standing string `json:"standing"`
}

// EventKeyList is the register of event keys.
type EventKeyList struct {
	Items []EventKey `json:"items"` // by holder, then by the day they begin
}

// ListEventKeys is the register of event keys as services are served it, with the
// keys that came there without being enrolled, such as those of this machine.
func (s *Service) ListEventKeys(context.Context, struct{}) (EventKeyList, error) {
	known, err := s.EventKeys.Keys()
	if err != nil {
		return EventKeyList{}, err
	}
	now := s.MachineNow()
	list := EventKeyList{Items: []EventKey{}}
	for _, k := range known {
		e := EventKey{PublishedKey: k.PublishedKey, RevokedAt: k.RevokedAt, Standing: "in_force"}
		switch {
		case k.RevokedAt != nil && !now.Before(*k.RevokedAt):
			e.Standing = "revoked"
		case !now.Before(k.NotAfter):
			e.Standing = "over"
		case now.Before(k.NotBefore):
			e.Standing = "next"
		}
		list.Items = append(list.Items, e)
	}
	slices.SortStableFunc(list.Items, func(a, b EventKey) int {
		if c := strings.Compare(a.Holder, b.Holder); c != 0 {
			return c
		}
		return a.NotBefore.Compare(b.NotBefore)
	})
	return list, nil
}

// EnrolledKeys are the keys that operators enrolled or revoked, for the register
// of event keys.
func (s *Service) EnrolledKeys(ctx context.Context) ([]KnownKey, error) {
	all, err := aggregate.Everything(s.asSelf(ctx), s.ServiceKeys, nil)
	if err != nil {
		return nil, err
	}
	var keys []KnownKey
	for _, k := range all {
		switch k.State {
		case KeyEnrolled:
			keys = append(keys, KnownKey{PublishedKey: k.Key})
		case KeyRevoked:
			keys = append(keys, KnownKey{k.Key, &k.RevokedAt, k.RevokedReason})
		case KeyRequested, KeyRejected:
		}
	}
	return keys, nil
}
