import type { Text } from '../api/types';
import { namedFacts } from './facts';
import { wan } from './money';
import type { Tone } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

/** How grave a red flag would be if it proved right. */
export const SEVERITIES: Record<string, Text> = { high: text('高', 'High'), medium: text('中', 'Medium'), low: text('低', 'Low') };

export const SEVERITY_TONES: Record<string, Tone> = { high: 'bad', medium: 'halted', low: 'quiet' };

/** How a red flag is found. */
export const DETECTORS: Record<string, Text> = {
  splitting: text('同一单位相近项目分别低于限额、合计达到限额', 'Similar projects of one unit, each below a limit that they reach together'),
  below_limit: text('同一单位多个项目略低于限额', 'Several projects of one unit, each just below a limit'),
  contract_before_approval: text('合同早于审议决定或没有决定', 'A contract before a decision, or without one'),
  contract_over_approval: text('合同金额超过审核同意金额', 'Contracts worth more than was approved'),
  contract_over_budget: text('合同金额超过下达预算', 'Contracts worth more than the budget'),
  work_before_procurement: text('实施或付款早于采购程序或合同', 'Work or payment before the procedure or the contract'),
  change_without_consent: text('变更未经同意', 'A change without consent'),
  evaluator_linked: text('论证、监理、测试方与供应商关联', 'Who evaluates, supervises or tests is linked to the supplier'),
  single_bidder: text('多次采购参与供应商过少', 'Award after award with too few bidders'),
  overdue: text('多项事项逾期', 'Filing after filing after its time'),
  acceptance_untested: text('缺少验收测试即通过验收', 'Accepted without a test that acceptance asks for'),
};

/** Where a red flag stands. */
export const FLAG_STATES: Record<string, Text> = { raised: text('待核实', 'Raised'), withdrawn: text('已撤销', 'Withdrawn') };

/** Where an audit case stands. */
export const CASE_STATES: Record<string, Text> = {
  opened: text('已开立', 'Opened'),
  questioned: text('待答复', 'Waits for the answer'),
  examined: text('待审阅', 'Waits for the auditors'),
  rectifying: text('整改中', 'Rectifying'),
  concluding: text('待复核办结', 'Waits for a second auditor'),
  closed: text('已办结', 'Closed'),
};

export const CASE_TONES: Record<string, Tone> = { closed: 'quiet', questioned: 'halted', rectifying: 'halted' };

/** What came of an audit case. */
export const CASE_OUTCOMES: Record<string, Text> = {
  unfounded: text('疑点不成立', 'Unfounded'),
  explained: text('情况属实，合规', 'Explained'),
  rectified: text('已整改', 'Rectified'),
  referred: text('移送处理', 'Referred'),
};

/** How material was withheld. */
export const MANNERS: Record<string, Text> = { refused: text('拒绝提供', 'Refused'), concealed: text('隐瞒', 'Concealed') };

/** How far a bundle got. */
export const EXPORT_STATES: Record<string, Text> = {
  begun: text('生成中', 'Being written'),
  paused: text('已暂停', 'Paused'),
  made: text('可下载', 'Ready'),
  broken_off: text('生成中断', 'Broken off'),
  cancelled: text('已放弃', 'Given up'),
  expired: text('已过保留期', 'Expired'),
};

export const EXPORT_TONES: Record<string, Tone> = { made: 'good', paused: 'halted', broken_off: 'bad', cancelled: 'quiet', expired: 'quiet' };

/** What a state of the as-of view's clocks is called. */
export const CLOCK_STATES: Record<string, Text> = {
  open: text('进行中', 'Running'),
  paused: text('已中止', 'Paused'),
  met: text('按时完成', 'Met'),
  missed: text('已逾期', 'Missed'),
  fulfilled_late: text('逾期完成', 'Met late'),
  waived: text('已免除', 'Waived'),
};

// Names of an as-of view's values and of the links of its amounts.
const VALUES: Record<string, Text> = {
  stage: text('阶段', 'Stage'),
  route: text('办理流程', 'Route'),
  title: text('项目名称', 'Title'),
  kind: text('类型', 'Kind'),
  unit: text('申报单位', 'Declaring unit'),
  pack: text('适用规则', 'Rules'),
  leader: text('责任领导', 'Responsible leader'),
  contact: text('联系人', 'Contact'),
  agency: text('论证评估机构', 'Agency'),
  supplier: text('供应商', 'Supplier'),
  supplier_credit_code: text('供应商统一社会信用代码', 'Supplier’s credit code'),
  procurement_method: text('采购方式', 'Procurement method'),
  contract_no: text('合同编号', 'Contract number'),
  contract_ends_on: text('合同结束日期', 'Contract ends on'),
  accepted_on: text('验收日期', 'Accepted on'),
  issued_on: text('预算下达日期', 'Budget issued on'),
};

const AMOUNTS: Record<string, Text> = {
  declared: text('申报', 'Declared'),
  evaluated: text('评审', 'Evaluated'),
  approved: text('批准', 'Approved'),
  budget: text('预算', 'Budget'),
  tender: text('招标', 'Tender'),
  award: text('中标', 'Award'),
  contract: text('合同', 'Contract'),
  paid: text('支付', 'Paid'),
  final: text('决算', 'Final'),
};

/** The links of the chain of amounts, in its order. */
export const AMOUNT_NAMES = Object.keys(AMOUNTS);

export const viewValueName = (name: string): Text => VALUES[name] ?? text(name, name);

export const viewAmountName = (name: string): Text => AMOUNTS[name] ?? text(name, name);

/** One place of a view: "amounts.approved" is an amount, "deadlines.<id>.state" a part of one thing. */
export interface Place {
  group: 'value' | 'amount' | 'deadline' | 'unit' | 'person' | 'other';
  name: string;
  /** Of a deadline: which. */
  id: string;
}

/** Takes a path of a difference apart. */
export function placeOf(path: string): Place {
  if (path.startsWith('amounts.')) return { group: 'amount', name: path.slice('amounts.'.length), id: '' };
  if (path.startsWith('units.')) return { group: 'unit', name: path.slice('units.'.length), id: '' };
  if (path.startsWith('people.')) return { group: 'person', name: path.slice('people.'.length), id: '' };
  const clock = /^deadlines\.(.+)\.(state|due_on)$/.exec(path);
  if (clock) return { group: 'deadline', name: clock[2] ?? '', id: clock[1] ?? '' };
  return { group: path.includes('.') ? 'other' : 'value', name: path, id: '' };
}

const FIGURES: Record<string, Text> = {
  similarity: text('名称相似度不低于', 'Likeness of titles from'),
  within: text('距限额不超过', 'Within of the limit'),
  window: text('时间范围', 'Within'),
  count: text('不少于', 'At least'),
  bidders: text('投标家数', 'Bidders'),
  settle: text('观察期', 'Settles in'),
  filing_limit: text('审核起点', 'Limit of review'),
  public_tender_limit: text('公开招标起点', 'Limit of public tender'),
};

const UNITS_OF: Record<string, (n: number) => Text> = {
  fen: (n) => text(`${wan(n)} 万元`, `${wan(n)} × 10k CNY`),
  basis_points: (n) => text(`${n / 100}%`, `${n / 100}%`),
  months: (n) => text(`${n} 个月`, `${n} months`),
  days: (n) => text(`${n} 天`, `${n} days`),
  count: (n) => text(`${n} 个`, `${n}`),
};

/** One figure of a red-flag rule in words. */
export function figureOf(f: { name: string; value: number; unit: string }): { name: Text; value: Text } {
  return { name: FIGURES[f.name] ?? text(f.name, f.name), value: UNITS_OF[f.unit]?.(f.value) ?? text(`${f.value} ${f.unit}`, `${f.value} ${f.unit}`) };
}

/** What a fact shows, with the name of a clock where the evidence of its miss has the code. */
export function shownBy(e: { type: string; shows: Text }, clock: (code: string) => string): Text {
  if (!e.type.startsWith('egov.deadline.v1.')) return e.shows;
  return { zh: e.shows.zh.replace(/“([a-z_]+)”/, (_, code: string) => `“${clock(code)}”`), en: e.shows.en.replace(/^[a-z_]+/, clock) };
}

/** The facts' types by the service that states them, as a question may name them. */
export function factTypes(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const name of namedFacts()) {
    const service = name.slice(0, name.indexOf('.'));
    all.set(service, [...(all.get(service) ?? []), `egov.${name}`]);
  }
  return all;
}

/** The stored event of a row, or nothing where it cannot be read. */
export function eventOf(raw: string): { data: Record<string, unknown> } | null {
  try {
    const e = JSON.parse(raw) as { data?: unknown };
    return { data: typeof e.data === 'object' && e.data !== null ? (e.data as Record<string, unknown>) : {} };
  } catch {
    return null;
  }
}

/** A number of bytes, as people read it. */
export const size = (bytes: number): string =>
  bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024)).toLocaleString('en-US')} KB`;

const FINDINGS: Record<string, Text> = {
  row_hash: text('有一行的内容与其散列不符，内容或散列被改动过', 'A row is not the one that was hashed: it, or its hash, was edited'),
  chain_broken: text('有一行与前一行的哈希链断裂，行的内容、次序或链值被改动过', 'A row does not follow the one before it: it, its place or its chain value was edited'),
  row_missing: text('账本中间缺少一行', 'A row between two others is missing'),
  row_order: text('账本行的次序不对，或有行重复', 'Rows are out of order, or stand twice'),
  leaf_not_in_tree: text('账本行与已签署检查点的默克尔树不一致，账本曾被整体重算或增删', 'The rows do not make up the tree that was signed: they were computed again, or rows were added'),
  truncated: text('账本末尾缺行，少于已签署的行数', 'The end of the ledger is missing: fewer rows than were signed'),
  fork: text('同一行数有两个不同的检查点，账本出现分叉', 'Two checkpoints of one size differ: the ledger was forked'),
  unknown_key: text('检查点或某行的签名出自不受信任的密钥', 'A checkpoint, or what vouches for a row, was signed with a key that nobody trusts'),
  checkpoint_signature: text('检查点的签名无效', 'The signature of a checkpoint is false'),
  misfiled: text('有一行的检索字段被改动过：内容仍真实，但查询会漏掉它或张冠李戴', 'What a row is found by was edited: its content holds, but questions would miss it or find it under a false name'),
};

/** What a check of the ledger found, in words. */
export const findingOf = (code: string): Text => FINDINGS[code] ?? text(`核验不通过（${code}）`, `It does not hold (${code})`);
