/** The rules and masks of one search as SQL, each written once into its statement. */
import type { RowRule } from '../governance/rule-types.ts';
import type { RowMask } from './mask-sql.ts';
import { isNarrowQuery } from './query-sql.ts';
import { reachSql, reachWordsSql } from './reach-sql.ts';
import { ruleSql } from './rule-sql.ts';
import type { SearchAsk } from './search.ts';
import type { Hops, Ways } from './sight.ts';
import type { SqlParams } from './sql-params.ts';

/** Rows on which a parameter is masked for the caller. */
export function masksSql(ask: SearchAsk, params: SqlParams): RowMask[] {
  return (ask.guards ?? []).map((guard) => {
    const row = once(() => `not ${ruleSql(guard.rule, params, ask.now)}`);
    return { params: guard.params, row };
  });
}

/** What a chain may pass through: the rule of every type, at the one `now` of the request. */
export function hopsSql(ask: SearchAsk, params: SqlParams, ways: Ways): Hops {
  const written = new Map<string, () => string>();
  return {
    ways,
    sees: (type) => ask.ruleFor(type) !== null,
    rule: (type) => {
      const known = written.get(type) ?? once(() => ruleSql(ask.ruleFor(type) ?? CLOSED, params, ask.now));
      written.set(type, known);
      return known();
    },
    reach: (type) => {
      const condition = ask.fewPatients === true ? reachSql(ask.ruleFor(type) ?? CLOSED, params, ask.now) : null;
      return condition === null ? '' : ` and ${condition}`;
    },
  };
}

const CLOSED: RowRule = { op: 'false' };

function once(write: () => string): () => string {
  let text: string | null = null;
  return () => {
    text ??= write();
    return text;
  };
}

const texts = new WeakMap<RowRule, string>();

/** Equal for rules that say the same. Of one standing they are the same objects, and writing 146 was a third of `$everything`. */
function textOf(rule: RowRule): string {
  const text = texts.get(rule) ?? JSON.stringify(rule);
  texts.set(rule, text);
  return text;
}

/** Rows of several types, each under the rule of its own type; types of one rule share its text. */
export function typesSql(types: Iterable<string>, ask: Pick<SearchAsk, 'ruleFor' | 'now'>, params: SqlParams): string {
  const rules = new Map<string, { rule: RowRule; types: string[] }>();
  for (const type of types) {
    const rule = ask.ruleFor(type);
    if (rule === null) continue;
    const key = textOf(rule);
    const known = rules.get(key);
    if (known === undefined) rules.set(key, { rule, types: [type] });
    else known.types.push(type);
  }
  const each = [...rules.values()].map(
    (group) => `(r.type = any (${params.add(group.types)}::text[]) and ${ruleSql(group.rule, params, ask.now)})`,
  );
  return each.length === 0 ? 'false' : `(${each.join(' or ')})`;
}

/** What the matches themselves must satisfy. */
export function permittedSql(ask: SearchAsk, params: SqlParams): string {
  const { type, types } = ask.query;
  if (type === null) return typesSql(types ?? [], ask, params);
  const rule = ask.ruleFor(type);
  return rule === null ? 'false' : ruleSql(rule, params, ask.now);
}

/** `Type.code` of parameters that are masked on some rows. */
export function maskedParams(ask: SearchAsk): Set<string> {
  return new Set((ask.guards ?? []).flatMap((guard) => [...guard.params]));
}

/** True for what reaches a few rows by itself. */
export function isNarrow(ask: SearchAsk): boolean {
  return ask.ids !== undefined || isNarrowQuery(ask.query);
}

/** Words of the families of a person with few, when her search is broad; else null. */
export function familyWords(ask: SearchAsk, params: SqlParams): string | null {
  const rule = ask.query.type === null ? null : ask.ruleFor(ask.query.type);
  return rule === null || !ask.fewPatients || isNarrow(ask) ? null : reachWordsSql(rule, params, ask.now);
}

/**
 * The rows of a type of these families: one look-up for each word. All in one scan (`&&`) took 38 ms for 320 words instead of
 * 2, and the planner joined it with a scan of the whole type (83 ms more of 337,500 rows); with the type beside the word it
 * took the primary key (8 s).
 */
export function familiesSql(words: string, type: string): string {
  return `select distinct on (x.id) x.* from unnest(${words}) as f(word) cross join lateral
      (select x.type, x.id, x.updated, x.tokens, x.deleted from resource x where x.tokens @> array[f.word] offset 0) x
      where x.type = ${type} and not x.deleted`;
}
