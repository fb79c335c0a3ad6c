package module_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"egov/libs/authn"
	"egov/libs/ledger"
	"egov/libs/ledger/bundle"
	"egov/libs/module/moduletest"
	"egov/libs/redistest"
	auditexportv1 "egov/proto/gen/egov/auditexport/v1"
	declarationv1 "egov/proto/gen/egov/declaration/v1"
	identityv1 "egov/proto/gen/egov/identity/v1"
	"egov/services/auditexport"
	"egov/services/auditexport/module"
)

func TestEveryFactBecomesARow(t *testing.T) {
	t.Parallel()
	b := start(t)
	sources := []string{
		"identity", "declaration", "expertreview", "conference", "budgeting", "procurement",
		"cybersecurity", "cryptoassessment", "legalization", "dataresource",
	}
	for _, source := range sources {
		b.Other(source) // all are there before the ledger has anything to announce
	}
	for i, source := range sources {
		b.Other(source).State("p-"+strconv.Itoa(i), "education", &declarationv1.ProjectWithdrawn{Reason: "1"}, &declarationv1.ProjectWithdrawn{Reason: "2"})
	}
	b.await(20)
	rows := b.query(url.Values{"unit": {"education"}})
	seen := map[string]int{}
	last := int64(0)
	for _, r := range rows.Items {
		seen[r.Service]++
		before := last
		last = r.Seq
		if r.Seq <= before || r.Unit != "education" || r.Actor != "test."+r.Service || r.TraceID != "0af7651916cd43dd8448eb211c80319c" || r.Broken {
			t.Errorf("%+v", r)
		}
		e, err := ledger.Parse([]byte(r.Raw))
		if err != nil || e.ID != r.EventID || !strings.Contains(string(e.Data), fmt.Sprint(e.EventSeq)) {
			t.Errorf("row %d: %s %v", r.Seq, r.Raw, err)
		}
	}
	if len(rows.Items) != 20 || len(seen) != len(sources) {
		t.Fatalf("%d rows of %v", len(rows.Items), slices.Sorted(maps.Keys(seen)))
	}
	b.wantSound(20)
}

func TestQueriesAreNarrowedAndPaged(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.road("p-1")
	b.Set("2026-03-05")
	b.road("p-2")
	b.await(20)
	for name, c := range map[string]struct {
		filter url.Values
		rows   int
	}{
		"a project":        {url.Values{"project": {"p-1"}}, 10},
		"a unit":           {url.Values{"unit": {"finance"}}, 4},
		"an actor":         {url.Values{"actor": {"test.procurement"}}, 10},
		"a type":           {url.Values{"type": {"egov.procurement.v1.ContractFiled"}}, 2},
		"a trace":          {url.Values{"trace_id": {"0af7651916cd43dd8448eb211c80319c"}}, 20},
		"a day":            {url.Values{"from": {"2026-03-05"}, "to": {"2026-03-05"}, "actor": {"test.procurement"}}, 5},
		"up to a day":      {url.Values{"to": {"2026-03-04"}}, 10},
		"a unit's project": {url.Values{"project": {"p-2"}, "unit": {"gov-office"}}, 1},
		"nobody's":         {url.Values{"project": {"p-3"}}, 0},
	} {
		if got := b.query(c.filter); len(seqsOfOthers(got)) != c.rows || got.AfterSeq != 0 {
			t.Errorf("%s: %d rows, after %d", name, len(got.Items), got.AfterSeq)
		}
	}
	var all []int64
	for after := int64(0); ; {
		page := b.query(url.Values{"project": {"p-1"}, "limit": {"4"}, "after_seq": {strconv.FormatInt(after, 10)}})
		all = append(all, seqsOfOthers(page)...)
		if after = page.AfterSeq; after == 0 {
			break
		}
	}
	if len(all) != 10 || !slices.IsSorted(all) {
		t.Errorf("pages give %v", all)
	}
	var one auditexport.Rows
	b.auditor.Get("/v1/projects/p-1/ledger?limit=3").OK(&one)
	if len(one.Items) != 3 || one.AfterSeq != one.Items[2].Seq {
		t.Errorf("%+v", one)
	}
}

// seqsOfOthers are the rows of a page that other services stated: the ledger's
// own, such as a red flag about a project, come when they come.
func seqsOfOthers(page auditexport.Rows) (seqs []int64) {
	for _, r := range page.Items {
		if r.Service != module.Name {
			seqs = append(seqs, r.Seq)
		}
	}
	return seqs
}

// TestTheAuditorsOwnActsAreRows looks for every way of reading in the ledger
// itself, under the auditor's name.
func TestTheAuditorsOwnActsAreRows(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1"))
	b.query(url.Values{"project": {"p-1"}})
	b.auditor.Get("/v1/projects/p-1/ledger").OK(nil)
	b.verify()
	archive := b.export(map[string]any{"project": "p-1"})
	b.auditor.Get("/v1/ledger/rows?format=zstd").OK(nil)
	var exports struct{ Items []auditexport.Export }
	b.auditor.Get("/v1/exports").OK(&exports)
	b.auditor.Get("/v1/exports/" + exports.Items[0].ID + "/file").OK(nil)
	want := []string{"query", "query", "verify", "verified", "export", "file", "rows", "file"}
	var kinds []string
	b.Await("all acts are rows", func() bool { // looking adds rows behind them
		kinds = b.acts(archive)
		return len(kinds) >= len(want)
	})
	if !slices.Equal(kinds[:len(want)], want) {
		t.Errorf("on record: %v, want %v", kinds, want)
	}
}

// acts lists the kinds of the auditor's acts that have a row, and wants the
// bundle on record to be archive.
func (b *bureau) acts(archive []byte) (kinds []string) {
	b.t.Helper()
	for _, r := range b.query(url.Values{"actor": {"service:auditexport for audit.li"}}).Items {
		e, err := ledger.Parse([]byte(r.Raw))
		if err != nil {
			b.t.Fatal(err)
		}
		var said struct {
			Query        string
			BundleSHA256 string `json:"bundle_sha256"`
		}
		if err := json.Unmarshal(e.Data, &said); err != nil {
			b.t.Fatal(err)
		}
		switch r.Type {
		case "egov.auditexport.v1.ExportMade":
			if sum := sha256.Sum256(archive); said.BundleSHA256 != hex.EncodeToString(sum[:]) {
				b.t.Errorf("another bundle is on record: %s", e.Data)
			}
		default:
			kinds = append(kinds, strings.Fields(said.Query)[0])
		}
		if r.Unit != "audit" || r.Service != module.Name {
			b.t.Errorf("%+v", r)
		}
	}
	return kinds
}

// TestABundleVerifiesForAnOutsider takes the three kinds away and checks them
// with the public keys alone, and with the export before in hand.
func TestABundleVerifiesForAnOutsider(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1") + b.road("p-2"))
	var before []byte
	for name, ask := range map[string]map[string]any{"ledger": {}, "project": {"project": "p-1"}, "time": {"from": "2026-03-02", "to": "2026-03-02"}} {
		a := b.taken(b.asked(ask))
		if got := a.Header.Get("Content-Type"); got != "application/zip" {
			t.Errorf("%s: %s", name, got)
		}
		if got := a.Header.Get("Content-Disposition"); !strings.Contains(got, "audit-2026-03-02") {
			t.Errorf("%s: %s", name, got)
		}
		r := b.check(a.Body, func(o *bundle.VerifyOptions) {
			if before != nil {
				var err error
				if o.Earlier, err = bundle.OpenEarlier(bytes.NewReader(before), int64(len(before))); err != nil {
					t.Fatal(err)
				}
			}
		})
		if !r.OK || r.Rows < 10 {
			t.Errorf("%s: %+v %v", name, r, r.Finding)
		}
		before = a.Body
		b.road("p-" + name)
	}
	b.auditor.Post("/v1/exports", map[string]any{"project": "p-9"}).Refused(404, "no_ledger_rows")
	b.auditor.Post("/v1/exports", map[string]any{"previous_size": 1 << 40}).Refused(400, "previous_export_beyond")
}

// TestAnIntruderIsFoundOverTheAPI edits the running service's database.
func TestAnIntruderIsFoundOverTheAPI(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1"))
	b.wantSound(10)
	b.sql(`UPDATE ledger_row SET raw = convert_to(replace(convert_from(raw, 'UTF8'), '申城软件', '同城软件'), 'UTF8') WHERE type = 'egov.procurement.v1.AwardMade'`)
	rows := b.query(url.Values{"type": {"egov.procurement.v1.AwardMade"}}).Items
	if len(rows) != 1 || !rows[0].Broken {
		t.Fatalf("%+v", rows)
	}
	v := b.verify()
	if v.OK || v.ErrorCode != "row_hash" || v.FirstBadSeq != rows[0].Seq {
		t.Errorf("%+v", v)
	}
	for _, ask := range []map[string]any{{}, {"project": "p-1"}, {"from": "2026-03-02"}} {
		if r := b.check(b.export(ask)); r.OK || r.ErrorCode != ledger.CodeRowHash || r.FirstBadSeq != uint64(rows[0].Seq) {
			t.Errorf("%v: %+v", ask, r)
		}
	}
}

// TestALostRedisAndALostInboxLoseAndDoubleNothing has every event delivered
// again: by an emptied Redis, then by one whose consumer forgot all as well.
func TestALostRedisAndALostInboxLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	b := start(t)
	n := b.road("p-1")
	b.await(n)
	rdb := redistest.Open(t, string(b.Config.Redis.URL))
	for _, forget := range [][]string{nil, {"DELETE FROM event_inbox", "DELETE FROM event_position", "DELETE FROM event_held"}} {
		b.sql(forget...)
		if err := rdb.FlushDB(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		n += b.road("p-" + strconv.FormatInt(n, 10))
		b.await(n)
	}
	counts := map[string]int{}
	for _, r := range b.query(url.Values{"trace_id": {"0af7651916cd43dd8448eb211c80319c"}, "limit": {"1000"}}).Items {
		counts[r.EventID]++
	}
	if len(counts) != 30 || slices.Max(slices.Collect(maps.Values(counts))) != 1 {
		t.Errorf("%d events: %v", len(counts), counts)
	}
	b.wantSound(n)
}

// TestOnlyAuditorsRead tries every operation as everybody else, the rows that
// another system follows among them (SH12-19).
func TestOnlyAuditorsRead(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1"))
	b.export(map[string]any{})
	var exports struct{ Items []auditexport.Export }
	b.auditor.Get("/v1/exports").OK(&exports)
	id, checked := exports.Items[0].ID, b.verify().ID
	operations := map[string][]any{
		"/v1/ledger": nil, "/v1/projects/p-1/ledger": nil, "/v1/ledger/rows": nil, "/v1/ledger/proof?seq=1": nil,
		"/v1/exports": nil, "/v1/exports/" + id: nil, "/v1/exports/" + id + "/file": nil,
		"/v1/verifications/" + checked: nil,
	}
	everybody := []string{"declarer", "supervisor", "secretary", "agency", "expert", "member", "chair", "finance_officer", "operator", "account_admin"}
	for who, c := range map[string]*moduletest.Client{
		"the unit itself": b.As("edu.all", "education", everybody...), "a clerk of the bureau": b.As("audit.clerk", "audit", everybody...),
	} {
		for path := range operations {
			c.Get(path).Refused(403, "role_required")
		}
		lies := []moduletest.Header{{Name: "X-Roles", Value: "auditor"}, {Name: "X-Unit", Value: "audit"}}
		for _, h := range [][]moduletest.Header{nil, lies} {
			c.Post("/v1/verify", nil, h...).Refused(403, "role_required")
			c.Post("/v1/exports", map[string]any{"roles": []string{"auditor"}}, h...).Refused(403, "role_required")
			c.Post("/v1/projects/p-1/archive", nil, h...).Refused(403, "role_required")
			for _, turn := range []string{"pause", "resume", "cancel"} {
				c.Post("/v1/exports/"+id+"/"+turn, nil, h...).Refused(403, "role_required")
			}
		}
		c.Get("/v1/ledger/checkpoint").OK(nil) // anybody may hold the ledger to what it said
		var tasks struct{ Items []any }
		c.Get("/v1/tasks").OK(&tasks)
		if len(tasks.Items) != 0 {
			t.Errorf("%s has tasks: %v", who, tasks)
		}
	}
	b.With(authn.Principal{}).Get("/v1/ledger").Refused(401, "sign_in_required")
	b.auditor.Post("/v1/exports", map[string]any{"roles": []string{"auditor"}}).Refused(400, "invalid_input")
	for table, rows := range map[string]int{"ledger_row": 10, "inquiry": 0, "export": 1} {
		if n := b.VisibleTo(table, "education", "edu.all", everybody...); n != 0 {
			t.Errorf("education sees %d rows of %s", n, table)
		}
		if n := b.VisibleTo(table, "audit", "audit.li", "auditor"); n < rows {
			t.Errorf("an auditor sees %d rows of %s", n, table)
		}
	}
}

// TestOneKeyHasOneEffect repeats what is posted.
func TestOneKeyHasOneEffect(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.await(b.road("p-1"))
	first := b.export(map[string]any{"project": "p-1"}, moduletest.Key("k1"))
	b.await(b.road("p-2"))
	again := b.export(map[string]any{"project": "p-1"}, moduletest.Key("k1"))
	if !bytes.Equal(first, again) {
		t.Errorf("%d bytes, then %d", len(first), len(again))
	}
	b.auditor.Post("/v1/exports", map[string]any{}, moduletest.Key("k1")).Refused(422, "idempotency_key_reused")
	verdict := b.verified(b.auditor.Post("/v1/verify", nil, moduletest.Key("k2")))
	b.road("p-3")
	if repeated := b.verified(b.auditor.Post("/v1/verify", nil, moduletest.Key("k2"))); repeated != verdict || !verdict.OK {
		t.Errorf("%+v\n%+v", verdict, repeated)
	}
	counts := map[string]int{}
	for _, f := range b.Facts("") {
		if q, ok := f.Data["query"].(string); ok {
			counts[strings.Fields(q)[0]]++
		} else if f.Type == "egov.auditexport.v1.ExportMade" { // red flags may come of themselves
			counts["made"]++
		}
	}
	if want := map[string]int{"export": 1, "file": 2, "verify": 1, "verified": 1, "made": 1}; !maps.Equal(counts, want) {
		t.Errorf("stated %v", counts)
	}
	b.auditor.Post("/v1/exports", map[string]any{}, moduletest.IfMatch(7)).Refused(412, "stale_version")
}

// TestABadBodyIsToldEverythingAtOnce holds the whole problem to its golden text.
func TestABadBodyIsToldEverythingAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	a := b.auditor.Post("/v1/exports", `{"project":"`+strings.Repeat("长", 201)+`","from":"2026-02-30","to":7,"previous_size":-1,"role":"chair","from":"x"}`)
	a.Refused(400, "invalid_input")
	moduletest.Golden(t, "export.problem.json", a.Body)
	b.auditor.Get("/v1/ledger?limit=x&after_seq=-1&from=y").Refused(400, "invalid_input")
	b.auditor.Get("/v1/ledger/rows?format=csv&after_seq=-1").Refused(400, "invalid_input")
	b.auditor.Post("/v1/exports", `{`).Refused(400, "bad_json")
	if n := b.Count("", &auditexportv1.LedgerQueried{}); n != 0 {
		t.Errorf("%d readings are on record", n)
	}
}

// TestAPackageForTheArchiveOverTheAPI: of a closed project alone (SH12-A).
func TestAPackageForTheArchiveOverTheAPI(t *testing.T) {
	t.Parallel()
	b := start(t)
	n := b.road("p-1")
	b.await(n)
	b.auditor.Post("/v1/projects/p-1/archive", nil).Refused(422, "project_not_closed")
	b.auditor.Post("/v1/projects/p-9/archive", nil).Refused(404, "no_ledger_rows")
	b.Other("declaration").State("p-1", "gov-office", &declarationv1.ProjectClosed{ProjectId: "p-1", Reason: "完成"})
	b.Await("the closing is a row", func() bool {
		return len(b.query(url.Values{"type": {"egov.declaration.v1.ProjectClosed"}}).Items) == 1
	})
	var e auditexport.ExportStatus
	a := b.auditor.Post("/v1/projects/p-1/archive", nil).OK(&e)
	if a.Status != http.StatusCreated || e.Package != bundle.PackageArchive {
		t.Errorf("%d %+v", a.Status, e)
	}
	file := b.taken(e)
	if r := b.check(file.Body); !r.OK || !strings.Contains(file.Header.Get("Content-Disposition"), "archive-2026-03-02-p-1.zip") {
		t.Errorf("%+v %v", r, file.Header)
	}
	b.auditor.Post("/v1/exports/"+e.ID+"/pause", nil).Refused(409, "export_not_in_the_making")
	b.auditor.Post("/v1/exports/"+e.ID+"/resume", nil).Refused(409, "export_in_the_making")
	b.auditor.Get("/v1/exports/nothing/file").Refused(404, "not_found")
	b.Set("2026-03-20")
	b.Await("the file expires", func() bool {
		b.auditor.Get("/v1/exports/" + e.ID).OK(&e)
		return e.State == auditexport.ExportExpired
	})
	b.auditor.Get("/v1/exports/"+e.ID+"/file").Refused(409, "export_file_gone")
	b.auditor.Post("/v1/exports/"+e.ID+"/resume", nil).OK(nil)
	if again := b.taken(e); !bytes.Equal(again.Body, file.Body) {
		t.Errorf("written again it has %d bytes, not %d", len(again.Body), len(file.Body))
	}
}

// TestALeavingReaderTakesTheRest closes the connection in the middle of a
// bundle, finds that what came is none, and takes the rest.
func TestALeavingReaderTakesTheRest(t *testing.T) {
	t.Parallel()
	b := start(t)
	var facts []proto.Message
	for i := range 4000 {
		facts = append(facts, &declarationv1.ProjectWithdrawn{Reason: incompressible(i)})
	}
	for part := range slices.Chunk(facts, 500) {
		b.Other("declaration").State("p-1", "education", part...)
	}
	b.await(4000)
	e := b.asked(map[string]any{})
	whole := b.taken(e)
	etag := whole.Header.Get("ETag")
	sum := sha256.Sum256(whole.Body)
	b.auditor.Get("/v1/exports/" + e.ID).OK(&e)
	if etag != `"`+hex.EncodeToString(sum[:])+`"` || e.SHA256 != hex.EncodeToString(sum[:]) || e.Bytes != int64(len(whole.Body)) || e.Progress.RowsDone != e.Rows {
		t.Errorf("%s %+v", etag, e)
	}
	body, cut := b.open(http.MethodGet, "/v1/exports/"+e.ID+"/file", "")
	part := make([]byte, len(whole.Body)/2)
	if _, err := io.ReadFull(body, part); err != nil {
		t.Fatal(err)
	}
	cut()
	if r := b.check(part); r.OK || r.ErrorCode != ledger.CodeTruncated {
		t.Errorf("half a bundle: %+v", r)
	}
	rest := func(condition string) moduletest.Answer {
		return b.auditor.Do(http.MethodGet, "/v1/exports/"+e.ID+"/file", nil, moduletest.Header{Name: "Range", Value: fmt.Sprintf("bytes=%d-", len(part))}, moduletest.Header{Name: "If-Range", Value: condition})
	}
	if a := rest(etag); a.Status != http.StatusPartialContent || !bytes.Equal(append(part, a.Body...), whole.Body) {
		t.Errorf("%d, %d bytes behind %d of %d", a.Status, len(a.Body), len(part), len(whole.Body))
	}
	if a := rest(`"other"`); a.Status != http.StatusOK || !bytes.Equal(a.Body, whole.Body) {
		t.Errorf("of another file: %d, %d bytes", a.Status, len(a.Body))
	}
}

func TestTheStandingIsWhatProofsAreHeldTo(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.Other("identity").State("a-1", "audit", &identityv1.AccountApproved{})
	b.await(1)
	b.wantSound(1)
	b.export(map[string]any{}) // signs
	s := b.standing()
	signed, err := b.trust().OpenUnwitnessed([]byte(s.Checkpoint))
	if err != nil || len(signed.SignedBy) != 2 {
		t.Fatalf("%v %v", signed.SignedBy, err)
	}
	var p auditexport.Proof
	b.auditor.Get("/v1/ledger/proof?seq=1").OK(&p)
	leaf, _ := ledger.ParseHash(p.Leaf)
	var path []ledger.Hash
	for _, h := range p.Hashes {
		x, _ := ledger.ParseHash(h)
		path = append(path, x)
	}
	under, err := b.trust().OpenUnwitnessed([]byte(p.Checkpoint))
	if err != nil {
		t.Fatal(err)
	}
	if err := ledger.VerifyInclusion(1, under.Size, leaf, path, under.Root); err != nil {
		t.Error(err)
	}
	b.auditor.Get("/v1/ledger/proof?seq=100000").Refused(404, "no_such_row")
	b.auditor.Get("/v1/ledger/proof").Refused(400, "invalid_input")
}
