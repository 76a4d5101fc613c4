/** Clauses evaluated in memory, chains through the rows at hand: the twin of store/query-sql.ts and chain-sql.ts. */
import type { Resource } from '../fhir/types.ts';
import { canonicalWords, names } from './canonical.ts';
import { holds, type Indexed } from './match.ts';
import { type Chain, type Clause, type IndexValues, isCriterion, type Query, type ReverseChain } from './types.ts';
import { wordPrefix } from './words.ts';

/** Rows a chain may pass through: those the caller may see, masked values left out of their index values. */
export interface Rows {
  /** By `Type/id`. */
  row(key: string): Indexed | null;
  all(type: string): Iterable<Indexed>;
}

/** True when the resource matches the whole query. `values` are its index values (extract.ts). */
export function matches(query: Query, resource: Resource, values: IndexValues, rows: Rows | null = null): boolean {
  if (
    query.type !== null ? resource.resourceType !== query.type : query.types?.includes(resource.resourceType) !== true
  )
    return false;
  return query.where.every((clause) => clauseHolds(clause, resource, values, rows));
}

/**
 * True when the clause holds for the resource, read as one of its type's.
 * @throws Error for a chain when there are no rows to follow it through
 */
export function clauseHolds(clause: Clause, resource: Resource, values: IndexValues, rows: Rows | null): boolean {
  if (isCriterion(clause)) return holds(clause, resource, values);
  const inner = (one: Clause): boolean => clauseHolds(one, resource, values, rows);
  switch (clause.op) {
    case 'all':
      return clause.clauses.every(inner);
    case 'any':
      return clause.clauses.some(inner);
    case 'not':
      return !clause.clauses.every(inner);
    case 'type':
      return resource.resourceType === clause.type && clause.clauses.every(inner);
    case 'chain':
      return clause.hidden !== true && chainHolds(clause, resource, values, known(rows));
    default:
      return clause.hidden !== true && reverseHolds(clause, { resource, values }, known(rows));
  }
}

function known(rows: Rows | null): Rows {
  if (rows === null) throw new Error('a chain needs the rows it passes through');
  return rows;
}

function chainHolds(chain: Chain, resource: Resource, values: IndexValues, rows: Rows): boolean {
  if (chain.param.canonical) return canonicalHolds(chain, { resource, values }, rows);
  const prefix = wordPrefix(resource.resourceType, chain.param.code);
  return values.tokens.some((word) => {
    const far = word.startsWith(prefix) ? rows.row(word.slice(prefix.length)) : null;
    if (far === null) return false;
    return chain.targets.some((target) => clauseHolds(target, far.resource, far.values, rows));
  });
}

function canonicalHolds({ param, targets }: Chain, { resource, values }: Indexed, rows: Rows): boolean {
  return targets.some((target) => {
    const words = canonicalWords(resource.resourceType, param.code, target.type);
    return [...rows.all(target.type)].some(
      (far) => names(values.tokens, far.values.tokens, words) && clauseHolds(target, far.resource, far.values, rows),
    );
  });
}

function reverseHolds({ source, param }: ReverseChain, { resource, values }: Indexed, rows: Rows): boolean {
  const type = resource.resourceType;
  const word = `${wordPrefix(source.type, param.code)}${type}/${resource.id}`;
  const words = canonicalWords(source.type, param.code, type);
  for (const far of rows.all(source.type)) {
    const { tokens } = far.values;
    const leads = param.canonical ? names(tokens, values.tokens, words) : tokens.includes(word);
    if (leads && clauseHolds(source, far.resource, far.values, rows)) return true;
  }
  return false;
}
