// Package authority makes certificates that only those trust who are given the
// certificate of the authority that signed them. It promises keys of their own to
// all it signs for, and it keeps its own key in memory alone: nobody who is given
// what it makes can sign by it. It revokes nothing; what it signed ends with it.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Clocks of two machines may be this far apart.
const slack = time.Hour

// Authority signs certificates. It signs for many at once.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	PEM  []byte // its certificate
}

// New makes an authority; it and what it signs are good for life from now.
func New(name string, life time.Duration) (*Authority, error) {
	now := time.Now()
	form := form(name, now.Add(-slack), now.Add(life))
	form.IsCA, form.BasicConstraintsValid, form.MaxPathLenZero, form.KeyUsage = true, true, true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the authority %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	return &Authority{cert, key, block("CERTIFICATE", der)}, err
}

// Server signs for a server that is reached at the names and addresses given. It
// gives the certificate and its key (PKCS #8), both in PEM.
func (a *Authority) Server(name string, at ...string) (cert, key []byte, err error) {
	form := form(name, a.cert.NotBefore, a.cert.NotAfter)
	form.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, n := range at {
		if ip := net.ParseIP(n); ip != nil {
			form.IPAddresses = append(form.IPAddresses, ip)
		} else {
			form.DNSNames = append(form.DNSNames, n)
		}
	}
	return a.sign(form)
}

// Client signs for somebody who calls servers, with the groups they are of. It
// gives the certificate and its key (PKCS #8), both in PEM.
func (a *Authority) Client(name string, groups ...string) (cert, key []byte, err error) {
	form := form(name, a.cert.NotBefore, a.cert.NotAfter)
	form.Subject.Organization = groups
	form.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.sign(form)
}

func (a *Authority) sign(form *x509.Certificate) (cert, key []byte, err error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, own.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate of %s: %w", form.Subject.CommonName, err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(own)
	return block("CERTIFICATE", der), block("PRIVATE KEY", keyDER), err
}

func form(name string, from, to time.Time) *x509.Certificate {
	const bits = 127 // of the number, which no two certificates share
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits))
	if err != nil {
		panic(err) // rand.Reader never fails
	}
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
