import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { profileFiles } from '../../../profiles/table.ts';
import type { Json, JsonObject, Resource } from '../../../src/fhir/types.ts';
import { valueSetFiles } from '../../../valueSets/generate.ts';
import { CODE_TABLE, SNOMED_TABLE } from '../../../valueSets/table.ts';
import { testDefinitions } from './cache.ts';
import fragments from './fragments.json' with { type: 'json' };

const definitions = await testDefinitions();
const CANON = 'https://tandem.example/fhir';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function fragment(type: string): Resource {
  const found = fragments.find((resource) => resource.resourceType === type);
  if (!found) throw new Error(`no fragment ${type}`);
  return JSON.parse(JSON.stringify(found));
}

/** Findings of a fragment with some elements replaced (undefined = taken away) under one of our profiles. */
function findings(type: string, profile: string, change: Record<string, Json | undefined> = {}): string[] {
  const resource: Resource = JSON.parse(JSON.stringify({ ...fragment(type), ...change }));
  const issues = definitions.validate(resource, { profiles: [`${CANON}/StructureDefinition/${profile}`] });
  return issues.map(
    (issue) => `${issue.severity} ${issue.code} ${issue.expression} ${issue.diagnostics.split(':')[0]}`,
  );
}

describe('domain fragments', () => {
  test.each(fragments.map((resource, at) => [at, resource.resourceType] as const))('%i %s is sound', (at) => {
    const issues = definitions.validate(JSON.parse(JSON.stringify(fragments[at])));
    expect(issues.filter((issue) => issue.severity !== 'warning')).toEqual([]);
  });

  test.each([
    ['Encounter', 'JV-JointVisit'],
    ['ServiceRequest', 'JV-Referral'],
    ['Task', 'JV-ReferralTask'],
    ['Consent', 'JV-Consent'],
    ['RiskAssessment', 'JV-ResilienceMatrix'],
    ['Observation', 'JV-BabyObservation'],
    ['Patient', 'JV-UnbornBaby'],
  ])('%s meets %s', (type, profile) => {
    expect(findings(type, profile)).toEqual([]);
  });
});

describe('profiles refuse', () => {
  const concept = (system: string, code: string): JsonObject => ({ coding: [{ system, code }] });
  test.each<[string, string, Record<string, Json | undefined>, string]>([
    ['Patient', 'JV-UnbornBaby', { birthDate: '2026-01-01' }, 'error structure Patient.birthDate'],
    [
      'Patient',
      'JV-UnbornBaby',
      { multipleBirthBoolean: undefined, multipleBirthInteger: 2 },
      'error structure Patient.multipleBirth',
    ],
    ['Patient', 'JV-UnbornBaby', { deceasedBoolean: true }, 'error structure Patient.deceased'],
    ['Patient', 'JV-UnbornBaby', { extension: undefined }, 'error invariant Patient jv-unborn-1'],
    [
      'Patient',
      'JV-UnbornBaby',
      { identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }] },
      'error invariant Patient jv-unborn-2',
    ],
    [
      'Patient',
      'JV-UnbornBaby',
      { identifier: [{ system: 'urn:other', value: '1' }] },
      'error required Patient.identifier',
    ],
    [
      'Patient',
      'JV-Patient',
      { identifier: [1, 2].map(() => ({ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' })) },
      'error structure Patient.identifier',
    ],
    [
      'Patient',
      'JV-Patient',
      { identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }] },
      'warning invariant Patient.identifier[0] jv-nhs-2',
    ],
    ['Encounter', 'JV-JointVisit', { participant: undefined }, 'error required Encounter.participant'],
    ['Encounter', 'JV-JointVisit', { status: 'in-progress' }, 'error invariant Encounter jv-visit-3'],
    ['Encounter', 'JV-JointVisit', { extension: undefined }, 'error invariant Encounter jv-visit-2'],
    [
      'Encounter',
      'JV-JointVisit',
      { class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' } },
      'error invariant Encounter jv-visit-4',
    ],
    [
      'Encounter',
      'JV-JointVisit',
      { class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' } },
      'error invariant Encounter.class jv-visit-7',
    ],
    ['Encounter', 'JV-JointVisit', { episodeOfCare: undefined }, 'warning invariant Encounter jv-visit-5'],
    ['ServiceRequest', 'JV-Referral', { code: concept('urn:a', 'x') }, 'error value ServiceRequest.code'],
    ['ServiceRequest', 'JV-Referral', { intent: 'plan' }, 'error value ServiceRequest.intent'],
    ['ServiceRequest', 'JV-Referral', { priority: 'stat' }, 'error invariant ServiceRequest.priority'],
    [
      'ServiceRequest',
      'JV-Referral',
      { occurrencePeriod: undefined, occurrenceDateTime: '2026-01-01' },
      'error structure ServiceRequest.occurrence',
    ],
    ['ServiceRequest', 'JV-Referral', { requester: undefined }, 'error required ServiceRequest.requester'],
    ['Task', 'JV-ReferralTask', { owner: { reference: 'Patient/1' } }, 'error value Task.owner'],
    [
      'RiskAssessment',
      'JV-ResilienceMatrix',
      {
        prediction: [
          {
            probabilityDecimal: 1,
            qualitativeRisk: concept(`${CANON}/CodeSystem/resilience-quadrant`, 'resilient-adverse'),
            rationale: 'x',
          },
        ],
      },
      'error structure RiskAssessment.prediction[0].probability',
    ],
    [
      'RiskAssessment',
      'JV-ResilienceMatrix',
      {
        prediction: [
          { qualitativeRisk: concept(`${CANON}/CodeSystem/resilience-quadrant`, 'not-plotted'), rationale: 'x' },
        ],
      },
      'error invariant RiskAssessment jv-matrix-1',
    ],
    [
      'RiskAssessment',
      'JV-ResilienceMatrix',
      { prediction: [{ qualitativeRisk: concept('urn:a', 'x'), rationale: 'x' }] },
      'error code-invalid RiskAssessment.prediction[0].qualitativeRisk',
    ],
    ['Observation', 'JV-BabyObservation', { focus: undefined }, 'error required Observation.focus'],
    ['Observation', 'JV-BabyObservation', { focus: [{ reference: 'Location/1' }] }, 'error value Observation.focus[0]'],
  ])('%s %s %j', (type, profile, change, expected) => {
    expect(findings(type, profile, change)).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
  });

  test('families', () => {
    const family = (more: JsonObject): string[] =>
      definitions
        .validate({
          resourceType: 'Group',
          meta: { profile: [`${CANON}/StructureDefinition/JV-Family`] },
          type: 'person',
          actual: true,
          code: concept(`${CANON}/CodeSystem/group-kind`, 'family'),
          member: [{ entity: { reference: 'Patient/1' } }],
          ...more,
        })
        .map((issue) => issue.expression);
    expect(family({})).toEqual([]);
    expect(family({ quantity: 2 })).toEqual(['Group.quantity']);
    expect(family({ type: 'animal' })).toEqual(['Group.type']);
    expect(family({ member: [{ entity: { reference: 'Practitioner/1' } }] })).toEqual(['Group.member[0].entity']);
  });

  test('a claimed profile of ours counts, an unknown one warns, an unknown one asked for fails', () => {
    const claimed = {
      ...fragment('Encounter'),
      participant: [],
      meta: { profile: [`${CANON}/StructureDefinition/JV-JointVisit|0.1.0`] },
    };
    expect(
      definitions.validate({ ...claimed, participant: undefined }).some((issue) => issue.severity === 'error'),
    ).toBe(true);
    const unknown = { resourceType: 'Patient', meta: { profile: ['https://a.example/p'] } };
    expect(definitions.validate(unknown).map((issue) => issue.severity)).toEqual(['warning']);
    const asked = { profiles: ['https://a.example/p'] };
    expect(definitions.validate({ resourceType: 'Patient' }, asked).map((issue) => issue.severity)).toEqual(['error']);
    const wrong = { resourceType: 'Patient', meta: { profile: [`${CANON}/StructureDefinition/JV-Family`] } };
    expect(definitions.validate(wrong).map((issue) => issue.severity)).toEqual(['error']);
  });
});

describe('what is generated', () => {
  test.each([
    ['valueSets', valueSetFiles],
    ['profiles', profileFiles],
  ])('%s/*.json are what their table says (else: node scripts/generate-definitions.ts)', (folder, files) => {
    const expected = files();
    const names = readdirSync(`${ROOT}${folder}`).filter((name) => name.endsWith('.json'));
    expect(names.sort()).toEqual([...expected.keys()].sort());
    for (const [name, text] of expected) expect(readFileSync(`${ROOT}${folder}/${name}`, 'utf8')).toBe(text);
  });

  test('all of it is sound FHIR by our own validator', () => {
    for (const type of ['StructureDefinition', 'CodeSystem', 'ValueSet', 'Questionnaire']) {
      const resources = definitions.published(type);
      expect(resources.length).toBeGreaterThan(0);
      for (const resource of resources)
        expect([resource.id, definitions.validate(resource)]).toEqual([resource.id, []]);
    }
  });

  test('SNOMED ids have a right check digit (Verhoeff) and partition', () => {
    for (const row of SNOMED_TABLE) for (const [id] of row.codes) expect([id, isSctid(id)]).toEqual([id, true]);
    expect(isSctid('104586100000100')).toBe(false);
  });

  test('every local code system named anywhere is in the table', () => {
    const known = new Set(CODE_TABLE.map((row) => row.name));
    const strange: string[] = [];
    for (const folder of ['src', 'profiles', 'valueSets', 'seed']) {
      for (const name of readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(?:ts|json)$/.test(name)) continue;
        const text = readFileSync(`${ROOT}${folder}/${name}`, 'utf8');
        for (const [, system = ''] of text.matchAll(/tandem\.example\/fhir\/CodeSystem\/([a-z0-9-]+)/g)) {
          if (!known.has(system)) strange.push(`${folder}/${name}: ${system}`);
        }
      }
    }
    expect(strange).toEqual([]);
  });
});

const MULTIPLY = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
];
const PERMUTE = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
];

/** Verhoeff over the digit string, last digit first; partition digits 00 (short) or 10 (long) for concepts. */
function isSctid(id: string): boolean {
  let check = 0;
  [...id].reverse().forEach((digit, place) => {
    check = Number(MULTIPLY[check]?.[Number(PERMUTE[place % 8]?.[Number(digit)])]);
  });
  return check === 0 && /^[0-9]{6,18}$/.test(id) && /^[01]0$/.test(id.slice(-3, -1));
}
