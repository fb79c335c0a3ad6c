// What the auditor's room shows when the ledger is not as it should be, before
// the whole suite: checkpoints that cannot be kept, witnesses that are cut off,
// a row edited in the database. Each fault is brought about in the servers
// themselves, and taken back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { picture, until } from './browser.mjs';
import { cutOff, pass, sql } from './faults.mjs';
import { choose, confirm, done } from './forms.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

let auditor;
// The auditor leaves before the stage is taken away.
after(() => auditor?.close());
const on = stage({ own: true });
before(async () => {
  auditor = await on.person(accounts.auditor);
});

const banner = () => auditor.page.locator('.late-banner');

/** Opens the page that shows where the ledger stands, and waits until it does. */
async function look() {
  const { page } = auditor;
  await page.goto('/audit/verify');
  await page.getByRole('table', { name: '见证单位' }).getByRole('row').nth(1).waitFor();
}

/** Looks until the ledger says nothing is late any more. */
async function settled() {
  for (let i = 0; i < 60; i++) {
    await look();
    if ((await banner().count()) === 0) return;
    await banner().waitFor({ state: 'detached', timeout: 1_000 }).catch(() => undefined);
  }
  assert.fail('the ledger is late still');
}

/** Puts a question, which is on record and so makes the ledger grow. */
async function question() {
  const { page } = auditor;
  await page.goto('/audit/ledger');
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('status').getByText(/共 \d+ 行/).waitFor();
}

/** Asks for a bundle of the whole ledger and waits until it is written. */
async function bundle() {
  const { page } = auditor;
  await page.goto('/audit/exports');
  await page.getByRole('button', { name: '新建审计包' }).first().click();
  await choose(page, '范围', '整个账本');
  await confirm(page);
  await done(page);
  const row = page.getByRole('row').filter({ hasText: '整个账本' }).first();
  await row.getByText('可下载').waitFor({ timeout: 60_000 });
  return row;
}

test('checkpoints that cannot be kept are said aloud, and the ledger grows all the same', async () => {
  await until(auditor.page, look, auditor.page.getByRole('table', { name: '见证单位' }).getByText('正常联署').first());
  assert.equal(await banner().count(), 0);
  await sql(on.data, 'auditexport', 'REVOKE INSERT ON ledger_checkpoint FROM auditexport');
  await question();
  const late = banner().getByText('新增的账本行超过规定时间仍未签署检查点');
  await until(auditor.page, async () => { await pass(on.data, 2); await look(); }, late);
  await picture(auditor.page, 'audit-late');
  await question();
  await banner().getByText('账本的见证已逾期').waitFor();
  await sql(on.data, 'auditexport', 'GRANT INSERT ON ledger_checkpoint TO auditexport');
  await settled();
});

test('a checkpoint that no witness cosigns is said aloud, and bundles made meanwhile say so', async () => {
  await settled();
  await cutOff(on.data, true);
  try {
    await question();
    await bundle();
    await until(auditor.page, async () => { await pass(on.data, 6); await look(); }, banner().getByText('检查点超过规定时间仍无见证单位联署'));
    const row = await bundle();
    await row.getByText('导出时：检查点超过规定时间仍无见证单位联署').waitFor();
    await picture(auditor.page, 'audit-late-bundle');
  } finally {
    await cutOff(on.data, false);
  }
  await settled();
});

test('a row edited in the database is found from the page and named', async () => {
  const { page } = auditor;
  const seq = Number(await sql(on.data, 'auditexport', "SELECT min(seq) FROM ledger_line WHERE type = 'egov.auditexport.v1.LedgerQueried'"));
  const verify = async () => {
    await look();
    await page.getByRole('button', { name: '核验整个账本' }).click();
  };
  const edit = (by) => sql(on.data, 'auditexport', `UPDATE ledger_line SET raw = set_byte(raw, length(raw) / 2, get_byte(raw, length(raw) / 2) # ${by}) WHERE seq = ${seq}`);
  await edit(1);
  await verify();
  const result = page.getByRole('region', { name: '核验结果' });
  await result.getByText('账本核验不通过').waitFor({ timeout: 60_000 });
  await result.getByText('有一行的内容与其散列不符').waitFor();
  await result.getByRole('link', { name: `#${seq}`, exact: true }).waitFor();
  await picture(page, 'audit-verified-bad');
  await edit(1);
  await verify();
  await result.getByText(/账本完整：\d+ 行全部核验无误/).waitFor({ timeout: 60_000 });
});
