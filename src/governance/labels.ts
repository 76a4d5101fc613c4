/**
 * The labelling step: the client's label raised, never lowered, by what the resource is (house.md section 4,
 * R-43, domain.md 2.5 and 3.6). U, L and M of v3-Confidentiality are treated as N.
 */
import type { Coding, Json, Resource } from '../fhir/types.ts';
import { isOneOf } from './data-classes.ts';
import { type Code, codes, codings, object, objects } from './elements.ts';
import type { DataClass, Label } from './types.ts';
import {
  ACT_CODE,
  CONFIDENTIALITY,
  EDD_CODES,
  EDD_TAG,
  SENSITIVE_SNOMED,
  SENSITIVE_TAGS,
  SNOMED,
} from './vocabulary.ts';

export interface Labelled {
  label: Label;
  tags: string[];
  /** PDS restricted this Patient's demographics (S-flag, R-16): a fact beside the label, not the label. */
  restricted: boolean;
}

const ALWAYS_RESTRICTED: readonly DataClass[] = ['working-copy', 'confidential', 'safeguarding-flag', 'third-party'];
/** a colleague who is a patient, a known person. */
export const HANDLED: readonly string[] = ['EMP', 'CEL'];
const HANDLING = ['EMP', 'CEL', 'HTEST', 'NODSCLCD', 'NORDSCLCD', 'REDACT', 'MASK', 'DEMO', 'LOCIS'];
const RANK: readonly Label[] = ['N', 'R', 'V'];

/** Label and tags of a resource of this class; `inherited` labels come from what it was taken from. */
export function labelOf(resource: Resource, dataClass: DataClass, inherited: readonly Resource[]): Labelled {
  const security = codings(resource.meta?.security);
  const tags = new Set(security.map((one) => one.code).filter(isHandling));
  for (const source of inherited)
    for (const one of codings(source.meta?.security)) if (isHandling(one.code)) tags.add(one.code);
  let label: Label = ALWAYS_RESTRICTED.includes(dataClass) ? 'R' : 'N';
  const restricted = resource.resourceType === 'Patient' && security.some(isRestriction);
  for (const one of security) label = higher(label, confidentiality(one, resource.resourceType));
  for (const found of codesOf(resource)) {
    if (found.system !== SNOMED || !(found.code in SENSITIVE_SNOMED)) continue;
    label = higher(label, 'R');
    const implied = SENSITIVE_SNOMED[found.code];
    if (implied !== null && implied !== undefined) tags.add(implied);
  }
  if ([...tags].some(isSensitive)) label = higher(label, 'R');
  if (isOneOf(codes(resource.code), EDD_CODES)) tags.add(EDD_TAG);
  return { label, tags: [...tags], restricted };
}

/**
 * Labels of the stored version that the next one must keep although its writer left them out (R-13: raised, never
 * lowered): R and V, and every sensitivity and handling code. `$meta-delete` by its authors is the only way to lower one.
 */
export function labelsToKeep(stored: Resource, next: Resource): Coding[] {
  const given = codings(next.meta?.security).map(({ system, code }) => `${system}|${code}`);
  const kept = codings(stored.meta?.security).filter((one) => isHandling(one.code) || confidentiality(one, '') !== 'N');
  return kept
    .filter(({ system, code }) => !given.includes(`${system}|${code}`))
    .map(({ system, code }) => ({ system, code }));
}

/** PDS says `R` (or a client LOCIS/DEMO) about a whole Patient: her address, not her record, is restricted (3.6). */
function isRestriction(one: Code): boolean {
  if (one.system === CONFIDENTIALITY) return one.code === 'R';
  return one.system === ACT_CODE && (one.code === 'LOCIS' || one.code === 'DEMO');
}

function confidentiality(one: Code, type: string): Label {
  if (one.system !== CONFIDENTIALITY) return 'N';
  if (one.code === 'V') return 'V';
  return one.code === 'R' && type !== 'Patient' ? 'R' : 'N';
}

function higher(a: Label, b: Label): Label {
  return RANK.indexOf(a) >= RANK.indexOf(b) ? a : b;
}

function isSensitive(tag: string): boolean {
  return (SENSITIVE_TAGS as readonly string[]).includes(tag);
}

function isHandling(code: string): boolean {
  return isSensitive(code) || HANDLING.includes(code);
}

/** Codes that say what a resource is about: code, category, value, evidence, reason; and every coded answer. */
function codesOf(resource: Resource): Code[] {
  const concepts = ['code', 'category', 'valueCodeableConcept', 'reasonCode', 'type', 'outcomeCode'];
  const own = concepts.flatMap((name) => codes(resource[name]));
  const evidence = objects(resource.evidence).flatMap((one) => codes(one.code));
  const components = objects(resource.component).flatMap((one) => [
    ...codes(one.code),
    ...codes(one.valueCodeableConcept),
  ]);
  return [...own, ...evidence, ...components, ...answerCodes(resource.item)];
}

function answerCodes(items: Json | undefined): Code[] {
  return objects(items).flatMap((item) => [
    ...objects(item.answer).flatMap((answer) => {
      const coding = object(answer.valueCoding);
      return [...(coding === null ? [] : codings([coding])), ...answerCodes(answer.item)];
    }),
    ...answerCodes(item.item),
  ]);
}
