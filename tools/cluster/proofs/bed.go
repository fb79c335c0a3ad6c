// Package proofs shows on a real cluster that the charts hold what they
// promise: that releases of every profile come up under restricted pod
// security, that projects are walked through the Services while pods are
// killed and evicted, that an upgrade under load fails no request and loses no
// fact, that what nobody may do is refused. Each proof is one line of the
// table that Run prints.
//
// It needs a cluster (package node makes one, a kubeconfig names another) that
// reaches this machine's PostgreSQL and Redis (package servers), and the
// images. It does not show that NetworkPolicies are enforced, which is the
// network plugin's part: only that they select every pod and say what they
// should.
package proofs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"egov/libs/embedded/authority"
	"egov/services/suite"
	"egov/tools/cluster/node"
	"egov/tools/cluster/servers"
)

// Bed is what proofs stand on.
type Bed struct {
	Config     *rest.Config
	Client     kubernetes.Interface
	Kubeconfig string
	Node       *node.Node           // nil for a cluster that was there
	Servers    *servers.Servers     // of the district
	Authority  *authority.Authority // that signed the servers' certificates

	Repository string // its folder
	Past       string // folder with the charts and profiles of the release before; empty: this one's serve
	Dir        string // for what proofs write
	Helm, Egov string // the programs
	Address    string // of the servers, as pods see it
	Tag        string // of the images
	Before     string // of those of the release before; Tag where there are none
	Clock      string // the virtual clock's file on this machine; on a cluster that was there, nothing
	Registry   string // and path in front of the images' names
	Class      string // of the volumes that pods share, on a cluster that was there; empty = its default
	Out        io.Writer
}

// district is the namespace of the profile of one platform team, and release
// what every release is called.
const (
	district = "egov"
	release  = "egov"
	// demoPassword opens the demonstration's accounts in the throw-away cluster.
	demoPassword = "Yangpu-Demo-2026"
	clockClaim   = "clock"
	blobClaim    = "attachments"
	clockFolder  = "/var/lib/egov/clock"
)

// values is a part of a values file.
type values = map[string]any

func (b *Bed) say(format string, args ...any) {
	_, _ = fmt.Fprintf(b.Out, "    "+format+"\n", args...) // who has gone away misses nothing but this
}

// run runs a program to its end.
func (b *Bed) run(ctx context.Context, name string, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.Repository
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "KUBECONFIG="+b.Kubeconfig, "HELM_CACHE_HOME="+filepath.Join(b.Dir, "helm"), "HELM_CONFIG_HOME="+filepath.Join(b.Dir, "helm"), "HELM_DATA_HOME="+filepath.Join(b.Dir, "helm"))
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(out.String()))
	}
	return out.String(), nil
}

func (b *Bed) helm(ctx context.Context, args ...string) (string, error) {
	return b.run(ctx, b.Helm, args...)
}

// install installs or upgrades a release of the umbrella chart, waits until it
// is ready, and says what is wrong with its pods when it does not come up.
func (b *Bed) install(ctx context.Context, namespace, chart, profile string, over values) error {
	file := filepath.Join(b.Dir, namespace+".yaml")
	text, err := yaml.Marshal(over)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	_, err = b.helm(ctx, "upgrade", "--install", release, chart, "-n", namespace, "-f", profile, "-f", file, "--wait", "--timeout", "10m")
	if err != nil {
		return errors.Join(err, b.ailing(context.WithoutCancel(ctx), namespace))
	}
	return nil
}

// profile is one of the repository's values files.
func profile(name string) string { return filepath.Join("deploy", "profiles", name) }

// chart is the umbrella chart in a version of its own.
func (b *Bed) chart(ctx context.Context, version string) (string, error) {
	return b.pack(ctx, "charts/egov", version)
}

// pack packs an umbrella chart in a version of its own.
func (b *Bed) pack(ctx context.Context, folder, version string) (string, error) {
	dir := filepath.Join(b.Dir, "charts")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	_, err := b.helm(ctx, "package", folder, "--version", version, "--app-version", version, "-d", dir)
	return filepath.Join(dir, "egov-"+version+".tgz"), err
}

// overlay is what every release of the test says besides its profile: which
// images, where the servers are, and the virtual clock that projects are walked
// by. One machine stands for many: requests are small.
func (b *Bed) overlay(tag string, names ...string) values {
	config := values{"limits": values{"per_second": 2000, "burst": 4000}}
	if b.Node != nil {
		config["clock"] = values{"file": clockFolder + "/clock", "sweep": "1s"}
	}
	out := values{"global": values{"image": values{"registry": b.Registry, "tag": tag}, "config": config}}
	for _, name := range names {
		out[name] = b.workload()
	}
	if slices.Contains(names, "identity") {
		b.seeds(out["identity"].(values))
	}
	return out
}

func (b *Bed) workload() values {
	w := values{
		"resources": values{"requests": values{"cpu": "20m", "memory": "48Mi"}, "limits": values{"memory": "512Mi"}},
		"blob":      values{"claim": blobClaim},
		"rbac":      values{"operators": []string{operators}, "viewers": []string{viewers}},
		"networkPolicy": values{
			"database": values{"networks": []string{b.Address + "/32"}, "port": b.Servers.PostgresPort()},
			"redis":    values{"networks": []string{b.Address + "/32"}, "port": b.Servers.RedisPort()},
		},
	}
	if b.Node == nil {
		w["keys"] = values{"volume": values{"storageClass": b.Class}}
		return w
	}
	w["volumes"] = []values{{"name": clockClaim, "persistentVolumeClaim": values{"claimName": clockClaim}}}
	w["volumeMounts"] = []values{{"name": clockClaim, "mountPath": clockFolder}}
	return w
}

// seeds has identity begin with the demonstration's district.
func (b *Bed) seeds(identity values) {
	identity["config"] = values{"seed": "demo"}
	identity["env"] = []values{{"name": "EGOV_DEMO_PASSWORD", "valueFrom": values{"secretKeyRef": values{"name": "demo", "key": "password"}}}}
}

// namespace makes a namespace as deploy/README.md tells an operator to: with
// the suite's label and the restricted profile enforced, the Secrets that the
// profiles name, and the authorities.
func (b *Bed) namespace(ctx context.Context, name string, s *servers.Servers, services ...string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		"egov/part-of":                       "egov",
		"pod-security.kubernetes.io/enforce": "restricted",
		"pod-security.kubernetes.io/warn":    "restricted",
	}}}
	if _, err := b.Client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return err
	}
	secrets := map[string]map[string]string{"demo": {"password": demoPassword}}
	for _, name := range services {
		secrets[name+"-redis"] = map[string]string{"url": s.RedisURL(name)}
		if slices.Contains(suite.Databases(), name) {
			secrets[name+"-database"] = map[string]string{"url": s.DatabaseURL(name, false)}
			secrets[name+"-database-owner"] = map[string]string{"url": s.DatabaseURL(name, true)}
		}
	}
	for n, data := range secrets {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: n}, StringData: data}
		if _, err := b.Client.CoreV1().Secrets(name).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	authorities := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "authorities"}, Data: map[string]string{"test.pem": string(b.Authority.PEM)}}
	_, err := b.Client.CoreV1().ConfigMaps(name).Create(ctx, authorities, metav1.CreateOptions{})
	return err
}

// claim makes a claim on a volume of the node that holds a folder of this
// machine.
func (b *Bed) claim(ctx context.Context, namespace, name, dir string) error {
	const class = "named"
	volume := namespace + "-" + name
	if err := b.Node.Volume(ctx, volume, dir, class); err != nil {
		return err
	}
	return b.claims(ctx, namespace, name, corev1.PersistentVolumeClaimSpec{StorageClassName: new(class), VolumeName: volume})
}

// claims makes a claim on a small volume that pods share.
func (b *Bed) claims(ctx context.Context, namespace, name string, spec corev1.PersistentVolumeClaimSpec) error {
	spec.AccessModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
	spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("16Mi")}
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
	_, err := b.Client.CoreV1().PersistentVolumeClaims(namespace).Create(ctx, claim, metav1.CreateOptions{})
	return err
}

// ailing describes the pods of a namespace that are not ready, with the end of
// their logs.
func (b *Bed) ailing(ctx context.Context, namespace string) error {
	pods, err := b.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, p := range pods.Items {
		if ready(&p) {
			continue
		}
		fmt.Fprintf(&text, "%s %s\n", p.Name, p.Status.Phase)
		for _, c := range p.Status.Conditions {
			if c.Status != corev1.ConditionTrue && c.Message != "" {
				fmt.Fprintf(&text, "  %s: %s\n", c.Type, c.Message)
			}
		}
		for _, c := range p.Status.ContainerStatuses {
			if w := c.State.Waiting; w != nil {
				fmt.Fprintf(&text, "  %s: %s\n", w.Reason, w.Message)
			}
		}
		lines := int64(8)
		if log, err := b.Client.CoreV1().Pods(namespace).GetLogs(p.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx); err == nil {
			fmt.Fprintf(&text, "%s\n", log)
		}
	}
	if text.Len() == 0 {
		return nil
	}
	return errors.New(text.String())
}

func ready(p *corev1.Pod) bool {
	if p.Status.Phase == corev1.PodSucceeded {
		return true
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// settled waits until every Deployment of the namespace has all its pods ready
// and none of another generation.
func (b *Bed) settled(ctx context.Context, namespace string) error {
	err := await(ctx, 4*time.Minute, func(ctx context.Context) error {
		all, err := b.Client.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, d := range all.Items {
			if s := d.Status; s.ObservedGeneration < d.Generation || s.ReadyReplicas != *d.Spec.Replicas || s.UpdatedReplicas != *d.Spec.Replicas || s.Replicas != *d.Spec.Replicas {
				return fmt.Errorf("%s has %d of %d pods ready", d.Name, s.ReadyReplicas, *d.Spec.Replicas)
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, b.ailing(context.WithoutCancel(ctx), namespace))
	}
	return nil
}

// addresses gives the base URLs of a namespace's Services as the node reaches
// them.
func (b *Bed) addresses(ctx context.Context, namespace string) (func(string) string, error) {
	all, err := b.Client.CoreV1().Services(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	at := map[string]string{}
	for _, s := range all.Items {
		scheme := "http"
		if p := s.Spec.Ports[0].AppProtocol; p != nil {
			scheme = *p
		}
		at[s.Name] = fmt.Sprintf("%s://%s:%d", scheme, s.Spec.ClusterIP, s.Spec.Ports[0].Port)
	}
	return func(service string) string { return at[service] }, nil
}

// await looks until ok says nil.
func await(ctx context.Context, within time.Duration, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", within, last)
		case <-tick.C:
		}
	}
}
