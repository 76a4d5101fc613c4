/**
 * What the index holds for a resource. Each parameter of a type is compiled once to direct code and called on every
 * write.
 */
import type { Definitions } from '../definitions/types.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { elementExtracts, emptyIndex } from './composite-values.ts';
import { dateIndex } from './date-values.ts';
import { numberIndex } from './number-values.ts';
import { partElement, ROW_PARAMS, searchableParams } from './params.ts';
import { compilePath } from './path.ts';
import { type IndexValues, type SearchParam, storedAs } from './types.ts';
import { CHOICES, type Index, positionIndex, referenceIndex, stringIndex, tokenIndex, uriIndex } from './values.ts';

export interface Indexer {
  /** Index values of one resource; a type without parameters, or an unknown one, has none. Never throws for bad content. */
  indexOf(resource: Resource): IndexValues;
}

type Extract = (resource: JsonObject, out: IndexValues) => void;

const NONE: ReadonlySet<string> = new Set();

/** `bases` are the absolute bases under which this server is known: references under them count as local. */
export function createIndexer(definitions: Definitions, bases: readonly string[]): Indexer {
  const types = new WeakMap<ReadonlyMap<string, SearchParam>, Extract[]>();
  const extracts = (type: string): Extract[] => {
    if (!definitions.isResourceType(type)) return [];
    const params = searchableParams(definitions, type);
    const known = types.get(params);
    if (known !== undefined) return known;
    const compiled = compileType(type, params, bases);
    types.set(params, compiled);
    return compiled;
  };
  return {
    indexOf(resource) {
      const out = emptyIndex();
      for (const extract of extracts(resource.resourceType)) extract(resource, out);
      if (out.tokens.length > 1) out.tokens = [...new Set(out.tokens)];
      if (out.strings.length > 1) out.strings = distinct(out.strings, (entry) => `${entry.code} ${entry.value}`);
      if (out.dates.length > 1) out.dates = distinct(out.dates, (entry) => `${entry.code} ${entry.low} ${entry.high}`);
      if (out.numbers.length > 1) out.numbers = distinct(out.numbers, numberKey);
      if (out.texts.length > 1) out.texts = [...new Set(out.texts)];
      return out;
    },
  };
}

const numberKey = ({ code, low, high, unit }: IndexValues['numbers'][number]): string =>
  `${code} ${low} ${high} ${unit}`;

function distinct<T>(entries: T[], key: (entry: T) => string): T[] {
  const seen = new Set<string>();
  return entries.filter((entry) => {
    const text = key(entry);
    return seen.has(text) ? false : seen.add(text) !== null;
  });
}

function compileType(type: string, served: ReadonlyMap<string, SearchParam>, bases: readonly string[]): Extract[] {
  const params = [...served.values()];
  const index = (param: SearchParam): Index => indexFor(type, param, params, bases);
  const plain = params
    .filter((param) => param.expression !== '' && !ROW_PARAMS.has(param.code) && param.type !== 'composite')
    .filter((param) => storedAs(param).includes(param.code))
    .map((param) => compilePath(param.expression, index(param), CHOICES[param.type] ?? NONE) ?? (() => undefined));
  return [...plain, ...elementExtracts(type, params, index)];
}

function indexFor(type: string, param: SearchParam, all: SearchParam[], bases: readonly string[]): Index {
  switch (param.type) {
    case 'token':
      return tokenIndex(type, param);
    case 'reference':
      return referenceIndex(type, param, bases);
    case 'uri':
      return uriIndex(type, param);
    case 'date':
      return dateIndex(param);
    case 'number':
    case 'quantity':
      return numberIndex(param);
    case 'special':
      return positionIndex(param);
    default: {
      const narrower = all.map((other) => partElement(param, other)).filter((name) => name !== null);
      return stringIndex(param, new Set(param.parts === undefined ? [] : narrower));
    }
  }
}
