/**
 * From the text of a search to the Query tree (FHIR R4 search.html). Strict: what is not known or not supported yet is
 * refused by name (H13), and what costs too much is refused before any work (H17).
 */
import type { Definitions } from '../definitions/types.ts';
import { compartmentParams } from '../fhir/compartments-other.ts';
import { type OutcomeIssue, refuse } from '../fhir/outcome.ts';
import { criteriaOf } from './clauses.ts';
import { ROW_PARAMS } from './params.ts';
import { type ClauseContext, MAX_CRITERIA, parseClause, UnknownParameter } from './parse-clause.ts';
import { parseFilter } from './parse-filter.ts';
import { REPEATABLE, RESULT_PARAMS, type ResultContext } from './parse-results.ts';
import type { ValueSetCodes } from './parse-terms.ts';
import { encoded, splitEscaped } from './parse-text.ts';
import type { Clause, Query } from './types.ts';

export interface SearchContext {
  definitions: Definitions;
  /** Absolute bases under which this server is known; references under them are local. */
  bases: readonly string[];
  /** `Prefer: handling=lenient`: unknown parameters are dropped with a warning. */
  lenient: boolean;
  maxCount: number;
  defaultCount?: number;
  /** `Type.code` of parameters whose elements this caller never sees: they behave as if no row had a value. */
  forbidden?: KeySet;
  /** Parameters (`Type.code`, `Type.code:text`) that are still being indexed: refused for now. */
  pending?: KeySet;
  /** Types a search across types may reach; without it all. */
  types?: readonly string[];
  /** The focus of the compartment that is searched. */
  compartment?: Compartment;
  /** Value sets that `:in` and `:not-in` name, listed beforehand where more than the definitions know them. */
  valueSets?: ReadonlyMap<string, ValueSetCodes>;
  /** `_explain` is taken. */
  explain?: boolean;
  /** A reference with a version asks for that version: the access record says which one was touched. */
  versions?: boolean;
  /** Request time, for `ap` dates. */
  now?: Date;
}

/** Whose compartment: a Patient, Encounter, RelatedPerson, Practitioner or Device. */
export interface Compartment {
  type: string;
  id: string;
}

/** Of a set of keys only this is asked: it may be worked out when asked. */
export interface KeySet {
  has(key: string): boolean;
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
  const query = emptyQuery(type, pairs, context);
  const clauses: ClauseContext = { ...context, budget: { criteria: MAX_CRITERIA }, now: context.now ?? new Date() };
  if (context.compartment !== undefined) enterCompartment(query, context.compartment, clauses);
  const results: ResultContext = {
    definitions: context.definitions,
    types: query.types ?? (type === null ? [] : [type]),
    maxCount: context.maxCount,
    explain: context.explain === true,
    forbidden: context.forbidden ?? NONE,
    ...(context.pending === undefined ? {} : { pending: context.pending }),
  };
  const warnings: OutcomeIssue[] = [];
  const self: string[] = [];
  const once = new Set<string>();
  for (const [name, value] of pairs) {
    if (FORMAT_PARAMS.has(name)) {
      query.form = `${query.form ?? ''}&${name}=${encoded(value)}`;
      continue;
    }
    if (name === '_type' && type === null) {
      self.push(`_type=${encoded(value)}`);
      continue;
    }
    const apply = RESULT_PARAMS.get(name);
    let kept: string | null = value;
    if (apply !== undefined) {
      if (value === '') throw refuse(400, 'value', `Search parameter "${name}": the value is empty`);
      if (once.has(name) && !REPEATABLE.has(name))
        throw refuse(400, 'invalid', `Search parameter "${name}" is given twice`);
      once.add(name);
      kept = apply(query, name, value, results);
    } else if (!addClause(query, [name, value], clauses, warnings)) kept = null;
    if (kept !== null) self.push(`${encoded(name)}=${encoded(kept)}`);
  }
  if (type === null && query.where.length === 0 && !pairs.some(([name]) => name === '_type'))
    throw refuse(400, 'not-supported', 'A search across all types needs a criterion, or types with _type');
  checkResult(query);
  query.self = self.join('&');
  return { query, warnings };
}

const NONE: KeySet = new Set<string>();

function emptyQuery(type: string | null, pairs: readonly (readonly [string, string])[], context: SearchContext): Query {
  return {
    type,
    ...(type === null ? { types: typesAsked(pairs, context) } : {}),
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

/** R4 search.html, "Summary": includes cannot be mixed with the narrative alone. */
function checkResult(query: Query): void {
  if (query.summary === 'text' && query.include.length + query.revinclude.length > 0)
    throw refuse(400, 'invalid', '_include and _revinclude cannot be asked together with _summary=text');
  if (query.summary === 'count') query.count = 0;
  if (query.count === 0 && query.total === 'none') query.total = 'accurate';
  if (query.include.length + query.revinclude.length > MAX_INCLUDES) throw costly(`more than ${MAX_INCLUDES} includes`);
  const values = criteriaOf(query.where).reduce((sum, { values: held }) => sum + held.length, 0);
  if (values > MAX_TARGETS) throw costly('too many ids without a type; write Type/id');
}

/** False when the parameter was dropped (lenient handling). */
function addClause(
  query: Query,
  [name, text]: readonly [string, string],
  context: ClauseContext,
  warnings: OutcomeIssue[],
): boolean {
  refuseModified(name);
  try {
    query.where.push(clauseOf(query, name, text, context));
    return true;
  } catch (error) {
    if (!(error instanceof UnknownParameter)) throw error;
    if (!context.lenient || /[.:]/.test(name)) throw query.type === null ? notCommon(name) : error;
    for (const issue of error.issues) {
      warnings.push({ ...issue, severity: 'warning', diagnostics: `${issue.diagnostics} It was ignored.` });
    }
    return false;
  }
}

function notCommon(name: string): Error {
  const why = 'not every type searched at system level has it; name types that do with _type';
  return refuse(400, 'not-supported', `Search parameter "${name}": ${why}`);
}

/** Across types a parameter is read for each of them; what every row holds itself is read once. */
function clauseOf(query: Query, name: string, text: string, context: ClauseContext): Clause {
  const { type, types = [] } = query;
  const parse = (one: string): Clause =>
    name === '_filter' ? parseFilter(one, text, context) : parseClause(one, name, text, context);
  if (type !== null) return parse(type);
  if (ROW_PARAMS.has(name.split(':')[0] ?? '')) return parse(types[0] ?? 'Patient');
  return { op: 'any', clauses: types.map((one) => ({ op: 'type', type: one, clauses: [parse(one)] })) };
}

/** The rows a compartment holds (R4 compartmentdefinition.html), each type by its own references; its focus too. */
function enterCompartment(query: Query, focus: Compartment, context: ClauseContext): void {
  const within = (type: string): Clause => ({
    op: 'any',
    clauses: [
      ...(type === focus.type ? [parseClause(type, '_id', focus.id, context)] : []),
      ...compartmentParams(focus.type, type).map((code) =>
        parseClause(type, code, `${focus.type}/${focus.id}`, context),
      ),
    ],
  });
  const { type, types = [] } = query;
  query.path = `${focus.type}/${focus.id}/${type ?? '*'}`;
  query.where.push(
    type !== null
      ? within(type)
      : { op: 'any', clauses: types.map((one) => ({ op: 'type', type: one, clauses: [within(one)] })) },
  );
}

/** `_type` of a search across types (R4 search.html, "Search Context"); those the caller may not search are left out. */
function typesAsked(pairs: readonly (readonly [string, string])[], context: SearchContext): string[] {
  const open = context.types ?? context.definitions.resourceTypes;
  const asked = pairs.filter(([name]) => name === '_type').flatMap(([, value]) => value.split(','));
  const unknown = asked.find((one) => !context.definitions.isResourceType(one));
  if (unknown !== undefined) throw refuse(400, 'value', `_type names "${unknown}", which is no R4 resource type`);
  return asked.length === 0 ? [...open] : [...new Set(asked)].filter((one) => open.includes(one)).sort();
}

/** Result parameters take no modifier but `:iterate`. */
function refuseModified(name: string): void {
  const [code = ''] = name.split(':');
  if (code !== name && RESULT_PARAMS.has(code)) {
    throw refuse(400, 'not-supported', `Search parameter "${name}": this modifier is not supported`);
  }
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
