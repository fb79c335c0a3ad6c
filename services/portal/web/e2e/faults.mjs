// What an operator, or somebody who became one, can do to an installation of
// the walk's own: behind the services' backs, in the servers they stand on.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PLACES = [process.env.E2E_PSQL, '/usr/bin/psql', '/usr/local/bin/psql'];
// Who keeps the ledger does not witness it, and the portal has no duty.
const APART = ['auditexport', 'portal'];

/** Runs a statement in a service's database as its owner, and gives what it printed. */
export async function sql(data, service, text) {
  const psql = PLACES.find((p) => p && existsSync(p));
  if (!psql) throw new Error('psql is not installed; E2E_PSQL can name it');
  const conf = await readFile(join(data, 'suite.yaml'), 'utf8');
  const { username, password, port } = new URL(new RegExp(`postgres://${service}_owner:\\S+?(?=["'\\s])`).exec(conf)[0]);
  const { stdout } = await run(psql, ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', port, '-U', username, '-d', service, '-c', text], { env: { ...process.env, PGPASSWORD: password } });
  return stdout.trim();
}

/** Sends commands to Redis as its administrator; the first refusal is an error. */
async function redis(data, commands) {
  const conf = await readFile(join(data, 'redis/redis.conf'), 'utf8');
  const socket = connect(Number(/^port (\d+)/m.exec(conf)[1]), '127.0.0.1').setEncoding('utf8');
  const all = [['AUTH', (await readFile(join(data, 'redis/password'), 'utf8')).trim()], ...commands];
  let said = '';
  socket.write(all.map((c) => `${c.join(' ')}\r\n`).join(''));
  for await (const chunk of socket) {
    said += chunk;
    const refused = /^-.*/m.exec(said);
    if (refused) throw new Error(refused[0]);
    if (said.split('\r\n').length > all.length) break;
  }
  socket.destroy();
}

/** Cuts the services that witness the ledger off from the events, or lets them back. */
export async function cutOff(data, off) {
  const lines = (await readFile(join(data, 'passwords.yaml'), 'utf8')).matchAll(/^["']?(\w+)@redis/gm);
  const users = [...lines].map(([, name]) => name).filter((name) => !APART.includes(name));
  await redis(data, users.flatMap((u) => (off ? [['ACL', 'SETUSER', u, 'off'], ['CLIENT', 'KILL', 'USER', u]] : [['ACL', 'SETUSER', u, 'on']])));
}

/** Lets time pass for all services at once. */
export async function pass(data, minutes) {
  const path = join(data, 'clock');
  const [, offset] = (await readFile(path, 'utf8')).trim().split(/\s+/);
  const parts = [...offset.matchAll(/([\d.]+)(h|ms|m|s|µs|ns)/g)].map(([, n, unit]) => Number(n) * { h: 3600, m: 60, s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 }[unit]);
  const seconds = (offset.startsWith('-') ? -1 : 1) * parts.reduce((a, b) => a + b, 0) + 60 * minutes;
  await writeFile(`${path}.new`, `${new Date(Date.now() + 1000 * seconds).toISOString()} ${seconds.toFixed(3)}s\n`);
  await rename(`${path}.new`, path);
}
