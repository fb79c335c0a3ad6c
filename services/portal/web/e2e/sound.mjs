// Whether somebody who hears a page, or works it by keyboard, finds the way: what
// can be said of it without taste. Nothing here says that its words are good.
import assert from 'node:assert/strict';

/**
 * What is amiss with the page as it stands: it has one first heading, headings
 * that skip no level, and a name on all that is worked or shown.
 */
export const faultsOf = (page) =>
  page.evaluate(() => {
    const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden="true"]');
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const text = (id) => document.getElementById(id)?.textContent ?? '';
    const named = (e) =>
      [
        e.getAttribute('aria-label'), e.getAttribute('title'), e.getAttribute('alt'), e.getAttribute('placeholder'),
        ...(e.getAttribute('aria-labelledby') ?? '').split(' ').map(text), ...[...(e.labels ?? [])].map((l) => l.textContent),
        e.matches('input, select, textarea') ? '' : e.textContent,
        ...[...e.querySelectorAll('[aria-label], [alt]')].map((x) => x.getAttribute('aria-label') ?? x.getAttribute('alt')),
      ].some((s) => s && s.trim() !== '');
    const show = (e) => e.outerHTML.slice(0, 160);
    const out = [];
    const levels = all('h1, h2, h3, h4, h5, h6').map((h) => Number(h.tagName[1]));
    if (levels.filter((n) => n === 1).length !== 1) out.push(`first headings: ${levels.filter((n) => n === 1).length}`);
    levels.forEach((n, i) => {
      if (i > 0 && n > levels[i - 1] + 1) out.push(`a heading of level ${n} behind one of ${levels[i - 1]}`);
    });
    for (const e of all('a[href], button, [role=button], [role=menuitem], [role=tab], [role=checkbox], input:not([type=hidden]):not([type=file]), select, textarea')) if (!named(e)) out.push(`nameless: ${show(e)}`);
    for (const e of all('svg, img, [role=img]')) if (!e.closest('[role=img]') && !named(e)) out.push(`a picture that is neither named nor hidden: ${show(e)}`);
    // The names that icons bring along are English words for their shapes.
    if (document.documentElement.lang.startsWith('zh')) for (const e of all('[role=img]')) if (/^[a-z-]+$/.test(e.getAttribute('aria-label') ?? '')) out.push(`an icon that is read out: ${e.getAttribute('aria-label')}`);
    for (const e of all('[tabindex]')) if (e.tabIndex > 0) out.push(`out of the order of the page: ${show(e)}`);
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    for (const id of new Set(ids.filter((x, i) => ids.indexOf(x) !== i))) out.push(`twice: #${id}`);
    for (const e of all('table:not(.ant-descriptions table)')) if (!e.querySelector('th') && !e.querySelector('caption') && !e.getAttribute('aria-label')) out.push(`a table without heads: ${show(e)}`);
    return [...new Set(out)];
  });

/** Nothing is amiss with the page as it stands. */
export const sound = async (page) => assert.deepEqual(await faultsOf(page), [], page.url());
