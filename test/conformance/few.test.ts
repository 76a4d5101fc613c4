/**
 * A search whose few rows are decided in memory (store/few.ts) finds what its statement with the rules in SQL finds: the
 * same rows in the same order, totals and pages, for everybody, with rules that permit some rows and refuse others.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { evaluate } from '../../src/governance/evaluate.ts';
import { DEMO_IDENTITIES } from '../../src/identity/identities.ts';
import { reach } from '../../src/record/decide.ts';
import { forbidden, guards, ruleFor } from '../../src/record/search-sight.ts';
import { createStanding } from '../../src/record/standing.ts';
import type { Context } from '../../src/record/types.ts';
import { parseSearch } from '../../src/search/parse.ts';
import { runFew } from '../../src/store/few.ts';
import { runSearch, type SearchResult } from '../../src/store/search.ts';
import { nhsNumberOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('one', { referral: 'accepted' });
  await service.family('two', {
    sharing: 'objected',
    midwife: 'mw-other',
    healthVisitor: null,
    nhsNumber: nhsNumberOf(900),
  });
  await service.family('three', { referral: 'received' });
  const days = ['2026-02-03', '2026-03-03T10:00:00Z', '2026-03', '2025'];
  await service.load(
    ['one', 'two'].flatMap((family) =>
      days.map((day, n) =>
        note(`${family}-note${n}`, family, day, {
          effectiveDateTime: day,
          ...(n === 1
            ? {
                meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] },
              }
            : {}),
        }),
      ),
    ),
  );
  await service.load(Array.from({ length: 401 }, (_, n) => oneOfMany(n)));
  await service.load(Array.from({ length: 300 }, (_, n) => note(`many${n}`, n < 90 ? 'one' : 'three', String(n))));
}, 60_000);
afterAll(() => service.close());

/** So many of one name that her own search finds her, whatever else is asked. */
const oneOfMany = (n: number): Resource => ({
  resourceType: 'RelatedPerson',
  id: `many-${n}`,
  patient: { reference: 'Patient/two' },
  name: [{ family: 'Crowd', given: [`Given${n}`] }],
});

const SEARCHES: [type: string, query: string][] = [
  ...['one', 'two', 'three', 'nobody'].flatMap((id): [string, string][] => [
    ['Patient', `general-practitioner=Organization/${id}`],
    ['Observation', `patient=${id}`],
    ['Observation', `subject=Patient/${id}&_total=accurate&_count=2`],
    ['Observation', `patient=${id}&date=ge2026-02-03&_include=Observation:subject`],
    ['Observation', `patient=${id}&date=lt2026-03-02,2025`],
    ['Observation', `patient=${id}&_sort=-date&_count=3&_total=accurate`],
    ['Observation', `subject=Patient/${id}&_sort=date,-_lastUpdated&_include=Observation:subject`],
    ['Encounter', `patient=${id}&_sort=-_lastUpdated`],
    ['Encounter', `patient=${id}&_sort=-_id&_count=2`],
    ['Observation', `patient=${id}&status=final,amended&_count=0`],
    ['Encounter', `patient=${id}&date=ge2020-01-01&_include=Encounter:subject&_include=Encounter:participant`],
    ['EpisodeOfCare', `patient=${id}&_include=EpisodeOfCare:organization&_include=EpisodeOfCare:care-manager`],
    ['CareTeam', `patient=Patient/${id}`],
    ['Consent', `patient=${id}&_include=Consent:patient`],
    ['Task', `patient=${id}`],
    ['ServiceRequest', `patient=${id}&_include=ServiceRequest:subject:Patient`],
    ['RelatedPerson', `patient=${id}`],
  ]),
  ['Patient', `identifier=https://fhir.nhs.uk/Id/nhs-number|${nhsNumberOf(900)}`],
  ['Patient', `identifier=${nhsNumberOf(900)},nothing`],
  ...['fixture', 'Fixture-one', 'fixture-t', 'nobody'].flatMap((family): [string, string][] => [
    ['Patient', `family=${family}`],
    ['Patient', `name=${family}&_count=1&_total=accurate`],
    ['Patient', `family=${family}&given=mary,ai&gender=female`],
    ['Patient', `family=${family}&given=ai&birthdate=ge1990&_include=Patient:general-practitioner`],
    ['Patient', `name=ai&family=${family}&address=sample`],
  ]),
  ...['2026-02-03', '2026-03', '2026-03-03T10:00:00Z', '2025', '1990'].flatMap((day): [string, string][] => [
    ['Observation', `date=${day}`],
    ['Observation', `date=${day}&status=final&_sort=-date&_count=2&_include=Observation:subject`],
  ]),
  ['Patient', 'birthdate=1998-04-05'],
  ['Patient', 'birthdate=1998&gender=female&_sort=birthdate'],
  ['RelatedPerson', 'name=testman&_include=RelatedPerson:patient'],
  ['Patient', `identifier=https://fhir.nhs.uk/Id/nhs-number|${nhsNumberOf(900)}&family=fixture-two`],
  ['Patient', `identifier=https://fhir.nhs.uk/Id/nhs-number|${nhsNumberOf(900)}&family=fixture-one`],
  ['PractitionerRole', 'organization=Organization/hv-service&_include=PractitionerRole:practitioner'],
];

const answer = ({ found, ids, total, generation }: SearchResult) => ({
  found: found.map(({ mode, row, consents }) => ({
    mode,
    row,
    consents: consents.toSorted((a, b) => a.source.localeCompare(b.source)),
  })),
  ids,
  total,
  generation,
});

test('in memory and in SQL: the same rows, totals and pages for everybody', async () => {
  const { door } = service.app;
  const standing = createStanding({ pool: door.pool, mode: 'demo' });
  const now = door.clock();
  const seen = { few: 0, rows: 0, refused: 0, masked: 0 };
  for (const who of DEMO_IDENTITIES.values()) {
    const { subject, clientId, fhirUser, org, patient, scopes } = who;
    const caller = { issuer: 'test', subject, clientId, jti: 'j', scopes, fhirUser, org, patient };
    const asked = { purpose: who.purpose ?? (who.kind === 'system' ? 'COC' : 'TREAT'), now, fresh: false } as const;
    const resolved = await standing.resolve(caller, asked).catch(() => null);
    if (resolved === null) continue;
    const context: Context = { ...resolved, caller, requestId: 'test-request', address: null, now };
    for (const [type, text] of SEARCHES) {
      const { query } = parseSearch(type, text, {
        definitions: door.definitions,
        bases: [door.base],
        lenient: false,
        maxCount: 1_000,
        forbidden: forbidden(door, context),
        now,
        types: [type],
      });
      const ask = {
        query,
        now,
        ruleFor: ruleFor(door, context),
        allTypes: door.definitions.resourceTypes,
        guards: guards(door, context, query),
      };
      const few = await runFew(door.pool, ask, { permits: evaluate, reach: reach(context) });
      if (few === null) continue;
      const whole = await runSearch(door.pool, ask, door.broadPool);
      expect([who.key, type, text, answer(few)]).toEqual([who.key, type, text, answer(whole)]);
      seen.few += 1;
      seen.rows += few.found.length;
      if (few.found.length === 0) seen.refused += 1;
      if (ask.guards.length > 0 && few.found.length > 0) seen.masked += 1;
    }
  }
  // Somebody found something, somebody did not, and most of it was decided in memory.
  expect(seen.few).toBeGreaterThan(300);
  expect(seen.rows).toBeGreaterThan(300);
  expect(seen.refused).toBeGreaterThan(50);
  expect(seen.masked).toBeGreaterThan(5);
}, 60_000);

test('more than a few rows, masked includes, other orders and rare questions are left to the statement', async () => {
  const { door } = service.app;
  const steward = { permits: () => true, reach: { parties: [], service: null, agreements: [] } };
  const parse = (type: string, text: string) =>
    parseSearch(type, text, {
      definitions: door.definitions,
      bases: [door.base],
      lenient: false,
      maxCount: 1_000,
      forbidden: new Set<string>(),
      now: door.clock(),
      types: [type],
    }).query;
  const ask = (text: string) => ({
    query: parse('Observation', text),
    now: door.clock(),
    ruleFor: () => ({ op: 'true' }) as const,
  });
  for (const text of [
    'patient=three',
    'patient=one&_sort=code',
    'date=2026,2025',
    'date=ge2025',
    'patient=one&_id=one-note1',
    'patient=one&code:not=x',
    'patient=one&_revinclude=Observation:has-member',
    'status=final',
    'patient=one,two&status=final',
  ])
    expect([text, await runFew(door.pool, ask(text), steward)]).toEqual([text, null]);
  const hidden = {
    ...ask('patient=one&_include=Observation:subject'),
    guards: [{ params: new Set(['Observation.subject']), rule: { op: 'false' } as const }],
  };
  expect(await runFew(door.pool, hidden, steward)).toBeNull();
  const crowd = { ...ask('patient=one'), query: parse('RelatedPerson', 'name=crowd&name=given399') };
  expect(await runFew(door.pool, crowd, steward)).toBeNull();
  expect((await runSearch(door.pool, crowd, door.broadPool)).found.length).toBe(1);
  expect((await runFew(door.pool, ask('patient=one'), steward))?.found.length).toBeGreaterThan(3);
});
