package auditexport

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
)

// digest folds rows into the documents of a bundle: one OC4IDS project package
// and one OCDS record package a project, and the tables. What a row does not
// say is left out, and listed in completeness.json.
type digest struct {
	order    []string
	projects map[string]*told
	rows     [][]string
}

// told is what the facts tell of one project.
type told struct {
	id, title, kind, unit       string
	declared, approved, budget  int64
	award, contract, paid, last int64
	supplier, supplierCode      string
	contractNo, method          string
	declaredAt, decidedOn       string
	issuedOn, awardedOn         string
	effectiveOn, endsOn         string
	acceptedOn, outcome, notice string
	bidders                     int
	latest                      time.Time
}

// number reads the integers of protojson, which writes 64-bit ones as text.
type number int64

// UnmarshalJSON takes 7 and "7".
func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseInt(string(bytes.Trim(b, `"`)), 10, 64)
	*n = number(v)
	return err
}

type said struct {
	Project struct {
		Title     string `json:"title"`
		Kind      string `json:"kind"`
		Unit      string `json:"unit"`
		AmountFen number `json:"amount_fen"`
	} `json:"project"`
	Outcome            string `json:"outcome"`
	ApprovedFen        number `json:"approved_fen"`
	AmountFen          number `json:"amount_fen"`
	ValueFen           number `json:"value_fen"`
	PaidTotalFen       number `json:"paid_total_fen"`
	FinalFen           number `json:"final_fen"`
	DecidedOn          string `json:"decided_on"`
	IssuedOn           string `json:"issued_on"`
	Method             string `json:"method"`
	NoticeNo           string `json:"notice_no"`
	Supplier           string `json:"supplier"`
	SupplierCreditCode string `json:"supplier_credit_code"`
	Bidders            int    `json:"bidders"`
	AwardedOn          string `json:"awarded_on"`
	ContractNo         string `json:"contract_no"`
	EffectiveOn        string `json:"effective_on"`
	EndsOn             string `json:"ends_on"`
	AcceptedOn         string `json:"accepted_on"`
}

// add takes one row in.
func (d *digest) add(r *ledger.Row) error {
	e, err := ledger.Parse(r.Raw)
	if err != nil {
		return fmt.Errorf("row %d: %w", r.Seq, err)
	}
	d.rows = append(d.rows, []string{
		strconv.FormatUint(r.Seq, 10), e.Time.Format(time.RFC3339), e.Source, e.Type, e.Subject, e.Unit, e.Actor, strconv.FormatInt(e.EventSeq, 10), string(e.Data),
	})
	var s said
	if json.Unmarshal(e.Data, &s) != nil {
		return nil // a fact of another shape: the row itself is in the bundle
	}
	p := d.projects[e.Subject]
	if e.Type == "egov.declaration.v1.ProjectSubmitted" && p == nil {
		if d.projects == nil {
			d.projects = map[string]*told{}
		}
		p = &told{id: e.Subject, declaredAt: e.Time.Format(time.RFC3339)}
		d.projects[e.Subject] = p
		d.order = append(d.order, e.Subject)
	}
	if p == nil {
		return nil
	}
	p.latest = e.Time
	switch e.Type {
	case "egov.declaration.v1.ProjectSubmitted":
		p.title, p.kind, p.unit, p.declared = s.Project.Title, s.Project.Kind, s.Project.Unit, int64(s.Project.AmountFen)
	case "egov.conference.v1.DecisionTaken":
		p.outcome, p.approved, p.decidedOn = s.Outcome, int64(s.ApprovedFen), s.DecidedOn
	case "egov.budgeting.v1.BudgetIssued":
		p.budget, p.issuedOn = int64(s.AmountFen), s.IssuedOn
	case "egov.budgeting.v1.PaymentRecorded":
		p.paid = int64(s.PaidTotalFen)
	case "egov.procurement.v1.ProcurementStarted":
		p.method = s.Method
	case "egov.procurement.v1.TenderPublished":
		p.notice = s.NoticeNo
	case "egov.procurement.v1.AwardMade":
		p.award, p.supplier, p.supplierCode, p.bidders, p.awardedOn = int64(s.ValueFen), s.Supplier, s.SupplierCreditCode, s.Bidders, s.AwardedOn
	case "egov.procurement.v1.ContractFiled":
		p.contract, p.contractNo, p.effectiveOn, p.endsOn = int64(s.ValueFen), s.ContractNo, s.EffectiveOn, s.EndsOn
		if p.supplier == "" {
			p.supplier = s.Supplier
		}
	case "egov.procurement.v1.AcceptancePassed":
		p.last, p.acceptedOn = int64(s.FinalFen), s.AcceptedOn
	}
	return nil
}

// money is an amount of the Open Contracting standards: yuan with two decimals.
func money(fen int64) map[string]any {
	return map[string]any{"amount": json.Number(fmt.Sprintf("%d.%02d", fen/100, fen%100)), "currency": "CNY"}
}

// at makes a date-time of a day.
func at(day string) string {
	if day == "" {
		return ""
	}
	return day + "T00:00:00+08:00"
}

// without strikes empty texts, amounts of nothing and empty objects.
func without(m map[string]any) map[string]any {
	for k, v := range m {
		switch v := v.(type) {
		case string:
			if v == "" {
				delete(m, k)
			}
		case map[string]any:
			if len(without(v)) == 0 || v["currency"] != nil && v["amount"] == json.Number("0.00") {
				delete(m, k)
			}
		}
	}
	return m
}

// status is the OC4IDS project status.
func (p *told) status() string {
	switch {
	case p.outcome == "refused" || p.outcome == "stopped":
		return "cancelled"
	case p.acceptedOn != "":
		return "completed"
	case p.contract > 0:
		return "implementation"
	case p.approved > 0:
		return "preparation"
	}
	return "identification"
}

const publisher = "区审计局"

// oc4ids is the project package, OC4IDS 0.9.
func (p *told) oc4ids() map[string]any {
	project := without(map[string]any{
		"id": p.id, "title": p.title, "status": p.status(), "updated": p.latest.Format(time.RFC3339),
		"budget":          map[string]any{"amount": money(p.budget), "approvalDate": at(p.issuedOn)},
		"publicAuthority": map[string]any{"id": p.unit, "name": p.unit},
	})
	project["parties"] = []any{map[string]any{"id": p.unit, "name": p.unit, "roles": []string{"publicAuthority", "buyer"}}}
	if p.contractNo != "" || p.award > 0 {
		summary := without(map[string]any{
			"ocid": p.ocid(), "title": p.title, "status": "active", "nature": nil,
			"contractValue": money(p.contract), "contractPeriod": map[string]any{"startDate": at(p.effectiveOn), "endDate": at(p.endsOn)},
		})
		delete(summary, "nature")
		if p.supplier != "" {
			supplier := without(map[string]any{"id": p.supplierID(), "name": p.supplier})
			summary["suppliers"] = []any{supplier}
			project["parties"] = append(project["parties"].([]any), map[string]any{"id": p.supplierID(), "name": p.supplier, "roles": []string{"supplier"}})
		}
		project["contractingProcesses"] = []any{map[string]any{"id": p.ocid(), "summary": summary}}
	}
	return map[string]any{
		"uri": "urn:egov:project:" + p.id, "version": "0.9", "publishedDate": p.latest.Format(time.RFC3339),
		"publisher": map[string]any{"name": publisher}, "projects": []any{project},
	}
}

func (p *told) ocid() string { return "ocds-egov-" + p.id }

func (p *told) supplierID() string {
	if p.supplierCode != "" {
		return "CN-USCC-" + p.supplierCode
	}
	return p.supplier
}

// ocds is the record package, OCDS 1.1.
func (p *told) ocds() map[string]any {
	release := without(map[string]any{
		"ocid": p.ocid(), "id": p.ocid() + "-" + strconv.FormatInt(p.latest.Unix(), 10), "date": p.latest.Format(time.RFC3339),
		"initiationType": "tender", "language": "zh", "buyer": map[string]any{"id": p.unit, "name": p.unit},
		"planning": map[string]any{"budget": map[string]any{"amount": money(p.budget), "project": p.title, "projectID": p.id}},
		"tender":   map[string]any{"id": p.ocid() + "-tender", "title": p.title, "value": money(p.approved), "procurementMethodDetails": p.method},
	})
	release["tag"] = []string{"compiled"}
	parties := []any{map[string]any{"id": p.unit, "name": p.unit, "roles": []string{"buyer"}}}
	if p.supplier != "" {
		parties = append(parties, map[string]any{"id": p.supplierID(), "name": p.supplier, "roles": []string{"supplier"}})
	}
	release["parties"] = parties
	if p.award > 0 {
		award := without(map[string]any{"id": p.ocid() + "-award", "title": p.title, "status": "active", "date": at(p.awardedOn), "value": money(p.award)})
		award["suppliers"] = []any{map[string]any{"id": p.supplierID(), "name": p.supplier}}
		release["awards"] = []any{award}
	}
	if p.contract > 0 {
		contract := without(map[string]any{
			"id": p.contractNo, "awardID": p.ocid() + "-award", "title": p.title, "status": "active", "value": money(p.contract),
			"period": map[string]any{"startDate": at(p.effectiveOn), "endDate": at(p.endsOn)},
		})
		if p.acceptedOn != "" {
			contract["status"] = "terminated"
		}
		release["contracts"] = []any{contract}
	}
	return map[string]any{
		"uri": "urn:egov:record:" + p.id, "version": "1.1", "publishedDate": p.latest.Format(time.RFC3339),
		"publisher": map[string]any{"name": publisher}, "records": []any{map[string]any{"ocid": p.ocid(), "compiledRelease": release, "releases": []any{linked(p, release)}}},
	}
}

// linked is the reference of a compiled release to what it is compiled from:
// the project's rows in the same bundle.
func linked(p *told, release map[string]any) map[string]any {
	return map[string]any{"url": "urn:egov:ledger:" + p.id, "date": release["date"], "tag": []string{"planning"}}
}

// gap is one field that a standard asks for and the facts do not tell.
type gap struct {
	Project string `json:"project"`
	Field   string `json:"field"`
	Why     string `json:"why"`
}

// completeness lists what is missing, and why.
func (d *digest) completeness() map[string]any {
	gaps := []gap{}
	for _, id := range d.order {
		p := d.projects[id]
		for _, x := range []struct {
			field, value, why string
		}{
			{"budget.approvalDate", p.issuedOn, "预算尚未下达 / no budget issued yet"},
			{"tender.notice", p.notice, "没有招标公告 / no tender notice"},
			{"award.supplier", p.supplier, "尚无中标结果 / nothing awarded yet"},
			{"contract.id", p.contractNo, "合同尚未备案 / no contract filed yet"},
			{"implementation.acceptance", p.acceptedOn, "尚未通过验收 / not accepted yet"},
		} {
			if x.value == "" {
				gaps = append(gaps, gap{id, x.field, x.why})
			}
		}
	}
	return map[string]any{"projects": len(d.order), "rows": len(d.rows), "missing": gaps}
}

// files are the documents of the bundle.
func (d *digest) files() []func() (bundle.Document, error) {
	var out []func() (bundle.Document, error)
	add := func(name string, make func() ([]byte, error)) {
		out = append(out, func() (bundle.Document, error) {
			b, err := make()
			return bundle.Document{Name: name, Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}, err
		})
	}
	for _, id := range slices.Sorted(slices.Values(d.order)) {
		p := d.projects[id]
		add(bundle.FolderProject+id+".oc4ids.json", func() ([]byte, error) { return json.MarshalIndent(p.oc4ids(), "", "  ") })
		add(bundle.FolderProject+id+".ocds.json", func() ([]byte, error) { return json.MarshalIndent(p.ocds(), "", "  ") })
	}
	add(bundle.FolderTables+"ledger.csv", d.ledgerTable)
	add(bundle.FolderTables+"projects.csv", d.projectTable)
	return out
}

func (d *digest) ledgerTable() ([]byte, error) {
	return table([]string{"seq", "time", "service", "type", "subject", "unit", "actor", "event_seq", "data"}, d.rows)
}

func (d *digest) projectTable() ([]byte, error) {
	var rows [][]string
	fen := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, id := range d.order {
		p := d.projects[id]
		rows = append(rows, []string{id, p.title, p.kind, p.unit, p.outcome, fen(p.declared), fen(p.approved), fen(p.budget), fen(p.award), fen(p.contract), fen(p.paid), fen(p.last)})
	}
	return table([]string{"id", "title", "kind", "unit", "outcome", "declared_fen", "approved_fen", "budget_fen", "award_fen", "contract_fen", "paid_fen", "final_fen"}, rows)
}

// table writes CSV with a byte-order mark, so that office programs read the
// Chinese; a cell that would be taken for a formula gets an apostrophe.
func table(head []string, rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	if err := w.Write(head); err != nil {
		return nil, err
	}
	for _, r := range rows {
		safe := make([]string, len(r))
		for i, cell := range r {
			if cell != "" && bytes.ContainsRune([]byte("=+-@\t\r"), rune(cell[0])) {
				cell = "'" + cell
			}
			safe[i] = cell
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
