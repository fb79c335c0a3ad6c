import type { Violation } from '../api/types';

/** A form field's name as the component library wants it. */
export type Path = (string | number)[];

/** "case.budget[3].amount_fen" → ['case', 'budget', 3, 'amount_fen']. */
export function pathOf(field: string): Path {
  return field
    .split(/[.[\]]+/)
    .filter((p) => p !== '')
    .map((p) => (/^\d+$/.test(p) ? Number(p) : p));
}

/** A violation in one line, for the place below a form field. */
export function spoken(v: Violation, pick: (text: { zh: string; en: string }) => string): string {
  const basis = v.basis ?? [];
  return `${pick({ zh: v.message, en: v.message_en })}${basis.length > 0 ? `〔${basis.join('、')}〕` : ''}`;
}

/**
 * Gives each violation to the form field it is about. What belongs to none of
 * the form's fields comes back, to be shown above the form.
 */
export function place(violations: Violation[], known: (path: Path) => Path | null): { fields: Map<string, { path: Path; list: Violation[] }>; rest: Violation[] } {
  const fields = new Map<string, { path: Path; list: Violation[] }>();
  const rest: Violation[] = [];
  for (const v of violations) {
    const path = known(pathOf(v.field));
    if (!path) {
      rest.push(v);
      continue;
    }
    const key = JSON.stringify(path);
    const at = fields.get(key) ?? { path, list: [] };
    at.list.push(v);
    fields.set(key, at);
  }
  return { fields, rest };
}
