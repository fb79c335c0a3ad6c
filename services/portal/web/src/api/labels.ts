import { useMemo } from 'react';
import { useLanguage } from '../i18n/language';
import { APPOINTED } from '../terms/clocks';
import { fieldName, valueName } from '../terms/fields';
import { fen, wan } from '../terms/money';
import { ROLES, SERVICES, STAGES, UNITS } from '../terms/names';
import { usePacks, useUnits } from './queries';
import type { Pack, Term, Text } from './types';

export interface Labels {
  packs: Pack[];
  /** The pack in force in this district: its words serve new declarations. */
  current: Pack | undefined;
  /** A code of one of the pack's vocabularies. */
  term: (vocabulary: string, code: string | undefined, pack?: string) => string;
  terms: (vocabulary: string) => Term[];
  clock: (code: string) => string;
  /** The text behind a provision id, if a pack has it. */
  provision: (id: string) => string | undefined;
  unit: (code: string | undefined) => string;
  service: (name: string) => string;
  stage: (code: string) => string;
  /** What a field is called, of a service where one is named. */
  field: (name: string, service?: string) => string;
  /** One value of a fact, as people read it. */
  value: (name: string, v: unknown) => string;
}

// Where the codes of a field may stand; the first that has one names it.
const VOCABULARIES_OF: Record<string, string[]> = {
  kind: ['kinds', 'plans'], route: ['routes'], missing: ['materials'], item: ['materials'], items: ['materials'], unit_kind: ['unit_kinds'], steps: ['steps'], obligations: ['obligations'], channel: ['obligations'], conference_mode: ['conference_modes'],
  authority: ['authorities'], method: ['methods'], criterion: ['criteria'], rule: ['data_discipline'], treatment: ['steps'], regime: ['security_regime'],
};
const UNIT_FIELD = /^(unit|units|agency|supervisor|member|present|leave|absent|invitees|lead|parts|provider|requesters|of_unit|parent|bureau|succeeded_by|succeeds)$/;
const ROLE_FIELD = /^roles?$/;

/** Words for codes: the packs' own, the units' names, and the portal's for the rest. */
export function useLabels(): Labels {
  const { pick, t } = useLanguage();
  const packs = usePacks().data;
  const units = useUnits().data;
  return useMemo(() => {
    const list = packs ?? [];
    const current = list.find((p) => p.in_force);
    const inOrder = (id?: string) => [...list.filter((p) => p.id === id), ...(current ? [current] : []), ...list];
    const names = new Map((units ?? []).map((u) => [u.code, { zh: u.name, en: u.name_en ?? '' }]));
    const say = (text: Text | undefined, otherwise: string) => (text ? pick(text) : otherwise);
    const term: Labels['term'] = (vocabulary, code, pack) => {
      if (!code) return '';
      for (const p of inOrder(pack)) {
        const found = p.terms[vocabulary]?.find((x) => x.code === code);
        if (found) return pick(found);
      }
      return code;
    };
    const clock: Labels['clock'] = (code) => say(list.map((p) => p.deadlines[code]).find((x) => x !== undefined) ?? APPOINTED[code], code);
    const unit: Labels['unit'] = (code) => (code ? say(names.get(code) ?? UNITS[code], code) : '');
    const one = (name: string, v: unknown): string => {
      if (v === null || v === undefined || v === '') return '';
      if (typeof v === 'boolean') return v ? t('yes') : t('no');
      if (name.endsWith('_fen')) return `${wan(fen(v))} ${t('wan')}`;
      if (typeof v === 'object') {
        return Object.entries(v)
          // What people or units are the keys of is said of them.
          .map(([k, x]) => `${names.has(k) ? unit(k) : pick(fieldName(k))} ${Array.isArray(x) ? x.map((y) => one(k, y)).join('、') : one(k, x)}`)
          .join('，');
      }
      const s = typeof v === 'string' ? v : JSON.stringify(v);
      if (UNIT_FIELD.test(name)) return unit(s);
      if (ROLE_FIELD.test(name)) return say(ROLES[s], s);
      if (name === 'obligation') return clock(s);
      const word = (VOCABULARIES_OF[name] ?? []).map((vocabulary) => term(vocabulary, s)).find((w) => w !== s);
      return word ?? say(valueName(s, name), s);
    };
    return {
      packs: list,
      current,
      term,
      terms: (vocabulary) => current?.terms[vocabulary] ?? [],
      clock,
      provision: (id) => list.map((p) => p.provisions[id]).filter((x) => x !== undefined).map(pick)[0],
      unit,
      service: (name) => say(SERVICES[name], name),
      stage: (code) => say(STAGES[code], code),
      field: (name, service) => pick(fieldName(name, service)),
      value: (name, v) => (Array.isArray(v) ? v.map((x) => one(name, x)).filter((x) => x !== '').join('、') : one(name, v)),
    };
  }, [packs, units, pick, t]);
}
