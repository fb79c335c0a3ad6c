// The registers of the desks, before the whole suite: what each kind of person
// finds in the menu, that every page of it opens, is sound to hear and says
// nothing in codes, and what is begun and done from them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture } from './browser.mjs';
import { act, choose, confirm, day, done, follow, form, word } from './forms.mjs';
import { faultsOf, sound } from './sound.mjs';
import { accounts } from './stack.mjs';
import { stage } from './stage.mjs';

const MARK = Date.now().toString(36);

// An installation of the walk's own: one committee stands at a time.
const on = stage({ own: true });

/** Every page that the menu leads to, with all its parts open. */
async function places(page) {
  const menu = page.getByRole('navigation');
  const parts = menu.locator('.ant-menu-submenu-title');
  for (let i = 0; i < (await parts.count()); i++) if ((await parts.nth(i).getAttribute('aria-expanded')) === 'false') await parts.nth(i).click();
  return menu.getByRole('link').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
}

for (const [who, parts, without] of [
  ['declarer', ['规划计划', '论证评审', '联席会议', '资金采购', '网络安全', '密码信创', '软件正版化', '数据资源', '账号组织'], ['账号', '令牌签名密钥']],
  ['auditor', ['审计', '规划计划', '账号组织'], []],
  ['agency', ['论证评审', '资金采购'], ['专家库', '项目预算', '数据资源目录']],
  ['expert', ['论证评审'], ['项目预算', '数据资源目录']],
  ['accountAdmin', ['账号组织'], ['项目', '项目预算']],
  ['operator', ['账号组织'], ['项目', '账号', '项目预算']],
]) {
  test(`every page in the menu of the ${who} opens, and is sound to hear`, async () => {
    const { page, close } = await on.person(accounts[who]);
    const paths = await places(page);
    const menu = page.getByRole('navigation');
    for (const name of parts) await menu.getByText(name, { exact: true }).first().waitFor();
    for (const name of without) assert.equal(await menu.getByRole('link', { name, exact: true }).count(), 0, `${who} is offered ${name}`);
    const amiss = [];
    for (const path of paths) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('.ant-spin-spinning').first().waitFor({ state: 'detached' });
      // Titles of columns are words of the language, and nothing is refused.
      const codes = (await page.getByRole('columnheader').allTextContents()).filter((title) => /^[a-z_]+$/.test(title));
      amiss.push(...[...(await page.getByRole('alert').allTextContents()), ...codes, ...(await faultsOf(page))].map((fault) => `${path}: ${fault}`));
    }
    assert.deepEqual(amiss, []);
    await close();
  });
}

test('the office registers experts, forms their committee and asks it, and an expert advises', async () => {
  const name = `专家${MARK}`;
  const committee = `专家委员会（${MARK}）`;
  const question = '政务云扩容应当先做哪些论证？';
  const office = await on.person(accounts.secretary);
  let { page } = office;
  await follow(page, '论证评审', '专家库');
  await page.getByRole('button', { name: '登记专家' }).click();
  const members = [accounts.expert, 'expert.2', 'expert.3', 'expert.4', 'expert.5'];
  await form(page).getByLabel('账号', { exact: true }).fill(members[0]);
  await form(page).getByLabel('名称', { exact: true }).fill(name);
  await form(page).getByLabel('工作单位').fill('第一大学');
  await confirm(page);
  await form(page).getByText('必填').first().waitFor();
  await word(page, '专业领域', '网络安全');
  await day(page, '聘期开始', '2026-01-01');
  await day(page, '聘期结束', '9999-12-31');
  await form(page).getByRole('radio', { name: '是' }).check();
  await sound(page);
  await confirm(page);
  await done(page);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('region', { name: '基本情况' }).getByText('第一大学').waitFor();
  await sound(page);
  await picture(page, 'expert');
  const secretary = await on.caller(accounts.secretary);
  const fields = ['数据治理', '信息工程', '软件造价', '网络安全'];
  for (const [i, account] of members.slice(1).entries()) {
    await secretary('expertreview', '/v1/experts', { account, name: `${name}${i + 2}`, employer: `第${i + 2}研究所`, fields: [fields[i]], term_from: '2026-01-01', term_to: '9999-12-31', active: true });
  }

  await follow(page, '论证评审', '专家委员会');
  await page.getByRole('button', { name: '组建专家委员会' }).click();
  await form(page).getByLabel('名称', { exact: true }).fill(committee);
  await day(page, '聘期开始', '2026-03-02');
  await day(page, '聘期结束', '2026-12-31');
  await form(page).getByLabel('主任委员').fill(members[1]);
  for (const m of members.slice(0, 2)) await word(page, '成员', m);
  await confirm(page);
  // Two are no committee, and it is said by which provision.
  await form(page).getByRole('alert').getByText('SH16-W-55').first().waitFor();
  await picture(page, 'committee-refused');
  for (const m of members.slice(2)) await word(page, '成员', m);
  await confirm(page);
  await done(page);
  await page.getByRole('link', { name: committee, exact: true }).click();
  await page.getByRole('table', { name: '成员' }).getByText(name, { exact: true }).waitFor();
  await act(page, '提请咨询');
  await form(page).getByLabel('内容').fill(question);
  await confirm(page);
  await page.getByRole('region', { name: '咨询事项' }).getByText(question).waitFor();
  await sound(page);
  await picture(page, 'committee');
  const address = new URL(page.url()).pathname;
  await office.close();

  const expert = await on.person(accounts.expert);
  ({ page } = expert);
  await page.goto(address);
  await page.getByRole('main').getByRole('button').filter({ hasText: '专家委员会咨询' }).click();
  await form(page).getByLabel('编号').fill('1');
  await form(page).getByLabel('内容').fill('先核定存量资源的使用率。');
  await confirm(page);
  await page.getByRole('region', { name: '咨询事项' }).getByText('先核定存量资源的使用率。').waitFor();
  assert.equal(await page.getByRole('button', { name: '组建专家委员会' }).count(), 0, 'forming it is the office’s');
  await expert.close();
});

test('a unit asks for cloud resources, and the centre answers from its register', async () => {
  const title = `门户扩容（${MARK}）`;
  const unit = await on.person(accounts.declarer);
  let { page } = unit;
  await follow(page, '数据资源', '政务云和网络');
  await page.getByRole('button', { name: '申请政务云资源' }).click();
  await form(page).getByLabel('名称', { exact: true }).fill(title);
  await form(page).getByLabel('用途', { exact: true }).fill('门户网站扩容');
  for (const [label, n] of [['处理器（核）', '8'], ['内存（GB）', '32'], ['存储（GB）', '500']]) await form(page).getByLabel(label).fill(n);
  await choose(page, '所在网络', '政务外网');
  await sound(page);
  await confirm(page);
  await done(page);
  await page.getByRole('row').filter({ hasText: title }).getByText('政务外网').waitFor();
  await unit.close();

  const centre = await on.person(accounts.data);
  ({ page } = centre);
  await follow(page, '数据资源', '政务云和网络');
  await page.getByRole('link', { name: title, exact: true }).click();
  await page.getByRole('main').getByRole('button').filter({ hasText: '答复政务云资源申请' }).click();
  await form(page).getByRole('radio', { name: '否' }).check();
  await confirm(page);
  // A refusal states its reason.
  await form(page).getByText('不同意须说明理由').waitFor();
  await form(page).getByLabel('理由').fill('先核定存量资源');
  await confirm(page);
  await page.getByRole('heading').getByText('不同意').waitFor();
  await page.getByRole('region', { name: '基本情况' }).getByText('先核定存量资源').waitFor();
  assert.equal(await page.getByRole('button', { name: '其他事项' }).count(), 0, 'it is answered once');
  await picture(page, 'cloud-refused');
  await centre.close();
});

test('an account is asked for, and another administrator opens it', async () => {
  const account = `walk.${MARK}`;
  const first = await on.person(accounts.accountAdmin);
  let { page } = first;
  await follow(page, '账号组织', '账号');
  await page.getByRole('button', { name: '申请账号' }).click();
  await form(page).getByLabel('账号', { exact: true }).fill(account);
  await form(page).getByLabel('名称', { exact: true }).fill('程新');
  await form(page).getByLabel('单位', { exact: true }).click();
  await page.keyboard.type('health');
  await page.locator('.ant-select-item-option:visible').filter({ hasText: '（health）' }).click();
  await choose(page, '岗位', '项目申报员');
  await page.keyboard.press('Escape');
  await form(page).getByLabel('理由').fill('新入职');
  await confirm(page);
  await done(page);
  await page.getByRole('row').filter({ hasText: '程新' }).getByText('项目申报员').waitFor();
  await page.getByRole('row').filter({ hasText: '程新' }).getByRole('link').first().click();
  await page.getByRole('heading').getByText('待审核').waitFor();
  const address = new URL(page.url()).pathname;
  await act(page, '审核通过账号');
  await form(page).getByLabel('审核人').fill('科长');
  await form(page).getByLabel('意见').fill('同意');
  await confirm(page);
  // Who asked does not approve.
  await form(page).getByRole('alert').getByText('SH12-P-9').first().waitFor();
  await picture(page, 'account-own-request');
  await first.close();

  const second = await on.person(accounts.secondAccountAdmin);
  ({ page } = second);
  await page.goto(address);
  await act(page, '审核通过账号');
  await form(page).getByLabel('审核人').fill('科长');
  await form(page).getByLabel('意见').fill('同意');
  await confirm(page);
  await page.getByRole('heading').getByText('在用').waitFor();
  await sound(page);
  await picture(page, 'account');
  await second.close();
});
