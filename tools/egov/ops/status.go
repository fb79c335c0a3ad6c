package ops

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"egov/libs/calendar"
	"egov/libs/fault"
)

// From when on a figure is shown as bad. The alerts of deploy/telemetry have
// limits of their own, over time.
const (
	manyEntries   = 10_000
	oldOutbox     = time.Minute
	oldCheckpoint = 10 * time.Minute
)

// Row is one service of `egov ops status`. Figures are null where they cannot
// be had, or where the service has no such thing.
type Row struct {
	Namespace  string   `json:"namespace,omitempty"`
	Unit       string   `json:"unit"`
	Service    string   `json:"service"`
	Workload   string   `json:"workload,omitempty"` // the Deployment
	Versions   []string `json:"versions"`           // several while one replaces the other
	Desired    int      `json:"desired"`
	Ready      int      `json:"ready"`
	Restarts   *int     `json:"restarts"`
	Lag        *float64 `json:"lag_entries"` // stream entries not yet delivered, over all subscriptions
	OutboxRows *float64 `json:"outbox_rows"`
	OutboxAge  *float64 `json:"outbox_age_seconds"`
	Dead       *float64 `json:"dead_letters"`
	Late       *float64 `json:"late_deadlines"`
	// Checkpoint is when the ledger was last found signed up to its end, of the
	// service that keeps it.
	Checkpoint *time.Time `json:"checkpoint_at"`
	StartedAt  *time.Time `json:"started_at"` // of the oldest replica

	now time.Time
}

func (s *Service) row(now time.Time) Row {
	r := Row{
		Namespace: s.Namespace, Unit: s.Unit, Service: s.Name, Workload: s.Workload, Versions: s.versions(),
		Desired: s.Desired, Ready: s.Ready, now: now,
		Lag: s.total(lagEntries, "consumer", "source"), OutboxRows: s.total(outboxRows), OutboxAge: s.total(outboxAge),
		Dead: s.inState(heldFacts, "dead", "consumer"), Late: s.inState(deadlineCounts, "late"),
	}
	if r.Versions == nil {
		r.Versions = []string{}
	}
	if s.Workload != "" {
		r.Restarts = &s.Restarts
	}
	if at := s.total(checkpointTime); at != nil && *at > 0 {
		t := time.Unix(int64(*at), 0)
		r.Checkpoint = &t
	}
	if at := s.started(); !at.IsZero() {
		r.StartedAt = &at
	}
	return r
}

func (t *target) newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status [SERVICE…]",
		Short: "各服务的版本、副本、积压与时限 / versions, replicas, backlogs and clocks of every service",
		Long: `每个服务一行：所属单位、版本、就绪/应有副本、重启次数、未送达的事件、最早未发出的事实的时长、死信、逾期时限、账本最近一次签名的时长、已运行时长。
– 表示没有或无法得知（原因见标准错误）。

One row a service: its unit, version, ready of desired replicas, restarts, events not delivered to it, age
of its oldest fact not sent, dead letters, late deadlines, age of the ledger's newest signature, time since
its start. – stands for none or not known (standard error says why).`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := t.look(cmd, args)
			if err != nil {
				return err
			}
			rows, now := make([]Row, len(s.Services)), time.Now()
			for i, x := range s.Services {
				rows[i] = x.row(now)
			}
			return t.answer(cmd, map[string]any{"services": rows}, func(p paper) error { return statusTable(p, rows) })
		},
		ValidArgsFunction: t.serviceNames,
	}
}

// look is how the services named stand, all where none is; what could not be
// looked at is said.
func (t *target) look(cmd *cobra.Command, names []string) (*Survey, error) {
	s, err := t.survey(cmd, current)
	if err != nil {
		return nil, err
	}
	return s, s.only(cmd, names)
}

// only narrows a survey to the services that a command names, and says what of
// them could not be looked at.
func (s *Survey) only(cmd *cobra.Command, names []string) error {
	if err := s.narrow(names); err != nil {
		return failed(err)
	}
	sayUnseen(cmd, s)
	return nil
}

// narrow keeps the services named; none named keeps all.
func (s *Survey) narrow(names []string) error {
	if len(names) == 0 {
		return nil
	}
	var kept []*Service
	var errs []error
	for _, n := range names {
		x, err := s.find(n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		kept = append(kept, x)
	}
	s.Services = kept
	return errors.Join(errs...)
}

func statusTable(p paper, rows []Row) error {
	spaces := false
	for _, r := range rows {
		spaces = spaces || r.Namespace != rows[0].Namespace
	}
	header := []string{"单位 unit", "服务 service", "版本 version", "就绪 ready", "重启 restarts", "积压 lag", "待发 outbox", "死信 dead", "逾期 late", "检查点 checkpoint", "运行 up"}
	if spaces {
		header = append([]string{"命名空间 namespace"}, header...)
	}
	table := make([][]cell, len(rows))
	for i, r := range rows {
		if spaces {
			table[i] = append(table[i], text(r.Namespace))
		}
		table[i] = append(table[i], r.cells()...)
	}
	return p.table(header, table)
}

func (r Row) cells() []cell {
	version := cell{strings.Join(r.Versions, " "), plain}
	switch len(r.Versions) {
	case 0:
		version = cell{unknown, faint}
	case 1:
	default:
		version.tone = watch
	}
	ready := cell{fmt.Sprintf("%d/%d", r.Ready, r.Desired), good}
	switch {
	case r.Desired == 0:
		ready.tone = faint
	case r.Ready == 0:
		ready.tone = bad
	case r.Ready < r.Desired:
		ready.tone = watch
	}
	restarts := cell{unknown, faint}
	if r.Restarts != nil {
		n := float64(*r.Restarts)
		restarts = count(&n, 5)
	}
	return []cell{
		orUnknown(r.Unit), text(r.Service), version, ready, restarts, count(r.Lag, manyEntries),
		lasting(seconds(r.OutboxAge), oldOutbox), count(r.Dead, 1), count(r.Late, 1),
		lasting(since(r.Checkpoint, r.now), oldCheckpoint), lasting(since(r.StartedAt, r.now), 1<<62),
	}
}

func orUnknown(s string) cell {
	if s == "" {
		return cell{unknown, faint}
	}
	return text(s)
}

func seconds(s *float64) *time.Duration {
	if s == nil {
		return nil
	}
	d := time.Duration(*s * float64(time.Second))
	return &d
}

func since(at *time.Time, now time.Time) *time.Duration {
	if at == nil {
		return nil
	}
	d := max(0, now.Sub(*at))
	return &d
}

func asFault(err error) (*fault.Error, bool) { return errors.AsType[*fault.Error](err) }

// LagRow is one subscription of `egov ops lag`.
type LagRow struct {
	Namespace    string     `json:"namespace,omitempty"`
	Service      string     `json:"service"`
	Consumer     string     `json:"consumer"`
	Source       string     `json:"source"`
	Lag          float64    `json:"lag_entries"`     // not delivered
	Pending      float64    `json:"pending_entries"` // delivered and not acknowledged
	ReconciledTo *time.Time `json:"reconciled_to"`   // end of the last window found equal
}

// HeldRow is what one consumer holds back.
type HeldRow struct {
	Namespace string  `json:"namespace,omitempty"`
	Service   string  `json:"service"`
	Consumer  string  `json:"consumer"`
	Early     float64 `json:"early"`
	Failed    float64 `json:"failed"`
	Dead      float64 `json:"dead"`
	Lost      float64 `json:"lost"`
}

func (t *target) newLag() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "lag [SERVICE…]",
		Short: "各订阅的积压 / what waits in every subscription",
		Long: `每个订阅一行：未送达的事件、已送达未确认的事件、对账截止时刻；其后为各消费者暂存的事实。没有积压的订阅只在 --all 时显示。

One row a subscription: events not delivered, delivered and not acknowledged, up to when it was reconciled;
then the facts that consumers hold back. Subscriptions with nothing waiting are shown with --all.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := t.look(cmd, args)
			if err != nil {
				return err
			}
			lags, held := s.lags(all), s.held(all)
			return t.answer(cmd, map[string]any{"subscriptions": lags, "consumers": held}, func(p paper) error { return lagTables(p, lags, held) })
		},
		ValidArgsFunction: t.serviceNames,
	}
	c.Flags().BoolVar(&all, "all", false, "也显示没有积压的 / also those with nothing waiting")
	return c
}

func (s *Survey) lags(all bool) []LagRow {
	rows := []LagRow{}
	for _, x := range s.Services {
		pending, reconciled := x.series(pendingEntries, "consumer", "source"), x.series(reconciledTo, "consumer", "source")
		for _, l := range x.series(lagEntries, "consumer", "source") {
			r := LagRow{Namespace: x.Namespace, Service: x.Name, Consumer: l.labels["consumer"], Source: l.labels["source"], Lag: l.value}
			if p := same(pending, l); p != nil {
				r.Pending = p.value
			}
			if at := same(reconciled, l); at != nil && at.value > 0 {
				t := time.Unix(int64(at.value), 0)
				r.ReconciledTo = &t
			}
			if all || r.Lag > 0 || r.Pending > 0 {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// same is the sample of another series with the same labels.
func same(list []sample, as sample) *sample {
	for i := range list {
		if list[i].labels["consumer"] == as.labels["consumer"] && list[i].labels["source"] == as.labels["source"] {
			return &list[i]
		}
	}
	return nil
}

func (s *Survey) held(all bool) []HeldRow {
	rows := []HeldRow{}
	for _, x := range s.Services {
		by := map[string]*HeldRow{}
		var order []string
		of := func(consumer string) *HeldRow {
			if by[consumer] == nil {
				by[consumer] = &HeldRow{Namespace: x.Namespace, Service: x.Name, Consumer: consumer}
				order = append(order, consumer)
			}
			return by[consumer]
		}
		for _, h := range x.series(heldFacts, "consumer", "state") {
			r := of(h.labels["consumer"])
			switch h.labels["state"] {
			case "early":
				r.Early = h.value
			case "failed":
				r.Failed = h.value
			case "dead":
				r.Dead = h.value
			}
		}
		for _, l := range x.series(lostFacts, "consumer") {
			of(l.labels["consumer"]).Lost = l.value
		}
		for _, name := range order {
			if r := *by[name]; all || r.Early+r.Failed+r.Dead+r.Lost > 0 {
				rows = append(rows, r)
			}
		}
	}
	return rows
}

func lagTables(p paper, lags []LagRow, held []HeldRow) error {
	if len(lags) == 0 && len(held) == 0 {
		p.say("没有积压 / nothing is waiting")
		return nil
	}
	if len(lags) > 0 {
		rows := make([][]cell, len(lags))
		for i, r := range lags {
			until := cell{unknown, faint}
			if r.ReconciledTo != nil {
				until = text(r.ReconciledTo.In(calendar.Shanghai).Format(time.DateTime))
			}
			rows[i] = []cell{text(place(r.Namespace, r.Service)), text(r.Consumer), text(r.Source), count(&r.Lag, manyEntries), count(&r.Pending, manyEntries), until}
		}
		if err := p.table([]string{"服务 service", "订阅 consumer", "来源 source", "未送达 lag", "未确认 pending", "已对账至 reconciled to"}, rows); err != nil {
			return err
		}
	}
	if len(held) == 0 {
		return nil
	}
	if len(lags) > 0 {
		p.say("")
	}
	rows := make([][]cell, len(held))
	for i, r := range held {
		rows[i] = []cell{text(place(r.Namespace, r.Service)), text(r.Consumer), count(&r.Early, manyEntries), count(&r.Failed, manyEntries), count(&r.Dead, 1), count(&r.Lost, 1)}
	}
	return p.table([]string{"服务 service", "订阅 consumer", "早到 early", "重试中 failed", "死信 dead", "丢失 lost"}, rows)
}

func place(namespace, service string) string {
	if namespace == "" {
		return service
	}
	return namespace + "/" + service
}

// DeadlineRow is one service of `egov ops deadlines`.
type DeadlineRow struct {
	Namespace string  `json:"namespace,omitempty"`
	Unit      string  `json:"unit"`
	Service   string  `json:"service"`
	Open      float64 `json:"open"`
	Warned    float64 `json:"warned"`
	Paused    float64 `json:"paused"`
	Late      float64 `json:"late"` // whose act has not come
}

func (t *target) newDeadlines() *cobra.Command {
	return &cobra.Command{
		Use:   "deadlines [SERVICE…]",
		Short: "各服务法定时限的状态 / how the statutory clocks of every service stand",
		Long: `每个服务一行：计算中、已预警、中止、逾期未办的时限数。运维人员看数目；哪个项目、哪个单位，由有权的人在门户中看。

One row a service: clocks that run, are warned of, paused, and late without their act. Operators see how
many; which project and whose, those who may see in the portal.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := t.look(cmd, args)
			if err != nil {
				return err
			}
			rows := s.deadlines()
			return t.answer(cmd, map[string]any{"services": rows}, func(p paper) error { return deadlineTable(p, rows) })
		},
		ValidArgsFunction: t.serviceNames,
	}
}

func (s *Survey) deadlines() []DeadlineRow {
	rows := []DeadlineRow{}
	for _, x := range s.Services {
		states := x.series(deadlineCounts, "state")
		if len(states) == 0 {
			continue
		}
		r := DeadlineRow{Namespace: x.Namespace, Unit: x.Unit, Service: x.Name}
		for _, c := range states {
			switch c.labels["state"] {
			case "open":
				r.Open = c.value
			case "warned":
				r.Warned = c.value
			case "paused":
				r.Paused = c.value
			case "late":
				r.Late = c.value
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func deadlineTable(p paper, list []DeadlineRow) error {
	rows := make([][]cell, len(list))
	for i, r := range list {
		whole := func(v float64) cell { return text(fmt.Sprintf("%.0f", v)) }
		warned := count(&r.Warned, 1<<62)
		rows[i] = []cell{orUnknown(r.Unit), text(place(r.Namespace, r.Service)), whole(r.Open), warned, whole(r.Paused), count(&r.Late, 1)}
	}
	return p.table([]string{"单位 unit", "服务 service", "计算中 open", "已预警 warned", "中止 paused", "逾期 late"}, rows)
}
