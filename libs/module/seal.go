package module

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"egov/libs/authn"
	"egov/libs/conf"
	"egov/libs/sign"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Act is the canonical document that a seal covers: who did what for which
// unit, and the document itself (SH12-C-6).
type Act struct {
	Act      string `json:"act"` // the operation's name
	Actor    string `json:"actor"`
	Unit     string `json:"unit"`
	Document any    `json:"document"`
}

// Sign seals an act that binds a unit, with the service's key.
func (k *Kit) Sign(act string, by authn.Principal, document any) (*typev1.Signature, error) {
	s, err := k.seal.For(k.Self.Subject).Sign(Act{Act: act, Actor: by.Actor(), Unit: by.Unit, Document: document}, k.Clock.Now())
	if err != nil {
		return nil, err
	}
	return &typev1.Signature{
		Alg: string(s.Alg), KeyId: s.KeyID, Signer: s.Signer,
		Value: base64.StdEncoding.EncodeToString(s.Value), SignedAt: s.SignedAt.Format(time.RFC3339Nano),
	}, nil
}

// loadSeal reads the service's key, or makes one at the first start.
func loadSeal(name string, c conf.Keys) (*sign.PrivateKey, error) {
	alg := sign.Alg(c.Alg)
	if c.Dir == "" {
		return sign.Generate(alg) // lives as long as the process: for tests
	}
	path := filepath.Join(c.Dir, name+".pem")
	key, err := sign.LoadPEM(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = sign.Generate(alg); err != nil {
		return nil, err
	}
	pem, err := key.MarshalPEM()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory of keys: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the new key: %w", err)
	}
	_, err = f.Write(pem)
	return key, errors.Join(err, f.Sync(), f.Close())
}

// SealKey is the answer of GET /v1/seal: the public half of a service's seal.
type SealKey struct {
	KeyID     string   `json:"key_id"`
	Alg       sign.Alg `json:"alg"`
	Holder    string   `json:"holder"`
	PublicKey string   `json:"public_key"` // PEM
}

// serveKey publishes it, so that anyone can check a seal.
func (k *Kit) serveKey(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(SealKey{k.seal.KeyID(), k.seal.Alg(), k.Self.Subject, string(k.seal.Public().MarshalPEM())}) // the client is gone when this fails
}
