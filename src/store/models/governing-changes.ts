/** Q12 of domain.md 6.2: who changed what governs access, before and after; and labels and consents of one family (6.7-12). */
import type { Db } from '../reads.ts';
import type { Period } from '../trail-sql.ts';

/** What governs access: consents, agreements, directory. */
const GOVERNING = [
  'Consent',
  'Contract',
  'CareTeam',
  'PractitionerRole',
  'Practitioner',
  'Organization',
  'HealthcareService',
] as const;

export interface GoverningChange {
  type: string;
  id: string;
  version: number;
  updated: Date;
  deleted: boolean;
  labelBefore: string | null;
  label: string;
  patients: string[];
  statusBefore: string | null;
  status: string | null;
  /** Canonical body of the record that wrote it, or null. */
  body: string | null;
}

const VERSION = 'type, id, version, updated, deleted, label, patients';
const INSIDE = `($2::timestamptz is null or updated >= $2) and ($3::timestamptz is null or updated < $3)`;
/** Codes that say what a Consent, Contract or directory resource does now; never content. */
const STATUS = (from: string) =>
  `(select concat_ws(' ', b ->> 'status', b -> 'provision' ->> 'type', case when b ? 'active' then 'active ' || (b ->> 'active') end)
    from (select audit_json_or_null(${from}.body) as b) as parsed)`;

const WITH_WRITER = `select c.type, c.id, c.version, c.updated, c.deleted, c.label, c.patients, h.label as "labelBefore",
    ${STATUS('h')} as "statusBefore",
    coalesce((select ${STATUS('r')} from resource r where r.type = c.type and r.id = c.id and r.version = c.version),
      (select ${STATUS('g')} from history g where g.type = c.type and g.id = c.id and g.version = c.version)) as status,
    (select a.body from audit_link l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
     where l.link = audit_link_of('e=' || c.type || '/' || c.id) and s.outcome = 0
       and s.interaction in ('create', 'update', 'patch', 'delete', 'operation')
       and position('"' || c.type || '/' || c.id || '/_history/' || c.version || '"' in a.body) > 0
     order by l.seq limit 1) as body
  from newest c left join history h on h.type = c.type and h.id = c.id and h.version = c.version - 1
  order by c.updated desc`;

/** Versions of consents, agreements, roles and teams, newest first, with who wrote each. */
export async function governingChanges(db: Db, { from, until }: Period, limit: number): Promise<GoverningChange[]> {
  const side = (table: string) =>
    `select v.* from unnest($1::text[]) as t (type) cross join lateral (
       select ${VERSION} from ${table} where type = t.type and ${INSIDE} order by updated desc limit $4) as v`;
  const result = await db.query<GoverningChange>({
    name: 'question_changes',
    text: `with newest as materialized (
        select * from (${side('resource')} union all ${side('history')}) as changed order by updated desc limit $4
      ) ${WITH_WRITER}`,
    values: [GOVERNING, from, until, limit],
  });
  return result.rows;
}

/** Consents of this family, and every version of its record whose label is not that of the version before, newest first. */
export async function familyChanges(
  db: Db,
  patients: readonly string[],
  { from, until }: Period,
  limit: number,
): Promise<GoverningChange[]> {
  const result = await db.query<GoverningChange>({
    name: 'question_family_changes',
    text: `with rows as materialized (
        select r.type, r.id from audit_link l join audit_seal s on s.seq = l.seq join audit a on a.xid = s.xid and a.id = s.id
          cross join lateral jsonb_array_elements_text(audit_json_or_null(a.body) -> 'entities') as e
          cross join lateral (select split_part(e, '/', 1) as type, split_part(e, '/', 2) as id) r
        where l.link = any (array(select audit_link_of('p=' || p) from unnest($1::text[]) as p))
          and s.outcome = 0 and s.action in ('C', 'U', 'D', 'E') and s.interaction not in ('search-type', 'search-system')
        group by 1, 2 limit 5000
      ), versions as (
        select ${VERSION} from rows join resource using (type, id)
        union all select ${VERSION} from rows join history using (type, id)
      ), newest as materialized (
        select v.* from versions v left join history b on b.type = v.type and b.id = v.id and b.version = v.version - 1
        where (v.type = 'Consent' or b.label <> v.label or (v.version = 1 and v.label <> 'N')) and ${INSIDE.replaceAll('updated', 'v.updated')}
        order by v.updated desc limit $4
      ) ${WITH_WRITER}`,
    values: [patients, from, until, limit],
  });
  return result.rows;
}
