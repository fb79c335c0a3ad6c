// Package login is `egov login`: it signs in at a running installation and keeps
// the session for later commands. The password is asked for, never an argument.
package login

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"egov/libs/fault"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

// New makes the command.
func New() *cobra.Command {
	var server, account string
	c := &cobra.Command{
		Use:   "login --server URL --account NAME",
		Short: "登录，供后续命令使用 / sign in for later commands",
		Long: `登录门户（或身份服务），会话保存在用户配置目录（仅本人可读）。口令从提示符或环境变量 EGOV_PASSWORD 读取。
环境变量 EGOV_SERVER 与 EGOV_TOKEN 优先于保存的会话。

Signs in at the portal (or the identity service) and keeps the session in the user's configuration
directory, readable by its owner alone. The password comes from a prompt or from EGOV_PASSWORD.
EGOV_SERVER and EGOV_TOKEN stand above the kept session.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := session.Default()
			if err != nil {
				return err
			}
			return login(cmd, agent, server, account)
		},
	}
	c.Flags().StringVar(&server, "server", "", "门户地址 / URL of the portal; EGOV_SERVER")
	c.Flags().StringVar(&account, "account", "", "账号 / account")
	return c
}

func login(cmd *cobra.Command, agent session.Agent, server, account string) error {
	if server == "" {
		server = agent.Env(session.ServerVariable)
	}
	var c fault.Checks
	c.Require(server != "", "--server", "required", "必填", "is required")
	c.Require(account != "", "--account", "required", "必填", "is required")
	if err := c.Refuse(cli.ErrUsage); err != nil {
		return err
	}
	password := agent.Env(session.PasswordVariable)
	if password == "" {
		var err error
		if password, err = Prompt(cmd, account); err != nil {
			return err
		}
	}
	s, err := agent.SignIn(cmd.Context(), server, account, password)
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	if err := agent.Keep(s); err != nil {
		return cli.Exit(cli.Failed, err)
	}
	if s.MustChangePassword {
		cli.Say(cmd.ErrOrStderr(), "请先修改口令，在此之前该账号没有任何角色 / change the password first: until then the account holds no role")
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "已登录 %s（%s）/ signed in at %s as %s\n", s.Server, account, s.Server, account)
	return err
}

// Prompt reads a password without showing it; from anything but a terminal it
// reads one line.
func Prompt(cmd *cobra.Command, account string) (string, error) {
	in := cmd.InOrStdin()
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%s 的口令 / password of %s: ", account, account)
		b, err := term.ReadPassword(int(f.Fd()))
		cli.Say(cmd.ErrOrStderr(), "")
		return string(b), err
	}
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
