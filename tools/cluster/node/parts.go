package node

import (
	"os/exec"
	"path/filepath"
)

// socket is where containerd listens; /run is the node's own.
const socket = "/run/containerd/containerd.sock"

func (n *Node) file(name string) string { return filepath.Join(n.o.Dir, "etc", name) }

// data is where a part keeps what it knows; /var/lib is the node's own.
func data(part string) string { return filepath.Join("/var/lib", part) }

func (n *Node) kubernetes(part string, flags ...string) *exec.Cmd {
	return exec.Command(n.o.Tools.Kubernetes, append([]string{part}, flags...)...)
}

func (n *Node) etcd() *exec.Cmd {
	return exec.Command(n.o.Tools.Etcd, "--data-dir="+data("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls=http://127.0.0.1:2379", "--advertise-client-urls=http://127.0.0.1:2379",
		"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380", "--initial-cluster=default=http://127.0.0.1:2380")
}

func (n *Node) containerd() *exec.Cmd {
	return exec.Command("containerd", "--config", n.file("containerd.toml"))
}

func (n *Node) apiserver() *exec.Cmd {
	return n.kubernetes("kube-apiserver",
		"--etcd-servers=http://127.0.0.1:2379", "--advertise-address="+Address, "--secure-port="+apiPort,
		"--service-cluster-ip-range="+services, "--allow-privileged=true",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--client-ca-file="+n.file("ca.crt"), "--tls-cert-file="+n.file("apiserver.crt"), "--tls-private-key-file="+n.file("apiserver.key"),
		"--kubelet-certificate-authority="+n.file("ca.crt"), "--kubelet-client-certificate="+n.file("apiserver-kubelet.crt"), "--kubelet-client-key="+n.file("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc."+Domain,
		"--service-account-key-file="+n.file("accounts.crt"), "--service-account-signing-key-file="+n.file("accounts.key"),
		"--requestheader-client-ca-file="+n.file("ca.crt"), "--requestheader-allowed-names=front-proxy",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group", "--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file="+n.file("front-proxy.crt"), "--proxy-client-key-file="+n.file("front-proxy.key"))
}

func (n *Node) controllers() *exec.Cmd {
	return n.kubernetes("kube-controller-manager",
		"--kubeconfig="+n.file("controllers.conf"), "--bind-address=127.0.0.1", "--leader-elect=false",
		"--use-service-account-credentials", "--service-account-private-key-file="+n.file("accounts.key"), "--root-ca-file="+n.file("ca.crt"),
		"--allocate-node-cidrs", "--cluster-cidr="+Pods, "--service-cluster-ip-range="+services,
		// Load comes and goes within a test.
		"--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-cpu-initialization-period=10s", "--horizontal-pod-autoscaler-initial-readiness-delay=5s")
}

func (n *Node) scheduler() *exec.Cmd {
	return n.kubernetes("kube-scheduler", "--kubeconfig="+n.file("scheduler.conf"), "--bind-address=127.0.0.1", "--leader-elect=false")
}

func (n *Node) kubelet() *exec.Cmd {
	return n.kubernetes("kubelet", "--config="+n.file("kubelet.yaml"), "--kubeconfig="+n.file("kubelet.conf"),
		"--node-ip="+Address, "--hostname-override="+Name, "--node-labels=topology.kubernetes.io/zone=here")
}

func (n *Node) proxy() *exec.Cmd {
	return n.kubernetes("kube-proxy", "--config="+n.file("proxy.yaml"), "--hostname-override="+Name)
}
