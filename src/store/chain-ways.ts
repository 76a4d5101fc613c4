/**
 * Which way each chain of a query goes (chain-sql.ts). It only chooses a plan: both ways find the same rows.
 *
 * The index looks up a few words fast, but the cost of one scan grows with the square of their number, so a chain whose
 * far end has more than SET_ROWS rows is followed row by row. How many there are is counted first, to that limit.
 */
import type { Chain, Clause, ReverseChain, Typed } from '../search/types.ts';
import { isCriterion } from '../search/types.ts';
import { estimateOf } from './estimate.ts';
import { hasNarrow, isDriven, whereSql } from './query-sql.ts';
import type { Db } from './reads.ts';
import type { SearchAsk } from './search.ts';
import { familyWords, hopsSql, masksSql } from './search-sight.ts';
import { SqlParams } from './sql-params.ts';
import { matchingOf } from './walk.ts';

/** Rows at the far end of a chain that are still looked up as words. */
const SET_ROWS = 1_000;
/** Estimated rows at a far end that are surely more. */
const MANY = 20 * SET_ROWS;

/** Counts where it must; a query without chains asks nothing. */
export async function waysOf(db: Db, ask: SearchAsk): Promise<Map<Clause, 'set' | 'each'>> {
  const ways = new Map<Clause, 'set' | 'each'>();
  await choose(db, ask, ask.query.where, ways);
  return ways;
}

type Hop = Chain | ReverseChain;

/** The innermost first: a count is itself a search with chains. */
async function choose(
  db: Db,
  ask: SearchAsk,
  clauses: readonly Clause[],
  ways: Map<Clause, 'set' | 'each'>,
): Promise<void> {
  const narrow = hasNarrow(clauses);
  for (const clause of clauses) {
    if (isCriterion(clause)) continue;
    if (clause.op !== 'chain' && clause.op !== 'has') {
      await choose(db, ask, clause.clauses, ways);
      continue;
    }
    const ends = endsOf(clause);
    for (const end of ends) await choose(db, ask, end.clauses, ways);
    ways.set(clause, await wayOf(db, ask, { hop: clause, ends, narrow }, ways));
  }
}

function endsOf(hop: Hop): Typed[] {
  return hop.op === 'chain' ? hop.targets : [hop.source];
}

async function wayOf(
  db: Db,
  ask: SearchAsk,
  { hop, ends, narrow }: { hop: Hop; ends: Typed[]; narrow: boolean },
  ways: Map<Clause, 'set' | 'each'>,
): Promise<'set' | 'each'> {
  if (hop.hidden === true || hop.param.canonical === true) return 'set';
  if (narrow) return 'each';
  if (ends.every((end) => hasNarrow(end.clauses))) return 'set';
  // Her own rows are few: each follows its own references, unless a name says at once who is meant.
  if (familyWords(ask, new SqlParams()) !== null) return ends.every((end) => isNamed(ask, end)) ? 'set' : 'each';
  // Where most of a type matches nobody counts.
  if (await areMany(db, ask, ends, ways)) return 'each';
  const params = new SqlParams();
  const hops = hopsSql(ask, params, ways);
  const parts = ends
    .filter((end) => hops.sees(end.type))
    .map((end) => {
      const query = { ...ask.query, type: end.type, where: end.clauses };
      const where = whereSql(query, params, masksSql(ask, params), hops);
      return `(select 1 from resource r where ${where}${hops.reach?.(end.type) ?? ''} and ${hops.rule(end.type)} and not r.deleted limit ${SET_ROWS + 1})`;
    });
  if (parts.length === 0) return 'set';
  const text = `select count(*)::int as n from (select 1 from (${parts.join(' union all ')}) u limit ${SET_ROWS + 1}) c`;
  const { rows } = await db.query<{ n: number }>(text, params.values);
  return (rows[0]?.n ?? 0) > SET_ROWS ? 'each' : 'set';
}

const isNamed = ({ query }: SearchAsk, { type, clauses }: Typed): boolean =>
  hasNarrow(clauses) || isDriven({ ...query, type, where: [...clauses] });

/** PostgreSQL's estimate is enough where it is far above: the count took 100 of 105 ms, and 8 s with a bad plan. */
async function areMany(
  db: Db,
  ask: SearchAsk,
  ends: readonly Typed[],
  ways: Map<Clause, 'set' | 'each'>,
): Promise<boolean> {
  for (const { type, clauses } of ends) {
    const all = ask.ruleFor(type) === null ? 0 : await estimateOf(db, type);
    const query = { ...ask.query, type, where: [...clauses] };
    if (all >= MANY && (await matchingOf(db, { ...ask, query }, { ways, all })) >= MANY) return true;
  }
  return false;
}
