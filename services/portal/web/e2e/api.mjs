// What others do meanwhile: people at the portal without a browser.
import assert from 'node:assert/strict';

/** Somebody signed in at the portal: asks a service, and has what it answers. */
export async function caller(base, account, password) {
  const signedIn = await fetch(`${base}/api/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ account, password }) });
  assert.ok(signedIn.ok, `${account}: ${signedIn.status}`);
  const cookie = signedIn.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const { csrf_token: csrf } = await signedIn.json();
  return async (service, path, body) => {
    const headers = { Cookie: cookie, ...(body === undefined ? {} : { 'X-CSRF-Token': csrf, 'Idempotency-Key': crypto.randomUUID(), 'Content-Type': 'application/json' }) };
    const resp = await fetch(`${base}/api/${service}${path}`, { method: body === undefined ? 'GET' : 'POST', headers, body: body && Object.keys(body).length > 0 ? JSON.stringify(body) : undefined });
    const said = await resp.text();
    assert.ok(resp.ok, `${account} ${path}: ${resp.status} ${said}`);
    return said === '' ? null : JSON.parse(said);
  };
}

/** Asks again until a thing of a service is in a state that facts of others bring about. */
export async function inState(ask, service, path, state) {
  for (let i = 0; i < 120; i++) {
    const found = await ask(service, path).catch(() => null);
    if (found?.state === state) return found;
    await new Promise((later) => setTimeout(later, 250));
  }
  return assert.fail(`${path} is not ${state}`);
}
