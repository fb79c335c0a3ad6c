// Officers at their desks, before the whole suite: two operators and a service's
// key, an inspection from its notice to its end, a plan, and what it gives units
// to do.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { inState } from './api.mjs';
import { picture, until } from './browser.mjs';
import { act, choose, confirm, day, done, follow, form, word } from './forms.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

const MARK = Date.now().toString(36);

const on = stage();

/** A service's key, as the service would publish it. */
function published(holder) {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  const from = new Date(Date.now() - 3_600_000);
  return {
    key_id: createHash('sha256').update(der).digest('hex').slice(0, 32), alg: 'ed25519', public_key: der.toString('base64'), holder,
    not_before: from.toISOString(), not_after: new Date(from.getTime() + 90 * 86_400_000).toISOString(),
  };
}

test('one operator asks for a service’s key, another enrols it, and one revokes it', async () => {
  const key = published('budgeting');
  const print = key.key_id.match(/.{4}/g).join(' ');
  const first = await on.person(accounts.operator);
  let { page } = first;
  await page.getByRole('link', { name: '服务密钥', exact: true }).click();
  await page.getByRole('table', { name: '密钥名册' }).getByText('在用').nth(5).waitFor();
  await page.getByRole('button', { name: '申请登记' }).click();
  await form(page).getByLabel('密钥公开内容').fill('{"key_id": 1}');
  await form(page).getByText('须是一项密钥的完整 JSON 内容').waitFor();
  await form(page).getByLabel('密钥公开内容').fill(JSON.stringify({ keys: [key] }));
  await choose(page, '所属单位', '区财政局');
  await form(page).getByLabel('理由').fill('财政局自建服务上线');
  await confirm(page);
  await done(page);
  const asked = (p) => p.getByRole('table', { name: '登记申请' }).getByRole('row').filter({ hasText: print });
  await asked(page).getByText('待核对').waitFor();

  // Who asked does not compare, and is told why.
  await asked(page).getByRole('button', { name: '登记', exact: true }).click();
  await form(page).getByLabel('核对情况').fill('本人核对');
  await confirm(page);
  await form(page).getByRole('alert').getByText('不得审核自己提出的申请').waitFor();
  await form(page).getByRole('alert').getByText('SH12-P-9').waitFor();
  await picture(page, 'keys-own-request');
  await first.close();

  const second = await on.person(accounts.secondOperator);
  ({ page } = second);
  await page.getByRole('row').filter({ hasText: '核对服务密钥：budgeting（区财政局）' }).waitFor();
  await page.getByRole('link', { name: '服务密钥', exact: true }).click();
  await asked(page).getByRole('button', { name: '登记', exact: true }).click();
  await form(page).getByLabel('核对情况').fill('已与信息化资金科电话核对指纹');
  await confirm(page);
  await done(page);
  await asked(page).getByText('已登记').waitFor();
  const inForce = page.getByRole('table', { name: '密钥名册' }).getByRole('row').filter({ hasText: print });
  await inForce.getByText('在用').waitFor();
  await picture(page, 'keys');
  await inForce.getByRole('button', { name: /吊销密钥/ }).click();
  await form(page).getByLabel('理由').fill('服务器失窃');
  await confirm(page);
  await done(page);
  await asked(page).getByText('已吊销').waitFor();
  await inForce.getByText('已吊销').waitFor();
  await second.close();
});

test('an inspection finds something, the unit puts it right and the office closes it', async () => {
  const number = `网信检〔2026〕${MARK}`;
  const office = await on.person(accounts.cyber);
  let { page } = office;
  await follow(page, '网络安全', '安全检查');
  await page.getByRole('button', { name: '登记监督检查' }).click();
  await choose(page, '单位', '区卫生健康委');
  await form(page).getByLabel('通知文号').fill(number);
  await day(page, '检查日期', '2026-03-02');
  await word(page, '检查人员', '安洁');
  await form(page).getByLabel('范围').fill('互联网应用和安全制度');
  await confirm(page);
  // What was found needs a day by which it is put right.
  await form(page).getByRole('alert').getByText('监督检查结果不能登记').waitFor();
  await picture(page, 'inspection-refused');
  await day(page, '整改期限', '2026-04-10');
  await confirm(page);
  await done(page);
  await page.getByRole('row').filter({ hasText: number }).getByRole('link').click();
  await page.getByRole('heading').getByText('整改中').waitFor();
  await page.getByRole('region', { name: '发现的问题' }).getByText('YP23-M-32').first().waitFor();
  await picture(page, 'inspection');
  const address = new URL(page.url()).pathname;

  const unit = await on.person(accounts.declarer);
  ({ page } = unit);
  await page.goto(address);
  await page.getByRole('main').getByRole('button').filter({ hasText: '整改' }).first().click();
  await form(page).locator('textarea').fill('制度已补齐，漏洞已修复。');
  await confirm(page);
  // What is missing on record is not put right by saying so.
  await form(page).getByRole('alert').getByText('检查发现的问题尚未解决：尚未建立等级保护制度').waitFor();
  const declarer = await on.caller(accounts.declarer);
  const { findings } = await declarer('cybersecurity', `/v1/inspections/${address.split('/').at(-1)}`);
  for (const { code, text } of findings) {
    await declarer('cybersecurity', '/v1/safeguards/regimes', { regime: code, document_no: `卫健〔2026〕${code}`, title: text.replace('尚未建立', ''), issued_on: '2026-03-02', responsible: '林局' });
  }
  await confirm(page);
  await page.getByRole('heading').getByText('待核实').waitFor();
  await page.getByRole('region', { name: '报告' }).getByText('制度已补齐，漏洞已修复。').waitFor();
  await unit.close();

  ({ page } = office);
  await page.goto(address);
  await act(page, '核实整改');
  await form(page).getByRole('radio', { name: '是' }).check();
  await form(page).getByLabel('意见').fill('已复查');
  await confirm(page);
  await page.getByRole('heading').getByText('已办结').waitFor();
  await office.close();
});

test('a yearly plan is drafted, and once in force gives units their key work', async () => {
  const title = `2026 年度计划（${MARK}）`;
  const office = await on.person(accounts.secretary);
  let { page } = office;
  await follow(page, '规划计划', '规划和计划');
  await page.getByRole('button', { name: '起草规划（计划）' }).click();
  await choose(page, '类型', '年度计划和节点目标');
  await form(page).getByLabel('名称', { exact: true }).first().fill(title);
  await form(page).getByLabel('起始年度').fill('2026');
  await form(page).getByLabel('截止年度').fill('2026');
  await form(page).getByLabel('内容').fill('年度重点工作。');
  await form(page).getByLabel('与上级和相关规划的衔接').fill('与市计划衔接。');
  await form(page).getByRole('button', { name: '添加' }).first().click();
  const task = form(page).locator('.list-entry').first();
  await task.getByLabel('编号').fill(`A-${MARK}`);
  await task.getByLabel('名称', { exact: true }).fill(`智慧监管二期（${MARK}）`);
  await task.getByLabel('牵头单位').click();
  await page.keyboard.type('区卫生健康委');
  await page.locator('.ant-select-item-option:visible').filter({ hasText: '区卫生健康委' }).first().click();
  await picture(page, 'plan-draft');
  await confirm(page);
  await done(page);
  await page.getByRole('row').filter({ hasText: title }).getByRole('link').click();
  await page.getByRole('heading').getByText('起草中').waitFor();
  await picture(page, 'plan');
  const id = new URL(page.url()).pathname.split('/').at(-1);
  await act(page, '提请联席会议审议');
  await confirm(page);
  await page.getByRole('heading').getByText('提请审议').waitFor();

  // The conference endorses it, and the office files it with the city.
  const secretary = await on.caller(accounts.secretary);
  const chair = await on.caller(accounts.chair);
  await inState(secretary, 'conference', `/v1/dockets/${id}`, 'ready');
  const session = await chair('conference', '/v1/sessions', { mode: 'ordinary', held_on: '2026-03-02' });
  const at = `/v1/sessions/${session.id}`;
  const { agenda } = await secretary('conference', `${at}/agenda`, { kind: 'plan', project_id: id, study: '已研究', suggestion: '建议认定' });
  await chair('conference', `${at}/agenda/approve`, {});
  await secretary('conference', `${at}/attendance`, { members: session.members.map((member) => ({ member, status: 'present', delegate: '分管领导' })) });
  await secretary('conference', `${at}/open`, {});
  await secretary('conference', `${at}/opinions`, { opinions: session.members.map((member) => ({ item: agenda[0].id, member, stance: 'agree' })) });
  await chair('conference', `${at}/items/${agenda[0].id}/decision`, { outcome: 'endorsed' });
  await until(page, () => page.reload(), page.getByRole('heading').getByText('待备案'));
  await act(page, '登记备案');
  await form(page).getByLabel('文号').fill('7号');
  await day(page, '备案日期', '2026-03-02');
  await confirm(page);
  await page.getByRole('heading').getByText('已施行').waitFor();
  await office.close();

  const unit = await on.person(accounts.declarer);
  ({ page } = unit);
  await follow(page, '规划计划', '重点工作');
  await page.getByRole('link', { name: `智慧监管二期（${MARK}）`, exact: true }).click();
  await page.getByRole('heading').getByText('进行中').waitFor();
  await act(page, '办结任务');
  await confirm(page);
  await form(page).getByText('必填').first().waitFor();
  await form(page).locator('textarea').first().fill('已按期完成。');
  await confirm(page);
  await page.getByRole('heading').getByText('已完成').waitFor();
  await picture(page, 'key-work');
  await unit.close();
});
