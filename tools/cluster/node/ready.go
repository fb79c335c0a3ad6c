package node

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/tools/images"
)

//go:embed beginnings.yaml
var beginnings string

func (n *Node) apiReady(ctx context.Context) error {
	_, err := n.Client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// nodeReady waits for the node itself and for the names of the cluster.
func (n *Node) nodeReady(ctx context.Context) error {
	node, err := n.Client.CoreV1().Nodes().Get(ctx, Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
			return errors.New(c.Message)
		}
	}
	d, err := n.Client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", metav1.GetOptions{})
	if err == nil && d.Status.ReadyReplicas == 0 {
		err = errors.New("coredns is not ready")
	}
	return err
}

// beginnings are what a cluster has before anybody uses it: names, a class of
// volumes, and kube-proxy's rights, which its own credentials only name.
func (n *Node) beginnings(ctx context.Context) error {
	text := strings.NewReplacer("{{image}}", coreDNSImage, "{{address}}", dnsAddress, "{{domain}}", Domain, "{{class}}", StorageClass).Replace(beginnings)
	path := n.file("beginnings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	return n.Kubectl(ctx, "apply", "--server-side", "-f", path)
}

// Kubectl runs kubectl as the administrator.
func (n *Node) Kubectl(ctx context.Context, args ...string) error {
	return command(ctx, n.o.Tools.Kubernetes, append([]string{"kubectl", "--kubeconfig=" + n.Kubeconfig}, args...)...)
}

// Volumes makes persistent volumes on the node, which claims of the class
// StorageClass take: shared by all its pods, writable for the user of the
// suite's images.
func (n *Node) Volumes(ctx context.Context, names ...string) error {
	for _, name := range names {
		dir := filepath.Join(n.o.Dir, "volumes", name)
		if err := n.Volume(ctx, name, dir, StorageClass); err != nil {
			return err
		}
	}
	return nil
}

// Volume makes a folder of the machine a persistent volume of a class.
func (n *Node) Volume(ctx context.Context, name, dir, class string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.Chown(dir, images.User, images.User); err != nil {
		return err
	}
	_, err := n.Client.CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("64Mi")},
			AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteMany},
			StorageClassName:              class,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: dir}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{Name}}},
			}}}},
		},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("volume %s: %w", name, err)
	}
	return nil
}
