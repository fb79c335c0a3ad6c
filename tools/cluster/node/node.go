// Package node runs a whole one-node Kubernetes on this machine: etcd, the
// API server, its controllers, the scheduler, containerd, the kubelet,
// kube-proxy and CoreDNS, with real pods. It is the ground of the cluster
// tests, and of whoever wants a throw-away cluster.
//
// It promises that nothing stays: the calling program runs itself again in
// process, mount, network and IPC namespaces of its own (Isolate), and the
// node lives in them. When that program ends, however it ends, the kernel
// ends every process of the node and forgets its mounts, links, addresses,
// tables and network namespaces; the few control groups and the folder are
// removed by the outer process, or by the next run where that was killed too.
// Addresses and ports are private for the same reason.
//
// It does not enforce NetworkPolicies (the bridge plugin knows none), it does
// not survive a restart, and it needs root on a Linux machine with containerd,
// runc, the standard CNI plugins, nftables and iproute2.
package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"egov/libs/embedded/authority"
)

// Addresses of the node. They are private to its network namespace.
const (
	Name       = "node-1"
	Address    = "10.99.0.1" // of the node itself, where pods reach its servers
	network    = "10.99.0.1/24"
	gateway    = "10.99.0.254" // nobody: what is not the cluster's goes nowhere
	Pods       = "10.244.0.0/16"
	podsHere   = "10.244.0.0/24" // what the controllers give the first node
	services   = "10.96.0.0/16"
	apiAddress = "10.96.0.1" // of the Service kubernetes
	dnsAddress = "10.96.0.10"
	apiPort    = "6443"
	Domain     = "cluster.local"
)

// StorageClass is the class of the volumes that Volumes makes.
const StorageClass = "local"

// Options say where a node is made and of what.
type Options struct {
	Dir   string    // its folder; Isolate has covered the system's own with folders in it
	Tools Tools     // the programs
	Out   io.Writer // says what is being done; nil = nothing
}

// Node is a running node.
type Node struct {
	Config     *rest.Config // as the cluster's administrator
	Client     kubernetes.Interface
	Kubeconfig string // a file with the same, for programs

	o     Options
	pki   *authority.Authority
	procs []*program
}

// program is one running part.
type program struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// validity of a test's certificates.
const validity = 48 * time.Hour

// NewAuthority makes an authority that signs for as long as a test may take.
func NewAuthority() (*authority.Authority, error) { return authority.New("cluster tests", validity) }

// Start brings the node up and returns when it is Ready. What was started is
// stopped again when something fails.
func Start(ctx context.Context, o Options) (_ *Node, err error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	n := &Node{o: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Stop(context.WithoutCancel(ctx)))
		}
	}()
	if err := n.network(ctx); err != nil {
		return nil, err
	}
	if n.pki, err = NewAuthority(); err != nil {
		return nil, err
	}
	if err := n.write(); err != nil {
		return nil, err
	}
	if n.Config, err = clientcmd.BuildConfigFromFlags("", n.Kubeconfig); err != nil {
		return nil, err
	}
	n.Config.QPS, n.Config.Burst = 100, 200
	if n.Client, err = kubernetes.NewForConfig(n.Config); err != nil {
		return nil, err
	}
	n.say("etcd, containerd")
	if err := errors.Join(n.run("etcd", n.etcd()), n.run("containerd", n.containerd())); err != nil {
		return nil, err
	}
	if err := n.await(ctx, "etcd", time.Minute, answers("http://127.0.0.1:2379/readyz")); err != nil {
		return nil, err
	}
	n.say("API server")
	if err := n.run("kube-apiserver", n.apiserver()); err != nil {
		return nil, err
	}
	if err := n.await(ctx, "kube-apiserver", 2*time.Minute, n.apiReady); err != nil {
		return nil, err
	}
	if err := n.beginnings(ctx); err != nil {
		return nil, err
	}
	n.say("controllers, scheduler, kubelet, proxy")
	if err := n.await(ctx, "containerd", time.Minute, n.runtimeReady); err != nil {
		return nil, err
	}
	if err := n.bringImages(ctx); err != nil {
		return nil, err
	}
	err = errors.Join(
		n.run("kube-controller-manager", n.controllers()),
		n.run("kube-scheduler", n.scheduler()),
		n.run("kubelet", n.kubelet()),
		n.run("kube-proxy", n.proxy()))
	if err != nil {
		return nil, err
	}
	if err := n.await(ctx, "kubelet", 2*time.Minute, n.nodeReady); err != nil {
		return nil, err
	}
	return n, nil
}

// Log is the file a part of the node writes its log to.
func (n *Node) Log(part string) string { return filepath.Join(n.o.Dir, "log", part+".log") }

func (n *Node) say(format string, args ...any) {
	_, _ = fmt.Fprintf(n.o.Out, "  • "+format+"\n", args...) // who has gone away misses nothing but this
}

// run starts a part, with its log in a file of its own.
func (n *Node) run(name string, cmd *exec.Cmd) error {
	log, err := os.OpenFile(n.Log(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is the caller's to pass on, in order
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	p := &program{name: name, log: log.Name(), cmd: cmd, done: make(chan struct{})}
	go func() {
		p.err = errors.Join(cmd.Wait(), log.Close())
		close(p.done)
	}()
	n.procs = append(n.procs, p)
	return nil
}

// await polls until ok says nil, and fails early when a part has ended.
func (n *Node) await(ctx context.Context, part string, within time.Duration, ok func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok(ctx)
		if err == nil {
			return nil
		}
		if dead := n.Failed(); dead != nil {
			return dead
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s: %w\n%s", part, within, err, tail(n.Log(part)))
		case <-tick.C:
		}
	}
}

// Failed says which part has ended by itself; nil while all run.
func (n *Node) Failed() error {
	for _, p := range n.procs {
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %w\n%s", p.name, p.err, tail(p.log))
		default:
		}
	}
	return nil
}

// Stop ends the parts in the order in which they need one another, last
// started first. What does not end in time is killed.
func (n *Node) Stop(ctx context.Context) error {
	var errs []error
	for len(n.procs) > 0 {
		p := n.procs[len(n.procs)-1]
		n.procs = n.procs[:len(n.procs)-1]
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		wait, cancel := context.WithTimeout(ctx, 10*time.Second)
		select {
		case <-p.done:
		case <-wait.Done():
			errs = append(errs, p.cmd.Process.Kill())
			<-p.done
		}
		cancel()
	}
	return errors.Join(errs...)
}

// answers is the check that a URL answers 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	}
}

// command runs a program to its end and gives its output with its failure.
func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// tail is the end of a log file.
func tail(path string) string {
	const most = 3000
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-most):])
}
