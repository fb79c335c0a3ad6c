package ops

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/module"
	"egov/tools/egov/cli"
	"egov/tools/egov/login"
	"egov/tools/egov/session"
	"egov/tools/kube"
)

// demoOperator is the operator of the demonstration district.
const demoOperator = "operator"

// speaker sends requests to services as somebody.
type speaker func(ctx context.Context, r request, answer any) error

// request is one to a service.
type request struct {
	service, method, path string
	body                  any    // nil = none
	key                   string // by which a repetition is told; empty where nothing changes
}

func (r request) headers() []session.Header {
	if r.key == "" {
		return nil
	}
	return []session.Header{{Name: "Idempotency-Key", Value: r.key}}
}

// letters is what the commands about dead letters work with.
type letters struct {
	survey *Survey
	speak  speaker
}

func (t *target) newDeadLetters() *cobra.Command {
	var account string
	c := cli.Group(&cobra.Command{
		Use:   "dlq",
		Short: "死信：消费者放弃的事实 / dead letters: facts that consumers gave up on",
		Long: `死信是消费者试了多次仍不能办理的事实；同一主体其后的事实在等它。以运维员身份办理，办了什么记入账本；运维员看不到事实的内容。
身份：--account（口令从提示符或 EGOV_PASSWORD 读取），否则用 egov login 保存的会话，对 egov up 则用演示运维员。

A dead letter is a fact that a consumer could not settle after several tries; later facts of its subject wait.
They are settled as an operator, what was done is in the ledger, and operators do not see what facts say.
As whom: --account (password from a prompt or EGOV_PASSWORD), else the session egov login kept, at egov up
the demonstration's operator.`,
	},
		t.newLettersList(&account), t.newLetterShow(&account), t.newLetterRetry(&account), t.newLetterSkip(&account),
	)
	c.PersistentFlags().StringVar(&account, "account", "", "账号 / account")
	return c
}

// LetterRow is one dead letter and the service that holds it.
type LetterRow struct {
	Namespace string `json:"namespace,omitempty"`
	Service   string `json:"service"`
	module.DeadLetter
}

func (t *target) newLettersList(account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "list [SERVICE…]",
		Short: "列出死信 / list dead letters",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
			defer cancel()
			l, err := t.letters(ctx, cmd, *account, current)
			if err != nil {
				return err
			}
			named := len(args) > 0
			if err := l.survey.only(cmd, args); err != nil {
				return err
			}
			rows := []LetterRow{}
			for _, x := range l.survey.Services {
				dead := x.inState(heldFacts, "dead", "consumer")
				if !named && (dead == nil || *dead == 0) {
					continue
				}
				of, err := l.of(ctx, x)
				if err != nil {
					return failed(err)
				}
				rows = append(rows, of...)
			}
			return t.answer(cmd, map[string]any{"items": rows}, func(p paper) error { return letterTable(p, rows) })
		},
		ValidArgsFunction: t.serviceNames,
	}
}

// of lists the dead letters of one service.
func (l *letters) of(ctx context.Context, x *Service) (rows []LetterRow, err error) {
	token := ""
	for {
		var page module.DeadLetters
		if err := l.speak(ctx, request{service: x.Name, method: http.MethodGet, path: "/v1/dead-letters?page_size=200&page_token=" + url.QueryEscape(token)}, &page); err != nil {
			return nil, err
		}
		for _, d := range page.Items {
			rows = append(rows, LetterRow{x.Namespace, x.Name, d})
		}
		if token = page.NextPageToken; token == "" {
			return rows, nil
		}
	}
}

// Widths, in columns of a terminal, of what a table shows of long texts.
const (
	errorWidth   = 60
	subjectWidth = 36
)

func letterTable(p paper, list []LetterRow) error {
	if len(list) == 0 {
		p.say("没有死信 / no dead letters")
		return nil
	}
	rows := make([][]cell, len(list))
	for i, r := range list {
		waits := cell{"–", faint}
		if r.Blocks {
			waits = cell{"是 yes", watch}
		}
		rows[i] = []cell{
			text(r.Service), text(strconv.FormatInt(r.ID, 10)), text(r.Consumer), text(r.Source), text(r.Type),
			text(cli.Cut(r.Subject, subjectWidth)), waits, text(r.HeldAt.In(calendar.Shanghai).Format(time.DateTime)), text(cli.Cut(r.Error, errorWidth)),
		}
	}
	return p.table([]string{"服务 service", "编号 id", "订阅 consumer", "来源 source", "类型 type", "主体 subject", "阻塞 blocks", "时间 since", "原因 error"}, rows)
}

func (t *target) newLetterShow(account *string) *cobra.Command {
	return &cobra.Command{
		Use:   "show SERVICE ID",
		Short: "查看一条死信 / show one dead letter",
		Args:  cli.Args(2, 2, "SERVICE ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.settle(cmd, *account, args, settlement{method: http.MethodGet})
		},
		ValidArgsFunction: t.oneServiceName,
	}
}

func (t *target) newLetterRetry(account *string) *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "retry SERVICE ID",
		Short: "重试一条死信（先消除原因）/ have a dead letter tried again, once its cause is mended",
		Args:  cli.Args(2, 2, "SERVICE ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.settle(cmd, *account, args, settlement{http.MethodPost, "/retry", key, nil, "将重试，其后的事实随之办理", "is tried again, and what waits behind it follows"})
		},
		ValidArgsFunction: t.oneServiceName,
	}
	keyed(c, &key)
	return c
}

// keyed gives a command that changes something a key by which a repetition of it
// is told from a second one.
func keyed(c *cobra.Command, key *string) {
	c.Flags().StringVar(key, "key", "", "幂等键：没有得到答复时以同一键重复，不会重复办理 / idempotency key: where no answer came, repeat with the same one, and it is done once")
}

func (t *target) newLetterSkip(account *string) *cobra.Command {
	var reason, key string
	c := &cobra.Command{
		Use:   "skip SERVICE ID --reason TEXT",
		Short: "放弃一条死信（须职责单位同意）/ give a dead letter up for good, when the duty holder has agreed",
		Args:  cli.Args(2, 2, "SERVICE ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return cli.Usage("须用 --reason 写明原因", "--reason says why")
			}
			return t.settle(cmd, *account, args, settlement{http.MethodPost, "/skip", key, map[string]string{"reason": reason}, "已放弃并记录在案", "is given up, on record"})
		},
		ValidArgsFunction: t.oneServiceName,
	}
	c.Flags().StringVar(&reason, "reason", "", "原因 / why")
	keyed(c, &key)
	return c
}

// settlement is what is done about a dead letter, and how a person is told that
// it was; those who only look are shown the letter.
type settlement struct {
	method, verb, key string
	body              any
	zh, en            string
}

// settle asks one thing about one dead letter.
func (t *target) settle(cmd *cobra.Command, account string, args []string, how settlement) error {
	id, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return cli.Usage("编号应为数字："+args[1], "ID must be a number: "+args[1])
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), t.timeout)
	defer cancel()
	l, err := t.letters(ctx, cmd, account, names)
	if err != nil {
		return err
	}
	x, err := l.survey.find(args[0])
	if err != nil {
		return failed(err)
	}
	r := request{service: x.Name, method: how.method, path: fmt.Sprintf("/v1/dead-letters/%d%s", id, how.verb), body: how.body}
	if r.method != http.MethodGet {
		r.key = cmp.Or(how.key, rand.Text())
	}
	var d module.DeadLetter
	if err := l.speak(ctx, r, &d); err != nil {
		if r.key != "" && fault.Is(err, fault.Unavailable) {
			cli.Say(cmd.ErrOrStderr(), "没有得到答复，可能已办理：用 --key %[1]s 重复 / no answer came, and it may be done: repeat with --key %[1]s", r.key)
		}
		return failed(err)
	}
	return t.answer(cmd, LetterRow{x.Namespace, x.Name, d}, func(p paper) error {
		if how.zh != "" {
			p.say("%s %d: %s / %s", x.place(), d.ID, how.zh, how.en)
			return nil
		}
		return letterCard(p, x, d)
	})
}

// letterCard shows everything of one dead letter.
func letterCard(p paper, x *Service, d module.DeadLetter) error {
	rows := [][]cell{}
	add := func(name, value string) { rows = append(rows, []cell{text(name), text(value)}) }
	add("服务 service", x.place())
	add("编号 id", strconv.FormatInt(d.ID, 10))
	add("订阅 consumer", d.Consumer)
	add("来源 source", d.Source)
	add("类型 type", d.Type)
	add("主体 subject", d.Subject)
	add("序号 seq", strconv.FormatInt(d.Seq, 10))
	add("事件 event id", d.EventID)
	add("记录于 recorded", d.RecordedAt.In(calendar.Shanghai).Format(time.DateTime))
	add("放弃于 held", d.HeldAt.In(calendar.Shanghai).Format(time.DateTime))
	add("次数 attempts", strconv.Itoa(d.Attempts))
	add("阻塞 blocks", strconv.FormatBool(d.Blocks))
	add("内容 content", fmt.Sprintf("%d bytes, SHA-256 %s", d.Bytes, d.SHA256))
	add("原因 error", d.Error)
	return p.table([]string{"项 field", "值 value"}, rows)
}

// letters finds the services and a way to speak to them as an operator.
func (t *target) letters(ctx context.Context, cmd *cobra.Command, account string, d depth) (*letters, error) {
	m, c, err := t.installation(ctx, cmd)
	if err != nil {
		return nil, err
	}
	l := &letters{}
	if m != nil {
		if l.survey, err = m.survey(ctx, d); err == nil {
			l.speak, err = t.speakTo(ctx, cmd, account, m.password, m.route)
		}
		return l, failed(err)
	}
	if l.survey, err = surveyCluster(ctx, c, current); err == nil {
		l.speak, err = t.speakTo(ctx, cmd, account, "", forwarding(c, l.survey))
	}
	return l, failed(err)
}

// route is the way to a service: its base URL, and who carries requests there.
type route func(service string) (base string, client *http.Client, err error)

func (m *machine) route(service string) (string, *http.Client, error) {
	at, ok := m.services[service]
	if !ok {
		return "", nil, errNoService.WithMsg("没有服务 "+service, "there is no service "+service)
	}
	return at, m.http, nil
}

// forwarding is the way to a service's pod through the API server.
func forwarding(c *kube.Cluster, s *Survey) route {
	return func(service string) (string, *http.Client, error) {
		x, err := s.find(service)
		if err != nil {
			return "", nil, err
		}
		for _, i := range x.Instances {
			if i.Ready {
				client, _ := c.Client(x.Namespace, i.Pod, i.Port) // its connections end with the program
				return i.Port.Scheme() + "://" + service, client, nil
			}
		}
		return "", nil, errNotRunning.WithMsg(x.place()+" 没有就绪的副本", "no replica of "+x.place()+" is ready")
	}
}

// speakTo signs in: as the account named, else as the session that was kept,
// else as the demonstration's operator where there is one.
func (t *target) speakTo(ctx context.Context, cmd *cobra.Command, account, demo string, way route) (speaker, error) {
	agent, err := session.Default()
	if err != nil {
		return nil, err
	}
	if account == "" {
		s, err := agent.Current(ctx)
		switch {
		case err == nil && (demo == "" || agent.Env(session.TokenVariable) != ""):
			return kept(agent, s), nil
		case demo != "":
			return signedIn(ctx, agent, demoOperator, demo, way)
		case errors.Is(err, session.ErrNone):
			return nil, session.ErrNone.WithMsg("尚未登录：请用 --account，或先运行 egov login", "not signed in: give --account, or run egov login first")
		}
		return nil, err
	}
	password := agent.Env(session.PasswordVariable)
	if password == "" && account == demoOperator {
		password = demo
	}
	if password == "" {
		if password, err = login.Prompt(cmd, account); err != nil {
			return nil, err
		}
	}
	return signedIn(ctx, agent, account, password, way)
}

// kept speaks under the session of egov login, which knows the way itself.
func kept(agent session.Agent, s session.Session) speaker {
	return func(ctx context.Context, r request, answer any) error {
		resp, err := agent.Call(ctx, s, r.service, r.method, r.path, r.body, r.headers()...)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return decode(resp.Body, answer)
	}
}

// identity is the service that signs people in.
const identity = "identity"

// signedIn signs in at the identity service and speaks to each service itself.
func signedIn(ctx context.Context, agent session.Agent, account, password string, way route) (speaker, error) {
	at, client, err := way(identity)
	if err != nil {
		return nil, err
	}
	agent.HTTP = client
	granted, err := agent.SignIn(ctx, at, account, password)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, r request, answer any) error {
		at, client, err := way(r.service)
		if err != nil {
			return err
		}
		to := agent
		to.HTTP = client
		resp, err := to.Call(ctx, session.Session{Server: at, Token: granted.Token}, r.service, r.method, r.path, r.body, r.headers()...)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return decode(resp.Body, answer)
	}, nil
}

func decode(body io.Reader, answer any) error {
	b, err := io.ReadAll(io.LimitReader(body, largest))
	if err == nil {
		err = json.Unmarshal(b, answer)
	}
	if err != nil {
		return errAnswer.With(err)
	}
	return nil
}
