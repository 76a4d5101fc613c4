/** What a Consent says to the rules: permits given beside the partner, overrides. */
import { describe, expect, test } from '@jest/globals';
import type { JsonObject, Resource } from '../../../src/fhir/types.ts';
import { consentLookups, consentsOf, OVERRIDE_DETAILS, overrideFaults } from '../../../src/governance/consents.ts';

const CANON = 'https://tandem.example/fhir';
const permit = (more: object = {}): Resource => ({
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  policy: [{ uri: `${CANON}/policy/joint-visit-sharing` }],
  patient: { reference: 'Patient/p1' },
  dateTime: '2026-05-18T10:00:00Z',
  provision: { type: 'permit', actor: [{ reference: { reference: 'RelatedPerson/danny' } }] },
  ...more,
});
const visit = (...present: string[]): Resource => ({
  resourceType: 'QuestionnaireResponse',
  id: 'visit',
  item: [
    {
      linkId: 'visit',
      item: [
        {
          linkId: 'present',
          answer: present.map((code) => ({ valueCoding: { system: `${CANON}/CodeSystem/present`, code } })),
        },
      ],
    },
  ],
});
const inVisit = { sourceReference: { reference: 'QuestionnaireResponse/visit' } };
const verified = (verificationDate: string, is = true) => ({ verification: [{ verified: is, verificationDate }] });

describe('R-15: a permit given beside the partner waits for her word in private', () => {
  test.each<[string, Resource, Resource | null, boolean]>([
    ['taken down in no visit', permit(), null, true],
    ['she was alone', permit(inVisit), visit('mother'), true],
    ['he was there', permit(inVisit), visit('mother', 'partner'), false],
    ['he was there, confirmed the same day', permit({ ...inVisit, ...verified('2026-05-18') }), visit('mother', 'partner'), false],
    ['he was there, confirmed two days later', permit({ ...inVisit, ...verified('2026-05-20') }), visit('mother', 'partner'), true],
    ['he was there, taken back later', permit({ ...inVisit, ...verified('2026-05-20', false) }), visit('mother', 'partner'), false],
    ['nobody can say who was there', permit(inVisit), null, false],
  ])('%s', (_words, consent, source, counts) => {
    expect(consentLookups(permit(inVisit))).toEqual(['QuestionnaireResponse/visit']);
    const kinds = consentsOf(consent, () => source).map(({ kind, party }) => `${kind} ${party}`);
    expect(kinds.includes('permit RelatedPerson/danny')).toBe(counts);
  }); // biome-ignore format: one case a line

  test('an objection waits for nothing', () => {
    const against = permit({
      ...inVisit,
      provision: { type: 'deny', actor: [{ reference: { reference: 'Organization/hv' } }] },
    });
    expect(consentsOf(against, () => visit('mother', 'partner')).some(({ kind }) => kind === 'objection')).toBe(true);
  });
});

test('R-22: an override names what it leaves unsaid', () => {
  const category = [{ coding: [{ system: `${CANON}/CodeSystem/sharing-state`, code: 'overridden' }] }];
  const override = (...parts: JsonObject[]) =>
    permit({ category, extension: [{ url: OVERRIDE_DETAILS, extension: parts }] });
  const words = (url: string, valueString = 'words') => ({ url, valueString });
  const told = (valueBoolean: boolean) => ({ url: 'family-told', valueBoolean });
  expect(overrideFaults(permit())).toEqual([]);
  expect(overrideFaults(permit({ category }))).toHaveLength(4);
  expect(overrideFaults(override(words('rationale'), words('advised-by'), told(false)))).toEqual([
    expect.stringMatching(/^why-not-told/),
  ]);
  expect(overrideFaults(override(words('rationale', ' x'), words('advised-by'), told(true)))).toEqual([
    expect.stringMatching(/^rationale/),
  ]);
  expect(overrideFaults(override(words('rationale'), words('advised-by'), told(true)))).toEqual([]);
  expect(overrideFaults(override(words('rationale'), words('advised-by'), told(false), words('why-not-told')))).toEqual(
    [],
  );
});

test('R-21: an objection to a part closes the kind it names, and what is narrower than a kind closes the kind', () => {
  const denied = (more: object) =>
    consentsOf(
      permit({ provision: { type: 'deny', actor: [{ reference: { reference: 'Organization/hv' } }], ...more } }),
      () => null,
    ).find(({ kind }) => kind === 'objection')?.classes;
  const ofType = (code: string) => ({ class: [{ system: 'http://hl7.org/fhir/resource-types', code }] });
  expect(denied(ofType('CarePlan'))).toEqual(['plan']);
  expect(denied({ data: [{ meaning: 'instance', reference: { reference: 'CarePlan/one' } }] })).toEqual(['plan']);
  // Nobody can tell what a label or a period leaves out: then it closes everything.
  expect(denied({ securityLabel: [{ code: 'R' }] })).toEqual([]);
  expect(denied({})).toEqual([]);
});
