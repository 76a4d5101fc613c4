/**
 * H5 and H7: an ended membership, a leaver, a revoked agreement and a moved family count from the very next request, in
 * every process; nothing stamped on a row and nothing remembered decides.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { found, issue } from '../harness/client.ts';
import { agreement, MATERNITY, practitionerRole, TEAM, team } from '../harness/directory.ts';
import { consent, familyTeam } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let now = new Date();
let service: Service;
let other: Service;

beforeAll(async () => {
  const clock = () => now;
  service = await startService({ clock });
  await service.directory();
  other = await startService({ clock, beside: service });
}, 60_000);
afterAll(async () => {
  await other.close();
  await service.close();
});

/** Status of a read and number of rows of a search, in both processes. */
async function sees(who: Parameters<Service['as']>[0], id: string) {
  const answers = await Promise.all(
    [service, other].map(async (one) => {
      const client = one.as(who);
      const read = await client.get(`Patient/${id}`);
      const search = await client.get(`Observation?patient=${id}&_total=accurate`);
      return [read.status, search.status === 200 ? search.json.total : search.status];
    }),
  );
  expect(answers[1]).toEqual(answers[0]);
  return answers[0];
}

const later = (ms: number): string => new Date(now.getTime() + ms).toISOString();
const start = '2026-01-05';

describe('a person leaves the care team (R-06, R-08)', () => {
  test('taken out: gone with that commit', async () => {
    await service.family('out', { midwives: TEAM.south });
    expect(await sees('midwife', 'out')).toEqual([200, 1]);
    await service.load([familyTeam('out', { midwife: null, healthVisitor: 'hv-helen', start })]);
    expect(await sees('midwife', 'out')).toEqual([403, 0]);
  });

  test('her time ends to the second; only reads of what is there go on for the days of grace', async () => {
    await service.family('ends', { midwives: TEAM.south });
    const end = later(5_000);
    await service.load([familyTeam('ends', { midwife: 'mw-priya', healthVisitor: 'hv-helen', start, end })]);
    const write = () =>
      service
        .as('midwife')
        .get('Patient/ends')
        .then(({ json }) => service.as('midwife').put('Patient/ends', { ...json, birthDate: '1990-01-01' }));
    expect((await write()).status).toBe(200);
    now = new Date(Date.parse(end) - 1);
    expect((await write()).status).toBe(200);
    now = new Date(end);
    expect((await write()).status).toBe(403);
    const read = async (days: number) => {
      now = new Date(Date.parse(end) + days * 86_400_000);
      return (await service.as('midwife').get('Patient/ends')).status;
    };
    expect([await read(10), await read(13.9), await read(14.1), await read(20)]).toEqual([200, 200, 403, 403]);
    now = new Date();
  });

  test('entered in error: revoked, no grace', async () => {
    await service.family('error', { midwives: TEAM.south });
    expect(await sees('midwife', 'error')).toEqual([200, 1]);
    const mistaken = familyTeam('error', { midwife: 'mw-priya', healthVisitor: null, start });
    await service.load([{ ...mistaken, status: 'entered-in-error' }]);
    expect(await sees('midwife', 'error')).toEqual([403, 0]);
  });
});

describe('a person leaves her post', () => {
  test('her role ends: 401 at the next request, whatever her token says', async () => {
    await service.family('leaver', { healthVisitor: 'hv-south', visitors: TEAM.south });
    const who = staff('hv-south');
    expect(await sees(who, 'leaver')).toEqual([200, 1]);
    await service.load([practitionerRole('hv-south', { start: '2020-01-01', end: '2026-01-01' })]);
    expect(await sees(who, 'leaver')).toEqual([401, 401]);
    const reply = await service.as(who).get('Patient/leaver');
    expect(reply.headers.get('www-authenticate')).toContain('error="invalid_token"');
    await service.load([{ ...practitionerRole('hv-south'), active: false }]);
    expect(await sees(who, 'leaver')).toEqual([401, 401]);
    await service.load([practitionerRole('hv-south')]);
    expect(await sees(who, 'leaver')).toEqual([200, 1]);
  });

  test('her place in a team ends: what she saw through the team is gone, with the end of a period too', async () => {
    await service.family('team', {
      midwife: 'mw-other',
      midwives: TEAM.south,
      healthVisitor: 'hv-none',
      visitors: TEAM.healthVisitors,
    });
    expect(await sees('health-visitor', 'team')).toEqual([200, 1]);
    const end = later(2_000);
    await service.load([team(TEAM.healthVisitors, [{ id: 'hv-helen', end }, { id: 'nn-karl' }])]);
    expect(await sees('health-visitor', 'team')).toEqual([200, 1]);
    now = new Date(end);
    expect(await sees('health-visitor', 'team')).toEqual([403, 0]);
    expect((await sees('nursery-nurse', 'team'))?.[0]).toBe(200);
    now = new Date();
    await service.load([team(TEAM.healthVisitors)]);
  });

  test('a system whose registration ended: 401', async () => {
    const mine = service.as('hv-system');
    expect((await mine.get('Patient?_count=1')).status).toBe(200);
    await service.pool.query('select 1');
    const { openPool } = await import('../../src/store/pool.ts');
    const owner = openPool(service.database.ownerUrl, 1);
    try {
      await owner.query("update client set ended = now() - interval '1 second' where client_id = 'hv-system'");
      for (const one of [service, other]) expect((await one.as('hv-system').get('Patient?_count=1')).status).toBe(401);
      await owner.query("update client set ended = null where client_id = 'hv-system'");
    } finally {
      await owner.end();
    }
  });
});

describe('what is agreed changes', () => {
  test('an agreement revoked closes the other service at once, and its system flows loudly (R-04)', async () => {
    await service.family('agreed');
    expect(await sees('health-visitor', 'agreed')).toEqual([200, 1]);
    await service.load([agreement({ status: 'revoked' })]);
    const [status] = (await sees('health-visitor', 'agreed')) ?? [];
    expect(status).toBe(403);
    const system = await service.as('hv-system').get('Patient/agreed');
    expect([system.status, system.text.includes('dsa-expired')]).toEqual([403, true]);
    expect(await sees('midwife', 'agreed')).toEqual([200, 1]);
    await service.load([agreement()]);
    expect(await sees('health-visitor', 'agreed')).toEqual([200, 1]);
  });

  test('an objection closes it to the service it names (R-20, vector 18)', async () => {
    await service.family('objects');
    expect(await sees('health-visitor', 'objects')).toEqual([200, 1]);
    await service.load(consent('objects', 'objected'));
    expect(await sees('health-visitor', 'objects')).toEqual([403, 0]);
    expect(found(await service.as('hv-system').get('Observation?patient=objects'))).toEqual([]);
    expect((await sees('midwife', 'objects'))?.[0]).toBe(200);
  });
});

test('a family moves: the old team sees only what the grace rule allows, from the next request on (H7, vector 23)', async () => {
  await service.family('moves', { midwife: 'mw-other', midwives: TEAM.south, healthVisitor: null });
  const episode = (more: object): Resource => ({
    resourceType: 'EpisodeOfCare',
    id: 'moves-old',
    identifier: [{ system: 'https://tandem.example/fhir/Id/pregnancy', value: 'P-moves' }],
    status: 'active',
    patient: { reference: 'Patient/moves' },
    managingOrganization: { reference: MATERNITY },
    team: [{ reference: TEAM.midwives }],
    period: { start },
    ...more,
  });
  await service.load([episode({})]);
  expect(await sees('midwife', 'moves')).toEqual([200, 1]);
  const closed = new Date(now.getTime() - 1_000).toISOString();
  await service.load([episode({ status: 'finished', period: { start, end: closed } })]);
  expect(await sees('midwife', 'moves')).toEqual([200, 1]);
  const body = (await service.as('midwife').get('Patient/moves')).json;
  const write = await service.as('midwife').put('Patient/moves', body);
  expect([write.status, issue(write)]).toEqual([403, 'forbidden']);
  const real = now;
  const read = async (days: number) => {
    now = new Date(real.getTime() + days * 86_400_000);
    return (await service.as('midwife').get('Patient/moves')).status;
  };
  expect([await read(10), await read(20)]).toEqual([200, 403]);
  now = real;
  await service.load([episode({ status: 'entered-in-error', period: { start, end: closed } })]);
  expect(await sees('midwife', 'moves')).toEqual([403, 0]);
});
