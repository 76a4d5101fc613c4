/** Generated chains, reverse chains and filters over the sample types, to any depth the parser takes. */
import fc from 'fast-check';
import { searchableParams, TEXT_PARAMS } from '../../src/search/params.ts';
import type { SearchParam } from '../../src/search/types.ts';
import { r4 } from '../unit/search/r4-params.ts';
import { criterionFor, TYPES } from './search-samples.ts';

/** The words of a text are the database's alone. */
const paramsOf = (type: string): SearchParam[] =>
  [...searchableParams(r4, type).values()].filter((param) => !TEXT_PARAMS.has(param.code));
const referencesOf = (type: string): SearchParam[] =>
  paramsOf(type).filter((param) => param.type === 'reference' && targetsOf(param).length > 0);
const targetsOf = (param: SearchParam): string[] =>
  TYPES.filter((type) => param.targets.length === 0 || param.targets.includes(type));

const leaf = (type: string): fc.Arbitrary<[string, string]> => fc.constantFrom(...paramsOf(type)).chain(criterionFor);

/** `[name, value]` of a clause on a type with at most so many hops. */
export function hopsFor(type: string, depth: number): fc.Arbitrary<[string, string]> {
  if (depth === 0) return leaf(type);
  const ways: fc.Arbitrary<[string, string]>[] = [];
  const forward = referencesOf(type);
  if (forward.length > 0) {
    ways.push(
      fc.constantFrom(...forward).chain((param) =>
        fc.constantFrom(...targetsOf(param)).chain((target) =>
          fc.tuple(hopsFor(target, depth - 1), fc.boolean()).map(([[rest, value], isTyped]): [string, string] => {
            const named = isTyped || param.targets.length !== 1;
            return [`${param.code}${named ? `:${target}` : ''}.${rest}`, value];
          }),
        ),
      ),
    );
  }
  const backward = TYPES.flatMap((source) =>
    referencesOf(source)
      .filter((param) => targetsOf(param).includes(type))
      .map((param) => ({ source, param })),
  );
  if (backward.length > 0) {
    ways.push(
      fc
        .constantFrom(...backward)
        .chain(({ source, param }) =>
          hopsFor(source, depth - 1).map(([rest, value]): [string, string] => [
            `_has:${source}:${param.code}:${rest}`,
            value,
          ]),
        ),
    );
  }
  return ways.length === 0 ? leaf(type) : fc.oneof(...ways);
}

const FILTERS: Record<string, string[]> = {
  Patient: [
    'name co "an"',
    'name eq "anne"',
    'family sw "b"',
    'given ew "E"',
    'gender eq female',
    'birthdate ge 1990',
    'link.name co "a"',
    'active eq true',
    'address pr true',
  ],
  Encounter: ['status eq planned', 'date po 2024-02', 'subject.name sw "a"', 'subject[gender eq female].name co "a"'],
  Observation: [
    'status eq finished',
    'date lt 2024-03',
    'subject re Patient/1',
    'encounter.status eq planned',
    'code pr false',
  ],
  ServiceRequest: ['status eq planned', 'authored gt 2024', 'subject.gender eq male', 'requester pr true'],
  Task: ['status eq planned', 'period eb 2025', 'patient.name co "x"', 'owner pr false'],
};

/** `_filter` texts of a type: comparisons combined with and, or, not and parentheses. */
export function filterFor(type: string): fc.Arbitrary<[string, string]> {
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom(...(FILTERS[type] ?? ['_id eq "1"'])),
      fc.tuple(tie('filter'), fc.constantFrom('and', 'or'), tie('filter')).map((parts) => parts.join(' ')),
      tie('filter').map((text) => `not (${text})`),
      tie('filter').map((text) => `(${text})`),
    ),
  }));
  return filter.map((text): [string, string] => ['_filter', text]);
}
