// Codes that a service takes without listing them in its description, so that
// its forms offer words instead of asking for codes.

const CODES: Record<string, Record<string, string[]>> = {
  declaration: { outcome: ['approved', 'rejected'] },
  expertreview: { conclusion: ['pass', 'fail'], answer: ['met', 'not_met', 'not_applicable'] },
  conference: {
    outcome: ['approved', 'filed', 'deferred', 'backup', 'refused', 'consented', 'stopped', 'continued', 'granted'],
    suggested_outcome: ['approved', 'filed', 'deferred', 'backup', 'refused', 'consented', 'stopped', 'continued', 'granted'],
    status: ['present', 'leave', 'absent'],
    stance: ['agree', 'disagree', 'abstain', 'recused'],
  },
  procurement: { test: ['self_check', 'software_test', 'security_test', 'crypto_test', 'summary', 'supervision_report'], supervision: ['engineering', 'investment'] },
};

// The same for one operation alone, where others mean something else by the name.
const OF_ACT: Record<string, Record<string, string[]>> = {
  DraftPlan: { kind: ['development_plan', 'annual_plan'] },
};

// Fields whose values are codes of the rule pack.
const VOCABULARIES: Record<string, string> = { criterion: 'criteria', method: 'methods', channel: 'channels' };

/** The codes a service's field takes, or none that are known here. */
export const codesOf = (service: string, field: string): string[] => CODES[service]?.[field] ?? [];

/** The codes that a field of one operation takes, or none that are known here. */
export const codesOfAct = (act: string, field: string): string[] => OF_ACT[act]?.[field] ?? [];

/** The vocabulary of the rule pack that a field's values belong to. */
export const vocabularyOf = (field: string): string | undefined => VOCABULARIES[field];
