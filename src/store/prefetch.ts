/** What a write must know before it is decided: the facts about the people it is about, at one snapshot. */
import type { ConsentRow, Relationship } from '../governance/types.ts';
import type { Db, Reach } from './reads.ts';
import {
  type RawConsent,
  type RawRelationship,
  type RawRow,
  type ResourceRow,
  SEPARATOR,
  toConsent,
  toRelationship,
  toRow,
} from './rows.ts';
import { isPool, togetherOn } from './together.ts';

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
  /** The looked-up rows. */
  lookups: Map<string, LookedUp>;
  /** The subjects' own Patient rows (without body): whoever may not see her may not write about her. */
  people: ResourceRow[];
  generation: number;
}

export type LookedUp = ResourceRow & { body: string };

interface RawPrefetch {
  people: (Omit<RawRow, 'updated' | 'body'> & { updated: string })[] | null;
  kin: { child: string; mother: string }[] | null;
  relationships: RawRelationship[] | null;
  consents: RawConsent[] | null;
  pregnancies: { key: string; mother: string; from_at: string; until_at: string }[] | null;
  lookups: (Omit<RawRow, 'updated' | 'body'> & { ref: string; updated: string; body: string })[] | null;
  generation: number;
}

/** Looked-up rows by id; a mother by her number only when somebody asks for one (20 to 40 us for a join nobody needs). */
const BY_ID = `select * from resource x where x.type = split_part(w.ref, '/', 1) and x.id = split_part(w.ref, '/', 2)`;
const BY_NUMBER = `(select * from resource x where w.ref like 'Patient?identifier=%'
    and x.tokens @> array['Patient.identifier=' || substr(w.ref, 20)] limit 1)`;

const FACTS = `'type', r.type, 'id', r.id, 'version', r.version, 'updated', r.updated,
          'deleted', r.deleted, 'patients', r.patients, 'subjects', r.subjects, 'pregnancy', r.pregnancy,
          'data_class', r.data_class, 'label', r.label, 'tags', r.tags, 'service', r.service, 'authors', r.authors,
          'released', r.released, 'addressee', r.addressee`;

/** All questions about one write; `people`, `lookups` and `parties` are SQL of its lists. */
const questions = (
  source: string,
  { people, lookups, parties }: Record<'people' | 'lookups' | 'parties', string>,
): string =>
  `select
      (select json_agg(k) from kin k where k.child = any (${people})) as kin,
      (select json_agg(x) from relationship x where x.patient = any (s.subjects) and x.party = any (${parties})) as relationships,
      (select json_agg(x) from consent x where x.patient = any (s.subjects)) as consents,
      (select json_agg(x order by x.from_at desc) from pregnancy x where x.mother = any (s.subjects)) as pregnancies,
      (select json_agg(json_build_object('ref', w.ref, 'body', r.body, ${FACTS}))
        from unnest(${lookups}) w(ref) join lateral (${source}) r on not r.deleted) as lookups,
      (select json_agg(json_build_object(${FACTS}))
        from unnest(s.subjects) p join resource r on r.type = 'Patient' and r.id = substr(p, 9)) as people,
      g.value as generation
    from generation g, (select array(select coalesce(k.mother, p)
      from unnest(${people}) p left join kin k on k.child = p) as subjects offset 0) s`;

const alone = (source: string): string =>
  questions(source, { people: '$1::text[]', lookups: '$2::text[]', parties: '$3::text[]' });

/** The questions of several writes, one row each, lists inside lists as joined text. */
const together = (source: string): string => `select q.* from (
      select string_to_array(u.people, e'\\x1f') as people, string_to_array(u.lookups, e'\\x1f') as lookups,
        string_to_array(u.parties, e'\\x1f') as parties, u.n
      from unnest($1::text[], $2::text[], $3::text[]) with ordinality as u(people, lookups, parties, n) offset 0
    ) a cross join lateral (${questions(source, { people: 'a.people', lookups: 'a.lookups', parties: 'a.parties' })}) q
    order by a.n`;

const PREFETCH = { name: 'prefetch', text: alone(BY_ID) };
const PREFETCH_NUMBERS = { name: 'prefetch_numbers', text: alone(`${BY_ID} union all ${BY_NUMBER}`) };
const TOGETHER = { name: 'prefetch_together', text: together(BY_ID) };
const TOGETHER_NUMBERS = { name: 'prefetch_numbers_together', text: together(`${BY_ID} union all ${BY_NUMBER}`) };

interface Asking {
  ask: PrefetchAsk;
  parties: readonly string[];
}

/** One statement for all of a write's questions, on the pool shared with others (together.ts); missing ones are absent. */
export function prefetch(db: Db, ask: PrefetchAsk, { parties }: Reach): Promise<Prefetched> {
  const joinable = ![...ask.patients, ...ask.lookups].some((named) => named.includes(SEPARATOR));
  return isPool(db) && joinable ? onPool(db, { ask, parties }) : askAlone(db, { ask, parties });
}

const onPool = togetherOn<Asking, Prefetched>((pool) => ({
  together: (asking) => askTogether(pool, asking),
  alone: (asking) => askAlone(pool, asking),
}));

async function askAlone(db: Db, { ask, parties }: Asking): Promise<Prefetched> {
  const values = [ask.patients, ask.lookups, parties];
  const { rows } = await db.query<RawPrefetch>({ ...(byNumber(ask) ? PREFETCH_NUMBERS : PREFETCH), values });
  return toPrefetched(rows[0]);
}

async function askTogether(db: Db, asking: readonly Asking[]): Promise<Prefetched[]> {
  const values = [
    asking.map(({ ask }) => ask.patients.join(SEPARATOR)),
    asking.map(({ ask }) => ask.lookups.join(SEPARATOR)),
    asking.map(({ parties }) => parties.join(SEPARATOR)),
  ];
  const numbers = asking.some(({ ask }) => byNumber(ask));
  const { rows } = await db.query<RawPrefetch>({ ...(numbers ? TOGETHER_NUMBERS : TOGETHER), values });
  return asking.map((_, i) => toPrefetched(rows[i]));
}

function byNumber({ lookups }: PrefetchAsk): boolean {
  return lookups.some((lookup) => lookup.includes('?'));
}

function toPrefetched(raw: RawPrefetch | undefined): Prefetched {
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
    lookups: new Map((raw.lookups ?? []).map((row) => [row.ref, lookedUp(row)])),
    people: (raw.people ?? []).map((row) => toRow({ ...row, updated: new Date(row.updated), body: null })),
    generation: raw.generation,
  };
}

function lookedUp({ ref: _ref, body, ...row }: NonNullable<RawPrefetch['lookups']>[number]): LookedUp {
  return { ...toRow({ ...row, updated: new Date(row.updated), body: null }), body };
}
