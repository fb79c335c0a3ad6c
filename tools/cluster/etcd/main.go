// Command etcd is the store of the cluster tests' Kubernetes, built from its
// published module: `go install` refuses it for its replacements.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
