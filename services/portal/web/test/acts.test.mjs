import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { load } from './source.mjs';

const { modules, close } = await load('api/acts.ts', 'ui/ActForm.tsx');
after(close);
const [{ actsOf, actsOn, compose, fit }, { fieldAt, inward, outward, rowsFor }] = modules;

const body = (ref) => ({ content: { 'application/json': { schema: { $ref: `#/components/schemas/${ref}` } } } });
const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const description = {
  paths: {
    '/v1/cost-checks': { get: { operationId: 'ListCostChecks' }, post: { operationId: 'OpenCostCheck', description: 'Roles: finance_officer', requestBody: body('Open') } },
    '/v1/cost-checks/{id}': { get: { operationId: 'GetCostCheck' }, put: { operationId: 'ReviseCostCheck', description: 'Roles: finance_officer', parameters: [id, { name: 'If-Match', in: 'header' }], requestBody: body('Answer') } },
    '/v1/cost-checks/{id}/answer': { post: { operationId: 'AnswerCostCheck', description: 'Roles: finance_officer, secretary', parameters: [id], requestBody: body('Answer') } },
    '/v1/cost-checks/{id}/lines/{line}/waive': { post: { operationId: 'WaiveLine', parameters: [id, { name: 'line', in: 'path', required: true, schema: { type: 'string' } }, { name: 'why', in: 'query', schema: { type: 'string' } }] } },
    '/v1/cost-checks/{id}/papers': { post: { operationId: 'AttachPaper', parameters: [id], requestBody: { content: { 'application/octet-stream': {} } } } },
    '/v1/sessions': { get: { operationId: 'ListSessions' } },
    '/v1/sessions/{id}/agenda': { post: { operationId: 'ProposeItem', description: 'Roles: secretary', parameters: [id], requestBody: body('Open') } },
  },
  components: {
    schemas: {
      Open: { type: 'object', properties: { project_id: { type: 'string' } }, required: ['project_id'] },
      Answer: {
        type: 'object',
        required: ['approved', 'reason'],
        properties: {
          note: { type: 'string' },
          approved: { type: 'boolean' },
          amount_fen: { type: 'integer' },
          due_on: { type: 'string' },
          reason: { type: 'string' },
          stance: { type: 'string', enum: ['agree', 'disagree'] },
          conditions: { type: ['array', 'null'], items: { type: 'string' } },
          items: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
          free: {},
        },
      },
      Item: { type: 'object', properties: { name: { type: 'string' }, price_fen: { type: 'integer' } } },
    },
  },
};

test('only the acts that the roles allow, and no uploads', () => {
  const names = (roles) => actsOn('budgeting', description, 'cost_check', roles).map((a) => a.id);
  assert.deepEqual(names(['finance_officer']), ['ReviseCostCheck', 'AnswerCostCheck', 'WaiveLine']);
  assert.deepEqual(names(['secretary']), ['AnswerCostCheck', 'WaiveLine']);
  assert.deepEqual(names([]), ['WaiveLine']);
});

test('acts that make or change another thing come after those on the thing itself', () => {
  const acts = actsOf('budgeting', description, 'cost_check', ['finance_officer', 'secretary']);
  assert.deepEqual(acts.map((a) => [a.id, a.subject]), [['ReviseCostCheck', 'id'], ['AnswerCostCheck', 'id'], ['WaiveLine', 'id'], ['OpenCostCheck', ''], ['ProposeItem', '']]);
  const propose = acts.find((a) => a.id === 'ProposeItem');
  assert.deepEqual(propose.fields[0], { name: 'id', required: true, kind: 'ref', list: '/v1/sessions' });
  assert.deepEqual(compose(propose, 'd1', { id: 's1', project_id: 'p1' }), { path: '/v1/sessions/s1/agenda', query: {}, body: { project_id: 'p1' } });
});

test('fields become what people fill in', () => {
  const act = actsOn('budgeting', description, 'cost_check', ['secretary'])[0];
  assert.deepEqual(Object.fromEntries(act.fields.map((f) => [f.name, f.kind])), {
    approved: 'bool', reason: 'long', note: 'long', amount_fen: 'money', due_on: 'date', stance: 'choice', conditions: 'words', items: 'list', free: 'json',
  });
  assert.deepEqual(act.fields.slice(0, 2).map((f) => f.required), [true, true]);
  assert.equal(act.versioned, false);
  assert.equal(actsOn('budgeting', description, 'cost_check', ['finance_officer'])[0].versioned, true);
});

test('what is filled in goes where the operation wants it', () => {
  const [act, waive] = actsOn('budgeting', description, 'cost_check', ['secretary']);
  const values = outward(act.fields, { approved: false, reason: '不足', amount_fen: '1.5', conditions: ['甲'], items: [{ name: 'a', price_fen: '0.01' }], free: '{"x":1}', note: '' });
  assert.deepEqual(values, { approved: false, reason: '不足', amount_fen: 1_500_000, conditions: ['甲'], items: [{ name: 'a', price_fen: 10_000 }], free: { x: 1 } });
  assert.deepEqual(compose(waive, 'a/b', { line: '3', why: '旧' }), { path: '/v1/cost-checks/a%2Fb/lines/3/waive', query: { why: '旧' }, body: {} });
});

test('a form that replaces a thing begins with it, and gives it back unchanged', () => {
  const [act] = actsOn('budgeting', description, 'cost_check', ['secretary']);
  const thing = { approved: false, reason: '不足', amount_fen: 1_500_000, due_on: '2026-03-02', conditions: ['甲'], items: [{ name: 'a', price_fen: 10_000 }], free: { x: 1 } };
  assert.deepEqual(outward(act.fields, inward(act.fields, { ...thing, note: '', state: 'open', stance: null })), thing);
});

test('an operation names codes of the pack, and parts of the thing itself', () => {
  const schema = (properties) => ({ content: { 'application/json': { schema: { type: 'object', properties, required: Object.keys(properties) } } } });
  const text = { type: 'string' };
  const paths = {
    '/v1/plans': { post: { operationId: 'DraftPlan', requestBody: schema({ kind: text, title: text }) } },
    '/v1/sharings/{id}/uses': { post: { operationId: 'RecordUse', parameters: [id], requestBody: schema({ purpose: text, items: { type: 'array', items: { type: 'object', properties: { resource: text } } } }) } },
  };
  const [use, draft] = actsOf('x', { paths }, 'sharing', []);
  assert.deepEqual(draft.fields[0], { name: 'kind', required: true, kind: 'text', vocabulary: 'plans' });
  assert.deepEqual(use.fields.map((f) => [f.kind, f.within]), [['ref', 'purposes'], ['refs', 'granted']]);
  const item = { resource: '家庭', table: 'family', field: 'no' };
  assert.deepEqual(outward(use.fields, { purpose: '核对', items: [JSON.stringify(item)] }), { purpose: '核对', items: [item] });
});

test('a list begins with what the rules or the thing itself name', () => {
  const list = (name, entry) => [{ name, required: true, kind: 'list', fields: [{ name: entry, required: true, kind: 'text', ...(entry === 'criterion' ? { vocabulary: 'criteria' } : {}) }] }];
  const terms = (vocabulary) => (vocabulary === 'criteria' ? [{ code: 'necessity' }, { code: 'feasibility' }] : []);
  assert.deepEqual(rowsFor(list('criteria', 'criterion'), terms, undefined), { criteria: [{ criterion: 'necessity' }, { criterion: 'feasibility' }] });
  assert.deepEqual(rowsFor(list('members', 'member'), terms, { members: ['cac', 'finance'] }), { members: [{ member: 'cac' }, { member: 'finance' }] });
  assert.deepEqual(rowsFor(list('members', 'member'), terms, { members: [{ member: 'cac' }] }), {});
});

test('a violation leads to its field, also inside lists', () => {
  const { fields } = actsOn('budgeting', description, 'cost_check', ['secretary'])[0];
  assert.deepEqual(fieldAt(fields, ['items', 1, 'price_fen']), ['items', 1, 'price_fen']);
  assert.deepEqual(fieldAt(fields, ['reason']), ['reason']);
  assert.equal(fieldAt(fields, ['items']), null);
  assert.equal(fieldAt(fields, ['elsewhere']), null);
});

test('the inbox’s word finds its operation', () => {
  const act = (opID, path) => ({ id: opID, path, subject: 'id' });
  assert.equal(fit(act('IssueBudget', '/v1/budgets/{id}/issue'), 'issue'), 3);
  assert.equal(fit(act('SubmitCatalogue', '/v1/catalogues'), 'submit_catalogue'), 3);
  assert.equal(fit(act('AssignAgency', '/v1/evaluations/{id}/assign'), 'assign'), 3);
  assert.ok(fit(act('ReturnBudget', '/v1/budgets/{id}/return'), 'issue') < 1);
  assert.ok(fit(act('OpineAsExpert', '/v1/evaluations/{id}/panel/opinions'), 'panel_opinion') > fit(act('DrawPanel', '/v1/evaluations/{id}/panel'), 'panel_opinion'));
});
