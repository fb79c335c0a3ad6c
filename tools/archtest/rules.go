// Package archtest keeps the shape of the repository: which module may import
// which, what a package may be called, and that the catalogue of error codes is
// complete. It holds tests and the rules they apply, and nothing that runs in a
// service.
package archtest

import (
	"path"
	"slices"
	"strings"
)

// testOnly are the library packages that start servers or compare files for
// tests; a package that is no test imports them only if its own name says that
// it is for tests (storetest).
var testOnly = []string{"egov/libs/dbtest", "egov/libs/golden", "egov/libs/redistest"}

// testRunners are commands that run tests.
var testRunners = []string{"egov/tools/cmd/withservers"}

// vague are names that say nothing of what a package is for.
var vague = []string{
	"base", "common", "helper", "helpers", "impl", "manager", "misc", "models",
	"shared", "stuff", "types", "util", "utils",
}

// forbidden says why a package must not import another, or "" when it may.
// Both are import paths; test tells that the importing file is a test.
func forbidden(from, to string, test bool) string {
	if !strings.HasPrefix(to, "egov/") {
		return ""
	}
	test = test || strings.HasSuffix(path.Base(from), "test") || slices.Contains(testRunners, from)
	if !test && slices.Contains(testOnly, to) {
		return "only tests start servers for tests"
	}
	source, target := moduleOf(from), moduleOf(to)
	if source == target {
		return ""
	}
	switch {
	case target == "egov/tools":
		return "nothing imports the tools"
	case source == "egov/proto":
		return "the contracts stand alone"
	case source == "egov/libs" && target != "egov/proto":
		return "libraries know no service and no tool"
	case !isService(target):
		return ""
	case source == "egov/services/suite":
		return ""
	case source == "egov/tools" && target == "egov/services/suite":
		return ""
	case source == "egov/tools":
		return "tools reach services through the suite or over HTTP"
	}
	return "a service never imports another: facts travel as events"
}

// moduleOf is the module a package of this workspace belongs to.
func moduleOf(pkg string) string {
	parts := strings.Split(pkg, "/")
	n := 2
	if len(parts) > 1 && parts[1] == "services" {
		n = 3
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}

func isService(module string) bool { return strings.HasPrefix(module, "egov/services/") }
