/**
 * The floor: the least that Express and `pg` must do for the same kind of request, on the same PostgreSQL (a database of
 * its own), durable in the same way. It knows no rules, no FHIR, no index but the one it needs.
 *
 *   (i)   GET  /one/:id      one primary-key SELECT, 1.2 kB of JSON
 *   (ii)  GET  /audited/:id  the same plus one audit row in a shared commit
 *   (iii) POST /insert       one INSERT of the parsed body
 *   (iv)  POST /ten          one INSERT for each entry of the body, in one transaction
 *   (v)   GET  /page/:key    an indexed page of 20 rows as one Bundle plus one audit row in a shared commit
 *   (v')  GET  /short/:key   the same with five rows: about the page that the Encounter search answers with
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import express, { type Response } from 'express';
import pg from 'pg';
import { createLog } from '../src/log.ts';
import { keepCluster } from '../src/store/embedded/keeper.ts';
import { FLOOR_PAGE, FLOOR_ROWS } from './floor-size.ts';

const DATABASE = 'tandem_bench_floor';
/** Audit rows of the service for a read are about this long (body text). */
const AUDIT_BYTES = 560;

const SCHEMA = `
  create table record (id text collate "C" primary key, page integer not null, body text not null);
  create index record_page on record (page, id);
  create table written (id text collate "C" primary key, body text not null);
  create table audit (id bigint generated always as identity primary key, at timestamptz not null, body text not null,
    patients text[] not null)`;

async function openDatabase(folder: string) {
  const keeper = await keepCluster(folder, createLog('error', 'demo'));
  const admin = new pg.Client({ connectionString: keeper.cluster.url('postgres', 'postgres') });
  await admin.connect();
  await admin.query(`drop database if exists ${DATABASE} with (force)`);
  await admin.query(`create database ${DATABASE}`);
  await admin.end();
  const url = keeper.cluster.url('postgres', DATABASE);
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  await pool.query(SCHEMA);
  const padding = `"note":[{"text":"${'x'.repeat(1_060)}"}]`;
  await pool.query(
    `insert into record select 'r' || i, i / ${FLOOR_PAGE},
       '{"resourceType":"Observation","id":"r' || i || '","status":"final","subject":{"reference":"Patient/' || i / ${FLOOR_PAGE} || '"},' || $1 || '}'
     from generate_series(0, ${FLOOR_ROWS - 1}) as i`,
    [padding],
  );
  await pool.query('vacuum analyze record');
  return { keeper, pool, auditPool: new pg.Pool({ connectionString: url, max: 3 }) };
}

/** One insert for all entries that came while the last one was under way; two under way at once. */
function auditBatcher(pool: pg.Pool) {
  const waiting: { body: string; settle: (error: Error | null) => void }[] = [];
  let busy = 0;
  const flush = async (): Promise<void> => {
    busy += 1;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, 256);
      let failure: Error | null = null;
      await pool
        .query({
          name: 'audit',
          text: `insert into audit (at, body, patients) select now(), b, '{}' from unnest($1::text[]) as b`,
          values: [batch.map(({ body }) => body)],
        })
        .catch((error: Error) => {
          failure = error;
        });
      for (const { settle } of batch) settle(failure);
    }
    busy -= 1;
  };
  return (body: string): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ body, settle: (error) => (error === null ? resolve() : reject(error)) });
      if (busy < 2) setImmediate(() => busy < 2 && waiting.length > 0 && void flush());
    });
}

const { keeper, pool, auditPool } = await openDatabase(join(process.env.DATA_DIR ?? '', 'postgres'));
const audit = auditBatcher(auditPool);
const auditRow = (what: string): string => JSON.stringify({ what, filling: 'y'.repeat(AUDIT_BYTES - 30) });

const app = express();
app.disable('x-powered-by').disable('etag');
const answer = (response: Response, body: string): void => {
  response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  response.send(body);
};

const one = async (id: string): Promise<string> => {
  const query = { name: 'one', text: 'select body from record where id = $1', values: [id] };
  return (await pool.query<{ body: string }>(query)).rows[0]?.body ?? '';
};
app.get('/ready', (_request, response) => void response.send('ready'));
app.get('/one/:id', async (request, response) => answer(response, await one(request.params.id)));
app.get('/audited/:id', async (request, response) => {
  const body = await one(request.params.id);
  await audit(auditRow(request.params.id));
  answer(response, body);
});

const page = (rows: number) => async (request: express.Request<{ key: string }>, response: Response) => {
  const query = {
    name: `page${rows}`,
    text: `select body from record where page = $1 order by id limit ${rows}`,
    values: [request.params.key],
  };
  const found = await pool.query<{ body: string }>(query);
  await audit(auditRow(request.params.key));
  const entries = found.rows.map(({ body }) => `{"resource":${body}}`).join(',');
  answer(response, `{"resourceType":"Bundle","type":"searchset","entry":[${entries}]}`);
};
app.get('/page/:key', page(FLOOR_PAGE));
app.get('/short/:key', page(5));

const INSERT = { name: 'insert', text: 'insert into written (id, body) values ($1, $2)' };
const raw = express.raw({ type: () => true, limit: '1mb' });
const parsed = (body: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '{}');
app.post('/insert', raw, async (request, response) => {
  const body = JSON.stringify(parsed(request.body));
  await pool.query({ ...INSERT, values: [randomUUID(), body] });
  response.status(201);
  answer(response, body);
});
app.post('/ten', raw, async (request, response) => {
  const { entry } = parsed(request.body);
  if (!Array.isArray(entry)) throw new Error('no entries');
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const { resource } of entry)
      await client.query({ ...INSERT, values: [randomUUID(), JSON.stringify(resource)] });
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
  answer(response, `{"resourceType":"Bundle","type":"transaction-response"}`);
});

const server = app.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await Promise.all([pool.end(), auditPool.end()]);
  await keeper.leave();
  process.exit(0);
});
