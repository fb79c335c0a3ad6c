// One browser for the walk. Whatever a page complains of fails the test that
// caused it: a script's error, or markup that the policy of the page forbids.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// How long a page may take: machines that build and test at once are slow.
const PATIENCE_MS = 60_000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
const PLACES = [process.env.E2E_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the browser of this machine. */
export function launch() {
  const executablePath = PLACES.find((p) => p && existsSync(p));
  assert.ok(executablePath, 'Chromium is not installed; E2E_CHROMIUM can name it');
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

/** A page in a session of its own, and what it complained of. */
export async function person(browser, base, size = { width: 1366, height: 768 }) {
  // Without motion a click meets what was aimed at, however slow the machine.
  const context = await browser.newContext({ viewport: size, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', baseURL: base, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints = [];
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => {
    // The browser itself logs refused requests; those are answers.
    if (['error', 'warning'].includes(m.type()) && !m.text().startsWith('Failed to load resource')) complaints.push(m.text());
  });
  return {
    page,
    complaints,
    async signIn(account, password) {
      await page.goto('/');
      await page.getByLabel('账号').fill(account);
      await page.getByLabel('密码').fill(password);
      await page.getByLabel('密码').press('Enter');
      await page.getByRole('heading', { name: '待办事项' }).waitFor();
    },
    async close() {
      await context.close();
      assert.deepEqual(complaints, []);
    },
  };
}

/** Says what the open pages show where a test has failed. */
export async function witness(browser, { name, passed }) {
  if (passed) return;
  for (const page of browser.contexts().flatMap((c) => c.pages())) {
    console.error(`\n${name}: ${page.url()}\n${await page.locator('body').ariaSnapshot()}`);
  }
}

/** Asks again until the page shows what facts still on their way will bring. */
export async function until(page, again, sought) {
  for (let i = 0; i < 40; i++) {
    await again();
    if (await sought.waitFor({ timeout: 1_000 }).then(() => true, () => false)) return;
  }
  assert.fail(`still not there: ${sought}`);
}

/** Keeps a picture when E2E_SCREENSHOTS names a folder for them. */
export async function picture(page, name) {
  const folder = process.env.E2E_SCREENSHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
