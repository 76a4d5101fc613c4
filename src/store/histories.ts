/** History at instance, type and system level: the newest version from `resource`, the superseded ones from `history`. */

import type { RowRule } from '../governance/rule-types.ts';
import { instanceSql, walkedSql } from './history-sql.ts';
import { statementName } from './prepared.ts';
import type { Db } from './reads.ts';
import { type RawConsent, type RawRow, toConsent, toRow } from './rows.ts';
import type { FoundRow } from './search.ts';
import { SqlParams } from './sql-params.ts';

export interface HistoryAsk {
  /** Null = every type. */
  type: string | null;
  id: string | null;
  rule: RowRule;
  now: Date;
  /** Inclusive; versions made at or after this instant. */
  since: Date | null;
  /** Versions current at some time in this range (R4 `_at`): made before its end and not superseded before its start. */
  at: { low: string; high: string } | null;
  count: number;
  /** Where the page starts: strictly older than this version, newest first; null = the newest. */
  before: { updated: string; type: string; id: string; version: number } | null;
}

/** `remade`: it brought back what had been deleted, so that it was created again (R4 http.html#update). */
export type FoundVersion = FoundRow & { remade: boolean };

export interface HistoryPage {
  found: FoundVersion[];
  /** True when there are older versions. */
  more: boolean;
  /** Versions in all, at instance level only; null elsewhere. */
  total: number | null;
  generation: number;
}

interface RawHistory extends Omit<RawRow, 'type'> {
  type: string | null;
  consents: RawConsent[] | null;
  remade: boolean | null;
  total: number | null;
  /** Older versions were not looked at, and may be permitted. */
  short: boolean;
  generation: number;
}

/** When too few of the versions looked at were permitted, so many times as many are looked at. */
const FURTHER = 20;

/**
 * One page, newest first. Each version is decided under the stricter of its own and the current label, with the facts
 * it had; so what was hidden later is hidden in every version (house.md section 4).
 */
export async function readHistory(db: Db, ask: HistoryAsk): Promise<HistoryPage> {
  for (let looked = ask.count + 1; ; looked *= FURTHER) {
    const params = new SqlParams();
    const text = ask.id === null ? walkedSql(ask, looked, params) : instanceSql(ask, params);
    const name = statementName(text);
    const { rows } = await db.query<RawHistory>({ text, values: params.values, ...(name === null ? {} : { name }) });
    const [head] = rows;
    if (head === undefined) throw new Error('the generation row is missing: migrations have not run');
    if (!head.short) return pageOf(rows, head, ask);
  }
}

function pageOf(rows: readonly RawHistory[], { total, generation }: RawHistory, { count }: HistoryAsk): HistoryPage {
  const found = rows.filter((raw): raw is RawHistory & { type: string } => raw.type !== null);
  return {
    found: found.slice(0, count).map((raw) => ({
      mode: 'match',
      row: toRow(raw),
      consents: (raw.consents ?? []).map(toConsent),
      remade: raw.remade === true,
    })),
    more: found.length > count,
    total,
    generation,
  };
}
