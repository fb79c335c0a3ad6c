package proofs

import (
	"context"
	"fmt"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/services/suite"
	"egov/services/suite/demo"
	"egov/tools/cluster/servers"
)

// smallest is the namespace of the profile of one pod.
const smallest = "egov-small"

// small brings up the profile of one pod, on servers of its own, and walks the
// same projects through it.
func small(ctx context.Context, b *Bed) (_ string, err error) {
	const namespace = smallest
	s, err := servers.Start(ctx, servers.Options{
		Dir: filepath.Join(b.Dir, namespace), Address: b.Address, PostgresPort: 5433, RedisPort: 6380, Authority: b.Authority, Deploy: filepath.Join(b.Repository, "deploy"),
	})
	if err != nil {
		return "", err
	}
	defer func() {
		if serr := s.Stop(context.WithoutCancel(ctx)); err == nil {
			err = serr
		}
	}()
	own := *b
	own.Servers, own.Clock = s, filepath.Join(b.Dir, "volumes", namespace+"-clock", "clock")
	if err := own.prepare(ctx, namespace); err != nil {
		return "", err
	}
	chart, err := own.chart(ctx, "0.1.0")
	if err != nil {
		return "", err
	}
	over := own.overlay(b.Tag)
	pod := own.workload()
	pod["resources"] = values{"requests": values{"cpu": "100m", "memory": "256Mi"}, "limits": values{"memory": "2Gi"}}
	pod["env"] = []values{{"name": "EGOV_IDENTITY_DEMO_PASSWORD", "valueFrom": values{"secretKeyRef": values{"name": "demo", "key": "password"}}}}
	over["suite"] = pod
	over["identity"] = values{"config": values{"seed": "demo"}}
	if err := own.install(ctx, namespace, chart, profile("small.yaml"), over); err != nil {
		return "", err
	}
	pods, err := b.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
	if err != nil {
		return "", err
	}
	url, err := own.addresses(ctx, namespace)
	if err != nil {
		return "", err
	}
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		return "", err
	}
	r, err := demo.Run(ctx, demo.Options{URL: url, Password: demoPassword, Clock: own.Clock, Projects: projects, Out: b.Out})
	if err != nil {
		return "", err
	}
	if !r.OK() {
		return "", fmt.Errorf("the walk did not end as the rules say: %v; ledger verified %v, traces complete %v", r.Problems, r.Ledger.Verified, r.Trace.Complete)
	}
	return fmt.Sprintf("%d pod behind %d Services; %d projects at their ends in %.0f s, %d ledger rows verified", len(pods.Items), len(suite.Names()), len(r.Projects), r.Seconds, r.Ledger.Rows), nil
}
