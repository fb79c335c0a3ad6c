package node

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"egov/tools/images"
)

// The images a node itself needs.
const (
	registry     = "egov"
	nodeVersion  = "node"
	pauseImage   = "docker.io/" + registry + "/pause:" + nodeVersion
	coreDNSImage = "docker.io/" + registry + "/coredns:" + nodeVersion
)

// Import gives the node's container runtime the images of archives, as
// docker save and images.Write make them.
func (n *Node) Import(ctx context.Context, archives ...string) error {
	for _, a := range archives {
		if err := n.ctr(ctx, "images", "import", a); err != nil {
			return err
		}
	}
	return nil
}

// ctr runs containerd's client on the images of pods.
func (n *Node) ctr(ctx context.Context, args ...string) error {
	return command(ctx, "ctr", append([]string{"--address", socket, "--namespace", "k8s.io"}, args...)...)
}

func (n *Node) runtimeReady(ctx context.Context) error { return n.ctr(ctx, "version") }

// bringImages brings the images that the node itself needs.
func (n *Node) bringImages(ctx context.Context) error {
	for name, path := range map[string]string{"pause": n.o.Tools.Pause, "coredns": n.o.Tools.CoreDNS} {
		if err := n.ImportProgram(ctx, images.Program{Name: name, Path: path, Version: nodeVersion, Created: time.Unix(0, 0)}); err != nil {
			return err
		}
	}
	return nil
}

// ImportProgram makes an image of a program and imports it as egov/NAME:VERSION.
func (n *Node) ImportProgram(ctx context.Context, p images.Program) error {
	img, err := images.Build(p)
	if err != nil {
		return err
	}
	dir := filepath.Join(n.o.Dir, "images")
	if _, err := images.Write(dir, registry, p, img); err != nil {
		return err
	}
	if err := n.Import(ctx, filepath.Join(dir, p.Name+".tar")); err != nil {
		return fmt.Errorf("image of %s: %w", p.Name, err)
	}
	return nil
}
