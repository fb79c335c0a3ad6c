package ops

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"egov/tools/kube"
)

// completionTime bounds how long a shell waits for the names of a cluster.
const completionTime = 3 * time.Second

// complete has shells offer the values of the flags.
func (t *target) complete(c *cobra.Command) {
	offer := func(flag string, f cobra.CompletionFunc) {
		if err := c.RegisterFlagCompletionFunc(flag, f); err != nil {
			panic("ops: " + err.Error()) // a flag of that name is defined above
		}
	}
	offer("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	offer("context", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := kube.Contexts(t.kube.Kubeconfig)
		slices.Sort(names)
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	offer("namespace", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		cluster, err := t.open(t.kube)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return namespaces(ctx, cluster), cobra.ShellCompDirectiveNoFileComp
	})
}

// namespaces are those of the suite, by the label that operators put on them.
func namespaces(ctx context.Context, c *kube.Cluster) []string {
	list, err := c.API.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: "egov/part-of=egov"})
	if err != nil {
		return nil
	}
	var names []string
	for _, n := range list.Items {
		names = append(names, n.Name)
	}
	return names
}

// serviceNames offers the services that are not named yet.
func (t *target) serviceNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	m, cluster, err := t.installation(ctx, cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var s *Survey
	if m != nil {
		s, err = m.survey(ctx, names)
	} else {
		s, err = surveyCluster(ctx, cluster, names)
	}
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offered []string
	for _, x := range s.Services {
		if n := x.Name; !slices.Contains(args, n) && !slices.Contains(offered, n) {
			offered = append(offered, n)
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// oneServiceName offers services for the first argument alone.
func (t *target) oneServiceName(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return t.serviceNames(cmd, args, typed)
}
