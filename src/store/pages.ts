/** Later pages of a search: the ordered ids of the first page's moment, for 15 minutes, bound to the caller. */
import type { Db } from './reads.ts';

export interface Page {
  token: string;
  /** Whose page it is. */
  caller: string;
  /** The Query tree as JSON. */
  query: string;
  /** `Type/id` in order; empty for searches that go on behind a place. */
  ids: string[];
  /** Of those: the snapshot of the first page. */
  snapshot: string | null;
}

/** A page as it was kept. */
export interface KeptPage extends Page {
  /** After the snapshot of the first page. */
  created: Date;
}

export const PAGE_MINUTES = 15;

/** Keeps a page and gives its token. */
export async function keepPage(db: Db, page: Page): Promise<string> {
  await db.query({
    name: 'page_keep',
    text: 'insert into page (token, caller, query, ids, snapshot) values ($1, $2, $3, $4, $5::pg_snapshot)',
    values: [page.token, page.caller, page.query, page.ids, page.snapshot],
  });
  return page.token;
}

/** The page, if it still stands and is this caller's; else null (the same for all three reasons). */
export async function findPage(db: Db, token: string, caller: string): Promise<KeptPage | null> {
  const result = await db.query<KeptPage>({
    name: 'page_find',
    text: `select token, caller, query, ids, snapshot::text as snapshot, created from page
      where token = $1 and caller = $2 and created > now() - make_interval(mins => ${PAGE_MINUTES})`,
    values: [token, caller],
  });
  return result.rows[0] ?? null;
}

/** Forgets pages and requests answered later that are past their time; gives how many pages. */
export async function forgetPages(db: Db): Promise<number> {
  await db.query(`delete from async_job where started < now() - make_interval(mins => ${PAGE_MINUTES})`);
  const result = await db.query(`delete from page where created < now() - make_interval(mins => ${PAGE_MINUTES})`);
  return result.rowCount ?? 0;
}

/** Forgets one page of this caller's; says whether there was one. */
export async function dropPage(db: Db, token: string, caller: string): Promise<boolean> {
  const result = await db.query('delete from page where token = $1 and caller = $2', [token, caller]);
  return (result.rowCount ?? 0) > 0;
}
