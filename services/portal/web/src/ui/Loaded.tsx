import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { asProblem } from '../api/client';
import { Loading, ProblemView } from './Bits';
import { NotFound } from './NotFound';

interface Props<T> {
  of: UseQueryResult<T>;
  /** What the page calls the fields that a refusal may name. */
  names?: Record<string, string>;
  /** It is a part of its page: what does not exist is said there, and is not the address's fault. */
  part?: boolean;
  /** What else the page shows: it waits for them too, since what comes later would move what is read. */
  beside?: { isPending: boolean }[];
  children: (data: T) => ReactNode;
}

/** What was asked for, once it is there: until then that it loads, or why it does not come. */
export function Loaded<T>({ of: found, names, part, beside = [], children }: Props<T>) {
  if (found.isPending || beside.some((x) => x.isPending)) return <Loading />;
  if (!found.isError) return children(found.data);
  if (!part && asProblem(found.error).status === 404) return <NotFound />;
  return <ProblemView error={found.error} {...(names ? { names } : {})} retry={() => void found.refetch()} />;
}
