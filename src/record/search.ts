/** search-type and search-system: only permitted rows are found, counted, sorted, included and paged (R-10). */
import { randomBytes } from 'node:crypto';
import type { AuditEntry } from '../audit/types.ts';
import { type AnswerEntry, bundleText } from '../fhir/bundle-text.ts';
import { type OutcomeIssue, operationOutcome, refuse } from '../fhir/outcome.ts';
import { evaluate } from '../governance/evaluate.ts';
import { gate } from '../governance/gates.ts';
import type { Indexed } from '../search/match.ts';
import { type Compartment, parseSearch } from '../search/parse.ts';
import type { Query } from '../search/types.ts';
import type { Explained } from '../store/explain.ts';
import { MAX_INCLUDES } from '../store/include-sql.ts';
import { keepPage } from '../store/pages.ts';
import { PAGE_IDS, runSearch, type SearchResult } from '../store/search.ts';
import { ask, asOf, parseStored, reach } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { entriesOf } from './minimise.ts';
import { linkBehind } from './page-link.ts';
import { audited, checkGeneration, refused } from './refusal.ts';
import { compartmentTypes, forbidden, guards, openTypes, ruleFor } from './search-sight.ts';
import { includeShipped, withShippedEnds } from './shipped-ends.ts';
import { withShipped } from './shipped-search.ts';
import type { Context, Door } from './types.ts';
import { valueSetsAsked } from './value-sets-asked.ts';

export const MAX_COUNT = 1_000;

/** People a search names outright: a refused or empty search about a woman is still one about her (Q11). */
export function peopleAsked(query: string): string[] {
  const people = new Set<string>();
  for (const [name, value] of new URLSearchParams(query)) {
    for (const one of value.split(',')) {
      if (/^Patient\/[A-Za-z0-9\-.]{1,64}$/.test(one)) people.add(one);
      else if (name === 'patient' && /^[A-Za-z0-9\-.]{1,64}$/.test(one)) people.add(`Patient/${one}`);
    }
    if (people.size > 20) break;
  }
  return [...people];
}

export interface SearchRequest {
  type: string | null;
  /** Raw text after `?`, or a form body. */
  query: string;
  lenient: boolean;
  /** Whose compartment is searched (R4 search.html, "Compartments"). */
  compartment?: Compartment;
  /** Token under which the ids are kept for an answer that is fetched later, however few they are. */
  later?: string;
}

/**
 * The first page as a searchset Bundle's text.
 * @throws Outcome 400 unknown parameter, bad value, too costly; 403, 503
 */
export function search(door: Door, context: Context, request: SearchRequest): Promise<string> {
  const { type, compartment } = request;
  const own = compartment === undefined ? [] : [`${compartment.type}/${compartment.id}`];
  const entry = {
    ...entryOf(context, type === null ? 'search-system' : 'search-type'),
    entities: [type ?? '', ...own],
    query: door.auditQuery(request.query, context.requestId, [...own, type ?? ''].join('/')),
    patients: [...own.filter(() => compartment?.type === 'Patient'), ...peopleAsked(request.query)],
  };
  return audited(door, entry, async () => {
    const types = await typesOf(door, context, entry, request);
    const { query, warnings } = await parsedSearch(door, context, request, types);
    const asked = {
      query,
      now: context.now,
      ruleFor: ruleFor(door, context),
      allTypes: door.definitions.resourceTypes,
      guards: guards(door, context, query),
      fewPatients: context.principal.kind !== 'system',
      deciding: { permits: evaluate, reach: reach(context) },
      ...(mayGoOn(door, request) ? { onward: { indexed: (body: string) => indexed(door, body), after: null } } : {}),
      caller: callerKey(context),
    };
    const rows = await runSearch(door.pool, asked, door.broadPool);
    checkGeneration(context, rows.generation);
    refuseCostly(query, rows);
    const { result: merged, warnings: notes } = await withShipped(door, query, rows);
    const result = { ...merged, found: includeShipped(door, context, query, merged.found) };
    const rowsShown = result.found.map(({ row }) => row);
    const shown = { ...withRows(entry, rowsShown), query: { ...entry.query, count: result.found.length } };
    // Both are durable before the answer leaves; neither waits for the other.
    const [next] = await Promise.all([keepNext(door, context, request, { query, result }), door.audit.write(shown)]);
    return searchset(door, context, {
      query,
      result,
      warnings: [...warnings, ...notes],
      next,
    });
  });
}

/** What is asked, read strictly under what this caller may ask; `types` are those it may reach. @throws Outcome 400 */
export async function parsedSearch(
  door: Door,
  context: Context,
  { type, query: text, lenient, compartment }: SearchRequest,
  types: readonly string[],
): Promise<{ query: Query; warnings: readonly OutcomeIssue[] }> {
  const { query, warnings } = parseSearch(type, text, {
    definitions: door.definitions,
    valueSets: await valueSetsAsked(door, context, text),
    pending: door.pending,
    bases: [door.base],
    lenient,
    maxCount: MAX_COUNT,
    forbidden: forbidden(door, context),
    now: context.now,
    types,
    explain: context.principal.role === 'steward',
    ...(compartment === undefined ? {} : { compartment }),
  });
  return { query: await withShippedEnds(door, context, query), warnings };
}

/** Types with definitions that ship are merged with those, and what is fetched later is kept whole: both need all ids. */
function mayGoOn({ definitions }: Door, { type, later }: SearchRequest): boolean {
  return later === undefined && type !== null && definitions.entries(type).length === 0;
}

/** A stored body with its index values. */
export function indexed({ indexer }: Door, body: string): Indexed {
  const { resource } = parseStored(body);
  return { resource, values: indexer.indexOf(resource) };
}

/** Keeps what later pages need, or the answer itself when it is fetched later; gives where the next page is, or null. */
async function keepNext(
  door: Door,
  context: Context,
  { later }: SearchRequest,
  { query, result }: { query: Query; result: SearchResult },
): Promise<string | null> {
  const matches = result.found.filter(({ mode }) => mode === 'match').map(({ row }) => `${row.type}/${row.id}`);
  const ids = result.ids ?? (later === undefined ? null : matches);
  if (result.after !== null) {
    const { place, snapshot } = result.after;
    const token = await keepPage(door.pool, { ...pageOf(context, query, []), snapshot });
    return linkBehind(door, token, place);
  }
  if (ids === null || query.count === 0) return null;
  const page = pageOf(context, query, ids);
  return `${await keepPage(door.pool, later === undefined ? page : { ...page, token: later })}.${query.count}`;
}

/**
 * The types a search may reach: its own, or across types those that the caller's gate opens.
 * @throws Outcome a refusal when that is none
 */
async function typesOf(door: Door, context: Context, entry: AuditEntry, request: SearchRequest): Promise<string[]> {
  const { type } = request;
  if (type !== null) {
    const closed = gate(context.principal, ask(door, context, 'search', type));
    if (closed !== null) throw await refused(door, entry, closed);
    return [type];
  }
  const open = openTypes(door, context);
  const types = request.compartment === undefined ? open : compartmentTypes(request.compartment.type, open);
  const named = new URLSearchParams(request.query).getAll('_type').flatMap((value) => value.split(','));
  const known = named.filter((one) => door.definitions.isResourceType(one));
  const first = known.length === 0 ? null : (known[0] ?? null);
  if (types.length > 0 && (known.length < named.length || first === null || known.some((one) => types.includes(one))))
    return types;
  const closed = gate(context.principal, ask(door, context, 'search', first));
  if (closed !== null) throw await refused(door, entry, closed);
  throw refuse(
    400,
    'not-supported',
    `${first ?? 'This type'} is not searched across types; ask /${first ?? 'Type'}?...`,
  );
}

function refuseCostly(query: Query, result: SearchResult): void {
  if (query.total === 'accurate' && result.total === null) {
    throw refuse(
      400,
      'too-costly',
      `More than ${PAGE_IDS} matches: an accurate total is not counted that far; narrow the search or ask _total=none`,
    );
  }
  if (result.found.filter(({ mode }) => mode === 'include').length > MAX_INCLUDES) {
    throw refuse(
      400,
      'too-costly',
      `The page would include more than ${MAX_INCLUDES} resources; use a smaller _count or fewer includes`,
    );
  }
}

function pageOf(context: Context, query: Query, ids: string[]) {
  return {
    token: randomBytes(18).toString('base64url'),
    caller: callerKey(context),
    query: JSON.stringify(query),
    ids,
    snapshot: null,
  };
}

/** A page link belongs to the person and client that asked (H3). */
export function callerKey(context: Context): string {
  const { issuer, subject, clientId } = context.principal;
  return JSON.stringify([issuer, subject, clientId]);
}

export interface SearchsetParts {
  query: Query;
  result: SearchResult;
  warnings: readonly OutcomeIssue[];
  /** What stands behind `_page=` for the next page (page-link.ts). */
  next: string | null;
}

/** The answer Bundle: matches, includes, warnings as an outcome entry, links. */
export async function searchset(door: Door, context: Context, parts: SearchsetParts): Promise<string> {
  const { query, result, warnings, next } = parts;
  const self = `${door.base}/${query.path ?? query.type ?? ''}${query.self === '' ? '' : `?${query.self}`}`;
  const entries = query.count === 0 ? [] : await entriesOf(door, context, query, result.found);
  if (result.explained !== undefined) entries.push(explanation(result.explained));
  if (warnings.length > 0) {
    entries.push({ resourceText: JSON.stringify(operationOutcome(warnings)), search: { mode: 'outcome' } });
  }
  return bundleText({
    type: 'searchset',
    meta: { lastUpdated: asOf(context) },
    timestamp: asOf(context),
    ...(result.total === null ? {} : { total: result.total }),
    links: [
      { relation: 'self', url: self },
      ...(next === null ? [] : [{ relation: 'next', url: `${door.base}?_page=${next}${query.form ?? ''}` }]),
    ],
    entries,
  });
}

/** `_explain`: tree, statement and plan as an outcome entry. */
function explanation({ tree, sql, plan }: Explained): AnswerEntry {
  const issues = [tree, sql, plan].map((diagnostics) => ({
    severity: 'information' as const,
    code: 'informational',
    diagnostics,
  }));
  return { resourceText: JSON.stringify(operationOutcome(issues)), search: { mode: 'outcome' } };
}
