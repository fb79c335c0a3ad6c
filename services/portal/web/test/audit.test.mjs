import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import dayjs from 'dayjs';
import { load } from './source.mjs';

const { modules, close } = await load('terms/audit.ts', 'terms/proof.ts', 'terms/holidays.ts', 'terms/facts.ts');
after(close);
const [audit, proof, holidays, facts] = modules;

const sha = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (l, r) => sha(Buffer.of(1), l, r);

/** The root of an RFC 6962 tree over leaf hashes, and one leaf's path, by the definition. */
function tree(leaves, index) {
  if (leaves.length === 1) return { root: leaves[0], path: [] };
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const [left, right] = [tree(leaves.slice(0, k), index < k ? index : 0), tree(leaves.slice(k), index < k ? 0 : index - k)];
  return { root: node(left.root, right.root), path: index < k ? [...left.path, right.root] : [...right.path, left.root] };
}

test('a proof leads from every row of every tree to its root, and from no other', async () => {
  for (let size = 1; size <= 17; size++) {
    const leaves = Array.from({ length: size }, (_, i) => sha(Buffer.from(`row ${i}`)));
    for (let i = 0; i < size; i++) {
      const { root, path } = tree(leaves, i);
      const hashes = path.map((h) => h.toString('hex'));
      assert.equal(await proof.rootOf(leaves[i].toString('hex'), hashes, i, size), root.toString('base64'), `row ${i} of ${size}`);
      const other = sha(Buffer.from('another')).toString('hex');
      assert.notEqual(await proof.rootOf(other, hashes, i, size), root.toString('base64'));
      await assert.rejects(proof.rootOf(leaves[i].toString('hex'), [...hashes, other], i, size));
      if (hashes.length > 0) await assert.rejects(proof.rootOf(leaves[i].toString('hex'), hashes.slice(1), i, size));
    }
  }
});

test('a row is held against the checkpoint: its chain value, the size and the root', async () => {
  const leaves = Array.from({ length: 5 }, (_, i) => sha(Buffer.from(`row ${i}`)));
  const { root, path } = tree(leaves, 3);
  const leaf = leaves[3].toString('hex');
  const good = { size: 5, leaf, hashes: path.map((h) => h.toString('hex')), checkpoint: `egov/ledger\n5\n${root.toString('base64')}\n\n— key sig\n` };
  assert.equal(await proof.examine(4, leaf, good), 'unable'); // no encrypted page
  globalThis.isSecureContext = true;
  try {
    assert.equal(await proof.examine(4, leaf, good), 'good');
    assert.equal(await proof.examine(3, leaf, good), 'bad');
    assert.equal(await proof.examine(4, leaves[2].toString('hex'), good), 'bad');
    assert.equal(await proof.examine(4, leaf, { ...good, size: 6 }), 'bad');
    assert.equal(await proof.examine(4, leaf, { ...good, hashes: [] }), 'bad');
  } finally {
    delete globalThis.isSecureContext;
  }
});

test('a path of a difference says what it is about', () => {
  for (const [path, want] of [
    ['stage', { group: 'value', name: 'stage', id: '' }],
    ['amounts.approved', { group: 'amount', name: 'approved', id: '' }],
    ['deadlines.d-1.x.due_on', { group: 'deadline', name: 'due_on', id: 'd-1.x' }],
    ['units.finance', { group: 'unit', name: 'finance', id: '' }],
    ['people.audit.li', { group: 'person', name: 'audit.li', id: '' }],
    ['decisions.3', { group: 'other', name: 'decisions.3', id: '' }],
  ]) {
    assert.deepEqual(audit.placeOf(path), want, path);
  }
});

test('figures of a rule are read with their units, unknown ones as they are', () => {
  assert.equal(audit.figureOf({ name: 'filing_limit', value: 100_000_000, unit: 'fen' }).value.zh, '100.00 万元');
  assert.equal(audit.figureOf({ name: 'similarity', value: 6000, unit: 'basis_points' }).value.zh, '60%');
  assert.deepEqual(audit.figureOf({ name: 'new_one', value: 3, unit: 'moons' }), { name: { zh: 'new_one', en: 'new_one' }, value: { zh: '3 moons', en: '3 moons' } });
});

test('a row that cannot be read is none, and every type can be asked for', () => {
  assert.equal(audit.eventOf('{'), null);
  assert.deepEqual(audit.eventOf('{"data":{"a":1}}'), { data: { a: 1 } });
  assert.deepEqual(audit.eventOf('{"data":null}'), { data: {} });
  assert.equal([...audit.factTypes().values()].flat().length, facts.namedFacts().length);
  assert.ok(audit.factTypes().get('auditexport').includes('egov.auditexport.v1.RedFlagRaised'));
});

test('a notice goes out as it was entered, and its violations find their fields', () => {
  const days = (from, to) => [dayjs(from), dayjs(to)];
  assert.deepEqual(
    holidays.noticeOf({ year: 2027, notice: ' 国办发明电〔2026〕9号 ', kind: 'notice', off: [{ name: '元旦', name_en: 'New Year', days: days('2027-01-01', '2027-01-03') }, undefined], work: [{ name: '元旦', days: days('2027-01-09', '2027-01-09') }] }),
    {
      year: 2027, notice: '国办发明电〔2026〕9号', kind: 'notice',
      off: [{ name: '元旦', name_en: 'New Year', from: '2027-01-01', to: '2027-01-03' }, { name: '', name_en: '', from: undefined, to: undefined }],
      work: [{ name: '元旦', name_en: '', from: '2027-01-09', to: undefined }],
    },
  );
  for (const [path, want] of [
    [['year'], ['year']],
    [['off', 1, 'name'], ['off', 1, 'name']],
    [['off', 1, 'to'], ['off', 1, 'days']],
    [['work', 0], ['work', 0, 'days']],
    [['off'], null],
    [['elsewhere'], null],
  ]) {
    assert.deepEqual(holidays.noticeField(path), want);
  }
  assert.equal(holidays.daysOf({ from: '2027-02-05', to: '2027-02-11' }), 7);
  assert.equal(holidays.daysOf({ from: '2027-02-05' }), 1);
});

test('evidence of a missed clock names the clock', () => {
  const clock = (code) => ({ quarterly_report: '季度报告', rectification: '整改' })[code] ?? code;
  const missed = (code) => ({ type: 'egov.deadline.v1.DeadlineMissed', shows: { zh: `“${code}”应于2026-04-15前办理，逾期`, en: `${code} was due on 2026-04-15 and missed` } });
  assert.deepEqual(audit.shownBy(missed('quarterly_report'), clock), { zh: '“季度报告”应于2026-04-15前办理，逾期', en: '季度报告 was due on 2026-04-15 and missed' });
  assert.equal(audit.shownBy(missed('rectification'), clock).zh, '“整改”应于2026-04-15前办理，逾期');
  const other = { type: 'egov.procurement.v1.AwardMade', shows: { zh: '“single_source”', en: 'single_source' } };
  assert.deepEqual(audit.shownBy(other, clock), other.shows);
});
