// Package pack is `egov pack`: checks rule packs, and prints one as a book that
// people read.
package pack

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"egov/libs/fault"
	"egov/libs/policy"
	"egov/tools/egov/cli"
)

// New makes the command with its members.
func New() *cobra.Command {
	return cli.Group(&cobra.Command{
		Use:   "pack",
		Short: "规则包：检查与阅读 / rule packs: check and read them",
	}, newCheck(), newExplain())
}

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "检查规则包 / validate a pack",
		Long: `检查规则包目录：文件结构、CEL表达式类型、条款编号、日期，以及包内示例（cases.yaml）的判定结果。
每一处问题输出一行：文件:行:列。

Validates the pack in a directory: structure, CEL types, provision ids, dates, and the pack's own
worked cases. Prints one line per fault: file:line:column.`,
		Args: cli.Args(1, 1, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return check(cmd, args[0]) },
	}
}

func check(cmd *cobra.Command, dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return cli.Exit(cli.Failed, policy.ErrInvalidPack.WithMsg("没有这个目录："+dir, "no such directory: "+dir))
	}
	p, err := policy.Load(os.DirFS(dir))
	if err == nil {
		err = p.Check()
	}
	if err == nil {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s：合格，%d个示例均相符 / ok, all %d worked cases come out as they should\n",
			p.ID(), p.Version(), len(p.Examples()), len(p.Examples()))
		return err
	}
	found := fault.From(err).Violations
	if len(found) == 0 {
		return cli.Exit(cli.Failed, err)
	}
	for _, v := range found {
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s / %s [%s]\n", filepath.Join(dir, v.Field), v.Msg, v.MsgEN, v.Code); err != nil {
			return err
		}
	}
	n := len(found)
	return cli.Exit(cli.Failed, policy.ErrInvalidPack.WithMsg(fmt.Sprintf("规则包有%d处问题", n), fmt.Sprintf("faults in the pack: %d", n)))
}

func newExplain() *cobra.Command {
	var lang string
	c := &cobra.Command{
		Use:   "explain ID|DIR",
		Short: "将规则包输出为可读的规则手册（Markdown）/ print a pack as a rule book",
		Args:  cli.Args(1, 1, "ID|DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := Find(args[0])
			if err != nil {
				return err
			}
			if !slices.Contains(Languages, lang) {
				return cli.Usage("--lang 只能是 zh 或 en", "--lang is zh or en")
			}
			return Explain(cmd.OutOrStdout(), p, lang)
		},
	}
	c.Flags().StringVar(&lang, "lang", "zh", "语言 / language: zh, en")
	return c
}
