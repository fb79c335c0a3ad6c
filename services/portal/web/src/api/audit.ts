import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { at, get } from './client';
import { usePages } from './pages';
import type { AuditCase, Export, Flag, LedgerProof, LedgerRow, LedgerRows, ProjectView, Standing, Verification, ViewDiff } from './types';

const SERVICE = 'auditexport';

// Whoever reads the ledger leaves a row in it. So a question is put once, when
// somebody asks it: never again by itself, when a window comes to the front or
// an answer grows old.
const ONCE = { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false, refetchOnMount: false } as const;

const MINUTE = 60_000;
const SOON = 2_000;

/** What rows of the ledger are asked for; an empty part narrows nothing. */
export interface LedgerFilter {
  project: string;
  unit: string;
  actor: string;
  type: string;
  provision: string;
  text: string;
  /** Days, both included. */
  from: string;
  to: string;
  /** Fen. */
  amount_from: string;
  amount_to: string;
}

/** Rows of the ledger, page by page, ascending. Each question is on record. */
export function useLedger(filter: LedgerFilter | null) {
  return useInfiniteQuery({
    ...ONCE,
    queryKey: ['ledger', filter],
    enabled: filter !== null,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get<LedgerRows>(at(SERVICE, '/v1/ledger', { ...filter, limit: 50, count: pageParam === '' ? 'true' : undefined, cursor: pageParam }), { signal }),
    getNextPageParam: (last) => (last.cursor === '' ? undefined : last.cursor),
  });
}

/** One row of the ledger with what it is vouched for by. */
export function useLedgerRow(seq: number) {
  return useQuery({
    ...ONCE,
    queryKey: ['ledger-row', seq],
    queryFn: async ({ signal }) => {
      const { items } = await get<LedgerRows>(at(SERVICE, '/v1/ledger', { after_seq: seq === 1 ? undefined : seq - 1, up_to_seq: seq, limit: 1 }), { signal });
      return items[0] ?? null;
    },
  });
}

/** The proof that a signed row is under the newest checkpoint. */
export function useProof(row: LedgerRow | null | undefined) {
  return useQuery({
    ...ONCE,
    queryKey: ['ledger-proof', row?.seq],
    enabled: row?.signed === true,
    queryFn: ({ signal }) => get<LedgerProof>(at(SERVICE, '/v1/ledger/proof', { seq: row?.seq }), { signal }),
  });
}

/** Where the ledger stands, and what is late. */
export function useStanding() {
  return useQuery({
    queryKey: ['ledger-standing'],
    refetchInterval: MINUTE,
    queryFn: ({ signal }) => get<Standing>(at(SERVICE, '/v1/ledger/checkpoint'), { signal, background: true }),
  });
}

/** Has the whole ledger computed again from its rows. The check is on record. */
export const verifyLedger = () => get<Verification>(at(SERVICE, '/v1/verify'), { method: 'POST' });

/** One check of the ledger; looked at again while it goes on. */
export function useVerification(id: string) {
  return useQuery<Verification>({
    queryKey: ['verification', id],
    enabled: id !== '',
    refetchInterval: (q) => (q.state.data?.state === 'running' ? SOON : false),
    refetchOnWindowFocus: false,
    queryFn: ({ signal }) => get<Verification>(at(SERVICE, `/v1/verifications/${encodeURIComponent(id)}`), { signal, background: true }),
  });
}

/** What the facts said of a project at the end of a day; now where the day is empty. */
export function useProjectView(asked: { project: string; date: string } | null) {
  return useQuery({
    ...ONCE,
    queryKey: ['as-of', asked],
    enabled: asked !== null,
    queryFn: ({ signal }) => get<ProjectView>(at(SERVICE, `/v1/projects/${encodeURIComponent(asked?.project ?? '')}/as-of`, { date: asked?.date }), { signal }),
  });
}

/** What differs between a project at the ends of two days. */
export function useProjectChanges(asked: { project: string; from: string; to: string } | null) {
  return useQuery({
    ...ONCE,
    queryKey: ['changes', asked],
    enabled: asked !== null,
    queryFn: ({ signal }) =>
      get<ViewDiff>(at(SERVICE, `/v1/projects/${encodeURIComponent(asked?.project ?? '')}/changes`, { from: asked?.from, to: asked?.to }), { signal }),
  });
}

export interface FlagFilter {
  state: string;
  severity: string;
  unit: string;
  code: string;
  project: string;
}

/** Red flags, newest first, page by page. */
export const useFlags = (filter: FlagFilter) => usePages<Flag>('flags', SERVICE, '/v1/red-flags', filter);

/** One red flag. */
export function useFlag(id: string) {
  return useQuery({ queryKey: ['flag', id], queryFn: ({ signal }) => get<Flag>(at(SERVICE, `/v1/red-flags/${encodeURIComponent(id)}`), { signal }) });
}

export interface CaseFilter {
  state: string;
  unit: string;
  serious: string;
}

/** Audit cases that the caller may see, newest first, page by page. */
export const useCases = (filter: CaseFilter) => usePages<AuditCase>('cases', SERVICE, '/v1/audit-cases', filter);

/** One audit case. */
export function useCase(id: string) {
  return useQuery({ queryKey: ['case', id], queryFn: ({ signal }) => get<AuditCase>(at(SERVICE, `/v1/audit-cases/${encodeURIComponent(id)}`), { signal }) });
}

/** The bundles asked for, newest first, page by page. */
export const useExports = (state: string) =>
  usePages<Export>('exports', SERVICE, '/v1/exports', { state }, { size: 20, background: true, again: (rows) => (rows.some((e) => e.state === 'begun') ? SOON : false) });

/** One bundle with how far its file has got; looked at again while it is written. */
export function useExport(e: Export) {
  const moves = e.state === 'begun' || e.state === 'paused' || e.state === 'made';
  return useQuery({
    queryKey: ['export', e.id, e.state],
    enabled: moves,
    refetchInterval: e.state === 'begun' ? SOON : false,
    queryFn: ({ signal }) => get<Export>(at(SERVICE, `/v1/exports/${encodeURIComponent(e.id)}`), { signal, background: true }),
  });
}

/** Reads anew what an act of the audit may have changed. */
export function useAuditRefresh(): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    for (const key of ['inbox', 'flags', 'flag', 'cases', 'case', 'exports', 'export', 'ledger-standing']) void client.invalidateQueries({ queryKey: [key] });
  }, [client]);
}
