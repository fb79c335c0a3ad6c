package ops

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"egov/libs/fault"
	"egov/tools/egov/cli"
	"egov/tools/kube"
)

// obedient has a fake cluster do what the scale of a Deployment asks for at
// once, as its controllers do in time.
func obedient(t *testing.T, c *kube.Cluster) *fake.Clientset {
	t.Helper()
	f := c.API.(*fake.Clientset)
	at := func(ns, name string) *appsv1.Deployment {
		o, err := f.Tracker().Get(appsv1.SchemeGroupVersion.WithResource("deployments"), ns, name)
		if err != nil {
			t.Fatal(err)
		}
		return o.(*appsv1.Deployment)
	}
	f.PrependReactor("get", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if a.GetSubresource() != "scale" {
			return false, nil, nil
		}
		d := at(a.GetNamespace(), a.(clienttesting.GetAction).GetName())
		return true, &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: d.Name, Namespace: d.Namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: *d.Spec.Replicas}}, nil
	})
	f.PrependReactor("update", "deployments", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if a.GetSubresource() != "scale" {
			return false, nil, nil
		}
		scale := a.(clienttesting.UpdateAction).GetObject().(*autoscalingv1.Scale)
		d := at(a.GetNamespace(), scale.Name).DeepCopy()
		n := scale.Spec.Replicas
		d.Spec.Replicas = &n
		d.Status = appsv1.DeploymentStatus{Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, AvailableReplicas: n}
		return true, scale, f.Tracker().Update(appsv1.SchemeGroupVersion.WithResource("deployments"), d, d.Namespace)
	})
	return f
}

// try runs one command line of `egov ops` on a cluster.
func try(t *testing.T, c *kube.Cluster, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newWith(func(kube.Options) (*kube.Cluster, error) { return c, nil })
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return cli.Usage(err.Error(), err.Error()) })
	at := 0
	if args[0] == cobra.ShellCompNoDescRequestCmd {
		at = 1
	}
	root.SetArgs(slices.Insert(slices.Clone(args), at, "-n", "bureau"))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	cmd, err := root.ExecuteContextC(t.Context())
	code = cli.Report(&stderr, cmd, err)
	return code, stdout.String(), stderr.String()
}

func replicasOf(t *testing.T, c *kube.Cluster) (int, *appsv1.Deployment) {
	t.Helper()
	d, err := c.API.AppsV1().Deployments("bureau").Get(t.Context(), "declaration", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return int(*d.Spec.Replicas), d
}

// sound is declaration alone, with every replica of the newest form.
func sound(t *testing.T) *kube.Cluster {
	t.Helper()
	c := installed(t, "declaration-everything.yaml", on("declaration", func(d *appsv1.Deployment) {
		d.Status = appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2}
	}))
	obedient(t, c)
	return c
}

func TestScale(t *testing.T) {
	t.Parallel()
	c := sound(t)
	code, out, errs := try(t, c, "scale", "declaration", "4")
	if n, _ := replicasOf(t, c); code != cli.OK || n != 4 || !strings.Contains(out, "replicas 2 → 4") {
		t.Errorf("exit %d, %d replicas\n%s%s", code, n, out, errs)
	}
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"none":             {[]string{"scale", "declaration", "0"}, cli.BadInput, "drain"},
		"many":             {[]string{"scale", "declaration", "51"}, cli.BadInput, "1 to 50"},
		"no number":        {[]string{"scale", "declaration", "two"}, cli.BadInput, "1 to 50"},
		"no such service":  {[]string{"scale", "budgeting", "2"}, cli.Failed, "there are: bureau/declaration"},
		"nothing":          {[]string{"scale"}, cli.BadInput, "SERVICE REPLICAS"},
		"an unknown form":  {[]string{"scale", "declaration", "2", "-o", "xml"}, cli.BadInput, "table or json"},
		"two places":       {[]string{"status", "--data", "x"}, cli.BadInput, "exclude the options of a cluster"},
		"every and one":    {[]string{"status", "-A"}, cli.BadInput, "excludes --all-namespaces"},
		"a time that is 0": {[]string{"status", "--timeout", "0s"}, cli.BadInput, "positive"},
	} {
		if code, _, errs := try(t, c, tt.args...); code != tt.code || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
	}
}

// TestScaledByAnother: what an autoscaler would undo is refused, and so is a
// second pod of an installation of one.
func TestScaledByAnother(t *testing.T) {
	t.Parallel()
	c := sound(t)
	h := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "keda-hpa-declaration", Namespace: "bureau"}}
	h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{Kind: "Deployment", Name: "declaration"}
	if _, err := c.API.AutoscalingV2().HorizontalPodAutoscalers("bureau").Create(t.Context(), h, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"scale", "declaration", "4"}, {"drain", "declaration"}} {
		if code, _, errs := try(t, c, args...); code != cli.Failed || !strings.Contains(errs, "keda-hpa-declaration scales bureau/declaration") {
			t.Errorf("%q: exit %d, %s", args, code, errs)
		}
	}
	single := installed(t, "egov-single.yaml", nil)
	obedient(t, single)
	if code, _, errs := try(t, single, "scale", "suite", "2"); code != cli.Failed || !strings.Contains(errs, "mode: single") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestRestartReplacesReplicas(t *testing.T) {
	t.Parallel()
	c := sound(t)
	code, out, errs := try(t, c, "restart", "declaration", "-o", "json")
	_, d := replicasOf(t, c)
	if code != cli.OK || d.Spec.Template.Annotations[restartedAt] == "" || !strings.Contains(out, `"act": "restart"`) || !strings.Contains(out, `"done": true`) {
		t.Errorf("exit %d, %v\n%s%s", code, d.Spec.Template.Annotations, out, errs)
	}
}

// TestDrainAndBack: a drained service has no replicas, is remembered as such,
// and comes back with as many as it had.
func TestDrainAndBack(t *testing.T) {
	t.Parallel()
	c := sound(t)
	if code, _, errs := try(t, c, "drain", "declaration"); code != cli.Failed || !strings.Contains(errs, "is not known") {
		t.Errorf("a service that cannot be asked is drained: exit %d, %s", code, errs)
	}
	code, out, errs := try(t, c, "drain", "declaration", "--force")
	n, d := replicasOf(t, c)
	if code != cli.OK || n != 0 || d.Annotations[drainedFrom] != "2" || !strings.Contains(out, "drained of 2 replicas") {
		t.Fatalf("exit %d, %d replicas, %v\n%s%s", code, n, d.Annotations, out, errs)
	}
	for _, again := range []string{"drain", "restart"} {
		if code, _, errs := try(t, c, again, "declaration"); code != cli.Failed || !strings.Contains(errs, "--undo") {
			t.Errorf("%s a drained service: exit %d, %s", again, code, errs)
		}
	}
	code, _, errs = try(t, c, "drain", "declaration", "--undo")
	if n, d := replicasOf(t, c); code != cli.OK || n != 2 || d.Annotations[drainedFrom] != "" {
		t.Errorf("exit %d, %d replicas, %v\n%s", code, n, d.Annotations, errs)
	}
	if code, _, errs := try(t, c, "drain", "declaration", "--undo"); code != cli.Failed || !strings.Contains(errs, "is not drained") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// TestWhatMayNotBeDoneIsSaid: a refusal by RBAC names the right and where it is
// had, and is no success.
func TestWhatMayNotBeDoneIsSaid(t *testing.T) {
	t.Parallel()
	refuse := func(verb, resource string) clienttesting.ReactionFunc {
		return func(a clienttesting.Action) (bool, runtime.Object, error) {
			gr := schema.GroupResource{Resource: resource}
			return true, nil, apierrors.NewForbidden(gr, "", errors.New(`User "wang.op" cannot `+verb+` resource "`+resource+`" in API group "" in the namespace "bureau"`))
		}
	}
	for name, tt := range map[string]struct {
		verb, resource string
		args           []string
		code           int
		says           string
	}{
		"looking":         {"list", "deployments", []string{"status"}, cli.Failed, "wang.op lacks list deployments in namespace bureau; the ClusterRole egov-operator"},
		"a part of it":    {"list", "pods", []string{"status"}, cli.OK, "wang.op lacks list pods"},
		"doctor's part":   {"get", "namespaces", []string{"doctor"}, cli.OK, ""},
		"scaling":         {"update", "deployments", []string{"scale", "declaration", "3"}, cli.Failed, "lacks update deployments"},
		"restarting":      {"patch", "deployments", []string{"restart", "declaration"}, cli.Failed, "lacks patch deployments"},
		"autoscalers too": {"list", "horizontalpodautoscalers", []string{"drain", "declaration"}, cli.Failed, "lacks list horizontalpodautoscalers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sound(t)
			c.API.(*fake.Clientset).PrependReactor(tt.verb, tt.resource, refuse(tt.verb, tt.resource))
			code, out, errs := try(t, c, tt.args...)
			if code != tt.code || !strings.Contains(errs, tt.says) {
				t.Errorf("exit %d, %s%s", code, out, errs)
			}
			if tt.args[0] == "doctor" && !strings.Contains(out, "not_looked_at") {
				t.Errorf("doctor says nothing of it: %s", out)
			}
		})
	}
}

// TestNamesAreOffered: shells offer the services that are there.
func TestNamesAreOffered(t *testing.T) {
	t.Parallel()
	c := installed(t, "egov-distributed.yaml", nil)
	_, out, _ := try(t, c, cobra.ShellCompNoDescRequestCmd, "restart", "declaration", "")
	if !strings.Contains(out, "budgeting\n") || strings.Contains(out, "declaration\n") {
		t.Errorf("offered: %s", out)
	}
	single := installed(t, "egov-single.yaml", nil)
	if _, out, _ := try(t, single, cobra.ShellCompNoDescRequestCmd, "status", ""); !strings.Contains(out, "cryptoassessment\n") {
		t.Errorf("offered of one pod for all: %s", out)
	}
}

func TestFaultsKeepTheirExitCode(t *testing.T) {
	t.Parallel()
	if code := cli.Code(failed(errNoService)); code != cli.Failed {
		t.Error(code)
	}
	if code := cli.Code(failed(fault.InvalidInput)); code != cli.Failed {
		t.Error(code)
	}
	if failed(nil) != nil {
		t.Error("nothing failed")
	}
}
