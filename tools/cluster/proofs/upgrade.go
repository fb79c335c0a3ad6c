package proofs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/services/suite"
)

// upgrade brings this release in the place of the one before, under load, goes
// back, whose programs then run on this one's schema, and comes again.
func upgrade(ctx context.Context, b *Bed) (string, error) {
	url, err := b.addresses(ctx, district)
	if err != nil {
		return "", err
	}
	chart, err := b.chart(ctx, "0.1.1")
	if err != nil {
		return "", err
	}
	over := b.overlay(b.Tag, suite.Names()...)
	for _, name := range suite.Names() { // also where both are of one image
		over[name].(values)["podAnnotations"] = values{"egov/release": "0.1.1"}
	}
	l := startLoad(ctx, url)
	for _, step := range []struct {
		what string
		do   func() error
		tag  string
	}{
		{"upgrade", func() error { return b.install(ctx, district, chart, profile("district.yaml"), over) }, b.Tag},
		{"rollback", func() error { return b.rollback(ctx, 1) }, b.Before},
		{"upgrade again", func() error { return b.rollback(ctx, 2) }, b.Tag},
	} {
		if err = step.do(); err == nil {
			err = b.settled(ctx, district)
		}
		if err == nil {
			err = b.runs(ctx, district, step.tag)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", step.what, err)
			break
		}
		b.say("%s: %s", step.what, l)
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
	which := "the release before"
	if b.Before == b.Tag {
		which = "the same programs as another release"
	} else if b.Past != "" {
		which += " by its own charts"
	}
	return fmt.Sprintf("%s → this → back (on this one's schema) → this, every pod replaced three times: %d requests by %d callers who repeat nothing, 0 failed (%d sent again by net/http); %d drafts acknowledged, all there; %d facts in outboxes, each once in the ledger",
		which, l.asked, len(declarers), l.resent, len(l.drafted), facts), nil
}

// rollback brings back a revision of the district's release.
func (b *Bed) rollback(ctx context.Context, revision int) error {
	_, err := b.helm(ctx, "rollback", release, fmt.Sprint(revision), "-n", district, "--wait", "--timeout", "10m")
	if err != nil {
		return errors.Join(err, b.ailing(context.WithoutCancel(ctx), district))
	}
	return nil
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
