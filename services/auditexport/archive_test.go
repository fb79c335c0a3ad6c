package auditexport_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	dataresourcev1 "egov/proto/gen/egov/dataresource/v1"
	deadlinev1 "egov/proto/gen/egov/deadline/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	expertreviewv1 "egov/proto/gen/egov/expertreview/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
)

// withPapers is a road to its end on which files are attached.
func withPapers(id string) []says {
	return append([]says{
		{"declaration", "education", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
			ProjectId: id, Title: "智慧校园", Kind: "new_build", Unit: "education", AmountFen: 300_000_000, Pack: "yangpu-2023", PackVersion: "1", Route: "review", DeclaredOn: "2026-03-01",
		}, DecisionJson: `{"checklist":[{"item":"build_plan","present":true,"gate":"submit"},{"item":"data_catalogue","present":false,"gate":"accept","basis":["YP23-M-24"]}]}`}},
		{"procurement", "education", &procurementv1.TestRecorded{ProjectId: id, Test: "software_test", Passed: true, Document: paper("合同.pdf", contractPDF)}},
		{"budgeting", "finance", &deadlinev1.DeadlineSet{ProjectId: id, DeadlineId: "d1", Obligation: "issue_budget", Unit: "finance", TriggerOn: "2026-03-01", DueOn: "2026-03-13", Basis: []string{"YP23-R-5.5.1"}}},
		{"budgeting", "finance", &deadlinev1.DeadlineMoved{ProjectId: id, DeadlineId: "d1", Obligation: "issue_budget", Unit: "finance", DueOn: "2026-03-16", MovedFrom: "2026-03-13"}},
		{"budgeting", "finance", &deadlinev1.DeadlineMet{ProjectId: id, DeadlineId: "d1", Obligation: "issue_budget", Unit: "finance", DueOn: "2026-03-16", MetOn: "2026-03-10"}},
	}, whole(id)[1:]...)
}

// archived has the package of a project made.
func (h *house) archived(project string) (string, []byte) {
	h.t.Helper()
	e, err := h.ArchiveProject(h.asAuditor(), auditexport.ArchiveProject{ID: project})
	must(h.t, err)
	return e.ID, h.written(e.ID)
}

// TestAClosedProjectIsPackedForItsArchive: the package is authentic, whole, safe
// and says what it is (SH12-A).
func TestAClosedProjectIsPackedForItsArchive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.live(h.unit("budgeting", "finance"))
	h.tell("p-1", withPapers("p-1")...)
	h.announce(false)
	h.tell("p-2", submitted("p-2"))
	h.export(auditexport.MakeExport{}) // which shows the witness's answer
	h.swear()
	id, archive := h.archived("p-1")
	r := h.check(archive)
	if !r.OK || r.Rows != 18 {
		t.Fatalf("%+v %v", r, r.Finding)
	}
	files := unpack(t, archive)
	for _, name := range []string{
		"README.md", "checks.json", "completeness.json", "completeness.md", "metadata.json", "metadata.xml", "project/p-1.oc4ids.json", "project/p-1.ocds.json",
		"tables/attachments.csv", "tables/amounts.xlsx", "tables/contracts.parquet", "tables/ledger.csv",
	} {
		if len(files[name]) == 0 {
			t.Errorf("there is no %s", name)
		}
	}
	if files["project/p-2.oc4ids.json"] != nil || !bytes.Contains(files["README.md"], []byte("电子档案移交包")) {
		t.Error("it is of another project, or does not say what it is")
	}

	var m struct {
		Identifier, Title, Unit, Pack, Basis string
		ClosedOn                             string `json:"closed_on"`
		ClosedSeq                            int64  `json:"closed_seq"`
		Rows                                 int64
		Attachments                          []struct{ Name, SHA256, SM3 string }
		Fonds                                *string `json:"fonds_no"`
	}
	must(t, json.Unmarshal(files["metadata.json"], &m))
	if m.Identifier != origin+"/p-1/"+id || m.Title != "智慧校园" || m.Unit != "education" || m.Basis != "SH12-A" || m.Rows != 18 || m.ClosedSeq != 18 || m.ClosedOn != "2026-03-03" ||
		len(m.Attachments) != 1 || m.Attachments[0].Name != "合同.pdf" || m.Fonds == nil || *m.Fonds != "" {
		t.Errorf("%s", files["metadata.json"])
	}
	var x struct {
		XMLName   xml.Name `xml:"record"`
		Project   string   `xml:"project_id"`
		Rows      int64    `xml:"rows"`
		Root      string   `xml:"ledger>root"`
		ClosedSeq int64    `xml:"closed_seq"`
		Papers    []struct {
			SHA256 string `xml:"sha256"`
		} `xml:"attachments>attachment"`
	}
	must(t, xml.Unmarshal(files["metadata.xml"], &x))
	if x.Project != "p-1" || x.Rows != 18 || x.ClosedSeq != 18 || len(x.Papers) != 1 || x.Papers[0].SHA256 != ledger.Sum256([]byte(contractPDF)).String() || !strings.Contains(string(files["metadata.json"]), x.Root) {
		t.Errorf("%s", files["metadata.xml"])
	}

	var checks bundle.Checks
	must(t, json.Unmarshal(files["checks.json"], &checks))
	results := map[bundle.Property]map[bundle.Checker]int{}
	for _, c := range checks.Items {
		if results[c.Property] == nil {
			results[c.Property] = map[bundle.Checker]int{}
		}
		results[c.Property][c.By]++
		if c.Title == "" || c.TitleEN == "" || c.Method == "" || c.MethodEN == "" || c.Result == "" || c.Evidence == nil {
			t.Errorf("%+v says too little", c)
		}
		want := map[bundle.Checker]bundle.Result{bundle.ByVerifier: bundle.Passed, bundle.ByWriter: bundle.Passed, bundle.ByPerson: bundle.OpenToOthers, bundle.ByArchives: bundle.OpenToOthers}[c.By]
		if c.Code == bundle.CheckCompleteness {
			want = bundle.Failed // the catalogue was never brought
		}
		if c.Result != want {
			t.Errorf("%s is %s", c.Code, c.Result)
		}
	}
	if len(results) != 4 || results[bundle.Safety][bundle.ByArchives] == 0 || results[bundle.Integrity][bundle.ByVerifier] < 3 {
		t.Errorf("%v", results)
	}
	var made auditexportv1.ExportMade
	if !h.exports.Stated(&made) || made.Package != "archive" || made.ProjectId != "p-1" {
		t.Errorf("stated %+v", &made)
	}
	if again := h.again(id); !bytes.Equal(again, archive) {
		t.Errorf("written again it has %d bytes, not %d", len(again), len(archive))
	}
}

// TestOnlyClosedFilesGoToTheArchive: what is under way is refused with the gate
// and the fact that it waits for (SH12-A).
func TestOnlyClosedFilesGoToTheArchive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", whole("p-1")[:13]...)
	_, err := h.ArchiveProject(h.asAuditor(), auditexport.ArchiveProject{ID: "p-1"})
	f := fault.From(err)
	if !errors.Is(err, auditexport.ErrNotClosed) || len(f.Violations) != 1 || f.Violations[0].Field != "archive" || f.Violations[0].Code != "ProjectClosed" || fmt.Sprint(f.Basis, f.Violations[0].Basis) != "[SH12-A] [SH12-A]" {
		t.Errorf("%+v", f)
	}
	if _, err := h.ArchiveProject(h.asAuditor(), auditexport.ArchiveProject{ID: "p-9"}); !errors.Is(err, auditexport.ErrNoRows) {
		t.Errorf("a strange project: %v", err)
	}
	if n := len(h.ids()); n != 0 {
		t.Errorf("%d exports were begun", n)
	}
	h.tell("p-1", whole("p-1")[13])
	if _, archive := h.archived("p-1"); !h.check(archive).OK {
		t.Error("closed, it does not verify")
	}
}

// TestAPackageThatWasTouchedIsFound edits what an archive relies on.
func TestAPackageThatWasTouchedIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", withPapers("p-1")...)
	_, archive := h.archived("p-1")
	for name, c := range map[string]struct {
		file, old, now string
		code           ledger.Code
	}{
		"metadata":      {"metadata.json", "智慧校园", "智慧公园", ledger.CodeFileHash},
		"the XML":       {"metadata.xml", "<rows>18<", "<rows>17<", ledger.CodeFileHash},
		"a check":       {"checks.json", `"failed"`, `"passed"`, ledger.CodeFileHash},
		"a hash":        {"tables/attachments.csv", "合同", "合约", ledger.CodeFileHash},
		"the readme":    {"README.md", "SM3", "MD5", ledger.CodeFileHash},
		"what is there": {"completeness.json", `"missing"`, `"present"`, ledger.CodeFileHash},
		"the manifest":  {"manifest.json", `"package": "archive"`, `"package": "archivx"`, ledger.CodeManifest},
	} {
		touched := repack(t, archive, c.file, func(text string) string {
			if !strings.Contains(text, c.old) {
				t.Errorf("%s has no %q", c.file, c.old)
			}
			return strings.Replace(text, c.old, c.now, 1)
		})
		if r := h.check(touched); r.OK || r.ErrorCode != c.code {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestTablesSayWhatTheFactsSay reads the tables of one project.
func TestTablesSayWhatTheFactsSay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", withPapers("p-1")...)
	files := unpack(t, h.export(auditexport.MakeExport{Project: "p-1", Formats: []string{"csv"}}))
	sum := ledger.Sum256([]byte(contractPDF)).String()
	for name, want := range map[string][]string{
		"projects":    {"p-1,智慧校园,new_build,education,yangpu-2023,approved,300000000,300000000,290000000,260000000,280000000,179000000,279000000,review,2026-03-01,2026-03-02,true,18"},
		"deadlines":   {"p-1,d1,issue_budget,finance,2026-03-01,2026-03-16,met,2026-03-10,2026-03-13,false,YP23-R-5.5.1"},
		"contracts":   {"p-1,HT-1,1,申城软件,91310110MA1G8XXX0Q,280000000,260000000,2026-03-02,2027-03-01,1,11"},
		"payments":    {"p-1,pay-1,HT-1,申城软件,100000000,2026-03-02,12", "p-1,pay-2,HT-1,申城软件,179000000,2026-03-02,17"},
		"attachments": {"p-1,2,合同.pdf,application/pdf,15," + sum + "," + ledger.SumSM3([]byte(contractPDF)).String() + ",files/" + sum + ".pdf,"},
	} {
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(files["tables/"+name+".csv"], []byte("\ufeff")))).ReadAll()
		must(t, err)
		var got []string
		for _, r := range rows[1:] {
			got = append(got, strings.Join(r, ","))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	var whats []string
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(files["tables/amounts.csv"], []byte("\ufeff")))).ReadAll()
	must(t, err)
	for _, r := range rows[1:] {
		whats = append(whats, r[3]+" "+r[4])
	}
	if got, want := fmt.Sprint(whats), "[declared 300000000 approved 280000000 budget 270000001 tender 270000000 award 260000000 contract 260000000 payment 100000000 "+
		"approved 300000000 budget 290000000 contract 280000000 final 279000000 payment 179000000]"; got != want {
		t.Errorf("amounts\n%s\n%s", got, want)
	}
	for name := range files {
		if strings.HasSuffix(name, ".xlsx") || strings.HasSuffix(name, ".parquet") {
			t.Errorf("%s was not asked for", name)
		}
	}
}

// TestCompletenessTellsWhy: what is not due, what does not apply and what is
// truly missing are three things.
func TestCompletenessTellsWhy(t *testing.T) {
	t.Parallel()
	brief := func(id string) *typev1.ProjectBrief {
		return &typev1.ProjectBrief{
			ProjectId: id, Title: "智慧校园", Kind: "new_build", Unit: "education", AmountFen: 300_000_000, Pack: "yangpu-2023", Route: "review",
			Steps: []string{"third_party_evaluation", "expert_review", "conference_review"}, DeclaredOn: "2026-03-01",
		}
	}
	declared := func(id string) says {
		return says{"declaration", "education", &declarationv1.ProjectSubmitted{Project: brief(id), DecisionJson: `{"checklist":[` +
			`{"item":"crypto_plan","present":false,"gate":"submit","basis":["YP23-M-30"]},{"item":"data_catalogue","present":false,"gate":"accept","basis":["YP23-M-24"]}]}`}}
	}
	for name, c := range map[string]struct {
		road func(id string) []says
		want map[string]string // status by kind and field
	}{
		"declared": {func(id string) []says { return []says{declared(id)} }, map[string]string{
			"paper crypto_plan": "missing", "paper data_catalogue": "not_due", "field contract.id": "not_due", "field project.sector": "not_recorded",
			"record decision": "not_due", "record evaluation_passed": "not_due", "record no_lockout": "",
		}},
		"refused": {func(id string) []says { return []says{declared(id), decided(id, "refused", 0)} }, map[string]string{
			"paper data_catalogue": "not_applicable", "field contract.id": "not_applicable", "record evaluation_passed": "not_applicable",
		}},
		"decided without an evaluation": {func(id string) []says { return []says{declared(id), decided(id, "approved", 5)} }, map[string]string{
			"record evaluation_passed": "missing", "field budget.approvalDate": "not_due",
		}},
		"evaluated": {func(id string) []says {
			return []says{declared(id), {"expertreview", "gov-office", &expertreviewv1.EvaluationPassed{ProjectId: id}}, decided(id, "approved", 5)}
		}, map[string]string{"record evaluation_passed": ""}},
		"a contract without a budget": {func(id string) []says { return []says{declared(id), contract(id, "HT-1", 5)} }, map[string]string{
			"field budget.approvalDate": "missing", "field tender.documents": "missing", "field contract.id": "", "field implementation.acceptance": "not_due",
		}},
		"a method without a notice": {func(id string) []says {
			return []says{
				declared(id), issued(id), {"procurement", "education", &procurementv1.ProcurementStarted{ProjectId: id, Method: "e_market"}}, contract(id, "HT-1", 5),
			}
		}, map[string]string{"field tender.documents": "not_applicable"}},
		"its catalogue published": {func(id string) []says {
			return []says{declared(id), {"dataresource", "big-data", &dataresourcev1.CataloguePublished{ProjectId: id}}, {"declaration", "gov-office", &declarationv1.ProjectAccepted{}}}
		}, map[string]string{"paper data_catalogue": ""}},
		"accepted without it": {func(id string) []says {
			return []says{declared(id), {"declaration", "gov-office", &declarationv1.ProjectAccepted{}}}
		}, map[string]string{"paper data_catalogue": "missing"}},
		"waived": {func(id string) []says {
			return []says{
				declared(id),
				{"conference", "gov-office", &conferencev1.WaiverGranted{ProjectId: id, Rule: "no_lockout"}},
				{"declaration", "gov-office", &declarationv1.LockoutStarted{ProjectId: id}},
			}
		}, map[string]string{"record no_lockout": "waived"}},
		"locked out": {func(id string) []says {
			return []says{declared(id), {"declaration", "gov-office", &declarationv1.LockoutStarted{ProjectId: id}}}
		}, map[string]string{"record no_lockout": "missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.tell("p-1", c.road("p-1")...)
			files := unpack(t, h.export(auditexport.MakeExport{Project: "p-1", Formats: []string{"csv"}}))
			var complete struct {
				Summary map[string]int
				Missing []struct{ Kind, Field, Status, Why, Gate string }
			}
			must(t, json.Unmarshal(files["completeness.json"], &complete))
			got := map[string]string{}
			for _, g := range complete.Missing {
				got[g.Kind+" "+g.Field] = g.Status
				if g.Why == "" {
					t.Errorf("%+v does not say why", g)
				}
				complete.Summary[g.Status]--
			}
			for what, status := range c.want {
				if got[what] != status {
					t.Errorf("%s is %q, want %q", what, got[what], status)
				}
			}
			for status, n := range complete.Summary {
				if n != 0 {
					t.Errorf("%s: the summary is off by %d", status, n)
				}
			}
			if text := string(files["completeness.md"]); !strings.Contains(text, "完整性报告") || strings.Contains(text, "crypto_plan") != (got["paper crypto_plan"] == "missing") {
				t.Errorf("%s", text)
			}
		})
	}
}
