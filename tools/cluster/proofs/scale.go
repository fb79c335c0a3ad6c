package proofs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"egov/services/suite"
	"egov/tools/cluster/servers"
)

// scaledObjects are KEDA's.
var scaledObjects = schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}

// streams is in front of the name of every service's stream.
const streams = "egov:events:"

// byLag has the ledger scaled by what waits for it, in KEDA's words: the API
// server checks them by KEDA's own definition, and an autoscaler made of them
// as KEDA makes it follows the lag.
func byLag(ctx context.Context, b *Bed) (_ string, err error) {
	files, err := Definitions(ctx)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if err := b.Node.Kubectl(ctx, "apply", "--server-side", "-f", f); err != nil {
			return "", err
		}
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: servers.Watcher}, StringData: map[string]string{"username": servers.Watcher, "password": b.Servers.Password(servers.Watcher)}}
	if _, err := b.Client.CoreV1().Secrets(district).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
		return "", err
	}
	over := b.overlay(b.Tag, suite.Names()...)
	for _, name := range suite.Names() {
		over[name].(values)["serviceMonitor"] = values{"enabled": true}
	}
	ledger := over["auditexport"].(values)
	ledger["autoscaling"] = values{"enabled": false}
	ledger["keda"] = values{"enabled": true, "minReplicas": 1, "maxReplicas": 4, "lag": 50, "address": b.Servers.RedisAddress(), "secret": servers.Watcher}
	chart, err := b.chart(ctx, "0.1.2")
	if err != nil {
		return "", err
	}
	if err := b.install(ctx, district, chart, profile("district.yaml"), over); err != nil {
		return "", err
	}
	objects, err := b.strictly(ctx, district)
	if err != nil {
		return "", err
	}
	watcher, err := b.Servers.Watch()
	if err != nil {
		return "", err
	}
	defer watcher.Close()
	_, stop, err := serveMetrics(ctx, b, func(ctx context.Context, stream, group string) (int64, error) {
		groups, err := watcher.XInfoGroups(ctx, stream).Result()
		if err != nil && !strings.Contains(err.Error(), "no such key") { // nothing was ever stated there
			return 0, err
		}
		for _, g := range groups {
			if g.Name == group {
				return max(0, g.Lag), nil
			}
		}
		return 0, nil
	})
	if err != nil {
		return "", err
	}
	defer stop()
	if err := b.kedas(ctx, district, "auditexport"); err != nil {
		return "", err
	}
	before, err := b.replicas(ctx, district, "auditexport")
	if err != nil {
		return "", err
	}
	n, after, err := b.pileUp(ctx, before)
	if err != nil {
		return "", err
	}
	facts, err := lost(ctx, b.Servers, nil)
	if err != nil {
		return "", err
	}
	cpu, err := b.byLoad(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d objects of the release re-sent with strict validation, KEDA's and the Prometheus operator's by their own definitions; ledger shut out of its database, %d drafts piled up: %d → %d pods by lag, then all %d facts in the ledger; %s", objects, n, before, after, facts, cpu), nil
}

// strictly sends what helm installed once more, dry, and has the API server
// refuse every field it does not know.
func (b *Bed) strictly(ctx context.Context, namespace string) (int, error) {
	manifest, err := b.helm(ctx, "get", "manifest", release, "-n", namespace)
	if err != nil {
		return 0, err
	}
	file := filepath.Join(b.Dir, "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		return 0, err
	}
	return strings.Count(manifest, "\nkind: "), b.Node.Kubectl(ctx, "apply", "--dry-run=server", "--validate=strict", "-n", namespace, "-f", file)
}

// kedas makes of a ScaledObject the autoscaler that KEDA makes of it: one
// metric a trigger.
func (b *Bed) kedas(ctx context.Context, namespace, name string) error {
	c, err := dynamic.NewForConfig(b.Config)
	if err != nil {
		return err
	}
	u, err := c.Resource(scaledObjects).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	var so struct {
		Spec struct {
			ScaleTargetRef struct {
				Name string `json:"name"`
			} `json:"scaleTargetRef"`
			MinReplicaCount int32 `json:"minReplicaCount"`
			MaxReplicaCount int32 `json:"maxReplicaCount"`
			Triggers        []struct {
				Type     string            `json:"type"`
				Metadata map[string]string `json:"metadata"`
			} `json:"triggers"`
		} `json:"spec"`
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &so); err != nil {
		return err
	}
	least := max(1, so.Spec.MinReplicaCount)
	h := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "keda-hpa-" + name},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: so.Spec.ScaleTargetRef.Name},
			MinReplicas:    &least, MaxReplicas: so.Spec.MaxReplicaCount,
		},
	}
	for i, t := range so.Spec.Triggers {
		perPod, err := resource.ParseQuantity(t.Metadata["lagCount"])
		if err != nil {
			return err
		}
		source, ok := strings.CutPrefix(t.Metadata["stream"], streams)
		if t.Type != "redis-streams" || !ok || t.Metadata["address"] != b.Servers.RedisAddress() {
			return fmt.Errorf("trigger %d is not a stream of the suite: %v", i, t)
		}
		h.Spec.Metrics = append(h.Spec.Metrics, autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: fmt.Sprintf("s%d-redis-streams", i), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"stream": source, "group": t.Metadata["consumerGroup"]}}},
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &perPod},
		}})
	}
	_, err = b.Client.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(ctx, h, metav1.CreateOptions{})
	return err
}

// pileUp shuts the ledger out of its database while facts are stated, until the
// autoscaler has added pods, and lets it in again. (A lock would not do: a
// transaction that waits for it holds up the relays of every database of the
// server, which pass on only what no open transaction may come before.)
func (b *Bed) pileUp(ctx context.Context, before int32) (facts int, after int32, err error) {
	c, err := pgx.Connect(ctx, b.Servers.Postgres.SuperuserURL("postgres"))
	if err != nil {
		return 0, 0, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	const shut = `ALTER ROLE auditexport NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'auditexport'`
	if _, err := c.Exec(ctx, shut); err != nil {
		return 0, 0, err
	}
	url, err := b.addresses(ctx, district)
	if err != nil {
		return 0, 0, err
	}
	const drafts = 600
	if err := burst(ctx, url, drafts); err != nil {
		return 0, 0, err
	}
	err = await(ctx, 3*time.Minute, func(ctx context.Context) error {
		if after, err = b.replicas(ctx, district, "auditexport"); err != nil {
			return err
		}
		if after <= before {
			return fmt.Errorf("still %d pods", after)
		}
		return nil
	})
	if _, oerr := c.Exec(ctx, "ALTER ROLE auditexport LOGIN"); err != nil || oerr != nil {
		return 0, 0, errors.Join(err, oerr)
	}
	if err := b.settled(ctx, district); err != nil {
		return 0, 0, err
	}
	return drafts, after, nil
}

// burst drafts projects as fast as a few callers can.
func burst(ctx context.Context, url func(string) string, drafts int) error {
	l := &load{url: url, http: &http.Client{Timeout: 30 * time.Second}}
	work := make(chan struct{})
	var done sync.WaitGroup
	for _, account := range declarers {
		token := l.signIn(account)
		done.Go(func() {
			for range work {
				l.ask("declaration", http.MethodPost, "/v1/projects", draft(), map[string]string{"Authorization": "Bearer " + token, "Idempotency-Key": rand.Text()}, nil)
			}
		})
	}
	for range drafts {
		if ctx.Err() != nil {
			break
		}
		work <- struct{}{}
	}
	close(work)
	done.Wait()
	l.http.CloseIdleConnections()
	if len(l.failures) > 0 {
		return fmt.Errorf("%d of %d requests failed: %s", len(l.failures), l.asked, l.failures[0])
	}
	return ctx.Err()
}

// byLoad waits until the processor's load of the callers has added pods of
// declaration, by the chart's own autoscaler.
func (b *Bed) byLoad(ctx context.Context) (string, error) {
	url, err := b.addresses(ctx, district)
	if err != nil {
		return "", err
	}
	scaler := func(ctx context.Context) (*autoscalingv2.HorizontalPodAutoscaler, *int32, error) {
		h, err := b.Client.AutoscalingV2().HorizontalPodAutoscalers(district).Get(ctx, "declaration", metav1.GetOptions{})
		if err != nil {
			return nil, nil, err
		}
		if len(h.Status.CurrentMetrics) == 0 || h.Status.CurrentMetrics[0].Resource == nil || h.Status.CurrentMetrics[0].Resource.Current.AverageUtilization == nil {
			return nil, nil, fmt.Errorf("the autoscaler of declaration has no measure: %v", h.Status.Conditions)
		}
		return h, h.Status.CurrentMetrics[0].Resource.Current.AverageUtilization, nil
	}
	l := startLoad(ctx, url)
	var seen string
	err = await(ctx, 3*time.Minute, func(ctx context.Context) error {
		h, load, err := scaler(ctx)
		if err != nil {
			return err
		}
		if h.Status.DesiredReplicas <= *h.Spec.MinReplicas {
			return fmt.Errorf("declaration is wanted %d times: %v", h.Status.DesiredReplicas, h.Status.Conditions)
		}
		seen = fmt.Sprintf("declaration at %d%% of its CPU request: %d → %d pods", *load, *h.Spec.MinReplicas, h.Status.DesiredReplicas)
		return nil
	})
	l.rest()
	if err != nil {
		return "", err
	}
	// What follows looks at a district that stands still.
	err = await(ctx, 3*time.Minute, func(ctx context.Context) error {
		h, load, err := scaler(ctx)
		if err == nil && (h.Status.CurrentReplicas != h.Status.DesiredReplicas || *load > *h.Spec.Metrics[0].Resource.Target.AverageUtilization) {
			err = fmt.Errorf("declaration still grows: at %d%%, %d → %d pods", *load, h.Status.CurrentReplicas, h.Status.DesiredReplicas)
		}
		return err
	})
	return seen, errors.Join(err, b.settled(ctx, district))
}

func (b *Bed) replicas(ctx context.Context, namespace, name string) (int32, error) {
	d, err := b.Client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	return *d.Spec.Replicas, nil
}

// apply makes an object of any kind, as this program's.
func apply(ctx context.Context, c dynamic.Interface, of schema.GroupVersionResource, namespace string, object map[string]any) error {
	b, err := json.Marshal(object) // what is not JSON yet becomes it
	if err != nil {
		return err
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(b); err != nil {
		return err
	}
	_, err = c.Resource(of).Namespace(namespace).Apply(ctx, u.GetName(), u, metav1.ApplyOptions{FieldManager: "clustertest"})
	return err
}
