package ops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"egov/libs/fault"
	"egov/services/suite"
	"egov/tools/kube"
)

// Labels that the charts put on what they make.
const (
	partOf      = "app.kubernetes.io/part-of=egov"
	nameLabel   = "app.kubernetes.io/name"
	releaseName = "app.kubernetes.io/instance"
	unitLabel   = "egov/unit"
)

// Survey is what was found of an installation.
type Survey struct {
	Services []*Service
	// Unseen is what could not be looked at, and why.
	Unseen []error

	cluster *objects // nil outside of a cluster
}

// objects are those of a cluster that doctor looks at.
type objects struct {
	deployments []appsv1.Deployment
	pods        []corev1.Pod
	configMaps  []corev1.ConfigMap
	jobs        []batchv1.Job
	autoscalers []autoscalingv2.HorizontalPodAutoscaler
	budgets     []policyv1.PodDisruptionBudget
	policies    []networkingv1.NetworkPolicy
	namespaces  []corev1.Namespace
	secrets     map[string]*corev1.Secret // by namespace/name, nil where there is none; absent where it may not be read
	lastWords   map[string]string         // by namespace/pod: the end of the log of the container that ended last
}

// surveyCluster finds the suite's services in the cluster's namespace, or in
// all.
func surveyCluster(ctx context.Context, c *kube.Cluster, d depth) (*Survey, error) {
	s, o := &Survey{}, &objects{secrets: map[string]*corev1.Secret{}, lastWords: map[string]string{}}
	ours := metav1.ListOptions{LabelSelector: partOf}
	deployments, err := c.API.AppsV1().Deployments(c.Namespace).List(ctx, ours)
	if err != nil {
		return nil, kube.Fault(err)
	}
	o.deployments = deployments.Items
	if d != names {
		s.list("pods", func() error {
			l, err := c.API.CoreV1().Pods(c.Namespace).List(ctx, ours)
			if err == nil {
				o.pods = l.Items
			}
			return err
		})
	}
	s.Services = workloads(o.deployments, o.pods)
	ask(ctx, s.Services, func(ctx context.Context, i *Instance, path string) (int, []byte, error) {
		return c.Read(ctx, i.namespace, i.Pod, i.Port, path)
	}, d)
	settleNames(s.Services)
	if d == whole {
		s.cluster = o
		s.lookAround(ctx, c)
	}
	return s, nil
}

// list makes one reading; what is refused is noted.
func (s *Survey) list(what string, f func() error) {
	if err := f(); err != nil {
		s.Unseen = append(s.Unseen, fmt.Errorf("%s: %w", what, kube.Fault(err)))
	}
}

// lookAround reads what doctor wants to know besides the services.
func (s *Survey) lookAround(ctx context.Context, c *kube.Cluster) {
	o, ours, ns := s.cluster, metav1.ListOptions{LabelSelector: partOf}, c.Namespace
	s.list("configmaps", func() error {
		l, err := c.API.CoreV1().ConfigMaps(ns).List(ctx, ours)
		if err == nil {
			o.configMaps = l.Items
		}
		return err
	})
	s.list("jobs", func() error {
		l, err := c.API.BatchV1().Jobs(ns).List(ctx, ours)
		if err == nil {
			o.jobs = l.Items
		}
		return err
	})
	s.list("horizontalpodautoscalers", func() error {
		l, err := c.API.AutoscalingV2().HorizontalPodAutoscalers(ns).List(ctx, metav1.ListOptions{}) // KEDA's bear labels of its own
		if err == nil {
			o.autoscalers = l.Items
		}
		return err
	})
	s.list("poddisruptionbudgets", func() error {
		l, err := c.API.PolicyV1().PodDisruptionBudgets(ns).List(ctx, ours)
		if err == nil {
			o.budgets = l.Items
		}
		return err
	})
	s.list("networkpolicies", func() error {
		l, err := c.API.NetworkingV1().NetworkPolicies(ns).List(ctx, ours)
		if err == nil {
			o.policies = l.Items
		}
		return err
	})
	for _, name := range o.namespacesUsed() {
		s.list("namespaces", func() error {
			n, err := c.API.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
			if err == nil {
				o.namespaces = append(o.namespaces, *n)
			}
			return err
		})
	}
	s.readSecrets(ctx, c)
	s.readLastWords(ctx, c)
}

func (o *objects) namespacesUsed() []string {
	var used []string
	for _, d := range o.deployments {
		used = append(used, d.Namespace)
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// readSecrets reads, of the Secrets that Deployments name, which keys they have.
// Few people may read Secrets, and none has to: what is missing keeps pods from
// starting, and their state says so.
func (s *Survey) readSecrets(ctx context.Context, c *kube.Cluster) {
	refused := map[string]bool{} // by namespace
	for _, d := range s.cluster.deployments {
		for _, ref := range secretsOf(&d.Spec.Template.Spec) {
			at := d.Namespace + "/" + ref.name
			if _, known := s.cluster.secrets[at]; known || refused[d.Namespace] {
				continue
			}
			secret, err := c.API.CoreV1().Secrets(d.Namespace).Get(ctx, ref.name, metav1.GetOptions{})
			switch {
			case err == nil:
				s.cluster.secrets[at] = secret
			case fault.Is(kube.Fault(err), fault.NotFound):
				s.cluster.secrets[at] = nil
			case fault.Is(kube.Fault(err), fault.Forbidden):
				refused[d.Namespace] = true
			default:
				s.Unseen = append(s.Unseen, fmt.Errorf("secrets: %w", kube.Fault(err)))
			}
		}
	}
}

// lastLines is how much of a log is read for what its process said last.
const lastLines = 5

// readLastWords reads the end of the log of containers that ended.
func (s *Survey) readLastWords(ctx context.Context, c *kube.Cluster) {
	for _, p := range s.cluster.pods {
		for _, st := range p.Status.ContainerStatuses {
			ended := st.State.Terminated != nil && st.State.Terminated.ExitCode != 0
			if !ended && st.LastTerminationState.Terminated == nil {
				continue
			}
			lines := int64(lastLines)
			log, err := c.API.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: st.Name, Previous: !ended, TailLines: &lines}).DoRaw(ctx)
			if err == nil {
				s.cluster.lastWords[p.Namespace+"/"+p.Name] = strings.TrimSpace(string(log))
			}
		}
	}
}

// keyRef names a key of a Secret or ConfigMap; an empty key is all of it.
type keyRef struct{ name, key string }

// secretsOf lists the Secrets without which a pod does not start.
func secretsOf(pod *corev1.PodSpec) (refs []keyRef) {
	for _, c := range pod.Containers {
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && !isTrue(e.ValueFrom.SecretKeyRef.Optional) {
				refs = append(refs, keyRef{e.ValueFrom.SecretKeyRef.Name, e.ValueFrom.SecretKeyRef.Key})
			}
		}
	}
	for _, v := range pod.Volumes {
		if v.Secret != nil && !isTrue(v.Secret.Optional) {
			refs = append(refs, keyRef{name: v.Secret.SecretName})
		}
	}
	return refs
}

func isTrue(b *bool) bool { return b != nil && *b }

// workloads makes the services that Deployments run, with their pods as
// replicas.
func workloads(deployments []appsv1.Deployment, pods []corev1.Pod) []*Service {
	var all []*Service
	for i := range deployments {
		d := &deployments[i]
		desired := 1
		if d.Spec.Replicas != nil {
			desired = int(*d.Spec.Replicas)
		}
		for _, port := range servicePorts(&d.Spec.Template.Spec) {
			s := &Service{
				Name: cmp.Or(port.service, d.Name), Unit: d.Labels[unitLabel], Namespace: d.Namespace, Workload: d.Name,
				Desired: desired, Ready: int(d.Status.ReadyReplicas),
			}
			for j := range pods {
				p := &pods[j]
				if p.Namespace != d.Namespace || !selects(d.Spec.Selector, p.Labels) || p.Status.Phase == corev1.PodSucceeded {
					continue
				}
				s.Restarts += restarts(p)
				s.Instances = append(s.Instances, instance(p, port.Port))
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, byPlace)
	return all
}

// servicePort is a port of a pod and which service is behind it; empty where the
// pod is of one service alone.
type servicePort struct {
	service string
	kube.Port
}

func servicePorts(pod *corev1.PodSpec) (ports []servicePort) {
	for _, c := range pod.Containers {
		// The kubelet is told how to probe it, which is how it listens.
		tls := c.ReadinessProbe != nil && c.ReadinessProbe.HTTPGet != nil && c.ReadinessProbe.HTTPGet.Scheme == corev1.URISchemeHTTPS
		for _, p := range c.Ports {
			at := kube.Port{Number: int(p.ContainerPort), TLS: tls}
			switch p.Name {
			case "http":
				ports = append(ports, servicePort{Port: at})
			default:
				if s := serviceOfPort(p.Name); s != "" {
					ports = append(ports, servicePort{s, at})
				}
			}
		}
	}
	return ports
}

// longestPort is the longest name a port may have; longer ones are cut.
const longestPort = 15

func serviceOfPort(port string) string {
	for _, n := range suite.Names() {
		if n == port || len(n) > longestPort && n[:longestPort] == port {
			return n
		}
	}
	return ""
}

var errNotRunning = fault.New(fault.Unavailable, "pod_not_running", "容器组未运行", "the pod is not running")

func instance(p *corev1.Pod, port kube.Port) *Instance {
	i := &Instance{Pod: p.Name, Port: port, Ready: podReady(p), namespace: p.Namespace}
	if p.Status.Phase != corev1.PodRunning || p.Status.PodIP == "" {
		i.Unseen = errNotRunning.WithMsg("容器组未运行："+p.Name, p.Name+" is not running: "+cmp.Or(waiting(p), string(p.Status.Phase)))
	}
	return i
}

// waiting is why a pod does not run, as the cluster says it.
func waiting(p *corev1.Pod) string {
	for _, st := range p.Status.ContainerStatuses {
		if st.State.Waiting != nil && st.State.Waiting.Reason != "" {
			return st.State.Waiting.Reason
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason
		}
	}
	return ""
}

func podReady(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func restarts(p *corev1.Pod) (n int) {
	for _, st := range p.Status.ContainerStatuses {
		n += int(st.RestartCount)
	}
	return n
}

func selects(s *metav1.LabelSelector, set map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && !selector.Empty() && selector.Matches(labels.Set(set))
}

// settleNames takes the services' own word for what the cluster does not say.
func settleNames(services []*Service) {
	for _, s := range services {
		for _, i := range s.seen() {
			s.Name = i.Status.Service
			s.Unit = cmp.Or(s.Unit, i.Status.Unit)
		}
	}
	slices.SortStableFunc(services, byPlace)
}

var errNoService = fault.New(fault.NotFound, "no_such_service", "没有这个服务", "there is no such service")

// find gives the service of a name, which may be NAMESPACE/SERVICE where several
// namespaces have one.
func (s *Survey) find(name string) (*Service, error) {
	var found []*Service
	var known []string
	for _, x := range s.Services {
		if x.Name == name || x.place() == name {
			found = append(found, x)
		}
		known = append(known, x.place())
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		there := strings.Join(known, ", ")
		return nil, errNoService.WithMsg("没有服务 "+name+"；现有："+cmp.Or(there, "无"), "there is no service "+name+"; there are: "+cmp.Or(there, "none"))
	}
	var places []string
	for _, x := range found {
		places = append(places, x.place())
	}
	several := strings.Join(places, ", ")
	return nil, errNoService.WithMsg("有多个 "+name+"："+several+"；请写明命名空间", "there are several of "+name+": "+several+"; name the namespace")
}

// address names a replica's port.
func (i *Instance) address() string { return i.Pod + ":" + strconv.Itoa(i.Port.Number) }

// unseen joins what could not be looked at.
func (s *Survey) unseen() error {
	all := slices.Clone(s.Unseen)
	for _, x := range s.Services {
		for _, i := range x.Instances {
			if i.Unseen != nil {
				all = append(all, fmt.Errorf("%s: %w", x.place(), i.Unseen))
			}
		}
	}
	return errors.Join(all...)
}
