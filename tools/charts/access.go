package charts

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Right is one thing that somebody may ask of the cluster's API in a release's
// namespace, and which of the people that a chart names may do it. A service
// account may do none.
type Right struct {
	Verb, Group, Resource string
	Name                  string // of the object; Own = the service's
	Viewers, Operators    bool   // of the values' rbac.viewers and rbac.operators
}

// Own stands for the service's own name in a Right, Another for that of any
// other service.
const (
	Own     = "own"
	Another = "another"
)

const rbac = "rbac.authorization.k8s.io"

// Rights are what is asked of every rendered chart here, and of a real API
// server by `make cluster-test`: what people are given, and what nobody is.
var Rights = []Right{
	{Verb: "list", Resource: "pods", Viewers: true, Operators: true},
	{Verb: "get", Resource: "pods/log", Viewers: true, Operators: true},
	{Verb: "list", Resource: "configmaps", Viewers: true, Operators: true},
	{Verb: "list", Group: "apps", Resource: "deployments", Viewers: true, Operators: true},
	{Verb: "list", Group: "autoscaling", Resource: "horizontalpodautoscalers", Viewers: true, Operators: true},
	{Verb: "list", Group: "networking.k8s.io", Resource: "networkpolicies", Viewers: true, Operators: true},
	{Verb: "get", Resource: "pods/proxy", Viewers: true, Operators: true},
	{Verb: "list", Resource: "events", Viewers: true, Operators: true},
	{Verb: "list", Group: "batch", Resource: "jobs", Viewers: true, Operators: true},
	{Verb: "list", Group: "policy", Resource: "poddisruptionbudgets", Viewers: true, Operators: true},
	{Verb: "patch", Group: "apps", Resource: "deployments", Name: Own, Operators: true},
	{Verb: "update", Group: "apps", Resource: "deployments/scale", Name: Own, Operators: true},
	{Verb: "create", Resource: "pods/portforward", Operators: true},

	{Verb: "create", Resource: "pods/proxy"},
	{Verb: "get", Resource: "services/proxy", Name: Own},
	{Verb: "patch", Group: "apps", Resource: "deployments", Name: Another},
	{Verb: "update", Group: "apps", Resource: "deployments/scale", Name: Another},
	{Verb: "delete", Group: "apps", Resource: "deployments", Name: Own},
	{Verb: "create", Group: "apps", Resource: "deployments"},
	{Verb: "get", Resource: "secrets", Name: Own},
	{Verb: "list", Resource: "secrets"},
	{Verb: "update", Resource: "configmaps", Name: Own},
	{Verb: "create", Resource: "pods"},
	{Verb: "delete", Resource: "pods"},
	{Verb: "create", Resource: "pods/exec"},
	{Verb: "create", Resource: "pods/attach"},
	{Verb: "create", Resource: "pods/ephemeralcontainers"},
	{Verb: "create", Resource: "serviceaccounts/token"},
	{Verb: "impersonate", Resource: "serviceaccounts"},
	{Verb: "create", Group: rbac, Resource: "roles"},
	{Verb: "create", Group: rbac, Resource: "rolebindings"},
	{Verb: "bind", Group: rbac, Resource: "roles"},
	{Verb: "escalate", Group: rbac, Resource: "roles"},
	{Verb: "delete", Group: "networking.k8s.io", Resource: "networkpolicies"},
	{Verb: "delete", Group: "policy", Resource: "poddisruptionbudgets"},
	{Verb: "create", Group: "batch", Resource: "jobs"},
	{Verb: "list", Resource: "nodes"},
	{Verb: "list", Resource: "namespaces"},
}

// Of is the name of the object that a right is about when it is asked of a
// service; empty where it is about none by name.
func (r Right) Of(service string) string {
	switch r.Name {
	case Own:
		return service
	case Another:
		return "not-" + service
	}
	return r.Name
}

// Allows reports whether rules give a right on the objects of a service.
func Allows(rules []rbacv1.PolicyRule, r Right, service string) bool {
	name := r.Of(service)
	has := func(list []string, word string) bool {
		return slices.Contains(list, word) || slices.Contains(list, "*")
	}
	return slices.ContainsFunc(rules, func(p rbacv1.PolicyRule) bool {
		named := len(p.ResourceNames) == 0 || name != "" && slices.Contains(p.ResourceNames, name)
		return named && has(p.APIGroups, r.Group) && has(p.Resources, r.Resource) && has(p.Verbs, r.Verb)
	})
}
