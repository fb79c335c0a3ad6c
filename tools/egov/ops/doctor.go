package ops

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"egov/tools/egov/cli"
)

// Severity is how urgent a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // something does not work, or is about to stop
	Warning Severity = "warning" // it works, and not as it should
	Note    Severity = "note"    // to know
)

// Finding is one thing that doctor found.
type Finding struct {
	Code     string   `json:"code"` // stable
	Severity Severity `json:"severity"`
	Where    string   `json:"where"` // namespace/service, or what it is about
	Seen     string   `json:"seen"`  // as it was seen, in the words of the cluster or the service
	Why      Words    `json:"why"`
	Fix      Words    `json:"fix"`
}

// Words are one text in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// kind is what findings of one code have in common.
type kind struct {
	severity Severity
	why, fix Words
}

// chart collects findings.
type chart struct{ found []Finding }

func (c *chart) add(code, where, format string, args ...any) {
	k, ok := kinds[code]
	if !ok {
		panic("ops: no kind of finding is called " + code) // a programmer's error that the tests find
	}
	f := Finding{Code: code, Severity: k.severity, Where: where, Seen: fmt.Sprintf(format, args...), Why: k.why, Fix: k.fix}
	if !slices.Contains(c.found, f) {
		c.found = append(c.found, f)
	}
}

// examine looks for what is known to go wrong. earlier is the same installation
// a moment before, for what shows only over time; nil leaves that out.
func examine(s, earlier *Survey, now time.Time) []Finding {
	c := &chart{}
	if s.cluster != nil {
		c.secrets(s.cluster)
		c.pods(s)
		c.rollouts(s.cluster)
		c.migrations(s.cluster)
		c.disruption(s.cluster)
		c.autoscalers(s.cluster)
		c.networks(s.cluster)
		c.namespaces(s.cluster)
		c.images(s.cluster)
		c.duplicates(s.cluster)
		c.configurations(s)
	}
	if s.cluster != nil {
		c.missing(s.cluster)
	}
	for _, x := range s.Services {
		c.links(x)
		c.outbox(x, before(earlier, x))
		c.consumers(x)
		c.ledger(x, now)
		c.keys(x, now)
		c.jobs(x)
		c.replicas(x)
		c.notices(x)
		c.unanswered(x)
	}
	c.versions(s.Services)
	c.clocks(s.Services)
	for _, err := range s.Unseen {
		words := err.Error()
		if f, ok := asFault(err); ok {
			words = f.MsgEN
		}
		c.add("not_looked_at", "–", "%s", words)
	}
	rank := map[Severity]int{Error: 0, Warning: 1, Note: 2}
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), strings.Compare(a.Where, b.Where), strings.Compare(a.Code, b.Code))
	})
	return c.found
}

// before is a service as an earlier survey has it.
func before(s *Survey, x *Service) *Service {
	if s == nil {
		return nil
	}
	for _, y := range s.Services {
		if y.place() == x.place() {
			return y
		}
	}
	return nil
}

// secondLook is how long doctor waits before it looks at a backlog again, to
// tell one that stands still from one that is worked off.
const secondLook = 2 * time.Second

func (t *target) newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "查找常见的配置与运行问题，并给出处理办法 / find the usual misconfigurations, and say the fix",
		Long: `检查集群对象、容器组、配置与各服务的指标，每个问题给出：代码、看到了什么、为什么要紧、怎样处理。
有错误（error）时退出码为1；警告与提示不影响退出码。没有权限查看的部分会说明，不当作正常。

Looks at the cluster's objects, the pods, their configuration and the services' own figures. Each finding
has a code, what was seen, why it matters, and the fix. Exit code 1 where there is an error; warnings and
notes leave it 0. What may not be looked at is said, and not taken for sound.`,
		Args: cli.Args(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := t.survey(cmd, whole)
			if err != nil {
				return err
			}
			var earlier *Survey
			if s.backlogged() {
				if earlier, s, err = t.lookTwice(cmd, s); err != nil {
					return err
				}
			}
			found := examine(s, earlier, time.Now())
			if err := t.answer(cmd, map[string]any{"services": len(s.Services), "findings": found}, func(p paper) error {
				p.findings(found, len(s.Services))
				return nil
			}); err != nil {
				return err
			}
			if slices.ContainsFunc(found, func(f Finding) bool { return f.Severity == Error }) {
				return cli.Exit(cli.Failed, nil)
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

// backlogged tells whether an outbox is older than it should be.
func (s *Survey) backlogged() bool {
	return slices.ContainsFunc(s.Services, func(x *Service) bool {
		age := x.total(outboxAge)
		return age != nil && *age >= oldOutbox.Seconds()
	})
}

func (t *target) lookTwice(cmd *cobra.Command, first *Survey) (earlier, now *Survey, err error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), secondLook)
	defer cancel()
	<-ctx.Done()
	if cmd.Context().Err() != nil {
		return nil, nil, cmd.Context().Err()
	}
	now, err = t.survey(cmd, whole)
	return first, now, err
}

// findings writes what was found for a person: of each code where it was seen,
// then why it matters and what to do, once.
func (p paper) findings(found []Finding, services int) {
	marks := map[Severity]struct {
		mark string
		tone tone
	}{Error: {"✗", bad}, Warning: {"!", watch}, Note: {"·", faint}}
	n := map[Severity]int{}
	var codes []string
	by := map[string][]Finding{}
	for _, f := range found {
		n[f.Severity]++
		if by[f.Code] == nil {
			codes = append(codes, f.Code)
		}
		by[f.Code] = append(by[f.Code], f)
	}
	for _, code := range codes {
		first := by[code][0]
		m := marks[first.Severity]
		p.say("%s", p.paint(m.mark+" "+code, m.tone))
		for _, f := range by[code] {
			p.say("    %s: %s", f.Where, strings.ReplaceAll(f.Seen, "\n", "\n      "))
		}
		p.say("    原因 why  %s", first.Why.ZH)
		p.say("              %s", first.Why.EN)
		p.say("    处理 fix  %s", first.Fix.ZH)
		if first.Fix.EN != first.Fix.ZH {
			p.say("              %s", first.Fix.EN)
		}
		p.say("")
	}
	p.say("检查了 %d 个服务：%d 个错误，%d 个警告，%d 个提示", services, n[Error], n[Warning], n[Note])
	p.say("%d services examined: %d errors, %d warnings, %d notes", services, n[Error], n[Warning], n[Note])
}
