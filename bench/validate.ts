/**
 * What validation costs beside JSON.parse of the same body: `npm run bench:validate`. Goals of the issue: Patient at most
 * 8 times, a full joint-visit response (150 items, its structure) at most 12 times. Medians of 15 rounds, warmed up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDefinitions } from '../src/definitions/load.ts';
import type { Resource } from '../src/fhir/types.ts';

const ROUNDS = 15;
const RUNS = 400;
const NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml">Aisha Khan</div>';
const BALANCE = 'https://tandem.example/fhir/CodeSystem/balance';
const PROFILE = 'https://tandem.example/fhir/StructureDefinition/JV-Patient';

const PATIENT: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' },
  text: { status: 'generated', div: NARRATIVE },
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }],
  active: true,
  name: [{ use: 'official', family: 'KHAN', given: ['Aisha', 'B'] }],
  telecom: [{ system: 'phone', value: '01632 960001', use: 'home' }],
  gender: 'female',
  birthDate: '2001-02-28',
  address: [{ line: ['1 Street'], postalCode: 'AA1 1AA', period: { start: '2020', end: '2021-01' } }],
  maritalStatus: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' }] },
  generalPractitioner: [{ reference: 'Organization/gp' }],
  contact: [{ name: { family: 'X' } }],
};

const RESPONSE: Resource = {
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  subject: { reference: 'Patient/1' },
  authored: '2026-06-08T11:20:00+01:00',
  item: Array.from({ length: 150 }, (_, at) => ({
    linkId: `g${at}`,
    text: 'What did you talk about?',
    answer: [{ valueCoding: { system: BALANCE, code: 'mixed' } }],
  })),
};

const CASES: readonly { name: string; resource: Resource; goal: number }[] = [
  { name: 'Patient', resource: PATIENT, goal: 8 },
  { name: 'Patient that claims its profile', resource: { ...PATIENT, meta: { profile: [PROFILE] } }, goal: 8 },
  { name: 'QuestionnaireResponse, 150 items', resource: RESPONSE, goal: 12 },
];

function microseconds(work: () => unknown): number {
  const start = performance.now();
  for (let i = 0; i < RUNS; i += 1) work();
  return ((performance.now() - start) * 1_000) / RUNS;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-validate-'));
const definitions = await loadDefinitions(folder);
for (const { name, resource, goal } of CASES) {
  const text = JSON.stringify(resource);
  const errors = definitions.validate(resource).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(`${name} is not sound: ${JSON.stringify(errors)}`);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const parse = microseconds(() => JSON.parse(text));
    return { parse, validate: microseconds(() => definitions.validate(resource)) };
  });
  const [parse, validate] = [median(rounds.map((one) => one.parse)), median(rounds.map((one) => one.validate))];
  const ratio = median(rounds.map((one) => one.validate / one.parse));
  const verdict = ratio <= goal ? 'met' : 'NOT MET';
  process.stdout.write(
    `${name} (${text.length} bytes): parse ${parse.toFixed(1)} us, validate ${validate.toFixed(1)} us, ratio ${ratio.toFixed(1)} (goal ${goal}: ${verdict})\n`,
  );
}
rmSync(folder, { recursive: true });
