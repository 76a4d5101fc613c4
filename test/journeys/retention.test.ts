/** Retention and legal hold: what is due, what is held, and that nothing goes without two people and a certificate. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reference } from '../../src/care/canon.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { runRetention } from '../../src/jobs/retention.ts';
import { answer, askDestruction, liftHold, placeHold, readRetention } from '../../src/oversight/retention.ts';
import {
  answerSchedule,
  askSchedule,
  certificateFile,
  readSchedule,
  recountSchedule,
} from '../../src/oversight/retention-schedule.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { openBook } from '../../src/wiring/audit.ts';
import { asPerson } from '../harness/as-person.ts';
import { practitionerRole } from '../harness/directory.ts';
import { nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf } from './console-world.ts';

let service: Service;
let owner: Pool;
let told: string[] = [];
const log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: (words: string, more?: object) => told.push(`${words} ${JSON.stringify(more)}`),
};
const person = (id: string, birthDate: string, more: object = {}): Resource => ({
  resourceType: 'Patient',
  id,
  active: true,
  birthDate,
  name: [{ family: 'Fixture', given: [id] }],
  ...more,
});
const NUMBER = nhsNumberOf(86_001);
const NHS = 'https://fhir.nhs.uk/Id/nhs-number';

beforeAll(async () => {
  service = await startService();
  await service.directory();
  owner = openPool(service.database.ownerUrl, 2);
  await service.family('young');
  const old = { identifier: [{ system: NHS, value: NUMBER }] };
  const people = [
    ...[person('old', '1950-01-01', old), person('kid', '1997-03-05'), person('late', '1984-03-05')],
    ...[
      person('mum', '1970-01-01', { identifier: [{ system: NHS, value: nhsNumberOf(86_002) }] }),
      person('gone', '1999-06-01', { deceasedBoolean: true }),
    ],
    ...[person('born', '2000-02-02'), person('stays', '1960-01-01')],
  ];
  const mother: Resource = {
    resourceType: 'RelatedPerson',
    id: 'born-mother',
    patient: reference('Patient/born'),
    identifier: [{ system: NHS, value: nhsNumberOf(86_002) }],
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'NMTH' }] }],
  };
  const words = ['old', 'kid', 'late', 'mum', 'gone', 'born'].map((id) => ({
    ...note(`${id}-note`, id, `words of ${id}`),
    effectiveDateTime: '2001-03-04',
  }));
  await service.load([...people, mother, ...words, note('stays-note', 'stays', 'recent')]);
  await service.load([{ ...note('old-note', 'old', 'second words'), effectiveDateTime: '2001-03-04' }]);
  await service.load([{ ...twice(), id: 'cg-twice' }]);
  // As if the last entry were long ago.
  await owner.query(`update resource set updated = '2001-03-04T12:00:00Z' where subjects && $1`, [
    ['old', 'kid', 'late', 'mum', 'gone', 'born'].map((id) => `Patient/${id}`),
  ]);
}, 60_000);
afterAll(async () => {
  await owner.end();
  await service.close();
});

const twice = () => practitionerRole('cg-shah');
const as = (id: string) => asPerson(service, id);
const door = () => service.app.door;
const job = () => ({
  pool: service.pool,
  keeper: openBook(service.config, () => new Date()),
  clock: () => new Date(),
  log,
});
const night = () => runRetention(job());
const view = async () => readRetention(door(), await as('sar-1'));
const listed = async () => (await view()).due.map(({ patient }) => patient.slice('Patient/'.length)).sort();
const dueOf = async (id: string) =>
  (await service.pool.query('select due::text, rule from retention_due($1)', [`Patient/${id}`])).rows[0] ?? null;

describe('the schedule', () => {
  test.each([
    ['old', { due: '2009-03-05', rule: 'adult' }],
    ['kid', { due: '2022-03-05', rule: 'child' }],
    // Seventeen at the end of care: the 26th birthday. Her mother's time is the longer one of both.
    ['late', { due: '2010-03-05', rule: 'child-of-17' }],
    ['mum', { due: '2025-02-02', rule: 'child' }],
    ['gone', null],
  ])('%s', async (id, due) => expect(await dueOf(id)).toEqual(due));

  test('a maternity record is kept 25 years, a record in use is not due, and the service does not change the schedule', async () => {
    expect((await dueOf('young'))?.rule).toBe('maternity');
    expect(await dueOf('stays')).toMatchObject({ rule: 'adult' });
    await expect(service.pool.query('update retention_schedule set years = 1')).rejects.toMatchObject({
      code: '42501',
    });
    await owner.query(`update retention_schedule set years = 30 where kind = 'adult'`);
    expect(await dueOf('old')).toMatchObject({ due: '2031-03-05' });
    await owner.query(`update retention_schedule set years = 8 where kind = 'adult'`);
  });
});

test('the nightly look lists what is due and not held; a hold is ended by two people', async () => {
  await night();
  expect(await listed()).toEqual(['born', 'kid', 'late', 'mum', 'old']);
  await placeHold(door(), await as('sar-1'), NUMBER, 'Complaint, letter before action');
  await night();
  expect(await listed()).toEqual(['born', 'kid', 'late', 'mum']);
  await placeHold(door(), await as('cg-shah'), null, 'Public inquiry');
  await night();
  expect(await listed()).toEqual([]);
  const everything = (await view()).holds.find(({ patient }) => patient === null)?.reference ?? '';
  await liftHold(door(), await as('cg-shah'), { reference: everything, reason: 'The inquiry has ended' });
  for (const who of ['cg-shah', 'cg-twice'])
    await expect(liftHold(door(), await as(who), { reference: everything, reason: null })).rejects.toMatchObject({
      status: 422,
    });
  const bypass = `update retention_hold set lifted = now(), lifted_person = 'x' where patient = 'Patient/old'`;
  await expect(service.pool.query(bypass)).rejects.toMatchObject({ code: '23514' });
  await liftHold(door(), await as('sar-1'), { reference: everything, reason: null });
  await night();
  expect(await listed()).toEqual(['born', 'kid', 'late', 'mum']);
  await expect(readRetention(door(), await as('ig-imran'))).rejects.toMatchObject({ status: 403 });
});

describe('destruction', () => {
  test('is not the service’s own, not one person’s, and not of what is held or in use', async () => {
    for (const table of ['resource', 'history', 'retention_destruction'])
      await expect(service.pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
    const ask = (patient: string, approved: string | null) =>
      service.pool.query(
        `insert into retention_destruction (reference, patient, due, rule, asked, asked_by, person, words, approved, approved_person)
         values ('DES-' || gen_random_uuid(), $1, '2001-01-01', 'adult', now(), 'A', 'Practitioner/a', 'w', case when $2::text is null then null else now() end, $2) returning id`,
        [patient, approved],
      );
    await expect(ask('Patient/old', 'Practitioner/a')).rejects.toMatchObject({ code: '23514' });
    const refused = async (patient: string, approved: string | null) => {
      const { rows } = await ask(patient, approved);
      const id = Number(rows[0].id);
      const code = await service.pool.query('select retention_destroy($1, 10)', [id]).catch((error) => error.code);
      await service.pool.query('update retention_destruction set refused = now() where id = $1', [id]);
      return code;
    };
    expect(await refused('Patient/kid', null)).toBe('TDR02');
    expect(await refused('Patient/old', 'Practitioner/b')).toBe('TDR03');
    expect(await refused('Patient/stays', 'Practitioner/b')).toBe('TDR04');
    expect(await refused('Patient/gone', 'Practitioner/b')).toBe('TDR04');
  });

  test('of one record, by two people in the night: rows, history and index are gone, numbers and others stay', async () => {
    const { due, holds } = await view();
    const hold = holds[0]?.reference ?? '';
    await liftHold(door(), await as('sar-1'), { reference: hold, reason: 'Settled out of court' });
    await liftHold(door(), await as('cg-shah'), { reference: hold, reason: null });
    await night();
    const listing = (await view()).due.find(({ patient }) => patient === 'Patient/old')?.reference ?? '';
    expect(due.some(({ reference: one }) => one === listing)).toBe(false);
    const words = 'Past its time, nobody asks for it';
    await askDestruction(door(), await as('cg-twice'), { reference: listing, words });
    await expect(askDestruction(door(), await as('sar-1'), { reference: listing, words })).rejects.toMatchObject({
      status: 409,
    });
    const asked = (await view()).destructions.find(
      ({ refusedBy, done }) => refusedBy === null && done === null && true,
    );
    const ref = (await view()).destructions.find((one) => one.words === words)?.reference ?? asked?.reference ?? '';
    await expect(answer(door(), await as('cg-shah'), { reference: ref, agreed: true })).rejects.toMatchObject({
      status: 422,
    });
    const feed = (await service.pool.query('select max(feed_no) as last, count(*) as n from feed')).rows[0];
    expect((await service.as('steward').get('Observation/old-note/_history/1')).status).toBe(200);
    await answer(door(), await as('sar-1'), { reference: ref, agreed: true });
    told = [];
    expect([await night(), told]).toEqual([{ destroyed: 1, segments: 0 }, []]);
    for (const path of ['Patient/old', 'Observation/old-note', 'Observation/old-note/_history/1'])
      expect([path, (await service.as('steward').get(path)).status]).toEqual([path, 404]);
    const left = await service.pool.query<{ n: number }>(
      `select ((select count(*) from resource where 'Patient/old' = any (subjects)) + (select count(*) from history where 'Patient/old' = any (subjects))
        + (select count(*) from index_string where id in ('old', 'old-note')) + (select count(*) from index_date where id in ('old', 'old-note'))
        + (select count(*) from relationship where patient = 'Patient/old') + (select count(*) from consent where patient = 'Patient/old'))::integer as n`,
    );
    expect(left.rows[0]?.n).toBe(0);
    const after = (await service.pool.query('select max(feed_no) as last, count(*) as n from feed')).rows[0];
    expect([after, Number(after.last)]).toEqual([feed, Number(after.n)]);
    expect((await service.as('steward').get('Observation/kid-note')).status).toBe(200);
    const { rows } = await service.pool.query(
      'select certificate, removed from retention_destruction where reference = $1',
      [ref],
    );
    const certified = JSON.parse(Buffer.from(rows[0].certificate.split('.')[1], 'base64url').toString('utf8'));
    expect(certified).toMatchObject({
      reference: ref,
      patient: 'Patient/old',
      rule: 'adult',
      removed: Number(rows[0].removed),
    });
    const recorded = await service.pool.query(
      `select count(*)::integer as n from audit where body like '%destroyed ${ref}%'`,
    );
    expect(recorded.rows[0].n).toBe(1);
    expect(await night()).toEqual({ destroyed: 0, segments: 0 });
  });

  test('stops when somebody writes in the record again', async () => {
    const listing = (await view()).due.find(({ patient }) => patient === 'Patient/kid')?.reference ?? '';
    await askDestruction(door(), await as('cg-shah'), { reference: listing, words: 'Past its time, nobody asks' });
    const ref =
      (await view()).destructions.find(
        (one) => one.patient === 'Patient/kid' && one.refusedBy === null && one.approvedBy === null,
      )?.reference ?? '';
    await answer(door(), await as('sar-1'), { reference: ref, agreed: true });
    await service.load([note('kid-new', 'kid', 'a new entry')]);
    told = [];
    expect((await night()).destroyed).toBe(0);
    expect(told.join()).toContain('TDR04');
    expect((await service.as('steward').get('Observation/kid-note')).status).toBe(200);
  });
});

describe('the schedule set by two people', () => {
  const asked = (kind: string, years: number) => ({ kind, years, words: 'The records committee decided so' });
  const waiting = async () =>
    (await readSchedule(door(), await as('sar-1'))).changes.find(
      (one) => one.approved === null && one.refusedBy === null,
    );

  test('is never shorter than the rule, never contradicts itself, never sets what no source gives, and is not one person’s', async () => {
    const refusal = async (kind: string, years: number) =>
      askSchedule(door(), await as('sar-1'), asked(kind, years)).catch(({ status, message }) => [status, message]);
    expect(await refusal('adult', 7)).toEqual([422, 'This is shorter than R-34 says.']);
    expect(await refusal('child', 30)).toEqual([422, expect.stringContaining('17 at the end of care')]);
    expect(await refusal('deceased-child', 20)).toEqual([422, expect.stringContaining('No source gives years')]);
    expect(await refusal('adult', 8)).toEqual([422, 'It is kept so long already.']);
    await expect(askSchedule(door(), await as('ig-imran'), asked('adult', 20))).rejects.toMatchObject({ status: 403 });

    await askSchedule(door(), await as('cg-twice'), asked('adult', 40));
    const change = await waiting();
    expect(change).toMatchObject({ before: 8, years: 40, newlyDue: 0, held: 0 });
    expect(change?.looked).toBeGreaterThan(5);
    expect(change?.counted).not.toBeNull();
    const ref = change?.reference ?? '';
    await expect(askSchedule(door(), await as('sar-1'), asked('maternity', 30))).rejects.toMatchObject({ status: 409 });
    await expect(answerSchedule(door(), await as('cg-shah'), { reference: ref, agreed: true })).rejects.toMatchObject({
      status: 422,
    });
    const forged = `update retention_schedule_change set approved = now(), approved_person = 'x' where reference = $1`;
    await expect(service.pool.query(forged, [ref])).rejects.toMatchObject({ code: '42501' });
    await answerSchedule(door(), await as('sar-1'), { reference: ref, agreed: true });
    expect((await view()).schedule.find(({ kind }) => kind === 'adult')).toMatchObject({ years: 40, setBy: ref });
    await expect(certificateFile(door(), await as('sar-1'), ref)).rejects.toMatchObject({ status: 404 });
    await night();
    const [, body = ''] = (await certificateFile(door(), await as('sar-1'), ref)).split('.');
    expect(JSON.parse(Buffer.from(body, 'base64url').toString('utf8'))).toMatchObject({
      reference: ref,
      kind: 'adult',
      years: 40,
      before: 8,
    });
  });

  test('is not set while a hold keeps what it would let go; a hold placed after the count counts too', async () => {
    const number = nhsNumberOf(86_009);
    await service.load([person('held', '1950-01-01', { identifier: [{ system: NHS, value: number }] })]);
    await owner.query(`update resource set updated = '2001-03-04T12:00:00Z' where subjects && array['Patient/held']`);
    await askSchedule(door(), await as('cg-shah'), asked('adult', 8));
    const first = await waiting();
    expect(first?.newlyDue).toBeGreaterThan(0);
    const reference = first?.reference ?? '';
    await placeHold(door(), await as('sar-1'), number, 'Complaint, letter before action');
    const agree = async () => answerSchedule(door(), await as('sar-1'), { reference, agreed: true });
    await expect(agree()).rejects.toThrow(/hold keeps/);
    await recountSchedule(door(), await as('sar-1'), reference);
    expect((await waiting())?.held).toBe(1);
    await expect(agree()).rejects.toThrow(/hold keeps/);
    await answerSchedule(door(), await as('cg-shah'), { reference, agreed: false });
    expect((await view()).schedule.find(({ kind }) => kind === 'adult')?.years).toBe(40);
  });
});

test('the page is for those who keep records, and asks in words', async () => {
  const origin = `http://127.0.0.1:${service.port}`;
  const sheila = browserOf(origin);
  await sheila.signIn('sar-officer');
  const page = await sheila.get('/console/retention');
  expect([page.status, page.html.includes('Past their time')]).toEqual([200, true]);
  const [, reference = ''] = /name="reference" value="(DUE-[0-9A-F]+)"/.exec(page.html) ?? [];
  const post = (form: Record<string, string>) => sheila.fill('/console/retention', '/console/retention', form);
  expect((await post({ act: 'destroy', reference, words: 'short' })).status).toBe(422);
  expect((await post({ act: 'destroy', reference, words: 'Past its time, nobody asks for it' })).html).toContain(
    'Waits for a second person',
  );
  expect(
    (await post({ act: 'hold', what: 'one', 'nhs-number': nhsNumberOf(86_002), reason: 'A letter before action came' }))
      .html,
  ).toContain('HOLD-');
  expect((await post({ act: 'segment', record: '5', 'segment-words': 'Older than anybody needs' })).html).toContain(
    'The trail up to record 5',
  );
  const page2 = '/console/retention/schedule';
  const schedule = await sheila.get(page2);
  expect([schedule.status, schedule.html.includes('no source gives years')]).toEqual([200, true]);
  const ask = (form: Record<string, string>) =>
    sheila.fill(page2, page2, { act: 'ask', kind: 'maternity', years: '30', ...form });
  expect((await ask({ words: 'short' })).status).toBe(422);
  expect((await ask({ words: 'The records committee decided so', years: '24' })).html).toContain('shorter than R-34');
  expect((await ask({ words: 'The records committee decided so' })).html).toContain('Waits for a second person');
  const midwife = browserOf(origin);

  await midwife.signIn('midwife');
  expect((await midwife.get('/console/retention')).status).toBe(403);
});
