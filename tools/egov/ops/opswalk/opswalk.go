// Package opswalk walks through `egov ops` on a real cluster: it looks, puts
// three things wrong and has doctor name them, acts, and is refused what its
// rights do not cover. Everything it changes it puts back.
//
// It is part of the cluster tests. The cluster has at least one service of the
// charts; with pods that run it also waits for what acts bring about.
package opswalk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"egov/tools/egov/ops"
	"egov/tools/kube"
)

// Options of a walk.
type Options struct {
	Kubeconfig string // of an administrator
	Namespace  string // that the suite is installed in
	Service    string // that is scaled, restarted and drained; no autoscaler's
	Access     string // the file deploy/access/operator.yaml
	Pods       bool   // the cluster runs pods: replicas become ready
	// Run runs one command line of egov and gives how it ended.
	Run func(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int
}

// Proof is one thing that the walk was to show.
type Proof struct {
	What string // what holds
	How  string // how it was seen
	Err  error  // nil when it holds
}

// walk is one walk under way.
type walk struct {
	Options
	api    kubernetes.Interface
	dir    string // for the configurations of other people
	proofs []Proof
}

// Walk walks. It stops at nothing: what does not hold is a proof with its error.
func Walk(ctx context.Context, o Options) (proofs []Proof, err error) {
	c, err := kube.Open(kube.Options{Kubeconfig: o.Kubeconfig, Namespace: o.Namespace})
	if err != nil {
		return nil, err
	}
	w := &walk{Options: o, api: c.API}
	if w.dir, err = os.MkdirTemp("", "egov-ops-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.dir)) }()
	w.looks(ctx)
	w.faults(ctx)
	w.acts(ctx)
	w.rights(ctx)
	return w.proofs, nil
}

func (w *walk) prove(what, how string, err error) {
	w.proofs = append(w.proofs, Proof{what, how, err})
}

// ended is how one command line ended.
type ended struct {
	args      []string
	code      int
	out, errs string
}

func (e ended) err(format string, args ...any) error {
	return fmt.Errorf("egov %s: exit %d: %s\n%s%s", strings.Join(e.args, " "), e.code, fmt.Sprintf(format, args...), e.out, e.errs)
}

// as runs one command of `egov ops` under a configuration.
func (w *walk) as(ctx context.Context, kubeconfig string, args ...string) ended {
	e := ended{args: append([]string{"ops"}, args...)}
	var out, errs bytes.Buffer
	e.code = w.Run(ctx, append(e.args, "--kubeconfig", kubeconfig, "-n", w.Namespace), strings.NewReader(""), &out, &errs)
	e.out, e.errs = out.String(), errs.String()
	return e
}

func (w *walk) ops(ctx context.Context, args ...string) ended {
	return w.as(ctx, w.Kubeconfig, args...)
}

// status is what `egov ops status` shows.
func (w *walk) status(ctx context.Context) (rows []ops.Row, err error) {
	e := w.ops(ctx, "status", "-o", "json")
	var answer struct{ Services []ops.Row }
	if err := json.Unmarshal([]byte(e.out), &answer); err != nil || e.code != 0 {
		return nil, e.err("no answer: %v", err)
	}
	return answer.Services, nil
}

func (w *walk) looks(ctx context.Context) {
	rows, err := w.status(ctx)
	known := 0
	for _, r := range rows {
		switch {
		case !w.Pods:
		case r.Ready != r.Desired || r.Desired == 0:
			err = errors.Join(err, fmt.Errorf("%s: %d of %d replicas are ready", r.Service, r.Ready, r.Desired))
		case len(r.Versions) != 1 || r.StartedAt == nil:
			err = errors.Join(err, fmt.Errorf("%s does not say how it stands: %+v", r.Service, r))
		}
		if r.OutboxAge != nil {
			known++
		}
	}
	if len(rows) == 0 {
		err = errors.Join(err, errors.New("no service is shown"))
	}
	w.prove("egov ops status shows every service as it stands", fmt.Sprintf("%d services, figures of %d read through the API server", len(rows), known), err)
	for _, command := range []string{"lag", "deadlines"} {
		e := w.ops(ctx, command)
		err = nil
		if e.code != 0 {
			err = e.err("fails")
		}
		w.prove("egov ops "+command, "exit 0", err)
	}
}

// doctor gives the codes of what doctor finds.
func (w *walk) doctor(ctx context.Context) (found []ops.Finding, err error) {
	e := w.ops(ctx, "doctor", "-o", "json")
	var answer struct{ Findings []ops.Finding }
	if err := json.Unmarshal([]byte(e.out), &answer); err != nil {
		return nil, e.err("no answer: %v", err)
	}
	return answer.Findings, nil
}

// fault is one thing that is put wrong.
type fault struct {
	what, code string
	plant      func(context.Context) (heal func(context.Context) error, err error)
}

// faults plants three things at once and wants doctor to name exactly those
// beyond what it found before.
func (w *walk) faults(ctx context.Context) {
	before, err := w.doctor(ctx)
	if err != nil {
		w.prove("egov ops doctor answers", "–", err)
		return
	}
	planted := []fault{
		{"a Secret without its key", "secret_missing", w.emptySecret},
		{"a namespace without the suite's label", "namespace_unlabelled", w.unlabel},
		{"a network policy that selects nothing", "policy_selects_nothing", w.misdirect},
	}
	var heals []func(context.Context) error
	for _, f := range planted {
		heal, err := f.plant(ctx)
		if err != nil {
			w.prove("planting "+f.what, "–", err)
			continue
		}
		heals = append(heals, heal)
	}
	found, err := w.doctor(ctx)
	for _, f := range planted {
		i := slices.IndexFunc(found, func(x ops.Finding) bool { return x.Code == f.code && !slices.Contains(before, x) })
		if err == nil && i < 0 {
			w.prove("doctor finds "+f.what, f.code, fmt.Errorf("it is not found: %+v", found))
			continue
		}
		how := f.code
		if i >= 0 {
			how = fmt.Sprintf("%s at %s: %s; fix: %s", f.code, found[i].Where, found[i].Seen, found[i].Fix.EN)
		}
		w.prove("doctor finds "+f.what, how, err)
	}
	for _, heal := range slices.Backward(heals) {
		err = errors.Join(err, heal(ctx))
	}
	after, lerr := w.doctor(ctx)
	for _, f := range planted {
		if slices.ContainsFunc(after, func(x ops.Finding) bool { return x.Code == f.code && !slices.Contains(before, x) }) {
			lerr = errors.Join(lerr, fmt.Errorf("%s is still found", f.code))
		}
	}
	w.prove("once they are mended, doctor finds them no more", "the same command", errors.Join(err, lerr))
}

func (w *walk) emptySecret(ctx context.Context) (func(context.Context) error, error) {
	secrets := w.api.CoreV1().Secrets(w.Namespace)
	name := w.Service + "-redis"
	whole, err := secrets.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) { // it is missing already, whole
		return func(context.Context) error { return nil }, fmt.Errorf("the installation has no Secret %s", name)
	}
	if err != nil {
		return nil, err
	}
	change := func(ctx context.Context, data map[string][]byte) error {
		now, err := secrets.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		now.Data = data
		_, err = secrets.Update(ctx, now, metav1.UpdateOptions{})
		return err
	}
	without := map[string][]byte{"uri": whole.Data["url"]}
	return func(ctx context.Context) error { return change(ctx, whole.Data) }, change(ctx, without)
}

func (w *walk) unlabel(ctx context.Context) (func(context.Context) error, error) {
	const label = "egov/part-of"
	set := func(ctx context.Context, value string) (before string, err error) {
		n, err := w.api.CoreV1().Namespaces().Get(ctx, w.Namespace, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		before = n.Labels[label]
		if n.Labels == nil {
			n.Labels = map[string]string{}
		}
		if n.Labels[label] = value; value == "" {
			delete(n.Labels, label)
		}
		_, err = w.api.CoreV1().Namespaces().Update(ctx, n, metav1.UpdateOptions{})
		return before, err
	}
	before, err := set(ctx, "")
	if err == nil && before == "" {
		err = fmt.Errorf("the namespace %s had no label %s before", w.Namespace, label)
	}
	return func(ctx context.Context) error { _, err := set(ctx, before); return err }, err
}

func (w *walk) misdirect(ctx context.Context) (func(context.Context) error, error) {
	policies := w.api.NetworkingV1().NetworkPolicies(w.Namespace)
	set := func(ctx context.Context, s metav1.LabelSelector) (before metav1.LabelSelector, err error) {
		p, err := policies.Get(ctx, w.Service, metav1.GetOptions{})
		if err != nil {
			return before, err
		}
		before, p.Spec.PodSelector = p.Spec.PodSelector, s
		_, err = policies.Update(ctx, p, metav1.UpdateOptions{})
		return before, err
	}
	before, err := set(ctx, metav1.LabelSelector{MatchLabels: map[string]string{"app": "nobody"}})
	return func(ctx context.Context) error { _, err := set(ctx, before); return err }, err
}

// replicas is how many a Deployment is to have, and when it was last restarted.
func (w *walk) replicas(ctx context.Context) (int, string, error) {
	d, err := w.api.AppsV1().Deployments(w.Namespace).Get(ctx, w.Service, metav1.GetOptions{})
	if err != nil {
		return 0, "", err
	}
	n := 1
	if d.Spec.Replicas != nil {
		n = int(*d.Spec.Replicas)
	}
	return n, d.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"], nil
}

func (w *walk) acts(ctx context.Context) {
	first, restarted, err := w.replicas(ctx)
	if err != nil {
		w.prove("a service to act on", w.Service, err)
		return
	}
	wait := fmt.Sprintf("--wait=%t", w.Pods)
	step := func(what, how string, want int, args ...string) {
		e := w.ops(ctx, args...)
		n, at, err := w.replicas(ctx)
		switch {
		case err != nil:
		case e.code != 0:
			err = e.err("fails")
		case n != want:
			err = e.err("%d replicas, want %d", n, want)
		case args[0] == "restart" && at == restarted:
			err = e.err("nothing was restarted")
		}
		w.prove(what, how, err)
	}
	step("egov ops scale adds a replica", "the Deployment, and with pods its readiness", first+1, "scale", w.Service, fmt.Sprint(first+1), wait)
	step("egov ops scale takes it away", "the Deployment", first, "scale", w.Service, fmt.Sprint(first), wait)
	step("egov ops restart replaces the replicas", "the Deployment's annotation, and with pods the rollout", first, "restart", w.Service, wait)
	drain, how := []string{"drain", w.Service}, "its outbox is empty, then no pod is left"
	if !w.Pods {
		drain, how = append(drain, "--force"), "no pod is left"
	}
	step("egov ops drain lets a service finish and stop", how, 0, drain...)
	if !w.Pods { // nobody makes the replicas ready that coming back waits for
		_, err := w.api.AppsV1().Deployments(w.Namespace).Patch(ctx, w.Service, "application/merge-patch+json",
			fmt.Appendf(nil, `{"metadata":{"annotations":{"egov/drained-from":null}},"spec":{"replicas":%d}}`, first), metav1.PatchOptions{})
		if err != nil {
			w.prove("bringing it back", "by hand", err)
		}
		return
	}
	step("egov ops drain --undo brings it back", "every replica ready", first, "drain", w.Service, "--undo")
	rows, err := w.status(ctx)
	if i := slices.IndexFunc(rows, func(r ops.Row) bool { return r.Service == w.Service }); err == nil && (i < 0 || rows[i].Ready != first) {
		err = fmt.Errorf("%+v", rows)
	}
	w.prove("after all of it the service stands as before", fmt.Sprintf("%d replicas ready", first), err)
}

// rights has three people look and act: one with the operator's role, one with
// the viewer's, one with none.
func (w *walk) rights(ctx context.Context) {
	undo, err := w.grant(ctx)
	defer func() {
		if err := undo(context.WithoutCancel(ctx)); err != nil {
			w.prove("taking the roles away again", "–", err)
		}
	}()
	if err != nil {
		w.prove("the roles of "+kube.OperatorRoleFile+" are accepted", "by the API server", err)
		return
	}
	n, _, err := w.replicas(ctx)
	if err != nil {
		w.prove("a service to act on", w.Service, err)
		return
	}
	scale := []string{"scale", w.Service, fmt.Sprint(n), "--wait=false"}
	for _, try := range []struct {
		what, who string
		args      []string
		code      int
		says      string
	}{
		{"an operator looks", operator, []string{"status"}, 0, ""},
		{"an operator scales", operator, scale, 0, ""},
		{"a viewer looks", viewer, []string{"status"}, 0, ""},
		{"a viewer scales nothing, and hears which right is missing", viewer, scale, 1, viewer + " lacks get deployments/scale"},
		{"a viewer restarts nothing", viewer, []string{"restart", w.Service, "--wait=false"}, 1, viewer + " lacks patch deployments"},
		{"a stranger sees nothing, and hears which role would give it", stranger, []string{"status"}, 1, stranger + " lacks list deployments in namespace " + w.Namespace + "; the ClusterRole egov-operator"},
	} {
		config, err := w.impersonate(try.who)
		if err == nil {
			if e := w.as(ctx, config, try.args...); e.code != try.code || !strings.Contains(e.errs, try.says) {
				err = e.err("want exit %d and %q", try.code, try.says)
			}
		}
		w.prove(try.what, "by impersonation: egov ops "+strings.Join(try.args, " "), err)
	}
	e := w.ops(ctx, "doctor", "-o", "json")
	config, err := w.impersonate(operator)
	if err == nil {
		if own := w.as(ctx, config, "doctor", "-o", "json"); strings.Contains(own.out, "not_looked_at") || own.code != e.code {
			err = own.err("an administrator's doctor ends with %d", e.code)
		}
	}
	w.prove("an operator's role is enough for doctor, and reads no Secret", "by impersonation: nothing is left unseen", err)
}

// The people of the walk.
const (
	operator = "egov-walk-operator"
	viewer   = "egov-walk-viewer"
	stranger = "egov-walk-stranger"
)

// grant puts the roles of the file into the cluster, where they are not there,
// and binds them in the namespace.
func (w *walk) grant(ctx context.Context) (undo func(context.Context) error, err error) {
	var undos []func(context.Context) error
	undo = func(ctx context.Context) error {
		var errs []error
		for _, u := range slices.Backward(undos) {
			errs = append(errs, u(ctx))
		}
		return errors.Join(errs...)
	}
	text, err := os.ReadFile(w.Access)
	if err != nil {
		return undo, err
	}
	roles := w.api.RbacV1().ClusterRoles()
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var r rbacv1.ClusterRole
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return undo, err
		}
		switch _, err := roles.Create(ctx, &r, metav1.CreateOptions{}); {
		case err == nil:
			undos = append(undos, func(ctx context.Context) error { return roles.Delete(ctx, r.Name, metav1.DeleteOptions{}) })
		case !apierrors.IsAlreadyExists(err):
			return undo, err
		}
	}
	bindings := w.api.RbacV1().RoleBindings(w.Namespace)
	for who, role := range map[string]string{operator: kube.OperatorRole, viewer: kube.ViewerRole} {
		b := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: who},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: who}},
		}
		if _, err := bindings.Create(ctx, b, metav1.CreateOptions{}); err != nil {
			return undo, err
		}
		undos = append(undos, func(ctx context.Context) error { return bindings.Delete(ctx, who, metav1.DeleteOptions{}) })
	}
	return undo, nil
}

// impersonate writes a configuration by which the administrator is somebody
// else.
func (w *walk) impersonate(who string) (file string, err error) {
	c, err := clientcmd.LoadFromFile(w.Kubeconfig)
	if err != nil {
		return "", err
	}
	for _, u := range c.AuthInfos {
		u.Impersonate = who
	}
	if err := clientcmdapi.FlattenConfig(c); err != nil { // files that it names lie beside the old one
		return "", err
	}
	file = filepath.Join(w.dir, who)
	return file, clientcmd.WriteToFile(*c, file)
}
