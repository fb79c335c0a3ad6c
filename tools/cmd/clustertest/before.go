package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"egov/tools/images"
)

// beforeTag is the tag of the images of the release before this one.
const beforeTag = "before"

var commitLine = regexp.MustCompile(`(?m)^commit: ([0-9a-f]{40})$`)

// releaseBefore gives the folder with the images of the release before this
// one, which deploy/dev/previous-release.yaml names; it compiles it from the
// repository's history the first time. The folder is empty where a clone has no
// such history.
func releaseBefore(ctx context.Context, o options) (_ string, err error) {
	said, err := os.ReadFile(filepath.Join("deploy", "dev", "previous-release.yaml"))
	if err != nil {
		return "", err
	}
	m := commitLine.FindSubmatch(said)
	if m == nil {
		return "", fmt.Errorf("previous-release.yaml names no commit")
	}
	commit := string(m[1])
	if exec.CommandContext(ctx, "git", "cat-file", "-e", commit+"^{commit}").Run() != nil {
		return "", nil
	}
	dir, err := filepath.Abs(filepath.Join(o.tools, "before@"+commit[:12]))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fmt.Fprintln(os.Stderr, "compiling the release before this one")
	work, err := os.MkdirTemp("", "egov-before-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := compile(ctx, commit, work); err != nil {
		return "", err
	}
	return dir, pack(work, dir)
}

// compile builds the services of a commit, with its own workspace, into
// work/bin.
func compile(ctx context.Context, commit, work string) error {
	archive, err := exec.CommandContext(ctx, "git", "archive", commit).Output()
	if err != nil {
		return fmt.Errorf("git archive %s: %w", commit, err)
	}
	untar := exec.CommandContext(ctx, "tar", "-x", "-C", work)
	untar.Stdin = bytes.NewReader(archive)
	if out, err := untar.CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", commit, err, out)
	}
	programs, err := filepath.Glob(filepath.Join(work, "services", "*", "cmd", "*", "main.go"))
	if err != nil {
		return err
	}
	args := []string{"build", "-p=2", "-buildvcs=false", "-trimpath", "-ldflags=-s -w -X egov/libs/host.version=" + beforeTag, "-o", filepath.Join(work, "bin") + string(filepath.Separator)}
	for _, p := range programs {
		service := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(p))))
		if name := filepath.Base(filepath.Dir(p)); name == service {
			args = append(args, "./services/"+service+"/cmd/"+name)
		}
	}
	build := exec.CommandContext(ctx, "go", args...)
	build.Dir, build.Env = work, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w\n%s", commit, err, out)
	}
	return nil
}

// pack makes images of all programs in work/bin; dir is there when all are.
func pack(work, dir string) error {
	programs, err := filepath.Glob(filepath.Join(work, "bin", "*"))
	if err != nil {
		return err
	}
	fresh := dir + ".new"
	for _, path := range programs {
		p := images.Program{Name: filepath.Base(path), Path: path, Version: beforeTag, Created: time.Unix(0, 0)}
		img, err := images.Build(p)
		if err != nil {
			return err
		}
		if _, err := images.Write(fresh, registry, p, img); err != nil {
			return err
		}
	}
	return os.Rename(fresh, dir)
}
