import type { Project, Text } from '../api/types';
import { STAGES } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

// Stations are named by what is done there; stages by how things stand.
const STATIONS: Record<string, Text> = {
  draft: text('编制申报', 'Drafting'),
  with_supervisor: text('主管审核', 'Supervisor'),
  submitted: text('提交申报', 'Submission'),
  accepted: text('受理', 'Accepted'),
  evaluation: text('第三方论证', 'Evaluation'),
  expert_review: text('专家论证', 'Experts'),
  conference: text('联席会议', 'Conference'),
  approved: text('批准', 'Approved'),
  handed_over: text('转政府投资', 'Handed over'),
  budgeting: text('预算', 'Budget'),
  procuring: text('采购', 'Procurement'),
  contracted: text('合同', 'Contract'),
  delivering: text('实施', 'Delivery'),
  acceptance: text('验收', 'Acceptance'),
  operating: text('运行', 'Operation'),
};

/** One station of a project's road. */
export interface Station {
  key: string;
  label: Text;
  state: 'past' | 'now' | 'ahead' | 'halted';
}

const DELIVERY = ['approved', 'budgeting', 'procuring', 'contracted', 'delivering', 'acceptance', 'operating'];
const STEP_STAGE: Record<string, string> = {
  supervisor_approval: 'with_supervisor',
  third_party_evaluation: 'evaluation',
  expert_review: 'expert_review',
  conference_filing: 'conference',
  conference_review: 'conference',
  development_reform_handover: 'handed_over',
};
// Stages off the road: where on it the project came to a halt.
const HALTED_AT: Record<string, string> = {
  returned: 'draft', withdrawn: 'draft', refused: 'conference', deferred: 'conference', backup_pool: 'conference', stopped: 'procuring',
};

/** The stations that a project passes on the road its rules give it, and where it stands. */
export function road(p: Project): Station[] {
  const steps = (p.decision?.steps ?? []).map((s) => STEP_STAGE[s]).filter((s) => s !== undefined);
  const keys = ['draft'];
  if (steps.includes('with_supervisor') || p.stage === 'with_supervisor') keys.push('with_supervisor');
  keys.push('submitted', 'accepted', ...steps.filter((s) => s !== 'with_supervisor'));
  if (!keys.includes('handed_over')) keys.push(...DELIVERY);
  const unique = [...new Set(keys)];
  const stage = p.stage === 'filed' ? 'approved' : p.stage;
  const halted = HALTED_AT[stage];
  let at = unique.indexOf(halted ?? stage);
  if (stage === 'closed') at = unique.length;
  if (at < 0) at = 0;
  return unique.map((key, i) => ({
    key,
    label: (i === at && halted !== undefined ? STAGES[stage] : undefined) ?? (key === 'approved' && p.stage === 'filed' ? STAGES['filed'] : STATIONS[key]) ?? text(key, key),
    state: i < at ? 'past' : i > at ? 'ahead' : halted ? 'halted' : 'now',
  }));
}
