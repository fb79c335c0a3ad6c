package ledgerbench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"egov/libs/event"
	"egov/libs/ledger"
	"egov/services/auditexport/search"
)

// archive makes the ledger of a district that has kept one for years: projects
// by the ten thousand, declared, decided, bought, paid and asked about by people
// of many units. The same size is always the same ledger.
type archive struct {
	rows     int
	random   *rand.Rand
	at       time.Time
	projects []project
	raw      []byte
	data     []byte
}

// project is one that facts are stated about.
type project struct {
	id, title, unit, supplier string
	fen                       int64
	facts                     int32
}

// What the facts of the archive are made of. Words differ in how common they
// are, as in any archive.
var (
	places    = []string{"五角场", "控江", "江浦", "殷行", "长海", "大桥", "四平", "定海", "平凉", "延吉", "新江湾", "长白"}
	themes    = []string{"智慧校园", "一网统管", "电子证照", "养老服务", "雪亮工程", "政务大厅", "水务监测", "文化场馆", "消防预警", "社区卫生", "市场监管", "档案数字化", "公共信用", "城市体征", "食品追溯", "垃圾分类"}
	works     = []string{"平台建设", "系统升级改造", "运行维护", "安全加固", "数据治理", "终端采购", "监理服务", "等级保护测评", "密码应用改造", "信创适配"}
	suppliers = []string{"申城软件", "同济信息", "浦江数码", "东方智联", "五角数据", "江湾网络", "华东测评", "长海系统集成", "复旦云图", "控江科技", "大桥通信", "延吉电子"}
	reasons   = []string{"预算编制依据不足，请补充测算过程", "与已有公共平台功能重复，请说明复用方案", "材料齐全，同意进入下一环节", "合同金额未超过批准金额", "供应商延期交付，已约谈整改", "专家意见分歧，提请联席会议审议"}
	articles  = []string{"YP23-R-5.3.1", "YP23-R-5.3.2", "YP23-R-5.3.4", "YP23-R-5.4.4", "YP23-R-5.5.1", "YP23-R-5.5.2", "YP23-R-5.5.5", "YP23-R-5.5.7", "YP23-M-13", "YP23-M-16", "YP23-M-22", "YP23-M-34", "YP23-S-3.1", "YP23-S-3.3.1"}
)

// kinds are the facts with how often they are stated, in parts of a thousand.
var kinds = []struct {
	source, typ string
	weight      int
}{
	{"declaration", "egov.declaration.v1.ProjectSubmitted", 40},
	{"declaration", "egov.declaration.v1.ProjectReturned", 30},
	{"conference", "egov.conference.v1.OpinionGiven", 130},
	{"conference", "egov.conference.v1.DecisionTaken", 30},
	{"budgeting", "egov.budgeting.v1.BudgetIssued", 25},
	{"budgeting", "egov.budgeting.v1.PaymentRecorded", 120},
	{"procurement", "egov.procurement.v1.ContractFiled", 35},
	{"procurement", "egov.procurement.v1.QuarterReported", 110},
	{"procurement", "egov.procurement.v1.AcceptancePassed", 20},
	{"declaration", "egov.deadline.v1.DeadlineSet", 160},
	{"declaration", "egov.deadline.v1.DeadlineMet", 140},
	{"identity", "egov.identity.v1.SignedIn", 100},
	{"auditexport", "egov.auditexport.v1.LedgerQueried", 60},
}

// rareWord stands in the titles of few projects.
const rareWord = "潮汐预报"

func newArchive(rows int) *archive {
	a := &archive{rows: rows, random: rand.New(rand.NewPCG(1, uint64(rows))), at: time.Date(2021, 9, 14, 8, 0, 0, 0, time.UTC)}
	const factsOfOne = 40
	a.projects = make([]project, max(rows/factsOfOne, 10))
	for i := range a.projects {
		theme := themes[a.skewed(len(themes))]
		if i%5000 == 7 {
			theme = rareWord
		}
		a.projects[i] = project{
			id: uuid.NewSHA1(uuid.Nil, strconv.AppendInt(nil, int64(i), 10)).String(), unit: unitName(a.skewed(60)), supplier: suppliers[a.skewed(len(suppliers))],
			title: places[a.random.IntN(len(places))] + theme + works[a.skewed(len(works))] + strconv.Itoa(2021+i%5) + "年",
			fen:   100 * int64(math.Exp(9+a.random.Float64()*8)), // from some ten thousand to some tens of millions of yuan
		}
	}
	return a
}

// skewed draws a number below n; small ones come up more often.
func (a *archive) skewed(n int) int {
	f := a.random.Float64()
	return int(f * f * float64(n))
}

func unitName(i int) string { return "unit-" + strconv.Itoa(i) }

func personName(i int) string { return "account." + strconv.Itoa(i) }

// entry makes the i-th fact. Its data lie in the archive's buffer.
func (a *archive) entry(i int) ledger.Entry {
	n := a.random.IntN(1000)
	k := 0
	for ; n >= kinds[k].weight; k++ {
		n -= kinds[k].weight
	}
	// Projects are worked on for some time, one after the other.
	about := int(float64(i)/float64(a.rows)*float64(len(a.projects))) + int(a.random.NormFloat64()*float64(len(a.projects))/40)
	p := &a.projects[min(max(about, 0), len(a.projects)-1)]
	p.facts++
	a.at = a.at.Add(time.Duration(a.random.ExpFloat64() * float64(1500*24*time.Hour) / float64(a.rows)))
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], uint64(a.at.UnixMilli())<<16|7<<12|uint64(i)&0xfff)
	binary.BigEndian.PutUint64(id[8:], 1<<63|uint64(i))
	unit := p.unit
	if kinds[k].source != "declaration" && kinds[k].source != "procurement" {
		unit = unitName(a.skewed(60))
	}
	// Some facts arrive late: their rows stand behind those of later ones.
	late := time.Duration(0)
	if a.random.IntN(50) == 0 {
		late = time.Duration(a.random.IntN(3600)) * time.Second
	}
	a.data = a.content(a.data[:0], kinds[k].typ, p, i)
	return ledger.Entry{
		ID: id.String(), Source: kinds[k].source, Type: kinds[k].typ, Subject: p.id, Time: a.at.Add(-late).Truncate(time.Microsecond), Unit: unit,
		Actor: personName(a.skewed(2000)), EventSeq: int64(p.facts), TraceParent: fmt.Sprintf("00-%016x%016x-%016x-01", uint64(i/3)*0x9e3779b97f4a7c15, i/3, i), Data: a.data,
	}
}

func (a *archive) content(b []byte, typ string, p *project, i int) []byte {
	basis := articles[a.skewed(len(articles))]
	fen := p.fen * int64(50+a.random.IntN(50)) / 100
	b = append(append(append(b, `{"project_id":"`...), p.id...), '"')
	switch typ[strings.LastIndexByte(typ, '.')+1:] {
	case "ProjectSubmitted":
		b = fmt.Appendf(b, `,"project":{"title":"%s","kind":"new_build","unit":"%s","amount_fen":"%d","route":"review","pack":"yangpu-2023","basis":["%s"]}`, p.title, p.unit, p.fen, basis)
	case "ProjectReturned", "OpinionGiven":
		b = fmt.Appendf(b, `,"text":"%s：%s","stance":"agree"`, p.title, reasons[a.skewed(len(reasons))])
	case "DecisionTaken":
		b = fmt.Appendf(b, `,"outcome":"approved","reason":"%s","approved_fen":"%d","basis":["%s"]`, reasons[a.skewed(len(reasons))], fen, basis)
	case "BudgetIssued":
		b = fmt.Appendf(b, `,"amount_fen":"%d","document_no":"杨财预〔%d〕%d号","basis":["%s"]`, fen, a.at.Year(), i%900, basis)
	case "PaymentRecorded":
		b = fmt.Appendf(b, `,"amount_fen":"%d","payee":"%s","contract_no":"HT-%d"`, fen/4, p.supplier, i%100_000)
	case "ContractFiled":
		b = fmt.Appendf(b, `,"contract_no":"HT-%d","supplier":"%s","value_fen":"%d","basis":["%s"]`, i%100_000, p.supplier, fen, basis)
	case "QuarterReported":
		b = fmt.Appendf(b, `,"quarter":"2024Q%d","progress_percent":%d,"summary":"%s"`, 1+i%4, i%100, reasons[a.skewed(len(reasons))])
	case "DeadlineSet", "DeadlineMet":
		b = fmt.Appendf(b, `,"deadline_id":"d-%d","obligation":"contract_filing","due_on":"2024-05-06","basis":["%s"]`, i, basis)
	}
	return append(b, '}')
}

// plain is what somebody would make by hand to find the same rows: an index for
// each kind of question, on tables that hold what the events say.
const plain = `
DROP TABLE IF EXISTS plain_words, plain_amount, plain_provision;
CREATE UNLOGGED TABLE plain_words (seq bigint NOT NULL, pairs bigint[] NOT NULL);
CREATE UNLOGGED TABLE plain_amount (seq bigint NOT NULL, fen bigint NOT NULL);
CREATE UNLOGGED TABLE plain_provision (seq bigint NOT NULL, provision text NOT NULL)`

const plainIndexes = `
CREATE INDEX ON plain_words USING gin (pairs) WITH (fastupdate = off);
CREATE INDEX ON plain_words (seq);
CREATE INDEX ON plain_amount (fen, seq);
CREATE INDEX ON plain_amount (seq);
CREATE INDEX ON plain_provision (provision text_pattern_ops, seq);
CREATE INDEX IF NOT EXISTS by_hand_unit ON ledger_line (unit, seq);
CREATE INDEX IF NOT EXISTS by_hand_actor ON ledger_line (actor, seq);
CREATE INDEX IF NOT EXISTS by_hand_at ON ledger_line (at, seq)`

// load fills the ledger and the plain tables by COPY, with the indexes built
// afterwards.
func (a *archive) load(ctx context.Context, conn *pgx.Conn) (err error) {
	var names, definitions []string
	rows, err := conn.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ledger_line'
		AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'ledger_line'::regclass)`)
	if err != nil {
		return err
	}
	var name, definition string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		names, definitions = append(names, name), append(definitions, definition)
		return nil
	}); err != nil {
		return err
	}
	for _, n := range names {
		if _, err := conn.Exec(ctx, "DROP INDEX "+pgx.Identifier{n}.Sanitize()); err != nil {
			return err
		}
	}
	if _, err := conn.Exec(ctx, plain+"; TRUNCATE ledger_row, ledger_node, ledger_head, ledger_checkpoint, ledger_block, ledger_term; SET app.write = 'on'; SET maintenance_work_mem = '1GB'"); err != nil {
		return err
	}
	if err := a.copy(ctx, conn); err != nil {
		return err
	}
	for _, sql := range append(definitions, plainIndexes) {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// part is rows that are made before they are stored.
const part = 20_000

// copy stores all rows, part by part.
func (a *archive) copy(ctx context.Context, conn *pgx.Conn) error {
	head := ledger.Genesis(origin)
	for next := 0; next < a.rows; {
		var lines, words, amounts, provisions [][]any
		for ; next < a.rows && len(lines) < part; next++ {
			e := a.entry(next)
			raw, err := ledger.AppendRaw(nil, e)
			if err != nil {
				return err
			}
			r := head.Append(raw)
			seq := int64(r.Seq)
			lines = append(lines, []any{
				seq, r.Raw, r.SHA256[:], r.SM3[:], r.Chain[:], uuid.MustParse(e.ID), e.Source, e.Type, e.Subject, e.Unit, e.Actor, event.TraceID(e.TraceParent), e.Time,
			})
			said := search.Said(&e)
			if len(said.Pairs) > 0 {
				words = append(words, []any{seq, said.Pairs})
			}
			for _, fen := range said.Amounts {
				amounts = append(amounts, []any{seq, fen})
			}
			for _, id := range said.Provisions {
				provisions = append(provisions, []any{seq, id})
			}
		}
		for _, c := range []struct {
			table   string
			columns []string
			rows    [][]any
		}{
			{"ledger_line", []string{"seq", "raw", "sha256", "sm3", "chain", "event_id", "service", "type", "subject", "unit", "actor", "trace_id", "at"}, lines},
			{"plain_words", []string{"seq", "pairs"}, words},
			{"plain_amount", []string{"seq", "fen"}, amounts},
			{"plain_provision", []string{"seq", "provision"}, provisions},
		} {
			if _, err := conn.CopyFrom(ctx, pgx.Identifier{c.table}, c.columns, pgx.CopyFromRows(c.rows)); err != nil {
				return errors.Join(fmt.Errorf("row %d of %s", next, c.table), err)
			}
		}
	}
	return nil
}
