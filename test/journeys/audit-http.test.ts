/** The access record over HTTP (issue point 6, R-26, R-27): who may see it, what it says, and that nobody writes it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publicKeysOf, readStatement } from '../../src/audit/jws.ts';
import { openPool } from '../../src/store/pool.ts';
import { sealDurable } from '../../src/store/seal.ts';
import { verifyAudit } from '../../src/store/verify.ts';
import { at, entries, found, issue, link, pages, resources, textAt } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('seen');
  await service.family('theirs', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  for (let n = 0; n < 3; n += 1) await service.as('midwife').get('Patient/seen');
  await service.as('health-visitor').get('Patient/seen');
  await service.as('midwife').get('Patient/theirs');
  await service.as('hv-system').get('Patient?family=Fixture-seen');
  await sealDurable(service.pool);
}, 60_000);
afterAll(() => service.close());

const officer = () => service.as({ like: 'ig-officer', claims: { purpose_of_use: 'HSYSADMIN' } });

describe('nobody writes it', () => {
  test.each(['ig-officer', 'steward', 'epr', 'midwife', 'admin'])(
    '%s: POST, PUT, PATCH, DELETE are 405 (vector 31)',
    async (who) => {
      const client = service.as(who);
      const before = Number(
        (await service.pool.query<{ n: number }>('select count(*)::int as n from audit_seal')).rows[0]?.n,
      );
      for (const [method, path] of [
        ['POST', 'AuditEvent'],
        ['PUT', 'AuditEvent/1-1'],
        ['PATCH', 'AuditEvent/1-1'],
        ['DELETE', 'AuditEvent/1-1'],
        ['DELETE', 'AuditEvent?date=2026'],
        ['PUT', 'AuditEvent?date=2026'],
      ] as const) {
        const reply = await client.send(method, path, method === 'DELETE' ? undefined : { resourceType: 'AuditEvent' });
        expect([method, path, reply.status]).toEqual([method, path, 405]);
        expect(reply.headers.get('allow')).toContain('GET');
      }
      const entry = [{ request: { method: 'DELETE', url: 'AuditEvent/1-1' } }];
      const batch = await client.post('', { resourceType: 'Bundle', type: 'batch', entry });
      expect(at(entries(batch)[0], 'response.status')).toMatch(/^405/);
      const transaction = await client.post('', { resourceType: 'Bundle', type: 'transaction', entry });
      expect(transaction.status).toBeGreaterThanOrEqual(400);
      expect(
        Number((await service.pool.query<{ n: number }>('select count(*)::int as n from audit_seal')).rows[0]?.n),
      ).toBeGreaterThanOrEqual(before);
    },
  );

  test.each([
    'update audit set body = body',
    'delete from audit',
    'truncate audit',
    'update audit_seal set seq = seq',
    'delete from audit_seal',
    'drop table audit',
    'alter table audit disable trigger all',
  ])('the service’s own role cannot either: %s', async (sql) => {
    await expect(service.pool.query(sql)).rejects.toThrow(/permission denied|must be owner|append|insert/i);
  });
});

describe('who sees it', () => {
  test('the officer all of it, staff what they did themselves, a family nothing', async () => {
    const all = await officer().get('AuditEvent?patient=Patient/seen&_count=100');
    expect([all.status, all.json.type]).toEqual([200, 'searchset']);
    expect(found(all).length).toBeGreaterThanOrEqual(5);
    const own = await service.as('midwife').get('AuditEvent?patient=Patient/seen&_count=100');
    expect(own.status).toBe(200);
    expect(found(own).length).toBeGreaterThanOrEqual(3);
    for (const event of resources(own)) expect(JSON.stringify(event.agent)).toContain('mw-priya');
    const others = await service.as('midwife').get('AuditEvent?agent=PractitionerRole/hv-helen');
    expect(found(others)).toEqual([]);
    expect((await service.as('mother').get('AuditEvent')).status).toBe(404);
    for (const who of ['service-lead', 'admin', 'hv-system']) {
      const reply = await service.as(who).get('AuditEvent?patient=Patient/seen');
      for (const event of resources(reply)) expect(JSON.stringify(event.agent)).not.toMatch(/mw-priya|hv-helen/);
    }
  });

  test('an event by id for the officer; for another member of staff it is not there', async () => {
    const [first] = found(await officer().get('AuditEvent?patient=Patient/seen&agent=PractitionerRole/hv-helen'));
    if (first === undefined) throw new Error('Helen looked at her');
    const event = await officer().get(first);
    expect([event.status, event.json.resourceType]).toEqual([200, 'AuditEvent']);
    const [own] = found(await service.as('midwife').get('AuditEvent?patient=Patient/seen'));
    expect((await service.as('midwife').get(own ?? '')).status).toBe(200);
    const hidden = await service.as('midwife').get(first);
    const unknown = await service.as('midwife').get('AuditEvent/999999999-1');
    expect([hidden.status, hidden.text]).toEqual([unknown.status, unknown.text]);
    expect((await officer().get(`${first}/_history/1`)).status).toBe(404);
  });

  test('reading it is recorded itself, once', async () => {
    await officer().get('AuditEvent?patient=Patient/theirs', { 'x-request-id': 'look-at-looks-1' });
    const rows = await service.pool.query("select 1 from audit where body::json ->> 'requestId' = 'look-at-looks-1'");
    expect(rows.rows).toHaveLength(1);
  });
});

describe('what can be asked', () => {
  test.each<[string, number]>([
    ['agent=PractitionerRole/mw-priya', 3],
    ['agent-role:missing=false', 4],
    ['subtype:not=delete', 5],
    ['action=R', 4],
    ['outcome=4', 1],
    ['purpose=TREAT', 4],
    ['date=ge2020-01-01', 5],
    ['entity=Patient/seen', 0],
  ])('patient=seen or theirs and %s', async (query, least) => {
    const reply = await officer().get(`AuditEvent?patient=Patient/seen,Patient/theirs&${query}&_count=100`);
    expect([query, reply.status, found(reply).length >= least]).toEqual([query, 200, true]);
  });

  test.each([
    ['_lastUpdated=2026', 'not-supported'],
    ['_include=*', 'not-supported'],
    ['_has:Provenance:target:_id=x', 'not-supported'],
    ['patient.name=x', 'not-supported'],
    ['_content=x', 'not-supported'],
    ['_sort=agent', 'not-supported'],
    ['_explain=true', 'not-supported'],
    ['bodysite=x', 'not-supported'],
    ['_cursor=1-2', 'value'],
    ['date=x', 'value'],
    ['patient=', 'value'],
  ])('%s is refused by name', async (query, code) => {
    const reply = await officer().get(`AuditEvent?${query}`);
    expect([query, reply.status, issue(reply)]).toEqual([query, 400, code]);
  });

  test('sorted by the clock, counted, in part; lenient handling says what it ignored', async () => {
    const asked = 'AuditEvent?patient=Patient/seen';
    const all = await officer().get(`${asked}&_sort=date&_total=accurate&_count=200&date=lt2100`);
    const instants = resources(all).map((event) => String(event.recorded));
    expect([...instants].sort()).toEqual(instants);
    expect(all.json.total).toBe(instants.length);
    const counted = await officer().get(`${asked}&_summary=count`);
    expect([found(counted), Number(counted.json.total) > instants.length]).toEqual([[], true]);
    const [part] = resources(await officer().get(`${asked}&_elements=action&_count=1`));
    expect(Object.keys(part ?? {}).sort()).toEqual(
      'action agent id meta recorded resourceType source type'.split(' ').sort(),
    );
    const lenient = await officer().get('AuditEvent?bodysite=x&_count=1', { prefer: 'handling=lenient' });
    expect([lenient.status, lenient.text.includes('bodysite')]).toEqual([200, true]);
  });

  test('pages, newest first, each event once', async () => {
    const first = await officer().get('AuditEvent?patient=Patient/seen&_count=2');
    expect(link(first, 'self')).toContain('AuditEvent?patient=Patient');
    const ids = (await pages(officer(), first)).flatMap((page) => found(page));
    expect(new Set(ids).size).toBe(ids.length);
    const numbers = ids.map((one) => Number(one.replace(/\D*(\d+)-.*/, '$1')));
    expect([...numbers].sort((a, b) => b - a)).toEqual(numbers);
  });

  test('every event is valid R4 and names no search value (BALP)', async () => {
    const reply = await officer().get('AuditEvent?_count=60');
    for (const event of resources(reply)) {
      expect(service.app.door.definitions.validate(event).filter(({ severity }) => severity === 'error')).toEqual([]);
    }
    expect(reply.text).not.toContain('Fixture-seen');
  });
});

test('$verify is for governance; its report is signed with a published key, and a look at the proof is in the trail', async () => {
  for (const who of ['midwife', 'service-lead', 'hv-system']) {
    expect([who, (await service.as(who).get('AuditEvent/$verify')).status]).toEqual([who, 403]);
  }
  expect((await service.as('mother').post('AuditEvent/$verify')).status).toBe(404);
  expect((await officer().get('AuditEvent/$verify?upto=3')).status).toBe(400);
  const reply = await officer().post('AuditEvent/$verify');
  expect([reply.status, at(reply.json, 'parameter.0.valueBoolean')]).toEqual([200, true]);
  expect(service.app.door.definitions.validate({ ...reply.json, resourceType: 'Parameters' })).toEqual([]);
  const published = await (await fetch(new URL('/.well-known/audit-keys.json', service.base))).text();
  expect(published).not.toContain('"d"');
  const lines = at(JSON.parse(published), 'keys');
  const keys = publicKeysOf((Array.isArray(lines) ? lines : []).map((key) => JSON.stringify(key)).join('\n'));
  const parts = Array.isArray(reply.json.parameter) ? reply.json.parameter : [];
  const signed = textAt(parts.find((part) => at(part, 'name') === 'signed-report') ?? {}, 'valueString');
  expect(readStatement('audit-report', signed, keys)).toMatchObject({ ok: true, firstBroken: null });
  expect(readStatement('audit-checkpoint', signed, keys)).toBe('is a statement of another kind');
  const looks = await officer().get('AuditEvent?subtype=operation&_count=50');
  expect(looks.text).toContain('ig-imran');
});

test('the chain verifies; a changed record, made by the owner herself, is named', async () => {
  await sealDurable(service.pool);
  const whole = await verifyAudit(service.pool);
  expect([whole.ok, whole.rows > 20]).toEqual([true, true]);
  const owner = openPool(service.database.ownerUrl, 1);
  try {
    const { rows } = await owner.query<{ seq: number; xid: string; id: number }>(
      'select seq, xid::text as xid, id from audit_seal order by seq offset 7 limit 1',
    );
    const target = rows[0];
    if (target === undefined) throw new Error('eight records are sealed');
    await owner.query('alter table audit disable trigger all');
    const changed = await owner.query(
      "update audit set body = replace(body, '\"outcome\":0', '\"outcome\":4') || ' ' where xid::text = $1 and id = $2",
      [target.xid, target.id],
    );
    expect(changed.rowCount).toBe(1);
    const broken = await verifyAudit(service.pool);
    expect([broken.ok, broken.firstBroken?.seq]).toEqual([false, target.seq]);
  } finally {
    await owner.end();
  }
});
