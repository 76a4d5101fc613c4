/** Prints what loading and validating cost here: `node --expose-gc scripts/measure-definitions.ts`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formOf } from '../src/definitions/answers/form.ts';
import { checkResponse } from '../src/definitions/answers/response-checks.ts';
import { loadDefinitions } from '../src/definitions/load.ts';
import type { Resource } from '../src/fhir/types.ts';
import { randomResponse } from '../test/unit/care/random-response.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-measure-'));
const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};

async function timed(name: string): Promise<Awaited<ReturnType<typeof loadDefinitions>>> {
  const [before, start] = [heap(), performance.now()];
  const definitions = await loadDefinitions(folder);
  const took = performance.now() - start;
  say(
    `${name}: ${took.toFixed(0)} ms, heap +${(heap() - before).toFixed(1)} MB, rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
  );
  return definitions;
}

const PATIENT: Resource = {
  resourceType: 'Patient',
  id: 'p1',
  meta: { versionId: '1', lastUpdated: '2026-01-01T00:00:00Z' },
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Aisha Khan</div>' },
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990001006' }],
  active: true,
  name: [{ use: 'official', family: 'KHAN', given: ['Aisha', 'B'] }],
  telecom: [{ system: 'phone', value: '01632 960001', use: 'home' }],
  gender: 'female',
  birthDate: '2001-02-28',
  address: [{ line: ['1 Street'], postalCode: 'AA1 1AA', period: { start: '2020', end: '2021-01' } }],
  generalPractitioner: [{ reference: 'Organization/gp' }],
  contact: [{ name: { family: 'X' } }],
};

/** Of many random assessments of a joint visit, the one nearest to 150 items. */
function assessmentOf(form: Resource): Resource {
  let seed = 1;
  const pick = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * n);
  };
  const items = (response: Resource): number => JSON.stringify(response).split('"linkId"').length - 1;
  const made = Array.from({ length: 3000 }, () => randomResponse(form, pick));
  const [nearest] = made.sort((a, b) => Math.abs(items(a) - 150) - Math.abs(items(b) - 150));
  return { resourceType: 'QuestionnaireResponse', ...nearest, subject: { reference: 'Patient/1' } };
}

function perRun(work: () => unknown, runs: number): number {
  for (let i = 0; i < runs / 2; i += 1) work();
  const start = performance.now();
  for (let i = 0; i < runs; i += 1) work();
  return ((performance.now() - start) / runs) * 1000;
}

await timed('compile and load');
const definitions = await timed('load from the snapshot');
for (const type of definitions.resourceTypes) definitions.searchParams(type);
say(`all search parameters read: heap ${heap().toFixed(1)} MB`);
for (const type of definitions.resourceTypes) definitions.validate({ resourceType: type });
say(`all types linked: heap ${heap().toFixed(1)} MB`);

const [form] = definitions
  .published('Questionnaire')
  .filter(({ url }) => String(url).endsWith('/joint-visit-assessment'));
if (form === undefined) throw new Error('the assessment is not published');
const compiled = formOf(form, definitions.elementOf);
const assessment: Resource = JSON.parse(JSON.stringify(assessmentOf(form)));
const answered = (resource: Resource): unknown =>
  definitions.validate(resource).concat(checkResponse(resource, compiled, { inValueSet: definitions.inValueSet }));
for (const { resource, work } of [
  { resource: PATIENT, work: definitions.validate },
  { resource: assessment, work: answered },
]) {
  const text = JSON.stringify(resource);
  const parse = perRun(() => JSON.parse(text), 5000);
  const validate = perRun(() => work(resource), 5000);
  say(
    `${resource.resourceType} ${text.length} bytes: parse ${parse.toFixed(1)} us, validate ${validate.toFixed(1)} us, ratio ${(validate / parse).toFixed(1)}`,
  );
}
rmSync(folder, { recursive: true });
