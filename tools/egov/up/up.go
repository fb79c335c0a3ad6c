// Package up is `egov up`: a whole installation on one machine, with private
// PostgreSQL and Redis, on loopback. It finds its data again when it is started
// on the same directory.
//
// It is for trying, demonstrating and developing. Its accounts and their
// password are printed at every start.
package up

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/embedded"
	"egov/services/suite"
	"egov/services/suite/stack"
	"egov/tools/egov/cli"
	"egov/tools/egov/serve"
)

// Port is where the portal listens unless a person says otherwise.
const Port = 8080

// lookAfter is how often it is checked that every process still runs.
const lookAfter = 500 * time.Millisecond

// stopTime bounds an ordered stop.
const stopTime = time.Minute

// New makes the command.
func New() *cobra.Command {
	var (
		o     stack.Options
		clock string
	)
	c := &cobra.Command{
		Use:   "up [--port 8080] [--data DIR] [--virtual-clock DATE]",
		Short: "在本机启动整套系统 / run a whole installation on this machine",
		Long: `启动私有的PostgreSQL与Redis（仅本机可访问）、全部服务和门户，并打印门户地址与演示账号。
缺少的程序在允许时自动安装，否则给出安装命令并以退出码3结束。Ctrl-C 有序停止；再次启动时数据仍在。

Runs private PostgreSQL and Redis on loopback, all services and the portal, and prints the portal's
URL and the demo accounts. Missing programs are installed where that is allowed; otherwise the command
to run is named and the exit code is 3. Ctrl-C stops everything in order; the next start finds its data.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if clock != "" {
				var err error
				if o.VirtualClock, err = calendar.ParseDate(clock); err != nil {
					return err
				}
			}
			if err := CheckPort(o.Port); err != nil {
				return err
			}
			o.AnyPort = !cmd.Flags().Changed("port")
			ctx, release := Interruptible(cmd.Context())
			defer release()
			s, err := Start(ctx, cmd.ErrOrStderr(), o)
			if err != nil {
				return err
			}
			if err := Welcome(cmd.OutOrStdout(), s); err != nil {
				return Stop(cmd.ErrOrStderr(), s, err)
			}
			err = Await(ctx, s)
			release() // a second Ctrl-C ends the program at once
			return Stop(cmd.ErrOrStderr(), s, err)
		},
	}
	c.Flags().IntVar(&o.Port, "port", Port, "门户端口 / port of the portal")
	c.Flags().StringVar(&o.Dir, "data", ".egov", "数据目录 / directory that keeps the data")
	c.Flags().StringVar(&clock, "virtual-clock", "", "首次启动时的虚拟日期 / the day it is at the first start, YYYY-MM-DD")
	c.Flags().BoolVar(&o.Separate, "separate", false, "每个服务一个进程 / a process for each service")
	return c
}

// Interruptible is a context that ends when the process is asked to stop.
func Interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}

// maxPort is the highest port there is.
const maxPort = 1<<16 - 1

// CheckPort refuses a port that there is none of; 0 is any that is free.
func CheckPort(port int) error {
	if port < 0 || port > maxPort {
		return cli.Usage(fmt.Sprintf("--port 须在0至%d之间（0为任意空闲端口）", maxPort), fmt.Sprintf("--port must be between 0 and %d (0 is any that is free)", maxPort))
	}
	return nil
}

// Start installs what is missing and starts a stack with this program as its
// services. It says on w what it does.
func Start(ctx context.Context, w io.Writer, o stack.Options) (*stack.Stack, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, cli.Exit(cli.Failed, err)
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, cli.Exit(cli.Failed, err)
	}
	if len(embedded.Missing()) > 0 {
		cli.Say(w, "安装缺少的程序 / installing what is missing …")
		if err := embedded.Install(ctx, w); err != nil {
			return nil, err
		}
	}
	cli.Say(w, "启动，数据目录 / starting, data in %s", o.Dir)
	o.Out = w
	o.Serve = func(config, target string) *exec.Cmd { return exec.Command(self, serve.Args(config, target)...) }
	s, err := stack.Start(ctx, o)
	if err != nil {
		return nil, cli.Exit(cli.Code(err), err)
	}
	return s, nil
}

// Welcome tells where the portal is and who may sign in.
func Welcome(w io.Writer, s *stack.Stack) error {
	accounts, err := suite.DemoAccounts()
	if err != nil {
		return err
	}
	rows := make([][]string, len(accounts))
	for i, a := range accounts {
		rows[i] = []string{a.Name, a.Person, a.Office, a.Unit, strings.Join(a.Roles, " ")}
	}
	if _, err := fmt.Fprintf(w, "\n演示账号 / demo accounts\n\n"); err != nil {
		return err
	}
	if err := cli.Table(w, []string{"账号 account", "姓名 name", "单位", "unit", "角色 role"}, rows); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n口令（所有演示账号）/ password of all of them: %s\n门户 / portal: %s\n数据 / data:   %s\n停止 / stop:   Ctrl-C\n",
		s.DemoPassword(), s.URL("portal"), s.Dir)
	return err
}

// Await returns when ctx ends, or with an error when a process has ended by
// itself.
func Await(ctx context.Context, s *stack.Stack) error {
	t := time.NewTicker(lookAfter)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := s.Failed(); err != nil {
			return cli.Exit(cli.Failed, err)
		}
	}
}

// Stop stops the stack in order and says so; cause is why, nil when somebody
// asked for it.
func Stop(w io.Writer, s *stack.Stack, cause error) error {
	cli.Say(w, "\n正在停止 / stopping …")
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		return cli.Also(cause, err)
	}
	cli.Say(w, "已停止 / stopped.")
	return cause
}
