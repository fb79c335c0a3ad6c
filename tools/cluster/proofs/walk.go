package proofs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"egov/services/suite/demo"
)

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// shared is what walks and moves need: folders that this machine and the pods
// share, for the virtual clock and for keys that change hands.
func shared(b *Bed) string {
	if b.Node == nil {
		return "the pods of this cluster share no folder with this machine"
	}
	return ""
}

// ours is what needs a cluster that nobody else uses.
func ours(b *Bed) string {
	if b.Node == nil {
		return "it would take the place of this cluster's metrics"
	}
	return ""
}

// walk walks the demonstration's projects, and breaks things meanwhile.
func walk(ctx context.Context, b *Bed) (string, error) {
	url, err := b.addresses(ctx, district)
	if err != nil {
		return "", err
	}
	projects, err := demo.ReadProjects(nil)
	if err != nil {
		return "", err
	}
	d := &disturbance{b: b, namespace: district}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.cancel = cancel
	r, err := demo.Run(ctx, demo.Options{
		URL: url, Password: demoPassword, Clock: b.Clock, Projects: projects, Out: b.Out,
		Before: func(part string) {
			switch part {
			case "desks", "procure":
				d.start(ctx, "kill", d.kill)
			case "confer":
				d.start(ctx, "drain", d.drain)
			}
		},
	})
	d.wait()
	if err != nil {
		return "", errors.Join(err, context.Cause(ctx))
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", cause
	}
	if !r.OK() {
		return "", fmt.Errorf("the walk did not end as the rules say: %v; ledger verified %v, traces complete %v", r.Problems, r.Ledger.Verified, r.Trace.Complete)
	}
	return fmt.Sprintf("%d projects at their ends in %.0f s, %d facts, %d ledger rows exported and verified offline, traces complete; %d pods killed, %d evicted, %d evictions refused by their budget",
		len(r.Projects), r.Seconds, r.Facts, r.Ledger.Rows, d.killed, d.evicted, d.refused), nil
}

// disturbance takes pods away while others work.
type disturbance struct {
	b         *Bed
	namespace string
	cancel    context.CancelCauseFunc
	running   sync.WaitGroup
	mu        sync.Mutex // one at a time

	killed, evicted, refused int
}

func (d *disturbance) start(ctx context.Context, what string, do func(context.Context) error) {
	d.running.Go(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err := do(ctx); err != nil && ctx.Err() == nil {
			d.cancel(fmt.Errorf("%s: %w", what, err))
		}
	})
}

func (d *disturbance) wait() { d.running.Wait() }

// pods are the services' pods that run, by their service.
func (d *disturbance) pods(ctx context.Context) (map[string][]corev1.Pod, error) {
	all, err := d.b.Client.CoreV1().Pods(d.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=Helm"})
	if err != nil {
		return nil, err
	}
	by := map[string][]corev1.Pod{}
	for _, p := range all.Items {
		if name := p.Labels["app.kubernetes.io/name"]; p.DeletionTimestamp == nil && ready(&p) {
			by[name] = append(by[name], p)
		}
	}
	return by, nil
}

// kill deletes one pod of every service at once, without any grace.
func (d *disturbance) kill(ctx context.Context) error {
	by, err := d.pods(ctx)
	if err != nil {
		return err
	}
	var now int64
	for _, pods := range by {
		err := d.b.Client.CoreV1().Pods(d.namespace).Delete(ctx, pods[0].Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
		d.killed++
	}
	return d.b.settled(ctx, d.namespace)
}

// drain does to the node what kubectl drain does: nothing new may come, and
// every pod is evicted as far as its disruption budget lets it be. The one node
// then takes pods again, and the rest of the old ones go.
func (d *disturbance) drain(ctx context.Context) (err error) {
	old, err := d.pods(ctx)
	if err != nil {
		return err
	}
	if err := d.cordon(ctx, true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.cordon(context.WithoutCancel(ctx), false)) }()
	var left []corev1.Pod
	for _, pods := range old {
		for _, p := range pods {
			went, err := d.evict(ctx, p.Name)
			if err != nil {
				return err
			}
			if !went {
				left = append(left, p)
			}
		}
	}
	if len(left) == 0 {
		return errors.New("no disruption budget kept any pod of a node that takes no new ones")
	}
	d.refused += len(left)
	if err := d.cordon(ctx, false); err != nil {
		return err
	}
	for _, p := range left {
		if err := await(ctx, 3*time.Minute, func(ctx context.Context) error {
			went, err := d.evict(ctx, p.Name)
			if err == nil && !went {
				err = fmt.Errorf("%s may not go", p.Name)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return d.b.settled(ctx, d.namespace)
}

func (d *disturbance) cordon(ctx context.Context, on bool) error {
	nodes, err := d.b.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, on)
		if _, err := d.b.Client.CoreV1().Nodes().Patch(ctx, n.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return err
		}
	}
	return nil
}

// evict asks for a pod's eviction; false when its budget says no.
func (d *disturbance) evict(ctx context.Context, pod string) (bool, error) {
	err := d.b.Client.PolicyV1().Evictions(d.namespace).Evict(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: d.namespace}})
	switch {
	case apierrors.IsTooManyRequests(err):
		return false, nil
	case err == nil:
		d.evicted++
		return true, nil
	case apierrors.IsNotFound(err):
		return true, nil
	}
	return false, err
}
