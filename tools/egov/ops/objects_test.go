package ops

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"

	"egov/tools/kube"
)

// rendered are the objects of one of the charts' golden files, but for kinds
// that other operators define, and Helm's test pods.
func rendered(t *testing.T, name string) []runtime.Object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "charts", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var all []runtime.Object
	r := kyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		o, _, err := scheme.Codecs.UniversalDeserializer().Decode(doc, nil, nil)
		if err != nil {
			continue
		}
		if _, test := o.(*corev1.Pod); !test {
			all = append(all, o)
		}
	}
}

// bureau is the namespace of the golden files as it should be.
func bureau() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "bureau", Labels: map[string]string{partOfLabel: "egov", enforceLabel: restrictedPod}}}
}

// installed is a cluster with the objects of a golden file, every Deployment with
// all its replicas and every Secret there; change puts something wrong.
func installed(t *testing.T, name string, change func(o runtime.Object)) *kube.Cluster {
	t.Helper()
	objects := append(rendered(t, name), bureau())
	secrets := map[string]bool{}
	for _, o := range objects {
		d, ok := o.(*appsv1.Deployment)
		if !ok {
			continue
		}
		if d.Spec.Replicas == nil {
			two := int32(2)
			d.Spec.Replicas = &two
		}
		d.Status.ReadyReplicas, d.Status.Replicas = *d.Spec.Replicas, *d.Spec.Replicas
		for i := range d.Spec.Template.Spec.Containers {
			c := &d.Spec.Template.Spec.Containers[i]
			c.Image = "registry/egov/" + c.Name + "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		}
		for _, ref := range secretsOf(&d.Spec.Template.Spec) {
			if secrets[ref.name] {
				continue
			}
			secrets[ref.name] = true
			objects = append(objects, &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{Name: ref.name, Namespace: d.Namespace},
				Data:       map[string][]byte{"url": []byte("x"), "AWS_ACCESS_KEY_ID": []byte("x"), "AWS_SECRET_ACCESS_KEY": []byte("x")},
			})
		}
	}
	kept := objects[:0:0]
	for _, o := range objects {
		if change != nil {
			change(o)
		}
		if m, ok := o.(metav1.Object); ok && m.GetLabels()["gone"] != "" {
			continue
		}
		kept = append(kept, o)
	}
	return &kube.Cluster{API: fake.NewClientset(kept...), Namespace: "bureau", Server: "https://cluster"}
}

// vanish has installed leave an object out.
func vanish(o metav1.Object) { o.SetLabels(map[string]string{"gone": "yes"}) }
