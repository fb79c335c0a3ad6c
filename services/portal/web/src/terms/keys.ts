import type { PublishedKey, Text } from '../api/types';
import type { Tone } from './names';

const text = (zh: string, en: string): Text => ({ zh, en });

/** Where a service's key stands with the operators. */
export const KEY_STATES: Record<string, Text> = {
  requested: text('待核对', 'Waits for the second operator'),
  enrolled: text('已登记', 'Enrolled'),
  rejected: text('不予登记', 'Rejected'),
  revoked: text('已吊销', 'Revoked'),
};

export const KEY_TONES: Record<string, Tone> = { requested: 'halted', enrolled: 'good', revoked: 'bad', rejected: 'quiet' };

/** Whether a key of the register is believed now. */
export const KEY_STANDINGS: Record<string, Text> = {
  in_force: text('在用', 'In force'),
  next: text('待启用', 'Next'),
  over: text('已到期', 'Over'),
  revoked: text('已吊销', 'Revoked'),
};

export const STANDING_TONES: Record<string, Tone> = { in_force: 'good', next: 'going', over: 'quiet', revoked: 'bad' };

/** A key's id in groups of four, as two people compare it aloud. */
export const fingerprint = (id: string): string => (id.match(/.{1,4}/g) ?? []).join(' ');

const isKey = (v: unknown): v is PublishedKey =>
  typeof v === 'object' && v !== null && ['key_id', 'alg', 'public_key', 'holder', 'not_before', 'not_after'].every((name) => typeof (v as Record<string, unknown>)[name] === 'string');

/**
 * The keys of one service in what it publishes (/.well-known/event-keys.json):
 * the document, its list of keys or one of them. Nothing where it is neither.
 */
export function keysIn(pasted: string, service = ''): PublishedKey[] {
  let doc: unknown;
  try {
    doc = JSON.parse(pasted);
  } catch {
    return [];
  }
  const list: unknown[] = Array.isArray(doc) ? doc : typeof doc === 'object' && doc !== null && 'keys' in doc && Array.isArray(doc.keys) ? doc.keys : [doc];
  return list.filter(isKey).filter((k) => service === '' || k.holder === service);
}
