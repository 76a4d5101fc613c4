/** The grammar of `_filter` (FHIR R4 search_filter.html): text to a tree of comparisons, nothing looked up yet. */
import { type Outcome, refuse } from '../fhir/outcome.ts';

/** One step of a path: a parameter, and in brackets what must hold of what it refers to. */
export interface FilterStep {
  code: string;
  where: Filter | null;
}

export type Filter =
  | { op: 'and' | 'or'; left: Filter; right: Filter }
  | { op: 'not'; filter: Filter }
  | { op: 'compare'; path: FilterStep[]; operator: string; value: string };

/** Parentheses and brackets within one another. */
const MAX_DEPTH = 12;
/** Comparisons of one filter: what `and` joins is a tree as deep as it is long. */
const MAX_COMPARISONS = 200;

const NAME = /[A-Za-z_][A-Za-z0-9_-]*/y;
const OPERATOR = /[a-z]{2}(?=\s)/y;
const STRING = /"(?:[^"\\]|\\.)*"/y;
const TOKEN = /[^\s)\]"]+/y;

/** @throws Outcome 400 saying where the text stops being a filter */
export function readFilter(text: string): Filter {
  const reader = new Reader(text);
  const filter = reader.filter(0);
  reader.end();
  return filter;
}

/** Reads from left to right; every method leaves the place after what it read. */
class Reader {
  readonly #text: string;
  #at = 0;
  #comparisons = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** `and` and `or` have no precedence: from left to right (search_filter.html). */
  filter(depth: number): Filter {
    if (depth > MAX_DEPTH) throw refuse(400, 'too-costly', `_filter: more than ${MAX_DEPTH} levels of parentheses`);
    let left = this.#term(depth);
    for (let word = this.#connective(); word !== null; word = this.#connective()) {
      left = { op: word, left, right: this.#term(depth) };
    }
    return left;
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length) throw this.#wrong('"and", "or" or the end');
  }

  #term(depth: number): Filter {
    this.#space();
    if (this.#take('(')) return this.#closed(depth);
    const start = this.#at;
    if (this.#match(NAME) === 'not') {
      this.#space();
      if (this.#take('(')) return { op: 'not', filter: this.#closed(depth) };
    }
    this.#at = start;
    return this.#comparison(depth);
  }

  #closed(depth: number): Filter {
    const inner = this.filter(depth + 1);
    this.#space();
    if (!this.#take(')')) throw this.#wrong('")"');
    return inner;
  }

  #comparison(depth: number): Filter {
    this.#comparisons++;
    if (this.#comparisons > MAX_COMPARISONS)
      throw refuse(400, 'too-costly', `_filter: more than ${MAX_COMPARISONS} comparisons`);
    const path: FilterStep[] = [];
    do path.push(this.#step(depth));
    while (this.#take('.'));
    this.#space();
    const operator = this.#match(OPERATOR);
    if (operator === null) throw this.#wrong('an operator such as eq');
    this.#space();
    return { op: 'compare', path, operator, value: this.#value() };
  }

  #step(depth: number): FilterStep {
    const code = this.#match(NAME);
    if (code === null) throw this.#wrong('a parameter name');
    if (!this.#take('[')) return { code, where: null };
    const where = this.filter(depth + 1);
    this.#space();
    if (!this.#take(']')) throw this.#wrong('"]"');
    return { code, where };
  }

  #value(): string {
    const quoted = this.#match(STRING);
    if (quoted === null) {
      const token = this.#match(TOKEN);
      if (token === null) throw this.#wrong('a value');
      return token;
    }
    try {
      return String(JSON.parse(quoted));
    } catch {
      throw this.#wrong('a JSON string');
    }
  }

  #connective(): 'and' | 'or' | null {
    const start = this.#at;
    this.#space();
    const word = this.#match(NAME);
    if (word === 'and' || word === 'or') return word;
    this.#at = start;
    return null;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #wrong(expected: string): Outcome {
    return refuse(400, 'value', `Search parameter "_filter": at character ${this.#at + 1}, expected ${expected}`);
  }
}
