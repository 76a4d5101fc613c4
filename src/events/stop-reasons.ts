/**
 * What stops a record that others hold (R-49, `stop-reason` of domain.md 2.8), told from one version and the one before
 * it. Pure. The reason itself never leaves: a notification is empty or names what its receiver holds.
 */
import { isObject } from '../fhir/resource.ts';
import type { JsonObject, Resource } from '../fhir/types.ts';
import { hasCoding, isInState, isReferralTask, referenceOf } from './task-state.ts';

export type StopReason =
  | 'pregnancy-ended'
  | 'wrong-patient'
  | 'entered-in-error'
  | 'number-superseded'
  | 'address-restricted'
  | 'referral-withdrawn'
  | 'match-undone'
  | 'loss-record-undone'
  /** No code of 2.8: a correction or a statement of hers beside it, which those who had it must hear of (Article 19). */
  | 'amended';

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const FETAL_STATUS = /[.-]fetalStatus$/;

/** Why whoever holds this record must hear of this version; null when nothing stops with it. */
export function stopReason(now: Resource, before: Resource | null): StopReason | null {
  if (before === null) return null;
  if (isInError(now)) return isInError(before) ? null : 'entered-in-error';
  if (amendmentsOf(now) > amendmentsOf(before)) return 'amended';
  if (now.resourceType === 'Patient') return ofPatient(now, before);
  if (isReferralTask(now)) {
    const ended = ofReferral(now, before);
    if (ended !== null) return ended;
  }
  return subjectOf(now) === subjectOf(before) ? null : 'wrong-patient';
}

function ofReferral(task: Resource, before: Resource): StopReason | null {
  if (isInState(task, 'pregnancy-ended')) return isInState(before, 'pregnancy-ended') ? null : 'pregnancy-ended';
  if (isInState(before, 'pregnancy-ended')) return 'loss-record-undone';
  return isInState(task, 'withdrawn') && !isInState(before, 'withdrawn') ? 'referral-withdrawn' : null;
}

/**
 * A number that was hers and is not any more, or a record that another one replaces; an address that PDS restricts since;
 * a baby that is a fetus again (its match was undone, domain.md 3.5); a loss that is taken back.
 */
function ofPatient(now: Resource, before: Resource): StopReason | null {
  if (isRestricted(now) && !isRestricted(before)) return 'address-restricted';
  const current = numbersOf(now);
  if (numbersOf(before).some((number) => !current.includes(number))) return 'number-superseded';
  if (isReplaced(now) && !isReplaced(before)) return 'number-superseded';
  const [is, was] = [fetalStatus(now), fetalStatus(before)];
  if (is !== null && was === null && before.birthDate !== undefined) return 'match-undone';
  return was === 'fetal-demise' && is !== null && is !== was ? 'loss-record-undone' : null;
}

const AMENDED = /\/fhir\/StructureDefinition\/(amendment|statement)$/;

/** How often it was corrected or disputed: each time leaves an extension that points to what was said. */
function amendmentsOf(resource: Resource): number {
  return list(resource.extension).filter(({ url }) => typeof url === 'string' && AMENDED.test(url)).length;
}

function isInError(resource: Resource): boolean {
  return (
    resource.status === 'entered-in-error' ||
    resource.lifecycleStatus === 'entered-in-error' ||
    hasCoding(resource.verificationStatus, null, 'entered-in-error')
  );
}

/** 3.6: PDS says `R`; a client may say LOCIS or DEMO about the whole Patient. The same reading as the mask's. */
function isRestricted({ meta }: Resource): boolean {
  return (meta?.security ?? []).some(
    ({ system, code }) =>
      (system === CONFIDENTIALITY && code === 'R') || (system === ACT_CODE && (code === 'LOCIS' || code === 'DEMO')),
  );
}

function numbersOf(patient: Resource): string[] {
  return list(patient.identifier)
    .filter((one) => one.system === NHS_NUMBER && one.use !== 'old' && typeof one.value === 'string')
    .map((one) => String(one.value).replaceAll(' ', ''));
}

function isReplaced(patient: Resource): boolean {
  return list(patient.link).some((one) => one.type === 'replaced-by');
}

function fetalStatus(patient: Resource): string | null {
  const found = list(patient.extension).find((one) => typeof one.url === 'string' && FETAL_STATUS.test(one.url));
  return typeof found?.valueCode === 'string' ? found.valueCode : null;
}

function subjectOf(resource: Resource): string | null {
  const named = resource.subject ?? resource.patient ?? resource.for;
  return referenceOf(Array.isArray(named) ? named[0] : named, null);
}

function list(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
