/** Tricky but right: what R4 allows and a validator easily refuses. Each is read from text, with the spelling of its numbers. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { defaultSources } from '../../../src/definitions/sources.ts';
import { parseJson } from '../../../src/fhir/json.ts';
import { asResource } from '../../../src/fhir/resource.ts';
import type { Resource } from '../../../src/fhir/types.ts';
import { ACCEPTED_BUNDLES } from './accepted-bundles.ts';
import { ACCEPTED_CARE } from './accepted-care.ts';
import { ACCEPTED_PEOPLE } from './accepted-people.ts';
import { testDefinitions } from './cache.ts';

const definitions = await testDefinitions();

test.each([...ACCEPTED_PEOPLE, ...ACCEPTED_BUNDLES, ...ACCEPTED_CARE])('%s', (_, text) => {
  const { root, numbers } = parseJson(Buffer.from(text));
  const issues = definitions.validate(asResource(root), { numbers });
  // codes outside extensible value sets are told, and taken
  expect(issues.filter(({ severity }) => severity !== 'warning')).toEqual([]);
});

test.each([
  ['profiles-types.json', 60],
  ['search-parameters.json', 1300],
  ['valuesets.json', 1100],
])('what R4 publishes in %s', (file, least) => {
  const bundle: { entry: { resource: Resource }[] } = JSON.parse(
    readFileSync(`${defaultSources().r4}/${file}`, 'utf8'),
  );
  const refused = bundle.entry.flatMap(({ resource }) =>
    definitions.validate(resource).filter((issue) => issue.severity === 'error' || issue.severity === 'information'),
  );
  expect(refused).toEqual([]);
  expect(bundle.entry.length).toBeGreaterThan(least);
});
