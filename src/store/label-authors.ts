/** Who the authors of a resource were when it got a label (R-13: nobody else takes it away). */
import type { Label } from '../governance/types.ts';
import type { Db } from './reads.ts';

export interface LabelAsked {
  type: string;
  id: string;
  /** Confidentiality that is to be taken away, or null. */
  label: Label | null;
  /** Sensitivity and handling codes that are to be taken away. */
  tags: readonly string[];
}

/** Author parties of the first version since which every version has carried it; null when the current one does not. */
export async function authorsWhenLabelled(db: Db, asked: LabelAsked): Promise<string[] | null> {
  const { rows } = await db.query<{ authors: string[] }>({
    name: 'authors_when_labelled',
    text: `with v as (
        select version, label, tags, authors from resource where type = $1 and id = $2
        union all select version, label, tags, authors from history where type = $1 and id = $2
      ), lacking as (
        select coalesce(max(version), 0) as last from v where not (($3::text is null or label >= $3) and tags @> $4::text[])
      )
      select v.authors from v, lacking where v.version > lacking.last order by v.version limit 1`,
    values: [asked.type, asked.id, asked.label, asked.tags],
  });
  return rows[0]?.authors ?? null;
}
