package proofs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"egov/services/suite"
)

// everything that is asked about when a proof says "nothing".
var everything = []authorizationv1.ResourceAttributes{
	{Verb: "list", Resource: "secrets"},
	{Verb: "get", Resource: "secrets"},
	{Verb: "list", Resource: "configmaps"},
	{Verb: "list", Resource: "pods"},
	{Verb: "create", Resource: "pods"},
	{Verb: "create", Resource: "pods", Subresource: "exec"},
	{Verb: "list", Resource: "pods", Subresource: "log"},
	{Verb: "create", Resource: "serviceaccounts", Subresource: "token"},
	{Verb: "patch", Group: "apps", Resource: "deployments"},
	{Verb: "update", Group: "apps", Resource: "deployments", Subresource: "scale"},
	{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "rolebindings"},
	{Verb: "delete", Group: "networking.k8s.io", Resource: "networkpolicies"},
	{Verb: "list", Resource: "nodes"},
	{Verb: "list", Resource: "namespaces"},
}

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

// rights asks the API server, as each ServiceAccount, for what nobody gave it,
// and as the people of the profile for what they have and what they have not.
func rights(ctx context.Context, b *Bed) (string, error) {
	asked := 0
	for _, service := range suite.Names() {
		name := "system:serviceaccount:" + district + ":" + service
		groups := []string{"system:serviceaccounts", "system:serviceaccounts:" + district, "system:authenticated"}
		c, err := b.as(name, groups...)
		if err != nil {
			return "", err
		}
		for _, namespace := range []string{district, "kube-system"} {
			for _, a := range everything {
				a.Namespace = namespace
				if err := allowed(ctx, c, a, false); err != nil {
					return "", fmt.Errorf("%s: %w", name, err)
				}
				asked++
			}
		}
		// Not only an answer about rights: the request itself.
		if _, err := c.CoreV1().Secrets(district).List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			return "", fmt.Errorf("%s lists secrets: %w", name, orNot(err))
		}
		if _, err := c.CoreV1().Pods(district).List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
			return "", fmt.Errorf("%s lists pods: %w", name, orNot(err))
		}
	}
	operator, err := b.as("an operator", "egov-operators", "system:authenticated")
	if err != nil {
		return "", err
	}
	may := []authorizationv1.ResourceAttributes{
		{Verb: "list", Group: "apps", Resource: "deployments"},
		{Verb: "list", Resource: "pods"},
		{Verb: "get", Resource: "pods", Subresource: "log"},
		{Verb: "patch", Group: "apps", Resource: "deployments", Name: "declaration"},
		{Verb: "patch", Group: "apps", Resource: "deployments", Subresource: "scale", Name: "declaration"},
		{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers"},
		{Verb: "list", Group: "networking.k8s.io", Resource: "networkpolicies"},
	}
	mayNot := []authorizationv1.ResourceAttributes{
		{Verb: "list", Resource: "secrets"},
		{Verb: "get", Resource: "secrets", Name: "declaration-database"},
		{Verb: "create", Resource: "pods"},
		{Verb: "create", Resource: "pods", Subresource: "exec"},
		{Verb: "delete", Group: "apps", Resource: "deployments", Name: "declaration"},
		{Verb: "patch", Group: "apps", Resource: "deployments", Name: "coredns"},
		{Verb: "update", Resource: "configmaps"},
		{Verb: "create", Group: "rbac.authorization.k8s.io", Resource: "rolebindings"},
		{Verb: "impersonate", Resource: "serviceaccounts"},
	}
	for _, a := range may {
		a.Namespace = district
		if err := allowed(ctx, operator, a, true); err != nil {
			return "", err
		}
		a.Namespace = "kube-system"
		if err := allowed(ctx, operator, a, false); err != nil {
			return "", err
		}
	}
	for _, a := range mayNot {
		a.Namespace = district
		if err := allowed(ctx, operator, a, false); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("impersonated on the API server: %d ServiceAccounts × %d rights in 2 namespaces, %d answers, all no; operators: %d yes here and no elsewhere, %d no (Secrets, exec, delete, bind)",
		len(suite.Names()), len(everything), asked, len(may), len(mayNot)), nil
}

// as is a client in another's name.
func (b *Bed) as(user string, groups ...string) (kubernetes.Interface, error) {
	c := rest.CopyConfig(b.Config)
	c.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return kubernetes.NewForConfig(c)
}

// allowed checks that the API server answers a question about rights as wanted.
func allowed(ctx context.Context, c kubernetes.Interface, a authorizationv1.ResourceAttributes, want bool) error {
	r, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &a},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if r.Status.Allowed != want {
		return fmt.Errorf("%s %s/%s %s in %s: allowed is %t (%s)", a.Verb, a.Resource, a.Subresource, a.Name, a.Namespace, r.Status.Allowed, r.Status.Reason)
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
	budgets, err := b.Client.PolicyV1().PodDisruptionBudgets(district).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", err
	}
	for _, d := range budgets.Items {
		if d.Status.ExpectedPods < 2 || d.Status.DisruptionsAllowed != 1 {
			return "", fmt.Errorf("budget %s: %d pods, %d may go", d.Name, d.Status.ExpectedPods, d.Status.DisruptionsAllowed)
		}
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
	return fmt.Sprintf("%d autoscalers with targets, %d budgets that let one of two go, %d ready addresses behind %d Services", len(scalers.Items), len(budgets.Items), addresses, len(suite.Names())), nil
}
