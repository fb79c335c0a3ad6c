package dataresource

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Form is the written form of one sharing request, which the unit prints, stamps
// and hands to the provider (SH16-D-15).
type Form struct {
	Name string
	Text string
}

// Reader gives the form as a file of UTF-8 text.
func (f Form) Reader() io.ReadCloser { return io.NopCloser(strings.NewReader(f.Text)) }

// Form makes the form of a request that the caller may see.
func (s *Service) Form(ctx context.Context, id string) (Form, error) {
	y, err := s.Sharings.Get(ctx, id)
	if err != nil {
		return Form{}, err
	}
	return y.form(), nil
}

func (y *Sharing) form() Form {
	var b strings.Builder
	line := func(label, text string) { fmt.Fprintf(&b, "%s：%s\n", label, text) }
	b.WriteString("政务数据资源共享需求申请表\n\n")
	line("申请表编号", y.FormNo)
	line("申请日期", y.RequestedOn)
	line("资源需求方", y.Unit)
	line("需求方数据资源管理员", y.Steward.Name+"　"+y.Steward.Contact)
	line("资源提供方", y.Provider)
	if y.Counterpart != nil {
		line("提供方数据资源管理员", y.Counterpart.Name+"　"+y.Counterpart.Contact)
	}
	line("数据资源目录", y.CatalogueID)
	line("履职依据", y.Mandate)
	if y.Joint {
		line("应用场景", "跨部门并联审批、协同办公")
	}
	b.WriteString("共享用途：\n")
	for i, p := range y.Purposes {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, p)
	}
	b.WriteString("申请数据项：\n")
	for i, x := range y.Items {
		fmt.Fprintf(&b, "  %d. %s（%s，更新频度：%s）\n", i+1, x.ref(), classZH[x.ShareClass], frequencyZH[x.Frequency])
	}
	b.WriteString("\n本单位承诺：所获数据仅限内部用于上述用途，未经提供方书面同意不对外提供或发布。\n\n")
	b.WriteString("资源需求方（盖章）：　　　　　　　　年　　月　　日\n\n资源提供方签收（盖章）：　　　　　　年　　月　　日\n")
	return Form{Name: y.FormNo + ".txt", Text: b.String()}
}

// What codes are called on the form.
var (
	classZH     = map[string]string{universal: "普遍共享", onDemand: "按需共享", notShared: "不共享"}
	frequencyZH = map[string]string{"realtime": "实时", "daily": "每日", "weekly": "每周", "monthly": "每月", "yearly": "每年", "once": "一次性"}
)
