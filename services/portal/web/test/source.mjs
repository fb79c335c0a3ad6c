// Loads the pages' own modules for tests, as the build would compile them.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

/** Loads modules of src, in the order named; close() ends the compiler. */
export async function load(...paths) {
  const server = await createServer({
    root: fileURLToPath(new URL('..', import.meta.url)),
    appType: 'custom',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true, include: [] },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  const modules = await Promise.all(paths.map((p) => server.ssrLoadModule(`/src/${p}`)));
  return { modules, close: () => server.close() };
}
