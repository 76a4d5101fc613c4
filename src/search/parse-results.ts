/** Parameters that shape the answer: `_count _sort _total _summary _elements _include _revinclude _explain`. */
import type { Definitions } from '../definitions/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { checkIndexed, ROW_PARAMS, searchableParams } from './params.ts';
import type { KeySet } from './parse.ts';
import { applyInclude, applyRevinclude } from './parse-includes.ts';
import type { Query, SortKey } from './types.ts';

const MAX_SORT_KEYS = 8;
const TOTALS = ['none', 'estimate', 'accurate'] as const;
const SUMMARIES = ['true', 'false', 'text', 'data', 'count'] as const;

export interface ResultContext {
  definitions: Definitions;
  /** Types searched: one, but for a search across types. */
  types: readonly string[];
  maxCount: number;
  forbidden: KeySet;
  pending?: KeySet;
  /** `_explain` is taken. */
  explain: boolean;
}

type Apply = (query: Query, name: string, value: string, context: ResultContext) => string;

/** Each sets its part of the query and returns the value as understood, for the self link. */
export const RESULT_PARAMS: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ['_count', applyCount],
  ['_sort', applySort],
  ['_total', applyTotal],
  ['_summary', applySummary],
  ['_elements', applyElements],
  ['_include', applyInclude],
  ['_include:iterate', applyInclude],
  ['_revinclude', applyRevinclude],
  ['_revinclude:iterate', applyRevinclude],
  ['_contained', applyContained],
  ['_containedType', applyContained],
  ['_explain', applyExplain],
]);

/** Result parameters that may be given several times. */
export const REPEATABLE: ReadonlySet<string> = new Set([
  '_include',
  '_include:iterate',
  '_revinclude',
  '_revinclude:iterate',
]);

function applyCount(query: Query, _name: string, value: string, context: ResultContext): string {
  if (!/^[0-9]{1,9}$/.test(value)) throw refuse(400, 'value', 'Search parameter "_count" takes a whole number from 0');
  query.count = Math.min(Number(value), context.maxCount);
  return String(query.count);
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw refuse(400, 'value', `Search parameter "${name}" takes one of: ${allowed.join(', ')}`);
  return found;
}

function applyTotal(query: Query, name: string, value: string): string {
  query.total = oneOf(name, value, TOTALS);
  return value;
}

function applySummary(query: Query, name: string, value: string): string {
  query.summary = oneOf(name, value, SUMMARIES);
  return value;
}

function applyElements(query: Query, _name: string, value: string, context: ResultContext): string {
  const names = value.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^[A-Za-z]+(\.[A-Za-z]+)*$/.test(name)) {
      throw refuse(400, 'value', 'Search parameter "_elements" takes element names, separated by commas');
    }
    const root = context.types.find((type) => name.startsWith(`${type}.`));
    query.elements.push(root === undefined ? name : name.slice(root.length + 1));
  }
  return value;
}

function applySort(query: Query, _name: string, value: string, context: ResultContext): string {
  const keys = value.split(',');
  if (keys.length > MAX_SORT_KEYS) throw refuse(400, 'too-costly', `At most ${MAX_SORT_KEYS} sort keys are taken`);
  for (const text of keys) {
    const descending = text.startsWith('-');
    const code = descending ? text.slice(1) : text;
    // A hidden element sorts as missing everywhere, which is no order at all.
    const key = sortKey(code, descending, context);
    if (!context.forbidden.has(`${context.types[0]}.${code}`)) query.sort.push(key);
  }
  for (const key of query.sort.slice(0, -1)) {
    if (typeof key.param !== 'string' && key.param.type === 'string') key.folded = true;
  }
  return value;
}

/** They have no single value to sort by. */
const UNSORTED: ReadonlySet<string> = new Set(['composite', 'special']);

function sortKey(code: string, descending: boolean, context: ResultContext): SortKey {
  if (code === '_id' || code === '_lastUpdated') return { param: code, descending };
  const [type, second] = context.types;
  const params = type === undefined || second !== undefined ? null : searchableParams(context.definitions, type);
  const param = params?.get(code);
  if (param !== undefined && !UNSORTED.has(param.type)) {
    checkIndexed(type ?? '', code, context);
    return { param, descending };
  }
  const sortable = [...(params?.values() ?? [])].filter((one) => !UNSORTED.has(one.type)).map((one) => one.code);
  const known = [...new Set([...ROW_PARAMS, ...sortable])].sort().join(', ');
  throw refuse(400, 'not-supported', `Search parameter "_sort": cannot sort by "${code}"; possible: ${known}`);
}

/** Contained resources are found with the resource that holds them, never alone. */
function applyContained(_query: Query, name: string, value: string): string {
  if (name === '_contained' && value === 'false') return value;
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": contained resources are not searched on their own; only _contained=false is taken`,
  );
}

/** What the store did with a search tells what it holds: for the demo's loading client alone. */
function applyExplain(query: Query, name: string, value: string, context: ResultContext): string {
  if (!context.explain) throw refuse(400, 'not-supported', `Search parameter "${name}" is not supported here`);
  query.explain = oneOf(name, value, ['true', 'false']) === 'true';
  return value;
}
