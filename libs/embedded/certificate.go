package embedded

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"egov/libs/embedded/authority"
)

// certificateLife is for how long a server's certificate is good; a directory
// older than that gets new ones by removing its certificates.
const certificateLife = 10 * 365 * 24 * time.Hour

// Certificates are the PEM files by which a server proves to clients that it is
// the one of its directory.
type Certificates struct {
	Authority string // what clients trust
	Server    string // certificate of 127.0.0.1
	Key       string // its private key
}

// Certify makes the certificates of the server called name, unless dir holds
// them: an authority of this directory alone, whose private key nobody keeps,
// so that it never vouches for another server.
func Certify(dir, name string) (Certificates, error) {
	c := Certificates{filepath.Join(dir, "authority.pem"), filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")}
	if _, err := os.Stat(c.Key); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return c, err
	}
	a, err := authority.New(name+" authority", certificateLife)
	if err != nil {
		return c, err
	}
	cert, key, err := a.Server(name, "127.0.0.1")
	if err != nil {
		return c, err
	}
	if err := errors.Join(os.WriteFile(c.Authority, a.PEM, 0o644), os.WriteFile(c.Server, cert, 0o644)); err != nil {
		return c, err
	}
	return c, os.WriteFile(c.Key, key, 0o600) // the last: with it the set is whole
}

// authorities is a pool with the one certificate in file.
func authorities(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
