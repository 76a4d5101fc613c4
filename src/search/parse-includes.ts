/** `_include` and `_revinclude` (FHIR R4 search.html, "Including other resources in result"). */
import type { Definitions } from '../definitions/types.ts';
import { type Outcome, refuse } from '../fhir/outcome.ts';
import { checkIndexed, searchableParams } from './params.ts';
import { targetsOf } from './parse-clause.ts';
import type { ResultContext } from './parse-results.ts';
import type { Include, Query, SearchParam } from './types.ts';

/** `Source:param`, `Source:param:Target`, `Source:*`, or `*` for every reference of the types searched. */
export function applyInclude(query: Query, name: string, value: string, context: ResultContext): string {
  const iterate = name.endsWith(':iterate');
  if (value === '*') {
    for (const type of context.types) {
      for (const param of referencesOf(context.definitions, type))
        add(query.include, { source: type, param, target: null, iterate }, context);
    }
    return value;
  }
  const { source, code, target } = partsOf(name, value, context.definitions);
  if (!iterate && !context.types.includes(source)) {
    const why = `${value} starts from included resources, which needs :iterate`;
    throw refuse(400, 'not-supported', `Search parameter "${name}": ${why}`);
  }
  for (const param of named(context.definitions, name, source, code)) {
    if (target === null || reaches(param, target, context.definitions))
      add(query.include, { source, param, target, iterate }, context);
    else if (code !== '*') throw never(name, source, code, target);
  }
  return value;
}

/** As for `_include`; the target is a type searched, and with `:iterate` any. */
export function applyRevinclude(query: Query, name: string, value: string, context: ResultContext): string {
  const { definitions, types } = context;
  const iterate = name.endsWith(':iterate');
  if (value === '*')
    throw refuse(400, 'too-costly', `Search parameter "${name}": name the type, e.g. ${name}=Observation:*`);
  const { source, code, target } = partsOf(name, value, definitions);
  if (target !== null && !iterate && !types.includes(target))
    throw refuse(
      400,
      'value',
      `Search parameter "${name}": the target of a search on ${types.join(', ')} is one of them`,
    );
  const targets = target !== null ? [target] : types;
  for (const param of named(definitions, name, source, code)) {
    if (iterate && target === null && param.canonical === true) {
      for (const one of targetsOf(param, definitions))
        add(query.revinclude, { source, param, target: one, iterate }, context);
      continue;
    }
    if (iterate && target === null) {
      add(query.revinclude, { source, param, target, iterate }, context);
      continue;
    }
    const reached = targets.filter((one) => reaches(param, one, definitions));
    for (const one of reached) add(query.revinclude, { source, param, target: one, iterate }, context);
    if (reached.length === 0 && code !== '*') throw never(name, source, code, targets.join(', '));
  }
  return value;
}

function partsOf(name: string, value: string, definitions: Definitions) {
  const [source = '', code, target, ...more] = value.split(':');
  if (code === undefined || more.length > 0) {
    throw refuse(400, 'value', `Search parameter "${name}" takes Type:parameter, Type:parameter:TargetType or Type:*`);
  }
  for (const type of target === undefined ? [source] : [source, target]) {
    if (!definitions.isResourceType(type)) {
      throw refuse(400, 'value', `Search parameter "${name}": ${type} is no R4 resource type`);
    }
  }
  if (source === 'AuditEvent') {
    throw refuse(400, 'not-supported', `Search parameter "${name}": the access record is searched on its own`);
  }
  return { source, code, target: target ?? null };
}

const never = (name: string, source: string, code: string, target: string): Outcome =>
  refuse(400, 'value', `Search parameter "${name}": ${source}:${code} never refers to ${target}`);

/** An include along a hidden element finds nothing. */
function add(list: Include[], entry: Include, context: ResultContext): void {
  checkIndexed(entry.source, entry.param?.code ?? '', context);
  if (!context.forbidden.has(`${entry.source}.${entry.param?.code}`)) list.push(entry);
}

const reaches = (param: SearchParam, type: string, definitions: Definitions): boolean =>
  targetsOf(param, definitions).includes(type);

/** Reference parameters of a type, as `_include=Type:*` takes them. */
export function referencesOf(definitions: Definitions, type: string): SearchParam[] {
  return [...searchableParams(definitions, type).values()].filter((param) => param.type === 'reference');
}

function named(definitions: Definitions, name: string, source: string, code: string): SearchParam[] {
  const all = referencesOf(definitions, source);
  if (code === '*') return all;
  const asked = searchableParams(definitions, source).get(code);
  const found = asked?.type === 'reference' ? [asked] : [];
  if (found.length > 0) return found;
  const known = all.map((param) => param.code).join(', ');
  throw refuse(
    400,
    'not-supported',
    `Search parameter "${name}": ${source} has no reference parameter "${code}"; it has: ${known}`,
  );
}
