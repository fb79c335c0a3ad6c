package kube_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"egov/libs/fault"
	"egov/tools/kube"
)

func forbidden(message string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New(message))
}

// TestFaultsSayWhatIsMissing: who lacks which right where, and what gives it.
func TestFaultsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		is   *fault.Error
		says string
	}{
		"a right in a namespace": {
			forbidden(`User "wang.op" cannot list resource "pods" in API group "" in the namespace "bureau"`), kube.ErrForbidden,
			"wang.op lacks list pods in namespace bureau; the ClusterRole egov-operator of deploy/access/operator.yaml has it, a RoleBinding gives it",
		},
		"a right in the cluster": {
			forbidden(`User "system:serviceaccount:a:b" cannot get resource "namespaces" in API group "" at the cluster scope`), kube.ErrForbidden,
			"system:serviceaccount:a:b lacks get namespaces in the whole cluster; the ClusterRole egov-operator of deploy/access/operator.yaml has it, a ClusterRoleBinding gives it",
		},
		"another refusal":    {forbidden("exceeded quota"), kube.ErrForbidden, "does not allow"},
		"an absent object":   {apierrors.NewNotFound(schema.GroupResource{Resource: "deployments"}, "x"), kube.ErrAbsent, `deployments "x" not found`},
		"no credentials":     {apierrors.NewUnauthorized("who"), kube.ErrSignIn, "credentials"},
		"a conflict":         {apierrors.NewConflict(schema.GroupResource{Resource: "deployments"}, "x", errors.New("changed")), kube.ErrChanged, "meanwhile"},
		"what is not valid":  {apierrors.NewBadRequest("replicas: must not be negative"), kube.ErrRefused, "must not be negative"},
		"no way there":       {&url.Error{Op: "Get", URL: "https://x", Err: errors.New("refused")}, kube.ErrUnreachable, "cannot be reached"},
		"no answer in time":  {fmt.Errorf("list: %w", context.DeadlineExceeded), kube.ErrUnreachable, "cannot be reached"},
		"a fault of our own": {kube.ErrNoCluster, kube.ErrNoCluster, "no cluster"},
	} {
		err := kube.Fault(tt.err)
		if f := fault.From(err); !errors.Is(err, tt.is) || !strings.Contains(f.MsgEN, tt.says) || f.Msg == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if kube.Fault(nil) != nil {
		t.Error("nothing is a fault")
	}
	if other := errors.New("x"); !errors.Is(kube.Fault(other), other) {
		t.Error("what is not of the cluster changes")
	}
}

// open speaks to an API server that answers as said.
func open(t *testing.T, answer http.HandlerFunc) *kube.Cluster {
	t.Helper()
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "config")
	config := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"c","cluster":{"server":%q,"insecure-skip-tls-verify":true}}],
"users":[{"name":"u","user":{"token":"secret"}}],"contexts":[{"name":"a","context":{"cluster":"c","user":"u","namespace":"bureau"}},{"name":"b","context":{"cluster":"c","user":"u"}}]}`, s.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := kube.Open(kube.Options{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	if c.Namespace != "bureau" || c.Server != s.URL {
		t.Errorf("%+v", c)
	}
	if names := kube.Contexts(file); len(names) != 2 {
		t.Errorf("contexts %q", names)
	}
	all, err := kube.Open(kube.Options{Kubeconfig: file, All: true, Context: "b"})
	if err != nil || all.Namespace != "" {
		t.Errorf("%+v, %v", all, err)
	}
	return c
}

// refusal is how the API server itself refuses.
func refusal(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(metav1.Status{ // the caller has gone when this fails
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Message: message, Code: int32(code),
		Reason: map[int]metav1.StatusReason{403: metav1.StatusReasonForbidden, 503: metav1.StatusReasonServiceUnavailable}[code],
	})
}

// TestReadGivesThePodsAnswer: also one that is no success, which is not the API
// server's own.
func TestReadGivesThePodsAnswer(t *testing.T) {
	t.Parallel()
	const at = "/api/v1/namespaces/bureau/pods/http:declaration-1:8080/proxy"
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer secret":
			refusal(w, http.StatusUnauthorized, "who")
		case r.URL.Path == at+"/status":
			fmt.Fprint(w, `{"service":"declaration"}`)
		case r.URL.Path == at+"/readyz":
			http.Error(w, "not ready: database", http.StatusServiceUnavailable)
		case r.URL.Path == strings.Replace(at, "http:", "https:", 1)+"/status":
			fmt.Fprint(w, `{"service":"declaration over TLS"}`)
		case r.URL.Path == at+"/metrics":
			refusal(w, http.StatusForbidden, `User "wang.op" cannot get resource "pods/proxy" in API group "" in the namespace "bureau"`)
		case strings.HasSuffix(r.URL.Path, "/portforward"):
			refusal(w, http.StatusForbidden, `User "wang.op" cannot create resource "pods/portforward" in API group "" in the namespace "bureau"`)
		default:
			refusal(w, http.StatusServiceUnavailable, "error trying to reach service: dial tcp: timeout")
		}
	})
	for path, want := range map[string]struct {
		status int
		body   string
	}{"/status": {200, `{"service":"declaration"}`}, "/readyz": {503, "not ready: database\n"}} {
		status, body, err := c.Read(t.Context(), "bureau", "declaration-1", kube.Port{Number: 8080}, path)
		if err != nil || status != want.status || string(body) != want.body {
			t.Errorf("%s: %d %q %v", path, status, body, err)
		}
	}
	if _, body, err := c.Read(t.Context(), "bureau", "declaration-1", kube.Port{Number: 8080, TLS: true}, "/status"); err != nil || string(body) != `{"service":"declaration over TLS"}` {
		t.Errorf("a pod that speaks TLS: %q %v", body, err)
	}
	for _, path := range []string{"/metrics", "/elsewhere"} { // neither way is open
		if _, _, err := c.Read(t.Context(), "bureau", "declaration-1", kube.Port{Number: 8080}, path); err == nil {
			t.Errorf("%s is answered", path)
		} else if path == "/metrics" && !errors.Is(err, kube.ErrForbidden) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestNoClusterIsSaid(t *testing.T) {
	t.Parallel()
	if _, err := kube.Open(kube.Options{Kubeconfig: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, kube.ErrNoCluster) {
		t.Error(err)
	}
}
