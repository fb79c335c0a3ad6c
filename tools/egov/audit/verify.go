package audit

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"egov/libs/fault"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	"egov/tools/egov/cli"
)

func newVerify() *cobra.Command {
	var trust, previous string
	c := &cobra.Command{
		Use:   "verify FILE.zip [--trust KEYFILE] [--previous FILE.zip]",
		Short: "离线验证审计包 / verify a bundle offline",
		Long: `离线验证审计包，输出JSON结论。--trust 指定受信任的公钥；--previous 指定先前的审计包，账本须与其一致延续；
按项目或时间导出的审计包未附其延续证明时为 proof_missing：用 egov audit export --previous 先前审计包 重新导出。
退出码：0 可信，1 不可信，2 不是审计包。

Verifies a bundle offline and prints the finding as JSON. --trust pins the keys; --previous names an
earlier bundle, which the ledger must continue. A bundle of a project or a time that has no proof from
that one is proof_missing: have it made again by egov audit export --previous EARLIER.zip. Exit codes: 0 it holds, 1 it does not, 2 not a bundle.`,
		Args: cli.Args(1, 1, "FILE.zip"),
		RunE: func(cmd *cobra.Command, args []string) error { return verify(cmd, args[0], trust, previous) },
	}
	c.Flags().StringVar(&trust, "trust", "", "受信任密钥文件 / file of trusted keys")
	c.Flags().StringVar(&previous, "previous", "", "先前的审计包 / an earlier bundle")
	return c
}

func verify(cmd *cobra.Command, file, trust, previous string) error {
	opts := bundle.VerifyOptions{Warn: func(w *fault.Error) {
		cli.Say(cmd.ErrOrStderr(), "注意：%s\nwarning: %s", w.Msg, w.MsgEN)
	}}
	if trust != "" {
		text, err := cli.Read(cmd, trust, checkpoint.MaxKeysFile)
		if err != nil {
			return err
		}
		keys, err := checkpoint.ParseKeys(text)
		if err != nil {
			return err
		}
		if opts.Trust, err = checkpoint.NewTrust(keys); err != nil {
			return err
		}
	}
	if previous != "" {
		err := withFile(previous, func(r io.ReaderAt, size int64) (err error) {
			opts.Earlier, err = bundle.OpenEarlier(r, size)
			return err
		})
		if err != nil {
			return err
		}
	}
	report, err := verifyFile(cmd.Context(), file, opts)
	if err != nil {
		return err
	}
	if err := cli.Print(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	if !report.OK {
		return cli.Exit(cli.Failed, report.Finding)
	}
	return nil
}

func verifyFile(ctx context.Context, file string, opts bundle.VerifyOptions) (report bundle.Report, err error) {
	err = withFile(file, func(r io.ReaderAt, size int64) error {
		report, err = bundle.Verify(ctx, r, size, opts)
		return err
	})
	return report, err
}

func withFile(path string, f func(io.ReaderAt, int64) error) error {
	file, err := os.Open(path)
	if err != nil {
		return cli.Unreadable(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("not a regular file")
	}
	if err != nil {
		return cli.Unreadable(path, err)
	}
	return f(file, info.Size())
}
