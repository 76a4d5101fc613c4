/** Parameters that shape the answer: `_count _sort _total _summary _elements _include _revinclude`. */
import type { Definitions } from '../definitions/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { ROW_PARAMS, searchableParams } from './params.ts';
import type { Include, Query, SearchParam, SortKey } from './types.ts';

const MAX_SORT_KEYS = 8;
const TOTALS = ['none', 'estimate', 'accurate'] as const;
const SUMMARIES = ['true', 'false', 'text', 'data', 'count'] as const;

export interface ResultContext {
  definitions: Definitions;
  type: string | null;
  maxCount: number;
  forbidden: ReadonlySet<string>;
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
  ['_revinclude', applyRevinclude],
]);

/** Result parameters that may be given several times. */
export const REPEATABLE: ReadonlySet<string> = new Set(['_include', '_revinclude']);

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
    const root = `${context.type}.`;
    query.elements.push(name.startsWith(root) ? name.slice(root.length) : name);
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
    if (!context.forbidden.has(`${context.type}.${code}`)) query.sort.push(sortKey(code, descending, context));
  }
  return value;
}

function sortKey(code: string, descending: boolean, context: ResultContext): SortKey {
  if (code === '_id' || code === '_lastUpdated') return { param: code, descending };
  const params = context.type === null ? null : searchableParams(context.definitions, context.type);
  const param = params?.get(code);
  if (param !== undefined) return { param, descending };
  const known = [...new Set([...ROW_PARAMS, ...(params?.keys() ?? [])])].sort().join(', ');
  throw refuse(400, 'not-supported', `Search parameter "_sort": cannot sort by "${code}"; possible: ${known}`);
}

function applyInclude(query: Query, name: string, value: string, context: ResultContext): string {
  const { type, definitions } = context;
  const [source = '', code, target, ...more] = value.split(':');
  if (value === '*' && type !== null) {
    for (const param of referencesOf(definitions, type)) add(query.include, include(type, param, null), context);
    return value;
  }
  if (code === undefined || more.length > 0) throw malformed(name);
  if (source !== type) {
    throw refuse(
      400,
      'not-supported',
      `Search parameter "${name}": ${value} starts from included resources, which needs :iterate; not supported yet`,
    );
  }
  checkTarget(name, target, definitions);
  for (const param of named(definitions, name, source, code)) {
    if (target === undefined || reaches(param, target))
      add(query.include, include(source, param, target ?? null), context);
    else if (code !== '*')
      throw refuse(400, 'value', `Search parameter "${name}": ${source}:${code} never refers to ${target}`);
  }
  return value;
}

function applyRevinclude(query: Query, name: string, value: string, context: ResultContext): string {
  const { type, definitions } = context;
  const [source = '', code, target, ...more] = value.split(':');
  if (value === '*')
    throw refuse(400, 'too-costly', `Search parameter "${name}": name the type, e.g. ${name}=Observation:*`);
  if (code === undefined || more.length > 0 || type === null) throw malformed(name);
  if (!definitions.isResourceType(source))
    throw refuse(400, 'value', `Search parameter "${name}": ${source} is no R4 resource type`);
  checkTarget(name, target, definitions);
  if (target !== undefined && target !== type)
    throw refuse(400, 'value', `Search parameter "${name}": the target of a search on ${type} is ${type}`);
  for (const param of named(definitions, name, source, code)) {
    if (reaches(param, type)) add(query.revinclude, include(source, param, type), context);
    else if (code !== '*')
      throw refuse(400, 'value', `Search parameter "${name}": ${source}:${code} never refers to ${type}`);
  }
  return value;
}

const malformed = (name: string) =>
  refuse(400, 'value', `Search parameter "${name}" takes Type:parameter, Type:parameter:TargetType or Type:*`);

function checkTarget(name: string, target: string | undefined, definitions: Definitions): void {
  if (target !== undefined && !definitions.isResourceType(target)) {
    throw refuse(400, 'value', `Search parameter "${name}": ${target} is no R4 resource type`);
  }
}

const include = (source: string, param: SearchParam, target: string | null): Include => ({
  source,
  param,
  target,
  iterate: false,
});

/** An include along a hidden element finds nothing. */
function add(list: Include[], entry: Include, context: ResultContext): void {
  if (!context.forbidden.has(`${entry.source}.${entry.param?.code}`)) list.push(entry);
}

const reaches = (param: SearchParam, type: string): boolean =>
  param.targets.length === 0 || param.targets.includes(type);

function referencesOf(definitions: Definitions, type: string): SearchParam[] {
  return [...searchableParams(definitions, type).values()].filter((param) => param.type === 'reference');
}

function named(definitions: Definitions, name: string, source: string, code: string): SearchParam[] {
  const all = referencesOf(definitions, source);
  if (code === '*') return all;
  const found = all.filter((param) => param.code === code);
  if (found.length > 0) return found;
  const known = all.map((param) => param.code).join(', ');
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": ${source} has no reference parameter "${code}"; it has: ${known}`,
  );
}
