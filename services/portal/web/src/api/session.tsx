import { useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { Problem, get, setCSRF } from './client';
import type { Signed } from './types';

export type State = { is: 'asking' } | { is: 'out'; ended: boolean } | { is: 'in'; signed: Signed } | { is: 'failed'; error: unknown };

export interface Session {
  state: State;
  /** Signs in; onBehalfOf names an absent account that delegated, or is empty. */
  signIn: (account: string, password: string, onBehalfOf: string) => Promise<void>;
  changePassword: (current: string, next: string) => Promise<void>;
  signOut: () => Promise<void>;
  again: () => void;
}

const Context = createContext<Session | null>(null);

/** Keeps who is signed in, and listens for what changes. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ is: 'asking' });
  const client = useQueryClient();

  const enter = useCallback((signed: Signed) => {
    setCSRF(signed.csrf_token);
    setState({ is: 'in', signed });
  }, []);
  const leave = useCallback(
    (ended: boolean) => {
      setCSRF('');
      client.clear();
      setState({ is: 'out', ended });
    },
    [client],
  );
  const look = useCallback(() => {
    get<Signed>('/api/session').then(enter, (e: unknown) => {
      if (e instanceof Problem && e.status === 401) leave(false);
      else setState({ is: 'failed', error: e });
    });
  }, [enter, leave]);
  useEffect(look, [look]);

  const isIn = state.is === 'in';
  useEffect(() => {
    if (!isIn) return;
    const events = new EventSource('/api/events');
    events.addEventListener('inbox', () => void client.invalidateQueries({ queryKey: ['inbox'] }));
    events.addEventListener('signed_out', () => leave(true));
    return () => events.close();
  }, [isIn, client, leave]);

  // Any answer that nobody is signed in ends the session here as well.
  useEffect(() => {
    if (!isIn) return;
    const over = (e: unknown) => {
      if (e instanceof Problem && e.status === 401) leave(true);
    };
    const queries = client.getQueryCache().subscribe((e) => {
      if (e.type === 'updated' && e.action.type === 'error') over(e.action.error);
    });
    const mutations = client.getMutationCache().subscribe((e) => {
      if (e.type === 'updated' && e.action.type === 'error') over(e.action.error);
    });
    return () => {
      queries();
      mutations();
    };
  }, [isIn, client, leave]);

  const value = useMemo<Session>(
    () => ({
      state,
      signIn: async (account, password, onBehalfOf) => {
        const signed = await get<Signed>('/api/session', { method: 'POST', body: { account, password, on_behalf_of: onBehalfOf } });
        client.clear();
        enter(signed);
      },
      changePassword: async (current, next) => {
        enter(await get<Signed>('/api/session/password', { method: 'PUT', body: { current_password: current, new_password: next } }));
      },
      signOut: async () => {
        await get('/api/session', { method: 'DELETE' });
        leave(false);
      },
      again: () => {
        setState({ is: 'asking' });
        look();
      },
    }),
    [state, client, enter, leave, look],
  );
  return <Context value={value}>{children}</Context>;
}

/** The session, signed in or not. */
export function useSession(): Session {
  const s = use(Context);
  if (!s) throw new Error('no SessionProvider above');
  return s;
}

/** Who is signed in; only below a page that is shown to nobody else. */
export function useSigned(): Signed {
  const { state } = useSession();
  if (state.is !== 'in') throw new Error('nobody is signed in');
  return state.signed;
}
