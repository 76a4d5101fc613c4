/** What a mask took from an operation is put back when it writes, and nothing that it was not shown whole is changed. */
import { expect, test } from '@jest/globals';
import { NO_NUMBERS } from '../../../src/fhir/json.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import type { Decision } from '../../../src/governance/decision-types.ts';
import { withMaskedParts } from '../../../src/record/masked-parts.ts';
import type { Context } from '../../../src/record/types.ts';

const stored = {
  resourceType: 'Task',
  id: 't',
  meta: { versionId: '3', security: [{ system: 's', code: 'R' }] },
  status: 'requested',
  description: 'CANARY',
  participant: [{ actor: { reference: 'Location/x' } }, { actor: { reference: 'Patient/p' } }],
};
const masks = [
  { rule: 'R-16', remove: ['description', 'participant[actor=Location]', 'text', 'contained'], params: [] },
];
const before = { masks } as unknown as Decision;
const shown: Resource = {
  resourceType: 'Task',
  id: 't',
  meta: { versionId: '3', tag: [{ code: 'SUBSETTED' }] },
  status: 'requested',
  participant: [{ actor: { reference: 'Patient/p' } }],
};
const merged = (change: object) =>
  withMaskedParts(
    { operation: '$accept' } as Context,
    { resource: { ...shown, ...change }, numbers: NO_NUMBERS },
    before,
    JSON.stringify(stored),
  ).resource;

test('changed elements change, the rest is as it was stored', () => {
  expect(merged({ status: 'accepted', owner: { reference: 'CareTeam/t' } })).toEqual({
    ...stored,
    status: 'accepted',
    owner: { reference: 'CareTeam/t' },
  });
  expect(merged({ status: undefined })).toEqual({ ...stored, status: undefined });
});

test('what is shown in part is not changed, and who writes by hand is not helped', () => {
  expect(() => merged({ participant: [] })).toThrow();
  const byHand = withMaskedParts(
    {} as Context,
    { resource: shown, numbers: NO_NUMBERS },
    before,
    JSON.stringify(stored),
  );
  expect(byHand.resource).toBe(shown);
});
