package auditexport_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"egov/libs/fault"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/bundle/schematest"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/compress"
)

// says is one fact of a project's road.
type says struct {
	source, unit string
	fact         proto.Message
}

func submitted(id string) says {
	return says{"declaration", "education", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
		ProjectId: id, Title: "智慧校园", Kind: "new_build", Unit: "education", AmountFen: 300_000_000, Pack: "yangpu-2023",
	}}}
}

func decided(id, outcome string, fen int64) says {
	return says{"conference", "gov-office", &conferencev1.DecisionTaken{ProjectId: id, Outcome: outcome, ApprovedFen: fen, DecidedOn: "2026-03-02"}}
}

func issued(id string) says {
	return says{"budgeting", "finance", &budgetingv1.BudgetIssued{ProjectId: id, AmountFen: 270_000_001, DocumentNo: "杨财预〔2026〕1号", IssuedOn: "2026-03-02"}}
}

func contract(id, no string, fen int64) says {
	return says{"procurement", "education", &procurementv1.ContractFiled{ProjectId: id, ContractNo: no, Supplier: "申城软件", ValueFen: fen, EffectiveOn: "2026-03-02", EndsOn: "2027-03-01", Sequence: 1}}
}

func awarded(id string) says {
	return says{"procurement", "education", &procurementv1.AwardMade{ProjectId: id, Supplier: "申城软件", SupplierCreditCode: "91310110MA1G8XXX0Q", ValueFen: 260_000_000, Bidders: 4, AwardedOn: "2026-03-02"}}
}

func paid(id, payment, no string, fen int64) says {
	return says{"budgeting", "finance", &budgetingv1.PaymentRecorded{ProjectId: id, PaymentId: payment, AmountFen: fen, PaidTotalFen: fen, PaidOn: "2026-03-02", Payee: "申城软件", ContractNo: no}}
}

// whole is a road to its end.
func whole(id string) []says {
	return []says{
		submitted(id), decided(id, "approved", 280_000_000), issued(id),
		{"procurement", "education", &procurementv1.ProcurementStarted{ProjectId: id, Method: "public_tender", StartedOn: "2026-03-02"}},
		{"procurement", "education", &procurementv1.TenderPublished{ProjectId: id, NoticeNo: "ZB-1", PublishedOn: "2026-03-02", ValueFen: 270_000_000}},
		awarded(id), contract(id, "HT-1", 260_000_000), paid(id, "pay-1", "HT-1", 100_000_000),
		{"conference", "gov-office", &conferencev1.ChangeConsented{ProjectId: id, ChangeId: "c1", ApprovedFen: 300_000_000}},
		{"budgeting", "finance", &budgetingv1.BudgetAdjusted{ProjectId: id, AmountFen: 290_000_000, PreviousFen: 270_000_001, DocumentNo: "杨财预〔2026〕9号"}},
		{"procurement", "education", &procurementv1.ContractAmended{ProjectId: id, ContractNo: "HT-1", AmendmentNo: "BC-1", ValueFen: 280_000_000, PreviousFen: 260_000_000, Reason: "增加接口", EffectiveOn: "2026-03-02"}},
		{"procurement", "education", &procurementv1.AcceptancePassed{ProjectId: id, AcceptedOn: "2026-03-02", FinalFen: 279_000_000}},
		paid(id, "pay-2", "HT-1", 179_000_000),
		{"declaration", "gov-office", &declarationv1.ProjectClosed{ProjectId: id, Reason: "完成"}},
	}
}

// tell appends a project's facts, an hour apart.
func (h *house) tell(id string, road ...says) {
	h.t.Helper()
	for _, s := range road {
		h.append(h.event(s.source, id, s.unit, s.fact))
		h.clock.Set(h.clock.Now().Add(time.Hour))
	}
}

// TestDocumentsSatisfyTheStandards exports projects on many roads and holds
// every document to the official schemas.
func TestDocumentsSatisfyTheStandards(t *testing.T) {
	t.Parallel()
	official := schematest.Open(t)
	for name, c := range map[string]struct {
		road      func(id string) []says
		status    string // OC4IDS
		releases  int
		contracts int
	}{
		"only submitted":  {func(id string) []says { return []says{submitted(id)} }, "identification", 1, 0},
		"submitted twice": {func(id string) []says { return []says{submitted(id), submitted(id)} }, "identification", 2, 0},
		"approved":        {func(id string) []says { return []says{submitted(id), decided(id, "approved", 1)} }, "preparation", 1, 0},
		"refused":         {func(id string) []says { return []says{submitted(id), decided(id, "refused", 0)} }, "cancelled", 1, 0},
		"refused at the door": {func(id string) []says {
			return []says{submitted(id), {"declaration", "gov-office", &declarationv1.ProjectRefused{ProjectId: id}}}
		}, "cancelled", 1, 0},
		"withdrawn": {func(id string) []says { return []says{submitted(id), {"declaration", "education", withdrawn(1)}} }, "cancelled", 1, 0},
		"stopped": {func(id string) []says {
			return []says{submitted(id), decided(id, "approved", 5), decided(id, "stopped", 0)}
		}, "cancelled", 1, 0},
		"handed over": {func(id string) []says {
			return []says{submitted(id), {"declaration", "development-reform", &declarationv1.HandoverRecorded{ProjectId: id, Outcome: "approved", ApprovedFen: 9}}}
		}, "preparation", 1, 0},
		"contract without award":  {func(id string) []says { return []says{submitted(id), issued(id), contract(id, "HT-1", 100)} }, "implementation", 3, 1},
		"contract without number": {func(id string) []says { return []says{submitted(id), contract(id, "", 100)} }, "implementation", 2, 1},
		"two contracts": {func(id string) []says {
			return []says{submitted(id), awarded(id), contract(id, "HT-1", 100), contract(id, "HT-2", 100)}
		}, "implementation", 4, 2},
		"payment before all": {func(id string) []says { return []says{submitted(id), paid(id, "", "", 100)} }, "identification", 2, 1},
		"acceptance without it": {func(id string) []says {
			return []says{submitted(id), {"procurement", "education", &procurementv1.AcceptancePassed{ProjectId: id}}}
		}, "identification", 1, 0},
		"facts that say nothing": {func(id string) []says {
			return []says{
				submitted(id),
				{"budgeting", "finance", &budgetingv1.BudgetIssued{}},
				{"procurement", "x", &procurementv1.ProcurementStarted{}},
				{"procurement", "x", &procurementv1.TenderPublished{}},
				{"procurement", "x", &procurementv1.AwardMade{}},
				{"procurement", "x", &procurementv1.ContractFiled{}},
				{"procurement", "x", &procurementv1.ContractAmended{}},
				{"budgeting", "finance", &budgetingv1.PaymentRecorded{}},
			}
		}, "implementation", 8, 1},
		"days that are none": {func(id string) []says {
			return []says{submitted(id), {"budgeting", "finance", &budgetingv1.BudgetIssued{AmountFen: -5, IssuedOn: "2026-02-30"}}}
		}, "identification", 2, 0},
		"to the end": {whole, "completion", 12, 1},
		"with papers": {func(id string) []says {
			paper := []*typev1.Document{{Name: "合同.pdf", MediaType: "application/pdf", SizeBytes: 7, Sha256: strings.Repeat("a", 64)}}
			return []says{
				submitted(id), awarded(id),
				{"procurement", "education", &procurementv1.ContractFiled{ProjectId: id, ContractNo: "HT-1", Supplier: "申城软件", ValueFen: 5, Documents: paper}},
				{"procurement", "education", &procurementv1.ContractAmended{ProjectId: id, ContractNo: "HT-1", ValueFen: 6, Documents: paper}},
			}
		}, "implementation", 4, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			const id = "p-1"
			h.tell(id, c.road(id)...)
			archive := h.export(auditexport.MakeExport{Project: id})
			if r := h.check(archive); !r.OK {
				t.Fatal(r.Finding)
			}
			files := unpack(t, archive)
			project, record := files["project/p-1.oc4ids.json"], files["project/p-1.ocds.json"]
			official.Hold(t, "project.oc4ids.json", project)
			official.Hold(t, "project.ocds.json", record)
			var p struct{ Projects []struct{ Status string } }
			var r struct {
				Records []struct {
					Releases []struct {
						ID   string
						Date time.Time
					}
					CompiledRelease struct{ Contracts []any }
				}
			}
			must(t, json.Unmarshal(project, &p))
			must(t, json.Unmarshal(record, &r))
			if p.Projects[0].Status != c.status {
				t.Errorf("the project's status is %s", p.Projects[0].Status)
			}
			one := r.Records[0]
			if len(one.Releases) != c.releases || len(one.CompiledRelease.Contracts) != c.contracts {
				t.Errorf("%d releases, %d contracts\n%s", len(one.Releases), len(one.CompiledRelease.Contracts), record)
			}
			for i, rel := range one.Releases {
				if i > 0 && rel.Date.Before(one.Releases[i-1].Date) {
					t.Errorf("release %d is out of order", i)
				}
				if !strings.Contains(string(files["tables/ledger.csv"]), id) || rel.ID == "" {
					t.Errorf("release %d leads to no row", i)
				}
			}
		})
	}
}

// TestTheCompiledReleaseIsWhatTheReleasesComeTo looks at amounts a reader will
// look at first.
func TestTheCompiledReleaseIsWhatTheReleasesComeTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", whole("p-1")...)
	var r struct {
		Records []struct {
			CompiledRelease struct {
				Tag      []string
				Planning struct {
					Budget struct{ Amount struct{ Amount json.Number } }
				}
				Tender struct {
					Status            string
					NumberOfTenderers int
				}
				Parties   []struct{ ID string }
				Awards    []struct{ Value struct{ Amount json.Number } }
				Contracts []struct {
					ID, AwardID, Status string
					Value               struct{ Amount json.Number }
					Amendments          []struct{ Rationale string }
					Implementation      struct {
						Transactions []struct{ ID string }
						Milestones   []struct{ Status string }
					}
				}
			}
		}
	}
	must(t, json.Unmarshal(unpack(t, h.export(auditexport.MakeExport{Project: "p-1"}))["project/p-1.ocds.json"], &r))
	c := r.Records[0].CompiledRelease
	got := fmt.Sprintf("%v %s %s %d %d %s %+v", c.Tag, c.Planning.Budget.Amount.Amount, c.Tender.Status, c.Tender.NumberOfTenderers, len(c.Parties), c.Awards[0].Value.Amount, c.Contracts)
	want := "[compiled] 2900000.00 complete 4 2 2600000.00 " +
		"[{ID:HT-1 AwardID:ocds-egov-p-1-award Status:terminated Value:{Amount:2800000.00} Amendments:[{Rationale:增加接口}] " +
		"Implementation:{Transactions:[{ID:pay-1} {ID:pay-2}] Milestones:[{Status:met}]}}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTheProjectPackageSumsUp looks at what an OC4IDS reader finds without any
// release: the changes of contracts, the payments, the acceptance.
func TestTheProjectPackageSumsUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", whole("p-1")...)
	type value struct{ Amount json.Number }
	var p struct {
		Projects []struct {
			IdentificationPeriod struct{ EndDate string }
			ImplementationPeriod struct{ StartDate, EndDate string }
			ContractingProcesses []struct {
				Summary struct {
					Tender        struct{ CostEstimate value }
					Modifications []struct {
						Rationale                          string
						OldContractValue, NewContractValue value
					}
					Transactions []struct {
						ID    string
						Value value
					}
					Milestones []struct{ Status string }
				}
			}
		}
	}
	must(t, json.Unmarshal(unpack(t, h.export(auditexport.MakeExport{Project: "p-1", Formats: []string{"csv"}}))["project/p-1.oc4ids.json"], &p))
	got := fmt.Sprintf("%+v", p.Projects[0])
	const day = "2026-03-02T00:00:00+08:00"
	want := "{IdentificationPeriod:{EndDate:" + day + "} ImplementationPeriod:{StartDate:" + day + " EndDate:" + day + "} ContractingProcesses:[{Summary:{" +
		"Tender:{CostEstimate:{Amount:2700000.00}} Modifications:[{Rationale:增加接口 OldContractValue:{Amount:2600000.00} NewContractValue:{Amount:2800000.00}}] " +
		"Transactions:[{ID:pay-1 Value:{Amount:1000000.00}} {ID:pay-2 Value:{Amount:1790000.00}}] Milestones:[{Status:met}]}}]}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestABundleOfEachKind makes one of a project, of a time and of everything.
func TestABundleOfEachKind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.tell("p-1", whole("p-1")...) // 14 facts, from noon of March 2 to 1 o'clock of March 3
	h.tell("p-2", submitted("p-2"), decided("p-2", "refused", 0))
	h.tell("x", says{"identity", "audit", withdrawn(1)}) // about no project
	const rows = 17
	for name, c := range map[string]struct {
		ask      auditexport.MakeExport
		rows     uint64
		projects []string
	}{
		"everything":      {auditexport.MakeExport{}, rows, []string{"p-1", "p-2"}},
		"a project":       {auditexport.MakeExport{Project: "p-1"}, 14, []string{"p-1"}},
		"a short project": {auditexport.MakeExport{Project: "p-2"}, 2, []string{"p-2"}},
		"no project":      {auditexport.MakeExport{Project: "x"}, 1, nil},
		"the first day":   {auditexport.MakeExport{To: "2026-03-02"}, 12, []string{"p-1"}},
		"the second day":  {auditexport.MakeExport{From: "2026-03-03"}, 5, []string{"p-1", "p-2"}},
		"both days":       {auditexport.MakeExport{From: "2026-03-02", To: "2026-03-03"}, rows, []string{"p-1", "p-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			archive := h.export(c.ask)
			if r := h.check(archive); !r.OK || r.Rows != c.rows {
				t.Fatalf("%+v %v", r, r.Finding)
			}
			files := unpack(t, archive)
			var projects []string
			for _, id := range []string{"p-1", "p-2", "x"} {
				if files["project/"+id+".oc4ids.json"] != nil && files["project/"+id+".ocds.json"] != nil {
					projects = append(projects, id)
				}
			}
			if fmt.Sprint(projects) != fmt.Sprint(c.projects) {
				t.Errorf("documents of %v", projects)
			}
			for file, lines := range map[string]int{"tables/ledger.csv": int(c.rows), "tables/projects.csv": len(c.projects)} {
				text, bom := bytes.CutPrefix(files[file], []byte("\ufeff"))
				all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
				if err != nil || !bom || len(all) != lines+1 {
					t.Errorf("%s: %d lines, %v", file, len(all), err)
				}
			}
			var complete struct {
				Projects int
				Missing  []struct{ Project, Field, Why, WhyEN string }
			}
			must(t, json.Unmarshal(files["completeness.json"], &complete))
			if complete.Projects != len(c.projects) || len(complete.Missing) < 3*len(c.projects) {
				t.Errorf("%+v", complete)
			}
			var m bundle.Manifest
			must(t, json.Unmarshal(files["manifest.json"], &m))
			if m.CreatedBy.Actor != "audit.li" || m.CreatedBy.Unit != "audit" || len(m.Packs) == 0 || m.Packs[0].Version == "" {
				t.Errorf("%+v", m)
			}
		})
	}
	for name, ask := range map[string]auditexport.MakeExport{"a strange project": {Project: "p-9"}, "another year": {From: "2027-01-01"}} {
		if _, err := h.MakeExport(h.asAuditor(), ask); !errors.Is(err, auditexport.ErrNoRows) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStrangeProjectsAreNamedSafely exports ids that no file system takes, or
// takes for one another, and texts that office programs take for formulas.
func TestStrangeProjectsAreNamedSafely(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ids := []string{"p-1", "P-1", "../../etc/passwd", "项目", strings.Repeat("长", 200)}
	for _, id := range ids {
		h.tell(id, says{"declaration", "education", &declarationv1.ProjectSubmitted{Project: &typev1.ProjectBrief{
			ProjectId: id, Title: `=HYPERLINK("x")`, Unit: "education", AmountFen: 1,
		}}})
	}
	official := schematest.Open(t)
	archive := h.export(auditexport.MakeExport{})
	if r := h.check(archive); !r.OK {
		t.Fatal(r.Finding)
	}
	documents := 0
	for name, text := range unpack(t, archive) {
		switch {
		case strings.HasPrefix(name, "project/"):
			official.Hold(t, name, text)
			documents++
		case name == "tables/projects.csv" && strings.Count(string(text), `"'=HYPERLINK(""x"")"`) != len(ids):
			t.Errorf("%s", text)
		}
	}
	if documents != 2*len(ids) {
		t.Errorf("%d documents", documents)
	}
}

// failing is a book that ends in the middle of its rows.
type failing struct {
	auditexport.Book
	fail func() error
}

func (f failing) Rows(ctx context.Context, project string, from, to int64) iter.Seq2[*ledger.Row, error] {
	return func(yield func(*ledger.Row, error) bool) {
		for r, err := range f.Book.Rows(ctx, project, from, to) {
			if err == nil && r.Seq > 2500 {
				err = f.fail()
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// TestAnExportIsWrittenAgainByteForByte takes it once more after the ledger has
// grown and the service has started anew; then a row of the last, which is of the
// whole ledger, is changed.
func TestAnExportIsWrittenAgainByteForByte(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(400, withdrawn)
	var fact auditexportv1.ExportMade
	for _, ask := range []auditexport.MakeExport{{Project: "p-1"}, {From: "2026-03-02"}, {}} {
		name := fmt.Sprintf("%+v", ask)
		first := h.export(ask)
		sum := sha256.Sum256(first)
		fact.Reset()
		if !h.exports.Stated(&fact) || fact.BundleSha256 != hex.EncodeToString(sum[:]) {
			t.Fatalf("%s: stated %s", name, fact.BundleSha256)
		}
		h.clock.Set(h.clock.Now().Add(24 * time.Hour))
		h.grow(7, withdrawn)
		h.sign()
		h.open()
		again := h.again(fact.ExportId)
		e, err := h.GetExport(h.asAuditor(), auditexport.ByID{ID: fact.ExportId})
		must(t, err)
		if !bytes.Equal(first, again) || e.SHA256 != fact.BundleSha256 || e.Bytes != int64(len(first)) || e.State != auditexport.ExportMade || e.Contradicts != "" {
			t.Errorf("%s: %d bytes, then %d: %+v", name, len(first), len(again), e)
		}
	}
	h.sql(`UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '理由', '借口'), 'UTF8') WHERE seq = 9`)
	if r := h.check(h.again(fact.ExportId)); r.ErrorCode != ledger.CodeRowHash || r.FirstBadSeq != 9 {
		t.Errorf("%+v", r)
	}
	e, err := h.GetExport(h.asAuditor(), auditexport.ByID{ID: fact.ExportId})
	must(t, err)
	if e.Contradicts != fact.BundleSha256 || e.SHA256 == fact.BundleSha256 {
		t.Errorf("nothing is said of the other bytes: %+v", e)
	}
}

// TestExportsContinueEachOther verifies each with the one before in hand.
func TestExportsContinueEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, withdrawn)
	first := h.export(auditexport.MakeExport{Project: "p-1"})
	h.grow(300, withdrawn)
	second := h.export(auditexport.MakeExport{From: "2026-03-02"})
	h.grow(300, withdrawn)
	third := h.export(auditexport.MakeExport{Project: "p-2"})
	for name, pair := range map[string][2][]byte{"second": {second, first}, "third": {third, second}, "the same": {first, first}} {
		if r := h.check(pair[0], pair[1]); !r.OK {
			t.Errorf("%s: %v", name, r.Finding)
		}
	}
	if r := h.check(third, first); r.ErrorCode != ledger.CodeProofMissing {
		t.Errorf("no proof from the first was asked for: %+v", r)
	}
	if r := h.check(h.export(auditexport.MakeExport{Project: "p-2", Previous: 300}), first); !r.OK {
		t.Errorf("asked for: %v", r.Finding)
	}
	if r := h.check(h.export(auditexport.MakeExport{}), third, second); !r.OK {
		t.Errorf("a whole ledger needs no proof: %v", r.Finding)
	}
	if _, err := h.MakeExport(h.asAuditor(), auditexport.MakeExport{Previous: 901}); !errors.Is(err, auditexport.ErrPrevious) {
		t.Errorf("got %v", err)
	}
}

// TestAnEmptyLedgerHasNothingToShow asks a service that has just been installed.
func TestAnEmptyLedgerHasNothingToShow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sign()
	if v := h.verdict(); !v.OK || v.Rows != 0 || v.Checkpoint != "" {
		t.Errorf("%+v", v)
	}
	for name, f := range map[string]func() error{
		"export": func() error { _, err := h.MakeExport(h.asAuditor(), auditexport.MakeExport{}); return err },
		"rows": func() error {
			_, err := h.StreamRows(h.asAuditor(), auditexport.StreamRows{}, compress.JSONL.Writer)
			return err
		},
		"proof": func() error { _, err := h.Prove(h.asAuditor(), auditexport.ProveRow{Seq: 1}); return err },
	} {
		if err := f(); !errors.Is(err, auditexport.ErrNoCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := h.Standing(h.asAuditor(), struct{}{})
	if err != nil || s.Rows != 0 || s.Checkpoint != "" {
		t.Errorf("%+v %v", s, err)
	}
}

// TestRowsAreStreamedInEachFormat follows a stream as another system does, and
// takes it up again in the middle.
func TestRowsAreStreamedInEachFormat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(7000, withdrawn)
	plain := func(r io.Reader) (io.Reader, error) { return r, nil }
	for format, open := range map[compress.Format]func(io.Reader) (io.Reader, error){
		"": plain, compress.JSONL: plain,
		compress.Gzip: func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		compress.Zstd: func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		t.Run(string(format), func(t *testing.T) {
			body, err := h.StreamRows(h.asAuditor(), auditexport.StreamRows{}, format.Writer)
			must(t, err)
			defer body.Close()
			r, err := open(body)
			must(t, err)
			head, root, trailer, err := bundle.Follow(t.Context(), r, origin, 0)
			must(t, err)
			_, tree, err := h.book.Head(t.Context())
			must(t, err)
			if head.Size != 7000 || root != tree.Root() || trailer == nil || trailer.Rows != 7000 || trailer.Chain != head.Chain {
				t.Errorf("%d rows, %+v", head.Size, trailer)
			}
		})
	}
	body, err := h.StreamRows(h.asAuditor(), auditexport.StreamRows{After: 6990}, compress.JSONL.Writer)
	must(t, err)
	text, err := io.ReadAll(body)
	must(t, err)
	if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); len(lines) != 11 || !strings.HasPrefix(lines[0], `{"seq":6991,`) || !strings.Contains(lines[10], `"first":6991`) {
		t.Errorf("%d lines, from %.40s to %.60s", len(lines), lines[0], lines[len(lines)-1])
	}
	if _, err := h.StreamRows(h.asAuditor(), auditexport.StreamRows{After: 7000}, compress.JSONL.Writer); !errors.Is(err, auditexport.ErrNoRows) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestWhoReadsIsOnRecordFirst breaks every reading off at its first byte: that
// it was begun is known all the same.
func TestWhoReadsIsOnRecordFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.grow(300, noise)
	id := h.ask(auditexport.MakeExport{})
	if !h.exports.Stated(&auditexportv1.LedgerQueried{}) {
		t.Error("an export is not on record")
	}
	archive := h.written(id)
	var made auditexportv1.ExportMade
	if sum := sha256.Sum256(archive); !h.exports.Stated(&made) || made.BundleSha256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v", &made)
	}
	body, err := h.StreamRows(h.asAuditor(), auditexport.StreamRows{}, compress.JSONL.Writer)
	must(t, err)
	must(t, body.Close())
	var kinds []string
	for _, f := range h.inquiries.Facts() {
		kinds = append(kinds, strings.Fields(f.Message.(*auditexportv1.LedgerQueried).Query)[0])
	}
	if fmt.Sprint(kinds) != "[file rows]" {
		t.Errorf("on record: %v", kinds)
	}
}

// noise is a fact that does not compress: two kilobytes.
func noise(i int) proto.Message {
	r := rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)})
	text := make([]byte, 1500)
	_, _ = r.Read(text) // never fails
	return &declarationv1.ProjectWithdrawn{ProjectId: "p", Reason: base64.StdEncoding.EncodeToString(text)}
}

// until polls, for at most 20 seconds.
func (h *house) until(what string, ok func() bool) {
	h.t.Helper()
	for vain := time.After(time.Minute); !ok(); {
		select {
		case <-vain:
			h.t.Fatal("waited in vain: " + what)
		default:
			runtime.Gosched()
		}
	}
}

func TestRequestsAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 201)
	for name, c := range map[string]struct {
		request interface{ Validate() error }
		want    string // the violations' fields
	}{
		"a good query":    {&auditexport.QueryLedger{Limit: 1000, From: "2026-01-01", To: "2026-01-01"}, "[]"},
		"a bad query":     {&auditexport.QueryLedger{Limit: 1001, After: -1, From: "x", To: "2026-02-30", Project: long, Unit: long}, "[limit after_seq project unit from to]"},
		"days in reverse": {&auditexport.QueryLedger{From: "2026-01-02", To: "2026-01-01"}, "[to]"},
		"a bad page":      {&auditexport.ProjectLedger{ID: "p", Limit: -1, After: -1}, "[limit after_seq]"},
		"a good export":   {&auditexport.MakeExport{Project: "p"}, "[]"},
		"a bad export":    {&auditexport.MakeExport{Project: long, From: "x", Previous: -1, Formats: []string{"csv", "xls"}}, "[from project project previous_size formats[1]]"},
		"a bad archive":   {&auditexport.ArchiveProject{}, "[id]"},
		"a good proof":    {&auditexport.ProveRow{Seq: 1}, "[]"},
		"no proof":        {&auditexport.ProveRow{}, "[seq]"},
		"two proofs":      {&auditexport.ProveRow{Seq: 1, From: 1}, "[seq]"},
		"negative proofs": {&auditexport.ProveRow{Seq: -1, From: -1}, "[seq consistent_from seq]"},
		"a good stream":   {&auditexport.StreamRows{After: 1}, "[]"},
		"a bad stream":    {&auditexport.StreamRows{After: -1}, "[after_seq]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := []string{}
			if err := c.request.Validate(); err != nil {
				for _, v := range fault.From(err).Violations {
					fields = append(fields, v.Field)
				}
			}
			if fmt.Sprint(fields) != c.want {
				t.Errorf("violations of %v", fields)
			}
		})
	}
}
