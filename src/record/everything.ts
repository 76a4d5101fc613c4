/**
 * [type]/[id]/$everything for a person, a visit, a family and a pregnancy (R4 operation-patient-everything and
 * operation-encounter-everything; ours for Group and EpisodeOfCare): each row decided for itself, findings about
 * the unborn included, for they are the mother's. Pages follow the paging contract: the first page fixes ids and order.
 */
import { randomBytes } from 'node:crypto';
import type { AuditEntry } from '../audit/types.ts';
import { bundleText } from '../fhir/bundle-text.ts';
import { refuse } from '../fhir/outcome.ts';
import { decide } from '../governance/decide.ts';
import type { Decision } from '../governance/decision-types.ts';
import { gate } from '../governance/gates.ts';
import type { Query } from '../search/types.ts';
import { compartmentIds } from '../store/compartment.ts';
import { findPage, keepPage } from '../store/pages.ts';
import { readCurrent } from '../store/reads.ts';
import type { DecidableRow, ResourceRow } from '../store/rows.ts';
import { PAGE_IDS, runSearch } from '../store/search.ts';
import { ask, asOf, reach } from './decide.ts';
import { entryOf, withDecision, withRows } from './entry.ts';
import { type Everything, everythingParameters } from './everything-parameters.ts';
import { careDates, scopeOf } from './everything-scope.ts';
import { entriesOf } from './minimise.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { callerKey } from './search.ts';
import { guards, openTypes, ruleFor } from './search-sight.ts';
import type { Context, Door } from './types.ts';

export interface EverythingRequest {
  type: string;
  id: string;
  /** Raw text after `?`, with the parameters of a body added. */
  query: string;
  /** Token under which the ids are kept for an answer that is fetched later. */
  later?: string;
}

/**
 * One page as a searchset Bundle's text. Parameters: `start`, `end`, `_since`, `_type`, `_count`, `_page`.
 * @throws Outcome as `read` for the root; 400 bad parameters; 410 a page link that is too old or not the caller's
 */
export function everything(door: Door, context: Context, request: EverythingRequest): Promise<string> {
  const { type, id } = request;
  const reference = `${type}/${id}`;
  const entry = { ...entryOf(context, 'operation'), entities: [reference], detail: '$everything' };
  return audited(door, entry, async () => {
    const { root, decision } = await readRoot(door, context, request, entry);
    const asked = everythingParameters(door, request.query);
    const ids = asked.page === null ? await firstIds(door, context, { root, decision, asked }) : null;
    const page = ids === null ? await laterPage(door, context, asked, reference) : null;
    const all = ids ?? page?.ids ?? [];
    const start = page?.start ?? 0;
    const query = pageQuery(openTypes(door, context), asked.count);
    const result = await runSearch(door.pool, {
      query,
      now: context.now,
      ids: all.slice(start, start + asked.count),
      ruleFor: ruleFor(door, context),
      allTypes: door.definitions.resourceTypes,
      guards: guards(door, context, query),
    });
    checkGeneration(context, result.generation);
    const end = start + asked.count;
    const { later } = request;
    if (later !== undefined) await keep(door, context, reference, { ids: all, token: later });
    const token =
      end >= all.length ? null : (page?.token ?? later ?? (await keep(door, context, reference, { ids: all })));
    const rows = result.found.map(({ row }) => row);
    await door.audit.write(withDecision(withRows(entry, rows.length > 0 ? rows : [root]), decision));
    return bundleText({
      type: 'searchset',
      meta: { lastUpdated: asOf(context) },
      timestamp: asOf(context),
      ...(ids === null || ids.length > PAGE_IDS ? {} : { total: ids.length }),
      links: links(`${door.base}/${reference}/$everything`, request.query, token === null ? null : `${token}.${end}`),
      entries: await entriesOf(door, context, query, result.found),
    });
  });
}

/** The root as it may be read; hidden and unknown alike, deleted said to those who could see it. */
async function readRoot(
  door: Door,
  context: Context,
  { type, id }: EverythingRequest,
  entry: AuditEntry,
): Promise<{ root: ResourceRow; decision: Decision }> {
  const closed = gate(context.principal, ask(door, context, 'search', type));
  if (closed !== null) throw await refused(door, entry, closed);
  const { found, generation } = await readCurrent(door.pool, type, id, reach(context));
  checkGeneration(context, generation);
  if (found === null) throw await notFound(door, entry);
  const decision = decideRoot(door, context, found);
  if (!decision.permit) throw await refused(door, withRows(entry, [found.row]), decision);
  if (found.row.deleted) throw refuse(410, 'deleted', 'This resource was deleted; its history is kept');
  return { root: found.row, decision };
}

function decideRoot(door: Door, context: Context, found: DecidableRow): Decision {
  return decide(context.principal, ask(door, context, 'read', found.row.type), { ...found, now: context.now });
}

async function firstIds(
  door: Door,
  context: Context,
  { root, decision, asked }: { root: ResourceRow; decision: Decision; asked: Everything },
): Promise<string[]> {
  const open = openTypes(door, context);
  const types = asked.types === null ? open : open.filter((type) => asked.types?.includes(type));
  const found = await compartmentIds(door.broadPool, {
    ...(await scopeOf(door, context, root, decision.masks)),
    root: `${root.type}/${root.id}`,
    ruleFor: ruleFor(door, context),
    now: context.now,
    types,
    since: asked.since,
    care: asked.care === null ? null : { ...asked.care, codes: careDates(door, context, types) },
  });
  checkGeneration(context, found.generation);
  return found.ids;
}

/** The ids the first page fixed. What is no longer permitted is left out when the page is fetched. */
async function laterPage(door: Door, context: Context, asked: Everything, reference: string) {
  const [, token = '', start = ''] = /^([\w-]{10,40})\.(\d{1,6})$/.exec(asked.page ?? '') ?? [];
  const kept = token === '' ? null : await findPage(door.pool, token, callerKey(context));
  if (kept === null || kept.query !== pageKey(reference))
    throw refuse(410, 'expired', 'This page link is too old, or not yours; start again with $everything');
  return { token, start: Number(start), ids: kept.ids };
}

const pageKey = (reference: string): string => JSON.stringify({ everything: reference });

async function keep(
  door: Door,
  context: Context,
  reference: string,
  { ids, token = randomBytes(18).toString('base64url') }: { ids: string[]; token?: string },
): Promise<string> {
  const kept = {
    token,
    caller: callerKey(context),
    query: pageKey(reference),
    ids: ids.slice(0, PAGE_IDS),
    snapshot: null,
  };
  return keepPage(door.pool, kept);
}

/** Minimisation of $everything is the rules' alone. */
function pageQuery(types: readonly string[], count: number): Query {
  return {
    type: null,
    types,
    where: [],
    sort: [],
    count,
    total: 'none',
    summary: null,
    elements: [],
    include: [],
    revinclude: [],
    self: '',
  };
}

function links(url: string, query: string, next: string | null) {
  const self = { relation: 'self', url: query === '' ? url : `${url}?${query}` };
  if (next === null) return [self];
  const params = new URLSearchParams();
  const asked = new URLSearchParams(query);
  for (const name of ['_count', '_format', '_pretty']) {
    const value = asked.get(name);
    if (value !== null) params.set(name, value);
  }
  params.set('_page', next);
  return [self, { relation: 'next', url: `${url}?${params}` }];
}
