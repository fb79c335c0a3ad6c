import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

// What the audit service writes as Parquet, read by a reader that shares no line
// with the writer. The service's own tests hold its writer to these bytes.
const bytes = await readFile(new URL('../../../auditexport/tablefile/testdata/sample.parquet', import.meta.url));
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

test('the columns of a Parquet table have the types that the table says', async () => {
  const { schema, num_rows, created_by } = await parquetMetadataAsync(file);
  assert.equal(num_rows, 4n);
  assert.match(created_by, /^egov /);
  assert.deepEqual(schema.slice(1).map((c) => [c.name, c.type, c.logical_type?.type, c.repetition_type]), [
    ['zeta', 'BYTE_ARRAY', 'STRING', 'OPTIONAL'],
    ['amount_fen', 'INT64', 'INTEGER', 'OPTIONAL'],
    ['on', 'INT32', 'DATE', 'OPTIONAL'],
    ['at', 'INT64', 'TIMESTAMP', 'OPTIONAL'],
    ['closed', 'BOOLEAN', undefined, 'OPTIONAL'],
    ['data', 'BYTE_ARRAY', 'STRING', 'OPTIONAL'],
  ]);
});

test('another reader finds every cell of a Parquet table, to the fen and the day', async () => {
  const rows = await parquetReadObjects({ file, compressors });
  const day = (d) => d?.toISOString().slice(0, 10);
  const told = rows.map((r) => ({ ...r, on: day(r.on), at: r.at?.toISOString(), data: r.data?.length > 99 ? r.data.length : r.data }));
  const plain = (r) => Object.fromEntries(Object.entries(r).filter(([, v]) => v !== undefined && v !== null));
  assert.deepEqual(told.map(plain), [
    { zeta: '智慧校园 <&>"\'', amount_fen: 300000001n, on: '2026-03-02', at: '2026-03-02T04:00:00.123Z', closed: true, data: '{"a":1}' },
    { zeta: '=HYPERLINK("x")', amount_fen: 9223372036854775807n, data: '+1' },
    { amount_fen: -5n, on: '1999-12-31', at: '2026-03-02T03:00:00.123Z', closed: false, data: 400 },
    { zeta: '＝全角' },
  ]);
});
