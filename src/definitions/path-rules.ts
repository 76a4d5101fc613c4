/** Constraints that fhirpath decides: compiled at first use, kept by expression and base. */
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import type { Json, JsonObject } from '../fhir/types.ts';
import { foreignWork, Kept } from './foreign-work.ts';
import { isObject } from './run.ts';

type Compiled = (value: Json, environment: Record<string, unknown>) => unknown;

// R4's own constraints call trace(), which would print record content to stdout (house.md section 3)
const OPTIONS = { traceFn: (): void => undefined };

/** R4 and our profiles have some 500; those of questionnaires come from anybody. */
const compiled = new Kept<Compiled | null>(2_000);

/** `base` is empty for a whole resource, whose type fhirpath sees itself. */
const compile = (base: string, expression: string): Compiled | null =>
  compiled.of(`${base} ${expression}`, () => compileOrNull(base, expression));

function compileOrNull(base: string, expression: string): Compiled | null {
  try {
    return fhirpath.compile(base === '' ? expression : { base, expression }, r4, OPTIONS);
  } catch {
    return null;
  }
}

/** Longest trial of one expression on an element that has nothing in it; the first one of a process takes some 60 ms. */
const TRIAL_MS = 1_000;

/** What is wrong with an expression before anybody's record meets it; null = nothing that can be told beforehand. */
export function brokenRule(base: string, expression: string): string | null {
  const run = compileOrNull(base, expression);
  if (run === null) return 'is no FHIRPath that can be parsed';
  const ended = foreignWork(
    TRIAL_MS,
    TRIAL_MS,
  )(() => {
    try {
      run({}, { resource: {}, rootResource: {} });
    } catch {
      // what it needs is not there: that is no fault of its own
    }
    return true;
  });
  return ended === undefined ? 'does not end' : null;
}

/**
 * Evaluates a constraint on one element: false = broken, true = kept, null = cannot be decided here (an expression that
 * fails or needs other resources). An empty result keeps the constraint, as an unknown value breaks nothing.
 */
export function evaluateRule(
  rule: { base: string; expression: string },
  value: Json,
  around: { resource: JsonObject; root: JsonObject },
): boolean | null {
  const whole = isObject(value) && value.resourceType === rule.base;
  const run = compile(whole ? '' : rule.base, rule.expression);
  if (!run) return null;
  try {
    const result = run(value, { resource: around.resource, rootResource: around.root });
    if (!Array.isArray(result)) return null;
    return result.length === 0 || result[0] !== false;
  } catch {
    return null;
  }
}
