/** Random samples of accesses and what reviewers found (domain.md 6.7, feature 5). */
import type { Role } from '../../governance/types.ts';
import type { PoolClient } from '../pool.ts';
import type { Db } from '../reads.ts';
import { personName } from './officer-questions.ts';

export interface Sample {
  id: number;
  /** `YYYY-MM` */
  month: string;
  organization: string;
  name: string;
  seed: string;
  size: number;
  population: number;
  drawn: Date;
  open: number;
}

export interface SampleItem {
  sample: number;
  n: number;
  party: string;
  name: string;
  patient: string;
  role: Role;
  /** Start of the hour in which the record was opened. */
  hour: Date;
  state: 'open' | 'fine' | 'in-case';
  words: string | null;
  /** False when oversight found nothing that explains it for this person. */
  explained: boolean;
}

const SAMPLE = `s.id, to_char(s.month, 'YYYY-MM') as month, s.organization, s.seed, s.size, s.population, s.drawn,
  coalesce((select d.entry ->> 'name' from directory d where d.member = s.organization and d.entry ->> 'kind' = 'organization' limit 1),
    s.organization) as name,
  (select count(*)::integer from sample_item i where i.sample = s.id and i.state = 'open') as open`;

export async function samplesOf(db: Db, limit: number): Promise<Sample[]> {
  return (await db.query<Sample>(`select ${SAMPLE} from sample s order by s.month desc, name limit $1`, [limit])).rows;
}

export async function sampleById(db: Db, id: number): Promise<Sample | null> {
  return (await db.query<Sample>(`select ${SAMPLE} from sample s where s.id = $1`, [id])).rows[0] ?? null;
}

export async function itemsOf(db: Db, sample: number): Promise<SampleItem[]> {
  const result = await db.query<SampleItem>(
    `select i.sample, i.n, i.party, ${personName('i.party')} as name, i.patient, i.role, i.hour, i.state, i.words,
       not exists (select from oversight_access o where o.kind = 'unexplained' and o.patient = i.patient and o.party = i.party
         and o.at >= i.hour and o.at < i.hour + interval '1 hour') as explained
     from sample_item i where i.sample = $1 order by i.n`,
    [sample],
  );
  return result.rows;
}

/** Services whose people opened anything in the month, by the directory as it is now. */
export async function organizationsIn(db: Db, from: Date, until: Date): Promise<string[]> {
  const result = await db.query<{ service: string }>(
    `select distinct d.entry ->> 'service' as service from directory d
     where d.entry ->> 'kind' = 'role' and d.entry ->> 'service' is not null
       and exists (select from oversight_day o where o.party = d.member
         and o.day >= ($1::timestamptz at time zone 'Europe/London')::date and o.day < ($2::timestamptz at time zone 'Europe/London')::date)
     order by 1`,
    [from, until],
  );
  return result.rows.map(({ service }) => service);
}

export interface Draw {
  /** `YYYY-MM-01` */
  month: string;
  from: Date;
  until: Date;
  organization: string;
  seed: string;
  size: number;
  by: string;
}

/**
 * Draws a sample: the openings (person, patient, hour) whose key, hashed with the seed, comes first. Must be inside a
 * transaction. @returns false when this month and organisation have theirs
 */
export async function drawSample(client: PoolClient, draw: Draw): Promise<boolean> {
  const { month, from, until, organization, seed, size, by } = draw;
  const drawn = await client.query(
    `with opened as materialized (
       select o.party, o.patient, o.hour, o.role from oversight_opened o
       join directory d on d.member = o.party and d.entry ->> 'kind' = 'role' and d.entry ->> 'service' = $3
       where o.hour >= $4 and o.hour < $5
     ), made as (
       insert into sample (month, organization, seed, size, population, drawn_by)
       select $1, $3, $2, $6, count(*), $7 from opened on conflict do nothing returning id
     )
     insert into sample_item (sample, n, party, patient, role, hour)
     select m.id, row_number() over (order by r.rank), r.party, r.patient, r.role, r.hour
     from made m, (
       select *, sha256(convert_to($2 || E'\\n' || party || E'\\n' || patient || E'\\n' || extract(epoch from hour)::bigint, 'UTF8')) as rank
       from opened order by rank limit $6
     ) r`,
    [month, seed, organization, from, until, size, by],
  );
  return (drawn.rowCount ?? 0) > 0;
}

/** @returns false when somebody has looked at it already */
export async function reviewItem(
  client: PoolClient,
  item: { sample: number; n: number; state: 'fine' | 'in-case'; words: string },
  by: { party: string; at: Date },
): Promise<boolean> {
  const result = await client.query(
    `update sample_item set state = $3, words = $4, by_party = $5, at = $6 where sample = $1 and n = $2 and state = 'open'`,
    [item.sample, item.n, item.state, item.words, by.party, by.at],
  );
  return result.rowCount === 1;
}
