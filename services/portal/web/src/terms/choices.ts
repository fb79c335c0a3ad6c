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
  dataresource: { network: ['extranet', 'official'], way: ['online', 'offline_tool', 'system_docking'], share_class: ['universal', 'on_demand', 'not_shared'], frequency: ['realtime', 'daily', 'weekly', 'monthly', 'yearly', 'once'] },
  procurement: { test: ['self_check', 'software_test', 'security_test', 'crypto_test', 'summary', 'supervision_report'], supervision: ['engineering', 'investment'] },
};

// Fields whose values are codes of the rule pack.
const VOCABULARIES: Record<string, string> = { criterion: 'criteria', method: 'methods', channel: 'channels' };

// The same for one operation alone, where others mean something else by the name.
const VOCABULARIES_OF: Record<string, Record<string, string>> = {
  DraftPlan: { kind: 'plans' },
  RecordPlanApproval: { authority: 'authorities' },
  FileRegime: { regime: 'security_regime' },
  OrderCorrection: { rule: 'data_discipline' },
};

/** What a field names of the thing that is acted on: one of a part's entries, or several. */
export interface Within {
  part: string;
  /** Several, each by these of its fields. */
  by?: string[];
}

const ITEM = ['resource', 'table', 'field'];

const WITHIN: Record<string, Record<string, Within>> = {
  AnswerSharing: { items: { part: 'items', by: ITEM } },
  ResolveSharing: { items: { part: 'items', by: ITEM } },
  RecordUse: { purpose: { part: 'purposes' }, items: { part: 'granted', by: ITEM } },
  AnswerRelease: { release: { part: 'releases' } },
  RecordRelease: { release: { part: 'releases' } },
};

/** The codes a service's field takes, or none that are known here. */
export const codesOf = (service: string, field: string): string[] => CODES[service]?.[field] ?? [];

/** The vocabulary of the rule pack that a field's values belong to, of an operation where one is named. */
export const vocabularyOf = (field: string, act = ''): string | undefined => VOCABULARIES_OF[act]?.[field] ?? VOCABULARIES[field];

/** What a field of an operation names of the thing itself, if it does. */
export const withinOf = (act: string, field: string): Within | undefined => WITHIN[act]?.[field];
