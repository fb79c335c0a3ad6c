package demo

import (
	"context"
	"fmt"
)

// withID is what every list item has.
type withID struct {
	ID string `json:"id"`
}

// desks has the duty holders answer for what the declarations owe, and the
// office accept them.
func (w *walk) desks(ctx context.Context) error {
	if err := w.on(w.script.Days.Desks); err != nil {
		return err
	}
	return w.each(ctx, func(ctx context.Context, r *road) error {
		for _, d := range []struct {
			item string
			do   func(context.Context, *road) error
		}{
			{"data_catalogue", w.catalogue}, {"cloud_request", w.cloud}, {"crypto_plan", w.cryptoPlan}, {"mlps_grading", w.grading}, {"cac_consent", w.consent},
		} {
			if r.item(d.item) {
				if err := d.do(ctx, r); err != nil {
					return fmt.Errorf("%s: %w", d.item, err)
				}
			}
		}
		// The gate opens when the desks' answers have arrived.
		return w.await(ctx, "the accept gate", func(ctx context.Context) (bool, error) {
			err := w.as(secretary).post(ctx, r.id, "declaration", "/v1/projects/"+r.id+"/accept", nil, nil)
			if isRefused(err, "gate_closed") {
				return false, err
			}
			return err == nil, err
		})
	}, (*road).goesOn)
}

func (w *walk) catalogue(ctx context.Context, r *road) error {
	var c withID
	err := w.once(ctx, r, "dataresource", "/v1/catalogues", map[string]any{
		"project_id": r.id, "system": r.Title, "editor": "（演示）编制人", "reviewer": "（演示）审核人", "way": "online",
		"items": []map[string]any{
			{"resource": r.Title + "基本信息", "table": "t_base", "field": "id", "type": "varchar", "length": 36, "key": true, "share_class": "universal", "frequency": "daily", "secrecy_checked": true},
			{"resource": r.Title + "基本信息", "table": "t_base", "field": "updated_at", "type": "timestamp", "timestamp": true, "share_class": "on_demand", "frequency": "daily", "secrecy_checked": true},
		},
	}, &c)
	if err != nil {
		return err
	}
	return w.as("big-data.data").post(ctx, r.id, "dataresource", "/v1/catalogues/"+c.ID+"/review", map[string]any{"findings": []any{}}, nil)
}

// once brings something to a desk as soon as the desk has heard of the project.
func (w *walk) once(ctx context.Context, r *road, service, path string, body, out any) error {
	return w.await(ctx, service+" to hear of the project", func(ctx context.Context) (bool, error) {
		err := r.declarer.post(ctx, r.id, service, path, body, out)
		return err == nil, err
	})
}

func (w *walk) cloud(ctx context.Context, r *road) error {
	var c withID
	err := w.once(ctx, r, "dataresource", "/v1/cloud-requests", map[string]any{
		"project_id": r.id, "title": r.Title, "purpose": "应用与数据库部署", "vcpu": 32, "memory_gb": 128, "storage_gb": 2000, "network": "extranet",
	}, &c)
	if err != nil {
		return err
	}
	return w.as("big-data.data").post(ctx, r.id, "dataresource", "/v1/cloud-requests/"+c.ID+"/answer", map[string]any{"granted": true}, nil)
}

func (w *walk) cryptoPlan(ctx context.Context, r *road) error {
	path := "/v1/plans/" + r.id
	if _, err := until(ctx, r.declarer, "cryptoassessment", path, "the crypto plan's file", func(p withID) bool { return p.ID != "" }); err != nil {
		return err
	}
	err := r.declarer.post(ctx, r.id, "cryptoassessment", path+"/submit", map[string]any{
		"summary": "身份鉴别、传输与存储采用国密算法，按GM/T 0054落实密码应用要求（演示）", "level": 3,
		"algorithms": []map[string]string{{"name": "SM2", "purpose": "签名与密钥协商"}, {"name": "SM3", "purpose": "完整性"}, {"name": "SM4", "purpose": "加密"}},
	}, nil)
	if err != nil {
		return err
	}
	return w.as("party-office.crypto").post(ctx, r.id, "cryptoassessment", path+"/review", map[string]any{"accepted": true, "opinion": "方案可行"}, nil)
}

func (w *walk) grading(ctx context.Context, r *road) error {
	path := "/v1/systems/" + r.id
	if _, err := until(ctx, r.declarer, "cybersecurity", path, "the system's place on the register", func(p withID) bool { return p.ID != "" }); err != nil {
		return err
	}
	err := r.declarer.post(ctx, r.id, "cybersecurity", "/v1/systems", map[string]any{
		"project_id": r.id, "name": r.Title, "network": "government_extranet", "deployment": "government_cloud", "data_level": "general", "duty_holder": "（演示）信息化部门负责人",
	}, nil)
	if err != nil {
		return err
	}
	err = r.declarer.post(ctx, r.id, "cybersecurity", path+"/proposal", map[string]any{
		"business_grade": 3, "service_grade": 2, "rationale": "受侵害后对社会秩序造成严重损害", "expert_opinion": "专家评审同意定为第三级（演示）",
	}, nil)
	if err != nil {
		return err
	}
	return w.as("police-cyber.officer").post(ctx, r.id, "cybersecurity", path+"/grade", map[string]any{"grade": 3, "filing_no": r.number("31011000000-26"), "opinion": "同意定为第三级"}, nil)
}

func (w *walk) consent(ctx context.Context, r *road) error {
	path := "/v1/consents/" + r.id
	if _, err := until(ctx, w.as("cac.officer"), "cybersecurity", path, "the request for consent", func(p withID) bool { return p.ID != "" }); err != nil {
		return err
	}
	return w.as("cac.officer").post(ctx, r.id, "cybersecurity", path+"/give", map[string]any{
		"consent_no": w.paper(r, "网信备"), "channels": []map[string]string{{"platform": "wechat", "account": r.Title}},
	}, nil)
}
