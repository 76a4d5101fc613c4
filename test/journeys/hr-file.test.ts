/** The nightly join against the HR file: who has left, own records, kin and neighbours by keyed hashes, and stale files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { joinHrFile } from '../../src/directory/hr-join.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { startHrFile } from '../../src/jobs/hr-file.ts';
import { at } from '../harness/client.ts';
import { scratchFolder } from '../harness/cluster.ts';
import { practitionerRole } from '../harness/directory.ts';
import { nhsNumberOf } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { browserOf, wordsOf } from './console-world.ts';
import { until } from './leavers-world.ts';

const STAFF = 'https://tandem.example/fhir/Id/staff-number';
const NUMBER = nhsNumberOf(81_001);
const WORDS = ['Kanarienvogel', 'ZZ9 9ZZ', '7 Kanarienweg', '1990-05-04', NUMBER];

let service: Service;
const take = (text: string, writtenAt: Date | null = new Date()) => joinHrFile(service.app.door, { text, writtenAt });
const person = (id: string, number: string): Resource => ({
  resourceType: 'Practitioner',
  id,
  active: true,
  identifier: [{ system: STAFF, value: number }],
  name: [{ given: [id], family: 'Fixture' }],
});
const FILE = [
  '\uFEFFstaff_number,family_names,birth_date,nhs_number,postcode,address,last_day',
  `H1,Smith; Kanarienvogel,04/05/1990,${NUMBER.slice(0, 3)} ${NUMBER.slice(3)},zz99zz,"7, kanarienweg",`,
  'M1,Other,1980-01-01,,,,2026-01-31',
  'X9,Nobody,,,,,',
].join('\r\n');

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('own', { nhsNumber: NUMBER });
  await service.family('kin');
  await service.load([person('hv-helen', 'H1'), person('mw-priya', 'M1'), person('mw-other', 'M2')]);
  const woman = (await service.as('steward').get('Patient/kin')).json as Resource;
  const address = [{ use: 'home', line: ['7 Kanarienweg'], postalCode: 'ZZ9 9ZZ' }];
  await service.load([
    { ...woman, name: [{ family: 'KANARIENVOGEL', given: ['Ada'] }], birthDate: '1993-01-01', address },
  ]);
}, 60_000);
afterAll(() => service.close());

test('own records close, kin and neighbours are seen by oversight, and nothing of it is kept in words', async () => {
  expect((await service.as('health-visitor').get('Patient/own')).status).toBe(200);
  expect(await take(FILE)).toMatchObject({ taken: true, people: 3, unknown: 1, faults: [] });
  const own = await service.as('health-visitor').get('Patient/own');
  expect([own.status, at(own.json, 'issue.0.details.coding.0.code')]).toEqual([403, 'own-record']);
  expect((await service.as('health-visitor').get('Patient/kin')).status).toBe(200);
  await until(async () => {
    const { rows } = await service.pool.query<{ kind: string }>(
      `select kind from oversight_access where patient = 'Patient/kin' and party = 'PractitionerRole/hv-helen'`,
    );
    return ['same-surname', 'same-address', 'neighbour'].every((kind) => rows.some((row) => row.kind === kind));
  });
  const kept = await service.pool.query<{ text: string }>(
    `select (select string_agg(h::text, ' ') from hr_person h) || (select string_agg(r::text, ' ') from hr_read r)
      || (select string_agg(d.entry::text, ' ') from directory d where d.entry ->> 'kind' = 'own-record')
      || (select string_agg(a.body, ' ') from audit a where a.body like '%HR file%') as text`,
  );
  for (const word of WORDS) expect([word, kept.rows[0]?.text.includes(word)]).toEqual([word, false]);
  expect(kept.rows[0]?.text).toContain('Practitioner/hv-helen');
  for (const word of WORDS) expect([word, service.logged.join().includes(word)]).toEqual([word, false]);
});

test('leavers still at work here and people HR does not know are listed; the file alone ends nobody', async () => {
  await take(FILE);
  const browser = browserOf(`http://127.0.0.1:${service.port}`);
  await browser.signIn('ig-officer');
  const page = wordsOf((await browser.get('/console/movements')).html);
  expect(page).toContain('mw-priya Fixture : left on 31 Jan 2026');
  expect(page).toContain('mw-other Fixture : not in the file');
  expect(page).not.toContain('hv-helen Fixture : ');
  expect((await service.as('midwife').get('Patient/kin')).status).toBe(200);
});

test('a file that is broken, cut short or old changes nothing and is told', async () => {
  const before = (await service.pool.query('select * from hr_person order by 1')).rows;
  for (const text of [
    '',
    'staff_number\nUNKNOWN',
    'family_names\nSmith',
    'staff_number\nX1\nX2',
    '"',
    FILE.split('\r\n').slice(0, 1).join(),
  ])
    expect([text, (await take(text)).taken]).toEqual([text, false]);
  expect((await joinHrFile(service.app.door, { text: null, writtenAt: null })).taken).toBe(false);
  expect((await service.pool.query('select * from hr_person order by 1')).rows).toEqual(before);
  const lines = await take(`${FILE}\r\nH1,Again,,,,,\r\nH7,Bad,40/40/1990,123,,,`);
  expect(lines).toMatchObject({ taken: true });
  expect(lines.faults.map((one) => one.slice(0, 18))).toEqual([
    'HR file line 5, st',
    'HR file line 6, nh',
    'HR file line 6, bi',
  ]);
  await take(FILE, new Date(Date.now() - 10 * 86_400_000));
  const browser = browserOf(`http://127.0.0.1:${service.port}`);
  await browser.signIn('ig-officer');
  expect(wordsOf((await browser.get('/console/movements')).html)).toContain('The HR file is out of date');
  expect(service.logged.join()).toContain('the HR file is old');
});

test('it is read at start when nobody has read it, and in a night', async () => {
  const path = join(scratchFolder('hr'), 'hr.csv');
  const job = startHrFile(service.app.door, { pool: service.pool, path });
  await job.stop();
  writeFileSync(path, FILE);
  const count = async () => (await service.pool.query('select 1 from hr_read')).rowCount ?? 0;
  const before = await count();
  const again = startHrFile(service.app.door, { pool: service.pool, path });
  await again.stop();
  expect(await count()).toBe(before + 1);
  await startHrFile(service.app.door, { pool: service.pool, path }).stop();
  expect(await count()).toBe(before + 1);
  expect(await again.run()).toBe(true);
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0x41]));
  await again.run();
  const { rows } = await service.pool.query('select taken from hr_read order by id desc limit 1');
  expect(rows).toEqual([{ taken: false }]);
});

test('joiners, movers and leavers: roles by their days, teams by theirs, as a page and as a file with its hash in the trail', async () => {
  const now = Date.now();
  const day = (n: number) => new Date(now + n * 86_400_000).toISOString();
  await service.load([practitionerRole('hv-none', { start: '2020-01-01', end: day(-2) })]);
  const team = (await service.as('steward').get('CareTeam/hv-team-south')).json as Resource;
  const hers = (id: string, start: string) => ({ member: { reference: `PractitionerRole/${id}` }, period: { start } });
  await service.load([{ ...team, participant: [hers('hv-helen', day(-1))], name: '=South' }]);
  const browser = browserOf(`http://127.0.0.1:${service.port}`);
  await browser.signIn('ig-officer');
  const page = wordsOf((await browser.get('/console/movements?days=7')).html);
  expect(page).toContain('Nell Fixture What Left Role and service, or team Health visitor, Health visiting service');
  expect(page).toContain('hv-helen Fixture What Joined a team Role and service, or team =South');
  expect(
    (await browser.fill('/console/movements?days=7', '/console/movements', { days: '7', reason: '' })).status,
  ).toBe(422);
  const file = await browser.fill('/console/movements?days=7', '/console/movements', {
    days: '7',
    reason: 'For the SIRO',
  });
  expect(file.headers.get('content-type')).toContain('text/csv');
  expect(file.html).toContain("'=South");
  const { rows } = await service.pool.query(
    `select 1 from audit where body like '%export movements csv sha256:%' and body like '%disclosure%'`,
  );
  expect(rows).toHaveLength(1);
  await browser.signIn('nursery-nurse');
  expect((await browser.get('/console/movements')).status).toBe(403);
});
