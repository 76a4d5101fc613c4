/**
 * Chains and includes along canonical URLs as SQL; search/canonical.ts says what they mean. Definitions are few and what
 * names them may be many, so the definitions are found first and looked up as words.
 */
import { type CanonicalWords, canonicalWords } from '../search/canonical.ts';
import type { Chain, Include, ReverseChain, Typed } from '../search/types.ts';
import { maskSql } from './mask-sql.ts';
import type { Sight } from './sight.ts';
import type { SqlParams } from './sql-params.ts';

/** `questionnaire.title=x` of rows of a type. */
export function canonicalChainSql(type: string, { param }: Chain, targets: readonly Typed[], sight: Sight): string {
  const parts = targets.map((target) => {
    const words = canonicalWords(type, param.code, target.type);
    return namedSql(words, target, sight);
  });
  const all = parts.join(' union all ');
  const from = sight.params.add(canonicalWords(type, param.code, '').from);
  // Whatever its version, a canonical is stored without it too: that word finds the rows, the other decides.
  return `(r.tokens && array(select u from (${all}) d) and exists (select 1 from unnest(r.tokens) w
      where starts_with(w, ${from}) and w = any (array(select k from (${all}) d)) and ${alone('w', 'r.tokens')}))`;
}

/** Of each definition the word without version (`u`), and with (`k`), or `u` again. */
function namedSql({ from, url, version }: CanonicalWords, target: Typed, sight: Sight): string {
  const { params } = sight;
  const [start, ofUrl, ofVersion] = [params.add(from), params.add(url), params.add(version)];
  const mask = maskSql(target.type, ['url', 'version'], sight.masks);
  return `select ${start}::text || substr(a, length(${ofUrl}::text) + 1) as u, k.k from resource r
      cross join lateral unnest(r.tokens) a cross join lateral (
        select ${start}::text || substr(a, length(${ofUrl}::text) + 1) as k union all
        select ${start}::text || substr(a, length(${ofUrl}::text) + 1) || '|' || substr(v, length(${ofVersion}::text) + 1)
        from unnest(r.tokens) v where starts_with(v, ${ofVersion})) k
      where ${sight.far(target, 'top')}${mask === null ? '' : ` and not ${mask}`} and starts_with(a, ${ofUrl}) and strpos(a, '|') = 0`;
}

/** True for a word with a version, and for one without that is not another's. */
function alone(word: string, tokens: string): string {
  return `(strpos(${word}, '|') > 0 or not exists (select 1 from unnest(${tokens}) x where starts_with(x, ${word} || '|')))`;
}

/** `_has:QuestionnaireResponse:questionnaire:...` of definitions of a type. */
export function canonicalReverseSql(type: string, { source, param }: ReverseChain, sight: Sight): string {
  const { params } = sight;
  const { from, url, version } = canonicalWords(source.type, param.code, type);
  const [start, ofUrl, ofVersion] = [params.add(from), params.add(url), params.add(version)];
  const mask = maskSql(source.type, param.code, sight.masks);
  const own = maskSql(type, ['url', 'version'], sight.masks);
  return `(r.type = ${params.add(type)}${own === null ? '' : ` and not ${own}`} and exists (select 1 from (select array(
      select distinct substr(w, length(${start}::text) + 1) from resource r cross join lateral unnest(r.tokens) w
      where ${sight.far(source, 'top')}${mask === null ? '' : ` and not ${mask}`}
        and starts_with(w, ${start}) and ${alone('w', 'r.tokens')}) as c offset 0) c
      cross join lateral (select substr(a, length(${ofUrl}::text) + 1) as url from unnest(r.tokens) a
        where starts_with(a, ${ofUrl}) and strpos(a, '|') = 0) u
      where u.url = any (c.c) or exists (select 1 from unnest(r.tokens) v where starts_with(v, ${ofVersion})
        and u.url || '|' || substr(v, length(${ofVersion}::text) + 1) = any (c.c))))`;
}

/** Definitions that rows of the page name, as `type` and `id`; `mask` is the rows (`r`) that may not be followed. */
export function canonicalFollowSql(
  include: Include,
  targets: readonly string[],
  params: SqlParams,
  mask: string | null,
): string {
  const words = targets.map((target) => canonicalWords(include.source, include.param?.code ?? '', target));
  const start = params.add(canonicalWords(include.source, include.param?.code ?? '', '').from);
  const urls = params.add(words.map(({ url }) => url));
  const versions = params.add(words.map(({ version }) => version));
  const open =
    mask === null
      ? ''
      : ` where exists (select 1 from resource r where r.type = p.type and r.id = p.id and not ${mask})`;
  return `select d.type, d.id from page p cross join lateral (
      select substr(w, length(${start}::text) + 1) as c from unnest(p.tokens) w
      where starts_with(w, ${start}) and ${alone('w', 'p.tokens')}) f
    cross join unnest(${urls}::text[], ${versions}::text[]) as t(url, version)
    join resource d on d.tokens @> array[t.url || split_part(f.c, '|', 1)]
      and (strpos(f.c, '|') = 0 or d.tokens @> array[t.version || substr(f.c, strpos(f.c, '|') + 1)])${open}`;
}

/** Rows on alias `r` that name a definition of the page; `mask` is the rows on which they may not be followed. */
export function canonicalLedSql(include: Include, target: string, params: SqlParams, mask: string | null): string {
  const { from, url, version } = canonicalWords(include.source, include.param?.code ?? '', target);
  const [start, ofUrl, ofVersion] = [params.add(from), params.add(url), params.add(version)];
  return `select r.type, r.id from page p cross join lateral (
        select ${start}::text || substr(a, length(${ofUrl}::text) + 1) as word from unnest(p.tokens) a
        where starts_with(a, ${ofUrl}) and strpos(a, '|') = 0) u
      join resource r on r.tokens @> array[u.word]
      where p.type = ${params.add(target)}${mask === null ? '' : ` and not ${mask}`} and (${alone('u.word', 'r.tokens')}
        or exists (select 1 from unnest(p.tokens) v where starts_with(v, ${ofVersion})
          and u.word || '|' || substr(v, length(${ofVersion}::text) + 1) = any (r.tokens)))`;
}
