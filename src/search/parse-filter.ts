/**
 * `_filter` as clauses (FHIR R4 search_filter.html). Each comparison becomes the criterion that says the same; what no
 * criterion says is refused by name. A path through references is a chain.
 */
import { refuse } from '../fhir/outcome.ts';
import { type Filter, type FilterStep, readFilter } from './filter-text.ts';
import { type ClauseContext, chainAlong, hop, paramOf, parseClause } from './parse-clause.ts';
import { type Clause, isCriterion, type ParamType } from './types.ts';

/** The operators of each parameter type: as prefix of the value, as modifier, or as the criterion itself (`''`). */
const PREFIXED = Object.fromEntries(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'].map((one) => [one, one]));
const OPERATORS: Record<ParamType, Readonly<Record<string, string>>> = {
  string: { eq: ':whole', co: ':contains', sw: ':starts', ew: ':ends' },
  token: { eq: '', ss: ':below', sb: ':above', in: ':in' },
  reference: { eq: '', re: '' },
  uri: { eq: '' },
  date: { ...PREFIXED, po: 'eq' },
  number: PREFIXED,
  quantity: PREFIXED,
  composite: { eq: '' },
  special: {},
};
/** What `_filter` alone asks of strings: the whole text, and its beginning or end where a search takes later words too. */
const OF_STRINGS: ReadonlySet<string> = new Set([':whole', ':starts', ':ends']);

/** @throws Outcome 400 naming what is wrong or not served */
export function parseFilter(type: string, text: string, context: ClauseContext): Clause {
  return clauseOf(type, readFilter(text), { name: '_filter', context, hops: 0 });
}

interface Reading {
  name: string;
  context: ClauseContext;
  hops: number;
}

function clauseOf(type: string, filter: Filter, reading: Reading): Clause {
  if (filter.op === 'not') return { op: 'not', clauses: [clauseOf(type, filter.filter, reading)] };
  if (filter.op === 'compare') return comparison(type, filter, reading);
  const clauses = [clauseOf(type, filter.left, reading), clauseOf(type, filter.right, reading)];
  return { op: filter.op === 'and' ? 'all' : 'any', clauses };
}

/** What says that there is no such value speaks of all that the path reaches, so it is the opposite of one that there is. */
function comparison(type: string, filter: Filter & { op: 'compare' }, reading: Reading): Clause {
  const { path, operator, value } = filter;
  if (operator === 'pr') {
    if (value !== 'true' && value !== 'false') throw refuse(400, 'value', '_filter: pr takes true or false');
    const present = along(type, path, reading, (one, code) =>
      parseClause(one, `${code}:missing`, 'false', reading.context),
    );
    return value === 'true' ? present : { op: 'not', clauses: [present] };
  }
  const negated = operator === 'ni';
  const found = along(type, path, reading, (one, code) =>
    leaf(one, { code, operator: negated ? 'in' : operator, value }, reading.context),
  );
  return negated ? { op: 'not', clauses: [found] } : found;
}

type Leaf = (type: string, code: string) => Clause;

function along(type: string, path: readonly FilterStep[], reading: Reading, build: Leaf): Clause {
  const [step, ...rest] = path;
  if (step === undefined) throw refuse(400, 'value', '_filter: a comparison without a parameter');
  if (rest.length === 0) {
    if (step.where !== null) throw refuse(400, 'value', `_filter: write ${step.code}[...].parameter`);
    return build(type, step.code);
  }
  const next = hop(reading);
  return chainAlong({ type, code: step.code }, reading, (target) => [
    ...(step.where === null ? [] : [clauseOf(target, step.where, next)]),
    along(target, rest, next, build),
  ]);
}

function leaf(
  type: string,
  { code, operator, value }: { code: string; operator: string; value: string },
  context: ClauseContext,
): Clause {
  const param = paramOf(type, code, context);
  const how = OPERATORS[param.type][operator];
  if (how === undefined) {
    const known = [...Object.keys(OPERATORS[param.type]), 'pr'].join(', ');
    throw refuse(
      400,
      'not-supported',
      `_filter: ${operator} is not supported on ${code}, which is a ${param.type}; supported: ${known}`,
    );
  }
  const text = value.replaceAll('\\', '\\\\').replaceAll(',', '\\,');
  if (OF_STRINGS.has(how)) {
    const plain = parseClause(type, code, text, context);
    return isCriterion(plain) ? { ...plain, modifier: how.slice(1) } : plain;
  }
  if (how.startsWith(':')) return parseClause(type, `${code}${how}`, text, context);
  const found = parseClause(type, code, `${how}${text}`, context);
  // `po` is an overlap with the period itself, where `ap` searches a wider one.
  return operator === 'po' && isCriterion(found) ? { ...found, values: found.values.map(overlapping) } : found;
}

function overlapping<V extends { kind: string }>(value: V): V {
  return value.kind === 'date' ? { ...value, prefix: 'ap' } : value;
}
