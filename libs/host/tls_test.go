package host_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"egov/libs/conf"
	"egov/libs/host"
)

// certificate writes one for this machine that vouches for itself, and gives the
// files and what trusts it.
func certificate(t *testing.T) (conf.TLS, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "service"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := conf.TLS{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, b := range map[string][]byte{c.Cert: public, c.Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return c, pool
}

// TestAServiceSpeaksTLS where it has a certificate, over HTTP/2 too; whoever has
// none himself reaches the probes alone where callers' authorities are named.
func TestAServiceSpeaksTLS(t *testing.T) {
	t.Parallel()
	c, trusted := certificate(t)
	c.ClientCA = c.Cert
	ln := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- host.Run(ctx, slog.New(slog.NewTextHandler(io.Discard, nil)), host.Service{Name: "a", Listener: ln, TLS: c, Setup: func(_ context.Context, u *host.Unit) error {
			u.Mux.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
			return nil
		}})
	}()
	own, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string, certificates ...tls.Certificate) (int, string) {
		t.Helper()
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted, Certificates: certificates}}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+ln.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: transport}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	for _, tt := range []struct {
		path   string
		with   []tls.Certificate
		status int
		says   string
	}{
		{"/livez", nil, http.StatusOK, "ok"},
		{"/work", []tls.Certificate{own}, http.StatusOK, "HTTP/2.0"},
		{"/work", nil, http.StatusUnauthorized, "client_certificate_required"},
		{"/metrics", nil, http.StatusUnauthorized, "client_certificate_required"},
		{"/status/config", nil, http.StatusUnauthorized, "client_certificate_required"},
	} {
		if status, text := ask(tt.path, tt.with...); status != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s with %d certificates: %d %s", tt.path, len(tt.with), status, text)
		}
	}
	if status, text := get(t, ln, "/livez"); status == http.StatusOK {
		t.Errorf("without TLS: %s", text)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestAServiceWithoutItsCertificateDoesNotStart rather than speak in the clear.
func TestAServiceWithoutItsCertificateDoesNotStart(t *testing.T) {
	t.Parallel()
	c, _ := certificate(t)
	c.Key += ".gone"
	err := host.Run(t.Context(), slog.New(slog.NewTextHandler(io.Discard, nil)), host.Service{Name: "a", Listener: listen(t), TLS: c, Setup: func(context.Context, *host.Unit) error { return nil }})
	if err == nil || !strings.Contains(err.Error(), "tls") {
		t.Errorf("got %v", err)
	}
}
