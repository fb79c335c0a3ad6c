package proofs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"egov/libs/calendar"
	"egov/services/suite"
	"egov/services/suite/demo"
)

// install brings up the district's profile, with the charts and the programs of
// the release before this one.
func install(ctx context.Context, b *Bed) (string, error) {
	if err := b.prepare(ctx, district); err != nil {
		return "", err
	}
	before := filepath.Join(b.Past, "charts", "egov") // with Past empty, the repository's
	chart, err := b.pack(ctx, before, "0.1.0")
	if err != nil {
		return "", err
	}
	migrated, stop, err := b.watchMigrations(ctx, district)
	if err != nil {
		return "", err
	}
	err = b.install(ctx, district, chart, filepath.Join(b.Past, profile("district.yaml")), b.overlay(b.Before, suite.Names()...))
	stop()
	if err != nil {
		return "", err
	}
	if err := b.settled(ctx, district); err != nil {
		return "", err
	}
	if n := len(migrated()); n != len(suite.Databases()) {
		return "", fmt.Errorf("%d of %d migrations ran: %v", n, len(suite.Databases()), migrated())
	}
	out, err := b.helm(ctx, "test", release, "-n", district, "--timeout", "5m")
	if err != nil {
		return "", err
	}
	pods, err := b.Client.CoreV1().Pods(district).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/part-of=egov"})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d migration Jobs, then %d pods Ready; helm test: %d checks passed; PostgreSQL verify-full, Redis over TLS",
		len(migrated()), len(pods.Items), strings.Count(out, "Phase:          Succeeded")), nil
}

// prepare makes a namespace with all that the whole suite needs in it.
func (b *Bed) prepare(ctx context.Context, namespace string) error {
	if err := b.namespace(ctx, namespace, b.Servers, suite.Names()...); err != nil {
		return err
	}
	if b.Node == nil {
		spec := corev1.PersistentVolumeClaimSpec{}
		if b.Class != "" {
			spec.StorageClassName = &b.Class
		}
		return b.claims(ctx, namespace, blobClaim, spec)
	}
	if err := b.startClock(); err != nil {
		return err
	}
	if err := b.claim(ctx, namespace, clockClaim, filepath.Dir(b.Clock)); err != nil {
		return err
	}
	if err := b.claim(ctx, namespace, blobClaim, b.attachments(namespace)); err != nil {
		return err
	}
	var names []string
	for _, s := range suite.Databases() {
		names = append(names, namespace+"-keys-of-"+s)
	}
	return b.Node.Volumes(ctx, names...)
}

// attachments is the folder of this machine that a namespace's pods keep
// attachments in.
func (b *Bed) attachments(namespace string) string {
	return filepath.Join(b.Dir, "volumes", namespace+"-attachments")
}

// startClock sets the virtual clock to the day on which the demonstration
// opens, unless it runs already.
func (b *Bed) startClock() error {
	if _, err := os.Stat(b.Clock); err == nil {
		return nil
	}
	script, err := demo.ReadScript(nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.Clock), 0o755); err != nil {
		return err
	}
	return calendar.SetFile(b.Clock, script.Days.Opens.Date.Start().Add(9*time.Hour))
}

// watchMigrations notes which migration Jobs completed; they are deleted as
// soon as they have.
func (b *Bed) watchMigrations(ctx context.Context, namespace string) (migrated func() []string, stop func(), err error) {
	w, err := b.Client.BatchV1().Jobs(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, err
	}
	done := map[string]bool{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for e := range w.ResultChan() {
			if j, ok := e.Object.(*batchv1.Job); ok && e.Type != watch.Deleted && j.Status.Succeeded > 0 {
				done[strings.TrimSuffix(j.Name, "-migration")] = true
			}
		}
	}()
	stop = func() { w.Stop(); <-ended }
	return func() []string { return sorted(done) }, stop, nil
}
