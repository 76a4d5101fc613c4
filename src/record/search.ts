/** search-type and search-system: only permitted rows are found, counted, sorted, included and paged (R-10). */
import { randomBytes } from 'node:crypto';
import { bundleText } from '../fhir/bundle-text.ts';
import { type OutcomeIssue, operationOutcome, refuse } from '../fhir/outcome.ts';
import { gate } from '../governance/gates.ts';
import { masksFor, paramGuard } from '../governance/masks.ts';
import { rowRule } from '../governance/row-rules.ts';
import type { RowRule } from '../governance/types.ts';
import { searchableParams } from '../search/params.ts';
import { criteriaUsing, parseSearch } from '../search/parse.ts';
import type { Query } from '../search/types.ts';
import { keepPage } from '../store/pages.ts';
import { MAX_INCLUDES, PAGE_IDS, runSearch, type SearchResult } from '../store/search.ts';
import { ask, asOf, worldOf } from './decide.ts';
import { entryOf, withRows } from './entry.ts';
import { entriesOf } from './minimise.ts';
import { audited, checkGeneration, refused } from './refusal.ts';
import type { Context, Door } from './types.ts';

export const MAX_COUNT = 1_000;

/** People a search names outright: a refused or empty search about a woman is still one about her (Q11). */
function peopleAsked(query: string): string[] {
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
}

/**
 * The first page as a searchset Bundle's text.
 * @throws Outcome 400 unknown parameter, bad value, too costly; 403, 503
 */
export function search(door: Door, context: Context, request: SearchRequest): Promise<string> {
  const { type } = request;
  const entry = {
    ...entryOf(context, type === null ? 'search-system' : 'search-type'),
    entities: [type ?? ''],
    query: door.auditQuery(request.query, context.requestId),
    patients: peopleAsked(request.query),
  };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'search', type));
    if (closed !== null) throw await refused(door, entry, closed);
    if (type === null)
      throw refuse(400, 'not-supported', 'Search across types is not supported yet; name a type: /Patient?...');
    const { query, warnings } = parseSearch(type, request.query, {
      definitions: door.definitions,
      bases: [door.base],
      lenient: request.lenient,
      maxCount: MAX_COUNT,
      forbidden: forbidden(door, context, type),
      now: context.now,
    });
    const asked = {
      query,
      now: context.now,
      ruleFor: ruleFor(door, context),
      guards: guards(context, query),
      fewPatients: context.principal.kind !== 'system',
    };
    const result = unrevealing(context, query, await runSearch(door.pool, asked, door.broadPool));
    checkGeneration(context, result.generation);
    refuseCostly(query, result);
    const next =
      result.ids === null || query.count === 0 ? null : await keepPage(door.pool, pageOf(context, query, result.ids));
    const shown = {
      ...withRows(
        entry,
        result.found.map(({ row }) => row),
      ),
    };
    await door.audit.write({ ...shown, query: { ...entry.query, count: result.found.length } });
    return searchset(door, context, { query, result, warnings, next: next === null ? null : `${next}.${query.count}` });
  });
}

/** Parameters whose elements this role never sees, by role and type: they behave as if no row had a value. */
const FORBIDDEN = new Map<string, ReadonlySet<string>>();

function forbidden(door: Door, context: Context, type: string): ReadonlySet<string> {
  const { principal } = context;
  const key = `${principal.role} ${type}`;
  const known = FORBIDDEN.get(key);
  if (known !== undefined) return known;
  const codes = [...searchableParams(door.definitions, type).keys()];
  // Who is in a family is shown member by member; a search by member would tell of the others.
  const never = type === 'Group' && principal.role !== 'steward' ? ['Group.member'] : [];
  const hidden = new Set([
    ...codes.filter((code) => paramGuard(principal, type, [code]).op === 'false').map((code) => `${type}.${code}`),
    ...never,
  ]);
  FORBIDDEN.set(key, hidden);
  return hidden;
}

/** Parameters of this query that are masked on some rows: there they have no value (promise 1, R-16). */
export function guards(context: Context, query: Query): { params: ReadonlySet<string>; rule: RowRule }[] {
  const { type } = query;
  if (type === null) return [];
  return criteriaUsing(query).flatMap((used) => {
    const code = used.slice(used.indexOf('.') + 1);
    const rule = paramGuard(context.principal, type, [code]);
    return rule.op === 'true' || rule.op === 'false' ? [] : [{ params: new Set([`${type}.${code}`]), rule }];
  });
}

/**
 * Rows found backwards (`_revinclude`) through an element that is masked on them would give it away (R-16): they are left
 * out, also when another of several parameters asked for would have found them.
 */
export function unrevealing(context: Context, query: Query, result: SearchResult): SearchResult {
  const { type, revinclude } = query;
  const ways = revinclude.filter(({ param }) => type !== null && param?.targets.includes(type) === true);
  if (ways.length === 0) return result;
  const found = result.found.filter((one) => {
    const through = ways.filter(({ source }) => one.mode === 'include' && source === one.row.type);
    if (through.length === 0) return true;
    const hidden = masksFor(context.principal, worldOf(context, one)).flatMap((mask) => mask.params);
    return !through.some(({ param }) => param !== null && hidden.includes(param.code));
  });
  return { ...result, found };
}

/** The row rule of a type for this principal; null where the gate is closed for the type. */
export function ruleFor(door: Door, context: Context): (type: string | null) => RowRule | null {
  return (type) => {
    const asked = ask(door, context, 'search', type);
    return gate(context.principal, asked) === null ? rowRule(context.principal, asked) : null;
  };
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
  /** `token.offset` of the next page. */
  next: string | null;
}

/** The answer Bundle: matches, includes, warnings as an outcome entry, links. */
export async function searchset(door: Door, context: Context, parts: SearchsetParts): Promise<string> {
  const { query, result, warnings, next } = parts;
  const self = `${door.base}/${query.type ?? ''}${query.self === '' ? '' : `?${query.self}`}`;
  const entries = query.count === 0 ? [] : await entriesOf(door, context, query, result.found);
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
      ...(next === null ? [] : [{ relation: 'next', url: `${door.base}?_page=${next}` }]),
    ],
    entries,
  });
}
