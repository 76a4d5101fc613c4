/** Which of a type's search parameters this server really answers, and where their values are stored. */
import type { Definitions } from '../definitions/types.ts';
import { refuse } from '../fhir/outcome.ts';
import { compilePath, pathsOf, split } from './path.ts';
import type { Composite, ParamType, SearchParam } from './types.ts';

/** Parameter types that are indexed; of the special ones only `near`, where a Location has a position. */
const INDEXED: ReadonlySet<ParamType> = new Set([
  'token',
  'reference',
  'date',
  'string',
  'uri',
  'number',
  'quantity',
  'composite',
]);
const POSITION = 'Location.position';
/** Parameters answered from the row itself. */
export const ROW_PARAMS: ReadonlySet<string> = new Set(['_id', '_lastUpdated']);
/** Searched in the text of the row by the database itself (R4 search, "text search"). */
export const TEXT_PARAMS: ReadonlySet<string> = new Set(['_text', '_content']);
/** `phonetic` promises a sound-alike match that is not made; `_query` and `_list` name operations. */
const NOT_SERVED: ReadonlySet<string> = new Set(['phonetic', '_query', '_list', '_has', '_filter']);

/** Elements of HumanName and Address that have parameters of their own. */
const PART = /^(family|given|city|state|country|postalCode)$/;

const cache = new WeakMap<ReadonlyMap<string, SearchParam>, ReadonlyMap<string, SearchParam>>();

/**
 * The parameters of a type that can be searched and are indexed, by code. Compiled once, and again when the definitions
 * give others: the same answer is the same map, so that what is made of it can be kept by it.
 */
export function searchableParams(definitions: Definitions, type: string): ReadonlyMap<string, SearchParam> {
  const all = definitions.searchParams(type);
  const known = cache.get(all);
  if (known !== undefined) return known;
  const params = served(all);
  cache.set(all, params);
  return params;
}

function served(all: ReadonlyMap<string, SearchParam>): Map<string, SearchParam> {
  const params = [...all.values()].filter(
    (param) =>
      !NOT_SERVED.has(param.code) &&
      (INDEXED.has(param.type) || param.expression === POSITION || TEXT_PARAMS.has(param.code)) &&
      (param.type === 'composite' ? isPlain(param.composite) : isPlainPath(param.expression)) &&
      (param.expression !== '' || ROW_PARAMS.has(param.code) || TEXT_PARAMS.has(param.code)),
  );
  const whole = new Map(params.map((param) => [param.code, withParts(param, params)]));
  for (const [code, param] of whole) if (param.composite) whole.set(code, withWholes(param, param.composite, whole));
  return whole;
}

function withWholes(param: SearchParam, composite: Composite, all: ReadonlyMap<string, SearchParam>): SearchParam {
  const parts = composite.parts.map((part) => {
    const wholeParts = part.param.type === 'string' ? undefined : all.get(part.whole)?.parts;
    return wholeParts === undefined ? part : { ...part, wholeParts };
  });
  return { ...param, composite: { ...composite, parts } };
}

/** Elements and parts of composites are walked by direct code only; all of R4's can be. */
function isPlain(composite: Composite | undefined): boolean {
  if (composite === undefined) return false;
  const paths = [...composite.elements.filter((path) => path.includes('.')), ...composite.parts.map(pathOf)];
  return paths.every(isPlainPath);
}

/** Paths, casts, filters by a value: what direct code can walk. An empty one is answered otherwise. */
export function isPlainPath(expression: string): boolean {
  return expression === '' || compilePath(expression, () => undefined, new Set()) !== null;
}

const pathOf = ({ param }: Composite['parts'][number]): string => param.expression;

/** `name` covers `family` and `given`: each name part is stored once, under its narrowest parameter. */
function withParts(param: SearchParam, all: readonly SearchParam[]): SearchParam {
  const others = unitedBy(param, all);
  if (others !== null) return { ...param, parts: others };
  if (param.type !== 'string' || split(param.expression, '|').length > 1) return param;
  const parts = all.filter((other) => partElement(param, other) !== null).map((other) => other.code);
  return parts.length === 0 ? param : { ...param, parts: [param.code, ...parts] };
}

const UNITED: ReadonlySet<ParamType> = new Set(['token', 'quantity', 'number']);

/**
 * The parameters that together read the same elements, each a part of them: `combo-code` is `code` and `component-code`.
 * Their values are stored once: a third of the words and half of the numbers of an Observation were said twice.
 */
function unitedBy(param: SearchParam, all: readonly SearchParam[]): string[] | null {
  if (!UNITED.has(param.type) || param.expression === '') return null;
  const own = new Set(split(param.expression, '|'));
  if (own.size < 2) return null;
  const narrower = all.filter(({ type, expression, codeSystem }) => {
    if (type !== param.type || expression === '' || codeSystem !== param.codeSystem) return false;
    const read = split(expression, '|');
    return read.length < own.size && read.every((one) => own.has(one));
  });
  const plain = narrower.filter((other) => unitedBy(other, narrower) === null);
  const read = new Set(plain.flatMap(({ expression }) => split(expression, '|')));
  return read.size === own.size ? plain.map(({ code }) => code) : null;
}

/** The element by which `other` is a part of `param`, or null. */
export function partElement(param: SearchParam, other: SearchParam): string | null {
  if (other.type !== 'string' || !other.expression.startsWith(`${param.expression}.`)) return null;
  const element = other.expression.slice(param.expression.length + 1);
  return PART.test(element) ? element : null;
}

const reached = new WeakMap<SearchParam, readonly (readonly string[])[] | null>();

/** The elements a parameter reads, names from the resource down; null when nobody can tell. */
export function elementsRead(param: SearchParam): readonly (readonly string[])[] | null {
  const known = reached.get(param);
  if (known !== undefined) return known;
  const paths = readBy(param);
  reached.set(param, paths);
  return paths;
}

function readBy({ expression, composite }: SearchParam): string[][] | null {
  if (composite === undefined) return expression === '' ? [] : pathsOf(expression);
  const all = composite.elements.flatMap((element) =>
    composite.parts.map((part) => {
      const whole = pathsOf(element.includes('.') && part.ofResource !== true ? element : '');
      const inner = pathsOf(part.param.expression);
      return inner === null ? null : inner.flatMap((path) => (whole ?? [[]]).map((above) => [...above, ...path]));
    }),
  );
  return all.every((one) => one !== null) ? all.flat() : null;
}

/** `Type.code` and `Type.code:modifier` of what is still being indexed (store/reindex.ts). */
export interface Pending {
  has(aspect: string): boolean;
}

/**
 * Rows of before are still being indexed for this parameter: an answer now would leave some of them out.
 * @throws Outcome 503 naming the parameter
 */
export function checkIndexed(type: string, aspect: string, { pending }: { pending?: Pending }): void {
  if (pending?.has(`${type}.${aspect}`) !== true) return;
  const diagnostics = `Search parameter "${aspect}" of ${type} is being indexed since the last start; try again later`;
  throw refuse(503, 'transient', diagnostics);
}
