import type { DossierClock } from '../api/types';
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
