package proofs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/services/suite"
)

// upgrade brings the next version of chart and images under load, and goes
// back to the one before.
func upgrade(ctx context.Context, b *Bed) (string, error) {
	url, err := b.addresses(ctx, district)
	if err != nil {
		return "", err
	}
	chart, err := b.chart(ctx, "0.1.1")
	if err != nil {
		return "", err
	}
	l := startLoad(ctx, url)
	err = b.install(ctx, district, chart, "district.yaml", b.overlay(b.Next, suite.Names()...))
	if err == nil {
		err = b.settled(ctx, district)
	}
	if err == nil {
		err = b.runs(ctx, district, b.Next)
	}
	if err == nil {
		_, err = b.helm(ctx, "rollback", release, "-n", district, "--wait", "--timeout", "10m")
	}
	if err == nil {
		err = errors.Join(b.settled(ctx, district), b.runs(ctx, district, b.Tag))
	}
	l.rest()
	if err != nil {
		return "", err
	}
	if len(l.failures) > 0 {
		return "", fmt.Errorf("%d of %d requests failed: %s", len(l.failures), l.asked, strings.Join(l.failures[:min(5, len(l.failures))], "; "))
	}
	facts, err := lost(ctx, b.Servers, l.drafted)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("0.1.0 → 0.1.1 → 0.1.0, every pod replaced twice: %d requests by %d callers who repeat nothing, 0 failed (%d sent again by net/http); %d drafts acknowledged, all there; %d facts in outboxes, each once in the ledger",
		l.asked, len(declarers), l.resent, len(l.drafted), facts), nil
}

// runs checks that every container of the suite is of the tag.
func (b *Bed) runs(ctx context.Context, namespace, tag string) error {
	pods, err := b.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
	if err != nil {
		return err
	}
	for _, p := range pods.Items {
		if p.DeletionTimestamp != nil {
			continue
		}
		if image := p.Spec.Containers[0].Image; !strings.HasSuffix(image, ":"+tag) {
			return fmt.Errorf("%s runs %s, not %s", p.Name, image, tag)
		}
	}
	return nil
}
