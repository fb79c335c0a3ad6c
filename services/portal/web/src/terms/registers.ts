import type { Text } from '../api/types';
import type { Tone } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

/** A list that a service keeps, as the portal shows it: rows, one of them, and what can be done. */
export interface Register {
  /** In the portal's own addresses. */
  name: string;
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
  /** Fields of one that a reader need not see. */
  hidden: string[];
  /** What an empty list says to do. */
  empty: Text;
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
];

/** The registers by their names, in the order of the menu. */
export const REGISTERS: Record<string, Register> = Object.fromEntries(LIST.map((r) => [r.name, r]));

// What every thing has and nobody needs to read.
const KEPT = new Set(['id', 'version', 'parties', 'todo', 'project_id', 'created_at', 'updated_at', 'deadlines', 'unit', 'pack']);

/** Whether a field of one says something: internals, hashes and empty ones do not. */
export function says(r: Register, name: string, v: unknown): boolean {
  if (KEPT.has(name) || r.hidden.includes(name) || /(^|_)(id|sha256|signature)$/.test(name)) return false;
  return v !== undefined && v !== null && v !== '' && !(Array.isArray(v) && v.length === 0);
}
