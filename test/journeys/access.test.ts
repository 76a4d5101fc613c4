/** Ways into a record out of sight: trace, self-claim, break-glass, the grant of two, earlier pregnancies, unmasking. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { local } from '../../src/governance/vocabulary.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { familyOf, newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;
let ahead = 0;
const MINUTE = 60_000;
const V3 = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const security = (code: string) => ({ meta: { security: [{ system: V3, code }] } });
const NUMBER = { theirs: nhsNumberOf(70_001), sealed: nhsNumberOf(70_002), flagged: nhsNumberOf(70_003) };
const BORN = '1998-04-05';
const WORDS = 'Called to the home by her neighbour tonight';
const BTG = { 'x-purpose-of-use': 'BTG' };

beforeAll(async () => {
  service = await startService({ clock: () => new Date(Date.now() + ahead) });
  await service.directory();
  const elsewhere = { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null };
  await service.family('theirs', { ...elsewhere, nhsNumber: NUMBER.theirs });
  await service.family('mine');
  await service.family('again', { nhsNumber: nhsNumberOf(70_009) });
  for (const [id, code] of [
    ['sealed', 'V'],
    ['flagged', 'R'],
  ] as const) {
    const [mother, ...rest] = familyOf(id, { ...elsewhere, nhsNumber: NUMBER[id] });
    await service.load([{ ...mother, resourceType: 'Patient', ...security(code) }, ...rest]);
  }
  await service.load([
    note('theirs-n', 'theirs', 'N'),
    note('theirs-r', 'theirs', 'R', security('R')),
    note('earlier', 'again', 'earlier', { effectiveDateTime: '2022-03-01', ...of('P-earlier') }),
  ]);
}, 60_000);
afterAll(() => service.close());

const of = (pregnancy: string) => ({
  identifier: [{ system: 'https://tandem.example/fhir/Id/pregnancy', value: pregnancy }],
});

type Said = Readonly<Record<string, string>>;
const call = (client: Client, name: string, said: Said, headers = {}): Promise<Reply> =>
  client.post(
    `Patient/${name}`,
    { resourceType: 'Parameters', parameter: Object.entries(said).map(([key, value]) => parameter(key, value)) },
    headers,
  );
const parameter = (name: string, value: string) =>
  name === 'patient' || name === 'clinician'
    ? { name, valueReference: { reference: value } }
    : { name, [name === 'birthDate' ? 'valueDate' : 'valueString']: value };
const trace = (client: Client, nhsNumber: string, more: Said = {}) =>
  call(client, '$trace', { nhsNumber, birthDate: BORN, ...more });

function named(reply: Reply, name: string): unknown {
  const list = Array.isArray(reply.json.parameter) ? reply.json.parameter : [];
  const one = list.find((candidate) => at(candidate, 'name') === name);
  return (
    at(one, 'valueCoding.code') ??
    at(one, 'valueReference.reference') ??
    at(one, 'valueString') ??
    at(one, 'valueInstant')
  );
}

const outsider = () => service.as(staff('hv-none'));
async function lastAudit(): Promise<{ detail?: string; rules?: string[]; purpose?: string; outcome: number }> {
  const { rows } = await service.pool.query<{ body: string }>(
    'select body from audit order by xid desc, id desc limit 1',
  );
  return JSON.parse(rows[0]?.body ?? '{}');
}

describe('$trace (R-50)', () => {
  test('vector 43: out of sight N restricted with a handle, V a telephone, restricted demographics a handle', async () => {
    const theirs = await trace(outsider(), NUMBER.theirs);
    expect([theirs.status, named(theirs, 'result'), named(theirs, 'patient')]).toEqual([
      200,
      'match-restricted',
      undefined,
    ]);
    expect(String(named(theirs, 'handle')).length).toBeGreaterThan(40);
    const sealed = await trace(outsider(), NUMBER.sealed);
    expect([named(sealed, 'result'), named(sealed, 'handle')]).toEqual(['contact-safeguarding', undefined]);
    expect(named(sealed, 'contact')).toContain('safeguarding lead');
    expect(named(await trace(outsider(), NUMBER.flagged), 'result')).toBe('match-restricted');
    expect(await lastAudit()).toMatchObject({ detail: '$trace:match-restricted', rules: ['R-50'] });
    for (const reply of [theirs, sealed]) expect(reply.text).not.toMatch(/Fixture|theirs|sealed/);
  });

  test('exact: another date of birth or name is nobody, a permitted one is named', async () => {
    const none = await trace(outsider(), nhsNumberOf(79_999));
    expect(named(none, 'result')).toBe('no-match');
    expect(
      named(await call(outsider(), '$trace', { nhsNumber: NUMBER.theirs, birthDate: '1998-04-06' }), 'result'),
    ).toBe('no-match');
    expect(named(await trace(outsider(), NUMBER.theirs, { family: 'Other' }), 'result')).toBe('no-match');
    const family = await trace(outsider(), NUMBER.theirs, { family: 'FIXTURE-theirs' });
    expect(named(family, 'result')).toBe('match-restricted');
    const seen = await trace(service.as('midwife'), nhsNumberOf(70_009));
    expect([named(seen, 'result'), named(seen, 'patient')]).toEqual(['match-permitted', 'Patient/again']);
  });

  test('not for admin, officers or families, and not without end', async () => {
    expect((await trace(service.as('admin'), NUMBER.theirs)).status).toBe(403);
    expect((await trace(service.as('ig-officer'), NUMBER.theirs)).status).toBe(403);
    expect((await trace(service.as('mother'), NUMBER.theirs)).status).toBe(404);
    const statuses: number[] = [];
    for (let n = 0; n < 31; n += 1) statuses.push((await trace(service.as(staff('hv-south')), NUMBER.theirs)).status);
    expect([...new Set(statuses)].toSorted()).toEqual([200, 429]);
    expect(statuses.at(-1)).toBe(429);
  });

  test('vector 44: a verified number out of sight is never registered twice', async () => {
    const before = await service.pool.query("select count(*)::int as n from resource where type = 'Patient'");
    for (const [id, code] of [
      ['theirs', 'match-restricted'],
      ['sealed', 'contact-safeguarding'],
    ] as const) {
      const none = { 'if-none-exist': `identifier=https://fhir.nhs.uk/Id/nhs-number|${NUMBER[id]}` };
      const reply = await service.as('hv-system').post('Patient', newMother('Double', NUMBER[id]), none);
      expect([reply.status, at(reply.json, 'issue.0.details.coding.0.code')]).toEqual([409, code]);
      expect(at(reply.json, 'issue.0.extension.0.valueString') === undefined).toBe(id === 'sealed');
      expect(reply.text).not.toMatch(/Patient\/(theirs|sealed)/);
    }
    const after = await service.pool.query("select count(*)::int as n from resource where type = 'Patient'");
    expect(after.rows).toEqual(before.rows);
  });
});

/** The handle a refusal gives with the way in. */
const handleIn = (reply: Reply): string => String(at(reply.json, 'issue.1.extension.0.valueString'));

describe('break-glass (R-18, R-19)', () => {
  test('vectors 3, 20, 46: the 403 explains the way in, a reason opens up to R for an hour, then it is over', async () => {
    const refused = await outsider().get('Observation/theirs-r');
    expect([refused.status, at(refused.json, 'issue.1.details.coding.0.code')]).toEqual([403, 'break-glass']);
    expect((await outsider().get('Observation/theirs-n')).text).toContain('$claim-relationship');
    const handle = handleIn(refused);
    const said = { handle, reason: 'emergency', text: WORDS };
    expect((await call(outsider(), '$break-glass', { ...said, reason: 'curious' })).status).toBe(400);
    expect((await call(outsider(), '$break-glass', { ...said, text: 'too short' })).status).toBe(400);
    expect((await outsider().get('Observation/theirs-r', BTG)).status).toBe(403);
    const opened = await call(outsider(), '$break-glass', said);
    expect([opened.status, named(opened, 'patient')]).toEqual([201, 'Patient/theirs']);
    expect(await lastAudit()).toMatchObject({ detail: 'break-glass:emergency', rules: ['R-18'], outcome: 0 });
    const read = await outsider().get('Observation/theirs-r', BTG);
    expect([read.status, read.headers.get('x-break-glass')?.startsWith('until=')]).toEqual([200, true]);
    expect(await lastAudit()).toMatchObject({ purpose: 'BTG' });
    // For its purpose only, for her only, for this woman only.
    expect((await outsider().get('Observation/theirs-r')).status).toBe(403);
    expect((await service.as(staff('hv-south')).get('Observation/theirs-r', BTG)).status).toBe(403);
    expect((await outsider().get('Patient/mine', BTG)).status).toBe(403);
    const { rows } = await service.pool.query(
      'select kind, holder, reason, words, until_at - at as span, review_due from access_grant',
    );
    expect(rows).toMatchObject([
      { kind: 'break-glass', holder: 'PractitionerRole/hv-none', words: WORDS, span: { hours: 1 } },
    ]);
    const days = (rows[0].review_due.getTime() - Date.now()) / 86_400_000;
    expect([days > 4.9, days < 9.1]).toEqual([true, true]);
    ahead = 61 * MINUTE;
    expect((await outsider().get('Observation/theirs-r', BTG)).status).toBe(403);
    ahead = 0;
  });

  test('vector 22 and R-19: not for admin, officers, systems or nursery nurses, whoever they ask for', async () => {
    const said = { patient: 'Patient/theirs', reason: 'emergency', text: WORDS };
    for (const who of ['admin', 'ig-officer', 'nursery-nurse', 'epr']) {
      const [here, nobody] = [
        await call(service.as(who), '$break-glass', said),
        await call(service.as(who), '$break-glass', { ...said, patient: 'Patient/nobody' }),
      ];
      expect([here.status, here.text]).toEqual([403, nobody.text]);
    }
    expect((await service.as('admin').get('Patient/theirs', BTG)).status).toBe(403);
  });

  test('vectors 21 and 45: V is never opened alone, nor told from nobody; handles are of one service', async () => {
    const said = { reason: 'emergency', text: WORDS };
    for (const hidden of ['Patient/sealed', 'Patient/flagged']) {
      const reply = await call(outsider(), '$break-glass', { ...said, patient: hidden });
      const nobody = await call(outsider(), '$break-glass', { ...said, patient: 'Patient/nobody' });
      expect([reply.status, reply.text]).toEqual([404, nobody.text]);
    }
    const handle = String(named(await trace(outsider(), NUMBER.flagged), 'handle'));
    expect((await call(service.as('midwife'), '$break-glass', { ...said, handle })).status).toBe(400);
    expect((await call(outsider(), '$break-glass', { ...said, handle: `${handle.slice(0, -2)}AA` })).status).toBe(400);
    ahead = 25 * 60 * MINUTE;
    expect((await call(outsider(), '$break-glass', { ...said, handle })).status).toBe(400);
    ahead = 0;
    expect((await call(outsider(), '$break-glass', { ...said, handle })).status).toBe(201);
    expect((await outsider().get('Patient/flagged', BTG)).text).not.toContain('ZZ2');
  });

  test('vector 21: safeguarding opens V to a named clinician for an hour; neither of the two alone', async () => {
    const said = { nhsNumber: NUMBER.sealed, birthDate: BORN, reason: 'urgent-safeguarding', text: WORDS };
    const lead = service.as('safeguarding');
    const to = (who: string) => ({ ...said, clinician: `PractitionerRole/${who}` });
    expect((await call(service.as('midwife'), '$grant-emergency', to('hv-none'))).status).toBe(403);
    expect((await call(lead, '$grant-emergency', to('sg-moira'))).status).toBe(422);
    expect((await call(lead, '$grant-emergency', to('ad-tom'))).status).toBe(422);
    expect((await call(lead, '$grant-emergency', { ...to('hv-none'), birthDate: '1990-01-01' })).status).toBe(404);
    expect((await outsider().get('Patient/sealed', BTG)).status).toBe(404);
    const opened = await call(lead, '$grant-emergency', to('hv-none'));
    expect([opened.status, named(opened, 'patient')]).toEqual([201, 'Patient/sealed']);
    expect((await outsider().get('Patient/sealed', BTG)).status).toBe(200);
    expect((await outsider().get('Patient/sealed')).status).toBe(404);
    expect((await lead.get('Patient/sealed', BTG)).status).toBe(404);
    ahead = 61 * MINUTE;
    expect((await outsider().get('Patient/sealed', BTG)).status).toBe(404);
    ahead = 0;
  });
});

test('self-claim (R-07): N for a day with a reason, and nothing beyond it', async () => {
  const claimant = service.as('health-visitor');
  const handle = handleIn(await claimant.get('Patient/theirs'));
  const said = { handle, reason: 'duty-call', text: WORDS };
  expect((await call(claimant, '$claim-relationship', { ...said, reason: 'emergency' })).status).toBe(400);
  expect((await call(service.as('epr'), '$claim-relationship', said)).status).toBe(403);
  const claimed = await call(claimant, '$claim-relationship', said);
  expect(claimed.status).toBe(201);
  expect(await lastAudit()).toMatchObject({ detail: 'self-claim:duty-call', rules: ['R-07'] });
  expect((await claimant.get('Observation/theirs-n')).status).toBe(200);
  expect((await claimant.get('Observation/theirs-r')).status).toBe(403);
  expect((await service.as(staff('hv-none')).get('Observation/theirs-n')).status).toBe(403);
  ahead = 24 * 60 * MINUTE;
  expect((await service.as('health-visitor').get('Observation/theirs-n')).status).toBe(403);
  ahead = 0;
});

test('earlier pregnancies (R-13, vector 2b): a reason of somebody who cares for her now, reading only, logged', async () => {
  const midwife = service.as('midwife');
  const refused = await midwife.get('Observation/earlier');
  expect([refused.status, at(refused.json, 'issue.0.details.coding.0.code')]).toEqual([403, 'earlier-pregnancy']);
  const said = { patient: 'Patient/again', reason: 'past-loss', text: WORDS };
  expect((await call(service.as(staff('mw-other')), '$open-history', said)).status).toBe(403);
  expect((await call(midwife, '$open-history', said)).status).toBe(201);
  expect(await lastAudit()).toMatchObject({ detail: 'history:past-loss', rules: ['R-13'] });
  const read = await midwife.get('Observation/earlier');
  expect(read.status).toBe(200);
  expect((await midwife.put('Observation/earlier', { ...read.json, resourceType: 'Observation' })).status).toBe(403);
  expect((await service.as('health-visitor').get('Observation/earlier')).status).toBe(403);
});

test('restricted demographics (R-16, vectors 14, 15): a member of the care team unmasks for the day, never by search', async () => {
  const number = nhsNumberOf(70_020);
  const [mother, ...rest] = familyOf('shielded', { nhsNumber: number, postalCode: 'ZZ9 9ZZ' });
  await service.load([{ ...mother, resourceType: 'Patient', ...security('R') }, ...rest]);
  const midwife = service.as('midwife');
  expect((await midwife.get('Patient/shielded')).text).not.toContain('ZZ9');
  const said = { patient: 'Patient/shielded', text: WORDS };
  expect((await call(service.as(staff('mw-other')), '$unmask', said)).status).toBe(404);
  expect((await call(midwife, '$unmask', said)).status).toBe(201);
  expect((await midwife.get('Patient/shielded')).text).toContain('ZZ9');
  expect((await service.as('health-visitor').get('Patient/shielded')).text).not.toContain('ZZ9');
  const search = await midwife.get('Patient?address-postalcode=ZZ9%209ZZ&_total=accurate');
  expect(search.json.total).toBe(0);
  ahead = 24 * 60 * MINUTE;
  const tomorrow = await service.as('midwife').get('Patient/shielded');
  expect([tomorrow.status, tomorrow.text.includes('ZZ9')]).toEqual([200, false]);
  ahead = 0;
});

test('the codes are those of the value sets', async () => {
  const { readFile } = await import('node:fs/promises');
  const { GRANT_REASONS } = await import('../../src/governance/grants.ts');
  const files = { 'break-glass': 'breakglass-reason', 'self-claim': 'lr-reason', history: 'history-reason' } as const;
  for (const [kind, name] of Object.entries(files) as [keyof typeof files, string][]) {
    const text = await readFile(new URL(`../../valueSets/CodeSystem-${name}.json`, import.meta.url), 'utf8');
    const system = JSON.parse(text);
    expect([system.url, system.concept.map(({ code }: { code: string }) => code)]).toEqual([
      local(name),
      GRANT_REASONS[kind],
    ]);
  }
});
