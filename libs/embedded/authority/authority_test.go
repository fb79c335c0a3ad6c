package authority_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"egov/libs/embedded/authority"
)

func TestAuthoritySignsForNamesAndUsers(t *testing.T) {
	t.Parallel()
	a, err := authority.New("tests", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(a.PEM) {
		t.Fatal("the authority's certificate is not PEM")
	}
	for _, c := range []struct {
		name string
		sign func() ([]byte, []byte, error)
		whom string
		use  x509.ExtKeyUsage
		good bool
	}{
		{"server by name", func() ([]byte, []byte, error) { return a.Server("one", "one", "10.0.0.1") }, "one", x509.ExtKeyUsageServerAuth, true},
		{"server by address", func() ([]byte, []byte, error) { return a.Server("one", "one", "10.0.0.1") }, "10.0.0.1", x509.ExtKeyUsageServerAuth, true},
		{"server by another name", func() ([]byte, []byte, error) { return a.Server("two", "one") }, "two", x509.ExtKeyUsageServerAuth, false},
		{"a user", func() ([]byte, []byte, error) { return a.Client("somebody", "a-group") }, "", x509.ExtKeyUsageClientAuth, true},
		{"a user is no server", func() ([]byte, []byte, error) { return a.Client("somebody") }, "", x509.ExtKeyUsageServerAuth, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cert, key, err := c.sign()
			if err != nil {
				t.Fatal(err)
			}
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				t.Fatal(err)
			}
			_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: c.whom, KeyUsages: []x509.ExtKeyUsage{c.use}})
			if (err == nil) != c.good {
				t.Errorf("verified: %v", err)
			}
		})
	}
}
