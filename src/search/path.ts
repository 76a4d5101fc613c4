/**
 * Compiles the FHIRPath of search parameters to direct code. All of R4's own parameters are plain paths with unions,
 * `ofType`/`as`, `where(x='y')`, `where(resolve() is T)`, Bundle's `entry[0]` or the "exists and not false" of
 * Patient.deceased; through fhirpath one Patient costs milliseconds. What is not plain returns null and is not searched
 * by: an expression of somebody else would be work without bound on every write. A property test proves it equal to
 * fhirpath.
 */
import { isObject } from '../fhir/resource.ts';
import type { Json, JsonObject } from '../fhir/types.ts';

/** Receives each value a path selects. */
export type Leaf<T> = (value: Json, out: T) => void;

type Step =
  | { kind: 'child'; name: string; choice: boolean }
  /** One item of a list right below the resource. */
  | { kind: 'item'; name: string; at: number }
  | { kind: 'equals'; name: string; value: string }
  | { kind: 'refersTo'; type: string };

const RESTFUL_TAIL = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[^/]+)?$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Direct code for one parameter's expression on one resource type, or null when the expression is not plain. */
export function compilePath<T>(
  expression: string,
  leaf: Leaf<T>,
  choices: ReadonlySet<string>,
): ((resource: JsonObject, out: T) => void) | null {
  const walks: Leaf<T>[] = [];
  for (const term of split(expression, '|')) {
    const walk = present(term, leaf) ?? plain(term, leaf, choices);
    if (walk === null) return null;
    walks.push(walk);
  }
  const [only] = walks;
  if (walks.length === 1 && only !== undefined) return only;
  return (resource, out) => {
    for (const walk of walks) walk(resource, out);
  };
}

/** `X.exists() and X != false`: true when there is a value other than false, else false. */
function present<T>(term: string, leaf: Leaf<T>): Leaf<T> | null {
  const match = QUESTION.exec(term);
  const name = match?.[1];
  if (name === undefined || name !== match?.[2]) return null;
  return (node, out) => {
    if (!isObject(node)) return;
    const flag = node[`${name}Boolean`];
    leaf(flag === true || (flag === undefined && node[`${name}DateTime`] !== undefined), out);
  };
}

const QUESTION = /^\w+\.(\w+)\.exists\(\) and \w+\.(\w+) != false$/;

/**
 * The element names that an expression walks, term by term, from the resource down; null when it is not plain, and then
 * nobody can tell what it reaches.
 */
export function pathsOf(expression: string): string[][] | null {
  const paths: string[][] = [];
  for (const term of split(expression, '|')) {
    const question = QUESTION.exec(term)?.[1];
    const steps = question === undefined ? parse(term) : null;
    if (question === undefined && steps === null) return null;
    paths.push(...(question === undefined ? walked(steps ?? []) : [[question]]));
  }
  return paths;
}

/** The path of the steps, and of each filter the element it compares: a match tells its value. */
function walked(steps: readonly Step[]): string[][] {
  const names: string[] = [];
  const compared: string[][] = [];
  for (const step of steps) {
    if (step.kind === 'child' || step.kind === 'item') names.push(step.name);
    else if (step.kind === 'equals') compared.push([...names, step.name]);
  }
  return [names, ...compared];
}

function plain<T>(term: string, leaf: Leaf<T>, choices: ReadonlySet<string>): Leaf<T> | null {
  const steps = parse(term);
  if (steps === null) return null;
  let next: Leaf<T> = leaf;
  for (let at = steps.length - 1; at >= 0; at--) {
    const step = steps[at];
    if (step !== undefined) next = walk(step, next, at === steps.length - 1 ? choices : null);
  }
  return next;
}

function walk<T>(step: Step, next: Leaf<T>, choices: ReadonlySet<string> | null): Leaf<T> {
  if (step.kind === 'child') return child(step.name, next, step.choice ? null : choices);
  if (step.kind === 'item') {
    return (node, out) => {
      const list = isObject(node) ? node[step.name] : undefined;
      each(Array.isArray(list) ? list[step.at] : undefined, next, out);
    };
  }
  if (step.kind === 'equals') {
    return (value, out) => {
      if (isObject(value) && value[step.name] === step.value) next(value, out);
    };
  }
  return (value, out) => {
    if (referredType(value) === step.type) next(value, out);
  };
}

/** Last steps of a choice without a type, such as `Observation.effective`, take the types the parameter can use. */
function child<T>(name: string, next: Leaf<T>, choices: ReadonlySet<string> | null): Leaf<T> {
  return (node, out) => {
    if (!isObject(node)) return;
    const value = node[name];
    if (value !== undefined) each(value, next, out);
    else if (choices !== null) {
      for (const key in node) {
        if (key.length > name.length && key.startsWith(name) && choices.has(key.slice(name.length))) {
          each(node[key], next, out);
        }
      }
    }
  };
}

function each<T>(value: Json | undefined, next: Leaf<T>, out: T): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) next(value, out);
  else for (const item of value) if (item !== null) next(item, out);
}

/** Resource type a Reference points to: the last `Type/id` of its URL, else `Reference.type`; null when unknown. */
export function referredType(value: Json): string | null {
  if (!isObject(value)) return null;
  if (typeof value.reference === 'string') return RESTFUL_TAIL.exec(value.reference)?.[1] ?? null;
  return typeof value.type === 'string' ? value.type : null;
}

/** Steps of one term without its root type, or null. */
function parse(term: string): Step[] | null {
  const text = unwrap(term.trim());
  const cast = /^(.+) as ([A-Za-z]+)$/.exec(text);
  const parts = split(cast?.[1] ?? text, '.');
  if (cast?.[2] !== undefined) parts.push(`ofType(${cast[2]})`);
  const first = parts[0]?.trim() ?? '';
  if (first.startsWith('(')) parts.splice(0, 1, ...split(unwrap(first), '.'));
  // R4 writes a few terms without the root type (`name | alias`).
  if (/^[A-Z]/.test(parts[0] ?? '')) parts.shift();
  const steps: Step[] = [];
  for (const part of parts) if (!addStep(steps, part.trim())) return null;
  return steps.length === 0 ? null : steps;
}

function addStep(steps: Step[], part: string): boolean {
  const call = /^(ofType|as|where)\((.*)\)$/.exec(part);
  if (call === null) {
    const item = /^([A-Za-z_]\w*)\[(\d{1,3})\]$/.exec(part);
    if (item?.[1] !== undefined && steps.length === 0) {
      steps.push({ kind: 'item', name: item[1], at: Number(item[2]) });
      return true;
    }
    if (!NAME.test(part)) return false;
    steps.push({ kind: 'child', name: part, choice: false });
    return true;
  }
  const argument = call[2]?.trim() ?? '';
  return call[1] === 'where' ? addFilter(steps, argument) : addCast(steps, argument);
}

function addCast(steps: Step[], type: string): boolean {
  const last = steps.at(-1);
  if (last?.kind !== 'child' || !NAME.test(type)) return false;
  last.name += type[0]?.toUpperCase() + type.slice(1);
  last.choice = true;
  return true;
}

function addFilter(steps: Step[], argument: string): boolean {
  const resolved = /^resolve\(\) is ([A-Za-z]+)$/.exec(argument);
  if (resolved?.[1] !== undefined) return steps.push({ kind: 'refersTo', type: resolved[1] }) > 0;
  const equals = /^([A-Za-z]+)\s*=\s*'([^'\\]*)'$/.exec(argument);
  if (equals?.[1] === undefined || equals[2] === undefined) return false;
  return steps.push({ kind: 'equals', name: equals[1], value: equals[2] }) > 0;
}

function unwrap(text: string): string {
  let inner = text.trim();
  while (inner.startsWith('(') && closing(inner) === inner.length - 1) inner = inner.slice(1, -1).trim();
  return inner;
}

function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Splits at a separator outside parentheses and quotes. */
export function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === separator && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}
