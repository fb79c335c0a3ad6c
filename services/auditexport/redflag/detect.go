package redflag

import (
	"fmt"
	"slices"
	"strings"

	"egov/libs/calendar"
	"egov/libs/money"
	"egov/libs/policy"
	"egov/libs/rules"
	typev1 "egov/proto/gen/egov/type/v1"
)

// Detectors finds flags in facts. It keeps nothing.
type Detectors struct {
	Rules rules.Book
	Today calendar.Date
}

// look is one flag's look at one project.
type look struct {
	*File
	p     *typev1.ProjectBrief
	pack  *policy.Pack
	flag  *policy.Flag
	today calendar.Date
	// again is the day on which what is missing now counts as missing; zero
	// when the passing of time changes nothing.
	again calendar.Date
	// names are those of the units that the file mentions, by code.
	names map[string]string
	rules rules.Book
}

// Project finds the flags of one project; names gives the registered names of
// units. A project under a pack that is not known has none. again is the first
// day on which the answer may be another one without any new fact, zero for
// none.
func (d Detectors) Project(f *File, names map[string]string) (found []Finding, again calendar.Date, err error) {
	submitted, p := f.project()
	if p == nil {
		return nil, again, nil
	}
	pack, err := d.Rules.Packs.ByID(p.GetPack())
	if err != nil {
		return nil, again, nil //nolint:nilerr // the project is another district's: its rules are not here
	}
	concerned := f.concerned(p, submitted.on(p.GetDeclaredOn()))
	for _, flag := range pack.Flags() {
		find := projectDetectors[flag.Detector]
		if find == nil {
			continue
		}
		if ok, err := flag.Concerns(concerned); err != nil || !ok {
			if err != nil {
				return nil, again, err
			}
			continue
		}
		l := &look{File: f, p: p, pack: pack, flag: flag, today: d.Today, names: names, rules: d.Rules}
		x, err := find(l)
		if err != nil {
			return nil, again, err
		}
		if x != nil {
			found = append(found, l.finding(x, concerned.Day))
		}
		if !l.again.IsZero() && (again.IsZero() || l.again.Before(again)) {
			again = l.again
		}
	}
	return found, again, nil
}

var projectDetectors = map[policy.Detector]func(*look) (*Finding, error){
	policy.ContractBeforeApproval: contractBeforeApproval,
	policy.ContractOverApproval:   contractOverApproval,
	policy.ContractOverBudget:     contractOverBudget,
	policy.WorkBeforeProcurement:  workBeforeProcurement,
	policy.ChangeWithoutConsent:   changeWithoutConsent,
	policy.EvaluatorLinked:        evaluatorLinked,
	policy.AcceptanceUntested:     acceptanceUntested,
}

// finding completes what a detector found.
func (l *look) finding(x *Finding, day calendar.Date) Finding {
	x.ID, x.Flag, x.Pack = identity(l.flag, l.pack.ID(), l.Project), l.flag, l.pack
	x.Unit, x.Projects, x.On = l.p.GetUnit(), []string{l.Project}, day
	order(x.Evidence)
	return *x
}

// order sorts evidence by the days and times it speaks of, which do not depend
// on the order in which rows were made.
func order(list []Evidence) {
	slices.SortStableFunc(list, func(a, b Evidence) int {
		return strings.Compare(a.key(), b.key())
	})
}

func (e Evidence) key() string {
	day := e.Day
	if day == "" {
		day = calendar.DateOf(e.At).String()
	}
	return day + " " + e.EventID
}

// settled reports whether what is missing beside a fact counts as missing: facts
// of different services reach the ledger on different ways.
func (l *look) settled(x *Fact) bool {
	ripe := calendar.DateOf(x.At).AddDays(l.flag.SettleDays)
	if !l.today.Before(ripe) {
		return true
	}
	if l.again.IsZero() || ripe.Before(l.again) {
		l.again = ripe
	}
	return false
}

func yuan(fen int64) string { return money.Yuan(fen) }

// contractBeforeApproval: YP23-R-5.3.1, YP23-R-5.3.2. It rests on ContractSigned
// and ContractFiled, DecisionTaken and HandoverRecorded.
func contractBeforeApproval(l *look) (*Finding, error) {
	x := &Finding{}
	var first *Fact
	approvals := l.approvals()
	for _, c := range l.inForce() {
		on := c.on(c.Said.EffectiveOn)
		before := slices.ContainsFunc(approvals, func(a *Fact) bool { return !a.decided().After(on) })
		if before || !l.settled(c) {
			continue
		}
		if first == nil {
			first = c
		}
		x.Evidence = append(x.Evidence, c.shows(c.Said.EffectiveOn, int64(c.Said.ValueFen), "合同"+c.Said.ContractNo+"于"+on.String()+"生效", "contract "+c.Said.ContractNo+" takes effect on "+on.String()))
	}
	if first == nil {
		return nil, nil
	}
	day := first.on(first.Said.EffectiveOn).String()
	if len(approvals) == 0 {
		x.Text = Text{"合同于" + day + "生效，账本中没有同意该项目的决定。", "The contract took effect on " + day + "; the ledger has no decision that approves the project."}
		return x, nil
	}
	a := approvals[0]
	x.Evidence = append(x.Evidence, a.shows(a.decided().String(), int64(a.Said.ApprovedFen), "项目于"+a.decided().String()+"获得同意", "the project is approved on "+a.decided().String()))
	x.Text = Text{"合同于" + day + "生效，项目至" + a.decided().String() + "才获得同意。", "The contract took effect on " + day + "; the project was approved on " + a.decided().String() + "."}
	return x, nil
}

// over holds the contracts against an amount that a fact set.
func (l *look) over(by *Fact, limit int64, zh, en string) *Finding {
	contracts := l.contracts()
	sum := worth(contracts)
	if by == nil || limit <= 0 || sum <= limit {
		return nil
	}
	x := &Finding{AmountFen: sum, LimitFen: limit}
	newest := by
	for _, c := range contracts {
		for _, f := range append([]*Fact{c.filed}, c.amendments...) {
			if newest.At.Before(f.At) {
				newest = f
			}
			x.Evidence = append(x.Evidence, f.shows(f.Said.EffectiveOn, int64(f.Said.ValueFen), "合同"+f.Said.ContractNo+"金额"+yuan(int64(f.Said.ValueFen))+"元", "contract "+f.Said.ContractNo+" is worth "+yuan(int64(f.Said.ValueFen))+" yuan"))
		}
	}
	if !l.settled(newest) {
		return nil
	}
	x.Evidence = append(x.Evidence, by.shows("", limit, zh+yuan(limit)+"元", en+" is "+yuan(limit)+" yuan"))
	x.Text = Text{
		"合同合计" + yuan(sum) + "元，超过" + zh + yuan(limit) + "元，超出" + yuan(sum-limit) + "元。",
		"The contracts are worth " + yuan(sum) + " yuan together; " + en + " is " + yuan(limit) + " yuan, " + yuan(sum-limit) + " less.",
	}
	return x
}

// contractOverApproval: YP23-R-5.5.5. It rests on ContractFiled and
// ContractAmended, and on what DecisionTaken, HandoverRecorded and
// ChangeConsented approve.
func contractOverApproval(l *look) (*Finding, error) {
	by, fen := l.approved()
	return l.over(by, fen, "同意金额", "the approved amount"), nil
}

// contractOverBudget: YP23-M-13. It rests on ContractFiled and ContractAmended,
// BudgetIssued and BudgetAdjusted.
func contractOverBudget(l *look) (*Finding, error) {
	by, fen := l.budget()
	return l.over(by, fen, "下达预算", "the issued budget"), nil
}

// workBeforeProcurement: YP23-R-5.5.1, YP23-R-5.5.2. It rests on
// PaymentRecorded, TestRecorded, AcceptancePassed and QuarterReported beside the
// day a contract takes effect, and on ProcurementStarted and AwardMade.
func workBeforeProcurement(l *look) (*Finding, error) {
	x := &Finding{}
	var newest *Fact
	add := func(f *Fact, day string, fen int64, zh, en string) {
		x.Evidence = append(x.Evidence, f.shows(day, fen, zh, en))
		if newest == nil || newest.At.Before(f.At) {
			newest = f
		}
	}
	var effective calendar.Date
	contracts := l.inForce()
	if len(contracts) > 0 {
		effective = contracts[0].on(contracts[0].Said.EffectiveOn)
	}
	for _, f := range l.of(paymentRecorded, testRecorded, acceptancePassed, quarterReported) {
		day, fen, zh, en := work(f)
		if day.IsZero() || !effective.IsZero() && !day.Before(effective) {
			continue
		}
		add(f, day.String(), fen, zh, en)
	}
	if len(contracts) > 0 {
		for _, f := range l.of(procurementBegun, awardMade) {
			day, zh, en := f.on(f.Said.StartedOn), "启动采购", "procurement starts"
			if f.Type == awardMade {
				day, zh, en = f.on(f.Said.AwardedOn), "中标、成交", "the award is made"
			}
			if day.After(effective) {
				add(f, day.String(), int64(f.Said.ValueFen), day.String()+zh, en+" on "+day.String())
			}
		}
	}
	if len(x.Evidence) == 0 || !l.settled(newest) {
		return nil, nil
	}
	if len(contracts) == 0 {
		x.Text = Text{
			fmt.Sprintf("账本中没有合同，却已有%d项付款、测试、验收或进度记录。", len(x.Evidence)),
			fmt.Sprintf("The ledger has no contract, yet %d records of payment, test, acceptance or progress.", len(x.Evidence)),
		}
		return x, nil
	}
	c := contracts[0]
	x.Evidence = append(x.Evidence, c.shows(effective.String(), int64(c.Said.ValueFen), "合同"+c.Said.ContractNo+"于"+effective.String()+"生效", "contract "+c.Said.ContractNo+" takes effect on "+effective.String()))
	x.Text = Text{
		fmt.Sprintf("合同于%s生效，有%d项事实的先后次序与采购程序不符。", effective, len(x.Evidence)-1),
		fmt.Sprintf("The contract took effect on %s; %d facts do not come in the order of a procurement.", effective, len(x.Evidence)-1),
	}
	return x, nil
}

// work says on which day a fact shows that work was done, zero when it shows
// none.
func work(f *Fact) (day calendar.Date, fen int64, zh, en string) {
	switch f.Type {
	case paymentRecorded:
		fen = int64(f.Said.AmountFen)
		return f.on(f.Said.PaidOn), fen, "付款" + yuan(fen) + "元", "a payment of " + yuan(fen) + " yuan"
	case testRecorded:
		return f.on(f.Said.CompletedOn), 0, "完成测试“" + f.Said.Test + "”", "the test " + f.Said.Test + " is done"
	case acceptancePassed:
		return f.on(f.Said.AcceptedOn), 0, "通过验收", "the acceptance"
	}
	if f.Said.ProgressPercent <= 0 {
		return day, 0, "", ""
	}
	return calendar.DateOf(f.At), 0, fmt.Sprintf("填报%s进度%d%%", f.Said.Quarter, f.Said.ProgressPercent), fmt.Sprintf("progress of %d%% is reported for %s", f.Said.ProgressPercent, f.Said.Quarter)
}

// changeWithoutConsent: YP23-R-5.5.5. It rests on ContractAmended, which names
// no change, so the n-th amendment needs the n-th ChangeConsented; and on
// BudgetAdjusted, which does.
func changeWithoutConsent(l *look) (*Finding, error) {
	consents := l.of(changeConsented)
	slices.SortStableFunc(consents, func(a, b *Fact) int { return a.decided().Compare(b.decided()) })
	amendments := l.of(contractAmended)
	slices.SortStableFunc(amendments, func(a, b *Fact) int { return a.on(a.Said.EffectiveOn).Compare(b.on(b.Said.EffectiveOn)) })
	x := &Finding{}
	hold := func(f *Fact, day calendar.Date, fen number, consent *Fact, zh, en string) {
		if consent != nil && !consent.decided().After(day) || !l.settled(f) {
			return
		}
		x.Evidence = append(x.Evidence, f.shows(day.String(), int64(fen), zh+"，于"+day.String()+"生效", en+" from "+day.String()))
		if consent != nil && !slices.ContainsFunc(x.Evidence, func(e Evidence) bool { return e.EventID == consent.EventID }) {
			on := consent.decided().String()
			x.Evidence = append(x.Evidence, consent.shows(on, int64(consent.Said.ApprovedFen), "至"+on+"才同意变更", "the change is consented to on "+on))
		}
	}
	changes := 0
	for i, a := range amendments {
		var consent *Fact
		if i < len(consents) {
			consent = consents[i]
		}
		hold(a, a.on(a.Said.EffectiveOn), a.Said.ValueFen, consent, "补充协议"+a.Said.AmendmentNo, "amendment "+a.Said.AmendmentNo)
	}
	for _, b := range l.of(budgetAdjusted) {
		var consent *Fact
		if i := slices.IndexFunc(consents, func(c *Fact) bool { return c.Said.ChangeID == b.Said.ChangeID }); i >= 0 {
			consent = consents[i]
		}
		hold(b, b.on(b.Said.AdjustedOn), b.Said.AmountFen, consent, "预算调整", "the budget is adjusted")
	}
	for _, e := range x.Evidence {
		if e.Type != changeConsented {
			changes++
		}
	}
	if changes == 0 {
		return nil, nil
	}
	x.Text = Text{
		fmt.Sprintf("%d项补充协议或预算调整没有在先的联席会议变更同意；账本中共有%d项变更同意。", changes, len(consents)),
		fmt.Sprintf("%d amendments or budget changes have no consent before them; the ledger has %d consents.", changes, len(consents)),
	}
	return x, nil
}

// evaluatorLinked: SH12-P-9. It compares names on record: of the agency as
// registered (EvaluationAssigned, UnitRegistered), of the drawn experts'
// employers (ExpertsDrawn), of supervisors (SupervisionEngaged) and testers
// (TestRecorded) with the supplier's (AwardMade, ContractFiled). A tie that no
// name shows, such as a common owner, it does not see.
func evaluatorLinked(l *look) (*Finding, error) {
	x := &Finding{}
	suppliers := map[string]*Fact{}
	for _, f := range l.of(awardMade, contractFiled) {
		if name := string(folded(f.Said.Supplier)); name != "" && suppliers[name] == nil {
			suppliers[name] = f
		}
	}
	var ties []string
	tie := func(link string, f *Fact, name, zh, en string) {
		s := suppliers[string(folded(name))]
		if s == nil || !slices.Contains(l.flag.Links, link) {
			return
		}
		ties = append(ties, name)
		x.Evidence = append(x.Evidence, f.shows("", 0, zh+"“"+name+"”", en+" is "+name))
		if !slices.ContainsFunc(x.Evidence, func(e Evidence) bool { return e.EventID == s.EventID }) {
			x.Evidence = append(x.Evidence, s.shows("", int64(s.Said.ValueFen), "供应商“"+s.Said.Supplier+"”", "the supplier is "+s.Said.Supplier))
		}
	}
	for _, f := range l.of(evaluationGiven) {
		tie(policy.AgencyLink, f, l.name(f.Said.Agency), "论证评估机构", "the evaluating agency")
	}
	for _, f := range l.of(expertsDrawn) {
		for _, s := range f.Said.Seats {
			tie(policy.ExpertLink, f, l.name(s.Employer), "专家"+s.Expert+"所在单位", "the employer of the expert "+s.Expert)
		}
	}
	for _, f := range l.of(supervisionGiven) {
		tie(policy.SupervisorLink, f, f.Said.SupervisorName, "监理单位", "the supervisor")
	}
	for _, f := range l.of(testRecorded) {
		tie(policy.TesterLink, f, f.Said.PerformedBy, "测试“"+f.Said.Test+"”的承担单位", "who made the test "+f.Said.Test)
	}
	if len(ties) == 0 {
		return nil, nil
	}
	x.Evidence = slices.CompactFunc(sorted(x.Evidence), func(a, b Evidence) bool { return a.EventID == b.EventID })
	slices.Sort(ties)
	names := strings.Join(slices.Compact(ties), "、")
	x.Text = Text{"评审、监理或测试方与供应商名称一致：" + names + "。", "An evaluator, supervisor or tester bears the supplier's name: " + names + "."}
	return x, nil
}

func sorted(list []Evidence) []Evidence {
	order(list)
	return list
}

// name is the registered name of a unit, or the code itself.
func (l *look) name(unit string) string {
	if n := l.names[unit]; n != "" {
		return n
	}
	return unit
}

// standIns are the tests that a completed assessment of another duty holder
// stands in for, as the acceptance itself holds it.
var standIns = map[string]string{"security_test": assessmentDone, "crypto_test": cryptoTestDone}

// acceptanceUntested: YP23-R-5.5.7. It holds AcceptancePassed against the tests
// that the pack's acceptance gate asks of the project: TestRecorded, or what
// stands in for one.
func acceptanceUntested(l *look) (*Finding, error) {
	accepted := l.last(acceptancePassed)
	if accepted == nil {
		return nil, nil
	}
	on := accepted.on(accepted.Said.AcceptedOn)
	x := &Finding{}
	var missing []policy.Requirement
	_, err := l.rules.Missing(l.p, "acceptance", func(q policy.Requirement) bool {
		if !q.Test || q.Strength != policy.Must && l.waived(q.Code) {
			return true
		}
		record := l.tested(q.Code, on)
		if record != nil && !record.Said.Passed {
			x.Evidence = append(x.Evidence, record.shows(record.Said.CompletedOn, 0, "测试“"+q.Code+"”未通过", "the test "+q.Code+" failed"))
		}
		passed := record != nil && record.Said.Passed
		if standIn, ok := standIns[q.Code]; ok && !passed {
			passed = slices.ContainsFunc(l.of(standIn), func(f *Fact) bool { return !calendar.DateOf(f.At).After(on) })
		}
		if !passed {
			missing = append(missing, q)
		}
		return true
	})
	if err != nil || len(missing) == 0 || !l.settled(accepted) {
		return nil, err
	}
	x.Evidence = append(x.Evidence, accepted.shows(on.String(), 0, "于"+on.String()+"通过验收", "the project is accepted on "+on.String()))
	var codes []string
	for _, q := range missing {
		codes = append(codes, q.Code)
	}
	slices.Sort(codes)
	list := strings.Join(codes, ", ")
	x.Text = Text{
		fmt.Sprintf("项目于%s通过验收，缺少%d项测试：%s。", on, len(codes), list),
		fmt.Sprintf("The project was accepted on %s without %d tests: %s.", on, len(codes), list),
	}
	return x, nil
}

// tested is the newest record of a test up to a day, nil for none.
func (l *look) tested(code string, until calendar.Date) *Fact {
	for _, f := range slices.Backward(l.of(testRecorded)) {
		if f.Said.Test == code && !f.on(f.Said.CompletedOn).After(until) {
			return f
		}
	}
	return nil
}

func (l *look) waived(code string) bool {
	return slices.ContainsFunc(l.of(waiverGranted), func(f *Fact) bool { return f.Said.Rule == code })
}
