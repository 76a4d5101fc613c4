/**
 * R4 invariants as direct code: the ones that ordinary records meet. The others run through fhirpath (`path-rules.ts`).
 * Each has the meaning of its FHIRPath expression where that yields true or false, and passes where it yields nothing
 * (a required element that is missing has its own finding); a property test holds them together.
 */
import type { JsonObject } from '../fhir/types.ts';
import { BUNDLE_RULES } from './rules-bundle.ts';
import { CLINICAL_RULES } from './rules-clinical.ts';
import { DATATYPE_RULES } from './rules-datatypes.ts';
import { QUESTIONNAIRE_RULES } from './rules-questionnaire.ts';
import type { Run } from './run.ts';

export type DirectRule = (value: JsonObject, run: Run) => boolean;

/** By `key`, or `Type:key` where R4 uses one key twice. */
const RULES: ReadonlyMap<string, DirectRule> = new Map([
  ...Object.entries(DATATYPE_RULES),
  ...Object.entries(CLINICAL_RULES),
  ...Object.entries(BUNDLE_RULES),
  ...Object.entries(QUESTIONNAIRE_RULES),
]);

/** The direct form of a constraint of a type, or null when fhirpath has to decide. */
export function directRule(type: string, key: string): DirectRule | null {
  return RULES.get(`${type}:${key}`) ?? RULES.get(key) ?? null;
}

/** Keys with a direct form, for the tests. */
export function directRuleKeys(): string[] {
  return [...RULES.keys()];
}
