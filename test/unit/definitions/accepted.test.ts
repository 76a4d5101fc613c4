/** Tricky but right: what R4 allows and a validator easily refuses. Each is read from text, with the spelling of its numbers. */
import { expect, test } from '@jest/globals';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import { ACCEPTED_BUNDLES } from './accepted-bundles.ts';
import { ACCEPTED_CARE } from './accepted-care.ts';
import { ACCEPTED_PEOPLE } from './accepted-people.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

test.each([...ACCEPTED_PEOPLE, ...ACCEPTED_BUNDLES, ...ACCEPTED_CARE])('%s', (_, text) => {
  const { root, numbers } = parseJson(Buffer.from(text));
  expect(definitions.validate(asResource(root), { numbers })).toEqual([]);
});
