/** What a write must know before it is decided: the facts about the people it is about, at one snapshot. */
import type { ConsentRow, Relationship } from '../governance/types.ts';
import type { Db, Reach } from './reads.ts';
import {
  type RawConsent,
  type RawRelationship,
  type RawRow,
  type ResourceRow,
  toConsent,
  toRelationship,
  toRow,
} from './rows.ts';

export interface PrefetchAsk {
  /** `Patient/..` of everything about to be written. */
  patients: readonly string[];
  /** Other resources whose content the facts depend on (`lookupsOf`): `Type/id`, or `Patient?identifier=system|value`. */
  lookups: readonly string[];
}

/** Facts for deciding writes. Relationship, consent rows are about the subjects the patients resolve to. */
export interface Prefetched {
  /** Fetus or baby -> mother, for those of `patients` that are known as such. */
  kin: Map<string, string>;
  relationships: Relationship[];
  consents: ConsentRow[];
  /** Pregnancies of the subjects, newest first. */
  pregnancies: { key: string; mother: string; from: string; until: string }[];
  /** Body text and pregnancy of the looked-up rows. */
  lookups: Map<string, { id: string; body: string; pregnancy: string | null; service: string | null }>;
  /** The subjects' own Patient rows (without body): whoever may not see her may not write about her. */
  people: ResourceRow[];
  generation: number;
}

interface RawPrefetch {
  people: (Omit<RawRow, 'updated' | 'body'> & { updated: string })[] | null;
  kin: { child: string; mother: string }[] | null;
  relationships: RawRelationship[] | null;
  consents: RawConsent[] | null;
  pregnancies: { key: string; mother: string; from_at: string; until_at: string }[] | null;
  lookups: { ref: string; id: string; body: string; pregnancy: string | null; service: string | null }[] | null;
  generation: number;
}

/** Looked-up rows by id; a mother by her number only when somebody asks for one (20 to 40 us for a join nobody needs). */
const BY_ID = `select * from resource x where x.type = split_part(w.ref, '/', 1) and x.id = split_part(w.ref, '/', 2)`;
const BY_NUMBER = `(select * from resource x where w.ref like 'Patient?identifier=%'
    and x.tokens @> array['Patient.identifier=' || substr(w.ref, 20)] limit 1)`;

const statement = (source: string): string => `with k as (select child, mother from kin where child = any ($1)),
      s as (select array(select coalesce(k.mother, p) from unnest($1::text[]) p left join k on k.child = p) as subjects)
    select
      (select json_agg(k) from k) as kin,
      (select json_agg(x) from relationship x where x.patient = any (s.subjects) and x.party = any ($3)) as relationships,
      (select json_agg(x) from consent x where x.patient = any (s.subjects)) as consents,
      (select json_agg(x order by x.from_at desc) from pregnancy x where x.mother = any (s.subjects)) as pregnancies,
      (select json_agg(json_build_object('ref', w.ref, 'id', r.id, 'body', r.body, 'pregnancy', r.pregnancy, 'service', r.service))
        from unnest($2::text[]) w(ref) join lateral (${source}) r on not r.deleted) as lookups,
      (select json_agg(json_build_object('type', r.type, 'id', r.id, 'version', r.version, 'updated', r.updated,
          'deleted', r.deleted, 'patients', r.patients, 'subjects', r.subjects, 'pregnancy', r.pregnancy,
          'data_class', r.data_class, 'label', r.label, 'tags', r.tags, 'service', r.service, 'authors', r.authors,
          'released', r.released, 'addressee', r.addressee))
        from unnest(s.subjects) p join resource r on r.type = 'Patient' and r.id = substr(p, 9)) as people,
      g.value as generation
    from s, generation g`;

const PREFETCH = { name: 'prefetch', text: statement(BY_ID) };
const PREFETCH_NUMBERS = { name: 'prefetch_numbers', text: statement(`${BY_ID} union all ${BY_NUMBER}`) };

/** One statement for all of a write's questions; references that do not exist are simply absent. */
export async function prefetch(db: Db, ask: PrefetchAsk, reach: Reach): Promise<Prefetched> {
  const byNumber = ask.lookups.some((lookup) => lookup.includes('?'));
  const values = [ask.patients, ask.lookups, reach.parties];
  const raw = (await db.query<RawPrefetch>({ ...(byNumber ? PREFETCH_NUMBERS : PREFETCH), values })).rows[0];
  if (raw === undefined) throw new Error('the generation row is missing: migrations have not run');
  return {
    kin: new Map((raw.kin ?? []).map((row) => [row.child, row.mother])),
    relationships: (raw.relationships ?? []).map(toRelationship),
    consents: (raw.consents ?? []).map(toConsent),
    pregnancies: (raw.pregnancies ?? []).map((row) => ({
      key: row.key,
      mother: row.mother,
      from: row.from_at,
      until: row.until_at,
    })),
    lookups: new Map((raw.lookups ?? []).map((row) => [row.ref, row])),
    people: (raw.people ?? []).map((row) => toRow({ ...row, updated: new Date(row.updated), body: null })),
    generation: raw.generation,
  };
}
