/** The lists of who may open a V record, and who handles that of a colleague or known person. */
import type { Db } from '../reads.ts';

export interface NamedPerson {
  id: string;
  /** `V`, `EMP` or `CEL`. */
  list: string;
  /** `Patient/..` */
  patient: string;
  /** `PractitionerRole/..` */
  holder: string;
  proposedBy: string;
  confirmedBy: string;
  words: string;
  at: Date;
  from: Date;
  until: Date;
}

export interface NamedLine extends NamedPerson {
  holderName: string | null;
  endedAt: Date | null;
}

export async function insertNamed(db: Db, one: NamedPerson): Promise<void> {
  const { id, list, patient, holder, proposedBy, confirmedBy, words, at, from, until } = one;
  await db.query({
    name: 'named_insert',
    text: `insert into named_person (id, list, patient, holder, proposed_by, confirmed_by, words, at, from_at, until_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [id, list, patient, holder, proposedBy, confirmedBy, words, at, from, until],
  });
}

const COLUMNS = `n.id, n.list, n.patient, n.holder, n.proposed_by as "proposedBy", n.confirmed_by as "confirmedBy", n.words,
  n.at, n.from_at as "from", n.until_at as "until", n.ended_at as "endedAt",
  (select p.entry ->> 'name' from directory r join directory p on p.member = r.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person'
    where r.member = n.holder and r.entry ->> 'kind' = 'role' limit 1) as "holderName"`;

/** All who ever stood on the lists of one woman, newest first. */
export async function namedFor(db: Db, patient: string): Promise<NamedLine[]> {
  const text = `select ${COLUMNS} from named_person n where n.patient = $1 order by n.at desc, n.id desc limit 200`;
  return (await db.query<NamedLine>({ name: 'named_for', text, values: [patient] })).rows;
}

/** Ends one that still runs; gives it, or null. */
export async function endNamed(
  db: Db,
  id: string,
  { by, words, now }: { by: string; words: string; now: Date },
): Promise<NamedPerson | null> {
  const text = `update named_person n set ended_at = $4, ended_by = $2, end_words = $3
    where n.id = $1 and n.ended_at is null and n.until_at > $4 returning ${COLUMNS}`;
  return (await db.query<NamedPerson>({ name: 'named_end', text, values: [id, by, words, now] })).rows[0] ?? null;
}
