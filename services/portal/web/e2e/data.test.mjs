// Data between units, before the whole suite: what one publishes another finds,
// asks for, is given and uses; and a unit that broke the rules puts it right.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture, until } from './browser.mjs';
import { act, choose, confirm, day, done, follow, form, word } from './forms.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

const MARK = Date.now().toString(36);
const [PROVIDER_NAME, ASKER] = ['区民政局', 'health'];

const on = stage();

test('a unit finds data, asks for them, is given them and registers their use', async () => {
  const resource = `低保家庭${MARK}`;
  const provider = await on.caller(accounts.provider);
  const asker = await on.caller(accounts.declarer);
  const centre = await on.caller(accounts.data);
  for (const who of [provider, asker]) await who('dataresource', '/v1/stewards', { name: '数据管理员', contact: '021-1' });
  const item = (field, key) => ({ resource, table: 'family', field, type: 'varchar', length: 32, key, timestamp: false, share_class: 'on_demand', legal_basis: '', frequency: 'yearly', secrecy_checked: true });
  const catalogue = await provider('dataresource', '/v1/catalogues', { project_id: '', system: '民政救助平台', editor: '张三', reviewer: '李四', way: 'online', items: [item('no', true), item('level', false)] });
  await centre('dataresource', `/v1/catalogues/${catalogue.id}/review`, { findings: [] });

  const unit = await on.person(accounts.declarer);
  let { page } = unit;
  await follow(page, '数据资源', '数据资源查询');
  assert.ok(await page.getByRole('button', { name: '申请数据共享' }).isDisabled(), 'nothing is chosen yet');
  await page.getByLabel('查找资源、字段或信息系统').fill(resource);
  await page.keyboard.press('Enter');
  const rows = page.getByRole('row').filter({ hasText: resource });
  await rows.first().getByRole('checkbox').check();
  await rows.nth(1).getByRole('checkbox').check();
  await picture(page, 'resources');
  await page.getByRole('button', { name: '申请数据共享（2 项）' }).click();
  await form(page).getByText(PROVIDER_NAME).waitFor();
  await word(page, '共享用途', '医疗救助资格核对');
  await form(page).getByLabel('履职依据').fill('医疗救助办法第九条');
  await picture(page, 'sharing-request');
  await confirm(page);
  await done(page);
  await page.getByRole('heading').getByText('待签收').waitFor();
  const address = new URL(page.url()).pathname;
  await page.getByRole('table', { name: '数据项' }).getByText('按需共享').first().waitFor();
  await picture(page, 'sharing');

  // The unit that has the data receives the request and gives one of the items.
  const other = await on.person(accounts.provider);
  const there = other.page;
  await there.goto(address);
  await there.getByRole('main').getByRole('button').filter({ hasText: '签收数据共享书面申请' }).click();
  await day(there, '签收日期', '2026-03-02');
  await confirm(there);
  await there.getByRole('heading').getByText('待答复').waitFor();
  await there.getByRole('table', { name: '法定时限' }).getByText('2026-03-16').waitFor();
  await act(there, '答复共享申请');
  await form(there).getByRole('radio', { name: '是' }).check();
  await form(there).getByLabel('理由').fill('同意，家庭编号足以核对');
  await choose(there, '数据项', `${resource} / family / no`);
  await there.keyboard.press('Escape');
  await form(there).getByLabel('法律依据').fill('社会救助暂行办法第六十一条');
  await picture(there, 'sharing-answer');
  await confirm(there);
  await there.getByRole('heading').getByText('待提供').waitFor();
  await act(there, '提供共享服务');
  await choose(there, '方式', '文件');
  await form(there).getByLabel('备注').fill('每年三月经政务外网交换');
  await confirm(there);
  await there.getByRole('heading').getByText('共享中').waitFor();
  await picture(there, 'sharing-provided');
  await other.close();

  await until(page, () => page.reload(), page.getByRole('heading').getByText('共享中'));
  await act(page, '登记使用');
  await choose(page, '用途', '医疗救助资格核对');
  await form(page).getByLabel('信息系统').fill('医疗救助系统');
  await day(page, '使用日期', '2026-03-02');
  await confirm(page);
  await page.getByRole('table', { name: '使用登记' }).getByText('医疗救助系统').waitFor();
  await picture(page, 'sharing-used');
  await follow(page, '数据资源', '数据共享');
  await page.getByRole('row').filter({ hasText: PROVIDER_NAME }).getByText('共享中').first().waitFor();
  await unit.close();
});

test('the office orders a correction, the unit reports and the office closes it', async () => {
  const number = `杨府办改〔2026〕${MARK}`;
  const office = await on.person(accounts.secretary);
  let { page } = office;
  await follow(page, '数据资源', '数据工作整改');
  await page.getByRole('button', { name: '责令限期整改' }).click();
  await form(page).getByLabel('单位', { exact: true }).click();
  await page.keyboard.type(ASKER);
  await page.locator('.ant-select-item-option:visible').filter({ hasText: `（${ASKER}）` }).click();
  await choose(page, '违反的规定', '随意采集、重复采集数据');
  await form(page).getByLabel('问题').fill('重复采集低保家庭信息');
  await form(page).getByLabel('通知文号').fill(number);
  await day(page, '整改期限', '2026-04-10');
  await picture(page, 'correction-order');
  await confirm(page);
  await done(page);
  await page.getByRole('row').filter({ hasText: number }).getByRole('link').click();
  await page.getByRole('heading').getByText('整改中').waitFor();
  await page.getByText('SH16-D-12').waitFor();
  await picture(page, 'correction');
  const address = new URL(page.url()).pathname;

  const unit = await on.person(accounts.declarer);
  ({ page } = unit);
  await page.goto(address);
  await page.getByRole('main').getByRole('button').filter({ hasText: '限期整改' }).click();
  await form(page).locator('textarea').fill('已停止采集，改为申请共享。');
  await confirm(page);
  await page.getByRole('heading').getByText('待核实').waitFor();
  assert.equal(await page.getByRole('button', { name: '其他事项' }).count(), 0, 'nothing else is the unit’s to do');
  await unit.close();

  ({ page } = office);
  await page.goto(address);
  await act(page, '核实整改');
  await form(page).getByRole('radio', { name: '是' }).check();
  await form(page).getByLabel('意见').fill('已核实');
  await confirm(page);
  await page.getByRole('heading').getByText('已办结').waitFor();
  await office.close();
});
