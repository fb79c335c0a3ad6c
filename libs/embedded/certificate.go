package embedded

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
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
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name + " authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, signer.Public(), signer)
	if err != nil {
		return c, fmt.Errorf("certificate of %s: %w", authority.Subject.CommonName, err)
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, own.Public(), signer)
	if err != nil {
		return c, fmt.Errorf("certificate of %s: %w", name, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return c, err
	}
	if err := writePEM(c.Authority, "CERTIFICATE", authorityDER, 0o644); err != nil {
		return c, err
	}
	if err := writePEM(c.Server, "CERTIFICATE", serverDER, 0o644); err != nil {
		return c, err
	}
	return c, writePEM(c.Key, "PRIVATE KEY", keyDER, 0o600) // the last: with it the set is whole
}

func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
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
