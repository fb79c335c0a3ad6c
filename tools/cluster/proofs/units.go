package proofs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/services/suite"
)

// bureau is the namespace of the audit bureau's own release.
const bureau = "egov-audit"

// ownRelease has the audit bureau take its service into its own hands: out of
// the district's release, into a namespace and a release of its own, with its
// keys and its data, talking to the others across namespaces, and spoken to by
// TLS alone.
func ownRelease(ctx context.Context, b *Bed) (string, error) {
	keys, err := b.folderOf(ctx, district, "auditexport-keys")
	if err != nil {
		return "", err
	}
	before, err := b.checkpoint(ctx, district)
	if err != nil {
		return "", err
	}
	over := b.overlay(b.Tag, suite.Names()...)
	over["auditexport"] = values{"enabled": false}
	over["global"].(values)["services"] = values{"auditexport": "https://" + ledgerHost + ":8080"}
	chart, err := b.chart(ctx, "0.1.3")
	if err != nil {
		return "", err
	}
	if err := b.install(ctx, district, chart, profile("district.yaml"), over); err != nil {
		return "", err
	}
	if _, err := b.Client.CoreV1().PersistentVolumeClaims(district).Get(ctx, "auditexport-keys", metav1.GetOptions{}); err != nil {
		return "", fmt.Errorf("the claim with the keys went with the release: %w", err)
	}
	if err := b.namespace(ctx, bureau, b.Servers, "auditexport"); err != nil {
		return "", err
	}
	if err := errors.Join(b.claim(ctx, bureau, clockClaim, filepath.Dir(b.Clock)), b.claim(ctx, bureau, blobClaim, b.attachments(district)), b.claim(ctx, bureau, "keys", keys)); err != nil {
		return "", err
	}
	if err := b.certificate(ctx, bureau, "auditexport-tls", "auditexport", ledgerHost); err != nil {
		return "", err
	}
	own := b.overlay(b.Tag, "auditexport")
	own["auditexport"].(values)["tls"] = values{"secret": "auditexport-tls"}
	own["auditexport"].(values)["keys"] = values{"volume": values{"claim": "keys"}}
	elsewhere := values{}
	for _, name := range suite.Databases() {
		if name != "auditexport" {
			elsewhere[name] = "http://" + name + "." + district + ":8080"
		}
	}
	own["global"].(values)["services"] = elsewhere
	if err := b.install(ctx, bureau, chart, profile("units/audit.yaml"), own); err != nil {
		return "", err
	}
	if err := errors.Join(b.settled(ctx, district), b.settled(ctx, bureau)); err != nil {
		return "", err
	}
	url, err := b.addresses(ctx, district)
	if err != nil {
		return "", err
	}
	const drafts = 40
	if err := burst(ctx, url, drafts); err != nil {
		return "", err
	}
	facts, err := lost(ctx, b.Servers, nil)
	if err != nil {
		return "", err
	}
	// The service that is asked has the tokens' keys from the other namespace.
	var after checkpoint
	err = await(ctx, time.Minute, func(ctx context.Context) error {
		if after, err = b.checkpoint(ctx, bureau); err == nil && after.Rows <= before.Rows {
			err = fmt.Errorf("the ledger stands at %d rows, it had %d", after.Rows, before.Rows)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if len(after.Keys) == 0 || !bytes.Equal(after.Keys, before.Keys) {
		return "", fmt.Errorf("the ledger is signed with other keys than before: %s, %s", before.Keys, after.Keys)
	}
	if err := b.secured(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("auditexport moved from %s to %s with its keys and data: %d drafts stated in the one, all %d facts in the ledger of the other; same signing keys, %d → %d rows; it speaks TLS alone, to the portal across namespaces and to egov ops through the API server", district, bureau, drafts, facts, before.Rows, after.Rows), nil
}

// checkpoint is what the ledger's service says of it.
type checkpoint struct {
	Rows int64           `json:"rows"`
	Keys json.RawMessage `json:"keys"`
}

// checkpoint asks the ledger of a namespace, as the auditor that the district's
// identity knows.
func (b *Bed) checkpoint(ctx context.Context, namespace string) (c checkpoint, err error) {
	at, err := b.addresses(ctx, namespace)
	if err != nil {
		return c, err
	}
	home, err := b.addresses(ctx, district)
	if err != nil {
		return c, err
	}
	url := func(service string) string {
		if service == "identity" {
			return home(service)
		}
		return at(service)
	}
	l := &load{url: url, http: b.trusting()}
	defer l.http.CloseIdleConnections()
	auth := map[string]string{"Authorization": "Bearer " + l.signIn("audit.auditor")}
	err = l.send(ctx, "auditexport", http.MethodGet, "/v1/ledger/checkpoint", nil, auth, &c)
	return c, err
}

// ledgerHost is the audit bureau's service as the other namespaces call it.
const ledgerHost = "auditexport." + bureau

// trusting is a client of this machine, which knows no names of the cluster: it
// goes to addresses and wants the certificate of the audit bureau's service.
func (b *Bed) trusting() *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b.Authority.PEM)
	return &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, ServerName: ledgerHost}},
	}
}

// certificate makes a Secret with a certificate for names.
func (b *Bed) certificate(ctx context.Context, namespace, name string, names ...string) error {
	cert, key, err := b.Authority.Server(names[0], names...)
	if err != nil {
		return err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: cert, corev1.TLSPrivateKeyKey: key},
	}
	_, err = b.Client.CoreV1().Secrets(namespace).Create(ctx, secret, metav1.CreateOptions{})
	return err
}

// secured checks that the audit bureau's service, which was asked by TLS before
// this, says nothing without; that the district's portal reaches it, which has
// the authority from its trust.configMap; and that operators see it through the
// API server.
func (b *Bed) secured(ctx context.Context) error {
	at, err := b.addresses(ctx, bureau)
	if err != nil {
		return err
	}
	client := b.trusting()
	defer client.CloseIdleConnections()
	if _, err := ask(ctx, client, http.StatusBadRequest, http.MethodGet, strings.Replace(at("auditexport"), "https://", "http://", 1)+"/livez", nil); err != nil {
		return fmt.Errorf("without TLS: %w", err)
	}
	home, err := b.addresses(ctx, district)
	if err != nil {
		return err
	}
	// The portal takes a password over TLS alone, which its gateway would end.
	cookies, err := ask(ctx, client, http.StatusOK, http.MethodPost, home("portal")+"/api/session",
		strings.NewReader(`{"account":"audit.auditor","password":"`+demoPassword+`"}`), "X-Forwarded-Proto", "https", "Content-Type", "application/json")
	if err != nil {
		return err
	}
	if len(cookies) == 0 {
		return errors.New("the portal gives no session")
	}
	_, err = ask(ctx, client, http.StatusOK, http.MethodGet, home("portal")+"/api/auditexport/v1/ledger/checkpoint", nil, "X-Forwarded-Proto", "https", "Cookie", cookies[0].Name+"="+cookies[0].Value)
	if err != nil {
		return fmt.Errorf("through the portal: %w", err)
	}
	var seen struct {
		Services []struct{ Versions []string }
	}
	if err := b.ops(ctx, &seen, "status", "-n", bureau); err != nil {
		return err
	}
	if len(seen.Services) != 1 || len(seen.Services[0].Versions) != 1 {
		return fmt.Errorf("egov ops sees %+v", seen.Services)
	}
	return nil
}

// ask sends one request, with headers in pairs, and wants a status.
func ask(ctx context.Context, client *http.Client, want int, method, url string, body io.Reader, headers ...string) ([]*http.Cookie, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	for pair := range slices.Chunk(headers, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	return resp.Cookies(), errors.Join(err, resp.Body.Close())
}

// folderOf is the folder of this machine that a claim is bound to.
func (b *Bed) folderOf(ctx context.Context, namespace, claim string) (string, error) {
	c, err := b.Client.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, claim, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	v, err := b.Client.CoreV1().PersistentVolumes().Get(ctx, c.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if v.Spec.Local == nil {
		return "", fmt.Errorf("%s is no folder of this machine", v.Name)
	}
	return v.Spec.Local.Path, nil
}

// uninstall takes the releases away and looks at what stays.
func uninstall(ctx context.Context, b *Bed) (string, error) {
	for _, namespace := range []string{bureau, district} {
		if _, err := b.helm(ctx, "uninstall", release, "-n", namespace, "--ignore-not-found", "--wait", "--timeout", "5m"); err != nil {
			return "", err
		}
	}
	err := await(ctx, time.Minute, func(ctx context.Context) error {
		pods, err := b.Client.CoreV1().Pods(district).List(ctx, metav1.ListOptions{})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d pods are still there", len(pods.Items))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, name := range suite.Databases() {
		if _, err := b.Client.CoreV1().PersistentVolumeClaims(district).Get(ctx, name+"-keys", metav1.GetOptions{}); err != nil {
			return "", fmt.Errorf("the keys of %s went with the release: %w", name, err)
		}
	}
	services, err := b.Client.CoreV1().Services(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	policies, err := b.Client.NetworkingV1().NetworkPolicies(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	if left := len(services.Items) + len(policies.Items); left > 0 {
		return "", fmt.Errorf("%d Services and policies are left", left)
	}
	switch _, err := b.Client.AppsV1().Deployments(district).Get(ctx, "declaration", metav1.GetOptions{}); {
	case err == nil:
		return "", errors.New("the Deployment of declaration is left")
	case !apierrors.IsNotFound(err):
		return "", err
	}
	return fmt.Sprintf("no pod, Service or policy stays; the %d claims that hold keys do", len(suite.Databases())), nil
}
