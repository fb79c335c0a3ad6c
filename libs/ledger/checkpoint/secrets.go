package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Secrets are the private halves of one holder's keys, one an algorithm, as
// NewSigner reads them.
type Secrets map[Algorithm]string

// OpenSecrets reads the keys kept in the file at path, or makes them under name
// at the first start. Without a path they are not kept, for tests. Several
// processes may start over one file at once: they end with the same keys.
func OpenSecrets(path, name string, algorithms ...Algorithm) (Secrets, error) {
	s, err := readSecrets(path)
	if errors.Is(err, fs.ErrNotExist) {
		s, err = makeSecrets(path, name, algorithms)
	}
	return s, err
}

func readSecrets(path string) (s Secrets, err error) {
	if path == "" {
		return nil, fs.ErrNotExist
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("keys %s: %w", path, err)
	}
	return s, nil
}

// makeSecrets makes keys and keeps them, unless another process was first.
func makeSecrets(path, name string, algorithms []Algorithm) (Secrets, error) {
	made := Secrets{}
	for _, a := range algorithms {
		secret, _, err := GenerateKey(a, name)
		if err != nil {
			return nil, err
		}
		made[a] = secret
	}
	if path == "" {
		return made, nil
	}
	b, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return nil, err
	}
	// A link appears whole or not at all, and never in another's place.
	err = WriteFile(path, b, func(temporary, path string) error {
		return errors.Join(os.Link(temporary, path), os.Remove(temporary))
	})
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readSecrets(path)
}

// WriteFile writes a private file beside path, durably, and has place put it
// there.
func WriteFile(path string, data []byte, place func(temporary, path string) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return place(f.Name(), path)
}
