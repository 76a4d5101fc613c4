/** Removing the oldest segments of the trail: the rest is proven from a certificate; without one it is found and named. */
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { auditColumns } from '../../src/audit/entry.ts';
import { signStatement } from '../../src/audit/jws.ts';
import { type CheckpointBook, openCheckpointBook } from '../../src/jobs/checkpoint-book.ts';
import { filePlace } from '../../src/jobs/checkpoint-places.ts';
import { removeSegments } from '../../src/oversight/trail-removal.ts';
import { proveTrail } from '../../src/oversight/verify-trail.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';

const RECORDS = 30;
let database: FreshDatabase;
let pool: Pool;
let owner: Pool;
let book: CheckpointBook;
let told: string[] = [];
const log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (words: string, more?: object) => told.push(`${words} ${JSON.stringify(more)}`),
};
const clock = () => new Date();

function aKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return { kid: x, alg: 'ES256', privateKey, jwk: { kty, crv, x, y, kid: x, alg: 'ES256' } };
}

beforeAll(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 4);
  owner = openPool(database.ownerUrl, 2);
  const key = aKey();
  const place = filePlace(join(scratchFolder('removal'), 'checkpoints.jsonl'));
  book = openCheckpointBook({ places: [place], key: () => key, clock });
  const writer = createAuditWriter({ pool, encode: auditColumns, batch: 5 });
  for (let i = 0; i < RECORDS; i += 1) {
    const at = i < RECORDS - 5 ? '2001-03-04T05:06:07.000Z' : new Date().toISOString();
    await writer.write(anEntry({ at, patients: [`Patient/p${i % 3}`] }));
  }
  await writer.close();
  await sealDurable(pool);
  for (const seq of [10, 20, RECORDS]) await book.append({ seq, hash: await hashAt(seq) });
}, 60_000);
afterAll(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});
beforeEach(() => {
  told = [];
});

async function hashAt(seq: number): Promise<string> {
  const text = `select encode(chain_hash, 'hex') as hash from audit_seal where seq = $1`;
  return (await pool.query<{ hash: string }>(text, [seq])).rows[0]?.hash ?? '';
}

/** Asked by one, approved by another; gives its id. */
async function asked(toSeq: number, approvedBy: string | null = 'Practitioner/b'): Promise<number> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into audit_removal_asked (reference, to_seq, asked, asked_by, person, words, approved, approved_by, approved_person)
     values ('TRR-' || gen_random_uuid(), $1, now(), 'A', 'Practitioner/a', 'Old enough', case when $2::text is null then null else now() end, $2, $2)
     returning id`,
    [toSeq, approvedBy],
  );
  return Number(rows[0]?.id);
}
const withdraw = (id: number) => pool.query(`update audit_removal_asked set refused = now() where id = $1`, [id]);
const remove = () => removeSegments({ pool, keeper: book, clock, log });
const prove = () => proveTrail(pool, book, { askedBy: 'test', now: clock(), from: null });

describe('nothing goes', () => {
  test('by the service’s own hand, by one person, or by one person twice', async () => {
    for (const table of ['audit', 'audit_seal', 'audit_link', 'audit_removal'])
      await expect(pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
    const forged = `insert into audit_removal select 1, 1, 10, '0', 1, '', now(), 'x'`;
    await expect(pool.query(forged)).rejects.toMatchObject({ code: '42501' });
    const id = await asked(10, null);
    expect(await remove()).toBe(0);
    await expect(pool.query('select audit_remove_segment($1, 10, $2)', [id, 'x'])).rejects.toMatchObject({
      code: 'TDT02',
    });
    const twice = `update audit_removal_asked set approved = now(), approved_person = person where id = $1`;
    await expect(pool.query(twice, [id])).rejects.toMatchObject({ code: '23514' });
    await withdraw(id);
  });

  test('while a record it is about is kept, a hold stands, or it is not a year old', async () => {
    await owner.query(
      `insert into resource (type, id, version, updated, deleted, body, tokens, patients, subjects, data_class, label, tags, authors, released)
       values ('Patient', 'p1', 1, now(), false, '{}', '{}', '{}', '{Patient/p1}', 'demographics', 'N', '{}', '{}', true)`,
    );
    const id = await asked(10);
    expect([await remove(), told.join()]).toEqual([0, expect.stringContaining('TDT06')]);
    await owner.query(`delete from resource where id = 'p1'`);
    await pool.query(
      `insert into retention_hold (reference, patient, at, by_party, by_name, person, reason) values ('HOLD-1', 'Patient/p2', now(), 'x', 'X', 'p', 'inquiry')`,
    );
    expect([await remove(), told.join()]).toEqual([0, expect.stringContaining('TDT05')]);
    await owner.query('delete from retention_hold');
    await withdraw(id);
    const young = await asked(RECORDS);
    expect(await remove()).toBe(0);
    await withdraw(young);
    expect((await prove()).ok).toBe(true);
  });
});

describe('with a certificate', () => {
  test('the rest is proven from where it begins, segment after segment', async () => {
    // Asked up to 15: it ends at the checkpoint before, 10.
    await asked(15);
    expect([await remove(), told]).toEqual([1, []]);
    expect(await prove()).toMatchObject({ ok: true, from: 11, records: expect.any(Number), firstBroken: null });
    const { rows } = await pool.query<{ first: string; links: string }>(
      'select (select min(seq) from audit_seal) as first, (select count(*) from audit_link where seq <= 10) as links',
    );
    expect([Number(rows[0]?.first), Number(rows[0]?.links)]).toEqual([11, 0]);
    await asked(20);
    expect(await remove()).toBe(1);
    const report = await prove();
    expect([report.ok, report.from]).toEqual([true, 21]);
    // The removal is itself a record, and the numbers go on.
    const last = await pool.query<{ seq: string }>('select max(seq) as seq from audit_seal');
    expect(Number(last.rows[0]?.seq)).toBe(RECORDS + 2);
  });

  test('one that is signed by somebody else, or says something else, is not believed, and named by its first record', async () => {
    const was = (await owner.query('select certificate from audit_removal where from_seq = 11')).rows[0].certificate;
    const statement = JSON.parse(Buffer.from(was.split('.')[1], 'base64url').toString('utf8'));
    const change = async (certificate: string) => {
      await owner.query('alter table audit_removal disable trigger user');
      await owner.query('update audit_removal set certificate = $1 where from_seq = 11', [certificate]);
      await owner.query('alter table audit_removal enable trigger user');
      return (await prove()).firstBroken;
    };
    expect(await change(signStatement('trail-removal', statement, aKey()))).toEqual({
      seq: 11,
      why: expect.stringContaining('key that is not known'),
    });
    expect(await change(await book.sign(statement))).toEqual({ seq: 11, why: expect.stringContaining('another kind') });
    expect(await change(await book.certify('trail-removal', { ...statement, to: 19 }))).toEqual({
      seq: 11,
      why: expect.stringContaining('something else'),
    });
    expect(await change(was)).toBeNull();
  });

  test('what goes without one is found, whoever deletes it', async () => {
    await owner.query(`set tandem.audit_maintenance = 'on'`);
    const cut = async (text: string) =>
      owner.query(`begin; set local tandem.audit_maintenance = 'on'; ${text}; commit`);
    await cut(
      'create table kept_seal as select * from audit_seal where seq = 21; delete from audit_seal where seq = 21',
    );
    expect((await prove()).firstBroken?.seq).toBe(21);
    await cut('insert into audit_seal select * from kept_seal');
    expect((await prove()).ok).toBe(true);
    // A row that says it was removed, ending where no checkpoint is.
    await cut(
      `alter table audit_removal disable trigger user; update audit_removal set to_seq = 19 where from_seq = 11; alter table audit_removal enable trigger user`,
    );
    expect((await prove()).firstBroken).toEqual({ seq: 11, why: expect.stringContaining('something else') });
    await cut(
      `alter table audit_removal disable trigger user; delete from audit_removal where from_seq = 1; update audit_removal set to_seq = 20; alter table audit_removal enable trigger user`,
    );
    expect((await prove()).firstBroken).toEqual({ seq: 1, why: 'records 1 to 10 are gone' });
  });
});
