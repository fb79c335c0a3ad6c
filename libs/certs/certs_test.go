package certs_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"egov/libs/certs"
	"egov/libs/fault"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &authority{cert: cert, key: key, n: 1}
}

// issue writes a certificate and its key into dir; usage is what it is for.
func (a *authority) issue(t *testing.T, dir, name string, usage ...x509.ExtKeyUsage) certs.Files {
	t.Helper()
	a.n++
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.n), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usage,
	}, a.cert, key.Public(), a.key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	f := certs.Files{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	must(t, os.WriteFile(f.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(f.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	return f
}

// file writes the authority's own certificate.
func (a *authority) file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "authority.pem")
	must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600))
	return path
}

var both = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}

// clock is moved by hand; it starts now, when the certificates are good.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// serve answers with the name on the caller's certificate.
func serve(t *testing.T, k *certs.Keeper) string {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = w.Write([]byte(r.TLS.PeerCertificates[0].Subject.CommonName))
		}
	})
	open := func(r *http.Request) bool { return r.URL.Path == "/livez" }
	srv := &http.Server{
		ReadHeaderTimeout: time.Minute, TLSConfig: k.Server(), ErrorLog: log.New(io.Discard, "", 0),
		Handler: k.Guard(h, open, func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fault.From(err).Code, http.StatusUnauthorized)
		}),
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.ServeTLS(ln, "", "") }()
	t.Cleanup(func() {
		must(t, srv.Close())
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "https://" + ln.Addr().String()
}

// call asks once, on a connection of its own, and gives the name of who
// answered.
func call(t *testing.T, url string, trusted *authority, own *tls.Config) (status int, server string, err error) {
	t.Helper()
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if own != nil {
		c = own
	}
	c.RootCAs = x509.NewCertPool()
	c.RootCAs.AddCert(trusted.cert)
	transport := &http.Transport{TLSClientConfig: c}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, "", err
	}
	resp.Body.Close()
	return resp.StatusCode, resp.TLS.PeerCertificates[0].Subject.CommonName, nil
}

// TestCertificatesAreRenewedWithoutARestart, and a broken file changes nothing.
func TestCertificatesAreRenewedWithoutARestart(t *testing.T) {
	t.Parallel()
	a, dir, c := newAuthority(t, "authority"), t.TempDir(), &clock{at: time.Now()}
	k, err := certs.Open(a.issue(t, dir, "first", both...), c.now)
	must(t, err)
	url := serve(t, k)
	named := func(want string) {
		t.Helper()
		c.at = c.at.Add(2 * time.Second)
		if _, got, err := call(t, url, a, nil); err != nil || got != want {
			t.Errorf("%s answers (%v), want %s", got, err, want)
		}
	}
	named("first")
	files := a.issue(t, dir, "second", both...)
	named("second")
	must(t, os.WriteFile(files.Cert, []byte("half a certi"), 0o600))
	named("second")
	must(t, os.Remove(files.Key))
	named("second")
	a.issue(t, dir, "third", both...)
	named("third")
	if _, _, err := call(t, url, newAuthority(t, "another"), nil); err == nil {
		t.Error("a server of an unknown authority is believed")
	}
}

// TestCallersProveWhoTheyAre where their authorities are named: with none, with
// one of others, or with one that is not for calling they are refused; probes
// need none (SH12-C-9).
func TestCallersProveWhoTheyAre(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t, "authority"), newAuthority(t, "stranger")
	now := time.Now
	files := a.issue(t, t.TempDir(), "server", both...)
	files.ClientCA = a.file(t)
	k, err := certs.Open(files, now)
	must(t, err)
	url := serve(t, k)
	client := func(by *authority, usage ...x509.ExtKeyUsage) *tls.Config {
		own, err := certs.Open(by.issue(t, t.TempDir(), "portal", usage...), now)
		must(t, err)
		return own.Client()
	}
	for _, tt := range []struct {
		name, path string
		own        *tls.Config
		want       int // 0 = the connection ends
	}{
		{"its own authority's", "/", client(a, both...), http.StatusOK},
		{"none", "/", nil, http.StatusUnauthorized},
		{"none, a probe", "/livez", nil, http.StatusOK},
		{"another authority's", "/", client(stranger, both...), 0},
		{"another authority's, a probe", "/livez", client(stranger, both...), 0},
		{"one for servers alone", "/", client(a, x509.ExtKeyUsageServerAuth), 0},
	} {
		status, _, err := call(t, url+tt.path, a, tt.own)
		if (err != nil) != (tt.want == 0) || status != tt.want {
			t.Errorf("with %s: %d %v, want %d", tt.name, status, err, tt.want)
		}
	}
}

// TestFilesThatCannotBeUsed are said at the start.
func TestFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t, "authority")
	good, other := a.issue(t, t.TempDir(), "server", both...), a.issue(t, t.TempDir(), "other", both...)
	empty := filepath.Join(t.TempDir(), "empty")
	must(t, os.WriteFile(empty, nil, 0o600))
	for name, f := range map[string]certs.Files{
		"no key":                {Cert: good.Cert},
		"no certificate":        {Key: good.Key},
		"another's key":         {Cert: good.Cert, Key: other.Key},
		"a file that is away":   {Cert: good.Cert + ".gone", Key: good.Key},
		"authorities of nobody": {Cert: good.Cert, Key: good.Key, ClientCA: empty},
		"authorities away":      {Cert: good.Cert, Key: good.Key, ClientCA: empty + ".gone"},
	} {
		if _, err := certs.Open(f, time.Now); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
