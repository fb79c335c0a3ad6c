package proofs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/services/suite"
)

// bureau is the namespace of the audit bureau's own release.
const bureau = "egov-audit"

// ownRelease has the audit bureau take its service into its own hands: out of
// the district's release, into a namespace and a release of its own, with its
// keys and its data, talking to the others across namespaces.
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
	over["global"].(values)["services"] = values{"auditexport": "http://auditexport." + bureau + ":8080"}
	chart, err := b.chart(ctx, "0.1.3")
	if err != nil {
		return "", err
	}
	if err := b.install(ctx, district, chart, "district.yaml", over); err != nil {
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
	own := b.overlay(b.Tag, "auditexport")
	own["auditexport"].(values)["keys"] = values{"volume": values{"claim": "keys"}}
	elsewhere := values{}
	for _, name := range suite.Databases() {
		if name != "auditexport" {
			elsewhere[name] = "http://" + name + "." + district + ":8080"
		}
	}
	own["global"].(values)["services"] = elsewhere
	if err := b.install(ctx, bureau, chart, "units/audit.yaml", own); err != nil {
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
	return fmt.Sprintf("auditexport moved from %s to %s with its keys and data: %d drafts stated in the one, all %d facts in the ledger of the other; same signing keys, %d → %d rows", district, bureau, drafts, facts, before.Rows, after.Rows), nil
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
	l := &load{url: url, http: &http.Client{Timeout: 20 * time.Second}}
	defer l.http.CloseIdleConnections()
	auth := map[string]string{"Authorization": "Bearer " + l.signIn("audit.auditor")}
	err = l.send(ctx, "auditexport", http.MethodGet, "/v1/ledger/checkpoint", nil, auth, &c)
	return c, err
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
