import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { load } from './source.mjs';

const { modules, close } = await load('terms/money.ts', 'terms/dates.ts', 'terms/clocks.ts', 'terms/amounts.ts', 'terms/violations.ts', 'terms/road.ts', 'terms/facts.ts', 'i18n/texts.ts', 'terms/registers.ts', 'terms/fields.ts', 'terms/acts.ts');
after(close);
const [money, dates, clocks, amounts, violations, roads, facts, texts, registers, fields, acts] = modules;

test('amounts keep every fen between 万元 and fen', () => {
  for (const [typed, fen, shown] of [
    ['694.7911', 694_791_100, '694.7911'],
    ['0.000001', 1, '0.000001'],
    ['1,945', 1_945_000_000, '1,945.00'],
    ['9007199254.740991', Number.MAX_SAFE_INTEGER, '9,007,199,254.740991'],
  ]) {
    assert.equal(money.fromWan(typed), fen, typed);
    assert.equal(money.wan(fen), shown);
    assert.equal(money.fromWan(money.toWan(fen)), fen);
  }
  assert.equal(money.wan(-32_560_000), '−32.56');
  assert.equal(money.yuan(694_791_105), '6,947,911.05');
});

test('what is no amount is none', () => {
  for (const typed of ['', null, undefined, 'abc', '-1', '1.0000001', '1e3', '9007199254.740992', '1.']) {
    assert.equal(money.fromWan(typed), null, String(typed));
  }
});

test('amounts of facts come as numbers or as strings of digits', () => {
  assert.equal(money.fen('694791100'), 694_791_100);
  assert.equal(money.fen(5), 5);
  assert.equal(money.fen('x'), 0);
  assert.equal(money.fen(undefined), 0);
});

test('days are counted and shown on Shanghai’s calendar', () => {
  assert.equal(dates.daysBetween('2026-02-27', '2026-03-02'), 3);
  assert.equal(dates.daysBetween('2026-03-02', '2026-02-27'), -3);
  assert.equal(dates.minute('2026-03-01T17:30:00Z'), '2026-03-02 01:30');
  assert.equal(dates.day('2026-03-02T01:30:00+08:00'), '2026-03-02');
  assert.equal(dates.minute(undefined), '');
  assert.equal(dates.share('2026-01-01', '2026-01-11', '2026-01-06'), 0.5);
  assert.equal(dates.share('2026-01-01', '2026-01-11', '2027-01-01'), 1);
});

test('a clock stands as its state and the day say', () => {
  const c = (state, more = {}) => ({ state, trigger_on: '2026-03-01', due_on: '2026-03-10', ...more });
  for (const [clock, today, want] of [
    [c('open'), '2026-03-02', 'open'],
    [c('open'), '2026-03-07', 'soon'],
    [c('open'), '2026-03-10', 'soon'],
    [c('open'), '2026-03-11', 'late'],
    [c('warned'), '2026-03-02', 'soon'],
    [c('met', { met_on: '2026-03-09' }), '2026-04-01', 'met'],
    [c('late'), '2026-03-12', 'late'],
    [c('late', { met_on: '2026-03-12' }), '2026-04-01', 'late_met'],
    [c('waived'), '2026-04-01', 'waived'],
  ]) {
    assert.equal(clocks.standing(clock, today), want, `${clock.state} on ${today}`);
  }
  assert.deepEqual(clocks.span([c('met', { met_on: '2026-03-20' })], '2026-06-01'), ['2026-03-01', '2026-03-20']);
  assert.deepEqual(clocks.span([c('open')], '2026-06-01'), ['2026-03-01', '2026-06-01']);
});

test('the chain of amounts compares each link with the one before', () => {
  const links = amounts.chain({ declared_fen: 100, evaluated_fen: 90, approved_fen: 90, budget_fen: 0, award_fen: 80, contract_fen: 80, paid_fen: 40, final_fen: 82 });
  assert.deepEqual(links.map((l) => l.change), [null, -10, 0, null, -10, 0, null, 2]);
});

test('violations find their field, and the rest stays on top', () => {
  assert.deepEqual(violations.pathOf('case.budget[3].amount_fen'), ['case', 'budget', 3, 'amount_fen']);
  const v = (field) => ({ field, code: 'x', message: '错', message_en: 'wrong', basis: ['YP23-M-8'] });
  const { fields, rest } = violations.place([v('title'), v('title'), v('unknown')], (p) => (p[0] === 'title' ? p : null));
  assert.equal([...fields.values()][0].list.length, 2);
  assert.deepEqual(rest.map((r) => r.field), ['unknown']);
  assert.equal(violations.spoken(v('title'), (t) => t.zh), '错〔YP23-M-8〕');
});

test('a road shows the steps its rules give, and where the project stands', () => {
  const p = (stage, steps) => ({ stage, decision: steps ? { steps } : null });
  const at = (project) => roads.road(project).filter((s) => s.state === 'now' || s.state === 'halted').map((s) => `${s.key}:${s.state}`);
  const keys = (project) => roads.road(project).map((s) => s.key);
  const filing = ['third_party_evaluation', 'conference_filing'];
  assert.deepEqual(keys(p('evaluation', filing)).slice(0, 6), ['draft', 'submitted', 'accepted', 'evaluation', 'conference', 'approved']);
  assert.deepEqual(at(p('evaluation', filing)), ['evaluation:now']);
  assert.deepEqual(at(p('filed', filing)), ['approved:now']);
  assert.deepEqual(at(p('returned', filing)), ['draft:halted']);
  assert.deepEqual(at(p('refused', filing)), ['conference:halted']);
  assert.equal(keys(p('handed_over', ['third_party_evaluation', 'development_reform_handover'])).at(-1), 'handed_over');
  assert.ok(roads.road(p('closed', filing)).every((s) => s.state === 'past'));
  assert.deepEqual(at(p('draft', null)), ['draft:now']);
});

test('every fact about a project that the services declare has a name', async () => {
  const proto = new URL('../../../../proto/egov/', import.meta.url);
  const named = new Set(facts.namedFacts());
  const missing = [];
  for (const service of await readdir(proto)) {
    if (['type', 'identity', 'auditexport'].includes(service)) continue; // not about projects
    const text = await readFile(new URL(`${service}/v1/events.proto`, proto), 'utf8');
    // A fact is a message whose comment says what it states.
    for (const [, comment, name] of text.matchAll(/^\/\/ (\w+ states?[^\n]*)\n(?:\/\/[^\n]*\n)*message (\w+) \{/gm)) {
      if (comment.startsWith(name) && !named.has(`${service}.v1.${name}`)) missing.push(`${service}.v1.${name}`);
    }
  }
  assert.deepEqual(missing, []);
  assert.equal(facts.factName('egov.future.v1.SomethingNew').zh, 'SomethingNew');
});

test('every text is there in both languages, with the same parameters', () => {
  const params = (s) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
  for (const [key, [zh, en]] of Object.entries(texts.TEXTS)) {
    assert.ok(zh !== '' && en !== '', key);
    assert.deepEqual(params(zh), params(en), key);
  }
});

/** A service's description. */
const described = async (service) => JSON.parse(await readFile(new URL(`../../../../docs/api/${service}.json`, import.meta.url), 'utf8'));
const answerOf = (operation) => operation.responses['200']?.content?.['application/json']?.schema;
const resolved = (d, s) => (s?.$ref ? d.components.schemas[s.$ref.split('/').at(-1)] : s);

test('every field that the services’ descriptions give of a register’s things has a name', async () => {
  const nameless = new Set();
  for (const r of Object.values(registers.REGISTERS)) {
    const d = await described(r.service);
    const look = (schema, shown) => {
      const s = resolved(d, schema);
      if (s?.items) return look(s.items, shown);
      for (const [name, part] of Object.entries(s?.properties ?? {}).filter(([name]) => shown(name))) {
        if (fields.fieldName(name, r.service).zh === name) nameless.add(`${r.name}: ${name}`);
        look(part, r.tables?.[name] ? (x) => r.tables[name].includes(x) : fields.isShown);
      }
    };
    const one = r.listed ? resolved(d, resolved(d, answerOf(d.paths[r.path].get)).properties.items).items : answerOf(d.paths[`${r.path}/{id}`].get);
    const asks = (d.paths[r.path].get.parameters ?? []).map((p) => p.name);
    assert.ok(asks.includes('page_size'), r.name);
    if (Object.keys(r.states).length > 0) assert.equal(asks.includes('state'), !r.alike, `${r.name} narrowed by state`);
    const has = resolved(d, one).properties;
    for (const name of [r.called ?? 'title', r.known ?? 'id', ...r.columns.map(([column]) => column)]) assert.ok(name in has, `${r.name}: ${name}`);
    look(one, (name) => registers.says(r, name, 'x'));
  }
  assert.deepEqual([...nameless], []);
});

// Lists of services that other pages show, or that nobody reads in the portal.
const ELSEWHERE = {
  // The inbox, the dossier, the operators' command line and those who verify.
  '*': ['/v1/tasks', '/v1/deadlines', '/v1/dead-letters', '/v1/witness', '/.well-known/jwks.json', '/.well-known/openid-configuration'],
  // Projects have pages of their own; packs give the words of all.
  declaration: ['/v1/projects', '/v1/packs'],
  dataresource: ['/v1/resources'],
  // Each session names its members.
  conference: ['/v1/members'],
  // The pages of holidays and of services' keys, the words of roles, and oneself.
  identity: ['/v1/holidays', '/v1/event-keys', '/v1/service-keys', '/v1/duties', '/v1/me'],
  // The auditors' room.
  auditexport: ['/v1/audit-cases', '/v1/exports', '/v1/red-flags', '/v1/ledger', '/v1/ledger/checkpoint', '/v1/ledger/proof'],
};

test('every list of the services has a page', async () => {
  const shown = new Set(Object.values(registers.REGISTERS).map((r) => `${r.service} ${r.path}`));
  const missing = [];
  for (const file of await readdir(new URL('../../../../docs/api/', import.meta.url))) {
    const service = file.replace('.json', '');
    if (service === 'portal') continue;
    const d = await described(service);
    for (const [path, { get }] of Object.entries(d.paths)) {
      const properties = Object.values(resolved(d, get && answerOf(get))?.properties ?? {});
      if (path.includes('{') || !properties.some((p) => resolved(d, p).items)) continue;
      if (!shown.has(`${service} ${path}`) && ![...ELSEWHERE['*'], ...(ELSEWHERE[service] ?? [])].includes(path)) missing.push(`${service} ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('every act that a register offers or begins is an operation of its service, and has a name', async () => {
  for (const r of Object.values(registers.REGISTERS)) {
    const { paths } = await described(r.service);
    const operations = Object.values(paths).flatMap((p) => Object.values(p).map((o) => o.operationId));
    const offered = Object.keys(r.states).flatMap((state) => r.offers?.({ state }, '') ?? []);
    for (const id of [...(r.begins ?? []), ...offered]) {
      assert.ok(operations.includes(id), `${r.name}: ${id}`);
      assert.ok(acts.ACTS[r.service]?.[id], `${r.name}: ${id} has no name`);
    }
  }
});
