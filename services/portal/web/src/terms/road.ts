import type { Project, Text } from '../api/types';
import { STAGES } from './names';

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
    label: (i === at && halted !== undefined ? STAGES[stage] : undefined) ?? (key === 'approved' && p.stage === 'filed' ? STAGES['filed'] : STAGES[key]) ?? { zh: key, en: key },
    state: i < at ? 'past' : i > at ? 'ahead' : halted ? 'halted' : 'now',
  }));
}
