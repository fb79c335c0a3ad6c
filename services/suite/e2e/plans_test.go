package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"egov/services/suite/stack"
	"egov/services/suite/stack/stacktest"
)

// office is the running suite with the people who plan.
type office struct {
	t     *testing.T
	s     *stack.Stack
	token map[string]string
}

// do acts in a role and wants success; what the answer says goes into v.
func (o office) do(role, method, service, path string, body, v any) {
	o.t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			o.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.s.URL(service)+path, &b)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token[role])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		o.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			o.t.Fatalf("%v in %s", err, answer)
		}
	}
}

// until polls a state of another service's making.
func (o office) until(service, path, want string) {
	o.t.Helper()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for vain := time.After(time.Minute); ; {
		var at struct {
			State string `json:"state"`
		}
		if status, b := do(o.t, "GET", o.s.URL(service)+path, o.token["secretary"], ""); status == 200 && json.Unmarshal(b, &at) == nil && at.State == want {
			return
		}
		select {
		case <-poll.C:
		case <-vain:
			o.t.Fatalf("%s is %q, not %s", path, at.State, want)
		}
	}
}

// TestADevelopmentPlanFromDeskToDesk walks YP23-M-7 through the services as they
// run: drafted and commented on at the declaration, reviewed in a session of the
// conference, approved by committee and government, filed with the city.
func TestADevelopmentPlanFromDeskToDesk(t *testing.T) {
	s := stacktest.Start(t, stack.Options{})
	o := office{t, s, tokens(t, s)}
	var plan struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	o.do("secretary", "POST", "declaration", "/v1/plans", map[string]any{
		"kind": "development_plan", "title": "杨浦区电子政务发展规划", "from_year": 2026, "to_year": 2030, "text": "正文", "links": "与市规划衔接",
	}, &plan)
	at := "/v1/plans/" + plan.ID
	o.do("secretary", "POST", "declaration", at+"/comments/ask", map[string]any{"units": []string{"facilities"}, "until": "2026-03-20"}, nil)
	o.do("declarer", "POST", "declaration", at+"/comments", map[string]any{"text": "补充机关事务内容"}, nil)
	o.do("secretary", "POST", "declaration", at+"/comments/answer", map[string]any{"answers": []map[string]any{{"unit": "facilities", "adopted": true}}}, nil)
	o.do("secretary", "POST", "declaration", at+"/lay", nil, nil)

	o.until("conference", "/v1/dockets/"+plan.ID, "ready")
	var session struct {
		ID      string   `json:"id"`
		Members []string `json:"members"`
		Agenda  []struct {
			ID string `json:"id"`
		} `json:"agenda"`
	}
	o.do("chair", "POST", "conference", "/v1/sessions", map[string]any{"mode": "ordinary", "held_on": "2026-03-02"}, &session)
	in := "/v1/sessions/" + session.ID
	o.do("secretary", "POST", "conference", in+"/agenda", map[string]any{"kind": "plan", "project_id": plan.ID, "study": "已研究", "suggestion": "建议认定"}, &session)
	o.do("chair", "POST", "conference", in+"/agenda/approve", nil, nil)
	var there, said []map[string]string
	for _, m := range session.Members {
		there = append(there, map[string]string{"member": m, "status": "present", "delegate": "分管领导"})
		said = append(said, map[string]string{"item": session.Agenda[0].ID, "member": m, "stance": "agree"})
	}
	o.do("secretary", "POST", "conference", in+"/attendance", map[string]any{"members": there}, nil)
	o.do("secretary", "POST", "conference", in+"/open", nil, nil)
	o.do("secretary", "POST", "conference", in+"/opinions", map[string]any{"opinions": said}, nil)
	o.do("chair", "POST", "conference", fmt.Sprintf("%s/items/%s/decision", in, session.Agenda[0].ID), map[string]any{"outcome": "endorsed"}, nil)

	o.until("declaration", at, "approving")
	for _, authority := range []string{"district_committee", "district_government"} {
		o.do("secretary", "POST", "declaration", at+"/approvals", map[string]any{"authority": authority, "document_no": "1号", "approved_on": "2026-03-02"}, nil)
	}
	o.do("secretary", "POST", "declaration", at+"/filing", map[string]any{"document_no": "7号", "filed_on": "2026-03-02"}, &plan)
	if plan.State != "in_force" {
		t.Fatalf("%+v", plan)
	}
}
