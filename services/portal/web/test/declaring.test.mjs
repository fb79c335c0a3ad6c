import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { load } from './source.mjs';

const { modules, close } = await load('terms/declaring.ts');
after(close);
const [{ caseOf, draftOf, entryOf, asked, extras, sumOf }] = modules;

const known = { unit: 'education', unitKind: 'administrative', today: '2026-03-02', materials: [], subordinate: false };

test('no case is asked about before kind and amount are there', () => {
  for (const c of [{}, { kind: 'new_build' }, { amount_fen: '5' }, { kind: 'new_build', amount_fen: '0' }, { kind: 'new_build', amount_fen: 'x' }]) {
    assert.equal(caseOf({ case: c }, known), null, JSON.stringify(c));
  }
});

test('a case says what was said, exactly, and nothing else', () => {
  const entry = {
    title: ' 平台 ',
    case: { kind: 'new_build', amount_fen: '694.7911', pure_software: true, hardware_fen: '5', xc_conformant: false, mlps_grade: 0, public_data: false, budget: [{ category: 'software_development', amount_fen: '600', person_months: '30.5' }, undefined, {}] },
  };
  assert.deepEqual(caseOf(entry, known), {
    kind: 'new_build', title: '平台', unit: 'education', unit_kind: 'administrative', declared_on: '2026-03-02', amount_fen: 694_791_100,
    pure_software: true, xc_conformant: false, mlps_grade: 0,
    budget: [{ category: 'software_development', amount_fen: 600_000_000, person_months: 30.5 }],
  });
});

test('answers to questions that the kind is not asked are left out', () => {
  const c = caseOf({ has_superior: true, case: { kind: 'operation_maintenance', amount_fen: '90', pure_software: true, xc_conformant: true, om: { first_year: false, previous_amount_fen: '80' }, superior_approval: { document_no: 'x' } } }, known);
  assert.deepEqual(c, { kind: 'operation_maintenance', unit: 'education', unit_kind: 'administrative', declared_on: '2026-03-02', amount_fen: 90_000_000, om: { first_year: false, previous_amount_fen: 80_000_000 } });
});

test('a kind of a newer pack is asked everything', () => {
  assert.ok(asked('something_new', 'construction') && asked('something_new', 'maintenance'));
  assert.ok(!asked(undefined, 'construction'));
  assert.deepEqual(extras('something_new'), ['base_fen', 'person_months', 'units', 'area_m2']);
});

test('a stored draft fills the form with what it was made from', () => {
  const entry = {
    title: '平台', content: '内容', period_months: 8, basis: [{ kind: 'key_work', text: '第18项' }], leader: '甲', key_annual: true, has_superior: true,
    case: {
      kind: 'upgrade', amount_fen: '1,945.5', hardware_fen: '1361.85', renewal_unchanged: true, replaces_systems: ['旧系统'],
      superior_approval: { document_no: '沪〔2026〕1号', amount_fen: '2000', conclusion: true },
      budget: [{ category: 'supervision', amount_fen: '12', base_fen: '600' }],
    },
  };
  const c = caseOf(entry, known);
  const draft = draftOf(entry, c);
  const again = entryOf({ ...draft, id: 'p1', unit: 'education', stage: 'draft', case: c });
  assert.deepEqual(caseOf(again, known), c);
  assert.deepEqual(draftOf(again, c), draft);
});

test('lines add up in fen', () => {
  assert.equal(sumOf([{ amount_fen: '0.1' }, { amount_fen: '0.2' }, undefined, { amount_fen: 'x' }]), 300_000);
  assert.equal(sumOf(undefined), 0);
});
