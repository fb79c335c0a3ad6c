package packs_test

import (
	"slices"
	"testing"

	"egov/libs/calendar"
	"egov/libs/fault"
	"egov/libs/policy"
)

// TestTheTextsWordsBind: what a text says in principle, by way of guidance or as
// a power stands so in its pack, and what it orders binds without exception.
func TestTheTextsWordsBind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, rule, words string
		want              policy.Strength
	}{
		{"yangpu-2023", "checklist/data_catalogue", "未按要求完成的，原则上不再批准建设", policy.InPrinciple},
		{"yangpu-2023", "checklist/cloud_request", "应依托电子政务云进行建设部署", policy.Must},
		{"yangpu-2023", "obligation/engineering_supervision", "应当委托工程监理单位", policy.Must},
		{"yangpu-2023", "obligation/engineering_supervision_optional", "可以根据需要委托工程监理单位", policy.Reference},
		{"yangpu-2023", "deadline/procurement_start", "原则上应在3个月内启动", policy.InPrinciple},
		{"yangpu-2023", "deadline/procurement_stop", "可由联席会议做出停止的决定", policy.Reference},
		{"yangpu-2023", "deadline/contract_filing", "须在10个工作日内提交备案", policy.Must},
		{"yangpu-2023", "finding/mid_year_late", "原则上申请日期不晚于7月31日", policy.InPrinciple},
		{"yangpu-2023", "finding/cross_department_platform", "原则上不得新建跨部门、跨层级的数据资源平台", policy.InPrinciple},
		{"yangpu-2023", "cost/new_machine_room", "原则上不新增机房和网络", policy.InPrinciple},
		{"yangpu-2023", "gate/om_money/integrated", "原则上不再拨付运维经费", policy.InPrinciple},
		{"yangpu-2023", "gate/submit/no_failed_acceptance", "原则上均不予受理", policy.InPrinciple},
		{"yangpu-2021", "checklist/data_catalogue", "原则上不再批准建设", policy.InPrinciple},
		{"yangpu-2021", "finding/own_website", "原则上各行政机关不得新建本单位网站", policy.InPrinciple},
		{"yangpu-2021", "finding/home_grown_software", "鼓励使用自主知识产权的基础软件产品", policy.Reference},
		{"xian-2018", "finding/campaign_website", "原则上不单独开设专项网站", policy.InPrinciple},
		{"xian-2018", "finding/no_performance_evaluation", "作为项目运维和后期建设的重要参考", policy.Reference},
		{"xian-2018", "obligation/registers_shared_first", "优先整合共享", policy.Must},
		{"xian-2018", "finding/district_website", "不得建设政府网站", policy.Must},
		{"shanghai-2012", "obligation/data_sharing", "原则上纳入信息共享和数据交换范围", policy.InPrinciple},
		{"shanghai-2012", "finding/own_machine_room", "积极倡导利用现有基础设施资源", policy.Reference},
		{"shanghai-2012", "obligation/genuine_software", "要使用正版软件", policy.Must},
	} {
		t.Run(c.pack+"/"+c.rule, func(t *testing.T) {
			t.Parallel()
			got, ok := binds(byID(t, c.pack), c.rule)
			if !ok || got != c.want {
				t.Errorf("binds as %q, the text says %s", got, c.words)
			}
		})
	}
}

// binds is how a rule of a pack binds, found by its name.
func binds(p *policy.Pack, rule string) (policy.Strength, bool) {
	var all []policy.Rule
	for _, s := range policy.Sections() {
		all = append(all, p.Rules(s)...)
	}
	for _, g := range p.Gates() {
		all = append(all, p.Requirements(g)...)
	}
	for _, d := range p.Deadlines() {
		all = append(all, policy.Rule{Name: "deadline/" + d.Code, Strength: d.Strength})
	}
	i := slices.IndexFunc(all, func(r policy.Rule) bool { return r.Name == rule })
	if i < 0 {
		return "", false
	}
	return all[i].Strength, true
}

// TestWhichSystemsAreAssessed by their grade, and how often; systems below are
// refused an interval (XA18-26, SH12-32, YP23-M-34, YP23-M-35).
func TestWhichSystemsAreAssessed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, assessment, basis string
		months                  map[int64]int
		refused                 []int64 // grades without an interval
	}{
		{"xian-2018", "mlps_assessment", "XA18-26", map[int64]int{2: 24, 3: 12, 4: 6}, []int64{0, 1, 5}},
		{"shanghai-2012", "mlps_assessment", "SH12-32", map[int64]int{2: 24, 3: 12, 4: 6}, []int64{0, 1, 5}},
		{"yangpu-2023", "mlps_assessment", "YP23-M-34", map[int64]int{2: 24, 3: 12, 4: 6}, []int64{0, 1}},
		{"yangpu-2023", "crypto_assessment", "YP23-M-35", map[int64]int{3: 12, 4: 12}, []int64{0, 1, 2}},
		{"xian-2018", "crypto_assessment", "", nil, []int64{2, 3, 4}},
	} {
		t.Run(c.pack+"/"+c.assessment, func(t *testing.T) {
			t.Parallel()
			p := byID(t, c.pack).Procedure()
			for grade, want := range c.months {
				months, basis, ok := p.AssessmentMonths(c.assessment, grade)
				if !ok || months != want || !slices.Contains(basis, c.basis) {
					t.Errorf("grade %d: every %d months by %v, %v", grade, months, basis, ok)
				}
			}
			for _, grade := range c.refused {
				if months, _, ok := p.AssessmentMonths(c.assessment, grade); ok {
					t.Errorf("grade %d is assessed every %d months", grade, months)
				}
			}
		})
	}
}

// TestWhichProjectsLeaveAssets: what is built or bought is registered, the rest
// is refused a register (YP21-M-15, YP23-M-15).
func TestWhichProjectsLeaveAssets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, basis   string
		kept, refused []string
	}{
		{"yangpu-2021", "YP21-M-15", []string{"new_build", "upgrade", "software_purchase"}, []string{"service", "operation_maintenance", "assessment_fee"}},
		{"yangpu-2023", "YP23-M-15", []string{"new_build", "upgrade", "software_purchase"}, []string{"service", "operation_maintenance", "telecom_fee"}},
	} {
		p := byID(t, c.pack).Procedure().Procurement
		for _, kind := range c.kept {
			if !slices.Contains(p.AssetKinds, kind) {
				t.Errorf("%s: a %s leaves no assets", c.pack, kind)
			}
		}
		for _, kind := range c.refused {
			if slices.Contains(p.AssetKinds, kind) {
				t.Errorf("%s: a %s leaves assets", c.pack, kind)
			}
		}
		if !slices.Equal(p.AssetBasis, []string{c.basis}) {
			t.Errorf("%s: assets are kept under %v", c.pack, p.AssetBasis)
		}
	}
}

// TestWhomTheMeasuresAreFor (XA18-2): bodies of the city government and those
// empowered by it are taken, others are refused the road.
func TestWhomTheMeasuresAreFor(t *testing.T) {
	t.Parallel()
	const article = "XA18-2"
	set, err := policy.NewSet("xian", byID(t, "xian-2018"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		kept bool
	}{{"administrative", true}, {"reference_civil_service", true}, {"institution", true}, {"other_funded", true}, {"company", false}} {
		d, err := set.Decide(policy.Case{
			Kind: "new_build", Title: "平台", Unit: "transport", UnitKind: c.kind, UnitLevel: "city", AmountFen: 300_0000_00, DeclaredOn: calendar.MustDate(2024, 3, 1),
		}, policy.Options{})
		if c.kept {
			if err != nil || d.Route == "" {
				t.Errorf("%q is not taken: %v", c.kind, err)
			}
			continue
		}
		refused := slices.IndexFunc(fault.From(err).Violations, func(v fault.Violation) bool { return v.Field == "unit_kind" })
		if refused < 0 {
			t.Errorf("%q is taken, %s notwithstanding: %v", c.kind, article, err)
		}
	}
}
