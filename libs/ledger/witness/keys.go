package witness

import (
	"fmt"
	"path/filepath"
	"time"

	"egov/libs/ledger/checkpoint"
)

// Keys are a unit's witness keys, one an algorithm: Ed25519, which any C2SP
// tool reads, and SM2.
type Keys []*checkpoint.Signer

var algorithms = []checkpoint.Algorithm{checkpoint.Ed25519Cosignature, checkpoint.SM2Cosignature}

// OpenKeys reads the witness keys of a service kept in dir, or makes them at the
// first start. An empty dir keeps them in memory, for tests. name is the
// witness's name, now the time its cosignatures bear. Several processes may
// start over one directory at once: they end with the same keys.
func OpenKeys(dir, service, name string, now func() time.Time) (Keys, error) {
	path := ""
	if dir != "" {
		path = filepath.Join(dir, service+".witness.json")
	}
	secrets, err := checkpoint.OpenSecrets(path, name, algorithms...)
	if err != nil {
		return nil, fmt.Errorf("witness %w", err)
	}
	var keys Keys
	for _, a := range algorithms {
		s, err := checkpoint.NewSigner(secrets[a], now)
		if err != nil {
			return nil, fmt.Errorf("witness key %s: %w", a, err)
		}
		keys = append(keys, s)
	}
	return keys, nil
}

// Verifiers are the public halves, as texts.
func (k Keys) Verifiers() []string {
	out := make([]string, len(k))
	for i, s := range k {
		out[i] = s.VerifierKey()
	}
	return out
}
