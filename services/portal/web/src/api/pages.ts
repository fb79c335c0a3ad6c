import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import { at, get } from './client';

/** One page of a list, as every service answers it; some say nothing where there is none. */
export interface Page<T> {
  items: T[] | null;
  next_page_token?: string;
}

/** A list that is read page by page. */
export type Pages<T> = UseInfiniteQueryResult<InfiniteData<Page<T>>>;

/** What a list asks for besides its rows. */
export interface Listed<T> {
  /** Rows of a page. */
  size?: number;
  /** The page asks by itself; nobody is at the keyboard. */
  background?: boolean;
  /** Milliseconds until the rows are looked at again, by what they are now. */
  again?: (rows: T[]) => number | false;
}

/** The rows of a service's list under a filter; an empty part narrows nothing. */
export function usePages<T>(key: string, service: string, path: string, filter: object, { size = 50, background = false, again }: Listed<T> = {}): Pages<T> {
  return useInfiniteQuery({
    queryKey: [key, filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => get<Page<T>>(at(service, path, { ...filter, page_size: size, page_token: pageParam }), { signal, background }),
    getNextPageParam: (last) => last.next_page_token ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (q) => again?.(rowsOf(q.state.data)) ?? false,
  });
}

/** The rows that were read so far. */
export const rowsOf = <T>(data: InfiniteData<Page<T>> | undefined): T[] => data?.pages.flatMap((p) => p.items ?? []) ?? [];
