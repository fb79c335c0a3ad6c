package ops

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"egov/libs/host"
	"egov/tools/egov/cli"
)

// noon is when the tests look.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// codes lists the codes of findings, each once.
func codes(found []Finding) []string {
	set := map[string]bool{}
	for _, f := range found {
		set[f.Code] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// on applies f to objects of a kind that bear the name.
func on[T metav1.Object](name string, f func(T)) func(runtime.Object) {
	return func(o runtime.Object) {
		if x, ok := o.(T); ok && x.GetName() == name {
			f(x)
		}
	}
}

// TestDoctorFindsWhatIsWrongInTheCluster puts one thing wrong at a time into an
// installation of the charts, and wants it found alone.
func TestDoctorFindsWhatIsWrongInTheCluster(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(runtime.Object)
		code   string // empty: nothing is found; several, with spaces between, follow from one cause
		seen   string
	}{
		"nothing": {},
		"no Secret": {
			on("declaration-database", func(s *corev1.Secret) { vanish(s) }), "secret_missing", "Secret declaration-database: not found",
		},
		"a Secret without its key": {
			on("declaration-redis", func(s *corev1.Secret) { s.Data = map[string][]byte{"uri": []byte("x")} }), "secret_missing", "no key url",
		},
		"a setting that there is not": {
			on("declaration", func(m *corev1.ConfigMap) { m.Data["config.yaml"] += "colour: red\n" }), "configuration_refused", "colour",
		},
		"a namespace that is not the suite's": {
			on("bureau", func(n *corev1.Namespace) { delete(n.Labels, partOfLabel) }), "namespace_unlabelled", "egov/part-of=egov",
		},
		"a namespace without the restricted profile": {
			on("bureau", func(n *corev1.Namespace) { n.Labels[enforceLabel] = "baseline" }), "namespace_unrestricted", "baseline",
		},
		"a policy of other labels": {
			on("declaration", func(p *networkingv1.NetworkPolicy) {
				p.Spec.PodSelector.MatchLabels = map[string]string{"app": "declaration"}
			}), "policy_selects_nothing unprotected", "app=declaration",
		},
		"a budget that lets nobody go": {
			on("declaration", func(b *policyv1.PodDisruptionBudget) { b.Spec.MaxUnavailable = &intstr.IntOrString{} }), "disruption_blocked", "maxUnavailable 0 of 2",
		},
		"a budget that wants everybody": {
			on("declaration", func(b *policyv1.PodDisruptionBudget) {
				all := intstr.FromString("100%")
				b.Spec.MaxUnavailable, b.Spec.MinAvailable = nil, &all
			}), "disruption_blocked", "minAvailable 100%",
		},
		"an image by its tag": {
			on("declaration", func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.Containers[0].Image = "registry/egov/declaration:0.1.0"
			}), "image_unpinned", "declaration:0.1.0",
		},
		"no resources": {
			on("declaration", func(d *appsv1.Deployment) {
				d.Spec.Template.Spec.Containers[0].Resources = corev1.ResourceRequirements{}
			}), "resources_missing", "requests.cpu, requests.memory, limits.memory",
		},
		"replicas that nobody makes": {
			on("declaration", func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 1 }), "replicas_missing", "1 of 2 replicas are ready; there are no pods",
		},
		"pods that admission refuses": {
			on("declaration", func(d *appsv1.Deployment) {
				d.Status.ReadyReplicas = 0
				d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "violates PodSecurity"}}
			}), "pods_refused", "violates PodSecurity",
		},
		"a rollout that stands still": {
			on("declaration", func(d *appsv1.Deployment) {
				d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", Message: "timed out"}}
			}), "rollout_stuck", "timed out",
		},
		"a migration that failed": {
			on("declaration-migration", func(j *batchv1.Job) {
				j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "3 attempts"}}
			}), "migration_failed", "BackoffLimitExceeded: 3 attempts",
		},
		"a migration that fails": {
			on("declaration-migration", func(j *batchv1.Job) { j.Status.Active, j.Status.Failed = 1, 2 }), "migration_failing", "2 attempts failed",
		},
		"a service that was drained": {
			on("declaration", func(d *appsv1.Deployment) {
				none := int32(0)
				d.Spec.Replicas, d.Status.ReadyReplicas, d.Annotations = &none, 0, map[string]string{drainedFrom: "2"}
			}), "drained", "drained of 2 replicas",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := surveyCluster(t.Context(), installed(t, "declaration-everything.yaml", tt.change), whole)
			if err != nil {
				t.Fatal(err)
			}
			found := examine(s, nil, noon)
			if tt.code == "" {
				if len(found) > 0 {
					t.Errorf("found in a sound installation: %+v", found)
				}
				return
			}
			if got := codes(found); !slices.Equal(got, strings.Fields(tt.code)) {
				t.Fatalf("found %q, want %s: %+v", got, tt.code, found)
			}
			f := found[0]
			if !strings.Contains(f.Seen, tt.seen) || !strings.HasPrefix(f.Where, "bureau") {
				t.Errorf("%s: seen %q", f.Where, f.Seen)
			}
		})
	}
}

func TestAnAutoscalerWithoutFiguresIsFound(t *testing.T) {
	t.Parallel()
	s, err := surveyCluster(t.Context(), installed(t, "portal-published.yaml", on("portal", func(h *autoscalingv2.HorizontalPodAutoscaler) {
		h.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse, Reason: "FailedGetResourceMetric", Message: "no metrics"}}
	})), whole)
	if err != nil {
		t.Fatal(err)
	}
	if found := examine(s, nil, noon); !slices.Equal(codes(found), []string{"autoscaler_blind"}) || found[0].Seen != "FailedGetResourceMetric: no metrics" {
		t.Errorf("%+v", found)
	}
}

func TestASecondInstallationIsFound(t *testing.T) {
	t.Parallel()
	c := installed(t, "declaration-everything.yaml", nil)
	again, err := c.API.AppsV1().Deployments("bureau").Get(t.Context(), "declaration", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	again = again.DeepCopy()
	again.Namespace, again.ResourceVersion, again.Labels[releaseName] = "elsewhere", "", "second"
	if _, err := c.API.AppsV1().Deployments("elsewhere").Create(t.Context(), again, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.Namespace = ""
	s, err := surveyCluster(t.Context(), c, whole)
	if err != nil {
		t.Fatal(err)
	}
	found := examine(s, nil, noon)
	i := slices.IndexFunc(found, func(f Finding) bool { return f.Code == "installed_twice" })
	if i < 0 || found[i].Seen != "bureau/declaration (release release), elsewhere/declaration (release second)" {
		t.Errorf("%+v", found)
	}
	for _, x := range s.Services { // and a name alone no longer says which
		if _, err := s.find(x.Name); err == nil {
			t.Error("one of two is taken")
		}
		if _, err := s.find(x.place()); err != nil {
			t.Error(err)
		}
	}
}

// pod is one of declaration's, waiting or ended as said.
func pod(st corev1.ContainerStatus, conditions ...corev1.PodCondition) *corev1.Pod {
	st.Name, st.Image = "declaration", "registry/egov/declaration@sha256:0"
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "declaration-1", Namespace: "bureau", Labels: map[string]string{
			"app.kubernetes.io/part-of": "egov", nameLabel: "declaration", releaseName: "release",
		}},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{st}, Conditions: conditions},
	}
}

func waitingFor(reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

// TestDoctorSaysWhyPodsDoNotRun: also to those who may not read Secrets or logs.
func TestDoctorSaysWhyPodsDoNotRun(t *testing.T) {
	t.Parallel()
	ended := waitingFor("CrashLoopBackOff", "back-off")
	ended.RestartCount = 7
	ended.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 1}
	starved := waitingFor("CrashLoopBackOff", "back-off")
	starved.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}
	for name, tt := range map[string]struct {
		pod   *corev1.Pod
		words string // the end of its log
		code  string
		seen  string
	}{
		"no Secret":         {pod(waitingFor("CreateContainerConfigError", `secret "declaration-database" not found`)), "", "secret_missing", "declaration-database"},
		"no key":            {pod(waitingFor("CreateContainerConfigError", `couldn't find key url in Secret bureau/declaration-database`)), "", "secret_missing", "key url"},
		"no ConfigMap":      {pod(waitingFor("CreateContainerConfigError", `configmap "authorities" not found`)), "", "configuration_missing", "authorities"},
		"something else":    {pod(waitingFor("CreateContainerConfigError", "runAsNonRoot")), "", "not_started", "runAsNonRoot"},
		"no image":          {pod(waitingFor("ImagePullBackOff", "not found")), "", "image_unavailable", "not found"},
		"it ends":           {pod(ended), "starting\nredis URL: no such host", "crash_loop", "7 restarts, exit code 1: redis URL: no such host"},
		"its log is hidden": {pod(ended), "", "crash_loop", "may not be read"},
		"not migrated":      {pod(ended), `ERROR: relation "deadline" does not exist (SQLSTATE 42P01)`, "schema_behind", "42P01"},
		"no memory":         {pod(starved), "", "out_of_memory", "want of memory"},
		"no node": {
			pod(corev1.ContainerStatus{}, corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available"}),
			"", "unschedulable", "0/3 nodes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := installed(t, "declaration-everything.yaml", nil)
			if _, err := c.API.CoreV1().Pods("bureau").Create(t.Context(), tt.pod, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			s, err := surveyCluster(t.Context(), c, whole)
			if err != nil {
				t.Fatal(err)
			}
			s.cluster.lastWords = map[string]string{"bureau/declaration-1": tt.words}
			found := examine(s, nil, noon)
			if got := codes(found); !slices.Equal(got, []string{tt.code}) || !strings.Contains(found[0].Seen, tt.seen) || found[0].Severity != Error {
				t.Errorf("found %+v", found)
			}
		})
	}
}

// instanceOf is a replica that answered.
func instanceOf(t *testing.T, figures string, change func(*Instance)) *Instance {
	t.Helper()
	f, err := parseFigures([]byte(figures))
	if err != nil {
		t.Fatal(err)
	}
	i := &Instance{
		Pod: "pod", Ready: true, figures: f, said: noon, seal: "seal", config: "listen: :8080\n",
		Status: host.Status{Service: "declaration", Version: "v0.2.1", Now: noon, Ready: true, Links: []host.Link{{To: "redis", TLS: true, Named: true}}},
		keys:   []eventKey{{"declaration", noon.Add(60 * 24 * time.Hour)}, {"budgeting", noon}},
	}
	if change != nil {
		change(i)
	}
	return i
}

// TestDoctorHearsServices: what services say of themselves and what their
// figures show.
func TestDoctorHearsServices(t *testing.T) {
	t.Parallel()
	old := "egov_relay_oldest_unpublished_seconds 90\negov_relay_unpublished_rows 12\n"
	for name, tt := range map[string]struct {
		figures string
		change  func(*Instance)
		earlier string // figures of a moment before; empty: there is none
		code    string
		seen    string
	}{
		"nothing":        {figures: "egov_relay_oldest_unpublished_seconds 1\negov_ledger_signed_rows 5\negov_ledger_checkpoint_timestamp_seconds 1795348790\n"},
		"Redis in clear": {change: func(i *Instance) { i.Status.Links[0].TLS = false }, code: "redis_without_tls"},
		"Redis's default user": {
			change: func(i *Instance) { i.Status.Links[0].Named = false }, code: "redis_default_user",
		},
		"a server of this machine": {change: func(i *Instance) { i.Status.Links = []host.Link{{To: "redis", Local: true}} }},
		"PostgreSQL in clear": {
			change: func(i *Instance) { i.Status.Links = append(i.Status.Links, host.Link{To: "postgres", Named: true}) }, code: "postgres_without_tls",
		},
		"Redis that forgets":      {figures: "egov_relay_rewinds_total 2\n", code: "redis_forgets", seen: "= 2"},
		"an old outbox":           {figures: old, code: "outbox_old", seen: "12 facts, the oldest for 90s"},
		"an outbox being sent":    {figures: old + "egov_relay_published_total 9\n", earlier: "egov_relay_published_total 8\n", code: "outbox_old", seen: "being sent"},
		"an outbox without Redis": {figures: old + "egov_relay_failures_total{part=\"publish\"} 9\n", earlier: "egov_relay_failures_total{part=\"publish\"} 8\n", code: "outbox_stuck"},
		"an outbox that waits":    {figures: old + "egov_relay_published_total 8\n", earlier: "egov_relay_published_total 8\n", code: "transaction_open"},
		"dead letters":            {figures: "egov_consumer_held_facts{consumer=\"declaration.road\",state=\"dead\"} 3\n", code: "dead_letters", seen: "declaration.road: 3"},
		"lost facts":              {figures: "egov_consumer_lost_facts_total{consumer=\"declaration.road\"} 1\n", code: "facts_lost"},
		"a consumer far behind":   {figures: "egov_consumer_lag_entries{consumer=\"a\",source=\"b\"} 20000\n", code: "consumer_behind"},
		"a key that is not known": {figures: "egov_consumer_key_unknown_seconds{consumer=\"a\",source=\"budgeting\"} 300\n", code: "event_key_unknown", seen: "budgeting"},
		"windows not signed anew": {figures: "egov_reconcile_statement_age_seconds{consumer=\"a\",source=\"budgeting\"} 1800\n", code: "windows_old", seen: "budgeting for 30m"},
		"a key that runs out":     {change: func(i *Instance) { i.keys[0].NotAfter = noon.Add(time.Hour) }, code: "event_key_expiring"},
		"a broken ledger":         {figures: "egov_ledger_broken 1\n", code: "ledger_broken"},
		"a ledger not signed":     {figures: "egov_ledger_late{what=\"signing\"} 1\n", code: "checkpoint_late", seen: "signing is overdue"},
		"a ledger last signed at nine": {
			figures: "egov_ledger_signed_rows 5\negov_ledger_checkpoint_timestamp_seconds 1795338000\n", code: "checkpoint_late", seen: "ago",
		},
		"a witness that refuses": {figures: "egov_witness_refused 1\n", code: "ledger_refused"},
		"a job given up":         {figures: "egov_jobs{kind=\"tick_deadlines\",state=\"discarded\"} 1\n", code: "job_given_up", seen: "tick_deadlines: 1"},
		"what it says itself":    {change: func(i *Instance) { i.Status.Notices = []string{"virtual_clock"} }, code: "service_says", seen: "virtual_clock"},
		"a replica unheard":      {change: func(i *Instance) { i.Unseen = errAnswer }, code: "not_answering"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := func(figures string) *Survey {
				return &Survey{Services: []*Service{{Name: "declaration", Namespace: "bureau", Desired: 1, Ready: 1, Instances: []*Instance{instanceOf(t, figures, tt.change)}}}}
			}
			var earlier *Survey
			if tt.earlier != "" {
				earlier = at(tt.earlier)
			}
			found := examine(at(tt.figures), earlier, noon)
			want := []string{}
			if tt.code != "" {
				want = append(want, tt.code)
			}
			if got := codes(found); !slices.Equal(got, want) {
				t.Fatalf("found %q, want %q", got, want)
			}
			if len(found) > 0 && (!strings.Contains(found[0].Seen, tt.seen) || found[0].Where != "bureau/declaration") {
				t.Errorf("%+v", found[0])
			}
		})
	}
}

// TestDoctorComparesReplicasAndServices: what shows only beside another.
func TestDoctorComparesReplicasAndServices(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		figures string
		change  func(*Instance)
		other   bool // another service, instead of another replica
		code    string
	}{
		"nothing":                     {},
		"keys that are not shared":    {change: func(i *Instance) { i.seal = "another" }, code: "replicas_at_odds"},
		"one witness that refuses":    {figures: "egov_witness_refused 0\n", code: ""},
		"an older replica":            {change: func(i *Instance) { i.Status.Version = "v0.2.0" }, code: "versions_mixed"},
		"another configuration":       {change: func(i *Instance) { i.config = "listen: :9090\n" }, code: "configurations_mixed"},
		"one that is not ready":       {change: func(i *Instance) { i.Ready, i.config = false, "listen: :9090\n" }},
		"a clock an hour ahead":       {change: func(i *Instance) { i.Status.Now = noon.Add(time.Hour) }, code: "clocks_apart"},
		"an older service":            {change: func(i *Instance) { i.Status.Version = "v0.1.9" }, other: true},
		"a service two releases back": {change: func(i *Instance) { i.Status.Version = "v0.0.9-3-gabcdef" }, other: true, code: "versions_apart"},
		"a service of the next age":   {change: func(i *Instance) { i.Status.Version = "1.2.0" }, other: true, code: "versions_apart"},
		"a build of one's own":        {change: func(i *Instance) { i.Status.Version = "devel" }, other: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := &Service{Name: "declaration", Desired: 2, Ready: 2, Instances: []*Instance{instanceOf(t, "", nil), instanceOf(t, "", nil)}}
			s := &Survey{Services: []*Service{first}}
			if second := instanceOf(t, tt.figures, tt.change); tt.other {
				second.Status.Service, second.keys = "budgeting", nil
				s.Services = append(s.Services, &Service{Name: "budgeting", Desired: 1, Ready: 1, Instances: []*Instance{second}})
			} else {
				first.Instances = append(first.Instances, second)
			}
			want := []string{}
			if tt.code != "" {
				want = append(want, tt.code)
			}
			if got := codes(examine(s, nil, noon)); !slices.Equal(got, want) {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	}
	at := func(v string) *Instance { return instanceOf(t, "egov_witness_refused "+v+"\n", nil) }
	s := &Survey{Services: []*Service{{Name: "declaration", Instances: []*Instance{at("0"), at("1")}}}}
	if got := codes(examine(s, nil, noon)); !slices.Equal(got, []string{"ledger_refused", "replicas_at_odds"}) {
		t.Errorf("witnesses at odds: %q", got)
	}
}

// TestEveryFindingSaysTheFix: in both languages, and the pages it names are
// there.
func TestEveryFindingSaysTheFix(t *testing.T) {
	t.Parallel()
	for code, k := range kinds {
		if k.severity == "" || k.why.ZH == "" || k.why.EN == "" || k.fix.ZH == "" || k.fix.EN == "" {
			t.Errorf("%s is told in part: %+v", code, k)
		}
		for _, page := range pagesIn(k.fix.EN) {
			if !exists(page) {
				t.Errorf("%s sends to %s, which is not there", code, page)
			}
		}
	}
}

// TestTheManualShowsARunOfDoctor: what operators read in docs/operations.md is
// what the command says of such a cluster, word for word.
func TestTheManualShowsARunOfDoctor(t *testing.T) {
	t.Parallel()
	const (
		manual = "../../../docs/operations.md"
		begins = "<!-- doctor: written by tools/egov/ops -update -->\n```\n"
		ends   = "```\n<!-- doctor: end -->\n"
		image  = "registry.example.gov.cn/egov/declaration:0.1.1"
	)
	c := installed(t, "declaration-everything.yaml", func(o runtime.Object) {
		switch x := o.(type) {
		case *corev1.Namespace:
			delete(x.Labels, partOfLabel)
		case *appsv1.Deployment:
			x.Spec.Template.Spec.Containers[0].Image = image
			x.Status.ReadyReplicas, x.Status.UpdatedReplicas = 0, 2
		}
	})
	d, err := c.API.AppsV1().Deployments("bureau").Get(t.Context(), "declaration", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"declaration-5479578849-2wgtw", "declaration-5479578849-p5fhj"} {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "bureau", Labels: d.Spec.Template.Labels}, Spec: d.Spec.Template.Spec,
			Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
				Name: "declaration", Image: image,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "Back-off pulling image " + image}},
			}}},
		}
		if _, err := c.API.CoreV1().Pods("bureau").Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := try(t, c, "doctor")
	if code != cli.Failed || errs != "" {
		t.Errorf("exit %d, %s", code, errs)
	}
	out = "$ egov ops doctor -n bureau\n" + out
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begins)
	shown, tail, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatalf("%s has no place for the run", manual)
	}
	if *update {
		if err := os.WriteFile(manual, []byte(head+begins+out+ends+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if shown != out {
		t.Errorf("%s shows\n%s\nand the command says\n%s", manual, shown, out)
	}
}
