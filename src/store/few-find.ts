/** Finds a handful of rows by words or by texts, with the facts about them (few.ts). Searches of the moment share a statement. */
import type { IndexValues } from '../search/types.ts';
import type { Shape } from './few-shape.ts';
import type { Pool } from './pool.ts';
import { factColumns, type RawDecidable, type Reach, toDecidable } from './reads.ts';
import { type DecidableRow, ROW_COLUMNS, SEPARATOR, toRow } from './rows.ts';
import { togetherOn } from './together.ts';

/** Rows that are decided in memory, at most: a row costs about as much as it does in SQL, and more of them travel. */
const FEW = 200;
/** Of more than so many only what decides travels; the bodies of the page are read when it is known. */
const WITH_BODIES = 40;
/** Texts or dates that begin as asked and are looked at, at most. */
const LOOKED_AT = 400;

export interface Finding extends Omit<Shape, 'criteria'> {
  reach: Reach;
}

/** One of many comes without its body. */
export interface Candidate {
  decidable: DecidableRow;
  values: IndexValues;
}

export interface Found {
  /** By id; null = more than a few. */
  rows: Candidate[] | null;
  /** Rows asked for beside them, by reference. */
  beside: Map<string, DecidableRow>;
  generation: number;
}

interface RawCandidate extends RawDecidable {
  asked: number;
  /** The row that carries the facts about its subjects, for all rows about the same. */
  speaks: boolean;
  beside: boolean;
  /** Texts or dates looked at; null = found by words. */
  looked: number | null;
  matches: number | null;
  words: string | null;
  dates: [string, string, string][] | null;
  texts: [string, string][] | null;
}

const list = (column: string): string => `string_to_array(u.${column}, e'\\x1f') as ${column}`;

const COLUMNS = ROW_COLUMNS.replace(
  'r.body',
  `case when r.beside or r.matches <= ${WITH_BODIES} then r.body end as body`,
);

/**
 * `offset 0`: each search is a walk of its own through the index. Of too many rows only one is fetched. The facts come
 * once for all rows about the same people: of four encounters, 208 us instead of 266, and 250 instead of 299 in here.
 */
const statement = (looked: string, candidates: string): string =>
  `select w.n::int as asked, l.looked, r.matches::int, r.f = 1 as speaks, r.beside, ${COLUMNS}, g.value as generation,
      ${factColumns('w.parties', 'r.f = 1')},
      case when w.worded and not r.beside then array_to_string(r.tokens, e'\\x1f') end as words,
      case when w.dated and not r.beside then (select json_agg(json_build_array(d.code, d.low, d.high)) from index_date d
        where d.type = r.type and d.id = r.id) end as dates,
      case when w.texted and not r.beside then (select json_agg(json_build_array(s.code, s.value)) from index_string s
        where s.type = r.type and s.id = r.id) end as texts
    from generation g cross join (
      select ${['words', 'parties', 'codes', 'others', 'refs'].map(list).join(', ')},
        u.dated, u.texted, u.worded, u.type, u.low, u.high, u.low2, u.high2, u.n
      from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[], $7::text[], $8::text[],
          $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) with ordinality
        as u(words, parties, refs, dated, texted, worded, type, codes, low, high, others, low2, high2, n) offset 0
    ) w cross join lateral (select ${looked} as looked offset 0) l left join lateral (
      select x.*, count(*) filter (where not x.beside) over () as matches, row_number() over () as k,
        row_number() over (partition by x.subjects) as f
      from (select *, false as beside from (${candidates} limit ${FEW + 1}) c
        union all select z.*, true from unnest(w.refs) a cross join lateral (
          select * from resource z where z.type = split_part(a, '/', 1) and z.id = split_part(a, '/', 2) offset 0) z) x
    ) r on r.matches <= ${FEW} or r.k = 1
    order by w.n, r.id`;

const BY_WORDS = {
  name: 'find_few',
  text: statement('null::int', 'select * from resource y where y.tokens @> w.words and not y.deleted'),
};

// How a name begins may be how thousands do: so many are looked at, and of more the search's own statement is better.
const BEGINS = `from index_string t where t.type = w.type and t.code = any (w.codes) and t.value >= w.low and t.value < w.high
  limit ${LOOKED_AT + 1}`;
const BY_TEXTS = {
  name: 'find_few_named',
  text: statement(
    `(select count(*)::int from (select 1 ${BEGINS}) b)`,
    `select y.* from (select distinct b.id from (select t.id ${BEGINS}) b where l.looked <= ${LOOKED_AT}
        and (w.low2 is null or exists (select 1 from (select t.value from index_string t where t.id = b.id and t.type = w.type
          and t.code = any (w.others) offset 0) t where t.value >= w.low2 and t.value < w.high2))) i
      cross join lateral (select * from resource y where y.type = w.type and y.id = i.id offset 0) y where not y.deleted`,
  ),
};

const BEGUN = `from index_date t where t.type = w.type and t.code = w.low2 and t.low >= w.low::timestamptz
  and t.low < w.high::timestamptz limit ${LOOKED_AT + 1}`;
const BY_DATE = {
  name: 'find_few_dated',
  text: statement(
    `(select count(*)::int from (select 1 ${BEGUN}) b)`,
    `select y.* from (select distinct b.id from (select t.id ${BEGUN}) b where l.looked <= ${LOOKED_AT}) i
      cross join lateral (select * from resource y where y.type = w.type and y.id = i.id offset 0) y where not y.deleted`,
  ),
};

async function findTogether(pool: Pool, findings: readonly Finding[], by: typeof BY_WORDS): Promise<Found[]> {
  const first = findings.map(
    ({ texts, date }) => texts[0] ?? { codes: [], low: date?.low ?? '', high: date?.high ?? '' },
  );
  const second = findings.map(
    ({ texts, date }) => texts[1] ?? (date === null ? null : { codes: [], low: date.code, high: '' }),
  );
  const hasRest = (kind: string): boolean[] =>
    findings.map(({ rest }) => rest.some(({ param }) => param.type === kind));
  const values = [
    findings.map(({ words }) => words.join(SEPARATOR)),
    findings.map(({ reach }) => reach.parties.join(SEPARATOR)),
    findings.map(({ beside }) => beside.join(SEPARATOR)),
    findings.map(({ dated }) => dated),
    hasRest('string'),
    findings.map(({ worded }) => worded),
    findings.map(({ type }) => type),
    first.map(({ codes }) => codes.join(SEPARATOR)),
    first.map(({ low }) => low),
    first.map(({ high }) => high),
    second.map((range) => range?.codes.join(SEPARATOR) ?? null),
    second.map((range) => range?.low ?? null),
    second.map((range) => range?.high ?? null),
  ];
  const { rows } = await pool.query<RawCandidate>({ ...by, values });
  const found = findings.map((): { raws: RawCandidate[] } => ({ raws: [] }));
  for (const raw of rows) found[raw.asked - 1]?.raws.push(raw);
  return found.map(({ raws }, i) => toFound(raws, findings[i]));
}

const finderBy = (by: typeof BY_WORDS) =>
  togetherOn<Finding, Found>((pool) => ({
    together: (findings) => findTogether(pool, findings, by),
    alone: async (finding) => {
      const [found] = await findTogether(pool, [finding], by);
      if (found === undefined) throw new Error('one search went in and none came out');
      return found;
    },
  }));

const findByWords = finderBy(BY_WORDS);
const findByTexts = finderBy(BY_TEXTS);
const findByDate = finderBy(BY_DATE);

/** The rows that a search names, not decided yet. */
export function findFew(pool: Pool, finding: Finding): Promise<Found> {
  if (finding.date !== null) return findByDate(pool, finding);
  return finding.texts.length > 0 ? findByTexts(pool, finding) : findByWords(pool, finding);
}

function toFound(raws: readonly RawCandidate[], finding: Finding | undefined): Found {
  const [head] = raws;
  if (head === undefined || finding === undefined)
    throw new Error('the generation row is missing: migrations have not run');
  const { generation, matches, looked } = head;
  const beside = new Map<string, DecidableRow>();
  if ((looked ?? 0) > LOOKED_AT || (matches ?? 0) > FEW) return { rows: null, beside, generation };
  if (matches === null) return { rows: [], beside, generation };
  const facts = new Map<string, DecidableRow>();
  for (const raw of raws) if (raw.speaks) facts.set(raw.subjects.join(SEPARATOR), toDecidable(raw, finding.reach));
  const rows: Candidate[] = [];
  for (const raw of raws) {
    const known = facts.get(raw.subjects.join(SEPARATOR));
    if (known === undefined) throw new Error('rows about somebody without the facts about her');
    const decidable = { ...known, row: toRow(raw) };
    if (raw.beside) beside.set(`${raw.type}/${raw.id}`, decidable);
    else rows.push({ decidable, values: valuesOf(raw) });
  }
  return { rows, beside, generation };
}

function valuesOf({ words, dates, texts }: RawCandidate): IndexValues {
  return {
    tokens: words === null ? [] : words.split(SEPARATOR),
    strings: (texts ?? []).map(([code, value]) => ({ code, value })),
    dates: (dates ?? []).map(([code, low, high]) => ({ code, low: bounded(low), high: bounded(high) })),
    numbers: [],
    texts: [],
    elements: [],
  };
}

/** PostgreSQL prints open ends as words. */
function bounded(instant: string): string | null {
  return instant.endsWith('infinity') ? null : instant;
}
