/** Definitions that clients post: they count when active and from named authors, in every process, and break nothing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/fhir/types.ts';
import { at, type Client, type Reply } from '../harness/client.ts';
import { newMother } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;
let second: Service;
/** A named author. */
let epr: Client;
/** May write anything here, and is not named. */
let steward: Client;

beforeAll(async () => {
  service = await startService({ config: { definitionAuthors: { clients: ['epr'], roles: [] } } });
  await service.directory();
  await service.family('one');
  second = await startService({ beside: service, config: { definitionAuthors: service.config.definitionAuthors } });
  steward = service.as('steward');
  epr = service.as('epr');
}, 60_000);
afterAll(async () => {
  await second.close();
  await service.close();
});

const EXAMPLE = 'https://example.org/fhir';
const issues = (reply: Reply): JsonObject[] => (at(reply.json, 'issue') ?? []) as JsonObject[];
const told = (reply: Reply): string =>
  issues(reply)
    .map((one) => `${one.severity}: ${one.diagnostics}`)
    .join('\n');
const OUTCOME = { prefer: 'return=OperationOutcome' };

/** Waits for a condition: other processes hear of changes through the feed. */
async function until(work: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await work())) {
    if (Date.now() > end) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function profile(id: string, more: JsonObject = {}): JsonObject & { resourceType: string } {
  return {
    resourceType: 'StructureDefinition',
    id,
    url: `${EXAMPLE}/StructureDefinition/${id}`,
    name: 'Named',
    status: 'active',
    kind: 'resource',
    abstract: false,
    type: 'Patient',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
    derivation: 'constraint',
    differential: { element: [{ id: 'Patient.maritalStatus', path: 'Patient.maritalStatus', min: 1 }] },
    ...more,
  };
}

function parameter(id: string, expression: string, more: JsonObject = {}): JsonObject & { resourceType: string } {
  return {
    resourceType: 'SearchParameter',
    id,
    url: `${EXAMPLE}/SearchParameter/${id}`,
    name: 'Posted',
    status: 'active',
    description: 'A parameter of a test',
    code: id,
    base: ['Patient'],
    type: 'token',
    expression,
    ...more,
  };
}

const findings = async (client: Client, url: string): Promise<string> =>
  told(await client.post(`Patient/$validate?profile=${url}`, newMother('Profiled')));

describe('StructureDefinitions', () => {
  const url = `${EXAMPLE}/StructureDefinition/married`;
  const derived = `${EXAMPLE}/StructureDefinition/married-with-photo`;

  test('count at once here, soon in the other process, and no longer once retired', async () => {
    expect(await findings(epr, url)).toContain('Unknown profile');
    const posted = await epr.put('StructureDefinition/married', profile('married'), OUTCOME);
    expect([posted.status, told(posted)]).toEqual([201, expect.not.stringContaining('without effect')]);
    expect(await findings(epr, url)).toContain("requires 'maritalStatus'");
    await until(async () => (await findings(second.as('epr'), url)).includes("requires 'maritalStatus'"));
    const claimed = await epr.post('Patient', { ...newMother('Claiming'), meta: { profile: [url] } }, OUTCOME);
    expect([claimed.status, told(claimed)]).toEqual([
      201,
      expect.stringContaining("warning: The profile requires 'mar"),
    ]);

    await epr.put(
      'StructureDefinition/married-with-photo',
      profile('married-with-photo', {
        baseDefinition: url,
        differential: { element: [{ id: 'Patient.photo', path: 'Patient.photo', min: 1 }] },
      }),
    );
    expect(await findings(epr, derived)).toMatch(/'maritalStatus'[\s\S]*'photo'|'photo'[\s\S]*'maritalStatus'/);

    await epr.put('StructureDefinition/married', profile('married', { status: 'retired' }));
    expect(await findings(epr, url)).toContain('Unknown profile');
    // what built on it cannot be made complete any more
    expect(await findings(epr, derived)).toContain('Unknown profile');
  });

  test('a draft, one by somebody else, and one of R4 are kept, shown and said to have no effect', async () => {
    const draft = await epr.put('StructureDefinition/draft', profile('draft', { status: 'draft' }), OUTCOME);
    expect([draft.status, told(draft)]).toEqual([
      201,
      expect.stringContaining('without effect: definitions count while'),
    ]);
    const others = await steward.put('StructureDefinition/others', profile('others'), OUTCOME);
    expect([others.status, told(others)]).toEqual([201, expect.stringContaining('without effect: you are not among')]);
    const standard = { url: 'http://hl7.org/fhir/StructureDefinition/Patient' };
    const own = await epr.put('StructureDefinition/own-patient', profile('own-patient', standard), OUTCOME);
    expect([own.status, told(own)]).toEqual([201, expect.stringContaining('and that stands')]);
    for (const id of ['draft', 'others']) {
      expect(await findings(epr, `${EXAMPLE}/StructureDefinition/${id}`)).toContain('Unknown profile');
      expect((await epr.get(`StructureDefinition/${id}`)).status).toBe(200);
    }
  });

  test('somebody else who writes over one ends its effect', async () => {
    const over = `${EXAMPLE}/StructureDefinition/over`;
    await epr.put('StructureDefinition/over', profile('over'));
    expect(await findings(epr, over)).toContain("requires 'maritalStatus'");
    expect((await steward.put('StructureDefinition/over', profile('over', { title: 'Mine' }))).status).toBe(200);
    expect(await findings(epr, over)).toContain('Unknown profile');
  });

  test.each<[string, JsonObject, string]>([
    ['an unknown base', { baseDefinition: `${EXAMPLE}/StructureDefinition/none` }, 'is not known'],
    [
      'an element its base does not have',
      { differential: { element: [{ id: 'Patient.shoeSize', path: 'Patient.shoeSize', min: 1 }] } },
      'Patient.shoeSize',
    ],
    ['itself as its base', { baseDefinition: `${EXAMPLE}/StructureDefinition/bad` }, 'builds on itself'],
    [
      'a constraint that is no FHIRPath',
      { differential: { element: [rule('name.where(')] } },
      'no FHIRPath that can be parsed',
    ],
    ['a constraint without end', { differential: { element: [rule("'a'.repeat($this & 'a')")] } }, 'does not end'],
    ['another version of FHIR', { fhirVersion: '3.0.1' }, 'FHIR 3.0.1'],
  ])('with %s is refused with the reason', async (_, more, reason) => {
    const reply = await epr.put('StructureDefinition/bad', profile('bad', more));
    expect([reply.status, told(reply)]).toEqual([422, expect.stringContaining(reason)]);
    expect((await epr.get('StructureDefinition/bad')).status).toBe(404);
    expect((await epr.post('Patient/$validate', newMother('Fine'))).status).toBe(200);
  });
});

function rule(expression: string): JsonObject {
  const constraint = [{ key: 'x-1', severity: 'error', human: 'Told', expression }];
  return { id: 'Patient', path: 'Patient', constraint };
}

describe('SearchParameters', () => {
  const language = 'Patient.communication.language';
  const patient = {
    ...newMother('Spoken'),
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'cy' }] } }],
  };
  const found = async (client: Client, query: string): Promise<unknown> => {
    const reply = await client.get(`Patient?${query}&_total=accurate`);
    return reply.status === 200 ? at(reply.json, 'total') : told(reply);
  };
  const codes = async (client: Client): Promise<string> => (await client.get('metadata')).text;

  test('rows of before are indexed, then it is searched by everywhere; retired it is unknown again', async () => {
    expect((await epr.post('Patient', patient)).status).toBe(201);
    expect(await found(epr, 'spoken=cy')).toContain('is unknown');
    expect((await epr.put('SearchParameter/spoken', parameter('spoken', language))).status).toBe(201);
    expect(await codes(epr)).toContain(`${EXAMPLE}/SearchParameter/spoken`);
    for (const one of [epr, second.as('epr')]) {
      await until(async () => (await found(one, 'spoken=cy')) === 1);
      expect(await found(one, 'spoken=kw')).toBe(0);
      expect(await found(one, 'spoken:missing=false')).toBe(1);
      expect(await found(one, '_filter=spoken eq cy')).toBe(1);
    }
    expect((await epr.post('Patient', patient)).status).toBe(201);
    expect((await second.as('epr').post('Patient', patient)).status).toBe(201);
    expect(await found(epr, 'spoken=cy')).toBe(3);

    await epr.put('SearchParameter/spoken', parameter('spoken', language, { status: 'retired' }));
    expect(await found(epr, 'spoken=cy')).toContain('is unknown');
    expect(await codes(epr)).not.toContain(`${EXAMPLE}/SearchParameter/spoken`);
    // what is written meanwhile has no words for it, so all rows are indexed again
    expect((await epr.post('Patient', patient)).status).toBe(201);
    await epr.put('SearchParameter/spoken', parameter('spoken', language));
    await until(async () => (await found(epr, 'spoken=cy')) === 4);
    await steward.delete('SearchParameter/spoken');
    expect(await found(epr, 'spoken=cy')).toContain('is unknown');
  });

  test('a writer of a process that has not heard yet writes nothing until it has', async () => {
    for (let round = 0; round < 5; round += 1) {
      const code = `raced-${round}`;
      const [posted, ...written] = await Promise.all([
        epr.put(`SearchParameter/${code}`, parameter(code, language)),
        ...Array.from({ length: 6 }, () => second.as('epr').post('Patient', patient)),
      ]);
      expect([posted.status, ...written.map(({ status }) => status)]).toEqual([201, ...written.map(() => 201)]);
      const all = await found(epr, '_id:missing=false&name=Spoken');
      await until(async () => (await found(epr, `${code}=cy`)) === all);
      await steward.delete(`SearchParameter/${code}`);
    }
  }, 30_000);

  test.each<[string, JsonObject, string]>([
    ["a code of R4's", { code: 'family' }, 'has a search parameter family already'],
    ['no expression', { expression: undefined as never }, 'no expression'],
    ['more of FHIRPath than is walked', { expression: 'Patient.repeat(contact).name' }, 'more than paths'],
    ['an expression without end', { expression: "Patient.name.repeat($this & 'a')" }, 'more than paths'],
    ['the access record', { base: ['AuditEvent'], expression: 'AuditEvent.recorded', type: 'date' }, 'access record'],
    ['a special type', { type: 'special' }, 'of type special'],
    ['another type alone', { expression: 'Observation.code' }, 'none of its base types'],
  ])('with %s is refused with the reason', async (_, more, reason) => {
    const reply = await epr.put('SearchParameter/bad', { ...parameter('bad', language), ...more });
    expect([reply.status, told(reply)]).toEqual([422, expect.stringContaining(reason)]);
  });

  test('of extensions, by their url', async () => {
    const extension = [{ url: `${EXAMPLE}/shift`, valueCode: 'night' }];
    await epr.post('Patient', { ...newMother('Extended'), extension });
    await epr.put('SearchParameter/shift', parameter('shift', `Patient.extension('${EXAMPLE}/shift').value`));
    await until(async () => (await found(epr, 'shift=night')) === 1);
  });

  test('none finds what a mask takes away: by what it reads, whatever it is called', async () => {
    await steward.put('Appointment/why', {
      resourceType: 'Appointment',
      id: 'why',
      status: 'booked',
      start: '2026-06-08T10:00:00Z',
      end: '2026-06-08T11:00:00Z',
      reasonCode: [{ text: 'Told to carers', coding: [{ system: `${EXAMPLE}/why`, code: 'told' }] }],
      participant: [
        { actor: { reference: 'Patient/one' }, status: 'accepted' },
        { actor: { reference: 'PractitionerRole/hv-helen' }, status: 'accepted' },
      ],
    });
    const base = { base: ['Appointment'] };
    await epr.put('SearchParameter/why', parameter('why', 'Appointment.reasonCode', base));
    await epr.put('SearchParameter/how', parameter('how', 'Appointment.status', base));
    const totals = (who: string, query: string): Promise<unknown> =>
      service
        .as(who)
        .get(`Appointment?${query}&_total=accurate`)
        .then((reply) => at(reply.json, 'total'));
    await until(
      async () => (await totals('steward', 'why=told')) === 1 && (await totals('steward', 'how=booked')) === 1,
    );
    expect(await totals('health-visitor', 'why=told')).toBe(1);
    expect(await totals('admin', 'how=booked')).toBe(1);
    // an admin keeps the diary and never learns the reason
    expect(await totals('admin', 'reason-code=told')).toBe(0);
    expect(await totals('admin', 'why=told')).toBe(0);
    expect(await totals('admin', 'why:missing=true')).toBe(1);
  });
});

describe('terminology', () => {
  const SYSTEM = `${EXAMPLE}/CodeSystem/shifts`;
  const SET = `${EXAMPLE}/ValueSet/shifts`;
  const system = {
    resourceType: 'CodeSystem',
    id: 'shifts',
    url: SYSTEM,
    status: 'active',
    content: 'complete',
    concept: [{ code: 'night', display: 'Night' }, { code: 'day' }],
  };
  const set = {
    resourceType: 'ValueSet',
    id: 'shifts',
    url: SET,
    status: 'active',
    compose: { include: [{ system: SYSTEM }] },
  };
  const asked = `ValueSet/$validate-code?url=${SET}&system=${SYSTEM}&code=night`;

  test("somebody else's set is not known by its url, a named author's is, in both processes", async () => {
    // Another text: a write that changes nothing makes nobody its author.
    await steward.put('CodeSystem/shifts', { ...system, title: 'Somebody else wrote this' });
    await steward.put('ValueSet/shifts', { ...set, title: 'Somebody else wrote this' });
    expect((await epr.get(asked)).status).toBe(404);
    await epr.put('CodeSystem/shifts', system);
    await epr.put('ValueSet/shifts', set);
    for (const one of [epr, second.as('epr')]) {
      const reply = await one.get(asked);
      expect([reply.status, at(reply.json, 'parameter.0.valueBoolean')]).toEqual([200, true]);
    }
    const bound = profile('bound', {
      type: 'Encounter',
      baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Encounter',
      differential: {
        element: [
          { id: 'Encounter.type', path: 'Encounter.type', min: 1, binding: { strength: 'required', valueSet: SET } },
        ],
      },
    });
    await epr.put('StructureDefinition/bound', bound);
    const visit = (code: string) => ({
      resourceType: 'Encounter',
      status: 'planned',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
      type: [{ coding: [{ system: SYSTEM, code }] }],
    });
    const checked = async (code: string): Promise<string> =>
      told(await epr.post(`Encounter/$validate?profile=${EXAMPLE}/StructureDefinition/bound`, visit(code)));
    expect(await checked('night')).not.toContain('error');
    expect(await checked('noon')).toContain(`error: The code is not in the required value set ${SET}`);
  });
});

test.each(['Questionnaire', 'ValueSet'])('a %s too large to be held in memory is refused', async (resourceType) => {
  const url = `${EXAMPLE}/${resourceType}/large`;
  // R4 allows a megabyte for one text
  const identifier = Array.from({ length: 5 }, () => ({ value: 'x'.repeat(1_000_000) }));
  const reply = await epr.put(`${resourceType}/large`, {
    resourceType,
    id: 'large',
    url,
    status: 'active',
    identifier,
  });
  expect([reply.status, issues(reply)[0]?.code]).toEqual([422, 'too-costly']);
});

test('in production nobody is an author until named', async () => {
  const { loadConfig } = await import('../../src/config.ts');
  const env = { MODE: 'production', DATABASE_URL: 'postgres://x/y', PUBLIC_URL: 'https://record.example' };
  expect(loadConfig(env).definitionAuthors).toEqual({ clients: [], roles: [] });
  expect(loadConfig({ ...env, DEFINITION_AUTHORS: 'client:ig-tool, role:admin' }).definitionAuthors).toEqual({
    clients: ['ig-tool'],
    roles: ['admin'],
  });
  expect(() => loadConfig({ ...env, DEFINITION_AUTHORS: 'steward' })).toThrow('DEFINITION_AUTHORS');
});
