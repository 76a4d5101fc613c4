/** history at instance, type and system level (R4 http.html#history): every version decided like a read of it. */
import { bundleText } from '../fhir/bundle-text.ts';
import { dateRange } from '../fhir/dates.ts';
import { refuse } from '../fhir/outcome.ts';
import { all } from '../governance/compose.ts';
import { gate } from '../governance/gates.ts';
import { masksFor } from '../governance/masks.ts';
import { rowRule } from '../governance/row-rules.ts';
import { bounded } from '../store/bounded.ts';
import { type FoundVersion, type HistoryAsk, readHistory } from '../store/histories.ts';
import type { FoundRow } from '../store/search.ts';
import { inTurn } from '../store/turns.ts';
import { ask, asOf, show, worldOf } from './decide.ts';
import { ID } from './document.ts';
import { entryOf, withRows } from './entry.ts';
import { historyRule, withoutHiddenMembers } from './family-group.ts';
import { isOwnId } from './ids.ts';
import { namesMasked } from './list-names.ts';
import { audited, checkGeneration, notFound, refused } from './refusal.ts';
import { callerKey } from './search.ts';
import type { Context, Door } from './types.ts';

const MAX_COUNT = 1_000;
const DEFAULT_COUNT = 50;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TYPE = /^[A-Za-z]{1,64}$/;

export interface HistoryRequest {
  type: string | null;
  id: string | null;
  /** Raw text after `?`: `_count`, `_since`, `_at`, `_page`. */
  query: string;
}

/**
 * The history Bundle's text, newest first.
 * @throws Outcome 404 at instance level when there is nothing to show; 400 for bad parameters; refusals; 503
 */
export function history(door: Door, context: Context, request: HistoryRequest): Promise<string> {
  const { type, id } = request;
  const level = id !== null ? 'history-instance' : type !== null ? 'history-type' : 'history-system';
  const entry = { ...entryOf(context, level), entities: [[type, id].filter((part) => part !== null).join('/')] };
  return audited(door, entry, async () => {
    const closed = gate(context.principal, ask(door, context, 'history', type));
    if (closed !== null) throw await refused(door, entry, closed);
    const paging = parameters(request.query);
    const rule = all(rowRule(context.principal, ask(door, context, 'history', type)), historyRule(context));
    const asked = { type, id, rule, now: context.now, ...paging };
    // Whoever may see little of a type has it looked for far back: in her turn, and not for ever.
    const page =
      id === null
        ? await inTurn(callerKey(context), () => bounded(() => readHistory(door.broadPool.walks, asked)))
        : await readHistory(door.pool, asked);
    checkGeneration(context, page.generation);
    if (
      id !== null &&
      page.found.length === 0 &&
      paging.before === null &&
      paging.since === null &&
      paging.at === null
    ) {
      throw await notFound(door, entry);
    }
    await door.audit.write(
      withRows(
        entry,
        page.found.map(({ row }) => row),
      ),
    );
    const path = [type, id, '_history'].filter((part) => part !== null).join('/');
    return bundleText({
      type: 'history',
      meta: { lastUpdated: asOf(context) },
      timestamp: asOf(context),
      ...(page.total === null ? {} : { total: page.total }),
      links: links(`${door.base}/${path}`, request.query, page.more ? page.found.at(-1) : undefined),
      entries: await historyEntries(door, context, page.found, id === null),
    });
  });
}

type Paging = Pick<HistoryAsk, 'since' | 'at' | 'count' | 'before'>;

function parameters(query: string): Paging {
  const paging: Paging = { since: null, at: null, count: DEFAULT_COUNT, before: null };
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === '_count') paging.count = countOf(value);
    else if (name === '_since') paging.since = sinceOf(value);
    else if (name === '_at') paging.at = rangeOf(name, value);
    else if (name === '_page') paging.before = beforeOf(value);
    else if (name !== '_format' && name !== '_pretty') {
      throw refuse(400, 'not-supported', `History has no parameter ${name.slice(0, 40)}; use _count, _since or _at`);
    }
  }
  return paging;
}

function countOf(value: string): number {
  if (!/^\d{1,6}$/.test(value) || Number(value) === 0)
    throw refuse(400, 'value', '_count must be a whole number of 1 or more');
  return Math.min(Number(value), MAX_COUNT);
}

function rangeOf(name: string, value: string): { low: string; high: string } {
  const range = dateRange(value.replace(' ', '+'));
  if (range === null) throw refuse(400, 'value', `${name} must be an instant or date, e.g. 2026-03-23T09:14:02Z`);
  return range;
}

function sinceOf(value: string): Date {
  return new Date(rangeOf('_since', value).low);
}

/** The key of the last row shown: opaque to clients, harmless when tampered with, for every page is decided anew. */
function beforeOf(value: string): HistoryAsk['before'] {
  const [updated = '', type = '', id = '', version = ''] = Buffer.from(value, 'base64url').toString('utf8').split('|');
  const isOurs = INSTANT.test(updated) && !Number.isNaN(Date.parse(updated)) && TYPE.test(type) && ID.test(id);
  if (!isOurs || !/^[1-9]\d{0,8}$/.test(version)) throw refuse(400, 'value', 'This page link is not one of ours');
  return { updated, type, id, version: Number(version) };
}

function links(url: string, query: string, last: FoundRow | undefined): { relation: string; url: string }[] {
  const self = { relation: 'self', url: query === '' ? url : `${url}?${query}` };
  if (last === undefined) return [self];
  const { row } = last;
  const key = Buffer.from([row.updated.toISOString(), row.type, row.id, row.version].join('|')).toString('base64url');
  const params = new URLSearchParams(query);
  params.set('_page', key);
  return [self, { relation: 'next', url: `${url}?${params}` }];
}

/** @param isList of many rows: there somebody handled with care has no name */
async function historyEntries(door: Door, context: Context, found: readonly FoundVersion[], isList: boolean) {
  const names = isList ? await namesMasked(door, context, found) : () => [];
  const masked = found.map((one) =>
    show(one.row, [...masksFor(context.principal, worldOf(context, one)), ...names(one)]),
  );
  const shown = await withoutHiddenMembers(door, context, masked);
  return found.map(({ row, remade }, i) => {
    // The first version under an id of the client's came by PUT (update as create).
    const method = row.deleted ? 'DELETE' : row.version === 1 && isOwnId(row.id) ? 'POST' : 'PUT';
    const status = row.deleted ? '204' : row.version === 1 || remade ? '201' : '200';
    return {
      fullUrl: `${door.base}/${row.type}/${row.id}`,
      ...(row.deleted ? {} : { resourceText: shown[i]?.text ?? '' }),
      request: { method, url: method === 'POST' ? row.type : `${row.type}/${row.id}` },
      response: { status, etag: `W/"${row.version}"`, lastModified: row.updated.toISOString() },
    };
  });
}
