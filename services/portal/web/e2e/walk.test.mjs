// A person's way through the portal: declare with the rules answering while
// typing, submit, be accepted, and follow the project in its dossier.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { picture } from './browser.mjs';
import { confirm, done, form } from './forms.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

const TITLE = `政务云安全运维（${Date.now().toString(36)}）`;
const PAPER = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

const on = stage();

const inTable = (page, name) => page.getByRole('table').getByText(name, { exact: true }).first();

test('a wrong password is refused in words, and nobody is signed in', async () => {
  const { page, close } = await on.stranger();
  await page.goto('/');
  await picture(page, 'sign-in');
  await page.getByLabel('账号').fill(accounts.declarer);
  await page.getByLabel('密码').fill('not the password');
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('alert').getByText('账号或密码不正确').waitFor();
  assert.equal(await page.getByRole('heading', { name: '待办事项' }).count(), 0);
  await close();
});

test('a declaration is decided while it is typed, saved, completed and submitted', async () => {
  const { page, close } = await on.person(accounts.declarer);
  await page.getByRole('link', { name: '申报项目' }).click();

  // Too little: every violation stands at its field, with its provision.
  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.getByRole('alert').first().waitFor();
  await page.getByText('必填〔YP23-R-5.1.2〕').first().waitFor();

  await page.getByLabel('项目名称', { exact: true }).fill(TITLE);
  await page.getByLabel('建设内容').fill('政务云安全运行维护，驻场三人。');
  await page.getByLabel('依据类型').click();
  await page.getByTitle('规划（计划）项目').click();
  await page.getByLabel('文件名称、文号或项目名称').fill('信息化“十四五”规划 安全运维专项');
  await page.getByLabel('建设周期').fill('12');
  await page.getByLabel('项目类型').click();
  await page.getByTitle('运行维护').click();
  await page.getByLabel('申报总金额').fill('90');
  await page.getByRole('radiogroup', { name: '首年运维' }).getByText('是').click();

  const live = page.getByRole('complementary', { name: '办理结论' });
  await live.getByTestId('route').getByText('备案', { exact: true }).waitFor();
  await live.getByText('YP23-R-5.3.1').first().waitFor();
  await live.getByText('第三方论证评估').waitFor();
  await page.getByLabel('申报总金额').fill('136');
  await live.getByTestId('route').getByText('审核', { exact: true }).waitFor();
  await live.getByText('YP23-R-5.3.4').first().waitFor();
  await picture(page, 'declare');
  await page.getByLabel('申报总金额').fill('90');
  await live.getByTestId('route').getByText('备案', { exact: true }).waitFor();

  await page.getByRole('button', { name: '保存草稿' }).click();
  await page.getByRole('heading', { name: '修改申报' }).waitFor();

  // The template is a sheet that can be read; empty as it is, it says so at its
  // sheet and changes nothing.
  const budget = page.getByRole('region', { name: '经费明细' });
  const [template] = await Promise.all([page.waitForEvent('download'), budget.getByRole('link', { name: '下载模板' }).click()]);
  await budget.locator('input[type=file]').setInputFiles({ name: '预算.xlsx', mimeType: '', buffer: await readFile(await template.path()) });
  await budget.getByRole('list', { name: '预算表核对结果' }).getByText('表中没有预算明细').waitFor();

  // What was typed and saved goes out as a sheet and comes back from it.
  await budget.getByRole('button', { name: '添加一行' }).click();
  await budget.getByLabel('费用类别').click();
  await page.getByTitle('数据服务', { exact: true }).click();
  await budget.getByLabel('金额（万元）').fill('90');
  await Promise.all([page.waitForResponse((r) => r.request().method() === 'PUT' && r.ok()), page.getByRole('button', { name: '保存草稿' }).click()]);
  const [exported] = await Promise.all([page.waitForEvent('download'), budget.getByRole('link', { name: '导出' }).click()]);
  assert.match(exported.suggestedFilename(), /预算明细表\.xlsx$/);
  await budget.getByRole('button', { name: '删除 1' }).click();
  await budget.getByText('逐行填写费用').waitFor();
  await budget.locator('input[type=file]').setInputFiles({ name: '预算.xlsx', mimeType: '', buffer: await readFile(await exported.path()) });
  await page.getByText('已导入 1 行，合计 900,000.00 元').waitFor();
  await budget.getByText('明细合计 90.00 万元').waitFor();

  // Papers asked for at submission are attached one by one.
  const papers = page.getByRole('region', { name: '申报材料' }).getByRole('listitem').filter({ hasText: '提交申报' });
  await papers.first().waitFor();
  for (let i = 0; i < (await papers.count()); i++) {
    await papers.nth(i).locator('input[type=file]').setInputFiles({ name: `材料${i + 1}.pdf`, mimeType: 'application/pdf', buffer: PAPER });
    await papers.nth(i).getByRole('link', { name: `材料${i + 1}.pdf` }).waitFor();
  }
  await page.getByRole('button', { name: '签名并提交' }).click();
  await page.getByRole('heading', { name: TITLE }).getByText('待受理').waitFor();

  await page.getByRole('heading', { name: '金额链' }).waitFor();
  await page.getByRole('table', { name: '金额链' }).getByRole('cell', { name: '90.00' }).first().waitFor();
  await close();
});

test('the conference office finds it in its inbox and accepts it', async () => {
  const { page, close } = await on.person(accounts.secretary);
  await picture(page, 'inbox');
  const row = page.getByRole('row').filter({ hasText: `受理申报：${TITLE}` });
  await row.getByRole('button', { name: /办理/ }).click();
  await form(page).getByText('退回补正').waitFor();
  await confirm(page);
  await done(page);
  await row.waitFor({ state: 'detached' });
  await close();
});

test('the list leads to the dossier: timeline, deadlines, decision and amounts', async () => {
  const { page, close } = await on.person(accounts.auditor);
  await page.getByRole('link', { name: '项目', exact: true }).click();
  await page.getByPlaceholder('在已加载的项目中查找').fill(TITLE);
  await picture(page, 'projects');
  await inTable(page, TITLE).click();
  await page.getByRole('heading', { name: TITLE }).waitFor();

  await page.getByRole('tab', { name: /全过程记录/ }).click();
  const timeline = page.getByRole('list', { name: '全过程记录' });
  for (const fact of ['提交联席会议办公室', '受理申报']) await timeline.getByText(fact, { exact: true }).waitFor();

  await page.getByRole('tab', { name: /法定时限/ }).click();
  await page.getByRole('tabpanel', { name: /法定时限/ }).waitFor();

  await page.getByRole('tab', { name: '规则结论' }).click();
  const rules = page.getByRole('tabpanel', { name: '规则结论' });
  await rules.getByTestId('route').getByText('备案', { exact: true }).waitFor();
  await rules.getByText('YP23-R-5.3.1').first().waitFor();

  await page.getByRole('tab', { name: /材料/ }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: '材料1.pdf' }).click()]);
  assert.equal(download.suggestedFilename(), '材料1.pdf');

  // An auditor reads everything and is offered nothing to change.
  assert.equal(await page.getByRole('button', { name: '其他事项' }).count(), 0);
  await close();
});

test('the pages speak English, work by keyboard, and are read on a phone', async () => {
  const { page, close } = await on.person(accounts.declarer, { width: 390, height: 844 });
  await page.getByRole('button', { name: '菜单' }).click();
  await page.getByRole('link', { name: '项目', exact: true }).focus();
  await page.keyboard.press('Enter');
  await inTable(page, TITLE).click();
  await page.getByRole('heading', { name: '金额链' }).waitFor();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `the page is ${wide} px wider than the phone`);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Amounts' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await close();
});

test('signing out ends the session in every tab', async () => {
  const { page, close } = await on.person(accounts.secretary);
  const other = await page.context().newPage();
  await other.goto('/projects');
  await other.getByRole('heading', { name: '项目', exact: true }).waitFor();
  await page.getByRole('button', { name: '当前用户' }).click();
  await page.getByRole('menuitem', { name: '退出登录' }).click();
  await page.getByRole('heading', { name: '登录' }).waitFor();
  await other.getByRole('heading', { name: '登录' }).waitFor();
  await close();
});
