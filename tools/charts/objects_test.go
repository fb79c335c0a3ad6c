package charts_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"egov/libs/conf"
	"egov/services/suite"
)

// strict decodes into client-go's types: an unknown or repeated field is an
// error.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// foreign are the kinds that other operators define; client-go has no types of
// them.
var foreign = []string{"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}

func documents(t *testing.T, text string) [][]byte {
	t.Helper()
	var all [][]byte
	r := kyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.TrimSpace(doc)) > 0 {
			all = append(all, doc)
		}
	}
}

// objects are what a render holds, but for the foreign kinds.
func objects(t *testing.T, text string) []runtime.Object {
	t.Helper()
	var all []runtime.Object
	for _, doc := range documents(t, text) {
		if slices.ContainsFunc(foreign, func(f string) bool { return bytes.Contains(doc, []byte("apiVersion: "+f+"\n")) }) {
			continue
		}
		o, _, err := strict.Decode(doc, nil, nil)
		if err != nil {
			t.Errorf("%v\n%s", err, doc)
			continue
		}
		all = append(all, o)
	}
	return all
}

// podOf is the pod that a workload makes.
func podOf(o runtime.Object) (*metav1.ObjectMeta, *corev1.PodSpec) {
	switch x := o.(type) {
	case *appsv1.Deployment:
		return &x.Spec.Template.ObjectMeta, &x.Spec.Template.Spec
	case *batchv1.Job:
		return &x.Spec.Template.ObjectMeta, &x.Spec.Template.Spec
	case *corev1.Pod:
		return &x.ObjectMeta, &x.Spec
	}
	return nil, nil
}

// TestObjectsAreTheAPIs: every rendered object decodes strictly, every pod
// passes the restricted profile, asks for resources, writes nothing of its
// image and has no token; no secret stands in the open.
func TestObjectsAreTheAPIs(t *testing.T) {
	t.Parallel()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range installations(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			pods := 0
			for _, o := range objects(t, e.render(t)) {
				meta, pod := podOf(o)
				if pod == nil {
					continue
				}
				pods++
				results := evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, meta, pod)
				if r := policy.AggregateCheckResults(results); !r.Allowed {
					t.Errorf("%T: %s", o, r.ForbiddenDetail())
				}
				checkPod(t, pod)
			}
			if pods == 0 {
				t.Error("no pod is rendered")
			}
		})
	}
}

func checkPod(t *testing.T, pod *corev1.PodSpec) {
	t.Helper()
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Error("the pod is given a token of the cluster's API")
	}
	for _, c := range pod.Containers {
		if c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			t.Errorf("%s can write into its image", c.Name)
		}
		for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			if q := c.Resources.Requests[r]; q.Sign() <= 0 {
				t.Errorf("%s requests no %s", c.Name, r)
			}
		}
		if c.Resources.Limits.Memory().Sign() <= 0 {
			t.Errorf("%s has no limit of memory", c.Name)
		}
		for _, v := range c.Env {
			secret := strings.HasSuffix(v.Name, "_URL") || strings.HasPrefix(v.Name, "AWS_")
			if secret && (v.Value != "" || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil) {
				t.Errorf("%s stands in the open", v.Name)
			}
		}
		mounted := map[string]bool{}
		for _, m := range c.VolumeMounts {
			mounted[m.Name] = true
		}
		for _, v := range pod.Volumes {
			if !mounted[v.Name] {
				t.Errorf("volume %s is mounted nowhere", v.Name)
			}
			delete(mounted, v.Name)
		}
		for name := range mounted {
			t.Errorf("%s is mounted, but no volume", name)
		}
	}
}

// TestProgramsAcceptTheirConfiguration: the file a chart renders, with the
// variables it sets, is one its program starts with.
func TestProgramsAcceptTheirConfiguration(t *testing.T) {
	t.Parallel()
	for _, e := range installations(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			files, env := map[string]string{}, map[string]map[string]string{}
			for _, o := range objects(t, e.render(t)) {
				switch x := o.(type) {
				case *corev1.ConfigMap:
					files[x.Name] = x.Data["config.yaml"]
				case *appsv1.Deployment:
					env[x.Name] = variables(x.Spec.Template.Spec.Containers[0].Env)
				}
			}
			for name, vars := range env {
				if err := accepts(t, name, files[name], vars); err != nil {
					t.Errorf("%s: %v\n%s", name, err, files[name])
				}
			}
			if len(env) == 0 {
				t.Error("no Deployment is rendered")
			}
		})
	}
}

// TestCertificatesAreWhereProgramsLook: a service that is configured for TLS
// finds the files where its pod mounts its Secret, is probed by TLS, and is asked
// for by https; one that is not has none of it.
func TestCertificatesAreWhereProgramsLook(t *testing.T) {
	t.Parallel()
	spoken := 0
	for _, e := range installations(t) {
		configured := map[string]conf.TLS{}
		all := objects(t, e.render(t))
		for _, o := range all {
			if x, ok := o.(*corev1.ConfigMap); ok {
				var c struct {
					TLS conf.TLS `yaml:"tls"`
				}
				if err := yaml.Unmarshal([]byte(x.Data["config.yaml"]), &c); err != nil {
					t.Fatal(err)
				}
				configured[x.Name] = c.TLS
			}
		}
		for _, o := range all {
			switch x := o.(type) {
			case *appsv1.Deployment:
				c := configured[x.Name]
				if c.Cert != "" {
					spoken++
				}
				for _, file := range []string{c.Cert, c.Key, c.ClientCA} {
					if file != "" && !fromSecret(&x.Spec.Template.Spec, file) {
						t.Errorf("%s: %s looks for %s, where no Secret is mounted", e.name(), x.Name, file)
					}
				}
				scheme := map[bool]corev1.URIScheme{true: corev1.URISchemeHTTPS}[c.Cert != ""]
				probed := x.Spec.Template.Spec.Containers[0]
				for _, p := range []*corev1.Probe{probed.StartupProbe, probed.LivenessProbe, probed.ReadinessProbe} {
					if p.HTTPGet.Scheme != scheme {
						t.Errorf("%s: %s is probed by %q", e.name(), x.Name, p.HTTPGet.Scheme)
					}
				}
			case *corev1.Service:
				if want := map[bool]string{true: "https", false: "http"}[configured[x.Name].Cert != ""]; *x.Spec.Ports[0].AppProtocol != want {
					t.Errorf("%s: the Service %s speaks %s", e.name(), x.Name, *x.Spec.Ports[0].AppProtocol)
				}
			}
		}
	}
	if spoken == 0 {
		t.Error("no example speaks TLS")
	}
}

// fromSecret tells whether a file of a pod's container is one of a Secret.
func fromSecret(pod *corev1.PodSpec, file string) bool {
	return slices.ContainsFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool {
		return m.MountPath == filepath.Dir(file) && m.ReadOnly && slices.ContainsFunc(pod.Volumes, func(v corev1.Volume) bool {
			return v.Name == m.Name && v.Secret != nil
		})
	})
}

// variables stands in for the Secrets that a pod would be given.
func variables(env []corev1.EnvVar) map[string]string {
	out := map[string]string{}
	for _, v := range env {
		switch {
		case strings.HasSuffix(v.Name, "_DATABASE_URL"):
			out[v.Name] = "postgres://role@host/database"
		case strings.HasSuffix(v.Name, "_REDIS_URL"):
			out[v.Name] = "rediss://user@host"
		}
	}
	return out
}

func accepts(t *testing.T, name, text string, vars map[string]string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := func(k string) (string, bool) { v, ok := vars[k]; return v, ok }
	all := suite.Default()
	switch name {
	case "suite":
		errs := []error{conf.Load(&all, file, lookup)}
		for _, n := range suite.Names() {
			errs = append(errs, all.CheckService(n))
		}
		return errors.Join(errs...)
	case "identity":
		return errors.Join(conf.Load(&all.Identity, file, lookup), all.Identity.Check())
	case "portal":
		return errors.Join(conf.Load(&all.Portal, file, lookup), all.Portal.Check())
	}
	c := conf.Default(name)
	return errors.Join(conf.Load(&c, file, lookup), c.Check())
}

// TestThePodsHaveNoRights: rights are bound to groups of people alone.
func TestThePodsHaveNoRights(t *testing.T) {
	t.Parallel()
	for _, e := range installations(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			for _, o := range objects(t, e.render(t)) {
				switch x := o.(type) {
				case *rbacv1.RoleBinding:
					for _, s := range x.Subjects {
						if s.Kind != rbacv1.GroupKind {
							t.Errorf("%s binds %s %s", x.Name, s.Kind, s.Name)
						}
					}
				case *rbacv1.Role:
					for _, r := range x.Rules {
						if slices.Contains(r.Verbs, "*") || slices.Contains(r.Resources, "*") || slices.Contains(r.Resources, "secrets") {
							t.Errorf("%s is too wide: %v", x.Name, r)
						}
					}
				case *rbacv1.ClusterRole, *rbacv1.ClusterRoleBinding:
					t.Errorf("%T: the charts stay in their namespace", x)
				}
			}
		})
	}
}

// TestEveryServiceHasItsUnit: the profiles of the units run each service once,
// and each looks for the others where their units run them: for the keys of
// tokens, for those of events, and for the portal's questions.
func TestEveryServiceHasItsUnit(t *testing.T) {
	t.Parallel()
	at, settings := map[string]string{}, map[string]string{}
	for _, e := range installations(t) {
		unit, ok := strings.CutPrefix(filepath.ToSlash(e.file), profiles+"/units/")
		if !ok {
			continue
		}
		unit = strings.TrimSuffix(unit, ".yaml")
		for _, o := range objects(t, e.render(t)) {
			switch x := o.(type) {
			case *appsv1.Deployment:
				if other, twice := at[x.Name]; twice {
					t.Errorf("%s is run by %s and %s", x.Name, other, unit)
				}
				at[x.Name] = "egov-" + unit
			case *corev1.ConfigMap:
				settings[x.Name] = x.Data["config.yaml"]
			}
		}
	}
	for _, name := range suite.Names() {
		if at[name] == "" {
			t.Errorf("no unit runs %s", name)
		}
		for _, other := range suite.Databases() {
			address := "http://" + other + ":8080"
			if at[other] != at[name] {
				address = "http://" + other + "." + at[other] + ":8080"
			}
			if !strings.Contains(settings[name], address) && name != other {
				t.Errorf("%s does not look for %s at %s", name, other, address)
			}
		}
	}
}
