// Package kube is how the suite's tools speak to a cluster: they find it as
// kubectl does, act with the rights of whoever runs them and no others, read
// what pods serve through the API server, and say which right is missing where
// the API server refuses.
//
// Nothing is installed in the cluster for it. No service imports it: services
// know nothing of the cluster they run in.
package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"egov/libs/fault"
)

// OperatorRole is the ClusterRole that has every right `egov ops` asks for,
// ViewerRole the one that only looks, and where both are kept.
const (
	OperatorRole     = "egov-operator"
	ViewerRole       = "egov-viewer"
	OperatorRoleFile = "deploy/access/operator.yaml"
)

// The refusals of this package.
var (
	ErrNoCluster   = fault.New(fault.Invalid, "no_cluster", "没有可用的集群配置", "no cluster is configured")
	ErrUnreachable = fault.New(fault.Unavailable, "cluster_unreachable", "无法连接集群的API服务器", "the cluster's API server cannot be reached")
	ErrForbidden   = fault.New(fault.Forbidden, "cluster_forbidden", "集群不允许此操作", "the cluster does not allow this")
	ErrSignIn      = fault.New(fault.Unauthenticated, "cluster_unauthenticated", "集群不接受该身份", "the cluster does not accept these credentials")
	ErrAbsent      = fault.New(fault.NotFound, "not_in_cluster", "集群中没有该对象", "the cluster has no such object")
	ErrChanged     = fault.New(fault.Conflict, "changed_meanwhile", "对象已被他人更改，请重试", "it was changed meanwhile; try again")
	ErrRefused     = fault.New(fault.Refused, "cluster_refused", "集群拒绝了请求", "the cluster refused the request")
)

// Options say which cluster, as whom and where; empty fields mean what they mean
// to kubectl.
type Options struct {
	Kubeconfig string // file; empty = KUBECONFIG, ~/.kube/config, or the pod's own account
	Context    string
	Namespace  string
	All        bool // namespaces; Namespace is passed over
}

// Cluster is an API server and the namespace that is looked at.
type Cluster struct {
	API       kubernetes.Interface
	Namespace string // empty = all
	Server    string // for people

	config   *rest.Config // nil in tests of what needs no pods
	http     *http.Client // with the caller's credentials
	forwards atomic.Bool  // the API server does not reach pods by itself
}

// requests bounds what one command asks of the API server in a second, in the
// long run and at once.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
)

// Open finds the cluster. It does not speak to it yet.
func Open(o Options) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if o.Kubeconfig != "" {
		rules.ExplicitPath = o.Kubeconfig
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: o.Context})
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, ErrNoCluster.WithMsg("没有可用的集群配置：请用 --kubeconfig，或设置KUBECONFIG", "no cluster is configured: give --kubeconfig, or set KUBECONFIG").With(err)
	}
	config.QPS, config.Burst, config.UserAgent = requestsPerSecond, requestsAtOnce, "egov-ops"
	config.WarningHandler = rest.NoWarnings{} // of deprecations, to a person who cannot act on them
	c := &Cluster{Server: config.Host, config: config, Namespace: o.Namespace}
	if c.Namespace == "" && !o.All {
		if c.Namespace, _, err = loader.Namespace(); err != nil {
			return nil, ErrNoCluster.With(err)
		}
	}
	if o.All {
		c.Namespace = ""
	}
	if c.http, err = rest.HTTPClientFor(config); err != nil {
		return nil, ErrNoCluster.With(err)
	}
	if c.API, err = kubernetes.NewForConfigAndClient(config, c.http); err != nil {
		return nil, ErrNoCluster.With(err)
	}
	return c, nil
}

// Configured tells whether Open would find a cluster without being told of one:
// by the environment, the usual file or the pod's own account.
func Configured() bool {
	if os.Getenv("KUBECONFIG") != "" || os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(home, ".kube", "config"))
	return err == nil
}

// Contexts are the names that Options.Context may take, for completion.
func Contexts(kubeconfig string) []string {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if kubeconfig != "" {
		rules.ExplicitPath = kubeconfig
	}
	c, err := rules.Load()
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(c.Contexts))
	for n := range c.Contexts {
		names = append(names, n)
	}
	return names
}

// Fault turns what the API server or the way to it says into a fault that a
// person can act on. Faults and nil pass unchanged.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	var status apierrors.APIStatus // no error by itself, which AsType wants
	said := errors.As(err, &status)
	switch {
	case apierrors.IsForbidden(err):
		if r, ok := missing(status.Status().Message); ok {
			return r.fault().With(err)
		}
		return ErrForbidden.With(err)
	case apierrors.IsUnauthorized(err):
		return ErrSignIn.With(err)
	case apierrors.IsNotFound(err):
		return ErrAbsent.WithMsg("集群中没有该对象："+status.Status().Message, status.Status().Message).With(err)
	case apierrors.IsConflict(err):
		return ErrChanged.With(err)
	case said:
		return ErrRefused.WithMsg("集群拒绝了请求："+status.Status().Message, status.Status().Message).With(err)
	}
	_, network := errors.AsType[net.Error](err)
	_, way := errors.AsType[*url.Error](err)
	if network || way || errors.Is(err, context.DeadlineExceeded) {
		return ErrUnreachable.With(err)
	}
	return err
}

// right is one that the API server misses.
type right struct{ user, verb, resource, namespace string }

// missing reads the API server's refusal by RBAC: `pods is forbidden: User "x"
// cannot list resource "pods" in API group "" in the namespace "y"`.
func missing(message string) (r right, ok bool) {
	_, text, ok := strings.Cut(message, "User ")
	if !ok {
		return r, false
	}
	quoted := func(after string) string {
		_, rest, found := strings.Cut(text, after)
		if !found {
			return ""
		}
		value, _, _ := strings.Cut(rest, `"`)
		return value
	}
	r.user, r.resource, r.namespace = quoted(`"`), quoted(`resource "`), quoted(`namespace "`)
	_, verb, ok := strings.Cut(text, " cannot ")
	r.verb, _, _ = strings.Cut(verb, " ")
	return r, ok && r.resource != ""
}

func (r right) fault() *fault.Error {
	zh, en := "集群范围内", "in the whole cluster"
	binding := "ClusterRoleBinding"
	if r.namespace != "" {
		zh, en, binding = "命名空间 "+r.namespace+" 中", "in namespace "+r.namespace, "RoleBinding"
	}
	return ErrForbidden.WithMsg(
		fmt.Sprintf("%s 在%s没有权限 %s %s；%s 的 ClusterRole %s 含此权限，用 %s 授予", r.user, zh, r.verb, r.resource, OperatorRoleFile, OperatorRole, binding),
		fmt.Sprintf("%s lacks %s %s %s; the ClusterRole %s of %s has it, a %s gives it", r.user, r.verb, r.resource, en, OperatorRole, OperatorRoleFile, binding),
	)
}

// readTime bounds one reading of a pod.
const readTime = 5 * time.Second

// Port is one that a pod listens on.
type Port struct {
	Number int
	TLS    bool // it speaks TLS alone
}

// Scheme is that of the port's URLs.
func (p Port) Scheme() string {
	if p.TLS {
		return "https"
	}
	return "http"
}

// Read gives what a pod serves at a path of one of its ports: through the API
// server's proxy or, where the network keeps that from the pod or the caller may
// not use it, through a forwarded connection. A status that is no success is
// still an answer.
func (c *Cluster) Read(ctx context.Context, namespace, pod string, port Port, path string) (status int, body []byte, err error) {
	if !c.forwards.Load() {
		if status, body, err = c.readProxied(ctx, namespace, pod, port, path); err == nil || c.config == nil || ctx.Err() != nil {
			return status, body, err
		}
	}
	status, body, ferr := c.readForwarded(ctx, namespace, pod, port, path)
	if ferr != nil {
		return 0, nil, cmp.Or(err, ferr)
	}
	c.forwards.Store(true) // what keeps the API server from one pod keeps it from the next
	return status, body, nil
}

func (c *Cluster) readProxied(ctx context.Context, namespace, pod string, port Port, path string) (int, []byte, error) {
	if c.http == nil {
		return 0, nil, ErrUnreachable
	}
	at := c.API.CoreV1().RESTClient().Get().Namespace(namespace).Resource("pods").Name(port.Scheme() + ":" + pod + ":" + strconv.Itoa(port.Number)).
		SubResource("proxy").Suffix(path).URL()
	status, body, err := get(ctx, c.http, at.String())
	if err != nil || status < http.StatusBadRequest {
		return status, body, err
	}
	if err := refusalOfAPIServer(body); err != nil {
		return 0, nil, Fault(err)
	}
	return status, body, nil
}

// refusalOfAPIServer is what the API server itself says; nil where the answer is
// the pod's.
func refusalOfAPIServer(body []byte) error {
	var said metav1.Status
	if json.Unmarshal(body, &said) != nil || said.Kind != "Status" || said.APIVersion != "v1" {
		return nil
	}
	return apierrors.FromObject(&said)
}

// largest bounds what is read of a pod's answer.
const largest = 16 << 20

func (c *Cluster) readForwarded(ctx context.Context, namespace, pod string, port Port, path string) (int, []byte, error) {
	client, done := c.Client(namespace, pod, port)
	defer done()
	return get(ctx, client, port.Scheme()+"://"+pod+path)
}

func get(ctx context.Context, client *http.Client, at string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, Fault(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largest))
	return resp.StatusCode, body, err
}
