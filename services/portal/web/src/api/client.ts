import type { ProblemDocument, Violation } from './types';

/** A refusal or failure as the services state it, in both languages. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly zh: string;
  readonly en: string;
  readonly basis: string[];
  readonly violations: Violation[];
  /** By which the request is found in the logs and the ledger. */
  readonly trace: string;

  constructor(p: Partial<ProblemDocument> & { status: number; code: string; title: string; title_en: string }, trace = '') {
    super(`${p.code}: ${p.title_en}`);
    this.name = 'Problem';
    this.status = p.status;
    this.code = p.code;
    this.zh = p.title;
    this.en = p.title_en;
    this.basis = p.basis ?? [];
    this.violations = p.violations ?? [];
    this.trace = trace;
  }
}

/** What a page says of anything that was thrown. */
export function asProblem(e: unknown): Problem {
  if (e instanceof Problem) return e;
  return new Problem({ status: 0, code: 'unreachable', title: '无法连接到平台，请检查网络后重试', title_en: 'the portal cannot be reached; check the network and try again' });
}

let csrf = '';

/** Sets the token that unsafe requests carry; empty once signed out. */
export function setCSRF(token: string): void {
  csrf = token;
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  file?: Blob;
  /** The entity tag of what is changed. */
  ifMatch?: string;
  /** Names this attempt: sent twice, it has one effect. */
  key?: string;
  /** The page asks by itself; nobody is at the keyboard. */
  background?: boolean;
  signal?: AbortSignal | undefined;
}

export interface Answer<T> {
  body: T;
  etag: string;
}

/** Asks the portal, and gives the answer with its entity tag. */
export async function ask<T>(path: string, call: Call = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const method = call.method ?? 'GET';
  if (method !== 'GET') headers['X-CSRF-Token'] = csrf;
  if (method === 'POST') headers['Idempotency-Key'] = call.key ?? newKey();
  if (call.ifMatch) headers['If-Match'] = call.ifMatch;
  if (call.background) headers['X-Egov-Background'] = '1';
  const init: RequestInit = { method, headers, credentials: 'same-origin', signal: call.signal ?? null };
  if (call.file) {
    headers['Content-Type'] = call.file.type || 'application/octet-stream';
    init.body = call.file;
  } else if (call.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(call.body);
  }
  const resp = await fetch(path, init);
  const trace = resp.headers.get('X-Trace-Id') ?? '';
  const text = await resp.text();
  const body = parsed(text);
  if (!resp.ok) throw new Problem(isProblem(body) ? body : unexpected(resp.status), trace);
  return { body: body as T, etag: resp.headers.get('ETag') ?? '' };
}

/** Asks the portal, and gives the answer alone. */
export async function get<T>(path: string, call: Call = {}): Promise<T> {
  return (await ask<T>(path, call)).body;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null; // a file, or what something between here and the portal says
  }
}

function isProblem(b: unknown): b is ProblemDocument {
  return typeof b === 'object' && b !== null && 'code' in b && 'title' in b;
}

function unexpected(status: number): ProblemDocument {
  return { status, code: 'unexpected_answer', title: `平台返回了意外的结果（${status}）`, title_en: `an unexpected answer (${status})`, basis: [], violations: [] };
}

/** A new idempotency key. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** The path of an operation of a service. */
export function at(service: string, path: string, query: Record<string, string | number | undefined> = {}): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== '') q.set(k, String(v));
  const s = q.toString();
  return `/api/${service}${path}${s === '' ? '' : `?${s}`}`;
}
