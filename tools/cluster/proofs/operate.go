package proofs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"egov/services/suite"
	"egov/tools/egov/ops/opswalk"
)

// finding is what `egov ops doctor` says of one thing.
type finding struct {
	Code     string
	Severity string
	Where    string
	Seen     string
	Fix      struct{ EN string }
}

// fault is something wrong that is planted, what doctor calls it, and how it is
// taken away again.
type fault struct {
	what, code  string
	plant, mend func(ctx context.Context) error
}

// operate looks at the district with `egov ops` as an operator does, plants
// three faults, has them found and named, and takes them away again.
func operate(ctx context.Context, b *Bed) (string, error) {
	var status struct {
		Services []struct {
			Service        string
			Versions       []string
			Desired, Ready int
			Lag            *float64 `json:"lag_entries"`
		}
	}
	if err := b.ops(ctx, &status, "status", "-n", district); err != nil {
		return "", err
	}
	if len(status.Services) != len(suite.Names()) {
		return "", fmt.Errorf("status knows %d services, not %d", len(status.Services), len(suite.Names()))
	}
	for _, s := range status.Services {
		if s.Ready < s.Desired || s.Ready == 0 || len(s.Versions) == 0 || s.Lag == nil && s.Service != "portal" {
			return "", fmt.Errorf("status of %s: %+v", s.Service, s)
		}
	}
	before, err := b.doctor(ctx)
	if err != nil {
		return "", err
	}
	faults := b.faults()
	for _, f := range faults {
		if slices.ContainsFunc(before, func(x finding) bool { return x.Code == f.code }) {
			return "", fmt.Errorf("%s is found before it is planted", f.code)
		}
		if err := f.plant(ctx); err != nil {
			return "", fmt.Errorf("%s: %w", f.what, err)
		}
	}
	var said []string
	err = await(ctx, 3*time.Minute, func(ctx context.Context) error {
		found, err := b.doctor(ctx)
		if err != nil {
			return err
		}
		said = nil
		for _, f := range faults {
			i := slices.IndexFunc(found, func(x finding) bool { return x.Code == f.code })
			if i < 0 {
				return fmt.Errorf("%s: doctor finds no %s", f.what, f.code)
			}
			if found[i].Fix.EN == "" || found[i].Severity != "error" {
				return fmt.Errorf("%s: %+v", f.what, found[i])
			}
			said = append(said, fmt.Sprintf("%s → %s at %s", f.what, f.code, found[i].Where))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, f := range faults {
		if err := f.mend(ctx); err != nil {
			return "", fmt.Errorf("%s: mend: %w", f.what, err)
		}
	}
	err = await(ctx, 3*time.Minute, func(ctx context.Context) error {
		found, err := b.doctor(ctx)
		for _, f := range faults {
			if slices.ContainsFunc(found, func(x finding) bool { return x.Code == f.code }) {
				err = errors.Join(err, fmt.Errorf("%s is still found", f.code))
			}
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if err := b.settled(ctx, district); err != nil {
		return "", err
	}
	return fmt.Sprintf("status: %d services with versions, replicas, lag; doctor: %s; each with its fix, none before and none after it", len(status.Services), strings.Join(said, ", ")), nil
}

// act has `egov ops` walk through all its commands: look, find what is put
// wrong, scale, restart, drain and bring back, with and without the rights.
func act(ctx context.Context, b *Bed) (string, error) {
	all, err := opswalk.Walk(ctx, opswalk.Options{
		Kubeconfig: b.Kubeconfig, Namespace: district, Service: "legalization", Access: filepath.Join(b.Repository, "deploy", "access", "operator.yaml"), Pods: true,
		Run: func(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
			cmd := exec.CommandContext(ctx, b.Egov, args...)
			cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
			err := cmd.Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return exit.ExitCode()
			}
			if err != nil {
				_, _ = fmt.Fprintln(errs, err) // it is shown with the failure
				return -1
			}
			return 0
		},
	})
	for _, p := range all {
		if p.Err != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", p.What, p.Err))
			continue
		}
		b.say("%s (%s)", p.What, p.How)
	}
	return fmt.Sprintf("%d things shown with legalization: looks, three more faults, scale, restart, drain and back, and what operators, viewers and strangers may not", len(all)), err
}

// faults are what operators meet: an image that nobody has, a budget that lets
// nothing go, a namespace without the label that policies let in by.
func (b *Bed) faults() []fault {
	deployments := b.Client.AppsV1().Deployments(district)
	image := func(tag string) func(context.Context) error {
		return func(ctx context.Context) error {
			patch := fmt.Appendf(nil, `{"spec":{"template":{"spec":{"containers":[{"name":"legalization","image":"%s/legalization:%s"}]}}}}`, b.Registry, tag)
			_, err := deployments.Patch(ctx, "legalization", types.StrategicMergePatchType, patch, metav1.PatchOptions{})
			return err
		}
	}
	budget := func(n int) func(context.Context) error {
		return func(ctx context.Context) error {
			patch := fmt.Appendf(nil, `{"spec":{"maxUnavailable":%d}}`, n)
			_, err := b.Client.PolicyV1().PodDisruptionBudgets(district).Patch(ctx, "budgeting", types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		}
	}
	label := func(value string) func(context.Context) error {
		return func(ctx context.Context) error {
			patch := fmt.Appendf(nil, `{"metadata":{"labels":{"egov/part-of":%s}}}`, value)
			_, err := b.Client.CoreV1().Namespaces().Patch(ctx, district, types.MergePatchType, patch, metav1.PatchOptions{})
			return err
		}
	}
	return []fault{
		{"an image that is nowhere", "image_unavailable", image("nowhere"), image(b.Tag)},
		{"a budget of none", "disruption_blocked", budget(0), budget(1)},
		{"a namespace without its label", "namespace_unlabelled", label("null"), label(`"egov"`)},
	}
}

// doctor has `egov ops doctor` examine the district.
func (b *Bed) doctor(ctx context.Context) ([]finding, error) {
	var out struct{ Findings []finding }
	err := b.ops(ctx, &out, "doctor", "-n", district)
	return out.Findings, err
}

// ops runs a member of `egov ops` and reads its answer. Its exit code says
// whether there is an error among the findings, which the answer says too.
func (b *Bed) ops(ctx context.Context, answer any, args ...string) error {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, b.Egov, append([]string{"ops", "-o", "json", "--kubeconfig", b.Kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 && stdout.Len() > 0 {
		err = nil
	}
	if err == nil {
		err = json.Unmarshal(stdout.Bytes(), answer)
	}
	if err != nil {
		return fmt.Errorf("egov ops %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return nil
}
