package portaltest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"
)

// Browser keeps cookies, as a browser does.
type Browser struct {
	base   string
	client *http.Client
}

// NewBrowser is a browser at a portal.
func NewBrowser(t testing.TB, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{base, &http.Client{Jar: jar}}
}

// Get asks for a path; the caller closes the body.
func (b *Browser) Get(t testing.TB, path string) *http.Response {
	t.Helper()
	resp, err := b.get(t, path)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func (b *Browser) get(t testing.TB, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+path, nil)
	if err != nil {
		return nil, err
	}
	return b.client.Do(req)
}

// WaitReady waits until the portal says that it is ready.
func (b *Browser) WaitReady(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 2000 {
		if resp, err := b.get(t, "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		<-tick.C
	}
	t.Fatal("the portal did not become ready")
}

// SignIn signs an account of the district in.
func (b *Browser) SignIn(t testing.TB, account string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"account": account, "password": Password})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.base+"/api/session", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("sign in as %s: %s", account, resp.Status)
	}
}
