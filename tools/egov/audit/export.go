package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/ledger/bundle"
	"egov/tools/egov/cli"
	"egov/tools/egov/session"
)

// service is the name under which the portal knows the audit service.
const service = "auditexport"

// request is the body of POST /v1/exports.
type request struct {
	Project  string `json:"project"`
	From     string `json:"from"`
	To       string `json:"to"`
	Bare     bool   `json:"without_attachments,omitempty"`
	Previous uint64 `json:"previous_size,omitempty"` // rows under an export that is held; 0: the last that was made
}

func newExport() *cobra.Command {
	var r request
	var out, previous string
	c := &cobra.Command{
		Use:   "export [--project ID] [--from DATE --to DATE] [--previous FILE.zip] [--without-attachments] --out FILE.zip",
		Short: "导出审计包 / take a bundle of the ledger",
		Long: `以当前登录的审计账号导出审计包：整个账本、一个项目，或一段时间。记录所列附件一并收入。审计包在服务端生成，
进度显示在标准错误；下载中断后从断点继续。文件写完整后才出现在目标位置。按项目或时间导出的审计包附有账本延续证明：
从 --previous 所指的审计包起；不指定时从最近一次生成的审计包起（不论何人生成）。

Exports a bundle as the auditor who is signed in: the whole ledger, one project, or a time,
with the attachments that its rows name. The service writes it in the background; progress goes to standard error. A download that is cut goes on where it
was. The file appears at its place only when it is complete. A bundle of a project or a time carries the
proof that the ledger continues the bundle that --previous names, or else the last one that anybody had made.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.check(out); err != nil {
				return err
			}
			if err := r.continues(previous); err != nil {
				return err
			}
			agent, err := session.Default()
			if err != nil {
				return err
			}
			return take(cmd, agent, "/v1/exports", r, out)
		},
	}
	c.Flags().StringVar(&r.Project, "project", "", "项目 / project id")
	c.Flags().StringVar(&r.From, "from", "", "起始日期 / first day, YYYY-MM-DD")
	c.Flags().StringVar(&r.To, "to", "", "截止日期 / last day, YYYY-MM-DD")
	c.Flags().StringVar(&previous, "previous", "", "所持的先前审计包 / an earlier bundle that is held, to be continued")
	c.Flags().BoolVar(&r.Bare, "without-attachments", false, "不收入附件 / leave the attachments out")
	c.Flags().StringVar(&out, "out", "", "输出文件 / file to write")
	return c
}

func newArchive() *cobra.Command {
	var project, out string
	c := &cobra.Command{
		Use:   "archive --project ID --out FILE.zip",
		Short: "生成归档移交包 / take the package of a closed project for its unit's archive",
		Long: `以当前登录的审计账号生成已结项项目的归档移交包：记录与证明、材料摘要、元数据、四性检测结果。用 egov audit verify 验证。

Takes the package in which a closed project is handed to its unit's own archive: rows with their proofs,
hashes of the papers, metadata, and the four checks. egov audit verify verifies it.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			agent, err := session.Default()
			if err != nil {
				return err
			}
			return archive(cmd, agent, project, out)
		},
	}
	c.Flags().StringVar(&project, "project", "", "项目 / project id")
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

// continues asks for the proof that the ledger continues an earlier bundle,
// whose checkpoint says at how many rows it stands (YP23-M-16).
func (r *request) continues(previous string) error {
	if previous == "" {
		return nil
	}
	return withFile(previous, func(f io.ReaderAt, size int64) error {
		earlier, err := bundle.OpenEarlier(f, size)
		if err != nil {
			return err
		}
		state, err := earlier.State()
		r.Previous = state.Size
		return err
	})
}

func archive(cmd *cobra.Command, agent session.Agent, project, out string) error {
	var c fault.Checks
	c.Require(project != "", "--project", "required", "必填", "is required")
	c.Require(out != "", "--out", "required", "必填", "is required")
	if err := c.Refuse(cli.ErrUsage); err != nil {
		return err
	}
	return take(cmd, agent, "/v1/projects/"+url.PathEscape(project)+"/archive", struct{}{}, out)
}

// writable finds out whether the bundle can be put where it is wanted, before
// somebody makes it.
func writable(out string) error {
	unwritable := cli.ErrWrite.WithMsg("文件无法写入："+out, "cannot write "+out)
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return unwritable.With(errors.New("it is a directory"))
	}
	f, err := os.CreateTemp(filepath.Dir(out), partOf)
	if err != nil {
		return unwritable.With(err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return unwritable.With(err)
	}
	return nil
}

// partOf is how a bundle is called while it is arriving.
const partOf = ".egov-export-*"

// take has a bundle made and fetches it.
func take(cmd *cobra.Command, agent session.Agent, path string, body any, out string) error {
	if err := writable(out); err != nil {
		return err
	}
	s, err := agent.Current(cmd.Context())
	if err != nil {
		return err
	}
	w := &waiter{ctx: cmd.Context(), agent: agent, session: s, says: cmd.ErrOrStderr(), pause: pause}
	size, sum, err := w.take(path, body, out)
	if err != nil {
		return cli.Exit(cli.Failed, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s  %d bytes  sha256:%s\n", out, size, sum)
	return err
}

// Bounds of waiting and fetching.
const (
	firstPause = 200 * time.Millisecond
	longPause  = 2 * time.Second
	patience   = 10 // failures in a row
)

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// The ways in which a bundle is not had.
var (
	errEnded  = fault.New(fault.Conflict, "export_ended", "审计包未能生成", "the bundle was not made")
	errPaused = fault.New(fault.Conflict, "export_paused", "审计包已被暂停，恢复后重试", "the bundle was paused; have it resumed and try again")
	errCut    = cli.ErrWrite.WithMsg("审计包未完整收到", "the bundle did not arrive whole")
)

// made is what the service says of a bundle.
type made struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Why      string `json:"why"`
	Bytes    int64  `json:"bytes"`
	SHA256   string `json:"sha256"`
	Progress *struct {
		RowsDone  int64  `json:"rows_done"`
		RowsTotal int64  `json:"rows_total"`
		Bytes     int64  `json:"bytes"`
		Stage     string `json:"stage"`
	} `json:"progress"`
}

// waiter is one bundle being waited for.
type waiter struct {
	ctx     context.Context // of one command
	agent   session.Agent
	session session.Session
	says    io.Writer
	pause   func(context.Context, time.Duration) error
	said    string
}

// take asks for a bundle, waits until it is made, and fetches it.
func (w *waiter) take(path string, body any, out string) (size int64, sum string, err error) {
	var e made
	if err := w.call(http.MethodPost, path, body, &e); err != nil {
		return 0, "", err
	}
	if e, err = w.wait(e); err != nil {
		return 0, "", err
	}
	return w.fetch(e, out)
}

// call sends a request and reads its answer.
func (w *waiter) call(method, path string, body, into any) error {
	resp, err := w.agent.Call(w.ctx, w.session, service, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, 4<<20)).Decode(into); err != nil {
		return session.ErrUnreachable.WithMsg("服务器的答复无法识别", "the server's answer is not understood").With(err)
	}
	return nil
}

// wait waits until a bundle is made. A server that is away is waited for.
func (w *waiter) wait(e made) (made, error) {
	away := 0
	for d := firstPause; ; d = min(2*d, longPause) {
		w.tell(e)
		switch e.State {
		case "made":
			return e, nil
		case "begun":
		case "paused":
			return e, errPaused
		default:
			return e, errEnded.WithMsg("审计包未能生成："+e.State+" "+e.Why, "the bundle was not made: "+e.State+" "+e.Why)
		}
		if err := w.pause(w.ctx, d); err != nil {
			return e, err
		}
		var now made
		err := w.call(http.MethodGet, "/v1/exports/"+url.PathEscape(e.ID), nil, &now)
		switch {
		case err == nil:
			e, away = now, 0
		case !passing(err):
			return e, err
		default:
			if away++; away >= patience {
				return e, err
			}
		}
	}
}

// passing says whether a failure may pass by itself.
func passing(err error) bool {
	return fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Exhausted)
}

// tell says how far a bundle has got, once each.
func (w *waiter) tell(e made) {
	text := "等待生成 / waiting"
	if p := e.Progress; p != nil && e.State == "begun" && p.Bytes > 0 {
		text = fmt.Sprintf("生成中 / writing  %d/%d rows  %d bytes  %s", p.RowsDone, p.RowsTotal, p.Bytes, p.Stage)
	} else if e.State != "begun" {
		text = fmt.Sprintf("已生成 / %s  %d bytes", e.State, e.Bytes)
	}
	if text != w.said {
		w.said = text
		cli.Say(w.says, "%s", text)
	}
}

// fetch writes the bundle to a file that is there whole or not at all. A
// transfer that is cut goes on where it was.
func (w *waiter) fetch(e made, out string) (size int64, sum string, err error) {
	f, err := os.CreateTemp(filepath.Dir(out), partOf)
	if err != nil {
		return 0, "", cli.ErrWrite.WithMsg("文件无法写入："+out, "cannot write "+out).With(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	defer f.Close()
	if err := w.transfer(e, f); err != nil {
		return 0, "", err
	}
	h := sha256.New()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, "", cli.ErrWrite.With(err)
	}
	if size, err = io.Copy(h, f); err != nil {
		return 0, "", cli.ErrWrite.With(err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	if size != e.Bytes || sum != e.SHA256 {
		return 0, "", errCut.With(fmt.Errorf("%d bytes of %d, sha256 %s, not %s", size, e.Bytes, sum, e.SHA256))
	}
	if err := errors.Join(f.Sync(), f.Close(), os.Rename(f.Name(), out)); err != nil {
		return 0, "", cli.ErrWrite.WithMsg("文件无法写入："+out, "cannot write "+out).With(err)
	}
	return size, sum, nil
}

// transfer reads the bundle into f, in as many pieces as it takes. It gives up
// when several of them in a row have brought nothing.
func (w *waiter) transfer(e made, f *os.File) error {
	at, vain := int64(0), 0
	for d := firstPause; ; d = min(2*d, longPause) {
		n, err := w.piece(e, f, at)
		at += n
		switch {
		case err == nil && at == e.Bytes:
			return nil
		case err == nil:
			err = io.ErrUnexpectedEOF
		case w.ctx.Err() != nil:
			return errCut.With(err)
		}
		if f, ok := errors.AsType[*fault.Error](err); ok && !passing(f) {
			return err
		}
		if n > 0 {
			vain, d = 0, firstPause
		}
		if vain++; vain >= patience {
			return errCut.With(err)
		}
		cli.Say(w.says, "下载中断，从第%d字节继续 / cut, going on at byte %d of %d", at, at, e.Bytes)
		if err := w.pause(w.ctx, d); err != nil {
			return errCut.With(err)
		}
	}
}

// piece reads what comes from byte at on, and says how much of it there was.
func (w *waiter) piece(e made, f *os.File, at int64) (int64, error) {
	var headers []session.Header
	tag := strconv.Quote(e.SHA256)
	if at > 0 {
		headers = []session.Header{{Name: "Range", Value: fmt.Sprintf("bytes=%d-", at)}, {Name: "If-Range", Value: tag}}
	}
	resp, err := w.agent.Call(w.ctx, w.session, service, http.MethodGet, "/v1/exports/"+url.PathEscape(e.ID)+"/file", nil, headers...)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if at > 0 && resp.StatusCode != http.StatusPartialContent {
		// The server sends everything again: what is there already is passed over.
		if _, err := io.CopyN(io.Discard, resp.Body, at); err != nil {
			return 0, err
		}
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return 0, cli.ErrWrite.With(err)
	}
	return io.Copy(f, io.LimitReader(resp.Body, e.Bytes-at))
}
