// An auditor's way through the portal, before the whole suite: two projects
// that look like one are declared; the auditor finds a row by its text, opens
// the red flag, opens a case from it and asks; the unit answers from its inbox.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { picture, until } from './browser.mjs';
import { choose, confirm, day, done, form } from './forms.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

const MARK = Date.now().toString(36);
const TITLES = [`校园食堂智慧监管系统（${MARK}）一期`, `校园食堂智慧监管系统（${MARK}）二期`];
const QUESTION = '两个项目为何分别申报？请说明建设内容的区别。';
const ANSWER = '两期服务于不同学校，建设内容没有重复。';
const ORDER = '两期合并为一个项目，按审核程序重新申报。';
const REPORT = '二期已撤回，建设内容并入一期。';
const CONCLUSION = '合并申报已落实，未发现其他拆分。';
const CASE = `食堂监管系统（${MARK}）`;
const FLAG = '疑似拆分项目规避联席会议审核';

const on = stage();
let address; // of the case, once it is open

/** Declares and submits a project as whoever is signed in, with every paper that the rules ask for. */
function declare(page, title) {
  return page.evaluate(async (title) => {
    const ask = async (path, init = {}) => {
      const resp = await fetch(path, init);
      const body = await resp.json();
      if (!resp.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
      return body;
    };
    const { csrf_token: csrf, principal, today } = await ask('/api/session');
    const send = (path, init) => ask(`/api/declaration${path}`, { method: 'POST', ...init, headers: { 'X-CSRF-Token': csrf, 'Idempotency-Key': crypto.randomUUID(), ...init.headers } });
    const json = (body) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const project = {
      kind: 'new_build', title, unit: principal.unit, unit_kind: principal.unit_kind, declared_on: today, amount_fen: 60_000_000, hardware_fen: 0, pure_software: true,
      xc_conformant: true, national_crypto: true, mlps_grade: 2, budget: [{ category: 'software_development', amount_fen: 60_000_000, person_months: 30 }],
    };
    const draft = await send('/v1/projects', json({ title, content: '校园食堂后厨视频监管和食材溯源。', period_months: 8, basis: [{ kind: 'key_work', text: '年度重点工作第18项' }], leader: '林局', contact: '小周', case: project }));
    const { checklist } = await send('/v1/decisions', json(project));
    for (const { item: code } of checklist.filter((x) => x.gate === 'submit')) {
      const query = new URLSearchParams({ item: code, name: `${code}.pdf` });
      await send(`/v1/projects/${draft.id}/attachments?${query}`, { headers: { 'Content-Type': 'application/pdf' }, body: '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n' });
    }
    await send(`/v1/projects/${draft.id}/submit`, {});
    return draft.id;
  }, title);
}

test('two projects that look like one are declared', async () => {
  const { page, close } = await on.person(accounts.declarer);
  for (const title of TITLES) assert.ok(await declare(page, title));
  await close();
});

test('an auditor finds a row by its text, and the browser proves that it is in the ledger', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '账本查询' }).click();
  await page.getByText('设置条件后查询').waitFor();

  // What cannot be asked is refused at once, in words.
  await page.getByLabel('文字').fill('校');
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('alert').getByText('每个词至少要有两个相连的字').waitFor();

  await page.getByLabel('文字').fill(MARK);
  const ask = () => page.getByRole('button', { name: '查询' }).click();
  const rows = page.getByRole('table', { name: '账本查询' }).getByRole('link', { name: '提交联席会议办公室' });
  await until(page, ask, rows.nth(1));
  await page.getByRole('status').getByText(/共 \d+ 行/).waitFor();
  await picture(page, 'audit-ledger');
  await rows.first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('region', { name: '事实内容' }).getByText(TITLES[0]).first().waitFor();
  await drawer.getByRole('region', { name: '哈希链' }).getByText('与上一行相连').waitFor();
  await drawer.getByRole('region', { name: '检查点' }).getByText(/与检查点一致|尚未进入已签署的检查点/).first().waitFor();
  await picture(page, 'audit-row');
  await close();
});

test('the project is seen as of a day, and what changed since', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '项目时点' }).click();
  await page.getByLabel('项目编号').fill(TITLES[0]);
  await page.locator('.ant-select-item-option').filter({ hasText: TITLES[0] }).click();
  await page.getByRole('button', { name: '查看' }).click();
  await page.getByRole('region', { name: '状况' }).getByText(TITLES[0]).waitFor();
  await page.getByRole('region', { name: '金额（万元）' }).getByText('60.00').waitFor();
  await picture(page, 'audit-as-of');

  await page.getByText('期间变化', { exact: true }).click();
  await page.getByLabel('日期', { exact: true }).click();
  for (const day of ['2026-02-01', '2026-03-31']) {
    await page.keyboard.type(day);
    await page.keyboard.press('Enter');
  }
  await page.getByRole('button', { name: '查看' }).click();
  await page.getByRole('table', { name: '期间变化' }).getByRole('row').filter({ hasText: '金额链 · 申报' }).getByText('60.00 万元').waitFor();
  await picture(page, 'audit-changes');
  await close();
});

test('a red flag becomes a case, the unit is asked and answers from its inbox', async () => {
  const auditor = await on.person(accounts.auditor);
  const { page } = auditor;
  await page.getByRole('link', { name: '疑点' }).click();
  const flag = page.getByRole('row').filter({ hasText: FLAG }).filter({ hasText: '120' });
  await until(page, () => page.reload(), flag.first());
  await picture(page, 'audit-flags');
  await flag.first().getByRole('link').click();
  await page.getByRole('heading', { name: FLAG }).waitFor();
  await page.getByRole('region', { name: '规则' }).getByText('YP23-R-5.3.1').waitFor();
  await page.getByRole('region', { name: '证据' }).getByRole('link', { name: /^#\d+$/ }).nth(1).waitFor();
  await picture(page, 'audit-flag');
  await page.getByRole('button', { name: '开立审计事项' }).click();
  await form(page).getByLabel('事项名称').fill(CASE);
  await form(page).getByRole('checkbox', { name: '重大事项' }).check();
  await confirm(page);
  await page.getByRole('heading', { name: CASE }).waitFor();
  await page.getByRole('button', { name: '问询' }).click();
  await form(page).getByLabel('问询内容').fill(QUESTION);
  await confirm(page);
  await page.getByRole('region', { name: '问询和答复' }).getByText('等待答复').waitFor();
  address = new URL(page.url()).pathname;

  const unit = await on.person(accounts.declarer);
  const task = unit.page.getByRole('row').filter({ hasText: CASE });
  await until(unit.page, () => unit.page.getByRole('button', { name: '刷新' }).click(), task);
  await task.getByRole('button', { name: /办理/ }).click();
  await unit.page.getByRole('region', { name: '问询和答复' }).getByText(QUESTION).waitFor();
  await unit.page.getByRole('button', { name: '答复问询' }).click();
  await form(unit.page).getByLabel('答复内容').fill(ANSWER);
  await form(unit.page).locator('input[type=file]').setInputFiles({ name: '建设方案.txt', mimeType: 'text/plain', buffer: Buffer.from('两期的建设方案') });
  await form(unit.page).getByRole('listitem').getByText('建设方案.txt').waitFor();
  await picture(unit.page, 'audit-answer');
  await confirm(unit.page);
  await unit.page.getByRole('region', { name: '问询和答复' }).getByText(ANSWER).waitFor();
  assert.equal(await unit.page.getByRole('button', { name: '问询' }).count(), 0);
  assert.equal(await unit.page.getByRole('link', { name: '疑点' }).count(), 0);
  // The ledger itself is no affair of the unit: it is refused in words.
  await unit.page.goto('/audit/flags');
  await unit.page.getByRole('alert').waitFor();
  await unit.close();

  await page.goto(address);
  await page.getByRole('region', { name: '问询和答复' }).getByText(ANSWER).waitFor();
  await page.getByRole('link', { name: '建设方案.txt' }).waitFor();
  await picture(page, 'audit-case');
  await auditor.close();
});

test('what is ordered is put right, and a second auditor closes the case', async () => {
  const first = await on.person(accounts.auditor);
  const { page } = first;
  await page.goto(address);
  await page.getByRole('button', { name: '责令整改' }).click();
  await form(page).getByLabel('整改要求').fill(ORDER);
  await day(page, '完成期限', '2026-04-30');
  await confirm(page);
  await page.getByRole('region', { name: '整改' }).getByText('等待整改报告').waitFor();

  const unit = await on.person(accounts.declarer);
  const task = unit.page.getByRole('row').filter({ hasText: `落实审计整改：${CASE}` });
  await until(unit.page, () => unit.page.getByRole('button', { name: '刷新' }).click(), task);
  await task.getByRole('button', { name: /办理/ }).click();
  await unit.page.getByRole('region', { name: '整改' }).getByText(ORDER).waitFor();
  await unit.page.getByRole('button', { name: '报告整改' }).click();
  await form(unit.page).getByLabel('整改情况').fill(REPORT);
  await confirm(unit.page);
  await unit.page.getByRole('region', { name: '整改' }).getByText(REPORT).waitFor();
  await unit.close();

  await page.goto(address);
  await page.getByRole('button', { name: '复核整改' }).click();
  await form(page).getByRole('radio', { name: '是' }).check();
  await form(page).getByLabel('复核意见').fill('已核对合并后的申报材料。');
  await confirm(page);
  await page.getByRole('region', { name: '整改' }).getByText('整改到位').first().waitFor();
  await page.getByRole('button', { name: '办结' }).click();
  await choose(page, '处理结果', '已整改');
  await form(page).getByLabel('审计结论').fill(CONCLUSION);
  await confirm(page);
  await page.getByRole('heading', { name: CASE }).getByText('待复核办结').waitFor();

  // Who concluded it does not close it, and is told why.
  await page.getByRole('button', { name: '复核同意办结' }).click();
  await confirm(page);
  const refusal = form(page).getByRole('alert');
  await refusal.getByText('重大审计事项须由另一名审计人员复核办结').waitFor();
  await refusal.getByText('SH12-P-9').waitFor();
  await picture(page, 'audit-same-auditor');
  await first.close();

  const second = await on.person(accounts.secondAuditor);
  const closing = second.page.getByRole('row').filter({ hasText: `复核审计结论：${CASE}` });
  await until(second.page, () => second.page.getByRole('button', { name: '刷新' }).click(), closing);
  await closing.getByRole('button', { name: /办理/ }).click();
  await second.page.getByRole('button', { name: '复核同意办结' }).click();
  await confirm(second.page);
  await second.page.getByRole('heading', { name: CASE }).getByText('已办结').waitFor();
  const conclusion = second.page.getByRole('region', { name: '结论' });
  await conclusion.getByText(CONCLUSION).waitFor();
  await conclusion.getByText(/复核同意/).waitFor();
  assert.equal(await second.page.getByRole('button', { name: /问询|责令整改|办结/ }).count(), 0);
  await picture(second.page, 'audit-closed');
  await second.close();
});

test('a bundle is asked for, made and downloaded', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '审计包' }).click();
  await page.getByRole('button', { name: '新建审计包' }).first().click();
  await choose(page, '范围', '整个账本');
  await confirm(page);
  await done(page);
  const row = page.getByRole('row').filter({ hasText: '整个账本' }).first();
  await row.getByText('可下载').waitFor({ timeout: 60_000 });
  await picture(page, 'audit-exports');
  await row.getByText(/保留至 \d{4}-\d{2}-\d{2}/).waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), row.getByRole('link', { name: '下载' }).click()]);
  assert.match(file.suggestedFilename(), /^audit-.*\.zip$/);

  // What is on record of it is what somebody has who got the file.
  await row.getByRole('button', { name: /展开/ }).click();
  const sum = createHash('sha256').update(await readFile(await file.path())).digest('hex');
  await page.getByRole('table', { name: '审计包' }).getByText(sum).waitFor();
  await close();
});

test('a project under way does not go to the archive, and the page says what it waits for', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '项目时点' }).click();
  await page.getByLabel('项目编号').fill(TITLES[0]);
  await page.locator('.ant-select-item-option').filter({ hasText: TITLES[0] }).click();
  const id = await page.getByLabel('项目编号').inputValue();
  await page.getByRole('link', { name: '审计包' }).click();
  await page.getByRole('button', { name: '移交归档' }).click();
  await form(page).getByLabel('项目编号').fill(id);
  await confirm(page);
  await form(page).getByRole('alert').getByText('项目尚未结项，不能归档移交').waitFor();
  await form(page).getByRole('alert').getByText('归档环节：须先有结项登记').waitFor();
  await picture(page, 'audit-archive-refused');
  await close();
});

test('the whole ledger is verified from the page', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '核验账本' }).click();
  await page.getByRole('table', { name: '见证单位' }).getByText('正常联署').first().waitFor();
  await page.getByRole('button', { name: '核验整个账本' }).click();
  await page.getByRole('region', { name: '核验结果' }).getByText(/账本完整：\d+ 行全部核验无误/).waitFor({ timeout: 60_000 });
  await picture(page, 'audit-verified');
  await close();
});

test('an operator enters a holiday notice, and is told all that is wrong with it', async () => {
  const { page, close } = await on.person(accounts.operator);
  await page.getByRole('link', { name: '节假日' }).click();
  const notice = page.getByRole('region', { name: '录入通知' });
  await notice.getByText('个别调整').click();
  const publish = async () => {
    await notice.getByRole('button', { name: '公布' }).click();
    await page.getByRole('tooltip').getByRole('button', { name: '公布' }).click();
  };
  await publish();
  await page.getByRole('alert').first().waitFor();
  assert.ok((await notice.locator('.ant-form-item-explain-error').count()) >= 3);
  await picture(page, 'holidays-refused');

  const number = `沪府办〔2026〕${Date.now() % 1000}号`;
  await notice.getByRole('spinbutton', { name: '年度' }).fill('2026');
  await notice.getByLabel('文号').fill(number);
  await notice.getByLabel('放假 1 节日名称').fill('区庆');
  await notice.getByLabel('放假 1 英文名称').fill('District Day');
  await notice.getByLabel('起止日期').click();
  await page.keyboard.type('2026-11-18');
  await page.keyboard.press('Enter');
  await page.keyboard.type('2026-11-18');
  await page.keyboard.press('Enter');
  await publish();
  await page.getByRole('region', { name: '已公布的通知' }).getByRole('heading', { name: number }).waitFor();
  await picture(page, 'holidays');
  await close();
});
