/** Holes of the rules that attackers of ours found: each is tried here as they tried it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditEntry } from '../../src/audit/types.ts';
import { CARE_OPERATIONS } from '../../src/care/operations/routes.ts';
import type { Json, JsonObject, Resource } from '../../src/fhir/types.ts';
import { mayRun, OPERATIONS_IN_TABLE } from '../../src/governance/operations.ts';
import { at, found, JSON_PATCH } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { newMother, nhsNumberOf, note } from '../harness/family.ts';
import { type Service, staff, startService } from '../harness/service.ts';

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const label = (code: string) => [{ system: CONFIDENTIALITY, code }];
const HIDDEN_NUMBER = nhsNumberOf(10_001);
let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine', { referral: 'received', nhsNumber: nhsNumberOf(10_002) });
  await service.family('other', { nhsNumber: nhsNumberOf(10_003) });
  await service.family('theirs', {
    midwife: 'mw-other',
    midwives: TEAM.south,
    healthVisitor: null,
    nhsNumber: HIDDEN_NUMBER,
  });
  const performer = [{ reference: 'PractitionerRole/mw-priya' }];
  await service.load([
    note('restricted', 'mine', 'words', { meta: { security: label('R') }, performer }),
    note('plain', 'mine', 'words', { performer }),
    {
      resourceType: 'Encounter',
      id: 'sealed-visit',
      status: 'planned',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
      subject: { reference: 'Patient/mine' },
      meta: { security: label('V') },
      episodeOfCare: [{ reference: 'EpisodeOfCare/mine-mat' }],
    },
    {
      resourceType: 'QuestionnaireResponse',
      id: 'sealed-answers',
      status: 'in-progress',
      questionnaire: 'https://tandem.example/fhir/Questionnaire/joint-visit-confidential',
      subject: { reference: 'Patient/mine' },
      authored: '2026-02-03',
      author: { reference: 'PractitionerRole/mw-priya' },
    },
  ]);
}, 60_000);
afterAll(() => service.close());

const metaDelete = (who: string, row: string, code: string) =>
  service.as(who).post(`${row}/$meta-delete`, {
    resourceType: 'Parameters',
    parameter: [{ name: 'meta', valueMeta: { security: label(code) } }],
  });

describe('a label falls by the hand of its authors alone (R-13)', () => {
  test('sending back what was read writes nothing: no version, no author, a record in the trail', async () => {
    const visitor = service.as('health-visitor');
    const before = await visitor.get('Observation/plain');
    expect(before.status).toBe(200);
    for (const body of [before.json, Object.fromEntries(Object.entries(before.json).reverse())]) {
      const again = await visitor.put('Observation/plain', body as Resource);
      expect([again.status, again.headers.get('etag'), again.text]).toEqual([
        200,
        before.headers.get('etag'),
        before.text,
      ]);
    }
    const patched = await visitor.patch(
      'Observation/plain',
      [{ op: 'replace', path: '/status', value: 'final' }],
      JSON_PATCH,
    );
    expect([patched.status, patched.headers.get('etag')]).toEqual([200, before.headers.get('etag')]);
    const { rows } = await service.pool.query<{ authors: string[]; version: number }>(
      "select authors, version from resource where type = 'Observation' and id = 'plain'",
    );
    expect(rows[0]?.version).toBe(1);
    expect(rows[0]?.authors).not.toContain('PractitionerRole/hv-helen');
    const sql = 'select body::json as body from audit where body like \'%"detail":"unchanged"%\'';
    expect((await service.pool.query<{ body: AuditEntry }>(sql)).rows).toHaveLength(3);
  });

  test('neither a new tag nor new words make somebody an author of the label that stood there', async () => {
    const visitor = service.as('health-visitor');
    const read = await visitor.get('Observation/restricted');
    expect(read.status).toBe(200);
    expect((await metaDelete('health-visitor', 'Observation/restricted', 'R')).status).toBe(403);
    const tag = [{ system: 'https://example.org/tags', code: 'mine' }];
    const tagged = await visitor.put('Observation/restricted', {
      ...read.json,
      meta: { ...Object(read.json.meta), tag },
    } as never);
    expect(tagged.status).toBe(200);
    expect((await metaDelete('health-visitor', 'Observation/restricted', 'R')).status).toBe(403);
    const changed = await visitor.put('Observation/restricted', {
      ...tagged.json,
      valueString: 'other words',
    } as never);
    expect([changed.status, at(changed.json, 'meta.versionId')]).toEqual([200, '3']);
    const refused = await metaDelete('health-visitor', 'Observation/restricted', 'R');
    expect([refused.status, refused.text.includes('R-13')]).toEqual([403, true]);
    expect((await metaDelete('midwife', 'Observation/restricted', 'R')).status).toBe(200);
  });
});

describe('an operation needs a write cell of the matrix (5.3)', () => {
  test('who only views referrals steps none', async () => {
    const event = { resourceType: 'Parameters', parameter: [{ name: 'event', valueCode: 'open' }] };
    await service.load([
      {
        resourceType: 'Task',
        id: 'hers',
        status: 'requested',
        intent: 'order',
        for: { reference: 'Patient/mine' },
        authoredOn: '2026-02-03T10:00:00Z',
        code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/jv-task', code: 'plan-action' }] },
        owner: { reference: 'PractitionerRole/sg-moira' },
      } as Resource,
    ]);
    // She sees it by her Task, and that was enough once.
    expect((await service.as('safeguarding').get('ServiceRequest/mine-referral')).status).toBe(200);
    for (const who of ['safeguarding', 'nursery-nurse', 'service-lead']) {
      const reply = await service.as(who).post('ServiceRequest/mine-referral/$referral-event', event as never);
      expect([who, reply.status >= 400]).toEqual([who, true]);
    }
    const [task] = found(await service.as('midwife').get('Task?focus=ServiceRequest/mine-referral'));
    const state = at((await service.as('midwife').get(task ?? '')).json, 'businessStatus.coding.0.code');
    expect(state).toBe('received');
  });

  test('each operation of the mission is in the table, and roles without its cell may not run it', () => {
    expect([...OPERATIONS_IN_TABLE].sort()).toEqual(CARE_OPERATIONS.map(({ name }) => `$${name}`).sort());
    const rows = OPERATIONS_IN_TABLE.map((name) => [
      name,
      (
        [
          'midwife',
          'health-visitor',
          'hospital-midwife',
          'nursery-nurse',
          'safeguarding',
          'admin',
          'student',
          'gp',
        ] as const
      ).filter((role) => mayRun(role, name)),
    ]);
    expect(Object.fromEntries(rows)).toEqual({
      $refer: ['midwife', 'health-visitor'],
      $accept: ['midwife', 'health-visitor'],
      '$referral-event': ['midwife', 'health-visitor'],
      $triage: ['midwife', 'health-visitor'],
      '$propose-visit': ['midwife', 'health-visitor', 'admin'],
      $respond: ['midwife', 'health-visitor', 'admin'],
      '$visit-event': ['midwife', 'health-visitor', 'hospital-midwife'],
      $sign: ['midwife', 'health-visitor'],
      $release: ['midwife', 'health-visitor'],
      $extract: ['midwife', 'health-visitor'],
      '$extract-apply': ['midwife', 'health-visitor'],
    });
  });
});

describe('nobody moves one family’s record to another by naming a mother (3.5)', () => {
  const link = (patient: string, number: string): Resource => ({
    resourceType: 'RelatedPerson',
    patient: { reference: patient },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'NMTHF' }] }],
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: number }],
  });

  test.each(['midwife', 'epr'])('%s, two families in sight', async (who) => {
    const client = service.as(who);
    const grown = await client.post('RelatedPerson', link('Patient/other', nhsNumberOf(10_002)));
    expect([grown.status, grown.text.includes('NMTH')]).toEqual([422, true]);
    const stolen = await client.post('RelatedPerson', link('Patient/mine-baby', nhsNumberOf(10_003)));
    expect([stolen.status, stolen.text.includes('another mother')]).toEqual([422, true]);
    const { rows } = await service.pool.query(
      "select distinct mother from kin where child in ('Patient/mine-baby', 'Patient/other')",
    );
    expect(rows).toEqual([{ mother: 'Patient/mine' }]);
  });

  test('and through a link that stood there before', async () => {
    const { identifier: _number, ...bare } = link('Patient/other', '');
    const made = await service.as('midwife').post('RelatedPerson', bare as Resource);
    expect(made.status).toBe(201);
    const mother = (await service.as('midwife').get('Patient/mine')).json as Resource;
    const linked = { ...mother, link: [{ type: 'seealso', other: { reference: `RelatedPerson/${made.json.id}` } }] };
    expect((await service.as('midwife').put('Patient/mine', linked)).status).toBe(422);
  });
});

test.each(['epr', 'midwife', 'hv-system'])(
  '%s: naming a hidden row and naming none are answered alike',
  async (who) => {
    const client = service.as(who);
    const shape = async (more: JsonObject) => {
      const { id: _id, ...body } = note('x', 'mine', 'y', more);
      const reply = await client.post('Observation', body as Resource);
      const id = String(reply.json.id ?? '');
      const { rows } = await service.pool.query(
        "select data_class, label, pregnancy from resource where type = 'Observation' and id = $1",
        [id],
      );
      return { status: reply.status, size: reply.text.length, rows };
    };
    const answers = (id: string): JsonObject => ({ derivedFrom: [{ reference: `QuestionnaireResponse/${id}` }] });
    const visit = (id: string): JsonObject => ({ encounter: { reference: `Encounter/${id}` } });
    if (who !== 'midwife')
      expect(await shape(answers('sealed-answers'))).toEqual(await shape(answers('nobody-answers')));
    expect(await shape(visit('sealed-visit'))).toEqual(await shape(visit('nobody-visit')));
  },
);

describe('numbers are not probed by conditions that fail (R-50)', () => {
  /** A booking that fails after its condition was asked. */
  const probe = (number: string): Resource => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      {
        fullUrl: 'urn:uuid:0b7d1f2e-0000-4000-8000-000000000001',
        resource: newMother('Probe', number),
        request: {
          method: 'POST',
          url: 'Patient',
          ifNoneExist: `identifier=https://fhir.nhs.uk/Id/nhs-number|${number}`,
        },
      },
      {
        resource: { resourceType: 'Observation', status: 'nonsense' } as never,
        request: { method: 'POST', url: 'Observation' },
      },
    ] as Json[] as never,
  });

  const traces = async (): Promise<AuditEntry[]> => {
    const sql = "select body::json as body, patients from audit where body like '%\"$trace:%' order by id";
    const { rows } = await service.pool.query<{ body: AuditEntry; patients: string[] }>(sql);
    return rows.map(({ body, patients }) => ({ ...body, patients }));
  };

  test('each is recorded, about whom it met; and a person runs out of them', async () => {
    const client = service.as(staff('mw-other'));
    const other = service.as('midwife');
    expect((await other.post('', probe(HIDDEN_NUMBER))).status).toBe(409);
    expect((await other.post('', probe(nhsNumberOf(10_900)))).status).toBeGreaterThanOrEqual(400);
    expect(await traces()).toMatchObject([
      { detail: '$trace:match-restricted', patients: ['Patient/theirs'], rules: ['R-50'] },
      { detail: '$trace:condition', patients: [] },
    ]);
    const statuses: number[] = [];
    for (let n = 0; n < 31; n += 1) statuses.push((await client.post('', probe(nhsNumberOf(20_000 + n)))).status);
    expect([statuses[0] !== 429, statuses.slice(-1)]).toEqual([true, [429]]);
    const alone = newMother('Probe', nhsNumberOf(20_100));
    const condition = { 'if-none-exist': `identifier=https://fhir.nhs.uk/Id/nhs-number|${nhsNumberOf(20_100)}` };
    expect((await client.post('Patient', alone, condition)).status).toBe(429);
  });
});
