// Package keyring keeps the ledger's keys, and the newest checkpoint they
// signed, in a directory of the service's own, outside of its database.
package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	secrets, err := readSecrets(dir)
	if errors.Is(err, fs.ErrNotExist) {
		secrets, err = makeSecrets(dir, origin)
	}
	if err != nil {
		return nil, err
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

type secrets map[checkpoint.Algorithm]string

func readSecrets(dir string) (secrets, error) {
	if dir == "" {
		return nil, fs.ErrNotExist
	}
	path := filepath.Join(dir, keyFile)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s secrets
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("ledger keys %s: %w", path, err)
	}
	return s, nil
}

// makeSecrets makes keys and keeps them, unless another process was first.
func makeSecrets(dir, origin string) (secrets, error) {
	made := secrets{}
	for _, alg := range algorithms {
		secret, _, err := checkpoint.GenerateKey(alg, origin)
		if err != nil {
			return nil, err
		}
		made[alg] = secret
	}
	if dir == "" {
		return made, nil
	}
	b, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return nil, err
	}
	// A link appears whole or not at all, and never in another's place.
	err = writeFile(filepath.Join(dir, keyFile), b, func(temporary, path string) error {
		return errors.Join(os.Link(temporary, path), os.Remove(temporary))
	})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readSecrets(dir)
}

// writeFile writes a private file beside path, durably, and has place put it
// there.
func writeFile(path string, data []byte, place func(temporary, path string) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ledger-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return place(f.Name(), path)
}
