/**
 * One parameter of a search as a clause: a criterion on the row, a chain (`subject:Patient.name`) or a reverse chain
 * (`_has:Observation:patient:code`), to any depth (FHIR R4 search.html, "Chained parameters", "Reverse Chaining").
 */
import type { Definitions } from '../definitions/types.ts';
import { Outcome, refuse } from '../fhir/outcome.ts';
import { codesOf } from './clauses.ts';
import { checkModifier, kindOf } from './modifiers.ts';
import { checkIndexed, searchableParams } from './params.ts';
import type { SearchContext } from './parse.ts';
import { splitEscaped } from './parse-text.ts';
import { parseValues, withImpliedSystem } from './parse-values.ts';
import type { Chain, Clause, ReverseChain, SearchParam, Typed } from './types.ts';

/** A type has no such parameter, or it is not served: what lenient handling drops. */
export class UnknownParameter extends Outcome {}

/** Hops of one chain. Each is one more set of rows, decided one by one. */
const MAX_HOPS = 5;

/** Criteria one search may hold: a chain without types means one for every type it may reach. */
export const MAX_CRITERIA = 600;

export interface ClauseContext extends SearchContext {
  /** Shared by all parameters of one search. */
  budget: { criteria: number };
  now: Date;
}

/** A parameter on its way to a clause. */
interface Reading {
  /** As written, for diagnostics. */
  name: string;
  /** Values, separated by commas. */
  text: string;
  context: ClauseContext;
  hops: number;
}

/**
 * The clause of `name=text` on a type; `name` holds the modifiers.
 * @throws UnknownParameter when the type has no such parameter; Outcome 400 for everything else
 */
export function parseClause(type: string, name: string, text: string, context: ClauseContext): Clause {
  if (text === '') throw refuse(400, 'value', `Search parameter "${name}": the value is empty`);
  return clauseOf(type, name, { name, text, context, hops: 0 });
}

function clauseOf(type: string, path: string, reading: Reading): Clause {
  if (path.startsWith('_has:')) return reverseOf(type, path, reading);
  const dot = path.indexOf('.');
  return dot < 0 ? criterionOf(type, path, reading) : chainOf(type, path.slice(0, dot), path.slice(dot + 1), reading);
}

function criterionOf(type: string, path: string, reading: Reading): Clause {
  const { name, text, context } = reading;
  const [code = '', ...rest] = path.split(':');
  if (path === '_list') return listOf(type, reading);
  const modifier = rest.length === 0 ? null : rest.join(':');
  const param = paramOf(type, code, context);
  context.budget.criteria -= 1;
  if (context.budget.criteria < 0) {
    throw refuse(400, 'too-costly', `This search costs too much: "${name}" may mean too many types; name them`);
  }
  checkModifier(name, param, modifier, context.definitions);
  if (modifier !== null) checkIndexed(type, `${code}:${modifier}`, context);
  const values = parseValues(param, splitEscaped(text, ','), {
    name,
    modifier,
    bases: context.bases,
    definitions: context.definitions,
    valueSets: context.valueSets,
    now: context.now,
    ...(context.versions === true ? { versions: true } : {}),
  });
  const criterion = withImpliedSystem({ param, modifier: kindOf(param, modifier), values });
  return isHidden(type, param, context) ? { ...criterion, hidden: true } : criterion;
}

function chainOf(type: string, link: string, rest: string, reading: Reading): Chain {
  const [code = '', asked, ...more] = link.split(':');
  if (more.length > 0 || rest === '') {
    throw refuse(400, 'value', `Search parameter "${reading.name}": write reference:Type.parameter`);
  }
  const next = hop(reading);
  return chainAlong({ type, code, asked }, reading, (target) => [clauseOf(target, rest, next)]);
}

/**
 * A chain along a reference, with the clauses that `build` reads for each type it may reach. Without a type, every
 * target type that knows the rest takes part; one at least must.
 */
export function chainAlong(
  from: { type: string; code: string; asked?: string | undefined },
  { name, context }: Pick<Reading, 'name' | 'context'>,
  build: (target: string) => Clause[],
): Chain {
  const { type, code, asked } = from;
  const param = paramOf(type, code, context);
  if (param.type !== 'reference') {
    throw refuse(400, 'value', `Search parameter "${name}": ${code} of ${type} is no reference to chain along`);
  }
  if (asked !== undefined) checkTarget(name, param, asked, context);
  const all = targetsOf(param, context.definitions);
  const chain: Chain = { op: 'chain', param, targets: typedTargets(asked === undefined ? all : [asked], name, build) };
  return isHidden(type, param, context) ? { ...chain, hidden: true } : chain;
}

function typedTargets(types: readonly string[], name: string, build: (target: string) => Clause[]): Typed[] {
  const targets: Typed[] = [];
  let refusal: Outcome | null = null;
  for (const type of types) {
    try {
      targets.push({ op: 'type', type, clauses: build(type) });
    } catch (error) {
      if (!(error instanceof Outcome) || error.status !== 400 || error.issues[0]?.code === 'too-costly') throw error;
      // What another type makes of the value says more than that this type does not know the parameter.
      if (refusal === null || (refusal instanceof UnknownParameter && !(error instanceof UnknownParameter)))
        refusal = error;
    }
  }
  if (targets.length > 0) return targets;
  if (refusal !== null && (types.length === 1 || !(refusal instanceof UnknownParameter))) throw refusal;
  throw refuse(400, 'not-supported', `Search parameter "${name}": none of ${types.slice(0, 10).join(', ')} has it`);
}

function reverseOf(type: string, path: string, reading: Reading): ReverseChain {
  const { name, context } = reading;
  const [, source = '', code = '', rest = ''] = /^_has:([^:.]+):([^:.]+):(.+)$/.exec(path) ?? [];
  if (rest === '') {
    throw refuse(400, 'value', `Search parameter "${name}": write _has:Type:reference:parameter`);
  }
  if (!context.definitions.isResourceType(source)) {
    throw refuse(400, 'value', `Search parameter "${name}": ${source} is no R4 resource type`);
  }
  if (source === 'AuditEvent') {
    throw refuse(400, 'not-supported', `Search parameter "${name}": the access record is searched on its own`);
  }
  const param = paramOf(source, code, context);
  if (param.type !== 'reference' || !targetsOf(param, context.definitions).includes(type)) {
    throw refuse(400, 'value', `Search parameter "${name}": ${source}:${code} never refers to ${type}`);
  }
  const clauses = [clauseOf(source, rest, hop(reading))];
  const has: ReverseChain = { op: 'has', param, source: { op: 'type', type: source, clauses } };
  return isHidden(source, param, context) ? { ...has, hidden: true } : has;
}

/** A canonical names definitions alone: types whose url and version can be asked for. */
export function targetsOf(param: SearchParam, definitions: Definitions): readonly string[] {
  const all = param.targets.length > 0 ? param.targets : definitions.resourceTypes;
  if (param.canonical !== true) return all;
  return all.filter((type) => ['url', 'version'].every((code) => searchableParams(definitions, type).has(code)));
}

/** `_list`: the items of one List, named by its id (R4 search.html, "Lists"); functional lists are operations. */
function listOf(type: string, reading: Reading): ReverseChain {
  const { name, text } = reading;
  const id = text.startsWith('List/') ? text.slice(5) : text;
  if (!/^[A-Za-z0-9\-.]{1,64}$/.test(id)) {
    throw refuse(400, 'not-supported', `Search parameter "${name}": only the id of one List is taken`);
  }
  return reverseOf(type, '_has:List:item:_id', { ...reading, text: id });
}

/** One step further. @throws Outcome 400 too-costly beyond the limit */
export function hop<R extends Pick<Reading, 'hops' | 'name'>>(reading: R): R {
  if (reading.hops < MAX_HOPS) return { ...reading, hops: reading.hops + 1 };
  throw refuse(400, 'too-costly', `This search costs too much: "${reading.name}" has more than ${MAX_HOPS} steps`);
}

function checkTarget(name: string, param: SearchParam, type: string, context: SearchContext): void {
  if (!context.definitions.isResourceType(type)) {
    throw refuse(400, 'value', `Search parameter "${name}": ${type} is no R4 resource type`);
  }
  if (!targetsOf(param, context.definitions).includes(type)) {
    throw refuse(400, 'value', `Search parameter "${name}": ${param.code} never refers to ${type}`);
  }
}

function isHidden(type: string, param: SearchParam, context: SearchContext): boolean {
  return codesOf(param).some((code) => context.forbidden?.has(`${type}.${code}`) === true);
}

/** Known to R4 and not answered as criteria. */
const NOT_SERVED: ReadonlySet<string> = new Set('_query _contained _containedType'.split(' '));

/** The parameter of a type. @throws UnknownParameter */
export function paramOf(type: string, code: string, context: SearchContext): SearchParam {
  const params = searchableParams(context.definitions, type);
  const param = params.get(code);
  if (param !== undefined) {
    checkIndexed(type, code, context);
    return param;
  }
  if (NOT_SERVED.has(code)) throw refuse(400, 'not-supported', `Search parameter "${code}" is not supported`);
  const defined = context.definitions.searchParams(type).get(code);
  const why = defined === undefined ? 'is unknown' : `(${defined.type}) is not supported yet`;
  const known = [...params.keys()].sort().join(', ');
  throw new UnknownParameter(400, [
    {
      severity: 'error',
      code: 'not-supported',
      diagnostics: `Search parameter "${code}" ${why} for ${type}; supported: ${known}.`,
    },
  ]);
}
