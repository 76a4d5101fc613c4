import { describe, expect, test } from '@jest/globals';
import { missingSignatures, planRelease, releaseFaults, signedBy, withSignature } from '../../../src/care/release.ts';
import { objectsAt } from '../../../src/care/shape.ts';
import type { JsonObject, StoredResource } from '../../../src/fhir/types.ts';
import {
  answer,
  answers,
  coded,
  group,
  HEALTH_VISITOR,
  MIDWIFE,
  practitioner,
  releasedCopy,
  said,
  workingCopy,
} from './assessment.ts';

const NOW = new Date('2026-06-08T12:00:00Z');
const faults = (working: StoredResource): string =>
  releaseFaults(working)
    .map((one) => one.diagnostics)
    .join('; ');
const replaced = (linkId: string, by: JsonObject): JsonObject[] =>
  answers().map((item) => (item.linkId === linkId ? by : item));

describe('signatures', () => {
  test('both have signed', () => expect(missingSignatures(workingCopy())).toEqual([]));
  test('one has', () => expect(missingSignatures(workingCopy(answers(), [MIDWIFE]))).toEqual([HEALTH_VISITOR]));
  test('a word changed after signing undoes both', () => {
    const changed = { ...workingCopy(), item: answers({ strengths: ['sings'] }) };
    expect(signedBy(changed)).toEqual([]);
    expect(missingSignatures(changed)).toEqual([MIDWIFE, HEALTH_VISITOR]);
  });
  test('signing twice leaves one signature', () => {
    const again = withSignature(workingCopy(), { reference: MIDWIFE }, NOW);
    expect(objectsAt(again, 'extension').length).toBe(2);
  });
  test('a visit by one practitioner needs one signature', () => {
    const visit = group(
      'visit',
      practitioner('midwife', MIDWIFE),
      practitioner('health-visitor', HEALTH_VISITOR, false),
    );
    expect(faults(workingCopy(replaced('visit', visit), [MIDWIFE]))).toBe('');
  });
});

describe('what stands in the way of a release', () => {
  test.each<[string, StoredResource, RegExp]>([
    ['a signature missing', workingCopy(answers(), [MIDWIFE]), /signature of PractitionerRole\/hv-1/],
    [
      'not explained',
      workingCopy(replaced('sharing', group('sharing', answer('sharing.explained', { valueBoolean: false })))),
      /mother's yes/,
    ],
    ['sharing not opened', workingCopy(answers().filter((item) => item.linkId !== 'sharing')), /mother's yes/],
    [
      'full objection',
      workingCopy(
        replaced(
          'sharing',
          group(
            'sharing',
            answer('sharing.explained', { valueBoolean: true }),
            answer('sharing.objection', coded('objection', 'full')),
          ),
        ),
      ),
      /objects/,
    ],
    ['a confidential answer', workingCopy([...answers(), answer('jvc.da.details', said('x'))]), /does not belong/],
    ['a contained resource', { ...workingCopy(), contained: [{ resourceType: 'Observation', id: 'o' }] }, /contained/],
    ['a copy of a copy', releasedCopy(), /a copy already/],
    [
      'nobody there',
      workingCopy(
        answers().filter((item) => item.linkId !== 'visit'),
        [],
      ),
      /nobody/,
    ],
  ])('%s', (_name, working, words) => {
    expect(faults(working)).toMatch(words);
    expect(() => planRelease(working, undefined, 'urn:uuid:x', NOW)).toThrow();
  });
});

describe('the copy', () => {
  test('is a resource of its own, label N, tied to its working version by Provenance', () => {
    const { copy, provenance } = planRelease(workingCopy(), undefined, 'urn:uuid:x', NOW);
    expect(copy.id).toBeUndefined();
    expect(copy.meta).toEqual({
      profile: ['https://tandem.example/fhir/StructureDefinition/JV-AssessmentCopy'],
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }],
    });
    expect(copy.status).toBe('completed');
    expect(copy.item).toEqual(answers());
    expect(provenance).toMatchObject({
      target: [{ reference: 'urn:uuid:x' }, { reference: 'Patient/p1' }],
      agent: [{ who: { reference: MIDWIFE } }, { who: { reference: HEALTH_VISITOR } }],
      entity: [{ role: 'source', what: { reference: 'QuestionnaireResponse/jva-1/_history/4' } }],
    });
  });

  test('the next release is its next version, amended', () => {
    const { copy } = planRelease(workingCopy(), releasedCopy(), 'QuestionnaireResponse/copy-1', NOW);
    expect(copy).toMatchObject({ id: 'copy-1', status: 'amended' });
  });

  test('narrative, foreign extensions and extensions on answers stay behind; item authors come along', () => {
    const author = {
      url: 'http://hl7.org/fhir/StructureDefinition/questionnaireresponse-author',
      valueReference: { reference: MIDWIFE },
    };
    const canary = { url: 'https://elsewhere.example/x', valueString: 'CANARY' };
    const item = answers().map((one): JsonObject => ({ ...one, extension: [author, canary] }));
    item.push({
      linkId: 'five',
      item: [{ linkId: 'five.others', answer: [{ valueString: 'hub', extension: [canary] }] }],
    });
    const working = { ...workingCopy(item), text: { status: 'generated', div: '<div>CANARY</div>' } };
    const { copy } = planRelease(working, undefined, 'urn:uuid:x', NOW);
    expect(JSON.stringify(copy)).not.toContain('CANARY');
    expect(objectsAt(copy, 'item')[0]?.extension).toEqual([author]);
  });
});
