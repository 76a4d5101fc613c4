/** The audit trail's hot path on a real database: durable before it resolves, one bad row costs only its own caller. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { auditColumns, auditEntry } from '../../src/audit/entry.ts';
import { Outcome } from '../../src/fhir/outcome.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';

let database: FreshDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 4);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('writing', () => {
  test('every record is there when its write resolves, and comes back as it was', async () => {
    const writer = createAuditWriter({ pool, encode: auditColumns, batch: 7 });
    const names = Array.from({ length: 50 }, (_, i) => `audit-there-${i}`);
    await Promise.all(
      names.map(async (requestId, i) => {
        const patients = i % 3 === 0 ? [] : ['Patient/p1', `Patient/p${i}`];
        const entry = anEntry({ requestId, patients, detail: i % 2 === 0 ? 'quote " back \\ line\nfeed' : null });
        await writer.write(entry);
        const found = await byRequest(requestId);
        expect(found).toHaveLength(1);
        expect(auditEntry(required(found[0]))).toEqual({ ...entry, patients: [...new Set(patients)] });
      }),
    );
    await writer.close();
  });

  test('concurrent records share transactions', async () => {
    const writer = createAuditWriter({ pool, encode: auditColumns, lanes: 1 });
    await Promise.all(Array.from({ length: 200 }, (_, i) => writer.write(anEntry({ requestId: `share-${i}` }))));
    const { rows } = await pool.query<{ n: number }>(
      `select count(distinct xid)::int as n from audit where body like '%share-%'`,
    );
    expect(rows[0]?.n).toBeLessThanOrEqual(3);
    await writer.close();
  });

  test('a row that cannot be stored is refused with 503, those beside it are stored', async () => {
    const encode = (entry: Parameters<typeof auditColumns>[0]) => ({
      ...auditColumns(entry),
      ...(entry.detail === 'bad' ? { at: 'no instant' } : {}),
    });
    const writer = createAuditWriter({ pool, encode });
    const results = await Promise.allSettled(
      Array.from({ length: 9 }, (_, i) =>
        writer.write(anEntry({ requestId: `beside-${i}`, detail: i === 4 ? 'bad' : null })),
      ),
    );
    expect(results.map((result) => result.status === 'fulfilled')).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i !== 4),
    );
    const refused = results[4];
    expect(refused?.status === 'rejected' && refused.reason instanceof Outcome && refused.reason.status).toBe(503);
    expect(await byRequest('beside-3')).toHaveLength(1);
    expect(await byRequest('beside-4')).toHaveLength(0);
    await writer.close();
  });

  test('a database that is gone is 503 at once, and the queue is bounded', async () => {
    const gone = new pg.Pool({
      connectionString: database.serviceUrl.replace(/:(\d+)\//, ':1/'),
      connectionTimeoutMillis: 500,
    });
    const writer = createAuditWriter({ pool: gone, encode: auditColumns, capacity: 5, lanes: 1, batch: 1 });
    const started = Date.now();
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => writer.write(anEntry())));
    expect(results.every((result) => result.status === 'rejected')).toBe(true);
    expect(Date.now() - started).toBeLessThan(6_000);
    await writer.close();
    await expect(writer.write(anEntry())).rejects.toMatchObject({ status: 503 });
    await gone.end();
  });
});

describe('append-only', () => {
  test.each([
    ['update', `update audit set body = '{}'`],
    ['delete', 'delete from audit'],
    ['truncate', 'truncate audit'],
    ['update of the seal', `update audit_seal set chain_hash = ''`],
    ['delete of the seal', 'delete from audit_seal'],
    ['delete of links', 'delete from audit_link'],
  ])('the service may not %s, and the owner is stopped too', async (_, sql) => {
    await expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' });
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await expect(owner.query(sql)).rejects.toMatchObject({ code: 'TDA01' });
    await owner.end();
  });

  test('the service cannot lift the trigger for itself', async () => {
    const client = await pool.connect();
    await client.query(`set tandem.audit_maintenance = 'on'`);
    await expect(client.query('delete from audit')).rejects.toMatchObject({ code: '42501' });
    client.release(true);
  });
});

async function byRequest(requestId: string): Promise<{ at: string; body: string; patients: string[] }[]> {
  const result = await pool.query<{ at: Date; body: string; patients: string[] }>(
    `select at, body, patients from audit where body::json ->> 'requestId' = $1`,
    [requestId],
  );
  return result.rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing there');
  return value;
}
