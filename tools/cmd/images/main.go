// Command images makes a container image of every program named, and pushes
// them where -push is given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"egov/tools/images"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir := flag.String("o", "dist", "folder to write NAME.tar and NAME.spdx.json into")
	registry := flag.String("registry", "egov", "registry and path in front of every name")
	version := flag.String("version", "", "the tag")
	created := flag.Int64("created", 0, "seconds since 1970 that the images bear")
	push := flag.Bool("push", false, "push to the registry too")
	flag.Parse()
	if *version == "" || flag.NArg() == 0 {
		return errors.New("usage: images -version V [flags] PROGRAM…")
	}
	for _, path := range flag.Args() {
		p := images.Program{Name: filepath.Base(path), Path: path, Version: *version, Created: time.Unix(*created, 0)}
		img, err := images.Build(p)
		if err != nil {
			return err
		}
		w, err := images.Write(*dir, *registry, p, img)
		if err == nil && *push {
			w, err = images.Push(ctx, *registry, p, img)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s@%s\n", w.Reference, w.Digest)
	}
	return nil
}
