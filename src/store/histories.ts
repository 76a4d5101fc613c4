/** History at instance, type and system level: the newest version from `resource`, the superseded ones from `history`. */
import type { RowRule } from '../governance/rule-types.ts';
import type { Db } from './reads.ts';
import { type RawConsent, type RawRow, ROW_COLUMNS, toConsent, toRow } from './rows.ts';
import { ruleSql } from './rule-sql.ts';
import type { FoundRow } from './search.ts';
import { SqlParams } from './sql-params.ts';
import { strictLabel } from './version-label.ts';

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

export interface HistoryPage {
  found: FoundRow[];
  /** True when there are older versions. */
  more: boolean;
  /** Versions in all, at instance level only; null elsewhere. */
  total: number | null;
  generation: number;
}

interface RawHistory extends Omit<RawRow, 'type'> {
  type: string | null;
  consents: RawConsent[] | null;
  total: number | null;
  generation: number;
}

const COLUMNS = ROW_COLUMNS.replaceAll('r.', '');

/**
 * One page, newest first. Each version is decided under the stricter of its own and the current label, with the facts
 * it had; so what was hidden later is hidden in every version (house.md section 4).
 */
export async function readHistory(db: Db, ask: HistoryAsk): Promise<HistoryPage> {
  const params = new SqlParams();
  const own = [
    ...(ask.type === null ? [] : [`v.type = ${params.add(ask.type)}`]),
    ...(ask.id === null ? [] : [`v.id = ${params.add(ask.id)}`]),
    ...(ask.since === null ? [] : [`v.updated >= ${params.add(ask.since.toISOString())}::timestamptz`]),
    ...(ask.at === null ? [] : [`v.updated < ${params.add(ask.at.high)}::timestamptz`]),
  ].join(' and ');
  const where = own === '' ? 'true' : own;
  const versions = (table: string) =>
    `select ${COLUMNS.split(', ')
      .map((name) => `v.${name}`)
      .join(', ')} from ${table} v where ${where}`;
  const strict = ROW_COLUMNS.replaceAll('r.', 'v.').replace('v.label', `${strictLabel('v', 'c')} as label`);
  const rule = ruleSql(ask.rule, params, ask.now);
  const superseded =
    ask.at === null
      ? 'true'
      : `not exists (select 1 from (select type, id, version, updated from resource union all select type, id, version, updated from history) n
          where n.type = r.type and n.id = r.id and n.version = r.version + 1 and n.updated <= ${params.add(ask.at.low)}::timestamptz)`;
  const page =
    ask.before === null
      ? 'true'
      : `(r.updated, r.type, r.id, r.version) < (${params.add(ask.before.updated)}::timestamptz, ${params.add(ask.before.type)}, ${params.add(ask.before.id)}, ${params.add(ask.before.version)}::int)`;
  const permitted = `select r.* from (
      select ${strict} from (${versions('resource')} union all ${versions('history')}) v
      left join resource c on c.type = v.type and c.id = v.id
    ) r where ${rule} and ${superseded}`;
  const text = `with permitted as (${permitted})
    select x.*, g.value as generation, ${ask.id === null ? 'null::int' : '(select count(*)::int from permitted)'} as total
    from generation g left join lateral (
      select ${ROW_COLUMNS}, (select json_agg(k) from consent k where k.patient = any (r.subjects)) as consents
      from permitted r where ${page}
      order by r.updated desc, r.type desc, r.id desc, r.version desc limit ${params.add(ask.count + 1)}
    ) x on true
    order by x.updated desc, x.type desc, x.id desc, x.version desc`;
  const rows = (await db.query<RawHistory>(text, params.values)).rows;
  const [head] = rows;
  if (head === undefined) throw new Error('the generation row is missing: migrations have not run');
  const found = rows.filter((raw): raw is RawHistory & { type: string } => raw.type !== null);
  return {
    found: found.slice(0, ask.count).map((raw) => ({
      mode: 'match',
      row: toRow(raw),
      consents: (raw.consents ?? []).map(toConsent),
    })),
    more: found.length > ask.count,
    total: head.total,
    generation: head.generation,
  };
}
