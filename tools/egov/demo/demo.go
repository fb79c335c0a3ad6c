// Package demo is `egov demo`: it starts a fresh installation on a virtual
// clock, takes published government IT projects through it to their ends, and
// shows how they ended. The walk itself is package egov/services/suite/demo.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"egov/libs/embedded"
	"egov/libs/fault"
	"egov/libs/money"
	"egov/libs/policy"
	"egov/services/suite/demo"
	"egov/services/suite/stack"
	"egov/tools/egov/cli"
	"egov/tools/egov/pack"
	"egov/tools/egov/up"
)

// ErrEnded says that the demonstration did not end as the rules say.
var ErrEnded = fault.New(fault.Refused, "demo_not_as_the_rules_say", "演示结果与规则不符", "the demonstration did not end as the rules say")

// maxFile bounds a file of projects or a script, in bytes.
const maxFile = 8 << 20

// What a pack's folder may hold besides the pack for its own demonstration:
// what to declare, and how the walk goes and ends.
const (
	projectsFile = "projects.json"
	scriptFile   = "demo.yaml"
)

// postgresFolder is where a stack keeps PostgreSQL, whose data may lie outside
// of a directory that its user cannot reach.
const postgresFolder = "postgres"

// options are the command's flags.
type options struct {
	json, check, separate bool
	projects, pack, data  string
	port                  int
}

// New makes the command.
func New() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use:   "demo [--json] [--check] [--projects FILE] [--pack ID|DIR] [--data DIR]",
		Short: "让真实项目从申报走到验收 / take real projects from declaration to acceptance",
		Long: `在全新的数据目录和虚拟时钟上启动整套系统，将公开的真实项目通过公开的HTTP接口逐一办理到各自应有的结果，
然后导出并离线核验审计账本。--pack 给出目录时，按目录中的规则包办理，目录中的 demo.yaml（脚本）与
projects.json（项目）如有则一并使用。项目文件先按规则检查，公告未载明的事实逐条说明所作假定。不加 --check 时结束后门户保持打开。退出码：0 全部符合规则且账本可信，1 否则。

Starts an installation on fresh data and a virtual clock, takes real published projects through the
public HTTP API to the end their rules give them, then exports the ledger and verifies it offline.
With a directory for --pack the rules are those of the pack in it, walked by its demo.yaml (the script)
and with its projects.json (what to declare) where it has them. The file is checked by the rules before
anything starts; what a notice does not tell is assumed, and said to be, one line a fact.
Without --check the portal stays open. Exit codes: 0 all ended as the rules say and the ledger verifies, 1 otherwise.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd, o) },
	}
	c.Flags().BoolVar(&o.json, "json", false, "输出一份JSON / print one JSON document")
	c.Flags().BoolVar(&o.check, "check", false, "结束后停止 / stop when done")
	c.Flags().StringVar(&o.projects, "projects", "", "项目文件 / another file of projects")
	c.Flags().StringVar(&o.pack, "pack", "", "规则包编号或目录 / rule pack, or the directory of one")
	c.Flags().StringVar(&o.data, "data", "", "保留数据的空目录 / empty directory that keeps the data")
	c.Flags().BoolVar(&o.separate, "separate", false, "每个服务一个进程 / a process for each service")
	c.Flags().IntVar(&o.port, "port", up.Port, "门户端口 / port of the portal")
	return c
}

func run(cmd *cobra.Command, o options) (err error) {
	if err := up.CheckPort(o.port); err != nil {
		return err
	}
	chosen, err := o.rules()
	if err != nil {
		return err
	}
	projects, script, err := o.read(cmd, chosen)
	if err != nil {
		return err
	}
	said := cmd.ErrOrStderr()
	sayAssumed(said, projects)
	if o.check {
		o.port = 0
	}
	dir, discard, err := o.directory(said)
	if err != nil {
		return err
	}
	ctx, release := up.Interruptible(cmd.Context())
	defer release()
	s, err := up.Start(ctx, said, stack.Options{
		Dir: dir, Port: o.port, AnyPort: !cmd.Flags().Changed("port"), VirtualClock: script.Days.Opens.Date, Separate: o.separate, District: chosen.district(), Packs: chosen.dir,
	})
	if err != nil {
		return cli.Also(err, discard())
	}
	err = walk(ctx, cmd, s, projects, script, o.json)
	if !o.check && ctx.Err() == nil {
		err = cli.Also(err, up.Welcome(said, s))
		err = cli.Also(err, up.Await(ctx, s))
	}
	release() // a second Ctrl-C ends the program at once
	if err = up.Stop(said, s, err); err != nil {
		cli.Say(said, "日志与数据保留在 / logs and data are kept in %s", dir)
		return err
	}
	return discard()
}

// rules are the ones a demonstration goes by. The zero value is the pack of
// the default district in force.
type rules struct {
	pack *policy.Pack
	dir  string // absolute; empty for a pack that comes with the suite
}

// rules finds the pack asked for: a directory's, or one of the suite by its id.
func (o options) rules() (r rules, err error) {
	if o.pack == "" {
		return r, nil
	}
	if r.pack, err = pack.Find(o.pack); err != nil || !pack.IsDir(o.pack) {
		return r, err
	}
	r.dir, err = filepath.Abs(o.pack)
	return r, err
}

// district is whose rules they are; empty for the default.
func (r rules) district() string {
	if r.pack == nil {
		return ""
	}
	return r.pack.District()
}

// holds checks that the rules are in force when the projects are declared: a
// project is decided by the rules of that day.
func (r rules) holds(s demo.Script) error {
	day := s.Days.Declare.Date
	if r.pack == nil || r.pack.InForce(day) {
		return nil
	}
	return cli.Usage(fmt.Sprintf("规则包%s在演示日期%s不生效", r.pack.ID(), day), fmt.Sprintf("pack %s is not in force on %s, the day of the demonstration", r.pack.ID(), day))
}

// read gives the projects to walk and how: what the flags name, else what lies
// beside the pack, else the suite's own. The rules must be in force on the day,
// and have nothing against the file: nothing is started for one that they refuse.
func (o options) read(cmd *cobra.Command, r rules) (projects []demo.Published, script demo.Script, err error) {
	var doc []byte
	play, err := beside(cmd, r.dir, scriptFile)
	if err != nil {
		return nil, script, err
	}
	if script, err = demo.ReadScript(play); err != nil {
		return nil, script, err
	}
	if err := r.holds(script); err != nil {
		return nil, script, err
	}
	if r.pack == nil {
		if r.pack, err = policy.Default().ForDate("", script.Days.Declare.Date); err != nil {
			return nil, script, err
		}
	}
	if o.projects != "" {
		doc, err = cli.Read(cmd, o.projects, maxFile)
	} else {
		doc, err = beside(cmd, r.dir, projectsFile)
	}
	if err != nil {
		return nil, script, err
	}
	projects, err = demo.Prepare(doc, r.pack, script)
	return projects, script, err
}

// sayAssumed tells what is made up: one line a fact, with the projects it is
// stated of.
func sayAssumed(w io.Writer, projects []demo.Published) {
	var facts []demo.Assumption
	of := map[demo.Assumption][]string{}
	for _, p := range projects {
		for _, a := range p.Assumed() {
			if of[a] == nil {
				facts = append(facts, a)
			}
			of[a] = append(of[a], p.ID)
		}
	}
	for _, a := range facts {
		who := strings.Join(of[a], ", ")
		if len(of[a]) == len(projects) {
			who = "全部项目 / every project"
		}
		cli.Say(w, "假定 / assumed: %s = %v: %s", a.Field, a.Value, who)
	}
}

// beside reads a file of a pack's folder; nil when there is none.
func beside(cmd *cobra.Command, dir, name string) ([]byte, error) {
	path := filepath.Join(dir, name)
	if dir == "" {
		return nil, nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return cli.Read(cmd, path, maxFile)
}

// directory gives the data directory, and what to do with it in the end.
func (o options) directory(w io.Writer) (dir string, discard func() error, err error) {
	if o.data == "" {
		if dir, err = os.MkdirTemp("", "egov-demo-"); err != nil {
			return "", nil, cli.ErrWrite.With(err)
		}
		// PostgreSQL may run as another user, who has to reach its own folder.
		if err := os.Chmod(dir, 0o711); err != nil {
			return "", nil, cli.ErrWrite.With(err)
		}
		return dir, func() error {
			return errors.Join(embedded.RemovePostgres(filepath.Join(dir, postgresFolder)), os.RemoveAll(dir))
		}, nil
	}
	entries, err := os.ReadDir(o.data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", nil, cli.Unreadable(o.data, err)
	}
	if len(entries) > 0 {
		return "", nil, cli.Usage("演示需要空的数据目录："+o.data+"（已有数据用 egov up --data 打开）",
			"the demonstration needs an empty data directory: "+o.data+" (open existing data with egov up --data)")
	}
	return o.data, func() error {
		_, err := fmt.Fprintf(w, "数据保留，可用以下命令再次打开 / the data are kept; open them again with: egov up --data %s\n", o.data)
		return err
	}, nil
}

// walk runs the demonstration and prints its report.
func walk(ctx context.Context, cmd *cobra.Command, s *stack.Stack, projects []demo.Published, script demo.Script, asJSON bool) error {
	r, err := demo.Run(ctx, demo.Options{
		URL: s.URL, Password: s.DemoPassword(), Clock: s.ClockFile(), Projects: projects, Script: &script, Out: cmd.ErrOrStderr(),
	})
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	if asJSON {
		err = cli.Print(cmd.OutOrStdout(), r)
	} else {
		err = table(cmd.OutOrStdout(), r)
	}
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	for _, p := range r.Problems {
		cli.Say(cmd.ErrOrStderr(), "✗ %s", p)
	}
	if !r.OK() {
		return cli.Exit(cli.Failed, ErrEnded)
	}
	return nil
}

// titleColumns is how much of a title the table shows.
const titleColumns = 36

func table(w io.Writer, r demo.Report) error {
	rows := make([][]string, len(r.Projects))
	for i, p := range r.Projects {
		a := p.Amounts
		rows[i] = []string{
			cli.Cut(p.Title, titleColumns), p.Route, p.Stage, fmt.Sprintf("%d/%d", p.Deadlines.Met, p.Deadlines.Late),
			yuan(a.DeclaredFen), yuan(a.ApprovedFen), yuan(a.BudgetFen), yuan(a.ContractFen),
		}
	}
	header := []string{"项目 project", "流程 route", "阶段 stage", "按期/逾期", "申报 declared", "审定 approved", "预算 budget", "合同 contract"}
	if err := cli.Table(w, header, rows); err != nil {
		return err
	}
	mark := map[bool]string{true: "✓", false: "✗"}
	_, err := fmt.Fprintf(w, "\n事实 facts %d · 账本 ledger %d %s · 链路 trace %s · %.0fs · 金额单位为元 / amounts in CNY\n",
		r.Facts, r.Ledger.Rows, mark[r.Ledger.Verified], mark[r.Trace.Complete], r.Seconds)
	return err
}

// yuan writes an amount; a road that does not get there has none.
func yuan(fen int64) string {
	if fen == 0 {
		return "–"
	}
	return money.Yuan(fen)
}
