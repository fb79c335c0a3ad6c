package charts_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"egov/services/suite"
	"egov/tools/charts"
	"egov/tools/kube"
)

// access is what one render says of who may what.
type access struct {
	accounts []*corev1.ServiceAccount
	roles    map[string][]rbacv1.PolicyRule
	bindings []*rbacv1.RoleBinding
}

func accessOf(t *testing.T, text string) access {
	t.Helper()
	a := access{roles: map[string][]rbacv1.PolicyRule{}}
	for _, o := range objects(t, text) {
		switch x := o.(type) {
		case *corev1.ServiceAccount:
			a.accounts = append(a.accounts, x)
		case *rbacv1.Role:
			a.roles[x.Name] = x.Rules
		case *rbacv1.RoleBinding:
			a.bindings = append(a.bindings, x)
		case *rbacv1.ClusterRole, *rbacv1.ClusterRoleBinding:
			t.Errorf("%T: a chart reaches over its namespace", x)
		}
		checkToken(t, o)
	}
	return a
}

// checkToken wants no token of the cluster's API in a pod, nor a foreign
// account.
func checkToken(t *testing.T, o any) {
	t.Helper()
	d, ok := o.(*appsv1.Deployment)
	if !ok {
		return
	}
	pod := d.Spec.Template.Spec
	if pod.ServiceAccountName != d.Name {
		t.Errorf("%s runs as %q", d.Name, pod.ServiceAccountName)
	}
	for _, v := range pod.Volumes {
		if v.Projected != nil {
			t.Errorf("%s mounts %s, which may hold a token", d.Name, v.Name)
		}
	}
}

// of are the rules that are bound to a subject.
func (a access) of(is func(rbacv1.Subject) bool) (rules []rbacv1.PolicyRule) {
	for _, b := range a.bindings {
		if slices.ContainsFunc(b.Subjects, is) {
			rules = append(rules, a.roles[b.RoleRef.Name]...)
		}
	}
	return rules
}

// ofService leaves the bindings of one service's roles.
func (a access) ofService(service string) access {
	var own []*rbacv1.RoleBinding
	for _, b := range a.bindings {
		if b.Labels["app.kubernetes.io/name"] == service {
			own = append(own, b)
		}
	}
	a.bindings = own
	return a
}

func group(name string) func(rbacv1.Subject) bool {
	return func(s rbacv1.Subject) bool { return s.Kind == rbacv1.GroupKind && s.Name == name }
}

// machine is a subject that is, or takes in, a service account.
func machine(s rbacv1.Subject) bool {
	return s.Kind != rbacv1.GroupKind || strings.HasPrefix(s.Name, "system:")
}

// TestServiceAccountsMayNothing: in no render of any chart has a service account
// a token or a right, nor has anybody one over the namespace's border.
func TestServiceAccountsMayNothing(t *testing.T) {
	t.Parallel()
	for _, e := range installations(t) {
		t.Run(e.name(), func(t *testing.T) {
			t.Parallel()
			a := accessOf(t, e.render(t))
			if len(a.accounts) == 0 {
				t.Error("no service account is rendered")
			}
			for _, s := range a.accounts {
				if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken {
					t.Errorf("%s has its token mounted", s.Name)
				}
				if len(s.Secrets) > 0 {
					t.Errorf("%s has a token that does not end", s.Name)
				}
			}
			for _, r := range charts.Rights {
				if charts.Allows(a.of(machine), r, "declaration") {
					t.Errorf("a service account may %s %s", r.Verb, r.Resource)
				}
			}
			if len(a.of(machine)) > 0 {
				t.Error("a role is bound to a service account")
			}
		})
	}
}

const (
	viewers   = "only-look"
	operators = "look-and-do"
)

// TestPeopleMayWhatTheTableSays and nothing else, for every service: the table is
// that of docs/security.md.
func TestPeopleMayWhatTheTableSays(t *testing.T) {
	t.Parallel()
	tried := map[charts.Right]int{}
	for _, service := range suite.Names() {
		out, err := helm("template", "release", at(t, service), "-n", "bureau", "--kube-version", kubernetes,
			"-f", folder+"/"+service+"/ci/minimal-values.yaml", "--set", "rbac.viewers={"+viewers+"}", "--set", "rbac.operators={"+operators+"}")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		a := accessOf(t, out).ofService(service)
		look, act := a.of(group(viewers)), a.of(group(operators))
		for _, r := range charts.Rights {
			for who, c := range map[string]struct {
				rules []rbacv1.PolicyRule
				may   bool
			}{viewers: {look, r.Viewers}, operators: {act, r.Operators}, "a service account": {a.of(machine), false}} {
				if got := charts.Allows(c.rules, r, service); got != c.may {
					t.Errorf("%s: %s may %s %s %s: %v, want %v", service, who, r.Verb, r.Resource, r.Name, got, c.may)
				}
			}
			tried[r]++
		}
		// A rule that no right of the table speaks of would pass unseen.
		for _, rule := range append(look, act...) {
			if !spokenOf(rule, service) {
				t.Errorf("%s grants %v of %v, of which the table does not speak", service, rule.Verbs, rule.Resources)
			}
		}
	}
	compareAccess(t, tried)
}

// spokenOf reports whether a rule gives no more than the table says: reading, or
// an act of operators, on the service's own object where the table says so.
func spokenOf(rule rbacv1.PolicyRule, service string) bool {
	reads := []string{"get", "list", "watch"}
	for _, v := range rule.Verbs {
		if slices.Contains(reads, v) {
			continue
		}
		for _, res := range rule.Resources {
			if !slices.ContainsFunc(charts.Rights, func(r charts.Right) bool {
				return r.Resource == res && r.Verb == v && r.Operators && (r.Name == "" || slices.Equal(rule.ResourceNames, []string{service}))
			}) {
				return false
			}
		}
	}
	return !slices.Contains(rule.Resources, "secrets") && !slices.Contains(rule.Resources, "*") && !slices.Contains(rule.Verbs, "*")
}

// TestTheChartsGiveWhatOpsWants: a chart's roles have the rules of the
// ClusterRoles in deploy/access, which `egov ops` is tested with; what changes
// something is narrowed to the service's own Deployment.
func TestTheChartsGiveWhatOpsWants(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../" + kube.OperatorRoleFile)
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string][]rbacv1.PolicyRule{}
	for _, o := range objects(t, string(text)) {
		role := o.(*rbacv1.ClusterRole)
		whole[role.Name] = role.Rules
	}
	const service = "declaration"
	out, err := helm("template", "release", at(t, service), "-n", "bureau", "--kube-version", kubernetes,
		"-f", folder+"/"+service+"/ci/minimal-values.yaml", "--set", "rbac.viewers={"+viewers+"}", "--set", "rbac.operators={"+operators+"}")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a := accessOf(t, out)
	for who, role := range map[string]string{viewers: kube.ViewerRole, operators: kube.OperatorRole} {
		got, want := ruleTexts(a.of(group(who)), service), ruleTexts(whole[role], "")
		if !slices.Equal(got, want) {
			t.Errorf("%s has\n%s\nand %s\n%s", who, strings.Join(got, "\n"), role, strings.Join(want, "\n"))
		}
	}
}

// ruleTexts are rules one by one, in order, and without the name that narrows
// them.
func ruleTexts(rules []rbacv1.PolicyRule, narrowed string) []string {
	var all []string
	for _, r := range rules {
		if narrowed != "" && slices.Equal(r.ResourceNames, []string{narrowed}) {
			r.ResourceNames = nil
		}
		for _, g := range r.APIGroups {
			for _, res := range r.Resources {
				for _, v := range r.Verbs {
					all = append(all, fmt.Sprint(v, " ", g, "/", res, " ", r.ResourceNames))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const (
	document    = "../../docs/security.md"
	tableBegins = "<!-- service accounts: written by tools/charts -update -->\n"
	tableEnds   = "<!-- service accounts: end -->\n"
)

// compareAccess holds the document to what was tried, or writes it.
func compareAccess(t *testing.T, tried map[charts.Right]int) {
	t.Helper()
	var out strings.Builder
	out.WriteString("\n| right | a service account | `rbac.viewers` | `rbac.operators` |\n|---|---|---|---|\n")
	for _, r := range charts.Rights {
		what := r.Verb + " " + strings.TrimPrefix(r.Group+"/"+r.Resource, "/")
		switch r.Name {
		case charts.Own:
			what += ", the service's own"
		case charts.Another:
			what += ", another service's"
		}
		answer := map[bool]string{true: "yes", false: "refused"}
		if tried[r] != len(suite.Names()) {
			t.Errorf("%s was asked of %d charts", what, tried[r])
		}
		fmt.Fprintf(&out, "| %s | refused | %s | %s |\n", what, answer[r.Viewers], answer[r.Operators])
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := bytes.Cut(text, []byte(tableBegins))
	old, tail, ok2 := bytes.Cut(rest, []byte(tableEnds))
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", document)
	}
	table := out.String() + "\n"
	if *update {
		if err := os.WriteFile(document, []byte(string(head)+tableBegins+table+tableEnds+string(tail)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(old) != table {
		t.Errorf("%s says otherwise:\n%s", document, difference(string(old), table))
	}
}
