package module_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"egov/libs/conf"
	"egov/libs/dbtest"
	"egov/libs/ledger/bundle"
	"egov/libs/ledger/checkpoint"
	libmodule "egov/libs/module"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	budgetingv1 "egov/proto/gen/egov/budgeting/v1"
	conferencev1 "egov/proto/gen/egov/conference/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	procurementv1 "egov/proto/gen/egov/procurement/v1"
	typev1 "egov/proto/gen/egov/type/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/module"
)

func TestMain(m *testing.M) {
	if os.Getenv(asReplica) != "" {
		libmodule.Main(module.Name, module.New)
		return
	}
	os.Exit(redistest.Main(func() int { return dbtest.Main(m) }))
}

// bureau is the service with an auditor and the services whose facts it keeps.
type bureau struct {
	*moduletest.Service
	t       *testing.T
	auditor *moduletest.Client
}

func start(t *testing.T, adjust ...func(*conf.Service)) *bureau {
	t.Helper()
	b := &bureau{t: t}
	keys := t.TempDir()
	b.Service = moduletest.Start(t, module.Name, "2026-03-02", module.New, append([]func(*conf.Service){func(c *conf.Service) { c.Keys.Dir = keys }}, adjust...)...)
	b.auditor = b.As("audit.li", "audit", "auditor")
	return b
}

// standing is what GET /v1/ledger/checkpoint answers.
type standing struct {
	Rows       int64           `json:"rows"`
	Checkpoint string          `json:"checkpoint"`
	Keys       checkpoint.Keys `json:"keys"`
}

func (b *bureau) standing() (s standing) {
	b.t.Helper()
	b.auditor.Get("/v1/ledger/checkpoint").OK(&s)
	return s
}

func (b *bureau) trust() *checkpoint.Trust {
	b.t.Helper()
	trust, err := checkpoint.NewTrust(b.standing().Keys)
	if err != nil {
		b.t.Fatal(err)
	}
	return trust
}

// await waits until the ledger has n rows or more.
func (b *bureau) await(n int64) {
	b.t.Helper()
	b.Await(fmt.Sprintf("%d rows", n), func() bool { return b.standing().Rows >= n })
}

func (b *bureau) verify() (v auditexport.Verification) {
	b.t.Helper()
	return b.verified(b.auditor.Post("/v1/verify", nil))
}

// verified waits for the end of a verification that was asked for.
func (b *bureau) verified(a moduletest.Answer) (v auditexport.Verification) {
	b.t.Helper()
	a.OK(&v)
	b.Await("the verification ends", func() bool {
		if v.State == auditexport.VerificationRunning {
			b.auditor.Get("/v1/verifications/" + v.ID).OK(&v)
		}
		return v.State != auditexport.VerificationRunning
	})
	return v
}

// wantSound wants the live ledger to verify with n rows or more.
func (b *bureau) wantSound(n int64) {
	b.t.Helper()
	if v := b.verify(); !v.OK || v.Rows < n {
		b.t.Fatalf("%+v", v)
	}
}

func (b *bureau) query(filter url.Values) (rows auditexport.Rows) {
	b.t.Helper()
	b.auditor.Get("/v1/ledger?" + filter.Encode()).OK(&rows)
	return rows
}

// export asks for a bundle and takes its file when it is made.
func (b *bureau) export(ask map[string]any, headers ...moduletest.Header) []byte {
	b.t.Helper()
	return b.taken(b.asked(ask, headers...)).Body
}

// asked asks for a bundle.
func (b *bureau) asked(ask map[string]any, headers ...moduletest.Header) auditexport.ExportStatus {
	b.t.Helper()
	var e auditexport.ExportStatus
	b.auditor.Post("/v1/exports", ask, headers...).OK(&e)
	return e
}

// taken waits for a bundle's file and takes it.
func (b *bureau) taken(e auditexport.ExportStatus) moduletest.Answer {
	b.t.Helper()
	b.Await("the bundle is made", func() bool {
		b.auditor.Get("/v1/exports/" + e.ID).OK(&e)
		return e.State == auditexport.ExportMade
	})
	return b.auditor.Get("/v1/exports/" + e.ID + "/file").OK(nil)
}

// check verifies a bundle with the ledger's keys, as an outsider does.
func (b *bureau) check(zip []byte, opts ...func(*bundle.VerifyOptions)) bundle.Report {
	b.t.Helper()
	o := bundle.VerifyOptions{Trust: b.trust()}
	for _, f := range opts {
		f(&o)
	}
	r, err := bundle.Verify(context.Background(), bytes.NewReader(zip), int64(len(zip)), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// road has the other services state what happens to one project on a long
// road, and returns how many facts that are.
func (b *bureau) road(id string) (facts int64) {
	b.t.Helper()
	p := &typev1.ProjectBrief{
		ProjectId: id, Title: "智慧校园 " + id, Kind: "new_build", Unit: "education", AmountFen: 300_000_000, Route: "review", Pack: "yangpu-2023", DeclaredOn: "2026-03-02",
	}
	b.Other("declaration").State(id, "education", &declarationv1.ProjectSubmitted{Project: p}, &declarationv1.ProjectAccepted{Project: p})
	b.Other("conference").State(id, "gov-office", &conferencev1.DecisionTaken{ProjectId: id, Outcome: "approved", ApprovedFen: 280_000_000, DecidedOn: "2026-03-02"})
	b.Other("budgeting").State(id, "finance", &budgetingv1.BudgetIssued{ProjectId: id, AmountFen: 270_000_000, DocumentNo: "杨财预〔2026〕1号", IssuedOn: "2026-03-02"})
	b.Other("procurement").State(id, "education",
		&procurementv1.ProcurementStarted{ProjectId: id, Method: "public_tender", StartedOn: "2026-03-02"},
		&procurementv1.TenderPublished{ProjectId: id, NoticeNo: "ZB-" + id, PublishedOn: "2026-03-02", ValueFen: 270_000_000},
		&procurementv1.AwardMade{ProjectId: id, Supplier: "申城软件", SupplierCreditCode: "91310110MA1G8XXX0Q", ValueFen: 260_000_000, Bidders: 4, AwardedOn: "2026-03-02"},
		&procurementv1.ContractFiled{ProjectId: id, ContractNo: "HT-" + id, Supplier: "申城软件", ValueFen: 260_000_000, EffectiveOn: "2026-03-02", EndsOn: "2027-03-01", Sequence: 1},
		&procurementv1.AcceptancePassed{ProjectId: id, AcceptedOn: "2026-03-02", FinalFen: 259_000_000},
	)
	b.Other("budgeting").State(id, "finance", &budgetingv1.PaymentRecorded{ProjectId: id, PaymentId: "pay-" + id, AmountFen: 100_000_000, PaidTotalFen: 100_000_000, PaidOn: "2026-03-02", Payee: "申城软件", ContractNo: "HT-" + id})
	return 10
}

// sql runs statements as the superuser: what nobody in the service can do.
func (b *bureau) sql(statements ...string) {
	b.t.Helper()
	execute(b.t, b.DB.Superuser(b.t), statements...)
}

func execute(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := pool.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", strings.TrimSpace(s), err)
		}
	}
}

// open sends a request of the auditor's and gives the answer's body as it
// comes; cut ends the connection.
func (b *bureau) open(method, path, body string) (answer io.Reader, cut func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	req, err := http.NewRequestWithContext(ctx, method, b.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.auditor.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("refused: %s", resp.Status)
	}
	return resp.Body, cancel
}

// incompressible is a text of two kilobytes.
func incompressible(i int) string {
	text := make([]byte, 1500)
	_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(text) // never fails
	return base64.StdEncoding.EncodeToString(text)
}
