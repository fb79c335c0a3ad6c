// What a service lets a person do, read from the description it serves
// (OpenAPI 3.1). A form is made from that, so a service's newer release brings
// its own forms with it.

import type { Text } from './types';
import { ACTS } from '../terms/acts';
import { vocabularyOf, withinOf } from '../terms/choices';

/** A JSON schema, as far as forms look at it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema?: Schema;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, { schema?: Schema } | undefined> };
}

interface Description {
  paths?: Record<string, Record<string, Operation> | undefined>;
  components?: { schemas?: Record<string, Schema> };
}

/** One act: an operation that changes one thing. */
export interface Act {
  service: string;
  id: string;
  method: 'POST' | 'PUT';
  path: string;
  title: Text;
  /** Path parameters beyond the one that names the thing itself. */
  also: string[];
  /** Parameters that go into the query. */
  query: string[];
  /** The parameter that names the thing; empty where the act makes or changes another one. */
  subject: string;
  /** Whether the version that was read must be named. */
  versioned: boolean;
  fields: Field[];
}

/** One field of an act's form. */
export interface Field {
  name: string;
  required: boolean;
  kind: 'text' | 'long' | 'money' | 'number' | 'bool' | 'date' | 'choice' | 'words' | 'list' | 'group' | 'ref' | 'refs' | 'json';
  choices?: string[];
  /** The vocabulary of the rule pack that its values belong to. */
  vocabulary?: string;
  /** Of a ref: the list it names an entry of, or the part of the thing itself. */
  list?: string;
  within?: string;
  /** Of refs: the fields by which each entry is named. */
  by?: string[];
  minimum?: number;
  maximum?: number;
  /** Of a group, or of each entry of a list. */
  fields?: Field[];
}

const LONG = /^(reason|opinion|content|statement|description|text|summary|conclusion_text|note|remark|result|suggestion|minutes|argument|review|answer_text|purpose|plan)$/;
const DEPTH = 4;

function resolve(d: Description, s: Schema | undefined): Schema {
  const name = s?.$ref?.split('/').at(-1);
  return name ? (d.components?.schemas?.[name] ?? {}) : (s ?? {});
}

function typeOf(s: Schema): string {
  const types = Array.isArray(s.type) ? s.type : [s.type ?? ''];
  return types.find((t) => t !== 'null') ?? '';
}

function fieldOf(d: Description, name: string, given: Schema, required: boolean, depth: number): Field {
  const s = resolve(d, given);
  const field = (kind: Field['kind'], rest: Partial<Field> = {}): Field => ({ name, required, kind, ...rest });
  const choices = s.enum?.filter((e) => typeof e === 'string');
  if (choices && choices.length > 0) return field('choice', { choices });
  switch (typeOf(s)) {
    case 'boolean':
      return field('bool');
    case 'integer':
    case 'number':
      return name.endsWith('_fen') ? field('money') : field('number', { minimum: s.minimum, maximum: s.maximum });
    case 'string':
      if (s.format === 'date' || /(^|_)on$/.test(name)) return field('date');
      return field(LONG.test(name) || (s.maxLength ?? 0) > 300 ? 'long' : 'text');
    case 'array': {
      const entry = resolve(d, s.items);
      if (typeOf(entry) === 'object' && depth > 0) return field('list', { fields: fieldsOf(d, entry, depth - 1) });
      return typeOf(entry) === 'string' ? field('words') : field('json');
    }
    case 'object':
      return s.properties && depth > 0 ? field('group', { fields: fieldsOf(d, s, depth - 1) }) : field('json');
    default:
      return /(^|_)on$/.test(name) ? field('date') : field('json');
  }
}

function fieldsOf(d: Description, s: Schema, depth = DEPTH): Field[] {
  return Object.entries(s.properties ?? {})
    .map(([name, given]) => fieldOf(d, name, given, s.required?.includes(name) ?? false, depth))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

const snake = (s: string): string => s.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const singular = (s: string): string => s.replace(/ies$/, 'y').replace(/(ss|sh|ch|x)es$/, '$1').replace(/([^s])s$/, '$1');

/** Whether a path leads to one thing of a collection: /v1/cost-checks/{id}/… for cost_check. */
function leadsTo(path: string, collection: string): string | null {
  const parts = path.split('/').filter((p) => p !== '');
  for (let i = 1; i < parts.length - 1; i++) {
    const name = /^\{(\w+)\}$/.exec(parts[i + 1] ?? '')?.[1];
    if (name && singular((parts[i] ?? '').replaceAll('-', '_')) === collection) return name;
  }
  return null;
}

// Path parameters that name a part of the thing itself, and where it lists them.
const PARTS: Record<string, string> = { item: 'agenda' };

/** The field for a path parameter: chosen from a list where there is one. */
function parameterField(d: Description, path: string, p: Parameter): Field {
  const before = path.slice(0, path.indexOf(`{${p.name}}`) - 1);
  if (d.paths?.[before]?.['get']) return { name: p.name, required: true, kind: 'ref', list: before };
  const part = PARTS[p.name];
  if (part) return { name: p.name, required: true, kind: 'ref', within: part };
  return fieldOf(d, p.name, p.schema ?? { type: 'string' }, true, 0);
}

/** The field with the words that it takes in an operation: of the rule pack, or of the thing itself. */
function worded(act: string, f: Field): Field {
  const within = withinOf(act, f.name);
  if (within) return { ...f, kind: within.by ? 'refs' : 'ref', within: within.part, ...(within.by ? { by: within.by } : {}) };
  const vocabulary = vocabularyOf(f.name, act);
  return { ...f, ...(vocabulary ? { vocabulary } : {}), ...(f.fields ? { fields: f.fields.map((x) => worded(act, x)) } : {}) };
}

/**
 * Every act of a service that the roles allow: first those on the thing of the
 * collection itself, then those that make or change another.
 */
export function actsOf(service: string, description: unknown, collection: string, roles: string[]): Act[] {
  const d = description as Description;
  const acts: Act[] = [];
  for (const [path, operations] of Object.entries(d.paths ?? {})) {
    const subject = leadsTo(path, collection) ?? '';
    for (const [verb, o] of Object.entries(operations ?? {})) {
      const method = verb.toUpperCase();
      if ((method !== 'POST' && method !== 'PUT') || !o.operationId) continue;
      const needs = /Roles: ([\w, ]+)/.exec(o.description ?? '')?.[1]?.split(', ') ?? [];
      if (needs.length > 0 && !needs.some((r) => roles.includes(r))) continue;
      const content = o.requestBody?.content ?? {};
      const json = content['application/json'];
      if (o.requestBody && !json) continue; // a file, not a form
      const parameters = o.parameters ?? [];
      const queries = parameters.filter((p) => p.in === 'query');
      const also = parameters.filter((p) => p.in === 'path' && p.name !== subject);
      acts.push({
        service,
        id: o.operationId,
        method,
        path,
        title: ACTS[service]?.[o.operationId] ?? { zh: o.summary ?? o.operationId, en: o.summary ?? o.operationId },
        subject,
        also: also.map((p) => p.name),
        query: queries.map((p) => p.name),
        versioned: parameters.some((p) => p.in === 'header' && p.name === 'If-Match'),
        fields: [
          ...also.map((p) => parameterField(d, path, p)),
          ...queries.map((p) => fieldOf(d, p.name, p.schema ?? {}, p.required ?? false, 0)),
          ...fieldsOf(d, resolve(d, json?.schema)),
        ].map((f) => worded(o.operationId ?? '', f)),
      });
    }
  }
  return acts.sort((a, b) => Number(a.subject === '') - Number(b.subject === ''));
}

/** The acts on the thing itself. */
export function actsOn(service: string, description: unknown, collection: string, roles: string[]): Act[] {
  return actsOf(service, description, collection, roles).filter((a) => a.subject !== '');
}

/** How well an operation answers what the inbox asks for: 0 = not at all. */
export function fit(act: Pick<Act, 'id' | 'path'>, action: string): number {
  const wanted = action.replaceAll('-', '_');
  const id = snake(act.id);
  // /v1/evaluations/{id}/panel/opinions → panel_opinion
  const tail = singular(act.path.split('/').slice(3).filter((p) => !p.startsWith('{')).join('_').replaceAll('-', '_'));
  if (id === wanted || tail === wanted) return 3;
  if (id.startsWith(`${wanted}_`) || id.endsWith(`_${wanted}`)) return 2;
  const words = wanted.split('_').filter((w) => w.length > 2);
  const said = [...id.split('_'), ...tail.split('_')].map((w) => w.slice(0, 5));
  const same = words.filter((w) => said.includes(w.slice(0, 5))).length;
  return words.length === 0 ? 0 : same / words.length;
}

/** The address, the query and the body that a filled form stands for. */
export function compose(act: Act, subject: string, values: Record<string, unknown>): { path: string; query: Record<string, string>; body: Record<string, unknown> } {
  const body: Record<string, unknown> = {};
  const query: Record<string, string> = {};
  let path = act.subject === '' ? act.path : act.path.replace(`{${act.subject}}`, encodeURIComponent(subject));
  for (const [name, v] of Object.entries(values)) {
    if (act.also.includes(name)) path = path.replace(`{${name}}`, encodeURIComponent(String(v)));
    else if (act.query.includes(name)) query[name] = String(v);
    else body[name] = v;
  }
  return { path, query, body };
}
