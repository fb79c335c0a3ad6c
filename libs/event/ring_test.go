package event_test

import (
	"sync"
	"testing"
	"time"

	"egov/libs/event"
	"egov/libs/sign"
)

// ring is everybody's keys. It is an event.Keys; of gives one service's
// event.Signer.
type ring struct {
	mu   sync.Mutex
	keys map[string][]*sign.PrivateKey // by holder; the last one signs
	hide map[string]bool               // ids that consumers do not know yet
	gone map[string]error              // ids that are no good any more
}

// add gives a service its next key.
func (r *ring) add(t *testing.T, holder string, alg sign.Alg) *sign.PrivateKey {
	t.Helper()
	key, err := sign.Generate(alg)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys, r.hide, r.gone = map[string][]*sign.PrivateKey{}, map[string]bool{}, map[string]error{}
	}
	r.keys[holder] = append(r.keys[holder], key)
	return key
}

// set changes what consumers know of a key.
func (r *ring) set(id string, hidden bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hide[id], r.gone[id] = hidden, err
}

func (r *ring) VerifyingKey(source, id string, _ time.Time) (*sign.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for holder, keys := range r.keys {
		for _, k := range keys {
			switch {
			case k.KeyID() != id || r.hide[id]:
			case holder != source:
				return nil, sign.ErrSignerMismatch
			default:
				return k.Public(), r.gone[id]
			}
		}
	}
	return nil, event.ErrKeyUnknown
}

func (r *ring) of(holder string) event.Signer { return signer{r, holder} }

type signer struct {
	ring   *ring
	holder string
}

func (s signer) SigningKey() (*sign.PrivateKey, error) {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	keys := s.ring.keys[s.holder]
	return keys[len(keys)-1], nil
}
