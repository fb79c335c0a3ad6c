import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { at, get } from './client';
import { usePages } from './pages';
import type { EventKey, ServiceKey } from './types';

const SOON = 3_000;

/** The register of the keys by which services sign; looked at again, since it follows what is decided. */
export function useEventKeys() {
  return useQuery({
    queryKey: ['event-keys'],
    refetchInterval: SOON,
    queryFn: async ({ signal }) => (await get<{ items: EventKey[] }>(at('identity', '/v1/event-keys'), { signal, background: true })).items,
  });
}

/** What operators said of services' keys, newest first. */
export const useServiceKeys = (state: string) => usePages<ServiceKey>('service-keys', 'identity', '/v1/service-keys', { state });

/** Reads anew what an act on a key may have changed. */
export function useKeyRefresh(): () => void {
  const client = useQueryClient();
  return useCallback(() => {
    for (const key of ['inbox', 'event-keys', 'service-keys']) void client.invalidateQueries({ queryKey: [key] });
  }, [client]);
}
