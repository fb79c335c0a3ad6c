// What people do with the portal's menu, its registers and the forms of acts,
// whatever these are about.

/** The form that is open. */
export const form = (page) => page.getByRole('dialog');

/** Sends the form; it stays where it is refused. */
export const confirm = (page) => form(page).getByRole('button', { name: '确认办理' }).click();

/** The form was taken, and is gone. */
export const done = (page) => form(page).waitFor({ state: 'hidden' });

/** Chooses what a list offers under a label. */
export async function choose(page, label, option) {
  await form(page).getByLabel(label, { exact: true }).click();
  await page.keyboard.type(option);
  await page.locator('.ant-select-item-option:visible').filter({ hasText: option }).first().click();
}

/** Types a word of one's own into a field that takes several. */
export async function word(page, label, said) {
  await form(page).getByLabel(label, { exact: true }).click();
  await page.keyboard.type(said);
  await page.keyboard.press('Enter');
}

/** Types a day into a picker. */
export async function day(page, label, on) {
  await form(page).getByLabel(label, { exact: true }).fill(on);
  await page.keyboard.press('Tab');
}

/** Begins one of the acts that the page of a thing offers. */
export async function act(page, name) {
  await page.getByRole('button', { name: '其他事项' }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
}

/** Opens a page from the part of the menu that it stands in. */
export async function follow(page, part, name) {
  const menu = page.getByRole('navigation');
  const link = menu.getByRole('link', { name, exact: true });
  if (!(await link.isVisible())) await menu.getByText(part, { exact: true }).click();
  await link.click();
  await page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
}
