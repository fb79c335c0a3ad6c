import type { DossierClock, Text } from '../api/types';
import { daysBetween } from './dates';

/** How a statutory clock stands for a reader. */
export type Standing = 'met' | 'late_met' | 'late' | 'soon' | 'open' | 'paused' | 'waived';

/** Days before the due day from which a clock is shown as near. */
const NEAR_DAYS = 3;

/** How a due day stands on a day. */
export function nearness(due: string, today: string): 'late' | 'soon' | 'open' {
  const left = daysBetween(today, due);
  if (left < 0) return 'late';
  return left <= NEAR_DAYS ? 'soon' : 'open';
}

/** How a clock of the dossier stands on a day. */
export function standing(c: DossierClock, today: string): Standing {
  if (c.state === 'met') return 'met';
  if (c.state === 'waived') return 'waived';
  if (c.state === 'paused') return 'paused';
  if (c.state === 'late') return c.met_on ? 'late_met' : 'late';
  if (c.state === 'warned') return nearness(c.due_on, today) === 'late' ? 'late' : 'soon';
  return nearness(c.due_on, today);
}

/** The first and the last day that a chart of the clocks has to show. */
export function span(clocks: DossierClock[], today: string): [string, string] {
  const days = clocks.flatMap((c) => [c.trigger_on, c.due_on, c.met_on ?? '', c.moved_from ?? '']).filter((d) => d !== '');
  if (clocks.some((c) => c.state === 'open' || c.state === 'warned' || c.state === 'paused' || (c.state === 'late' && !c.met_on))) days.push(today);
  days.sort();
  return [days[0] ?? today, days.at(-1) ?? today];
}

const text = (zh: string, en: string): Text => ({ zh, en });

/** Clocks that run to a day somebody set; those to a day that the rules give have their names in the packs. */
export const APPOINTED: Record<string, Text> = {
  acceptance_rectification: text('竣工验收整改', 'Rectification after acceptance'),
  audit_answer: text('答复审计问询', 'Answer to the auditors'),
  audit_rectification: text('审计整改', 'Rectification after audit'),
  crypto_assessment: text('密码应用安全性评估', 'Crypto assessment'),
  data_correction: text('数据工作整改', 'Correction of data work'),
  key_work_milestone: text('重点工作节点', 'Milestone of key work'),
  mlps_assessment: text('网络安全等级测评', 'MLPS assessment'),
  performance_rectification: text('绩效整改', 'Rectification after evaluation'),
  plan_comments: text('反馈规划（计划）意见', 'Comments on a plan'),
  post_evaluation_report: text('提交后评价报告', 'Report of the post-evaluation'),
  rectification: text('项目进度整改', 'Rectification of progress'),
  security_correction: text('信息安全整改', 'Correction of security'),
};
