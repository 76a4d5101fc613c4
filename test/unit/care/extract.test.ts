import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { questionnaireUrl } from '../../../src/care/canon.ts';
import { extract, extractProvenance } from '../../../src/care/extract.ts';
import { type Extracted, urnOf, withReferences } from '../../../src/care/extract-identity.ts';
import { instrumentOf } from '../../../src/care/questionnaires/all.ts';
import { changesOf, planBundle, planReExtract } from '../../../src/care/re-extract.ts';
import { objectsAt, textAt } from '../../../src/care/shape.ts';
import { formOf } from '../../../src/definitions/answers/form.ts';
import { checkResponse } from '../../../src/definitions/answers/response-checks.ts';
import type { JsonObject, Resource, StoredResource } from '../../../src/fhir/types.ts';
import {
  answer,
  coded,
  goal,
  group,
  HEALTH_VISITOR,
  MIDWIFE,
  type Parts,
  releasedCopy,
  said,
  workingCopy,
} from './assessment.ts';
import { inValueSet } from './code-lists.ts';
import { randomResponse } from './random-response.ts';

const VISIT = { effective: '2026-06-08T11:20:00+01:00', careTeam: { reference: 'CareTeam/ct-1' } };
const run = (parts?: Parts, status?: string): Extracted[] => extract(releasedCopy(parts, status), VISIT);
const keyed = (output: Extracted[], key: string): Resource | undefined =>
  output.find((one) => one.key === `copy-1/${key}`)?.resource;
const META = { versionId: '1', lastUpdated: '2026-06-08T12:00:00.000Z' };

/** Stores output as the record would: ids given, urns resolved. */
function store(output: Extracted[]): StoredResource[] {
  const ids = new Map(output.map(({ key, resource }, n) => [urnOf(key), `${resource.resourceType}/s${n}`]));
  return output.map(({ resource }, n) => ({
    ...withReferences(resource, ids),
    id: `s${n}`,
    meta: { ...resource.meta, ...META },
  }));
}
const local = (system: string, code: string): JsonObject => ({
  system: `https://tandem.example/fhir/CodeSystem/${system}`,
  code,
});

describe('the assessment of a family of twins', () => {
  const output = run();

  test('the response itself is a valid one', () => {
    const form = instrumentOf(questionnaireUrl('joint-visit-assessment'));
    expect(form && checkResponse(releasedCopy(), formOf(form), { inValueSet })).toEqual([]);
  });

  test('what it yields', () => {
    expect(output.map(({ key, resource }) => `${key.slice('copy-1/'.length)} ${resource.resourceType}`)).toEqual([
      'baby.voice/1 Observation',
      'baby.voice/2 Observation',
      'priorities.text/1 Observation',
      'mwt.grow.1 Observation',
      'rm.resilience/1 Observation',
      'rm.x Observation',
      'rm.y Observation',
      'rm.quadrant RiskAssessment',
      'need.level Observation',
      'plan.goal/1 Goal',
      'plan.action/1 Task',
      'plan.action/2 ServiceRequest',
      'plan CarePlan',
    ]);
  });

  test('every resource: subject mother, label of the copy, identity', () => {
    for (const { key, resource } of output) {
      expect(textAt(resource, 'subject', 'reference') ?? textAt(resource, 'for', 'reference')).toBe('Patient/p1');
      expect(resource.meta?.security?.map((label) => label.code)).toEqual(['N']);
      expect(objectsAt(resource, 'identifier')[0]).toEqual({
        system: 'https://tandem.example/fhir/Id/extract',
        value: key,
      });
    }
  });

  test('golden: the voice of the second baby', () => {
    const { identifier: _, ...voice } = keyed(output, 'baby.voice/2') ?? { resourceType: 'none' };
    expect(voice).toEqual({
      resourceType: 'Observation',
      meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }] },
      status: 'final',
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'social-history' }] },
      ],
      code: { coding: [local('jv-observation', 'voice-of-unborn')] },
      subject: { reference: 'Patient/p1' },
      focus: [{ reference: 'Patient/unborn-b' }],
      encounter: { reference: 'Encounter/jv-1' },
      effectiveDateTime: '2026-06-08T11:20:00+01:00',
      performer: [{ reference: MIDWIFE }, { reference: HEALTH_VISITOR }],
      valueString: 'I kick at night',
      derivedFrom: [{ reference: 'QuestionnaireResponse/copy-1' }],
    });
  });

  test('golden: a heading with its parts, both babies in focus', () => {
    const finding = keyed(output, 'mwt.grow.1');
    expect(finding).toMatchObject({
      code: { coding: [local('my-world-triangle', 'grow-1')] },
      valueCodeableConcept: { coding: [local('balance', 'mixed')] },
      focus: [{ reference: 'Patient/unborn-a' }, { reference: 'Patient/unborn-b' }],
    });
    expect(objectsAt(finding, 'component')).toEqual([
      { code: { coding: [local('jv-component', 'strengths')] }, valueString: 'walks' },
      { code: { coding: [local('jv-component', 'parent-words')] }, valueString: 'I feel well' },
      {
        code: { coding: [local('jv-component', 'indicator')] },
        valueCodeableConcept: { coding: [local('shanarri', 'healthy')] },
      },
      {
        code: { coding: [local('jv-component', 'indicator')] },
        valueCodeableConcept: { coding: [local('shanarri', 'active')] },
      },
    ]);
  });

  test('golden: the place on the matrix, without score or probability', () => {
    const risk = keyed(output, 'rm.quadrant');
    expect(risk).toMatchObject({
      status: 'final',
      method: { coding: [local('assessment-method', 'resilience-matrix')] },
      performer: { reference: HEALTH_VISITOR },
      prediction: [
        {
          qualitativeRisk: { coding: [local('resilience-quadrant', 'vulnerable-protective')] },
          rationale: 'strong family',
        },
      ],
    });
    expect(JSON.stringify(risk)).not.toMatch(/probability|score/i);
    expect(objectsAt(risk, 'basis').length).toBe(4);
  });

  test('golden: goal and plan', () => {
    expect(keyed(output, 'plan.goal/1')).toMatchObject({
      lifecycleStatus: 'active',
      description: { text: 'More sleep' },
      category: [{ coding: [local('shanarri', 'nurtured')] }],
      target: [{ dueDate: '2026-07-20' }],
      expressedBy: { reference: 'Patient/p1' },
      addresses: [{ reference: urnOf('copy-1/rm.quadrant') }],
    });
    expect(keyed(output, 'plan')).toMatchObject({
      status: 'active',
      intent: 'plan',
      author: { reference: 'CareTeam/ct-1' },
      contributor: [{ reference: MIDWIFE }, { reference: HEALTH_VISITOR }],
      goal: [{ reference: urnOf('copy-1/plan.goal/1') }],
      supportingInfo: [
        { reference: 'Patient/unborn-a' },
        { reference: 'Patient/unborn-b' },
        { reference: 'QuestionnaireResponse/copy-1' },
      ],
      activity: [
        { reference: { reference: urnOf('copy-1/plan.action/1') } },
        { reference: { reference: urnOf('copy-1/plan.action/2') } },
        { detail: { scheduledPeriod: { start: '2026-07-20' } } },
      ],
    });
  });

  test('a referral in the plan never sends itself', () => {
    expect(keyed(output, 'plan.action/2')).toMatchObject({ resourceType: 'ServiceRequest', status: 'draft' });
  });

  test('not plotted: no RiskAssessment, no inference', () => {
    expect(run({ quadrant: 'not-plotted' }).some(({ resource }) => resource.resourceType === 'RiskAssessment')).toBe(
      false,
    );
  });

  test.each([
    ['a working copy', workingCopy()],
    ['a draft', { ...releasedCopy(), status: 'in-progress' }],
  ])('%s is refused', (_name, response) => expect(() => extract(response, VISIT)).toThrow(/only/));
});

describe('re-extraction', () => {
  const plan = (stored: StoredResource[], output: Extracted[]): string[] =>
    planReExtract('copy-1', stored, output)
      .filter(({ action }) => action !== 'unchanged')
      .map(({ action, key }) => `${action} ${key.slice(7)}`);

  test('first: everything is created; the Bundle is conditional throughout', () => {
    const first = planReExtract('copy-1', [], run());
    expect(new Set(first.map(({ action }) => action))).toEqual(new Set(['create']));
    const bundle = planBundle(first, extractProvenance(releasedCopy(), ['x'], new Date(0)));
    const requests = objectsAt(bundle, 'entry').map(
      (entry) => textAt(entry, 'request', 'ifNoneExist') ?? textAt(entry, 'request', 'url'),
    );
    expect(requests.at(-1)).toBe('Provenance');
    expect(requests[0]).toBe('identifier=https%3A%2F%2Ftandem.example%2Ffhir%2FId%2Fextract%7Ccopy-1%2Fbaby.voice%2F1');
  });

  test('same answers again: nothing', () => expect(plan(store(run()), run({}, 'amended'))).toEqual([]));

  test('a changed answer amends its own finding and nothing else', () => {
    const writes = changesOf(planReExtract('copy-1', store(run()), run({ strengths: ['walks', 'sings'] })));
    expect(writes.map(({ action, key, resource }) => [action, key, resource.status])).toEqual([
      ['update', 'copy-1/mwt.grow.1', 'amended'],
    ]);
    expect(JSON.stringify(writes)).not.toContain('urn:uuid');
  });

  test('a gone answer becomes entered-in-error; when it comes back it is amended', () => {
    const stored = store(run());
    const writes = changesOf(planReExtract('copy-1', stored, run({ quadrant: 'not-plotted' })));
    expect(writes.map(({ action, key }) => `${action} ${key}`)).toEqual([
      'update copy-1/plan.goal/1',
      'retire copy-1/rm.quadrant',
    ]);
    const retired = writes[1]?.resource;
    expect(retired?.status).toBe('entered-in-error');
    const after = stored.map((one) =>
      one.resourceType === 'RiskAssessment' ? { ...one, ...retired, id: one.id, meta: one.meta } : one,
    );
    expect(planReExtract('copy-1', after, run()).find(({ key }) => key === 'copy-1/rm.quadrant')).toMatchObject({
      action: 'update',
      resource: { status: 'amended' },
    });
  });

  test("a person's edit of a goal stands; the change is a proposal beside it, raised once", () => {
    const stored = store(run()).map((resource) =>
      resource.resourceType === 'Goal' ? { ...resource, lifecycleStatus: 'on-hold' } : resource,
    );
    expect(plan(stored, run())).toEqual(['keep plan.goal/1']);
    const changed = planReExtract('copy-1', stored, run({ goals: [goal('Sleep six hours')] }));
    const [proposal] = changesOf(changed);
    expect(changesOf(changed).length).toBe(1);
    expect(proposal).toMatchObject({
      action: 'propose',
      resource: { lifecycleStatus: 'proposed', description: { text: 'Sleep six hours' } },
    });
    const beside: StoredResource = { ...(proposal?.resource ?? { resourceType: 'Goal' }), id: 'p', meta: META };
    expect(plan([...stored, beside], run({ goals: [goal('Sleep six hours')] }))).toEqual(['keep plan.goal/1']);
  });

  test('an edited goal whose answer is gone is kept for a person to decide', () => {
    const stored = store(run()).map((resource) =>
      resource.resourceType === 'Goal' ? { ...resource, lifecycleStatus: 'completed' } : resource,
    );
    expect(plan(stored, run({ goals: [] }))).toContain('keep plan.goal/1');
  });

  test('goals with ids of their own keep their identity when one before them goes', () => {
    const first = { ...goal('More sleep'), id: 'g-a' };
    const second = { ...goal('A cot'), id: 'g-b' };
    const stored = store(run({ goals: [first, second] }));
    expect(plan(stored, run({ goals: [second] }))).toContain('retire plan.goal/g-a');
    expect(plan(stored, run({ goals: [second] }))).not.toContain('update plan.goal/g-b');
  });

  test('idempotent for every valid response', () => {
    const form = instrumentOf(questionnaireUrl('joint-visit-assessment'));
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(1_000_000)), (stream) => {
        const made = form && randomResponse(form, (n) => Number(stream.next().value) % n);
        const output = extract({ ...releasedCopy(), ...(made?.item === undefined ? {} : { item: made.item }) }, VISIT);
        expect(new Set(output.map(({ key }) => key)).size).toBe(output.length);
        expect(changesOf(planReExtract('copy-1', store(output), output))).toEqual([]);
        const all = changesOf(planReExtract('copy-1', store(output), []));
        expect(all.every(({ action }) => action === 'retire')).toBe(true);
        expect(all.length).toBe(output.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the confidential response', () => {
  const concern = {
    valueCoding: {
      system: 'http://snomed.info/sct',
      code: '878111000000109',
      display: 'Unborn child is cause for safeguarding concern',
    },
  };
  const nothing = { valueCoding: { system: 'http://snomed.info/sct', code: '861931000000100' } };
  const SDV = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SDV' };
  const confidential = (item: JsonObject[]): StoredResource => ({
    resourceType: 'QuestionnaireResponse',
    id: 'jvc-1',
    meta: { ...META, security: [SDV] },
    questionnaire: questionnaireUrl('joint-visit-confidential'),
    status: 'completed',
    subject: { reference: 'Patient/p1' },
    author: { reference: MIDWIFE },
    item,
  });
  const yields = (item: JsonObject[]): Extracted[] => extract(confidential(item), VISIT);

  test('not seen alone: a Follow-up call, restricted, and nothing else', () => {
    const [task, ...more] = yields([answer('jvc.alone', { valueBoolean: false })]);
    expect(more).toEqual([]);
    expect(task?.resource).toMatchObject({
      resourceType: 'Task',
      description: 'Follow-up call',
      code: { coding: [local('jv-task', 'ask-in-private')] },
    });
    expect(task?.resource.meta?.security?.map(({ code }) => code)).toEqual(['R', 'SDV']);
  });

  test('a concern: flag, condition, task to safeguarding; each restricted and sensitive', () => {
    const output = yields([answer('jvc.alone', { valueBoolean: true }), answer('jvc.safeguarding', concern)]);
    expect(output.map(({ resource }) => resource.resourceType)).toEqual(['Flag', 'Condition', 'Task']);
    for (const { resource } of output) {
      expect(resource.meta?.security?.map(({ code }) => code)).toEqual(['R', 'SDV']);
    }
  });

  test('nothing identified raises nothing', () => {
    expect(yields([answer('jvc.alone', { valueBoolean: true }), answer('jvc.safeguarding', nothing)])).toEqual([]);
  });

  test('no free text of it leaves the response', () => {
    const item = [
      answer('jvc.alone', { valueBoolean: true }),
      group('jvc.da', answer('jvc.da.asked', coded('da-asked', 'yes')), answer('jvc.da.details', said('CANARY'))),
      group('jvc.third-party', answer('jvc.third-party.text', said('CANARY'))),
      answer('jvc.professional-analysis', said('CANARY')),
      answer('jvc.safeguarding', concern),
    ];
    expect(JSON.stringify(yields(item))).not.toContain('CANARY');
  });

  test('nothing of it is in what the assessment yields', () => {
    expect(JSON.stringify(run())).not.toMatch(/jvc|safeguarding|ask-in-private/);
  });
});
