package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"egov/libs/embedded"
	"egov/tools/cluster/node"
	"egov/tools/cluster/proofs"
	"egov/tools/cluster/servers"
)

// Ports of the servers beside a cluster that is there; this machine may have
// servers of its own on the usual ones.
const (
	postgresPort = 15432
	redisPort    = 16379
)

// existing shows the proofs on the cluster that a kubeconfig names, with
// PostgreSQL and Redis on this machine, and takes the namespaces away again.
func existing(ctx context.Context, o options, kubeconfig string) (err error) {
	if o.address == "" {
		return errors.New("-address: the pods of that cluster need to know where this machine is")
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 50, 100
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := unused(ctx, client); err != nil {
		return err
	}
	authority, err := node.NewAuthority()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "egov-cluster-")
	if err != nil {
		return err
	}
	// PostgreSQL may run as another user, who has to reach its own folder.
	err = os.Chmod(dir, 0o711)
	defer func() {
		err = errors.Join(err, embedded.RemovePostgres(filepath.Join(dir, "servers", "postgres")), os.RemoveAll(dir))
	}()
	if err != nil {
		return err
	}
	s, err := servers.Start(ctx, servers.Options{Dir: filepath.Join(dir, "servers"), Address: o.address, PostgresPort: postgresPort, RedisPort: redisPort, Authority: authority, Deploy: "deploy"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	defer func() { err = errors.Join(err, clear(context.WithoutCancel(ctx), client)) }()
	return show(ctx, o, &proofs.Bed{
		Config: config, Client: client, Kubeconfig: kubeconfig, Servers: s, Authority: authority,
		Dir: dir, Helm: o.helm, Egov: o.egov, Address: o.address, Tag: o.tag, Before: o.tag, Registry: o.registry, Class: o.class, Out: os.Stdout,
	})
}

// unused makes sure that the namespaces of the test are nobody's.
func unused(ctx context.Context, client kubernetes.Interface) error {
	for _, name := range proofs.Namespaces() {
		_, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		if err == nil {
			return fmt.Errorf("the cluster has a namespace %s already: it is not touched", name)
		}
		if !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// clear deletes the namespaces of the test and waits until they are gone.
func clear(ctx context.Context, client kubernetes.Interface) error {
	const patience = 3 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		left := 0
		for _, name := range proofs.Namespaces() {
			err := client.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{})
			switch {
			case apierrors.IsNotFound(err):
			case err == nil || apierrors.IsConflict(err): // it is on its way
				left++
			default:
				return err
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d namespaces of the test are not gone: %w", left, ctx.Err())
		case <-tick.C:
		}
	}
}
