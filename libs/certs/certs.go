// Package certs has processes prove who they are by TLS with certificates that
// lie in files, and that are renewed without a restart: whoever issues them
// writes the files anew, and connections made from then on use them.
//
// It promises that a file which is half written or wrong changes nothing: what
// was read last stays in use and the mistake is logged once. It does not issue
// certificates, and it does not say whom to trust outside: that are the
// system's authorities, or those of SSL_CERT_DIR and SSL_CERT_FILE.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"egov/libs/fault"
)

// ErrNoCertificate refuses a caller who brings no certificate where one is
// asked for.
var ErrNoCertificate = fault.New(fault.Unauthenticated, "client_certificate_required",
	"须出示客户端证书", "a client certificate is required", "SH12-C-9")

// Files are the PEM files of one process.
type Files struct {
	Cert, Key string // its chain and the private key; empty = no TLS
	ClientCA  string // of the authorities that vouch for callers; empty = anybody may call
}

// Keeper has what the files say. It is safe for concurrent use.
type Keeper struct {
	files Files
	now   func() time.Time

	mu      sync.Mutex
	looked  time.Time
	mark    string // of the files as they were read
	failed  string // of the files that could not be
	pair    *tls.Certificate
	callers *x509.CertPool // nil: anybody
}

// lookEvery bounds how often the files are looked at.
const lookEvery = time.Second

// Open reads the files. now is the time of the machine; nil asks it.
func Open(f Files, now func() time.Time) (*Keeper, error) {
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("tls: a certificate and its key belong together")
	}
	if now == nil {
		now = time.Now
	}
	k := &Keeper{files: f, now: now}
	mark, err := k.stamp()
	if err != nil {
		return nil, err
	}
	return k, k.read(mark)
}

// stamp changes when a file does.
func (k *Keeper) stamp() (string, error) {
	mark := ""
	for _, path := range []string{k.files.Cert, k.files.Key, k.files.ClientCA} {
		if path == "" {
			continue
		}
		st, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("tls: %w", err)
		}
		mark += fmt.Sprintf("%d %d;", st.ModTime().UnixNano(), st.Size())
	}
	return mark, nil
}

// read takes the files in, or leaves everything as it is. The caller holds the
// lock, or is the only one to know k.
func (k *Keeper) read(mark string) error {
	pair, err := tls.LoadX509KeyPair(k.files.Cert, k.files.Key)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	var callers *x509.CertPool
	if k.files.ClientCA != "" {
		b, err := os.ReadFile(k.files.ClientCA)
		if err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		callers = x509.NewCertPool()
		if !callers.AppendCertsFromPEM(b) {
			return fmt.Errorf("tls: %s holds no certificate", k.files.ClientCA)
		}
	}
	k.pair, k.callers, k.mark = &pair, callers, mark
	return nil
}

// current is what is in force now, after a look at the files.
func (k *Keeper) current() (*tls.Certificate, *x509.CertPool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); now.Sub(k.looked) >= lookEvery {
		k.looked = now
		k.look()
	}
	return k.pair, k.callers
}

// look reads the files when they have changed.
func (k *Keeper) look() {
	mark, err := k.stamp()
	if err == nil && mark == k.mark {
		return
	}
	if err == nil {
		err = k.read(mark)
	}
	if err == nil {
		k.failed = ""
		return
	}
	if k.failed != mark+err.Error() {
		k.failed = mark + err.Error()
		slog.Warn("certificates are not taken over; those read last stay in use", "err", err)
	}
}

// Server is how a listener speaks TLS. A caller's certificate is asked for where
// callers' authorities are named, and a wrong one ends the connection; Guard
// refuses who brings none.
func (k *Keeper) Server() *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { pair, _ := k.current(); return pair, nil },
	}
	if k.files.ClientCA != "" {
		c.ClientAuth, c.VerifyConnection = tls.RequestClientCert, k.verifyCaller
	}
	return c
}

func (k *Keeper) verifyCaller(s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return nil
	}
	_, callers := k.current()
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: callers, Intermediates: between, CurrentTime: k.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}

// Guard refuses who brings no certificate where callers' authorities are named,
// but for the requests that are open to everybody: probes have none.
func (k *Keeper) Guard(next http.Handler, open func(*http.Request) bool, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	if k.files.ClientCA == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (r.TLS == nil || len(r.TLS.PeerCertificates) == 0) && !open(r) {
			refuse(w, r, ErrNoCertificate)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Client is how the process calls others: it shows its certificate to whoever
// asks, and trusts the system's authorities.
func (k *Keeper) Client() *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { pair, _ := k.current(); return pair, nil },
	}
}
