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
  switch (text(filter, 'op')) {
    case 'is-a':
      return kin(system, property, [value, ...system.descendants(value)]);
    case 'descendent-of':
      return kin(system, property, [...system.descendants(value)]);
    case 'is-not-a':
      return opposite(kin(system, property, [value, ...system.descendants(value)]));
    case 'generalizes':
      return kin(system, property, [value, ...system.ancestors(value)]);
    case 'in':
      return among(property, value);
    case 'not-in':
      return opposite(among(property, value));
    case 'exists':
      return (concept) => valuesOf(concept, property).length > 0 === (value !== 'false');
    case 'regex':
      return (concept) => anyMatches(valuesOf(concept, property), value);
    case '=':
      return (concept) => valuesOf(concept, property).includes(value);
    default:
      return () => null;
  }
}

/** A hierarchy filter on a code the system does not have decides nothing in a fragment, and nobody passes in a whole one. */
function kin(system: CodeSystem, property: string, codes: readonly string[]): ConceptTest {
  if (!HIERARCHY.has(property) || !system.subsumes) return () => null;
  const set = new Set(codes);
  return ({ code }) => set.has(code);
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

const REGEX_MS = 50;
const sandbox: { pattern: string; values: string } = { pattern: '', values: '[]' };
createContext(sandbox);
const wholeMatch = new Script(
  '(() => { const re = new RegExp("^(?:" + pattern + ")$", "u"); return JSON.parse(values).some((v) => re.test(v)); })()',
);

/** Patterns are their author's: they run where they can be stopped. Null when one is none, or takes too long. */
function anyMatches(values: readonly string[], pattern: string): boolean | null {
  sandbox.pattern = pattern;
  sandbox.values = JSON.stringify(values);
  try {
    const result: unknown = wholeMatch.runInContext(sandbox, { timeout: REGEX_MS });
    return result === true;
  } catch {
    return null;
  }
}
