/** Canonical names and code builders of domain.md 2.8 and 3.7, in one place so that no file spells a system twice. */
import type { CodeableConcept, Coding, Reference } from '../fhir/types.ts';

/** The project's own canonical base (domain.md, legend). */
export const CANON = 'https://tandem.example/fhir';

export const SNOMED = 'http://snomed.info/sct';
export const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
export const V3_CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const V3_ROLE = 'http://terminology.hl7.org/CodeSystem/v3-RoleCode';
export const V3_PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
export const V3_ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/** The local code systems of the table in domain.md 2.8. */
export type LocalSystem =
  | 'my-world-triangle'
  | 'shanarri'
  | 'resilience-quadrant'
  | 'matrix-factor'
  | 'assessment-method'
  | 'discussed'
  | 'balance'
  | 'jv-component'
  | 'level-of-need'
  | 'present'
  | 'practitioner-role'
  | 'visit-mode'
  | 'da-asked'
  | 'da-outcome'
  | 'asked-outcome'
  | 'cpis-result'
  | 'copy-choice'
  | 'agreed'
  | 'objection'
  | 'sharing-state'
  | 'goal-lead'
  | 'plan-action-type'
  | 'plan-category'
  | 'group-kind'
  | 'referral-state'
  | 'referral-reason'
  | 'visit-state'
  | 'visit-outcome'
  | 'pathway'
  | 'jv-observation'
  | 'jv-service'
  | 'jv-task';

export const codeSystem = (name: LocalSystem): string => `${CANON}/CodeSystem/${name}`;
export const valueSet = (name: LocalSystem): string => `${CANON}/ValueSet/${name}`;
export const profile = (name: string): string => `${CANON}/StructureDefinition/${name}`;
export const idSystem = (name: string): string => `${CANON}/Id/${name}`;
export const questionnaireUrl = (name: string): string => `${CANON}/Questionnaire/${name}`;

/** A Coding in one of our own systems. */
export const local = (system: LocalSystem, code: string): Coding => ({ system: codeSystem(system), code });

/** A CodeableConcept of one local code, with optional words for people. */
export function localConcept(system: LocalSystem, code: string, text?: string): CodeableConcept {
  return text === undefined ? { coding: [local(system, code)] } : { coding: [local(system, code)], text };
}

export const snomed = (code: string, display: string): Coding => ({ system: SNOMED, code, display });

export const reference = (to: string): Reference => ({ reference: to });

/** Confidentiality label of v3-Confidentiality. */
export const confidentiality = (code: 'N' | 'R' | 'V'): Coding => ({ system: V3_CONFIDENTIALITY, code });
