/** Reading codes and references of what fires a topic; a referral's state is its Task's business status (domain.md 1.3). */
import { isObject } from '../fhir/resource.ts';
import type { Resource } from '../fhir/types.ts';

export const CANON = 'https://tandem.example/fhir';
const REFERRAL_STATE = `${CANON}/CodeSystem/referral-state`;
const TASK_KIND = `${CANON}/CodeSystem/jv-task`;

/** True for the Task of a referral. */
export function isReferralTask(task: Resource): boolean {
  return task.resourceType === 'Task' && hasCoding(task.code, TASK_KIND, 'triage-referral');
}

export function isInState(task: Resource, state: string): boolean {
  return isReferralTask(task) && statesOf(task).includes(state);
}

export function statesOf(task: Resource): string[] {
  return codes(task.businessStatus, REFERRAL_STATE);
}

/** `system` null = of any system. */
export function hasCoding(concept: unknown, system: string | null, code: string): boolean {
  return codes(concept, system).includes(code);
}

function codes(concept: unknown, system: string | null): string[] {
  const codings = isObject(concept) && Array.isArray(concept.coding) ? concept.coding : [];
  return codings.flatMap((coding) =>
    isObject(coding) && (system === null || coding.system === system) && typeof coding.code === 'string'
      ? [coding.code]
      : [],
  );
}

/** `Type/id` of a literal reference, version and server taken off; null for logical ones and for other types. */
export function referenceOf(value: unknown, type: string | null): string | null {
  const text = isObject(value) && typeof value.reference === 'string' ? value.reference : '';
  const match = /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]+)?$/.exec(text);
  if (!match || (type !== null && match[1] !== type)) return null;
  return `${match[1]}/${match[2]}`;
}
