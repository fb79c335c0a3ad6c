import type { Entry } from '../api/registers';
import type { Text } from '../api/types';
import type { Tone } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

/** The parts of the menu that hold registers, each of one duty, in its order. */
export const PARTS = {
  planning: text('规划计划', 'Plans and returns'),
  review: text('论证评审', 'Evaluation'),
  conference: text('联席会议', 'Joint Conference'),
  money: text('资金采购', 'Money and procurement'),
  security: text('网络安全', 'Cybersecurity'),
  crypto: text('密码信创', 'Crypto and XC'),
  software: text('软件正版化', 'Software'),
  data: text('数据资源', 'Data'),
  people: text('账号组织', 'Accounts and units'),
};

export type Part = keyof typeof PARTS;

// Roles that have no part in what units do among themselves.
const OUTSIDERS = ['operator', 'account_admin', 'agency', 'expert'];

/** Whether the menu of somebody with these roles has a register. */
export const isFor = (r: Register, roles: string[]): boolean =>
  r.only ? roles.some((x) => r.only?.includes(x)) : roles.some((x) => r.also?.includes(x)) || !roles.some((x) => OUTSIDERS.includes(x));

/** A list that a service keeps, as the portal shows it: rows, one of them, and what can be done. */
export interface Register {
  /** In the portal's own addresses. */
  name: string;
  /** The part of the menu that it stands in. */
  part: Part;
  /** Outsiders who have a part in it. */
  also?: string[];
  /** The roles that read it, where it is not for everybody of a unit. */
  only?: string[];
  title: Text;
  lead: Text;
  service: string;
  path: string;
  /** The service gives none of them alone: each is found in the list. */
  listed?: true;
  /** The list has those of one state alone: there is nothing to choose by. */
  alike?: true;
  /** What the service's inbox calls one of them. */
  collection: string;
  /** The field that tells one from the others; the id, where it is not said. */
  known?: string;
  /** The field that names one; the title, where it is not said. */
  called?: string;
  /** One unit keeps them all, so that no column says whose they are. */
  kept?: true;
  /** Where they can stand; empty where they are just there. */
  states: Record<string, Text>;
  tones: Record<string, Tone>;
  /** Fields that stand in the list behind title and unit, each as wide as given. */
  columns: [name: string, width: number][];
  /** The operations that begin one. */
  begins?: string[];
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

/** The acts that make sense where one stands. */
const at =
  (acts: Record<string, string[]>) =>
  (x: Entry): string[] =>
    acts[x.state] ?? [];

const LIST: Register[] = [
  {
    name: 'plans', part: 'planning', service: 'declaration', path: '/v1/plans', collection: 'plan', begins: ['DraftPlan'],
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
    name: 'key-work', part: 'planning', service: 'declaration', path: '/v1/work-tasks', collection: 'work_task',
    title: text('重点工作', 'Key work'),
    lead: text('年度计划施行后逐项分解到牵头单位和责任单位，按节点报告', 'What the yearly plan gives to lead and responsible units, reported by its day'),
    states: { open: text('进行中', 'Open'), done: text('已完成', 'Done') },
    tones: { done: 'good' },
    columns: [['number', 110], ['lead', 170], ['due_on', 120], ['overdue', 90]],
    hidden: ['plan_id', 'title', 'state'],
    empty: text('尚无重点工作任务；年度计划施行后在此列出', 'No tasks yet; they appear when a yearly plan comes into force'),
  },
  {
    name: 'returns', part: 'planning', service: 'declaration', path: '/v1/returns', collection: 'return', begins: ['OweReturn'],
    title: text('报送事项', 'Returns'),
    lead: text('各单位按期报送的数据和情况，逾期由联席会议办公室督办', 'What units report for each period; the conference office presses those who are late'),
    states: {}, tones: {},
    columns: [['period_from', 120], ['period_to', 120], ['since', 120]],
    hidden: ['title', 'kind'],
    tables: { pressed: ['on', 'by', 'text'] },
    empty: text('没有报送事项；由联席会议办公室设定', 'No returns; the conference office sets them'),
  },
  {
    name: 'evaluations', part: 'review', also: ['agency', 'expert'], service: 'expertreview', path: '/v1/evaluations', collection: 'evaluation',
    title: text('论证评估', 'Evaluations'),
    lead: text('受理的项目从委托第三方机构、抽取专家到评估结论', 'Accepted projects from the agency they are given to, over the panel that is drawn, to the conclusion'),
    states: {
      waiting: text('待委托', 'To be assigned'), assigned: text('机构论证', 'With the agency'), panel_needed: text('待抽取专家', 'Panel to be drawn'),
      drawn: text('专家论证', 'With the panel'), passed: text('已通过', 'Passed'), failed: text('未通过', 'Failed'),
    },
    tones: { passed: 'good', failed: 'bad', waiting: 'halted', panel_needed: 'halted' },
    columns: [['agency', 200], ['round', 70], ['reviewed_fen', 130]],
    hidden: ['title', 'state'],
    tables: { opinions: ['stage', 'author', 'conclusion', 'reviewed_fen', 'score', 'given_on', 'text'] },
    offers: at({ waiting: ['AssignAgency'], assigned: ['OpineAsAgency'], panel_needed: ['DrawPanel'], drawn: ['OpineAsExpert'] }),
    empty: text('没有待论证的项目；项目受理后在此列出', 'Nothing to evaluate; projects appear once they are accepted'),
  },
  {
    name: 'experts', part: 'review', also: ['expert'], service: 'expertreview', path: '/v1/experts', listed: true, collection: 'expert', called: 'name', kept: true, begins: ['RegisterExpert', 'DeclareConflict'],
    title: text('专家库', 'Expert pool'),
    lead: text('可抽取的评审专家、专业领域、聘期和回避', 'Experts who can be drawn, their fields, terms and conflicts'),
    states: {}, tones: {},
    columns: [['employer', 200], ['fields', 180], ['term_to', 120], ['active', 80]],
    hidden: ['name'],
    empty: text('专家库中没有可见的专家；由联席会议办公室登记', 'No experts that you may see; the conference office registers them'),
  },
  {
    name: 'committees', part: 'review', also: ['expert'], service: 'expertreview', path: '/v1/committees', collection: 'committee', kept: true, begins: ['FormCommittee'],
    title: text('专家委员会', 'Committees'),
    lead: text('专家委员会的任期、成员变动和咨询意见', 'Committees of experts, who joined and left them, and what they advised'),
    states: {}, tones: {},
    columns: [['term_from', 120], ['term_to', 120]],
    hidden: ['title'],
    tables: { members: ['name', 'employer', 'fields', 'chair', 'since'], former: ['name', 'employer', 'since', 'until', 'reason'] },
    empty: text('尚未组建专家委员会；由联席会议办公室组建', 'No committee yet; the conference office forms it'),
  },
  {
    name: 'sessions', part: 'conference', service: 'conference', path: '/v1/sessions', collection: 'session', kept: true, begins: ['CallSession'],
    title: text('会议', 'Sessions'),
    lead: text('联席会议的召集、议程、到会、决定和纪要', 'Sessions of the conference: how they were called, who was there, what was decided'),
    states: {
      called: text('已召集', 'Called'), agenda_approved: text('议程已批准', 'Agenda approved'), open: text('开会中', 'Open'), closed: text('已办结', 'Closed'), cancelled: text('已取消', 'Cancelled'),
    },
    tones: { closed: 'good', cancelled: 'quiet' },
    columns: [['mode', 110], ['held_on', 120], ['required', 110]],
    hidden: ['title', 'state'],
    tables: {
      agenda: ['title', 'kind', 'state', 'declared_fen', 'reviewed_fen', 'suggested_outcome', 'suggestion'], attendance: ['member', 'status', 'delegate'], leave: ['member', 'reason'],
      invitees: ['unit', 'name'], minutes: ['drafted_by', 'signed_by', 'signed_on', 'force'],
    },
    offers: at({
      called: ['ProposeItem', 'ApproveAgenda', 'AskLeave', 'CancelSession'],
      agenda_approved: ['ProposeItem', 'ApproveAgenda', 'AskLeave', 'RecordAttendance', 'OpenSession', 'GiveOpinion', 'GiveOpinions', 'CarryOverItem', 'CancelSession'],
      open: ['RecordAttendance', 'GiveOpinion', 'GiveOpinions', 'DecideItem', 'DecideItems', 'CarryOverItem', 'DraftMinutes', 'SignMinutes', 'SealMinutes', 'CloseSession'],
      closed: ['SealMinutes'],
    }),
    empty: text('尚未召集会议；由联席会议办公室召集', 'No sessions yet; the conference office calls them'),
  },
  {
    name: 'dockets', part: 'conference', service: 'conference', path: '/v1/dockets', collection: 'docket',
    title: text('待议事项', 'Matters'),
    lead: text('等待审议、备案或已有决定的项目和规划', 'Projects and plans that wait for the conference, and what it decided'),
    states: {
      waiting: text('条件未齐', 'Waiting'), ready: text('可提请', 'Ready'), on_agenda: text('已列入议程', 'On an agenda'), with_authorities: text('单位审核', 'With authorities'),
      decided: text('已有决定', 'Decided'), outside: text('不经联席会议', 'Outside'), withdrawn: text('已撤回', 'Withdrawn'),
    },
    tones: { decided: 'good', outside: 'quiet', withdrawn: 'quiet', waiting: 'halted' },
    columns: [['treatment', 130], ['outcome', 110], ['reviewed_fen', 130]],
    hidden: ['title', 'state', 'passed', 'waivers', 'listed', 'declarers', 'plan', 'priority'],
    tables: {
      waiting: ['message', 'basis'], findings: ['message', 'over_fen', 'basis'], changes: ['description', 'amount_fen', 'state', 'reason'],
      decisions: ['kind', 'outcome', 'approved_fen', 'decided_on', 'conditions', 'reason'], authorities: ['unit', 'step', 'outcome', 'approved_fen', 'decided_on', 'reason'],
      follow_ups: ['unit', 'task', 'due_on', 'state', 'report'], supplements: ['on', 'statement'], reconsiderations: ['on', 'requested_by', 'reason', 'outcome'], coordinations: ['on', 'by', 'text'],
    },
    offers: (x) => [...(x.state === 'with_authorities' ? ['DecideStep'] : []), ...(x.state === 'decided' ? ['ReconsiderDocket', 'CoordinateDocket', 'ReportFollowUp'] : [])],
    empty: text('没有待议事项；论证通过的项目在此列出', 'Nothing waits; projects appear when they passed their evaluation'),
  },
  {
    name: 'filings', part: 'conference', service: 'conference', path: '/v1/filings', listed: true, known: 'item_id', collection: 'filing',
    title: text('备案登记', 'Filings'),
    lead: text('联席会议同意备案的项目', 'Projects that the conference filed'),
    states: {}, tones: {},
    columns: [['filed_on', 120], ['declared_fen', 130], ['approved_fen', 130]],
    hidden: ['title'],
    empty: text('尚无备案项目', 'Nothing is filed yet'),
  },
  {
    name: 'budgets', part: 'money', service: 'budgeting', path: '/v1/budgets', collection: 'budget',
    title: text('项目预算', 'Budgets'),
    lead: text('预算申报、下达、调整、支付和绩效自评', 'Requests, issues, adjustments, payments and self-evaluations'),
    states: {
      waiting: text('条件未齐', 'Waiting'), open: text('可申报', 'To be requested'), requested: text('待下达', 'Requested'), returned: text('已退回', 'Returned'),
      issued: text('已下达', 'Issued'), carried: text('在项目预算内', 'Within the project’s'), closed: text('已办结', 'Closed'),
    },
    tones: { issued: 'good', returned: 'halted', carried: 'quiet', closed: 'quiet' },
    columns: [['approved_fen', 130], ['budget_fen', 130], ['paid_fen', 130], ['held', 90]],
    hidden: ['title', 'state', 'declarants', 'evaluators', 'heard', 'waivers', 'open_change'],
    tables: {
      contracts: ['contract_no', 'supplier', 'value_fen', 'paid_fen', 'effective_on'], payments: ['paid_on', 'payee', 'amount_fen', 'contract_no', 'voucher_no'],
      adjustments: ['adjusted_on', 'previous_fen', 'amount_fen', 'document_no', 'reason'], evaluations: ['year', 'goals_met', 'summary', 'state', 'rectify_by', 'report'],
    },
    offers: at({ open: ['RequestBudget'], returned: ['RequestBudget'], requested: ['IssueBudget', 'ReturnBudget'], issued: ['AdjustBudget', 'RecordPayment', 'SelfEvaluate', 'ReportRectification', 'CloseRectification'] }),
    empty: text('没有项目预算；联席会议作出决定后在此列出', 'No budgets; they appear when the conference has decided'),
  },
  {
    name: 'procurements', part: 'money', service: 'procurement', path: '/v1/procurements', collection: 'procurement',
    title: text('采购实施', 'Procurements'),
    lead: text('从采购、合同、监理、季度执行到验收和资产', 'From the notice over the contract and its supervision to acceptance and assets'),
    states: {
      waiting: text('条件未齐', 'Waiting'), open: text('待启动', 'To be started'), started: text('已启动', 'Started'), tendered: text('采购中', 'Tendered'), awarded: text('已成交', 'Awarded'),
      contracted: text('实施中', 'Contracted'), rectifying: text('验收整改', 'Rectifying'), accepted: text('验收待备案', 'Accepted'), filed: text('已备案', 'Filed'), stopped: text('已停止', 'Stopped'),
    },
    tones: { filed: 'good', stopped: 'bad', rectifying: 'halted', open: 'halted' },
    columns: [['method', 130], ['budget_fen', 130], ['contract_fen', 130], ['paid_fen', 130]],
    hidden: ['title', 'state', 'declarants', 'heard', 'waivers', 'open_change', 'papers', 'signed'],
    tables: {
      contracts: ['contract_no', 'supplier', 'value_fen', 'effective_on', 'ends_on', 'filed_on', 'late'], supervisions: ['supervision', 'supervisor_name', 'fee_fen', 'engaged_on'],
      quarterly_reports: ['quarter', 'planned_percent', 'progress_percent', 'paid_fen', 'behind', 'summary'], rectifications: ['reason', 'due_on', 'state', 'report', 'result'],
      tests: ['test', 'passed', 'performed_by', 'completed_on', 'report_no'], acceptances: ['accepted_on', 'passed', 'final_fen', 'panel', 'opinion', 'rectify_by'],
      assets: ['category', 'name', 'quantity', 'value_fen', 'custodian'], deferrals: ['filed_on', 'expected_on', 'late', 'reason'],
    },
    offers: at({
      open: ['StartProcurement', 'FileDeferral'], started: ['PublishTender', 'MakeAward'], tendered: ['MakeAward'], awarded: ['SignContract', 'FileContract'],
      contracted: ['FileContract', 'AmendContract', 'EngageSupervision', 'ReportQuarter', 'OrderRectification', 'ReportRectification', 'CloseRectification', 'RecordTest', 'AcceptProject'],
      rectifying: ['RecordTest', 'AcceptProject', 'AmendContract'], accepted: ['FileAcceptance', 'RegisterAssets'], filed: ['RegisterAssets'],
    }),
    empty: text('没有采购项目；预算下达后在此列出', 'Nothing to procure; projects appear when their budget is issued'),
  },
  {
    name: 'post-evaluations', part: 'money', also: ['agency'], service: 'budgeting', path: '/v1/post-evaluations', collection: 'post_evaluation', begins: ['OrderPostEvaluation'],
    title: text('项目后评价', 'Post-evaluations'),
    lead: text('联席会议选定的项目由第三方作后评价', 'Projects that the conference chose, evaluated afterwards by a third party'),
    states: { ordered: text('评价中', 'Ordered'), reported: text('待审定', 'Reported'), completed: text('已完成', 'Completed') },
    tones: { completed: 'good' },
    columns: [['agency_name', 200], ['report_by', 120], ['conclusion', 100]],
    hidden: ['title', 'state', 'answers', 'agency'],
    offers: at({ ordered: ['ReportPostEvaluation'], reported: ['CompletePostEvaluation'] }),
    empty: text('没有后评价；由联席会议办公室按决定委托', 'No post-evaluations; the conference office orders them'),
  },
  {
    name: 'unit-assessments', part: 'money', service: 'budgeting', path: '/v1/assessments', collection: 'assessment',
    title: text('单位绩效评估', 'Assessments of units'),
    lead: text('对各单位电子政务工作和项目绩效的评估和通报', 'How units do their e-government work, with a notice to each'),
    states: { drafted: text('起草中', 'Drafted'), published: text('已通报', 'Published'), answered: text('已答复', 'Answered') },
    tones: { answered: 'good', drafted: 'quiet' },
    columns: [['of_unit', 160], ['year', 80], ['score', 80], ['published_on', 120]],
    hidden: ['title', 'state', 'answers'],
    tables: { projects: ['score', 'finding'] },
    offers: at({ drafted: ['PublishAssessment'], published: ['SealAssessment', 'AnswerAssessment'], answered: ['SealAssessment'] }),
    empty: text('没有评估；由联席会议办公室作出', 'No assessments; the conference office makes them'),
  },
  {
    name: 'inspections', part: 'security', service: 'cybersecurity', path: '/v1/inspections', collection: 'inspection', begins: ['RecordInspection'],
    title: text('安全检查', 'Inspections'),
    lead: text('网络安全监督检查、发现的问题和整改', 'Inspections of network security, what they found and how it was put right'),
    states: { correcting: text('整改中', 'Correcting'), reported: text('待核实', 'Reported'), closed: text('已办结', 'Closed') },
    tones: { correcting: 'halted', closed: 'quiet' },
    columns: [['notice_no', 170], ['inspected_on', 120], ['correct_by', 120]],
    hidden: ['title', 'state'],
    empty: text('没有检查记录', 'No inspections'),
  },
  {
    name: 'systems', part: 'security', service: 'cybersecurity', path: '/v1/systems', collection: 'system', begins: ['RegisterSystem'],
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
    name: 'sites', part: 'security', service: 'cybersecurity', path: '/v1/sites', collection: 'site', begins: ['OpenSite'],
    title: text('网站和新媒体', 'Sites and accounts'),
    lead: text('网站、新媒体账号的开办、变更和关停备案', 'Websites and accounts: their opening, changes and closing on record'),
    states: { open: text('在用', 'Open'), closed: text('已关停', 'Closed') },
    tones: { open: 'good', closed: 'quiet' },
    columns: [['channel', 110], ['address', 200], ['department', 130]],
    hidden: ['title', 'state'],
    empty: text('尚无网站和新媒体备案；由开办单位备案', 'Nothing is on record yet; the unit that opens a site files it'),
  },
  {
    name: 'consents', part: 'security', service: 'cybersecurity', path: '/v1/consents', collection: 'consent',
    title: text('信息发布备案', 'Publishing consents'),
    lead: text('公众号、网站等信息发布类项目的备案同意', 'Whether projects that publish information may do so'),
    states: { requested: text('待办理', 'Requested'), given: text('已同意', 'Given'), refused: text('不同意', 'Refused'), closed: text('已终止', 'Closed') },
    tones: { given: 'good', refused: 'bad', closed: 'quiet' },
    columns: [['consent_no', 170], ['decided_on', 120], ['channels', 200]],
    hidden: ['title', 'state', 'declarers'],
    tables: { channels: ['platform', 'account'] },
    offers: at({ requested: ['GiveConsent', 'RefuseConsent'] }),
    empty: text('没有信息发布备案；信息发布类项目受理后在此列出', 'No consents; they appear when such a project is accepted'),
  },
  {
    name: 'protections', part: 'security', service: 'cybersecurity', path: '/v1/protections', collection: 'protection',
    title: text('信息安全同步建设', 'Security with the work'),
    lead: text('信息安全与项目同步设计、同步建设、同步使用的证明', 'That security is designed, built and used together with the project'),
    states: { wanted: text('待登记', 'Wanted'), evidenced: text('已登记', 'Evidenced'), closed: text('已终止', 'Closed') },
    tones: { evidenced: 'good', wanted: 'halted', closed: 'quiet' },
    columns: [['cost_fen', 130], ['budget_item', 170]],
    hidden: ['title', 'state'],
    tables: { evidences: ['step', 'document_no', 'completed_on', 'norms', 'summary'] },
    offers: at({ wanted: ['RecordSecurityStep'], evidenced: ['RecordSecurityStep'] }),
    empty: text('没有需要登记的项目', 'No projects'),
  },
  {
    name: 'safeguards', part: 'security', service: 'cybersecurity', path: '/v1/safeguards', collection: 'safeguard', called: 'unit', begins: ['FileRegime', 'RecordDrill'],
    title: text('安全制度和演练', 'Safeguards'),
    lead: text('各单位的安全工作制度和应急演练', 'The security systems of units, and their drills'),
    states: {}, tones: {},
    columns: [['inspected_on', 140]],
    hidden: ['title'],
    tables: { regimes: ['regime', 'title', 'document_no', 'issued_on', 'responsible'], drills: ['held_on', 'plan_no', 'scenario', 'participants', 'improvements'] },
    empty: text('尚无登记；由各单位登记', 'Nothing is on record yet; units file it themselves'),
  },
  {
    name: 'norms', part: 'security', service: 'cybersecurity', path: '/v1/norms', listed: true, alike: true, collection: 'norm', kept: true, begins: ['SetNorm'],
    title: text('实施规范', 'Norms'),
    lead: text('信息安全建设遵循的实施规范', 'The norms that security is built by'),
    states: { in_force: text('施行中', 'In force'), repealed: text('已废止', 'Repealed') },
    tones: { in_force: 'good', repealed: 'quiet' },
    columns: [['document_no', 170], ['in_force_on', 120], ['departments', 200]],
    hidden: ['title', 'state'],
    offers: at({ in_force: ['RepealNorm'] }),
    empty: text('尚无实施规范；由联席会议办公室会同有关部门制定', 'No norms yet; the conference office sets them'),
  },
  {
    name: 'crypto-plans', part: 'crypto', service: 'cryptoassessment', path: '/v1/plans', collection: 'plan',
    title: text('密码测评方案', 'Crypto plans'),
    lead: text('新建、升级项目的密码应用测评方案和审核', 'How new and upgraded systems will use and test cryptography'),
    states: { wanted: text('待提交', 'Wanted'), submitted: text('待审核', 'Submitted'), returned: text('已退回', 'Returned'), accepted: text('已通过', 'Accepted'), closed: text('已终止', 'Closed') },
    tones: { accepted: 'good', returned: 'halted', closed: 'quiet' },
    columns: [['round', 80], ['submitted_on', 120], ['submitted_by', 150]],
    hidden: ['title', 'state', 'declarers', 'attachments'],
    tables: { reviews: ['round', 'accepted', 'opinion', 'reviewed_on', 'reviewed_by'] },
    offers: at({ wanted: ['SubmitPlan'], returned: ['SubmitPlan'], submitted: ['ReviewPlan'] }),
    empty: text('没有密码测评方案；新建、升级项目申报后在此列出', 'No crypto plans; they appear with new builds and upgrades'),
  },
  {
    name: 'crypto-assessments', part: 'crypto', service: 'cryptoassessment', path: '/v1/assessments', collection: 'assessment',
    title: text('密码应用评估', 'Crypto assessments'),
    lead: text('信息系统的商用密码应用安全性评估、报告和审核', 'Assessments of how systems use cryptography, their reports and reviews'),
    states: { later: text('未到期', 'Later'), owed: text('待评估', 'Owed'), submitted: text('待审核', 'Submitted'), completed: text('已完成', 'Completed'), closed: text('已终止', 'Closed') },
    tones: { completed: 'good', owed: 'halted', later: 'quiet', closed: 'quiet' },
    columns: [['grade', 80], ['in_use', 80], ['next_due_on', 120]],
    hidden: ['title', 'state', 'of_project', 'attachments', 'report'],
    tables: { reports: ['completed_on', 'assessor', 'report_no', 'conformant', 'conclusion', 'accepted', 'opinion'] },
    offers: at({ owed: ['SubmitReport'], submitted: ['ReviewReport'], completed: ['SubmitReport'] }),
    empty: text('没有需要评估的信息系统', 'No systems to assess'),
  },
  {
    name: 'exemptions', part: 'crypto', service: 'cryptoassessment', path: '/v1/exemptions', collection: 'exemption',
    title: text('不按信创建设备案', 'XC exemptions'),
    lead: text('不按信创要求建设的项目，经论证、同意后备案', 'Projects that do not follow XC: their argument, the consent and the filing'),
    states: {
      argument_wanted: text('待论证', 'Argument wanted'), consent_wanted: text('待主管单位同意', 'Consent wanted'), filing_wanted: text('待报送', 'Filing wanted'),
      recording_wanted: text('待登记', 'Recording wanted'), filed: text('已备案', 'Filed'), closed: text('已终止', 'Closed'),
    },
    tones: { filed: 'good', closed: 'quiet' },
    columns: [['supervisor', 160], ['filing_no', 150], ['filed_on', 120]],
    hidden: ['title', 'state', 'declarers', 'attachments'],
    offers: at({ argument_wanted: ['SubmitArgument'], consent_wanted: ['AnswerExemption'], filing_wanted: ['FileExemption'], recording_wanted: ['RecordExemption', 'ReturnExemption'] }),
    empty: text('没有不按信创建设的项目', 'No exemptions'),
  },
  {
    name: 'adaptations', part: 'crypto', service: 'cryptoassessment', path: '/v1/adaptations', collection: 'adaptation',
    title: text('信创适配指导', 'XC adaptations'),
    lead: text('信创适配的内容和机要、保密部门的指导意见', 'What units adapt to XC, and the guidance of the two bureaus'),
    states: { wanted: text('待申请', 'Wanted'), requested: text('指导中', 'Requested'), returned: text('已退回', 'Returned'), guided: text('已出具意见', 'Guided'), closed: text('已终止', 'Closed') },
    tones: { guided: 'good', returned: 'halted', closed: 'quiet' },
    columns: [['round', 80], ['requested_by', 150]],
    hidden: ['title', 'state', 'attachments'],
    tables: { components: ['kind', 'product'], guidance: ['round', 'bureau', 'followed', 'opinion', 'document_no', 'given_on', 'given_by'] },
    offers: at({ wanted: ['RequestGuidance'], returned: ['RequestGuidance'], requested: ['GiveGuidance'] }),
    empty: text('没有信创适配项目', 'No adaptations'),
  },
  {
    name: 'software', part: 'software', service: 'legalization', path: '/v1/needs', collection: 'need', begins: ['DeclareNeed'],
    title: text('软件需求', 'Software needs'),
    lead: text('软件采购需求、采购渠道和备案', 'Which software units need, where it is bought, and that it was'),
    states: { declared: text('待确定渠道', 'Declared'), assigned: text('待采购', 'Assigned'), returned: text('已退回', 'Returned'), filed: text('已采购备案', 'Filed') },
    tones: { filed: 'good', returned: 'halted' },
    columns: [['amount_fen', 130], ['channel', 150], ['purchased_on', 120]],
    hidden: ['declarers', 'title', 'state'],
    tables: { products: ['class', 'name', 'version', 'quantity', 'unit_price_fen', 'use'] },
    empty: text('没有软件需求；由使用单位提前申报', 'No needs; the unit that uses software declares them in advance'),
  },
  {
    name: 'inventories', part: 'software', service: 'legalization', path: '/v1/inventories', listed: true, collection: 'inventory', called: 'unit', begins: ['ReportInventory'],
    title: text('软件清单', 'Software inventories'),
    lead: text('各单位安装和正版授权的软件数量', 'What units have installed, and what they have licences for'),
    states: {}, tones: {},
    columns: [['year', 100]],
    hidden: [],
    tables: { lines: ['class', 'name', 'version', 'installed', 'owned', 'cost_fen', 'use'] },
    empty: text('尚无软件清单；由各单位按年报送', 'No inventories yet; units report them every year'),
  },
  {
    name: 'price-caps', part: 'software', service: 'legalization', path: '/v1/price-caps', listed: true, collection: 'price_cap', called: 'name', kept: true, begins: ['SetPriceCap'],
    title: text('上限价格', 'Price caps'),
    lead: text('软件采购的上限价格和来源', 'The highest prices at which software is bought, and where they come from'),
    states: {}, tones: {},
    columns: [['class', 170], ['cap_fen', 130], ['source', 220]],
    hidden: ['name'],
    empty: text('尚未设定上限价格；由软件正版化主管部门设定', 'No price caps yet; the software officer sets them'),
  },
  {
    name: 'catalogues', part: 'data', service: 'dataresource', path: '/v1/catalogues', collection: 'catalogue', begins: ['SubmitCatalogue'],
    title: text('数据资源目录', 'Data catalogues'),
    lead: text('各单位编制、审核、发布和维护的数据资源目录', 'The catalogues that units compile, the centre reviews and publishes, and units keep true'),
    states: { submitted: text('审核中', 'Under review'), returned: text('已退回', 'Returned'), published: text('已发布', 'Published') },
    tones: { published: 'good', returned: 'halted' },
    columns: [['base_register', 120], ['published_on', 120], ['maintained_on', 120]],
    hidden: ['submitters', 'title', 'state', 'system'],
    tables: { items: ITEM_COLUMNS },
    offers: (x, unit) =>
      x.state === 'submitted' ? (unit === x.unit ? [] : ['ReviewCatalogue']) : unit !== x.unit ? ['NoteChange'] : x.state === 'returned' ? ['ReviseCatalogue'] : ['ReviseCatalogue', 'NoteChange', 'MaintainCatalogue'],
    empty: text('尚无数据资源目录；由数据所在单位编制', 'No catalogues yet; the unit that has the data compiles them'),
  },
  {
    name: 'sharings', part: 'data', service: 'dataresource', path: '/v1/sharings', collection: 'sharing', beginsAt: '/resources',
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
    name: 'corrections', part: 'data', service: 'dataresource', path: '/v1/corrections', collection: 'correction', begins: ['OrderCorrection'],
    title: text('数据工作整改', 'Data corrections'),
    lead: text('对违反数据共享规定的单位责令限期整改', 'Units that broke the rules of data work, and how they put it right'),
    states: { ordered: text('整改中', 'Correcting'), reported: text('待核实', 'Reported'), closed: text('已办结', 'Closed') },
    tones: { ordered: 'halted', closed: 'quiet' },
    columns: [['notice_no', 170], ['correct_by', 120]],
    hidden: ['title', 'state', 'rule_text'],
    offers: (x, unit) => (x.state === 'ordered' ? (unit === x.unit ? ['ReportCorrection'] : []) : x.state === 'reported' && unit !== x.unit ? ['CloseCorrection'] : []),
    empty: text('没有整改通知', 'No corrections'),
  },
  {
    name: 'cloud-requests', part: 'data', service: 'dataresource', path: '/v1/cloud-requests', collection: 'cloud_request', begins: ['RequestCloud'],
    title: text('政务云和网络', 'Cloud and network'),
    lead: text('各单位申请的政务云资源和网络', 'What units ask of the government cloud and its networks'),
    states: { requested: text('待答复', 'Requested'), granted: text('已同意', 'Granted'), refused: text('不同意', 'Refused') },
    tones: { granted: 'good', refused: 'bad' },
    columns: [['network', 130], ['vcpu', 100], ['memory_gb', 110], ['storage_gb', 110]],
    hidden: ['title', 'state'],
    offers: at({ requested: ['AnswerCloud'] }),
    empty: text('没有政务云申请；由建设单位申请', 'No requests; the unit that builds asks for them'),
  },
  {
    name: 'stewards', part: 'data', service: 'dataresource', path: '/v1/stewards', listed: true, collection: 'steward', called: 'unit', begins: ['FileSteward'],
    title: text('数据资源管理员', 'Data stewards'),
    lead: text('各单位备案的数据资源管理员', 'Who looks after the data of each unit'),
    states: {}, tones: {},
    columns: [['name', 140], ['contact', 160], ['since', 120]],
    hidden: [],
    tables: { earlier: ['name', 'since', 'until'] },
    empty: text('尚无备案；由各单位备案', 'Nobody is on record yet; units file their stewards'),
  },
  {
    name: 'standings', part: 'data', service: 'dataresource', path: '/v1/standings', collection: 'standing', called: 'unit', begins: ['AppraiseUnit'],
    title: text('数据工作评估', 'Appraisals'),
    lead: text('对各单位数据共享工作的评估和通报', 'How units do their data work, with a notice to each'),
    states: {}, tones: {},
    columns: [],
    hidden: ['title'],
    tables: { appraisals: ['from', 'to', 'result', 'figures', 'opinion', 'notice_no', 'appraised_on'] },
    empty: text('尚无评估；由数据主管部门作出', 'No appraisals yet; the data officer makes them'),
  },
  {
    name: 'accounts', part: 'people', only: ['account_admin', 'supervisor', 'auditor'], service: 'identity', path: '/v1/accounts', collection: 'account', begins: ['RequestAccount'],
    title: text('账号', 'Accounts'),
    lead: text('账号的申请、审核、岗位和定期复核', 'Who asked for accounts, who reviewed them, what roles they hold and until when'),
    states: { requested: text('待审核', 'Requested'), active: text('在用', 'Active'), rejected: text('未通过', 'Rejected'), disabled: text('已停用', 'Disabled') },
    tones: { active: 'good', rejected: 'bad', disabled: 'quiet' },
    columns: [['roles', 180], ['last_reviewed_on', 120], ['review_due_on', 120]],
    hidden: ['title', 'state', 'acting'],
    tables: { pending_roles: ['role', 'requested_by', 'on', 'reason'], reviews: ['subject', 'on', 'reviewer', 'opinion', 'recorded_by'] },
    offers: at({
      requested: ['ApproveAccount', 'RejectAccount'], active: ['ReviewAccount', 'RequestRole', 'GrantRole', 'RejectRole', 'RevokeRole', 'ResetPassword', 'UnlockAccount', 'DisableAccount'], disabled: ['ReinstateAccount'],
    }),
    empty: text('没有可见的账号', 'No accounts that you may see'),
  },
  {
    name: 'delegations', part: 'people', also: ['account_admin'], service: 'identity', path: '/v1/delegations', listed: true, collection: 'delegation', begins: ['GrantDelegation'],
    title: text('委托代办', 'Delegations'),
    lead: text('人员缺席时委托他人代办的岗位和期限', 'Roles that somebody absent has handed to another, and until when'),
    states: { granted: text('有效', 'Granted'), ended: text('已结束', 'Ended') },
    tones: { granted: 'good', ended: 'quiet' },
    columns: [['roles', 180], ['starts_on', 120], ['ends_on', 120]],
    hidden: ['title', 'state'],
    offers: at({ granted: ['EndDelegation'] }),
    empty: text('没有委托代办', 'No delegations'),
  },
  {
    name: 'units', part: 'people', also: ['account_admin', 'operator'], service: 'identity', path: '/v1/units', collection: 'unit', called: 'name', kept: true, begins: ['RegisterUnit'],
    title: text('单位', 'Units'),
    lead: text('单位名录、责任领导、责任部门和更替', 'The directory of units, who leads them and who succeeded whom'),
    states: {}, tones: {},
    columns: [['code', 160], ['leader', 120], ['department', 160], ['seat', 80], ['active', 80]],
    hidden: ['name', 'kind'],
    tables: { former_names: ['name', 'name_en', 'until'] },
    empty: text('名录中没有单位', 'The directory is empty'),
  },
  {
    name: 'signing-keys', part: 'people', only: ['operator', 'account_admin', 'auditor'], service: 'identity', path: '/v1/keys', listed: true, collection: 'key', kept: true, begins: ['RotateKeys'],
    title: text('令牌签名密钥', 'Token keys'),
    lead: text('签发登录令牌的密钥和轮换', 'The keys that sign tokens, and their rotation'),
    states: {}, tones: {},
    columns: [['signs_from', 180], ['reason', 260]],
    hidden: ['title'],
    empty: text('没有密钥', 'No keys'),
  },
];

/** The registers by their names, in the order of the menu. */
export const REGISTERS: Record<string, Register> = Object.fromEntries(LIST.map((r) => [r.name, r]));

// What every thing has and nobody needs to read.
const KEPT = new Set(['id', 'version', 'parties', 'todo', 'project_id', 'created_at', 'updated_at', 'deadlines', 'unit', 'pack', 'project']);

/** What tells one thing of a register from the others. */
export const idOf = (r: Register, x: Entry): string => String(x[r.known ?? 'id']);

/** Whether a value has parts of its own. */
export const isThing = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

/** Whether a field of one says something: internals, hashes and empty ones do not. */
export function says(r: Register, name: string, v: unknown): boolean {
  if (KEPT.has(name) || r.hidden.includes(name) || /(^|_)(id|sha256|signature)$/.test(name)) return false;
  return v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0);
}
