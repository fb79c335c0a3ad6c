import { useQuery } from '@tanstack/react-query';
import { idOf } from '../terms/registers';
import type { Register } from '../terms/registers';
import { at, get, Problem } from './client';
import { usePages } from './pages';
import type { Page } from './pages';
import type { ProjectDeadline } from './types';

/** One thing of a register, as its service keeps it. */
export interface Entry extends Record<string, unknown> {
  id: string;
  title?: string;
  unit: string;
  state: string;
  updated_at?: string;
  deadlines?: ProjectDeadline[] | null;
}

// How many are read at a time where one is looked for.
const MANY = 200;

/** The things of a register that the caller may see, newest first, page by page. */
export const useEntries = (r: Register, filter: { state: string }) => usePages<Entry>(`register-${r.name}`, r.service, r.path, filter);

/** One that its service gives in the list alone. */
async function found(r: Register, id: string, signal: AbortSignal): Promise<Entry> {
  for (let token: string | undefined = ''; token !== undefined; ) {
    const page: Page<Entry> = await get<Page<Entry>>(at(r.service, r.path, { page_size: MANY, page_token: token }), { signal });
    const x = page.items?.find((y) => idOf(r, y) === id);
    if (x) return x;
    token = page.next_page_token;
  }
  throw new Problem({ status: 404, code: 'not_found', title: '没有找到，或无权查看', title_en: 'no such thing, or not visible to you' });
}

/** One of them. */
export function useEntry(r: Register, id: string) {
  return useQuery({
    queryKey: ['thing', r.service, r.path, id],
    queryFn: ({ signal }) => (r.listed ? found(r, id, signal) : get<Entry>(at(r.service, `${r.path}/${encodeURIComponent(id)}`), { signal })),
  });
}
