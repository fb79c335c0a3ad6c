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
	"slices"
	"time"

	"egov/tools/images"
)

// beforeTag is the tag of the images of the release before this one.
const beforeTag = "before"

var commitLine = regexp.MustCompile(`(?m)^commit: ([0-9a-f]{40})$`)

// past is the folder, beside the images of the release before this one, of its
// charts and profiles.
const past = "release"

// releaseBefore gives the folder with the images of the release before this
// one, and with its charts, ready to install; deploy/dev/previous-release.yaml
// names it. It is made from the repository's history the first time. The folder is empty where a clone has no
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
		return dir, chartsBefore(ctx, o, commit, filepath.Join(dir, past))
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
	if err := pack(work, dir); err != nil {
		return "", err
	}
	return dir, chartsBefore(ctx, o, commit, filepath.Join(dir, past))
}

// chartsOf is the folder of the charts of the release before, of which releaseBefore
// gives the folder. It is empty where there is none, and where they cannot mount
// the virtual clock that projects are walked by: then this release's own charts
// run those programs.
func chartsOf(before string) string {
	dir := filepath.Join(before, past)
	values, err := os.ReadFile(filepath.Join(dir, "charts", "lib", "values.yaml"))
	if before == "" || err != nil || !bytes.Contains(values, []byte("\n    volumeMounts:")) {
		return ""
	}
	return dir
}

// chartsBefore unpacks a commit's charts and profiles, and puts the charts
// together.
func chartsBefore(ctx context.Context, o options, commit, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	fresh := dir + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.MkdirAll(fresh, 0o755)); err != nil {
		return err
	}
	if err := unpack(ctx, commit, fresh, "charts", "deploy/profiles"); err != nil {
		return err
	}
	charts, err := filepath.Glob(filepath.Join(fresh, "charts", "*", "Chart.lock"))
	if err != nil {
		return err
	}
	// The umbrella takes the others as they are then.
	umbrella := filepath.Join(fresh, "charts", "egov", "Chart.lock")
	charts = append(slices.DeleteFunc(charts, func(c string) bool { return c == umbrella }), umbrella)
	for _, c := range charts {
		if out, err := exec.CommandContext(ctx, o.helm, "dependency", "update", "--skip-refresh", filepath.Dir(c)).CombinedOutput(); err != nil {
			return fmt.Errorf("charts of %s: %w\n%s", commit, err, out)
		}
	}
	return os.Rename(fresh, dir)
}

// unpack writes files of a commit, all without paths.
func unpack(ctx context.Context, commit, dir string, paths ...string) error {
	archive, err := exec.CommandContext(ctx, "git", append([]string{"archive", commit}, paths...)...).Output()
	if err != nil {
		return fmt.Errorf("git archive %s: %w", commit, err)
	}
	untar := exec.CommandContext(ctx, "tar", "-x", "-C", dir)
	untar.Stdin = bytes.NewReader(archive)
	if out, err := untar.CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", commit, err, out)
	}
	return nil
}

// compile builds the services of a commit, with its own workspace, into
// work/bin.
func compile(ctx context.Context, commit, work string) error {
	if err := unpack(ctx, commit, work); err != nil {
		return err
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
