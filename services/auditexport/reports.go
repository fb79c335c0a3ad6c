package auditexport

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"egov/libs/calendar"
	"egov/libs/ledger/bundle"
)

// reports are what a bundle says of itself. They are drawn when all documents
// have been.
func (p *papers) reports() iter.Seq2[bundle.Document, error] {
	return func(yield func(bundle.Document, error) bool) {
		files := []bundle.Document{
			{Name: bundle.NameCompleteness, Write: p.completeness},
			{Name: bundle.NameCompletenessText, Write: p.completenessText},
			{Name: bundle.NameChecks, Write: p.checks},
			{Name: bundle.NameReadme, Write: p.readme},
		}
		if p.scope.Package == bundle.PackageArchive {
			files = append(files,
				bundle.Document{Name: bundle.NameMetadata, Write: p.metadataJSON},
				bundle.Document{Name: bundle.NameMetadataXML, Write: p.metadataXML})
		}
		for _, f := range files {
			if !yield(f, nil) {
				return
			}
		}
	}
}

// catalogue is what is asked of electronic records when they are handed to an
// archive, by the four properties of DA/T 70-2018 and GB/T 42940-2023, in our
// own words; docs/archive.md says more. The results are filled in.
var catalogue = []bundle.Check{
	{
		Code: bundle.CheckRows, Property: bundle.Authenticity, By: bundle.ByVerifier,
		Title: "来源固化：每条记录都在账本密钥签名的检查点之下", TitleEN: "origin fixed: every record stands under a checkpoint that the ledger's keys signed",
		Method: "逐行重算摘要与哈希链，验证对签名根的包含证明", MethodEN: "hashes and chain of each row are computed again, and its inclusion under the signed root is proved",
		Evidence: []string{bundle.NameLedger, bundle.NameProof, bundle.NameCheckpoint},
	},
	{
		Code: bundle.CheckSignatures, Property: bundle.Authenticity, By: bundle.ByVerifier,
		Title: "签名：国际与国密两种算法各签一次", TitleEN: "signatures by two algorithms, Ed25519 and SM2",
		Method: "验证检查点上的账本签名", MethodEN: "the ledger's signatures under the checkpoint are verified",
		Evidence: []string{bundle.NameCheckpoint, bundle.NameKeys},
	},
	{
		Code: bundle.CheckWitnesses, Property: bundle.Authenticity, By: bundle.ByVerifier,
		Title: "见证：其他单位对检查点的共同签名", TitleEN: "witnessed: another unit cosigned the checkpoint",
		Method: "核对清单所列见证与检查点上的签名", MethodEN: "the cosignatures that the manifest names are looked for under the checkpoint",
		Evidence: []string{bundle.NameCheckpoint, bundle.NameManifest},
	},
	{
		Code: bundle.CheckMetadata, Property: bundle.Authenticity, By: bundle.ByVerifier,
		Title: "元数据与内容一致", TitleEN: "metadata agree with the contents",
		Method: "比对元数据中的项目、行数、起止行号和检查点", MethodEN: "project, rows and checkpoint of the metadata are compared with what is here",
		Evidence: []string{bundle.NameMetadata, bundle.NameMetadataXML},
	},
	{
		Code: bundle.CheckVouchers, Property: bundle.Authenticity, By: bundle.ByVerifier,
		Title: "出处：每条记录经其出具服务签名", TitleEN: "every record is signed by the service that stated it",
		Method: "以各服务的事件公钥验证批次签名及包含关系", MethodEN: "the services' signatures over their batches are verified, and that each record is in one",
		Evidence: []string{bundle.NameVouchers, bundle.NameKeys},
	},
	{
		Code: "actors_named", Property: bundle.Authenticity, By: bundle.ByWriter,
		Title: "责任者：每条记录载明经办人、单位和时间", TitleEN: "who, for which unit, and when stands in each record",
		Method: "由事件格式保证，并在摘要之内", MethodEN: "the form of events has it, under their hashes",
		Evidence: []string{bundle.NameLedger},
	},
	{
		Code: "key_provenance", Property: bundle.Authenticity, By: bundle.ByPerson,
		Title: "公钥来源可信", TitleEN: "the public keys come from whom they should",
		Method: "由接收方经其他渠道向审计局取得公钥后比对", MethodEN: "the receiver compares them with keys that were had from the audit bureau by another way",
		Evidence: []string{bundle.NameKeys},
	},
	{
		Code: bundle.CheckFiles, Property: bundle.Integrity, By: bundle.ByVerifier,
		Title: "数据总量：文件均在签名清单中，摘要与大小相符", TitleEN: "every file is on the signed list, of its size and hashes",
		Method: "重算每个文件的SHA-256与SM3", MethodEN: "SHA-256 and SM3 of each file are computed again",
		Evidence: []string{bundle.NameManifest},
	},
	{
		Code: bundle.CheckConsecutive, Property: bundle.Integrity, By: bundle.ByVerifier,
		Title: "记录连续：项目的事实序号无缺号", TitleEN: "no fact is left out between two others",
		Method: "核对各服务对同一项目的连续编号，或账本行号", MethodEN: "the numbers that each service gave its facts, or those of the rows, are followed",
		Evidence: []string{bundle.NameLedger},
	},
	{
		Code: bundle.CheckCompleteness, Property: bundle.Integrity, By: bundle.ByVerifier,
		Title: "应归尽归：没有应有而缺的材料和记录", TitleEN: "nothing that is due is missing",
		Method: "按规则包的材料清单和环节要求逐项比对", MethodEN: "the checklist and the gates of the pack are gone through",
		Evidence: []string{bundle.NameCompleteness, bundle.NameCompletenessText},
	},
	{
		Code: bundle.CheckAttachments, Property: bundle.Integrity, By: bundle.ByVerifier,
		Title: "附件原件：记录所列附件全部收入，内容与摘要相符", TitleEN: "every attachment that a record names is here, and is what was hashed",
		Method: "由记录逐一找出所列附件，重算其摘要", MethodEN: "the attachments are looked for in the rows again, and each is hashed again",
		Evidence: []string{bundle.FolderFiles, "tables/attachments.csv", bundle.NameCompleteness},
	},
	{
		Code: bundle.CheckFormats, Property: bundle.Usability, By: bundle.ByVerifier,
		Title: "格式开放：各文件为通用格式", TitleEN: "every file is of a widely read form",
		Method: "核对文件类型", MethodEN: "the types of the files are looked at",
		Evidence: []string{bundle.NameManifest},
	},
	{
		Code: "self_described", Property: bundle.Usability, By: bundle.ByWriter,
		Title: "自描述：不依赖本系统即可阅读和验证", TitleEN: "self-describing: it can be read and checked without this suite",
		Method: "说明文件给出结构与验证步骤", MethodEN: "the readme gives the layout and the steps",
		Evidence: []string{bundle.NameReadme},
	},
	{
		Code: "opened_by_people", Property: bundle.Usability, By: bundle.ByPerson,
		Title: "抽样打开可读", TitleEN: "samples open and can be read",
		Method: "人工抽查文件内容", MethodEN: "somebody opens samples",
		Evidence: []string{"tables/", "project/"},
	},
	{
		Code: bundle.CheckPlain, Property: bundle.Safety, By: bundle.ByVerifier,
		Title: "无加密、无链接、文件名安全", TitleEN: "nothing is encrypted, linked or named unsafely",
		Method: "检查压缩包目录", MethodEN: "the archive's directory is checked",
		Evidence: []string{bundle.NameManifest},
	},
	{
		Code: bundle.CheckInactive, Property: bundle.Safety, By: bundle.ByVerifier,
		Title: "无可执行内容", TitleEN: "no file is a program or may carry one",
		Method: "核对文件类型", MethodEN: "the types of the files are looked at",
		Evidence: []string{bundle.NameManifest},
	},
	{
		Code: "no_formulas", Property: bundle.Safety, By: bundle.ByWriter,
		Title: "表格文本不会被当作公式执行", TitleEN: "no text of a table is taken for a formula",
		Method: "写出时加前缀处理", MethodEN: "such texts get an apostrophe when they are written",
		Evidence: []string{"tables/"},
	},
	{
		Code: "malware_scan", Property: bundle.Safety, By: bundle.ByArchives,
		Title: "病毒检测", TitleEN: "scanned for malware",
		Method: "由档案部门以其检测工具完成", MethodEN: "by the archives' own tool",
		Evidence: []string{},
	},
	{
		Code: "transfer_and_carrier", Property: bundle.Safety, By: bundle.ByArchives,
		Title: "移交过程与载体安全", TitleEN: "the way and the medium of the transfer are safe",
		Method: "由移交与接收双方按档案部门规定办理", MethodEN: "by both sides, as the archives rule",
		Evidence: []string{},
	},
}

// checks writes checks.json.
func (p *papers) checks(_ context.Context, w io.Writer) error {
	f := bundle.Findings{
		Note: p.signed.Note, CosignedBy: p.signed.CosignedBy(), Missing: p.tally[gapMissing],
		Names: slices.Collect(maps.Values(p.originals.here)), Attachments: &p.originals.said, // all other files are open to everybody
	}
	if p.vouched {
		f.Names = append(f.Names, bundle.NameVouchers)
	}
	if p.scope.Package == bundle.PackageArchive {
		agrees := true
		f.Metadata = &agrees
	}
	results := f.Rechecked()
	out := bundle.Checks{Format: bundle.ChecksFormat}
	for _, c := range catalogue {
		switch c.By {
		case bundle.ByVerifier:
			c.Result = results[c.Code]
		case bundle.ByWriter:
			c.Result = bundle.Passed
		case bundle.ByPerson, bundle.ByArchives:
			c.Result = bundle.OpenToOthers
		}
		out.Items = append(out.Items, c)
	}
	return indented(w, out)
}

func indented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// metadata is what an archive files a package under (SH12-A). What only the
// archive can say is left for it to fill in.
type metadata struct {
	XMLName xml.Name `json:"-" xml:"record"`
	Format  string   `json:"format" xml:"format"`
	bundle.Metadata

	Origin string `json:"-" xml:"ledger>origin"`
	Size   uint64 `json:"-" xml:"ledger>size"`
	Root   string `json:"-" xml:"ledger>root"`

	ID          string      `json:"identifier" xml:"identifier"`
	Title       string      `json:"title" xml:"title"`
	Kind        string      `json:"kind" xml:"kind"`
	Unit        string      `json:"unit" xml:"unit"`
	Pack        string      `json:"pack" xml:"pack"`
	PackVersion string      `json:"pack_version" xml:"pack_version"`
	DeclaredOn  string      `json:"declared_on" xml:"declared_on"`
	AcceptedOn  string      `json:"accepted_on,omitempty" xml:"accepted_on,omitempty"`
	ClosedOn    string      `json:"closed_on" xml:"closed_on"`
	ClosedSeq   int64       `json:"closed_seq" xml:"closed_seq"`
	CloseReason string      `json:"close_reason" xml:"close_reason"`
	FirstFactOn string      `json:"first_fact_at" xml:"first_fact_at"`
	LastFactOn  string      `json:"last_fact_at" xml:"last_fact_at"`
	CreatedAt   string      `json:"created_at" xml:"created_at"`
	CreatedFor  string      `json:"created_for" xml:"created_for"`
	Basis       string      `json:"basis" xml:"basis"`
	Papers      []paperLine `json:"attachments" xml:"attachments>attachment"`

	// To be assigned by the unit's own archive.
	Fonds     string `json:"fonds_no" xml:"fonds_no"`
	Number    string `json:"archival_no" xml:"archival_no"`
	Retention string `json:"retention_period" xml:"retention_period"`
	Class     string `json:"security_class" xml:"security_class"`
}

// metadataFormat names the form of metadata.json and metadata.xml. stable.
const metadataFormat = "egov-archive-metadata/1"

func (p *papers) metadata() (metadata, error) {
	e := p.export
	m := metadata{
		Format:   metadataFormat,
		Metadata: bundle.MetadataOf(e.Project, bundle.Trailer{Rows: uint64(e.Rows), First: uint64(e.First), Last: uint64(e.Last)}, p.signed.Checkpoint),
		Origin:   p.signed.Origin, Size: p.signed.Size, Root: p.signed.Root.String(),
		ID: p.signed.Origin + "/" + e.Project + "/" + e.ID, CreatedAt: e.CreatedAt.In(calendar.Shanghai).Format(time.RFC3339), CreatedFor: e.By.Actor, Basis: "SH12-A",
		Papers: []paperLine{},
	}
	for l, err := range p.leaves() {
		if err != nil {
			return m, err
		}
		x := l.Project
		m.Title, m.Kind, m.Unit, m.Pack, m.PackVersion, m.DeclaredOn, m.AcceptedOn = x.Title, x.Kind, x.Unit, x.Pack, x.PackVersion, x.DeclaredOn, x.AcceptedOn
		m.ClosedOn, m.ClosedSeq, m.CloseReason, m.FirstFactOn, m.LastFactOn = x.ClosedOn, x.ClosedSeq, x.CloseReason, x.FirstFactOn, x.LatestFactOn
		m.Papers = append(m.Papers, l.Papers...)
	}
	return m, nil
}

func (p *papers) metadataJSON(_ context.Context, w io.Writer) error {
	m, err := p.metadata()
	if err != nil {
		return err
	}
	return indented(w, m)
}

func (p *papers) metadataXML(_ context.Context, w io.Writer) error {
	m, err := p.metadata()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(m); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// readme writes README.md.
func (p *papers) readme(_ context.Context, w io.Writer) error {
	title, what := "审计包", "Audit bundle: "+p.export.scope()
	if p.scope.Package == bundle.PackageArchive {
		title, what = "电子档案移交包", "Package for an archive (SH12-A): project "+p.export.Project
	}
	_, err := fmt.Fprintf(w, readmeText, title, what,
		p.export.Rows, p.export.First, p.export.Last, p.signed.Size, p.signed.Origin, cosigners(p.signed.CosignedBy()),
		p.projects, p.tally[gapMissing], p.originals.said.Named, p.originals.said.Held)
	return err
}

func cosigners(names []string) string {
	if len(names) == 0 {
		return "无 / none"
	}
	return strings.Join(names, "、")
}

// cell is a text inside a table of Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;").Replace(s)
}

const readmeText = `# %s

%s

| | |
|---|---|
| 记录 rows | %d（第%d行至第%d行） |
| 检查点 checkpoint | %d行 rows，%s |
| 见证 cosigned by | %s |
| 项目 projects | %d |
| 应有而缺 due and missing | %d |
| 记录所列附件 attachments named | %d（收入本包 here %d） |

## 内容

| 文件 | 说明 |
|---|---|
| checkpoint | 账本检查点：总行数、默克尔树根、国密链，附账本与见证单位的签名 |
| keys.json | 生成时使用的公钥 |
| ledger.jsonl | 每行一条记录：raw为事件原文（base64），sha256、sm3为其摘要，chain为链值；末行为签名的合计 |
| proof.json | 记录与检查点之间的证明 |
| vouchers.jsonl | 出具服务对各批记录的签名及包含证明 |
| files/ | 记录所列附件，文件名为其SHA-256 |
| project/ | 每个项目的OC4IDS与OCDS文档 |
| tables/ | 项目、时限、金额、合同、付款、附件、账本索引，CSV（UTF-8）、XLSX、Parquet；金额单位为分 |
| completeness.json、completeness.md | 完整性报告：缺什么、为什么 |
| checks.json | 真实性、完整性、可用性、安全性四性检测逐项结果，并注明由谁检测 |
| metadata.json、metadata.xml | 档案元数据（仅移交包）；全宗号、档号、保管期限、密级由档案部门填写 |
| manifest.json | 清单：范围、生成者、时间、规则包版本、全部文件的摘要，附账本签名 |

附件以其SHA-256命名，摘要在账本记录之内；未收入本包的附件及原因见附件表与完整性报告。

## 验证

以本套件的程序离线验证，不需要网络和数据库：

    egov audit verify 本文件.zip --trust 公钥文件

公钥应向审计局经其他渠道取得。不使用本程序时，可按以下步骤自行验证：

1. 对ledger.jsonl每一行，解码raw，计算SHA-256与SM3，与该行所列比对。
2. 链值＝SHA-256(0x00 ‖ 上一行链值 ‖ 行号8字节大端 ‖ sha256 ‖ sm3)；项目包中上一行链值见proof.json各行的prev。
3. 按RFC 6962以proof.json中的路径由链值算出树根，与checkpoint第三行（base64）比对。
4. 按C2SP signed note格式，以公钥验证checkpoint末尾的签名。
5. 对其余文件计算摘要，与manifest.json比对。

To check it without this program: hash each row's raw bytes, follow the chain, compute the RFC 6962 root
from the proofs, compare it with the checkpoint, verify the note's signatures, and hash the other files.
`
