/** Whether a person has so few families that her searches start from them: most have hundreds, a busy team has thousands. */
import type { RowRule } from '../governance/rule-types.ts';
import { reachWordsSql } from './reach-sql.ts';
import type { Db } from './reads.ts';
import type { SearchAsk } from './search.ts';
import { isNarrow } from './search-sight.ts';
import { SqlParams } from './sql-params.ts';

/** Each family is a look-up and some thirty rows: 320 took 9 ms, of 7,500 all rows of the type are sooner looked at. */
const FEW = 1_500;
const SECONDS = 60;

/** By the rule, which is the same object for the same standing. It chooses a plan and nothing else. */
const known = new WeakMap<RowRule, { few: boolean; until: number }>();

/** The ask as it is, or without `fewPatients` when she has many. */
export async function withFewFamilies(db: Db, ask: SearchAsk): Promise<SearchAsk> {
  const rule = ask.query.type === null ? null : ask.ruleFor(ask.query.type);
  if (ask.fewPatients !== true || rule === null || isNarrow(ask)) return ask;
  const last = known.get(rule);
  const now = performance.now();
  const few = last !== undefined && last.until > now ? last.few : await hasFew(db, rule, ask.now);
  if (few !== last?.few || last.until <= now) known.set(rule, { few, until: now + SECONDS * 1_000 });
  return few ? ask : { ...ask, fewPatients: false };
}

async function hasFew(db: Db, rule: RowRule, now: Date): Promise<boolean> {
  const params = new SqlParams();
  const words = reachWordsSql(rule, params, now);
  if (words === null) return true;
  const { rows } = await db.query<{ n: number }>(`select cardinality(${words}) as n`, params.values);
  return (rows[0]?.n ?? 0) <= FEW;
}
