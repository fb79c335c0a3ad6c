// Package ops is `egov ops`: what operators see of a running installation, and
// what they do to it.
//
// It looks at a Kubernetes cluster with the rights of whoever runs it and
// installs nothing there, or at what `egov up` runs on this machine. Standard
// output carries the answer alone, as a table or as JSON; what could not be
// looked at, and why, goes to standard error. It changes a cluster only through
// the commands that say so, each of which names what it did.
package ops

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"egov/libs/fault"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
	"egov/tools/kube"
)

// target is which installation a command is about, and how it answers.
type target struct {
	kube    kube.Options
	data    string
	server  string
	output  string
	timeout time.Duration

	open func(kube.Options) (*kube.Cluster, error)
}

// New makes the command with its members.
func New() *cobra.Command { return newWith(kube.Open) }

func newWith(open func(kube.Options) (*kube.Cluster, error)) *cobra.Command {
	t := &target{open: open}
	c := cli.Group(&cobra.Command{
		Use:   "ops",
		Short: "运维：查看与操作运行中的系统 / operators: look at a running installation and act on it",
		Long: `查看与操作运行中的系统：Kubernetes集群（以使用者自己的权限，不在集群中安装任何东西），或本机的 egov up。
未指定时：本目录的 .egov 若为 egov up 的数据目录则用之，否则用当前的集群配置。

Looks at a running installation and acts on it: a Kubernetes cluster, with the rights of whoever runs
this and nothing installed there, or egov up on this machine. Without being told which: .egov of this
directory where it is a data directory of egov up, else the cluster that kubectl would use.`,
	},
		t.newStatus(), t.newLag(), t.newDeadlines(), t.newScale(), t.newRestart(), t.newDrain(), t.newDeadLetters(), t.newDoctor(),
	)
	f := c.PersistentFlags()
	f.StringVar(&t.kube.Kubeconfig, "kubeconfig", "", "集群配置文件 / configuration file of the cluster")
	f.StringVar(&t.kube.Context, "context", "", "配置中的上下文 / context of the configuration")
	f.StringVarP(&t.kube.Namespace, "namespace", "n", "", "命名空间 / namespace")
	f.BoolVarP(&t.kube.All, "all-namespaces", "A", false, "所有命名空间 / all namespaces")
	f.StringVar(&t.data, "data", "", "egov up 的数据目录 / data directory of egov up")
	f.StringVar(&t.server, "server", "", "门户地址 / URL of a portal")
	f.StringVarP(&t.output, "output", "o", "table", "table 或 json / table or json")
	f.DurationVar(&t.timeout, "timeout", 5*time.Minute, "最长等待 / how long to wait at most")
	c.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return t.check(cmd) }
	t.complete(c)
	return c
}

// check refuses flags that contradict each other.
func (t *target) check(cmd *cobra.Command) error {
	cluster := false
	for _, name := range []string{"kubeconfig", "context", "namespace", "all-namespaces"} {
		cluster = cluster || cmd.Flags().Changed(name)
	}
	var c fault.Checks
	c.Require(t.output == "table" || t.output == "json", "--output", "unknown_form", "应为 table 或 json", "must be table or json")
	c.Require(t.data == "" || t.server == "", "--server", "contradicts", "不能与 --data 同时使用", "excludes --data")
	c.Require(!cluster || t.data == "" && t.server == "", "--data, --server", "contradicts", "不能与集群选项同时使用", "exclude the options of a cluster")
	c.Require(!t.kube.All || t.kube.Namespace == "", "--namespace", "contradicts", "不能与 --all-namespaces 同时使用", "excludes --all-namespaces")
	c.Require(t.timeout > 0, "--timeout", "out_of_range", "必须为正", "must be positive")
	return c.Refuse(cli.ErrUsage)
}

// upHere is where `egov up` keeps its data unless a person says otherwise.
const upHere = ".egov"

// installation finds what the command is about: exactly one of the two.
func (t *target) installation(ctx context.Context, cmd *cobra.Command) (*machine, *kube.Cluster, error) {
	told := cmd.Flags().Changed("kubeconfig") || cmd.Flags().Changed("context") || cmd.Flags().Changed("namespace") || t.kube.All
	var m *machine
	var err error
	switch {
	case t.server != "":
		m, err = ofServer(ctx, t.server)
	case t.data != "":
		m, err = ofData(t.data)
	case !told && isUp(upHere):
		m, err = ofData(upHere)
	case !told && !kube.Configured() && os.Getenv(session.ServerVariable) != "":
		m, err = ofServer(ctx, os.Getenv(session.ServerVariable))
	default:
		cluster, err := t.open(t.kube)
		return nil, cluster, failed(err)
	}
	return m, nil, failed(err)
}

// survey looks at what the command is about.
func (t *target) survey(cmd *cobra.Command, d depth) (*Survey, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
	defer cancel()
	m, cluster, err := t.installation(ctx, cmd)
	if err != nil {
		return nil, err
	}
	var s *Survey
	if m != nil {
		s, err = m.survey(ctx, d)
	} else {
		s, err = surveyCluster(ctx, cluster, d)
	}
	return s, failed(err)
}

// cluster is what acts of a cluster alone are about.
func (t *target) cluster(ctx context.Context, cmd *cobra.Command, act string) (*kube.Cluster, error) {
	m, c, err := t.installation(ctx, cmd)
	if err == nil && m != nil {
		err = cli.Exit(cli.Failed, errNoMeaning.WithMsg(
			"egov up 在一台机器上把每个服务运行一次，"+act+"没有意义；有序停止请按 Ctrl-C，再次启动时数据仍在",
			"egov up runs every service once on one machine: "+cmd.Name()+" has no meaning there; Ctrl-C stops it in order, and the next start finds its data"))
	}
	return c, err
}

var errNoMeaning = fault.New(fault.Refused, "no_meaning_here", "此处没有意义", "this has no meaning here")

// failed has a command end with 1, whatever kind of refusal err is: the command
// line itself was right.
func failed(err error) error {
	if err == nil || cli.Code(err) != cli.BadInput {
		return err
	}
	return cli.Exit(cli.Failed, err)
}

// answer writes v as JSON, or calls table, as the caller asked.
func (t *target) answer(cmd *cobra.Command, v any, table func(paper) error) error {
	if t.output == "json" {
		return cli.Print(cmd.OutOrStdout(), v)
	}
	return table(onto(cmd.OutOrStdout()))
}

// sayUnseen tells on standard error what could not be looked at.
func sayUnseen(cmd *cobra.Command, s *Survey) {
	said := map[string]bool{}
	for _, err := range s.Unseen {
		say(cmd, said, err)
	}
	for _, x := range s.Services {
		for _, i := range x.Instances {
			if i.Unseen != nil && !errors.Is(i.Unseen, errNotRunning) { // those show as replicas that are not ready
				say(cmd, said, i.Unseen)
			}
		}
	}
}

func say(cmd *cobra.Command, said map[string]bool, err error) {
	text := "没有看到 / not seen: " + err.Error()
	if f, ok := asFault(err); ok {
		text = "没有看到 / not seen: " + f.Msg + " / " + f.MsgEN
	}
	if !said[text] {
		said[text] = true
		cli.Say(cmd.ErrOrStderr(), "%s", text)
	}
}
