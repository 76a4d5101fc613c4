/**
 * Constraints of questionnaires as direct code, for the part of FHIRPath that forms use most: paths of items and answers,
 * `where`, `exists`, `empty`, `not`, `and`, `or`, `=` against a text or a boolean. fhirpath decides everything else.
 * A joint visit has 21 such constraints: 0.9 ms through fhirpath, 0.05 ms so; a property test holds the two equal.
 */
import type { Json, JsonObject } from '../../fhir/types.ts';
import { Kept } from '../foreign-work.ts';
import { choiceName } from '../reading.ts';
import { isObject } from '../run.ts';

/** Three-valued, as FHIRPath's: null is empty. */
type Truth = boolean | null;
type Path = (from: readonly Json[]) => readonly Json[];
type Test = (from: readonly Json[]) => Truth;

/** True, false, or null (empty) for one element of the response. */
export type DirectConstraint = (value: JsonObject) => Truth;

const TOKEN = /\s*(?:('(?:[^'\\])*')|([A-Za-z][A-Za-z0-9]*)|([().=]))/y;
/** Elements a comparison may end at: texts and codes, whose equality is that of JSON. */
const COMPARED = new Set(['linkId', 'code', 'system']);
const MEMBERS = new Set(['item', 'answer', 'linkId', 'value', 'code', 'system']);

const compiled = new Kept<DirectConstraint | null>(1_000);

/** Direct code for an expression, or null when it uses more of FHIRPath than this knows. */
export function directConstraint(expression: string): DirectConstraint | null {
  return compiled.of(expression, () => {
    const tokens = tokensOf(expression);
    const test = tokens === null ? null : new Parser(tokens).whole();
    return test === null ? null : (value) => test([value]);
  });
}

function tokensOf(expression: string): string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const match = TOKEN.exec(expression);
    if (match === null) return null;
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

/** Recursive descent; every method gives null for what is not known here. */
class Parser {
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  whole(): Test | null {
    const test = this.or();
    return this.at === this.tokens.length ? test : null;
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at += 1;
    return true;
  }

  private or(): Test | null {
    let left = this.and();
    while (left !== null && this.take('or')) left = both(left, this.and(), either);
    return left;
  }

  private and(): Test | null {
    let left = this.term();
    while (left !== null && this.take('and')) left = both(left, this.term(), together);
    return left;
  }

  private term(): Test | null {
    if (!this.take('(')) return this.comparison();
    const inner = this.or();
    if (inner === null || !this.take(')')) return null;
    return this.negated(inner);
  }

  /** `.not()` after a test, any number of times; nothing else may follow one. */
  private negated(test: Test): Test | null {
    let made = test;
    while (this.take('.')) {
      if (!this.call('not') || !this.take(')')) return null;
      const inner = made;
      made = (from) => opposite(inner(from));
    }
    return made;
  }

  private call(name: string): boolean {
    return this.take(name) && this.take('(');
  }

  /** A path that ends in `exists()` or `empty()`, or is compared with a literal. */
  private comparison(): Test | null {
    const steps: Path[] = [];
    let last = '';
    do {
      if (this.call('exists')) return this.take(')') ? this.negated(counted(steps, true)) : null;
      if (this.call('empty')) return this.take(')') ? this.negated(counted(steps, false)) : null;
      if (this.call('where')) {
        const condition = this.or();
        if (condition === null || !this.take(')')) return null;
        steps.push((from) => from.filter((value) => condition([value]) === true));
      } else {
        last = this.tokens[this.at] ?? '';
        if (!MEMBERS.has(last)) return null;
        this.at += 1;
        steps.push(member(last));
      }
    } while (this.take('.'));
    return this.take('=') ? this.equals(steps, last) : null;
  }

  private equals(steps: readonly Path[], last: string): Test | null {
    const literal = this.tokens[this.at] ?? '';
    this.at += 1;
    const isText = literal.startsWith("'");
    if (isText ? !COMPARED.has(last) : last !== 'value' || (literal !== 'true' && literal !== 'false')) return null;
    const wanted: Json = isText ? literal.slice(1, -1) : literal === 'true';
    return (from) => {
      const values = walk(steps, from);
      if (values.length === 0) return null;
      return values.length === 1 && values[0] === wanted;
    };
  }
}

function walk(steps: readonly Path[], from: readonly Json[]): readonly Json[] {
  let values = from;
  for (const step of steps) values = step(values);
  return values;
}

function counted(steps: readonly Path[], some: boolean): Test {
  return (from) => walk(steps, from).length > 0 === some;
}

function member(name: string): Path {
  return (from) => {
    const found: Json[] = [];
    for (const value of from) {
      if (!isObject(value)) continue;
      const key = name === 'value' ? choiceName(value, 'value') : name;
      const inner = key === undefined ? undefined : value[key];
      if (Array.isArray(inner)) found.push(...inner);
      else if (inner !== undefined && inner !== null) found.push(inner);
    }
    return found;
  };
}

function both(left: Test, right: Test | null, join: (a: Truth, b: Truth) => Truth): Test | null {
  return right === null ? null : (from) => join(left(from), right(from));
}

const opposite = (a: Truth): Truth => (a === null ? null : !a);

function either(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true;
  return a === null || b === null ? null : false;
}

function together(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}
