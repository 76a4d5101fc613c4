/** Whoever may not see a woman may not write about her, and cannot tell by writing whether she is here. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { codeSystem } from '../../src/care/canon.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, found, JSON_PATCH } from '../harness/client.ts';
import { TEAM } from '../harness/directory.ts';
import { nhsNumberOf } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
const V = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];
const HIDDEN_NUMBER = nhsNumberOf(700_001);

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('sealed', { nhsNumber: HIDDEN_NUMBER });
  const steward = service.as('steward');
  const patient = (await steward.get('Patient/sealed')).json as JsonObject;
  await steward.put('Patient/sealed', { ...patient, meta: { security: V } } as never);
  await service.family('objecting', { sharing: 'objected' });
}, 60_000);
afterAll(() => service.close());

const visit = (patient: string) => ({
  resourceType: 'Encounter',
  status: 'planned',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
  subject: { reference: `Patient/${patient}` },
});

/** A handle is sealed with fresh randomness each time: only its length can be alike. */
function withoutHandle(text: string): string {
  return text.replace(/"valueString":"([\w-]{100,})"/, (_, handle: string) => `"valueString":${handle.length}`);
}

describe('a woman whose record is V (R-13, R-42)', () => {
  test.each(['midwife', 'health-visitor', 'hv-system', 'epr'])(
    '%s gets the answer an unknown woman gets',
    async (who) => {
      const client = service.as(who);
      const hidden = await client.post('Encounter', visit('sealed') as never);
      const unknown = await client.post('Encounter', visit('nobody-of-that-id') as never);
      expect(hidden.status).toBeGreaterThanOrEqual(403);
      expect([hidden.status, withoutHandle(hidden.text)]).toEqual([unknown.status, withoutHandle(unknown.text)]);
      expect(hidden.text.length).toBe(unknown.text.length);
    },
  );

  test('a handle that came with a refusal confirms nobody', async () => {
    const client = service.as('health-visitor');
    const claim = async (patient: string, operation: string) => {
      const refusal = await client.post('Encounter', visit(patient) as never);
      const handle = String(at(refusal.json, 'issue.1.extension.0.valueString'));
      const parameter = [
        { name: 'handle', valueString: handle },
        { name: 'reason', valueString: operation === '$break-glass' ? 'emergency' : 'duty-call' },
        { name: 'text', valueString: 'she stands at the door of the clinic' },
      ];
      const reply = await client.post(`Patient/${operation}`, { resourceType: 'Parameters', parameter } as never);
      return [reply.status, reply.text];
    };
    for (const operation of ['$claim-relationship', '$break-glass']) {
      const hidden = await claim('sealed', operation);
      expect([operation, hidden]).toEqual([operation, await claim('nobody-of-that-id', operation)]);
      expect([operation, hidden[0]]).toEqual([operation, 404]);
    }
  });

  test('her name is in nobody’s own access record for having been asked about', async () => {
    const client = service.as('health-visitor');
    expect((await client.get('Patient/sealed')).status).toBe(404);
    const body = { name: 'nhsNumber', valueString: HIDDEN_NUMBER };
    const parameter = [body, { name: 'birthDate', valueDate: '1998-04-05' }];
    await client.post('Patient/$trace', { resourceType: 'Parameters', parameter } as never);
    const officer = await service.as('ig-officer').get('AuditEvent?patient=Patient/sealed&_count=500');
    const ids = found(officer);
    expect(ids.length).toBeGreaterThan(1);
    for (const query of ['patient=Patient/sealed&_count=1', '_count=500']) {
      const own = await client.get(`AuditEvent?${query}`);
      expect([query, own.status, own.text.includes('Patient/sealed/')]).toEqual([query, 200, false]);
      if (query.startsWith('patient')) expect(JSON.stringify(found(own))).toBe('[]');
    }
    for (const id of ids) expect((await client.get(id)).status).toBe(404);
  });

  test('what is written about her by those who may is V too', async () => {
    await service.as('steward').put('Observation/late', {
      resourceType: 'Observation',
      id: 'late',
      status: 'final',
      code: { text: 'written later' },
      subject: { reference: 'Patient/sealed' },
    } as never);
    for (const who of ['midwife', 'health-visitor', 'admin', 'nursery-nurse', 'hv-system', 'epr']) {
      expect([who, (await service.as(who).get('Observation/late')).status]).not.toEqual([who, 200]);
    }
  });
});

test.each(['health-visitor', 'hv-system'])('%s writes nothing about a family that objects', async (who) => {
  expect((await service.as(who).post('Encounter', visit('objecting') as never)).status).toBeGreaterThanOrEqual(403);
});

test.each(['hv-system', 'midwife'])('%s learns nothing from naming an NHS number as a mother', async (who) => {
  const client = service.as(who);
  const mother = (number: string) => ({
    resourceType: 'RelatedPerson',
    patient: { reference: 'Patient/mine' },
    relationship: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'NMTHF' }] }],
    identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: number }],
  });
  const hidden = await client.post('RelatedPerson', mother(HIDDEN_NUMBER) as never);
  const unknown = await client.post('RelatedPerson', mother(nhsNumberOf(700_002)) as never);
  expect(hidden.status).toBe(unknown.status);
});

describe('whoever may write about one family', () => {
  const elsewhere = { midwife: 'mw-other', midwives: TEAM.south };
  const stored = async (path: string) => (await service.as('steward').get(path)).json as JsonObject;

  test('does not take back the referral of another', async () => {
    await service.family('waiting', { ...elsewhere, referral: 'received' });
    const addressee = service.as('health-visitor');
    expect((await addressee.get('ServiceRequest/waiting-referral')).status).toBe(200);
    const { id: _, meta: _m, ...task } = await stored('Task/waiting-referral');
    const state = { coding: [{ system: codeSystem('referral-state'), code: 'held' }] };
    const forged = { ...task, for: { reference: 'Patient/mine' }, status: 'on-hold', businessStatus: state };
    const reply = await service.as('midwife').post('Task', forged as never);
    expect([reply.status, reply.status === 201 ? '' : reply.text]).toEqual([201, '']);
    expect((await addressee.get('ServiceRequest/waiting-referral')).status).toBe(200);
  });

  test("does not make another's unborn child that family's own", async () => {
    await service.family('strangers', { ...elsewhere, healthVisitor: null });
    const found = await service.as('steward').get('RelatedPerson?patient=Patient/strangers-baby');
    const [related] = found.json.entry as unknown as { resource: { id: string } }[];
    const mine = await stored('Patient/mine');
    const link = [{ other: { reference: `RelatedPerson/${related?.resource.id}` }, type: 'seealso' }];
    expect((await service.as('midwife').put('Patient/mine', { ...mine, link } as never)).status).toBe(200);
    const child = await stored('Patient/strangers-baby');
    await service.as('steward').put('Patient/strangers-baby', child as never);
    expect((await service.as('midwife').get('Patient/strangers-baby')).status).toBe(403);
  });

  test('makes nobody stand on duty by naming a patient beside her', async () => {
    const duty = { url: 'https://tandem.example/fhir/StructureDefinition/duty-team' };
    const extension = [{ ...duty, valueReference: { reference: TEAM.south } }];
    const actor = [{ reference: 'PractitionerRole/midwife' }, { reference: 'Patient/mine' }];
    const reply = await service.as('midwife').post('Schedule', { resourceType: 'Schedule', extension, actor } as never);
    expect(reply.status).toBe(403);
  });
});

describe('a label that was set', () => {
  const R = [{ system: V[0]?.system ?? '', code: 'R' }];
  const labels = async (path: string) => at((await service.as('steward').get(path)).json, 'meta.security');

  test('of a finding stays when it is left out of a PUT, a PATCH or a Bundle; its author takes it away by name', async () => {
    const client = service.as('midwife');
    const visible = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'said in private' },
      subject: { reference: 'Patient/mine' },
    };
    const made = await client.post('Observation', { ...visible, meta: { security: R } } as never);
    const path = `Observation/${String(made.json.id)}`;
    const bare = { ...visible, id: made.json.id };
    const request = { method: 'PUT', url: path };
    const entry = [{ resource: bare, request }];
    const ways = [
      () => client.put(path, bare as never),
      () => client.put(path, { ...bare, meta: { security: [{ ...R[0], code: 'N' }] } } as never),
      () => client.patch(path, [{ op: 'remove', path: '/meta/security' }] as never, JSON_PATCH),
      () => client.post('', { resourceType: 'Bundle', type: 'transaction', entry } as never),
      () => client.post('', { resourceType: 'Bundle', type: 'batch', entry } as never),
    ];
    for (const way of ways) {
      const reply = await way();
      expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([200, '']);
      expect(await labels(path)).toEqual(expect.arrayContaining(R));
    }
    const parameter = [{ name: 'meta', valueMeta: { security: R } }];
    const taken = await client.post(`${path}/$meta-delete`, { resourceType: 'Parameters', parameter } as never);
    expect(taken.status).toBe(200);
    expect(await labels(path)).not.toEqual(expect.arrayContaining(R));
  });

  test('of a restricted address stays when a system writes the woman again', async () => {
    await service.family('flagged');
    const patient = (await service.as('steward').get('Patient/flagged')).json as JsonObject;
    await service.as('steward').put('Patient/flagged', { ...patient, meta: { security: R } } as never);
    const { meta: _, ...bare } = patient;
    const written = await service.as('epr').put('Patient/flagged', bare as never);
    expect(written.status).toBe(200);
    expect(await labels('Patient/flagged')).toEqual(R);
  });
});

describe('a condition that meets a woman out of sight', () => {
  const criteria = (number: string) => `identifier=https://fhir.nhs.uk/Id/nhs-number|${number}`;
  const patient = { resourceType: 'Patient' };
  const entries = (number: string) => [
    { resource: patient, request: { method: 'POST', url: 'Patient', ifNoneExist: criteria(number) } },
    { resource: patient, request: { method: 'PUT', url: `Patient?${criteria(number)}` } },
  ];

  test.each(['mother', 'partner', 'nursery-nurse', 'ig-officer', 'service-lead'])(
    'tells %s, who registers nobody, nothing in a Bundle of either kind',
    async (who) => {
      const answers = async (number: string) =>
        Promise.all(
          ['transaction', 'batch'].flatMap((type) =>
            entries(number).map(async (entry) => {
              const bundle = { resourceType: 'Bundle', type, entry: [entry] };
              const reply = await service.as(who).post('', bundle as never);
              return [reply.status, reply.text];
            }),
          ),
        );
      expect(await answers(HIDDEN_NUMBER)).toEqual(await answers(nhsNumberOf(700_002)));
    },
  );

  test('registers nobody a second time by a conditional update', async () => {
    const client = service.as('epr');
    const reply = await client.put(`Patient?${criteria(HIDDEN_NUMBER)}`, patient as never);
    const [, put] = entries(HIDDEN_NUMBER);
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [put] };
    expect([reply.status, (await client.post('', bundle as never)).status]).toEqual([409, 409]);
  });
});

describe('a family group', () => {
  test('is not searched by member, patched or overwritten by those who did not write it', async () => {
    const client = service.as('health-visitor');
    const reply = await client.get('Group?member=Patient/mine-baby&_total=accurate');
    expect([found(reply), at(reply.json, 'total')]).toEqual([[], 0]);
    const group = await client.get('Group/mine');
    expect(group.status).toBe(200);
    const test = [{ op: 'test', path: '/member/0/entity/reference', value: 'Patient/mine' }];
    expect((await client.patch('Group/mine', test as never)).status).toBe(403);
    expect((await client.put('Group/mine', group.json as never)).status).toBe(403);
  });
});

test.each([['Patient/_history', ['2026-01-01|Pa\u0000t|x|1', '1|Patient|x|1', '+275760-01-01T00:00:00Z|Patient|x|1']]])(
  '%s refuses page links that are not ours',
  async (path, keys) => {
    for (const key of keys) {
      const reply = await service.as('midwife').get(`${path}?_page=${Buffer.from(key).toString('base64url')}`);
      expect([key, reply.status]).toEqual([key, 400]);
    }
    for (const since of ['%2B275760-01-01T00:00:00Z', '-271820-01-01T00:00:00Z', '1']) {
      expect([since, (await service.as('midwife').get(`Patient/mine/$everything?_since=${since}`)).status]).toEqual([
        since,
        400,
      ]);
    }
  },
);

test('a resource with more to index than any record needs is refused', async () => {
  const identifier = Array.from({ length: 4_000 }, (_, n) => ({ system: 'https://example.org/id', value: `n${n}` }));
  const reply = await service.as('epr').post('Patient', { resourceType: 'Patient', identifier } as never);
  expect([reply.status, at(reply.json, 'issue.0.code')]).toEqual([422, 'too-costly']);
});
