package witness

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	secrets, err := readSecrets(dir, service)
	if errors.Is(err, fs.ErrNotExist) {
		secrets, err = makeSecrets(dir, service, name)
	}
	if err != nil {
		return nil, err
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

type secrets map[checkpoint.Algorithm]string

func keyFile(dir, service string) string { return filepath.Join(dir, service+".witness.json") }

func readSecrets(dir, service string) (s secrets, err error) {
	if dir == "" {
		return nil, fs.ErrNotExist
	}
	b, err := os.ReadFile(keyFile(dir, service))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("witness keys %s: %w", keyFile(dir, service), err)
	}
	return s, nil
}

// makeSecrets makes keys and keeps them, unless another process was first.
func makeSecrets(dir, service, name string) (secrets, error) {
	made := secrets{}
	for _, a := range algorithms {
		secret, _, err := checkpoint.GenerateKey(a, name)
		if err != nil {
			return nil, err
		}
		made[a] = secret
	}
	if dir == "" {
		return made, nil
	}
	b, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("directory of keys: %w", err)
	}
	f, err := os.CreateTemp(dir, ".witness-*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		// A link appears whole or not at all, and never in another's place.
		if err = os.Link(f.Name(), keyFile(dir, service)); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		return nil, err
	}
	return readSecrets(dir, service)
}
