package proofs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"egov/services/suite"
	"egov/tools/charts"
)

// admission shows that the namespace refuses what the restricted profile does
// not allow, at the API server itself.
func admission(ctx context.Context, b *Bed) (string, error) {
	yes, no, root := true, false, int64(0)
	good := corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	bad := map[string]func(*corev1.PodSpec){
		"privileged": func(p *corev1.PodSpec) {
			p.Containers[0].SecurityContext.Privileged = &yes
			p.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes
		},
		"root":         func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.RunAsUser = &root },
		"host network": func(p *corev1.PodSpec) { p.HostNetwork = true },
		"host path": func(p *corev1.PodSpec) {
			p.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}}}
		},
		"kept capabilities":  func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.Capabilities = nil },
		"no seccomp profile": func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.SeccompProfile = nil },
		"escalation":         func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.AllowPrivilegeEscalation = &yes },
		"host process table": func(p *corev1.PodSpec) { p.HostPID = true },
		"not said: non-root": func(p *corev1.PodSpec) { p.Containers[0].SecurityContext.RunAsNonRoot = nil },
	}
	try := func(spoil func(*corev1.PodSpec)) error {
		sc := good
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "try-"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: b.Registry + "/portal:" + b.Tag, SecurityContext: &sc}}},
		}
		spoil(&p.Spec)
		_, err := b.Client.CoreV1().Pods(district).Create(ctx, p, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	}
	if err := try(func(*corev1.PodSpec) {}); err != nil {
		return "", fmt.Errorf("a pod that holds to the profile: %w", err)
	}
	for what, spoil := range bad {
		if err := try(spoil); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "PodSecurity") {
			return "", fmt.Errorf("a pod with %s was not refused for it: %w", what, orNot(err))
		}
	}
	pods, err := b.Client.CoreV1().Pods(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, p := range pods.Items {
		for _, v := range p.Spec.Volumes {
			if v.Projected != nil && slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken != nil }) {
				return "", fmt.Errorf("%s has a token of the cluster's API", p.Name)
			}
		}
	}
	return fmt.Sprintf("created on the API server, dry: a pod like ours is taken, %d spoilt in one way each are refused by PodSecurity; none of %d pods has a token", len(bad), len(pods.Items)), nil
}

// orNot is the error, or that there was none where one should be.
func orNot(err error) error {
	if err == nil {
		return errors.New("nobody objected")
	}
	return err
}

// Groups of people in the test's releases.
const (
	operators = "egov-operators"
	viewers   = "egov-viewers"
)

// rights asks the API server the table of docs/security.md, in everybody's name
// and of every service: as each ServiceAccount, which may do nothing, and as the
// groups of people that the charts bind. Another namespace is closed to all.
func rights(ctx context.Context, b *Bed) (string, error) {
	asked, granted := 0, 0
	ask := func(c kubernetes.Interface, who, service string, may func(charts.Right) bool) error {
		for _, r := range charts.Rights {
			for _, namespace := range []string{district, "kube-system"} {
				want := namespace == district && may(r)
				if err := allowed(ctx, c, r, namespace, service, want); err != nil {
					return fmt.Errorf("%s: %w", who, err)
				}
				asked++
				if want {
					granted++
				}
			}
		}
		return nil
	}
	nothing := func(charts.Right) bool { return false }
	people := map[string]kubernetes.Interface{}
	for _, group := range []string{operators, viewers} {
		var err error
		if people[group], err = b.as("somebody of "+group, group, "system:authenticated"); err != nil {
			return "", err
		}
	}
	for _, service := range suite.Names() {
		account := "system:serviceaccount:" + district + ":" + service
		c, err := b.as(account, "system:serviceaccounts", "system:serviceaccounts:"+district, "system:authenticated")
		if err != nil {
			return "", err
		}
		err = errors.Join(
			ask(c, account, service, nothing),
			ask(people[viewers], viewers, service, func(r charts.Right) bool { return r.Viewers }),
			ask(people[operators], operators, service, func(r charts.Right) bool { return r.Operators }))
		if err != nil {
			return "", err
		}
		// Not only an answer about rights: the request itself.
		if _, err := c.CoreV1().Secrets(district).List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			return "", fmt.Errorf("%s lists secrets: %w", account, orNot(err))
		}
		if _, err := c.CoreV1().Pods(district).List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			return "", fmt.Errorf("%s lists pods: %w", account, orNot(err))
		}
	}
	if err := throughProxy(ctx, people[viewers]); err != nil {
		return "", err
	}
	return fmt.Sprintf("the table of docs/security.md, %d rights × %d services, put to the API server as each ServiceAccount, viewers and operators, in 2 namespaces: %d answers, yes to people %d times, never to a ServiceAccount, never elsewhere; a viewer reads a pod's /status through the API server and posts nothing to it",
		len(charts.Rights), len(suite.Names()), asked, granted), nil
}

// throughProxy has a viewer read what a pod says of itself, and try to send it
// something.
func throughProxy(ctx context.Context, viewer kubernetes.Interface) error {
	pods, err := viewer.CoreV1().Pods(district).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=declaration"})
	if err != nil {
		return err
	}
	if len(pods.Items) == 0 {
		return errors.New("declaration has no pod")
	}
	at := func(r *rest.Request, path string) *rest.Request {
		return r.Namespace(district).Resource("pods").Name("http:" + pods.Items[0].Name + ":8080").SubResource("proxy").Suffix(path)
	}
	client := viewer.CoreV1().RESTClient()
	status, err := at(client.Get(), "/status").DoRaw(ctx)
	if err != nil || !strings.Contains(string(status), `"service":"declaration"`) {
		return fmt.Errorf("a viewer reads /status of a pod: %w: %s", err, status)
	}
	if _, err := at(client.Post(), "/v1/projects").DoRaw(ctx); !apierrors.IsForbidden(err) {
		return fmt.Errorf("a viewer posts to a pod: %w", orNot(err))
	}
	return nil
}

// as is a client in another's name.
func (b *Bed) as(user string, groups ...string) (kubernetes.Interface, error) {
	c := rest.CopyConfig(b.Config)
	c.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return kubernetes.NewForConfig(c)
}

// allowed checks that the API server answers as wanted whether a client has a
// right on the objects of a service.
func allowed(ctx context.Context, c kubernetes.Interface, r charts.Right, namespace, service string, want bool) error {
	resource, sub, _ := strings.Cut(r.Resource, "/")
	a := authorizationv1.ResourceAttributes{Namespace: namespace, Verb: r.Verb, Group: r.Group, Resource: resource, Subresource: sub, Name: r.Of(service)}
	answer, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &a},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if answer.Status.Allowed != want {
		return fmt.Errorf("%s %s %s in %s: allowed is %t (%s)", a.Verb, r.Resource, a.Name, a.Namespace, answer.Status.Allowed, answer.Status.Reason)
	}
	return nil
}

// network shows that every pod is selected by a policy that narrows both
// directions, and by one only, and that no policy lets anything out anywhere.
func network(ctx context.Context, b *Bed) (string, error) {
	policies, err := b.Client.NetworkingV1().NetworkPolicies(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	pods, err := b.Client.CoreV1().Pods(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, p := range pods.Items {
		var by []string
		for _, np := range policies.Items {
			selector, err := metav1.LabelSelectorAsSelector(&np.Spec.PodSelector)
			if err != nil {
				return "", err
			}
			if !selector.Matches(labels.Set(p.Labels)) {
				continue
			}
			if by = append(by, np.Name); len(np.Spec.PolicyTypes) != 2 {
				return "", fmt.Errorf("%s narrows %v only", np.Name, np.Spec.PolicyTypes)
			}
		}
		if name := p.Labels["app.kubernetes.io/name"]; len(by) != 1 || by[0] != name {
			return "", fmt.Errorf("pod %s of %s is selected by %v", p.Name, name, by)
		}
	}
	rules := 0
	for _, np := range policies.Items {
		for _, e := range np.Spec.Egress {
			rules++
			if len(e.To) == 0 || len(e.Ports) == 0 {
				return "", fmt.Errorf("%s lets out to anywhere: %v", np.Name, e)
			}
			for _, to := range e.To {
				if to.IPBlock != nil && to.IPBlock.CIDR != b.Address+"/32" {
					return "", fmt.Errorf("%s lets out to %s", np.Name, to.IPBlock.CIDR)
				}
			}
		}
		if err := portalOnly(np); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d pods, each selected by its service's policy alone in both directions; %d ways out, all to named pods or the servers' address (the bridge plugin enforces none: what is shown is what the API server stores)", len(pods.Items), rules), nil
}

// portalOnly: whoever is in no namespace of the suite is let in nowhere.
func portalOnly(np networkingv1.NetworkPolicy) error {
	for _, in := range np.Spec.Ingress {
		if len(in.From) == 0 {
			return fmt.Errorf("%s lets anybody in", np.Name)
		}
	}
	return nil
}

// stored checks what the API server keeps of the release against what it
// speaks of: autoscalers have targets, budgets guard pods, Services have
// addresses, and nothing of the release is outside of its namespace.
func stored(ctx context.Context, b *Bed) (string, error) {
	scalers, err := b.Client.AutoscalingV2().HorizontalPodAutoscalers(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, s := range scalers.Items {
		if _, err := b.Client.AppsV1().Deployments(district).Get(ctx, s.Spec.ScaleTargetRef.Name, metav1.GetOptions{}); err != nil {
			return "", fmt.Errorf("autoscaler %s: %w", s.Name, err)
		}
		for _, c := range s.Status.Conditions {
			if c.Type == "AbleToScale" && c.Status != corev1.ConditionTrue {
				return "", fmt.Errorf("autoscaler %s: %s", s.Name, c.Message)
			}
		}
	}
	budgets := 0
	// A budget counts pods a moment after they are ready.
	err = await(ctx, 30*time.Second, func(ctx context.Context) error {
		all, err := b.Client.PolicyV1().PodDisruptionBudgets(district).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		budgets = len(all.Items)
		for _, d := range all.Items {
			if d.Status.ExpectedPods < 2 || d.Status.DisruptionsAllowed != 1 {
				return fmt.Errorf("budget %s: %d pods, %d may go", d.Name, d.Status.ExpectedPods, d.Status.DisruptionsAllowed)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	endpoints, err := b.Client.DiscoveryV1().EndpointSlices(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	addresses := 0
	for _, s := range endpoints.Items {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				addresses++
			}
		}
	}
	if want := 2 * len(suite.Names()); addresses < want {
		return "", fmt.Errorf("%d addresses behind the Services, %d pods", addresses, want)
	}
	return fmt.Sprintf("%d autoscalers with targets, %d budgets that let one of two go, %d ready addresses behind %d Services", len(scalers.Items), budgets, addresses, len(suite.Names())), nil
}
