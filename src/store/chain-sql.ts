/**
 * Chains and reverse chains as SQL. A hop passes only through rows the caller may see and never along a reference that
 * is masked on its row (H1, H2), so what is hidden changes neither what is found nor how much.
 *
 * A chain is answered in one of two ways. `set`: the rows at its far end are found first, and the words that would name
 * them are looked up in the index; right when they are few. `each`: every row follows its own references; right when
 * they are many and the search stops early, or when another criterion has left few rows already.
 */
import type { Chain, Clause, ReverseChain, Typed } from '../search/types.ts';
import { isCriterion } from '../search/types.ts';
import { wordPrefix } from '../search/words.ts';
import { canonicalChainSql, canonicalReverseSql } from './canonical-sql.ts';
import { maskSql } from './mask-sql.ts';
import type { Place, Sight, Ways } from './sight.ts';

/** True for a chain that is looked up in the index, so that it finds the rows by itself. */
export function isSet(clause: Clause, ways: Ways): boolean {
  if (isCriterion(clause) || clause.op !== 'chain' || clause.hidden === true) return false;
  return clause.param.canonical === true || ways.get(clause) !== 'each';
}

/** `subject:Patient.name=x` of rows of a type. */
export function chainSql(type: string, chain: Chain, sight: Sight, place: Place): string {
  if (chain.hidden === true) return 'false';
  const visible = chain.targets.filter((target) => sight.sees(target.type));
  if (visible.length === 0) return 'false';
  const prefix = wordPrefix(type, chain.param.code);
  const found = chain.param.canonical
    ? canonicalChainSql(type, chain, visible, sight)
    : place !== 'row' && isSet(chain, sight.ways)
      ? setSql(prefix, visible, sight)
      : eachSql(prefix, visible, sight);
  const mask = maskSql(type, chain.param.code, sight.masks);
  return mask === null ? found : `(not ${mask} and ${found})`;
}

function setSql(prefix: string, targets: readonly Typed[], sight: Sight): string {
  const words = targets.map(
    (target) =>
      `select ${sight.params.add(`${prefix}${target.type}/`)} || r.id from resource r where ${sight.far(target, 'top')}`,
  );
  return `(r.tokens && array(${words.join(' union all ')}))`;
}

/** The inner `r` hides the outer one, so the references are taken out of its words before. */
function eachSql(prefix: string, targets: readonly Typed[], sight: Sight): string {
  const each = targets.map((target) => {
    const start = sight.params.add(`${prefix}${target.type}/`);
    return `exists (select 1 from (select substr(w, length(${start}::text) + 1) as id from unnest(r.tokens) as w
        where starts_with(w, ${start})) l cross join lateral (select 1 from resource r
        where r.type = ${sight.params.add(target.type)} and r.id = l.id and ${sight.far(target, 'row')} offset 0) x)`;
  });
  return `(${each.join(' or ')})`;
}

/** `_has`: rows of a type that a visible row of the source type points to. */
export function reverseSql(type: string, has: ReverseChain, sight: Sight): string {
  const { source, param } = has;
  if (has.hidden === true || !sight.sees(source.type)) return 'false';
  if (param.canonical) return canonicalReverseSql(type, has, sight);
  const start = sight.params.add(`${wordPrefix(source.type, param.code)}${type}/`);
  const mask = maskSql(source.type, param.code, sight.masks);
  const unmasked = mask === null ? '' : ` and not ${mask}`;
  if (sight.ways.get(has) === 'each') {
    // Looked up by the reference alone: with a second, common word each look-up walked that word's long list.
    return `exists (select 1 from (select ${start} || r.id as word) o cross join lateral (select 1 from
      (select r.* from resource r where r.tokens @> array[o.word] offset 0) r
      where ${sight.far(source, 'row')}${unmasked} offset 0) x)`;
  }
  return `(r.type = ${sight.params.add(type)} and r.id = any (array(
    select substr(w, length(${start}::text) + 1) from resource r cross join lateral unnest(r.tokens) as w
    where ${sight.far(source, 'top')}${unmasked} and starts_with(w, ${start}))))`;
}
