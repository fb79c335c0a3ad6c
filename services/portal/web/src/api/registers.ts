import { useQuery } from '@tanstack/react-query';
import type { Register } from '../terms/registers';
import { at, get } from './client';
import { usePages } from './pages';
import type { ProjectDeadline } from './types';

/** One thing of a register, as its service keeps it. */
export interface Entry extends Record<string, unknown> {
  id: string;
  title: string;
  unit: string;
  state: string;
  updated_at: string;
  deadlines?: ProjectDeadline[] | null;
}

/** The things of a register that the caller may see, newest first, page by page. */
export const useEntries = (r: Register, filter: { state: string }) => usePages<Entry>(`register-${r.name}`, r.service, r.path, filter);

/** One of them. */
export function useEntry(r: Register, id: string) {
  return useQuery({ queryKey: ['thing', r.service, r.path, id], queryFn: ({ signal }) => get<Entry>(at(r.service, `${r.path}/${encodeURIComponent(id)}`), { signal }) });
}
