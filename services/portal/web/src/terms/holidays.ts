import type { Dayjs } from 'dayjs';
import type { HolidayRange } from '../api/types';
import type { Path } from './violations';

/** One run of days as it is entered. */
export interface RangeEntry {
  name?: string;
  name_en?: string;
  days?: [Dayjs | null, Dayjs | null] | null;
}

/** A notice as it is entered. */
export interface NoticeEntry {
  year?: number | null;
  notice?: string;
  kind?: string;
  off?: (RangeEntry | undefined)[];
  work?: (RangeEntry | undefined)[];
}

const rangeOf = (e: RangeEntry | undefined): Record<string, string | undefined> => {
  const [from, to] = [e?.days?.[0]?.format('YYYY-MM-DD'), e?.days?.[1]?.format('YYYY-MM-DD')];
  return { name: e?.name?.trim() ?? '', name_en: e?.name_en?.trim() ?? '', from, to: to === from ? undefined : to };
};

/** What is entered, as the service takes it; what is missing is left out, for the service to name. */
export function noticeOf(e: NoticeEntry): Record<string, unknown> {
  return { year: e.year ?? 0, notice: e.notice?.trim() ?? '', kind: e.kind, off: (e.off ?? []).map(rangeOf), work: (e.work ?? []).map(rangeOf) };
}

/** The field of the form that a violation is about: days have one for both ends. */
export function noticeField(path: Path): Path | null {
  const [head, i, part] = path;
  if (head === 'year' || head === 'notice' || head === 'kind') return [head];
  if ((head !== 'off' && head !== 'work') || typeof i !== 'number') return null;
  return [head, i, part === 'name' || part === 'name_en' ? part : 'days'];
}

/** How many days a run has, both ends included. */
export function daysOf(r: Pick<HolidayRange, 'from'> & { to?: string }): number {
  return r.to ? Math.round((Date.parse(r.to) - Date.parse(r.from)) / 86_400_000) + 1 : 1;
}
