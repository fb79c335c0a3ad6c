// Package keyring keeps the ledger's keys, and the newest checkpoint they
// signed, in a directory of the service's own, outside of its database.
package keyring

import (
	"fmt"
	"path/filepath"

	"egov/libs/ledger/checkpoint"
	"egov/services/auditexport"
)

// keyFile holds the secrets, one an algorithm.
const keyFile = "ledger.json"

// Open reads the keys kept in dir, or makes them at the first start. An
// empty dir keeps them in memory, for tests. Several processes may start over
// one directory at once: they end with the same keys.
func Open(dir, origin string) (*auditexport.Keyring, error) {
	path := ""
	if dir != "" {
		path = filepath.Join(dir, keyFile)
	}
	secrets, err := checkpoint.OpenSecrets(path, origin, algorithms...)
	if err != nil {
		return nil, fmt.Errorf("ledger %w", err)
	}
	k := &auditexport.Keyring{Keys: checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{}}}
	for _, alg := range algorithms {
		s, err := checkpoint.NewSigner(secrets[alg], nil)
		if err != nil {
			return nil, fmt.Errorf("ledger key %s: %w", alg, err)
		}
		k.Signers = append(k.Signers, s)
		k.Keys.Keys = append(k.Keys.Keys, checkpoint.Key{Verifier: s.VerifierKey(), Role: checkpoint.RoleLog})
	}
	k.Trust, err = checkpoint.NewTrust(k.Keys)
	return k, err
}

var algorithms = []checkpoint.Algorithm{checkpoint.Ed25519, checkpoint.SM2}
