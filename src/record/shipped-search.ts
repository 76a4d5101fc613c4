/**
 * Searches of definitional types: stored rows first decided and found as any, then the definitions that ship, matched in
 * memory by the same tree over the same index values. Both are sorted and paged together.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import type { Resource } from '../fhir/types.ts';
import { compareFor, holds, type Indexed } from '../search/match.ts';
import { TEXT_PARAMS } from '../search/params.ts';
import { type Clause, isCriterion, type Query, type SearchParam, type SortKey } from '../search/types.ts';
import type { FoundRow, SearchResult } from '../store/search.ts';
import { parseStored } from './decide.ts';
import { asShown, isShipped, shippedRow } from './shipped.ts';
import type { Door } from './types.ts';

/** What is large in a definition and seldom asked: left out of what is kept in memory (30 MB become 4). */
const LARGE = ['snapshot', 'differential', 'mapping', 'compose', 'expansion', 'concept', 'group', 'text', 'parameter'];
const LARGE_PATH = new RegExp(`\\.(?:${LARGE.join('|')})\\b`);
/** Resources read between two turns of the event loop: a search must not hold up the others. */
const CHUNK = 20;

/** Resources without their large parts, by the definitions they came from. */
const kept = new WeakMap<object, Map<string, Resource[]>>();

function light(resource: Resource): Resource {
  const { resourceType, ...rest } = resource;
  for (const name of LARGE) delete rest[name];
  return { resourceType, ...rest };
}

/** Every definition of a type, whole or without its large parts. */
async function allOf({ definitions }: Door, type: string, whole: boolean): Promise<Resource[]> {
  const byType = kept.get(definitions) ?? new Map<string, Resource[]>();
  kept.set(definitions, byType);
  const entries = definitions.entries(type);
  const known = whole ? undefined : byType.get(type);
  if (known?.length === entries.length) return known;
  const found: Resource[] = [];
  for (const [at, { id }] of entries.entries()) {
    const resource = definitions.byId(type, id);
    if (resource !== null) found.push(whole ? asShown(resource) : light(asShown(resource)));
    if (at % CHUNK === CHUNK - 1) await breathe();
  }
  if (!whole) byType.set(type, found);
  return found;
}

/** Clauses that memory can decide: criteria on the row itself, and combinations of them. */
export function isLocal(clause: Clause): boolean {
  if (isCriterion(clause)) return true;
  return (clause.op === 'all' || clause.op === 'any' || clause.op === 'not') && clause.clauses.every(isLocal);
}

/**
 * What is decided for a definition that ships: a chain as well, where nothing turns it round. It refers to nothing here by
 * id, and the definitions that ship and are named by its canonicals stand beside the chain (shipped-ends.ts).
 */
function isDecided(clause: Clause): boolean {
  if (isCriterion(clause) || clause.op === 'chain') return true;
  return clause.op === 'all' || clause.op === 'any' ? clause.clauses.every(isDecided) : isLocal(clause);
}

function keeps(clause: Clause, { resource, values }: Indexed): boolean {
  if (isCriterion(clause)) return holds(clause, resource, values);
  if (clause.op === 'all') return clause.clauses.every((one) => keeps(one, { resource, values }));
  if (clause.op === 'any') return clause.clauses.some((one) => keeps(one, { resource, values }));
  return clause.op === 'not' && !clause.clauses.some((one) => keeps(one, { resource, values }));
}

function paramsOf(clause: Clause): SearchParam[] {
  if (isCriterion(clause)) return [clause.param];
  return 'clauses' in clause ? clause.clauses.flatMap(paramsOf) : [];
}

function needsWhole(where: readonly Clause[], sort: readonly SortKey[]): boolean {
  const sorted = sort.flatMap(({ param }) => (typeof param === 'string' ? [] : [param]));
  return [...where.flatMap(paramsOf), ...sorted].some(
    ({ code, expression }) => TEXT_PARAMS.has(code) || LARGE_PATH.test(expression),
  );
}

/** The few definitions a plain `url=` can mean, without reading the others; null when the query has none. */
function byUrl({ definitions }: Door, type: string, where: readonly Clause[]): Resource[] | null {
  const asked = where.find(
    (clause) =>
      isCriterion(clause) && clause.param.code === 'url' && clause.modifier === null && clause.hidden !== true,
  );
  if (asked === undefined || !isCriterion(asked)) return null;
  const urls = new Set(
    asked.values.flatMap((value) => (value.kind === 'uri' ? [value.uri, value.uri.split('|', 1)[0]] : [])),
  );
  const named = definitions.entries(type).filter(({ url }) => urls.has(url));
  return named.flatMap(({ id }) => {
    const resource = definitions.byId(type, id);
    return resource === null ? [] : [asShown(resource)];
  });
}

async function matching(door: Door, type: string, query: Query): Promise<Indexed[]> {
  return (await matchingShipped(door, type, query.where, query.sort)).sort(compareFor(query));
}

/** The definitions of a type that ship and for which local clauses hold, in no order. */
export async function matchingShipped(
  door: Door,
  type: string,
  where: readonly Clause[],
  sort: readonly SortKey[] = [],
): Promise<Indexed[]> {
  const resources = byUrl(door, type, where) ?? (await allOf(door, type, needsWhole(where, sort)));
  const found: Indexed[] = [];
  for (const [at, resource] of resources.entries()) {
    const indexed = { resource, values: door.indexer.indexOf(resource) };
    if (where.every((clause) => keeps(clause, indexed))) found.push(indexed);
    if (at % CHUNK === CHUNK - 1) await breathe();
  }
  return found;
}

const notSearched = (what: string): OutcomeIssue => ({
  severity: 'warning',
  code: 'incomplete',
  diagnostics: `Definitions that ship with the service are not searched by ${what}: only stored ones were.`,
});

/** What a search asked that is answered for one side alone. */
function limits(query: Query): OutcomeIssue[] {
  const leads = query.include.length > 0 || query.where.some((clause) => !isLocal(clause));
  if (!leads) return [];
  const diagnostics = 'From definitions that ship, chains and _include lead to others that ship, not to stored ones.';
  return [{ severity: 'information', code: 'incomplete', diagnostics }];
}

function indexed(door: Door, { row }: FoundRow): Indexed {
  const { resource } = parseStored(row.body ?? '');
  return { resource, values: door.indexer.indexOf(resource) };
}

/** Ids in order, `Type/id`; stored rows stand before those that ship when nothing sorts them. */
function orderOf(door: Door, query: Query, result: SearchResult, shipped: readonly Indexed[]): string[] {
  const matches = result.found.filter(({ mode }) => mode === 'match');
  const own = shipped.map(({ resource }) => `${resource.resourceType}/${resource.id}`);
  const stored = result.ids ?? matches.map(({ row }) => `${row.type}/${row.id}`);
  if (query.sort.length === 0 || matches.length === 0) return [...stored, ...own];
  if (result.ids !== null) {
    throw refuse(400, 'too-costly', 'Too many stored definitions to sort with those that ship; narrow the search');
  }
  const all = [...matches.map((one) => indexed(door, one)), ...shipped].sort(compareFor(query));
  return all.map(({ resource }) => `${resource.resourceType}/${resource.id}`);
}

function pageOf(door: Door, ids: readonly string[], stored: readonly FoundRow[]): FoundRow[] {
  const known = new Map(stored.map((one) => [`${one.row.type}/${one.row.id}`, one]));
  return ids.flatMap((id): FoundRow[] => {
    const found = known.get(id);
    if (found !== undefined) return [found];
    const [type = '', key = ''] = id.split('/');
    const row = shippedRow(door, type, key);
    return row === null ? [] : [{ mode: 'match', row, consents: [] }];
  });
}

/** A first page with the definitions that ship; other types pass through as they are. */
export async function withShipped(
  door: Door,
  query: Query,
  result: SearchResult,
): Promise<{ result: SearchResult; warnings: OutcomeIssue[] }> {
  const { type } = query;
  if (type === null || door.definitions.entries(type).length === 0) return { result, warnings: [] };
  if (query.revinclude.length > 0 || !query.where.every(isDecided)) {
    return { result, warnings: [notSearched('_has, _list, _revinclude or turned-round chains')] };
  }
  const shipped = await matching(door, type, query);
  if (shipped.length === 0) return { result, warnings: [] };
  const ids = orderOf(door, query, result, shipped);
  const total = result.total === null ? null : result.total + shipped.length;
  const page = pageOf(door, ids.slice(0, query.count), result.found);
  const [matches, included] = [ofMode(result.found, 'match'), ofMode(result.found, 'include')];
  // What a stored row of this page alone includes cannot be told from what the others do.
  if (included.length > 0 && matches.some((one) => !page.includes(one))) {
    return { result, warnings: [notSearched('_include together with _sort')] };
  }
  const found = [...page, ...included];
  return { result: { ...result, found, total, ids: ids.length > query.count ? ids : null }, warnings: limits(query) };
}

const ofMode = (found: readonly FoundRow[], mode: FoundRow['mode']): FoundRow[] =>
  found.filter((one) => one.mode === mode);

/** The ids of a later page that stand for rows. */
export function storedIds(door: Door, ids: readonly string[]): string[] {
  return ids.filter((id) => {
    const [type = '', key = ''] = id.split('/');
    return !isShipped(door, type, key);
  });
}

/** A later page in its order, definitions that ship put back where they were. */
export function pageWithShipped(door: Door, ids: readonly string[], result: SearchResult): SearchResult {
  if (ids.every((id) => door.definitions.entries(id.split('/')[0] ?? '').length === 0)) return result;
  return {
    ...result,
    found: [...pageOf(door, ids, ofMode(result.found, 'match')), ...ofMode(result.found, 'include')],
  };
}
