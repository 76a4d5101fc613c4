/** Composite SearchParameters: their elements, and for each part where its values are (R4 search, "composite"). */
import type { Composite, CompositePart, SearchParam } from '../search/types.ts';
import { expressionFor, splitUnion } from './compile-expressions.ts';
import type { SearchParameterSource } from './compile-search.ts';

const RESOURCE = '%resource.';

type Sources = ReadonlyMap<string, SearchParameterSource>;

/** The elements and parts of a composite; undefined when one part is not defined, and then it is not served. */
export function compositeOf(
  type: string,
  source: SearchParameterSource,
  elements: readonly string[],
  byUrl: Sources,
): Composite | undefined {
  const components = source.component ?? [];
  const wholes = components.map((component) => byUrl.get(component.definition));
  const parts = components.map(({ expression }, at): CompositePart | null => {
    const whole = definitionOf(type, `${elements[0]}.${expression}`, wholes, at);
    if (whole === undefined || whole.type === 'composite') return null;
    const ofResource = expression.startsWith(RESOURCE);
    const path = ofResource ? expression.slice(RESOURCE.length) : expression;
    const targets = whole.type === 'reference' ? [...new Set(whole.target ?? [])].sort() : [];
    const param = { code: path, type: whole.type, expression: path, targets, url: whole.url };
    return { param, whole: whole.code, ...(ofResource ? { ofResource } : {}) };
  });
  const known = parts.filter((part) => part !== null);
  return known.length < 2 || known.length < parts.length ? undefined : { elements, parts: known };
}

/** R4 names the definitions of DocumentReference.relationship the wrong way round; there the expressions decide. */
function definitionOf(
  type: string,
  path: string,
  wholes: readonly (SearchParameterSource | undefined)[],
  at: number,
): SearchParameterSource | undefined {
  const fits = wholes.find((whole) => whole !== undefined && expressionFor(type, whole.expression ?? '') === path);
  return fits ?? wholes[at];
}

/**
 * Where an element is the resource itself, its parts are answered from the resource's own values: those of the part's
 * parameter, or, when that one covers the other elements too (`combo-code`), of one that does not (`code`).
 */
export function withRoots(type: string, params: readonly SearchParam[]): SearchParam[] {
  return params.map((param) => {
    const { composite, ...plain } = param;
    if (composite?.elements.includes(type) !== true) return param;
    const others = composite.elements.filter((path) => path !== type);
    const parts = composite.parts.map((part) => ({ ...part, root: rootOf(type, part, others, params) }));
    const known = parts.flatMap(({ root, ...part }) => (root === undefined ? [] : [{ ...part, root }]));
    return known.length < parts.length ? plain : { ...plain, composite: { ...composite, parts: known } };
  });
}

function rootOf(
  type: string,
  { param, whole }: CompositePart,
  others: readonly string[],
  params: readonly SearchParam[],
): string | undefined {
  const isOfRoot = ({ expression }: SearchParam): boolean =>
    !splitUnion(expression).some((term) => others.some((path) => term.startsWith(`${path}.`)));
  const covers = ({ expression }: SearchParam): boolean =>
    splitUnion(expression).includes(`${type}.${param.expression}`);
  const declared = params.find(({ code }) => code === whole);
  if (declared !== undefined && isOfRoot(declared)) return whole;
  return params.find((other) => other.type === param.type && isOfRoot(other) && covers(other))?.code;
}
