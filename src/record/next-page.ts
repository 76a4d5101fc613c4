/** A later page: the first page's order, minus what is no longer permitted; nobody else's link works (H3, H23). */
import { refuse } from '../fhir/outcome.ts';
import type { Query } from '../search/types.ts';
import { findPage, type KeptPage } from '../store/pages.ts';
import { runSearch, type SearchAsk, type SearchResult } from '../store/search.ts';
import { entryOf, withRows } from './entry.ts';
import { audited, checkGeneration } from './refusal.ts';
import { callerKey, searchset } from './search.ts';
import { guards, ruleFor } from './search-sight.ts';
import { includeShipped } from './shipped-ends.ts';
import { pageWithShipped, storedIds } from './shipped-search.ts';
import type { Context, Door } from './types.ts';

/**
 * @param link `token.offset` or `token.after.id` out of a next link
 * @throws Outcome 410 when the link is too old or not the caller's own
 */
export function nextPage(door: Door, context: Context, link: string): Promise<string> {
  const entry = { ...entryOf(context, 'search-type'), query: door.auditQuery('_page', context.requestId) };
  return audited(door, entry, async () => {
    const [, token = '', start = '', after = ''] = LINK.exec(link) ?? [];
    const page = token === '' ? null : await findPage(door.pool, token, callerKey(context));
    if (page === null || (after !== '' && page.ids.length > 0)) {
      throw refuse(410, 'expired', 'This page link is too old, or not yours; start the search again');
    }
    // Written by keepPage from a Query of this program.
    const query = JSON.parse(page.query) as Query;
    const part = { query, token, page };
    const { result: rows, next } = await (after === ''
      ? listed(door, context, part, Number(start))
      : onward(door, context, part, after));
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

const LINK = /^([\w-]{10,40})\.(?:(\d{1,6})|after\.([A-Za-z0-9\-.]{1,64}))$/;

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

/** The rows behind the last id of the page before, as they match and are permitted now. */
async function onward(door: Door, context: Context, { query, token, page }: Part, id: string): Promise<NextPage> {
  const after = { id, before: page.created.toISOString() };
  const rows = await runSearch(door.pool, { ...asked(door, context, query), onward: true, after }, door.broadPool);
  return { result: rows, next: rows.after === null ? null : `${token}.after.${rows.after}` };
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
