/** The seal and its proof: every way to tamper with the trail is found, and named by its sequence number. */
import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { checkpointLine } from '../../src/audit/checkpoint.ts';
import { auditColumns } from '../../src/audit/entry.ts';
import { publicKeysOf, readStatement } from '../../src/audit/jws.ts';
import { openCheckpointBook } from '../../src/jobs/checkpoint-book.ts';
import { filePlace } from '../../src/jobs/checkpoint-places.ts';
import { proveTrail } from '../../src/oversight/verify-trail.ts';
import { createAuditWriter } from '../../src/store/audit.ts';
import { checksOf } from '../../src/store/models/audit-checks.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { chainHead, sealDurable, sealNow, startSealer } from '../../src/store/seal.ts';
import { verifyAudit } from '../../src/store/verify.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { anEntry } from '../unit/audit/entries.ts';

let database: FreshDatabase;
let pool: Pool;
let owner: pg.Client;

beforeEach(async () => {
  database = await freshDatabase();
  pool = openPool(database.serviceUrl, 4);
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});
afterEach(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

async function write(count: number): Promise<void> {
  const writer = createAuditWriter({ pool, encode: auditColumns, batch: 5 });
  await Promise.all(
    Array.from({ length: count }, (_, i) => writer.write(anEntry({ patients: [`Patient/p${i % 4}`] }))),
  );
  await writer.close();
}

/** A book with a key of its own. */
function aBook(files: string[]) {
  const make = () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { kty = '', crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' });
    return { kid: x, alg: 'ES256', privateKey, jwk: { kty, crv, x, y, kid: x, alg: 'ES256' } };
  };
  let key = make();
  const book = openCheckpointBook({ places: files.map(filePlace), key: () => key, clock: () => new Date() });
  return {
    book,
    key: () => key,
    rotate: () => {
      key = make();
    },
  };
}

/** Other databases of the same server may hold the horizon for a moment: seal until everything is in. */
async function sealAll(): Promise<void> {
  for (;;) {
    await sealNow(pool);
    const { rows } = await pool.query<{ open: boolean }>(
      'select (select count(*) from audit) > (select count(*) from audit_seal) as open',
    );
    if (rows[0]?.open === false) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('sealing', () => {
  test('numbers are gapless and in order, in many steps and from two sealers at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([write(30), sealNow(pool), sealNow(pool, false), sealNow(pool)]);
    }
    await sealAll();
    const { rows } = await pool.query<{ n: number; top: string; ascending: boolean }>(
      `select count(*)::int as n, max(seq)::text as top, bool_and(ascending) as ascending from (
         select seq, (xid, id) > (lag(xid) over (order by seq), lag(id) over (order by seq)) is not false as ascending
         from audit_seal) as s`,
    );
    expect(rows[0]).toEqual({ n: 150, top: '150', ascending: true });
    expect(await verifyAudit(pool)).toMatchObject({ ok: true, rows: 150, unsealed: 0 });
  });

  test('an open transaction is waited for: nothing is sealed ahead of it, nothing is left out', async () => {
    const open = await pool.connect();
    await open.query('begin');
    const columns = auditColumns(anEntry({ requestId: 'late' }));
    await open.query('insert into audit (at, body, patients) values ($1, $2, $3)', [
      columns.at,
      columns.body,
      columns.patients,
    ]);
    await write(3);
    expect(await sealNow(pool)).toBe(0);
    await open.query('commit');
    open.release();
    await sealAll();
    const { rows } = await pool.query<{ body: string }>(
      'select a.body from audit_seal s join audit a using (xid, id) order by s.seq limit 1',
    );
    expect(rows[0]?.body).toContain('late');
    expect(await verifyAudit(pool)).toMatchObject({ ok: true, rows: 4 });
  });

  test('who reads the trail waits for what was durable when she asked, behind an open transaction too', async () => {
    const open = await pool.connect();
    await open.query('begin');
    await open.query('select pg_current_xact_id()');
    await write(2);
    let done = false;
    const reading = sealDurable(pool).then(() => {
      done = true;
    });
    await sealNow(pool);
    expect(done).toBe(false);
    await open.query('commit');
    open.release();
    await reading;
    expect(await verifyAudit(pool)).toMatchObject({ ok: true, unsealed: 0 });
  });

  test('a body that is no JSON is sealed all the same', async () => {
    await write(2);
    await pool.query(`insert into audit (at, body, patients) values (now(), '{"detail":"\\u0000"}', '{Patient/p9}')`);
    await pool.query(`insert into audit (at, body, patients) values (now(), 'broken', '{}')`);
    await write(2);
    await sealAll();
    expect(await verifyAudit(pool)).toMatchObject({ ok: true, rows: 6 });
  });

  test('the loop seals within a second and leaves a checkpoint when it stops', async () => {
    const file = join(scratchFolder('seal'), 'checkpoints.jsonl');
    const errors: unknown[] = [];
    const { book } = aBook([file]);
    const sealer = startSealer({ pool, checkpoint: book.append, onError: (error) => errors.push(error) });
    await write(10);
    const started = Date.now();
    for (let sealed = 0; sealed < 10; ) {
      sealed = (await pool.query<{ n: number }>('select count(*)::int as n from audit_seal')).rows[0]?.n ?? 0;
      if (Date.now() - started > 5_000) throw new Error('not sealed');
    }
    await sealer.stop();
    expect(errors).toEqual([]);
    expect(await book.read()).toMatchObject({ marks: [{ seq: 10 }], signed: 1, faults: [] });
    appendFileSync(file, 'eyJhbGciOi');
    expect((await book.read()).marks).toHaveLength(1);
    await book.append({ seq: 11, hash: 'ab'.repeat(32) });
    expect(await book.read()).toMatchObject({ marks: [{ seq: 10 }, { seq: 11 }], faults: [] });
  });
});

describe('tampering is found', () => {
  const cases: [string, string, number][] = [
    [
      'a changed body',
      `update audit set body = replace(body, 'TREAT', 'COC') where (xid, id) = (select xid, id from audit_seal where seq = 7)`,
      7,
    ],
    [
      'a changed instant',
      `update audit set at = at + interval '1 microsecond' where (xid, id) = (select xid, id from audit_seal where seq = 7)`,
      7,
    ],
    [
      'a changed patient',
      `update audit set patients = '{Patient/other}' where (xid, id) = (select xid, id from audit_seal where seq = 20)`,
      20,
    ],
    ['a removed row', `delete from audit where (xid, id) = (select xid, id from audit_seal where seq = 12)`, 12],
    [
      'a removed row with its seal',
      `with gone as (delete from audit_seal where seq = 12 returning xid, id) delete from audit a using gone g where a.xid = g.xid and a.id = g.id`,
      12,
    ],
    ['a forged hash', `update audit_seal set row_hash = sha256('x'), chain_hash = sha256('y') where seq = 3`, 3],
    [
      'a row slipped in later',
      `insert into audit (xid, id, at, body, patients) overriding system value select xid, 900000, at, body, patients from audit order by xid, id limit 1`,
      0,
    ],
    [
      'two rows swapped',
      `update audit a set body = b.body, at = b.at, patients = b.patients from audit b where a.xid = (select xid from audit_seal where seq = 5) and a.id = (select id from audit_seal where seq = 5) and b.xid = (select xid from audit_seal where seq = 6) and b.id = (select id from audit_seal where seq = 6)`,
      5,
    ],
    [
      'a hidden link',
      `delete from audit_link where seq = 9 and link = (select min(link) from audit_link where seq = 9)`,
      9,
    ],
    ['a false link', `insert into audit_link values (1, 11)`, 11],
    ['a changed search column', `update audit_seal set outcome = 4 where seq = 2`, 2],
  ];

  test.each(cases)('%s', async (_, sql, seq) => {
    await write(25);
    await sealAll();
    const sizes = [2_000, 4, 5, 1];
    for (const size of sizes) expect(await verifyAudit(pool, { size })).toMatchObject({ ok: true, rows: 25 });
    await owner.query(`set tandem.audit_maintenance = 'on'`);
    await owner.query(sql);
    // Whatever is read at once: by position, and with the same words.
    const [found, ...others] = await Promise.all(sizes.map((size) => verifyAudit(pool, { size })));
    expect(found?.ok).toBe(false);
    if (seq > 0) expect(found?.firstBroken?.seq).toBe(seq);
    expect(found?.firstBroken?.why).not.toBe('');
    for (const other of others) expect(other.firstBroken).toEqual(found?.firstBroken);
  });

  test('a tail that was cut off is found through the checkpoint', async () => {
    const file = join(scratchFolder('cut'), 'checkpoints.jsonl');
    await write(10);
    await sealAll();
    const { book } = aBook([file, `${file}.copy`]);
    await book.append((await chainHead(pool)) ?? { seq: 0, hash: '' });
    await owner.query(`set tandem.audit_maintenance = 'on'`);
    await owner.query('delete from audit_link where seq > 6');
    await owner.query(
      'with gone as (delete from audit_seal where seq > 6 returning xid, id) delete from audit a using gone g where a.xid = g.xid and a.id = g.id',
    );
    expect(await verifyAudit(pool)).toMatchObject({ ok: true, rows: 6 });
    rmSync(file);
    const { marks } = await book.read();
    expect(await verifyAudit(pool, { checkpoints: marks })).toMatchObject({ ok: false, firstBroken: { seq: 7 } });
  });

  test('a chain that was made anew after the change is found through a checkpoint, which nobody can forge', async () => {
    const file = join(scratchFolder('anew'), 'checkpoints.jsonl');
    const { book, rotate } = aBook([file]);
    await write(10);
    await sealAll();
    const head = (await chainHead(pool)) ?? { seq: 0, hash: '' };
    await book.append(head);
    rotate();
    await write(2);
    await sealAll();
    await book.append((await chainHead(pool)) ?? head);
    expect((await book.jwks()).keys).toHaveLength(2);
    expect(await proveTrail(pool, book, { askedBy: 'a test', now: new Date(), from: 11 })).toMatchObject({
      ok: true,
      from: 11,
      records: 2,
      checkpoints: 2,
    });
    await owner.query(`set tandem.audit_maintenance = 'on'`);
    await owner.query(
      `update audit set body = replace(body, 'TREAT', 'COC') where (xid, id) = (select xid, id from audit_seal where seq = 4)`,
    );
    await owner.query('truncate audit_seal, audit_link');
    await sealAll();
    expect(await verifyAudit(pool)).toMatchObject({ ok: true });
    const found = await proveTrail(pool, book, { askedBy: 'a test', now: new Date(), from: null });
    expect(found).toMatchObject({ ok: false, firstBroken: { seq: 10 } });
    const report = readStatement('audit-report', found.signed, publicKeysOf(readFileSync(`${file}.keys`, 'utf8')));
    expect(report).toMatchObject({ ok: false, firstBroken: { seq: 10 } });
    expect((await checksOf(pool, 5)).map((check) => [check.ok, check.brokenSeq])).toEqual([
      [false, 10],
      [true, null],
    ]);
    // The forger's own checkpoint for the new chain, with a key of his own and with none.
    const forged = checkpointLine({ ...((await chainHead(pool)) ?? head), at: head.hash }, aBook([file]).key());
    for (const line of [forged, JSON.stringify({ ...head, at: '2026-01-01T00:00:00Z' })]) {
      const kept = readFileSync(file, 'utf8');
      writeFileSync(file, `${kept}${line}\n`);
      const known = await book.read();
      expect(known.faults).toHaveLength(1);
      expect(known.marks).toHaveLength(2);
      writeFileSync(file, kept);
    }
  });

  test('the results of proofs are append-only', async () => {
    await expect(owner.query('delete from audit_check')).rejects.toMatchObject({ code: 'TDA01' });
    await expect(pool.query('update audit_check set ok = true')).rejects.toMatchObject({ code: '42501' });
  });

  test('a record that never got its seal is found when the window is over', async () => {
    await write(3);
    // Another database of the same server may hold the horizon, and what is above it cannot be sealed yet.
    let found = await verifyAudit(pool);
    for (let tries = 0; found.ok && tries < 200; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = await verifyAudit(pool);
    }
    expect(found).toMatchObject({ ok: false, firstBroken: { seq: 1 } });
  });
});
