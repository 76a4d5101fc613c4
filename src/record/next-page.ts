/** A later page: the first page's order, minus what is no longer permitted; nobody else's link works (H3, H23). */
import type { Query } from '../search/types.ts';
import { findPage, type KeptPage } from '../store/pages.ts';
import { gone, runSearch, type SearchAsk, type SearchResult } from '../store/search.ts';
import { type Place, walkOrder } from '../store/walk-order.ts';
import { entryOf, withRows } from './entry.ts';
import { linkBehind, type PageLink, readLink } from './page-link.ts';
import { audited, checkGeneration } from './refusal.ts';
import { callerKey, indexed, searchset } from './search.ts';
import { guards, ruleFor } from './search-sight.ts';
import { includeShipped } from './shipped-ends.ts';
import { pageWithShipped, storedIds } from './shipped-search.ts';
import type { Context, Door } from './types.ts';

/**
 * @param link out of a next link (page-link.ts)
 * @throws Outcome 410 when the link is too old or not the caller's own
 */
export function nextPage(door: Door, context: Context, link: string): Promise<string> {
  const entry = { ...entryOf(context, 'search-type'), query: door.auditQuery('_page', context.requestId) };
  return audited(door, entry, async () => {
    const read = readLink(door, link);
    const page = read === null ? null : await findPage(door.pool, read.token, callerKey(context));
    // Written by keepPage from a Query of this program.
    const query = page === null ? null : (JSON.parse(page.query) as Query);
    if (read === null || page === null || query === null || !fits(read, page, query)) throw gone();
    const part = { query, token: read.token, page };
    const { result: rows, next } = await ('offset' in read
      ? listed(door, context, part, read.offset)
      : onward(door, context, part, read.place));
    const result = { ...rows, found: includeShipped(door, context, query, rows.found) };
    checkGeneration(context, result.generation);
    await door.audit.write({
      ...withRows(
        { ...entry, entities: [query.type ?? ''] },
        result.found.map(({ row }) => row),
      ),
      query: { ...entry.query, count: result.found.length },
    });
    return searchset(door, context, { query, result: { ...result, total: null }, warnings: [], next });
  });
}

/** Ids are kept for the one kind of link, for the other the moment of the first page and as many keys as its sort has. */
function fits(link: PageLink, { ids, snapshot }: KeptPage, query: Query): boolean {
  if ('offset' in link) return snapshot === null;
  return snapshot !== null && ids.length === 0 && walkOrder(query, NONE)?.keys.length === link.place.keys.length;
}

const NONE: ReadonlySet<string> = new Set();

interface Part {
  query: Query;
  token: string;
  page: KeptPage;
}

interface NextPage {
  result: SearchResult;
  next: string | null;
}

/** The next of the ids that the first page fixed. */
async function listed(door: Door, context: Context, { query, token, page }: Part, offset: number): Promise<NextPage> {
  const ids = page.ids.slice(offset, offset + query.count);
  const rows = await runSearch(door.pool, { ...asked(door, context, query), ids: storedIds(door, ids) });
  const end = offset + ids.length;
  return { result: pageWithShipped(door, ids, rows), next: end < page.ids.length ? `${token}.${end}` : null };
}

/** The rows behind the last one of the page before, as they match and are permitted now, in the order of the first page. */
async function onward(door: Door, context: Context, { query, token, page }: Part, place: Place): Promise<NextPage> {
  const moment = { snapshot: page.snapshot ?? '', before: page.created.toISOString() };
  const after = { place, moment };
  const going = { indexed: (body: string) => indexed(door, body), after };
  const rows = await runSearch(door.pool, { ...asked(door, context, query), onward: going }, door.broadPool);
  return { result: rows, next: rows.after === null ? null : linkBehind(door, token, rows.after.place) };
}

function asked(door: Door, context: Context, query: Query): SearchAsk {
  return {
    query: { ...query, total: 'none', explain: false },
    now: context.now,
    ruleFor: ruleFor(door, context),
    allTypes: door.definitions.resourceTypes,
    guards: guards(door, context, query),
    caller: callerKey(context),
    fewPatients: context.principal.kind !== 'system',
  };
}
