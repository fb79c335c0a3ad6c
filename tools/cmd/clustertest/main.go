// Command clustertest proves the charts on a real cluster: one that it makes
// on this machine and takes away again, or the one that KUBECONFIG names.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"egov/tools/cluster/node"
	"egov/tools/cluster/proofs"
	"egov/tools/cluster/servers"
)

// options are the command's flags.
type options struct {
	helm, egov, images, tag, only, shell string
	registry, address, class             string
	tools                                string
	serve                                bool
	limit                                time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.helm, "helm", "helm", "the program helm")
	flag.StringVar(&o.egov, "egov", "bin/egov", "the program egov")
	flag.StringVar(&o.images, "images", "dist", "folder of the images' archives")
	flag.StringVar(&o.tag, "tag", "", "tag of the images")
	flag.StringVar(&o.registry, "registry", "egov", "registry and path in front of the images' names")
	flag.StringVar(&o.address, "address", "", "with KUBECONFIG: this machine, as pods of that cluster see it")
	flag.StringVar(&o.class, "class", "", "with KUBECONFIG: class of volumes that pods on several nodes share; empty is the cluster's default")
	flag.StringVar(&o.only, "only", "", "names of proofs, with commas; those they stand on are not added")
	flag.StringVar(&o.tools, "tools", ".tools/cluster", "folder that keeps the cluster's programs")
	flag.StringVar(&o.shell, "shell", "", "a command to run when the proofs have ended, with KUBECONFIG set")
	flag.BoolVar(&o.serve, "serve", false, "no proofs: a node with the images, for -shell (without it an interactive bash), until that ends")
	flag.DurationVar(&o.limit, "limit", 45*time.Minute, "after which everything is given up")
	flag.Parse()
	os.Exit(run(o))
}

func run(o options) int {
	ctx, stop := context.WithTimeout(context.Background(), o.limit)
	defer stop()
	if kubeconfig := os.Getenv("KUBECONFIG"); kubeconfig != "" && node.Inside() == "" {
		ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer release()
		return said(existing(ctx, o, kubeconfig))
	}
	if node.Inside() == "" {
		code, err := outside(ctx, o)
		if err != nil {
			fmt.Fprintln(os.Stderr, "clustertest:", err)
			return 1
		}
		return code
	}
	ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer release()
	return said(inside(ctx, o))
}

// said tells of a failure and gives the exit code.
func said(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, "clustertest:", err)
		return 1
	}
	return 0
}

// outside builds what is missing while there still is a network, and goes in.
func outside(ctx context.Context, o options) (int, error) {
	if _, err := build(ctx, o); err != nil {
		return 0, err
	}
	if _, err := releaseBefore(ctx, o); err != nil {
		return 0, err
	}
	if _, err := proofs.Definitions(ctx); err != nil {
		return 0, err
	}
	code, err := node.Isolate(ctx)
	if err == nil {
		fmt.Println("afterwards: no process, mount, network, control group or file of the node is left")
	}
	return code, err
}

func build(ctx context.Context, o options) (node.Tools, error) {
	return node.Build(ctx, filepath.Join("tools", "cluster"), o.tools, func(s string) { fmt.Fprintln(os.Stderr, s) })
}

// inside makes the node and the servers, shows the proofs and takes all down.
func inside(ctx context.Context, o options) (err error) {
	tools, err := build(ctx, o)
	if err != nil {
		return err
	}
	if err := node.Furnish(); err != nil {
		return err
	}
	if o.registry != registry {
		return fmt.Errorf("a cluster made here has its images from %s, not from a registry: leave REGISTRY out", o.images)
	}
	dir := node.Inside()
	fmt.Println("▸ a node: Kubernetes, containerd")
	n, err := node.Start(ctx, node.Options{Dir: dir, Tools: tools, Out: os.Stdout})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.WithoutCancel(ctx))) }()
	if o.serve {
		return serve(ctx, n, o)
	}
	authority, err := node.NewAuthority()
	if err != nil {
		return err
	}
	fmt.Println("▸ PostgreSQL and Redis beside it")
	s, err := servers.Start(ctx, servers.Options{Dir: filepath.Join(dir, "servers"), Address: node.Address, PostgresPort: 5432, RedisPort: 6379, Authority: authority, Deploy: "deploy"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	before, err := bringImages(ctx, n, o)
	if err != nil {
		return err
	}
	folder := chartsOf(before)
	return show(ctx, o, &proofs.Bed{
		Config: n.Config, Client: n.Client, Kubeconfig: n.Kubeconfig, Node: n, Servers: s, Authority: authority,
		Dir: dir, Helm: o.helm, Egov: o.egov, Address: node.Address, Tag: o.tag, Before: tagBefore(before, o.tag), Past: folder, Registry: registry,
		Clock: filepath.Join(dir, "volumes", "clock", "clock"), Out: os.Stdout,
	})
}

// show shows the proofs that are asked for and prints the table.
func show(ctx context.Context, o options, b *proofs.Bed) (err error) {
	begun := time.Now()
	if b.Repository, err = os.Getwd(); err != nil {
		return err
	}
	for _, program := range []*string{&b.Helm, &b.Egov} {
		if *program, err = exec.LookPath(*program); err != nil {
			return err
		}
		if *program, err = filepath.Abs(*program); err != nil {
			return err
		}
	}
	all, err := chosen(proofs.All(), o.only)
	if err != nil {
		return err
	}
	results, err := proofs.Run(ctx, b, all)
	err = errors.Join(err, shell(ctx, o, b.Kubeconfig))
	fmt.Println()
	err = errors.Join(err, proofs.Table(os.Stdout, results))
	fmt.Printf("%s in all\n", time.Since(begun).Round(time.Second))
	return err
}

// chosen are the proofs that names, with commas, say, in the order in which they
// stand on one another; all where it is empty.
func chosen(all []proofs.Proof, names string) ([]proofs.Proof, error) {
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(p proofs.Proof) bool { return p.Name == name }) {
			return nil, fmt.Errorf("-only: there is no proof %q", name)
		}
	}
	return slices.DeleteFunc(all, func(p proofs.Proof) bool { return !slices.Contains(wanted, p.Name) }), nil
}

// served is how many claims the node of -serve has volumes for.
const served = 48

// serve has a command use the node as a cluster that is there: with the images
// that were built, and volumes for whoever claims some.
func serve(ctx context.Context, n *node.Node, o options) error {
	if _, err := bringImages(ctx, n, o); err != nil {
		return err
	}
	names := make([]string, served)
	for i := range names {
		names[i] = fmt.Sprintf("volume-%02d", i)
	}
	if err := n.Volumes(ctx, names...); err != nil {
		return err
	}
	o.shell = cmp.Or(o.shell, "exec bash -i")
	fmt.Printf("▸ a cluster at %s: %s\n", node.Address, o.shell)
	return shell(ctx, o, n.Kubeconfig)
}

// registry is in front of the names of images that are built here and brought.
const registry = "egov"

// tagBefore is the tag of the images of the release before, where there is a
// folder of them.
func tagBefore(folder, tag string) string {
	if folder != "" {
		return beforeTag
	}
	return tag
}

// bringImages imports the images that were built, and those of the release
// before, whose folder it gives where there are any.
func bringImages(ctx context.Context, n *node.Node, o options) (before string, err error) {
	archives, err := filepath.Glob(filepath.Join(o.images, "*.tar"))
	if err != nil || len(archives) == 0 {
		return "", errors.Join(fmt.Errorf("no images in %s: make images", o.images), err)
	}
	dir, err := releaseBefore(ctx, o)
	if err != nil {
		return "", err
	}
	if dir != "" {
		old, err := filepath.Glob(filepath.Join(dir, "*.tar"))
		if err != nil {
			return "", err
		}
		archives = append(archives, old...)
	}
	fmt.Printf("▸ %d images\n", len(archives))
	return dir, n.Import(ctx, archives...)
}

// shell runs a command of the caller's on the cluster as it stands.
func shell(ctx context.Context, o options, kubeconfig string) error {
	if o.shell == "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", o.shell)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(node.Outward(os.Environ()), "KUBECONFIG="+kubeconfig)
	return cmd.Run()
}
