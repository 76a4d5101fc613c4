/**
 * The code system of token parameters on elements of type `code`: these carry no system of their own, theirs is that of
 * their required binding (R4 search.html#token: "the system is implied by the element").
 */
import type { SearchParam } from '../search/types.ts';
import { splitUnion } from './compile-expressions.ts';
import type { DefinitionSource, ElementSource, ValueSetSource } from './snapshot-types.ts';

/** What was compiled before: types by name, value sets by canonical without version. */
export interface Compiled {
  types: Pick<ReadonlyMap<string, DefinitionSource>, 'get'>;
  valueSets: Pick<ReadonlyMap<string, ValueSetSource>, 'get'>;
}

const DEEPEST = 10;

/** Systems a value set draws from, through the value sets it includes; null when one of those is not known. */
function systemsOf(url: string, compiled: Compiled, depth = 0): string[] | null {
  const source = depth > DEEPEST ? undefined : compiled.valueSets.get(url);
  if (source === undefined) return null;
  const systems: string[] = [];
  for (const include of source.include) {
    if (include.s !== undefined) systems.push(include.s);
    else {
      for (const other of include.v ?? []) {
        const inner = systemsOf(other, compiled, depth + 1);
        if (inner === null) return null;
        systems.push(...inner);
      }
    }
  }
  return systems;
}

/** Element names of a plain path, its filters left out; a cast stays as `ofType(T)`. */
function stepsOf(term: string): string[] {
  return term
    .replace(/\.where\((?:[^()]|\([^()]*\))*\)/g, '')
    .replace(/\[\d+\]/g, '')
    .split('.')
    .slice(1);
}

/** The element a term of a type's parameter ends at, or undefined when it is not a plain path or ends at a cast. */
function elementAt(type: string, term: string, { types }: Compiled): ElementSource | undefined {
  let definition = types.get(type);
  let level = definition?.nodes[0];
  let element: ElementSource | undefined;
  for (const step of stepsOf(term)) {
    const cast = /^ofType\((\w+)\)$/.exec(step)?.[1];
    element = cast === undefined ? level?.e.find((candidate) => candidate.n === step) : undefined;
    const backbone = element?.k === undefined ? undefined : definition?.nodes[element.k];
    if (backbone === undefined) definition = types.get(cast ?? element?.t[0]?.c ?? '');
    level = backbone ?? definition?.nodes[0];
  }
  return element;
}

function systemOfTerm(type: string, term: string, compiled: Compiled): string | undefined {
  const element = elementAt(type, term, compiled);
  if (element?.b === undefined || element.t.length !== 1 || element.t[0]?.c !== 'code') return undefined;
  const systems = new Set(systemsOf(element.b, compiled));
  return systems.size === 1 ? [...systems][0] : undefined;
}

/** The one system of a parameter's values; undefined when its terms have none, several, or carry their own. */
function codeSystemOf(type: string, param: SearchParam, compiled: Compiled): string | undefined {
  if (param.type !== 'token' || param.expression === '') return undefined;
  const found = new Set(splitUnion(param.expression).map((term) => systemOfTerm(type, term, compiled)));
  return found.size === 1 ? [...found][0] : undefined;
}

/** True for a reference parameter whose elements all hold canonical URLs: they name a definition, not a resource. */
function isCanonical(type: string, param: SearchParam, compiled: Compiled): boolean {
  if (param.type !== 'reference' || param.expression === '') return false;
  return splitUnion(param.expression).every((term) => {
    const types = elementAt(type, term, compiled)?.t ?? [];
    return types.length > 0 && types.every(({ c }) => c === 'canonical' || c === 'uri');
  });
}

/** The parameters of a type, those on elements of type code with their code system. */
export function withCodeSystems(type: string, params: readonly SearchParam[], compiled: Compiled): SearchParam[] {
  const known = new Map(params.map((param) => [param.code, codeSystemOf(type, param, compiled)]));
  return params.map((param) => {
    const own = withSystem(
      isCanonical(type, param, compiled) ? { ...param, canonical: true } : param,
      known.get(param.code),
    );
    if (param.composite === undefined) return own;
    const parts = param.composite.parts.map((part) => ({
      ...part,
      param: withSystem(part.param, known.get(part.whole)),
    }));
    return { ...own, composite: { ...param.composite, parts } };
  });
}

function withSystem(param: SearchParam, codeSystem: string | undefined): SearchParam {
  return codeSystem === undefined ? param : { ...param, codeSystem };
}
