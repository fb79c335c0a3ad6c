// Package keyring keeps the ledger's keys, and the newest checkpoint they
// signed, in a directory of the service's own, outside of its database.
//
// Keys come in generations. A new one signs beside the one before it for a while,
// so that whoever trusts the old keys sees the new ones introduced under them;
// then the old ones sign no more, and hold for what they signed (SH12-C-12).
package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"egov/libs/ledger/checkpoint"
	"egov/services/auditexport"
)

// keyFile holds the secrets of the first generation, one an algorithm.
// generationsFile holds all there are, from the second on.
const (
	keyFile         = "ledger.json"
	generationsFile = "ledger.generations.json"
)

// generation is the keys of one span of a ledger's life.
type generation struct {
	Since   time.Time          `json:"since"`
	From    uint64             `json:"from_size"`            // of the smallest tree it signs
	Until   uint64             `json:"until_size,omitempty"` // of the smallest it signs no more; 0 = none yet
	Secrets checkpoint.Secrets `json:"secrets,omitempty"`    // while it signs
	Public  []string           `json:"verifiers"`
}

// Open reads the keys kept in dir, or makes them at the first start. An
// empty dir keeps them in memory, for tests. Several processes may start over
// one directory at once: they end with the same keys.
func Open(dir, origin string) (*auditexport.Keyring, error) {
	generations, err := read(dir, origin)
	if err != nil {
		return nil, fmt.Errorf("ledger %w", err)
	}
	k := &auditexport.Keyring{Keys: checkpoint.Keys{Origin: origin, Keys: []checkpoint.Key{}}}
	for _, g := range generations {
		for _, verifier := range g.Public {
			k.Keys.Keys = append(k.Keys.Keys, checkpoint.Key{Verifier: verifier, Role: checkpoint.RoleLog, From: g.From, Until: g.Until})
		}
		for _, alg := range algorithms {
			if g.Secrets == nil {
				continue
			}
			s, err := checkpoint.NewSigner(g.Secrets[alg], nil)
			if err != nil {
				return nil, fmt.Errorf("ledger key %s: %w", alg, err)
			}
			k.Signers = append(k.Signers, s)
		}
	}
	k.Trust, err = checkpoint.NewTrust(k.Keys)
	return k, err
}

var algorithms = []checkpoint.Algorithm{checkpoint.Ed25519, checkpoint.SM2}

// Terms say for how long a generation signs.
type Terms struct {
	Life    time.Duration // until the next one begins; 0 = for ever
	Overlap time.Duration // that they sign together
}

// Turn begins the next generation of the keys in dir, and ends the one before it,
// when their time has come. signed is the size of the newest checkpoint, now the
// time of the machine. It is called at a start: other processes of the service
// take the change in when they start again, which they do within the overlap.
func Turn(dir, origin string, t Terms, signed uint64, now time.Time) error {
	if dir == "" || t.Life == 0 {
		return nil
	}
	unlock, err := lock(filepath.Join(dir, generationsFile+".lock"))
	if err != nil {
		return fmt.Errorf("ledger keys: %w", err)
	}
	defer unlock()
	generations, err := read(dir, origin)
	if err != nil {
		return fmt.Errorf("ledger %w", err)
	}
	changed := false
	last := &generations[len(generations)-1]
	if n := len(generations); n > 1 && generations[n-2].Secrets != nil && !now.Before(last.Since.Add(t.Overlap)) {
		generations[n-2].Secrets, generations[n-2].Until = nil, signed+1
		changed = true
	}
	if !now.Before(last.Since.Add(t.Life)) {
		secrets, err := checkpoint.OpenSecrets("", origin, algorithms...)
		if err != nil {
			return fmt.Errorf("ledger %w", err)
		}
		next, err := newGeneration(secrets, now, signed+1)
		if err != nil {
			return err
		}
		generations = append(generations, next)
		changed = true
	}
	if !changed {
		return nil
	}
	b, err := json.MarshalIndent(generations, "", "  ")
	if err != nil {
		return err
	}
	if err := checkpoint.WriteFile(filepath.Join(dir, generationsFile), b, os.Rename); err != nil {
		return fmt.Errorf("ledger keys: %w", err)
	}
	if generations[0].Secrets == nil { // they are no longer needed anywhere
		if err := os.Remove(filepath.Join(dir, keyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("ledger keys: %w", err)
		}
	}
	return nil
}

func newGeneration(secrets checkpoint.Secrets, since time.Time, from uint64) (generation, error) {
	g := generation{Since: since.UTC().Truncate(time.Second), From: from, Secrets: secrets}
	for _, alg := range algorithms {
		s, err := checkpoint.NewSigner(secrets[alg], nil)
		if err != nil {
			return g, fmt.Errorf("ledger key %s: %w", alg, err)
		}
		g.Public = append(g.Public, s.VerifierKey())
	}
	return g, nil
}

// read gives the generations, one at least.
func read(dir, origin string) (all []generation, err error) {
	if dir != "" {
		b, err := os.ReadFile(filepath.Join(dir, generationsFile))
		if err == nil {
			if err = json.Unmarshal(b, &all); err == nil && len(all) == 0 {
				err = errors.New("there are none")
			}
			if err != nil {
				err = fmt.Errorf("keys %s: %w", generationsFile, err)
			}
			return all, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	path, since := "", time.Time{}
	if dir != "" {
		path = filepath.Join(dir, keyFile)
	}
	secrets, err := checkpoint.OpenSecrets(path, origin, algorithms...)
	if err != nil {
		return nil, err
	}
	if path != "" { // the first were made when their file was
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		since = info.ModTime()
	}
	first, err := newGeneration(secrets, since, 0)
	return []generation{first}, err
}

// lock keeps other processes away until unlock.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // which unlocks it
}
