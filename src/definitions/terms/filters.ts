/** Filters of `ValueSet.compose.include`, decided for one concept (R4 valueset-filter-operator). */
import { createContext, Script } from 'node:vm';
import type { JsonObject } from '../../fhir/types.ts';
import { text } from '../reading.ts';
import type { CodeSystem, Concept } from './code-system.ts';

/** Whether a concept of the system passes; null when this filter is not understood here. */
export type ConceptTest = (concept: Concept) => boolean | null;

const HIERARCHY = new Set(['concept', 'code']);

/** A filter made ready for many concepts. */
export function filterOf(system: CodeSystem, filter: JsonObject): ConceptTest {
  const property = text(filter, 'property') ?? '';
  const value = text(filter, 'value') ?? '';
  const below = beneath(system, value);
  switch (text(filter, 'op')) {
    case 'is-a':
      return kin(system, property, (code) => code === value || below(code));
    case 'descendent-of':
      return kin(system, property, below);
    case 'is-not-a':
      return kin(system, property, (code) => code !== value && !below(code));
    case 'generalizes': {
      const above = system.ancestors(value);
      return kin(system, property, (code) => code === value || above.has(code));
    }
    case 'in':
      return among(property, value);
    case 'not-in':
      return opposite(among(property, value));
    case 'exists':
      return (concept) => valuesOf(concept, property).length > 0 === (value !== 'false');
    case 'regex':
      return matching(system, property, value);
    case '=':
      return (concept) => valuesOf(concept, property).includes(value);
    default:
      return () => null;
  }
}

/** Concepts looked up from one by one, before all that is below the value is gathered once. */
const LOOKED_UP = 20;

/**
 * Is a code below the value? For a few they are looked up from: what is above is little, what is below may be all. For a
 * whole system that is quadratic where the hierarchy is one long line: 9,000 codes took 7.5 s.
 */
function beneath(system: CodeSystem, value: string): (code: string) => boolean {
  let asked = 0;
  let all: ReadonlySet<string> | null = null;
  return (code) => {
    asked += 1;
    if (asked <= LOOKED_UP) return system.ancestors(code).has(value);
    all ??= system.descendants(value);
    return all.has(code);
  };
}

function kin(system: CodeSystem, property: string, test: (code: string) => boolean): ConceptTest {
  if (!HIERARCHY.has(property) || !system.subsumes) return () => null;
  return ({ code }) => test(code);
}

function among(property: string, value: string): ConceptTest {
  const set = new Set(value.split(',').map((one) => one.trim()));
  return (concept) => valuesOf(concept, property).some((one) => set.has(one));
}

const opposite =
  (test: ConceptTest): ConceptTest =>
  (concept) => {
    const kept = test(concept);
    return kept === null ? null : !kept;
  };

/** What a concept has under a property: `code`, `concept` and `display` are its own, codings count by code. */
function valuesOf(concept: Concept, property: string): string[] {
  if (property === 'code' || property === 'concept') return [concept.code];
  if (property === 'display') return concept.display === null ? [] : [concept.display];
  if (property === 'definition') return concept.definition === null ? [] : [concept.definition];
  if (property === 'parent') return concept.parents;
  if (property === 'child') return concept.children;
  return concept.properties.filter(({ code }) => code === property).map(({ value }) => wordOf(value));
}

function wordOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return 'code' in value && typeof value.code === 'string' ? value.code : JSON.stringify(value);
}

const REGEX_MS = 100;
const sandbox: { pattern: string; values: string } = { pattern: '', values: '[]' };
createContext(sandbox);
const wholeMatch = new Script(
  `(() => {
    const re = new RegExp("^(?:" + pattern + ")$", "u");
    return JSON.parse(values).filter(([, words]) => words.some((word) => re.test(word))).map(([code]) => code).join("\\n");
  })()`,
);

/**
 * Patterns are their author's: one runs over the whole system at once, where it can be stopped. Nothing is decided when it
 * is no pattern, or takes too long.
 */
function matching(system: CodeSystem, property: string, pattern: string): ConceptTest {
  let found: ReadonlySet<string> | null | undefined;
  return (concept) => {
    found ??= found === null ? null : matched(system, property, pattern);
    return found === null ? null : found.has(concept.code);
  };
}

function matched(system: CodeSystem, property: string, pattern: string): ReadonlySet<string> | null {
  sandbox.pattern = pattern;
  sandbox.values = JSON.stringify([...system.concepts.values()].map((one) => [one.code, valuesOf(one, property)]));
  try {
    const result: unknown = wholeMatch.runInContext(sandbox, { timeout: REGEX_MS });
    return new Set(String(result).split('\n'));
  } catch {
    return null;
  }
}
