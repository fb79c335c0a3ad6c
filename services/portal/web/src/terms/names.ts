import type { Text } from '../api/types';

const text = (zh: string, en: string): Text => ({ zh, en });

/** The services by the duty that a reader knows them by. */
export const SERVICES: Record<string, Text> = {
  declaration: text('项目申报', 'Declaration'),
  expertreview: text('论证评审', 'Evaluation and review'),
  conference: text('联席会议', 'Joint Conference'),
  budgeting: text('预算资金', 'Budgeting'),
  procurement: text('采购实施', 'Procurement and delivery'),
  cybersecurity: text('网络安全', 'Cybersecurity'),
  cryptoassessment: text('密码与信创', 'Crypto and XC'),
  legalization: text('软件正版化', 'Software legalization'),
  dataresource: text('数据资源', 'Data resources'),
  auditexport: text('审计', 'Audit'),
  identity: text('账号与组织', 'Accounts and units'),
  portal: text('门户', 'Portal'),
};

/** Where a project stands as a whole. */
export const STAGES: Record<string, Text> = {
  draft: text('草稿', 'Draft'),
  with_supervisor: text('主管部门审核', 'With the supervising unit'),
  submitted: text('待受理', 'Submitted'),
  returned: text('已退回', 'Returned'),
  accepted: text('已受理', 'Accepted'),
  evaluation: text('第三方论证', 'Third-party evaluation'),
  expert_review: text('专家论证', 'Expert review'),
  conference: text('联席会议', 'Conference'),
  approved: text('同意', 'Approved'),
  filed: text('同意备案', 'Filed'),
  deferred: text('暂缓', 'Deferred'),
  backup_pool: text('项目后备库', 'Backup pool'),
  refused: text('不同意', 'Refused'),
  handed_over: text('转政府投资程序', 'Handed over'),
  stopped: text('停止实施', 'Stopped'),
  withdrawn: text('已撤回', 'Withdrawn'),
  budgeting: text('预算申报', 'Budgeting'),
  procuring: text('政府采购', 'Procuring'),
  contracted: text('合同备案', 'Contracted'),
  delivering: text('项目实施', 'Delivering'),
  acceptance: text('竣工验收', 'Acceptance'),
  operating: text('运行使用', 'Operating'),
  closed: text('已办结', 'Closed'),
};

/** How a stage is coloured: going on, good, halted, ended badly, or quiet. */
export type Tone = 'going' | 'good' | 'halted' | 'bad' | 'quiet';

const TONES: Record<string, Tone> = {
  draft: 'quiet', withdrawn: 'quiet', closed: 'quiet',
  approved: 'good', filed: 'good', operating: 'good',
  returned: 'halted', deferred: 'halted', backup_pool: 'halted',
  refused: 'bad', stopped: 'bad',
};

export const toneOf = (stage: string): Tone => TONES[stage] ?? 'going';

/** The roles an account can hold. */
export const ROLES: Record<string, Text> = {
  declarer: text('项目申报员', 'Declarer'),
  supervisor: text('主管部门审核员', 'Supervisor'),
  secretary: text('联席会议办公室', 'Conference office'),
  agency: text('论证评估机构', 'Evaluation agency'),
  expert: text('评审专家', 'Expert'),
  member: text('成员单位代表', 'Member delegate'),
  chair: text('联席会议召集人', 'Chair'),
  finance_officer: text('财政经办', 'Finance officer'),
  procurement_officer: text('采购经办', 'Procurement officer'),
  cyber_officer: text('网信经办', 'Cyberspace officer'),
  police_officer: text('网安经办', 'Police cyber officer'),
  crypto_officer: text('密码管理经办', 'Crypto officer'),
  software_officer: text('正版化经办', 'Software officer'),
  data_officer: text('数据管理经办', 'Data officer'),
  reform_officer: text('发展改革经办', 'Development-reform officer'),
  archivist: text('档案管理员', 'Archivist'),
  auditor: text('审计人员', 'Auditor'),
  operator: text('平台运维', 'Operator'),
  account_admin: text('账号管理员', 'Account administrator'),
};

/** The roles in which an audited unit answers, as the audit service has them. */
export const ANSWERERS = ['declarer', 'supervisor', 'secretary', 'finance_officer', 'procurement_officer'];

/** The gates at which a material is asked for. */
export const GATES: Record<string, Text> = {
  submit: text('提交申报', 'Submission'),
  accept: text('受理', 'Acceptance of the declaration'),
  evaluation: text('论证评估', 'Evaluation'),
  agenda: text('列入议程', 'Agenda'),
  budget: text('预算', 'Budget'),
  procurement: text('采购', 'Procurement'),
  contract: text('合同', 'Contract'),
  acceptance: text('验收', 'Acceptance'),
};

/** How hard a rule binds. */
export const STRENGTHS: Record<string, Text> = {
  must: text('必须', 'Must'),
  in_principle: text('原则上', 'In principle'),
  reference: text('参照', 'Reference'),
};

/** How a statutory clock stands. */
export const STANDINGS: Record<string, Text> = {
  met: text('按时完成', 'Met'),
  late_met: text('逾期完成', 'Met late'),
  late: text('已逾期', 'Overdue'),
  soon: text('即将到期', 'Due soon'),
  open: text('进行中', 'Running'),
  paused: text('已中止', 'Paused'),
  waived: text('已免除', 'Waived'),
};

/** What a project rests on. */
export const BASES: Record<string, Text> = {
  superior_document: text('上级文件', 'Superior document'),
  key_work: text('重点工作', 'Key work'),
  plan_item: text('规划（计划）项目', 'Plan item'),
};

/** Where the identity service does not answer, the units of the regulation by name. */
export const UNITS: Record<string, Text> = {
  'party-office': text('区委办公室（机要局）', 'Party Committee Office (Confidential Bureau)'),
  cac: text('区委网信办', 'Cyberspace Office'),
  archives: text('区档案局', 'Archives Bureau'),
  secrecy: text('区委保密办（保密局）', 'Secrecy Office'),
  'gov-office': text('区政府办公室', 'Government Office'),
  'development-reform': text('区发展改革委', 'Development and Reform Commission'),
  science: text('区科委（信息委）', 'Science Commission'),
  justice: text('区司法局', 'Justice Bureau'),
  finance: text('区财政局', 'Finance Bureau'),
  audit: text('区审计局', 'Audit Bureau'),
  community: text('区地区办', 'Community Office'),
  facilities: text('区机管局（政府采购中心）', 'Facilities Bureau (Procurement Centre)'),
  'urban-ops': text('区城运中心', 'Urban Operation Centre'),
  'big-data': text('区大数据中心', 'Big Data Centre'),
  'police-cyber': text('公安分局网安支队', 'Police Cyber Unit'),
};
