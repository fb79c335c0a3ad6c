// Where the walk happens: at E2E_BASE_URL, or in an installation of its own
// that `egov up` (bin/egov, or E2E_EGOV) runs on a fresh data directory and a
// virtual clock.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PATIENCE_MS = { up: 300_000, demo: 1_800_000 };

/** The accounts of the walk; those of the demonstration unless named. */
export const accounts = {
  declarer: process.env.E2E_DECLARER ?? 'health.declarer',
  secretary: process.env.E2E_SECRETARY ?? 'gov-office.secretary',
  auditor: process.env.E2E_AUDITOR ?? 'audit.auditor',
  secondAuditor: process.env.E2E_SECOND_AUDITOR ?? 'audit.auditor.2',
  operator: process.env.E2E_OPERATOR ?? 'operator',
  secondOperator: process.env.E2E_SECOND_OPERATOR ?? 'operator.2',
  chair: process.env.E2E_CHAIR ?? 'chair',
  cyber: process.env.E2E_CYBER ?? 'cac.officer',
  accountAdmin: process.env.E2E_ACCOUNT_ADMIN ?? 'account-admin',
  secondAccountAdmin: process.env.E2E_SECOND_ACCOUNT_ADMIN ?? 'account-admin.2',
  agency: process.env.E2E_AGENCY ?? 'agency.a',
  expert: process.env.E2E_EXPERT ?? 'expert.1',
  data: process.env.E2E_DATA ?? 'big-data.data',
  provider: process.env.E2E_PROVIDER ?? 'civil-affairs.declarer',
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * The base URL, the password and, of an installation of its own, the data
 * directory; and how to end what was begun. With `demo` it is one in which the
 * demonstration has been run.
 */
export async function open({ own = false, demo = false } = {}) {
  const { E2E_BASE_URL: base, E2E_PASSWORD: password } = process.env;
  if (base && !own) {
    if (!password) throw new Error('E2E_PASSWORD must name the accounts’ password');
    return { base, password, close: async () => {} };
  }
  const data = await mkdtemp(join(tmpdir(), 'egov-e2e-'));
  const port = await freePort();
  const egov = process.env.E2E_EGOV ?? fileURLToPath(new URL('../../../../bin/egov', import.meta.url));
  const how = demo ? ['demo'] : ['up', '--virtual-clock', '2026-03-02'];
  const up = spawn(egov, [...how, '--port', String(port), '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  up.stderr.pipe(process.stderr);
  const ended = once(up, 'exit');
  const close = async () => {
    up.kill('SIGINT');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  // It prints the password of the demonstration accounts once all is up.
  let said = '';
  try {
    const word = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`egov ${how[0]} is not ready:\n${said}`)), PATIENCE_MS[how[0]]);
      up.on('error', reject);
      ended.then(([code]) => reject(new Error(`egov ${how[0]} ended with ${code}:\n${said}`)));
      const hear = (chunk) => {
        said += chunk;
        const found = /password[^:：]*[:：]\s*(\S+)/.exec(said);
        if (found && said.includes(`:${port}`)) {
          clearTimeout(timer);
          resolve(found[1]);
        }
      };
      up.stdout.on('data', hear);
      up.stderr.on('data', hear);
    });
    return { base: `http://127.0.0.1:${port}`, password: word, data, close };
  } catch (e) {
    await close();
    throw e;
  }
}
