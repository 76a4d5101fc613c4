/** R4 SearchParameter definitions, split per resource type (contract: search/types.ts). */
import type { SearchParam } from '../search/types.ts';
import { compositeOf, withRoots } from './compile-composites.ts';
import { expressionFor, splitUnion } from './compile-expressions.ts';

/** The parts of a SearchParameter resource the compiler reads. */
export interface SearchParameterSource {
  resourceType: 'SearchParameter';
  url: string;
  code: string;
  base: string[];
  type: SearchParam['type'];
  expression?: string;
  target?: string[];
  component?: { definition: string; expression: string }[];
}

/** Target types: `where(resolve() is X)` narrows what the definition lists. */
function targetsFor(source: SearchParameterSource, expression: string): string[] {
  if (source.type !== 'reference') return [];
  const narrowed = [...expression.matchAll(/resolve\(\) is (\w+)/g)].flatMap((match) => (match[1] ? [match[1]] : []));
  const everyPart = splitUnion(expression).every((part) => part.includes('resolve() is '));
  if (narrowed.length > 0 && everyPart) return [...new Set(narrowed)].sort();
  return [...new Set(source.target ?? [])].sort();
}

/** One parameter for one type, or null when the definition does not speak of it. */
function paramFor(
  type: string,
  source: SearchParameterSource,
  byUrl: ReadonlyMap<string, SearchParameterSource>,
): SearchParam | null {
  const expression = source.expression === undefined ? '' : expressionFor(type, source.expression);
  if (source.expression !== undefined && expression === '') return null;
  const composite = source.type === 'composite' ? compositeOf(type, source, splitUnion(expression), byUrl) : undefined;
  return {
    code: source.code,
    // _text and _content have no expression: they search the whole resource (R4 search, "special")
    type: expression === '' ? 'special' : source.type,
    expression,
    targets: targetsFor(source, expression),
    url: source.url,
    ...(composite === undefined ? {} : { composite }),
  };
}

/** Resource types without the elements of DomainResource. */
const PLAIN_RESOURCES = new Set(['Bundle', 'Parameters', 'Binary']);

/**
 * Search parameters of every type, Resource's and DomainResource's included, sorted by code. `_query` is left out: it
 * names server-defined queries, of which there are none.
 */
export function compileSearchParams(
  types: readonly string[],
  sources: readonly SearchParameterSource[],
): Map<string, SearchParam[]> {
  const result = new Map<string, Map<string, SearchParam>>(types.map((type) => [type, new Map()]));
  const byUrl = new Map(sources.map((source) => [source.url, source]));
  for (const source of sources) {
    if (source.code === '_query') continue;
    for (const type of basesOf(source, types)) {
      const param = paramFor(type, source, byUrl);
      if (param) result.get(type)?.set(param.code, param);
    }
  }
  const sorted = (params: Map<string, SearchParam>): SearchParam[] =>
    [...params.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  return new Map([...result].map(([type, params]) => [type, withRoots(type, sorted(params))]));
}

function basesOf(source: SearchParameterSource, types: readonly string[]): readonly string[] {
  if (source.base.includes('Resource')) return types;
  if (source.base.includes('DomainResource')) return types.filter((type) => !PLAIN_RESOURCES.has(type));
  return source.base;
}
