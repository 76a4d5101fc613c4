/** Composite criteria as SQL: the parts' ordinary words narrow the search, then parts are paired (search/composite-values.ts). */
import { anywhere, onElement, onRoot } from '../search/composite-values.ts';
import type { Composite, Criterion, ElementValues, SearchValue } from '../search/types.ts';
import { queryWords } from '../search/words.ts';
import { type Access, either, isRanged, listedSql, rangeSql, wordSql } from './criterion-sql.ts';
import type { SqlParams } from './sql-params.ts';

/** Where a kind of value lies in `more.c[]`, as `moreOf` writes it. */
const LIST: Record<string, string> = { date: 'd', string: 's', number: 'n', quantity: 'n' };

/** True when the GIN index narrows the criterion: a part is a code or a reference. All composites of R4 have one. */
export function hasWordPart({ param }: Criterion): boolean {
  return wordPart(param.composite) >= 0;
}

const wordPart = (composite: Composite | undefined): number =>
  composite?.parts.findIndex(({ param }) => LIST[param.type] === undefined) ?? -1;

export function compositeSql(criterion: Criterion, type: string, params: SqlParams, how: Access): string {
  const { composite } = criterion.param;
  if (composite === undefined) return 'false';
  const values = criterion.values.flatMap((value) => (value.kind === 'composite' ? [value.parts] : []));
  const paired = values.map((parts) =>
    either(
      composite.elements.map((path) =>
        path === type
          ? resourceSql(composite, parts, { type, params, how })
          : elementSql(composite, path, parts, { type, params, how }),
      ),
    ),
  );
  return `(${narrowSql(composite, values, type, params)}${either(paired)})`;
}

interface Place {
  type: string;
  params: SqlParams;
  how: Access;
}

/** Any of the words of the first part that has words, on the row: what an index can answer. */
function narrowSql(composite: Composite, values: SearchValue[][][], type: string, params: SqlParams): string {
  const at = wordPart(composite);
  const part = composite.parts[at];
  if (part === undefined) return '';
  const words = values.flatMap((parts) => queryWords(type, anywhere(part, parts[at] ?? [])));
  return `r.tokens && ${params.add([...new Set(words)])}::text[] and `;
}

function resourceSql(composite: Composite, parts: SearchValue[][], { type, params, how }: Place): string {
  const conditions = composite.parts.map((part, at) => {
    const criterion = onRoot(part, parts[at] ?? []);
    if (isRanged(criterion)) return rangeSql(criterion, type, params, how === 'drive' ? 'join' : how);
    const { sql, word } = wordSql(criterion, type, params);
    return word === null ? sql : `r.tokens @> ${params.add([word])}::text[]`;
  });
  return `(${conditions.join(' and ')})`;
}

function elementSql(composite: Composite, path: string, parts: SearchValue[][], { type, params }: Place): string {
  const conditions = composite.parts.map((part, at) => {
    const criterion = onElement(part, parts[at] ?? []);
    const list = LIST[part.param.type];
    return list === undefined
      ? `(e -> 't') ?| ${params.add(queryWords(type, criterion))}::text[]`
      : listedSql(criterion, `e -> '${list}'`, params);
  });
  return `(r.more is not null and exists (select 1 from jsonb_array_elements(r.more -> 'c') as e
    where e ->> 'p' = ${params.add(path)} and ${conditions.join(' and ')}))`;
}

/** What a row keeps beside its words for rare questions: texts of codes (`:text`) and elements of composites. */
export function moreOf({
  texts,
  elements,
}: {
  texts: readonly string[];
  elements: readonly ElementValues[];
}): string | null {
  if (texts.length === 0 && elements.length === 0) return null;
  return JSON.stringify({
    ...(texts.length === 0 ? {} : { x: texts }),
    ...(elements.length === 0 ? {} : { c: elements.map(elementOf) }),
  });
}

/** JSON has no infinities and no open ends: PostgreSQL reads them from text. */
function elementOf({ path, tokens, strings, dates, numbers }: ElementValues) {
  const number = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
  return {
    p: path,
    ...(tokens.length === 0 ? {} : { t: tokens }),
    ...(strings.length === 0 ? {} : { s: strings }),
    ...(dates.length === 0
      ? {}
      : { d: dates.map(({ code, low, high }) => ({ code, low: low ?? '-infinity', high: high ?? 'infinity' })) }),
    ...(numbers.length === 0
      ? {}
      : { n: numbers.map(({ low, high, ...rest }) => ({ ...rest, low: number(low), high: number(high) })) }),
  };
}
