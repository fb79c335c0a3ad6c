// Command clustertest proves the charts on a real cluster.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"egov/tools/cluster/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	if node.Inside() == "" {
		stop()
		code, err := node.Isolate(context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "clustertest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	tools, err := node.Build(ctx, "tools/cluster", ".tools/cluster", func(s string) { fmt.Println(s) })
	if err != nil {
		return err
	}
	if err := node.Furnish(); err != nil {
		return err
	}
	n, err := node.Start(ctx, node.Options{Dir: node.Inside(), Tools: tools, Out: os.Stdout})
	if err != nil {
		return err
	}
	cmd := exec.Command("bash", "-i")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "KUBECONFIG="+n.Kubeconfig)
	err = cmd.Run()
	fmt.Println(err)
	return n.Stop(ctx)
}
