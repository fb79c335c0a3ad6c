package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

// service is the name under which the portal knows the audit service.
const service = "auditexport"

// request is the body of POST /v1/exports.
type request struct {
	Project string `json:"project"`
	From    string `json:"from"`
	To      string `json:"to"`
}

func newExport() *cobra.Command {
	var r request
	var out string
	c := &cobra.Command{
		Use:   "export [--project ID] [--from DATE --to DATE] --out FILE.zip",
		Short: "导出审计包 / take a bundle of the ledger",
		Long: `以当前登录的审计账号导出审计包：整个账本、一个项目，或一段时间。文件写完整后才出现在目标位置。

Exports a bundle as the auditor who is signed in: the whole ledger, one project, or a time.
The file appears at its place only when it is complete.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := session.Default()
			if err != nil {
				return err
			}
			return export(cmd, agent, r, out)
		},
	}
	c.Flags().StringVar(&r.Project, "project", "", "项目 / project id")
	c.Flags().StringVar(&r.From, "from", "", "起始日期 / first day, YYYY-MM-DD")
	c.Flags().StringVar(&r.To, "to", "", "截止日期 / last day, YYYY-MM-DD")
	c.Flags().StringVar(&out, "out", "", "输出文件 / file to write")
	return c
}

func (r request) check(out string) error {
	var c fault.Checks
	c.Require(out != "", "--out", "required", "必填", "is required")
	for _, d := range []struct{ flag, text string }{{"--from", r.From}, {"--to", r.To}} {
		if d.text != "" {
			_, err := calendar.ParseDate(d.text)
			c.Require(err == nil, d.flag, calendar.ErrDate.Code, calendar.ErrDate.Msg, calendar.ErrDate.MsgEN)
		}
	}
	c.Require(r.Project == "" || r.From == "" && r.To == "", "--project", "not_both", "按项目导出时不得同时限定时间", "a project or a time, not both")
	return c.Refuse(cli.ErrUsage)
}

func export(cmd *cobra.Command, agent session.Agent, r request, out string) error {
	if err := r.check(out); err != nil {
		return err
	}
	s, err := agent.Current(cmd.Context())
	if err != nil {
		return err
	}
	resp, err := agent.Call(cmd.Context(), s, service, http.MethodPost, "/v1/exports", r)
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	defer resp.Body.Close()
	size, sum, err := save(out, resp.Body)
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  %d bytes  sha256:%x\n", out, size, sum)
	return err
}

// save writes a file that is there whole or not at all.
func save(path string, body io.Reader) (size int64, sum []byte, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".egov-export-*")
	if err != nil {
		return 0, nil, cli.ErrWrite.WithMsg("文件无法写入："+path, "cannot write "+path).With(err)
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), body)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return 0, nil, cli.ErrWrite.WithMsg("审计包未完整收到或无法写入："+path, "the bundle did not arrive whole, or cannot be written: "+path).
			With(errors.Join(err, os.Remove(f.Name())))
	}
	return size, h.Sum(nil), nil
}
