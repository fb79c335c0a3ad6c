package node

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

//go:embed etc
var etc embed.FS

// users of the cluster's API that are parts of it, and the administrator.
var users = []struct {
	file, name string
	groups     []string
}{
	{"admin", "administrator", []string{"system:masters"}},
	{"controllers", "system:kube-controller-manager", nil},
	{"scheduler", "system:kube-scheduler", nil},
	{"kubelet", "system:node:" + Name, []string{"system:nodes"}},
	{"proxy", "system:kube-proxy", nil},
}

// write makes certificates, access files and configurations.
func (n *Node) write() error {
	if err := os.MkdirAll(n.file("cni"), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(n.Log("etcd")), 0o755); err != nil {
		return err
	}
	n.Kubeconfig = n.file("admin.conf")
	if err := errors.Join(n.certificates(), n.access()); err != nil {
		return err
	}
	return n.configurations()
}

func (n *Node) certificates() error {
	if err := os.WriteFile(n.file("ca.crt"), n.pki.PEM, 0o644); err != nil {
		return err
	}
	for name, sign := range map[string]func() ([]byte, []byte, error){
		"apiserver": func() ([]byte, []byte, error) {
			return n.pki.Server("kubernetes", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc."+Domain, "localhost", "127.0.0.1", Address, apiAddress)
		},
		"apiserver-kubelet": func() ([]byte, []byte, error) { return n.pki.Client("kube-apiserver", "system:masters") },
		"front-proxy":       func() ([]byte, []byte, error) { return n.pki.Client("front-proxy") },
		"kubelet":           func() ([]byte, []byte, error) { return n.pki.Server(Name, Name, Address) },
		"accounts":          func() ([]byte, []byte, error) { return n.pki.Client("service accounts") },
	} {
		cert, key, err := sign()
		if err != nil {
			return err
		}
		if err := errors.Join(os.WriteFile(n.file(name+".crt"), cert, 0o644), os.WriteFile(n.file(name+".key"), key, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// access writes a kubeconfig for everybody who talks to the API server.
func (n *Node) access() error {
	for _, u := range users {
		cert, key, err := n.pki.Client(u.name, u.groups...)
		if err != nil {
			return err
		}
		c := api.NewConfig()
		c.Clusters[prefix] = &api.Cluster{Server: "https://" + Address + ":" + apiPort, CertificateAuthorityData: n.pki.PEM}
		c.AuthInfos[u.name] = &api.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
		c.Contexts[prefix] = &api.Context{Cluster: prefix, AuthInfo: u.name}
		c.CurrentContext = prefix
		if err := clientcmd.WriteToFile(*c, n.file(u.file+".conf")); err != nil {
			return err
		}
	}
	return nil
}

// configurations fills in the files of the parts that are told by file.
func (n *Node) configurations() error {
	of := map[string]string{
		"Dir": filepath.Join(n.o.Dir, "etc"), "Address": Address, "DNS": dnsAddress, "Domain": Domain, "Pods": Pods, "PodsHere": podsHere,
		"Socket": socket, "Groups": "/" + filepath.Base(n.o.Dir), "Pause": pauseImage,
	}
	t, err := template.ParseFS(etc, "etc/*")
	if err != nil {
		return err
	}
	for _, f := range t.Templates() {
		var out strings.Builder
		if err := f.Execute(&out, of); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		path := n.file(f.Name())
		if strings.HasSuffix(path, ".conflist") {
			path = filepath.Join(n.file("cni"), f.Name())
		}
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
