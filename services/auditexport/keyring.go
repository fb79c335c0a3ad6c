package auditexport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"egov/libs/ledger/checkpoint"
)

// Keyring is the ledger's own keys: Ed25519, which any C2SP tool reads, and SM2.
type Keyring struct {
	Signers []*checkpoint.Signer
	Keys    checkpoint.Keys
	Trust   *checkpoint.Trust
}

// OpenKeyring reads the keys kept in dir, or makes them at the first start. An
// empty dir keeps them in memory, for tests.
func OpenKeyring(dir, origin string) (*Keyring, error) {
	secrets := map[checkpoint.Algorithm]string{}
	path := filepath.Join(dir, "ledger.json")
	if dir != "" {
		b, err := os.ReadFile(path)
		switch {
		case err == nil:
			if err := json.Unmarshal(b, &secrets); err != nil {
				return nil, fmt.Errorf("ledger keys %s: %w", path, err)
			}
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	k := &Keyring{Keys: checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{}}}
	made := false
	for _, alg := range []checkpoint.Algorithm{checkpoint.Ed25519, checkpoint.SM2} {
		if secrets[alg] == "" {
			secret, _, err := checkpoint.GenerateKey(alg, origin)
			if err != nil {
				return nil, err
			}
			secrets[alg], made = secret, true
		}
		s, err := checkpoint.NewSigner(secrets[alg], nil)
		if err != nil {
			return nil, err
		}
		k.Signers = append(k.Signers, s)
		k.Keys.Keys = append(k.Keys.Keys, checkpoint.Key{Verifier: s.VerifierKey(), Role: checkpoint.RoleLog})
	}
	var err error
	if k.Trust, err = checkpoint.NewTrust(k.Keys); err != nil {
		return nil, err
	}
	if !made || dir == "" {
		return k, nil
	}
	b, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return k, os.WriteFile(path, b, 0o600)
}
