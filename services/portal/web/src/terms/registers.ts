import type { Entry } from '../api/registers';
import type { Text } from '../api/types';
import type { Tone } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

/** A list that a service keeps, as the portal shows it: rows, one of them, and what can be done. */
export interface Register {
  /** In the portal's own addresses. */
  name: string;
  /** It stands with the data resources in the menu, and not with the other registers. */
  data?: true;
  title: Text;
  lead: Text;
  service: string;
  path: string;
  /** What the service's inbox calls one of them. */
  collection: string;
  states: Record<string, Text>;
  tones: Record<string, Tone>;
  /** Fields that stand in the list behind title and unit, each as wide as given. */
  columns: [name: string, width: number][];
  /** The operation that begins one. */
  begins?: string;
  /** The place where one is begun, instead. */
  beginsAt?: string;
  /** Fields of one that a reader need not see. */
  hidden: string[];
  /** Parts of one that are read as a table, and its columns. */
  tables?: Record<string, string[]>;
  /**
   * The operations that make sense on one as it stands, for a unit; all where it
   * is not said. The service itself decides; this only keeps the menu short.
   */
  offers?: (x: Entry, unit: string) => string[];
  /** What an empty list says to do. */
  empty: Text;
}

const ITEM_COLUMNS = ['resource', 'table', 'field', 'share_class', 'frequency', 'sensitivity', 'legal_basis'];

/** What either side of a sharing can do, as it stands. */
function offeredOfSharing(x: Entry, unit: string): string[] {
  const releases = (x['releases'] as { state: string }[] | undefined) ?? [];
  const some = (state: string, act: string): string[] => (releases.some((r) => r.state === state) ? [act] : []);
  const provides = unit === x['provider'];
  const asked = unit === x.unit;
  switch (x.state) {
    case 'requested':
      return provides ? ['ReceiveSharing'] : asked ? ['EndSharing'] : [];
    case 'received':
      return provides ? ['AnswerSharing', 'RequestDeferral'] : asked ? ['DisputeSharing', 'EndSharing'] : ['DecideDeferral'];
    case 'deferred':
      return provides ? ['AnswerSharing'] : asked ? ['DisputeSharing', 'EndSharing'] : [];
    case 'granted':
      return provides ? ['SignAgreement', 'OpenSharing'] : asked ? ['SignAgreement', 'DisputeSharing', 'EndSharing'] : [];
    case 'refused':
      return asked ? ['DisputeSharing', 'EndSharing'] : [];
    case 'disputed':
      return asked ? ['EndSharing'] : provides ? [] : ['ResolveSharing'];
    case 'providing':
      return provides ? ['OpenSharing', ...some('requested', 'AnswerRelease')] : asked ? ['RecordUse', 'RequestRelease', ...some('granted', 'RecordRelease'), 'DisputeSharing', 'EndSharing'] : [];
    default:
      return [];
  }
}

const LIST: Register[] = [
  {
    name: 'plans', service: 'declaration', path: '/v1/plans', collection: 'plan', begins: 'DraftPlan',
    title: text('规划和计划', 'Plans'),
    lead: text('发展规划和年度计划从起草、征求意见、审议、批准到备案', 'Development and yearly plans, from the draft over comments and approvals to the filing'),
    states: {
      drafting: text('起草中', 'Being drafted'), commenting: text('征求意见', 'Commented on'), laid: text('提请审议', 'Before the conference'),
      approving: text('报批', 'Before the authorities'), filing: text('待备案', 'To be filed'), in_force: text('已施行', 'In force'), refused: text('未通过', 'Refused'),
    },
    tones: { in_force: 'good', refused: 'bad', drafting: 'quiet' },
    columns: [['kind', 190], ['from_year', 100], ['to_year', 100], ['in_force_on', 120]],
    hidden: ['round', 'title', 'state', 'sha256'],
    empty: text('尚无规划和计划；由联席会议办公室起草', 'No plans yet; the conference office drafts them'),
  },
  {
    name: 'key-work', service: 'declaration', path: '/v1/work-tasks', collection: 'work_task',
    title: text('重点工作', 'Key work'),
    lead: text('年度计划施行后逐项分解到牵头单位和责任单位，按节点报告', 'What the yearly plan gives to lead and responsible units, reported by its day'),
    states: { open: text('进行中', 'Open'), done: text('已完成', 'Done') },
    tones: { done: 'good' },
    columns: [['number', 110], ['lead', 170], ['due_on', 120], ['overdue', 90]],
    hidden: ['plan_id', 'title', 'state'],
    empty: text('尚无重点工作任务；年度计划施行后在此列出', 'No tasks yet; they appear when a yearly plan comes into force'),
  },
  {
    name: 'inspections', service: 'cybersecurity', path: '/v1/inspections', collection: 'inspection', begins: 'RecordInspection',
    title: text('安全检查', 'Inspections'),
    lead: text('网络安全监督检查、发现的问题和整改', 'Inspections of network security, what they found and how it was put right'),
    states: { correcting: text('整改中', 'Correcting'), reported: text('待核实', 'Reported'), closed: text('已办结', 'Closed') },
    tones: { correcting: 'halted', closed: 'quiet' },
    columns: [['notice_no', 170], ['inspected_on', 120], ['correct_by', 120]],
    hidden: ['title', 'state'],
    empty: text('没有检查记录', 'No inspections'),
  },
  {
    name: 'systems', service: 'cybersecurity', path: '/v1/systems', collection: 'system', begins: 'RegisterSystem',
    title: text('信息系统', 'Systems'),
    lead: text('各单位信息系统、网络安全等级、备案编号和测评', 'Systems of the units, their grades, filing numbers and assessments'),
    states: {
      planned: text('建设中', 'Planned'), registered: text('待定级', 'Registered'), proposed: text('定级审核中', 'Grade proposed'), graded: text('已定级', 'Graded'), retired: text('已下线', 'Retired'),
    },
    tones: { graded: 'good', retired: 'quiet', registered: 'halted' },
    columns: [['grade', 70], ['filing_no', 150], ['next_assessment_on', 130]],
    hidden: ['title', 'state', 'declarers', 'later_projects'],
    empty: text('尚未登记信息系统；新建项目受理后由建设单位登记', 'No systems yet; a new build’s unit registers it once its project is accepted'),
  },
  {
    name: 'sites', service: 'cybersecurity', path: '/v1/sites', collection: 'site', begins: 'OpenSite',
    title: text('网站和新媒体', 'Sites and accounts'),
    lead: text('网站、新媒体账号的开办、变更和关停备案', 'Websites and accounts: their opening, changes and closing on record'),
    states: { open: text('在用', 'Open'), closed: text('已关停', 'Closed') },
    tones: { open: 'good', closed: 'quiet' },
    columns: [['channel', 110], ['address', 200], ['department', 130]],
    hidden: ['title', 'state'],
    empty: text('尚无网站和新媒体备案；由开办单位备案', 'Nothing is on record yet; the unit that opens a site files it'),
  },
  {
    name: 'software', service: 'legalization', path: '/v1/needs', collection: 'need', begins: 'DeclareNeed',
    title: text('软件需求', 'Software needs'),
    lead: text('软件采购需求、采购渠道和备案', 'Which software units need, where it is bought, and that it was'),
    states: { declared: text('待确定渠道', 'Declared'), assigned: text('待采购', 'Assigned'), returned: text('已退回', 'Returned'), filed: text('已采购备案', 'Filed') },
    tones: { filed: 'good', returned: 'halted' },
    columns: [['amount_fen', 130], ['channel', 150], ['purchased_on', 120]],
    hidden: ['title', 'state'],
    tables: { products: ['class', 'name', 'version', 'quantity', 'unit_price_fen', 'use'] },
    empty: text('没有软件需求；由使用单位提前申报', 'No needs; the unit that uses software declares them in advance'),
  },
  {
    name: 'catalogues', data: true, service: 'dataresource', path: '/v1/catalogues', collection: 'catalogue', begins: 'SubmitCatalogue',
    title: text('数据资源目录', 'Data catalogues'),
    lead: text('各单位编制、审核、发布和维护的数据资源目录', 'The catalogues that units compile, the centre reviews and publishes, and units keep true'),
    states: { submitted: text('审核中', 'Under review'), returned: text('已退回', 'Returned'), published: text('已发布', 'Published') },
    tones: { published: 'good', returned: 'halted' },
    columns: [['base_register', 120], ['published_on', 120], ['maintained_on', 120]],
    hidden: ['title', 'state', 'system'],
    tables: { items: ITEM_COLUMNS },
    offers: (x, unit) =>
      x.state === 'submitted' ? (unit === x.unit ? [] : ['ReviewCatalogue']) : unit !== x.unit ? ['NoteChange'] : x.state === 'returned' ? ['ReviseCatalogue'] : ['ReviseCatalogue', 'NoteChange', 'MaintainCatalogue'],
    empty: text('尚无数据资源目录；由数据所在单位编制', 'No catalogues yet; the unit that has the data compiles them'),
  },
  {
    name: 'sharings', data: true, service: 'dataresource', path: '/v1/sharings', collection: 'sharing', beginsAt: '/resources',
    title: text('数据共享', 'Data sharing'),
    lead: text('数据共享从申请、签收、答复、提供到使用登记和对外提供', 'From the request over its receipt and answer to the data, their use and their release'),
    states: {
      requested: text('待签收', 'Requested'), received: text('待答复', 'Received'), deferred: text('暂缓共享', 'Deferred'), granted: text('待提供', 'Granted'), refused: text('不予共享', 'Refused'),
      disputed: text('协调中', 'Disputed'), providing: text('共享中', 'Provided'), ended: text('已终止', 'Ended'),
    },
    tones: { providing: 'good', ended: 'quiet', deferred: 'halted', disputed: 'halted', refused: 'bad' },
    columns: [['provider', 160], ['requested_on', 120], ['received_on', 120]],
    hidden: ['title', 'state'],
    tables: { items: ITEM_COLUMNS, granted: ITEM_COLUMNS, uses: ['used_on', 'system', 'purpose', 'recorded_by'] },
    offers: offeredOfSharing,
    empty: text('没有数据共享申请；在“数据资源查询”中选取数据项提出申请', 'No requests; choose data under “Find data” and ask for them'),
  },
  {
    name: 'corrections', data: true, service: 'dataresource', path: '/v1/corrections', collection: 'correction', begins: 'OrderCorrection',
    title: text('数据工作整改', 'Data corrections'),
    lead: text('对违反数据共享规定的单位责令限期整改', 'Units that broke the rules of data work, and how they put it right'),
    states: { ordered: text('整改中', 'Correcting'), reported: text('待核实', 'Reported'), closed: text('已办结', 'Closed') },
    tones: { ordered: 'halted', closed: 'quiet' },
    columns: [['notice_no', 170], ['correct_by', 120]],
    hidden: ['title', 'state', 'rule_text'],
    offers: (x, unit) => (x.state === 'ordered' ? (unit === x.unit ? ['ReportCorrection'] : []) : x.state === 'reported' && unit !== x.unit ? ['CloseCorrection'] : []),
    empty: text('没有整改通知', 'No corrections'),
  },
];

/** The registers by their names, in the order of the menu. */
export const REGISTERS: Record<string, Register> = Object.fromEntries(LIST.map((r) => [r.name, r]));

// What every thing has and nobody needs to read.
const KEPT = new Set(['id', 'version', 'parties', 'todo', 'project_id', 'created_at', 'updated_at', 'deadlines', 'unit', 'pack', 'project']);

/** Whether a value has parts of its own. */
export const isThing = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Whether a field of one says something: internals, hashes and empty ones do not. */
export function says(r: Register, name: string, v: unknown): boolean {
  if (KEPT.has(name) || r.hidden.includes(name) || /(^|_)(id|sha256|signature)$/.test(name)) return false;
  return v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0);
}
