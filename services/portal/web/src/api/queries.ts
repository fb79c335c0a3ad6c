import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { ask, at, get } from './client';
import type { Answer } from './client';
import { usePages } from './pages';
import type { Case, Decision, Dossier, Holidays, Inbox, Pack, Project, RunningClock, Term, Text, Unit } from './types';

const HOUR = 3_600_000;

/** What the caller can do now, over all services. */
export function useInbox() {
  return useQuery({ queryKey: ['inbox'], queryFn: ({ signal }) => get<Inbox>('/api/inbox', { signal, background: true }) });
}

/** The soonest due day of each project, over all services. */
export function useNextDue() {
  return useQuery({
    queryKey: ['deadlines'],
    queryFn: async ({ signal }) => {
      const { items } = await get<{ items: RunningClock[] }>('/api/deadlines', { signal });
      const next = new Map<string, RunningClock>();
      for (const d of items) if (!next.has(d.project_id)) next.set(d.project_id, d); // soonest first
      return next;
    },
  });
}

export interface ProjectFilter {
  stage: string;
  kind: string;
  route: string;
  unit: string;
}

/** Projects the caller may see, newest first, page by page. */
export const useProjects = (filter: ProjectFilter) => usePages<Project>('projects', 'declaration', '/v1/projects', filter);

/** One project with its version. */
export function useProject(id: string | undefined) {
  return useQuery<Answer<Project>>({
    queryKey: ['project', id],
    enabled: id !== undefined,
    staleTime: Infinity, // a form is being filled from it: only saving replaces it
    queryFn: ({ signal }) => ask<Project>(at('declaration', `/v1/projects/${encodeURIComponent(id ?? '')}`), { signal }),
  });
}

/** Everything about one project. */
export function useDossier(id: string) {
  return useQuery({
    queryKey: ['dossier', id],
    queryFn: ({ signal }) => get<Dossier>(at('declaration', `/v1/projects/${encodeURIComponent(id)}/dossier`), { signal }),
  });
}

/** What the rules say of a case; asked again whenever the case changes. */
export function useDecision(c: Case | null) {
  return useQuery({
    queryKey: ['decision', c],
    enabled: c !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: HOUR,
    queryFn: ({ signal }) => get<Decision>(at('declaration', '/v1/decisions'), { method: 'POST', body: c, signal }),
  });
}

interface SentTerm extends Text {
  code: string;
  classes?: SentTerm[];
}

interface SentPack extends Omit<Pack, 'terms' | 'provisions'> {
  terms: Record<string, SentTerm[] | null>;
  provisions?: Record<string, Text>;
}

const term = (s: SentTerm): Term => ({ zh: s.zh, en: s.en, code: s.code, classes: (s.classes ?? []).map(term) });

/** The rule packs: labels of every code, clocks and provisions. */
export function usePacks() {
  return useQuery({
    queryKey: ['packs'],
    staleTime: HOUR,
    queryFn: async ({ signal }): Promise<Pack[]> => {
      const list = await get<{ items: SentPack[] }>(at('declaration', '/v1/packs'), { signal });
      return list.items.map((p) => ({
        ...p,
        provisions: p.provisions ?? {},
        terms: Object.fromEntries(Object.entries(p.terms).map(([name, terms]) => [name, (terms ?? []).map(term)])),
      }));
    },
  });
}

/** The units by their codes. */
export function useUnits() {
  return useQuery({
    queryKey: ['units'],
    staleTime: HOUR,
    queryFn: async ({ signal }) => (await get<{ items: Unit[] }>(at('identity', '/v1/units', { page_size: 200 }), { signal })).items,
  });
}

/** What is published about holidays. */
export function useHolidays() {
  return useQuery({ queryKey: ['holidays'], queryFn: ({ signal }) => get<Holidays>(at('identity', '/v1/holidays'), { signal }) });
}

/** What a service says its operations are. */
export function useDescription(service: string | undefined) {
  return useQuery({
    queryKey: ['openapi', service],
    enabled: service !== undefined,
    staleTime: HOUR,
    queryFn: ({ signal }) => get<unknown>(at(service ?? '', '/openapi.json'), { signal }),
  });
}

/** Something a service keeps, as it is. */
export function useThing(service: string, path: string) {
  return useQuery({
    queryKey: ['thing', service, path],
    enabled: path !== '',
    queryFn: ({ signal }) => get<Record<string, unknown>>(at(service, path), { signal }),
  });
}

/** Reads anew what an act may have changed. */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    for (const key of ['inbox', 'deadlines', 'projects', 'dossier', 'project', 'thing']) void client.invalidateQueries({ queryKey: [key] });
  }, [client]);
}
