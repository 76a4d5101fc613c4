/** A later page: the first page's order, minus what is no longer permitted; nobody else's link works (H3, H23). */
import { refuse } from '../fhir/outcome.ts';
import type { Query } from '../search/types.ts';
import { findPage } from '../store/pages.ts';
import { runSearch } from '../store/search.ts';
import { entryOf, withRows } from './entry.ts';
import { audited, checkGeneration } from './refusal.ts';
import { callerKey, searchset } from './search.ts';
import { guards, ruleFor } from './search-sight.ts';
import { pageWithShipped, storedIds } from './shipped-search.ts';
import type { Context, Door } from './types.ts';

/**
 * @param link `token.offset` out of a next link
 * @throws Outcome 410 when the link is too old or not the caller's own
 */
export function nextPage(door: Door, context: Context, link: string): Promise<string> {
  const entry = { ...entryOf(context, 'search-type'), query: door.auditQuery('_page', context.requestId) };
  return audited(door, entry, async () => {
    const [, token = '', start = ''] = /^([\w-]{10,40})\.(\d{1,6})$/.exec(link) ?? [];
    const page = token === '' ? null : await findPage(door.pool, token, callerKey(context));
    if (page === null) throw refuse(410, 'expired', 'This page link is too old, or not yours; start the search again');
    // Written by keepPage from a Query of this program.
    const query = JSON.parse(page.query) as Query;
    const offset = Number(start);
    const ids = page.ids.slice(offset, offset + query.count);
    const rows = await runSearch(door.pool, {
      query: { ...query, total: 'none', explain: false },
      now: context.now,
      ids: storedIds(door, ids),
      ruleFor: ruleFor(door, context),
      allTypes: door.definitions.resourceTypes,
      guards: guards(context, query),
    });
    checkGeneration(context, rows.generation);
    const result = pageWithShipped(door, ids, rows);
    const end = offset + ids.length;
    await door.audit.write({
      ...withRows(
        { ...entry, entities: [query.type ?? ''] },
        result.found.map(({ row }) => row),
      ),
      query: { ...entry.query, count: result.found.length },
    });
    const next = end < page.ids.length ? `${token}.${end}` : null;
    return searchset(door, context, { query, result: { ...result, total: null }, warnings: [], next });
  });
}
