package ops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// secrets finds Secrets and keys that Deployments name and nobody made.
func (c *chart) secrets(o *objects) {
	for _, d := range o.deployments {
		for _, ref := range secretsOf(&d.Spec.Template.Spec) {
			secret, read := o.secrets[d.Namespace+"/"+ref.name]
			switch {
			case !read:
			case secret == nil:
				c.add("secret_missing", d.Namespace+"/"+d.Name, "Secret %s: not found", ref.name)
			case ref.key != "" && len(secret.Data[ref.key]) == 0 && secret.StringData[ref.key] == "":
				c.add("secret_missing", d.Namespace+"/"+d.Name, "Secret %s: no key %s", ref.name, ref.key)
			}
		}
	}
	for _, p := range o.pods {
		for _, st := range p.Status.ContainerStatuses {
			if st.State.Waiting == nil || st.State.Waiting.Reason != "CreateContainerConfigError" {
				continue
			}
			message := st.State.Waiting.Message
			where := p.Namespace + "/" + o.owner(&p)
			switch {
			case strings.Contains(strings.ToLower(message), "secret"):
				if !slices.ContainsFunc(c.found, func(f Finding) bool { return f.Code == "secret_missing" && f.Where == where }) {
					c.add("secret_missing", where, "%s", message)
				}
			case strings.Contains(strings.ToLower(message), "configmap"):
				c.add("configuration_missing", where, "%s", message)
			default:
				c.add("not_started", where, "%s: %s", p.Name, message)
			}
		}
	}
}

// owner names the Deployment that a pod is of, or its Job, or the pod itself.
func (o *objects) owner(p *corev1.Pod) string {
	for _, d := range o.deployments {
		if d.Namespace == p.Namespace && selects(d.Spec.Selector, p.Labels) {
			return d.Name
		}
	}
	return cmp.Or(p.Labels[nameLabel], p.Name)
}

// unavailable are the reasons for which an image cannot be had.
var unavailable = []string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable", "ImageInspectError"}

// pods says why pods are not ready.
func (c *chart) pods(s *Survey) {
	o := s.cluster
	for i := range o.pods {
		p := &o.pods[i]
		if p.DeletionTimestamp != nil || p.Status.Phase == corev1.PodSucceeded || strings.HasSuffix(p.Labels[nameLabel], "-migration") {
			continue
		}
		where := p.Namespace + "/" + o.owner(p)
		explained := false
		for _, st := range p.Status.ContainerStatuses {
			explained = c.container(where, p, st, o.lastWords[p.Namespace+"/"+p.Name]) || explained
		}
		for _, cond := range p.Status.Conditions {
			if cond.Type == corev1.PodScheduled && cond.Status == corev1.ConditionFalse {
				c.add("unschedulable", where, "%s: %s", p.Name, cond.Message)
				explained = true
			}
		}
		if !explained && p.Status.Phase == corev1.PodRunning && !podReady(p) {
			c.add("not_ready", where, "%s: %s", p.Name, cmp.Or(s.readinessOf(p), "its probe does not succeed"))
		}
	}
}

// readinessOf is what the services of a pod answer to why they are not ready.
func (s *Survey) readinessOf(p *corev1.Pod) string {
	var said []string
	for _, x := range s.Services {
		for _, i := range x.Instances {
			if x.Namespace != p.Namespace || i.Pod != p.Name {
				continue
			}
			switch {
			case i.readiness != "":
				said = append(said, x.Name+": "+i.readiness)
			case i.Unseen != nil:
				said = append(said, x.Name+": "+i.Unseen.Error())
			}
		}
	}
	return strings.Join(said, "; ")
}

func (c *chart) container(where string, p *corev1.Pod, st corev1.ContainerStatus, lastWords string) (explained bool) {
	ended := st.LastTerminationState.Terminated
	if st.State.Terminated != nil {
		ended = st.State.Terminated
	}
	if ended != nil && ended.Reason == "OOMKilled" {
		c.add("out_of_memory", where, "%s: %d restarts, the last for want of memory", p.Name, st.RestartCount)
		explained = true
	}
	w := st.State.Waiting
	if w == nil {
		return explained
	}
	switch {
	case w.Reason == "CreateContainerConfigError": // secrets says what is missing
		return true
	case slices.Contains(unavailable, w.Reason):
		c.add("image_unavailable", where, "%s: %s: %s", p.Name, st.Image, cmp.Or(w.Message, w.Reason))
		return true
	case w.Reason == "CrashLoopBackOff" && !explained:
		code := int32(0)
		if ended != nil {
			code = ended.ExitCode
		}
		words := lastWords
		if at := strings.LastIndexByte(words, '\n'); at >= 0 {
			words = words[at+1:]
		}
		if schemaBehind(lastWords) {
			c.add("schema_behind", where, "%s: %s", p.Name, words)
			return true
		}
		c.add("crash_loop", where, "%s: %d restarts, exit code %d: %s", p.Name, st.RestartCount, code, cmp.Or(words, "its log may not be read, or is empty"))
		return true
	}
	return explained
}

// schemaBehind tells the complaint of a program about a database that was not
// migrated: PostgreSQL's codes for an unknown table, column or function.
func schemaBehind(log string) bool {
	return slices.ContainsFunc([]string{"SQLSTATE 42P01", "SQLSTATE 42703", "SQLSTATE 42883"}, func(code string) bool { return strings.Contains(log, code) })
}

// rollouts finds Deployments whose pods the cluster does not make or that do not
// come forward.
func (c *chart) rollouts(o *objects) {
	for _, d := range o.deployments {
		where := d.Namespace + "/" + d.Name
		for _, cond := range d.Status.Conditions {
			if cond.Type == appsv1.DeploymentReplicaFailure && cond.Status == corev1.ConditionTrue {
				c.add("pods_refused", where, "%s: %s", cond.Reason, cond.Message)
			}
			if cond.Type == appsv1.DeploymentProgressing && cond.Reason == "ProgressDeadlineExceeded" {
				c.add("rollout_stuck", where, "%s", cond.Message)
			}
		}
		if from := d.Annotations[drainedFrom]; from != "" {
			c.add("drained", where, "drained of %s replicas", from)
		}
	}
}

// missing finds Deployments without all their replicas of which nothing else
// says why.
func (c *chart) missing(o *objects) {
	for _, d := range o.deployments {
		where, want := d.Namespace+"/"+d.Name, int32(1)
		if d.Spec.Replicas != nil {
			want = *d.Spec.Replicas
		}
		explained := slices.ContainsFunc(c.found, func(f Finding) bool { return f.Where == where && f.Severity == Error })
		if d.Status.ReadyReplicas >= want || explained {
			continue
		}
		var phases []string
		for _, p := range o.pods {
			if p.Namespace == d.Namespace && selects(d.Spec.Selector, p.Labels) {
				phases = append(phases, p.Name+" "+cmp.Or(waiting(&p), string(p.Status.Phase), "unknown"))
			}
		}
		c.add("replicas_missing", where, "%d of %d replicas are ready; %s", d.Status.ReadyReplicas, want, cmp.Or(strings.Join(phases, ", "), "there are no pods"))
	}
}

// migrations finds Jobs that did not bring a database to its form.
func (c *chart) migrations(o *objects) {
	for _, j := range o.jobs {
		where := j.Namespace + "/" + j.Name
		for _, cond := range j.Status.Conditions {
			if cond.Type == batchv1.JobFailed && cond.Status == corev1.ConditionTrue {
				c.add("migration_failed", where, "%s: %s%s", cond.Reason, cond.Message, o.jobWords(&j))
			}
		}
		if j.Status.Active > 0 && j.Status.Failed > 0 {
			c.add("migration_failing", where, "%d attempts failed, trying again%s", j.Status.Failed, o.jobWords(&j))
		}
	}
}

// jobWords is what the last pod of a Job said.
func (o *objects) jobWords(j *batchv1.Job) string {
	for _, p := range o.pods {
		if p.Namespace == j.Namespace && p.Labels[batchv1.JobNameLabel] == j.Name && o.lastWords[p.Namespace+"/"+p.Name] != "" {
			return ": " + o.lastWords[p.Namespace+"/"+p.Name]
		}
	}
	return ""
}

// disruption finds budgets that let no pod be evicted, so that no node can be
// drained.
func (c *chart) disruption(o *objects) {
	for _, b := range o.budgets {
		for _, d := range o.deployments {
			if d.Namespace != b.Namespace || !selects(b.Spec.Selector, d.Spec.Template.Labels) {
				continue
			}
			replicas := 1
			if d.Spec.Replicas != nil {
				replicas = int(*d.Spec.Replicas)
			}
			if replicas > 0 && spare(b.Spec.MaxUnavailable, b.Spec.MinAvailable, replicas) <= 0 {
				c.add("disruption_blocked", b.Namespace+"/"+b.Name, "%s of %d replicas of %s", budget(b.Spec.MaxUnavailable, b.Spec.MinAvailable), replicas, d.Name)
			}
		}
	}
}

func budget(most, least *intstr.IntOrString) string {
	if most != nil {
		return "maxUnavailable " + most.String()
	}
	if least != nil {
		return "minAvailable " + least.String()
	}
	return "no bound"
}

// spare is how many of the replicas a budget lets go at once.
func spare(most, least *intstr.IntOrString, replicas int) int {
	if most != nil {
		n, err := intstr.GetScaledValueFromIntOrPercent(most, replicas, true)
		if err != nil {
			return replicas
		}
		return n
	}
	if least != nil {
		n, err := intstr.GetScaledValueFromIntOrPercent(least, replicas, true)
		if err != nil {
			return replicas
		}
		return replicas - n
	}
	return replicas
}

// autoscalers finds those that cannot see what they scale by.
func (c *chart) autoscalers(o *objects) {
	for _, h := range o.autoscalers {
		if !slices.ContainsFunc(o.deployments, func(d appsv1.Deployment) bool {
			return d.Namespace == h.Namespace && h.Spec.ScaleTargetRef.Name == d.Name
		}) {
			continue
		}
		for _, cond := range h.Status.Conditions {
			if cond.Type == autoscalingv2.ScalingActive && cond.Status == corev1.ConditionFalse && cond.Reason != "ScalingDisabled" {
				c.add("autoscaler_blind", h.Namespace+"/"+h.Name, "%s: %s", cond.Reason, cond.Message)
			}
		}
	}
}

// networks finds policies that protect nothing, and services that none protects.
func (c *chart) networks(o *objects) {
	protected := map[string]bool{}
	for _, p := range o.policies {
		selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil {
			c.add("policy_selects_nothing", p.Namespace+"/"+p.Name, "its selector is not valid: %v", err)
			continue
		}
		found := false
		for _, d := range o.deployments {
			if d.Namespace == p.Namespace && selector.Matches(labels.Set(d.Spec.Template.Labels)) {
				protected[d.Namespace+"/"+d.Name], found = true, true
			}
		}
		if !found {
			c.add("policy_selects_nothing", p.Namespace+"/"+p.Name, "no pod of a Deployment has %s", selector)
		}
	}
	if o.policies == nil {
		return // they may not be looked at, or the installation has none at all
	}
	for _, d := range o.deployments {
		if where := d.Namespace + "/" + d.Name; !protected[where] {
			c.add("unprotected", where, "no NetworkPolicy selects its pods")
		}
	}
}

// The labels of namespaces, and what they should say.
const (
	partOfLabel   = "egov/part-of"
	enforceLabel  = "pod-security.kubernetes.io/enforce"
	restrictedPod = "restricted"
)

func (c *chart) namespaces(o *objects) {
	for _, n := range o.namespaces {
		if n.Labels[partOfLabel] != "egov" {
			c.add("namespace_unlabelled", n.Name, "no label %s=egov", partOfLabel)
		}
		if level := n.Labels[enforceLabel]; level != restrictedPod {
			c.add("namespace_unrestricted", n.Name, "%s=%s", enforceLabel, cmp.Or(level, "(unset)"))
		}
	}
}

// images finds images that may be another tomorrow, and pods without bounds.
func (c *chart) images(o *objects) {
	for _, d := range o.deployments {
		where := d.Namespace + "/" + d.Name
		for _, k := range d.Spec.Template.Spec.Containers {
			if !strings.Contains(k.Image, "@sha256:") {
				c.add("image_unpinned", where, "%s", k.Image)
			}
			var lacks []string
			for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
				if q := k.Resources.Requests[r]; q.IsZero() {
					lacks = append(lacks, "requests."+string(r))
				}
			}
			if k.Resources.Limits.Memory().IsZero() {
				lacks = append(lacks, "limits.memory")
			}
			if lacks != nil {
				c.add("resources_missing", where, "container %s: no %s", k.Name, strings.Join(lacks, ", "))
			}
		}
	}
}

// duplicates finds services that are installed twice for one unit: they would
// share a name in the event streams, and neither would see all of its facts.
func (c *chart) duplicates(o *objects) {
	by := map[string][]string{}
	for _, d := range o.deployments {
		key := d.Labels[nameLabel] + " of " + cmp.Or(d.Labels[unitLabel], "no unit")
		by[key] = append(by[key], fmt.Sprintf("%s/%s (release %s)", d.Namespace, d.Name, d.Labels[releaseName]))
	}
	for key, places := range by {
		if len(places) > 1 {
			slices.Sort(places)
			c.add("installed_twice", key, "%s", strings.Join(places, ", "))
		}
	}
}
