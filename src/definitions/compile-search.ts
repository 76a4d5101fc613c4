/** R4 SearchParameter definitions, split per resource type (contract: search/types.ts). */
import type { SearchParam } from '../search/types.ts';

/** The parts of a SearchParameter resource the compiler reads. */
export interface SearchParameterSource {
  resourceType: 'SearchParameter';
  url: string;
  code: string;
  base: string[];
  type: SearchParam['type'];
  expression?: string;
  target?: string[];
}

/** Splits at `|` outside parentheses and quotes: `A.b | (A.c as d)` -> two parts, trimmed. */
export function splitUnion(expression: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < expression.length; i += 1) {
    const char = expression[i];
    if (char === "'" && expression[i - 1] !== '\\') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '|' && depth === 0) {
      parts.push(expression.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(expression.slice(start).trim());
  return parts.filter((part) => part !== '');
}

/** Position of the parenthesis that closes the one at the start, or -1; those in quotes do not count. */
function closing(text: string): number {
  if (!text.startsWith('(')) return -1;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === "'" && text[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    if (depth === 0) return i;
  }
  return -1;
}

/** Outer parentheses off, and `x as T` and `.as(T)` as `.ofType(T)`, which also holds for several items. */
function normalise(part: string): string {
  let text = part.trim();
  while (text.length > 0 && closing(text) === text.length - 1) text = text.slice(1, -1).trim();
  return text.replace(/\.as\((\w+)\)/g, '.ofType($1)').replace(/^([\w.]+) as (\w+)$/, '$1.ofType($2)');
}

/** The plain terms of an expression: unions taken apart at any depth, `(A.b as T).c` as `A.b.ofType(T).c`. */
function termsOf(expression: string): string[] {
  return splitUnion(expression).flatMap((part) => {
    const text = normalise(part);
    if (splitUnion(text).length > 1) return termsOf(text);
    const end = closing(text);
    if (end < 0 || text[end + 1] !== '.') return [text];
    return termsOf(text.slice(1, end)).map((term) => term + text.slice(end + 1));
  });
}

/**
 * The part of a SearchParameter expression that speaks of `type`, as FHIRPath starting at the type's own name:
 * `Patient.name | Person.name` for Patient -> `Patient.name`; `Resource.id` -> `Patient.id`; `name | alias` for
 * InsurancePlan -> `InsurancePlan.name | InsurancePlan.alias`. Empty when no part does.
 */
export function expressionFor(type: string, expression: string): string {
  const parts: string[] = [];
  for (const text of termsOf(expression)) {
    const head = /^[A-Za-z]+/.exec(text)?.[0] ?? '';
    if (head === type) parts.push(text);
    else if (head === 'Resource' || head === 'DomainResource') parts.push(type + text.slice(head.length));
    else if (/^[a-z]/.test(head)) parts.push(`${type}.${text}`);
  }
  return [...new Set(parts)].join(' | ');
}

/** Target types: `where(resolve() is X)` narrows what the definition lists. */
function targetsFor(source: SearchParameterSource, expression: string): string[] {
  if (source.type !== 'reference') return [];
  const narrowed = [...expression.matchAll(/resolve\(\) is (\w+)/g)].flatMap((match) => (match[1] ? [match[1]] : []));
  const everyPart = splitUnion(expression).every((part) => part.includes('resolve() is '));
  if (narrowed.length > 0 && everyPart) return [...new Set(narrowed)].sort();
  return [...new Set(source.target ?? [])].sort();
}

/** One parameter for one type, or null when the definition does not speak of it. */
function paramFor(type: string, source: SearchParameterSource): SearchParam | null {
  const expression = source.expression === undefined ? '' : expressionFor(type, source.expression);
  if (source.expression !== undefined && expression === '') return null;
  return {
    code: source.code,
    // _text and _content have no expression: they search the whole resource (R4 search, "special")
    type: expression === '' ? 'special' : source.type,
    expression,
    targets: targetsFor(source, expression),
    url: source.url,
  };
}

/** Resource types without the elements of DomainResource. */
const PLAIN_RESOURCES = new Set(['Bundle', 'Parameters', 'Binary']);

/**
 * Search parameters of every type, Resource's and DomainResource's included, sorted by code. `_query` is left out: it
 * names server-defined queries, of which there are none.
 */
export function compileSearchParams(
  types: readonly string[],
  sources: readonly SearchParameterSource[],
): Map<string, SearchParam[]> {
  const result = new Map<string, Map<string, SearchParam>>(types.map((type) => [type, new Map()]));
  for (const source of sources) {
    if (source.code === '_query') continue;
    for (const type of basesOf(source, types)) {
      const param = paramFor(type, source);
      if (param) result.get(type)?.set(param.code, param);
    }
  }
  const sorted = (params: Map<string, SearchParam>): SearchParam[] =>
    [...params.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  return new Map([...result].map(([type, params]) => [type, sorted(params)]));
}

function basesOf(source: SearchParameterSource, types: readonly string[]): readonly string[] {
  if (source.base.includes('Resource')) return types;
  if (source.base.includes('DomainResource')) return types.filter((type) => !PLAIN_RESOURCES.has(type));
  return source.base;
}
