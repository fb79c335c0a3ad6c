// The pictures of the READMEs, taken of an installation in which the
// demonstration has been run: `node e2e/pictures.mjs FOLDER`.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, person } from './browser.mjs';
import { open } from './stack.mjs';

const PROJECT = '松江区智慧机关事务综合管理服务平台建设';
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('name the folder for the pictures');

/** The page is whole: nothing on it is being read, and its letters are there. */
async function still(page) {
  await page.locator('.ant-spin-spinning').first().waitFor({ state: 'detached' });
  await page.evaluate(() => document.fonts.ready);
}

/** The declaration as it is typed: the route follows the amount. */
async function declare(page) {
  await page.goto('/declare');
  await page.getByLabel('建设周期').fill('12');
  await page.getByLabel('项目类型').click();
  await page.getByTitle('运行维护').click();
  await page.getByRole('radiogroup', { name: '首年运维' }).getByText('是').click();
  await page.getByLabel('申报总金额').fill('136');
  await page.getByRole('complementary', { name: '办理结论' }).getByText('YP23-R-5.3.4').first().waitFor();
}

async function dossier(page) {
  await page.goto('/projects');
  await page.getByRole('link', { name: PROJECT }).first().click();
  await page.getByRole('heading', { name: '金额链' }).waitFor();
}

const SHOTS = [
  { name: 'inbox', account: 'facilities.declarer', at: (page) => page.getByRole('table').getByRole('button').first().waitFor() },
  { name: 'dossier', account: 'facilities.declarer', at: dossier },
  {
    name: 'deadlines', account: 'facilities.declarer',
    async at(page) {
      await dossier(page);
      await page.getByRole('tab', { name: /法定时限/ }).click();
      await page.getByRole('tabpanel', { name: /法定时限/ }).waitFor();
    },
  },
  { name: 'declare', account: 'health.declarer', at: declare },
  {
    name: 'register', account: 'finance.officer',
    async at(page) {
      await page.goto('/registers/budgets');
      await page.getByRole('table', { name: '项目预算' }).getByRole('link').first().waitFor();
    },
  },
  {
    name: 'flag', account: 'audit.auditor',
    async at(page) {
      await page.goto('/audit/flags');
      await page.getByRole('table').getByRole('link').first().click();
      await page.getByRole('region', { name: '规则' }).waitFor();
    },
  },
];

await mkdir(folder, { recursive: true });
const stack = await open({ demo: true });
try {
  const browser = await launch();
  try {
    for (const { name, account, at } of SHOTS) {
      const { page, signIn, close } = await person(browser, stack.base);
      await signIn(account, stack.password);
      await at(page);
      await still(page);
      await page.screenshot({ path: join(folder, `portal-${name}.png`) });
      await close();
    }
  } finally {
    await browser.close();
  }
} finally {
  await stack.close();
}
