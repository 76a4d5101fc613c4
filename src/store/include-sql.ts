/**
 * Included rows (FHIR R4 search.html, "Including other resources"): those the rows of a page point to, and those that
 * point to them. Every one obeys the rule of its own type (H1), and no reference is followed, forwards or backwards,
 * that is masked on the row that holds it.
 */
import type { Include } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import { canonicalFollowSql, canonicalLedSql } from './canonical-sql.ts';
import { maskSql, type RowMask } from './mask-sql.ts';
import { ROW_COLUMNS } from './rows.ts';
import type { SearchAsk } from './search.ts';
import { masksSql, typesSql } from './search-sight.ts';
import type { SqlParams } from './sql-params.ts';

/** Included rows on one page: beyond it the request is too costly. */
export const MAX_INCLUDES = 1_000;

/** The includes one statement follows from the rows of its `page`. */
export interface Following {
  /** `Type/id` of rows that are there already. */
  known?: readonly string[];
  include: readonly Include[];
  revinclude: readonly Include[];
}

/** `with` goes behind the `page` of the statement (type, id, tokens); `rows` are the included rows; null = none. */
export function includeSql(
  ask: SearchAsk,
  { include, revinclude, known }: Following,
  params: SqlParams,
): { with: string; rows: string } | null {
  const types = new Set([...include.flatMap((one) => targetsOf(one, ask)), ...revinclude.map((one) => one.source)]);
  const seen = [...types].filter((type) => ask.ruleFor(type) !== null);
  if (seen.length === 0) return null;
  const masks = masksSql(ask, params);
  const sources = [
    ...forwardSql(include, { ask, masks }, params),
    ...revinclude.map((one) => reverseSql(one, masks, params)),
  ];
  return {
    with: `, target as (${sources.join(' union ')})`,
    // More than the limit is refused whatever the order, so it is cut before it is ordered.
    rows: `select 'include' as mode, row_number() over (order by r.type, r.id) as n, ${ROW_COLUMNS}, ${CONSENTS}
      from (select r.* from (select distinct type, id from target) t join resource r on r.type = t.type and r.id = t.id
        where not r.deleted and ${typesSql(seen, ask, params)}
          and not exists (select 1 from page p where p.type = r.type and p.id = r.id)${
            known === undefined ? '' : ` and r.type || '/' || r.id <> all (${params.add(known)}::text[])`
          }
        limit ${MAX_INCLUDES + 1}) r`,
  };
}

const CONSENTS = '(select json_agg(c) from consent c where c.patient = any (r.subjects)) as consents';

function targetsOf(include: Include, ask: SearchAsk): readonly string[] {
  if (include.target !== null) return [include.target];
  const targets = include.param?.targets ?? [];
  return targets.length > 0 ? targets : (ask.allTypes ?? []);
}

/** The references a row points to are words of its own index: no body is parsed. */
function forwardSql(
  includes: readonly Include[],
  { ask, masks }: { ask: SearchAsk; masks: readonly RowMask[] },
  params: SqlParams,
): string[] {
  const open: Include[] = [];
  const guarded: { include: Include; mask: string }[] = [];
  const canonical: string[] = [];
  for (const include of includes) {
    if (include.param?.canonical) {
      const seen = targetsOf(include, ask).filter((type) => ask.ruleFor(type) !== null);
      canonical.push(canonicalFollowSql(include, seen, params, maskSql(include.source, codeOf(include), masks)));
      continue;
    }
    const mask = maskSql(include.source, codeOf(include), masks);
    if (mask === null) open.push(include);
    else guarded.push({ include, mask });
  }
  return [
    ...canonical,
    ...(open.length === 0 ? [] : [followSql(open, '', params)]),
    ...guarded.map(({ include, mask }) =>
      followSql(
        [include],
        ` where exists (select 1 from resource r where r.type = p.type and r.id = p.id and not ${mask})`,
        params,
      ),
    ),
  ];
}

function followSql(includes: readonly Include[], where: string, params: SqlParams): string {
  const prefixes = params.add(includes.map((one) => wordPrefix(one.source, codeOf(one))));
  const targets = params.add(includes.map((one) => one.target));
  return `select split_part(f.ref, '/', 1) as type, split_part(f.ref, '/', 2) as id from (
      select k.target, substr(w, length(k.prefix) + 1) as ref from page p cross join lateral unnest(p.tokens) as w
        join unnest(${prefixes}::text[], ${targets}::text[]) as k(prefix, target) on k.prefix = left(w, strpos(w, '='))${where}
    ) f where f.target is null or starts_with(f.ref, f.target || '/')`;
}

function reverseSql(include: Include, masks: readonly RowMask[], params: SqlParams): string {
  if (include.param?.canonical && include.target !== null) {
    return canonicalLedSql(include, include.target, params, maskSql(include.source, codeOf(include), masks));
  }
  const prefix = params.add(wordPrefix(include.source, codeOf(include)));
  const mask = maskSql(include.source, codeOf(include), masks);
  const target = include.target === null ? '' : ` where p.type = ${params.add(include.target)}`;
  return `select r.type, r.id from resource r
      where r.tokens && (select coalesce(array_agg(${prefix} || p.type || '/' || p.id), '{}') from page p${target})${
        mask === null ? '' : ` and not ${mask}`
      }`;
}

const codeOf = (include: Include): string => include.param?.code ?? '';
