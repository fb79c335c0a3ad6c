package ops

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/fake"

	"egov/tools/kube"
)

// roles are the ClusterRoles of deploy/access, by name.
func roles(t *testing.T) map[string]rbacv1.ClusterRole {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", filepath.FromSlash(kube.OperatorRoleFile)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]rbacv1.ClusterRole{}
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		var role rbacv1.ClusterRole
		err := d.Decode(&role)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[role.Name] = role
	}
}

func allows(role rbacv1.ClusterRole, group, resource, verb string) bool {
	return slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) && slices.Contains(r.Verbs, verb)
	})
}

// TestRolesAreNarrow: neither reads Secrets, opens a shell or grants rights, and
// the viewer's changes nothing.
func TestRolesAreNarrow(t *testing.T) {
	t.Parallel()
	all := roles(t)
	if len(all) != 2 {
		t.Fatalf("%d roles", len(all))
	}
	for name, role := range all {
		for _, r := range role.Rules {
			for _, x := range []string{"*", "secrets", "pods/exec", "pods/attach", "serviceaccounts/token", "roles", "rolebindings", "clusterroles"} {
				if slices.Contains(r.Resources, x) || slices.Contains(r.Verbs, "*") || slices.Contains(r.APIGroups, "*") {
					t.Errorf("%s is too wide: %+v", name, r)
				}
			}
			changes := slices.ContainsFunc(r.Verbs, func(v string) bool { return !slices.Contains([]string{"get", "list", "watch"}, v) })
			if name == kube.ViewerRole && changes {
				t.Errorf("a viewer may %v %v", r.Verbs, r.Resources)
			}
			if slices.Contains(r.Resources, "pods/proxy") && !slices.Equal(r.Verbs, []string{"get"}) {
				t.Errorf("%s may do more than read over the proxy: %v", name, r.Verbs)
			}
		}
	}
}

// TestRolesAreEnough: what the commands ask of a cluster the operator's role
// covers, and what those ask that only look the viewer's does. Secrets are tried
// and not needed.
func TestRolesAreEnough(t *testing.T) {
	t.Parallel()
	all := roles(t)
	for role, commands := range map[string][][]string{
		kube.ViewerRole:   {{"status"}, {"lag"}, {"deadlines"}, {"doctor"}},
		kube.OperatorRole: {{"status"}, {"doctor"}, {"scale", "declaration", "3"}, {"restart", "declaration"}, {"drain", "declaration", "--force"}, {"drain", "declaration", "--undo"}},
	} {
		c := sound(t)
		for _, args := range commands {
			if code, out, errs := try(t, c, args...); code != 0 {
				t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
			}
		}
		for _, a := range c.API.(*fake.Clientset).Actions() {
			gvr := a.GetResource()
			resource := gvr.Resource
			if a.GetSubresource() != "" {
				resource += "/" + a.GetSubresource()
			}
			if resource != "secrets" && !allows(all[role], gvr.Group, resource, a.GetVerb()) {
				t.Errorf("%s lacks %s %s", role, a.GetVerb(), resource)
			}
		}
	}
	for _, r := range []struct{ resource, verb string }{{"pods/proxy", "get"}, {"pods/log", "get"}} {
		if !allows(all[kube.ViewerRole], "", r.resource, r.verb) {
			t.Errorf("a viewer lacks %s %s", r.verb, r.resource)
		}
	}
	if !allows(all[kube.OperatorRole], "", "pods/portforward", "create") {
		t.Error("an operator cannot reach what the network keeps from the API server")
	}
}
