// Makes the client's types from the services' own descriptions: one file a
// service that the pages know by its operations. All other services are met
// through the description they serve at run time.
import { readFile, writeFile, mkdir } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const documents = new URL(process.env.EGOV_API_DOCS ?? '../../../../docs/api/', import.meta.url);
const target = new URL('../src/api/schema/', import.meta.url);

await mkdir(target, { recursive: true });
for (const service of ['portal', 'declaration', 'auditexport', 'identity']) {
  const document = JSON.parse(await readFile(new URL(`${service}.json`, documents), 'utf8'));
  const types = astToString(await openapiTS(document, { alphabetize: true }));
  await writeFile(new URL(`${service}.ts`, target), `// Made by npm run generate from docs/api/${service}.json; not written by hand.\n${types}`);
}
