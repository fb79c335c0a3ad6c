// The stage of a walk: an installation and a browser that are there before its
// first test and gone after its last. What the open pages show is said wherever
// a test has failed.
import { after, afterEach, before } from 'node:test';
import { caller } from './api.mjs';
import { launch, person, witness } from './browser.mjs';
import { open } from './stack.mjs';

/** Sets the stage of the file that calls it, which puts its own hooks after it to run on it. */
export function stage(options) {
  let stack;
  let browser;
  const set = async () => {
    stack = await open(options);
    browser = await launch();
  };
  // Hooks of a file run at once: one that needs the stage waits for it here.
  let ready;
  before(() => (ready = set()));
  afterEach((t) => witness(browser, t));
  after(async () => {
    await browser?.close();
    await stack?.close();
  });
  return {
    /** The data directory of an installation of the walk's own. */
    get data() {
      return stack.data;
    },
    /** Somebody at a page, not signed in. */
    stranger: (size) => person(browser, stack.base, size),
    /** Somebody at a page, signed in. */
    async person(account, size) {
      await ready;
      const who = await person(browser, stack.base, size);
      await who.signIn(account, stack.password);
      return who;
    },
    /** Somebody who asks services without a page. */
    caller: (account) => caller(stack.base, account, stack.password),
  };
}
