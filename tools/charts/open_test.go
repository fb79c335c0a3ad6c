package charts_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
)

// pagesFile has the addresses of the portal's pages.
const pagesFile = "../../services/portal/web/src/main.tsx"

// passes tells whether a gateway passes a path on, as Kubernetes defines both
// types of path.
func passes(i *networkingv1.Ingress, path string) bool {
	for _, p := range i.Spec.Rules[0].HTTP.Paths {
		switch *p.PathType {
		case networkingv1.PathTypeExact:
			if path == p.Path {
				return true
			}
		case networkingv1.PathTypePrefix:
			if path == p.Path || strings.HasPrefix(path, strings.TrimSuffix(p.Path, "/")+"/") {
				return true
			}
		}
	}
	return false
}

// TestGatewaysPassOnWhatPeopleUse: of the portal its pages, their files and its
// API, of a service its API; what operators look at is reached from inside
// alone, and so is a path that nobody has thought of.
func TestGatewaysPassOnWhatPeopleUse(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(pagesFile)
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, m := range regexp.MustCompile(`path: '(/[^']*)'`).FindAllStringSubmatch(string(source), -1) {
		pages = append(pages, strings.NewReplacer(":register", "cases", ":id", "YP-2026-1").Replace(m[1]))
	}
	if len(pages) < 8 {
		t.Fatalf("%s has the pages %q", pagesFile, pages)
	}
	operators := []string{"/metrics", "/status", "/status/config", "/livez", "/readyz"}
	gateways := 0
	for _, e := range append(installations(t), example{"declaration", "testdata/gateway.values"}) {
		for _, o := range objects(t, e.render(t)) {
			i, ok := o.(*networkingv1.Ingress)
			if !ok {
				continue
			}
			gateways++
			open := append([]string{"/assets/index.js", "/favicon.svg", "/audit/ledger", "/api/session", "/api/declaration/v1/projects"}, pages...)
			closed := append([]string{"/elsewhere", "/apis"}, operators...)
			if to := i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name; to != "portal" {
				open = []string{"/v1/projects", "/.well-known/event-keys.json", "/openapi.json"}
				closed = append(closed, "/")
			}
			for _, path := range open {
				if !passes(i, path) {
					t.Errorf("%s: %s is not reached from outside", e.name(), path)
				}
			}
			for _, path := range closed {
				if passes(i, path) {
					t.Errorf("%s: %s is reached from outside", e.name(), path)
				}
			}
		}
	}
	if gateways < 3 {
		t.Errorf("%d gateways are rendered", gateways)
	}
}
