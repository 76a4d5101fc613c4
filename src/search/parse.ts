/**
 * From the text of a search to the Query tree (FHIR R4 search.html). Strict: what is not known or not supported yet is
 * refused by name (H13), and what costs too much is refused before any work (H17).
 */
import type { Definitions } from '../definitions/types.ts';
import { type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import { searchableParams } from './params.ts';
import { REPEATABLE, RESULT_PARAMS, type ResultContext } from './parse-results.ts';
import { encoded, splitEscaped } from './parse-text.ts';
import { parseValues, withImpliedSystem } from './parse-values.ts';
import { isCriterion, type ParamType, type Query, type SearchParam } from './types.ts';

export interface SearchContext {
  definitions: Definitions;
  /** Absolute bases under which this server is known; references under them are local. */
  bases: readonly string[];
  /** `Prefer: handling=lenient`: unknown parameters are dropped with a warning. */
  lenient: boolean;
  maxCount: number;
  defaultCount?: number;
  /** `Type.code` of parameters whose elements this caller never sees: they behave as if no row had a value. */
  forbidden?: ReadonlySet<string>;
  /** Request time, for `ap` dates. */
  now?: Date;
}

export interface ParsedSearch {
  query: Query;
  warnings: OutcomeIssue[];
}

/** Cost limits (H17). Bare ids count once per possible target type. */
const MAX_PARAMS = 64;
const MAX_VALUES = 300;
const MAX_TARGETS = 3000;
const MAX_INCLUDES = 64;
const MAX_LENGTH = 1000;
const DEFAULT_COUNT = 20;

/** Handled by http: they change the form of the answer, not what is found. */
const FORMAT_PARAMS: ReadonlySet<string> = new Set(['_format', '_pretty']);
/** Known to R4, refused by name until they are built. */
const LATER: ReadonlySet<string> = new Set(
  '_has _filter _list _query _text _content _type _contained _containedType _explain'.split(' '),
);
const MODIFIERS: Record<ParamType, readonly string[]> = {
  token: ['missing', 'not'],
  string: ['missing', 'exact', 'contains'],
  reference: ['missing', 'identifier'],
  date: ['missing'],
  uri: ['missing'],
  number: [],
  quantity: [],
  composite: [],
  special: [],
};

/**
 * `type` is null at system level. `raw` is the text after `?`, a form body, or decoded pairs.
 * @throws Outcome 400 naming the parameter: `not-supported`, `value`, `invalid` or `too-costly`
 */
export function parseSearch(
  type: string | null,
  raw: string | URLSearchParams | Iterable<readonly [string, string]>,
  context: SearchContext,
): ParsedSearch {
  if (typeof raw === 'string') checkEncoding(raw);
  const pairs: (readonly [string, string])[] = [...(typeof raw === 'string' ? new URLSearchParams(raw) : raw)];
  checkCost(pairs);
  const query = emptyQuery(type, context);
  const results: ResultContext = {
    definitions: context.definitions,
    type,
    maxCount: context.maxCount,
    forbidden: context.forbidden ?? NONE,
  };
  const warnings: OutcomeIssue[] = [];
  const self: string[] = [];
  const once = new Set<string>();
  for (const [name, value] of pairs) {
    if (FORMAT_PARAMS.has(name)) continue;
    const apply = RESULT_PARAMS.get(name);
    let kept: string | null = value;
    if (apply !== undefined) {
      if (value === '') throw refuse(400, 'value', `Search parameter "${name}": the value is empty`);
      if (once.has(name) && !REPEATABLE.has(name))
        throw refuse(400, 'invalid', `Search parameter "${name}" is given twice`);
      once.add(name);
      kept = apply(query, name, value, results);
    } else if (!addCriterion(query, name, value, context, warnings)) kept = null;
    if (kept !== null) self.push(`${encoded(name)}=${encoded(kept)}`);
  }
  checkResult(query);
  query.self = self.join('&');
  return { query, warnings };
}

const NONE: ReadonlySet<string> = new Set();

function emptyQuery(type: string | null, context: SearchContext): Query {
  return {
    type,
    where: [],
    sort: [],
    count: Math.min(context.defaultCount ?? DEFAULT_COUNT, context.maxCount),
    total: 'none',
    summary: null,
    elements: [],
    include: [],
    revinclude: [],
    self: '',
  };
}

function costly(what: string): Error {
  return refuse(400, 'too-costly', `This search costs too much: ${what}`);
}

function checkCost(pairs: readonly (readonly [string, string])[]): void {
  if (pairs.length > MAX_PARAMS) throw costly(`more than ${MAX_PARAMS} parameters`);
  let values = 0;
  for (const [name, value] of pairs) {
    if (name.length > 200) throw costly('a parameter name of more than 200 characters');
    if (!`${name}${value}`.isWellFormed() || value.includes('\u0000')) {
      throw refuse(400, 'value', `Search parameter "${name.toWellFormed()}": the value is not text`);
    }
    for (const part of splitEscaped(value, ',')) {
      values++;
      if (part.length > MAX_LENGTH) throw costly(`a value of more than ${MAX_LENGTH} characters in "${name}"`);
    }
  }
  if (values > MAX_VALUES) throw costly(`more than ${MAX_VALUES} values`);
}

function checkResult(query: Query): void {
  if (query.summary === 'count') query.count = 0;
  if (query.count === 0 && query.total === 'none') query.total = 'accurate';
  if (query.include.length + query.revinclude.length > MAX_INCLUDES) throw costly(`more than ${MAX_INCLUDES} includes`);
  const values = query.where.reduce((sum, clause) => sum + (isCriterion(clause) ? clause.values.length : 0), 0);
  if (values > MAX_TARGETS) throw costly('too many ids without a type; write Type/id');
}

/** False when the parameter was dropped (lenient handling). */
function addCriterion(
  query: Query,
  name: string,
  text: string,
  context: SearchContext,
  warnings: OutcomeIssue[],
): boolean {
  const [code = '', ...rest] = name.split(':');
  const modifier = rest.length === 0 ? null : rest.join(':');
  refuseLater(name, code);
  const param = findParam(query.type, code, context);
  if (param === null) {
    const diagnostics = unknownText(query.type, code, context);
    if (!context.lenient) throw refuse(400, 'not-supported', diagnostics);
    warnings.push({ severity: 'warning', code: 'not-supported', diagnostics: `${diagnostics} It was ignored.` });
    return false;
  }
  checkModifier(name, param, modifier, context);
  if (text === '') throw refuse(400, 'value', `Search parameter "${name}": the value is empty`);
  const values = parseValues(param, splitEscaped(text, ','), {
    name,
    modifier,
    bases: context.bases,
    resourceTypes: context.definitions.resourceTypes,
    now: context.now ?? new Date(),
  });
  const criterion = withImpliedSystem({ param, modifier: kindOf(param, modifier), values });
  query.where.push(context.forbidden?.has(`${query.type}.${code}`) ? { ...criterion, hidden: true } : criterion);
  return true;
}

/** A type modifier has done its work once the values are parsed. */
function kindOf(param: SearchParam, modifier: string | null): string | null {
  return modifier !== null && MODIFIERS[param.type].includes(modifier) ? modifier : null;
}

function refuseLater(name: string, code: string): void {
  const later = LATER.has(code)
    ? code
    : name.includes('.')
      ? 'chained parameters'
      : RESULT_PARAMS.has(code)
        ? 'this modifier'
        : null;
  if (later !== null) throw refuse(400, 'not-supported', `Search parameter "${name}": ${later} not supported yet`);
}

function findParam(type: string | null, code: string, context: SearchContext): SearchParam | null {
  if (type !== null) return searchableParams(context.definitions, type).get(code) ?? null;
  // At system level only what every row holds itself can be asked.
  return code === '_id' || code === '_lastUpdated'
    ? (searchableParams(context.definitions, 'Patient').get(code) ?? null)
    : null;
}

function unknownText(type: string | null, code: string, context: SearchContext): string {
  if (type === null)
    return `Search parameter "${code}" is not supported at system level; supported: _id, _lastUpdated.`;
  const known = [...searchableParams(context.definitions, type).keys()].sort().join(', ');
  const defined = context.definitions.searchParams(type).get(code);
  const why = defined === undefined ? 'is unknown' : `(${defined.type}) is not supported yet`;
  return `Search parameter "${code}" ${why} for ${type}; supported: ${known}.`;
}

function checkModifier(name: string, param: SearchParam, modifier: string | null, context: SearchContext): void {
  if (modifier === null || MODIFIERS[param.type].includes(modifier)) return;
  const isType = param.type === 'reference' && context.definitions.isResourceType(modifier);
  if (isType) {
    if (param.targets.length === 0 || param.targets.includes(modifier)) return;
    throw refuse(400, 'value', `Search parameter "${name}": ${param.code} never refers to ${modifier}`);
  }
  const known = [
    ...MODIFIERS[param.type].map((item) => `:${item}`),
    ...(param.type === 'reference' ? [':[type]'] : []),
  ];
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": modifier ":${modifier}" is not supported yet; supported for ${param.code}: ${known.join(', ')}`,
  );
}

/** URLSearchParams would put a replacement character for what cannot be decoded, and search for that. */
function checkEncoding(raw: string): void {
  if (!raw.includes('%')) return;
  try {
    decodeURIComponent(raw);
  } catch {
    throw refuse(400, 'value', 'The search is not properly percent-encoded UTF-8');
  }
}

/** `Type.code` of every parameter a query uses to match, sort or include: what masks must know. */
export function criteriaUsing(query: Query): string[] {
  const used = new Set<string>();
  for (const clause of query.where) if (isCriterion(clause)) used.add(`${query.type}.${clause.param.code}`);
  for (const { param } of query.sort) used.add(`${query.type}.${typeof param === 'string' ? param : param.code}`);
  for (const { source, param } of [...query.include, ...query.revinclude]) used.add(`${source}.${param?.code ?? '*'}`);
  return [...used];
}
