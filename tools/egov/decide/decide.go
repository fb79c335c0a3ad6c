// Package decide is `egov decide`: one case in, one decision out, by the rule
// packs of the suite or of a directory. It needs no server and stores nothing.
package decide

import (
	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
	"egov/tools/egov/cli"
	"egov/tools/egov/pack"
)

// New makes the command.
func New() *cobra.Command {
	var name, asOf string
	var values bool
	c := &cobra.Command{
		Use:   "decide [--pack ID|DIR | --as-of YYYY-MM-DD] FILE|-",
		Short: "按规则包判定一个项目的办理流程 / decide one case by the rules",
		Long: `读取一个申报项目（JSON），输出一份判定（JSON）：办理流程、步骤、依据、材料清单、核查意见、后续义务与规则轨迹。
不指定规则包时，适用申报日期（declared_on）当天现行有效的规则；--pack 也可给出规则包目录。
--values 在轨迹的每一条中列出表达式所引名称的取值。

Reads one case (JSON) and prints one decision (JSON): route, steps, basis, checklist, findings,
obligations and the trace of the rules. Without --pack the rules in force on declared_on hold; --pack
also takes the directory of a pack. With --values every step of the trace tells what the names in its
expression stood for.
Bad input ends with exit code 2 and an RFC 9457 problem document on standard error.`,
		Args: cli.Args(1, 1, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rules, o, err := options(name, asOf)
			if err != nil {
				return err
			}
			o.Values = values
			in, err := cli.Open(cmd, args[0])
			if err != nil {
				return err
			}
			defer in.Close()
			d, err := rules.DecideJSON(in, policy.DefaultLimit, o)
			if err != nil {
				return err
			}
			return cli.Print(cmd.OutOrStdout(), d)
		},
	}
	c.Flags().StringVar(&name, "pack", "", "规则包编号或目录 / rule pack, e.g. yangpu-2023, or the directory of one")
	c.Flags().StringVar(&asOf, "as-of", "", "按该日期现行有效的规则 / the rules in force on this date")
	c.Flags().BoolVar(&values, "values", false, "轨迹列出取值 / the trace tells the values that each expression saw")
	return cli.TellsProblems(c)
}

// options gives the packs to decide by, and which of them.
func options(name, asOf string) (*policy.Set, policy.Options, error) {
	var o policy.Options
	if name != "" {
		if asOf != "" {
			return nil, o, cli.Usage("--pack 与 --as-of 只能选一", "--pack and --as-of exclude each other")
		}
		p, err := pack.Find(name)
		if err != nil {
			return nil, o, err
		}
		o.Pack = p.ID()
		rules, err := policy.NewSet(p.District(), p)
		return rules, o, err
	}
	if asOf == "" {
		return policy.Default(), o, nil
	}
	var err error
	if o.AsOf, err = calendar.ParseDate(asOf); err != nil {
		f := fault.From(err)
		for i := range f.Violations {
			f.Violations[i].Field = "as_of"
		}
		return nil, o, f
	}
	return policy.Default(), o, nil
}
