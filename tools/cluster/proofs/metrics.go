package proofs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

// metrics answers the two APIs that autoscalers ask: metrics.k8s.io with what
// the kubelet measured of the pods, and external.metrics.k8s.io with what waits
// in Redis Streams for a consumer group. It stands in for metrics-server and
// for KEDA's adapter, on this machine, behind the API server's aggregation.
type metrics struct {
	client kubernetes.Interface
	lag    func(ctx context.Context, stream, group string) (int64, error)

	mu  sync.Mutex
	err error // the last that an answer failed with
}

// The port on which the API server finds it.
const metricsPort = 10443

// serveMetrics starts answering and registers with the API server.
func serveMetrics(ctx context.Context, b *Bed, lag func(context.Context, string, string) (int64, error)) (*metrics, func(), error) {
	m := &metrics{client: b.Client, lag: lag}
	const name, namespace = "metrics", "kube-system"
	cert, key, err := b.Authority.Server(name, name+"."+namespace+".svc", b.Address)
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, nil, err
	}
	callers := x509.NewCertPool()
	callers.AppendCertsFromPEM(b.Config.CAData)
	l, err := tls.Listen("tcp", net.JoinHostPort(b.Address, fmt.Sprint(metricsPort)), &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: callers, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apis/metrics.k8s.io/v1beta1", m.resources("metrics.k8s.io/v1beta1", "pods", "PodMetrics"))
	mux.HandleFunc("GET /apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods", m.answer(m.pods))
	mux.HandleFunc("GET /apis/external.metrics.k8s.io/v1beta1", m.resources("external.metrics.k8s.io/v1beta1", "streams", "ExternalMetricValueList"))
	mux.HandleFunc("GET /apis/external.metrics.k8s.io/v1beta1/namespaces/{namespace}/{metric}", m.answer(m.external))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			m.failed(err)
		}
	}()
	stop := func() { _ = server.Close(); <-ended }
	if err := register(ctx, b, name, namespace); err != nil {
		stop()
		return nil, nil, err
	}
	return m, stop, nil
}

// register tells the API server where the two APIs are.
func register(ctx context.Context, b *Bed, name, namespace string) error {
	port, protocol := int32(metricsPort), corev1.ProtocolTCP
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "https", Port: 443}}}}
	if _, err := b.Client.CoreV1().Services(namespace).Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	portName := "https"
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: name}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{b.Address}}},
		Ports:       []discoveryv1.EndpointPort{{Name: &portName, Port: &port, Protocol: &protocol}},
	}
	if _, err := b.Client.DiscoveryV1().EndpointSlices(namespace).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
		return err
	}
	c, err := dynamic.NewForConfig(b.Config)
	if err != nil {
		return err
	}
	for _, group := range []string{"metrics.k8s.io", "external.metrics.k8s.io"} {
		if err := apply(ctx, c, schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}, "", map[string]any{
			"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
			"metadata": map[string]any{"name": "v1beta1." + group},
			"spec": map[string]any{
				"group": group, "version": "v1beta1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100), "caBundle": b.Authority.PEM,
				"service": map[string]any{"name": name, "namespace": namespace, "port": int64(443)},
			},
		}); err != nil {
			return err
		}
	}
	return await(ctx, time.Minute, func(ctx context.Context) error {
		return errors.Join(b.reaches(ctx, "/apis/metrics.k8s.io/v1beta1"), b.reaches(ctx, "/apis/external.metrics.k8s.io/v1beta1"))
	})
}

func (b *Bed) reaches(ctx context.Context, path string) error {
	_, err := b.Client.Discovery().RESTClient().Get().AbsPath(path).DoRaw(ctx)
	return err
}

func (m *metrics) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// resources answers what an API has.
func (m *metrics) resources(version, name, kind string) http.HandlerFunc {
	return m.answer(func(*http.Request) (any, error) {
		return metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: version,
			APIResources: []metav1.APIResource{{Name: name, Namespaced: true, Kind: kind, Verbs: metav1.Verbs{"get", "list"}}},
		}, nil
	})
}

func (m *metrics) answer(of func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := of(r)
		if err != nil {
			m.failed(err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // whoever has gone away asks again
	}
}

// summary is the part of the kubelet's statistics that is asked for.
type summary struct {
	Pods []struct {
		PodRef     struct{ Name, Namespace string }
		Containers []struct {
			Name string
			CPU  struct {
				Time           time.Time
				UsageNanoCores *uint64
			}
			Memory struct{ WorkingSetBytes *uint64 }
		}
	}
}

// pods answers with what the pods of a namespace use.
func (m *metrics) pods(r *http.Request) (any, error) {
	selector, err := labels.Parse(r.FormValue("labelSelector"))
	if err != nil {
		return nil, err
	}
	namespace := r.PathValue("namespace")
	chosen, err := m.client.CoreV1().Pods(namespace).List(r.Context(), metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, p := range chosen.Items {
		wanted[p.Name] = true
	}
	nodes, err := m.client.CoreV1().Nodes().List(r.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, n := range nodes.Items {
		raw, err := m.client.CoreV1().RESTClient().Get().Resource("nodes").Name(n.Name).SubResource("proxy").Suffix("stats/summary").DoRaw(r.Context())
		if err != nil {
			return nil, err
		}
		var s summary
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, err
		}
		for _, p := range s.Pods {
			if p.PodRef.Namespace != namespace || !wanted[p.PodRef.Name] {
				continue
			}
			containers, at := []any{}, time.Time{}
			for _, c := range p.Containers {
				if c.CPU.UsageNanoCores == nil || c.Memory.WorkingSetBytes == nil {
					continue
				}
				at = c.CPU.Time
				containers = append(containers, map[string]any{"name": c.Name, "usage": map[string]string{
					"cpu":    resource.NewScaledQuantity(int64(*c.CPU.UsageNanoCores), resource.Nano).String(),
					"memory": resource.NewQuantity(int64(*c.Memory.WorkingSetBytes), resource.BinarySI).String(),
				}})
			}
			if len(containers) > 0 {
				items = append(items, map[string]any{
					"metadata": map[string]any{"name": p.PodRef.Name, "namespace": namespace}, "timestamp": at, "window": "10s", "containers": containers,
				})
			}
		}
	}
	return map[string]any{"kind": "PodMetricsList", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": map[string]any{}, "items": items}, nil
}

// external answers with what waits in a stream; the selector names it as
// stream and group, with what a label may not hold replaced.
func (m *metrics) external(r *http.Request) (any, error) {
	selector, err := labels.Parse(r.FormValue("labelSelector"))
	if err != nil {
		return nil, err
	}
	stream, _ := selector.RequiresExactMatch("stream")
	group, _ := selector.RequiresExactMatch("group")
	n, err := m.lag(r.Context(), streams+stream, group)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"kind": "ExternalMetricValueList", "apiVersion": "external.metrics.k8s.io/v1beta1", "metadata": map[string]any{},
		"items": []any{map[string]any{
			"metricName": r.PathValue("metric"), "metricLabels": map[string]string{"stream": stream, "group": group},
			"timestamp": metav1.Now(), "value": resource.NewQuantity(n, resource.DecimalSI).String(),
		}},
	}, nil
}
